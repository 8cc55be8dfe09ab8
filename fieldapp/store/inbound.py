"""What is known of the practices that another system writes about, and what it saw being paid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from uuid import UUID

import sqlalchemy
from sqlalchemy import String, and_, case, cast, func, or_, text
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.access import ServiceIdentity
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.inbound import OwnReceipt, PaymentState
from fieldapp.domain.ledger import AccountKind
from fieldapp.domain.payments import METHODS
from fieldapp.domain.receipts import receipt_name
from fieldapp.store import intake
from fieldapp.store.columns import among
from fieldapp.store.statements import into_creditor
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.exchange import SeenPayment, ServiceAccount
from fieldapp.store.tables.field import Payment, Promise, Receipt, Visit
from fieldapp.store.tables.ledger import Account, Posting
from fieldapp.store.tables.office import Fact
from fieldapp.store.tables.planning import PublishedDay, PublishedStop
from fieldapp.store.tables.practice import DebtLine, Placement, Practice, Statement

__all__ = ["DebtLine", "Placement", "Practice", "SeenPayment", "Statement"]

WAIT = "15s"
"""How long a write waits while a file of the same creditor is being written."""
_UNDONE = ("voided", "unpaid")
_ANNOUNCED = [method.code for method in METHODS.values() if method.announced is not None]


async def lock_creditor(session: AsyncSession, creditor_id: UUID) -> None:
    """Imports and writes about a creditor go one after the other. Raises Refusal `inbound.creditor_busy`."""
    await session.execute(text(f"set local lock_timeout = '{WAIT}'"))
    try:
        await intake.lock_creditor(session, creditor_id)
    except OperationalError as broken:
        if getattr(broken.orig, "sqlstate", "") != "55P03":
            raise
        raise Refusal("inbound.creditor_busy", kind=Kind.UNAVAILABLE) from None
    await session.execute(text("set local lock_timeout = 0"))


async def practices(session: AsyncSession, creditor_id: UUID, numbers: Collection[str]) -> dict[str, Practice]:
    """The creditor's practices of these numbers, held until the transaction ends."""
    query = (
        select(Practice)
        .where(Practice.creditor_id == creditor_id, among(Practice.practice_number, numbers))
        .order_by(col(Practice.id))
        .with_for_update()
    )
    return {row.practice_number: row for row in (await session.exec(query)).all()}


async def placements(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Placement]:
    query = select(Placement).where(col(Placement.id).in_(list(ids)))
    return {row.id: row for row in (await session.exec(query)).all()}


@dataclass(frozen=True, slots=True)
class Held:
    """Cash or a cheque of a practice that an agent has not handed in; of cash as much as is there."""

    practice_id: UUID
    receipt: str
    amount_cents: int
    agent: str


async def held_by_agents(session: AsyncSession, practice_ids: Collection[UUID]) -> list[Held]:
    """What agents hold of these practices. Cash is fungible: what lies in a purse is taken for the newest that came in,
    up to what is there."""
    wanted = list(practice_ids)
    taken = (
        sqlalchemy.select(
            col(Payment.id),
            col(Payment.agent_id),
            func.sum(col(Payment.amount_cents))
            .over(
                partition_by=col(Payment.agent_id),
                order_by=(col(Payment.received_at).desc(), col(Payment.id).desc()),
            )
            .label("up_to_it"),
        )
        .where(
            col(Payment.agent_id).in_(select(Payment.agent_id).where(among(Payment.practice_id, wanted))),
            col(Payment.standing) == "received",
            col(Payment.method) == "cash",
        )
        .subquery()
    )
    purse = (
        select(func.sum(Posting.amount_cents))
        .join(Account, col(Account.id) == col(Posting.account_id))
        .where(Account.person_id == Payment.agent_id, Account.kind == AccountKind.AGENT_CASH.value)
        .correlate(Payment)
        .scalar_subquery()
    )
    newer = taken.c.up_to_it - col(Payment.amount_cents)
    there = case(
        (col(Payment.method) == "cash", func.least(col(Payment.amount_cents), func.coalesce(purse, 0) - newer)),
        else_=col(Payment.amount_cents),
    )
    query = (
        sqlalchemy.select(col(Payment.practice_id), Receipt, col(Person.name), there.label("there"))
        .join(Receipt, col(Receipt.id) == col(Payment.receipt_id))
        .join(Person, col(Person.id) == col(Payment.agent_id))
        .join(taken, taken.c.id == col(Payment.id), isouter=True)
        .where(
            among(Payment.practice_id, wanted),
            col(Payment.standing) == "received",
            col(Payment.method).in_(["cash", "cheque"]),
            there > 0,
        )
        .order_by(col(Payment.received_at), col(Payment.id))
    )
    return [
        Held(practice_id, receipt_name(receipt.series, receipt.number), int(cents), agent)
        for practice_id, receipt, agent, cents in (await session.execute(query)).all()
    ]


