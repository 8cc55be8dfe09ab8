# mypy: disable-error-code=no-any-return
# Reason: numpy types single elements of an array as Any, and compiled code is made of single elements.
"""The compiled core of the search: schedules with two clocks, ruin, recreate, acceptance.

Ruin and recreate after Christiaens and Vanden Berghe, "Slack Induction by String Removals for Vehicle
Routing Problems", Transportation Science 54(2), 2020, extended by prizes, by several windows a visit, and by
a lunch break carried as two clocks: *hungry* (lunch still to take) and *fed* (lunch taken). Each clock is
the earliest time of leaving a stop; backwards, each stop holds the latest arrival from which the rest of the
day still works, so that an insertion is judged in constant time.

Everything compiled stands in this one file: numba's cache is keyed by a single source file and would serve
stale code if a function called a compiled one from another file.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numba
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
F = TypeVar("F", bound=Callable[..., Any])

NEVER = 1_000_000_000_000
SORTS = 6
SENT_HOME = 0.02
"""Share of iterations that try a day without one agent: single strings hardly ever empty a route."""
BLINK = 0.01
"""One place in a hundred is overlooked (Christiaens and Vanden Berghe)."""
DEAREST = 2.0e9
"""No detour costs more cents."""
PASSING = 30
"""So many near visits tell which agents pass by."""

# Typed, because numba compiles a function once more for each plain number that it is called with.
NONE: Any = np.int64(-1)
ZERO: Any = np.int64(0)
ONE: Any = np.int64(1)


def entry(function: F) -> F:
    """Compile on first call from Python, without the interpreter lock; kept on disk where that is possible."""
    compiler: Any = numba.njit(nogil=True, error_model="numpy", cache=True)
    try:
        made: F = compiler(function)
    except RuntimeError:  # no writable place for the cache: compile afresh in each process
        compiler = numba.njit(nogil=True, error_model="numpy")
        made = compiler(function)
    return made


def inner(function: F) -> F:
    """Compile as a part of entries only: without wrappers for Python, which cost most of the compile time.

    And without counting references (`_nrt`): nothing in here makes or frees an array, and counting some fifty of them
    at every call took five sixths of the time.
    """
    njit: Any = numba.njit
    compiler = njit(
        nogil=True,
        error_model="numpy",
        _nrt=False,
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
        forceinline=True,
    )
    made: F = compiler(function)
    return made


def rare(function: F) -> F:
    """As `inner`, for what few days need: called, not written into each caller, which would double the compile time."""
    njit: Any = numba.njit
    compiler = njit(nogil=True, error_model="numpy", _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
    made: F = compiler(function)
    return made


class Data(NamedTuple):
    """What never changes in a search. `leave[i, j]` and `reach[j, i]` hold (seconds, cents) from i to j, the seconds of
    its best hour where ways vary."""

    leave: Array
    reach: Array
    door: Array
    """(A + V,) number of the door at each node, -1 for none; empty where no door has several visits."""
    again: Array
    """(V,) service seconds right after another visit at the same door."""
    tie_from: Array
    """(V + 1,) where the visits that stand against each one begin in `ties`."""
    ties: Array
    """(E, 2) a visit that may not be made as well, and 1 where it may right beside (the same door)."""
    worth: Array
    """(V,) prize in cents, plus a bonus beyond all money for a must-do."""
    service: Array
    opens: Array
    closes: Array
    """(D * V, W) window bounds, day after day; unused places close at -1."""
    row: Array | None
    """(A,) where the visits of the agent's day begin in whatever has `D * V` rows; None where one day is planned: then
    what days ask for is not even compiled in."""
    soonest: Array
    """(D * V,) no visit is left before; and in `last` the last moment at which it may begin."""
    last: Array
    allowed: Array
    room: Array
    """(A,) most visits."""
    load: Array
    """(V,) what each visit takes of its agent's capacity; empty where nobody's is limited."""
    capacity: Array
    shift: Array
    lunch: Array
    """(A,) takes lunch."""
    break_s: Array
    """Duration, earliest start, latest start."""
    near: Array
    """(V, K) other visits, nearest first."""
    homes: Array
    """(V, H) agents, nearest home first."""
    order: Array
    """(SORTS, V) keys of the insertion orders, lowest first; row 0 only puts must-dos first."""
    pin: Array
    wish: Array
    """(D * V,) the preferred agent or -1, and in `wish_worth` what that agent is worth more in cents."""
    wish_worth: Array
    less: Array | None
    """(D * V,) cents that a visit brings less on this day than on its best; None where one day is planned."""
    off: Array | None
    """(D * V, B) cents that a visit brings less where it begins in this band of hours; None where no hour counts: then
    what hours ask for is not even compiled in."""
    bands: Array
    """(B,) when each band of hours begins."""
    musts: Array
    ends: Array
    """(A,) the node at which each agent's day ends."""
    by_hour: Array | None
    """(n, n, H) seconds of each way to who drives all of it in this band of hours; None where ways do not vary: then
    what that asks for is not even compiled in."""
    turns: Array
    """(H,) when each of these bands begins."""


class State(NamedTuple):
    """The plan being changed, with its schedules; rows are agents, columns stops, home first and where the day ends
    last."""

    stops: Array
    size: Array
    hungry: Array
    fed: Array
    late_hungry: Array
    late_fed: Array
    soon: Array
    """(A, S) the earlier of both clocks; in `late` the later of both latest arrivals: no insertion can beat them."""
    late: Array
    leg: Array
    """(A, S) cents from each stop to the next."""
    gone: Array
    """(A, S) when each stop is left in the day that brings most, where hours count; in `paid` the cents that the hours
    have cost up to there, in `meal` (A,) the leg on which lunch is taken, -1 for none."""
    paid: Array
    meal: Array
    value: Array
    carried: Array
    """(A,) the load of each route, where capacities are limited."""
    where: Array
    touched: Array
    """(A,) 1 where the route differs from the last accepted one."""
    changed: Array
    """The agents touched, as many as `score[4]` says."""
    old_stops: Array
    old_size: Array
    old_value: Array
    best_stops: Array
    best_size: Array
    mark: Array
    """(V,) iteration in which a visit was last taken up for insertion."""
    queue: Array
    key: Array
    asked: Array
    """(A,) the last question, by number, that an agent was asked."""
    version: Array
    """(A,) the number of the change that made a route what it is; undone with the change."""
    old_version: Array
    known: Array
    """(V, A, 3) version of a route at which the best place for a visit was looked for, its cents, stop before or -1."""
    rng: Array
    score: Array
    """Objective now, best objective, iterations done, entries ever written to the pool, agents touched, questions,
    agent sent home, changes of routes."""
    pool_stops: Array
    pool_agent: Array
    pool_size: Array


