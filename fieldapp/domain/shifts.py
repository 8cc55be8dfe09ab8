"""When an agent works on a day: the week as it was entered, less what the agent is away. Pure.

Seconds after local midnight by the wall clock, also where the clock changes: from 0 to 86400.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from fieldapp.domain.errors import Kind, Refusal

Span = tuple[int, int]
DAY_S: Final = 86_400
LONGEST_NAME: Final = 60
MOST_TEMPLATES: Final = 50


def span_on(day: date, from_at: datetime, to_at: datetime, zone: ZoneInfo) -> Span | None:
    """What of the time from `from_at` to `to_at` lies on `day`; None where nothing does."""
    midnight = datetime.combine(day, time(0))
    local = [_shown(at, zone) for at in (from_at, to_at)]
    first, last = (int((at - midnight).total_seconds()) for at in local)
    # In the hour that the clock shows twice an absence may end before it begins: it lasts to where it began.
    span = max(first, 0), min(max(first, last), DAY_S)
    return span if span[0] < span[1] else None


def _shown(at: datetime, zone: ZoneInfo) -> datetime:
    """What the wall clock shows; the last instant that there is where it shows none any more."""
    try:
        return at.astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        return datetime.combine(date.max, time.max)


def longest_left(shift: Span | None, away: Iterable[Span]) -> Span | None:
    """The longest time of `shift` outside of `away`, the earliest of several; None where nothing is left.

    A day has one shift: who is away at noon works before or after, whichever is longer.
    """
    if shift is None:
        return None
    at, left = shift[0], list[Span]()
    for from_s, to_s in sorted(away):
        if from_s > at:
            left.append((at, min(from_s, shift[1])))
        at = max(at, to_s)
    left.append((at, shift[1]))
    return max((one for one in left if one[0] < one[1]), key=lambda one: (one[1] - one[0], -one[0]), default=None)


def template_name(typed: str) -> str:
    """The name of a template as it is kept, single blanks inside. Raises Refusal `shift.name_unfit` (details: most)."""
    name = " ".join(typed.split())
    if not name.isprintable() or not 0 < len(name) <= LONGEST_NAME:
        raise Refusal("shift.name_unfit", kind=Kind.MALFORMED, details={"most": LONGEST_NAME})
    return name


def is_week(days: Sequence[Sequence[int] | None]) -> bool:
    """Whether these are seven days, Monday first, each free or a shift within the day."""
    return len(days) == 7 and all(one is None or (len(one) == 2 and 0 <= one[0] < one[1] <= DAY_S) for one in days)
