"""The day in motion: what happened stays, the rest is planned again from where everybody is.

Freezing needs no locks: a begun visit becomes a must-do of its agent whose only window is the moment at which
it really began. Travel that was faster than the matrix yields to the fact. Open visits start from now on.

Fewest changes for others: a visit that nothing touched is worth `change_cents` more with the agent who has it, so
that it changes hands or falls out only for more than that. Nothing is saved here: a what-if is a replan that
nobody publishes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.planning.checker import Judgement, judge
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Agent, Matrix, Problem, Visit, refuse
from fieldapp.planning.search import Tuning
from fieldapp.planning.solver import Clock, Listener, solve
from fieldapp.planning.timetable import agent_day, travel

CHANGE_CENTS = 300
"""What it must bring at least to take a visit from the agent who has it: somebody has to be told."""
COOL = Tuning(heat_first=0.02)
"""A plan in hand is improved, not made anew. How cool hardly matters with a price on changes (docs/planning.md)."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A visit that has begun: who made it, when it began, and when it ended if it did (seconds)."""

    visit: int
    agent: int
    start_s: int
    leave_s: int | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """The day at `now_s`. `absent` agents make no further visit; `withdrawn` visits are not made any more.

    `had_lunch`: agents known to have taken their break; who is free only after the lunch hours is not made to take one.
    `free_from`: (agent, second) of those who are held up until then. `urgent` visits must be made from now on.
    `moved`: (visit, new windows) of appointments that changed their hour.
    """

    now_s: int
    begun: tuple[Begun, ...] = ()
    absent: frozenset[int] = frozenset()
    withdrawn: frozenset[int] = frozenset()
    had_lunch: frozenset[int] = frozenset()
    free_from: tuple[tuple[int, int], ...] = ()
    urgent: frozenset[int] = frozenset()
    moved: tuple[tuple[int, tuple[tuple[int, int], ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A visit that is with another agent than before; None is with nobody.

    `price_cents`: what giving it away had to bring at least; 0 for visits that the situation itself touched.
    """

    visit: int
    before: int | None
    after: int | None
    price_cents: int


@dataclass(frozen=True, slots=True)
class Replanned:
    """The rest of the day, judged without prices on changes, and every visit that changed hands."""

    plan: Plan
    judgement: Judgement
    changes: tuple[Change, ...]
    iterations: int

    @property
    def price_cents(self) -> int:
        """All that was set against the changes: the plan is better than keeping everything by more than this."""
        return sum(change.price_cents for change in self.changes)


def evaluate(problem: Problem, plan: Plan) -> Judgement:
    """Times, worth and violations of an order given by hand; violations are told, never refused."""
    return judge(problem, plan)


def replan(
    problem: Problem,
    plan: Plan,
    situation: Situation,
    *,
    seed: int,
    change_cents: int = CHANGE_CENTS,
    seconds: float | None = None,
    iterations: int | None = None,
    clock: Clock | None = None,
    on_progress: Listener | None = None,
) -> Replanned:
    """The best continuation of `plan` from `situation`, starting from what can still be kept of it.

    `change_cents`: the price of taking a visit that nothing touched from its agent. Times and objective are those of
    the whole day, begun visits included. Raises the refusals of `freeze` and of `solve`.
    """
    frozen, kept = freeze(problem, plan, situation)
    priced = _priced(frozen, kept, {begun.visit for begun in situation.begun}, change_cents)
    solution = solve(
        priced,
        seed=seed,
        seconds=seconds,
        iterations=iterations,
        clock=clock,
        on_progress=on_progress,
        start=kept,
        tuning=COOL,
    )
    return Replanned(
        plan=solution.plan,
        judgement=judge(frozen, solution.plan),
        changes=_changes(plan, kept, solution.plan, change_cents),
        iterations=solution.iterations,
    )


def _priced(problem: Problem, kept: Plan, begun: set[int], change_cents: int) -> Problem:
    """The problem with every open visit of `kept` worth `change_cents` more to the agent who has it.

    A wish for another agent gives way unless it is worth more than the change costs.
    """
    visits = list(problem.visits)
    for agent, route in enumerate(kept.routes):
        for visit in set(route) - begun:
            wished = visits[visit].preferred_cents if visits[visit].preferred is not None else 0
            if visits[visit].preferred == agent:
                visits[visit] = replace(visits[visit], preferred_cents=wished + change_cents)
            elif wished <= change_cents:
                visits[visit] = replace(visits[visit], preferred=agent, preferred_cents=change_cents)
    return problem.changed(visits=visits)


def _changes(before: Plan, kept: Plan, after: Plan, change_cents: int) -> tuple[Change, ...]:
    had, could, has = (
        {visit: agent for agent, route in enumerate(plan.routes) for visit in route} for plan in (before, kept, after)
    )
    return tuple(
        Change(visit, had.get(visit), has.get(visit), change_cents if visit in could else 0)
        for visit in sorted(had.keys() | has.keys())
        if had.get(visit) != has.get(visit)
    )


def freeze(problem: Problem, plan: Plan, situation: Situation) -> tuple[Problem, Plan]:
    """The problem with the past as facts, and what of `plan` still keeps the rules in it.

    Raises Refusal `planning.begun_unknown`, `planning.begun_twice`, `planning.begun_later`,
    `planning.plan_unreadable` (an agent or visit that is not there), and those of `Problem.of` for moved windows.
    """
    problem = _as_it_stands(problem, situation)
    past = _past(problem, situation)
    travel_s = np.array(problem.given_s)
    agents = [_agent(problem, agent, past[agent], situation, travel_s) for agent in range(problem.n_agents)]
    visits, may_visit = _visits(problem, past, situation)
    frozen = problem.changed(agents=agents, visits=visits, travel_s=travel_s, may_visit=may_visit)
    frozen = _with_true_shifts(frozen, past)
    kept = Plan.of(_kept(frozen, agent, plan.routes[agent], past) for agent in range(problem.n_agents))
    return frozen, _untied(frozen, kept, {begun.visit for begun in situation.begun})


def _untied(problem: Problem, plan: Plan, begun: set[int]) -> Plan:
    """`plan` without open visits of doors and groups of which what has begun left no lawful rest; others may be put
    back by the search."""
    told = {v.visit for v in judge(problem, plan).violations if v.rule in ("apart", "one_door")}
    doors = {int(problem.door[visit]) for visit in told if visit is not None} - {-1}
    loose = {visit for group in problem.apart if told.intersection(group) for visit in group}
    loose |= {visit for visit in plan.planned if problem.door[visit] in doors}
    return Plan.of([v for v in route if v in begun or v not in loose] for route in plan.routes)


def _as_it_stands(problem: Problem, situation: Situation) -> Problem:
    """The problem with moved appointments at their new hour and urgent visits as must-dos."""
    visits = list(problem.visits)
    named = [*situation.urgent, *situation.withdrawn, *(visit for visit, _ in situation.moved)]
    agents = [*situation.absent, *situation.had_lunch, *(agent for agent, _ in situation.free_from)]
    for name, numbers, count in (("visits", named, len(visits)), ("agents", agents, problem.n_agents)):
        for number in numbers:
            if not 0 <= number < count:
                raise refuse("plan_unreadable", f"situation.{name}", number)
    for visit, windows_s in situation.moved:
        visits[visit] = replace(visits[visit], windows_s=windows_s)
    for visit in situation.urgent:
        visits[visit] = replace(visits[visit], must=True)
    return problem.changed(visits=visits)


def _free_s(situation: Situation, agent: int) -> int:
    return max([situation.now_s, *(second for held, second in situation.free_from if held == agent)])


def _past(problem: Problem, situation: Situation) -> list[list[Begun]]:
    past: list[list[Begun]] = [[] for _ in range(problem.n_agents)]
    seen: set[int] = set()
    for begun in sorted(situation.begun, key=lambda b: (b.start_s, b.visit)):
        details = {"visit": begun.visit, "agent": begun.agent}
        if not (0 <= begun.visit < problem.n_visits and 0 <= begun.agent < problem.n_agents):
            raise Refusal("planning.begun_unknown", kind=Kind.MALFORMED, details=details)
        if begun.visit in seen:
            raise Refusal("planning.begun_twice", kind=Kind.MALFORMED, details=details)
        if begun.start_s > situation.now_s or (begun.leave_s or begun.start_s) < begun.start_s:
            raise Refusal("planning.begun_later", kind=Kind.MALFORMED, details=details)
        seen.add(begun.visit)
        past[begun.agent].append(begun)
    return past


def _agent(problem: Problem, agent: int, past: Sequence[Begun], situation: Situation, travel_s: Matrix) -> Agent:
    """The agent as the day stands; legs already driven are shortened in `travel_s` where they were faster."""
    before = problem.agents[agent]
    opens_s, closes_s = before.shift_s
    now = _free_s(situation, agent) if not past else min(opens_s, past[0].start_s)
    here, free_s = agent, now
    for begun in past:
        there = problem.node(begun.visit)
        travel_s[..., here, there] = np.minimum(travel_s[..., here, there], max(begun.start_s - free_s, 0))
        here, free_s = there, min(_left_s(problem, begun), situation.now_s)
    ate = agent in situation.had_lunch or _free_s(situation, agent) > problem.lunch.latest_start_s
    return replace(
        before,
        shift_s=(now if past else max(opens_s, now), max(closes_s, now)),
        max_visits=len(past) if agent in situation.absent else max(before.max_visits, len(past)),
        takes_lunch=before.takes_lunch and not ate,
    )


def _left_s(problem: Problem, begun: Begun) -> int:
    planned_s = begun.start_s + int(problem.service_s[begun.visit])
    return planned_s if begun.leave_s is None else begun.leave_s


def _visits(
    problem: Problem, past: Sequence[Sequence[Begun]], situation: Situation
) -> tuple[list[Visit], np.ndarray[tuple[int, int], np.dtype[np.bool_]]]:
    visits = list(problem.visits)
    may_visit = np.array(problem.may_visit)
    for visit, before in enumerate(problem.visits):
        open_s = [(max(o, situation.now_s), c) for o, c in before.windows_s if c >= situation.now_s]
        if visit in situation.withdrawn or not open_s:
            may_visit[:, visit] = False
            visits[visit] = replace(before, must=before.must and visit not in situation.withdrawn)
        else:
            visits[visit] = replace(before, windows_s=tuple(open_s))
    for agent, done in enumerate(past):
        for place, begun in enumerate(done):
            last = place == len(done) - 1
            leave_s = max(_left_s(problem, begun), _free_s(situation, agent)) if last else _left_s(problem, begun)
            if not last:
                leave_s = min(leave_s, done[place + 1].start_s)
            may_visit[:, begun.visit] = np.arange(problem.n_agents) == agent
            visits[begun.visit] = replace(
                problem.visits[begun.visit],
                windows_s=((begun.start_s, begun.start_s),),
                service_s=leave_s - begun.start_s,
                again_s=leave_s - begun.start_s,
                pin=agent,
                must=True,
                skills=frozenset(),
            )
    return visits, may_visit


def _with_true_shifts(problem: Problem, past: Sequence[Sequence[Begun]]) -> Problem:
    """Nobody who is out already can be told to have been home: the way home from the past extends the shift."""
    agents = list(problem.agents)
    for agent, done in enumerate(past):
        day = agent_day(problem, agent, tuple(begun.visit for begun in done))
        if day.lunch_missed:
            agents[agent] = replace(agents[agent], takes_lunch=False)
        if day.late_home_s:
            agents[agent] = replace(agents[agent], shift_s=(agents[agent].shift_s[0], day.home_s))
    return problem.changed(agents=agents)


def _kept(problem: Problem, agent: int, route: Iterable[int], past: Sequence[Sequence[Begun]]) -> tuple[int, ...]:
    """The begun visits, then as much of the planned rest as still keeps the rules."""
    done = tuple(begun.visit for begun in past[agent])
    begun_by_others = {b.visit for others in past for b in others} - set(done)
    rest = [v for v in route if v not in done and v not in begun_by_others and problem.may_visit[agent, v]]
    rest = rest[: max(int(problem.max_visits[agent]) - len(done), 0)]
    while rest:
        day = agent_day(problem, agent, (*done, *rest))
        if not (day.lateness_s or day.lunch_missed):
            break
        late = next((stop.visit for stop in day.stops if stop.late_s and stop.visit in rest), None)
        optional = [v for v in rest if not problem.must[v]] or rest
        rest.remove(late if late is not None and not problem.must[late] else _least(problem, agent, optional))
    return (*done, *rest)


def _least(problem: Problem, agent: int, visits: Sequence[int]) -> int:
    """The visit that is missed least: prize less the way from home, the last among equals."""
    return min(
        reversed(visits),
        key=lambda v: int(problem.prize_cents[v]) - travel(problem, agent, problem.node(v))[1],
    )
