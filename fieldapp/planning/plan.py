"""A plan: who visits whom, in which order. A value; judging it is the checker's work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fieldapp.planning.problem import Problem


@dataclass(frozen=True, slots=True)
class Plan:
    """`routes[agent]` lists visits by index in order of travel; an agent may have none."""

    routes: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, routes: Iterable[Iterable[int]]) -> Plan:
        """A plan from any nested sequence of visit numbers."""
        return cls(tuple(tuple(int(visit) for visit in route) for route in routes))

    @classmethod
    def empty(cls, problem: Problem) -> Plan:
        """Everybody stays at home."""
        return cls(((),) * problem.n_agents)

    @property
    def planned(self) -> frozenset[int]:
        """The visits that somebody makes."""
        return frozenset(visit for route in self.routes for visit in route)

    def unplanned(self, problem: Problem) -> tuple[int, ...]:
        """The visits that nobody makes, in order of number."""
        planned = self.planned
        return tuple(visit for visit in range(problem.n_visits) if visit not in planned)
