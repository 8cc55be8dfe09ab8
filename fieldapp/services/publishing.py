"""A finished plan becomes the day that phones hold: looked at once more against what has happened since it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from fieldapp.domain.conduct import Severity
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.services import hands, keeping, lanes, lawful, planning, push, rules, told_appointments
from fieldapp.services.motion import Motion, motion_of
from fieldapp.services.work import Work
from fieldapp.store import appointments, forbids
from fieldapp.store import planning as store
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.dispatch import DayView, Finding, LeftOut, PlanStop, Route
from fieldapp.store.tables.planning import PublishedDay

UNSKILLED = "agent_unskilled"
"""The agent lacks what the visit asks for by now."""


async def publish_plan(
    work: Work, plan_id: UUID, *, seen: int | None = None, without: frozenset[UUID] = frozenset()
) -> DayView:
    """Make a finished plan the day's next version; publishing the newest once more changes nothing.

    `seen`: the newest version of the day that the person knows, 0 for none; None asks for no such care. `without`:
    what the person takes out. What has begun stands first in its agent's lane, at its true time, whatever the plan
    says. The answer names what falls out: what a rule stops by now, practices that are no longer open, doors that
    nobody can find, lanes of agents who have left, what phones hold on another day or asks for a skill that its agent
    lacks unless a person put it here or it was promised, and appointments of the day that lie in no lane. The lanes
    that are touched get new times. Appointments whose visit
    was called off or moved while replanning end or move with it, and a task asks to tell the debtor.

    Raises Refusal `plan.unknown`, `plan.not_finished`, `plan.day_is_past` or `plan.published_meanwhile`.
    """
    await told_appointments.lock(work, plan_id)
    plan = await planning.plan_row(work.session, plan_id, lock=True)
    if plan.state != "done":
        raise Refusal("plan.not_finished", kind=Kind.CONFLICT)
    if plan.day < work.today:
        raise Refusal("plan.day_is_past", details={"day": plan.day.isoformat()})
    await store.lock_day(work.session, plan.day)
    newest = await store.newest_day(work.session, plan.day)
    if seen is not None and seen != (newest.version if newest else 0):
        raise Refusal(
            "plan.published_meanwhile", kind=Kind.CONFLICT, details={"version": newest.version if newest else 0}
        )
    hand = hands.Hand(work, plan, hands.read_draft(plan))
    motion = await motion_of(work, plan.day, hand.draft.happened)
    checked = await _checked(hand, motion, without)
    routes = await _timed(hand, motion, checked)
    stops = [
        {
            "agent_id": route.agent_id,
            "position": position,
            "practice_id": stop.practice_id,
            "address_id": checked.address_of(stop.practice_id, motion),
            "arrive_at": stop.arrive_at,
            "leave_at": stop.leave_at,
            "window_from": stop.window_from,
            "window_to": stop.window_to,
            "travel_s": stop.travel_s,
            "distance_m": stop.distance_m,
            "service_s": stop.service_s,
            "way_by_hour": msgspec.to_builtins(stop.way_by_hour),
            "prize_cents": stop.prize_cents,
            "must": stop.must,
            "reserve": stop.reserve,
            "reason": stop.reason,
            "reason_details": stop.reason_details,
        }
        for route in routes
        for position, stop in enumerate((*route.stops, *route.in_reserve), start=1)
    ]
    goes_there = {stop.practice_id: route.agent_id for route in routes for stop in route.stops}
    if await store.version_of(work.session, plan.id) is None:
        await told_appointments.follow(work, plan.day, told_appointments.told_of(hand.draft), goes_there)
    left_out = [*checked.left_out.values(), *await _promised(work, plan.day, stops)]
    if newest is not None and newest.plan_id == plan.id and await _as_published(work, newest, stops):
        return msgspec.structs.replace(await planning.read_day(work, plan.day), left_out=left_out)
    hand.draft.routes = routes
    plan.result = {**plan.result, "routes": msgspec.to_builtins(routes)}
    new = store.NewVersion(
        plan_id=plan.id,
        day=plan.day,
        person_id=work.identity.person_id,
        stops=stops,
        routes={str(route.agent_id): _sums(route) for route in routes},
    )
    published, changed = await store.publish(work.session, new, now=work.now, new_id=work.parts.new_id)
    planned = sum(not stop["reserve"] for stop in stops)
    body = {"version": published.version, "plan_id": str(plan.id), "stops": planned, "left_out": len(left_out)}
    audit(
        work.session,
        "day.published",
        "day",
        plan.day.isoformat(),
        version=published.version,
        left_out={str(one.practice_id): [found.code for found in one.findings] for one in left_out},
    )
    tell(work.session, NewFact("day.published", work.now, day=plan.day, body=body))
    await push.day_changed(work, plan.day, changed)
    return msgspec.structs.replace(await planning.read_day(work, plan.day), left_out=left_out)


@dataclass(frozen=True, slots=True)
class _Checked:
    """What of a plan still holds: `doors` of its practices, what falls out of it, and which lanes need new times."""

    doors: Mapping[UUID, store.PracticeAtDoor]
    left_out: Mapping[UUID, LeftOut]
    touched: frozenset[UUID]

    def address_of(self, practice_id: UUID, motion: Motion) -> UUID:
        begun = motion.begun.get(practice_id)
        if begun is not None:
            return begun.address_id
        address = self.doors[practice_id].address
        assert address is not None
        return address.id


async def fallen(work: Work, published: PublishedDay) -> list[LeftOut]:
    """What would fall out of a published day if it were published now. Writes nothing."""
    plan = await planning.plan_row(work.session, published.plan_id)
    hand = hands.Hand(work, plan, hands.read_draft(plan))
    checked = await _checked(hand, await motion_of(work, plan.day, hand.draft.happened))
    return list(checked.left_out.values())


async def _checked(hand: hands.Hand, motion: Motion, without: frozenset[UUID] = frozenset()) -> _Checked:
    work, routes = hand.work, hand.draft.routes
    people = {person.id: person for person in await store.agents(work.session)}
    planned = [stop.practice_id for route in routes for stop in (*route.stops, *route.in_reserve)]
    only = {*planned, *motion.begun}
    doors = {one.practice.id: one for one in await store.open_practices(work.session, only=only, also=motion.begun)}
    held = await store.published_from(work.session, work.today, but=hand.plan.day)
    banned = await forbids.on_day(work.session, hand.plan.day)
    out: dict[UUID, LeftOut] = {}
    asked: list[tuple[PlanStop, lawful.Intended]] = []
    touched = {one.agent_id for one in motion.begun.values()}
    for route in routes:
        person = people.get(route.agent_id)
        for stop in (*route.stops, *route.in_reserve):
            if stop.practice_id in motion.begun:
                touched.add(route.agent_id)
                continue
            door = doors.get(stop.practice_id)
            address = None if door is None else door.address
            if stop.practice_id in without:
                out[stop.practice_id] = _left_out(stop, "taken_out")
            elif door is None:
                out[stop.practice_id] = _left_out(stop, "practice.not_open")
            elif address is None or address.lat_e6 is None:
                out[stop.practice_id] = _left_out(stop, "no_position")
            elif person is None:
                out[stop.practice_id] = _left_out(stop, "agent_gone", agent=route.agent_name)
            elif stop.practice_id in held and not (stop.must or stop.pinned):
                on, agent = held[stop.practice_id]
                out[stop.practice_id] = _left_out(stop, planning.ELSEWHERE, on=on.isoformat(), agent=agent)
            elif (against := _against(hand, route.agent_id, stop, banned.get(stop.practice_id, ()))) is not None:
                said = planning.forbidden_in_words(against)
                out[stop.practice_id] = _left_out(stop, said.code, **said.details)
            elif lacking := _lacks(stop, door, person):
                out[stop.practice_id] = _left_out(stop, UNSKILLED, agent=person.name, skill=lacking)
            else:
                if (address.lat_e6, address.lon_e6) != (stop.lat_e6, stop.lon_e6):
                    touched.add(route.agent_id)
                asked.append((stop, lawful.Intended(stop.practice_id, person, address, stop.arrive_at, stop.service_s)))
    out |= await _unlawful_now(work, hand.plan.day, asked)
    touched |= {route.agent_id for route in routes if any(stop.practice_id in out for stop in route.stops)}
    return _Checked(doors, out, frozenset(touched & people.keys()))


def _lacks(stop: PlanStop, door: store.PracticeAtDoor, person: store.Person) -> list[str]:
    """The skills that the visit asks for by now and its agent does not have; a promise or a hand stands above them."""
    if stop.must or stop.pinned:
        return []
    return [skill for skill in door.skills if skill not in person.skills]


def _against(
    hand: hands.Hand, agent_id: UUID, stop: PlanStop, banned: Sequence[forbids.Forbidden]
) -> forbids.Forbidden | None:
    """The prohibition that the visit is left out for: none that a person has pinned it against since."""
    made = keeping.made_at(hand.plan)
    stands = (
        one
        for one in banned
        if one.concerns(agent_id) and not (stop.pinned and hand.draft.pin_stands(stop.practice_id, one, made=made))
    )
    return next(stands, None)


async def _unlawful_now(
    work: Work, day: date, asked: Sequence[tuple[PlanStop, lawful.Intended]]
) -> dict[UUID, LeftOut]:
    """The visits of a plan that a rule stops by now, whatever it said when the plan was made."""
    ruleset = await rules.ruleset(work)
    verdicts = await lawful.verdicts(work, [intended for _, intended in asked], ruleset, day)
    return {
        stop.practice_id: LeftOut(
            practice_id=stop.practice_id,
            practice_number=stop.practice_number,
            debtor_name=stop.debtor_name,
            findings=[rules.finding(f, ruleset, day) for f in verdict.findings if f.severity is not Severity.WARNS],
        )
        for (stop, _), verdict in zip(asked, verdicts, strict=True)
        if not verdict.allowed
    }


def _left_out(stop: PlanStop, code: str, **details: Any) -> LeftOut:
    findings = [Finding(code, "forbids", details)]
    return LeftOut(stop.practice_id, stop.practice_number, stop.debtor_name, findings)


async def _timed(hand: hands.Hand, motion: Motion, checked: _Checked) -> list[Route]:
    """The routes without what falls out; the lanes that are touched by it, or on their way, judged again."""
    kept = [
        msgspec.structs.replace(
            route,
            stops=[one for one in route.stops if one.practice_id not in checked.left_out],
            in_reserve=[one for one in route.in_reserve if one.practice_id not in checked.left_out],
        )
        for route in hand.draft.routes
    ]
    known = {route.agent_id for route in kept}
    away = {one.agent_id for one in motion.begun.values()} - known
    orders = {
        route.agent_id: tuple(stop.practice_id for stop in route.stops)
        for route in kept
        if route.agent_id in checked.touched
    }
    if away & checked.touched:
        # Whoever is on the way and in no lane of this plan keeps what has begun.
        names = {person.id: person for person in await store.agents(hand.work.session)}
        kept += [_nothing_else(names[agent_id]) for agent_id in sorted(away & checked.touched)]
        orders |= dict.fromkeys(away & checked.touched, ())
    if not orders:
        return kept
    lanes_of = hands.Hand(hand.work, hand.plan, msgspec.structs.replace(hand.draft, routes=kept))
    pins = hands.pinned_in(lanes_of, orders)
    judged, _ = await lanes.judged(lanes_of, orders, pins, motion)
    return [judged[route.agent_id][0] if route.agent_id in judged else route for route in kept]


def _nothing_else(person: store.Person) -> Route:
    return Route(
        agent_id=person.id,
        agent_name=person.name,
        start_lat_e6=person.home_lat_e6 or 0,
        start_lon_e6=person.home_lon_e6 or 0,
        leave_home_at=None,
        back_home_at=None,
        lunch_from=None,
        lunch_to=None,
        travel_s=0,
        distance_m=0,
        prize_cents=0,
        travel_cost_cents=0,
        stops=[],
        in_reserve=[],
    )


async def _promised(work: Work, day: date, stops: Sequence[Mapping[str, Any]]) -> list[LeftOut]:
    """The appointments that stand on the day and that nobody keeps as it is published."""
    kept = {stop["practice_id"] for stop in stops if not stop["reserve"]}
    span = appointments.day_span(day, work.parts.zone)
    standing = await appointments.standing(work.session, appointments.Within(begins=span))
    visited = await store.visited_on(work.session, day)
    lost = [row for row in standing if row.practice_id not in kept and row.practice_id not in visited]
    ids = [row.practice_id for row in lost]
    doors = await store.open_practices(work.session, only=ids, also=ids) if lost else []
    names = {door.practice.id: door.debtor_name for door in doors}
    return [
        LeftOut(
            row.practice_id,
            row.practice_number,
            names.get(row.practice_id, ""),
            [Finding("appointment.in_no_lane", "forbids", {"from_at": row.from_at.isoformat()})],
        )
        for row in lost
    ]


async def _as_published(work: Work, newest: PublishedDay, stops: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the newest version holds these very stops already."""
    of = ("agent_id", "position", "practice_id", "address_id", "arrive_at", "reserve")
    held = {tuple(getattr(stop, name) for name in of) for stop in await store.stops_of(work.session, newest.id)}
    return held == {tuple(stop[name] for name in of) for stop in stops}


def _sums(route: Route) -> dict[str, Any]:
    kept = ("leave_home_at", "back_home_at", "lunch_from", "lunch_to")
    sums = ("travel_s", "distance_m", "prize_cents", "travel_cost_cents")
    built: dict[str, Any] = msgspec.to_builtins({name: getattr(route, name) for name in (*kept, *sums)})
    return built
