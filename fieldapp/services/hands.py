"""A plan in a dispatcher's hands: opened under its lock, what refuses a change, how one is written down.

The commands stand in `board` and `replans`, the judging of lanes in `lanes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.planning.by_hand import changed_since
from fieldapp.services import planning
from fieldapp.services.work import Work
from fieldapp.store import planning as plans
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.board import BoardChange, BoardLane, Broken, Change, Draft, LaneState
from fieldapp.store.shapes.dispatch import PlanStop, Route, TravelTold, Unplanned

REMEMBERED = 60
"""So many changes of a draft are kept to be taken back, and those that told something of the day besides."""
LOOKED_INTO = 6
"""Drafts that a process keeps understood, each of some megabytes."""
_looked_into: dict[tuple[UUID, str], Draft] = {}
"""By plan and the writing that left it so; reached through the plan's row only, which row security guards."""


@dataclass(frozen=True, slots=True)
class Hand:
    """A draft open in somebody's hands."""

    work: Work
    plan: plans.Plan
    draft: Draft

    @property
    def orders(self) -> dict[UUID, list[UUID]]:
        return {route.agent_id: [stop.practice_id for stop in route.stops] for route in self.draft.routes}

    def route(self, agent_id: UUID) -> Route:
        return next(route for route in self.draft.routes if route.agent_id == agent_id)

    def lane(self, agent_id: UUID) -> LaneState:
        return self.draft.lanes.get(agent_id, LaneState())


def read_draft(plan: plans.Plan) -> Draft:
    return Draft.of(plan.result)


async def open_hand(work: Work, plan_id: UUID) -> Hand:
    """The draft under the plan's row lock: two hands wait for each other."""
    plan = await planning.plan_row(work.session, plan_id, lock=True)
    await _refuse_unworkable(work, plan)
    return Hand(work, plan, read_draft(plan))


async def look_into(work: Work, plan_id: UUID) -> Hand:
    """The draft to try things on, at once. Nothing of it may be changed: others look at the same one, for a draft of
    two thousand visits is read and understood anew only when somebody has written to it."""
    found = await plans.plan_in_hand(work.session, plan_id)
    if found is None:
        raise Refusal("plan.unknown", kind=Kind.MISSING)
    plan, writing = found
    await _refuse_unworkable(work, plan)
    draft = _looked_into.get((plan_id, writing))
    if draft is None:
        writing, text = await plans.result_of(work.session, plan_id)
        draft = msgspec.json.decode(text, type=Draft).settled()
        _looked_into[plan_id, writing] = draft
        while len(_looked_into) > LOOKED_INTO:
            del _looked_into[next(iter(_looked_into))]
    return Hand(work, plan, draft)


async def _refuse_unworkable(work: Work, plan: plans.Plan) -> None:
    if "edited_from" not in plan.request:
        raise Refusal("board.not_a_draft", kind=Kind.CONFLICT)
    if await plans.version_of(work.session, plan.id) is not None:
        raise Refusal("board.published_already", kind=Kind.CONFLICT)


def lane(hand: Hand, agent_id: UUID) -> BoardLane:
    """The lane as the board shows it."""
    state = hand.lane(agent_id)
    return BoardLane(
        agent_id=agent_id,
        revision=state.revision,
        locked_by=state.locked_name,
        changed_by=state.changed_by,
        changed_at=state.changed_at,
        broken=state.broken,
        route=hand.route(agent_id),
    )


def tried(hand: Hand, route: Route, broken: list[Broken], put_in: set[UUID]) -> BoardLane:
    """The lane as the board would show it if `route` were its own."""
    agent_id = route.agent_id
    return msgspec.structs.replace(
        lane(hand, agent_id),
        revision=hand.lane(agent_id).revision + 1,
        changed_by=hand.work.identity.name,
        changed_at=hand.work.now,
        broken=broken,
        route=_without_reserved(route, put_in),
    )


def _without_reserved(route: Route, put_in: set[UUID]) -> Route:
    left = [one for one in route.in_reserve if one.practice_id not in put_in]
    return route if len(left) == len(route.in_reserve) else msgspec.structs.replace(route, in_reserve=left)


def unreserved(hand: Hand, practice_id: UUID, *, agent_id: UUID | None) -> None:
    """The visit in no reserve of this agent, or (None) of anybody."""
    draft = hand.draft
    draft.routes = [
        _without_reserved(route, {practice_id}) if agent_id in (None, route.agent_id) else route
        for route in draft.routes
    ]


def worth(routes: Sequence[Route]) -> int:
    return sum(route.prize_cents - route.travel_cost_cents for route in routes)


