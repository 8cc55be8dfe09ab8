"""The day as the planner sees it when it is planned again, and a plan of its rest as a person sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from fieldapp.domain.errors import Refusal
from fieldapp.domain.skills import in_order
from fieldapp.planning.checker import Judgement, judge
from fieldapp.planning.explain import Reason, why_here, why_not
from fieldapp.planning.plan import Plan as Routes
from fieldapp.planning.problem import Problem
from fieldapp.planning.replan import Change, Situation, freeze
from fieldapp.services import planning
from fieldapp.services.hands import Hand
from fieldapp.services.lanes import ALL_DAY_S, against_hands, conduct
from fieldapp.services.motion import Motion, motion_of
from fieldapp.services.planning import JudgedPractice, Prepared
from fieldapp.services.told_day import lanes_named, merged, refuse_unsound
from fieldapp.store import planning as plans
from fieldapp.store.shapes.board import Broken, Draft
from fieldapp.store.shapes.dispatch import Route, Unplanned
from fieldapp.store.shapes.replan import Happened
from fieldapp.store.shapes.replan_view import DaySums, ReplanChange, ReplanLane, ReplanView

BESIDE = 150
"""So many unplanned visits, the worthiest, may find a place."""
SHIFTED_S = 300
"""A visit of the same agent that moves by less is not named."""
OFFERED = frozenset({*(reason.value for reason in Reason), "fell_out"})
"""Unplanned for these reasons, a visit may come in; what a person took out or a rule stops may not."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The day frozen, without the lanes that stay locked.

    `base`: the lanes as they stand, begun visits first; `stopped`: what no rule lets be made any more; `told`: what
    this question adds to what was told before.
    """

    hand: Hand
    motion: Motion
    version: int
    told: tuple[Happened, ...]
    prepared: Prepared
    base: Routes
    situation: Situation
    frozen: Problem
    stopped: list[JudgedPractice]

    @property
    def agents(self) -> list[UUID]:
        return [person.id for person in self.prepared.agents]

    @property
    def numbers(self) -> dict[UUID, int]:
        return {one.door.practice.id: number for number, one in enumerate(self.prepared.candidates)}

    def practices(self, plan: Routes) -> dict[UUID, list[UUID]]:
        """The routes of a plan as practices by agent."""
        visits = self.prepared.candidates
        return {
            agent_id: [visits[one].door.practice.id for one in route]
            for agent_id, route in zip(self.agents, plan.routes, strict=True)
        }


async def scene_of(hand: Hand, version: int, *, told: Sequence[Happened]) -> Scene:
    """Raises the refusals of `refuse_unsound`, and `replan.window_unlawful`."""
    work, day = hand.work, hand.plan.day
    motion = await motion_of(work, day, merged(hand.draft.happened, told))
    refuse_unsound(hand, motion, told)
    named = lanes_named(hand, told)
    free = {agent_id for agent_id in hand.orders if agent_id in named or hand.lane(agent_id).locked_by is None}
    people = [person for person in await plans.agents(work.session) if person.id in free]
    of = {person.id: hand.orders[person.id] for person in people}
    wanted = _wanted(hand.draft, motion, of)
    found = [
        one
        for one in await planning.candidates_on(work, day, only=wanted, also=motion.begun)
        if one.shown.lat_e6 is not None
    ]
    judged = [_made(one, motion) for one in found]
    _refuse_unlawful(found, judged, told)
    there = await _met_in_locked_lanes(hand, motion, free)
    held = {one for order in of.values() for one in order} | set(motion.begun)
    banned = _forbidden(hand, judged, motion)
    # Who is visited in a locked lane is visited nowhere else, but for what lies in a lane or was promised.
    visits = [
        one
        for one in judged
        if one.windows_s
        and one.door.practice.id not in banned
        and (one.shown.must or one.door.practice.id in held or one.door.person not in there)
    ]
    numbers = {one.door.practice.id: number for number, one in enumerate(visits)}
    base = Routes.of(
        [numbers[one] for one in motion.begun_first(agent_id, order, of=of) if one in numbers]
        for agent_id, order in of.items()
    )
    away = motion.agents("agent_away")
    pins = {
        stop.practice_id: route.agent_id
        for route in hand.draft.routes
        # Who is away keeps nothing.
        if route.agent_id in of and route.agent_id not in away
        for stop in route.stops
        if stop.pinned
    }
    prepared = await planning.problem_of(work, day, people, visits, not_before_s=0, pins=pins)
    situation = motion.situation(people, visits)
    frozen, _ = await asyncio.to_thread(freeze, prepared.problem, base, situation)
    stopped = [one for one in judged if not one.windows_s or one.door.practice.id in banned]
    return Scene(hand, motion, version, tuple(told), prepared, base, situation, frozen, stopped)


def _forbidden(hand: Hand, judged: Sequence[JudgedPractice], motion: Motion) -> set[UUID]:
    """What nobody is to make on the day, but for what has begun or a person put into a lane all the same."""
    kept = set(motion.begun) | {stop.practice_id for route in hand.draft.routes for stop in route.stops if stop.pinned}
    return {one.door.practice.id for one in judged if one.forbidden_to(None) is not None} - kept


async def _met_in_locked_lanes(hand: Hand, motion: Motion, free: Container[UUID]) -> set[str]:
    """The persons at whose doors the lanes that stay as they are ring, or rang."""
    locked = {one for agent_id, order in hand.orders.items() if agent_id not in free for one in order}
    locked |= {one.practice_id for one in motion.begun.values() if one.agent_id not in free}
    if not locked:
        return set()
    doors = await plans.open_practices(hand.work.session, only=locked, also=locked)
    return {door.person for door in doors if door.person is not None}


def _wanted(draft: Draft, motion: Motion, lanes: Mapping[UUID, Sequence[UUID]]) -> set[UUID]:
    """What may be visited: all that these lanes hold, in reserve too, what was told of, the worthiest of the rest."""
    wanted = {one for order in lanes.values() for one in order}
    wanted |= {one.practice_id for route in draft.routes if route.agent_id in lanes for one in route.in_reserve}
    wanted |= {one.practice_id for one in motion.begun.values() if one.agent_id in lanes}
    lying = [one for one in draft.unplanned if one.reason in OFFERED]
    wanted |= {one.practice_id for one in sorted(lying, key=lambda one: -one.prize_cents)[:BESIDE]}
    kept = {stop.practice_id for route in draft.routes if route.agent_id not in lanes for stop in route.stops}
    named = {*motion.visits("urgent"), *motion.visits("moved"), *motion.visits("cancelled")}
    return (wanted | named) - kept


def _made(visit: JudgedPractice, motion: Motion) -> JudgedPractice:
    visit = motion.told(visit)
    begun = visit.door.practice.id in motion.begun
    return replace(visit, windows_s=(ALL_DAY_S,)) if begun and not visit.windows_s else visit


def _refuse_unlawful(
    found: Sequence[JudgedPractice], judged: Sequence[JudgedPractice], told: Sequence[Happened]
) -> None:
    moved = {one.practice_id for one in told if one.kind == "moved"}
    for before, after in zip(found, judged, strict=True):
        if before.door.practice.id in moved and before.windows_s and not after.windows_s:
            raise Refusal("replan.window_unlawful", details={"debtor": before.shown.debtor_name})


# --- a plan of the rest, drawn ---


@dataclass(frozen=True, slots=True)
class Drawn:
    """A plan of the rest of the day: each agent's route as it would go on by itself, and as it would be."""

    plan: Routes
    before: dict[UUID, Route]
    after: dict[UUID, Route]
    touched: list[UUID]
    broken: dict[UUID, list[Broken]]
    fallen: list[Unplanned]


