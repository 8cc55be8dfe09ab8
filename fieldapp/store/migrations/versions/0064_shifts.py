"""Weeks of shifts and absences."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

revision = "0064"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shift_week",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("days", JSONB(), nullable=False),
        sa.Column("entered_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("entered_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.UniqueConstraint("agency_id", "agent_id", "valid_from", name="shift_week_once"),
    )
    op.create_table(
        "absence",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("from_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("to_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("entered_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("entered_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("withdrawn_at", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=True),
        sa.CheckConstraint("from_at < to_at", name="absence_rising"),
        sa.CheckConstraint("code in ('leave','not_available','training','other')", name="absence_code_known"),
    )
    op.create_index(
        "absence_standing", "absence", ["agency_id", "to_at"], postgresql_where=sa.text("withdrawn_at is null")
    )
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    for table in ("shift_week", "absence"):
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_agency on {table} using ({mine}) with check ({mine})")
        op.execute(f"grant select, insert, update on {table} to fieldapp_app")


def downgrade() -> None:
    op.drop_table("absence")
    op.drop_table("shift_week")
