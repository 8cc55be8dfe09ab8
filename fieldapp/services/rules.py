"""The rules of conduct in force for an agency: the standard set, its calendar, and what creditors override."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.calendars import italian_calendar
from fieldapp.domain.conduct import Finding as Found
from fieldapp.domain.conduct import Ruleset, Severity, standard_ruleset
from fieldapp.services.work import Parts, Work
from fieldapp.store import practice_facts as store
from fieldapp.store.shapes.dispatch import Finding


@lru_cache(maxsize=8)
def standard(year: int, patrons: tuple[tuple[str, str], ...] = ()) -> Ruleset:
    """The standard rules, with the Italian calendar from the year before to two years after."""
    return standard_ruleset(italian_calendar(year - 1, year + 2, patrons=dict(patrons)))


async def ruleset(work: Work) -> Ruleset:
    """The rules with every creditor's own numbers."""
    return await ruleset_of(work.parts, work.session, work.today)


async def ruleset_of(parts: Parts, session: AsyncSession, today: date) -> Ruleset:
    """The same for a session that works in nobody's name."""
    rules = standard(today.year, parts.patrons)
    for creditor_id, changes in (await store.creditor_rules(session)).items():
        if changes:
            rules = rules.with_creditor(str(creditor_id), changes, valid_from=date(2000, 1, 1))
    return rules


def finding(found: Found, rules: Ruleset, on: date) -> Finding:
    """What a rule says, as screens show it, with the roles that may approve it."""
    approvers = rules.approvers(found.rule, on) if found.severity is Severity.ASKS_APPROVAL else frozenset[str]()
    return Finding(
        code=found.code,
        severity=found.severity.value,
        details=found.details,
        rule=found.rule,
        approvers=sorted(approvers),
    )


def is_lawful_day(day: date) -> bool:
    """Whether visits may take place at all on `day`: no Sunday, no public holiday."""
    return day.weekday() != 6 and not standard(day.year).calendar.is_national_holiday(day)
