"""Which part of a debt a payment settles: an amount laid over debt lines, exact to the cent.

The phone previews the same split offline (`pwa/src/domain/allocation.ts`); golden cases hold both to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from fieldapp.domain.errors import Kind, Refusal


class Part(StrEnum):
    """What a debt line consists of."""

    COSTS = "costs"
    INTEREST = "interest"
    PRINCIPAL = "principal"


class Across(StrEnum):
    """How several lines are walked: each line whole, or one part of every line before the next part."""

    LINE_BY_LINE = "line_by_line"
    PART_BY_PART = "part_by_part"


@dataclass(frozen=True, slots=True)
class AllocationOrder:
    """A creditor's order. By default costs and interest go before principal: without the creditor's consent
    a payment cannot be imputed to principal first (art. 1194 c.c.)."""

    parts: tuple[Part, ...] = (Part.COSTS, Part.INTEREST, Part.PRINCIPAL)
    across: Across = Across.LINE_BY_LINE

    def __post_init__(self) -> None:
        if sorted(self.parts) != sorted(Part):
            raise Refusal("payment.allocation_order_incomplete", kind=Kind.MALFORMED)


def order_named(parts: Sequence[str]) -> AllocationOrder:
    """A creditor's order by the names of its parts; the law's where none are named."""
    return AllocationOrder(tuple(Part(name) for name in parts)) if parts else AllocationOrder()


@dataclass(frozen=True, slots=True)
class OpenLine:
    """What is still owed on one debt line; `id` names it."""

    id: str
    principal_cents: int
    interest_cents: int = 0
    costs_cents: int = 0

    def __post_init__(self) -> None:
        if min(self.principal_cents, self.interest_cents, self.costs_cents) < 0:
            raise Refusal("payment.claim_negative", kind=Kind.MALFORMED, details={"line": self.id})

    def cents(self, part: Part) -> int:
        """What is owed of one part."""
        return {
            Part.COSTS: self.costs_cents,
            Part.INTEREST: self.interest_cents,
            Part.PRINCIPAL: self.principal_cents,
        }[part]


@dataclass(frozen=True, slots=True)
class Applied:
    """What a payment takes off one line."""

    id: str
    principal_cents: int
    interest_cents: int
    costs_cents: int

    @property
    def total_cents(self) -> int:
        """The three parts together."""
        return self.principal_cents + self.interest_cents + self.costs_cents


@dataclass(frozen=True, slots=True)
class Allocation:
    """The lines that a payment touches, and what it brings beyond all that is owed."""

    lines: tuple[Applied, ...]
    over_cents: int


def allocate(
    amount_cents: int, lines: Sequence[OpenLine], *, order: AllocationOrder, chosen: str | None = None
) -> Allocation:
    """Lay `amount_cents` over `lines` as they stand, in the creditor's order; lines it does not reach are left out.

    `chosen` is the line that the debtor declared to pay (art. 1193, first paragraph, c.c.): it is settled before the
    others, within it by the same parts, since nobody pays principal before costs and interest unless the creditor
    agrees (art. 1194 c.c.).

    The applied parts and `over_cents` sum to `amount_cents`; no part receives more than is owed.
    Raises Refusal `payment.amount_out_of_range` when nothing is paid.
    """
    if amount_cents <= 0:
        raise Refusal("payment.amount_out_of_range", kind=Kind.MALFORMED, details={"cents": amount_cents})
    places = [(at, part) for at in range(len(lines)) for part in order.parts]
    if order.across is Across.PART_BY_PART:
        places = [(at, part) for part in order.parts for at in range(len(lines))]
    # Sorted without losing the order: what the debtor did not speak of stays as the creditor has it.
    places.sort(key=lambda place: lines[place[0]].id != chosen)
    taken: list[dict[Part, int]] = [dict.fromkeys(Part, 0) for _ in lines]
    left = amount_cents
    for at, part in places:
        taken[at][part] = min(left, lines[at].cents(part))
        left -= taken[at][part]
    applied = (
        Applied(line.id, parts[Part.PRINCIPAL], parts[Part.INTEREST], parts[Part.COSTS])
        for line, parts in zip(lines, taken, strict=True)
    )
    return Allocation(tuple(line for line in applied if line.total_cents), left)


@dataclass(frozen=True, slots=True)
class LegalRank:
    """What art. 1193 c.c. asks about one debt, to rank it where neither side has said otherwise."""

    due_on: date
    secured: bool = False
    yearly_rate_bp: int = 0


def legal_order(ranks: Sequence[LegalRank], *, today: date) -> tuple[int, ...]:
    """Positions of `ranks` in the order of art. 1193 c.c.

    Overdue before not yet due, then the less secured, the more onerous for the debtor (here: the higher
    rate), the older; equal ones stay as they came.
    """
    return tuple(
        sorted(
            range(len(ranks)),
            key=lambda at: (
                ranks[at].due_on > today,
                ranks[at].secured,
                -ranks[at].yearly_rate_bp,
                ranks[at].due_on,
            ),
        )
    )
