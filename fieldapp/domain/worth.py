"""What a visit is worth: the share of a claim that it is expected to recover. Knows nothing of who may be visited."""

from __future__ import annotations

RECOVERY_PER_MILLE = 60
"""Share of what is owed that a visit recovers on average, before the placement's urgency."""
LARGEST_PRIZE_CENTS = 30_000
URGENT_DAYS = 20
"""Days before a placement's end from which on its visits are worth more, `URGENT_PERCENT_A_DAY` each day."""
URGENT_PERCENT_A_DAY = 2


def prize(owed_cents: int, attempts: int, *, days_left: int, at_home_per_mille: int = 1000) -> int:
    """Expected recovery of one visit in cents: a share of the claim, less after each vain attempt, more as the
    placement runs out (after its end nothing can be recovered any more).

    `at_home_per_mille`: how likely somebody is home against any door and hour (1000). The share holds for those, vain
    visits included, so that with these chances it is recovered once somebody is met.
    """
    share = owed_cents * RECOVERY_PER_MILLE * at_home_per_mille // 1_000_000
    tired = share * 4 // (4 + attempts)
    urgent = tired * (100 + URGENT_PERCENT_A_DAY * max(0, URGENT_DAYS - max(days_left, 0))) // 100
    return max(0, min(urgent, LARGEST_PRIZE_CENTS))
