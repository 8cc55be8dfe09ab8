"""A payment keeps the stamp duty that the debtor handed over with it: ceilings of cash are of what passes from hand to
hand. What was taken before says so in its entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0080"
down_revision = "0067"
branch_labels = None
depends_on = None


@contextmanager
def _of_all_agencies(*tables: str) -> Iterator[None]:
    """The owner is held to row security like everybody else, and works for no agency: it would see nothing."""
    for table in tables:
        op.execute(f"alter table {table} no force row level security")
    yield
    for table in tables:
        op.execute(f"alter table {table} force row level security")


def upgrade() -> None:
    op.add_column("payment", sa.Column("duty_cents", sa.BigInteger(), nullable=False, server_default="0"))
    with _of_all_agencies("payment", "posting", "account"):
        op.execute(
            """
            update payment set duty_cents = -taken.cents
            from (
              select posting.entry_id, sum(posting.amount_cents) as cents
              from posting join account on account.id = posting.account_id and account.kind = 'stamp_duty'
              group by posting.entry_id
            ) as taken
            where taken.entry_id = payment.entry_id and taken.cents < 0
            """
        )
    op.alter_column("payment", "duty_cents", server_default=None)


def downgrade() -> None:
    op.drop_column("payment", "duty_cents")
