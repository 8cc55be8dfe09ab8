"""Double entry: balanced entries over accounts, as values.

Positive cents are debit, negative credit. What a debtor owes is an asset of the creditor that the agency keeps
books of: `claim_*` accounts per practice, with `creditor_claims` as their counterpart. Money received debits what
the agent holds and credits the claim; in the same entry the agency begins to owe it to the creditor
(`creditor_claims` to `creditor_dues`). Entries are never changed: a mistake is reversed by an entry of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from fieldapp.domain.errors import Kind, Refusal


class AccountKind(StrEnum):
    """What an account means; which of creditor, practice and person own it stands in `OWNERS`."""

    CLAIM_PRINCIPAL = "claim_principal"
    CLAIM_INTEREST = "claim_interest"
    CLAIM_COSTS = "claim_costs"
    CREDITOR_CLAIMS = "creditor_claims"
    CREDITOR_DUES = "creditor_dues"
    AGENT_CASH = "agent_cash"
    CARD_IN_TRANSIT = "card_in_transit"
    CHEQUES_IN_HAND = "cheques_in_hand"
    LINKS_IN_TRANSIT = "links_in_transit"
    OFFICE_CASH = "office_cash"
    OFFICE_CHEQUES = "office_cheques"
    CHEQUES_AT_BANK = "cheques_at_bank"
    CASH_DIFFERENCES = "cash_differences"
    AGENCY_BANK = "agency_bank"
    STAMP_DUTY = "stamp_duty"
    COMMISSIONS = "commissions"


OWNERS: Mapping[AccountKind, frozenset[str]] = {
    AccountKind.CLAIM_PRINCIPAL: frozenset({"practice"}),
    AccountKind.CLAIM_INTEREST: frozenset({"practice"}),
    AccountKind.CLAIM_COSTS: frozenset({"practice"}),
    AccountKind.CREDITOR_CLAIMS: frozenset({"creditor"}),
    AccountKind.CREDITOR_DUES: frozenset({"creditor"}),
    AccountKind.AGENT_CASH: frozenset({"person"}),
    AccountKind.CARD_IN_TRANSIT: frozenset({"person"}),
    AccountKind.CHEQUES_IN_HAND: frozenset({"person"}),
    AccountKind.LINKS_IN_TRANSIT: frozenset(),
    AccountKind.OFFICE_CASH: frozenset(),
    AccountKind.OFFICE_CHEQUES: frozenset(),
    AccountKind.CHEQUES_AT_BANK: frozenset(),
    AccountKind.CASH_DIFFERENCES: frozenset({"person"}),
    AccountKind.AGENCY_BANK: frozenset(),
    AccountKind.STAMP_DUTY: frozenset(),
    AccountKind.COMMISSIONS: frozenset({"creditor"}),
}

CLAIMS = (AccountKind.CLAIM_PRINCIPAL, AccountKind.CLAIM_INTEREST, AccountKind.CLAIM_COSTS)


@dataclass(frozen=True, slots=True)
class AccountKey:
    """Which account: its kind and exactly the owners that the kind has."""

    kind: AccountKind
    creditor_id: UUID | None = None
    practice_id: UUID | None = None
    person_id: UUID | None = None

    def __post_init__(self) -> None:
        given = {name for name in ("creditor", "practice", "person") if getattr(self, f"{name}_id") is not None}
        if given != OWNERS[self.kind]:
            raise ValueError(f"an account {self.kind} belongs to {sorted(OWNERS[self.kind])}, not {sorted(given)}")


@dataclass(frozen=True, slots=True)
class Leg:
    """One posting: `amount_cents` > 0 debits, < 0 credits."""

    account: AccountKey
    amount_cents: int
    debt_line_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A balanced event. `idempotency_key` names the cause, so that the same cause posts once."""

    kind: str
    at: datetime
    idempotency_key: str
    legs: tuple[Leg, ...]
    memo: str = ""
    practice_id: UUID | None = None
    reverses: UUID | None = None
    payment_id: UUID | None = None
    """The payment that a later entry is about."""

    def __post_init__(self) -> None:
        off = sum(leg.amount_cents for leg in self.legs)
        if off:
            raise Refusal("ledger.entry_unbalanced", details={"off_cents": off})
        if any(leg.amount_cents == 0 for leg in self.legs):
            raise ValueError("a posting of nothing is left out")


@dataclass(frozen=True, slots=True)
class LineBalance:
    """What remains owed on one debt line, in cents; negative where more was paid than owed."""

    principal_cents: int = 0
    interest_cents: int = 0
    costs_cents: int = 0

    @property
    def total_cents(self) -> int:
        return self.principal_cents + self.interest_cents + self.costs_cents

    @property
    def left_cents(self) -> int:
        """What the debtor still has to pay of the line: the parts that owe."""
        return sum(max(0, cents) for _, cents in self.by_kind())

    @property
    def overpaid_cents(self) -> int:
        """What was paid beyond the line, as a number above zero: the parts below it."""
        return self.left_cents - self.total_cents

    def by_kind(self) -> tuple[tuple[AccountKind, int], ...]:
        return tuple(zip(CLAIMS, (self.principal_cents, self.interest_cents, self.costs_cents), strict=True))


