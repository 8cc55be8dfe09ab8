"""Visits that a dispatcher forbade."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0052"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forbidden_visit",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("practice_id", sa.Uuid(), sa.ForeignKey("practice.id"), nullable=False),
        sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("person.id"), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("forbidden_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("forbidden_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("lifted_at", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=True),
        sa.CheckConstraint("day is not null or agent_id is not null", name="forbidden_visit_of_something"),
    )
    op.create_index("ix_forbidden_visit_practice_id", "forbidden_visit", ["practice_id"])
    op.create_index(
        "forbidden_visit_once",
        "forbidden_visit",
        ["agency_id", "practice_id", "day", "agent_id"],
        unique=True,
        postgresql_where=sa.text("lifted_at is null"),
        postgresql_nulls_not_distinct=True,
    )
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    op.execute("alter table forbidden_visit enable row level security")
    op.execute("alter table forbidden_visit force row level security")
    op.execute(f"create policy own_agency on forbidden_visit using ({mine}) with check ({mine})")
    op.execute("grant select, insert, update on forbidden_visit to fieldapp_app")


def downgrade() -> None:
    op.drop_table("forbidden_visit")
