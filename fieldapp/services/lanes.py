"""Lanes in an order that a person gave them: times, sums and what they break, from where everybody is by now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

import msgspec

from fieldapp.domain.conduct import Severity
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.planning.checker import judge
from fieldapp.planning.constraints import Violation
from fieldapp.planning.explain import why_here
from fieldapp.planning.plan import Plan as Routes
from fieldapp.planning.replan import freeze
from fieldapp.services import keeping, lawful, planning, rules, shifts
from fieldapp.services.hands import Hand
from fieldapp.services.motion import Motion
from fieldapp.services.work import Work
from fieldapp.store import planning as plans
from fieldapp.store.shapes.board import Broken
from fieldapp.store.shapes.dispatch import Finding, Route, TravelTold

ALL_DAY_S = (0, 86_399)
"""The window of a visit that no rule allows: it still gets a time, and the rule is named."""
SAID_TWICE = frozenset({"window", "may_visit"})
"""Rules of the planner that the rules of conduct say better."""
SAID_HERE = "skills"
"""The planner asks it of all practices at a door (`planning.visits_in`); here it is said of the practice that asks."""


async def judged(
    hand: Hand, orders: Mapping[UUID, tuple[UUID, ...]], pins: frozenset[UUID], motion: Motion
) -> tuple[dict[UUID, tuple[Route, list[Broken]]], TravelTold | None]:
    """Times, sums and broken rules of the lanes in this order: the planner's checker and the rules of conduct. And
    where the times come from.

    A practice that was closed meanwhile falls out of its lane, as it would when published. What has begun stands at
    its true time before everything that is still to come.
    """
    work, day = hand.work, hand.plan.day
    orders = {agent_id: motion.begun_first(agent_id, order, of=orders) for agent_id, order in orders.items()}
    people = [person for person in await plans.agents(work.session) if person.id in orders]
    wanted = [practice_id for order in orders.values() for practice_id in order]
    judged_now = await planning.candidates_on(work, day, only=wanted, also=motion.begun)
    found = {one.door.practice.id: one for one in judged_now}
    placed = [motion.told(found[one]) for one in wanted if one in found and found[one].shown.lat_e6 is not None]
    working = {person.id for person in people}
    _refuse_unplaceable(hand, orders, working, known=found.keys(), placed={one.door.practice.id for one in placed})
    visits = [one if one.windows_s else replace(one, windows_s=(ALL_DAY_S,)) for one in placed]
    numbers = {one.door.practice.id: number for number, one in enumerate(visits)}
    lanes = {person.id: [one for one in orders[person.id] if one in numbers] for person in people}
    as_of = keeping.made_at(hand.plan)
    calendar = await shifts.calendar(work, since=day)
    prepared = await planning.problem_of(
        work,
        day,
        people,
        visits,
        calendar=calendar,
        not_before_s=0 if motion.moves else planning.seconds_gone(day, as_of, work.parts.zone),
        pins={one: agent_id for agent_id, order in lanes.items() for one in order if one in pins},
    )
    plan = Routes.of([[numbers[one] for one in lanes[person.id]] for person in people])
    problem = prepared.problem
    if motion.moves:
        problem, _ = freeze(problem, plan, motion.situation(people, visits))
    judgement = judge(problem, plan)
    here = {reason.visit: reason for reason in why_here(prepared.problem, plan)}
    routes: dict[UUID, Route] = {}
    for agent_day in judgement.days:
        agent_id = people[agent_day.agent].id
        route = planning.route_of(prepared, agent_day, here, day, work.parts, held=())
        routes[agent_id] = motion.marked(route, hand.route(agent_id))
    said = await conduct(work, day, routes.values(), {one.door.practice.id: one for one in visits}, people, motion)
    broken: dict[UUID, list[Broken]] = {agent_id: said[agent_id] for agent_id in routes}
    for person in people:
        for one in lanes[person.id]:
            if one not in motion.begun:
                broken[person.id] += against_hands(found[one], person)
    persons = {door.person: one for one in wanted if one in found and (door := found[one].door).person is not None}
    for agent_id, twin in await _rung_elsewhere(hand, persons, orders, motion):
        if agent_id in broken:
            broken[agent_id].append(twin)
    for person in people:
        if calendar.shift_on(person, day) is None and any(one not in motion.begun for one in lanes[person.id]):
            code = planning.AWAY if calendar.away_on(person.id, day) else planning.DAY_OFF
            broken[person.id].append(Broken(code, {"agent": person.name}))
    for violation in judgement.violations:
        if violation.agent is not None:
            practice = None if violation.visit is None else visits[violation.visit].door.practice.id
            _add(broken[people[violation.agent].id], violation, practice)
    judged = {agent_id: (route, broken[agent_id]) for agent_id, route in routes.items()}
    lanes_now = {agent_id: judged.get(agent_id) or (_emptied(hand, agent_id, orders), []) for agent_id in orders}
    return lanes_now, prepared.travel


def _refuse_unplaceable(
    hand: Hand,
    orders: Mapping[UUID, tuple[UUID, ...]],
    working: Collection[UUID],
    *,
    known: Collection[UUID],
    placed: Collection[UUID],
) -> None:
    """`known`: the practices that are open still; of these `placed` stand somewhere."""
    held = hand.orders
    for agent_id, order in orders.items():
        fresh = [one for one in order if one not in held[agent_id]]
        if fresh and agent_id not in working:
            raise Refusal("board.agent_gone", kind=Kind.CONFLICT, details={"agent": hand.route(agent_id).agent_name})
        if any(one not in known for one in fresh):
            raise Refusal("board.practice_gone", kind=Kind.CONFLICT)
        if any(one not in placed for one in fresh):
            raise Refusal("board.no_position", kind=Kind.CONFLICT)


def _emptied(hand: Hand, agent_id: UUID, orders: Mapping[UUID, tuple[UUID, ...]]) -> Route:
    """The lane of somebody who has left: what remains keeps its times until somebody takes it over."""
    route = hand.route(agent_id)
    stops = [stop for stop in route.stops if stop.practice_id in orders[agent_id]]
    numbered = [msgspec.structs.replace(stop, position=at) for at, stop in enumerate(stops, start=1)]
    return msgspec.structs.replace(route, stops=numbered, prize_cents=sum(stop.prize_cents for stop in stops))


async def conduct(
    work: Work,
    day: date,
    routes: Iterable[Route],
    visits: Mapping[UUID, planning.JudgedPractice],
    people: Sequence[plans.Person],
    motion: Motion,
) -> dict[UUID, list[Broken]]:
    """What the rules of conduct say of each visit to come at its hour, by agent; warnings are no violations."""
    ruleset = await rules.ruleset(work)
    persons = {person.id: person for person in people}
    routes = list(routes)
    asked = [
        (
            route.agent_id,
            lawful.Intended(stop.practice_id, persons[route.agent_id], address, stop.arrive_at, stop.service_s),
        )
        for route in routes
        for stop in route.stops
        if stop.practice_id not in motion.begun and (address := visits[stop.practice_id].door.address) is not None
    ]
    known = {practice_id: visit.facts for practice_id, visit in visits.items()}
    verdicts = await lawful.verdicts(work, [intended for _, intended in asked], ruleset, day, known=known)
    said: dict[UUID, list[Broken]] = {route.agent_id: [] for route in routes}
    for (agent_id, intended), verdict in zip(asked, verdicts, strict=True):
        for found in verdict.findings:
            if found.severity is not Severity.WARNS:
                shown: Finding = rules.finding(found, ruleset, day)
                said[agent_id].append(Broken(shown.code, shown.details, intended.practice_id))
    return said


def against_hands(visit: planning.JudgedPractice, person: plans.Person) -> list[Broken]:
    """What a person is told of a visit in this lane besides times and rules of conduct: that it is expected or held on
    another day, that a dispatcher forbade it, what its agent lacks."""
    return [*_on_another_day(visit), *_forbidden(visit, person.id), *_unskilled(visit, person)]


def _on_another_day(visit: planning.JudgedPractice) -> list[Broken]:
    """That the debtor was told to expect us on a later day, or that another day holds the visit already."""
    return [
        Broken(one.code, one.details, visit.door.practice.id)
        for one in visit.shown.findings
        if one.code in (planning.LATER, planning.ELSEWHERE)
    ]


async def _rung_elsewhere(
    hand: Hand, persons: Mapping[str, UUID], orders: Mapping[UUID, Sequence[UUID]], motion: Motion
) -> list[tuple[UUID, Broken]]:
    """That a lane which is not looked at rings where one of these rings too, by the lane of the latter."""
    theirs = {
        stop.practice_id: route for route in hand.draft.routes if route.agent_id not in orders for stop in route.stops
    }
    known = {person: one for person, one in persons.items() if one not in motion.begun}
    lane = {one: agent_id for agent_id, order in orders.items() for one in order}
    return [
        (
            lane[known[person]],
            Broken("broken_twin", {"number": number, "agent": theirs[practice_id].agent_name}, known[person]),
        )
        for practice_id, number, person in await plans.of_persons(hand.work.session, known.keys(), theirs.keys())
    ]


def _forbidden(visit: planning.JudgedPractice, agent_id: UUID) -> list[Broken]:
    against = visit.forbidden_to(agent_id)
    if against is None:
        return []
    said = planning.forbidden_in_words(against)
    return [Broken(said.code, said.details, visit.door.practice.id)]


def _unskilled(visit: planning.JudgedPractice, person: plans.Person) -> list[Broken]:
    lacking = [skill for skill in visit.door.skills if skill not in person.skills]
    return [Broken("broken_skills", {"skill": lacking}, visit.door.practice.id)] if lacking else []


def _add(broken: list[Broken], violation: Violation, practice: UUID | None) -> None:
    if violation.rule == SAID_HERE:
        return
    if violation.rule in SAID_TWICE and any(one.practice_id == practice for one in broken):
        return
    details = {"late_s": violation.by} if violation.rule in ("window", "shift") else {"over": violation.by}
    broken.append(Broken(f"broken_{violation.rule}", details, practice))
