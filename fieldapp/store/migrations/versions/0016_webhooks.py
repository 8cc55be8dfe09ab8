"""Webhooks: subscriptions of other systems, and each fact's way to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

APP = "fieldapp_app"
INSTANT = TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("scopes", JSONB(), nullable=False),
        sa.Column("creditor_id", sa.Uuid(), sa.ForeignKey("creditor.id"), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("secret_since", INSTANT, nullable=False),
        sa.Column("old_secret", sa.LargeBinary(), nullable=True),
        sa.Column("old_secret_until", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("paused_at", INSTANT, nullable=True),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("read_up_to", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("rests_until", INSTANT, nullable=True),
        sa.Column("last_delivered_at", INSTANT, nullable=True),
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), sa.ForeignKey("webhook.id"), nullable=False),
        sa.Column("fact_number", sa.BigInteger(), sa.ForeignKey("fact.number"), nullable=True),
        sa.Column("queue_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_until", INSTANT, nullable=True),
        sa.Column("last_at", INSTANT, nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_failure", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state in ('waiting','delivered','dead','skipped','failed')", name="webhook_delivery_state_known"
        ),
        sa.UniqueConstraint("webhook_id", "fact_number", name="webhook_delivery_once"),
    )
    op.create_index(
        "webhook_delivery_open",
        "webhook_delivery",
        ["webhook_id", "fact_number"],
        postgresql_where=sa.text("state in ('waiting','dead')"),
    )
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    for table in ("webhook", "webhook_delivery"):
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_agency on {table} using ({mine}) with check ({mine})")
        op.execute(f"grant select, insert, update on {table} to {APP}")
    # Which subscriptions there are is asked before it is known for whom.
    gate = "current_setting('fieldapp.role', true) = 'gate'"
    op.execute(f"create policy gate on webhook for select using ({gate})")


def downgrade() -> None:
    op.drop_table("webhook_delivery")
    op.drop_table("webhook")
