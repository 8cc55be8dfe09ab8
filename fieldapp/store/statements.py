"""What a statement is held against: the claim at its date and the payments that we took, whoever brings it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.ledger import CLAIMS, AccountKind, LineBalance
from fieldapp.domain.receipts import receipt_name
from fieldapp.domain.statements import Adjustment, PaymentTaken, plus
from fieldapp.store import ledger
from fieldapp.store.columns import among
from fieldapp.store.tables.exchange import ServiceAccount
from fieldapp.store.tables.field import Payment, Receipt
from fieldapp.store.tables.ledger import Account, Entry, PaymentEntry, Posting
from fieldapp.store.tables.office import ImportFile
from fieldapp.store.tables.practice import Statement

Books = tuple[dict[UUID, LineBalance], list[PaymentTaken]]
"""The claim by debt line, and the payments taken, both before an instant."""


async def books_at(session: AsyncSession, by_cut: Mapping[datetime, Sequence[UUID]]) -> dict[UUID, Books]:
    """The books of each practice before the instant that a statement about it speaks of."""
    books: dict[UUID, Books] = {}
    for cut, ids in by_cut.items():
        owed = await ledger.owed(session, ids, until=cut)
        taken = await payments_taken(session, ids, until=cut)
        books |= {practice_id: (owed[practice_id], taken[practice_id]) for practice_id in ids}
    return books


def difference(adjustment: Adjustment, *, stated_cents: int, as_of: date) -> dict[str, Any]:
    """What the task `balance.differs` lays out: his balance, ours at the same date, and each receipt between them."""
    return {
        "by_cents": adjustment.untold_cents,
        "stated_cents": stated_cents,
        "ours_cents": stated_cents - adjustment.untold_cents,
        "as_of": as_of.isoformat(),
        "receipts": [payment.receipt for payment in adjustment.untold],
        "receipts_cents": [payment.total_cents for payment in adjustment.untold],
    }


@dataclass(frozen=True, slots=True)
class LastStatement:
    """The newest statement of a practice, and who made it: a system, or a file."""

    row: Statement
    source: str


async def last_statements(session: AsyncSession, practice_ids: Collection[UUID]) -> dict[UUID, LastStatement]:
    """The statement that came last, by practice; ids rise with time."""
    query = (
        select(Statement, ServiceAccount.name, ImportFile.file_name)
        .join(ServiceAccount, col(ServiceAccount.id) == col(Statement.service_account_id), isouter=True)
        .join(ImportFile, col(ImportFile.id) == col(Statement.import_id), isouter=True)
        .where(among(Statement.practice_id, practice_ids))
        .ext(distinct_on(col(Statement.practice_id)))
        .order_by(col(Statement.practice_id), col(Statement.id).desc())
    )
    found = (await session.exec(query)).all()
    return {row.practice_id: LastStatement(row, account or file or "") for row, account, file in found}


def contradiction(
    before: LastStatement | None, *, source: str, account_id: UUID | None, total_cents: int, as_of: date
) -> dict[str, Any] | None:
    """What the task `balance.contradicted` lays out where somebody else states another balance of the same day.

    `account_id`: the system that speaks, None for a file. The creditor's newer file corrects his older one, and a
    system itself: that contradicts nobody.
    """
    if before is None or before.row.service_account_id == account_id:
        return None
    if before.row.as_of != as_of or before.row.total_cents == total_cents:
        return None
    return {
        "as_of": as_of.isoformat(),
        "before_cents": before.row.total_cents,
        "before_source": before.source,
        "stated_cents": total_cents,
        "source": source,
        "by_cents": total_cents - before.row.total_cents,
    }


async def last_total(session: AsyncSession, practice_id: UUID) -> int | None:
    """What the statement that came last says is owed, in cents; ids rise with time."""
    query = select(Statement.total_cents).where(Statement.practice_id == practice_id)
    return (await session.exec(query.order_by(col(Statement.id).desc()).limit(1))).first()


async def payments_taken(
    session: AsyncSession, practice_ids: Sequence[UUID], *, until: datetime
) -> dict[UUID, list[PaymentTaken]]:
    """The payments of these practices that no reversal undid, less what was given back; all of it before `until`."""
    query = (
        select(Payment, Receipt.series, Receipt.number)
        .join(Receipt, col(Receipt.id) == col(Payment.receipt_id))
        .where(among(Payment.practice_id, practice_ids), col(Payment.received_at) < until)
        .order_by(col(Payment.received_at))
    )
    payments = (await session.exec(query)).all()
    entry_ids = [payment.entry_id for payment, _, _ in payments]
    undone = select(Entry.reverses).where(among(Entry.reverses, entry_ids), col(Entry.at) < until)
    reversed_ids = set((await session.exec(undone)).all())
    refunds = await _refunds(session, [payment.id for payment, _, _ in payments], until=until)
    standing = [entry_id for entry_id in entry_ids if entry_id not in reversed_ids]
    shares = await _shares(session, [*standing, *(refund for found in refunds.values() for refund in found)])
    taken: dict[UUID, list[PaymentTaken]] = {practice_id: [] for practice_id in practice_ids}
    for payment, series, number in payments:
        if payment.entry_id not in reversed_ids:
            taken[payment.practice_id].append(
                PaymentTaken(
                    receipt=receipt_name(series, number),
                    received_at=payment.received_at,
                    # What reached his own account he knows by himself, and of the day on which it did.
                    reported_at=payment.received_at if into_creditor(payment) else payment.reported_at,
                    by_line=_together(shares.get(of, {}) for of in (payment.entry_id, *refunds.get(payment.id, ()))),
                )
            )
    return taken


def into_creditor(payment: Payment) -> bool:
    """Whether the money reached the creditor's own account."""
    return payment.fields.get("into") == "creditor"