async def draw(scene: Scene, plan: Routes) -> Drawn:
    """Times from the facts, rules of conduct judged again, what falls out with its reason."""
    untouched, judgement, fallen = await asyncio.to_thread(_reckon, scene, plan)
    before, after = _routes(scene, scene.base, untouched), _routes(scene, plan, judgement)
    told = {one.agent_id for one in scene.told if one.agent_id is not None}
    touched = [
        agent_id
        for agent_id, was, is_now in zip(scene.agents, scene.base.routes, plan.routes, strict=True)
        if was != is_now or agent_id in told
    ]
    people = [person for person in scene.prepared.agents if person.id in touched]
    visits = {one.door.practice.id: one for one in scene.prepared.candidates}
    routes = [after[agent_id] for agent_id in touched]
    broken = await conduct(scene.hand.work, scene.hand.plan.day, routes, visits, people, scene.motion)
    for person in people:
        for stop in after[person.id].stops:
            if stop.practice_id not in scene.motion.begun:
                broken[person.id] += against_hands(visits[stop.practice_id], person)
    return Drawn(plan, before, after, touched, broken, fallen)


def _reckon(scene: Scene, plan: Routes) -> tuple[Judgement, Judgement, list[Unplanned]]:
    """What takes long over a large day, in a thread."""
    begun_only = Situation(scene.situation.now_s, scene.situation.begun)
    unchanged, _ = freeze(scene.prepared.problem, scene.base, begun_only)
    return judge(unchanged, scene.base), judge(scene.frozen, plan), _fallen(scene, plan)


