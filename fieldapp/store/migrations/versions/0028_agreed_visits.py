"""Appointments that the office agreed on with debtors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

APP = "fieldapp_app"


def upgrade() -> None:
    op.create_table(
        "agreed_visit",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("practice_id", sa.Uuid(), sa.ForeignKey("practice.id"), nullable=False),
        sa.Column("address_id", sa.Uuid(), sa.ForeignKey("address.id"), nullable=False),
        sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("person.id"), nullable=True),
        sa.Column("visit_id", sa.Uuid(), sa.ForeignKey("visit.id"), nullable=True, unique=True),
        sa.Column("contact_id", sa.Uuid(), sa.ForeignKey("contact_attempt.id"), nullable=True),
        sa.Column("from_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("to_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("taken_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("taken_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("ended_at", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=True),
        sa.Column("ended_as", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("from_at < to_at", name="agreed_visit_rising"),
        sa.CheckConstraint("ended_as in ('moved','cancelled')", name="agreed_visit_end_known"),
        sa.CheckConstraint("(ended_at is null) = (ended_as is null)", name="agreed_visit_ended_whole"),
    )
    op.create_index("ix_agreed_visit_practice_id", "agreed_visit", ["practice_id"])
    op.create_index(
        "agreed_visit_standing",
        "agreed_visit",
        ["agency_id", "from_at"],
        postgresql_where=sa.text("ended_at is null"),
    )
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    op.execute("alter table agreed_visit enable row level security")
    op.execute("alter table agreed_visit force row level security")
    op.execute(f"create policy own_agency on agreed_visit using ({mine}) with check ({mine})")
    op.execute(f"grant select, insert, update on agreed_visit to {APP}")


def downgrade() -> None:
    op.drop_table("agreed_visit")
