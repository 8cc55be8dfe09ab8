"""Dispatchers' hands on a plan: visits moved, put in, taken out, pinned; lanes locked; one's own last change undone.

A change by hand is never refused for what it breaks: times, violations and cost are shown. It is refused where it
would overwrite what somebody else just did, touch what has begun, or reach into a lane that a colleague keeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.planning.by_hand import Moved, lane_of, move, shifts_begun
from fieldapp.services import forbids, hands, lanes, planning
from fieldapp.services.motion import Motion, motion_of
from fieldapp.services.told_day import untold
from fieldapp.services.work import Work
from fieldapp.store import appointments
from fieldapp.store import board as store
from fieldapp.store import planning as plans
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.board import BoardChange, BoardView, Change

# --- reading and opening ---


async def open_draft(work: Work, plan_id: UUID) -> BoardView:
    """The draft of a finished plan, made if there is none yet: whoever opens the plan works on the same one.

    Raises Refusal `plan.unknown` or `plan.not_finished`.
    """
    base = await planning.plan_row(work.session, plan_id, lock=True)
    if base.state != "done":
        raise Refusal("plan.not_finished", kind=Kind.CONFLICT)
    published = await plans.version_of(work.session, base.id)
    if "edited_from" in base.request and published is None:
        return await _view(hands.Hand(work, base, hands.read_draft(base)), None)
    draft = await store.draft_of(work.session, base.id)
    if draft is None:
        draft = plans.Plan(
            id=work.new_id(),
            agency_id=work.agency_id,
            day=base.day,
            state="done",
            created_at=work.now,
            created_by=work.identity.person_id,
            request={
                **base.request,
                "edited_from": str(base.id),
                "as_of": base.request.get("as_of", base.created_at.isoformat()),
                "best_cents": base.objective_cents,
            },
            progress=base.progress,
            result={name: value for name, value in base.result.items() if name != "changes"} | {"pins": _pins_of(base)},
            objective_cents=base.objective_cents,
            served=base.served,
            candidates=base.candidates,
        )
        work.session.add(draft)
        await work.session.flush()
        audit(work.session, "board.opened", "plan", draft.id, edited_from=str(base.id))
        tell(work.session, NewFact("plan.done", work.now, day=draft.day, body={"plan_id": str(draft.id)}))
    return await _view(hands.Hand(work, draft, hands.read_draft(draft)), None)


def _pins_of(plan: plans.Plan) -> Any:
    return msgspec.to_builtins(hands.read_draft(plan).pins, str_keys=True)


async def read_board(work: Work, plan_id: UUID) -> BoardView:
    """Raises Refusal `plan.unknown` or `board.not_a_draft`."""
    plan = await planning.plan_row(work.session, plan_id)
    if "edited_from" not in plan.request:
        raise Refusal("board.not_a_draft", kind=Kind.CONFLICT)
    return await _view(hands.Hand(work, plan, hands.read_draft(plan)), await plans.version_of(work.session, plan.id))


async def _view(hand: hands.Hand, published: int | None) -> BoardView:
    mine = _last_of(hand)
    return BoardView(
        plan_id=hand.plan.id,
        day=hand.plan.day,
        edited_from=UUID(hand.plan.request["edited_from"]),
        best_cents=hand.plan.request["best_cents"] or 0,
        objective_cents=hands.worth(hand.draft.routes),
        published_version=published,
        may_undo=mine.kind if mine else None,
        lanes=[hands.lane(hand, route.agent_id) for route in hand.draft.routes],
        unplanned=hand.draft.unplanned,
    )


# --- changes ---


async def move_visit(
    work: Work,
    plan_id: UUID,
    *,
    practice_id: UUID,
    agent_id: UUID | None,
    place: int | None,
    seen: Mapping[UUID, int],
    trial: bool,
) -> BoardChange:
    """Put a visit into a lane, at a place, or (agent None) out of the plan; `trial` shows what it would do.

    `seen`: the revisions on which the dispatcher decided. A moved visit stays pinned to its new agent. Raises
    Refusal `board.not_a_draft`, `board.published_already`, `board.lane_unknown`, `board.visit_unknown`,
    `board.lane_changed`, `board.lane_locked`, `board.practice_gone`, `board.no_position`, `board.agent_gone`,
    `plan.moves_begun_visit`.
    """
    hand = await (hands.look_into(work, plan_id) if trial else hands.open_hand(work, plan_id))
    orders = hand.orders
    if agent_id is not None and agent_id not in orders:
        raise Refusal("board.lane_unknown", kind=Kind.MISSING)
    _refuse_unknown(hand, practice_id, agent_id)
    moved = move(orders, practice_id, to=agent_id, place=place)
    hands.refuse_stale(hand, seen, list(moved.before))
    hands.refuse_locked(hand, list(moved.before))
    motion = await motion_of(work, hand.plan.day, hand.draft.happened)
    if shifts_begun(moved, [one for one in motion.begun if any(one in order for order in moved.before.values())]):
        raise Refusal("plan.moves_begun_visit", kind=Kind.CONFLICT, details={"practice": str(practice_id)})
    pinned = hands.pinned_in(hand, moved.before)
    pins = (pinned | {practice_id}) if agent_id is not None else pinned - {practice_id}
    kind = "taken_out" if agent_id is None else "moved" if lane_of(orders, practice_id) is not None else "put_in"
    return await change_lanes(
        hand, kind, moved, motion, pinned=pinned, pins=pins, decided=frozenset({practice_id}), trial=trial
    )


async def pin_visit(
    work: Work, plan_id: UUID, *, practice_id: UUID, pinned: bool, seen: Mapping[UUID, int]
) -> BoardChange:
    """Keep a visit with its agent in later planning, or let it go; raises the refusals of `move_visit`."""
    hand = await hands.open_hand(work, plan_id)
    agent_id = lane_of(hand.orders, practice_id)
    if agent_id is None:
        raise Refusal("board.visit_unknown", kind=Kind.MISSING)
    hands.refuse_stale(hand, seen, [agent_id])
    hands.refuse_locked(hand, [agent_id])
    order = {agent_id: tuple(hand.orders[agent_id])}
    before = hands.pinned_in(hand, order)
    pins = before | {practice_id} if pinned else before - {practice_id}
    motion = await motion_of(work, hand.plan.day, hand.draft.happened)
    kind = "pinned" if pinned else "unpinned"
    return await change_lanes(
        hand, kind, Moved(order, order), motion, pinned=before, pins=pins, decided=frozenset({practice_id})
    )


async def forbid_visit(work: Work, plan_id: UUID, wish: forbids.Wish, *, seen: Mapping[UUID, int]) -> BoardChange:
    """Forbid a visit, and take it out of the lane in which it may no longer lie: one change, undone in one step.

    Raises the refusals of `move_visit` and of `forbids.forbid`.
    """
    # As whoever agrees on an appointment: what is agreed on with the debtor and on the day before the plan.
    day = (await planning.plan_row(work.session, plan_id)).day
    await appointments.lock(work.session, wish.practice_id, day)
    hand = await hands.open_hand(work, plan_id)
    practice_id = wish.practice_id
    if wish.agent_id is not None and wish.agent_id not in hand.orders:
        raise Refusal("board.lane_unknown", kind=Kind.MISSING)
    _refuse_unknown(hand, practice_id, wish.agent_id or next(iter(hand.orders), None))
    motion = await motion_of(work, hand.plan.day, hand.draft.happened)
    if practice_id in motion.begun:
        raise Refusal("plan.moves_begun_visit", kind=Kind.CONFLICT, details={"practice": str(practice_id)})
    lane = lane_of(hand.orders, practice_id)
    touched = [lane] if lane is not None and wish.agent_id in (None, lane) else []
    hands.refuse_stale(hand, seen, touched)
    hands.refuse_locked(hand, touched)
    row = await forbids.forbid(work, wish, hand.plan.day)
    hands.unreserved(hand, practice_id, agent_id=wish.agent_id)
    if not touched:
        change = hands.noted(hand, "forbidden", {}, pinned=frozenset())
        change.forbids = row.id
        hands.touch(hand, change, {})
        return hands.written(hand, change, cost_cents=0, travel_s=0)
    moved = move(hand.orders, practice_id, to=None)
    pinned = hands.pinned_in(hand, moved.before)
    return await change_lanes(
        hand, "forbidden", moved, motion, pinned=pinned, pins=pinned - {practice_id}, with_forbidden=row.id
    )


async def lock_lane(
    work: Work, plan_id: UUID, *, agent_id: UUID, locked: bool, seen: Mapping[UUID, int]
) -> BoardChange:
    """Keep a lane as it is: colleagues do not reach into it. Anybody may open it again."""
    hand = await hands.open_hand(work, plan_id)
    if agent_id not in hand.orders:
        raise Refusal("board.lane_unknown", kind=Kind.MISSING)
    hands.refuse_stale(hand, seen, [agent_id])
    state = hand.lane(agent_id)
    change = hands.noted(
        hand, "locked" if locked else "opened", {agent_id: tuple(hand.orders[agent_id])}, pinned=frozenset()
    )
    change.locked_by, change.locked_name = state.locked_by, state.locked_name
    hands.touch(hand, change, {agent_id: state.broken})
    mine = hand.draft.lanes[agent_id]
    mine.locked_by = work.identity.person_id if locked else None
    mine.locked_name = work.identity.name if locked else None
    return hands.written(hand, change, cost_cents=0, travel_s=0)


async def undo(work: Work, plan_id: UUID) -> BoardChange:
    """Take back one's own last change: the lanes that it touched are put back as they were.

    Raises Refusal `board.nothing_to_undo`, or `board.lane_changed` where somebody changed one of them since, or put
    into another lane what would come back.
    """
    hand = await hands.open_hand(work, plan_id)
    mine = _last_of(hand)
    if mine is None:
        raise Refusal("board.nothing_to_undo", kind=Kind.CONFLICT)
    for agent_id in mine.before:
        if hand.lane(agent_id).last != mine.id:
            raise hands.changed(hand, agent_id)
    back = {one for order in mine.before.values() for one in order}
    for agent_id, order in hand.orders.items():
        if agent_id not in mine.before and not back.isdisjoint(order):
            raise hands.changed(hand, agent_id)
    now = {agent_id: tuple(hand.orders[agent_id]) for agent_id in mine.before}
    moved = Moved(now, {agent_id: tuple(order) for agent_id, order in mine.before.items()})
    motion = await motion_of(work, hand.plan.day, hand.draft.happened)
    if shifts_begun(moved, [one for one in motion.begun if any(one in order for order in now.values())]):
        raise Refusal("plan.moves_begun_visit", kind=Kind.CONFLICT)
    hand.draft.changes.remove(mine)
    await forbids.lifted_again(work, mine.forbids)
    hand.draft.happened = untold(hand.draft.happened, mine.told, mine.happened)
    if mine.kind in ("locked", "opened"):
        (agent_id,) = mine.before
        hands.touch(hand, None, {agent_id: hand.lane(agent_id).broken})
        state = hand.draft.lanes[agent_id]
        state.locked_by, state.locked_name = mine.locked_by, mine.locked_name
        done = hands.written(hand, mine, cost_cents=0, travel_s=0, undone=True)
    elif not mine.before:
        done = hands.written(hand, mine, cost_cents=0, travel_s=0, undone=True)
    else:
        motion = replace(motion, happened=tuple(hand.draft.happened))
        pins = frozenset(mine.pinned)
        done = await change_lanes(hand, "undone", moved, motion, pinned=frozenset(), pins=pins, undoes=mine)
    for agent_id, last in mine.last.items():
        hand.draft.lanes[agent_id].last = last
    hands.keep(hand)
    return done


def _last_of(hand: hands.Hand) -> Change | None:
    me = hand.work.identity.person_id
    return next((change for change in reversed(hand.draft.changes) if change.person_id == me), None)


def _refuse_unknown(hand: hands.Hand, practice_id: UUID, agent_id: UUID | None) -> None:
    held = {one for order in hand.orders.values() for one in order}
    if agent_id is not None:
        held |= {one.practice_id for one in hand.draft.unplanned}
    if practice_id not in held:
        raise Refusal("board.visit_unknown", kind=Kind.MISSING)


async def change_lanes(
    hand: hands.Hand,
    kind: str,
    moved: Moved[UUID, UUID],
    motion: Motion,
    *,
    pinned: frozenset[UUID],
    pins: frozenset[UUID],
    decided: frozenset[UUID] = frozenset(),
    trial: bool = False,
    undoes: Change | None = None,
    with_forbidden: UUID | None = None,
) -> BoardChange:
    """Put lanes into another order, judged and written down; `pinned` before, `pins` after, `decided` the visits of
    which the person said where they stay. `trial` writes nothing."""
    judged, travel = await lanes.judged(hand, moved.after, pins, motion)
    old = [hand.route(agent_id) for agent_id in moved.after]
    new = [route for route, _ in judged.values()]
    cost_cents = hands.worth(old) - hands.worth(new)
    travel_s = sum(r.travel_s for r in new) - sum(r.travel_s for r in old)
    put_in = {one for order in moved.after.values() for one in order} - {
        one for order in moved.before.values() for one in order
    }
    taken = [
        stop
        for route in old
        for stop in route.stops
        if not any(stop.practice_id in order for order in moved.after.values())
    ]
    if trial:
        return BoardChange(cost_cents, travel_s, [hands.tried(hand, *one, put_in) for one in judged.values()])
    change = undoes or hands.noted(hand, kind, moved.before, pinned=pinned)
    back = undoes.aside if undoes else []
    if undoes is None:
        change.forbids = with_forbidden
        change.aside = [one for one in hand.draft.unplanned if one.practice_id in put_in]
    hands.place(hand, {agent_id: route for agent_id, (route, _) in judged.items()}, put_in, taken, back)
    hands.note_travel(hand, travel)
    if undoes is None:
        change.pins = hand.draft.pin(decided & pins, hand.work.now)
    else:
        hand.draft.unpin(undoes.pins)
    hands.touch(hand, None if undoes else change, {agent_id: broken for agent_id, (_, broken) in judged.items()})
    return hands.written(hand, change, cost_cents=cost_cents, travel_s=travel_s, undone=undoes is not None)
