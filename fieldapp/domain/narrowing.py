"""What a list of practices is narrowed to, as people say it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fieldapp.domain.errors import Kind, Refusal

MOST_AREAS = 50
"""Provinces, and comuni, of one filter."""
_FIRST = date(1900, 1, 1)
"""Before it nothing was contacted, and the first days of the calendar are no instants in every zone."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """All of it holds together; days are of the agency's zone, a range holds both its ends.

    `words`: names, places, a practice number, tax code or phone. `provinces`, `comuni`: an address in use lies in one
    of them, spelt as it is there. `age_over_days`, `age_to_days`: days since the oldest line of the debt fell due, more
    than that and at most that, as `domain.figures` bands them. `contacted_from`, `contacted_to`: the last contact of
    any channel was on that day or after, on that day or before; who was never contacted is found by `never_contacted`
    alone.

    Raises Refusal `practices.range_backwards` (details: which), `practices.never_and_when`.
    """

    words: str = ""
    state: str | None = None
    creditor_id: UUID | None = None
    flag: str | None = None
    provinces: tuple[str, ...] = ()
    comuni: tuple[str, ...] = ()
    case_owner: str | None = None
    ends_from: date | None = None
    ends_to: date | None = None
    owed_from_cents: int | None = None
    owed_to_cents: int | None = None
    contacted_from: date | None = None
    contacted_to: date | None = None
    never_contacted: bool = False
    age_over_days: int | None = None
    age_to_days: int | None = None

    def __post_init__(self) -> None:
        ranges: dict[str, tuple[Any, Any]] = {
            "ends": (self.ends_from, self.ends_to),
            "owed": (self.owed_from_cents, self.owed_to_cents),
            "contacted": (self.contacted_from, self.contacted_to),
        }
        if self.age_over_days is not None and self.age_to_days is not None:
            # Over five days and at most five is nobody.
            ranges["age"] = (self.age_over_days + 1, self.age_to_days)
        for which, (first, last) in ranges.items():
            if first is not None and last is not None and first > last:
                raise Refusal("practices.range_backwards", kind=Kind.MALFORMED, details={"which": which})
        if self.never_contacted and (self.contacted_from or self.contacted_to):
            raise Refusal("practices.never_and_when", kind=Kind.MALFORMED)

    def due_by(self, today: date) -> date | None:
        """The last day on which the oldest line may have fallen due; None: any."""
        return None if self.age_over_days is None else _before(today, self.age_over_days + 1)

    def due_since(self, today: date) -> date | None:
        """The first day on which the oldest line may have fallen due; None: any."""
        return None if self.age_to_days is None else _before(today, self.age_to_days)

    def contacted_since(self, zone: ZoneInfo) -> datetime | None:
        """The first instant at which the last contact may have been; None: any."""
        return None if self.contacted_from is None else _midnight(self.contacted_from, zone)

    def contacted_before(self, zone: ZoneInfo) -> datetime | None:
        """The first instant after the last contact; None: any."""
        last = self.contacted_to
        return None if last is None or last == date.max else _midnight(last + timedelta(days=1), zone)


def _before(today: date, days: int) -> date:
    return date.min if days >= (today - date.min).days else today - timedelta(days=days)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(max(day, _FIRST), time(), zone)
