"""Who paid, where it was not the debtor."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_PARTS = ("payer_name", "payer_capacity", "payer_document")


def upgrade() -> None:
    for name in _PARTS:
        op.add_column("payment", sa.Column(name, sa.String(), nullable=True))
    op.create_check_constraint("payment_payer_whole", "payment", f"num_nulls({', '.join(_PARTS)}) in (0, 3)")


def downgrade() -> None:
    op.drop_constraint("payment_payer_whole", "payment")
    for name in _PARTS:
        op.drop_column("payment", name)
