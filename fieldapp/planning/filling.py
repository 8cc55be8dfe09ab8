"""Gaps filled: unplanned visits put into the slack of lanes in which nobody else changes place.

Greedy by what a visit is worth less the way to it; what was reckoned before a lane was filled is reckoned anew before
it is taken. Pure.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from fieldapp.planning.insertion import Insertion, insertions
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Problem


@dataclass(frozen=True, slots=True)
class Filled:
    """The plan with what was put in; `put_in` in the order in which it was."""

    plan: Plan
    put_in: tuple[Insertion, ...]


def fill(problem: Problem, plan: Plan, visits: Sequence[int], *, without: Collection[int] = ()) -> Filled:
    """Put of `visits` (in no route) what pays into the lanes of all agents but `without`.

    Whoever is in a lane stays there in the same order, and nothing becomes late that was not.
    """
    put_in: list[Insertion] = []
    # What was put in may bring others nearer, at the same door above all: gone through until nothing pays any more.
    while added := _once(problem, plan, [one for one in visits if one not in plan.planned], without):
        plan, put_in = added[0], [*put_in, *added[1]]
    return Filled(plan, tuple(put_in))


def _once(
    problem: Problem, plan: Plan, visits: Sequence[int], without: Collection[int]
) -> tuple[Plan, list[Insertion]] | None:
    waiting = [
        (-worth_cents(problem, one), visit, one)
        for visit, one in zip(visits, insertions(problem, plan, visits, without=without), strict=True)
        if one is not None and worth_cents(problem, one) > 0
    ]
    heapq.heapify(waiting)
    put_in: list[Insertion] = []
    while waiting:
        _, visit, seen = heapq.heappop(waiting)
        # Lanes that were filled since may have left it a dearer place, or none.
        (now,) = insertions(problem, plan, [visit], without=without)
        if now is None or worth_cents(problem, now) <= 0:
            continue
        if now != seen and waiting and -worth_cents(problem, now) > waiting[0][0]:
            heapq.heappush(waiting, (-worth_cents(problem, now), visit, now))
            continue
        plan = _with(plan, now)
        put_in.append(now)
    return (plan, put_in) if put_in else None


def worth_cents(problem: Problem, one: Insertion) -> int:
    """What the visit brings at its hour less the way that it costs."""
    return problem.prize(one.agent, one.visit, one.start_s) - one.travel_cents


def _with(plan: Plan, one: Insertion) -> Plan:
    routes = list(plan.routes)
    route = routes[one.agent]
    routes[one.agent] = (*route[: one.place], one.visit, *route[one.place :])
    return Plan.of(routes)
