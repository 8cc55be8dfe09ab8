"""Notes for those who plan a later day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0070"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "planning_note",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("person.id"), nullable=True),
        sa.Column("practice_id", sa.Uuid(), sa.ForeignKey("practice.id"), nullable=True),
        sa.Column("address_id", sa.Uuid(), sa.ForeignKey("address.id"), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("written_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("written_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("done_at", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("done_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=True),
        sa.CheckConstraint("agent_id is null or practice_id is null", name="planning_note_of_one"),
        sa.CheckConstraint("address_id is null or practice_id is not null", name="planning_note_door_of_practice"),
        sa.CheckConstraint("(done_at is null) = (done_by is null)", name="planning_note_done_by_somebody"),
    )
    op.create_index(
        "planning_note_open", "planning_note", ["agency_id", "from_on"], postgresql_where=sa.text("done_at is null")
    )
    op.create_index("ix_planning_note_practice_id", "planning_note", ["practice_id"])
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    op.execute("alter table planning_note enable row level security")
    op.execute("alter table planning_note force row level security")
    op.execute(f"create policy own_agency on planning_note using ({mine}) with check ({mine})")
    op.execute("grant select, insert, update on planning_note to fieldapp_app")


def downgrade() -> None:
    op.drop_table("planning_note")
