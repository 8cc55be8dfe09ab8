"""Claims made larger or smaller by an agreement, as balanced entries: a plan's interest, what a settlement gives up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from fieldapp.domain.ledger import AccountKey, AccountKind, Leg, LineBalance, NewEntry

INTEREST = "plan_interest"
INTEREST_BACK = "plan_interest_back"
GIVEN_UP = "settlement_given_up"
AGREED = frozenset({INTEREST, INTEREST_BACK, GIVEN_UP})
"""Kinds of entries that change a claim without a payment."""

_LOWERED_FIRST = (AccountKind.CLAIM_INTEREST, AccountKind.CLAIM_PRINCIPAL, AccountKind.CLAIM_COSTS)


def interest_entry(
    cents: int, *, at: datetime, plan_id: UUID, creditor_id: UUID, practice_id: UUID, line_id: UUID
) -> NewEntry:
    """The interest of a signed plan, claimed from its signing on."""
    legs = (
        Leg(AccountKey(AccountKind.CLAIM_INTEREST, practice_id=practice_id), cents, line_id),
        Leg(AccountKey(AccountKind.CREDITOR_CLAIMS, creditor_id=creditor_id), -cents),
    )
    return NewEntry(INTEREST, at, f"repayment_plan:{plan_id}:interest", legs, practice_id=practice_id)


def lowered_entry(
    kind: str,
    cents: int,
    *,
    at: datetime,
    idempotency_key: str,
    creditor_id: UUID,
    practice_id: UUID,
    owed: Mapping[UUID, LineBalance],
) -> NewEntry | None:
    """Take `cents` off what is owed, interest first, no part below zero; None where nothing is left to take.

    A claim that was paid meanwhile cannot be given up: what does not fit is left out, and where more was paid than
    owed nothing is.
    """
    legs: list[Leg] = []
    left = cents = max(0, cents)
    for account in _LOWERED_FIRST:
        for line_id, balance in owed.items():
            part = min(left, max(0, dict(balance.by_kind())[account]))
            if part:
                legs.append(Leg(AccountKey(account, practice_id=practice_id), -part, line_id))
                left -= part
    taken = cents - left
    if not taken:
        return None
    legs.append(Leg(AccountKey(AccountKind.CREDITOR_CLAIMS, creditor_id=creditor_id), taken))
    return NewEntry(kind, at, idempotency_key, tuple(legs), practice_id=practice_id)