@dataclass(frozen=True, slots=True)
class StillPlanned:
    """A visit of a published day that has not been reported."""

    practice_id: UUID
    stop_id: UUID
    day: date
    agent: str


async def still_planned(session: AsyncSession, practice_ids: Collection[UUID], *, today: date) -> list[StillPlanned]:
    """Visits to these practices in the newest version of today and of later days."""
    newest = sqlalchemy.select(col(PublishedDay.day), func.max(col(PublishedDay.version)).label("version"))
    newest_version = newest.where(col(PublishedDay.day) >= today).group_by(col(PublishedDay.day)).subquery()
    query = (
        select(PublishedStop, Person.name)
        .join(PublishedDay, col(PublishedDay.id) == col(PublishedStop.published_day_id))
        .join(
            newest_version,
            and_(newest_version.c.day == PublishedDay.day, newest_version.c.version == PublishedDay.version),
        )
        .join(Person, col(Person.id) == col(PublishedStop.agent_id))
        .join(Visit, col(Visit.stop_id) == col(PublishedStop.id), isouter=True)
        .where(among(PublishedStop.practice_id, practice_ids), col(Visit.id).is_(None))
        .order_by(col(PublishedStop.day), col(PublishedStop.id))
    )
    found = (await session.exec(query)).all()
    return [StillPlanned(stop.practice_id, stop.id, stop.day, agent) for stop, agent in found]


async def at_the_door(session: AsyncSession, practice_ids: Collection[UUID], *, since: datetime) -> set[UUID]:
    """Those of the practices at whose door an agent arrived since then, the visit not reported yet."""
    query = (
        select(Fact.practice_id)
        .join(Visit, cast(col(Visit.id), String) == col(Fact.body)["visit_id"].astext, isouter=True)
        .where(
            among(Fact.practice_id, practice_ids),
            Fact.kind == "visit.arrived",
            col(Fact.at) >= since,
            col(Visit.id).is_(None),
        )
    )
    return {found for found in (await session.exec(query)).all() if found is not None}


# --- payments that the creditor saw ----------------------------------------------------------------------------------


async def seen(session: AsyncSession, creditor_id: UUID, keys: Collection[str]) -> dict[str, SeenPayment]:
    """Those of the creditor's references that we were told before, by their `reference_key`."""
    query = select(SeenPayment).where(SeenPayment.creditor_id == creditor_id, among(SeenPayment.reference_key, keys))
    # Ids rise with time: of two that an older release took for different ones the first counts.
    found = (await session.exec(query.order_by(col(SeenPayment.id).desc()))).all()
    return {row.reference_key: row for row in found}


async def creditor_of_promise(session: AsyncSession, promise_id: UUID) -> UUID | None:
    query = select(Practice.creditor_id).join(Promise, col(Promise.practice_id) == col(Practice.id))
    return (await session.exec(query.where(Promise.id == promise_id))).first()