def left_cents(balances: Iterable[LineBalance]) -> int:
    """What is left of a debt: the one figure of counter, door, receipts and plans.

    A part that was overpaid lowers no other: that money is the debtor's, to be given back or set off by somebody who
    decides it, and stands apart (`overpaid_cents`).
    """
    return sum(balance.left_cents for balance in balances)


def overpaid_cents(balances: Iterable[LineBalance]) -> int:
    """What was paid beyond lines and is owed back to the debtor."""
    return sum(balance.overpaid_cents for balance in balances)


@dataclass(frozen=True, slots=True)
class LineShare:
    """How much of a payment a debt line takes, in cents, none negative."""

    debt_line_id: UUID
    principal_cents: int
    interest_cents: int
    costs_cents: int

    @property
    def total_cents(self) -> int:
        return self.principal_cents + self.interest_cents + self.costs_cents

    def by_kind(self) -> tuple[tuple[AccountKind, int], ...]:
        return tuple(zip(CLAIMS, (self.principal_cents, self.interest_cents, self.costs_cents), strict=True))


def statement_entry(
    *,
    at: datetime,
    idempotency_key: str,
    creditor_id: UUID,
    practice_id: UUID,
    stated: Mapping[UUID, LineBalance],
    present: Mapping[UUID, LineBalance],
    memo: str = "",
) -> NewEntry | None:
    """The adjustment after which each line's claim is what the creditor states; None where it is so already.

    `present` is the claim as of the statement, our later payments left out; lines that the statement does not name
    are closed. Both map debt line to balance.
    """
    legs: list[Leg] = []
    for line_id in [*stated, *(line for line in present if line not in stated)]:
        wanted, had = stated.get(line_id, LineBalance()), present.get(line_id, LineBalance())
        for (kind, new), (_, old) in zip(wanted.by_kind(), had.by_kind(), strict=True):
            if new != old:
                legs.append(Leg(AccountKey(kind, practice_id=practice_id), new - old, line_id))
    if not legs:
        return None
    change = sum(leg.amount_cents for leg in legs)
    if change:
        legs.append(Leg(AccountKey(AccountKind.CREDITOR_CLAIMS, creditor_id=creditor_id), -change))
    return NewEntry("statement", at, idempotency_key, tuple(legs), memo=memo, practice_id=practice_id)


def payment_entry(
    *,
    at: datetime,
    idempotency_key: str,
    creditor_id: UUID,
    practice_id: UUID,
    held_in: AccountKey,
    shares: Sequence[LineShare],
    amount_cents: int,
    stamp_duty_cents: int = 0,
    memo: str = "",
) -> NewEntry:
    """Money received at the door: `held_in` grows, the claim shrinks, the creditor is owed what came in.

    `stamp_duty_cents` is what the debtor paid on top for the stamp. Raises Refusal `payment.allocation_differs`
    when the shares do not sum to `amount_cents`, `payment.amount_not_positive` for nothing or less.
    """
    if amount_cents <= 0:
        raise Refusal("payment.amount_not_positive", kind=Kind.MALFORMED, details={"amount_cents": amount_cents})
    shared = sum(share.total_cents for share in shares)
    parts = [cents for share in shares for _, cents in share.by_kind()]
    if shared != amount_cents or min(parts, default=0) < 0:
        raise Refusal("payment.allocation_differs", details={"amount_cents": amount_cents, "allocated_cents": shared})
    legs = [Leg(held_in, amount_cents + stamp_duty_cents)]
    for share in shares:
        for kind, cents in share.by_kind():
            if cents:
                legs.append(Leg(AccountKey(kind, practice_id=practice_id), -cents, share.debt_line_id))
    legs.append(Leg(AccountKey(AccountKind.CREDITOR_CLAIMS, creditor_id=creditor_id), amount_cents))
    legs.append(Leg(AccountKey(AccountKind.CREDITOR_DUES, creditor_id=creditor_id), -amount_cents))
    if stamp_duty_cents:
        legs.append(Leg(AccountKey(AccountKind.STAMP_DUTY), -stamp_duty_cents))
    return NewEntry("payment", at, idempotency_key, tuple(legs), memo=memo, practice_id=practice_id)


def reversal(
    entry: NewEntry,
    *,
    entry_id: UUID,
    at: datetime,
    idempotency_key: str,
    memo: str,
    moved: Mapping[AccountKey, AccountKey] | None = None,
) -> NewEntry:
    """The entry that undoes `entry`, leg by leg; `memo` says why.

    `moved` names where money of the entry stands now, if it went on meanwhile: a cheque comes back from the bank.
    """
    gone = moved or {}
    legs = tuple(Leg(gone.get(leg.account, leg.account), -leg.amount_cents, leg.debt_line_id) for leg in entry.legs)
    return NewEntry("reversal", at, idempotency_key, legs, memo=memo, practice_id=entry.practice_id, reverses=entry_id)


def balances(entries: Iterable[NewEntry]) -> dict[AccountKey, int]:
    """The balance of every account over `entries`, in cents; they always sum to zero."""
    totals: dict[AccountKey, int] = {}
    for entry in entries:
        for leg in entry.legs:
            totals[leg.account] = totals.get(leg.account, 0) + leg.amount_cents
    return totals
