"""Squads: the field teams of an agency. Each agent is in one or in none; a change counts from its day on.

`Squad`, since a `Team` is a queue of the desk's work (`domain.outcomes`) and a `crew` the planner's worker processes.

A squad's figures must not be those of a named agent in other words (art. 4 of the Workers' Statute, law 300/1970):
`told_together` says whose may be shown. No legal basis for figures by agent is recorded anywhere in the house, so
nothing lifts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
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
    """In which squad an agent is from which day on, None for in none; days rise, and each change changes something."""

    changes: tuple[tuple[date, UUID | None], ...] = ()

    @classmethod
    def of(cls, changes: Iterable[tuple[date, UUID | None]]) -> Self:
        """From changes in any order, one a day; those that change nothing fall away."""
        kept: list[tuple[date, UUID | None]] = []
        for day, squad in sorted(changes, key=lambda change: change[0]):
            if squad != (kept[-1][1] if kept else None):
                kept.append((day, squad))
        return cls(tuple(kept))

    def on(self, day: date) -> UUID | None:
        """The squad of that day."""
        return next((squad for since, squad in reversed(self.changes) if since <= day), None)

    def since(self, day: date) -> date | None:
        """Since when what holds on `day` does; None where the agent was never in any squad."""
        return next((since for since, _ in reversed(self.changes) if since <= day), None)

    def after(self, day: date) -> tuple[tuple[date, UUID | None], ...]:
        """The changes to come."""
        return tuple(change for change in self.changes if change[0] > day)

    def moved(self, squad: UUID | None, *, from_on: date) -> Self:
        """In `squad` from that day on; a later change stays."""
        return self.of([*(change for change in self.changes if change[0] != from_on), (from_on, squad)])

    def without(self, squad: UUID, *, from_on: date) -> Self:
        """Never in `squad` from that day on: in none instead."""
        return self.of(
            [
                *(change for change in self.changes if change[0] < from_on),
                (from_on, None if self.on(from_on) == squad else self.on(from_on)),
                *((day, None if into == squad else into) for day, into in self.after(from_on)),
            ]
        )

    def ended(self, *, from_on: date) -> Self:
        """In none from that day on, whatever was to come."""
        return self.of([*(change for change in self.changes if change[0] < from_on), (from_on, None)])


def told_together(at_work: Mapping[str, int]) -> frozenset[str]:
    """The squads whose figures of one day may be shown, from how many agents of each group were at work on it.

    Each of `LEAST_TOGETHER` agents or more. What is left over can be reckoned from the day's total, so it too is of
    nobody or of that many: else the smallest squad joins it.
    """
    told = {key: agents for key, agents in at_work.items() if key != NOBODYS and agents >= LEAST_TOGETHER}
    left = sum(at_work.values()) - sum(told.values())
    while told and 0 < left < LEAST_TOGETHER:
        smallest = min(told, key=lambda key: (told[key], key))
        left += told.pop(smallest)
    return frozenset(told)
