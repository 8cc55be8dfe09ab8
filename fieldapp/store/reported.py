"""Payments that the creditor was told of, by whatever way: from then on his statements may hold them.

A file told him when it arrived, a subscription of his when it was answered, the feed when an account of his came back
with a cursor behind the fact: until then the page may have been lost on its way.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, false, func, not_, text, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store.tables.exchange import ServiceAccount

_OF_FACT = """
      join receipt on receipt.practice_id = fact.practice_id
        and receipt.series || '-' || lpad(receipt.number::text, 6, '0') = fact.body ->> 'receipt'
"""
_BY_FACTS = text(
    f"""
    update payment set reported_at = :at
    from fact {_OF_FACT}
    where fact.number = any(cast(:numbers as bigint[])) and fact.kind = 'payment.received'
      and payment.receipt_id = receipt.id and payment.reported_at is null
    """
)
_BY_FILE = text(
    f"""
    update payment set reported_at = :at
    from told_fact join fact on fact.number = told_fact.fact_number {_OF_FACT}
    where told_fact.file_id = :file and fact.kind = 'payment.received' and payment.receipt_id = receipt.id
      and payment.reported_at is null
    """
)
_BY_READING = text(
    f"""
    update payment set reported_at = :at
    from fact {_OF_FACT}
    where fact.number > :after and fact.number <= :up_to and fact.kind = 'payment.received'
      and payment.receipt_id = receipt.id and payment.creditor_id = :creditor and payment.reported_at is null
    """
)


async def by_file(session: AsyncSession, file_id: UUID, *, at: datetime) -> None:
    """The creditor has been told of this file's payments; the first time is the one that counts."""
    await session.execute(_BY_FILE, {"file": file_id, "at": at})


async def by_facts(session: AsyncSession, numbers: Sequence[int], *, at: datetime) -> None:
    """The same of the payments among these facts."""
    if numbers:
        await session.execute(_BY_FACTS, {"at": at, "numbers": list(numbers)})


async def read_by(session: AsyncSession, account_id: UUID, creditor_id: UUID, *, cursor: int, at: datetime) -> None:
    """An account of the creditor came back with the cursor behind fact `cursor`: what was given up to it arrived."""
    query = select(ServiceAccount.fed_after, ServiceAccount.fed_up_to).where(ServiceAccount.id == account_id)
    after, up_to = (await session.exec(query)).one()
    if after is not None and up_to is not None and min(cursor, up_to) > after:
        values = {"at": at, "after": after, "up_to": min(cursor, up_to), "creditor": creditor_id}
        await session.execute(_BY_READING, values)


async def given_to(session: AsyncSession, account_id: UUID, *, start: int, end: int) -> None:
    """An account was given the facts behind `start` up to `end`. One that jumps begins anew where it jumped to."""
    fed_after, fed_up_to = col(ServiceAccount.fed_after), col(ServiceAccount.fed_up_to)
    follows = func.coalesce((fed_after <= start) & (fed_up_to >= start), false())
    given = (
        update(ServiceAccount)
        .where(col(ServiceAccount.id) == account_id, not_(follows) | (fed_up_to < end))
        .values(fed_after=case((follows, fed_after), else_=start), fed_up_to=end)
    )
    await session.execute(given.execution_options(synchronize_session=False))
