"""Facts by when they were recorded, and those of money by when it moved: for accounts and figures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

MONEY = "kind in ('payment.received', 'payment.refunded', 'receipt.voided', 'cheque.unpaid')"


def upgrade() -> None:
    op.create_index("fact_recorded", "fact", ["agency_id", "recorded_at"])
    op.create_index("fact_of_money", "fact", ["agency_id", "at"], postgresql_where=sa.text(MONEY))


def downgrade() -> None:
    op.drop_index("fact_of_money", "fact")
    op.drop_index("fact_recorded", "fact")
