"""A wiped phone hands over also the open visits in which something binds."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NAME = "rescued_item_kind_known"


def upgrade() -> None:
    op.drop_constraint(NAME, "rescued_item")
    op.create_check_constraint(NAME, "rescued_item", "kind in ('envelope','small','original','draft')")


def downgrade() -> None:
    op.drop_constraint(NAME, "rescued_item")
    op.create_check_constraint(NAME, "rescued_item", "kind in ('envelope','small','original')")
