"""Plans and settlements held against the ledger: late instalments, broken and kept plans, settlements paid or expired.

Runs after each batch from a phone for the practices it touched, and by the clock for all; running twice tells and
opens nothing twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.agreements import PlanPaper, read_agreement
from fieldapp.domain.claims import GIVEN_UP, INTEREST_BACK, lowered_entry
from fieldapp.domain.ledger import NewEntry, left_cents, reversal
from fieldapp.domain.repayment_plan import (
    FOLLOWS_THE_MONEY,
    InstalmentStanding,
    PlanState,
    SettlementState,
    interest_until,
    settlement_state,
)
from fieldapp.services.work import Parts, Work
from fieldapp.store import agreements as store
from fieldapp.store import cash, ledger
from fieldapp.store.access import agencies
from fieldapp.store.agreement_tasks import Owed, close, close_of_practice, open_once
from fieldapp.store.agreements import ROME, PlanAtHand
from fieldapp.store.database import GATE, Scope
from fieldapp.store.feed import NewFact, tell
from fieldapp.store.practices import hold
from fieldapp.store.tables.agreements import Instalment, RepaymentPlan, Settlement

REMIND_DAYS = 3
"""How long before an instalment falls due somebody is asked to remind the debtor."""

AT_THE_DOOR = "settlement_at_the_door"
"""The task to decide on a settlement while the agent who asks is still with the debtor."""

log = logging.getLogger("fieldapp.agreements")


@dataclass(frozen=True, slots=True)
class Desk:
    """A transaction, the instant and the day it works at, and where ids come from."""

    session: AsyncSession
    now: datetime
    today: date
    new_id: Callable[[], UUID]

    async def post(self, *entries: NewEntry | None) -> dict[str, UUID]:
        posted = [e for e in entries if e is not None]
        return await ledger.post(self.session, posted, now=self.now, new_id=self.new_id)

    async def owe(self, *tasks: Owed, again: bool = False) -> None:
        await open_once(self.session, tasks, now=self.now, new_id=self.new_id, again=again)

    async def done(self, *subjects: UUID, kinds: tuple[str, ...] = ()) -> None:
        await close(self.session, subjects, now=self.now, kinds=kinds)

    async def decided(self, practice_id: UUID) -> None:
        """The office has said what a settlement is: nobody needs to be asked any more."""
        kinds = ("approve_settlement", "confirm_settlement", AT_THE_DOOR)
        await close_of_practice(self.session, practice_id, now=self.now, kinds=kinds)


def desk_of(work: Work) -> Desk:
    return Desk(work.session, work.now, work.today, work.parts.new_id)


def instant(text: str) -> datetime:
    """When a paper says that it was made."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def fact(kind: str, at: datetime, practice_id: UUID, **body: Any) -> NewFact:
    return NewFact(kind, at, practice_id=practice_id, body=body)


async def review(desk: Desk, practice_ids: Iterable[UUID] | None) -> list[NewFact]:
    """Look at the running plans and approved settlements of these practices, of all for None."""
    wanted = None if practice_ids is None else list(practice_ids)
    facts: list[NewFact] = []
    states = store.OPEN_SETTLEMENTS if wanted is None else [state.value for state in FOLLOWS_THE_MONEY]
    for settlement in await store.settlements(desk.session, wanted, states=states):
        facts += await _review_settlement(desk, settlement)
    for plan in await store.plans(desk.session, wanted, today=desk.today, running_only=True):
        facts += await _review_plan(desk, plan)
    await desk.session.flush()
    return facts


async def review_all(parts: Parts) -> None:
    """The same for every agency, each in a transaction of its own."""
    async with parts.database.transaction(Scope(None, GATE)) as session:
        ids = await agencies(session)
    for agency_id in ids:
        now = parts.clock.now()
        async with parts.database.transaction(Scope(agency_id, "worker")) as session:
            desk = Desk(session, now, now.astimezone(parts.zone).date(), parts.new_id)
            facts = await review(desk, None)
            tell(session, *facts)
        if facts:
            log.info("agreements: %d facts", len(facts))


