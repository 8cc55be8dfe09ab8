"""How an amount that the office enters is laid over what a practice owes, in its creditor's order or the law's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from fieldapp.domain.allocation import (
    AllocationOrder,
    Applied,
    LegalRank,
    OpenLine,
    allocate,
    order_named,
    ranked,
)
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ledger import LineBalance, LineShare, left_cents
from fieldapp.domain.taken_money import PlanKnown
from fieldapp.services.work import Work
from fieldapp.store import agreements
from fieldapp.store.office_series import Owed
from fieldapp.store.shapes.cash import AllocationPart, AllocationPreview, BarredPart, LineChoice


def order_of(owed: Owed, *, on: date, barred: Collection[UUID] = ()) -> AllocationOrder:
    """The creditor's order; without one the law's, which ranks the lines as they are due `on` the day."""
    debts = [(str(line.id), LegalRank(line.due_on, barred=line.id in barred)) for line, _ in owed.lines]
    return ranked(order_named(owed.creditor.allocation_order), debts, today=on)


def open_lines(owed: Owed) -> list[OpenLine]:
    """What is owed on each line; a part that was overpaid takes nothing more."""
    return _open([(line.id, balance) for line, balance in owed.lines])


def _open(lines: Sequence[tuple[UUID, LineBalance]]) -> list[OpenLine]:
    return [
        OpenLine(
            str(line_id),
            max(0, balance.principal_cents),
            max(0, balance.interest_cents),
            max(0, balance.costs_cents),
        )
        for line_id, balance in lines
    ]


def laid_over(
    owed: Owed, amount_cents: int, *, on: date, chosen: UUID | None = None, barred: Collection[UUID] = ()
) -> tuple[list[LineShare], int]:
    """The amount laid over the lines, what exceeds the debt on the principal of the last; and how much that is.

    `on`: the local day of the payment. `chosen` is the line that the debtor declared to pay; those that are `barred`
    come after all others that they did not choose. Raises Refusal as `check_choice`.
    """
    check_choice(owed, chosen)
    lines = [(line.id, balance) for line, balance in owed.lines]
    return laid_over_lines(lines, amount_cents, order=order_of(owed, on=on, barred=barred), chosen=chosen)


def check_choice(owed: Owed, chosen: UUID | None) -> None:
    """Whether the debtor may say that this line is paid (art. 1193 c.c.).

    Raises Refusal `payment.choice_not_agreed` (creditor and debtor agreed otherwise), `payment.line_of_another`.
    """
    if chosen is None:
        return
    if not owed.creditor.debtor_chooses:
        raise Refusal("payment.choice_not_agreed", kind=Kind.CONFLICT)
    if chosen not in {line.id for line, _ in owed.lines}:
        raise Refusal("payment.line_of_another", kind=Kind.FORBIDDEN)


def choices_of(owed: Owed) -> list[LineChoice]:
    """The debts that the debtor may choose from; none where there is no choice."""
    found = [
        LineChoice(line.id, line.title, balance.left_cents) for line, balance in owed.lines if balance.left_cents > 0
    ]
    return found if owed.creditor.debtor_chooses and len(found) > 1 else []


def laid_out(
    owed: Owed, amount_cents: int, *, on: date, barred: Mapping[UUID, date], chosen: UUID | None = None
) -> AllocationPreview:
    """What `laid_over` lays, as people look at it; what exceeds the debt apart. `barred`: time-barred lines, each with
    the day since when. Raises Refusal as `check_choice`."""
    check_choice(owed, chosen)
    order = order_of(owed, on=on, barred=barred)
    allocation = allocate(amount_cents, open_lines(owed), order=order, chosen=str(chosen) if chosen else None)
    titles = {str(line.id): line.title for line, _ in owed.lines}
    left = left_cents(line for _, line in owed.lines)
    return AllocationPreview(
        order=[part.value for part in order.parts],
        lines=[
            AllocationPart(titles[part.id], part.principal_cents, part.interest_cents, part.costs_cents)
            for part in allocation.lines
        ],
        over_cents=allocation.over_cents,
        residual_cents=max(0, left - amount_cents),
        choices=choices_of(owed),
        barred=[
            BarredPart(UUID(part.id), titles[part.id], barred[UUID(part.id)], part.total_cents)
            for part in allocation.lines
            if UUID(part.id) in barred
        ],
    )


def laid_over_lines(
    lines: Sequence[tuple[UUID, LineBalance]], amount_cents: int, *, order: AllocationOrder, chosen: UUID | None = None
) -> tuple[list[LineShare], int]:
    """The same over lines by id, in their order."""
    allocation = allocate(amount_cents, _open(lines), order=order, chosen=str(chosen) if chosen else None)
    applied = {part.id: part for part in allocation.lines}
    if allocation.over_cents and lines:
        last = str(lines[-1][0])
        part = applied.get(last, Applied(last, 0, 0, 0))
        applied[last] = replace(part, principal_cents=part.principal_cents + allocation.over_cents)
    shares = [
        LineShare(UUID(part.id), part.principal_cents, part.interest_cents, part.costs_cents)
        for part in applied.values()
    ]
    return shares, allocation.over_cents


async def instalment_paid(work: Work, owed: Owed, amount_cents: int, *, on: date) -> tuple[int, int] | None:
    """Which instalment of how many the money is for, by the running plan; None where it is an advance on the debt."""
    running = await agreements.plans(work.session, [owed.practice.id], today=work.today, running_only=True)
    if not running:
        return None
    plan = running[0]
    left = left_cents(line for _, line in owed.lines)
    items = tuple((item.number, item.due_on, item.cents) for item in plan.instalments)
    number = PlanKnown(items, max(0, plan.row.total_cents - left)).next_takes(amount_cents, on=on)
    return None if number is None else (number, len(items))
