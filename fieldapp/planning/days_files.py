"""Several days in one document: the exchange format of one day, and what of it differs from day to day.

`days` says how many there are. An agent may give `shifts` (one for each day, null where it is off), a visit `days`
(`day`, and its own `tw` and `prize` where they differ): it is made on none but these. Whatever is not given holds on
every day, and all days have the same travel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fieldapp.planning.days import DaysJudgement
from fieldapp.planning.desk import Desk, brief, read_number
from fieldapp.planning.faults import Fault, mend, read_span, read_windows
from fieldapp.planning.files import read_problem
from fieldapp.planning.left_over import left_over
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import LARGEST_ENTRY, MOST_DAYS, Problem, refuse


@dataclass(frozen=True, slots=True)
class DaysReading:
    """The problem of each day, what is wrong with the document, and for each day the visits that are not open."""

    days: tuple[Problem, ...]
    faults: tuple[Fault, ...]
    closed: tuple[frozenset[int], ...]


def read_days(document: Mapping[str, Any]) -> DaysReading:
    """Whatever can be read of a document of several days; visits and agents keep their numbers on each.

    Raises Refusal `planning.bad_number` (how many days) and those of `read_day`.
    """
    count = read_number(document.get("days"), least=1, most=MOST_DAYS)
    if count is None or count != int(count):
        raise refuse("bad_number", "days", document.get("days"))
    for name in ("agents", "visits"):
        if not isinstance(document.get(name), list | tuple):
            raise refuse("field_missing", name)
    mended = mend(document)
    desk = Desk(agents=0, travels=False)
    shifts = [_shifts(desk, item, i, int(count)) for i, item in enumerate(mended.document["agents"])]
    on_days = [_on_days(desk, item, i, int(count)) for i, item in enumerate(mended.document["visits"])]
    days, closed = [], []
    for day in range(int(count)):
        shut = mended.closed | {visit for visit, several in enumerate(on_days) if day not in several}
        given = {
            **mended.document,
            "agents": [_at_work(item, own[day]) for item, own in zip(mended.document["agents"], shifts, strict=True)],
            "visits": [
                {**item, **several.get(day, {}), "key": f"visits[{visit}]"}
                for visit, (item, several) in enumerate(zip(mended.document["visits"], on_days, strict=True))
            ],
        }
        days.append(read_problem(given, closed=shut))
        closed.append(frozenset(shut))
    return DaysReading(tuple(days), (*mended.faults, *desk.faults), tuple(closed))


def read_day_plans(document: Mapping[str, Any]) -> tuple[Plan, ...]:
    """The plans in a written document of several days."""
    return tuple(Plan.of(day["routes"]) for day in document["days"])


def write_days(
    reading: DaysReading, plans: Sequence[Plan], judgement: DaysJudgement, *, iterations: int
) -> dict[str, Any]:
    """The plan of each day as a document, with what all are worth and everything that no day could hold."""
    faults = [*reading.faults, *_left_over(reading, plans)]
    return {
        "days": [
            {
                "routes": [list(route) for route in plan.routes],
                "objective": day.objective_cents,
                "prize": day.prize_cents,
                "travel": day.travel_cents,
                "served": day.served,
            }
            for plan, day in zip(plans, judgement.days, strict=True)
        ],
        "objective": judgement.objective_cents,
        "served": sum(day.served for day in judgement.days),
        "unserved_must": [int(key[len("visits[") : -1]) for key in judgement.unserved_must],
        "iterations": iterations,
        "faults": [{"code": fault.code, **fault.details} for fault in faults],
    }


def _left_over(reading: DaysReading, plans: Sequence[Plan]) -> list[Fault]:
    """What stands against a visit on every day on which it is open, as the first of them says it."""
    made = frozenset(visit for plan in plans for visit in plan.planned)
    told: dict[str, list[Fault]] = {}
    for problem, plan, closed in zip(reading.days, plans, reading.closed, strict=True):
        for fault in left_over(problem, plan, told=closed | made):
            told.setdefault(fault.place, []).append(fault)
    open_on = {
        f"visits[{visit}]": sum(visit not in closed for closed in reading.closed)
        for visit in range(reading.days[0].n_visits)
    }
    return [faults[0] for place, faults in told.items() if len(faults) == open_on[place]]


def _shifts(desk: Desk, item: Mapping[str, Any], agent: int, days: int) -> list[Any]:
    given = item.get("shifts")
    if given is None:
        return [item["shift"]] * days
    read: list[Any] = [None] * days
    listed = given if isinstance(given, list | tuple) else []
    if len(listed) != days:
        desk.tell(Fault("problem.day_unreadable", f"agents[{agent}].shifts", brief(given)))
    for day, shift in enumerate(listed[:days]):
        span = None if shift is None else read_span(shift)
        if shift is not None and (span is None or span[0] > span[1]):
            desk.tell(Fault("problem.day_unreadable", f"agents[{agent}].shifts[{day}]", brief(shift)))
        elif span is not None:
            read[day] = list(span)
    return read


def _at_work(item: Mapping[str, Any], shift: Any) -> dict[str, Any]:
    """The agent on one day; who is off stays at home."""
    return {**item, "shift": [0, 0], "max_visits": 0} if shift is None else {**item, "shift": shift}


def _on_days(desk: Desk, item: Mapping[str, Any], visit: int, days: int) -> dict[int, dict[str, Any]]:
    """By day what the visit says of it; nothing said of days: it is open on all."""
    given = item.get("days")
    if given is None:
        return {day: {} for day in range(days)}
    if not isinstance(given, list | tuple):
        desk.tell(Fault("problem.day_unreadable", f"visits[{visit}].days", brief(given)))
        return {}
    read: dict[int, dict[str, Any]] = {}
    for i, entry in enumerate(given):
        place = f"visits[{visit}].days[{i}]"
        one = entry if isinstance(entry, Mapping) else {}
        day = read_number(one.get("day"), least=0, most=days - 1)
        prize = read_number(one.get("prize", item["prize"]), least=0, most=LARGEST_ENTRY)
        windows = read_windows(desk, one["tw"], place) if "tw" in one else item["tw"]
        # A prize of its own holds at any hour of the day that gives it.
        hours = [] if "prize" in one else item["hours"]
        if day is None or day != int(day) or prize is None or not windows:
            desk.tell(Fault("problem.day_unreadable", place, brief(entry)))
        else:
            read[int(day)] = {"tw": windows, "prize": int(prize), "hours": hours}
    return read
