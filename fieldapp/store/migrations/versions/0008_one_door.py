"""One visit for several practices of the same person: which report was written first at the door."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("visit", sa.Column("with_visit_id", sa.Uuid(), nullable=True))
    op.create_index("ix_visit_with_visit_id", "visit", ["with_visit_id"])


def downgrade() -> None:
    op.drop_index("ix_visit_with_visit_id", "visit")
    op.drop_column("visit", "with_visit_id")
