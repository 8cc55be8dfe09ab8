"""OR-Tools sub-models: a few near agents, their visits and what lies unplanned around them.

The model minimises travel plus prizes given up, which is our objective. Several windows are several copies of
a node in one disjunction; lunch is cut out of the time axis at one moment and placed exactly afterwards by
the timetable, so that a model's plan is lawful whenever it is accepted, while some lawful plans cannot be
said in it. Only ever a handful of agents: one large model is slower and loses must-dos (docs/planning.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import UNLIMITED, Problem
from fieldapp.planning.search import must_bonus
from fieldapp.planning.timetable import agent_day

MOST_UNPLANNED = 40
LEAST_S = 0.05
"""Below, no model is asked."""
SHAPES = (4, 6, 8)


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The agents a sub-model may change and the visits that it may give them."""

    agents: tuple[int, ...]
    visits: tuple[int, ...]


def improve_near(
    problem: Problem,
    plan: Plan,
    *,
    seed: int,
    agents: tuple[int, ...] | None = None,
    seconds: float | None = None,
    left_s: Callable[[], float] | None = None,
    solutions: int | None = None,
) -> Plan | None:
    """`plan` with the routes of a few near agents planned afresh, or None where the model found nothing.

    `agents`: those to plan afresh; default: one drawn by `seed` with its nearest. The search goes on for `seconds`
    of wall time, or as long as `left_s` says when it is asked; with `solutions` it only descends, and stops after that
    many or where it finds no better one. The caller judges the answer. Of several days planned at once, or hours that
    count, it says nothing.
    """
    if not problem.n_agents or not problem.n_visits or problem.n_days > 1 or problem.hours_count:
        return None
    near = neighbourhood(problem, plan, seed=seed, agents=agents)
    if not near.visits:
        return None
    for cut_s in lunch_cuts(problem, seed):
        model = _Model(problem, near, cut_s)
        if left_s is not None:
            seconds = left_s()
            if seconds < LEAST_S:
                return None
        routes = model.improve(plan, seconds=seconds, solutions=solutions)
        if routes is not None:
            merged = list(plan.routes)
            for agent, route in zip(near.agents, routes, strict=True):
                merged[agent] = route
            return Plan.of(merged)
    return None


def plan_whole(problem: Problem, *, goes_on: Callable[[], bool], solutions: int | None = None) -> Plan | None:
    """One OR-Tools model over the whole day, from nothing: the yardstick of the benchmark, and for small days.

    Goes on while `goes_on` says so; with `solutions` it only descends, and stops after that many at the latest. None
    where no plan was found.
    """
    out = _standing_against(problem)
    visits = tuple(visit for visit in range(problem.n_visits) if visit not in out)
    everything = Neighbourhood(tuple(range(problem.n_agents)), visits)
    if not everything.agents or not everything.visits:
        return Plan.empty(problem)
    routes = _Model(problem, everything, lunch_cuts(problem, 1)[0]).begin(goes_on, solutions=solutions)
    return None if routes is None else Plan.of(routes)


def _standing_against(problem: Problem) -> set[int]:
    """What a model of a whole day is not told of, since it knows neither doors nor groups: one visit of each is, and
    must-dos."""
    doors = [np.flatnonzero(problem.door == door).tolist() for door in range(int(problem.door.max(initial=-1)) + 1)]
    out: set[int] = set()
    for group in [*problem.apart, *doors]:
        others = sorted(group, key=lambda visit: not problem.must[visit])[1:]
        out.update(visit for visit in others if not problem.must[visit])
    return out


def neighbourhood(problem: Problem, plan: Plan, *, seed: int, agents: tuple[int, ...] | None = None) -> Neighbourhood:
    """An agent drawn by `seed` (or the given ones), the agents whose routes pass nearest, and their visits.

    A model cannot say what stands against a visit in other routes, so unplanned ones with such ties are not offered.
    """
    chosen = agents or _near_agents(problem, plan, seed)
    inside = [visit for agent in chosen for visit in plan.routes[agent]]
    tied = {v for group in problem.apart for v in group} | set(np.flatnonzero(problem.door >= 0).tolist())
    free = [v for v in plan.unplanned(problem) if v not in tied and problem.may_visit[list(chosen), v].any()]
    unplanned = np.array(free, np.int64)
    stops = np.array([*chosen, *(problem.node(v) for v in inside)], np.int64)
    if len(unplanned):
        detour = problem.cost_cents[np.ix_(stops, unplanned + problem.n_agents)].min(axis=0)
        gain = problem.prize_cents[unplanned] - detour + problem.must[unplanned] * must_bonus(problem)
        unplanned = unplanned[np.argsort(-gain, kind="stable")][:MOST_UNPLANNED]
    return Neighbourhood(tuple(chosen), tuple(inside) + tuple(unplanned.tolist()))


