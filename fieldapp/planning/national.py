"""A national day: cells planned as jobs by whoever has a hand free, their borders planned again, the whole judged.

Knows no processes and no machines: a crew is handed in that takes jobs and gives back what was done, in any order. With
iterations in place of seconds the same day, seed and cells give the same plan, however many hands there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.planning.checker import Judgement, judge
from fieldapp.planning.faults import Fault
from fieldapp.planning.left_over import left_over
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Ints
from fieldapp.planning.search import Tuning
from fieldapp.planning.solver import Clock, Listener, Progress, solve
from fieldapp.planning.territories import AGENTS, NEVER_S, Country, Part, Territories, bundles, cut

LARGE_VISITS, LARGE_AGENTS = 4_000, 200
"""From here on a day is cut: the search alone needs more memory and time than its cells."""
CELLS_SHARE = 0.75
"""Of the time for the cells, the rest for their borders."""
ROUNDS = 3
BORDER_AGENTS = 12
BORDER_VISITS = 150
"""From each side: agents near the other side, and visits that nobody makes so far."""
WARM = Tuning(heat_first=0.03)
"""A border begins with a good plan, which great heat would undo."""
JUDGED_AGENTS = 40

Routes = list[tuple[int, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A part of the day to be planned, from `start` where it was planned before; exactly one limit is given."""

    number: int
    part: Part
    seed: int
    start: Plan | None = None
    seconds: float | None = None
    iterations: int | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """The plan of a job in its own numbers. `gained_cents`: more than its start was worth. `lost`: nobody came back
    from it, so it stands as it began."""

    number: int
    plan: Plan
    objective_cents: int
    unserved_must: int
    iterations: int
    gained_cents: int = 0
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Underway:
    """How far a job has come that is not done yet."""

    number: int
    objective_cents: int


class Crew(Protocol):
    """Hands for jobs, here or elsewhere."""

    def each(self, jobs: Sequence[Job], *, ends_s: float | None) -> Iterator[Done | Underway]:
        """What becomes of `jobs`, as it becomes known; by the clock until about `ends_s` where they say no limit."""
        ...

    def hurry(self) -> None:
        """Whatever runs takes what it has, whatever comes gets a first plan only."""
        ...


def work(job: Job, *, clock: Clock, on_progress: Listener | None = None) -> Done:
    """Do one job. It is never worse than its start, by the checker; the time to make its ways is part of its time."""
    began = clock()
    problem = job.part.problem()
    before = None if job.start is None else judge(problem, job.start)
    seconds = None if job.seconds is None else max(job.seconds - (clock() - began), 0.0)
    found = solve(
        problem,
        seed=job.seed,
        seconds=seconds,
        iterations=job.iterations,
        clock=clock,
        on_progress=on_progress,
        start=job.start,
        tuning=WARM if job.start is not None else None,
        recombine=False,
    )
    if before is not None and job.start is not None and _rank(before) >= _rank(found.judgement):
        return Done(job.number, job.start, *_worth(before), found.iterations)
    gained = found.judgement.objective_cents - (before.objective_cents if before else 0)
    return Done(job.number, found.plan, *_worth(found.judgement), found.iterations, gained)


def _rank(judgement: Judgement) -> tuple[int, int]:
    return -len(judgement.unserved_must), judgement.objective_cents


def _worth(judgement: Judgement) -> tuple[int, int]:
    return judgement.objective_cents, len(judgement.unserved_must)


