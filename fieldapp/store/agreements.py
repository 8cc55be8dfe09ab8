"""Plans, instalments, settlements and creditors' terms: rows in, what was paid since out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy
from sqlalchemy import func
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.claims import AGREED
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ledger import CLAIMS, LineBalance
from fieldapp.domain.payments import Standing as Way
from fieldapp.domain.payments import payment_method
from fieldapp.domain.repayment_plan import (
    RUNNING,
    Credit,
    PlanState,
    SettlementState,
    Standing,
    Terms,
    standing,
)
from fieldapp.domain.repayment_plan import Instalment as InstalmentValue
from fieldapp.store import ledger
from fieldapp.store.columns import among
from fieldapp.store.practices import hold
from fieldapp.store.tables.agreements import CreditorTerms, Instalment, RepaymentPlan, Settlement
from fieldapp.store.tables.field import Payment
from fieldapp.store.tables.ledger import Account, Entry, PaymentEntry, Posting
from fieldapp.store.tables.practice import Creditor, DebtLine, Practice

ROME = ZoneInfo("Europe/Rome")
OPEN_SETTLEMENTS = (SettlementState.PROPOSED.value, SettlementState.APPROVED.value)
WATCHED_SETTLEMENTS = (*OPEN_SETTLEMENTS, SettlementState.EXPIRED.value)
"""Those that money which is told late may still change."""
RUNNING_STATES = (PlanState.ACTIVE.value, PlanState.BROKEN.value)
TERMS = ("valid_from", *asdict(Terms()))
"""The columns of `creditor_terms` that say what is granted, and from when."""


# --- terms ---------------------------------------------------------------------------------------------------------


async def terms_in_force(session: AsyncSession, creditor_ids: Iterable[UUID], *, on: date) -> dict[UUID, Terms]:
    """What each creditor grants on a day; the cautious defaults where nobody has set anything."""
    ids = set(creditor_ids)
    query = (
        select(CreditorTerms)
        .where(col(CreditorTerms.creditor_id).in_(ids), col(CreditorTerms.valid_from) <= on)
        .order_by(col(CreditorTerms.valid_from))
    )
    found = {row.creditor_id: terms_of(row) for row in (await session.exec(query)).all()}
    return {creditor_id: found.get(creditor_id, Terms()) for creditor_id in ids}


async def terms_rows(session: AsyncSession, creditor_id: UUID) -> Sequence[CreditorTerms]:
    """All terms of a creditor, the newest first. Raises Refusal `creditor.unknown`."""
    if await session.get(Creditor, creditor_id) is None:
        raise Refusal("creditor.unknown", kind=Kind.MISSING)
    query = (
        select(CreditorTerms)
        .where(CreditorTerms.creditor_id == creditor_id)
        .order_by(col(CreditorTerms.valid_from).desc())
    )
    return (await session.exec(query)).all()


def terms_of(row: CreditorTerms) -> Terms:
    return Terms(**{name: getattr(row, name) for name in asdict(Terms())})


def terms_from(rows: Sequence[Sequence[Any]]) -> Terms:
    """The newest of rows of `TERMS`, the defaults where there is none."""
    newest = max(rows, key=lambda row: str(row[0]), default=None)
    return Terms(*newest[1:]) if newest is not None else Terms()


# --- what is there -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlanAtHand:
    """A plan with its instalments and how it stands today."""

    row: RepaymentPlan
    instalments: Sequence[Instalment]
    stands: Standing


async def plans(
    session: AsyncSession, practice_ids: Iterable[UUID] | None, *, today: date, running_only: bool = False
) -> list[PlanAtHand]:
    """Plans of these practices (of all for None), the newest first, held against what was paid since."""
    query = select(RepaymentPlan).order_by(col(RepaymentPlan.agreed_at).desc(), col(RepaymentPlan.id))
    if practice_ids is not None:
        query = query.where(among(RepaymentPlan.practice_id, practice_ids))
    if running_only:
        running = [state.value for state in RUNNING]
        query = query.where(col(RepaymentPlan.state).in_(running), col(RepaymentPlan.ended_at).is_(None))
    rows = (await session.exec(query)).all()
    if not rows:
        return []
    by_plan: dict[UUID, list[Instalment]] = defaultdict(list)
    of_plans = among(Instalment.plan_id, [row.id for row in rows])
    wanted = select(Instalment).where(of_plans).order_by(col(Instalment.number))
    for item in (await session.exec(wanted)).all():
        by_plan[item.plan_id].append(item)
    paid = await movements(session, {row.practice_id for row in rows})
    return [PlanAtHand(row, by_plan[row.id], _stands(row, by_plan[row.id], paid, today=today)) for row in rows]


def _stands(
    row: RepaymentPlan, items: Sequence[Instalment], paid: dict[UUID, list[Movement]], *, today: date
) -> Standing:
    return standing(
        [InstalmentValue(item.number, item.due_on, item.cents) for item in items],
        [
            one.credit()
            for one in paid[row.practice_id]
            if row.agreed_at <= one.at and (row.ended_at is None or one.at < row.ended_at)
        ],
        broken_after_days=row.broken_after_days,
        broken_after_instalments=row.broken_after_instalments,
        today=today,
    )


async def settlements(
    session: AsyncSession,
    practice_ids: Iterable[UUID] | None,
    *,
    open_only: bool = False,
    states: Iterable[str] | None = None,
) -> Sequence[Settlement]:
    """Settlements of these practices (of all for None), in these states, the newest first."""
    query = select(Settlement).order_by(col(Settlement.agreed_at).desc(), col(Settlement.id))
    if practice_ids is not None:
        query = query.where(among(Settlement.practice_id, practice_ids))
    if open_only or states is not None:
        query = query.where(col(Settlement.state).in_(OPEN_SETTLEMENTS if states is None else list(states)))
    return (await session.exec(query)).all()


async def hold_practice_of(session: AsyncSession, settlement_id: UUID) -> None:
    """Hold the practice of a settlement until the transaction ends."""
    query = select(Settlement.practice_id).where(Settlement.id == settlement_id)
    await hold(session, (await session.exec(query)).all())


async def settlement(session: AsyncSession, settlement_id: UUID) -> Settlement:
    """One settlement, locked until the transaction ends. Raises Refusal `settlement.unknown`."""
    row = await settlement_asked(session, settlement_id)
    if row is None:
        raise Refusal("settlement.unknown", kind=Kind.MISSING)
    return row


async def settlement_asked(session: AsyncSession, settlement_id: UUID) -> Settlement | None:
    """The settlement of that id, if it is there yet, locked until the transaction ends."""
    return (await session.exec(select(Settlement).where(Settlement.id == settlement_id).with_for_update())).first()


async def asked_in(session: AsyncSession, visit_id: UUID) -> list[Settlement]:
    """Those asked in this visit that still count on its report, locked until the transaction ends."""
    query = select(Settlement).where(
        Settlement.asked_visit == visit_id,
        col(Settlement.visit_id).is_(None),
        col(Settlement.state).in_(OPEN_SETTLEMENTS),
    )
    return list((await session.exec(query.with_for_update())).all())


async def plan(session: AsyncSession, plan_id: UUID) -> RepaymentPlan:
    """Raises Refusal `repayment.unknown`."""
    row = await session.get(RepaymentPlan, plan_id)
    if row is None:
        raise Refusal("repayment.unknown", kind=Kind.MISSING)
    return row


# --- what was paid -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Movement:
    """What an entry took off the claims of a practice; negative where it put something back, `undoes` says of which."""

    entry_id: UUID
    at: datetime
    cents: int
    undoes: UUID | None = None
    provisional: bool = False

    def credit(self) -> Credit:
        """The same on its local day."""
        on = self.at.astimezone(ROME).date()
        return Credit(on, self.cents, name=self.entry_id, undoes=self.undoes, provisional=self.provisional)


async def movements(session: AsyncSession, practice_ids: Iterable[UUID]) -> dict[UUID, list[Movement]]:
    """What made the debt of each practice smaller, by whatever way, and what undid it.

    From the ledger, so that a payment by any method, a transfer booked by the office and a cheque that came back all
    count without being told apart. A creditor's statement counts where it lowers the debt: somebody paid there.
    """
    change = func.sum(Posting.amount_cents)
    own, taken_back = aliased(Payment), aliased(Payment)
    query = (
        sqlalchemy.select(
            col(Entry.id),
            col(Entry.practice_id),
            col(Entry.kind),
            col(Entry.at),
            func.coalesce(col(Entry.reverses), col(taken_back.entry_id)).label("undoes"),
            col(own.method),
            col(own.standing),
            change.label("cents"),
        )
        .join(Posting, col(Posting.entry_id) == col(Entry.id))
        .join(Account, col(Account.id) == col(Posting.account_id))
        .join(own, col(own.entry_id) == col(Entry.id), isouter=True)
        .join(PaymentEntry, col(PaymentEntry.entry_id) == col(Entry.id), isouter=True)
        .join(taken_back, col(taken_back.id) == col(PaymentEntry.payment_id), isouter=True)
        .where(
            among(Entry.practice_id, practice_ids),
            col(Account.kind).in_([kind.value for kind in CLAIMS]),
            col(Entry.kind).not_in(AGREED),
        )
        .group_by(col(Entry.id), col(taken_back.entry_id), col(own.method), col(own.standing))
        .order_by(col(Entry.at), col(Entry.id))
    )
    found: dict[UUID, list[Movement]] = defaultdict(list)
    for row in await session.execute(query):
        if row.cents and (row.cents < 0 or row.kind != "statement"):
            provisional = row.method is not None and payment_method(row.method).may_come_back(Way(row.standing))
            found[row.practice_id].append(Movement(row.id, row.at, -int(row.cents), row.undoes, provisional))
    return found


@dataclass(frozen=True, slots=True)
class Debt:
    """Whose debt it is, and what is owed on its lines in their order."""

    practice: Practice
    line_ids: Sequence[UUID]
    owed: dict[UUID, LineBalance]


async def debt(session: AsyncSession, practice_id: UUID) -> Debt:
    """The practice locked until the transaction ends, with its debt as the ledger has it."""
    practice = (await session.exec(select(Practice).where(Practice.id == practice_id).with_for_update())).one()
    lines = (
        await session.exec(
            select(DebtLine.id).where(DebtLine.practice_id == practice_id).order_by(col(DebtLine.position))
        )
    ).all()
    owed = (await ledger.owed(session, [practice_id]))[practice_id]
    return Debt(practice, lines, {line_id: owed.get(line_id, LineBalance()) for line_id in lines})
