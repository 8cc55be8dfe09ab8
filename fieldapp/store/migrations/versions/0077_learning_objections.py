"""Objections to learned hours."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0077"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "learning_objection",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("practice_id", sa.Uuid(), sa.ForeignKey("practice.id"), nullable=False, index=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("entered_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("entered_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("withdrawn_at", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=True),
    )
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    op.execute("alter table learning_objection enable row level security")
    op.execute("alter table learning_objection force row level security")
    op.execute(f"create policy own_agency on learning_objection using ({mine}) with check ({mine})")
    op.execute("grant select, insert, update on learning_objection to fieldapp_app")


def downgrade() -> None:
    op.drop_table("learning_objection")
