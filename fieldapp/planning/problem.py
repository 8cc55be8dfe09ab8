"""The planning problem: agents, visits and travel as arrays that are checked once and never change.

Knows shapes, units and what makes an input impossible; knows nothing about files, searches or the day's
database. Times are whole seconds after local midnight, money is whole euro cents. Nodes number the places
of both matrices: agents' homes first, then visits, then places where agents end who do not end at home.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from fieldapp.domain.errors import Kind, Refusal

Ints = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

LATEST_S = 2 * 86_400
LARGEST_ENTRY = 1_000_000_000
UNLIMITED = LARGEST_ENTRY
MOST_DAYS = 60
"""As long as a placement."""
MOST_BANDS = 48
"""Of hours, in which a visit brings the same or a way takes the same."""
NO_WINDOW = (1, 0)
ROWS_AT_ONCE = 256
AGAIN_PERCENT = 40
"""What a visit takes of its service time when it directly follows another one at the same door: the way in, finding the
person and saying who one is are done once."""

T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True, slots=True)
class OnDay:
    """What holds for a visit on one of several days that are planned at once: windows, prize, a preferred agent, hours
    as in `Visit`."""

    day: int
    windows_s: tuple[tuple[int, int], ...]
    prize_cents: int
    preferred: int | None = None
    hours: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent's day. `key` is the caller's own name for it and comes back with every result.

    `capacity`: how much the loads of its visits may come to; None: as much as one likes. `day`: which day it is where
    several are planned at once; the same person on another day is another agent (`planning/days`). `end`: where the
    day ends, by number among the places that stand behind the visits in the matrices (an office, say); None: at home.
    Who makes no visit stays at home.
    """

    key: str
    shift_s: tuple[int, int]
    max_visits: int
    takes_lunch: bool = True
    skills: frozenset[str] = frozenset()
    capacity: int | None = None
    day: int = 0
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """One candidate visit.

    `windows_s`: pairs (from, to) in which service may *start*; overlapping ones are joined. `prize_cents`:
    what the visit is expected to bring. `pin`: the only agent (by index) who may make it. `must`: an
    appointment, never given up for prizes. `preferred`: the agent (by index) whose visit is worth
    `preferred_cents` more, say because they have met. `skills`: what its agent must have. `door`: visits of one name
    are at one door, made in one stop: whatever follows there takes `again_s` instead of `service_s` (default: the
    share `AGAIN_PERCENT` of it). `load`: what it takes of its agent's capacity, in the unit of both. `days`:
    where several are planned at once, what holds on each; it is made on none but these. `hours`: pairs (from, prize)
    in order of time: what it brings where it begins at that second or later; the best of them is `prize_cents`.
    """

    key: str
    windows_s: tuple[tuple[int, int], ...]
    service_s: int
    prize_cents: int
    pin: int | None = None
    must: bool = False
    preferred: int | None = None
    preferred_cents: int = 0
    skills: frozenset[str] = frozenset()
    door: str | None = None
    again_s: int | None = None
    load: int = 0
    days: tuple[OnDay, ...] = ()
    hours: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Lunch:
    """A break that starts and ends inside these hours, between two stops or on the way."""

    duration_s: int = 1_800
    earliest_start_s: int = 45_000
    latest_end_s: int = 52_200

    @property
    def latest_start_s(self) -> int:
        """The last moment at which the break may begin."""
        return self.latest_end_s - self.duration_s


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A checked problem of `A` agents and `V` visits on `D` days, mostly one; all arrays are read-only.

    Matrices are (n, n) with n = A + V and a place for each end that is not a home; row = from. `ends`: (A,) the node at
    which each agent ends. `travel_s` and `cost_cents`: (n, n). Where ways take longer at some hours than at others,
    `travel_by_hour` is (H, n, n), each table holding for who is under way from its moment of `from_s` (H,) on,
    the first at 0, and `travel_s` the longest that a way takes at any hour: who goes by it is never late. Both are
    empty where the hour does not matter. What a way costs does not depend on the hour. `shift_s`: (A, 2). `day`: (A,).
    `windows_s`: (D, V, W, 2) in order of time, unused places hold (1, 0). `prize_cents`: (V,) on the best day at its
    best hour; `waits_cents`: (D, V) less on this one. `bands_s`: (B,) when each band of hours begins, the first at 0;
    `off_cents`: (D, V, B) less than on that day's best hour where a visit begins in the band; B is 1 where no hour
    counts. `capacity`: (A,), `UNLIMITED` where there is none. `pin`: (V,), `preferred`: (D, V) agent or -1.
    `may_visit`: (A, V), pins, skills and days included. `door`: (V,) number of the door, -1 where nothing else is.
    `apart`: groups of visits of which at most one is made. Build it with `Problem.of`.
    """

    agents: tuple[Agent, ...]
    visits: tuple[Visit, ...]
    lunch: Lunch
    travel_s: Matrix
    travel_by_hour: Matrix
    from_s: Ints
    cost_cents: Matrix
    ends: Ints
    shift_s: Ints
    day: Ints
    max_visits: Ints
    capacity: Ints
    takes_lunch: Flags
    windows_s: Ints
    service_s: Ints
    prize_cents: Ints
    waits_cents: Ints
    bands_s: Ints
    off_cents: Ints
    load: Ints
    pin: Ints
    must: Flags
    preferred: Ints
    preferred_cents: Ints
    may_visit: Flags
    door: Ints
    again_s: Ints
    apart: tuple[tuple[int, ...], ...]

    @property
    def n_agents(self) -> int:
        """How many agents there are; visit `v` is node `n_agents + v`."""
        return len(self.agents)

    @property
    def n_visits(self) -> int:
        """How many candidate visits there are."""
        return len(self.visits)

    @property
    def n_days(self) -> int:
        """How many days are planned at once."""
        return len(self.windows_s)

    def windows(self, agent: int, visit: int) -> tuple[tuple[int, int], ...]:
        """When `visit` may begin on the day of `agent`."""
        one = self.visits[visit]
        return one.windows_s if not one.days else _on(one, int(self.day[agent])).windows_s

    @property
    def hours_count(self) -> bool:
        """Whether what a visit brings depends on the hour at which it begins."""
        return len(self.bands_s) > 1

    @property
    def travel_varies(self) -> bool:
        """Whether ways take longer at some hours than at others."""
        return len(self.from_s) > 0

    @property
    def given_s(self) -> Matrix:
        """The ways as they were given: (n, n), or (H, n, n) where they vary."""
        return self.travel_by_hour if self.travel_varies else self.travel_s

    @property
    def fastest_s(self) -> Matrix:
        """(n, n) what a way takes at its best hour."""
        return self.travel_by_hour.min(axis=0) if self.travel_varies else self.travel_s

    def prize(self, agent: int, visit: int, start_s: int) -> int:
        """What `visit` brings in cents on the day of `agent` where it begins at `start_s`."""
        day, band = self.day[agent], int(np.searchsorted(self.bands_s, start_s, side="right")) - 1
        return int(self.prize_cents[visit] - self.waits_cents[day, visit] - self.off_cents[day, visit, max(band, 0)])

    def node(self, visit: int) -> int:
        """Row and column of `visit` in the matrices."""
        return len(self.agents) + visit

    @classmethod
    def of(
        cls,
        agents: Sequence[Agent],
        visits: Sequence[Visit],
        *,
        travel_s: npt.ArrayLike,
        cost_cents: npt.ArrayLike,
        from_s: Sequence[int] = (),
        lunch: Lunch | None = None,
        may_visit: npt.ArrayLike | None = None,
        apart: Collection[Collection[int]] = (),
    ) -> Problem:
        """Check everything once and freeze it.

        `travel_s`: (n, n) seconds, or with `from_s` (H, n, n), the seconds of each way to who drives all of it between
        that moment and the next; `planning.hourly` says what a way takes that lasts longer. Matrices of int32 that
        nobody may write to are kept, not copied.
        `may_visit`: (A, V) flags, for instance the provinces of an agent's licence; default: everyone
        everywhere. `apart`: groups of visits of which at most one is made. Raises Refusal (kind malformed,
        `details.place` names the entry): `planning.bad_lunch`, `planning.bad_number`, `planning.bad_time`,
        `planning.no_window`, `planning.window_reversed`, `planning.shift_reversed`, `planning.unknown_pin`,
        `planning.unknown_visit`, `planning.matrix_shape`, `planning.matrix_hole`, `planning.matrix_negative`,
        `planning.matrix_too_large`.
        """
        lunch = _checked_lunch(Lunch() if lunch is None else lunch)
        from_s = _checked_from(from_s)
        checked_agents = tuple(_checked_agent(agent, f"agents[{i}]") for i, agent in enumerate(agents))
        checked_visits = tuple(
            _checked_visit(visit, f"visits[{i}]", n_agents=len(agents)) for i, visit in enumerate(visits)
        )
        ends = _ends(checked_agents, len(checked_visits))
        n = max(int(ends.max(initial=-1)) + 1, len(checked_agents) + len(checked_visits))
        pin = np.array([-1 if v.pin is None else v.pin for v in checked_visits], np.int64)
        day = np.array([agent.day for agent in checked_agents], np.int64)
        on_days = _by_day(checked_visits, int(day.max(initial=0)) + 1)
        bands_s = sorted({0, *(from_s for on_day in on_days for one in on_day for from_s, _ in one.hours)})
        if len(bands_s) > MOST_BANDS:
            raise refuse("bad_number", "visits.hours", len(bands_s))
        slowest_s, by_hour = _checked_ways(travel_s, from_s, n, ends)
        return cls(
            agents=checked_agents,
            visits=checked_visits,
            lunch=lunch,
            travel_s=slowest_s,
            travel_by_hour=by_hour,
            from_s=_frozen(np.array(from_s if len(from_s) > 1 else (), np.int64)),
            cost_cents=_frozen(_staying(_checked_matrix(cost_cents, (n, n), "cost_cents"), ends)),
            ends=_frozen(ends),
            shift_s=_frozen(np.array([a.shift_s for a in checked_agents], np.int64).reshape(-1, 2)),
            day=_frozen(day),
            max_visits=_frozen(np.array([a.max_visits for a in checked_agents], np.int64)),
            capacity=_frozen(
                np.array([UNLIMITED if a.capacity is None else a.capacity for a in checked_agents], np.int64)
            ),
            takes_lunch=_frozen(np.array([a.takes_lunch for a in checked_agents], np.bool_)),
            windows_s=_frozen(_windows(on_days)),
            service_s=_frozen(np.array([v.service_s for v in checked_visits], np.int64)),
            prize_cents=_frozen(np.array([v.prize_cents for v in checked_visits], np.int64)),
            waits_cents=_frozen(_waits(on_days, checked_visits)),
            bands_s=_frozen(np.array(bands_s, np.int64)),
            off_cents=_frozen(_off(on_days, bands_s)),
            load=_frozen(np.array([v.load for v in checked_visits], np.int64)),
            pin=_frozen(pin),
            must=_frozen(np.array([v.must for v in checked_visits], np.bool_)),
            preferred=_frozen(_preferred(on_days)),
            preferred_cents=_frozen(np.array([v.preferred_cents for v in checked_visits], np.int64)),
            may_visit=_frozen(_may_visit(may_visit, pin, checked_agents, checked_visits)),
            door=_frozen(_doors(checked_visits)),
            again_s=_frozen(np.array([v.again_s for v in checked_visits], np.int64)),
            apart=tuple(_checked_group(group, f"apart[{i}]", len(visits)) for i, group in enumerate(apart)),
        )

    def changed(
        self, *, agents: Sequence[Agent] | None = None, visits: Sequence[Visit] | None = None, **given: Any
    ) -> Problem:
        """The same problem with other agents or visits under the same numbers, or with other matrices (`given`)."""
        kept = {
            "travel_s": self.given_s,
            "from_s": self.from_s.tolist(),
            "cost_cents": self.cost_cents,
            "may_visit": self.may_visit,
            **given,
        }
        return Problem.of(
            self.agents if agents is None else agents,
            self.visits if visits is None else visits,
            lunch=self.lunch,
            apart=self.apart,
            **kept,
        )


def refuse(code: str, place: str, value: Any = None) -> Refusal:
    """A malformed entry, named by its place in the problem (`visits[3].windows_s[0]`)."""
    return Refusal(f"planning.{code}", kind=Kind.MALFORMED, details={"place": place, "value": str(value)})


def whole(value: Any, place: str, *, least: int = 0, most: int = LARGEST_ENTRY) -> int:
    """`value` as an int within its range. Raises Refusal `planning.bad_number`."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise refuse("bad_number", place, value)
    if not least <= value <= most:
        raise refuse("bad_number", place, value)
    return int(value)


