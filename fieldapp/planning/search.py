"""Ruin and recreate from the outside: a problem goes in, a better plan comes out, step by step.

Knows how a checked problem becomes the compiled core's arrays and how heat falls over a run; knows no clock:
whoever calls says how much work a step does and how far the run has come.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import numpy.typing as npt

from fieldapp.planning import kernel
from fieldapp.planning.left_over import alone
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import ROWS_AT_ONCE, UNLIMITED, Agent, Ints, Matrix, Problem, Visit

POOL_CELLS = 1_000_000
HOMES = 5
FEW_AGENTS = 12


@dataclass(frozen=True, slots=True)
class Tuning:
    """How the search behaves; heat is in cents, as a share of the mean prize.

    Defaults after Christiaens and Vanden Berghe (2020) where they give them, else measured (docs/planning.md).
    """

    heat_first: float = 0.2
    heat_last: float = 0.005
    removed: float = 10.0
    longest: int = 10
    neighbours: int = 100
    pool: int = 20_000


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a search stands. `unserved_must` counts must-dos that the best plan does not reach."""

    iterations: int
    objective_cents: int
    unserved_must: int


class Search:
    """One run over one problem. Same problem, tuning, seed and steps: same plan."""

    def __init__(self, problem: Problem, *, seed: int, start: Plan | None = None, tuning: Tuning | None = None) -> None:
        self.problem = problem
        self._tuning = tuning or Tuning()
        self._data = _data(problem, self._tuning)
        self._state = _state(problem, self._data, seed=seed, tuning=self._tuning)
        worth = problem.prize_cents
        self._mean_prize = max(float(worth.mean()), 1.0) if len(worth) else 1.0
        _seat(self._state, problem, start or Plan.empty(problem))
        kernel.run(self._data, self._state, 0, 1.0, 1.0, 1.0, 1)

    def advance(self, iterations: int, *, done: float, until: float) -> Standing:
        """Run `iterations` while the heat falls as between the shares `done` and `until` of the whole run."""
        if self.problem.n_visits and self.problem.n_agents:
            first, last = self._heat(done), self._heat(until)
            cooling = math.exp(math.log(last / first) / max(iterations, 1))
            tuning = self._tuning
            kernel.run(self._data, self._state, iterations, first, cooling, tuning.removed, tuning.longest)
        return self.standing()

    def standing(self) -> Standing:
        """The figures of the best plan so far."""
        plan, problem = self.best(), self.problem
        served = plan.planned
        kept = sum(bool(problem.must[v]) for v in served)
        if problem.hours_count:
            worth = int(self._state.score[1]) - kept * must_bonus(problem)
        else:
            prize = sum(int(problem.prize_cents[v]) for v in served) + _by_agent(problem, plan)
            worth = prize - _travel(problem, plan)
        return Standing(
            iterations=int(self._state.score[2]) - 1,
            objective_cents=worth,
            unserved_must=int(problem.must.sum()) - kept,
        )

    def best(self) -> Plan:
        """The best plan so far."""
        base = self.problem.n_agents
        return Plan.of(self._state.best_stops[a, 1 : self._state.best_size[a] + 1] - base for a in range(base))

    def pool(self) -> list[tuple[int, tuple[int, ...]]]:
        """Distinct good routes met on the way, as (agent, visits), in the order met."""
        state, base = self._state, self.problem.n_agents
        filled = min(int(state.score[3]), len(state.pool_size))
        routes = (
            (int(state.pool_agent[i]), tuple((state.pool_stops[i, : state.pool_size[i]] - base).tolist()))
            for i in range(filled)
        )
        return list(dict.fromkeys(routes))

    def _heat(self, done: float) -> float:
        tuning = self._tuning
        fall = math.log(tuning.heat_last / tuning.heat_first) * min(done, 1.0)
        return self._mean_prize * tuning.heat_first * math.exp(fall)


def _by_agent(problem: Problem, plan: Plan) -> int:
    """What visits bring more with the agents who make them, less what they lose by waiting for these agents' days."""
    total = 0
    for agent, route in enumerate(plan.routes):
        day, visits = int(problem.day[agent]), np.array(route, np.int64)
        kept = problem.preferred[day, visits] == agent
        total += int(problem.preferred_cents[visits][kept].sum() - problem.waits_cents[day, visits].sum())
    return total


