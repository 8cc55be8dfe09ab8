"""An agent's day as it runs: when open doors will be reached, by what was begun, what was left, and the clock. Pure.

The phone reckons the same for the agent who holds it (`forecast.ts`): the plan's own times are only where it begins. No
position is used: an arrival, a report and the time of day are all that is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Generic, TypeVar

from fieldapp.domain.places import metres_between

Key = TypeVar("Key")

TOLERANCE = timedelta(minutes=15)
"""An agent who is behind by less is not told of."""
SECONDS_A_METRE = 0.16
"""Of straight line, where the plan gives no example: 30 km/h on ways that wind."""
SHORT_M = 500
"""Legs that are shorter together say nothing of the pace of a day."""


@dataclass(frozen=True, slots=True)
class Door(Generic[Key]):
    """A stop as it was published; `travel_s` is the way from the stop before it in the plan at the planned hour.

    `by_hour`: from which moment on the whole of that way takes how many seconds, where it varies.
    """

    key: Key
    arrive_at: datetime
    window_from: datetime
    window_to: datetime
    service_s: int
    travel_s: int
    lat_e6: int
    lon_e6: int
    by_hour: tuple[tuple[datetime, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Rung:
    """A door at which the agent arrived; `left_at` once the report is here."""

    arrived_at: datetime
    left_at: datetime | None


@dataclass(frozen=True, slots=True)
class Expected(Generic[Key]):
    """An open stop as it will be by what is known. `late_s`: behind the published time, 0 when on time or early.

    `missed`: its hours are over before anybody could be there.
    """

    key: Key
    arrive_at: datetime
    leave_at: datetime
    late_s: int
    missed: bool


def expected(
    planned: Sequence[Door[Key]],
    rung: Mapping[Key, Rung],
    *,
    now: datetime,
    order: Sequence[Key] = (),
    lunch: tuple[datetime, datetime] | None = None,
) -> tuple[Expected[Key], ...]:
    """The open stops of a route in the order in which they will be made, each once.

    `planned` stands in the plan's order; `order` is what the agent chose of the open ones. Before the first door
    nobody knows when the agent left home: the plan does. Who is at a door leaves it when the visit was to end, and not
    before now.
    """
    route = _Route(planned, lunch)
    place, free_at = _last(planned, rung, now)
    open_doors = in_order([door for door in planned if door.key not in rung], order)
    first_at = min((door.arrive_at for door in open_doors), default=now)
    found = []
    for door in open_doors:
        reach_at = first_at if free_at is None else free_at + route.way(place, door, free_at)
        arrive_at = max(reach_at, now, door.window_from)
        leave_at = arrive_at + timedelta(seconds=door.service_s)
        late_s = max(int((arrive_at - door.arrive_at).total_seconds()), 0)
        found.append(Expected(door.key, arrive_at, leave_at, late_s, arrive_at > door.window_to))
        place, free_at = door, leave_at
    return tuple(found)


def behind_s(planned: Sequence[Door[Key]], ahead: Sequence[Expected[Key]]) -> int:
    """Seconds behind the plan: at the next door in the plan's order, at the last one in an order of the agent's own."""
    if not ahead:
        return 0
    doors = {door.key: door for door in planned}
    if [one.key for one in ahead] == [door.key for door in planned if door.key in {one.key for one in ahead}]:
        return ahead[0].late_s
    last_at = max(doors[one.key].arrive_at + timedelta(seconds=doors[one.key].service_s) for one in ahead)
    return max(int((ahead[-1].leave_at - last_at).total_seconds()), 0)


def in_order(waiting: Sequence[Door[Key]], chosen: Sequence[Key]) -> list[Door[Key]]:
    """The waiting stops in the order that the agent chose.

    What the office added since stands before the first chosen stop that the plan has after it, so that a new visit is
    not lost at the end.
    """
    places = {door.key: place for place, door in enumerate(waiting)}
    order = [waiting[places[key]] for key in dict.fromkeys(chosen) if key in places]
    for door in waiting:
        if door not in order:
            later = (at for at, one in enumerate(order) if places[one.key] > places[door.key])
            order.insert(next(later, len(order)), door)
    return order


def _last(
    planned: Sequence[Door[Key]], rung: Mapping[Key, Rung], now: datetime
) -> tuple[Door[Key] | None, datetime | None]:
    """The door at which the agent was last, and when it is or will be left; a phone's clock may run ahead of ours."""
    done = [door for door in planned if door.key in rung]
    if not done:
        return None, None
    last = max(done, key=lambda door: rung[door.key].arrived_at)
    was = rung[last.key]
    if was.left_at is not None:
        return last, min(was.left_at, now)
    return last, max(min(was.arrived_at, now) + timedelta(seconds=last.service_s), now)


