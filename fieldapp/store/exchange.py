"""What others are told: facts after a cursor, and a day's outcomes for one creditor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy
from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, text, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.ledger import CLAIMS, AccountKind, LineBalance
from fieldapp.domain.outgoing import TAKES_BACK
from fieldapp.store.columns import among
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


_GAVE_BACK = (
    exists()
    .where(col(PaymentEntry.payment_id) == col(Payment.id), col(PaymentEntry.entry_id) == col(Entry.id))
    .where(col(Entry.kind) == "refund")
)
_STANDS = or_(and_(col(Receipt.state) == "valid", col(Payment.standing) != "unpaid"), _GAVE_BACK)
"""Whether something of a payment is left to tell: what was given back of a cheque that came back later is gone."""
_NUMBER = func.lpad(sqlalchemy.cast(col(Receipt.number), sqlalchemy.Text), 6, "0")
_LABEL = func.concat(col(Receipt.series), "-", _NUMBER)
"""A receipt as facts name it."""


@dataclass(frozen=True, slots=True)
class Export:
    """An export that was made: of which local day, and the newest fact that it could tell of."""

    day: date
    up_to: int


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that came in or went back, as the creditor is told of it: `what` is the kind of its fact.

    What went back is below zero.
    """

    fact_number: int
    what: str
    at: datetime
    payment_id: UUID
    visit_id: UUID
    practice_number: str
    debtor_name: str
    agent_number: str
    method: str
    amount_cents: int
    share: LineBalance
    receipt_series: str
    receipt_number: int


@dataclass(frozen=True, slots=True)
class VisitOutcome:
    """One visit of the day with what was promised at it."""

    id: UUID
    practice_id: UUID
    practice_number: str
    debtor_name: str
    arrived_at: datetime
    left_at: datetime
    agent_number: str
    outcome: str
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
    promises: dict[UUID, list[Promise]] = defaultdict(list)
    ids = [visit.id for visit, _, _, _ in found]
    for promise in (await session.exec(select(Promise).where(col(Promise.visit_id).in_(ids)))).all():
        promises[promise.visit_id].append(promise)
    return [
        VisitOutcome(
            id=visit.id,
            practice_id=visit.practice_id,
            practice_number=number,
            debtor_name=debtor,
            arrived_at=visit.arrived_at,
            left_at=visit.left_at,
            agent_number=agent or "",
            outcome=visit.outcome,
            promises=tuple(promises[visit.id]),
        )
        for visit, number, agent, debtor in found
    ]


async def movements(
    session: AsyncSession, *, creditor_id: UUID, day: date, up_to: int, before: Sequence[Export], zone: ZoneInfo
) -> list[Movement]:
    """The creditor's money that the export of `day` tells, in the order of booking; `before` are those made, in order.

    A movement stands in the first export that is made, once it is booked, of its own day or a later one; there it
    stays. A payment that fell before the creditor was told of it is left out, and so is its fall; `leave_out` makes
    that last, also where a file on a schedule tells of both afterwards.
    """
    query = (
        sqlalchemy.select(
            Fact, Payment, Receipt, col(Practice.practice_number), col(Person.agent_number), col(Obligor.name)
        )
        .join(Receipt, col(Receipt.practice_id) == col(Fact.practice_id))
        .join(Payment, col(Payment.receipt_id) == col(Receipt.id))
        .join(Practice, col(Practice.id) == col(Payment.practice_id))
        .join(Person, col(Person.id) == col(Payment.agent_id))
        .join(Obligor, (col(Obligor.practice_id) == col(Practice.id)) & (col(Obligor.role) == "debtor"))
        .where(
            col(Fact.creditor_id) == creditor_id,
            col(Fact.kind).in_(["payment.received", *TAKES_BACK]),
            about_payment(),
            or_(_STANDS, col(Payment.reported_at).is_not(None)),
            col(Payment.left_out_at).is_(None),
            _told_of(day, [*before, Export(day, up_to)], zone),
        )
        .order_by(col(Fact.number))
    )
    found = (await session.execute(query)).all()
    shares = await _shares_told(session, [(fact, payment) for fact, payment, *_ in found])
    return [
        Movement(
            fact_number=fact.number,
            what=fact.kind,
            at=fact.at,
            payment_id=payment.id,
            visit_id=payment.visit_id,
            practice_number=number,
            debtor_name=debtor,
            agent_number=agent or "",
            method=payment.method,
            amount_cents=fact.body["amount_cents"] * (-1 if fact.kind in TAKES_BACK else 1),
            share=shares.get(fact.number, LineBalance()),
            receipt_series=receipt.series,
            receipt_number=receipt.number,
        )
        for fact, payment, receipt, number, agent, debtor in found
    ]