class OneHand:
    """The crew of one: this process, one job after the other."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hurried = False

    def each(self, jobs: Sequence[Job], *, ends_s: float | None) -> Iterator[Done | Underway]:
        """One after the other, each with its share of the time that is left."""
        for place, job in enumerate(jobs):
            if ends_s is not None and job.iterations is None:
                job = replace(job, seconds=max(ends_s - self._clock(), 0.0) / (len(jobs) - place))
            if self._hurried:
                job = replace(job, seconds=None, iterations=1)
            yield work(job, clock=self._clock, on_progress=self._go_on)

    def hurry(self) -> None:
        """Take what there is."""
        self._hurried = True

    def _go_on(self, progress: Progress) -> bool:  # noqa: ARG002  (a listener hears how far it is)
        return not self._hurried


@dataclass(frozen=True, slots=True)
class CountryPlan:
    """A judged plan of a large day. `cells_cents`: what the cells were worth before their borders were looked at.

    `curve`: seconds and cents, as it went. `lost`: how many jobs nobody came back from.
    """

    plan: Plan
    objective_cents: int
    prize_cents: int
    travel_cents: int
    served: int
    unserved_must: tuple[int, ...]
    iterations: int
    cells: int
    cells_cents: int
    borders: int
    curve: tuple[tuple[float, int], ...]
    lost: int
    taken_early: bool


Teller = Callable[[float, int], bool | None]
"""Hears of seconds and cents so far; answering False means "take it now"."""


@dataclass(slots=True, eq=False)
class _Planning:
    """One national day underway."""

    country: Country
    crew: Crew
    seed: int
    clock: Clock
    on_news: Teller | None
    territories: Territories
    bundle: list[list[int]]
    bundle_of: Ints
    visit_cell: Ints
    routes: Routes
    began: float
    curve: list[tuple[float, int]] = field(default_factory=list)
    stopped: bool = False
    iterations: int = 0
    lost: int = 0
    cents: int = 0
    cells_must: int = 0

    def say(self, cents: int) -> None:
        at = round(self.clock() - self.began, 3)
        self.curve.append((at, cents))
        if self.on_news is not None and self.on_news(at, cents) is False and not self.stopped:
            self.stopped = True
            self.crew.hurry()

    def cells(self, *, ends_s: float | None, iterations: int | None) -> None:
        """Plan every cell."""
        count = self.territories.count
        inside = [(self.territories.agents_of(cell), self.territories.visits_of(cell)) for cell in range(count)]
        jobs = Parts(self.country, inside, seed=self.seed, iterations=iterations)
        worth = dict.fromkeys(range(count), 0)
        for news in self.crew.each(jobs, ends_s=ends_s):
            worth[news.number] = news.objective_cents
            if isinstance(news, Done):
                self._take(news, *inside[news.number])
                self.cells_must += news.unserved_must
            self.say(sum(worth.values()))
        self.cents = sum(worth.values())

    def borders(
        self, pairs: Sequence[tuple[int, int]], *, round_: int, ends_s: float | None, iterations: int | None
    ) -> None:
        """Plan again what lies along the borders of `pairs`, in which no cell stands twice."""
        inside = [self._along(*pair) for pair in pairs]
        starts = [self._start(*each) for each in inside]
        seed = self.seed + 1_000_003 * (round_ + 1)
        jobs = Parts(self.country, inside, seed=seed, iterations=iterations, starts=starts)
        gained = 0
        for news in self.crew.each(jobs, ends_s=ends_s):
            if isinstance(news, Done) and not news.lost:
                self._take(news, *inside[news.number])
                gained += news.gained_cents
                self.say(self.cents + gained)
            elif isinstance(news, Done):
                self.lost += 1
        self.cents += gained

    def _take(self, done: Done, agents: Sequence[int], visits: Sequence[int]) -> None:
        self.iterations += done.iterations
        self.lost += done.lost
        for agent, route in zip(agents, done.plan.routes, strict=True):
            self.routes[agent] = tuple(visits[visit] for visit in route)
            cell = int(self.territories.agent_cell[agent])
            for visit in self.routes[agent]:
                self.visit_cell[self.bundle[self.bundle_of[visit]]] = cell

    def _start(self, agents: Sequence[int], visits: Sequence[int]) -> Plan:
        new = {visit: i for i, visit in enumerate(visits)}
        return Plan.of([new[visit] for visit in self.routes[agent]] for agent in agents)

    def _along(self, one: int, other: int) -> tuple[list[int], list[int]]:
        """Who lives near the other side, what they visit, and what nobody visits there.

        A visit that others of its bundle are made away from here stays out: here nobody could see it.
        """
        agents: list[int] = []
        for mine, theirs in ((one, other), (other, one)):
            own = np.array(self.territories.agents_of(mine), np.int64)
            away = self.territories.agent_away_s[own, theirs]
            agents += [int(agent) for agent in own[np.argsort(away, kind="stable")[:BORDER_AGENTS]]]
        planned = {visit for route in self.routes for visit in route}
        here = {visit for agent in agents for visit in self.routes[agent]}
        loose: list[int] = []
        for mine, theirs in ((one, other), (other, one)):
            own = np.flatnonzero(self.visit_cell == mine)
            own = own[np.argsort(self.territories.away_s[own, theirs], kind="stable")]
            free = [visit for visit in own.tolist() if visit not in planned and self._is_seen(visit, planned, here)]
            musts = [visit for visit in free if self.country.visits[visit].must]
            loose += dict.fromkeys([*musts, *free[:BORDER_VISITS]])
        return agents, [*sorted(here), *loose]

    def _is_seen(self, visit: int, planned: set[int], here: set[int]) -> bool:
        return all(beside in here for beside in self.bundle[self.bundle_of[visit]] if beside in planned)


class Parts(Sequence[Job]):
    """Jobs that are made when somebody takes them: all at once they would be the whole day again."""

    def __init__(
        self,
        country: Country,
        inside: Sequence[tuple[list[int], list[int]]],
        *,
        seed: int,
        iterations: int | None,
        starts: Sequence[Plan] = (),
    ) -> None:
        self._country = country
        self._inside = inside
        self._seed = seed
        self._iterations = iterations
        self._starts = starts

    def __len__(self) -> int:
        return len(self._inside)

    def __getitem__(self, number: int) -> Job:  # type: ignore[override]  # nobody asks for a slice
        if not 0 <= number < len(self._inside):
            raise IndexError(number)
        return Job(
            number=number,
            part=self._country.part(*self._inside[number]),
            seed=self._seed + number,
            start=self._starts[number] if self._starts else None,
            iterations=self._iterations,
        )


def plan_country(
    country: Country,
    *,
    seed: int,
    crew: Crew,
    clock: Clock,
    seconds: float | None = None,
    iterations: int | None = None,
    on_news: Teller | None = None,
    agents: int = AGENTS,
) -> CountryPlan:
    """The best plan found within `seconds` or, for each cell and border, `iterations`; exactly one is given.

    `agents`: how many a cell holds, about. The plan is accepted by the checker and worth no less than its cells.
    Raises Refusal `planning.no_budget`.
    """
    if (seconds is None) == (iterations is None):
        raise Refusal("planning.no_budget", kind=Kind.MALFORMED)
    began = clock()
    territories = cut(country, agents=agents)
    together = bundles(country)
    bundle_of = np.zeros(len(country.visits), np.int64)
    for number, bundle in enumerate(together):
        bundle_of[bundle] = number
    run = _Planning(
        country=country,
        crew=crew,
        seed=seed,
        clock=clock,
        on_news=on_news,
        territories=territories,
        bundle=together,
        bundle_of=bundle_of,
        visit_cell=territories.visit_cell.copy(),
        routes=[()] * len(country.agents),
        began=began,
    )
    rounds = neighbours(territories)
    share = CELLS_SHARE if rounds else 1.0
    left = None if seconds is None else max(seconds - (clock() - began), 0.0)
    cells_end = None if left is None else clock() + left * share
    run.cells(ends_s=cells_end, iterations=iterations)
    cells_cents = run.cents
    borders = 0
    for round_, pairs in enumerate(rounds):
        if run.stopped or (seconds is not None and clock() - began >= seconds):
            break
        ends_s = None
        if seconds is not None:
            ends_s = clock() + max(began + seconds - clock(), 0.0) / (len(rounds) - round_)
        run.borders(pairs, round_=round_, ends_s=ends_s, iterations=iterations)
        borders += len(pairs)
    return _judged(run, cells_cents, borders)


def neighbours(territories: Territories) -> list[list[tuple[int, int]]]:
    """Pairs of cells with visits that the other's agents reach nearly as soon, in rounds without a cell twice."""
    count, away, cell = territories.count, territories.away_s, territories.visit_cell
    own = away[np.arange(len(cell)), cell]
    shared = np.zeros((count, count), np.int64)
    for other in range(count):
        near = (away[:, other] < NEVER_S) & (away[:, other] <= own + 900)
        shared[:, other] = np.bincount(cell[near], minlength=count)
    shared += shared.T.copy()
    pairs = sorted(
        ((one, other) for one in range(count) for other in range(one + 1, count) if shared[one, other]),
        key=lambda pair: (-shared[pair], pair),
    )
    rounds: list[list[tuple[int, int]]] = []
    for _ in range(ROUNDS):
        busy: set[int] = set()
        chosen = []
        for pair in pairs:
            if busy.isdisjoint(pair):
                busy.update(pair)
                chosen.append(pair)
        pairs = [pair for pair in pairs if pair not in chosen]
        if chosen:
            rounds.append(chosen)
    return rounds


