"""One more visit in a plan that stays as it is: where it costs the least, and what it does to what comes after.

The compiled core says who could make it at all; the place itself is found and timed by the timetable, and nothing is
answered that the checker would not accept.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fieldapp.planning.checker import judge
from fieldapp.planning.constraints import Day, apart, one_door
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Problem
from fieldapp.planning.search import cheapest_places
from fieldapp.planning.timetable import AgentDay, agent_day, travel

PATIENCE_S = 1_800
"""The road that is saved is not worth it that everybody after waits: an agent at a door before its hour is paid too."""


@dataclass(frozen=True, slots=True)
class Insertion:
    """A lawful place: `place` counts in the agent's route without the visit (0 = first).

    `start_s`: when the visit begins. `travel_s`, `travel_cents`: what the way becomes more. `delay_s`: by how much the
    visits after it begin later, at most.
    """

    visit: int
    agent: int
    place: int
    start_s: int
    travel_s: int
    travel_cents: int
    delay_s: int


def barred(problem: Problem, plan: Plan, *, also: Collection[int] = ()) -> frozenset[int]:
    """The agents whose route breaks a rule as it stands, and those of `also`: nothing is put in there."""
    broken = judge(problem, plan).broken
    return frozenset(violation.agent for violation in broken if violation.agent is not None) | frozenset(also)


def insertions(
    problem: Problem, plan: Plan, visits: Sequence[int], *, without: Collection[int] = ()
) -> tuple[Insertion | None, ...]:
    """For each of `visits` (in no route), by itself: the cheapest place with any agent but `without`, or None."""
    may_visit = np.array(problem.may_visit)
    for agent in without:
        may_visit[agent, list(visits)] = False
    # Nobody may visit more than before: what was checked of the problem still holds.
    open_to = replace(problem, may_visit=may_visit)
    places = cheapest_places(open_to, plan, np.array(visits, np.int64))
    before: dict[int, AgentDay] = {}
    stood = _between(problem, plan)
    found = []
    for visit, (_, agent) in zip(visits, places.tolist(), strict=True):
        if agent >= 0 and agent not in before:
            before[agent] = agent_day(problem, agent, plan.routes[agent])
        found.append(_placed(open_to, plan, visit, before[agent], stood) if agent >= 0 else None)
    return tuple(found)


def _placed(problem: Problem, plan: Plan, visit: int, before: AgentDay, stood: int) -> Insertion | None:
    """The cheapest place with this agent that breaks nothing, tried from the smallest detour on.

    `stood`: what is broken between visits of one person as it is. A place at which others would have to wait longer
    than `PATIENCE_S` is taken only where there is no better one.
    """
    agent, route = before.agent, plan.routes[before.agent]
    nodes = [agent, *(problem.node(one) for one in route), int(problem.ends[agent])]
    here = problem.node(visit)

    def detour(place: int) -> int:
        start, end = nodes[place], nodes[place + 1]
        return travel(problem, start, here)[1] + travel(problem, here, end)[1] - travel(problem, start, end)[1]

    was = {stop.visit: stop.start_s for stop in before.stops}
    cheapest: Insertion | None = None
    tied = int(problem.door[visit]) >= 0 or any(visit in group for group in problem.apart)
    for place in sorted(range(len(route) + 1), key=detour):
        after = agent_day(problem, agent, (*route[:place], visit, *route[place:]))
        between = tied or _parts_a_door(problem, route, place)
        if after.lateness_s or after.lunch_missed or (between and _between(problem, _with(plan, after)) > stood):
            continue
        found = Insertion(
            visit=visit,
            agent=agent,
            place=place,
            start_s=after.stops[place].start_s,
            travel_s=after.travel_s - before.travel_s,
            travel_cents=after.travel_cents - before.travel_cents,
            delay_s=max((stop.start_s - was[stop.visit] for stop in after.stops if stop.visit != visit), default=0),
        )
        if found.delay_s <= PATIENCE_S:
            return found
        cheapest = cheapest or found
    return cheapest


def _parts_a_door(problem: Problem, route: Sequence[int], place: int) -> bool:
    """Whether who is put there would come between two visits at one door, which are one stop."""
    if not 0 < place < len(route):
        return False
    door = int(problem.door[route[place - 1]])
    return door >= 0 and door == int(problem.door[route[place]])


def _with(plan: Plan, after: AgentDay) -> Plan:
    routes = list(plan.routes)
    routes[after.agent] = tuple(stop.visit for stop in after.stops)
    return Plan.of(routes)


def _between(problem: Problem, plan: Plan) -> int:
    """How often something is broken between visits of one person, over the whole plan; no time is asked for it."""
    seen = Day(problem, plan, ())
    return sum(1 for rule in (apart, one_door) for _ in rule(seen))
