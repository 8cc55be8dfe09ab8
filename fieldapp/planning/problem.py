"""The planning problem: agents, visits and travel as arrays that are checked once and never change.

Knows shapes, units and what makes an input impossible; knows nothing about files, searches or the day's
database. Times are whole seconds after local midnight, money is whole euro cents. Nodes number the places
of both matrices: agents' homes first, then visits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
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
NO_WINDOW = (1, 0)
AGAIN_PERCENT = 40
"""What a visit takes of its service time when it directly follows another one at the same door: the way in, finding the
person and saying who one is are done once."""

T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent's day. `key` is the caller's own name for it and comes back with every result.

    `capacity`: how much the loads of its visits may come to; None: as much as one likes.
    """

    key: str
    shift_s: tuple[int, int]
    max_visits: int
    takes_lunch: bool = True
    skills: frozenset[str] = frozenset()
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """One candidate visit.

    `windows_s`: pairs (from, to) in which service may *start*; overlapping ones are joined. `prize_cents`:
    what the visit is expected to bring. `pin`: the only agent (by index) who may make it. `must`: an
    appointment, never given up for prizes. `preferred`: the agent (by index) whose visit is worth
    `preferred_cents` more, say because they have met. `skills`: what its agent must have. `door`: visits of one name
    are at one door, made in one stop: whatever follows there takes `again_s` instead of `service_s` (default: the
    share `AGAIN_PERCENT` of it). `load`: what it takes of its agent's capacity, in the unit of both.
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
    """A checked problem of `A` agents and `V` visits; all arrays are read-only.

    `travel_s` and `cost_cents`: (A + V, A + V), row = from. `shift_s`: (A, 2). `windows_s`: (V, W, 2) in
    order of time, unused places hold (1, 0). `capacity`: (A,), `UNLIMITED` where there is none. `pin`, `preferred`:
    (V,) agent or -1. `may_visit`: (A, V), pins and skills included. `door`: (V,) number of the door, -1 where nothing
    else is. `apart`: groups of visits of which at most one is made. Build it with `Problem.of`.
    """

    agents: tuple[Agent, ...]
    visits: tuple[Visit, ...]
    lunch: Lunch
    travel_s: Matrix
    cost_cents: Matrix
    shift_s: Ints
    max_visits: Ints
    capacity: Ints
    takes_lunch: Flags
    windows_s: Ints
    service_s: Ints
    prize_cents: Ints
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
        lunch: Lunch | None = None,
        may_visit: npt.ArrayLike | None = None,
        apart: Collection[Collection[int]] = (),
    ) -> Problem:
        """Check everything once and freeze it.

        `may_visit`: (A, V) flags, for instance the provinces of an agent's licence; default: everyone
        everywhere. `apart`: groups of visits of which at most one is made. Raises Refusal (kind malformed,
        `details.place` names the entry): `planning.bad_lunch`, `planning.bad_number`, `planning.bad_time`,
        `planning.no_window`, `planning.window_reversed`, `planning.shift_reversed`, `planning.unknown_pin`,
        `planning.unknown_visit`, `planning.matrix_shape`, `planning.matrix_hole`, `planning.matrix_negative`,
        `planning.matrix_too_large`.
        """
        lunch = _checked_lunch(Lunch() if lunch is None else lunch)
        checked_agents = tuple(_checked_agent(agent, f"agents[{i}]") for i, agent in enumerate(agents))
        checked_visits = tuple(
            _checked_visit(visit, f"visits[{i}]", n_agents=len(agents)) for i, visit in enumerate(visits)
        )
        n = len(checked_agents) + len(checked_visits)
        pin = np.array([-1 if v.pin is None else v.pin for v in checked_visits], np.int64)
        return cls(
            agents=checked_agents,
            visits=checked_visits,
            lunch=lunch,
            travel_s=_checked_matrix(travel_s, (n, n), "travel_s"),
            cost_cents=_checked_matrix(cost_cents, (n, n), "cost_cents"),
            shift_s=_frozen(np.array([a.shift_s for a in checked_agents], np.int64).reshape(-1, 2)),
            max_visits=_frozen(np.array([a.max_visits for a in checked_agents], np.int64)),
            capacity=_frozen(
                np.array([UNLIMITED if a.capacity is None else a.capacity for a in checked_agents], np.int64)
            ),
            takes_lunch=_frozen(np.array([a.takes_lunch for a in checked_agents], np.bool_)),
            windows_s=_frozen(_windows(checked_visits)),
            service_s=_frozen(np.array([v.service_s for v in checked_visits], np.int64)),
            prize_cents=_frozen(np.array([v.prize_cents for v in checked_visits], np.int64)),
            load=_frozen(np.array([v.load for v in checked_visits], np.int64)),
            pin=_frozen(pin),
            must=_frozen(np.array([v.must for v in checked_visits], np.bool_)),
            preferred=_frozen(np.array([-1 if v.preferred is None else v.preferred for v in checked_visits], np.int64)),
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
        kept = {"travel_s": self.travel_s, "cost_cents": self.cost_cents, "may_visit": self.may_visit, **given}
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
    )


def _checked_visit(visit: Visit, place: str, *, n_agents: int) -> Visit:
    if len(visit.windows_s) == 0:
        raise refuse("no_window", f"{place}.windows_s")
    spans = [
        _span(window, f"{place}.windows_s[{i}]", reversed_code="window_reversed")
        for i, window in enumerate(visit.windows_s)
    ]
    for name, agent in (("pin", visit.pin), ("preferred", visit.preferred)):
        if agent is not None:
            known = isinstance(agent, int | np.integer) and not isinstance(agent, bool)
            if not known or not 0 <= agent < n_agents:
                raise refuse("unknown_pin", f"{place}.{name}", agent)
    service_s = whole(visit.service_s, f"{place}.service_s", most=LATEST_S)
    again_s = -(-service_s * AGAIN_PERCENT // 100) if visit.again_s is None else visit.again_s
    return replace(
        visit,
        windows_s=_joined(spans),
        service_s=service_s,
        skills=frozenset(visit.skills),
        again_s=whole(again_s, f"{place}.again_s", most=service_s),
        prize_cents=whole(visit.prize_cents, f"{place}.prize_cents"),
        pin=None if visit.pin is None else int(visit.pin),
        must=bool(visit.must),
        preferred=None if visit.preferred is None else int(visit.preferred),
        preferred_cents=whole(visit.preferred_cents, f"{place}.preferred_cents"),
        load=whole(visit.load, f"{place}.load"),
    )


def _joined(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return tuple(joined)


def _windows(visits: tuple[Visit, ...]) -> Ints:
    widest = max((len(v.windows_s) for v in visits), default=1)
    windows = np.empty((len(visits), widest, 2), np.int64)
    windows[:, :] = NO_WINDOW
    for i, visit in enumerate(visits):
        windows[i, : len(visit.windows_s)] = visit.windows_s
    return windows


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
    return allowed


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
        ("matrix_hole", ~np.isfinite(given) | (np.trunc(given) != given)),
        ("matrix_negative", given < 0),
        ("matrix_too_large", given > LARGEST_ENTRY),
    ):
        if wrong.any():
            row, column = (int(i) for i in np.argwhere(wrong)[0])
            raise refuse(code, f"{name}[{row}][{column}]", given[row, column])
    return _frozen(given.astype(np.int32))


def _frozen(array: npt.NDArray[T]) -> npt.NDArray[T]:
    array = np.ascontiguousarray(array)
    array.setflags(write=False)
    return array