def _near_agents(problem: Problem, plan: Plan, seed: int) -> tuple[int, ...]:
    rng = np.random.default_rng(seed)
    first = int(rng.integers(problem.n_agents))
    ours = [first, *(problem.node(v) for v in plan.routes[first])]

    def distance(agent: int) -> float:
        theirs = [agent, *(problem.node(v) for v in plan.routes[agent])]
        return float(np.sort(problem.cost_cents[np.ix_(ours, theirs)].min(axis=1))[: len(ours) // 2 + 1].mean())

    others = sorted((a for a in range(problem.n_agents) if a != first), key=lambda a: (distance(a), a))
    return (first, *others[: int(rng.choice(SHAPES)) - 1])


def lunch_cuts(problem: Problem, seed: int) -> list[int]:
    """Moments at which lunch may be cut out of the axis, the drawn one first."""
    lunch = problem.lunch
    latest = max(lunch.latest_start_s - int(problem.service_s.max(initial=0)), lunch.earliest_start_s)
    cuts = [int(cut) for cut in np.linspace(lunch.earliest_start_s, latest, 3)]
    return cuts[seed % 3 :] + cuts[: seed % 3]


def _parameters(solutions: int | None) -> Any:
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    heuristic = routing_enums_pb2.LocalSearchMetaheuristic
    if solutions is None:
        parameters.local_search_metaheuristic = heuristic.GUIDED_LOCAL_SEARCH
    else:
        # A guided search that is to stop at a count of solutions never stops where there are fewer.
        parameters.local_search_metaheuristic = heuristic.GREEDY_DESCENT
        parameters.solution_limit = solutions
    return parameters


@dataclass(frozen=True, slots=True)
class LunchlessAxis:
    """A time axis with lunch cut out after `cut_s`: what engines without breaks can work on.

    A plan that holds on it holds in truth, with lunch right after the visit under way at `cut_s`.
    """

    cut_s: int
    pause_s: int

    def at(self, moment_s: int) -> int:
        """A true moment on the axis; the whole break is one moment."""
        return moment_s if moment_s <= self.cut_s else max(self.cut_s, moment_s - self.pause_s)

    def opened(self, opens_s: int) -> int:
        """The first moment on the axis whose true time lies inside a window that opens at `opens_s`."""
        if opens_s <= self.cut_s:
            return opens_s
        return max(self.cut_s + 1, opens_s - self.pause_s)

    def spans(self, windows_s: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """Windows on the axis; those that lie inside the break vanish."""
        spans = [(self.opened(opens_s), self.at(closes_s)) for opens_s, closes_s in windows_s]
        return [span for span in spans if span[0] <= span[1]]

    def shift(self, problem: Problem, agent: int) -> tuple[int, int]:
        """The agent's day on the axis. Who begins after the cut and is due a break takes it first."""
        opens_s, closes_s = (int(moment) for moment in problem.shift_s[agent])
        if self.pause_s and problem.takes_lunch[agent]:
            return opens_s, max(closes_s - self.pause_s, 0)
        return self.opened(opens_s), max(self.at(closes_s), 0)


class _Model:
    """One OR-Tools model over a neighbourhood, on a time axis with lunch cut out after `cut_s`."""

    def __init__(self, problem: Problem, near: Neighbourhood, cut_s: int) -> None:
        self._problem = problem
        self._near = near
        pause_s = problem.lunch.duration_s if problem.takes_lunch[list(near.agents)].any() else 0
        self._axis = LunchlessAxis(cut_s, pause_s)
        self._copies = [(v, span) for v in near.visits for span in self._axis.spans(problem.visits[v].windows_s)]
        count = len(near.agents)
        homes, stops = list(near.agents), [problem.node(v) for v, _ in self._copies]
        away = [agent for agent in near.agents if problem.ends[agent] != agent]
        self._nodes = np.array([*homes, *stops, *problem.ends[away]], np.int64)
        # Who ends elsewhere has a node for it behind the visits.
        behind = {agent: count + len(stops) + i for i, agent in enumerate(away)}
        starts, ends = list(range(count)), [behind.get(agent, i) for i, agent in enumerate(near.agents)]
        self._manager = pywrapcp.RoutingIndexManager(len(self._nodes), count, starts, ends)
        self._routing = pywrapcp.RoutingModel(self._manager)
        self._add_travel()
        self._add_visits()

    def improve(self, plan: Plan, *, seconds: float | None, solutions: int | None) -> list[tuple[int, ...]] | None:
        """The best routes found from those of `plan`, or None where this time axis cannot say `plan`."""
        present = self._present(plan)
        if present is None:
            return None
        parameters = _parameters(solutions)
        if seconds is not None:
            parameters.time_limit.FromMilliseconds(max(int(seconds * 1_000), 1))
        self._routing.CloseModelWithParameters(parameters)
        start = self._routing.ReadAssignmentFromRoutes(present, True)
        if start is None:  # lunch stands where this axis has none
            return None
        return self._routes(self._routing.SolveFromAssignmentWithParameters(start, parameters))

    def begin(self, goes_on: Callable[[], bool], *, solutions: int | None) -> list[tuple[int, ...]] | None:
        """The best routes found from nothing."""
        parameters = _parameters(solutions)
        parameters.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
        self._routing.CloseModelWithParameters(parameters)
        self._routing.AddSearchMonitor(self._routing.solver().CustomLimit(lambda: not goes_on()))
        return self._routes(self._routing.SolveWithParameters(parameters))

    def _add_travel(self) -> None:
        problem, routing, count = self._problem, self._routing, len(self._near.agents)
        seconds = problem.travel_s[np.ix_(self._nodes, self._nodes)].astype(np.int64)
        cents = problem.cost_cents[np.ix_(self._nodes, self._nodes)].astype(np.int64)
        same = self._nodes[:, None] == self._nodes[None, :]
        seconds[same], cents[same] = 0, 0
        ends = [0] * (len(self._nodes) - count - len(self._copies))
        service = [0] * count + [int(problem.service_s[v]) for v, _ in self._copies] + ends
        seconds += np.array(service, np.int64)[:, None]
        time = routing.RegisterTransitMatrix(seconds.tolist())
        routing.SetArcCostEvaluatorOfAllVehicles(routing.RegisterTransitMatrix(cents.tolist()))
        # A window may open after everybody is home: the axis reaches it, so that the visit is dropped, not the model.
        horizon = max([int(problem.shift_s[:, 1].max()), *(opens_s for _, (opens_s, _) in self._copies)])
        routing.AddDimension(time, horizon, horizon, False, "time")
        stop = routing.RegisterUnaryTransitVector([0] * count + [1] * len(self._copies) + ends)
        room = [self._room(agent) for agent in self._near.agents]
        routing.AddDimensionWithVehicleCapacity(stop, 0, room, True, "visits")
        if (problem.capacity[list(self._near.agents)] < UNLIMITED).any():
            loads = [0] * count + [int(problem.load[v]) for v, _ in self._copies] + ends
            load = routing.RegisterUnaryTransitVector(loads)
            capacity = [int(problem.capacity[agent]) for agent in self._near.agents]
            routing.AddDimensionWithVehicleCapacity(load, 0, capacity, True, "load")
        axis = routing.GetDimensionOrDie("time")
        for i, agent in enumerate(self._near.agents):
            opens_s, closes_s = self._axis.shift(problem, agent)
            axis.CumulVar(routing.Start(i)).SetMin(opens_s)
            axis.CumulVar(routing.End(i)).SetMax(closes_s)

    def _room(self, agent: int) -> int:
        problem = self._problem
        too_late = problem.takes_lunch[agent] and problem.shift_s[agent, 0] > problem.lunch.latest_start_s
        return 0 if too_late else min(int(problem.max_visits[agent]), problem.n_visits)

    def _add_visits(self) -> None:
        problem, routing, manager = self._problem, self._routing, self._manager
        axis, base = routing.GetDimensionOrDie("time"), len(self._near.agents)
        bonus = must_bonus(problem)
        copies: dict[int, list[int]] = {}
        for place, (visit, (opens_s, closes_s)) in enumerate(self._copies):
            index = manager.NodeToIndex(base + place)
            axis.CumulVar(index).SetRange(opens_s, closes_s)
            welcome = [i for i, agent in enumerate(self._near.agents) if problem.may_visit[agent, visit]]
            if len(welcome) < base:
                routing.VehicleVar(index).SetValues([-1, *welcome])
            copies.setdefault(visit, []).append(index)
        for visit, indices in copies.items():
            worth = int(problem.prize_cents[visit]) + bonus * bool(problem.must[visit])
            routing.AddDisjunction(indices, worth)

    def _present(self, plan: Plan) -> list[list[int]] | None:
        """The present routes as node indices; of several copies the one whose window the plan uses."""
        routes = []
        for agent in self._near.agents:
            route = []
            for stop in agent_day(self._problem, agent, plan.routes[agent]).stops:
                windows = self._problem.visits[stop.visit].windows_s
                used = next((i for i, (_, closes) in enumerate(windows) if stop.start_s <= closes), 0)
                wanted = windows[used]
                span = (self._axis.opened(wanted[0]), self._axis.at(wanted[1]))
                if (stop.visit, span) not in self._copies:
                    return None
                route.append(self._manager.NodeToIndex(len(self._near.agents) + self._copies.index((stop.visit, span))))
            routes.append(route)
        return routes

    def _routes(self, found: pywrapcp.Assignment | None) -> list[tuple[int, ...]] | None:
        return None if found is None else [self._route(found, i) for i in range(len(self._near.agents))]

    def _route(self, found: pywrapcp.Assignment, vehicle: int) -> tuple[int, ...]:
        route, index = [], self._routing.Start(vehicle)
        while not self._routing.IsEnd(index := found.Value(self._routing.NextVar(index))):
            route.append(self._copies[self._manager.IndexToNode(index) - len(self._near.agents)][0])
        return tuple(route)