@inner
def draw(rng: Array) -> float:
    """The next number in [0, 1): xorshift64*, so that a seed means the same run everywhere."""
    x = rng[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    rng[0] = x
    return float((x * np.uint64(2685821657736338717)) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@inner
def on_day(row: Array | None, a: int, v: int) -> int:
    """Where `v` stands, on the day of agent `a`, in what has a row for each visit and day."""
    if row is None:  # decided when it is compiled, since nothing is the type of `row` then
        return v
    return row[a] + v


@inner
def waits(less: Array | None, at: int) -> int:
    """What the visit loses by waiting for this day, in cents."""
    if less is None:
        return ZERO
    return less[at]


@inner
def takes(d: Data, v: int, before: int) -> int:
    """Service seconds of `v` right after node `before`."""
    if d.door.shape[0] > 0 and d.door[before] >= 0 and d.door[before] == d.door[v + d.room.shape[0]]:
        return d.again[v]
    return d.service[v]


@inner
def served(d: Data, a: int, v: int, arrive: int, service: int) -> int:
    """When agent `a` leaves `v` after arriving at `arrive`, in the first window still open on this day."""
    at = on_day(d.row, a, v)
    for w in range(d.closes.shape[1]):
        if arrive <= d.closes[at, w]:
            return max(arrive, d.opens[at, w]) + service
    return NEVER


@inner
def latest_arrival(d: Data, a: int, v: int, leave_by: int, service: int) -> int:
    """The latest arrival of agent `a` at `v` that leaves by `leave_by`, or a negative number."""
    start_by = leave_by - service
    at = on_day(d.row, a, v)
    for w in range(d.closes.shape[1] - 1, -1, -1):
        if d.closes[at, w] >= 0 and d.opens[at, w] <= start_by:
            return min(d.closes[at, w], start_by)
    return -1


@inner
def band_at(turns: Array, moment: int) -> int:
    """The band of hours in which a moment lies, as far as ways go; the first one has no beginning."""
    band = ZERO
    while band + 1 < turns.shape[0] and turns[band + 1] <= moment:
        band += 1
    return band


@inner
def pace(by: Array, i: int, j: int, band: int) -> int:
    """What the whole way takes in a band of hours."""
    return by[i, j, band] + ZERO


@inner
def turned(left: int, now: int, then: int) -> int:
    """What is left of a way that takes `now` seconds, where it takes `then`."""
    return (left * then + now - 1) // now if left > 0 else ZERO


@inner
def driven(by: Array, turns: Array, i: int, j: int, now: int, band: int, left: int) -> int:
    """Arrival of who has `left` seconds of `band` to go at `now`: the rest is driven at the pace of each hour."""
    while band + 1 < turns.shape[0] and now + left > turns[band + 1]:
        left = turned(left - turns[band + 1] + now, pace(by, i, j, band), pace(by, i, j, band + 1))
        band += 1
        now = turns[band]
    return now + left


@inner
def begun(by: Array, turns: Array, i: int, j: int, at: int, band: int, spare: int) -> int:
    """Who has no more than `spare` seconds of `band` to go at `at`, in it or at its end, has left by this moment."""
    while True:
        leave = min(at - by[i, j, band] + spare, at - 1)
        if band == 0 or leave >= turns[band]:
            return leave
        spare = (spare + at - turns[band]) * by[i, j, band - 1] // by[i, j, band]
        at = turns[band]
        band -= 1


@rare
def arrival(by: Array, turns: Array, i: int, j: int, leave: int) -> int:
    """When one is at `j` who leaves `i` at this moment."""
    band = band_at(turns, leave)
    return driven(by, turns, i, j, leave, band, pace(by, i, j, band))


@rare
def departure(by: Array, turns: Array, i: int, j: int, arrive_by: int) -> int:
    """When one must leave `i` to be at `j` by this moment."""
    band = band_at(turns, arrive_by)
    leave = arrive_by - by[i, j, band]
    if band == 0 or leave >= turns[band]:
        return leave
    spare = (arrive_by - turns[band]) * by[i, j, band - 1] // by[i, j, band]
    return begun(by, turns, i, j, turns[band], band - 1, spare)


@rare
def arrival_fed(by: Array, turns: Array, lunch: Array, i: int, j: int, leave: int) -> int:
    """The same with lunch on this leg, as soon as its hours have begun or on arriving, whichever is there first."""
    if leave > lunch[2]:
        return NEVER + ZERO
    there = arrival(by, turns, i, j, leave)
    if leave >= lunch[1]:
        paused = arrival(by, turns, i, j, leave + lunch[0])
    elif there <= lunch[1]:
        return lunch[1] + lunch[0]
    else:
        now, band = leave, band_at(turns, leave)
        left = pace(by, i, j, band)
        while band + 1 < turns.shape[0] and turns[band + 1] < lunch[1]:
            left = turned(left - turns[band + 1] + now, pace(by, i, j, band), pace(by, i, j, band + 1))
            band += 1
            now = turns[band]
        again = band_at(turns, lunch[1] + lunch[0])
        left = turned(left - lunch[1] + now, pace(by, i, j, band), pace(by, i, j, again))
        paused = driven(by, turns, i, j, lunch[1] + lunch[0], again, left)
    return min(paused, there + lunch[0]) if there <= lunch[2] else paused


@rare
def departure_hungry(by: Array, turns: Array, lunch: Array, i: int, j: int, arrive_by: int) -> int:
    """When one must leave `i` to have had lunch and be at `j` by this moment."""
    again_at = lunch[1] + lunch[0]
    if arrive_by < again_at:
        return -NEVER + ZERO
    leave = min(departure(by, turns, i, j, arrive_by) - lunch[0], lunch[2])
    if leave < lunch[1]:
        band, first = band_at(turns, arrive_by), band_at(turns, again_at)
        at = max(turns[band], again_at)
        spare = arrive_by - at
        while band > first:
            spare = spare * by[i, j, band - 1] // by[i, j, band]
            band -= 1
            spare += at - max(turns[band], again_at)
            at = max(turns[band], again_at)
        before = band_at(turns, lunch[1] - 1)
        leave = begun(by, turns, i, j, lunch[1], before, spare * by[i, j, before] // by[i, j, band])
    return max(leave, departure(by, turns, i, j, min(lunch[2], arrive_by - lunch[0])))


@inner
def reached(by: Array | None, d: Data, i: int, j: int, leave: int, drive: int) -> int:
    """When one is at node `j` who leaves node `i` at this moment; `drive`: what the way takes where none varies."""
    if by is None:  # decided when it is compiled, as above
        return leave + drive
    return arrival(by, d.turns, i, j, leave)


@inner
def leaves(by: Array | None, d: Data, i: int, j: int, arrive_by: int, drive: int) -> int:
    """When one must leave node `i` to be at node `j` by this moment."""
    if by is None:
        return arrive_by - drive
    return departure(by, d.turns, i, j, arrive_by)


@inner
def after_break(by: Array | None, d: Data, i: int, j: int, leave: int, drive: int) -> int:
    """Arrival when lunch is taken on this leg: before leaving, on the way or on arrival."""
    if by is None:
        if leave > d.break_s[2]:
            return NEVER
        return max(leave + drive, d.break_s[1]) + d.break_s[0]
    return arrival_fed(by, d.turns, d.break_s, i, j, leave)


@inner
def before_break(by: Array | None, d: Data, i: int, j: int, arrive_by: int, drive: int) -> int:
    """When one must leave hungry to be there fed by this moment, a negative moment where that cannot be."""
    if by is None:
        if d.break_s[1] + d.break_s[0] <= arrive_by:
            return min(d.break_s[2], arrive_by - drive - d.break_s[0])
        return -NEVER
    return departure_hungry(by, d.turns, d.break_s, i, j, arrive_by)


@inner
def fed_at(d: Data, i: int, j: int, fed: int, hungry: int, drive: int) -> int:
    """The earliest arrival with lunch taken, on this leg or before."""
    return min(reached(d.by_hour, d, i, j, fed, drive), after_break(d.by_hour, d, i, j, hungry, drive))


@inner
def forward(d: Data, s: State, a: int, first: int) -> None:
    """Bring the earliest leaving times of agent `a` up to date from stop `first` on."""
    base = d.room.shape[0]
    if first == 0:
        s.hungry[a, 0] = d.shift[a, 0] if d.lunch[a] else NEVER
        s.fed[a, 0] = NEVER if d.lunch[a] else d.shift[a, 0]
        s.soon[a, 0] = d.shift[a, 0]
        first = 1
    for p in range(first, s.size[a] + 1):
        node = s.stops[a, p]
        before = s.stops[a, p - 1]
        drive = d.leave[before, node, 0]
        hungry, fed = s.hungry[a, p - 1], s.fed[a, p - 1]
        fed = fed_at(d, before, node, fed, hungry, drive)
        hungry = reached(d.by_hour, d, before, node, hungry, drive)
        service = takes(d, node - base, before)
        s.hungry[a, p] = served(d, a, node - base, hungry, service)
        s.fed[a, p] = served(d, a, node - base, fed, service)
        s.soon[a, p] = min(s.hungry[a, p], s.fed[a, p])


@inner
def backward(d: Data, s: State, a: int, last: int) -> None:
    """Bring the latest arrivals of agent `a` up to date from stop `last` back to the start."""
    base = d.room.shape[0]
    end = s.size[a] + 1
    if last >= end:
        s.late_fed[a, end] = d.shift[a, 1]
        s.late_hungry[a, end] = -NEVER
        s.late[a, end] = d.shift[a, 1]
        last = end - 1
    for p in range(last, -1, -1):
        here, after = s.stops[a, p], s.stops[a, p + 1]
        drive = d.leave[here, after, 0]
        fed_by = leaves(d.by_hour, d, here, after, s.late_fed[a, p + 1], drive)
        hungry_by = leaves(d.by_hour, d, here, after, s.late_hungry[a, p + 1], drive)
        hungry_by = max(hungry_by, before_break(d.by_hour, d, here, after, s.late_fed[a, p + 1], drive))
        if p == 0:
            s.late_fed[a, 0], s.late_hungry[a, 0] = fed_by, hungry_by
        else:
            v = s.stops[a, p] - base
            service = takes(d, v, s.stops[a, p - 1])
            s.late_fed[a, p] = latest_arrival(d, a, v, fed_by, service)
            s.late_hungry[a, p] = latest_arrival(d, a, v, hungry_by, service)
        s.late[a, p] = max(s.late_hungry[a, p], s.late_fed[a, p])


@inner
def holds(d: Data, s: State, a: int) -> bool:
    """Whether the route of `a` keeps windows, lunch and shift (schedules up to date)."""
    start = d.shift[a, 0]
    return start <= s.late_hungry[a, 0] if d.lunch[a] else start <= s.late_fed[a, 0]


@inner
def leads(d: Data, s: State, a: int, p: int, v: int) -> bool:
    """Whether stop `p + 1` would follow `v` at the same door, and so take less than its schedule says."""
    if d.door.shape[0] == 0:
        return False
    here = d.door[v + d.room.shape[0]]
    return here >= 0 and d.door[s.stops[a, p + 1]] == here


@rare
def past(d: Data, s: State, a: int, p: int, before: int, fed: int, hungry: int) -> tuple[int, int]:
    """Both clocks on leaving stop `p` when it comes right after node `before`, which is left at these."""
    node = s.stops[a, p]
    drive = d.leave[before, node, 0]
    v = node - d.room.shape[0]
    service = takes(d, v, before)
    fed = fed_at(d, before, node, fed, hungry, drive)
    hungry = reached(d.by_hour, d, before, node, hungry, drive)
    return served(d, a, v, fed, service), served(d, a, v, hungry, service)


@inner
def fits(d: Data, s: State, a: int, p: int, v: int) -> bool:
    """Whether `v` fits between stops `p` and `p + 1` of agent `a`."""
    node = v + d.room.shape[0]
    before = s.stops[a, p]
    drive = d.reach[node, before, 0]
    hungry, fed = s.hungry[a, p], s.fed[a, p]
    service = takes(d, v, before)
    fed = served(d, a, v, fed_at(d, before, node, fed, hungry, drive), service)
    hungry = served(d, a, v, reached(d.by_hour, d, before, node, hungry, drive), service)
    if leads(d, s, a, p, v):
        p += 1
        fed, hungry = past(d, s, a, p, node, fed, hungry)
        node = s.stops[a, p]
    after = s.stops[a, p + 1]
    drive = d.leave[node, after, 0]
    if reached(d.by_hour, d, node, after, hungry, drive) <= s.late_hungry[a, p + 1]:
        return True
    return fed_at(d, node, after, fed, hungry, drive) <= s.late_fed[a, p + 1]


@rare
def stands_against(d: Data, s: State, a: int, v: int) -> int:
    """0 where nothing planned stands against `v` with agent `a`, 1 where it may only go right beside, 2 if not at all.

    Of two visits at one door the second goes right beside the first; of two that are kept apart there is one.
    """
    held = ZERO
    for i in range(d.tie_from[v], d.tie_from[v + 1]):
        other = s.where[d.ties[i, 0]]
        if other >= 0:
            if d.ties[i, 1] == 0 or other != a:
                return ZERO + 2
            held = ONE
    return held


@inner
def may_stand(d: Data, s: State, a: int, p: int, v: int, held: int) -> bool:
    """Whether doors allow `v` between stops `p` and `p + 1`: beside its own door, never between two at another one."""
    if d.door.shape[0] == 0:
        return True
    here, before, after = d.door[v + d.room.shape[0]], d.door[s.stops[a, p]], d.door[s.stops[a, p + 1]]
    if here >= 0 and (before == here or after == here):
        return True
    return held == 0 and (before < 0 or before != after)


@inner
def liked(d: Data, a: int, v: int) -> int:
    """What `v` is worth more because agent `a` makes it, less what it loses by waiting for this agent's day."""
    at = on_day(d.row, a, v)
    return (d.wish_worth[at] if d.wish[at] == a else ZERO) - waits(d.less, at)


@inner
def detour(d: Data, s: State, a: int, p: int, v: int) -> int:
    """Extra cents for `v` between stops `p` and `p + 1` of agent `a`, less what this agent is worth more."""
    node, before, after = v + d.room.shape[0], s.stops[a, p], s.stops[a, p + 1]
    return d.reach[node, before, 1] + d.leave[node, after, 1] - s.leg[a, p] - liked(d, a, v)


@inner
def counts(off: Array | None) -> bool:
    """Whether hours count, known when it is compiled."""
    return off is not None


@inner
def band_of(d: Data, start: int) -> int:
    """The band of hours in which a moment lies."""
    band = ZERO
    while band + 1 < d.bands.shape[0] and d.bands[band + 1] <= start:
        band += 1
    return band


@inner
def costs_by_hour(off: Array | None, d: Data, a: int, v: int, start: int) -> int:
    """What `v` brings less because agent `a` begins it at `start`."""
    if off is None:  # decided when it is compiled, as above
        return ZERO
    return off[on_day(d.row, a, v), band_of(d, start)]


@inner
def node_at(s: State, a: int, i: int, p: int, node: int) -> int:
    """Stop `i` of agent `a` as if `node` stood between stops `p` and `p + 1`; `p` below 0: as it is."""
    if p < 0 or i <= p:
        return s.stops[a, i]
    return node + ZERO if i == p + 1 else s.stops[a, i - 1]


@rare
def hours_cost(d: Data, s: State, a: int, first: int, now: int, meal: int, p: int, node: int) -> int:
    """What hours cost from stop `first` on where the stop before is left at `now` and lunch is on leg `meal` (-1: none
    any more), with `node` between stops `p` and `p + 1` (`p` below 0: as it is); NEVER where a rule breaks."""
    size = s.size[a] + (ONE if p >= 0 else ZERO)
    before, total = node_at(s, a, first - 1, p, node), ZERO
    for i in range(first, size + 2):
        here = node_at(s, a, i, p, node) if i <= size else d.ends[a]
        drive = d.leave[before, here, 0]
        if i - 1 == meal:
            arrive = after_break(d.by_hour, d, before, here, now, drive)
        else:
            arrive = reached(d.by_hour, d, before, here, now, drive)
        if i > size:
            return total if arrive <= d.shift[a, 1] else NEVER + ZERO
        v = here - d.room.shape[0]
        service = takes(d, v, before)
        now = served(d, a, v, arrive, service)
        if now >= NEVER:
            return NEVER + ZERO
        total += costs_by_hour(d.off, d, a, v, now - service)
        before = here
    return total


@rare
def settle_hours(off: Array | None, d: Data, s: State, a: int) -> None:
    """Lunch where the hours cost least, and `gone` and `paid` of that day (earliest leaving times up to date)."""
    if off is None:
        return
    base, size = d.room.shape[0], s.size[a]
    least, meal = NEVER + ZERO, NONE
    if not d.lunch[a] or size == 0:
        least = hours_cost(d, s, a, ONE, d.shift[a, 0], NONE, NONE, NONE)
    else:
        paid = ZERO
        for k in range(size + 1):
            left = s.hungry[a, k]
            if left >= NEVER or paid >= least:
                break
            if k > 0:
                v = s.stops[a, k] - base
                paid += costs_by_hour(d.off, d, a, v, left - takes(d, v, s.stops[a, k - 1]))
            cost = hours_cost(d, s, a, k + 1, left, k, NONE, NONE)
            if cost < NEVER and paid + cost < least:
                least, meal = paid + cost, k + ZERO
    s.meal[a] = meal
    s.gone[a, 0], s.paid[a, 0] = d.shift[a, 0], ZERO
    for i in range(1, size + 1):
        before, here = s.stops[a, i - 1], s.stops[a, i]
        drive = d.leave[before, here, 0]
        v = here - base
        service = takes(d, v, before)
        if i - 1 == meal:
            arrive = after_break(d.by_hour, d, before, here, s.gone[a, i - 1], drive)
        else:
            arrive = reached(d.by_hour, d, before, here, s.gone[a, i - 1], drive)
        s.gone[a, i] = served(d, a, v, arrive, service)
        s.paid[a, i] = s.paid[a, i - 1] + costs_by_hour(d.off, d, a, v, s.gone[a, i] - service)


@inner
def lost_to_hours(off: Array | None, s: State, a: int) -> int:
    """What hours cost the route of agent `a` as it stands."""
    if off is None:
        return ZERO
    return s.paid[a, s.size[a]]


@rare
def exactly_by_hours(off: Array | None, d: Data, s: State, a: int, p: int, v: int) -> int:
    """What hours cost more with `v` between stops `p` and `p + 1`, lunch wherever it is best then; NEVER: unlawful."""
    if off is None:
        return ZERO
    node, least = v + d.room.shape[0], NEVER + ZERO
    if not d.lunch[a]:
        least = hours_cost(d, s, a, ONE, d.shift[a, 0], NONE, p, node)
    else:
        for k in range(s.size[a] + 2):
            least = min(least, hours_cost(d, s, a, ONE, d.shift[a, 0], k, p, node))
    return NEVER + ZERO if least >= NEVER else least - s.paid[a, s.size[a]]


@rare
def more_by_hours(off: Array | None, d: Data, s: State, a: int, p: int, v: int) -> int:
    """What hours cost more with `v` between stops `p` and `p + 1`, lunch staying on its leg where it can."""
    if off is None:
        return ZERO
    if s.size[a] == 0:
        return exactly_by_hours(off, d, s, a, p, v)
    node, meal = v + d.room.shape[0], s.meal[a]
    left, paid = s.gone[a, p], s.paid[a, p]
    least = hours_cost(d, s, a, p + 1, left, meal + 1 if meal > p else meal if meal == p else NONE, p, node)
    if meal == p:
        least = min(least, hours_cost(d, s, a, p + 1, left, meal + 1, p, node))
    if least >= NEVER:  # lunch has to move: only its own hour is known
        before = s.stops[a, p]
        arrive = reached(d.by_hour, d, before, node, s.soon[a, p], d.reach[node, before, 0])
        return costs_by_hour(d.off, d, a, v, arrive)
    return paid + least - s.paid[a, s.size[a]]


@inner
def surveyed(d: Data, s: State, a: int, p: int, v: int) -> int:
    """The detour for `v`, what hours cost more included."""
    return detour(d, s, a, p, v) + exactly_by_hours(d.off, d, s, a, p, v)


@inner
def revalue(d: Data, s: State, a: int) -> None:
    """Bring worth less travel of agent `a`'s route, and where its visits stand, up to date."""
    base = d.room.shape[0]
    value = ZERO
    for p in range(s.size[a] + 1):
        s.leg[a, p] = d.leave[s.stops[a, p], s.stops[a, p + 1], 1]
        value -= s.leg[a, p]
    for p in range(1, s.size[a] + 1):
        v = s.stops[a, p] - base
        s.where[v] = a
        value += d.worth[v] + liked(d, a, v)
    settle_hours(d.off, d, s, a)
    s.value[a] = value - lost_to_hours(d.off, s, a)
    if d.load.shape[0] > 0:
        s.carried[a] = ZERO
        for p in range(1, s.size[a] + 1):
            s.carried[a] += d.load[s.stops[a, p] - base]


@inner
def refresh(d: Data, s: State, a: int) -> None:
    """Recompute everything known about agent `a` from its stops."""
    s.stops[a, s.size[a] + 1] = d.ends[a]
    forward(d, s, a, ZERO)
    backward(d, s, a, s.size[a] + 1)
    revalue(d, s, a)


@inner
def touch(s: State, a: int) -> None:
    """Keep a copy of agent `a`'s route before its first change in this iteration."""
    if s.touched[a] == 0:
        s.touched[a] = 1
        s.changed[s.score[4]] = a
        s.score[4] += 1
        s.old_value[a] = s.value[a]
        s.old_version[a] = s.version[a]
        s.old_size[a] = s.size[a]
        for p in range(s.size[a] + 2):
            s.old_stops[a, p] = s.stops[a, p]


@inner
def renumber(s: State, a: int) -> None:
    """Agent `a`'s route is changing: what is known of the one before no longer holds."""
    s.score[7] += 1
    s.version[a] = s.score[7]


@inner
def insert(d: Data, s: State, a: int, p: int, v: int) -> None:
    """Put `v` between stops `p` and `p + 1` of agent `a`."""
    touch(s, a)
    renumber(s, a)
    s.value[a] += d.worth[v] - detour(d, s, a, p, v) + lost_to_hours(d.off, s, a)
    if d.load.shape[0] > 0:
        s.carried[a] += d.load[v]
    for q in range(s.size[a] + 1, p, -1):
        s.stops[a, q + 1] = s.stops[a, q]
        s.leg[a, q] = s.leg[a, q - 1]
        s.late_hungry[a, q + 1] = s.late_hungry[a, q]
        s.late_fed[a, q + 1] = s.late_fed[a, q]
        s.late[a, q + 1] = s.late[a, q]
    node = v + d.room.shape[0]
    s.stops[a, p + 1] = node
    s.leg[a, p] = d.reach[node, s.stops[a, p], 1]
    s.leg[a, p + 1] = d.leave[node, s.stops[a, p + 2], 1]
    s.size[a] += 1
    s.where[v] = a
    forward(d, s, a, p + 1)
    backward(d, s, a, min(p + 2, s.size[a]) if d.door.shape[0] > 0 else p + 1)
    settle_hours(d.off, d, s, a)
    s.value[a] -= lost_to_hours(d.off, s, a)


@inner
def take_out(d: Data, s: State, a: int, first: int, last: int) -> None:
    """Remove stops `first` to `last` of agent `a` (schedules are not brought up to date)."""
    base = d.room.shape[0]
    touch(s, a)
    renumber(s, a)
    for p in range(first, last + 1):
        s.where[s.stops[a, p] - base] = -1
    gap = last - first + 1
    for p in range(last + 1, s.size[a] + 2):
        s.stops[a, p - gap] = s.stops[a, p]
    s.size[a] -= gap


@inner
def queue_up(s: State, v: int, n: int, stamp: int) -> int:
    """Take `v` up for insertion, once; `n` is the length of the queue so far."""
    if s.mark[v] == stamp:
        return n
    s.mark[v] = stamp
    s.queue[n] = v
    return n + 1


@inner
def take_string(d: Data, s: State, a: int, v: int, longest: int, n: int, stamp: int) -> int:
    """Remove a string of stops around `v` from agent `a`; half of the strings leave some stops standing."""
    base, size = d.room.shape[0], s.size[a]
    length = 1 + int(draw(s.rng) * min(longest, size))
    kept = 0
    if length < size and length > 1 and draw(s.rng) < 0.5:
        kept = 1
        while length + kept < size and draw(s.rng) < 0.01:
            kept += 1
    at = 1
    while s.stops[a, at] != v + base:
        at += 1
    span = length + kept
    lowest = max(1, at - span + 1)
    highest = min(at, size - span + 1)
    first = lowest + int(draw(s.rng) * (highest - lowest + 1))
    keep_from = first + 1 + int(draw(s.rng) * (length - 1)) if kept else first + span
    for p in range(first, first + span):
        if not keep_from <= p < keep_from + kept:
            n = queue_up(s, s.stops[a, p] - base, n, stamp)
    if kept:
        take_out(d, s, a, keep_from + kept, first + span - 1)
        take_out(d, s, a, first, keep_from - 1)
    else:
        take_out(d, s, a, first, first + span - 1)
    return settle(d, s, a, n, stamp)


@inner
def settle(d: Data, s: State, a: int, n: int, stamp: int) -> int:
    """Refresh `a` after a removal. Where travel breaks the triangle rule less can be too late: empty it."""
    refresh(d, s, a)
    if s.size[a] > 0 and not holds(d, s, a):
        for p in range(1, s.size[a] + 1):
            n = queue_up(s, s.stops[a, p] - d.room.shape[0], n, stamp)
        take_out(d, s, a, ONE, s.size[a])
        refresh(d, s, a)
    return n


@inner
def send_home(d: Data, s: State, a: int, stamp: int) -> int:
    """Take the whole day from agent `a`, who gets nothing back in this iteration; returns how many visits queue."""
    n = ZERO
    for p in range(1, s.size[a] + 1):
        n = queue_up(s, s.stops[a, p] - d.room.shape[0], n, stamp)
    take_out(d, s, a, ONE, s.size[a])
    refresh(d, s, a)
    s.score[6] = a
    return n


@inner
def ruin(d: Data, s: State, seed: int, removed: float, longest: int, n: int, stamp: int) -> int:
    """Remove strings of visits near `seed` from several routes; returns how many visits queue, `n` before."""
    stops, routes = ZERO, ZERO
    for a in range(s.size.shape[0]):
        if s.size[a] > 0:
            stops += s.size[a]
            routes += 1
    if stops == 0:
        return queue_up(s, seed, n, stamp)
    string = min(float(longest), stops / routes)
    strings = 1 + int(draw(s.rng) * max(4.0 * removed / (1.0 + string) - 1.0, 0.0))
    if s.where[seed] < 0:
        n = queue_up(s, seed, n, stamp)
        a = d.pin[seed]
        if a >= 0 and s.size[a] > 0:
            v = s.stops[a, 1 + int(draw(s.rng) * s.size[a])] - d.room.shape[0]
            n = take_string(d, s, a, v, int(string + 0.5), n, stamp)
            strings -= 1
        for i in range(d.tie_from[seed], d.tie_from[seed + 1]):
            a = s.where[d.ties[i, 0]]
            if a >= 0 and s.touched[a] == 0:
                n = take_string(d, s, a, d.ties[i, 0], int(string + 0.5), n, stamp)
                strings -= 1
    for i in range(-1, d.near.shape[1]):
        if strings <= 0:
            break
        v = seed if i < 0 else d.near[seed, i]
        a = s.where[v]
        if a >= 0 and s.touched[a] == 0:
            n = take_string(d, s, a, v, int(string + 0.5), n, stamp)
            strings -= 1
    return n


@inner
def sort_queue(d: Data, s: State, n: int, row: int) -> None:
    """Put the queue into insertion order `row`; must-dos stand first in each."""
    for i in range(n):
        v = s.queue[i]
        key = d.order[row, v] + (draw(s.rng) if row == 0 else 0.0)
        j = i - 1
        while j >= 0 and s.key[j] > key:
            s.key[j + 1] = s.key[j]
            s.queue[j + 1] = s.queue[j]
            j -= 1
        s.key[j + 1] = key
        s.queue[j + 1] = v


@inner
def has_room(d: Data, s: State, a: int, v: int) -> bool:
    """Whether agent `a` can take one more visit, and the load of `v`."""
    if s.size[a] >= d.room[a]:
        return False
    return d.load.shape[0] == 0 or s.carried[a] + d.load[v] <= d.capacity[a]


@inner
def best_place(d: Data, s: State, a: int, v: int, limit: float, boldness: float, blink: float) -> tuple[float, int]:
    """The cheapest place for `v` with agent `a` below `limit`, as (cents, stop before) or (limit, -1).

    A share of the places is overlooked on purpose (`blink`). `boldness` discounts the detour, so that a
    far group of visits can be entered although its first one alone does not pay.
    """
    at = NONE
    if not d.allowed[a, v] or not has_room(d, s, a, v):
        return limit, at
    held = stands_against(d, s, a, v) if d.tie_from[v] < d.tie_from[v + 1] else ZERO
    if held == 2:
        return limit, at
    node, service, share = v + d.room.shape[0], d.again[v], 1.0 - boldness
    wish, here = liked(d, a, v), on_day(d.row, a, v)
    for p in range(s.size[a] + 1):
        soon = s.soon[a, p]
        if soon > d.last[here]:
            break
        late = NEVER if leads(d, s, a, p, v) else s.late[a, p + 1]
        if late - soon < service or late < d.soonest[here]:
            continue
        before, after = s.stops[a, p], s.stops[a, p + 1]
        extra = (d.reach[node, before, 1] + d.leave[node, after, 1] - s.leg[a, p] - wish) * share
        if extra >= limit or soon + d.reach[node, before, 0] + service + d.leave[node, after, 0] > late:
            continue
        if (blink == 0.0 or draw(s.rng) >= blink) and fits(d, s, a, p, v) and may_stand(d, s, a, p, v, held):
            if counts(d.off):
                extra += more_by_hours(d.off, d, s, a, p, v) * share
                if extra >= limit:
                    continue
            limit, at = extra, p
    return limit, at


@inner
def known_place(d: Data, s: State, a: int, v: int, limit: float, boldness: float) -> tuple[float, int]:
    """What `best_place` says of a route that this iteration has not changed: looked for once for each version of it."""
    if not d.allowed[a, v] or not has_room(d, s, a, v):
        return limit, NONE
    if draw(s.rng) < BLINK or d.tie_from[v] < d.tie_from[v + 1]:  # ties look at other routes as well
        return best_place(d, s, a, v, limit, boldness, BLINK)
    if s.known[v, a, 0] != s.version[a]:
        cents, p = best_place(d, s, a, v, DEAREST, 0.0, 0.0)
        s.known[v, a, 0] = s.version[a]
        s.known[v, a, 1] = int(cents)
        s.known[v, a, 2] = p
    extra = s.known[v, a, 1] * (1.0 - boldness)
    if s.known[v, a, 2] < 0 or extra >= limit:
        return limit, NONE
    return extra, s.known[v, a, 2] + ZERO


@inner
def recreate(d: Data, s: State, n: int, boldness: float, stamp: int) -> None:
    """Insert the queue's visits one by one at their cheapest place, where that pays."""
    agents = s.size.shape[0]
    for i in range(n):
        v = s.queue[i]
        if s.where[v] >= 0:
            continue
        limit, at, chosen = float(d.worth[v]) + boldness, NONE, NONE
        for k in range(s.score[4]):
            a = s.changed[k]
            if a == s.score[6]:
                continue
            extra, p = best_place(d, s, a, v, limit, boldness, BLINK)
            if p >= 0:
                limit, at, chosen = extra, p, a
        if s.mark[v] == stamp:
            s.score[5] += 1
            everybody = d.homes.shape[1] == agents or d.order[0, v] < 0.0
            near = ZERO if everybody else min(d.near.shape[1], PASSING)
            for k in range(near + (agents if everybody else d.homes.shape[1])):
                a = s.where[d.near[v, k]] if k < near else k if everybody else d.homes[v, k - near]
                if a < 0 or s.touched[a] == 1 or s.asked[a] == s.score[5]:
                    continue
                s.asked[a] = s.score[5]
                extra, p = known_place(d, s, a, v, limit, boldness)
                if p >= 0:
                    limit, at, chosen = extra, p, a
        if chosen >= 0:
            insert(d, s, chosen, at, v)


@inner
def prune(d: Data, s: State) -> None:
    """Give up changed routes, then single visits, that cost more than they bring."""
    base = d.room.shape[0]
    for k in range(s.score[4]):
        a = s.changed[k]
        if s.value[a] < 0:
            take_out(d, s, a, ONE, s.size[a])
            refresh(d, s, a)
        p = ONE
        while p <= s.size[a]:
            before, node, after = s.stops[a, p - 1], s.stops[a, p], s.stops[a, p + 1]
            saved = d.leave[before, node, 1] + d.leave[node, after, 1] - d.leave[before, after, 1]
            brings = d.worth[node - base] + liked(d, a, node - base)
            if counts(d.off):
                brings -= s.paid[a, p] - s.paid[a, p - 1]
            if saved > brings:
                take_out(d, s, a, p, p)
                refresh(d, s, a)
                if not holds(d, s, a):  # where travel breaks the triangle rule, the detour saved time
                    insert(d, s, a, p - 1, node - base)
                    p += 1
            else:
                p += 1


@inner
def put_back(d: Data, s: State) -> None:
    """Undo this iteration: bring back every changed route."""
    base = d.room.shape[0]
    for k in range(s.score[4]):
        a = s.changed[k]
        for p in range(1, s.size[a] + 1):
            s.where[s.stops[a, p] - base] = -1
    for k in range(s.score[4]):
        a = s.changed[k]
        s.size[a] = s.old_size[a]
        s.version[a] = s.old_version[a]
        for p in range(s.size[a] + 2):
            s.stops[a, p] = s.old_stops[a, p]
        refresh(d, s, a)
        s.touched[a] = 0
    s.score[4] = 0


@inner
def keep(s: State) -> None:
    """Write the changed routes to the pool, a ring that set packing draws from later."""
    for k in range(s.score[4]):
        a = s.changed[k]
        s.touched[a] = 0
        if s.size[a] > 0 and s.pool_size.shape[0] > 0:
            at = s.score[3] % s.pool_size.shape[0]
            s.score[3] += 1
            s.pool_agent[at] = a
            s.pool_size[at] = s.size[a]
            for p in range(s.size[a]):
                s.pool_stops[at, p] = s.stops[a, p + 1]
    s.score[4] = 0


@inner
def keep_best(s: State) -> None:
    """Copy the plan as the best one yet (plain loops: slices cost ten times as much to compile)."""
    s.score[1] = s.score[0]
    for a in range(s.size.shape[0]):
        s.best_size[a] = s.size[a]
        for p in range(s.size[a] + 2):
            s.best_stops[a, p] = s.stops[a, p]


@inner
def step(d: Data, s: State, heat: float, removed: float, longest: int) -> None:
    """One iteration: ruin, recreate, accept or undo."""
    visits = d.worth.shape[0]
    s.score[2] += 1
    stamp = s.score[2]
    seed = int(draw(s.rng) * visits)
    if d.musts.shape[0] > 0 and draw(s.rng) < 0.3:
        v = d.musts[int(draw(s.rng) * d.musts.shape[0])]
        seed = v if s.where[v] < 0 else seed
    n = ZERO
    s.score[6] = NONE
    if draw(s.rng) < SENT_HOME:
        a = int(draw(s.rng) * d.room.shape[0])
        if s.size[a] > 0:
            seed = s.stops[a, 1 + int(draw(s.rng) * s.size[a])] - d.room.shape[0]
            n = send_home(d, s, a, stamp)
    n = ruin(d, s, seed, removed, longest, n, stamp)
    for i in range(d.near.shape[1]):
        v = d.near[seed, i]
        if s.where[v] < 0 and s.mark[v] != stamp:
            s.queue[n] = v
            n += 1
    pick = draw(s.rng)
    row = min(int(pick * 4.0), 3)
    if row == 3:
        row += int((pick - 0.75) * 12.0)
    sort_queue(d, s, n, row)
    boldness = min(draw(s.rng) * 1.25, 1.0) if draw(s.rng) < 0.05 else 0.0
    recreate(d, s, n, boldness, stamp)
    if boldness > 0.0:  # a visit may open the way to one that did not fit before it
        recreate(d, s, n, boldness, stamp)
    prune(d, s)
    before = after = s.score[0]
    for k in range(s.score[4]):
        after += s.value[s.changed[k]] - s.old_value[s.changed[k]]
    if after <= before + heat * math.log(draw(s.rng) + 1e-300):
        put_back(d, s)
        return
    keep(s)
    s.score[0] = after
    if after > s.score[1]:
        keep_best(s)


@inner
def start(d: Data, s: State) -> None:
    """Build a first plan around what `stops` and `size` already hold."""
    for a in range(s.size.shape[0]):
        refresh(d, s, a)
    n = ZERO
    s.score[6] = NONE
    s.score[2] += 1
    for v in range(d.worth.shape[0]):
        if s.where[v] < 0:
            n = queue_up(s, v, n, s.score[2])
    sort_queue(d, s, n, ONE)
    recreate(d, s, n, 0.0, s.score[2])
    s.score[0] = 0
    for a in range(s.size.shape[0]):
        s.score[0] += s.value[a]
    keep(s)
    keep_best(s)


@entry
def run(d: Data, s: State, iterations: int, heat: float, cooling: float, removed: float, longest: int) -> None:
    """Do `iterations`, with the heat (cents) multiplied by `cooling` after each; the first call starts."""
    if s.score[2] == 0:
        start(d, s)
    for _ in range(iterations):
        step(d, s, heat, removed, longest)
        heat *= cooling


@inner
def misses_by(d: Data, s: State, a: int, p: int, v: int) -> int:
    """By how many seconds `v` misses fitting between stops `p` and `p + 1`; 0 where it fits."""
    node = v + d.room.shape[0]
    before = s.stops[a, p]
    drive = d.reach[node, before, 0]
    fed = fed_at(d, before, node, s.fed[a, p], s.hungry[a, p], drive)
    hungry = reached(d.by_hour, d, before, node, s.hungry[a, p], drive)
    closes = d.last[on_day(d.row, a, v)]
    if min(fed, hungry) > closes:
        return min(fed, hungry) - closes
    service = takes(d, v, before)
    fed, hungry = served(d, a, v, fed, service), served(d, a, v, hungry, service)
    if leads(d, s, a, p, v):
        p += 1
        fed, hungry = past(d, s, a, p, node, fed, hungry)
        node = s.stops[a, p]
    after = s.stops[a, p + 1]
    drive = d.leave[node, after, 0]
    fed = fed_at(d, node, after, fed, hungry, drive)
    hungry = reached(d.by_hour, d, node, after, hungry, drive)
    late = min(fed - s.late_fed[a, p + 1], hungry - s.late_hungry[a, p + 1])
    return max(late, ZERO)


@entry
def survey_places(d: Data, s: State, visits: Array, found: Array) -> None:
    """For each of `visits` (unplanned), what inserting it into the plan as it stands would take.

    `found` (n, 8), -1 or NEVER where there is nothing: cheapest lawful detour, its agent; cheapest detour
    with times ignored; fewest seconds missing, its agent; agents that are full by number; agents with whom another
    planned visit stands against it, and the first such visit.
    """
    for a in range(s.size.shape[0]):
        refresh(d, s, a)
    for i in range(visits.shape[0]):
        v = visits[i]
        found[i, 0], found[i, 1], found[i, 2] = NEVER, NONE, NEVER
        found[i, 3], found[i, 4], found[i, 5] = NEVER, NONE, ZERO
        found[i, 6], found[i, 7] = ZERO, NONE
        for t in range(d.tie_from[v], d.tie_from[v + 1]):
            if found[i, 7] < 0 and s.where[d.ties[t, 0]] >= 0:
                found[i, 7] = d.ties[t, 0]
        for a in range(s.size.shape[0]):
            if not d.allowed[a, v]:
                continue
            held = stands_against(d, s, a, v)
            if held == 2:
                found[i, 6] += 1
                continue
            full = not has_room(d, s, a, v)
            found[i, 5] += 1 if full else 0
            for p in range(s.size[a] + 1):
                if not may_stand(d, s, a, p, v, held):
                    continue
                extra = detour(d, s, a, p, v)
                found[i, 2] = min(found[i, 2], extra)
                missing = misses_by(d, s, a, p, v)
                if missing < found[i, 3]:
                    found[i, 3], found[i, 4] = missing, a
                if not full and missing == 0:
                    extra = surveyed(d, s, a, p, v)
                if not full and missing == 0 and extra < found[i, 0]:
                    found[i, 0], found[i, 1] = extra, a


@entry
def survey_swaps(d: Data, s: State, visits: Array, found: Array) -> None:
    """For each of `visits`, the one planned visit that it could lawfully replace at the least loss.

    `found` (n, 3): loss in cents (NEVER where no swap is lawful), agent, visit given up.
    """
    base = d.room.shape[0]
    for i in range(visits.shape[0]):
        found[i, 0], found[i, 1], found[i, 2] = NEVER, NONE, NONE
    for a in range(s.size.shape[0]):
        for out in range(1, s.size[a] + 1):
            before, given = s.value[a], s.stops[a, out] - base
            take_out(d, s, a, out, out)
            refresh(d, s, a)
            for i in range(visits.shape[0]):
                v = visits[i]
                held = stands_against(d, s, a, v)
                if d.allowed[a, v] and held < 2 and has_room(d, s, a, v) and holds(d, s, a):
                    for p in range(s.size[a] + 1):
                        loss = before - s.value[a] - d.worth[v] + detour(d, s, a, p, v)
                        if not counts(d.off) and loss >= found[i, 0]:
                            continue
                        if may_stand(d, s, a, p, v, held) and fits(d, s, a, p, v):
                            loss = before - s.value[a] - d.worth[v] + surveyed(d, s, a, p, v)
                            if loss < found[i, 0]:
                                found[i, 0], found[i, 1], found[i, 2] = loss, a, given
            put_back(d, s)