def _travel(problem: Problem, plan: Plan) -> int:
    total = 0
    for agent, route in enumerate(plan.routes):
        if route:
            stops = np.array([agent, *(problem.node(v) for v in route), problem.ends[agent]])
            total += int(problem.cost_cents[stops[:-1], stops[1:]].sum(dtype=np.int64))
    return total


def survey(problem: Problem, plan: Plan, visits: Ints) -> tuple[Ints, Ints]:
    """What each of `visits` would take in `plan` as it is: (n, 8) and (n, 3), see the kernel's `survey_...`."""
    tuning = Tuning(neighbours=0, pool=0)
    data = _data(problem, tuning)
    state = _state(problem, data, seed=0, tuning=tuning)
    _seat(state, problem, plan)
    places, swaps = np.zeros((len(visits), 8), np.int64), np.zeros((len(visits), 3), np.int64)
    kernel.survey_places(data, state, visits, places)
    kernel.survey_swaps(data, state, visits, swaps)
    return places, swaps


def cheapest_places(problem: Problem, plan: Plan, visits: Ints) -> Ints:
    """(n, 2) cents and agent of the cheapest lawful place of each of `visits` in `plan` as it is; agent -1: none."""
    tuning = Tuning(neighbours=0, pool=0)
    data = _data(problem, tuning)
    state = _state(problem, data, seed=0, tuning=tuning)
    _seat(state, problem, plan)
    places = np.zeros((len(visits), 8), np.int64)
    kernel.survey_places(data, state, visits, places)
    return places[:, :2]


def prepare(*, days: int = 1, hours: bool = False, ways: bool = False) -> None:
    """Compile the core, or load it from the cache: some 15 seconds once on a machine, then a third of one.

    For several `days` it is another one, so that one day costs nothing for them, where `hours` count a third, and where
    `ways` vary two more, with hours and without.
    """
    Search(_smallest(days, hours=hours, ways=ways), seed=0).advance(1, done=0.0, until=1.0)


def prepare_all(*, ways: bool = False) -> None:
    """Compile whatever planning will need: for setting up a machine.

    What `ways` that vary need takes longer than all the rest, and is compiled where the house has such ways.
    """
    prepare()
    prepare(days=2)
    prepare(hours=True)
    for hours in (False, True):
        for varying in (False, True) if ways else (False,):
            if varying:
                prepare(hours=hours, ways=True)
            survey(_smallest(1, hours=hours, ways=varying), Plan(((),)), np.zeros(1, np.int64))


def _smallest(days: int, *, hours: bool, ways: bool) -> Problem:
    by_hour = ((0, 1), (30, 2)) if hours else ()
    visit = Visit("v", windows_s=((0, 60),), service_s=1, prize_cents=1, hours=by_hour)
    nowhere = np.zeros((days + 1, days + 1), np.int64)
    travel_s, from_s = (np.stack([nowhere, nowhere]), (0, 30)) if ways else (nowhere, ())
    agents = [Agent("a", (0, 60), 1, day=day) for day in range(days)]
    return Problem.of(agents, [visit], travel_s=travel_s, from_s=from_s, cost_cents=nowhere)


def must_bonus(problem: Problem) -> int:
    """More than any plan's prizes and travel together, so that no must-do is given up for money."""
    dearest = int(problem.cost_cents.max(initial=0))
    prizes = int(problem.prize_cents.sum() + problem.preferred_cents.sum())
    return prizes + dearest * (problem.n_visits + problem.n_agents + 1) + 1


