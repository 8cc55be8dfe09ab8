"""Other engines on our days: PyVRP, VROOM and one OR-Tools model, each told as much of the day as it can hear.

What an engine cannot say is said around it, the same way for every seed: PyVRP gets several windows as a group
of clients, pins as a travel matrix for each agent (as loads where those would take gigabytes), visit counts as a
load, and an axis without lunch. VROOM has no prizes: its priorities follow
them, and what does not pay is taken out afterwards. `made_lawful` repairs what a translation lost, so that our
checker always judges a lawful plan. Must-dos are required in PyVRP
and of the highest priority in VROOM.
"""

from __future__ import annotations

import importlib
import time
import warnings
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from fieldapp.planning.model import LunchlessAxis, lunch_cuts, plan_whole
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Problem
from fieldapp.planning.solver import solve
from fieldapp.planning.timetable import agent_day, travel

Longs = npt.NDArray[np.int64]
Engine = Callable[[Problem, int, float], Plan | None]

HIGHEST_PRIORITY = 100
VROOM_LEVEL = 5
MATRIX_BYTES = 1_000_000_000
"""PyVRP gets pins as one pair of matrices for each agent up to this size: at 30x500 better than loads."""
NEVER_S = 200_000
WALL_PER_CPU = 3.0
"""VROOM stops by the wall clock only; on a busy machine this leaves it at least the CPU time of the others."""


def ours(problem: Problem, seed: int, seconds: float) -> Plan:
    """Search, packing and sub-models, as the service runs them."""
    return solve(problem, seed=seed, seconds=seconds, clock=time.process_time).plan


def one_model(problem: Problem, _seed: int, seconds: float) -> Plan | None:
    """One OR-Tools model, well built (copies for windows, matrices registered, lunch cut out)."""
    began = time.process_time()
    return plan_whole(problem, goes_on=lambda: time.process_time() - began < seconds)


def pyvrp_plan(problem: Problem, seed: int, seconds: float) -> Plan | None:
    """PyVRP's iterated local search, stopped by CPU time."""
    import pyvrp

    began = time.process_time()
    data, visit_of = _pyvrp_data(problem)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pyvrp.exceptions.PenaltyBoundWarning)
        result = pyvrp.solve(
            data,
            stop=lambda _best: time.process_time() - began >= seconds,
            seed=seed,
            collect_stats=False,
            display=False,
        )
    routes: list[list[int]] = [[] for _ in range(problem.n_agents)]
    waiting = [list(several) for several in _alike(problem)]
    for route in result.best.routes():
        agent = waiting[route.vehicle_type()].pop()
        routes[agent] = [visit_of[activity.idx] for activity in route if activity.is_client()]
    return made_lawful(problem, routes)


def _alike(problem: Problem) -> list[list[int]]:
    """Agents of whom one day is as good as another's, together: PyVRP is told of them as one kind of vehicle."""
    kinds: dict[tuple[Any, ...], list[int]] = {}
    for agent, one in enumerate(problem.agents):
        ways = (problem.travel_s[agent], problem.travel_s[:, agent], problem.cost_cents[agent])
        rights = tuple(array.tobytes() for array in (*ways, problem.may_visit[agent]))
        kinds.setdefault((one.shift_s, one.max_visits, one.takes_lunch, one.capacity, rights), []).append(agent)
    return list(kinds.values())


