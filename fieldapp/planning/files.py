"""Problems and plans as documents: the exchange format of `fieldapp solve` (docs/planning.md).

A problem gives agents and visits by coordinates in kilometres, or explicit square matrices. Travel from
coordinates carries a seeded noise of -5 to +10 %, as real roads do; the formula is part of the format, so
that any two readers see the same day.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fieldapp.planning.faults import Fault, mend
from fieldapp.planning.hours_files import stacked
from fieldapp.planning.left_over import left_over
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Agent, Lunch, Problem, Visit, refuse, whole
from fieldapp.planning.solver import Solution
from fieldapp.planning.ways import FormulaWays


@dataclass(frozen=True, slots=True)
class Reading:
    """What of a document can be planned, what is wrong with the rest, and the visits left out for it."""

    problem: Problem
    faults: tuple[Fault, ...]
    closed: frozenset[int]


def read_day(document: Any) -> Reading:
    """Whatever of `document` can be read; items that cannot stay out of the plan under their own numbers.

    Raises Refusal (`planning.field_missing`, `planning.bad_number`) only for what no day can be planned without.
    """
    mended = mend(document)
    return Reading(read_problem(mended.document, closed=mended.closed), mended.faults, mended.closed)


def read_problem(document: Mapping[str, Any], *, closed: Collection[int] = ()) -> Problem:
    """The problem in `document`, as it stands; nobody makes `closed` visits.

    Raises Refusal `planning.field_missing` and those of `Problem.of`.
    """
    seconds, cents = read_matrices(document)
    seconds, from_s = stacked(document, seconds)
    agents, visits, lunch, apart = read_parts(document)
    may_visit = np.ones((len(agents), len(visits)), np.bool_)
    may_visit[:, sorted(closed)] = False
    return Problem.of(
        agents,
        visits,
        travel_s=seconds,
        from_s=from_s,
        cost_cents=cents,
        lunch=lunch,
        may_visit=may_visit,
        apart=apart,
    )


def read_parts(
    document: Mapping[str, Any],
) -> tuple[tuple[Agent, ...], tuple[Visit, ...], Lunch, tuple[tuple[int, ...], ...]]:
    """Agents, visits, lunch and groups kept apart, without the ways. Raises Refusal `planning.field_missing`."""
    agents, visits = _listed(document, "agents"), _listed(document, "visits")
    by_kind = document.get("service_by_kind", {})
    ends = read_ends(agents)
    return (
        tuple(_agent(item, f"agents[{i}]", ends) for i, item in enumerate(agents)),
        tuple(_visit(item, f"visits[{i}]", by_kind) for i, item in enumerate(visits)),
        _lunch(_field(document, "lunch", "")),
        tuple(tuple(_group(group, i)) for i, group in enumerate(document.get("not_together", ()))),
    )


def read_ends(agents: Sequence[Any]) -> list[Mapping[str, Any]]:
    """Where agents end who do not end at home, each place once, in the order of the agents; with matrices none."""
    ends = [item.get("end") for item in agents if isinstance(item, Mapping)]
    return [end for i, end in enumerate(ends) if isinstance(end, Mapping) and end not in ends[:i]]


def read_matrices(document: Mapping[str, Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Travel seconds and cost in cents, (n, n), row = from, agents first; given or by the format's formula."""
    if "duration_s" in document:
        return _given(document, "duration_s"), _given(document, "cost_cents")
    ways = read_ways(document)
    every = np.arange(ways.of)
    return ways.between(every, every)


def read_ways(document: Mapping[str, Any]) -> FormulaWays:
    """The ways by the format's formula: agents' places first, then visits', then where agents end.

    Raises Refusal `planning.field_missing`, `planning.bad_number`.
    """
    agents, visits = _listed(document, "agents"), _listed(document, "visits")
    ends = read_ends(agents)
    places = [*agents, *visits, *ends]
    names = [
        *(f"agents[{i}]" for i in range(len(agents))),
        *(f"visits[{i}]" for i in range(len(visits))),
        *("agents.end" for _ in ends),
    ]
    xy = [[_real(place, axis, name) for axis in ("x", "y")] for place, name in zip(places, names, strict=True)]
    town = [whole(_field(p, "town", n), f"{n}.town", least=-1) for p, n in zip(places, names, strict=True)]
    money = _field(document, "cost", "")
    return FormulaWays(
        xy_km=np.array(xy, np.float64).reshape(-1, 2),
        town=np.array(town, np.int64),
        number=np.arange(len(places)),
        of=len(places),
        circuity=_positive(document, "circuity"),
        speed_town=_positive(document, "speed_town"),
        speed_road=_positive(document, "speed_road"),
        cent_per_km=_real(money, "cent_per_km", "cost"),
        cent_per_hour=_real(money, "cent_per_hour", "cost"),
        seed=whole(_field(document, "seed", ""), "seed"),
    )


