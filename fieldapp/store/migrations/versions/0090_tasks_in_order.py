"""Tasks in the order in which the inbox shows them, alarms first: one index for those that are open and those done."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0090"
down_revision = "0092"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("task_open_in_order", "task")
    op.create_index(
        "task_in_order",
        "task",
        ["agency_id", "state", sa.text("(kind <> 'agent.in_danger')"), "due_on", "created_at", "id"],
    )


def downgrade() -> None:
    op.drop_index("task_in_order", "task")
    op.create_index(
        "task_open_in_order",
        "task",
        ["agency_id", "due_on", "created_at", "id"],
        postgresql_where=sa.text("state = 'open'"),
    )
