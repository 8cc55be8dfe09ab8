"""A wrongly recorded act that interrupts a limitation is taken back by another row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("interrupting_act", sa.Column("withdraws", sa.Uuid(), nullable=True))
    op.add_column("interrupting_act", sa.Column("reason", sa.String(), nullable=True))
    op.create_foreign_key(None, "interrupting_act", "interrupting_act", ["withdraws"], ["id"])
    op.create_unique_constraint("interrupting_act_withdrawn_once", "interrupting_act", ["withdraws"])
    op.create_check_constraint(
        "interrupting_act_withdrawn_why", "interrupting_act", "(withdraws is null) = (reason is null)"
    )


def downgrade() -> None:
    raise NotImplementedError("decisions are not thrown away: restore a backup instead")
