"""What becomes of money after it was received: handed in, counted, banked, cleared, unpaid, given back.

Each step is an entry of its own between named accounts; nothing is edited. A cheque's receipt reduced the claim only
provisionally: when it is not paid, the whole payment is reversed from where the cheque stands by then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ledger import CLAIMS, OWNERS, AccountKey, AccountKind, Leg, LineShare, NewEntry
from fieldapp.domain.payments import Standing, payment_method
from fieldapp.domain.reading import Reader

DENOMINATIONS = (50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1)
"""Notes and coins in cents."""
_MOST_PIECES = 100_000
_MOST_CENTS = 10**12


def step(method: str, standing: Standing, to: Standing) -> None:
    """Hold a payment to its way. Raises Refusal `cash.step_out_of_turn`."""
    if to not in payment_method(method).steps.get(standing, frozenset()):
        raise Refusal("cash.step_out_of_turn", kind=Kind.CONFLICT, details={"standing": standing.value, "to": to.value})


def where_is(method: str, standing: Standing, *, agent_id: UUID, received_in: AccountKey) -> AccountKey:
    """The account that holds a payment's money as it stands; `received_in` is what the payment debited."""
    kind = payment_method(method).held.get(standing)
    if kind is None:
        return received_in
    return AccountKey(kind, person_id=agent_id if "person" in OWNERS[kind] else None)


def counted_cents(pieces: Mapping[int, int]) -> int:
    """The sum of counted notes and coins, denomination in cents to number. Raises Refusal `cash.pieces_unknown`."""
    for denomination, number in pieces.items():
        if denomination not in DENOMINATIONS or not 0 <= number <= _MOST_PIECES:
            raise Refusal("cash.pieces_unknown", kind=Kind.MALFORMED, details={"denomination": denomination})
    return sum(denomination * number for denomination, number in pieces.items())


@dataclass(frozen=True, slots=True)
class PurseCount:
    """What an agent counted at the end of a day, alone and before handing it in.

    `expected_cents` is what the phone said was there. A difference without a reason cannot be made
    (`cash.difference_unexplained`).
    """

    id: UUID
    counted_at: datetime
    pieces: Mapping[int, int]
    expected_cents: int
    reason: str = ""

    def __post_init__(self) -> None:
        if self.difference_cents and not self.reason.strip():
            raise Refusal("cash.difference_unexplained", details={"difference_cents": self.difference_cents})

    @property
    def counted_cents(self) -> int:
        return counted_cents(self.pieces)

    @property
    def difference_cents(self) -> int:
        return self.counted_cents - self.expected_cents


def named_pieces(named: Mapping[str, int]) -> dict[int, int]:
    """Denominations as JSON names them, to cents. Raises Refusal `cash.pieces_unknown`."""
    for name, number in named.items():
        if not (name.isascii() and name.isdigit() and len(name) < 7 and type(number) is int):
            raise Refusal("cash.pieces_unknown", kind=Kind.MALFORMED, details={"denomination": name[:20]})
    return {int(name): number for name, number in named.items()}


def read_count(body: Any) -> PurseCount:
    """The count that a phone sends.

    Raises Refusal `count.field_*`, `cash.pieces_unknown`, `cash.count_differs` (its sum is not that of its pieces) or
    `cash.difference_unexplained`.
    """
    reader = Reader(body, area="count")
    pieces = reader.plain("pieces")
    if not isinstance(pieces, dict) or len(pieces) > len(DENOMINATIONS):
        raise Refusal("cash.pieces_unknown", kind=Kind.MALFORMED, details={"denomination": ""})
    said = reader.whole("counted_cents", least=0, most=_MOST_CENTS)
    count = PurseCount(
        id=UUID(reader.text("count_id", longest=36)),
        counted_at=reader.instant("counted_at"),
        pieces=named_pieces(pieces),
        expected_cents=reader.whole("expected_cents", least=-_MOST_CENTS, most=_MOST_CENTS),
        reason=reader.text("reason", longest=300, least=0),
    )
    reader.close()
    if count.counted_cents != said:
        raise Refusal("cash.count_differs", kind=Kind.MALFORMED)
    return count