def _judged(run: _Planning, cells_cents: int, borders: int) -> CountryPlan:
    plan = Plan.of(run.routes)
    judgements = judge_country(run.country, plan)
    objective = sum(one.objective_cents for one in judgements)
    planned = plan.planned
    unserved = tuple(v for v, visit in enumerate(run.country.visits) if visit.must and v not in planned)
    if objective < cells_cents and len(unserved) >= run.cells_must:  # a fault of ours, never of the input
        raise AssertionError(f"borders made the day worse: {objective} < {cells_cents}")
    run.say(objective)
    return CountryPlan(
        plan=plan,
        objective_cents=objective,
        prize_cents=sum(one.prize_cents for one in judgements),
        travel_cents=sum(one.travel_cents for one in judgements),
        served=len(planned),
        unserved_must=unserved,
        iterations=run.iterations,
        cells=run.territories.count,
        cells_cents=cells_cents,
        borders=borders,
        curve=tuple(run.curve),
        lost=run.lost,
        taken_early=run.stopped,
    )


def judge_country(country: Country, plan: Plan) -> list[Judgement]:
    """The checker's word on every agent's day, some agents at a time; agents who share a door or a person at once.

    Raises AssertionError where a rule is broken: a fault of ours, never of the input.
    """
    judgements = []
    for agents in _groups(country, plan):
        visits = [visit for agent in agents for visit in plan.routes[agent]]
        if len(set(visits)) != len(visits):
            raise AssertionError("a visit stands in two routes")
        new = {visit: i for i, visit in enumerate(visits)}
        problem = country.part(agents, visits).problem()
        judgement = judge(problem, Plan.of([new[visit] for visit in plan.routes[agent]] for agent in agents))
        if judgement.broken:
            raise AssertionError(f"the plan broke rules: {judgement.broken[:3]}")
        judgements.append(judgement)
    if sum(map(len, plan.routes)) != len(plan.planned):
        raise AssertionError("a visit stands in two routes")
    return judgements


