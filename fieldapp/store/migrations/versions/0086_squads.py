"""Squads of agents, who was in which since when, and figures by squad.

Before there were any, nobody was in one: what is added up so far is what no squad did.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0086"
down_revision = "0090"
branch_labels = None
depends_on = None

MINE = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
MEASURES = ("visits", "reached", "kept", "broken", "recovered_cents", "planned", "done", "metres")
PART = ("practice_id", "day", "weekday", "hour", "age", "area")


def upgrade() -> None:
    op.create_table(
        "squad",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
    )
    op.create_index(
        "squad_name_once", "squad", ["agency_id", "name"], unique=True, postgresql_where=sa.text("closed_on is null")
    )
    op.create_table(
        "squad_member",
        sa.Column("person_id", sa.Uuid(), sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("from_on", sa.Date(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("squad_id", sa.Uuid(), sa.ForeignKey("squad.id"), nullable=True),
    )
    op.create_index("ix_squad_member_squad_id", "squad_member", ["squad_id"])
    _secure("squad", "select, insert, update")
    _secure("squad_member", "select, insert, update, delete")
    op.add_column("figure_part", sa.Column("squad", sa.String(), nullable=False, server_default="none"))
    op.alter_column("figure_part", "squad", server_default=None)
    op.drop_constraint("figure_part_pkey", "figure_part")
    op.create_primary_key("figure_part_pkey", "figure_part", [*PART, "squad"])
    with _of_all_agencies("figure_part", "figure_sum"):
        op.execute(
            f"""
            insert into figure_sum (agency_id, grouped_by, day, key, {", ".join(MEASURES)})
            select agency_id, 'squad', day, 'none', {", ".join(f"sum({name})" for name in MEASURES)}
            from figure_part group by agency_id, day
            """
        )


def _secure(table: str, may: str) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy own_agency on {table} using ({MINE}) with check ({MINE})")
    op.execute(f"grant {may} on {table} to fieldapp_app")


@contextmanager
def _of_all_agencies(*tables: str) -> Iterator[None]:
    """The owner is held to row security like everybody else, and works for no agency: it would see nothing."""
    for table in tables:
        op.execute(f"alter table {table} no force row level security")
    yield
    for table in tables:
        op.execute(f"alter table {table} force row level security")


def downgrade() -> None:
    with _of_all_agencies("figure_part", "figure_sum", "figure_mark"):
        # What was counted by squad cannot be put together again: all is counted anew.
        for table in ("figure_part", "figure_sum", "figure_mark"):
            op.execute(f"delete from {table}")
    op.drop_constraint("figure_part_pkey", "figure_part")
    op.drop_column("figure_part", "squad")
    op.create_primary_key("figure_part_pkey", "figure_part", list(PART))
    op.drop_table("squad_member")
    op.drop_table("squad")
