"""What a creditor's own readers were told, when his newest statement came, and his references however they are spelt;
money that reached him counts in the figures.

Payments that a subscription of the creditor had delivered before count as told from that moment on. What 0041 meant to
fill in is filled in here: it had not seen the rows of any agency.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0047"
down_revision = "0042"
branch_labels = None
depends_on = None


_TAKEN_BACK = "'payment.refunded', 'receipt.voided', 'cheque.unpaid'"


def _money(*kinds: str) -> None:
    """The index under which figures find what happened to money."""
    op.drop_index("fact_of_money", "fact")
    named = ", ".join([*(f"'{kind}'" for kind in kinds), _TAKEN_BACK])
    op.create_index("fact_of_money", "fact", ["agency_id", "at"], postgresql_where=sa.text(f"kind in ({named})"))


@contextmanager
def _of_all_agencies(*tables: str) -> Iterator[None]:
    """The owner is held to row security like everybody else, and works for no agency: it would see nothing."""
    for table in tables:
        op.execute(f"alter table {table} no force row level security")
    yield
    for table in tables:
        op.execute(f"alter table {table} force row level security")


def upgrade() -> None:
    _money("payment.received", "payment.seen")
    op.add_column("practice", sa.Column("stated_at", TIMESTAMP(timezone=True), nullable=True))
    op.add_column("service_account", sa.Column("fed_after", sa.BigInteger(), nullable=True))
    op.add_column("service_account", sa.Column("fed_up_to", sa.BigInteger(), nullable=True))
    op.add_column("seen_payment", sa.Column("reference_key", sa.String(), nullable=False, server_default=""))
    with _of_all_agencies("seen_payment"):
        op.execute("update seen_payment set reference_key = lower(btrim(reference))")
    op.alter_column("seen_payment", "reference_key", server_default=None)
    op.create_index("seen_payment_key", "seen_payment", ["creditor_id", "reference_key"])
    with _of_all_agencies("payment", "webhook_delivery", "webhook", "fact", "receipt"):
        op.execute(
            """
            update payment set reported_at = told.at
            from (
              select receipt.id as receipt_id, min(delivery.last_at) as at
              from webhook_delivery as delivery
                join webhook on webhook.id = delivery.webhook_id and webhook.creditor_id is not null
                join fact on fact.number = delivery.fact_number and fact.kind = 'payment.received'
                join receipt on receipt.practice_id = fact.practice_id
                  and receipt.series || '-' || lpad(receipt.number::text, 6, '0') = fact.body ->> 'receipt'
              where delivery.state = 'delivered'
              group by receipt.id
            ) as told
            where payment.receipt_id = told.receipt_id and payment.reported_at is null
            """
        )
    with _of_all_agencies("settlement", "entry"):
        op.execute(
            """
            update settlement set given_up_entry = entry.id from entry
            where settlement.state = 'paid' and settlement.given_up_entry is null
              and entry.idempotency_key = concat_ws(chr(58), 'settlement', settlement.id, 'given_up')
            """
        )


def downgrade() -> None:
    _money("payment.received")
    op.drop_index("seen_payment_key", "seen_payment")
    op.drop_column("seen_payment", "reference_key")
    op.drop_column("service_account", "fed_up_to")
    op.drop_column("service_account", "fed_after")
    op.drop_column("practice", "stated_at")
