"""Squads: the field teams of an agency. Each agent is in one or in none; a change counts from its day on.

`Squad`, since a `Team` is a queue of the desk's work (`domain.outcomes`) and a `crew` the planner's worker processes.

A squad's figures must not be those of a named agent in other words (art. 4 of the Workers' Statute, law 300/1970):
`told_together` says whose may be shown, until a legal basis for figures by agent is recorded (`domain.figures.Basis`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Self
from uuid import UUID

from fieldapp.domain.errors import Kind, Refusal

LONGEST_NAME = 60
FURTHEST_DAYS = 366
"""How far ahead a change may be entered."""
NOBODYS = "none"
"""The group of what no squad did: agents in none, and whatever no agent is counted for."""
REST = "rest"
"""The row of everything that may not be shown by squad, and of agents in none."""
LEAST_TOGETHER = 3
"""Agents at work together. Of two, each reads the other's figures by taking off the own."""


def squad_name(typed: str) -> str:
    """The name as it is kept, single blanks inside. Raises Refusal `squad.name_unfit` (details: most)."""
    name = " ".join(typed.split())
    if not name.isprintable() or not 0 < len(name) <= LONGEST_NAME:
        raise Refusal("squad.name_unfit", kind=Kind.MALFORMED, details={"most": LONGEST_NAME})
    return name


@dataclass(frozen=True, slots=True)
class Membership:
    """In which squad an agent is from which day on, None for in none; days rise.

    A change that says what holds already is kept: an earlier one may come in before it, and be taken back.
    """

    changes: tuple[tuple[date, UUID | None], ...] = ()

    @classmethod
    def of(cls, changes: Iterable[tuple[date, UUID | None]]) -> Self:
        """From changes in any order, one a day."""
        return cls(tuple(sorted(changes, key=lambda change: change[0])))

    @property
    def shown(self) -> tuple[tuple[date, UUID | None], ...]:
        """The changes that change something."""
        beside = pairwise([(date.min, None), *self.changes])
        return tuple(change for before, change in beside if change[1] != before[1])

    def on(self, day: date) -> UUID | None:
        """The squad of that day."""
        return next((squad for since, squad in reversed(self.changes) if since <= day), None)

    def since(self, day: date) -> date | None:
        """Since when what holds on `day` does; None where the agent was never in any squad."""
        return next((since for since, _ in reversed(self.shown) if since <= day), None)

    def after(self, day: date) -> tuple[tuple[date, UUID | None], ...]:
        """The changes to come that change something."""
        return tuple(change for change in self.shown if change[0] > day)

    def moved(self, squad: UUID | None, *, from_on: date) -> Self:
        """In `squad` from that day on; a later change stays."""
        return self.of([*(change for change in self.changes if change[0] != from_on), (from_on, squad)])

    def without(self, squad: UUID, *, from_on: date) -> Self:
        """Never in `squad` from that day on: in none instead. A change into it that is left nothing to end falls."""
        changes = dict(self.changes)
        if self.on(from_on) == squad:
            changes[from_on] = None
        kept: list[tuple[date, UUID | None]] = []
        for day, into in sorted(changes.items(), key=lambda change: change[0]):
            if day <= from_on or into != squad:
                kept.append((day, into))
            elif kept and kept[-1][1] is not None:
                kept.append((day, None))
        return self.of(kept)

    def ended(self, *, from_on: date) -> Self:
        """In none from that day on, whatever was to come."""
        before = [change for change in self.changes if change[0] < from_on]
        return self.of([*before, (from_on, None)] if before and before[-1][1] is not None else before)


def told_together(*counts: Mapping[str, int]) -> frozenset[str]:
    """The squads whose figures of one day may be shown, from how many agents of each group had a part in each figure.

    A squad needs `LEAST_TOGETHER` agents in each count. What is left over can be reckoned from the day's total, so in
    each it too is of nobody or of that many: else the smallest squad joins it. A count of nobody at all hides nothing.
    """
    counts = tuple(count for count in counts if any(count.values()))
    if not counts:
        return frozenset()
    told = {
        key: sizes
        for key in counts[0].keys() - {NOBODYS}
        if min(sizes := tuple(count.get(key, 0) for count in counts)) >= LEAST_TOGETHER
    }
    left = [sum(count.values()) - sum(count[key] for key in told) for count in counts]
    while told and any(0 < agents < LEAST_TOGETHER for agents in left):
        smallest = min(told, key=lambda key: (told[key], key))
        left = [agents + size for agents, size in zip(left, told.pop(smallest), strict=True)]
    return frozenset(told)
