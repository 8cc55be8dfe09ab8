"""Payments that an export by hand passed over, because they fell before anybody was told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payment", sa.Column("left_out_at", TIMESTAMP(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("payment", "left_out_at")
