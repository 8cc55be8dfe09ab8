"""What the way to a published stop takes from hour to hour."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0073"
down_revision = "0077"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("published_stop", sa.Column("way_by_hour", JSONB(), nullable=False, server_default="[]"))
    op.alter_column("published_stop", "way_by_hour", server_default=None)


def downgrade() -> None:
    op.drop_column("published_stop", "way_by_hour")