async def leave_out(
    session: AsyncSession, *, creditor_id: UUID, up_to: int, day: date, zone: ZoneInfo, at: datetime
) -> None:
    """Payments that an export of `day` could have told, and that fell before anybody was told of them."""
    could = exists().where(
        col(Fact.practice_id) == col(Payment.practice_id),
        col(Fact.kind) == "payment.received",
        col(Fact.body)["receipt"].astext == _LABEL,
        _could_tell(Export(day, up_to), zone),
    )
    fallen = (
        select(Payment.id)
        .join(Receipt, col(Receipt.id) == col(Payment.receipt_id))
        .where(
            Payment.creditor_id == creditor_id,
            col(Payment.reported_at).is_(None),
            col(Payment.left_out_at).is_(None),
            not_(_STANDS),
            could,
        )
    )
    await session.execute(
        update(Payment)
        .where(col(Payment.id).in_(fallen))
        .values(left_out_at=at)
        .execution_options(synchronize_session=False)
    )


def about_payment() -> ColumnElement[bool]:
    """Whether a fact of money names this receipt or the payment of it."""
    of_receipt = col(Fact.body)["receipt"].astext == _LABEL
    of_payment = col(Fact.body)["payment_id"].astext == sqlalchemy.cast(col(Payment.id), sqlalchemy.Text)
    return or_(of_receipt, of_payment)


def _told_of(day: date, exports: Sequence[Export], zone: ZoneInfo) -> ColumnElement[bool]:
    """Which facts an export of `day` was the first to tell; `exports` in the order they were made."""
    firsts: list[ColumnElement[bool]] = []
    others: list[Export] = []
    for export in exports:
        if export.day == day:
            firsts.append(and_(*(not_(_could_tell(other, zone)) for other in others), _could_tell(export, zone)))
        else:
            # A later one could tell all that an earlier one of no later day could.
            others = [*(other for other in others if other.day > export.day), export]
    return or_(*firsts)


def _could_tell(export: Export, zone: ZoneInfo) -> ColumnElement[bool]:
    midnight = datetime.combine(export.day + timedelta(days=1), time(), tzinfo=zone)
    return and_(col(Fact.number) <= export.up_to, col(Fact.at) < midnight)


async def _shares_told(session: AsyncSession, told: Sequence[tuple[Fact, Payment]]) -> dict[int, LineBalance]:
    """What each fact's entry took off the claim, by the fact's number; below zero where it gave back."""
    refunds = {f"refund:{fact.body.get('refund_id')}": fact.number for fact, _ in told}
    given = select(Entry.idempotency_key, Entry.id).where(col(Entry.idempotency_key).in_(refunds))
    entries = {refunds[key]: entry_id for key, entry_id in (await session.exec(given)).all()}
    undone = select(Entry.reverses, Entry.id).where(col(Entry.reverses).in_([payment.entry_id for _, payment in told]))
    reversals = dict((await session.exec(undone)).all())
    for fact, payment in told:
        if fact.kind == "payment.received":
            entries[fact.number] = payment.entry_id
        elif fact.kind != "payment.refunded":
            entries[fact.number] = reversals[payment.entry_id]
    shares = await _shares(session, list(entries.values()))
    return {number: shares[entry_id] for number, entry_id in entries.items() if entry_id in shares}


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
        .where(among(Payment.id, payment_ids), col(Payment.reported_at).is_(None))
        .values(reported_at=at)
        .execution_options(synchronize_session=False)
    )


async def exports(session: AsyncSession, creditor_id: UUID) -> list[Export]:
    """The exports made for the creditor, in order; held until the transaction ends, so that no two are made at once."""
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"export:{creditor_id}"}
    )
    query = (
        select(Fact).where(Fact.creditor_id == creditor_id, Fact.kind == "outcomes.exported").order_by(col(Fact.number))
    )
    made = (await session.exec(query)).all()
    # Those of an earlier version did not say how far they reached.
    return [Export(fact.day, fact.body.get("up_to", fact.number)) for fact in made if fact.day is not None]