def _pyvrp_data(problem: Problem) -> tuple[Any, list[int]]:
    """The day in PyVRP's words, and the visit behind each of its clients."""
    import pyvrp

    nodes = problem.n_agents + problem.n_visits
    kinds = _alike(problem)
    by_matrix = len(kinds) * nodes**2 * 16 <= MATRIX_BYTES
    bits = 0 if by_matrix else max(problem.n_agents - 1, 0).bit_length()
    axis = LunchlessAxis(lunch_cuts(problem, 1)[0], problem.lunch.duration_s if problem.takes_lunch.any() else 0)
    clients, groups, visit_of = _pyvrp_clients(problem, axis, bits)
    vehicles = []
    for kind, (agent, *others) in enumerate(kinds):
        opens_s, closes_s = axis.shift(problem, agent)
        vehicles.append(
            pyvrp.VehicleType(
                num_available=1 + len(others),
                capacity=[
                    int(problem.max_visits[agent]),
                    int(problem.capacity[agent]),
                    *_pin_room(agent, bits, problem.n_visits),
                ],
                start_depot=agent,
                end_depot=agent,
                tw_early=opens_s,
                tw_late=closes_s,
                profile=kind if by_matrix else 0,
            )
        )
    cents, seconds = _square(problem.cost_cents), _square(problem.travel_s)
    places = [pyvrp.Location(0, 0) for _ in range(nodes)]
    depots = [pyvrp.Depot(agent) for agent in range(problem.n_agents)]
    durations = [_barred(problem, seconds, agent) for agent, *_ in kinds] if by_matrix else [seconds]
    data = pyvrp.ProblemData(places, clients, depots, vehicles, [cents] * len(durations), durations, groups)
    return data, visit_of


def _pyvrp_clients(problem: Problem, axis: LunchlessAxis, bits: int) -> tuple[list[Any], list[Any], list[int]]:
    """One client for each window of a visit, those of one visit in a group of which one is served."""
    import pyvrp

    clients, groups, visit_of = [], [], []
    for v, visit in enumerate(problem.visits):
        spans, must = axis.spans(visit.windows_s), bool(problem.must[v])
        group = len(groups) if len(spans) > 1 else None
        if group is not None:
            copies = range(len(clients), len(clients) + len(spans))
            groups.append(pyvrp.ClientGroup(list(copies), required=must))
        for opens_s, closes_s in spans:
            clients.append(
                pyvrp.Client(
                    problem.n_agents + v,
                    delivery=[1, int(problem.load[v]), *_pin_load(int(problem.pin[v]), bits)],
                    service_duration=int(problem.service_s[v]),
                    tw_early=opens_s,
                    tw_late=closes_s,
                    prize=int(problem.prize_cents[v]),
                    required=must and group is None,
                    group=group,
                )
            )
            visit_of.append(v)
    return clients, groups, visit_of


def _barred(problem: Problem, seconds: Longs, agent: int) -> Longs:
    """Travel times of `agent`, who reaches nothing that another one is pinned to."""
    barred = seconds.copy()
    barred[:, problem.n_agents + np.flatnonzero(~problem.may_visit[agent])] = NEVER_S
    np.fill_diagonal(barred, 0)
    return barred


def _pin_load(pin: int, bits: int) -> list[int]:
    """A pinned visit loads one of two dimensions for each binary digit of its agent's number."""
    if pin < 0:
        return [0] * (2 * bits)
    return [int((pin >> bit & 1) == digit) for bit in range(bits) for digit in (0, 1)]


def _pin_room(agent: int, bits: int, plenty: int) -> list[int]:
    """Room in exactly the dimensions of the agent's own digits, so that only its own pins fit."""
    return [plenty * int((agent >> bit & 1) == digit) for bit in range(bits) for digit in (0, 1)]


def vroom_plan(problem: Problem, _seed: int, seconds: float) -> Plan | None:
    """VROOM at its highest level, until it is done or its time is up; it knows no seed."""
    import vroom

    day = vroom.Input()
    lunch = problem.lunch
    for agent in range(problem.n_agents):
        pauses = []
        if problem.takes_lunch[agent]:
            hours = vroom.TimeWindow(lunch.earliest_start_s, lunch.latest_start_s)
            pauses = [vroom.Break(agent, time_windows=[hours], service=lunch.duration_s)]
        day.add_vehicle(
            vroom.Vehicle(
                agent,
                start=agent,
                end=agent,
                skills={agent + 1},
                time_window=vroom.TimeWindow(*(int(moment) for moment in problem.shift_s[agent])),
                breaks=pauses,
                max_tasks=int(problem.max_visits[agent]),
                capacity=[int(problem.capacity[agent])],
            )
        )
    dearest = max(int(problem.prize_cents.max(initial=0)), 1)
    for v, visit in enumerate(problem.visits):
        share = (HIGHEST_PRIORITY - 1) * int(problem.prize_cents[v]) // dearest
        day.add_job(
            vroom.Job(
                v,
                location=problem.n_agents + v,
                default_service=int(problem.service_s[v]),
                delivery=[int(problem.load[v])],
                skills={int(problem.pin[v]) + 1} if problem.pin[v] >= 0 else set(),
                priority=HIGHEST_PRIORITY if problem.must[v] else share,
                time_windows=[vroom.TimeWindow(*window) for window in visit.windows_s],
            )
        )
    day.set_durations_matrix("car", _square(problem.travel_s).astype(np.uint32))
    day.set_costs_matrix("car", _square(problem.cost_cents).astype(np.uint32))
    solution = day.solve(exploration_level=VROOM_LEVEL, nb_threads=1, timeout=timedelta(seconds=seconds * WALL_PER_CPU))
    routes: list[list[int]] = [[] for _ in range(problem.n_agents)]
    steps = solution.routes
    for agent, kind, visit in zip(steps["vehicle_id"], steps["type"], steps["id"], strict=True):
        if kind == "job":
            routes[int(agent)].append(int(visit))
    return made_lawful(problem, routes)


