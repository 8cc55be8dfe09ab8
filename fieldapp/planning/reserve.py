"""The reserve of a day: what each agent may try when doors stay closed. Knows problem and plan, nothing else.

A closed door leaves time that the plan had counted on. Rather than drive on early, the agent takes a visit that lies
near the route and had no place in it; the phone carries these visits from the morning on, because there may be no
network where they are needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Problem

MOST = 10
"""Visits held for one agent: more would give a phone cases that its agent will hardly need to know."""
FARTHEST_S = 15 * 60
"""Travel from the nearest stop of the route."""


@dataclass(frozen=True, slots=True)
class InReserve:
    """An unplanned visit held for one agent, and how far it lies from the nearest node of that agent's route."""

    visit: int
    near: int
    travel_s: int


def reserve(problem: Problem, plan: Plan) -> list[list[InReserve]]:
    """For each agent the visits held in reserve, the most valuable first.

    Each visit is held for the one agent who passes nearest, so that two never ring at the same door; what stands
    against a planned visit is held for nobody, of a group that is kept apart only the worthiest is, and what is at one
    door is held for the agent who is there. An agent without a route has no reserve.
    """
    closed = _closed(problem, plan)
    hosts = {int(problem.door[visit]): agent for agent, route in enumerate(plan.routes) for visit in route}
    held: list[list[InReserve]] = [[] for _ in range(problem.n_agents)]
    for visit in plan.unplanned(problem):
        if visit in closed:
            continue
        found = [
            (_nearest(problem, plan, agent, visit), agent)
            for agent in range(problem.n_agents)
            if hosts.get(int(problem.door[visit]), agent) == agent or problem.door[visit] < 0
            if plan.routes[agent] and problem.may_visit[agent, visit] and _opens(problem, agent, visit)
        ]
        if not found:
            continue
        nearest, agent = min(found, key=lambda pair: (pair[0].travel_s, pair[1]))
        if nearest.travel_s <= FARTHEST_S:
            hosts.setdefault(int(problem.door[visit]), agent)
            held[agent].append(nearest)
    return [sorted(some, key=lambda one: (-_worth(problem, one), one.visit))[:MOST] for some in held]


def _closed(problem: Problem, plan: Plan) -> set[int]:
    """Visits that another one stands against: a planned one, or of the unplanned a worthier one."""
    closed: set[int] = set()
    planned = plan.planned
    for group in problem.apart:
        made = planned.intersection(group)
        open_ones = [visit for visit in group if visit not in made]
        kept = None if made else max(open_ones, key=lambda visit: int(problem.prize_cents[visit]), default=None)
        closed.update(visit for visit in open_ones if visit != kept)
    return closed


def _nearest(problem: Problem, plan: Plan, agent: int, visit: int) -> InReserve:
    nodes = np.array([problem.node(stop) for stop in plan.routes[agent]], np.int64)
    there = problem.travel_s[nodes, problem.node(visit)]
    at = int(there.argmin())
    return InReserve(visit, int(nodes[at]), int(there[at]))


def _worth(problem: Problem, one: InReserve) -> int:
    """Prize less the way there and back, in cents."""
    node = problem.node(one.visit)
    return int(problem.prize_cents[one.visit] - problem.cost_cents[one.near, node] - problem.cost_cents[node, one.near])


def _opens(problem: Problem, agent: int, visit: int) -> bool:
    begins_s, ends_s = (int(moment) for moment in problem.shift_s[agent])
    return any(opens_s < ends_s and closes_s > begins_s for opens_s, closes_s in problem.visits[visit].windows_s)
