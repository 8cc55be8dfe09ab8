"""Lists of practices are narrowed by area, amount, last contact and case owner: what each is found by.

The last contact of each practice is kept by triggers, so that "before", "since" and "never" are ranges of one index.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

MINE = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"


@contextmanager
def _of_all_agencies(*tables: str) -> Iterator[None]:
    """The owner is held to row security like everybody else, and works for no agency: it would see nothing."""
    for table in tables:
        op.execute(f"alter table {table} no force row level security")
    yield
    for table in tables:
        op.execute(f"alter table {table} force row level security")


def upgrade() -> None:
    op.create_table(
        "practice_last_contact",
        sa.Column("practice_id", sa.Uuid(), sa.ForeignKey("practice.id"), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("last_at", TIMESTAMP(timezone=True), nullable=True),
    )
    with _of_all_agencies("practice", "contact_attempt"):
        op.execute(
            "insert into practice_last_contact (practice_id, agency_id, last_at)"
            " select id, agency_id, (select max(at) from contact_attempt where practice_id = practice.id) from practice"
        )
    op.create_index("practice_contacted", "practice_last_contact", ["agency_id", "last_at", "practice_id"])
    op.execute("alter table practice_last_contact enable row level security")
    op.execute("alter table practice_last_contact force row level security")
    op.execute(f"create policy own_agency on practice_last_contact using ({MINE}) with check ({MINE})")
    op.execute("grant select, insert, update on practice_last_contact to fieldapp_app")
    op.execute(
        """
        create function practice_not_contacted() returns trigger language plpgsql as $$
        begin
          insert into practice_last_contact (practice_id, agency_id) select id, agency_id from fresh
          on conflict do nothing;
          return null;
        end $$
        """
    )
    op.execute(
        "create trigger practice_not_contacted after insert on practice referencing new table as fresh"
        " for each statement execute function practice_not_contacted()"
    )
    # In one order, so that two phones that tell of the same practices wait for each other and do not deadlock.
    op.execute(
        """
        create function practice_contacted() returns trigger language plpgsql as $$
        begin
          insert into practice_last_contact as known (practice_id, agency_id, last_at)
          select practice_id, agency_id, max(at) from fresh group by practice_id, agency_id order by practice_id
          on conflict (practice_id) do update set last_at = excluded.last_at
          where known.last_at is null or known.last_at < excluded.last_at;
          return null;
        end $$
        """
    )
    op.execute(
        "create trigger practice_contacted after insert on contact_attempt referencing new table as fresh"
        " for each statement execute function practice_contacted()"
    )
    op.create_index("claim_part_owed", "claim_part", ["agency_id", "owed_cents", "practice_id"])
    op.create_index("practice_of_case_owner", "practice", ["agency_id", "case_owner_name", "id"])
    op.create_index(
        "address_area",
        "address",
        ["agency_id", "province", "comune", "practice_id"],
        postgresql_where=sa.text("current"),
    )


def downgrade() -> None:
    op.drop_index("address_area", "address")
    op.drop_index("practice_of_case_owner", "practice")
    op.drop_index("claim_part_owed", "claim_part")
    op.execute("drop trigger practice_contacted on contact_attempt")
    op.execute("drop trigger practice_not_contacted on practice")
    op.execute("drop function practice_contacted()")
    op.execute("drop function practice_not_contacted()")
    op.drop_table("practice_last_contact")
