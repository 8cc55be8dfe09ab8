"""Lists as people filtered them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

APP = "fieldapp_app"


def upgrade() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("person_id", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("listing", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("filters", sa.String(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("saved_at", TIMESTAMP(timezone=True), nullable=False),
        sa.UniqueConstraint("person_id", "listing", "name", name="saved_view_once"),
        sa.CheckConstraint("listing in ('practices','tasks')", name="saved_view_listing_known"),
    )
    op.create_index("ix_saved_view_person_id", "saved_view", ["person_id"])
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    op.execute("alter table saved_view enable row level security")
    op.execute("alter table saved_view force row level security")
    op.execute(f"create policy own_agency on saved_view using ({mine}) with check ({mine})")
    op.execute(f"grant select, insert, update, delete on saved_view to {APP}")


def downgrade() -> None:
    op.drop_table("saved_view")
