"""Days of rest: Sundays, the Italian public holidays and the patron saint of each comune.

A `Calendar` is a value: whoever builds it says for which days it can answer, and a day outside is "unknown",
never "a working day". The phone gets the same dates as data and computes none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.reading import Reader

_FIXED = ((1, 1), (1, 6), (4, 25), (5, 1), (6, 2), (8, 15), (11, 1), (12, 8), (12, 25), (12, 26))
"""Law 260/1949, law 54/1977, D.P.R. 792/1985, law 336/2000."""

_SAINT_FRANCIS_SINCE = 2026
"""4 October is a public holiday again from 2026 (law 151/2025)."""


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """Public holidays between `from_on` and `to_on` (both included).

    `local` holds the patron saints' days by comune; a comune that is not in it is unknown.
    """

    from_on: date
    to_on: date
    national: frozenset[date]
    local: Mapping[str, frozenset[date]] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if self.from_on > self.to_on:
            raise Refusal("rules.calendar_reversed", kind=Kind.MALFORMED)

    def covers(self, day: date) -> bool:
        """Whether the calendar can answer for `day`."""
        return self.from_on <= day <= self.to_on

    def is_national_holiday(self, day: date) -> bool:
        """Whether all of Italy rests on `day`, Sundays aside."""
        return day in self.national

    def knows_patron_of(self, comune: str) -> bool:
        """Whether the patron saint's day of `comune` is known."""
        return comune in self.local

    def is_local_holiday(self, day: date, comune: str) -> bool:
        """Whether `comune` keeps its patron saint's day on `day`; False where it is unknown."""
        days = self.local.get(comune)
        return days is not None and day in days

    def for_comuni(self, comuni: Iterable[str]) -> Calendar:
        """The same calendar with the local days of these comuni only: what one phone needs."""
        wanted = set(comuni)
        local = {name: days for name, days in self.local.items() if name in wanted}
        return Calendar(self.from_on, self.to_on, self.national, MappingProxyType(local))

    def with_patron(self, comune: str, day: str, *, since: date) -> Calendar:
        """From `since` on `comune` keeps its patron saint's day on `day` (as `italian_calendar` reads it).

        Days before stay what they were. Raises Refusal `rules.patron_malformed`.
        """
        years = range(self.from_on.year, self.to_on.year + 1)
        before = {one for one in self.local.get(comune, ()) if one < since}
        days = before | {one for one in _yearly(comune, day, years) if one >= since}
        return replace(self, local=MappingProxyType({**self.local, comune: frozenset(days)}))

    def next_local_holiday(self, comune: str, *, on: date) -> date | None:
        """The patron saint's day of `comune` from `on` on; None where it is unknown."""
        return min((day for day in self.local.get(comune, ()) if day >= on), default=None)

    def to_json(self) -> dict[str, Any]:
        """The calendar as the phone reads it; dates in order."""
        return {
            "from_on": self.from_on.isoformat(),
            "to_on": self.to_on.isoformat(),
            "national": [day.isoformat() for day in sorted(self.national)],
            "local": {name: [d.isoformat() for d in sorted(days)] for name, days in sorted(self.local.items())},
        }

    @classmethod
    def from_json(cls, plain: Any) -> Calendar:
        """Read what `to_json` wrote. Raises Refusal `rules.field_*` or `rules.calendar_reversed`."""
        reader = Reader(plain, area="rules", at="calendar")
        local_reader = reader.object("local")
        local = {name: frozenset(local_reader.days(name, most=1_000)) for name in sorted(local_reader.names())}
        calendar = cls(
            from_on=reader.day("from_on"),
            to_on=reader.day("to_on"),
            national=frozenset(reader.days("national", most=5_000)),
            local=MappingProxyType(local),
        )
        reader.close()
        return calendar


def easter_sunday(year: int) -> date:
    """Easter of the Gregorian calendar (the anonymous computus of 1876, valid for every year from 1583)."""
    century, of_century = divmod(year, 100)
    golden = year % 19
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - epact - of_century % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def italian_holidays(year: int) -> frozenset[date]:
    """The public holidays of one year from 2001 on, Easter and Easter Monday included."""
    easter = easter_sunday(year)
    fixed = {date(year, month, day) for month, day in _FIXED}
    if year >= _SAINT_FRANCIS_SINCE:
        fixed.add(date(year, 10, 4))
    return frozenset(fixed | {easter, easter + timedelta(days=1)})


def italian_calendar(first_year: int, last_year: int, *, patrons: Mapping[str, str] | None = None) -> Calendar:
    """The calendar of whole years; `patrons` gives the patron saint's day of a comune.

    `MM-DD`, or a moving feast: `05-tue1` (the first Tuesday of May), `05-sun2+4` (four days after the second
    Sunday), `easter+50` (the fiftieth day after Easter).
    Raises Refusal `rules.patron_malformed` (details: comune) for a day that does not exist.
    """
    years = range(first_year, last_year + 1)
    local = {name: _yearly(name, text, years) for name, text in (patrons or {}).items()}
    national = frozenset[date]().union(*(italian_holidays(year) for year in years))
    return Calendar(date(first_year, 1, 1), date(last_year, 12, 31), national, MappingProxyType(local))


_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NTH_WEEKDAY = re.compile(rf"(\d\d)-({'|'.join(_WEEKDAYS)})([1-4])(?:\+([1-6]))?")
_FROM_EASTER = re.compile(r"easter([+-][1-9]\d?)")


def _feast(text: str, year: int) -> date:
    if moving := _FROM_EASTER.fullmatch(text):
        return easter_sunday(year) + timedelta(days=int(moving[1]))
    if moving := _NTH_WEEKDAY.fullmatch(text):
        first = date(year, int(moving[1]), 1)
        days = (_WEEKDAYS.index(moving[2]) - first.weekday()) % 7 + 7 * (int(moving[3]) - 1)
        return first + timedelta(days=days + int(moving[4] or 0))
    return date.fromisoformat(f"{year:04d}-{text}")


def _yearly(comune: str, text: str, years: Iterable[int]) -> frozenset[date]:
    try:
        return frozenset(_feast(text, year) for year in years)
    except ValueError as problem:
        raise Refusal("rules.patron_malformed", kind=Kind.MALFORMED, details={"comune": comune}) from problem