def _groups(country: Country, plan: Plan) -> Iterator[list[int]]:
    """Agents in lots, those who visit one bundle in one lot."""
    makes = {visit: agent for agent, route in enumerate(plan.routes) for visit in route}
    beside: dict[int, set[int]] = {}
    for bundle in bundles(country):
        several = {makes[visit] for visit in bundle if visit in makes}
        if len(several) > 1:
            for agent in several:
                beside.setdefault(agent, set()).update(several)
    seen: set[int] = set()
    lot: list[int] = []
    for agent in range(len(country.agents)):
        todo = [agent]
        while todo:
            one = todo.pop()
            if one not in seen:
                seen.add(one)
                lot.append(one)
                todo.extend(beside.get(one, ()))
        if len(lot) >= JUDGED_AGENTS:
            yield lot
            lot = []
    if lot:
        yield lot


def left_over_of(country: Country, plan: Plan, *, agents: int = AGENTS) -> tuple[Fault, ...]:
    """For each visit that nobody in the whole country can make, and each must-do not kept, why."""
    territories = cut(country, agents=agents)
    planned = plan.planned
    suspects: dict[int, Fault] = {}
    for cell in range(territories.count):
        inside = territories.agents_of(cell)
        made = [visit for agent in inside for visit in plan.routes[agent]]
        visits = [*made, *(visit for visit in territories.visits_of(cell) if visit not in planned)]
        new = {visit: i for i, visit in enumerate(visits)}
        problem = country.part(inside, visits).problem()
        here = Plan.of([new[visit] for visit in plan.routes[agent]] for agent in inside)
        for fault in left_over(problem, here, told=[new[visit] for visit in visits if visit in country.closed]):
            suspects[visits[_number(fault.place)]] = _renamed(fault, visits)
    return tuple(_among_all(country, suspects))


def _among_all(country: Country, suspects: dict[int, Fault]) -> Iterator[Fault]:
    """What a cell cannot do somebody else may be able to: everybody is asked, for some visits at a time."""
    everybody, asked = list(range(len(country.agents))), sorted(suspects)
    for first in range(0, len(asked), 100):
        visits = asked[first : first + 100]
        problem = country.part(everybody, visits).problem()
        found = {visits[_number(one.place)]: one for one in left_over(problem, Plan.empty(problem))}
        for visit in visits:
            fault = found.get(visit)
            if fault is not None:
                yield suspects[visit] if fault.code == "problem.must_not_kept" else _renamed(fault, visits)


def _number(place: str) -> int:
    return int(place.removeprefix("visits[").removesuffix("]"))


def _renamed(fault: Fault, visits: Sequence[int]) -> Fault:
    other = f"visits[{visits[_number(fault.other)]}]" if fault.other else ""
    return Fault(fault.code, f"visits[{visits[_number(fault.place)]}]", fault.value, other)
