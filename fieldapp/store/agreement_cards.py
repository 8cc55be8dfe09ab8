"""Plans and settlements as cards, for many practices at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.repayment_plan import InstalmentStanding, Terms
from fieldapp.store import agreements
from fieldapp.store.agreements import PlanAtHand
from fieldapp.store.shapes.agreements import InstalmentCard, PlanCard, SettlementRow, TermsCard
from fieldapp.store.tables.agreements import Settlement


def terms_card(terms: Terms) -> TermsCard:
    return TermsCard(**asdict(terms))


async def plan_cards(
    session: AsyncSession, practice_ids: Iterable[UUID], *, today: date, running_only: bool = False
) -> dict[UUID, list[PlanCard]]:
    """The plans of each practice, the newest first."""
    found: dict[UUID, list[PlanCard]] = defaultdict(list)
    for plan in await agreements.plans(session, practice_ids, today=today, running_only=running_only):
        found[plan.row.practice_id].append(_plan_card(plan, today))
    return found


def _plan_card(plan: PlanAtHand, today: date) -> PlanCard:
    row, stands = plan.row, plan.stands
    following = stands.next.number if stands.next else 0
    return PlanCard(
        id=row.id,
        state=row.state,  # type: ignore[arg-type]
        agreed_at=row.agreed_at,
        debt_cents=row.debt_cents,
        interest_cents=row.interest_cents,
        total_cents=row.total_cents,
        paid_cents=sum(item.paid_cents for item in stands.instalments),
        broken_on=row.broken_on,
        replaces=row.replaces,
        flags=row.flags,
        instalments=[_instalment_card(item, following=following, today=today) for item in stands.instalments],
    )


def _instalment_card(item: InstalmentStanding, *, following: int, today: date) -> InstalmentCard:
    state = "paid" if item.covered_on else "late" if item.is_late(today) else "later"
    if state == "later" and item.number == following:
        state = "next"
    return InstalmentCard(item.number, item.due_on, item.cents, item.paid_cents, state)  # type: ignore[arg-type]


async def settlement_cards(
    session: AsyncSession, practice_ids: Iterable[UUID], *, open_only: bool = False
) -> dict[UUID, list[SettlementRow]]:
    """The settlements of each practice, the newest first."""
    found: dict[UUID, list[SettlementRow]] = defaultdict(list)
    for row in await agreements.settlements(session, practice_ids, open_only=open_only):
        found[row.practice_id].append(settlement_row(row))
    return found


def settlement_row(row: Settlement) -> SettlementRow:
    return SettlementRow(
        id=row.id,
        state=row.state,  # type: ignore[arg-type]
        agreed_at=row.agreed_at,
        offer_cents=row.offer_cents,
        debt_cents=row.debt_cents,
        pay_by=row.pay_by,
        signed=row.signed,
        at_the_door=row.visit_id is None and row.state in agreements.OPEN_SETTLEMENTS,
        has_paper=row.value is not None,
        decided_at=row.decided_at,
        note=row.note,
        flags=row.flags,
    )
