"""How an amount that the office enters is laid over what a practice owes, in its creditor's order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from fieldapp.domain.allocation import AllocationOrder, Applied, OpenLine, allocate, order_named
from fieldapp.domain.ledger import LineBalance, LineShare
from fieldapp.store.office_series import Owed


def order_of(owed: Owed) -> AllocationOrder:
    """The creditor's order of parts; without one the law's."""
    return order_named(owed.creditor.allocation_order)


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


def laid_over(owed: Owed, amount_cents: int) -> tuple[list[LineShare], int]:
    """The amount laid over the lines, what exceeds the debt on the principal of the last; and how much that is."""
    lines = [(line.id, balance) for line, balance in owed.lines]
    return laid_over_lines(lines, amount_cents, order=order_of(owed))


def laid_over_lines(
    lines: Sequence[tuple[UUID, LineBalance]], amount_cents: int, *, order: AllocationOrder
) -> tuple[list[LineShare], int]:
    """The same over lines by id, in their order."""
    allocation = allocate(amount_cents, _open(lines), order=order)
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
