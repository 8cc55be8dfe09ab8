"""That a visit ended otherwise than its report says: corrections beside the report."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

revision = "0068"
down_revision = "0074"
branch_labels = None
depends_on = None

MINE = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"


def upgrade() -> None:
    op.add_column("visit", sa.Column("corrected_at", TIMESTAMP(timezone=True), nullable=True))
    op.create_table(
        "visit_correction",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("visit_id", sa.Uuid(), sa.ForeignKey("visit.id"), nullable=False),
        sa.Column("envelope_id", sa.Uuid(), sa.ForeignKey("envelope.id"), nullable=True),
        sa.Column("said_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("said_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("received_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("before", JSONB(), nullable=False),
        sa.Column("after", JSONB(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decided_at", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=True),
        sa.CheckConstraint("state in ('asked','holds','declined','withdrawn')", name="visit_correction_state_known"),
        sa.CheckConstraint(
            "state not in ('holds','declined') or envelope_id is not null or decided_by <> said_by",
            name="visit_correction_of_two_people",
        ),
    )
    op.create_index("ix_visit_correction_visit_id", "visit_correction", ["visit_id"])
    op.create_index(
        "visit_correction_one_asked",
        "visit_correction",
        ["visit_id"],
        unique=True,
        postgresql_where=sa.text("state = 'asked'"),
    )
    op.execute("alter table visit_correction enable row level security")
    op.execute("alter table visit_correction force row level security")
    op.execute(f"create policy own_agency on visit_correction using ({MINE}) with check ({MINE})")
    op.execute("grant select, insert, update on visit_correction to fieldapp_app")


def downgrade() -> None:
    op.drop_table("visit_correction")
    op.drop_column("visit", "corrected_at")
