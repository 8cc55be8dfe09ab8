"""Agents have skills, and practices ask for them (`domain.skills`)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0084"
down_revision = "0080"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("person", "practice"):
        op.add_column(table, sa.Column("skills", postgresql.JSONB(), nullable=False, server_default="[]"))
        op.alter_column(table, "skills", server_default=None)


def downgrade() -> None:
    for table in ("person", "practice"):
        op.drop_column(table, "skills")
