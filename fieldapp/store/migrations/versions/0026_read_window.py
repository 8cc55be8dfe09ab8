"""Requests of one phone overtake each other: which of its last counters were used stands beside the highest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

ALL_USED = 2**63 - 1


def upgrade() -> None:
    # Of phones that are enrolled already nothing below the highest counter is taken: it was, or is refused.
    op.add_column(
        "device", sa.Column("read_window", sa.BigInteger(), nullable=False, server_default=sa.text(str(ALL_USED)))
    )
    op.alter_column("device", "read_window", server_default=None)


def downgrade() -> None:
    op.drop_column("device", "read_window")
