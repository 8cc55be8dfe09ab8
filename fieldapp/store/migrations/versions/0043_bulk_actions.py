"""Actions on many practices; what exports by hand told; claims added up; the order in which open tasks are read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

revision = "0043"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bulk_action",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("asked", JSONB(), nullable=False),
        sa.Column("shown_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("shown_to", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("up_to", sa.BigInteger(), nullable=False),
        sa.Column("doable", JSONB(), nullable=False),
        sa.Column("left_out", JSONB(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("done_at", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("done", JSONB(), nullable=False),
        sa.Column("undone_at", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=True),
        sa.Column("undone", JSONB(), nullable=False),
        sa.Column("kept", JSONB(), nullable=False),
    )
    op.create_index(
        "bulk_action_done", "bulk_action", ["agency_id", "done_at"], postgresql_where=sa.text("done_at is not null")
    )
    op.create_index("bulk_action_shown", "bulk_action", ["shown_to"], postgresql_where=sa.text("done_at is null"))
    op.create_table(
        "export_by_hand",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("creditor_id", sa.Uuid(), sa.ForeignKey("creditor.id"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("made_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("made_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.UniqueConstraint("creditor_id", "sequence", name="export_by_hand_numbered_once"),
    )
    op.create_table(
        "told_by_hand",
        sa.Column("export_id", sa.Uuid(), sa.ForeignKey("export_by_hand.id"), primary_key=True),
        sa.Column("fact_number", sa.BigInteger(), sa.ForeignKey("fact.number"), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
    )
    op.create_index("ix_told_by_hand_fact_number", "told_by_hand", ["fact_number"])
    op.create_table(
        "claim_part",
        sa.Column("practice_id", sa.Uuid(), sa.ForeignKey("practice.id"), primary_key=True),
        sa.Column("creditor_id", sa.Uuid(), sa.ForeignKey("creditor.id"), nullable=False),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("owed_cents", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "claim_sum",
        sa.Column("creditor_id", sa.Uuid(), sa.ForeignKey("creditor.id"), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("practices", sa.Integer(), nullable=False),
        sa.Column("owed_cents", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "claim_mark",
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), primary_key=True),
        sa.Column("up_to", sa.BigInteger(), nullable=False),
    )
    op.create_index(
        "task_open_in_order",
        "task",
        ["agency_id", "due_on", "created_at", "id"],
        postgresql_where=sa.text("state = 'open'"),
    )
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    granted = {
        "bulk_action": "select, insert, update, delete",
        "export_by_hand": "select, insert",
        "told_by_hand": "select, insert",
        "claim_part": "select, insert, update",
        "claim_sum": "select, insert, update",
        "claim_mark": "select, insert, update",
    }
    for table, rights in granted.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_agency on {table} using ({mine}) with check ({mine})")
        op.execute(f"grant {rights} on {table} to fieldapp_app")


def downgrade() -> None:
    op.drop_index("task_open_in_order", table_name="task")
    op.drop_table("claim_mark")
    op.drop_table("claim_sum")
    op.drop_table("claim_part")
    op.drop_table("told_by_hand")
    op.drop_table("export_by_hand")
    op.drop_table("bulk_action")
