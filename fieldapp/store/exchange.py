"""What others are told: facts after a cursor, and a day's outcomes for one creditor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy
from sqlalchemy import and_, func, or_, text, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.ledger import CLAIMS, AccountKind, LineBalance
from fieldapp.store.shapes.office import OfficeEvent
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.field import Payment, Promise, Receipt, Visit
from fieldapp.store.tables.ledger import Account, Entry, PaymentEntry, Posting
from fieldapp.store.tables.office import Fact
from fieldapp.store.tables.practice import Obligor, Practice


async def last_number(session: AsyncSession) -> int:
    """The number of the agency's newest fact; 0 before the first."""
    return (await session.exec(select(func.coalesce(func.max(Fact.number), 0)))).one()


async def events_after(session: AsyncSession, number: int, *, limit: int) -> list[OfficeEvent]:
    """The facts after `number` in commit order."""
    query = select(Fact).where(Fact.number > number).order_by(col(Fact.number)).limit(limit)
    facts = (await session.exec(query)).all()
    return [
        OfficeEvent(number=fact.number, kind=fact.kind, practice_id=fact.practice_id, day=fact.day) for fact in facts
    ]


@dataclass(frozen=True, slots=True)
class Collected:
    """A payment as the creditor is told of it."""

    payment_id: UUID
    method: str
    amount_cents: int
    share: LineBalance
    receipt_series: str
    receipt_number: int


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Money of an earlier payment that went back: `what` is the kind of its fact, the amounts are below zero."""

    practice_number: str
    debtor_name: str
    at: datetime
    agent_number: str
    what: str
    payment: Collected


@dataclass(frozen=True, slots=True)
class VisitOutcome:
    """One visit of the day with what it brought."""

    practice_number: str
    debtor_name: str
    arrived_at: datetime
    agent_number: str
    outcome: str
    payments: tuple[Collected, ...]
    promises: tuple[Promise, ...]


async def outcomes(session: AsyncSession, *, creditor_id: UUID, day: date) -> list[VisitOutcome]:
    """The visits of the local `day` to practices of the creditor, in order of arrival."""
    query = (
        select(Visit, Practice.practice_number, Person.agent_number, Obligor.name)
        .join(Practice, col(Practice.id) == col(Visit.practice_id))
        .join(Person, col(Person.id) == col(Visit.agent_id))
        .join(Obligor, (col(Obligor.practice_id) == col(Practice.id)) & (col(Obligor.role) == "debtor"))
        .where(Practice.creditor_id == creditor_id, Visit.day == day)
        .order_by(col(Visit.arrived_at), col(Visit.id))
    )
    found = (await session.exec(query)).all()
    ids = [visit.id for visit, _, _, _ in found]
    payments = await _payments(session, ids)
    promises: dict[UUID, list[Promise]] = defaultdict(list)
    for promise in (await session.exec(select(Promise).where(col(Promise.visit_id).in_(ids)))).all():
        promises[promise.visit_id].append(promise)
    return [
        VisitOutcome(
            practice_number=number,
            debtor_name=debtor,
            arrived_at=visit.arrived_at,
            agent_number=agent or "",
            outcome=visit.outcome,
            payments=tuple(payments[visit.id]),
            promises=tuple(promises[visit.id]),
        )
        for visit, number, agent, debtor in found
    ]


async def _payments(session: AsyncSession, visit_ids: Sequence[UUID]) -> dict[UUID, list[Collected]]:
    """Payments that stand, and those that the creditor was told of before they fell: by visit."""
    stands = and_(col(Receipt.state) == "valid", col(Payment.standing) != "unpaid")
    query = (
        select(Payment, Receipt)
        .join(Receipt, col(Receipt.id) == col(Payment.receipt_id))
        .where(col(Payment.visit_id).in_(visit_ids), or_(stands, col(Payment.reported_at).is_not(None)))
        .order_by(col(Payment.received_at), col(Receipt.number))
    )
    found = (await session.exec(query)).all()
    shares = await _shares(session, [payment.entry_id for payment, _ in found])
    by_visit: dict[UUID, list[Collected]] = defaultdict(list)
    for payment, receipt in found:
        share = shares.get(payment.entry_id, LineBalance())
        by_visit[payment.visit_id].append(_collected(payment, receipt, payment.amount_cents, share))
    return by_visit


def _collected(payment: Payment, receipt: Receipt, amount_cents: int, share: LineBalance) -> Collected:
    return Collected(payment.id, payment.method, amount_cents, share, receipt.series, receipt.number)


async def taken_back(session: AsyncSession, *, creditor_id: UUID, since: datetime, until: datetime) -> list[TakenBack]:
    """What was given back or fell between the instants, in the order of booking.

    A payment that fell before the creditor was told of it is in neither list; a refund always is, beside its payment.
    """
    query = (
        sqlalchemy.select(
            Entry, Payment, Receipt, col(Practice.practice_number), col(Person.agent_number), col(Obligor.name)
        )
        .join(PaymentEntry, col(PaymentEntry.entry_id) == col(Entry.id))
        .join(Payment, col(Payment.id) == col(PaymentEntry.payment_id))
        .join(Receipt, col(Receipt.id) == col(Payment.receipt_id))
        .join(Practice, col(Practice.id) == col(Payment.practice_id))
        .join(Person, col(Person.id) == col(Payment.agent_id))
        .join(Obligor, (col(Obligor.practice_id) == col(Practice.id)) & (col(Obligor.role) == "debtor"))
        .where(
            col(Payment.creditor_id) == creditor_id,
            # Booked, not dated: a bank's date may lie in a day that was told already.
            col(Entry.recorded_at) >= since,
            col(Entry.recorded_at) < until,
            or_(
                col(Entry.kind) == "refund", and_(col(Entry.kind) == "reversal", col(Payment.reported_at).is_not(None))
            ),
        )
        .order_by(col(Entry.recorded_at), col(Entry.id))
    )
    found = (await session.execute(query)).all()
    shares = await _shares(session, [entry.id for entry, *_ in found])
    return [
        TakenBack(
            practice_number=number,
            debtor_name=debtor,
            at=entry.recorded_at,
            agent_number=agent or "",
            what="payment.refunded" if entry.kind == "refund" else _FELL[payment.standing],
            payment=_collected(payment, receipt, shares[entry.id].total_cents, shares[entry.id]),
        )
        for entry, payment, receipt, number, agent, debtor in found
    ]


_FELL = {"voided": "receipt.voided", "unpaid": "cheque.unpaid"}


async def _shares(session: AsyncSession, entry_ids: Sequence[UUID]) -> dict[UUID, LineBalance]:
    """What each entry took off principal, interest and costs, in positive cents."""
    query = (
        select(Posting.entry_id, Account.kind, func.sum(Posting.amount_cents))
        .join(Account, col(Account.id) == col(Posting.account_id))
        .where(col(Posting.entry_id).in_(entry_ids), col(Account.kind).in_([kind.value for kind in CLAIMS]))
        .group_by(col(Posting.entry_id), col(Account.kind))
    )
    cents: dict[UUID, dict[AccountKind, int]] = defaultdict(dict)
    for entry_id, kind, total in (await session.exec(query)).all():
        cents[entry_id][AccountKind(kind)] = -int(total)
    return {entry_id: LineBalance(*(by.get(kind, 0) for kind in CLAIMS)) for entry_id, by in cents.items()}


async def mark_reported(session: AsyncSession, payment_ids: Iterable[UUID], *, at: datetime) -> None:
    """The creditor has been told of these payments; the first time is the one that counts."""
    await session.execute(
        update(Payment)
        .where(col(Payment.id).in_(list(payment_ids)), col(Payment.reported_at).is_(None))
        .values(reported_at=at)
        .execution_options(synchronize_session=False)
    )


async def next_export(session: AsyncSession, creditor_id: UUID) -> int:
    """The number of the creditor's next export, from 1; held until the transaction ends, so that none is missing."""
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"export:{creditor_id}"}
    )
    query = (
        select(func.count()).select_from(Fact).where(Fact.creditor_id == creditor_id, Fact.kind == "outcomes.exported")
    )
    return (await session.exec(query)).one() + 1
