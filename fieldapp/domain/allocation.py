"""Which part of a debt a payment settles: an amount laid over debt lines, exact to the cent.

The phone previews the same split offline (`pwa/src/domain/allocation.ts`); golden cases hold both to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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


_BY_LAW = (Part.COSTS, Part.INTEREST, Part.PRINCIPAL)


@dataclass(frozen=True, slots=True)
class AllocationOrder:
    """A creditor's order. By default costs and interest go before principal: without the creditor's consent
    a payment cannot be imputed to principal first (art. 1194 c.c.).

    `ranks`: by a line's id which comes first; lines of one rank are settled in proportion. None: as the lines stand.
    """

    parts: tuple[Part, ...] = _BY_LAW
    across: Across = Across.LINE_BY_LINE
    ranks: Mapping[str, int] | None = None

    def __post_init__(self) -> None:
        if sorted(self.parts) != sorted(Part):
            raise Refusal("payment.allocation_order_incomplete", kind=Kind.MALFORMED)

    @property
    def is_the_laws(self) -> bool:
        """Whether nobody agreed on another order of parts: then lines too are ranked by the law."""
        return (self.parts, self.across) == (_BY_LAW, Across.LINE_BY_LINE)


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
    """Lay `amount_cents` over `lines` in the creditor's order; lines it does not reach are left out.

    `chosen` is the line that the debtor declared to pay (art. 1193, first paragraph, c.c.): it is settled before the
    others, within it by the same parts, since nobody pays principal before costs and interest unless the creditor
    agrees (art. 1194 c.c.).

    The applied parts and `over_cents` sum to `amount_cents`; no part receives more than is owed.
    Raises Refusal `payment.amount_out_of_range` when nothing is paid.
    """
    if amount_cents <= 0:
        raise Refusal("payment.amount_out_of_range", kind=Kind.MALFORMED, details={"cents": amount_cents})
    taken: list[dict[Part, int]] = [dict.fromkeys(Part, 0) for _ in lines]
    left = amount_cents
    for together, parts in _steps(lines, order, chosen):
        owed = [sum(lines[at].cents(part) for part in parts) for at in together]
        for at, share in zip(together, in_proportion(left, owed), strict=True):
            left -= share
            for part in parts:
                taken[at][part] = min(share, lines[at].cents(part))
                share -= taken[at][part]
    applied = (
        Applied(line.id, parts[Part.PRINCIPAL], parts[Part.INTEREST], parts[Part.COSTS])
        for line, parts in zip(lines, taken, strict=True)
    )
    return Allocation(tuple(line for line in applied if line.total_cents), left)


def _steps(
    lines: Sequence[OpenLine], order: AllocationOrder, chosen: str | None
) -> list[tuple[list[int], tuple[Part, ...]]]:
    """What is settled one after the other: positions of the lines that share, and the parts in their order."""
    first = [[at] for at, line in enumerate(lines) if line.id == chosen]
    others = [at for at, line in enumerate(lines) if line.id != chosen]
    if order.ranks is None:
        groups = [[at] for at in others]
    else:
        rank = {at: order.ranks[lines[at].id] for at in others}
        groups = [[at for at in others if rank[at] == one] for one in sorted(set(rank.values()))]
    if order.across is Across.LINE_BY_LINE:
        return [(group, order.parts) for group in (*first, *groups)]
    # What the debtor did not speak of stays as the creditor has it: the chosen line is settled whole before.
    return [(group, (part,)) for some in (first, groups) for part in order.parts for group in some]


def in_proportion(cents: int, owed: Sequence[int]) -> list[int]:
    """At most `cents` over claims in proportion to them, exact: the cents that are left over go where the fraction is
    largest, among equals to the first. No claim gets more than it is."""
    whole = sum(owed)
    if cents >= whole:
        return list(owed)
    shares = [cents * one // whole for one in owed]
    by_fraction = sorted(range(len(owed)), key=lambda at: -(cents * owed[at] % whole))
    for at in by_fraction[: cents - sum(shares)]:
        shares[at] += 1
    return shares


@dataclass(frozen=True, slots=True)
class LegalRank:
    """What art. 1193 c.c. asks about one debt, to rank it where neither side has said otherwise. `barred`: nobody may
    ask for it any more (art. 2940 c.c.), so that no payment is for it before all that is owed."""

    due_on: date
    secured: bool = False
    yearly_rate_bp: int = 0
    barred: bool = False


def ranked(order: AllocationOrder, debts: Sequence[tuple[str, LegalRank]], *, today: date) -> AllocationOrder:
    """The order with the rank of each line by its id, `debts` being in the order of the file.

    Where nobody agreed on an own order: overdue before not yet due, then the less secured, the more onerous for the
    debtor (here: the higher rate), the older; equal ones in proportion (art. 1193, second paragraph, c.c.). Where the
    creditor has his own, as they stand in the file. Time-barred ones last, either way.
    """
    if order.is_the_laws:
        keys = [
            (debt.barred, debt.due_on > today, debt.secured, -debt.yearly_rate_bp, debt.due_on) for _, debt in debts
        ]
        places = {key: place for place, key in enumerate(sorted(set(keys)))}
        ranks = [places[key] for key in keys]
    else:
        ranks = [at + len(debts) * debt.barred for at, (_, debt) in enumerate(debts)]
    return replace(order, ranks={line_id: rank for (line_id, _), rank in zip(debts, ranks, strict=True)})
