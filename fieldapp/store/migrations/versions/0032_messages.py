"""Messages to agents on the road."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("to_all", sa.Boolean(), nullable=False),
        sa.Column("sent_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("sent_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
    )
    op.create_index("ix_message_day", "message", ["day"])
    op.create_table(
        "message_copy",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("message_id", sa.Uuid(), sa.ForeignKey("message.id"), nullable=False),
        sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("fetched_at", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("read_at", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("withdrawn_at", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=True),
        sa.UniqueConstraint("message_id", "agent_id", name="message_copy_once"),
    )
    op.create_index("ix_message_copy_agent_id", "message_copy", ["agent_id"])
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    for table, granted in (("message", "select, insert"), ("message_copy", "select, insert, update")):
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_agency on {table} using ({mine}) with check ({mine})")
        op.execute(f"grant {granted} on {table} to fieldapp_app")


def downgrade() -> None:
    op.drop_table("message_copy")
    op.drop_table("message")
