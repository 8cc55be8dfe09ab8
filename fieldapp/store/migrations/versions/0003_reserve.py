"""Visits held in reserve beside a published route."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("published_stop", sa.Column("reserve", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("published_stop", "reserve", server_default=None)


def downgrade() -> None:
    op.drop_column("published_stop", "reserve")
