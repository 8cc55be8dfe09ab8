"""What is wrong with a problem document, item by item, and the document with which the rest can be planned.

Nothing is guessed: an item that cannot be read stays out of the plan and is named, a way that is missing is never
driven. Visits and agents keep their numbers, so that a plan of the rest is a plan of the whole document. Only what
no part of a day can be planned without (lists, speeds, costs) is left to the reader to refuse.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fieldapp.planning.asked import asked_of_visit, kept_apart, name_far_doors, names_of, service_times
from fieldapp.planning.desk import Desk, Fault, Mended, brief, read_number
from fieldapp.planning.hours_files import NO_WAY_S, hours_of_visit, turns_of
from fieldapp.planning.problem import LARGEST_ENTRY, LATEST_S, Lunch

__all__ = ["Fault", "Mended", "mend"]

MOST_WAYS = 100
"""So many single ways are named; of the others only the count."""
NO_WAY_CENTS = 10_000_000
FARTHEST_KM = 50_000.0

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def mend(document: Any) -> Mended:
    """`document` with everything readable that can be; lists that are missing are left for the reader to refuse."""
    lists = isinstance(document, Mapping) and all(
        isinstance(document.get(n), list | tuple) for n in ("agents", "visits")
    )
    if not lists:
        return Mended(document if isinstance(document, dict) else {}, (), frozenset())
    agents, visits = document["agents"], document["visits"]
    desk = Desk(agents=len(agents), travels="duration_s" not in document)
    if not agents:
        desk.tell(Fault("problem.nobody_at_work", "agents"))
    if not visits:
        desk.tell(Fault("problem.nothing_to_plan", "visits"))
    mended = dict(document)
    desk.service_by_kind = mended["service_by_kind"] = service_times(desk, document.get("service_by_kind", {}))
    mended["agents"] = [_agent(desk, item, f"agents[{i}]") for i, item in enumerate(agents)]
    mended["visits"] = [_visit(desk, item, i) for i, item in enumerate(visits)]
    _name_twins(desk, visits)
    mended["not_together"] = kept_apart(desk, document.get("not_together", []), len(visits))
    name_far_doors(desk, mended["visits"])
    if any(agent["lunch"] for agent in mended["agents"]) or "lunch" in document:
        mended["lunch"] = _lunch(desk, document.get("lunch"))
    else:
        mended["lunch"] = _hours(Lunch())
    mended["travel_by_hour"] = turns_of(desk, document.get("travel_by_hour", []))
    if not desk.travels:
        _mend_ways(desk, mended)
    return Mended(mended, tuple(desk.faults), frozenset(desk.closed))


def _agent(desk: Desk, item: Any, place: str) -> dict[str, Any]:
    at_home = {"x": 0.0, "y": 0.0, "town": -1, "shift": [0, 0], "max_visits": 0, "lunch": False}
    if not isinstance(item, Mapping):
        desk.tell(Fault("problem.agent_unreadable", place, brief(item)))
        return at_home
    where = _where(desk, item)
    most = read_number(item.get("max_visits"), least=0)
    shift = read_span(item.get("shift"))
    capacity = None if item.get("capacity") is None else read_number(item["capacity"], least=0)
    unreadable = item.get("capacity") is not None and capacity is None
    if where is None or most is None or shift is None or unreadable:
        name = "x" if where is None else "max_visits" if most is None else "shift" if shift is None else "capacity"
        desk.tell(Fault("problem.agent_unreadable", f"{place}.{name}", brief(item.get(name))))
        return at_home
    if shift[0] > shift[1]:
        desk.tell(Fault("problem.shift_reversed", f"{place}.shift", brief(item["shift"])))
        return at_home
    if "lunch" not in item:
        desk.tell(Fault("problem.lunch_unsaid", f"{place}.lunch"))
    return {
        **item,
        **where,
        "shift": list(shift),
        "max_visits": int(min(most, LARGEST_ENTRY)),
        "capacity": None if capacity is None else int(min(capacity, LARGEST_ENTRY)),
        "lunch": bool(item.get("lunch", True)),
        "skills": names_of(desk, item.get("skills", []), f"{place}.skills") or [],
        "end": _end(desk, item.get("end"), f"{place}.end"),
    }


def _end(desk: Desk, value: Any, place: str) -> Any:
    """Where the agent's day ends: coordinates, or with matrices a number among the places behind the visits."""
    if value is None:
        return None
    if desk.travels:
        where = _where(desk, value) if isinstance(value, Mapping) else None
        if where is not None:
            return where
    else:
        number = read_number(value, least=0, most=desk.agents - 1)
        if number is not None and number == int(number):
            return int(number)
    desk.tell(Fault("problem.end_unreadable", place, brief(value)))
    return None


