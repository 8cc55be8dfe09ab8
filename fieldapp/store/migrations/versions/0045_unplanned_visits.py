"""Visits outside the plan: where the debtor was met."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("visit", sa.Column("unplanned", sa.String(), nullable=True))
    op.create_check_constraint("visit_unplanned_known", "visit", "unplanned in ('address','public_place','workplace')")


def downgrade() -> None:
    op.drop_constraint("visit_unplanned_known", "visit")
    op.drop_column("visit", "unplanned")
