"""The rules of conduct in force for an agency: the standard set, its calendar, and the agency's own rules."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.calendars import italian_calendar
from fieldapp.domain.conduct import Finding as Found
from fieldapp.domain.conduct import Ruleset, Severity, standard_ruleset
from fieldapp.domain.errors import Refusal
from fieldapp.domain.own_rules import OwnRules, from_creditors, in_force
from fieldapp.services.work import Parts, Work
from fieldapp.store import practice_facts, rulesets
from fieldapp.store.shapes.dispatch import Finding

Patrons = tuple[tuple[str, str], ...]


@lru_cache(maxsize=8)
def standard(year: int, patrons: Patrons = ()) -> Ruleset:
    """The standard rules, with the Italian calendar from the year before to two years after."""
    return standard_ruleset(italian_calendar(year - 1, year + 2, patrons=dict(patrons)))


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is in force and where it comes from; `broken` names newer versions that cannot be read, and why."""

    ruleset: Ruleset
    own: OwnRules
    version: rulesets.Stored | None
    broken: tuple[tuple[int, Refusal], ...] = ()


async def ruleset(work: Work) -> Ruleset:
    """The rules in force."""
    return await ruleset_of(work.parts, work.session, work.today)


async def ruleset_of(parts: Parts, session: AsyncSession, today: date) -> Ruleset:
    """The same for a session that works in nobody's name."""
    return (await load(parts, session, today)).ruleset


async def load(parts: Parts, session: AsyncSession, today: date) -> Loaded:
    """The newest version that can be read: one that a restore or an update broke leaves the one before in force."""
    broken: list[tuple[int, Refusal]] = []
    stored = await rulesets.versions(session, limit=1)
    while stored:
        for version in stored:
            try:
                own, rules = _read(today.year, parts.patrons, _text(version.content))
            except Refusal as refusal:
                broken.append((version.number, refusal))
            else:
                return Loaded(rules, own, version, tuple(broken))
        # Rare, so the usual way asks for one version only.
        stored = (await rulesets.versions(session))[len(broken) :]
    own, rules = await _came(parts, session, today)
    return Loaded(rules, own, None, tuple(broken))


async def as_creditors_came(parts: Parts, session: AsyncSession, today: date) -> Ruleset:
    """The rules before an agency switched on any version of its own."""
    return (await _came(parts, session, today))[1]


async def _came(parts: Parts, session: AsyncSession, today: date) -> tuple[OwnRules, Ruleset]:
    given = {str(id_): changes for id_, changes in (await practice_facts.creditor_rules(session)).items()}
    return _with_creditors(today.year, parts.patrons, _text(given))


# Rulesets remember what they resolved, and reading one costs more than asking it: equal texts share one value.
@lru_cache(maxsize=64)
def _read(year: int, patrons: Patrons, text: str) -> tuple[OwnRules, Ruleset]:
    own = OwnRules.from_json(json.loads(text))
    return own, in_force(standard(year, patrons), own)


@lru_cache(maxsize=64)
def _with_creditors(year: int, patrons: Patrons, text: str) -> tuple[OwnRules, Ruleset]:
    base = standard(year, patrons)
    own = from_creditors(base, json.loads(text))
    return own, in_force(base, own)


def _text(plain: Any) -> str:
    return json.dumps(plain, sort_keys=True)


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
