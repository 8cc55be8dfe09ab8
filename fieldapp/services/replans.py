"""Replan from here: what happened is told, the rest of the published day is planned again, a person takes it or not.

A preview writes nothing. Taking one judges the same orders again and puts them into the draft that all dispatchers
share. Lanes that are locked stay as they are, pinned visits stay with their agents, what has begun never moves.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.planning.plan import Plan as Routes
from fieldapp.planning.replan import replan
from fieldapp.services import board, hands, planning
from fieldapp.services.hands import Hand
from fieldapp.services.replan_scene import Drawn, Scene, draw, scene_of, view
from fieldapp.services.work import Work
from fieldapp.store import board as drafts
from fieldapp.store import planning as plans
from fieldapp.store.shapes.board import BoardView
from fieldapp.store.shapes.replan import Happened
from fieldapp.store.shapes.replan_view import ReplanView
from fieldapp.store.tables.planning import PublishedDay

SECONDS = 0.5
"""Of search, in a thread: the compiled core lets the event loop go on."""


async def preview(work: Work, day: date, *, happened: Sequence[Happened]) -> ReplanView:
    """What the rest of the day would be after `happened`, besides what was told before. Writes nothing.

    Raises Refusal `replan.not_published`, `plan.day_is_past`, `board.lane_unknown`, `board.visit_unknown`,
    `board.lane_locked`, `replan.begun_already`, `replan.time_wrong` or `replan.window_unlawful`.
    """
    published = await _published(work, day)
    scene = await scene_of(await _hand(work, published), published.version, told=happened)
    began = time.monotonic()
    found = await asyncio.to_thread(
        replan, scene.prepared.problem, scene.base, scene.situation, seed=1, seconds=SECONDS, clock=time.monotonic
    )
    search_ms = round((time.monotonic() - began) * 1000)
    drawn = await draw(scene, found.plan)
    return view(scene, drawn, found.changes, search_ms=search_ms)


async def take(
    work: Work,
    day: date,
    *,
    happened: Sequence[Happened],
    orders: Mapping[UUID, Sequence[UUID]],
    seen: Mapping[UUID, int],
    version: int,
) -> BoardView:
    """Put a preview into the shared draft of the day: `orders` of its touched lanes, `happened` as it was told.

    Raises the refusals of `preview`, `replan.day_changed` (published anew since), `board.lane_changed`,
    `board.lane_locked`, `plan.moves_begun_visit`.
    """
    published = await _published(work, day)
    if published.version != version:
        raise Refusal("replan.day_changed", kind=Kind.CONFLICT, details={"version": published.version})
    opened = await board.open_draft(work, published.plan_id)
    hand = await hands.open_hand(work, opened.plan_id)
    scene = await scene_of(hand, version, told=happened)
    hands.refuse_locked(hand, [one for one in orders if one in hand.orders])
    if any(one not in scene.agents for one in orders):
        raise Refusal("board.lane_unknown", kind=Kind.MISSING)
    hands.refuse_stale(hand, seen, list(orders))
    drawn = await draw(scene, _given(scene, orders))
    _write(scene, drawn)
    return await board.read_board(work, hand.plan.id)


async def _published(work: Work, day: date) -> PublishedDay:
    if day < work.today:
        raise Refusal("plan.day_is_past", details={"day": day.isoformat()})
    published = await plans.newest_day(work.session, day)
    if published is None:
        raise Refusal("replan.not_published", kind=Kind.CONFLICT, details={"day": day.isoformat()})
    return published


async def _hand(work: Work, published: PublishedDay) -> Hand:
    """The shared draft of the published plan where one is open, else that plan itself."""
    plan = await drafts.draft_of(work.session, published.plan_id) or await planning.plan_row(
        work.session, published.plan_id
    )
    return Hand(work, plan, hands.read_draft(plan))


def _given(scene: Scene, orders: Mapping[UUID, Sequence[UUID]]) -> Routes:
    """The plan of the preview that is taken. Raises Refusal `replan.day_changed` where it no longer fits the day."""
    numbers, day = scene.numbers, scene.hand.plan.day
    kept = {agent_id: orders.get(agent_id, scene.practices(scene.base)[agent_id]) for agent_id in scene.agents}
    whole = {agent_id: scene.motion.begun_first(agent_id, order, of=kept) for agent_id, order in kept.items()}
    named = [one for order in whole.values() for one in order]
    if len(set(named)) < len(named) or any(one not in numbers for one in named):
        raise Refusal("replan.day_changed", kind=Kind.CONFLICT, details={"day": day.isoformat()})
    return Routes.of([numbers[one] for one in whole[agent_id]] for agent_id in scene.agents)


def _write(scene: Scene, drawn: Drawn) -> None:
    hand, draft = scene.hand, scene.hand.draft
    before = {agent_id: tuple(hand.orders[agent_id]) for agent_id in drawn.touched}
    planned = {stop.practice_id for agent_id in drawn.touched for stop in drawn.after[agent_id].stops}
    put_in = planned - {one for order in before.values() for one in order}
    change = hands.noted(hand, "replanned", before, pinned=hands.pinned_in(hand, before))
    change.aside = [one for one in draft.unplanned if one.practice_id in put_in]
    change.told, change.happened = list(scene.told), draft.happened
    draft.happened = list(scene.motion.happened)
    old = [hand.route(agent_id) for agent_id in drawn.touched]
    new = {agent_id: drawn.after[agent_id] for agent_id in drawn.touched}
    taken = [stop for route in old for stop in route.stops if stop.practice_id not in planned]
    hands.place(hand, new, put_in, taken, drawn.fallen)
    lying = {one.practice_id for one in draft.unplanned}
    draft.unplanned = [*(one for one in drawn.fallen if one.practice_id not in lying), *draft.unplanned]
    hands.note_travel(hand, scene.prepared.travel)
    hands.touch(hand, change, {agent_id: drawn.broken[agent_id] for agent_id in drawn.touched})
    hands.written(
        hand,
        change,
        cost_cents=hands.worth(old) - hands.worth(list(new.values())),
        travel_s=sum(route.travel_s for route in new.values()) - sum(route.travel_s for route in old),
    )
