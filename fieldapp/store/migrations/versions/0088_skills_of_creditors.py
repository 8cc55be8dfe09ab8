"""Creditors ask for skills in all their practices, and in their files for single ones (`domain.skills`)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0088"
down_revision = "0091"
branch_labels = None
depends_on = None

COLUMNS = (("creditor", "skills"), ("practice", "skills_told"))


def upgrade() -> None:
    for table, column in COLUMNS:
        op.add_column(table, sa.Column(column, postgresql.JSONB(), nullable=False, server_default="[]"))
        op.alter_column(table, column, server_default=None)


def downgrade() -> None:
    for table, column in COLUMNS:
        op.drop_column(table, column)
