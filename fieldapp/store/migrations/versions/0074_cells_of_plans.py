"""Parts of a large day that workers share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

revision = "0074"
down_revision = "0070"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plan_cell",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("plan_id", sa.Uuid(), sa.ForeignKey("plan.id"), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("job", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("lease_until", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ends_at", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("objective_cents", sa.BigInteger(), nullable=False),
        sa.Column("found", JSONB(), nullable=False),
        sa.UniqueConstraint("plan_id", "batch", "number", name="plan_cell_once"),
        sa.CheckConstraint("state in ('waiting','doing','done','lost')", name="plan_cell_state_known"),
    )
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    op.execute("alter table plan_cell enable row level security")
    op.execute("alter table plan_cell force row level security")
    op.execute(f"create policy own_agency on plan_cell using ({mine}) with check ({mine})")
    op.execute("grant select, insert, update, delete on plan_cell to fieldapp_app")


def downgrade() -> None:
    op.drop_table("plan_cell")
