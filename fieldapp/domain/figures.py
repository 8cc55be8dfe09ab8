"""Figures of the work: what was visited, promised and recovered in a period, grouped by one question at a time.

Figures about a worker need a recorded legal basis first (art. 4 of the Workers' Statute, law 300/1970): without a
`Basis` nothing here speaks of a named agent, and a squad is told only where several were at work together
(`domain.squads`). Of both only what was planned and done is told: money and promises belong to a practice, and whose
they are is not asked.
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
    AGENT = "agent"


KEPT = tuple(by for by in By if by is not By.AGENT)
"""What sums are kept of. Figures of a named agent are kept nowhere: they are reckoned when somebody may ask."""


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


class Ground(StrEnum):
    """What allows figures of a named agent (art. 4, first paragraph, law 300/1970)."""

    UNION_AGREEMENT = "union_agreement"
    """A collective agreement with the workers' representatives."""
    INSPECTORATE = "inspectorate"
    """Where none was reached, an authorisation of the labour inspectorate."""


@dataclass(frozen=True, slots=True)
class Basis:
    """On what figures of named agents rest, and from which day on they may be read.

    `reference`: number, parties or protocol of the paper. `told_on`: when the agents were told how they are reckoned
    and what for (third paragraph). Raises Refusal `figures.basis_unreferenced`, `figures.basis_too_early` (details:
    from_on).
    """

    ground: Ground
    reference: str
    signed_on: date
    told_on: date
    from_on: date

    def __post_init__(self) -> None:
        if not self.reference.strip():
            raise Refusal("figures.basis_unreferenced", kind=Kind.MALFORMED)
        earliest = max(self.signed_on, self.told_on)
        if self.from_on < earliest:
            details = {"field": "from_on", "from_on": earliest.isoformat()}
            raise Refusal("figures.basis_too_early", kind=Kind.MALFORMED, details=details)

    def allow(self, period: Period) -> None:
        """Raises Refusal `figures.before_basis` (details: from_on) where the period begins before it."""
        if period.first < self.from_on:
            raise Refusal("figures.before_basis", details={"from_on": self.from_on.isoformat()})


def measures(by: By) -> tuple[str, ...]:
    """What is counted where figures are grouped so."""
    return OF_A_SQUAD if by in (By.SQUAD, By.AGENT) else MEASURES


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