def _where(desk: Desk, item: Mapping[str, Any]) -> dict[str, Any] | None:
    """Coordinates and town, None where they cannot be read; nothing where travel is given."""
    if not desk.travels:
        return {}
    x, y = (read_number(item.get(axis), least=-FARTHEST_KM, most=FARTHEST_KM) for axis in ("x", "y"))
    town = read_number(item.get("town", -1), least=-1, most=LARGEST_ENTRY)
    return None if x is None or y is None or town is None else {"x": x, "y": y, "town": int(town)}


def read_span(value: Any) -> tuple[int, int] | None:
    """Two moments of one day or the next, inward to whole seconds; None where they cannot be read."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    first, last = (read_number(moment) for moment in value)
    if first is None or last is None or last < 0 or first > LATEST_S:
        return None
    return max(math.ceil(first), 0), min(math.floor(last), LATEST_S)


def _visit(desk: Desk, item: Any, number: int) -> dict[str, Any]:
    place = f"visits[{number}]"
    must = isinstance(item, Mapping) and bool(item.get("must"))
    nowhere = {"x": 0.0, "y": 0.0, "town": -1, "service": 0, "tw": [[0, 0]], "prize": 0, "pin": -1, "must": must}
    if not isinstance(item, Mapping):
        desk.tell(Fault("problem.visit_unreadable", place, brief(item)))
        desk.closed.add(number)
        return nowhere
    where = _where(desk, item)
    kind = item.get("kind")
    given = (
        item.get("service") if "service" in item else desk.service_by_kind.get(kind if isinstance(kind, str) else "")
    )
    service = read_number(given, least=0, most=LATEST_S)
    if service is None and kind is not None and "service" not in item:
        desk.tell(Fault("problem.unknown_kind", f"{place}.kind", brief(kind)))
        desk.closed.add(number)
        return nowhere
    load = read_number(item.get("load", 0), least=0, most=LARGEST_ENTRY)
    if where is None or service is None or load is None:
        name = "x" if where is None else "service" if service is None else "load"
        desk.tell(Fault("problem.visit_unreadable", f"{place}.{name}", brief(item.get(name))))
        desk.closed.add(number)
        return nowhere
    windows = read_windows(desk, item.get("tw"), place)
    if not windows:
        desk.tell(Fault("problem.no_window", f"{place}.tw"))
        desk.closed.add(number)
    return {
        **item,
        **where,
        "service": math.ceil(service),
        "load": math.ceil(load),
        "tw": windows or [[0, 0]],
        "prize": _prize(desk, item.get("prize"), f"{place}.prize"),
        "pin": _pin(desk, item.get("pin", -1), number),
        "must": must,
        "hours": hours_of_visit(desk, item.get("hours", []), f"{place}.hours"),
        **_preferred(desk, item, place),
        **asked_of_visit(desk, item, number, math.ceil(service)),
    }


def read_windows(desk: Desk, value: Any, place: str) -> list[list[int]]:
    """The windows that can be read; of the others it is told."""
    kept = []
    for i, window in enumerate(value if isinstance(value, list | tuple) else []):
        span = read_span(window)
        if span is None:
            desk.tell(Fault("problem.window_unreadable", f"{place}.tw[{i}]", brief(window)))
        elif span[0] > span[1]:
            desk.tell(Fault("problem.window_reversed", f"{place}.tw[{i}]", brief(window)))
        else:
            kept.append(list(span))
    return kept


def _prize(desk: Desk, value: Any, place: str) -> int:
    prize = read_number(value, least=0, most=LARGEST_ENTRY)
    if prize is None:
        desk.tell(Fault("problem.prize_unreadable", place, brief(value)))
        return 0
    return int(prize)


def _is_agent(desk: Desk, value: Any) -> bool:
    number = read_number(value, least=0, most=desk.agents - 1)
    return number is not None and number == int(number)


def _pin(desk: Desk, value: Any, number: int) -> int:
    if value is None or (value == -1 and not isinstance(value, bool)):
        return -1
    if _is_agent(desk, value):
        return int(value)
    desk.tell(Fault("problem.unknown_pin", f"visits[{number}].pin", brief(value)))
    desk.closed.add(number)
    return -1


def _preferred(desk: Desk, item: Mapping[str, Any], place: str) -> dict[str, int]:
    agent, cents = item.get("preferred", -1), item.get("preferred_cents", 0)
    if agent is None or (agent == -1 and not isinstance(agent, bool)):
        return {"preferred": -1, "preferred_cents": 0}
    if _is_agent(desk, agent) and read_number(cents, least=0, most=LARGEST_ENTRY) is not None:
        return {"preferred": int(agent), "preferred_cents": int(cents)}
    desk.tell(Fault("problem.unknown_preferred", f"{place}.preferred", brief(agent)))
    return {"preferred": -1, "preferred_cents": 0}


def _name_twins(desk: Desk, visits: Any) -> None:
    """A key given twice is one visit, made once; visits alike in everything are two, but somebody should look."""
    by_key: dict[str, int] = {}
    by_looks: dict[str, int] = {}
    for number, item in enumerate(visits):
        if number in desk.closed or not isinstance(item, Mapping):
            continue
        place, key, looks = f"visits[{number}]", item.get("key", item.get("id")), repr(sorted(item.items()))
        if key is not None and str(key) in by_key:
            desk.tell(Fault("problem.visit_twice", place, brief(key), f"visits[{by_key[str(key)]}]"))
            desk.closed.add(number)
        elif key is None and desk.travels and looks in by_looks:
            desk.tell(Fault("problem.visit_like_another", place, other=f"visits[{by_looks[looks]}]"))
        by_key.setdefault(str(key), number)
        by_looks.setdefault(looks, number)


def _hours(lunch: Lunch) -> dict[str, int]:
    return {
        "duration": lunch.duration_s,
        "earliest_start": lunch.earliest_start_s,
        "latest_end": lunch.latest_end_s,
    }


def _lunch(desk: Desk, item: Any) -> dict[str, int]:
    """The lunch hours: the usual ones where they cannot be read, made to hold the break where they do not."""
    names = ("duration", "earliest_start", "latest_end")
    read = [
        read_number(item.get(name), least=0, most=LATEST_S) if isinstance(item, Mapping) else None for name in names
    ]
    numbers = [math.ceil(number) for number in read if number is not None]
    if len(numbers) < len(names):
        desk.tell(Fault("problem.lunch_unreadable", "lunch", brief(item)))
        return _hours(Lunch())
    duration, first, last = numbers
    if first + duration <= last:
        return dict(zip(names, numbers, strict=True))
    first, last = min(first, last), max(first, last)
    desk.tell(Fault("problem.lunch_hours", "lunch", brief(f"{numbers[1]}-{numbers[2]}")))
    return {"duration": duration, "earliest_start": first, "latest_end": max(last, first + duration)}


def _mend_ways(desk: Desk, mended: dict[str, Any]) -> None:
    """Replace both matrices by ones in which what is missing is never driven, and name what is."""
    base = len(mended["agents"]) + len(mended["visits"])
    n = base + max((agent["end"] + 1 for agent in mended["agents"] if agent.get("end") is not None), default=0)
    if not all(isinstance(mended.get(name), list | tuple) for name in ("duration_s", "cost_cents")):
        return
    seconds, cents = (_table(desk, mended[name], name, n) for name in ("duration_s", "cost_cents"))
    turns = [turn for turn in mended["travel_by_hour"] if "duration_s" in turn]
    by_hour = [_table(desk, turn["duration_s"], _named(turn), n) for turn in turns]
    bad = _bad(seconds, LATEST_S) | _bad(cents, LARGEST_ENTRY)
    for table in by_hour:  # what is not known at one hour is not driven at any
        bad |= _bad(table, LATEST_S)
    np.fill_diagonal(bad, False)
    if bad.any():
        islands = _islands(~bad, desk.agents, base)
        for node in np.flatnonzero(islands).tolist():
            _strand(desk, mended, node)
        inside = ~islands[:, None] & ~islands[None, :]
        names = ["duration_s", "cost_cents", *map(_named, turns)]
        tables = [(name, table) for name, table in zip(names, (seconds, cents, *by_hour), strict=True)]
        _name_ways(desk, tables, bad & inside)
    for turn, table in zip(turns, by_hour, strict=True):
        turn["duration_s"] = _driven(table, bad, NO_WAY_S)
    mended["duration_s"], mended["cost_cents"] = _driven(seconds, bad, NO_WAY_S), _driven(cents, bad, NO_WAY_CENTS)


def _named(turn: Mapping[str, Any]) -> str:
    return f"travel_by_hour[{turn['at']}].duration_s"


def _driven(table: Numbers, bad: Flags, instead: int) -> Numbers:
    """The table with `instead` where nobody drives: seconds up to whole ones, cents to the nearest."""
    whole = np.ceil(table) if instead == NO_WAY_S else np.rint(table)
    driven = np.where(bad, instead, whole)
    np.fill_diagonal(driven, 0)
    return driven


def _strand(desk: Desk, mended: dict[str, Any], node: int) -> None:
    if node < desk.agents:
        desk.tell(Fault("problem.agent_without_road", f"agents[{node}]"))
        mended["agents"][node] = {**mended["agents"][node], "max_visits": 0}
    elif node - desk.agents not in desk.closed:
        desk.tell(Fault("problem.visit_without_road", f"visits[{node - desk.agents}]"))
        desk.closed.add(node - desk.agents)


def _table(desk: Desk, rows: Any, name: str, n: int) -> Numbers:
    """(n, n) numbers, NaN where there is none; rows that are too short or too many are named."""
    try:
        table = np.array(rows, np.float64).reshape(n, -1) if n else np.zeros((0, 0))
        if table.shape == (n, n) and len(rows) == n:
            return table
    except (TypeError, ValueError, OverflowError):
        pass  # ragged, or something in it is no number: entry by entry
    table = np.full((n, n), np.nan)
    if len(rows) != n:
        desk.tell(Fault("problem.table_shape", name, str(len(rows)), str(n)))
    for i, row in enumerate(rows[:n]):
        length = len(row) if isinstance(row, list | tuple) else 0
        if length != n:
            desk.tell(Fault("problem.table_shape", f"{name}[{i}]", str(length), str(n)))
        for j in range(min(length, n)):
            number = read_number(row[j])
            table[i, j] = np.nan if number is None else float(number)
    return table


def _bad(table: Numbers, most: int) -> Flags:
    with np.errstate(invalid="ignore"):
        bad: Flags = ~((table >= 0) & (table <= most))
    return bad


def _islands(roads: Flags, agents: int, base: int) -> Flags:
    """(n,) the places that cannot be reached from any home, or from which no home or end (from `base` on) can be."""
    homes, ends = np.arange(agents), np.arange(base, len(roads))
    away, back = _reached(roads, homes), _reached(roads.T, np.concatenate([homes, ends]))
    stranded: Flags = ~(away & back)
    stranded[ends] = False
    # A home counts as reached from itself; it is an island when no road leaves it, or none leads to it.
    between = roads & ~np.eye(len(roads), dtype=np.bool_)
    joined: Flags = np.logical_and(between.any(axis=1), between.any(axis=0))
    if len(roads) > agents:
        stranded[:agents] = ~joined[:agents]
    return stranded


def _reached(roads: Flags, begin: npt.NDArray[np.int64]) -> Flags:
    reached = np.zeros(len(roads), np.bool_)
    reached[begin] = True
    fresh = reached.copy()
    while fresh.any():
        fresh = roads[fresh].any(axis=0) & ~reached
        reached |= fresh
    return reached


def _name_ways(desk: Desk, tables: list[tuple[str, Numbers]], bad: Flags) -> None:
    """Single ways that are missing, negative or too long, by their place in the document, in the first table that says
    so."""
    places = np.argwhere(bad)
    for row, column in places[:MOST_WAYS].tolist():
        values = [(name, table[row, column]) for name, table in tables]
        name, value = next(
            one for one in values if not 0 <= one[1] <= (LARGEST_ENTRY if one[0] == "cost_cents" else LATEST_S)
        )
        place, shown = f"{name}[{row}][{column}]", brief(value)
        if value < 0 and math.isfinite(value):
            desk.tell(Fault("problem.way_negative", place, shown))
        elif math.isfinite(value):
            desk.tell(Fault("problem.way_too_long", place, shown))
        else:
            desk.tell(Fault("problem.way_missing", place, shown))
    if len(places) > MOST_WAYS:
        desk.tell(Fault("problem.more_ways", "duration_s", str(len(places) - MOST_WAYS)))
