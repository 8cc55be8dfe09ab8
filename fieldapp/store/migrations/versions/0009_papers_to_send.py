"""Papers that debtors asked the office to send, with the address they gave for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "paper_to_send",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("practice_id", sa.Uuid(), sa.ForeignKey("practice.id"), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("paper", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("consented_at", TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("channel in ('email','pec','post')", name="paper_to_send_channel_known"),
    )
    op.create_index("ix_paper_to_send_practice_id", "paper_to_send", ["practice_id"])
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    op.execute("alter table paper_to_send enable row level security")
    op.execute("alter table paper_to_send force row level security")
    op.execute(f"create policy own_agency on paper_to_send using ({mine}) with check ({mine})")
    op.execute("grant select, insert on paper_to_send to fieldapp_app")


def downgrade() -> None:
    op.drop_table("paper_to_send")