def _fallen(scene: Scene, plan: Routes) -> list[Unplanned]:
    """What was planned or asked for and would not be made."""
    visits, cancelled = scene.prepared.candidates, scene.motion.visits("cancelled")
    asked = {*scene.motion.visits("urgent"), *scene.motion.visits("moved"), *cancelled}
    held = {one for order in scene.hand.orders.values() for one in order}
    out = [
        number
        for number in plan.unplanned(scene.frozen)
        if number in scene.base.planned or visits[number].door.practice.id in asked
    ]
    lawful = not judge(scene.frozen, plan).broken
    reasons = {one.visit: one for one in why_not(scene.frozen, plan)} if lawful and out else {}
    fallen = []
    for number in out:
        if visits[number].door.practice.id in cancelled:
            fallen.append(planning.unplanned_of(visits[number], "cancelled", {}))
        elif (reason := reasons.get(number)) is not None:
            fallen.append(planning.unplanned_for(reason, scene.prepared))
        else:
            fallen.append(planning.unplanned_of(visits[number], "fell_out", {}))
    for one in scene.stopped:
        if one.door.practice.id in held or one.door.practice.id in asked:
            found = planning.why_refused(one)
            cancelled_too = one.door.practice.id in cancelled
            code = "cancelled" if cancelled_too else found.code if found else "fell_out"
            fallen.append(planning.unplanned_of(one, code, {} if cancelled_too or not found else found.details))
    return fallen


def _routes(scene: Scene, plan: Routes, judgement: Judgement) -> dict[UUID, Route]:
    here = {reason.visit: reason for reason in why_here(scene.prepared.problem, plan)}
    away = scene.motion.agents("agent_away")
    routes = {}
    for agent_day, agent_id in zip(judgement.days, scene.agents, strict=True):
        work = scene.hand.work
        route = planning.route_of(scene.prepared, agent_day, here, scene.hand.plan.day, work.parts, held=())
        route = scene.motion.marked(route, scene.hand.route(agent_id))
        routes[agent_id] = msgspec.structs.replace(route, in_reserve=[]) if agent_id in away else route
    return routes


# --- as a person sees it ---


def view(scene: Scene, drawn: Drawn, changes: Iterable[Change], *, search_ms: int) -> ReplanView:
    """The preview; lanes that stay locked stand in it as they are."""
    hand = scene.hand
    shown = []
    for route in hand.draft.routes:
        state, agent_id = hand.lane(route.agent_id), route.agent_id
        touched = agent_id in drawn.touched
        shown.append(
            ReplanLane(
                touched=touched,
                revision=state.revision,
                locked_by=state.locked_name,
                broken=drawn.broken[agent_id] if touched else state.broken,
                route=drawn.after.get(agent_id) or scene.motion.marked(route, route),
            )
        )
    named = [*_changed(scene, drawn, changes), *_shifted(scene, drawn)]
    locked = [route for route in hand.draft.routes if route.agent_id not in drawn.after]
    return ReplanView(
        day=hand.plan.day,
        version=scene.version,
        happened=list(scene.motion.happened),
        lanes=shown,
        changes=named,
        fallen=drawn.fallen,
        before=_sums([*drawn.before.values(), *locked]),
        after=_sums([*drawn.after.values(), *locked]),
        price_cents=sum(change.price_cents for change in named),
        search_ms=search_ms,
    )


