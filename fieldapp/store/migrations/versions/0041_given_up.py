"""Which entry gave up the rest of a paid settlement, so that it can be taken back with the payment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("settlement", sa.Column("given_up_entry", sa.Uuid(), sa.ForeignKey("entry.id"), nullable=True))
    op.execute(
        """
        update settlement set given_up_entry = entry.id from entry
        where settlement.state = 'paid'
          and entry.idempotency_key = concat_ws(chr(58), 'settlement', settlement.id, 'given_up')
        """
    )


def downgrade() -> None:
    op.drop_column("settlement", "given_up_entry")
