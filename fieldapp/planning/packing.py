"""Set packing: the best way to combine routes that the search met at different moments, by CP-SAT."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from ortools.sat.python import cp_model

from fieldapp.planning.constraints import preference
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Problem
from fieldapp.planning.search import must_bonus
from fieldapp.planning.timetable import travel

Route = tuple[int, tuple[int, ...]]
MOST_ROUTES = 6_000


def pack(problem: Problem, pool: list[Route], best: Plan, *, seed: int, seconds: float | None = None) -> Plan | None:
    """At most one pooled route for each agent, each visit once, worth the most; None if nothing was found.

    Routes of `best` join the pool and hint the answer. Without `seconds` the work is counted, not timed, so
    that the same input gives the same answer. Of hours that count it says nothing.
    """
    if problem.hours_count:
        return None
    present = [(agent, route) for agent, route in enumerate(best.routes) if route]
    routes = _best_orders(problem, [*present, *reversed(pool)])
    if len(routes) <= len(present):
        return None
    model = cp_model.CpModel()
    chosen = [model.new_bool_var(f"r{i}") for i in range(len(routes))]
    by_agent: dict[int, list[cp_model.IntVar]] = {}
    by_visit: dict[int, list[cp_model.IntVar]] = {}
    for variable, (agent, route) in zip(chosen, routes, strict=True):
        model.add_hint(variable, best.routes[agent] == route)
        by_agent.setdefault(agent, []).append(variable)
        for visit in route:
            by_visit.setdefault(visit, []).append(variable)
    for group in [*by_agent.values(), *by_visit.values(), *_one_of(problem, by_visit)]:
        model.add_at_most_one(group)
    bonus = must_bonus(problem)
    model.maximize(sum(x * _worth(problem, route, bonus) for x, route in zip(chosen, routes, strict=True)))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed % 2**31
    if seconds is None:
        solver.parameters.max_deterministic_time = 1.0
    else:
        solver.parameters.max_time_in_seconds = seconds
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    picked = dict(route for variable, route in zip(chosen, routes, strict=True) if solver.value(variable))
    return Plan.of(picked.get(agent, ()) for agent in range(problem.n_agents))


def _one_of(problem: Problem, by_visit: dict[int, list[cp_model.IntVar]]) -> Iterator[list[cp_model.IntVar]]:
    """Routes of which there may be one: those with visits of one door, and those with visits that are kept apart."""
    doors = [np.flatnonzero(problem.door == door).tolist() for door in range(int(problem.door.max(initial=-1)) + 1)]
    for visits in [*doors, *problem.apart]:
        routes = {variable.index: variable for visit in visits for variable in by_visit.get(visit, ())}
        if len(routes) > 1:
            yield list(routes.values())


def _best_orders(problem: Problem, pool: list[Route]) -> list[Route]:
    """For each agent and set of visits the cheapest order met; the newest routes where there are too many."""
    best: dict[tuple[int, frozenset[int]], Route] = {}
    for agent, route in pool:
        key = (agent, frozenset(route))
        if key not in best:
            if len(best) < MOST_ROUTES:
                best[key] = (agent, route)
        elif _cost(problem, agent, route) < _cost(problem, *best[key]):
            best[key] = (agent, route)
    return list(best.values())


def _cost(problem: Problem, agent: int, route: tuple[int, ...]) -> int:
    nodes = [agent, *(problem.node(visit) for visit in route), agent]
    return sum(travel(problem, i, j)[1] for i, j in pairwise(nodes))


def _worth(problem: Problem, route: Route, bonus: int) -> int:
    agent, visits = route
    prize = sum(problem.prize(agent, v, 0) + bonus * bool(problem.must[v]) for v in visits)
    return prize + sum(preference(problem, agent, v) for v in visits) - _cost(problem, agent, visits)
