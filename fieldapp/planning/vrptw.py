"""Files of the literature: vehicle routing with time windows after Solomon, and Gehring and Homberger.

Their own text form (vehicles and capacity; customers with x, y, demand, ready, due, service) and that of VRPLIB. A
problem of ours in which every customer must be visited and nothing but the way costs. Convention of the 12th DIMACS
challenge: Euclidean distance, times and costs in tenths, cut off and not rounded; the fleet in the file is a limit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fieldapp.planning.problem import Agent, Problem, Visit, refuse

TENTHS = 10
WORTH = 1_500
"""Every customer is worth the same, in tenths of distance: it changes no plan, but the search measures heat by it."""

Row = list[float]


@dataclass(frozen=True, slots=True)
class _Depot:
    vehicles: int
    capacity: int


def read_vrptw(text: str) -> Problem:
    """The problem in `text`; seconds and cents are tenths of the file's unit, customer `n` is visit `n - 1`.

    Raises Refusal `planning.field_missing` (nothing to read there) and those of `Problem.of`.
    """
    depot, rows = _from_vrplib(text) if "NODE_COORD_SECTION" in text else _from_solomon(text)
    if not rows:
        raise refuse("field_missing", "customers")
    xy = np.array([[row[1], row[2]] for row in rows], np.float64)
    places = np.array([0] * depot.vehicles + list(range(1, len(rows))), np.int64)
    apart = xy[places][:, None, :] - xy[places][None, :, :]
    tenths = np.trunc(TENTHS * np.hypot(apart[..., 0], apart[..., 1])).astype(np.int64)
    day = (_tenths(rows[0][4]), _tenths(rows[0][5]))
    return Problem.of(
        [
            Agent(f"vehicle {i + 1}", day, max_visits=len(rows) - 1, takes_lunch=False, capacity=depot.capacity)
            for i in range(depot.vehicles)
        ],
        [
            Visit(
                f"customer {number + 1}",
                windows_s=((_tenths(ready), _tenths(due)),),
                service_s=_tenths(service),
                prize_cents=WORTH,
                must=True,
                load=int(demand),
            )
            for number, (_, _, _, demand, ready, due, service) in enumerate(rows[1:])
        ],
        travel_s=tenths,
        cost_cents=tenths,
    )


def read_cost(text: str) -> int:
    """What a solution file says that it costs (`Cost 1637.7`), in tenths. Raises Refusal `planning.field_missing`."""
    for line in text.splitlines():
        name, _, value = line.strip().partition(" ")
        if name.casefold().rstrip(":") == "cost" and (numbers := _numbers(value)):
            return round(TENTHS * numbers[0])
    raise refuse("field_missing", "cost")


def _tenths(value: float) -> int:
    return math.trunc(TENTHS * value + 1e-6)


def _numbers(line: str) -> Row:
    """The numbers that a line consists of; nothing where there is anything else in it."""
    try:
        return [float(word) for word in line.split()]
    except ValueError:
        return []


def _from_solomon(text: str) -> tuple[_Depot, list[Row]]:
    """Lines of two numbers are the fleet, lines of seven a customer, the first one the depot."""
    lines = [_numbers(line) for line in text.splitlines()]
    fleet = next((line for line in lines if len(line) == 2), None)
    if fleet is None:
        raise refuse("field_missing", "vehicles")
    return _Depot(int(fleet[0]), int(fleet[1])), [line for line in lines if len(line) == 7]


def _from_vrplib(text: str) -> tuple[_Depot, list[Row]]:
    said: dict[str, str] = {}
    sections: dict[str, list[Row]] = {}
    section: list[Row] = []
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            said[name.strip()] = value.strip()
        elif line.strip().endswith("_SECTION"):
            section = sections.setdefault(line.strip(), [])
        elif numbers := _numbers(line):
            section.append(numbers)
    try:
        places, demands, windows = (sections[f"{name}_SECTION"] for name in ("NODE_COORD", "DEMAND", "TIME_WINDOW"))
        depot, stay = _Depot(int(said["VEHICLES"]), int(said["CAPACITY"])), float(said["SERVICE_TIME"])
    except KeyError as missing:
        raise refuse("field_missing", str(missing.args[0])) from None
    if not len(places) == len(demands) == len(windows):
        raise refuse("field_missing", "customers")
    of_all = zip(places, demands, windows, strict=True)
    return depot, [[*place, demand[1], *window[1:], stay] for place, demand, window in of_all]
