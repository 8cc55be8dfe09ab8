"""Several days planned at once: each visit on its best day, nobody visited twice.

Each day is a problem of its own, with its windows, prizes and agents; a visit of the same key on several days is one
visit. For the search they are laid together into one problem whose agents are lanes, one for each agent and day.
Judging does without that: every day by itself, by the one checker, and what may not happen over the days beside.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.planning.checker import Judgement, judge
from fieldapp.planning.constraints import Violation
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import LATEST_S, Agent, Ints, Matrix, OnDay, Problem, Visit

NO_WAY_S = 5 * LATEST_S
NO_WAY_CENTS = 10_000_000
"""Between visits that no day has in common: never driven."""


@dataclass(frozen=True, slots=True)
class DaysJudgement:
    """What the plans of several days are worth and what they break.

    `over_days`: rules broken between the days. `unserved_must`: keys of the appointments that no day keeps.
    """

    days: tuple[Judgement, ...]
    over_days: tuple[Violation, ...]
    unserved_must: tuple[str, ...]

    @property
    def objective_cents(self) -> int:
        """Prizes of each on its day, less all travel."""
        return sum(day.objective_cents for day in self.days)

    @property
    def broken(self) -> tuple[Violation, ...]:
        """Everything that makes the plans unlawful."""
        return (*(violation for day in self.days for violation in day.broken), *self.over_days)


@dataclass(frozen=True, slots=True)
class Together:
    """Several days as one problem of lanes, and the way back.

    `lane_of[lane]` is (day, agent); `numbers[day][visit]` is the visit's number in `problem`.
    """

    problem: Problem
    lane_of: tuple[tuple[int, int], ...]
    numbers: tuple[Ints, ...]

    @classmethod
    def of(cls, days: Sequence[Problem], *, apart: Collection[tuple[str, str]] = ()) -> Together:
        """Lay `days` together. Visits are known by their keys; an appointment is kept on a day that has it as one.

        `apart`: keys of visits of which one is made in all the days, besides those that a day keeps apart. Raises
        Refusal `planning.days_differ` where there is no day, lunch differs, or a key stands twice in a day.
        """
        _check(days)
        keys = list(dict.fromkeys(visit.key for day in days for visit in day.visits))
        number_of = {key: number for number, key in enumerate(keys)}
        numbers = tuple(np.array([number_of[visit.key] for visit in day.visits], np.int64) for day in days)
        lane_of = tuple((d, agent) for d, day in enumerate(days) for agent in range(day.n_agents))
        first_lane = np.cumsum([0, *(day.n_agents for day in days)])
        # Where agents end who do not end at home: places behind the visits, each day's own.
        own = [len(day.travel_s) - day.n_agents - day.n_visits for day in days]
        first_end = np.cumsum([0, *own])
        size = len(lane_of) + len(keys) + sum(own)
        from_s = sorted({moment for day in days for moment in day.from_s.tolist()})
        seconds = np.full((len(from_s) or 1, size, size), NO_WAY_S, np.int64)
        cents = np.full((size, size), NO_WAY_CENTS, np.int64)
        may_visit = np.zeros((len(lane_of), len(keys)), np.bool_)
        for d, (day, number, start) in enumerate(zip(days, numbers, first_lane, strict=False)):
            ends = len(lane_of) + len(keys) + np.arange(first_end[d], first_end[d + 1])
            nodes = np.concatenate([start + np.arange(day.n_agents), len(lane_of) + number, ends])
            every, known = np.ix_(nodes, nodes), seconds[:, nodes[:, None], nodes] < NO_WAY_S
            # Of the same way on two days the longer time: a day of its own has its own.
            ways_s = _by_hours(day, from_s)
            seconds[:, every[0], every[1]] = np.where(known, np.maximum(seconds[:, every[0], every[1]], ways_s), ways_s)
            cents[every] = day.cost_cents
            may_visit[np.ix_(nodes[: day.n_agents], number)] = day.may_visit
        seconds[:, np.arange(size), np.arange(size)] = 0
        np.fill_diagonal(cents, 0)
        found: list[list[tuple[int, int]]] = [[] for _ in keys]
        for d, number in enumerate(numbers):
            for visit, one in enumerate(number.tolist()):
                found[one].append((d, visit))
        groups = {tuple(sorted(numbers[d][list(group)].tolist())) for d, day in enumerate(days) for group in day.apart}
        groups |= {tuple(number_of[key] for key in pair) for pair in apart if all(key in number_of for key in pair)}
        problem = Problem.of(
            [_lane(days, d, agent, int(first_end[d])) for d, agent in lane_of],
            [_over_days(days, first_lane, several) for several in found],
            travel_s=seconds if from_s else seconds[0],
            from_s=from_s,
            cost_cents=cents,
            lunch=days[0].lunch,
            may_visit=may_visit,
            apart=sorted(groups),
        )
        return cls(problem, lane_of, numbers)

    def plans(self, plan: Plan) -> tuple[Plan, ...]:
        """The plan of each day."""
        routes: list[list[list[int]]] = [[] for _ in self.numbers]
        back = [{int(number): visit for visit, number in enumerate(numbers)} for numbers in self.numbers]
        for (day, _), route in zip(self.lane_of, plan.routes, strict=True):
            routes[day].append([back[day][visit] for visit in route])
        return tuple(Plan.of(day) for day in routes)


def _by_hours(day: Problem, from_s: Sequence[int]) -> Matrix:
    """(H, n, n) the ways of a day from each of these moments on."""
    if not day.travel_varies:
        return np.broadcast_to(day.travel_s, (len(from_s) or 1, *day.travel_s.shape))
    return day.travel_by_hour[np.searchsorted(day.from_s, np.array(from_s), side="right") - 1]


def _check(days: Sequence[Problem]) -> None:
    alike = len({day.lunch for day in days}) == 1
    if not alike or any(len({visit.key for visit in day.visits}) < day.n_visits for day in days):
        raise Refusal("planning.days_differ", kind=Kind.MALFORMED)


def _lane(days: Sequence[Problem], day: int, agent: int, first_end: int) -> Agent:
    one = days[day].agents[agent]
    end = None if one.end is None else first_end + one.end
    return replace(one, key=f"{day}:{one.key}", day=day, end=end)


def _over_days(days: Sequence[Problem], first_lane: Ints, found: Sequence[tuple[int, int]]) -> Visit:
    """One visit with what holds on each day on which somebody may make it; on its own days where it is promised.

    What it asks of its agent may be another on each day: that stands in `may_visit` already.
    """
    open_on = [(d, v) for d, v in found if days[d].may_visit[:, v].any()]
    promised = [(d, v) for d, v in open_on if days[d].must[v]]
    several = [(d, days[d].visits[v]) for d, v in promised or open_on]
    day, visit = found[0]
    one = replace(
        days[day].visits[visit],
        pin=None,
        skills=frozenset(),
        preferred=None,
        hours=(),
        must=any(days[d].must[v] for d, v in found),
    )
    if not several:
        return one
    return replace(
        one,
        service_s=max(visit.service_s for _, visit in several),
        again_s=max(visit.again_s or 0 for _, visit in several),
        preferred_cents=max(visit.preferred_cents for _, visit in several),
        days=tuple(
            OnDay(
                day=d,
                windows_s=visit.windows_s,
                prize_cents=visit.prize_cents,
                preferred=None if visit.preferred is None else int(first_lane[d]) + visit.preferred,
                hours=visit.hours,
            )
            for d, visit in several
        ),
    )


def judge_days(
    days: Sequence[Problem], plans: Sequence[Plan], *, apart: Collection[tuple[str, str]] = ()
) -> DaysJudgement:
    """Each day's plan by the checker, and what may not happen over the days; `apart` as in `Together.of`."""
    judged = tuple(judge(day, plan) for day, plan in zip(days, plans, strict=True))
    made = {days[d].visits[visit].key for d, plan in enumerate(plans) for visit in plan.planned}
    must = dict.fromkeys(visit.key for day in days for visit in day.visits if visit.must)
    return DaysJudgement(
        days=judged,
        over_days=tuple(on_one_day(days, plans, apart=apart)),
        unserved_must=tuple(key for key in must if key not in made),
    )