@dataclass(frozen=True, slots=True)
class HandIn:
    """What an agent hands in, and what the office counts: the difference is the agent's until it is settled.

    `reason` explains a difference; without one a difference is refused (`cash.difference_unexplained`).
    """

    agent_id: UUID
    declared_cents: int
    counted_cents: int
    cheque_cents: tuple[int, ...] = ()
    reason: str = ""

    def __post_init__(self) -> None:
        if min(self.declared_cents, self.counted_cents, *self.cheque_cents, 0) < 0:
            raise Refusal("cash.amount_out_of_range", kind=Kind.MALFORMED)
        if not (self.declared_cents or self.counted_cents or self.cheque_cents):
            raise Refusal("cash.nothing_handed_in", kind=Kind.MALFORMED)
        if self.difference_cents and not self.reason.strip():
            raise Refusal("cash.difference_unexplained", details={"difference_cents": self.difference_cents})

    @property
    def difference_cents(self) -> int:
        """Positive where the count found more than was declared, negative for a shortage."""
        return self.counted_cents - self.declared_cents


def hand_in_entry(handed: HandIn, *, at: datetime, idempotency_key: str, memo: str) -> NewEntry:
    """The agent's purse is lighter by what was declared, the office holds what was counted."""
    agent = handed.agent_id
    cheques = sum(handed.cheque_cents)
    sides = (
        (AccountKey(AccountKind.OFFICE_CASH), handed.counted_cents),
        (AccountKey(AccountKind.CASH_DIFFERENCES, person_id=agent), -handed.difference_cents),
        (AccountKey(AccountKind.AGENT_CASH, person_id=agent), -handed.declared_cents),
        (AccountKey(AccountKind.OFFICE_CHEQUES), cheques),
        (AccountKey(AccountKind.CHEQUES_IN_HAND, person_id=agent), -cheques),
    )
    legs = tuple(Leg(account, cents) for account, cents in sides if cents)
    return NewEntry("hand_in", at, idempotency_key, legs, memo=memo)


def move_entry(
    kind: str,
    moves: Sequence[tuple[AccountKey, AccountKey, int]],
    *,
    at: datetime,
    idempotency_key: str,
    memo: str,
    practice_id: UUID | None = None,
) -> NewEntry:
    """Money goes from one account to another, for each of `moves`: to the bank, from the acquirer, as cleared."""
    legs = [leg for source, target, cents in moves if cents for leg in (Leg(target, cents), Leg(source, -cents))]
    return NewEntry(kind, at, idempotency_key, tuple(legs), memo=memo, practice_id=practice_id)


def refund_entry(
    shares: Sequence[LineShare],
    *,
    at: datetime,
    idempotency_key: str,
    creditor_id: UUID,
    practice_id: UUID,
    paid_from: AccountKey,
    memo: str,
) -> NewEntry:
    """Money given back out of `paid_from`: the claim is owed again, and the creditor is owed that much less."""
    amount_cents = sum(share.total_cents for share in shares)
    legs = [
        Leg(AccountKey(kind, practice_id=practice_id), cents, share.debt_line_id)
        for share in shares
        for kind, cents in share.by_kind()
        if cents
    ]
    legs += [
        Leg(AccountKey(AccountKind.CREDITOR_CLAIMS, creditor_id=creditor_id), -amount_cents),
        Leg(AccountKey(AccountKind.CREDITOR_DUES, creditor_id=creditor_id), amount_cents),
        Leg(paid_from, -amount_cents),
    ]
    return NewEntry("refund", at, idempotency_key, tuple(legs), memo=memo, practice_id=practice_id)


def refund_shares(brought: Sequence[Leg], amount_cents: int) -> tuple[LineShare, ...]:
    """Which claims a refund restores: the last that the payment reached first.

    `brought` are all claim postings of the payment and of its refunds so far, in the order of posting. Raises Refusal
    `refund.more_than_received` (details: left_cents).
    """
    left: dict[tuple[UUID | None, AccountKind], int] = {}
    for leg in brought:
        place = (leg.debt_line_id, leg.account.kind)
        left[place] = left.get(place, 0) - leg.amount_cents
    if not 0 < amount_cents <= sum(left.values()):
        raise Refusal("refund.more_than_received", details={"left_cents": sum(left.values())})
    restored: dict[UUID, dict[AccountKind, int]] = {}
    remaining = amount_cents
    for (line_id, kind), cents in reversed(left.items()):
        taken = min(remaining, cents)
        if taken and line_id is not None:
            restored.setdefault(line_id, {})[kind] = taken
            remaining -= taken
    return tuple(LineShare(line_id, *(parts.get(kind, 0) for kind in CLAIMS)) for line_id, parts in restored.items())