def _data(problem: Problem, tuning: Tuning) -> kernel.Data:
    n = len(problem.travel_s)
    legs = np.empty((n, n, 2), np.int32)
    legs[..., 0], legs[..., 1] = problem.fastest_s, problem.cost_cents
    legs[np.arange(n), np.arange(n)] = 0
    near = _near(problem, tuning.neighbours)
    windows = problem.windows_s.reshape(-1, problem.windows_s.shape[2], 2)
    opens, closes = windows[:, :, 0].copy(), windows[:, :, 1].copy()
    closes[opens > closes] = -1
    least_s = np.where(problem.door >= 0, problem.again_s, problem.service_s)
    lunch = problem.lunch
    tie_from, ties = _ties(problem)
    # One core more for ways that vary and one for both kinds of hours, each for any number of days.
    one_day = problem.n_days == 1 and not problem.hours_count and not problem.travel_varies
    return kernel.Data(
        leave=legs,
        reach=np.ascontiguousarray(legs.transpose(1, 0, 2)),
        door=_doors(problem),
        again=np.where(problem.door >= 0, problem.again_s, problem.service_s),
        tie_from=tie_from,
        ties=ties,
        worth=problem.prize_cents + problem.must * must_bonus(problem),
        service=problem.service_s.copy(),
        opens=opens,
        closes=closes,
        row=None if one_day else problem.day * problem.n_visits,
        soonest=windows[:, 0, 0] + np.tile(least_s, problem.n_days),
        last=closes.max(axis=1),
        allowed=problem.may_visit.copy(),
        room=np.minimum(problem.max_visits, problem.n_visits),
        load=problem.load.copy() if (problem.capacity < UNLIMITED).any() else np.zeros(0, np.int64),
        capacity=problem.capacity.copy(),
        shift=problem.shift_s.copy(),
        lunch=problem.takes_lunch.copy(),
        break_s=np.array([lunch.duration_s, lunch.earliest_start_s, lunch.latest_start_s], np.int64),
        near=near,
        homes=_homes(problem),
        order=_orders(problem),
        pin=problem.pin.copy(),
        wish=problem.preferred.reshape(-1).copy(),
        wish_worth=np.tile(problem.preferred_cents, problem.n_days),
        less=None if one_day else problem.waits_cents.reshape(-1).copy(),
        off=problem.off_cents.reshape(-1, len(problem.bands_s)).copy() if problem.hours_count else None,
        bands=problem.bands_s.copy(),
        musts=_musts(problem),
        ends=problem.ends.copy(),
        by_hour=_by_hour(problem) if problem.travel_varies else None,
        turns=problem.from_s.copy(),
    )


def _by_hour(problem: Problem) -> Matrix:
    """(n, n, H), what is asked of one way beside each other."""
    by_hour = np.array(problem.travel_by_hour.transpose(1, 2, 0), order="C")
    every = np.arange(len(by_hour))
    by_hour[every, every] = 0
    return by_hour


def _musts(problem: Problem) -> Ints:
    """The must-dos that somebody could make at all: the search returns to those that are not kept."""
    musts = np.flatnonzero(problem.must)
    ways = alone(problem, musts)
    able = problem.may_visit[:, musts] & (problem.max_visits[:, None] > 0) & (ways.window_s == 0) & (ways.shift_s == 0)
    return np.asarray(musts[able.any(axis=0)], np.int64)


def _doors(problem: Problem) -> Ints:
    if not (problem.door >= 0).any():
        return np.zeros(0, np.int64)
    others = len(problem.travel_s) - problem.n_agents - problem.n_visits
    none = np.full(problem.n_agents + others, -1, np.int64)
    return np.concatenate([none[: problem.n_agents], problem.door, none[problem.n_agents :]])


def _ties(problem: Problem) -> tuple[Ints, Ints]:
    """What stands against each visit: (V + 1,) where its rows begin, and (E, 2) other visit, 1 for the same door.

    Nothing stands between two appointments.
    """
    against: list[dict[int, int]] = [{} for _ in range(problem.n_visits)]
    doors: dict[int, list[int]] = {}
    for visit in np.flatnonzero(problem.door >= 0).tolist():
        doors.setdefault(int(problem.door[visit]), []).append(visit)
    groups = [*((1, visits) for visits in doors.values()), *((0, list(group)) for group in problem.apart)]
    for beside, visits in groups:
        for one, other in permutations(visits, 2):
            if not (problem.must[one] and problem.must[other]):
                against[one][other] = beside
    rows = [row for ties in against for row in ties.items()]
    begins = np.cumsum([0, *(len(ties) for ties in against)], dtype=np.int64)
    return begins, np.array(rows, np.int64).reshape(-1, 2)


