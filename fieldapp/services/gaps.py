"""Gaps of a draft filled with what lies aside, and visits handed over to another agent in their order.

Both are looked at first and taken as they were seen, as one change that its dispatcher undoes in one step.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.planning.by_hand import Moved, hand_over, only_adds
from fieldapp.planning.filling import fill
from fieldapp.planning.insertion import barred
from fieldapp.planning.plan import Plan as Routes
from fieldapp.planning.replan import freeze
from fieldapp.services import board, hands, planning
from fieldapp.services.hands import Hand
from fieldapp.services.lanes import ALL_DAY_S
from fieldapp.services.motion import Motion, motion_of
from fieldapp.services.replan_scene import BESIDE, OFFERED
from fieldapp.services.work import Work
from fieldapp.store import appointments
from fieldapp.store import planning as plans
from fieldapp.store.shapes.board import BoardChange

# --- handing over ---


async def hand_over_visits(
    work: Work,
    plan_id: UUID,
    *,
    from_agent: UUID,
    to_agent: UUID,
    practice_ids: Sequence[UUID] | None,
    seen: Mapping[UUID, int],
    trial: bool,
) -> BoardChange:
    """Give visits of a lane, all that have not begun where none are named, to another agent.

    They keep their order, and so do those who are in the other lane: both are laid together by their hours. What was
    handed over stays pinned to its new agent. Raises Refusal `board.not_a_draft`, `board.published_already`,
    `board.lane_unknown`, `board.visit_unknown`, `board.lane_changed`, `board.lane_locked`, `board.agent_gone`,
    `board.nothing_to_hand_over`, `board.practice_gone`, `board.no_position` or
    `plan.moves_begun_visit`.
    """
    hand = await (hands.look_into(work, plan_id) if trial else hands.open_hand(work, plan_id))
    if from_agent == to_agent or not {from_agent, to_agent} <= hand.orders.keys():
        raise Refusal("board.lane_unknown", kind=Kind.MISSING)
    hands.refuse_stale(hand, seen, [from_agent, to_agent])
    hands.refuse_locked(hand, [from_agent, to_agent])
    motion = await motion_of(work, hand.plan.day, hand.draft.happened)
    theirs = hand.orders[from_agent]
    given = [one for one in theirs if one not in motion.begun] if practice_ids is None else list(practice_ids)
    if any(one not in theirs for one in given):
        raise Refusal("board.visit_unknown", kind=Kind.MISSING)
    if any(one in motion.begun for one in given):
        raise Refusal("plan.moves_begun_visit", kind=Kind.CONFLICT)
    if not given:
        raise Refusal("board.nothing_to_hand_over", kind=Kind.CONFLICT)
    times = {stop.practice_id: stop.arrive_at for agent in (from_agent, to_agent) for stop in hand.route(agent).stops}
    moved = hand_over(
        {agent: hand.orders[agent] for agent in (from_agent, to_agent)}, given, origin=from_agent, to=to_agent, at=times
    )
    pinned = hands.pinned_in(hand, moved.before)
    return await board.change_lanes(
        hand,
        "handed_over",
        moved,
        motion,
        pinned=pinned,
        pins=pinned | set(given),
        decided=frozenset(given),
        trial=trial,
    )


# --- filling ---


async def preview_fill(
    work: Work, plan_id: UUID, *, agent_id: UUID | None, among: Sequence[UUID] | None = None
) -> BoardChange:
    """What lies aside put into the slack of one lane, or of all that nobody keeps. Writes nothing.

    `among`: of all only the lanes of these agents, as of a team.

    Raises Refusal `board.not_a_draft`, `board.published_already`, `board.lane_unknown`, `board.lane_locked` or
    `board.no_gap_pays`.
    """
    hand = await hands.look_into(work, plan_id)
    if not hand.orders.keys() >= {*(among or ()), *((agent_id,) if agent_id else ())}:
        raise Refusal("board.lane_unknown", kind=Kind.MISSING)
    if agent_id is not None:
        hands.refuse_locked(hand, [agent_id])
        filled = {agent_id}
    else:
        filled = {one for one in (hand.orders if among is None else among) if hand.lane(one).locked_by is None}
    motion = await motion_of(work, hand.plan.day, hand.draft.happened)
    orders = await _filled(hand, motion, filled)
    if not orders:
        raise Refusal("board.no_gap_pays", kind=Kind.CONFLICT)
    return await _change(hand, motion, orders, trial=True)


async def take_fill(
    work: Work, plan_id: UUID, *, orders: Mapping[UUID, Sequence[UUID]], seen: Mapping[UUID, int]
) -> BoardChange:
    """Put a preview into the draft: `orders` of the lanes that it fills, as they were seen.

    Raises the refusals of `preview_fill`, `board.lane_changed`, and `board.visit_unknown` where something of it no
    longer lies aside.
    """
    hand = await hands.open_hand(work, plan_id)
    if not orders or any(one not in hand.orders for one in orders):
        raise Refusal("board.lane_unknown", kind=Kind.MISSING)
    hands.refuse_stale(hand, seen, list(orders))
    hands.refuse_locked(hand, list(orders))
    added = [one for agent, order in orders.items() for one in order if one not in hand.orders[agent]]
    aside = {one.practice_id for one in hand.draft.unplanned}
    keeps = all(only_adds(hand.orders[agent], order) for agent, order in orders.items())
    if not keeps or len(set(added)) < len(added) or not aside.issuperset(added):
        raise Refusal("board.visit_unknown", kind=Kind.MISSING)
    motion = await motion_of(work, hand.plan.day, hand.draft.happened)
    return await _change(hand, motion, {agent: tuple(order) for agent, order in orders.items()}, trial=False)


async def _change(hand: Hand, motion: Motion, orders: Mapping[UUID, tuple[UUID, ...]], *, trial: bool) -> BoardChange:
    moved = Moved({agent: tuple(hand.orders[agent]) for agent in orders}, orders)
    pinned = hands.pinned_in(hand, moved.before)
    return await board.change_lanes(hand, "filled", moved, motion, pinned=pinned, pins=pinned, trial=trial)


async def _filled(hand: Hand, motion: Motion, filled: Collection[UUID]) -> dict[UUID, tuple[UUID, ...]]:
    """The orders of the lanes that gain a visit, of those that are to be filled."""
    work, day = hand.work, hand.plan.day
    people = [person for person in await plans.agents(work.session) if person.id in hand.orders]
    orders = {person.id: motion.begun_first(person.id, hand.orders[person.id], of=hand.orders) for person in people}
    held = {one for order in orders.values() for one in order}
    lying = [one for one in hand.draft.unplanned if one.reason in OFFERED and one.practice_id not in held]
    offered = {one.practice_id for one in sorted(lying, key=lambda one: -one.prize_cents)[:BESIDE]}
    judged = await planning.candidates_on(work, day, only=held | offered, also=motion.begun)
    visits = [
        replace(told, windows_s=told.windows_s or (ALL_DAY_S,))
        for told in (motion.told(one) for one in judged if one.shown.lat_e6 is not None)
        if told.door.practice.id in held or (told.windows_s and not planning.set_aside(told))
    ]
    numbers = {one.door.practice.id: number for number, one in enumerate(visits)}
    pinned = hands.pinned_in(hand, orders)
    named = await appointments.named_on(work.session, day, work.parts.zone)
    promised = {one: agent for one, agent in named.items() if one in offered and one not in held}
    prepared = await planning.problem_of(
        work,
        day,
        people,
        visits,
        not_before_s=0 if motion.moves else planning.seconds_gone(day, work.now, work.parts.zone),
        # Whoever is in a lane stays there without becoming a must-do: two of those may ring at one door, a promise and
        # a visit may not.
        pins={**promised, **{one: agent for agent, order in orders.items() for one in order if one in pinned}},
        settled=held,
    )
    plan = Routes.of([numbers[one] for one in orders[person.id] if one in numbers] for person in people)
    candidates = [numbers[one] for one in offered if one in numbers]
    away = motion.agents("agent_away")
    shut = [number for number, person in enumerate(people) if person.id in away or person.id not in filled]

    def search() -> Routes:
        problem = prepared.problem
        if motion.moves:
            problem, _ = freeze(problem, plan, motion.situation(people, visits))
        return fill(problem, plan, candidates, without=barred(problem, plan, also=shut)).plan

    found = await asyncio.to_thread(search)
    return {
        person.id: tuple(visits[one].door.practice.id for one in route)
        for person, route, before in zip(people, found.routes, plan.routes, strict=True)
        if route != before
    }
