"""Dispatchers' hands on a plan: visits moved, put in, taken out, pinned; lanes locked; one's own last change undone.

A change by hand is never refused for what it breaks: times, violations and cost are shown. It is refused where it
would overwrite what somebody else just did, touch what has begun, or reach into a lane that a colleague keeps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import msgspec

from fieldapp.domain.conduct import Severity
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.planning.by_hand import Moved, changed_since, lane_of, move, shifts_begun
from fieldapp.planning.checker import judge
from fieldapp.planning.constraints import Violation
from fieldapp.planning.explain import why_here
from fieldapp.planning.plan import Plan as Routes
from fieldapp.services import lawful, planning, rules
from fieldapp.services.work import Work
from fieldapp.store import board as store
from fieldapp.store import planning as plans
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.board import BoardChange, BoardLane, BoardView, Broken, Change, Draft, LaneState
from fieldapp.store.shapes.dispatch import Finding, PlanStop, Route, Unplanned

ALL_DAY_S = (0, 86_399)
"""The window of a visit that no rule allows: it still gets a time, and the rule is named."""
REMEMBERED = 60
"""So many changes of a draft can be taken back."""
SAID_TWICE = frozenset({"window", "may_visit"})
"""Rules of the planner that the rules of conduct say better."""


@dataclass(frozen=True, slots=True)
class _Hand:
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
        return await _view(_Hand(work, base, _read(base)), None)
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
            result={name: value for name, value in base.result.items() if name != "changes"},
            objective_cents=base.objective_cents,
            served=base.served,
            candidates=base.candidates,
        )
        work.session.add(draft)
        await work.session.flush()
        audit(work.session, "board.opened", "plan", draft.id, edited_from=str(base.id))
        tell(work.session, NewFact("plan.done", work.now, day=draft.day, body={"plan_id": str(draft.id)}))
    return await _view(_Hand(work, draft, _read(draft)), None)


async def read_board(work: Work, plan_id: UUID) -> BoardView:
    """Raises Refusal `plan.unknown` or `board.not_a_draft`."""
    plan = await planning.plan_row(work.session, plan_id)
    if "edited_from" not in plan.request:
        raise Refusal("board.not_a_draft", kind=Kind.CONFLICT)
    return await _view(_Hand(work, plan, _read(plan)), await plans.version_of(work.session, plan.id))


def _read(plan: plans.Plan) -> Draft:
    return msgspec.convert(plan.result, Draft)


async def _view(hand: _Hand, published: int | None) -> BoardView:
    mine = _last_of(hand)
    return BoardView(
        plan_id=hand.plan.id,
        day=hand.plan.day,
        edited_from=UUID(hand.plan.request["edited_from"]),
        best_cents=hand.plan.request["best_cents"] or 0,
        objective_cents=_worth(hand.draft.routes),
        published_version=published,
        may_undo=mine.kind if mine else None,
        lanes=[_lane(hand, route.agent_id) for route in hand.draft.routes],
        unplanned=hand.draft.unplanned,
    )


def _lane(hand: _Hand, agent_id: UUID) -> BoardLane:
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


def _worth(routes: Sequence[Route]) -> int:
    return sum(route.prize_cents - route.travel_cost_cents for route in routes)


# --- changes ---


async def _open(work: Work, plan_id: UUID, *, lock: bool = True) -> _Hand:
    """The draft under the plan's row lock: two hands wait for each other."""
    plan = await planning.plan_row(work.session, plan_id, lock=lock)
    if "edited_from" not in plan.request:
        raise Refusal("board.not_a_draft", kind=Kind.CONFLICT)
    if await plans.version_of(work.session, plan.id) is not None:
        raise Refusal("board.published_already", kind=Kind.CONFLICT)
    return _Hand(work, plan, _read(plan))


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
    `board.lane_changed`, `board.lane_locked`, `board.no_position`, `board.agent_gone`, `plan.moves_begun_visit`.
    """
    hand = await _open(work, plan_id, lock=not trial)
    orders = hand.orders
    if agent_id is not None and agent_id not in orders:
        raise Refusal("board.lane_unknown", kind=Kind.MISSING)
    _refuse_unknown(hand, practice_id, agent_id)
    moved = move(orders, practice_id, to=agent_id, place=place)
    _refuse_stale(hand, seen, list(moved.before))
    _refuse_locked(hand, list(moved.before))
    begun = [stop.practice_id for stop in await planning.begun_on(work, hand.plan.day)]
    if shifts_begun(moved, [one for one in begun if any(one in order for order in moved.before.values())]):
        raise Refusal("plan.moves_begun_visit", kind=Kind.CONFLICT, details={"practice": str(practice_id)})
    pinned = _pinned(hand, moved.before)
    pins = (pinned | {practice_id}) if agent_id is not None else pinned - {practice_id}
    kind = "taken_out" if agent_id is None else "moved" if lane_of(orders, practice_id) is not None else "put_in"
    return await _change(hand, kind, moved, pinned=pinned, pins=pins, trial=trial)


async def pin_visit(
    work: Work, plan_id: UUID, *, practice_id: UUID, pinned: bool, seen: Mapping[UUID, int]
) -> BoardChange:
    """Keep a visit with its agent in later planning, or let it go; raises the refusals of `move_visit`."""
    hand = await _open(work, plan_id)
    agent_id = lane_of(hand.orders, practice_id)
    if agent_id is None:
        raise Refusal("board.visit_unknown", kind=Kind.MISSING)
    _refuse_stale(hand, seen, [agent_id])
    _refuse_locked(hand, [agent_id])
    order = {agent_id: tuple(hand.orders[agent_id])}
    before = _pinned(hand, order)
    pins = before | {practice_id} if pinned else before - {practice_id}
    return await _change(hand, "pinned" if pinned else "unpinned", Moved(order, order), pinned=before, pins=pins)


async def lock_lane(
    work: Work, plan_id: UUID, *, agent_id: UUID, locked: bool, seen: Mapping[UUID, int]
) -> BoardChange:
    """Keep a lane as it is: colleagues do not reach into it. Anybody may open it again."""
    hand = await _open(work, plan_id)
    if agent_id not in hand.orders:
        raise Refusal("board.lane_unknown", kind=Kind.MISSING)
    _refuse_stale(hand, seen, [agent_id])
    state = hand.lane(agent_id)
    change = _noted(
        hand, "locked" if locked else "opened", {agent_id: tuple(hand.orders[agent_id])}, pinned=frozenset()
    )
    change.locked_by, change.locked_name = state.locked_by, state.locked_name
    _touch(hand, change, {agent_id: state.broken})
    mine = hand.draft.lanes[agent_id]
    mine.locked_by = work.identity.person_id if locked else None
    mine.locked_name = work.identity.name if locked else None
    return _written(hand, change, cost_cents=0, travel_s=0)


async def undo(work: Work, plan_id: UUID) -> BoardChange:
    """Take back one's own last change: the lanes that it touched are put back as they were.

    Raises Refusal `board.nothing_to_undo`, or `board.lane_changed` where somebody changed one of them since.
    """
    hand = await _open(work, plan_id)
    mine = _last_of(hand)
    if mine is None:
        raise Refusal("board.nothing_to_undo", kind=Kind.CONFLICT)
    for agent_id in mine.before:
        if hand.lane(agent_id).last != mine.id:
            raise _changed(hand, agent_id)
    now = {agent_id: tuple(hand.orders[agent_id]) for agent_id in mine.before}
    moved = Moved(now, {agent_id: tuple(order) for agent_id, order in mine.before.items()})
    begun = [stop.practice_id for stop in await planning.begun_on(work, hand.plan.day)]
    if shifts_begun(moved, [one for one in begun if any(one in order for order in now.values())]):
        raise Refusal("plan.moves_begun_visit", kind=Kind.CONFLICT)
    hand.draft.changes.remove(mine)
    if mine.kind in ("locked", "opened"):
        (agent_id,) = mine.before
        _touch(hand, None, {agent_id: hand.lane(agent_id).broken})
        state = hand.draft.lanes[agent_id]
        state.locked_by, state.locked_name = mine.locked_by, mine.locked_name
        done = _written(hand, mine, cost_cents=0, travel_s=0, undone=True)
    else:
        done = await _change(hand, "undone", moved, pinned=frozenset(), pins=frozenset(mine.pinned), undoes=mine)
    for agent_id, last in mine.last.items():
        hand.draft.lanes[agent_id].last = last
    _keep(hand)
    return done


def _last_of(hand: _Hand) -> Change | None:
    me = hand.work.identity.person_id
    return next((change for change in reversed(hand.draft.changes) if change.person_id == me), None)


def _refuse_unknown(hand: _Hand, practice_id: UUID, agent_id: UUID | None) -> None:
    held = {one for order in hand.orders.values() for one in order}
    if agent_id is not None:
        held |= {one.practice_id for one in hand.draft.unplanned}
    if practice_id not in held:
        raise Refusal("board.visit_unknown", kind=Kind.MISSING)


def _refuse_stale(hand: _Hand, seen: Mapping[UUID, int], touched: Sequence[UUID]) -> None:
    revisions = {agent_id: state.revision for agent_id, state in hand.draft.lanes.items()}
    if stale := changed_since(revisions, seen, touched):
        raise _changed(hand, stale[0])


def _changed(hand: _Hand, agent_id: UUID) -> Refusal:
    state = hand.lane(agent_id)
    details = {"agent": hand.route(agent_id).agent_name, "by": state.changed_by or ""}
    return Refusal("board.lane_changed", kind=Kind.CONFLICT, details=details)


def _refuse_locked(hand: _Hand, touched: Sequence[UUID]) -> None:
    for agent_id in touched:
        state = hand.lane(agent_id)
        if state.locked_by not in (None, hand.work.identity.person_id):
            details = {"agent": hand.route(agent_id).agent_name, "by": state.locked_name or ""}
            raise Refusal("board.lane_locked", kind=Kind.CONFLICT, details=details)


def _pinned(hand: _Hand, agents: Mapping[UUID, object]) -> frozenset[UUID]:
    return frozenset(stop.practice_id for agent_id in agents for stop in hand.route(agent_id).stops if stop.pinned)


async def _change(
    hand: _Hand,
    kind: str,
    moved: Moved[UUID, UUID],
    *,
    pinned: frozenset[UUID],
    pins: frozenset[UUID],
    trial: bool = False,
    undoes: Change | None = None,
) -> BoardChange:
    judged = await _judged(hand, moved.after, pins)
    old = [hand.route(agent_id) for agent_id in moved.after]
    new = [route for route, _ in judged.values()]
    cost_cents, travel_s = _worth(old) - _worth(new), sum(r.travel_s for r in new) - sum(r.travel_s for r in old)
    put_in = {one for order in moved.after.values() for one in order} - {
        one for order in moved.before.values() for one in order
    }
    taken = [
        stop
        for route in old
        for stop in route.stops
        if not any(stop.practice_id in order for order in moved.after.values())
    ]
    change = undoes or _noted(hand, kind, moved.before, pinned=pinned)
    back = undoes.aside if undoes else []
    if undoes is None:
        change.aside = [one for one in hand.draft.unplanned if one.practice_id in put_in]
    _place(hand, {agent_id: route for agent_id, (route, _) in judged.items()}, put_in, taken, back)
    _touch(hand, None if undoes else change, {agent_id: broken for agent_id, (_, broken) in judged.items()})
    if trial:
        return BoardChange(cost_cents, travel_s, [_lane(hand, agent_id) for agent_id in judged])
    return _written(hand, change, cost_cents=cost_cents, travel_s=travel_s, undone=undoes is not None)


def _noted(hand: _Hand, kind: str, before: Mapping[UUID, tuple[UUID, ...]], *, pinned: frozenset[UUID]) -> Change:
    return Change(
        id=hand.work.new_id(),
        person_id=hand.work.identity.person_id,
        kind=kind,
        before={agent_id: list(order) for agent_id, order in before.items()},
        last={agent_id: hand.lane(agent_id).last for agent_id in before},
        pinned=sorted(pinned),
    )


def _place(
    hand: _Hand, routes: Mapping[UUID, Route], put_in: set[UUID], taken: Sequence[PlanStop], back: Sequence[Unplanned]
) -> None:
    """New routes for the touched lanes; what was put in lies nowhere else, what was taken out lies aside."""
    draft = hand.draft
    draft.routes = [
        msgspec.structs.replace(route, in_reserve=[one for one in route.in_reserve if one.practice_id not in put_in])
        for route in (routes.get(route.agent_id, route) for route in draft.routes)
    ]
    known = {one.practice_id: one for one in back}
    aside = [known.get(stop.practice_id) or _aside(stop) for stop in taken]
    draft.unplanned = [*aside, *(one for one in draft.unplanned if one.practice_id not in put_in)]


def _aside(stop: PlanStop) -> Unplanned:
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


def _touch(hand: _Hand, change: Change | None, broken: Mapping[UUID, list[Broken]]) -> None:
    for agent_id, rules_broken in broken.items():
        state = hand.draft.lanes.setdefault(agent_id, LaneState())
        state.revision += 1
        state.changed_by, state.changed_at = hand.work.identity.name, hand.work.now
        state.broken = rules_broken
        if change is not None:
            state.last = change.id
    if change is not None:
        hand.draft.changes = [*hand.draft.changes, change][-REMEMBERED:]


def _written(hand: _Hand, change: Change, *, cost_cents: int, travel_s: int, undone: bool = False) -> BoardChange:
    _keep(hand)
    lanes = [str(agent_id) for agent_id in change.before]
    action = "board.undone" if undone else f"board.{change.kind}"
    audit(hand.work.session, action, "plan", hand.plan.id, lanes=lanes, cost_cents=cost_cents)
    body = {"plan_id": str(hand.plan.id), "lanes": lanes, "by": hand.work.identity.name, "undone": undone}
    tell(hand.work.session, NewFact("board.changed", hand.work.now, day=hand.plan.day, body=body))
    return BoardChange(cost_cents, travel_s, [_lane(hand, agent_id) for agent_id in change.before])


def _keep(hand: _Hand) -> None:
    hand.plan.result = msgspec.to_builtins(hand.draft, str_keys=True)
    hand.plan.objective_cents = _worth(hand.draft.routes)
    hand.plan.served = sum(len(route.stops) for route in hand.draft.routes)


# --- judging ---


async def _judged(
    hand: _Hand, orders: Mapping[UUID, tuple[UUID, ...]], pins: frozenset[UUID]
) -> dict[UUID, tuple[Route, list[Broken]]]:
    """Times, sums and broken rules of the lanes in this order: the planner's checker and the rules of conduct.

    A practice that was closed meanwhile falls out of its lane, as it would when published.
    """
    work, day = hand.work, hand.plan.day
    people = [person for person in await plans.agents(work.session) if person.id in orders]
    wanted = [practice_id for order in orders.values() for practice_id in order]
    found = {one.door.practice.id: one for one in await planning.candidates_on(work, day, only=wanted)}
    placed = [found[one] for one in wanted if one in found and found[one].shown.lat_e6 is not None]
    _refuse_unplaceable(hand, orders, {person.id for person in people}, {one.door.practice.id for one in placed})
    visits = [one if one.windows_s else replace(one, windows_s=(ALL_DAY_S,)) for one in placed]
    numbers = {one.door.practice.id: number for number, one in enumerate(visits)}
    lanes = {person.id: [one for one in orders[person.id] if one in numbers] for person in people}
    prepared = await planning.problem_of(
        work,
        day,
        people,
        visits,
        not_before_s=planning.seconds_gone(day, datetime.fromisoformat(hand.plan.request["as_of"]), work.parts.zone),
        pins={one: agent_id for agent_id, order in lanes.items() for one in order if one in pins},
    )
    plan = Routes.of([[numbers[one] for one in lanes[person.id]] for person in people])
    judgement = judge(prepared.problem, plan)
    here = {reason.visit: reason for reason in why_here(prepared.problem, plan)}
    routes: dict[UUID, Route] = {}
    for agent_day in judgement.days:
        agent_id = people[agent_day.agent].id
        route = planning.route_of(prepared, agent_day, here, day, work.parts, held=())
        routes[agent_id] = msgspec.structs.replace(route, in_reserve=hand.route(agent_id).in_reserve)
    said = await _conduct(hand, routes, {one.door.practice.id: one for one in visits}, people)
    broken: dict[UUID, list[Broken]] = {agent_id: said[agent_id] for agent_id in routes}
    for violation in judgement.violations:
        if violation.agent is not None:
            practice = None if violation.visit is None else visits[violation.visit].door.practice.id
            _add(broken[people[violation.agent].id], violation, practice)
    judged = {agent_id: (route, broken[agent_id]) for agent_id, route in routes.items()}
    return {agent_id: judged.get(agent_id) or (_emptied(hand, agent_id, orders), []) for agent_id in orders}


def _refuse_unplaceable(
    hand: _Hand, orders: Mapping[UUID, tuple[UUID, ...]], working: set[UUID], placed: set[UUID]
) -> None:
    held = hand.orders
    for agent_id, order in orders.items():
        fresh = [one for one in order if one not in held[agent_id]]
        if fresh and agent_id not in working:
            raise Refusal("board.agent_gone", kind=Kind.CONFLICT, details={"agent": hand.route(agent_id).agent_name})
        if any(one not in placed for one in fresh):
            raise Refusal("board.no_position", kind=Kind.CONFLICT)


def _emptied(hand: _Hand, agent_id: UUID, orders: Mapping[UUID, tuple[UUID, ...]]) -> Route:
    """The lane of somebody who has left: what remains keeps its times until somebody takes it over."""
    route = hand.route(agent_id)
    stops = [stop for stop in route.stops if stop.practice_id in orders[agent_id]]
    numbered = [msgspec.structs.replace(stop, position=at) for at, stop in enumerate(stops, start=1)]
    return msgspec.structs.replace(route, stops=numbered, prize_cents=sum(stop.prize_cents for stop in stops))


async def _conduct(
    hand: _Hand,
    routes: Mapping[UUID, Route],
    visits: Mapping[UUID, planning.JudgedPractice],
    people: Sequence[plans.Person],
) -> dict[UUID, list[Broken]]:
    """What the rules of conduct say of each visit at its new hour; warnings are no violations."""
    work, day = hand.work, hand.plan.day
    ruleset = await rules.ruleset(work)
    persons = {person.id: person for person in people}
    asked = [
        (agent_id, lawful.Intended(stop.practice_id, persons[agent_id], address, stop.arrive_at, stop.service_s))
        for agent_id, route in routes.items()
        for stop in route.stops
        if (address := visits[stop.practice_id].door.address) is not None
    ]
    verdicts = await lawful.verdicts(work, [intended for _, intended in asked], ruleset, day)
    said: dict[UUID, list[Broken]] = {agent_id: [] for agent_id in routes}
    for (agent_id, intended), verdict in zip(asked, verdicts, strict=True):
        for found in verdict.findings:
            if found.severity is not Severity.WARNS:
                shown: Finding = rules.finding(found, ruleset, day)
                said[agent_id].append(Broken(shown.code, shown.details, intended.practice_id))
    return said


def _add(broken: list[Broken], violation: Violation, practice: UUID | None) -> None:
    if violation.rule in SAID_TWICE and any(one.practice_id == practice for one in broken):
        return
    details = {"late_s": violation.by} if violation.rule in ("window", "shift") else {"over": violation.by}
    broken.append(Broken(f"broken_{violation.rule}", details, practice))
