"""What a phone says of money it took, held against the books: how it is laid, what the paper says, which instalment.

The paper is in the debtor's hand, so nothing of this refuses it: the books follow the ledger, and what differs is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from fieldapp.domain.allocation import AllocationOrder, OpenLine, allocate
from fieldapp.domain.ledger import LineBalance
from fieldapp.domain.receipts import ReceiptValue, StampRule, WordingKind, stamp_duty
from fieldapp.domain.visit_report import Allocated

Lines = Sequence[tuple[UUID, LineBalance]]
"""The debt lines of a practice in their order, each with what is owed on it."""


@dataclass(frozen=True, slots=True)
class Laid:
    """An amount laid over lines; `moved`: not as the phone had laid it."""

    shares: tuple[Allocated, ...]
    moved: bool


def laid_on_the_books(
    shares: Sequence[Allocated], lines: Lines, order: AllocationOrder, *, chosen: UUID | None = None
) -> Laid:
    """The phone's shares where the claim bears them; what it does not, over what is left: first on the line that the
    debtor has `chosen`, then in the creditor's order.

    Two phones may have known of one debt. Only what exceeds all that is owed goes below zero, on the principal of the
    last line, as what a transfer brings too much.
    """
    left = {line_id: _open(balance) for line_id, balance in lines}
    laid = {line_id: [0, 0, 0] for line_id, _ in lines}
    beyond = 0
    for share in shares:
        asked = (share.principal_cents, share.interest_cents, share.costs_cents)
        for part, cents in enumerate(asked):
            fits = min(cents, left[share.debt_line_id][part])
            left[share.debt_line_id][part] -= fits
            laid[share.debt_line_id][part] += fits
            beyond += cents - fits
    if not beyond:
        return Laid(tuple(shares), False)
    open_lines = [OpenLine(str(line_id), *left[line_id]) for line_id, _ in lines]
    rest = allocate(beyond, open_lines, order=order, chosen=str(chosen) if chosen else None)
    for one in rest.lines:
        for part, cents in enumerate((one.principal_cents, one.interest_cents, one.costs_cents)):
            laid[UUID(one.id)][part] += cents
    laid[lines[-1][0]][0] += rest.over_cents
    return Laid(tuple(Allocated(line_id, *parts) for line_id, parts in laid.items() if any(parts)), True)


def passed_over(shares: Sequence[Allocated], lines: Lines, *, chosen: UUID) -> bool:
    """Whether money went elsewhere while the debt that the debtor chose was still open."""
    owed = next((balance for line_id, balance in lines if line_id == chosen), LineBalance())
    paid = sum(share.total_cents for share in shares if share.debt_line_id == chosen)
    elsewhere = any(share.total_cents for share in shares if share.debt_line_id != chosen)
    return elsewhere and paid < sum(_open(owed))


def after(lines: Lines, shares: Sequence[Allocated]) -> tuple[tuple[UUID, LineBalance], ...]:
    """The lines once `shares` are taken off them."""
    left = dict(lines)
    for share in shares:
        left[share.debt_line_id] = _less(left[share.debt_line_id], share)
    return tuple(left.items())


def _open(balance: LineBalance) -> list[int]:
    return [max(0, cents) for cents in (balance.principal_cents, balance.interest_cents, balance.costs_cents)]


def _less(balance: LineBalance, share: Allocated) -> LineBalance:
    return LineBalance(
        balance.principal_cents - share.principal_cents,
        balance.interest_cents - share.interest_cents,
        balance.costs_cents - share.costs_cents,
    )


def said_otherwise(
    receipt: ReceiptValue, shares: Sequence[Allocated], *, owed_cents: int, rule: StampRule, exemption: str
) -> list[str]:
    """What the paper says and the books do not: the lines it settles, what stays owed after it, the stamp duty."""
    found = []
    printed = sorted((line.principal_cents, line.interest_cents, line.costs_cents) for line in receipt.lines)
    if printed != sorted((share.principal_cents, share.interest_cents, share.costs_cents) for share in shares):
        found.append("receipt.lines_differ")
    left = max(0, owed_cents - receipt.amount_cents)
    if receipt.wording.kind is WordingKind.FINAL_PAYMENT and left:
        found.append("receipt.not_final")
    elif receipt.residual_cents != left:
        found.append("receipt.residual_differs")
    if receipt.stamp_duty.due_cents != stamp_duty(receipt.amount_cents, rule=rule, exemption=exemption).due_cents:
        found.append("receipt.stamp_duty_differs")
    return found


# --- instalments -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlanKnown:
    """A running plan as far as a payment on it is judged; instalments are number, due day and cents, in order."""

    instalments: tuple[tuple[int, date, int], ...]
    paid_cents: int

    def takes(self, number: int | None, amount_cents: int, *, on: date, of: int | None) -> bool:
        """Whether the amount is money of instalment `number` of `of`: one that the plan has, and no more than is open
        of what is due on the day and of the one that follows. Anything beyond is an advance on the debt, no instalment.
        """
        numbers = [known for known, _, _ in self.instalments]
        if number not in numbers or (of is not None and of != len(numbers)):
            return False
        due = sum(cents for _, due_on, cents in self.instalments if due_on <= on)
        following = next((cents for _, due_on, cents in self.instalments if due_on > on), 0)
        return amount_cents <= max(0, due + following - self.paid_cents)

    def next_takes(self, amount_cents: int, *, on: date) -> int | None:
        """The number of the first instalment that is not paid whole, where the amount is money of it."""
        covered_cents = 0
        for number, _, cents in self.instalments:
            covered_cents += cents
            if self.paid_cents < covered_cents:
                return number if self.takes(number, amount_cents, on=on, of=None) else None
        return None


def balances_of(rows: Sequence[tuple[UUID, str, int]], order: Sequence[UUID]) -> tuple[tuple[UUID, LineBalance], ...]:
    """Lines in their order from rows of line, kind of claim account and cents."""
    cents: Mapping[tuple[UUID, str], int] = _summed(rows)
    return tuple(
        (
            line_id,
            LineBalance(
                *(cents.get((line_id, f"claim_{part}"), 0) for part in ("principal", "interest", "costs")),
            ),
        )
        for line_id in order
    )


def _summed(rows: Sequence[tuple[UUID, str, int]]) -> dict[tuple[UUID, str], int]:
    sums: dict[tuple[UUID, str], int] = {}
    for line_id, kind, cents in rows:
        sums[line_id, kind] = sums.get((line_id, kind), 0) + cents
    return sums