async def _refunds(session: AsyncSession, payment_ids: Sequence[UUID], *, until: datetime) -> dict[UUID, list[UUID]]:
    """The entries that gave back money of each payment."""
    query = (
        select(PaymentEntry.payment_id, Entry.id)
        .join(Entry, col(Entry.id) == col(PaymentEntry.entry_id))
        .where(among(PaymentEntry.payment_id, payment_ids), Entry.kind == "refund", col(Entry.at) < until)
    )
    found: dict[UUID, list[UUID]] = defaultdict(list)
    for payment_id, entry_id in (await session.exec(query)).all():
        found[payment_id].append(entry_id)
    return found


def _together(shares: Iterable[Mapping[UUID, LineBalance]]) -> dict[UUID, LineBalance]:
    total: dict[UUID, LineBalance] = {}
    for by_line in shares:
        for line_id, share in by_line.items():
            total[line_id] = plus(total.get(line_id, LineBalance()), share)
    return total


async def _shares(session: AsyncSession, entry_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, LineBalance]]:
    """What each entry took off the claims: entry -> debt line -> positive cents."""
    query = (
        select(Posting.entry_id, Posting.debt_line_id, Account.kind, Posting.amount_cents)
        .join(Account, col(Account.id) == col(Posting.account_id))
        .where(col(Posting.entry_id).in_(entry_ids), col(Account.kind).in_([kind.value for kind in CLAIMS]))
    )
    cents: dict[UUID, dict[UUID, Counter[AccountKind]]] = defaultdict(lambda: defaultdict(Counter))
    for entry_id, line_id, kind, amount_cents in (await session.exec(query)).all():
        if line_id is not None:
            cents[entry_id][line_id][AccountKind(kind)] -= amount_cents
    return {
        entry_id: {line_id: LineBalance(*(by_kind[kind] for kind in CLAIMS)) for line_id, by_kind in lines.items()}
        for entry_id, lines in cents.items()
    }
