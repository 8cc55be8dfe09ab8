"""Actions on many practices, claims added up by creditor, and the order in which open tasks are read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

revision = "0043"
down_revision = "0041"
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
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    op.execute("alter table bulk_action enable row level security")
    op.execute("alter table bulk_action force row level security")
    op.execute(f"create policy own_agency on bulk_action using ({mine}) with check ({mine})")
    op.execute("grant select, insert, update, delete on bulk_action to fieldapp_app")


def downgrade() -> None:
    op.drop_table("bulk_action")
