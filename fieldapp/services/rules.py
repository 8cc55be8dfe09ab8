"""The rules of conduct in force for an agency: the standard set, its calendar, and what creditors override."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from fieldapp.domain.calendars import italian_calendar
from fieldapp.domain.conduct import Ruleset, standard_ruleset
from fieldapp.services.work import Work
from fieldapp.store import practice_facts as store


@lru_cache(maxsize=8)
def standard(year: int, patrons: tuple[tuple[str, str], ...] = ()) -> Ruleset:
    """The standard rules, with the Italian calendar from the year before to two years after."""
    return standard_ruleset(italian_calendar(year - 1, year + 2, patrons=dict(patrons)))


async def ruleset(work: Work) -> Ruleset:
    """The rules with every creditor's own numbers."""
    rules = standard(work.today.year, work.parts.patrons)
    for creditor_id, changes in (await store.creditor_rules(work.session)).items():
        if changes:
            rules = rules.with_creditor(str(creditor_id), changes, valid_from=date(2000, 1, 1))
    return rules


def is_lawful_day(day: date) -> bool:
    """Whether visits may take place at all on `day`: no Sunday, no public holiday."""
    return day.weekday() != 6 and not standard(day.year).calendar.is_national_holiday(day)
