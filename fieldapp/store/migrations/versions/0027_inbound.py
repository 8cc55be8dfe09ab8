"""What other systems write to us: scopes, idempotency keys, payments that a creditor saw, who stated a balance."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

APP = "fieldapp_app"
INSTANT = TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.add_column("service_account", sa.Column("writes", JSONB(), nullable=False, server_default="[]"))
    op.alter_column("service_account", "writes", server_default=None)
    op.add_column(
        "statement", sa.Column("service_account_id", sa.Uuid(), sa.ForeignKey("service_account.id"), nullable=True)
    )
    op.create_table(
        "inbound_request",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("service_account_id", sa.Uuid(), sa.ForeignKey("service_account.id"), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.UniqueConstraint("service_account_id", "key", name="inbound_request_once"),
    )
    op.create_index("ix_inbound_request_expires_at", "inbound_request", ["expires_at"])
    op.create_table(
        "seen_payment",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("creditor_id", sa.Uuid(), sa.ForeignKey("creditor.id"), nullable=False),
        sa.Column("practice_id", sa.Uuid(), sa.ForeignKey("practice.id"), nullable=False),
        sa.Column("service_account_id", sa.Uuid(), sa.ForeignKey("service_account.id"), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), sa.ForeignKey("entry.id"), nullable=True),
        sa.Column("held_against", sa.Uuid(), sa.ForeignKey("payment.id"), nullable=True),
        sa.CheckConstraint("amount_cents > 0", name="seen_payment_positive"),
        sa.CheckConstraint("state in ('posted','included','held')", name="seen_payment_state_known"),
        sa.CheckConstraint("(state = 'posted') = (entry_id is not null)", name="seen_payment_posted_whole"),
        sa.CheckConstraint("(state = 'held') = (held_against is not null)", name="seen_payment_held_whole"),
        sa.UniqueConstraint("creditor_id", "reference", name="seen_payment_once"),
    )
    op.create_index("ix_seen_payment_practice_id", "seen_payment", ["practice_id"])
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    for table, more in (("inbound_request", "delete"), ("seen_payment", "update")):
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_agency on {table} using ({mine}) with check ({mine})")
        op.execute(f"grant select, insert, {more} on {table} to {APP}")


def downgrade() -> None:
    op.drop_table("seen_payment")
    op.drop_table("inbound_request")
    op.drop_column("statement", "service_account_id")
    op.drop_column("service_account", "writes")
