"""The hard rules of a day plan, each one named function with its source.

Every rule looks at a plan and its timetable and returns what breaks it; none repairs anything. A new rule is
one function here, one line in `RULES`, and its mirror in the compiled core.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, groupby

from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Problem
from fieldapp.planning.timetable import AgentDay


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule. `by` is seconds for times, a count for counts, else 0."""

    rule: str
    agent: int | None = None
    visit: int | None = None
    by: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """What a rule may look at: the problem, the plan, and the plan's exact times."""

    problem: Problem
    plan: Plan
    days: tuple[AgentDay, ...]


Rule = Callable[[Day], Iterator[Violation]]


def window(day: Day) -> Iterator[Violation]:
    """Service starts inside a window: lawful visiting hours and agreed appointments (DOMAIN 2.1)."""
    for route in day.days:
        for stop in route.stops:
            if stop.late_s > 0:
                yield Violation("window", route.agent, stop.visit, stop.late_s)


def shift(day: Day) -> Iterator[Violation]:
    """The agent is home when the shift ends (working hours agreed with the agency)."""
    for route in day.days:
        if route.stops and route.late_home_s > 0:
            yield Violation("shift", route.agent, by=route.late_home_s)


def lunch(day: Day) -> Iterator[Violation]:
    """A break between two stops inside the lunch hours (D.Lgs. 66/2003 art. 8: a pause within long days)."""
    for route in day.days:
        if route.lunch_missed:
            yield Violation("lunch", route.agent)


def max_visits(day: Day) -> Iterator[Violation]:
    """No agent makes more visits than the agency allows in a day (customer's figure: 14)."""
    for agent, route in enumerate(day.plan.routes):
        over = len(route) - int(day.problem.max_visits[agent])
        if over > 0:
            yield Violation("max_visits", agent, by=over)


def capacity(day: Day) -> Iterator[Violation]:
    """The loads of an agent's visits stay within its capacity (the vehicle routing problem of the literature)."""
    for agent, route in enumerate(day.plan.routes):
        over = sum(int(day.problem.load[visit]) for visit in route) - int(day.problem.capacity[agent])
        if over > 0:
            yield Violation("capacity", agent, by=over)


def pin(day: Day) -> Iterator[Violation]:
    """A pinned visit is made by its agent only (a dispatcher's decision)."""
    for agent, route in enumerate(day.plan.routes):
        for visit in route:
            if day.problem.pin[visit] not in (-1, agent):
                yield Violation("pin", agent, visit)


def may_visit(day: Day) -> Iterator[Violation]:
    """An agent goes only where the notified licence area reaches (art. 115 TULPS)."""
    for agent, route in enumerate(day.plan.routes):
        for visit in route:
            pinned_elsewhere = day.problem.pin[visit] not in (-1, agent)
            otherwise = pinned_elsewhere or _lacks(day.problem, agent, visit)
            if not day.problem.may_visit[agent, visit] and not otherwise:
                yield Violation("may_visit", agent, visit)


def skills(day: Day) -> Iterator[Violation]:
    """A visit that asks for a language, a language of signs or a trade gets an agent who has it (customer's rule)."""
    for agent, route in enumerate(day.plan.routes):
        for visit in route:
            if lacking := _lacks(day.problem, agent, visit):
                yield Violation("skills", agent, visit, len(lacking))


def _lacks(problem: Problem, agent: int, visit: int) -> frozenset[str]:
    return problem.visits[visit].skills - problem.agents[agent].skills


def skilled(problem: Problem, visit: int) -> bool:
    """Whether any agent has all the skills that the visit asks for."""
    return any(not _lacks(problem, agent, visit) for agent in range(problem.n_agents))


def apart(day: Day) -> Iterator[Violation]:
    """One person known at two doors is called on at one of them only (spoken to at most once a day, DOMAIN 2.1).

    Two appointments that were both promised both stand.
    """
    planned, must = _by_agent(day.plan), day.problem.must
    for group in day.problem.apart:
        made = sorted((visit for visit in group if visit in planned), key=lambda visit: (not must[visit], visit))
        for visit in made[1:]:
            if not must[visit]:
                yield Violation("apart", planned[visit], visit, len(made) - 1)


def _by_agent(plan: Plan) -> dict[int, int]:
    return {visit: agent for agent, route in enumerate(plan.routes) for visit in route}


def one_door(day: Day) -> Iterator[Violation]:
    """Visits at one door are one stop of one agent (nobody rings there twice a day, DOMAIN 2.1).

    Two appointments there at different hours were both promised, and both stand.
    """
    stops: dict[str, list[list[int]]] = {}
    planned = _by_agent(day.plan)
    for route in day.plan.routes:
        for name, visits in groupby(route, key=lambda visit: day.problem.visits[visit].door):
            if name is not None:
                stops.setdefault(name, []).append(list(visits))
    for several in stops.values():
        for stop, other in combinations(several, 2):
            if any(not (day.problem.must[v] and day.problem.must[w]) for v in stop for w in other if v != w):
                yield Violation("one_door", planned[other[0]], other[0])


def once(day: Day) -> Iterator[Violation]:
    """Nobody rings twice at one door on one day (contact frequency, DOMAIN 2.1)."""
    times = Counter(visit for route in day.plan.routes for visit in route)
    for visit, count in times.items():
        if count > 1:
            yield Violation("once", visit=visit, by=count - 1)


def must(day: Day) -> Iterator[Violation]:
    """Appointments that were promised are kept (customer's rule: never given up for prizes)."""
    planned = day.plan.planned
    for visit in range(day.problem.n_visits):
        if day.problem.must[visit] and visit not in planned:
            yield Violation("must", visit=visit)


def preference(problem: Problem, agent: int, visit: int) -> int:
    """What it is worth in cents that `agent` and nobody else makes `visit`: a wish with a price, never a rule."""
    wanted = problem.preferred[problem.day[agent], visit]
    return int(problem.preferred_cents[visit]) if wanted == agent else 0


RULES: tuple[Rule, ...] = (
    window,
    shift,
    lunch,
    max_visits,
    capacity,
    pin,
    may_visit,
    skills,
    apart,
    one_door,
    once,
    must,
)
"""Every hard rule; the checker asks all of them."""