def _near(problem: Problem, most: int) -> npt.NDArray[np.int64]:
    """(V, N) the nearest other visits of each, there and back; some rows at a time, since each is sorted whole."""
    base, visits = problem.n_agents, problem.n_visits
    count = max(min(most, visits - 1), 0)
    between = problem.cost_cents[base : base + visits, base : base + visits]
    near = np.empty((visits, count), np.int64)
    for first in range(0, visits, ROWS_AT_ONCE):
        rows = np.arange(first, min(first + ROWS_AT_ONCE, visits))
        distance = between[rows].astype(np.float64) + between[:, rows].T
        distance[rows - first, rows] = np.inf
        near[rows] = np.argsort(distance, axis=1, kind="stable")[:, :count]
    return near


def _homes(problem: Problem) -> npt.NDArray[np.int64]:
    """(V, H) the agents asked first for a visit: everybody where they are few, else who lives near, on each day."""
    ways = problem.cost_cents[: problem.n_agents, problem.n_agents : problem.n_agents + problem.n_visits]
    few = problem.n_agents if problem.n_agents <= FEW_AGENTS else HOMES * problem.n_days
    return np.ascontiguousarray(np.argsort(ways, axis=0, kind="stable")[:few].T.astype(np.int64))


def _orders(problem: Problem) -> npt.NDArray[np.float64]:
    """The insertion orders: random, prize, prize per second, tight windows, near homes, far from homes."""
    base = problem.n_agents
    prize = problem.prize_cents.astype(np.float64)
    width = np.clip(problem.windows_s[..., 1] - problem.windows_s[..., 0], 0, None).sum(axis=(0, 2))
    home = problem.cost_cents[:base, base : base + problem.n_visits].min(axis=0, initial=2_000_000_000)
    keys = np.stack([0.0 * prize, -prize, -prize / (problem.service_s + 600), width, home, -home])
    return keys.astype(np.float64) - 1e12 * problem.must


def _state(problem: Problem, data: kernel.Data, *, seed: int, tuning: Tuning) -> kernel.State:
    agents, visits = problem.n_agents, problem.n_visits
    width = int(data.room.max(initial=0)) + 2
    grid = (agents, width)
    pool = min(tuning.pool, POOL_CELLS // width)
    return kernel.State(
        stops=np.zeros(grid, np.int64),
        size=np.zeros(agents, np.int64),
        hungry=np.zeros(grid, np.int64),
        fed=np.zeros(grid, np.int64),
        late_hungry=np.zeros(grid, np.int64),
        late_fed=np.zeros(grid, np.int64),
        soon=np.zeros(grid, np.int64),
        late=np.zeros(grid, np.int64),
        leg=np.zeros(grid, np.int64),
        gone=np.zeros(grid, np.int64),
        paid=np.zeros(grid, np.int64),
        meal=np.full(agents, -1, np.int64),
        value=np.zeros(agents, np.int64),
        carried=np.zeros(agents, np.int64),
        where=np.full(visits, -1, np.int64),
        touched=np.zeros(agents, np.int64),
        changed=np.zeros(agents, np.int64),
        old_stops=np.zeros(grid, np.int64),
        old_size=np.zeros(agents, np.int64),
        old_value=np.zeros(agents, np.int64),
        best_stops=np.zeros(grid, np.int64),
        best_size=np.zeros(agents, np.int64),
        mark=np.zeros(visits, np.int64),
        queue=np.zeros(visits, np.int64),
        key=np.zeros(visits, np.float64),
        asked=np.zeros(agents, np.int64),
        version=np.zeros(agents, np.int64),
        old_version=np.zeros(agents, np.int64),
        known=np.full((visits, agents, 3), -1, np.int32),
        rng=np.array([(seed * 0x9E3779B97F4A7C15 + 0x1234567) % 2**64 or 1], np.uint64),
        score=np.zeros(8, np.int64),
        pool_stops=np.zeros((pool, width), np.int32),
        pool_agent=np.zeros(pool, np.int64),
        pool_size=np.zeros(pool, np.int64),
    )


def _seat(state: kernel.State, problem: Problem, plan: Plan) -> None:
    for agent, route in enumerate(plan.routes):
        state.stops[agent, 0] = agent
        state.stops[agent, 1 : len(route) + 1] = [problem.node(v) for v in route]
        state.size[agent] = len(route)
