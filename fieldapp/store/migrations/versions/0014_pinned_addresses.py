"""What people said of an address is found by its spelling, when a file names it again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("address_pinned", "address", ["agency_id", "text"], postgresql_where=sa.text("quality = 'pin'"))
    op.create_index(
        "address_doubtful",
        "address",
        ["agency_id", "text"],
        postgresql_where=sa.text("state = 'doubtful' and current"),
    )


def downgrade() -> None:
    op.drop_index("address_doubtful", "address")
    op.drop_index("address_pinned", "address")
