"""What visits of a problem document ask for beyond a time and a place: skills, kinds, doors, being kept apart.

What cannot be read of it is named. A visit whose skills cannot be read stays out, because nobody can say who may make
it; doors and groups that cannot be read are done without.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from fieldapp.planning.desk import Desk, Fault, brief, read_number
from fieldapp.planning.problem import LATEST_S


def names_of(desk: Desk, value: Any, place: str) -> list[str] | None:
    """The skills in `value`, None where they are no list of names."""
    if isinstance(value, list | tuple) and all(isinstance(name, str) and name.strip() for name in value):
        return [name.strip() for name in value]
    desk.tell(Fault("problem.skills_unreadable", place, brief(value)))
    return None


def service_times(desk: Desk, value: Any) -> dict[str, int]:
    """Seconds of service by kind of visit."""
    if not isinstance(value, Mapping):
        desk.tell(Fault("problem.kinds_unreadable", "service_by_kind", brief(value)))
        return {}
    times = {}
    for kind, given in value.items():
        seconds = read_number(given, least=0, most=LATEST_S)
        if seconds is None:
            desk.tell(Fault("problem.kinds_unreadable", f"service_by_kind.{kind}", brief(given)))
        else:
            times[str(kind)] = math.ceil(seconds)
    return times


def asked_of_visit(desk: Desk, item: Mapping[str, Any], visit: int, service_s: int) -> dict[str, Any]:
    """Skills, door and what the visit takes as the second one there, as far as they can be read."""
    place = f"visits[{visit}]"
    skills = names_of(desk, item.get("skills", []), f"{place}.skills")
    if skills is None:
        desk.closed.add(visit)
    door = item.get("door")
    if door is not None and (isinstance(door, bool) or not isinstance(door, str | int)):
        desk.tell(Fault("problem.door_unreadable", f"{place}.door", brief(door)))
        door = None
    again = read_number(item.get("again"), least=0, most=service_s)
    if again is None and item.get("again") is not None:
        desk.tell(Fault("problem.again_unreadable", f"{place}.again", brief(item["again"])))
    return {"skills": skills or [], "door": door, "again": None if again is None else math.ceil(again)}


def kept_apart(desk: Desk, value: Any, visits: int) -> list[list[int]]:
    """Groups of visits of which one is made; numbers that are none are named and left out."""
    if not isinstance(value, list | tuple):
        desk.tell(Fault("problem.apart_unreadable", "not_together", brief(value)))
        return []
    groups = []
    for i, group in enumerate(value):
        numbers = []
        for j, visit in enumerate(group if isinstance(group, list | tuple) else [group]):
            read = read_number(visit, least=0, most=visits - 1)
            if read is None or read != int(read):
                desk.tell(Fault("problem.apart_unreadable", f"not_together[{i}][{j}]", brief(visit)))
            else:
                numbers.append(int(read))
        groups.append(numbers)
    return groups


def name_far_doors(desk: Desk, visits: Sequence[dict[str, Any]]) -> None:
    """A door stands at one place: a visit elsewhere that names it is on its own."""
    if not desk.travels:
        return
    first: dict[Any, int] = {}
    for visit, item in enumerate(visits):
        door = item.get("door")
        if visit in desk.closed or door is None:
            continue
        at = first.setdefault(door, visit)
        if (item["x"], item["y"]) != (visits[at]["x"], visits[at]["y"]):
            desk.tell(Fault("problem.door_elsewhere", f"visits[{visit}].door", brief(door), f"visits[{at}]"))
            item["door"] = None