def on_one_day(
    days: Sequence[Problem], plans: Sequence[Plan], *, apart: Collection[tuple[str, str]] = ()
) -> Iterator[Violation]:
    """A person is called on once in the days planned, at one door (contact frequency, DOMAIN 2.1).

    Two appointments on two days were both promised, and both stand.
    """
    against: dict[str, set[frozenset[str]]] = {}
    in_days = [tuple(day.visits[v].key for v in group) for day in days for group in day.apart]
    for group in [*apart, *in_days]:
        for pair in combinations(group, 2):
            for key in pair:
                against.setdefault(key, set()).add(frozenset(pair))
    seen: dict[Hashable, list[tuple[int, bool]]] = {}
    for d, (day, plan) in enumerate(zip(days, plans, strict=True)):
        for agent, route in enumerate(plan.routes):
            for number in route:
                visit, promised = day.visits[number], bool(day.must[number])
                names: list[Hashable] = [("visit", visit.key), *against.get(visit.key, ())]
                if visit.door is not None:
                    names.append(("door", visit.door))
                before = [one for name in names for one in seen.get(name, ())]
                if any(on != d and not (promised and then) for on, then in before):
                    yield Violation("on_one_day", agent, number)
                for name in names:
                    seen.setdefault(name, []).append((d, promised))
