"""Figures of the work: what was visited, promised and recovered in a period, grouped by one question at a time.

Nothing here speaks of a named agent: figures about a worker need a recorded legal basis first (art. 4 of the Workers'
Statute, law 300/1970). By squad only what was planned and done is told, and only where several were at work together
(`domain.squads`): money and promises belong to a practice, and whose they are is not asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar

from fieldapp.domain.errors import Kind, Refusal

MOST_DAYS = 400
"""A year and some: what lies further apart is asked for in two."""
AGES_DAYS = (180, 365, 730, 1_825)
"""Where bands of the debt's age begin anew: half a year, one, two and five years past its oldest due date."""
HOURS = (8, 10, 12, 14, 16, 18, 20)
"""Where bands of the day begin, in local hours; what lies outside them is `other`."""


class By(StrEnum):
    """What figures are grouped by."""

    CREDITOR = "creditor"
    AREA = "area"
    AGE = "age"
    HOUR = "hour"
    WEEKDAY = "weekday"
    SQUAD = "squad"


@dataclass(frozen=True, slots=True)
class Period:
    """Local days from `first` to `last`, both whole."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if not 0 <= (self.last - self.first).days < MOST_DAYS:
            raise Refusal("figures.period_unusable", kind=Kind.MALFORMED, details={"most": MOST_DAYS})

    @property
    def after(self) -> date:
        """The first day after it."""
        return self.last + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Figures:
    """What happened in one group.

    `visits` counts reports, so that one door for two creditors is one for each; `reached` those that met the debtor.
    `kept` and `broken` are promises whose day was over in the period. `recovered_cents` is what came in less what was
    given back, from whatever side. `planned` counts published visits, `done` those of them that were made, `metres`
    the way to these.
    """

    visits: int = 0
    reached: int = 0
    kept: int = 0
    broken: int = 0
    recovered_cents: int = 0
    planned: int = 0
    done: int = 0
    metres: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, name) + getattr(other, name) for name in MEASURES))

    def __sub__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, name) - getattr(other, name) for name in MEASURES))


MEASURES = tuple(Figures.__dataclass_fields__)
OF_A_SQUAD = ("visits", "reached", "planned", "done", "metres")


def measures(by: By) -> tuple[str, ...]:
    """What is counted where figures are grouped so."""
    return OF_A_SQUAD if by is By.SQUAD else MEASURES


def told_of_squads(figures: Figures) -> Figures:
    """What of these figures is told by squad."""
    return Figures(**{name: getattr(figures, name) for name in OF_A_SQUAD})


Group = TypeVar("Group")


def gathered(parts: Iterable[tuple[Group, str, int]]) -> dict[Group, Figures]:
    """Figures by group from triples of group, measure and number, which add up."""
    found: dict[Group, Figures] = {}
    for group, measure, number in parts:
        before = found.get(group, Figures())
        found[group] = replace(before, **{measure: getattr(before, measure) + number})
    return found
