"""What an import has to say is kept as codes and details too, so that each reader has it in his language."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0082"
down_revision = "0078"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_file", sa.Column("findings", postgresql.JSONB(), nullable=False, server_default="{}"))
    op.alter_column("import_file", "findings", server_default=None)


def downgrade() -> None:
    op.drop_column("import_file", "findings")
