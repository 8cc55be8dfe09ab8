"""Lists of practices are narrowed by the age of the debt: the index that it is found by."""

from __future__ import annotations

from alembic import op

revision = "0092"
down_revision = "0088"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("debt_line_due", "debt_line", ["agency_id", "due_on", "practice_id"])


def downgrade() -> None:
    op.drop_index("debt_line_due", "debt_line")
