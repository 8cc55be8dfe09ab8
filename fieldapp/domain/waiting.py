"""What a visit still brings after some days of waiting: the placement runs out, and what was promised grows cold."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

COLD_DAYS = 7
"""So long after its day a promise or an instalment that nobody paid is still worth asking for (a guess, like the half
below: we have measured neither)."""


def waited(worth_cents: int, *, days_left: int, days: int, due_in: int | None = None) -> int:
    """Cents left of `worth_cents` after waiting `days`: of the days that the creditor left us each takes its share.

    `days_left`: to the placement's end. `due_in`: days to the day on which the debtor said to pay; negative where it
    is past, None where nothing falls due. Until that day waiting costs nothing, for nobody pays sooner; from then on
    every day also takes a share of half the worth, until the matter is cold. Never more than before, never negative.
    """
    ends = max(days_left + 1, 1)
    if due_in is None:
        return worth_cents * max(days_left + 1 - days, 0) // ends
    free = min(max(due_in, 0), days_left + 1)
    left = worth_cents * max(days_left + 1 - max(days - free, 0), 0) // ends if days <= days_left else 0
    grown_cold = _cold(days - due_in) - _cold(-due_in)
    return left - left * grown_cold // (2 * COLD_DAYS)


def _cold(days_late: int) -> int:
    return min(max(days_late, 0), COLD_DAYS)


def next_due(dues: Iterable[date], first: date) -> date | None:
    """Of the days on which somebody said to pay, the first that is not cold on `first`."""
    return min((due for due in dues if due + timedelta(days=COLD_DAYS) > first), default=None)