class _Route(Generic[Key]):
    """The ways between doors: the plan's where it knows them, else at the pace of the hour; lunch stays on its leg."""

    def __init__(self, planned: Sequence[Door[Key]], lunch: tuple[datetime, datetime] | None) -> None:
        self._before = {door.key: before.key for before, door in pairwise(planned)}
        self._pace, self._paces = _pace(planned), _paces(planned)
        after = [] if lunch is None else [door.key for door in planned if door.arrive_at >= lunch[1]]
        self._lunch = {after[0]: lunch[1] - lunch[0]} if lunch is not None and after else {}

    def way(self, start: Door[Key] | None, to: Door[Key], leave_at: datetime) -> timedelta:
        seconds = driven_s(to.by_hour, leave_at) if to.by_hour else to.travel_s
        if start is not None and self._before.get(to.key) != start.key:
            metres = _metres(start, to)
            by_hour = [(from_at, round(metres * pace)) for from_at, pace in self._paces]
            varies = bool(by_hour) and min(takes_s for _, takes_s in by_hour) > 0
            seconds = driven_s(by_hour, leave_at) if varies else round(metres * self._pace)
        return timedelta(seconds=seconds) + self._lunch.get(to.key, timedelta())


def driven_s(by_hour: Sequence[tuple[datetime, int]], leave_at: datetime) -> int:
    """What a way takes to who leaves at `leave_at`, the rest of it driven at the pace of each hour, as in the plan."""
    turns_s = [int((from_at - leave_at).total_seconds()) for from_at, _ in by_hour]
    band = max((at for at, turn_s in enumerate(turns_s) if turn_s <= 0), default=0)
    gone_s, left_s = 0, by_hour[band][1]
    while band + 1 < len(by_hour) and gone_s + left_s > turns_s[band + 1]:
        left_s -= turns_s[band + 1] - gone_s
        left_s = -(-left_s * by_hour[band + 1][1] // by_hour[band][1])
        gone_s, band = turns_s[band + 1], band + 1
    return gone_s + left_s


def _pace(planned: Sequence[Door[Key]]) -> float:
    """Seconds for a metre of straight line, by the legs of the plan."""
    metres = sum(_metres(before, door) for before, door in pairwise(planned))
    seconds = sum(door.travel_s for door in planned[1:])
    return seconds / metres if metres > SHORT_M and seconds else SECONDS_A_METRE


def _paces(planned: Sequence[Door[Key]]) -> list[tuple[datetime, float]]:
    """The same from each moment on at which ways change, by the legs that say so; none where no hour counts."""
    legs = [(_metres(before, door), door.by_hour) for before, door in pairwise(planned) if door.by_hour]
    metres = sum(far for far, _ in legs)
    if metres <= SHORT_M or len({tuple(from_at for from_at, _ in told) for _, told in legs}) != 1:
        return []
    return [(from_at, sum(told[band][1] for _, told in legs) / metres) for band, (from_at, _) in enumerate(legs[0][1])]


def _metres(start: Door[Key], to: Door[Key]) -> int:
    return metres_between(start.lat_e6, start.lon_e6, to.lat_e6, to.lon_e6)
