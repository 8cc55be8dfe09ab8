"""A task may be put off until a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("task", sa.Column("asleep_until", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("task", "asleep_until")
