"""In which order a creditor's money settles a debt, as it was set over time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0066"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payment_order",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("creditor_id", sa.Uuid(), sa.ForeignKey("creditor.id"), nullable=False),
        sa.Column("parts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("debtor_chooses", sa.Boolean(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("set_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("set_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
    )
    op.create_index("ix_payment_order_creditor_id", "payment_order", ["creditor_id"])
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    op.execute("alter table payment_order enable row level security")
    op.execute("alter table payment_order force row level security")
    op.execute(f"create policy own_agency on payment_order using ({mine}) with check ({mine})")
    # What was agreed when is never rewritten.
    op.execute("grant select, insert on payment_order to fieldapp_app")


def downgrade() -> None:
    op.drop_table("payment_order")
