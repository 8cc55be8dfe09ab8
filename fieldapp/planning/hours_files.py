"""Hours in problem documents: ways that take longer from some hour on, and visits that bring more at some hours.

What cannot be read of them is named and done without: the hours before go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fieldapp.planning.desk import Desk, Fault, brief, read_number
from fieldapp.planning.problem import LARGEST_ENTRY, LATEST_S, MOST_BANDS

Numbers = npt.NDArray[np.float64]

SLOWEST = 100.0
NO_WAY_S = 5 * LATEST_S
"""Longer than any day, so that no schedule can hold it, at whatever hour."""


def hours_of_visit(desk: Desk, value: Any, place: str) -> list[list[int]]:
    """`[[from, prize], ...]` in order of time: what a visit brings where it begins from then on. None: at any hour the
    same. All visits together may tell apart `MOST_BANDS` moments."""
    read: dict[int, int] = {}
    for i, pair in enumerate(value if isinstance(value, list | tuple) else [value]):
        both = pair if isinstance(pair, list | tuple) and len(pair) == 2 else (None, None)
        from_s, cents = read_number(both[0], least=0, most=LATEST_S), read_number(both[1], least=0, most=LARGEST_ENTRY)
        if from_s is None or cents is None or int(from_s) in read:
            desk.tell(Fault("problem.hours_unreadable", f"{place}[{i}]", brief(pair)))
            return []
        read[int(from_s)] = int(cents)
    moments = desk.moments | set(read) | {0}
    if len(moments) > MOST_BANDS:
        desk.tell(Fault("problem.hours_unreadable", place, brief(value)))
        return []
    desk.moments = moments
    return [[from_s, read[from_s]] for from_s in sorted(read)]


def turns_of(desk: Desk, value: Any) -> list[dict[str, Any]]:
    """`travel_by_hour`, in order of time: each with `from`, and a `factor` of the ways of no hour or its own
    `duration_s` (which is looked through with the other tables)."""
    read: dict[int, dict[str, Any]] = {}
    for i, entry in enumerate(value if isinstance(value, list | tuple) else [value]):
        one = entry if isinstance(entry, Mapping) else {}
        from_s = read_number(one.get("from"), least=0, most=LATEST_S)
        factor = read_number(one.get("factor"), least=1 / SLOWEST, most=SLOWEST)
        table = isinstance(one.get("duration_s"), list | tuple) and not desk.travels
        full = from_s is not None and (int(from_s) in read or len(read) == MOST_BANDS - 1)
        if from_s is None or full or (factor is None) != table:
            desk.tell(Fault("problem.turn_unreadable", f"travel_by_hour[{i}]", brief(entry)))
            continue
        own = {"duration_s": one["duration_s"], "at": i} if table else {"factor": factor}
        read[int(from_s)] = {"from": int(from_s), **own}
    return [read[from_s] for from_s in sorted(read)]


def stacked(document: Mapping[str, Any], seconds: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], tuple[int, ...]]:
    """The ways by the hour, (H, n, n), and from when each table holds: before the first hour that the document names
    those of no hour, `seconds`. Without any, `seconds` as they are."""
    turns = document.get("travel_by_hour") or []
    if not turns:
        return seconds, ()
    tables = [] if turns[0]["from"] == 0 else [seconds]
    tables += [turn["duration_s"] if "duration_s" in turn else paced(seconds, turn["factor"]) for turn in turns]
    moments = tuple(turn["from"] for turn in turns)
    return np.stack(tables), moments if moments[0] == 0 else (0, *moments)


def paced(seconds: npt.NDArray[Any], factor: float) -> npt.NDArray[Any]:
    """Ways that take `factor` times as long; what is never driven stays so."""
    return np.where(seconds >= NO_WAY_S, seconds, np.rint(seconds * factor))
