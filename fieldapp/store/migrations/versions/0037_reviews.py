"""Reviews of visit reports, questions to agents and their answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

WAITS = "answered_at is null and withdrawn_at is null and returned_at is null"


def upgrade() -> None:
    op.create_table(
        "visit_review",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("visit_id", sa.Uuid(), sa.ForeignKey("visit.id"), nullable=False),
        sa.Column("why", JSONB(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("reviewed_at", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=True),
        sa.UniqueConstraint("visit_id", name="visit_review_once"),
        sa.CheckConstraint("state in ('open','asked','answered','reviewed')", name="visit_review_state_known"),
    )
    op.create_index(
        "ix_visit_review_waiting", "visit_review", ["opened_at"], postgresql_where=sa.text("state <> 'reviewed'")
    )
    op.create_table(
        "visit_question",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("visit_id", sa.Uuid(), sa.ForeignKey("visit.id"), nullable=False),
        sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("asked_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("fetched_at", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("answered_at", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("withdrawn_at", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=True),
        sa.Column("returned_at", TIMESTAMP(timezone=True), nullable=True),
    )
    op.create_index(
        "visit_question_one_waits", "visit_question", ["visit_id"], unique=True, postgresql_where=sa.text(WAITS)
    )
    op.create_index("ix_visit_question_visit_id", "visit_question", ["visit_id"])
    op.create_index("ix_visit_question_agent_id", "visit_question", ["agent_id"])
    op.create_table(
        "visit_answer",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("question_id", sa.Uuid(), sa.ForeignKey("visit_question.id"), nullable=False),
        sa.Column("visit_id", sa.Uuid(), sa.ForeignKey("visit.id"), nullable=False),
        sa.Column("envelope_id", sa.Uuid(), sa.ForeignKey("envelope.id"), nullable=False),
        sa.Column("answered_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("received_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("changes", JSONB(), nullable=False),
        sa.Column("flags", JSONB(), nullable=False),
    )
    op.create_index("ix_visit_answer_question_id", "visit_answer", ["question_id"])
    op.create_index("ix_visit_answer_visit_id", "visit_answer", ["visit_id"])
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    granted = {
        "visit_review": "select, insert, update",
        "visit_question": "select, insert, update",
        "visit_answer": "select, insert",
    }
    for table, rights in granted.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_agency on {table} using ({mine}) with check ({mine})")
        op.execute(f"grant {rights} on {table} to fieldapp_app")


def downgrade() -> None:
    op.drop_table("visit_answer")
    op.drop_table("visit_question")
    op.drop_table("visit_review")
