"""Layouts that an agency saved for its creditors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "creditor_layout",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("creditor_id", sa.Uuid(), sa.ForeignKey("creditor.id"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content", JSONB(), nullable=False),
        sa.Column("created_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.UniqueConstraint("agency_id", "name", name="creditor_layout_once"),
    )
    op.create_index("ix_creditor_layout_creditor_id", "creditor_layout", ["creditor_id"])
    op.create_index("ix_creditor_layout_created_by", "creditor_layout", ["created_by"])
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    op.execute("alter table creditor_layout enable row level security")
    op.execute("alter table creditor_layout force row level security")
    op.execute(f"create policy own_agency on creditor_layout using ({mine}) with check ({mine})")
    op.execute("grant select, insert on creditor_layout to fieldapp_app")


def downgrade() -> None:
    op.drop_table("creditor_layout")
