"""Links by which debtors pay on a provider's page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

APP = "fieldapp_app"


def upgrade() -> None:
    op.create_table(
        "payment_link",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("practice_id", sa.Uuid(), sa.ForeignKey("practice.id"), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("provider_id", sa.String(), nullable=True),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("payment_ref", sa.String(), nullable=False),
        sa.Column("asked_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("refunded_cents", sa.BigInteger(), nullable=False),
        sa.Column("disputed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name="payment_link_positive"),
        sa.CheckConstraint("state in ('asked','open','paid','failed','expired')", name="payment_link_state_known"),
    )
    op.create_index("ix_payment_link_practice_id", "payment_link", ["practice_id"])
    op.create_index("payment_link_ref", "payment_link", ["payment_ref"])
    op.create_index(
        "payment_link_open_once",
        "payment_link",
        ["visit_id", "amount_cents"],
        unique=True,
        postgresql_where=sa.text("state in ('asked', 'open')"),
    )
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    op.execute("alter table payment_link enable row level security")
    op.execute("alter table payment_link force row level security")
    op.execute(f"create policy own_agency on payment_link using ({mine}) with check ({mine})")
    # A provider's news name a link, not an agency: whose it is is looked up at the gate.
    gate = "current_setting('fieldapp.role', true) = 'gate'"
    op.execute(f"create policy gate on payment_link for select using ({gate})")
    op.execute(f"grant select, insert, update on payment_link to {APP}")


def downgrade() -> None:
    op.drop_table("payment_link")
