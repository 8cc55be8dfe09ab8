"""A plan in a person's hands: where visits go, who changed what since, what an undo may put back. Pure.

Orders are lists of keys, one list a lane (an agent's day); `ASIDE` is where visits lie that nobody makes. Knows
nothing of times and rules: the checker judges whatever order comes out of here.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Lane = TypeVar("Lane", bound=Hashable)
Visit = TypeVar("Visit", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Moved(Generic[Lane, Visit]):
    """The lanes that a move touches, before and after; a visit that comes from or goes aside touches one."""

    before: Mapping[Lane, tuple[Visit, ...]]
    after: Mapping[Lane, tuple[Visit, ...]]


def move(
    orders: Mapping[Lane, Sequence[Visit]], visit: Visit, *, to: Lane | None, place: int | None = None
) -> Moved[Lane, Visit]:
    """Take `visit` from wherever it lies and put it into lane `to` at `place` (0 = first; None or beyond = last).

    `to` None takes it out. The place counts in the lane without the visit, so that moving within a lane means
    what a hand means by it.
    """
    origin = lane_of(orders, visit)
    before = {lane: tuple(orders[lane]) for lane in dict.fromkeys((origin, to)) if lane is not None}
    after = {lane: tuple(one for one in order if one != visit) for lane, order in before.items()}
    if to is not None:
        order = after[to]
        at = len(order) if place is None else max(0, min(place, len(order)))
        after[to] = (*order[:at], visit, *order[at:])
    return Moved(before, after)


def lane_of(orders: Mapping[Lane, Sequence[Visit]], visit: Visit) -> Lane | None:
    """The lane that holds `visit`; None where nobody makes it."""
    return next((lane for lane, order in orders.items() if visit in order), None)


def changed_since(revisions: Mapping[Lane, int], seen: Mapping[Lane, int], touched: Iterable[Lane]) -> list[Lane]:
    """The touched lanes that have another revision than the one seen; a lane not seen counts as untouched."""
    return [lane for lane in touched if revisions.get(lane, 0) != seen.get(lane, 0)]


def shifts_begun(moved: Moved[Lane, Visit], begun: Iterable[Visit]) -> list[Visit]:
    """Begun visits that would change lane or place: what has happened stays where it happened."""
    before = {visit: (lane, at) for lane, order in moved.before.items() for at, visit in enumerate(order)}
    after = {visit: (lane, at) for lane, order in moved.after.items() for at, visit in enumerate(order)}
    return [visit for visit in begun if before.get(visit) != after.get(visit)]


def hand_over(
    orders: Mapping[Lane, Sequence[Visit]],
    given: Sequence[Visit],
    *,
    origin: Lane,
    to: Lane,
    at: Mapping[Visit, Any],
) -> Moved[Lane, Visit]:
    """Lane `to` takes `given` from `origin`: each side keeps its own order, the two are laid together by their hours.

    `at`: when each visit would begin where it lies now.
    """
    before = {lane: tuple(orders[lane]) for lane in (origin, to)}
    going = set(given)
    theirs = [one for one in before[origin] if one in going]
    own = list(before[to])
    laid: list[Visit] = []
    while theirs and own:
        laid.append((theirs if at[theirs[0]] < at[own[0]] else own).pop(0))
    after = {origin: tuple(one for one in before[origin] if one not in going), to: (*laid, *theirs, *own)}
    return Moved(before, after)


def only_adds(before: Sequence[Visit], after: Sequence[Visit]) -> bool:
    """Whether `after` is `before` with more visits between, in the same order."""
    kept = set(before)
    return [one for one in after if one in kept] == list(before)
