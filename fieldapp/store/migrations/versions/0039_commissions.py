"""Commissions on what is recovered: rates, closings, and the movements that each closing took."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

APP = "fieldapp_app"
TABLES = ("creditor_commission", "commission_closing", "commission_movement")


def upgrade() -> None:
    op.create_table(
        "creditor_commission",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("creditor_id", sa.Uuid(), sa.ForeignKey("creditor.id"), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("rate_bp", sa.Integer(), nullable=False),
        sa.Column("set_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("set_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.CheckConstraint("rate_bp between 1 and 10000", name="creditor_commission_possible"),
    )
    op.create_index("ix_creditor_commission_creditor_id", "creditor_commission", ["creditor_id"])
    op.create_table(
        "commission_closing",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("creditor_id", sa.Uuid(), sa.ForeignKey("creditor.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("since", TIMESTAMP(timezone=True)),
        sa.Column("until", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("net_cents", sa.BigInteger(), nullable=False),
        sa.Column("shares", JSONB(), nullable=False),
        sa.Column("commission_cents", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), sa.ForeignKey("entry.id"), nullable=False, unique=True),
        sa.Column("closed_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.UniqueConstraint("creditor_id", "number", name="commission_closing_once"),
        sa.CheckConstraint("commission_cents <> 0", name="commission_closing_of_something"),
    )
    op.create_table(
        "commission_movement",
        sa.Column("fact_number", sa.BigInteger(), sa.ForeignKey("fact.number"), primary_key=True),
        sa.Column("closing_id", sa.Uuid(), sa.ForeignKey("commission_closing.id"), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("rate_bp", sa.Integer()),
    )
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    for table in TABLES:
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_agency on {table} using ({mine}) with check ({mine})")
        op.execute(
            f"create trigger never_changes before update or delete on {table}"
            " for each row execute function never_changes()"
        )
        op.execute(
            f"create trigger never_emptied before truncate on {table}"
            " for each statement execute function never_changes()"
        )
        op.execute(f"grant select, insert on {table} to {APP}")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