def _span(span: Any, place: str, *, reversed_code: str) -> tuple[int, int]:
    try:
        first, last = span
    except (TypeError, ValueError):
        raise refuse("bad_time", place, span) from None
    for moment in (first, last):
        if isinstance(moment, bool) or not isinstance(moment, int | np.integer) or not 0 <= moment <= LATEST_S:
            raise refuse("bad_time", place, moment)
    if first > last:
        raise refuse(reversed_code, place, f"{first}-{last}")
    return int(first), int(last)


def _checked_lunch(lunch: Lunch) -> Lunch:
    whole(lunch.duration_s, "lunch.duration_s", most=LATEST_S)
    _span((lunch.earliest_start_s, lunch.latest_end_s), "lunch", reversed_code="bad_lunch")
    if lunch.earliest_start_s > lunch.latest_start_s:
        raise refuse("bad_lunch", "lunch", lunch.duration_s)
    return lunch


def _checked_agent(agent: Agent, place: str) -> Agent:
    return Agent(
        key=agent.key,
        shift_s=_span(agent.shift_s, f"{place}.shift_s", reversed_code="shift_reversed"),
        max_visits=whole(agent.max_visits, f"{place}.max_visits"),
        takes_lunch=bool(agent.takes_lunch),
        skills=frozenset(agent.skills),
        capacity=None if agent.capacity is None else whole(agent.capacity, f"{place}.capacity"),
        day=whole(agent.day, f"{place}.day", most=MOST_DAYS - 1),
        end=None if agent.end is None else whole(agent.end, f"{place}.end", most=LARGEST_ENTRY),
    )