# --- plans -----------------------------------------------------------------------------------------------------


async def _review_plan(desk: Desk, plan: PlanAtHand) -> list[NewFact]:
    facts: list[NewFact] = []
    row, stands = plan.row, plan.stands
    for item, standing in zip(plan.instalments, stands.instalments, strict=True):
        facts += await _review_instalment(desk, row, item, standing)
    if stands.state.value == row.state:
        return facts
    await desk.session.flush()
    await desk.session.refresh(row, with_for_update=True)
    if row.ended_at is not None or stands.state.value == row.state:
        # Somebody else looked at the same moment, and has said so.
        return facts
    body = {"plan_id": str(row.id)}
    if stands.state is PlanState.BROKEN:
        row.broken_on = stands.broken_on
        owed = Owed("decide_broken_plan", "repayment_plan", row.id, row.practice_id, desk.today, team="case_owner")
        await desk.owe(owed, again=True)
        broken_on = stands.broken_on.isoformat() if stands.broken_on else ""
        facts.append(fact("repayment.broken", desk.now, row.practice_id, **body, broken_on=broken_on))
    elif stands.state is PlanState.KEPT:
        await desk.done(row.id, kinds=("decide_broken_plan",))
        facts.append(fact("repayment.kept", desk.now, row.practice_id, **body))
    else:
        row.broken_on = None
        await desk.done(row.id, kinds=("decide_broken_plan",))
        facts.append(fact("repayment.restored", desk.now, row.practice_id, **body))
    row.state = stands.state.value
    return facts


async def _review_instalment(
    desk: Desk, row: RepaymentPlan, item: Instalment, standing: InstalmentStanding
) -> list[NewFact]:
    """Somebody is told before it falls due, and when it has not come."""
    open_cents = standing.cents - standing.paid_cents
    details = {"number": item.number, "due_on": item.due_on.isoformat(), "amount_cents": open_cents}
    if standing.covered_on is not None:
        item.late_told_on = None
        await desk.done(item.id)
        return []
    if not standing.is_late(desk.today):
        if item.due_on - timedelta(days=REMIND_DAYS) <= desk.today:
            owed = Owed("remind_instalment", "instalment", item.id, row.practice_id, item.due_on, details)
            await desk.owe(owed)
        return []
    if item.late_told_on is not None:
        return []
    await desk.session.flush()
    await desk.session.refresh(item, with_for_update=True)
    if item.late_told_on is not None:
        # Somebody else looked at the same moment, and has said so.
        return []
    item.late_told_on = desk.today
    await desk.done(item.id, kinds=("remind_instalment",))
    late = Owed("follow_late_instalment", "instalment", item.id, row.practice_id, desk.today, details, "case_owner")
    await desk.owe(late, again=True)
    return [fact("instalment.late", desk.now, row.practice_id, plan_id=str(row.id), **details)]


async def end_plan(desk: Desk, plan: PlanAtHand, state: PlanState, *, at: datetime) -> list[NewFact]:
    """Another agreement takes the plan's place; interest that has not accrued is no longer claimed."""
    row = plan.row
    if row.state != PlanState.PROPOSED.value and row.interest_cents:
        debt = await store.debt(desk.session, row.practice_id)
        paper = read_agreement(row.value, kind="repayment_plan")
        assert isinstance(paper, PlanPaper)
        accrued = interest_until(paper.plan().ask, until=at.astimezone(ROME).date())
        back = lowered_entry(
            INTEREST_BACK,
            row.interest_cents - accrued,
            at=at,
            idempotency_key=f"repayment_plan:{row.id}:interest_back",
            creditor_id=debt.practice.creditor_id,
            practice_id=row.practice_id,
            owed=debt.owed,
        )
        await desk.post(back)
    row.state, row.ended_at = state.value, at
    await desk.done(row.id, *(item.id for item in plan.instalments))
    await desk.session.flush()
    return [fact(f"repayment.{state.value}", at, row.practice_id, plan_id=str(row.id))]