async def seen_alone(session: AsyncSession, practice_id: UUID, *, amount_cents: int) -> list[SeenPayment]:
    """Payments of this amount that he told, are not held, and settled no announcement of the practice."""
    settled = select(Promise.reference).where(
        Promise.practice_id == practice_id, Promise.state == "kept", col(Promise.reference).is_not(None)
    )
    query = select(SeenPayment).where(
        SeenPayment.practice_id == practice_id,
        SeenPayment.amount_cents == amount_cents,
        SeenPayment.state != PaymentState.HELD.value,
        col(SeenPayment.reference).not_in(settled),
    )
    return list((await session.exec(query.order_by(col(SeenPayment.paid_on), col(SeenPayment.id)))).all())


async def held_payment(session: AsyncSession, payment_id: str) -> tuple[SeenPayment, Practice, ServiceIdentity] | None:
    """A payment that waits for a person, its practice and who told it; nothing else is written about its creditor until
    the transaction ends. Raises Refusal `inbound.creditor_busy`."""
    creditor = select(SeenPayment.creditor_id).where(cast(col(SeenPayment.id), String) == payment_id)
    creditor_id = (await session.exec(creditor)).first()
    if creditor_id is None:
        return None
    await lock_creditor(session, creditor_id)
    query = (
        select(SeenPayment, Practice, ServiceAccount)
        .join(Practice, col(Practice.id) == col(SeenPayment.practice_id))
        .join(ServiceAccount, col(ServiceAccount.id) == col(SeenPayment.service_account_id))
        .where(cast(col(SeenPayment.id), String) == payment_id, SeenPayment.state == PaymentState.HELD.value)
    )
    found = (await session.exec(query)).first()
    if found is None:
        return None
    row, practice, account = found
    return row, practice, ServiceIdentity(account.agency_id, account.id, account.name, frozenset(), account.creditor_id)


async def known_to_creditor(
    session: AsyncSession, practice_ids: Collection[UUID], *, zone: tzinfo
) -> dict[UUID, list[OwnReceipt]]:
    """Standing receipts of ours that the creditor knows of, by practice, oldest first."""
    query = (
        select(Payment, Receipt.series, Receipt.number)
        .join(Receipt, col(Receipt.id) == col(Payment.receipt_id))
        .where(
            among(Payment.practice_id, practice_ids),
            col(Payment.standing).not_in(_UNDONE),
            or_(col(Payment.reported_at).is_not(None), col(Payment.fields)["into"].astext == "creditor"),
        )
        .order_by(col(Payment.received_at), col(Payment.id))
    )
    found: dict[UUID, list[OwnReceipt]] = defaultdict(list)
    for payment, series, number in (await session.exec(query)).all():
        on = payment.received_at.astimezone(zone).date()
        receipt = receipt_name(series, number)
        own = OwnReceipt(payment.id, receipt, payment.amount_cents, on, at_his=into_creditor(payment))
        found[payment.practice_id].append(own)
    return found


async def matched(session: AsyncSession, practice_ids: Iterable[UUID]) -> set[UUID]:
    """Payments of ours that one of his stands held against."""
    query = select(SeenPayment.held_against).where(
        among(SeenPayment.practice_id, practice_ids), SeenPayment.state == "held"
    )
    return {found for found in (await session.exec(query)).all() if found is not None}


async def announced(session: AsyncSession, practice_ids: Collection[UUID]) -> dict[UUID, list[Promise]]:
    """Open announcements of a transfer or a bulletin, by practice, oldest first."""
    query = (
        select(Promise)
        .where(
            among(Promise.practice_id, practice_ids),
            col(Promise.kind).in_(_ANNOUNCED),
            Promise.state == "open",
        )
        .order_by(col(Promise.due_on), col(Promise.id))
        .with_for_update()
    )
    found: dict[UUID, list[Promise]] = defaultdict(list)
    for row in (await session.exec(query)).all():
        found[row.practice_id].append(row)
    return found


async def add(session: AsyncSession, rows: Sequence[SeenPayment]) -> None:
    session.add_all(rows)
    await session.flush()