def refuse_stale(hand: Hand, seen: Mapping[UUID, int], touched: Sequence[UUID]) -> None:
    revisions = {agent_id: state.revision for agent_id, state in hand.draft.lanes.items()}
    if stale := changed_since(revisions, seen, touched):
        raise changed(hand, stale[0])


def changed(hand: Hand, agent_id: UUID) -> Refusal:
    state = hand.lane(agent_id)
    details = {"agent": hand.route(agent_id).agent_name, "by": state.changed_by or ""}
    return Refusal("board.lane_changed", kind=Kind.CONFLICT, details=details)


def refuse_locked(hand: Hand, touched: Sequence[UUID]) -> None:
    for agent_id in touched:
        state = hand.lane(agent_id)
        if state.locked_by not in (None, hand.work.identity.person_id):
            details = {"agent": hand.route(agent_id).agent_name, "by": state.locked_name or ""}
            raise Refusal("board.lane_locked", kind=Kind.CONFLICT, details=details)


def pinned_in(hand: Hand, agents: Mapping[UUID, object]) -> frozenset[UUID]:
    return frozenset(stop.practice_id for agent_id in agents for stop in hand.route(agent_id).stops if stop.pinned)


def noted(hand: Hand, kind: str, before: Mapping[UUID, tuple[UUID, ...]], *, pinned: frozenset[UUID]) -> Change:
    return Change(
        id=hand.work.new_id(),
        person_id=hand.work.identity.person_id,
        kind=kind,
        before={agent_id: list(order) for agent_id, order in before.items()},
        last={agent_id: hand.lane(agent_id).last for agent_id in before},
        pinned=sorted(pinned),
    )


def place(
    hand: Hand, routes: Mapping[UUID, Route], put_in: set[UUID], taken: Sequence[PlanStop], back: Sequence[Unplanned]
) -> None:
    """New routes for the touched lanes; what was put in lies nowhere else, what was taken out lies aside."""
    draft = hand.draft
    draft.routes = [_without_reserved(routes.get(route.agent_id, route), put_in) for route in draft.routes]
    known = {one.practice_id: one for one in back}
    out = [known.get(stop.practice_id) or aside(stop) for stop in taken]
    held = put_in | {one.practice_id for one in out}
    draft.unplanned = [*out, *(one for one in draft.unplanned if one.practice_id not in held)]


def aside(stop: PlanStop) -> Unplanned:
    return Unplanned(
        practice_id=stop.practice_id,
        practice_number=stop.practice_number,
        debtor_name=stop.debtor_name,
        comune=stop.comune,
        lat_e6=stop.lat_e6,
        lon_e6=stop.lon_e6,
        prize_cents=stop.prize_cents,
        reason="taken_out",
        details={},
    )


def note_travel(hand: Hand, told: TravelTold | None) -> None:
    """Where the times of the touched lanes come from; what a server did not tell for other lanes stays said."""
    held = hand.draft.travel
    if told is not None and (held is None or told.instead or not held.instead):
        hand.draft.travel = told


def touch(hand: Hand, change: Change | None, broken: Mapping[UUID, list[Broken]]) -> None:
    for agent_id, rules_broken in broken.items():
        state = hand.draft.lanes.setdefault(agent_id, LaneState())
        state.revision += 1
        state.changed_by, state.changed_at = hand.work.identity.name, hand.work.now
        state.broken = rules_broken
        if change is not None:
            state.last = change.id
    if change is not None:
        # What a change told of appointments is done when the draft is published, however many came after it.
        older, newest = hand.draft.changes[: 1 - REMEMBERED], hand.draft.changes[1 - REMEMBERED :]
        hand.draft.changes = [*(one for one in older if one.told), *newest, change]


def written(hand: Hand, change: Change, *, cost_cents: int, travel_s: int, undone: bool = False) -> BoardChange:
    keep(hand)
    lanes = [str(agent_id) for agent_id in change.before]
    action = "board.undone" if undone else f"board.{change.kind}"
    audit(hand.work.session, action, "plan", hand.plan.id, lanes=lanes, cost_cents=cost_cents)
    body = {"plan_id": str(hand.plan.id), "lanes": lanes, "by": hand.work.identity.name, "undone": undone}
    tell(hand.work.session, NewFact("board.changed", hand.work.now, day=hand.plan.day, body=body))
    return BoardChange(cost_cents, travel_s, [lane(hand, agent_id) for agent_id in change.before])


def keep(hand: Hand) -> None:
    hand.plan.result = msgspec.to_builtins(hand.draft, str_keys=True)
    hand.plan.objective_cents = worth(hand.draft.routes)
    hand.plan.served = sum(len(route.stops) for route in hand.draft.routes)