def _sums(routes: Sequence[Route]) -> DaySums:
    return DaySums(
        visits=sum(len(route.stops) for route in routes),
        prize_cents=sum(route.prize_cents for route in routes),
        cost_cents=sum(route.travel_cost_cents for route in routes),
        distance_m=sum(route.distance_m for route in routes),
        travel_s=sum(route.travel_s for route in routes),
        away_s=sum(
            int((route.back_home_at - route.leave_home_at).total_seconds())
            for route in routes
            if route.back_home_at is not None and route.leave_home_at is not None
        ),
    )


def _changed(scene: Scene, drawn: Drawn, changes: Iterable[Change]) -> list[ReplanChange]:
    was, is_now = _times(drawn.before.values()), _times(drawn.after.values())
    names = [person.name for person in scene.prepared.agents]
    fallen = {one.practice_id: one for one in drawn.fallen}
    named = []
    for change in changes:
        visit = scene.prepared.candidates[change.visit]
        practice_id = visit.door.practice.id
        reason, details = _why(scene, change, practice_id)
        if change.after is None and (gone := fallen.get(practice_id)) is not None:
            reason, details = gone.reason, gone.details
        named.append(
            _row(
                visit,
                kind="out" if change.after is None else "in" if change.before is None else "handed",
                agents=(
                    None if change.before is None else names[change.before],
                    None if change.after is None else names[change.after],
                ),
                times=(was.get(practice_id), is_now.get(practice_id)),
                price_cents=change.price_cents,
                reason=reason,
                details=details,
            )
        )
    return named


def _why(scene: Scene, change: Change, practice_id: UUID) -> tuple[str, dict[str, Any]]:
    """Why a visit changes hands: what was told of it or of its agent comes before what the day gains."""
    motion = scene.motion
    for kind in ("cancelled", "urgent", "moved"):
        if practice_id in motion.visits(kind):
            return f"told_{kind}", {}
    before = None if change.before is None else scene.agents[change.before]
    if before in motion.agents("agent_away"):
        return "told_agent_away", {"agent": scene.hand.route(before).agent_name}
    if change.before is None:
        return "room_made", {}
    agent = scene.prepared.agents[change.before]
    if lacking := scene.prepared.problem.visits[change.visit].skills.difference(agent.skills):
        return "agent_unskilled", {"agent": agent.name, "skill": in_order(lacking)}
    if change.price_cents:
        return "day_gains", {"price_cents": change.price_cents}
    return "not_in_time", {}


def _shifted(scene: Scene, drawn: Drawn) -> list[ReplanChange]:
    """Visits of the same agent at another time, because of the change and not because the day runs late anyway."""
    visits = {one.door.practice.id: one for one in scene.prepared.candidates}
    named = []
    for agent_id in drawn.touched:
        before, after = drawn.before[agent_id], drawn.after[agent_id]
        was = _times([before])
        for stop in after.stops:
            at = was.get(stop.practice_id)
            moved_s = 0.0 if at is None else abs((stop.arrive_at - at).total_seconds())
            if moved_s >= SHIFTED_S and stop.practice_id not in scene.motion.begun:
                named.append(
                    _row(
                        visits[stop.practice_id],
                        kind="shifted",
                        agents=(after.agent_name, after.agent_name),
                        times=(at, stop.arrive_at),
                        price_cents=0,
                        reason="other_time",
                        details={},
                    )
                )
    return named


def _times(routes: Iterable[Route]) -> dict[UUID, datetime]:
    return {stop.practice_id: stop.arrive_at for route in routes for stop in route.stops}


def _row(
    visit: JudgedPractice,
    *,
    kind: Any,
    agents: tuple[str | None, str | None],
    times: tuple[datetime | None, datetime | None],
    price_cents: int,
    reason: str,
    details: dict[str, Any],
) -> ReplanChange:
    shown = visit.shown
    return ReplanChange(
        practice_id=shown.practice_id,
        practice_number=shown.practice_number,
        debtor_name=shown.debtor_name,
        comune=shown.comune,
        kind=kind,
        from_agent=agents[0],
        to_agent=agents[1],
        was_at=times[0],
        is_at=times[1],
        price_cents=price_cents,
        reason=reason,
        details=details,
    )