def read_plan(document: Mapping[str, Any]) -> Plan:
    """The plan in `document`. Raises Refusal `planning.field_missing`, `planning.bad_number`."""
    routes = _listed(document, "routes")
    for agent, route in enumerate(routes):
        if not isinstance(route, list | tuple):
            raise refuse("field_missing", f"routes[{agent}]", route)
        for place, visit in enumerate(route):
            whole(visit, f"routes[{agent}][{place}]")
    return Plan.of(routes)


def write_plan(reading: Reading, solution: Solution) -> dict[str, Any]:
    """The plan as a document, with what it is worth and everything that could not be planned as it was written."""
    judgement = solution.judgement
    faults = [*reading.faults, *left_over(reading.problem, solution.plan, told=reading.closed)]
    return {
        "routes": [list(route) for route in solution.plan.routes],
        "objective": judgement.objective_cents,
        "prize": judgement.prize_cents,
        "travel": judgement.travel_cents,
        "served": judgement.served,
        "unserved_must": list(judgement.unserved_must),
        "iterations": solution.iterations,
        "faults": [{"code": fault.code, **fault.details} for fault in faults],
    }


def _field(item: Any, name: str, place: str) -> Any:
    if not isinstance(item, Mapping) or name not in item:
        raise refuse("field_missing", f"{place}.{name}" if place else name)
    return item[name]


def _listed(item: Mapping[str, Any], name: str) -> Sequence[Any]:
    value = _field(item, name, "")
    if not isinstance(value, list | tuple):
        raise refuse("field_missing", name, type(value).__name__)
    return value


def _real(item: Any, name: str, place: str) -> float:
    value = _field(item, name, place)
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise refuse("bad_number", f"{place}.{name}" if place else name, value)
    return float(value)


def _positive(item: Mapping[str, Any], name: str) -> float:
    value = _real(item, name, "")
    if value <= 0:
        raise refuse("bad_number", name, value)
    return value


def _given(document: Mapping[str, Any], name: str) -> npt.NDArray[Any]:
    try:
        return np.array(_field(document, name, ""), dtype=np.float64)
    except (TypeError, ValueError):
        raise refuse("matrix_hole", name) from None


def _agent(item: Any, place: str, ends: Sequence[Mapping[str, Any]]) -> Agent:
    end = item.get("end") if isinstance(item, Mapping) else None
    return Agent(
        key=str(item.get("key", place)) if isinstance(item, Mapping) else place,
        shift_s=_field(item, "shift", place),
        max_visits=_field(item, "max_visits", place),
        takes_lunch=bool(_field(item, "lunch", place)),
        skills=frozenset(item.get("skills", ())),
        capacity=item.get("capacity"),
        end=ends.index(end) if isinstance(end, Mapping) else end,
    )


def _group(group: Any, i: int) -> Sequence[int]:
    if not isinstance(group, list | tuple):
        raise refuse("field_missing", f"not_together[{i}]", group)
    return group


def _service(item: Any, place: str, by_kind: Mapping[str, int]) -> Any:
    """The visit's own service time, or that of its kind."""
    if isinstance(item, Mapping) and "service" not in item and item.get("kind") in by_kind:
        return by_kind[item["kind"]]
    return _field(item, "service", place)


def _visit(item: Any, place: str, by_kind: Mapping[str, int]) -> Visit:
    pin = _field(item, "pin", place)
    windows = _field(item, "tw", place)
    if not isinstance(windows, list | tuple):
        raise refuse("bad_time", f"{place}.windows_s", windows)
    return Visit(
        key=str(item.get("key", place)),
        windows_s=tuple(windows),
        service_s=_service(item, place, by_kind),
        prize_cents=_field(item, "prize", place),
        pin=None if pin == -1 else pin,
        must=bool(_field(item, "must", place)),
        preferred=None if item.get("preferred", -1) == -1 else item["preferred"],
        preferred_cents=item.get("preferred_cents", 0),
        skills=frozenset(item.get("skills", ())),
        door=None if item.get("door") is None else str(item["door"]),
        again_s=item.get("again"),
        load=item.get("load", 0),
        hours=tuple((from_s, cents) for from_s, cents in item.get("hours", ())),
    )


def _lunch(item: Any) -> Lunch:
    return Lunch(*(_field(item, name, "lunch") for name in ("duration", "earliest_start", "latest_end")))