# --- settlements -----------------------------------------------------------------------------------------------


async def _review_settlement(desk: Desk, row: Settlement) -> list[NewFact]:
    if await _state_now(desk, row) is SettlementState(row.state):
        return []
    # Somebody else may look at the same moment: what follows happens once, on what stands when they are through.
    await hold(desk.session, [row.practice_id])
    await desk.session.refresh(row, with_for_update=True)
    before, state = SettlementState(row.state), await _state_now(desk, row)
    if state is before:
        return []
    row.state = state.value
    body = {"settlement_id": str(row.id), "offer_cents": row.offer_cents}
    facts = [fact(f"settlement.{state.value}", desk.now, row.practice_id, **body)]
    if before is SettlementState.PAID:
        facts += await _open_again(desk, row)
    await desk.done(row.id, kinds=("follow_expired_settlement",))
    if state is SettlementState.EXPIRED:
        details = {"offer_cents": row.offer_cents, "pay_by": row.pay_by.isoformat()}
        await desk.owe(
            Owed("follow_expired_settlement", "settlement", row.id, row.practice_id, desk.today, details, "case_owner")
        )
    if state is SettlementState.PAID:
        facts += await _close_practice(desk, row)
    return facts


async def _state_now(desk: Desk, row: Settlement) -> SettlementState:
    """Where the settlement stands by what was paid since it was agreed."""
    moved = (await store.movements(desk.session, [row.practice_id]))[row.practice_id]
    return settlement_state(
        SettlementState(row.state),
        offer_cents=row.offer_cents,
        pay_by=row.pay_by,
        credits=[one.credit() for one in moved if one.at >= row.agreed_at],
        today=desk.today,
    )


async def _close_practice(desk: Desk, row: Settlement) -> list[NewFact]:
    """An approved settlement was paid: what remains is given up, and the practice is closed."""
    facts: list[NewFact] = []
    for plan in await store.plans(desk.session, [row.practice_id], today=desk.today, running_only=True):
        facts += await end_plan(desk, plan, PlanState.SETTLED, at=desk.now)
    debt = await store.debt(desk.session, row.practice_id)
    given_up = left_cents(debt.owed.values())
    posted = await desk.post(
        lowered_entry(
            GIVEN_UP,
            given_up,
            at=desk.now,
            idempotency_key=f"settlement:{row.id}:given_up:{desk.new_id()}",
            creditor_id=debt.practice.creditor_id,
            practice_id=row.practice_id,
            owed=debt.owed,
        )
    )
    row.given_up_entry = next(iter(posted.values()), None)
    debt.practice.state = "closed"
    debt.practice.next_action = debt.practice.next_action_on = None
    await desk.session.flush()
    await desk.decided(row.practice_id)
    closed = fact("practice.closed", desk.now, row.practice_id, reason="settlement", given_up_cents=given_up)
    return [*facts, closed]


async def _open_again(desk: Desk, row: Settlement) -> list[NewFact]:
    """What had paid a settlement was taken back: the rest is owed again, the practice is open, somebody has to act."""
    debt = await store.debt(desk.session, row.practice_id)
    if row.given_up_entry is not None:
        entry = await cash.entry(desk.session, row.given_up_entry)
        back = reversal(
            entry,
            entry_id=row.given_up_entry,
            at=desk.now,
            idempotency_key=f"given_up_back:{row.given_up_entry}",
            memo="saldo e stralcio non più pagato",
        )
        await desk.post(back)
        row.given_up_entry = None
    if debt.practice.state == "closed":
        debt.practice.state = "open"
    details = {"offer_cents": row.offer_cents, "pay_by": row.pay_by.isoformat()}
    owed = Owed("settlement_undone", "settlement", row.id, row.practice_id, desk.today, details, "case_owner")
    await desk.owe(owed, again=True)
    await desk.session.flush()
    return [fact("practice.open_again", desk.now, row.practice_id, reason="settlement")]
