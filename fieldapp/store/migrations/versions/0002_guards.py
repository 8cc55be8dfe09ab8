"""What the tables alone cannot hold: row security, the ledger's balance, what may never change, grants, jobs."""

from __future__ import annotations

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APP = "fieldapp_app"
GATE_TABLES = ("person", "sign_in", "device", "agency")
"""Looked up before it is known for whom: by token digest, login or device."""
APPEND_ONLY = ("posting", "entry", "fact", "audit_entry")
FROZEN_COLUMNS = {
    "envelope": "id, agency_id, device_id, seq, kind, digest, content, recorded_at, verdict, code",
    "receipt": "id, agency_id, device_id, series, number, value, digest, previous_digest, signature",
}


def upgrade() -> None:
    bind = op.get_bind()
    tables = [
        row[0]
        for row in bind.exec_driver_sql(
            "select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'"
        )
    ]
    for table in tables:
        _secure(table)
    op.execute("create sequence fact_number")
    _balance()
    for table in APPEND_ONLY:
        if table in tables:
            _append_only(table)
    for table, columns in FROZEN_COLUMNS.items():
        _freeze(table, columns)
    _jobs()
    _grant(tables)


def _secure(table: str) -> None:
    column = "id" if table == "agency" else "agency_id"
    mine = f"{column} = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy own_agency on {table} using ({mine}) with check ({mine})")
    if table in GATE_TABLES:
        op.execute(
            f"create policy gate on {table} using (current_setting('fieldapp.role', true) = 'gate')"
            " with check (current_setting('fieldapp.role', true) = 'gate')"
        )


def _balance() -> None:
    """Checked when the transaction ends, so that the legs of an entry may be written one after the other."""
    op.execute(
        """
        create function entry_balances() returns trigger language plpgsql as $$
        begin
          if (select coalesce(sum(amount_cents), 0) from posting where entry_id = new.entry_id) <> 0 then
            raise exception 'entry % does not balance', new.entry_id
              using errcode = 'check_violation', constraint = 'entry_balances';
          end if;
          return null;
        end $$
        """
    )
    op.execute(
        "create constraint trigger entry_balances after insert on posting"
        " deferrable initially deferred for each row execute function entry_balances()"
    )


def _append_only(table: str) -> None:
    op.execute(
        """
        create or replace function never_changes() returns trigger language plpgsql as $$
        begin
          raise exception '% is append only', tg_table_name
            using errcode = 'check_violation', constraint = 'append_only';
        end $$
        """
    )
    op.execute(
        f"create trigger never_changes before update or delete on {table} for each row execute function never_changes()"
    )
    op.execute(
        f"create trigger never_emptied before truncate on {table} for each statement execute function never_changes()"
    )


def _freeze(table: str, columns: str) -> None:
    op.execute(
        f"create trigger content_never_changes before update of {columns} on {table}"
        " for each row execute function never_changes()"
    )
    op.execute(f"create trigger never_deleted before delete on {table} for each row execute function never_changes()")


def _jobs() -> None:
    """The queue's own tables; `procrastinate_` at the front keeps them apart from ours."""
    # Over the driver's connection, without parameters: the schema is full of per cent signs.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(SchemaManager.get_schema())


def _grant(tables: list[str]) -> None:
    op.execute(f"grant usage on schema public to {APP}")
    for table in tables:
        op.execute(f"grant select, insert on {table} to {APP}")
        if table not in APPEND_ONLY:
            op.execute(f"grant update, delete on {table} to {APP}")
    op.execute(f"grant select on alembic_version to {APP}")
    op.execute(f"grant usage, select on all sequences in schema public to {APP}")
    op.execute(
        f"""
        do $$ declare name text; begin
          for name in select tablename from pg_tables where tablename like 'procrastinate%' loop
            execute format('grant select, insert, update, delete on %I to {APP}', name);
          end loop;
        end $$
        """
    )


def downgrade() -> None:
    raise NotImplementedError("row security is not taken away again: restore a backup instead")
