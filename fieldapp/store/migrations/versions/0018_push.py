"""Where phones are told that their day has changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

APP = "fieldapp_app"


def upgrade() -> None:
    op.create_table(
        "push_subscription",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("device_id", sa.Uuid(), sa.ForeignKey("device.id"), nullable=False, unique=True),
        sa.Column("endpoint", sa.LargeBinary(), nullable=True),
        sa.Column("p256dh", sa.LargeBinary(), nullable=False),
        sa.Column("auth", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("endpoint is not null and auth is not null", name="push_subscription_whole"),
    )
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    op.execute("alter table push_subscription enable row level security")
    op.execute("alter table push_subscription force row level security")
    op.execute(f"create policy own_agency on push_subscription using ({mine}) with check ({mine})")
    op.execute(f"grant select, insert, update, delete on push_subscription to {APP}")


def downgrade() -> None:
    op.drop_table("push_subscription")
