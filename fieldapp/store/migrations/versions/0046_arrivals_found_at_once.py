"""Arrivals are found by practice without its other facts: the board asks for them at every place that is tried."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("fact_of_arrivals", "fact", ["practice_id"], postgresql_where=sa.text("kind = 'visit.arrived'"))


def downgrade() -> None:
    op.drop_index("fact_of_arrivals", "fact")
