"""Work that waits for a person: to whom it is given and how long it may sleep."""

from __future__ import annotations

from datetime import date, timedelta

from fieldapp.domain.access import Role
from fieldapp.domain.errors import Kind, Refusal

SLEEPS_AT_MOST = timedelta(days=7)
"""So long a task may be put off whose day has come or is over; one that is due later, until its day."""
NEVER_SLEEPS = frozenset({"agent.in_danger"})
NOT_BEYOND_ITS_DAY = frozenset({"limitation.near"})
"""Kinds for which it is too late afterwards."""
CLOSED_BY_THEIR_REASON = frozenset({"licence.ends"})
"""Kinds that a watch closes once their reason is gone: until then nobody ticks them off."""
AT_THE_DESK = frozenset({Role.DISPATCHER, Role.BACK_OFFICE, Role.ADMINISTRATOR})
"""Who may be given a task."""


def check_sleep(until: date, *, kind: str, due_on: date, today: date) -> None:
    """Whether a task may be put off until the morning of `until`.

    Raises Refusal `task.cannot_wait`, `task.asleep_in_past`, `task.asleep_too_long` (details: until, the last day).
    """
    if kind in NEVER_SLEEPS or (kind in NOT_BEYOND_ITS_DAY and due_on <= today):
        raise Refusal("task.cannot_wait")
    if until <= today:
        raise Refusal("task.asleep_in_past", kind=Kind.MALFORMED)
    last = due_on if due_on > today else today + SLEEPS_AT_MOST
    if until > last:
        raise Refusal("task.asleep_too_long", details={"until": last.isoformat()})


def check_finish(*, kind: str) -> None:
    """Whether a person may close a task. Raises Refusal `task.closes_by_itself`."""
    if kind in CLOSED_BY_THEIR_REASON:
        raise Refusal("task.closes_by_itself", kind=Kind.CONFLICT)