def _checked_windows(windows_s: tuple[tuple[int, int], ...], place: str) -> tuple[tuple[int, int], ...]:
    if len(windows_s) == 0:
        raise refuse("no_window", f"{place}.windows_s")
    spans = [
        _span(window, f"{place}.windows_s[{i}]", reversed_code="window_reversed") for i, window in enumerate(windows_s)
    ]
    return _joined(spans)


def _checked_day(on_day: OnDay, place: str, *, n_agents: int) -> OnDay:
    _known(on_day.preferred, f"{place}.preferred", n_agents)
    hours = _checked_hours(on_day.hours, f"{place}.hours")
    return OnDay(
        day=whole(on_day.day, f"{place}.day", most=MOST_DAYS - 1),
        windows_s=_checked_windows(on_day.windows_s, place),
        prize_cents=max((c for _, c in hours), default=whole(on_day.prize_cents, f"{place}.prize_cents")),
        preferred=None if on_day.preferred is None else int(on_day.preferred),
        hours=hours,
    )


def _checked_hours(hours: tuple[tuple[int, int], ...], place: str) -> tuple[tuple[int, int], ...]:
    checked = tuple(
        (whole(from_s, f"{place}[{i}]", most=LATEST_S), whole(cents, f"{place}[{i}]"))
        for i, (from_s, cents) in enumerate(hours)
    )
    if any(one >= other for (one, _), (other, _) in pairwise(checked)):
        raise refuse("bad_time", place, "unsorted")
    return checked


