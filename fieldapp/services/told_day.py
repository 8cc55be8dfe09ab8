"""What dispatchers tell of a day: the last word on each agent and visit holds, and it must be possible."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.planning.by_hand import lane_of
from fieldapp.services.hands import Hand, refuse_locked
from fieldapp.services.motion import Motion
from fieldapp.store.shapes.replan import Happened

OF_AGENTS = frozenset({"agent_away", "held_up", "agent_back"})


def merged(before: Iterable[Happened], told: Iterable[Happened]) -> list[Happened]:
    """The last that was told of each agent and each visit; who is back is as if nothing had been told."""
    return [one for one in _last((*before, *told)).values() if one.kind != "agent_back"]


def untold(now: Iterable[Happened], told: Iterable[Happened], before: Iterable[Happened]) -> list[Happened]:
    """What is told of the day once `told` is taken back: of whom it spoke, what had been told `before` holds again,
    unless somebody has said something newer since."""
    holds, earlier = _last(now), _last(before)
    for about, one in _last(told).items():
        if holds.get(about) == (None if one.kind == "agent_back" else one):
            holds.pop(about, None)
            if about in earlier:
                holds[about] = earlier[about]
    return list(holds.values())


def _last(said: Iterable[Happened]) -> dict[UUID | None, Happened]:
    """The last word on each agent and visit, in the order in which it was said."""
    last: dict[UUID | None, Happened] = {}
    for one in said:
        about = one.agent_id if one.kind in OF_AGENTS else one.practice_id
        last.pop(about, None)
        last[about] = one
    return last


def lanes_named(hand: Hand, told: Iterable[Happened]) -> set[UUID]:
    """The lanes that `told` speaks of: of agents, and those in which a visit lies."""
    named = set()
    for one in told:
        if one.kind in OF_AGENTS:
            named.add(one.agent_id)
        elif one.practice_id is not None:
            named.add(lane_of(hand.orders, one.practice_id))
    return {agent_id for agent_id in named if agent_id is not None}


def refuse_unsound(hand: Hand, motion: Motion, told: Sequence[Happened]) -> None:
    """Raises Refusal `board.lane_unknown`, `board.visit_unknown`, `board.lane_locked` (a colleague keeps the lane),
    `replan.begun_already` or `replan.time_wrong` (a time is missing, of another day or past).
    """
    held = {one for order in hand.orders.values() for one in order}
    held |= {one.practice_id for route in hand.draft.routes for one in route.in_reserve}
    held |= {one.practice_id for one in hand.draft.unplanned}
    for one in told:
        if one.kind in OF_AGENTS:
            if one.agent_id not in hand.orders:
                raise Refusal("board.lane_unknown", kind=Kind.MISSING)
            if one.kind == "held_up":
                _refuse_past(motion, one.until)
        else:
            if one.practice_id not in held:
                raise Refusal("board.visit_unknown", kind=Kind.MISSING)
            if one.practice_id in motion.begun:
                raise Refusal("replan.begun_already", kind=Kind.CONFLICT)
            if one.kind == "moved":
                _refuse_past(motion, one.to_at)
                if one.from_at is None or one.to_at is None or one.from_at > one.to_at:
                    raise Refusal("replan.time_wrong")
    refuse_locked(hand, sorted(lanes_named(hand, told)))


def _refuse_past(motion: Motion, at: datetime | None) -> None:
    if at is None or at.tzinfo is None or not motion.now_s < motion.second_of(at) < 86_400:
        raise Refusal("replan.time_wrong")
