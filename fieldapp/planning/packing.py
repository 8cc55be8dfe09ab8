"""Set packing: the best way to combine routes that the search met at different moments, by CP-SAT.

The model is written as CP-SAT reads it, since the library's own words for it load pandas: a second, and 60 MB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

import numpy as np
from ortools.sat.python import cp_model_helper as cp_sat

from fieldapp.planning.constraints import preference
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Problem
from fieldapp.planning.search import must_bonus
from fieldapp.planning.timetable import travel

Route = tuple[int, tuple[int, ...]]
MOST_ROUTES = 6_000
LEAST_S = 0.05
"""Below, CP-SAT is not asked."""


def pack(
    problem: Problem, pool: list[Route], best: Plan, *, seed: int, left_s: Callable[[], float] | None = None
) -> Plan | None:
    """At most one pooled route for each agent, each visit once, worth the most; None if nothing was found.

    Routes of `best` join the pool and hint the answer. `left_s`: the seconds that are left when it is asked; without
    it the work is counted, not timed, so that the same input gives the same answer. Of hours that count it says
    nothing.
    """
    if problem.hours_count:
        return None
    present = [(agent, route) for agent, route in enumerate(best.routes) if route]
    routes = _best_orders(problem, [*present, *reversed(pool)], left_s)
    if len(routes) <= len(present):
        return None
    by_agent: dict[int, list[int]] = {}
    by_visit: dict[int, list[int]] = {}
    model = cp_sat.CpModelProto()
    for number, (agent, route) in enumerate(routes):
        model.variables.add().domain.extend([0, 1])
        model.solution_hint.vars.append(number)
        model.solution_hint.values.append(int(best.routes[agent] == route))
        by_agent.setdefault(agent, []).append(number)
        for visit in route:
            by_visit.setdefault(visit, []).append(number)
    for group in [*by_agent.values(), *by_visit.values(), *_one_of(problem, by_visit)]:
        model.constraints.add().at_most_one.literals.extend(group)
    bonus = must_bonus(problem)
    _maximize(model, (_worth(problem, route, bonus) for route in routes))
    seconds = None if left_s is None else left_s()
    if seconds is not None and seconds < LEAST_S:
        return None
    solver, asked = cp_sat.SolveWrapper(), cp_sat.SatParameters()
    asked.num_workers = 1
    asked.random_seed = seed % 2**31
    if seconds is None:
        asked.max_deterministic_time = 1.0
    else:
        asked.max_time_in_seconds = seconds
    solver.set_parameters(asked)
    answer = solver.solve(model)  # type: ignore[no-untyped-call]  # the library's stub says nothing of it
    if answer.status not in (cp_sat.OPTIMAL, cp_sat.FEASIBLE):
        return None
    picked = dict(route for taken, route in zip(answer.solution, routes, strict=True) if taken)
    return Plan.of(picked.get(agent, ()) for agent in range(problem.n_agents))


def _maximize(model: cp_sat.CpModelProto, worths: Iterable[int]) -> None:
    """CP-SAT makes things small: what is to be large has its sign turned, and is turned back by the scale."""
    model.objective.scaling_factor = -1
    for number, worth in enumerate(worths):
        if worth:
            model.objective.vars.append(number)
            model.objective.coeffs.append(-worth)


def _one_of(problem: Problem, by_visit: dict[int, list[int]]) -> Iterator[list[int]]:
    """Routes of which there may be one: those with visits of one door, and those with visits that are kept apart."""
    doors = [np.flatnonzero(problem.door == door).tolist() for door in range(int(problem.door.max(initial=-1)) + 1)]
    for visits in [*doors, *problem.apart]:
        routes = dict.fromkeys(number for visit in visits for number in by_visit.get(visit, ()))
        if len(routes) > 1:
            yield list(routes)


def _best_orders(problem: Problem, pool: list[Route], left_s: Callable[[], float] | None) -> list[Route]:
    """For each agent and set of visits the cheapest order met; the newest routes where there are too many, or no time
    is left."""
    best: dict[tuple[int, frozenset[int]], Route] = {}
    for number, (agent, route) in enumerate(pool):
        if left_s is not None and number % 200 == 0 and left_s() < LEAST_S:
            break
        key = (agent, frozenset(route))
        if key not in best:
            if len(best) < MOST_ROUTES:
                best[key] = (agent, route)
        elif _cost(problem, agent, route) < _cost(problem, *best[key]):
            best[key] = (agent, route)
    return list(best.values())


def _cost(problem: Problem, agent: int, route: tuple[int, ...]) -> int:
    nodes = [agent, *(problem.node(visit) for visit in route), int(problem.ends[agent])]
    return sum(travel(problem, i, j)[1] for i, j in pairwise(nodes))


def _worth(problem: Problem, route: Route, bonus: int) -> int:
    agent, visits = route
    prize = sum(problem.prize(agent, v, 0) + bonus * bool(problem.must[v]) for v in visits)
    return prize + sum(preference(problem, agent, v) for v in visits) - _cost(problem, agent, visits)