def _known(agent: Any, place: str, n_agents: int) -> None:
    if agent is not None:
        number = isinstance(agent, int | np.integer) and not isinstance(agent, bool)
        if not number or not 0 <= agent < n_agents:
            raise refuse("unknown_pin", place, agent)


def _checked_visit(visit: Visit, place: str, *, n_agents: int) -> Visit:
    for name, agent in (("pin", visit.pin), ("preferred", visit.preferred)):
        _known(agent, f"{place}.{name}", n_agents)
    days = tuple(_checked_day(on_day, f"{place}.days[{i}]", n_agents=n_agents) for i, on_day in enumerate(visit.days))
    hours = _checked_hours(visit.hours, f"{place}.hours")
    best_cents = max((cents for _, cents in hours), default=visit.prize_cents)
    prize_cents = max((on_day.prize_cents for on_day in days), default=best_cents)
    service_s = whole(visit.service_s, f"{place}.service_s", most=LATEST_S)
    again_s = -(-service_s * AGAIN_PERCENT // 100) if visit.again_s is None else visit.again_s
    return replace(
        visit,
        windows_s=_checked_windows(visit.windows_s, place),
        days=days,
        service_s=service_s,
        skills=frozenset(visit.skills),
        again_s=whole(again_s, f"{place}.again_s", most=service_s),
        prize_cents=whole(prize_cents, f"{place}.prize_cents"),
        pin=None if visit.pin is None else int(visit.pin),
        must=bool(visit.must),
        preferred=None if visit.preferred is None else int(visit.preferred),
        preferred_cents=whole(visit.preferred_cents, f"{place}.preferred_cents"),
        load=whole(visit.load, f"{place}.load"),
        hours=hours,
    )


def _joined(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return tuple(joined)


NOTHING = OnDay(0, (), 0)


def _on(visit: Visit, day: int) -> OnDay:
    return next((on_day for on_day in visit.days if on_day.day == day), NOTHING)


def _by_day(visits: tuple[Visit, ...], days: int) -> list[list[OnDay]]:
    """What holds for each visit, day by day."""
    return [
        [
            _on(visit, day)
            if visit.days
            else OnDay(day, visit.windows_s, visit.prize_cents, visit.preferred, visit.hours)
            for visit in visits
        ]
        for day in range(days)
    ]


def _windows(on_days: list[list[OnDay]]) -> Ints:
    most = max((len(one.windows_s) for visits in on_days for one in visits), default=1)
    windows = np.empty((len(on_days), len(on_days[0]), max(most, 1), 2), np.int64)
    windows[...] = NO_WINDOW
    for day, visits in enumerate(on_days):
        for v, one in enumerate(visits):
            if one.windows_s:
                windows[day, v, : len(one.windows_s)] = one.windows_s
    return windows


def _waits(on_days: list[list[OnDay]], visits: tuple[Visit, ...]) -> Ints:
    """(D, V) cents less than on the best day."""
    best = [visit.prize_cents for visit in visits]
    return np.array([[top - one.prize_cents for top, one in zip(best, day, strict=True)] for day in on_days], np.int64)


def _off(on_days: list[list[OnDay]], bands_s: list[int]) -> Ints:
    """(D, V, B) cents less than at the day's best hour."""
    off = np.zeros((len(on_days), len(on_days[0]), len(bands_s)), np.int64)
    for day, visits in enumerate(on_days):
        for v, one in enumerate(visits):
            if one.hours:
                begins = [from_s for from_s, _ in one.hours]
                at = [max(bisect_right(begins, band_s) - 1, 0) for band_s in bands_s]
                off[day, v] = [one.prize_cents - one.hours[hour][1] for hour in at]
    return off


def _preferred(on_days: list[list[OnDay]]) -> Ints:
    return np.array([[-1 if one.preferred is None else one.preferred for one in day] for day in on_days], np.int64)


def _doors(visits: tuple[Visit, ...]) -> Ints:
    """(V,) a number for each door at which there are several visits."""
    times = Counter(visit.door for visit in visits)
    shared = {door: i for i, door in enumerate(door for door, count in times.items() if door is not None and count > 1)}
    return np.array([-1 if v.door is None else shared.get(v.door, -1) for v in visits], np.int64)


def _checked_group(group: Collection[int], place: str, n_visits: int) -> tuple[int, ...]:
    for visit in group:
        if isinstance(visit, bool) or not isinstance(visit, int | np.integer) or not 0 <= visit < n_visits:
            raise refuse("unknown_visit", place, visit)
    return tuple(sorted({int(visit) for visit in group}))


def _may_visit(
    may_visit: npt.ArrayLike | None, pin: Ints, agents: tuple[Agent, ...], visits: tuple[Visit, ...]
) -> Flags:
    n_agents = len(agents)
    shape = (n_agents, len(pin))
    allowed = np.ones(shape, np.bool_) if may_visit is None else np.array(may_visit, np.bool_)
    if allowed.shape != shape:
        raise refuse("matrix_shape", "may_visit", allowed.shape)
    allowed &= (pin == -1) | (pin == np.arange(n_agents)[:, None])
    for v, visit in enumerate(visits):
        if visit.skills:
            allowed[:, v] &= np.array([visit.skills <= agent.skills for agent in agents], np.bool_)
        if visit.days:
            on = {on_day.day for on_day in visit.days}
            allowed[:, v] &= np.array([agent.day in on for agent in agents], np.bool_)
    return allowed


def _checked_from(from_s: Sequence[int]) -> tuple[int, ...]:
    checked = tuple(whole(moment, f"from_s[{i}]", most=LATEST_S) for i, moment in enumerate(from_s))
    if len(checked) > MOST_BANDS:
        raise refuse("bad_number", "from_s", len(checked))
    if checked and (checked[0] != 0 or any(one >= other for one, other in pairwise(checked))):
        raise refuse("bad_time", "from_s", "unsorted" if checked[0] == 0 else checked[0])
    return checked


def _ends(agents: Sequence[Agent], visits: int) -> Ints:
    """(A,) the node at which each agent ends: home, or a place behind the visits."""
    base = len(agents) + visits
    return np.array([i if a.end is None else base + a.end for i, a in enumerate(agents)], np.int64)


def _staying(ways: Matrix, ends: Ints) -> Matrix:
    """Nobody drives from home to where the day ends without a visit: who makes none stays at home."""
    homes = np.arange(len(ends))
    if (ends == homes).all():
        return ways
    ways = np.array(ways)
    ways[homes, ends] = 0
    return ways


def _checked_ways(travel_s: npt.ArrayLike, from_s: Sequence[int], n: int, ends: Ints) -> tuple[Matrix, Matrix]:
    """(n, n) the longest that each way takes, and (H, n, n) by the hour; none where one table holds all day."""
    if not from_s:
        plain = _staying(_checked_matrix(travel_s, (n, n), "travel_s"), ends)
        return _frozen(plain), _frozen(np.zeros((0, n, n), np.int32))
    tables: Any = travel_s
    if len(tables) != len(from_s):
        raise refuse("matrix_shape", "travel_s", len(tables))
    checked = [_staying(_checked_matrix(table, (n, n), f"travel_s[{i}]"), ends) for i, table in enumerate(tables)]
    if len(checked) == 1:
        return _frozen(checked[0]), _frozen(np.zeros((0, n, n), np.int32))
    # Several hours of a large day are most of its memory: one table that is kept needs no second one.
    one_table = isinstance(tables, np.ndarray) and all(
        np.shares_memory(table, tables[i]) for i, table in enumerate(checked)
    )
    by_hour = tables if one_table else np.stack(checked)
    return _frozen(by_hour.max(axis=0)), _frozen(by_hour)


def _checked_matrix(matrix: npt.ArrayLike, shape: tuple[int, int], name: str) -> Matrix:
    try:
        given = np.asarray(matrix)
        given = given.reshape(shape) if given.size == 0 and 0 in shape else given
    except ValueError:
        raise refuse("matrix_shape", name, "ragged") from None
    if given.shape != shape:
        raise refuse("matrix_shape", name, given.shape)
    if given.dtype.kind not in "iuf":
        raise refuse("matrix_hole", name, given.dtype)
    for code, wrong in (
        ("matrix_hole", _is_hole),
        ("matrix_negative", lambda entries: entries < 0),
        ("matrix_too_large", lambda entries: entries > LARGEST_ENTRY),
    ):
        # Row by row where there are many: what is passing would be larger than the matrix.
        if (bad := _first_wrong(given, wrong)) is not None:
            row, column = bad
            raise refuse(code, f"{name}[{row}][{column}]", given[row, column])
    if given.flags.writeable or given.dtype != np.int32:
        given = given.astype(np.int32)
    return _frozen(given)


def _is_hole(entries: npt.NDArray[Any]) -> Flags:
    if entries.dtype.kind != "f":
        return np.zeros(entries.shape, np.bool_)
    return np.asarray(~np.isfinite(entries) | (np.trunc(entries) != entries), np.bool_)


def _first_wrong(given: npt.NDArray[Any], wrong: Callable[[npt.NDArray[Any]], Flags]) -> tuple[int, int] | None:
    for first in range(0, len(given), ROWS_AT_ONCE):
        found = np.argwhere(wrong(given[first : first + ROWS_AT_ONCE]))
        if len(found):
            return first + int(found[0][0]), int(found[0][1])
    return None


def _frozen(array: npt.NDArray[T]) -> npt.NDArray[T]:
    array = np.ascontiguousarray(array)
    array.setflags(write=False)
    return array