def _square(matrix: npt.NDArray[np.int32]) -> Longs:
    square = matrix.astype(np.int64)
    np.fill_diagonal(square, 0)
    return square


def made_lawful(problem: Problem, routes: list[list[int]]) -> Plan:
    """`routes` without what does not pay, and without the cheapest visits that make a day unlawful."""
    kept = []
    out = _standing_against(problem, [v for route in routes for v in route])
    for agent, asked in enumerate(routes):
        route = [v for v in asked if problem.may_visit[agent, v] and v not in out]
        while not _holds(problem, agent, route):
            optional = [v for v in route if not problem.must[v]] or route
            route.remove(min(optional, key=lambda v: int(problem.prize_cents[v])))
        kept.append(_paying(problem, agent, route))
    return Plan.of(kept)


def _standing_against(problem: Problem, planned: list[int]) -> set[int]:
    """What goes because of doors and groups, which other engines do not know: one visit of each stays, and must-dos."""
    doors = [np.flatnonzero(problem.door == door).tolist() for door in range(int(problem.door.max(initial=-1)) + 1)]
    out: set[int] = set()
    for group in [*problem.apart, *doors]:
        made = sorted((v for v in planned if v in group), key=lambda v: not problem.must[v])
        out.update(v for v in made[1:] if not problem.must[v])
    return out


def _holds(problem: Problem, agent: int, route: list[int]) -> bool:
    day = agent_day(problem, agent, tuple(route))
    if len(route) > problem.max_visits[agent] or problem.load[route].sum() > problem.capacity[agent]:
        return False
    return not (route and (day.lateness_s or day.lunch_missed))


def _paying(problem: Problem, agent: int, route: list[int]) -> list[int]:
    """The route without visits whose own detour costs more than they bring, while that keeps it lawful."""
    while True:
        nodes = [agent, *(problem.node(v) for v in route), agent]
        losses = [(_loss(problem, nodes[i : i + 3], v), i) for i, v in enumerate(route) if not problem.must[v]]
        worst = max(losses, default=(0, 0))
        shorter = [v for i, v in enumerate(route) if i != worst[1]]
        if worst[0] <= 0 or not _holds(problem, agent, shorter):
            return route
        route = shorter


def _loss(problem: Problem, nodes: list[int], visit: int) -> int:
    before, here, after = nodes
    detour = travel(problem, before, here)[1] + travel(problem, here, after)[1] - travel(problem, before, after)[1]
    return detour - int(problem.prize_cents[visit])


PACKAGES = {"PyVRP": "pyvrp", "VROOM": "vroom"}


def engines() -> dict[str, Engine]:
    """Ours, and every peer that is installed (`make bench` installs them)."""
    known: dict[str, Engine] = {"fieldapp": ours, "PyVRP": pyvrp_plan, "VROOM": vroom_plan, "OR-Tools": one_model}
    return {name: engine for name, engine in known.items() if _installed(PACKAGES.get(name))}


def _installed(package: str | None) -> bool:
    if package is None:
        return True
    try:
        importlib.import_module(package)
    except ImportError:
        return False
    return True
