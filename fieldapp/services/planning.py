"""The dispatcher's story: who may lawfully be visited, a plan that is asked for, a day as published."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from itertools import combinations
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.conduct import (
    AgentFacts,
    Appointment,
    Facts,
    PracticeFacts,
    Severity,
    judge,
    judge_agent,
    lawful_windows,
)
from fieldapp.domain.conduct import Finding as RuleFinding
from fieldapp.domain.conduct import Visit as VisitAct
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.skills import at_doors, in_order
from fieldapp.domain.worth import prize
from fieldapp.geo import travel
from fieldapp.planning.explain import Reason, WhyHere, WhyNot, why_here, why_not
from fieldapp.planning.hourly import hours_of
from fieldapp.planning.problem import Agent, Lunch, Problem, Visit
from fieldapp.planning.reserve import InReserve, reserve
from fieldapp.planning.solver import Solution
from fieldapp.planning.timetable import AgentDay
from fieldapp.services import presence, rules, shifts, travel_times
from fieldapp.services.field import at_second
from fieldapp.services.keeping import kept_of
from fieldapp.services.work import Parts, Work
from fieldapp.store import appointments, forbids
from fieldapp.store import planning as store
from fieldapp.store import practice_facts as facts_store
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.dispatch import (
    AgentRow,
    Candidate,
    CurvePoint,
    DayView,
    Finding,
    HourChance,
    HourWay,
    PlanProgress,
    PlanRow,
    PlanStop,
    PlanView,
    Route,
    SpreadDay,
    TravelTold,
    Unplanned,
)
from fieldapp.store.shapes.forbids import Forbidden

APPOINTMENT_S, FIRST_S, AGAIN_S = 30 * 60, 20 * 60, 15 * 60
"""Time at a door by kind of visit: where somebody waits with papers to sign, for the first time, after a vain attempt.
What follows at the same door takes a share of it (`planning.problem.AGAIN_PERCENT`)."""
LATER = "appointment.on_another_day"
"""Somebody is told to expect us on a later day: nobody comes before."""
ELSEWHERE = "planned.on_another_day"
"""Phones hold the visit on another day already: planned twice, the second would be one too many."""
AWAY, DAY_OFF = "shift.away", "shift.day_off"
"""The agent is away all day, or does not work on this day of the week."""
NO_ROAD = "no_road"
"""Why a visit is not planned where the map knows no way to it: an island, or a door far from any road."""
NO_ROAD_S, NO_ROAD_CENTS = 86_400, 10_000_000
"""Between places that no road joins: never driven in a plan, and in an order by hand a day late for all to see."""
FORBIDDEN, FORBIDDEN_TO = "visit.forbidden", "visit.forbidden_to_agent"
"""A dispatcher forbade the visit: on the day, or to an agent."""
SET_ASIDE = frozenset({ELSEWHERE, FORBIDDEN})
"""Findings with which nobody but a person puts the visit into a lane."""
CENT_PER_KM = 45
CENT_PER_HOUR = 1_800


async def list_candidates(work: Work, day: date) -> list[Candidate]:
    """Every open practice with its worth on `day` and what the rules of conduct say of a visit."""
    return [candidate.shown for candidate in await candidates_on(work, day)]


@dataclass(frozen=True, slots=True)
class JudgedPractice:
    """A practice judged for one day: windows are seconds after local midnight, start of service.

    `hours`: how likely somebody is home in each band of hours, and what a visit brings then; none with learning off.
    `plain_cents`: what it brings at an hour of no matter which.
    """

    door: store.PracticeAtDoor
    facts: PracticeFacts
    shown: Candidate
    windows_s: tuple[tuple[int, int], ...]
    service_s: int
    lawful_s: tuple[tuple[int, int], ...] = ()
    """What the rules allow, whatever was agreed on."""
    hours: tuple[HourChance, ...] = ()
    plain_cents: int = 0
    forbidden: tuple[Forbidden, ...] = ()

    def forbidden_to(self, agent_id: UUID | None) -> Forbidden | None:
        """What forbids it to this agent, or (None) to everybody."""
        return next((one for one in self.forbidden if one.concerns(agent_id)), None)

    def hour_at(self, start_s: int) -> HourChance | None:
        """The band in which a visit begins."""
        return next((one for one in reversed(self.hours) if one.from_h * 3600 <= start_s), None)


async def candidates_on(
    work: Work, day: date, *, only: Iterable[UUID] | None = None, also: Iterable[UUID] = ()
) -> list[JudgedPractice]:
    """Every open practice (of `only`, where given) judged for `day`; of `also` those that are closed, too."""
    ruleset = await rules.ruleset(work)
    doors = await store.open_practices(work.session, only=only, also=also)
    ids = [door.practice.id for door in doors]
    stands = await facts_store.facts_and_askable(work.session, ids, ruleset=ruleset, today=day)
    known = await presence.known(work)
    held = await store.published_from(work.session, work.today, but=day)
    banned = await forbids.on_day(work.session, day)
    found = []
    for door in doors:
        facts, cents = stands[door.practice.id]
        agreed = facts.appointments
        appointment = [at for at in agreed if at.from_at.astimezone(work.parts.zone).date() == day]
        service_s = APPOINTMENT_S if appointment else AGAIN_S if door.attempts else FIRST_S
        about = _facts(door, facts, day, work, service_s=service_s)
        windows = lawful_windows(day, about, ruleset) if door.address and door.address.lat_e6 is not None else ()
        findings = () if windows else _why_not(about, ruleset, windows, work.now)
        said = [rules.finding(finding, ruleset, day) for finding in findings]
        lawful = windows
        if appointment:
            windows = _within_agreed(windows, appointment, work.parts.zone, service_s=service_s)
        elif windows and (later := _agreed_later(agreed, day, work)) is not None:
            windows, said = (), [Finding(LATER, "forbids", {"on": later.isoformat()})]
        elif windows and (other := held.get(door.practice.id)) is not None:
            said = [*said, Finding(ELSEWHERE, "warns", {"on": other[0].isoformat(), "agent": other[1]})]
        against = tuple(banned.get(door.practice.id, ()))
        said += [forbidden_in_words(one) for one in against]
        plain = prize(cents, door.attempts, days_left=(door.placement.ends_on - day).days)
        # Who was told to expect us is home for us.
        hours = () if known is None or appointment or known.objects(door) else _hours(door, day, cents, known)
        best = _best_hour(hours, windows)
        shown = _shown(door, cents, bool(windows), said, must=bool(appointment), prize_cents=plain, best_hour=best)
        found.append(JudgedPractice(door, facts, shown, windows, service_s, lawful, hours, plain, against))
    return found


def forbidden_in_words(one: Forbidden) -> Finding:
    """Who forbade it, and to whom; the reason stays with the prohibition, which whoever looks reads there."""
    if one.agent_id is None:
        return Finding(FORBIDDEN, "warns", {"by": one.by})
    return Finding(FORBIDDEN_TO, "warns", {"by": one.by, "agent": one.agent_name or ""})


def _hours(door: store.PracticeAtDoor, day: date, owed_cents: int, known: presence.Known) -> tuple[HourChance, ...]:
    """What a visit on `day` brings in each band of hours. A closed door tires no more than the chances say already."""
    chances, record = known.chances(door, day), known.record(door)
    closed = sum(tries.tried - tries.met for tries in record.values())
    prizes = [
        prize(
            owed_cents,
            max(door.attempts - closed, 0),
            days_left=(door.placement.ends_on - day).days,
            at_home_per_mille=known.per_mille(chance),
        )
        for chance in chances
    ]
    return presence.by_hour(chances, prizes)


def _best_hour(hours: Sequence[HourChance], windows: Sequence[tuple[int, int]]) -> HourChance | None:
    """The band that brings most, of those in which a visit may begin; of all where none may."""
    lawful = [
        one
        for one in hours
        if any(opens_s < one.to_h * 3600 and closes_s >= one.from_h * 3600 for opens_s, closes_s in windows)
    ]
    return max(lawful or hours, key=lambda one: (one.prize_cents, -one.from_h), default=None)


def _within_agreed(
    windows: Sequence[tuple[int, int]], agreed: Sequence[Appointment], zone: tzinfo, *, service_s: int
) -> tuple[tuple[int, int], ...]:
    """What of the lawful windows lies in a time that the debtor agreed to, so that the visit also ends in it."""
    spans = []
    for at in agreed:
        first, last = at.from_at.astimezone(zone), at.to_at.astimezone(zone)
        from_s, to_s = (one.hour * 3600 + one.minute * 60 + one.second for one in (first, last))
        spans.append((from_s, max(from_s, (to_s if last.date() == first.date() else 86_400) - service_s)))
    return tuple((max(a, c), min(b, d)) for a, b in windows for c, d in spans if max(a, c) <= min(b, d))


def _agreed_later(agreed: Sequence[Appointment], day: date, work: Work) -> date | None:
    """The day for which somebody is told to expect us, where it is after `day`: nobody comes before it."""
    days = (at.from_at.astimezone(work.parts.zone).date() for at in agreed if at.to_at > work.now)
    return min((on for on in days if on > day), default=None)


def _facts(door: store.PracticeAtDoor, practice: PracticeFacts, day: date, work: Work, *, service_s: int) -> Facts:
    return Facts(
        act=VisitAct(at_second(day, 11 * 3600, work.parts.zone), service_s),
        practice=practice,
        address=facts_store.address_facts(door.address) if door.address else None,
    )


def _why_not(about: Facts, ruleset: Any, windows: Sequence[Any], now: datetime) -> tuple[RuleFinding, ...]:
    findings = judge(about, ruleset, now).findings
    return tuple(f for f in findings if f.severity is not Severity.WARNS) if not windows else ()


def _shown(
    door: store.PracticeAtDoor,
    owed_cents: int,
    allowed: bool,
    findings: list[Finding],
    *,
    must: bool,
    prize_cents: int,
    best_hour: HourChance | None,
) -> Candidate:
    address = door.address
    return Candidate(
        practice_id=door.practice.id,
        practice_number=door.practice.practice_number,
        creditor_name=door.creditor_name,
        debtor_name=door.debtor_name,
        comune=address.comune if address else "",
        province=address.province if address else "",
        street=f"{address.street} {address.house_number}".strip() if address else "",
        lat_e6=address.lat_e6 if address else None,
        lon_e6=address.lon_e6 if address else None,
        owed_cents=owed_cents,
        prize_cents=prize_cents if best_hour is None else best_hour.prize_cents,
        placement_ends_on=door.placement.ends_on,
        last_contact_at=door.last_contact_at,
        attempts=door.attempts,
        must=must and allowed,
        allowed=allowed,
        findings=findings,
        best_hour=best_hour,
    )


async def list_agents(work: Work, day: date) -> list[AgentRow]:
    """The agents and whether each may work on `day`."""
    return [row for row, _ in await _agents(work, day)]


async def _agents(work: Work, day: date) -> list[tuple[AgentRow, store.Person]]:
    ruleset = await rules.ruleset(work)
    calendar = await shifts.calendar(work, since=day)
    found = []
    for person in await store.agents(work.session):
        facts = await facts_store.agent_facts(work.session, person)
        said = judge_agent(facts, ruleset, day)
        findings = [rules.finding(one, ruleset, day) for one in said if one.severity is not Severity.WARNS]
        shift = calendar.shift_on(person, day)
        if shift is None:
            away = calendar.away_on(person.id, day)
            findings.append(Finding(AWAY if away else DAY_OFF, "forbids", {"agent": person.name}))
        shift_from_s, shift_to_s = shift or (person.shift_from_s, person.shift_to_s)
        placed = person.home_lat_e6 is not None and person.home_lon_e6 is not None
        row = AgentRow(
            id=person.id,
            name=person.name,
            agent_number=person.agent_number or "",
            lat_e6=person.home_lat_e6 or 0,
            lon_e6=person.home_lon_e6 or 0,
            shift_from_s=shift_from_s,
            shift_to_s=shift_to_s,
            max_visits=person.max_visits,
            provinces=person.provinces,
            available=placed and not findings,
            findings=findings,
        )
        found.append((row, person))
    return found


async def start_plan(
    work: Work,
    *,
    day: date,
    agent_ids: list[UUID] | None,
    practice_ids: list[UUID] | None,
    seconds: int,
    seed: int,
    keep: UUID | None = None,
    days: int = 1,
) -> PlanView:
    """Ask for a plan; a worker computes it.

    `keep`: a draft whose locked lanes stay as they are and whose pinned visits stay with their agents. `days`: from
    `day` on, each visit goes on its best of them (`services/spread`). Raises Refusal `plan.day_is_past`,
    `plan.nobody_available`, `plan.keeps_one_day` (`keep` and several days) or, of the draft, `plan.unknown`.
    """
    if day < work.today:
        raise Refusal("plan.day_is_past", details={"day": day.isoformat()})
    if keep is not None and days > 1:
        raise Refusal("plan.keeps_one_day")
    banned = {} if keep is None else await forbids.on_day(work.session, day)
    kept = {} if keep is None else kept_of(await plan_row(work.session, keep), day, banned)
    available = {
        row.id: None
        for later in range(days)
        for row, _ in await _agents(work, day + timedelta(days=later))
        if row.available
    }
    chosen = [agent for agent in available if agent_ids is None or agent in agent_ids]
    if not chosen:
        raise Refusal("plan.nobody_available", details={"day": day.isoformat()})
    plan = store.Plan(
        id=work.new_id(),
        agency_id=work.agency_id,
        day=day,
        created_at=work.now,
        created_by=work.identity.person_id,
        request={
            "agent_ids": [str(agent) for agent in chosen],
            "seconds": seconds,
            "seed": seed,
            **kept,
            "practice_ids": kept.get("practice_ids")
            if practice_ids is None
            else [str(practice) for practice in practice_ids],
            **({"days": days} if days > 1 else {}),
        },
    )
    work.session.add(plan)
    await work.session.flush()
    audit(work.session, "plan.started", "plan", plan.id, day=day.isoformat(), seconds=seconds)
    tell(work.session, NewFact("plan.started", work.now, day=day, body={"plan_id": str(plan.id)}))
    await work.defer("plan.solve" if days == 1 else "plan.spread", plan_id=str(plan.id))
    return await _view(work, plan)


async def list_plans(work: Work, day: date) -> list[PlanRow]:
    return await store.plan_rows(work.session, day)


async def read_plan(work: Work, plan_id: UUID) -> PlanView:
    """Raises Refusal `plan.unknown`."""
    return await _view(work, await plan_row(work.session, plan_id))


async def plan_row(session: AsyncSession, plan_id: UUID, *, lock: bool = False) -> store.Plan:
    """Raises Refusal `plan.unknown`."""
    plan = await store.plan(session, plan_id, lock=lock)
    if plan is None:
        raise Refusal("plan.unknown", kind=Kind.MISSING)
    return plan


async def stop_plan(work: Work, plan_id: UUID) -> PlanView:
    """Take the best plan found so far."""
    plan = await plan_row(work.session, plan_id, lock=True)
    plan.stop_requested = True
    audit(work.session, "plan.stopped", "plan", plan_id)
    return await _view(work, plan)


async def _view(work: Work, plan: store.Plan) -> PlanView:
    progress = plan.progress
    return PlanView(
        id=plan.id,
        day=plan.day,
        state=plan.state,  # type: ignore[arg-type]
        stopped_early=plan.result.get("stopped_early", False),
        created_at=plan.created_at,
        created_by=await store.name_of(work.session, plan.created_by),
        progress=PlanProgress(
            elapsed_ms=progress.get("elapsed_ms", 0),
            seconds=plan.request["seconds"],
            iterations=progress.get("iterations", 0),
            objective_cents=progress.get("objective_cents", 0),
            served=progress.get("served", 0),
            curve=[CurvePoint(*point) for point in progress.get("curve", [])],
        ),
        routes=msgspec.convert(plan.result.get("routes", []), list[Route]),
        unplanned=msgspec.convert(plan.result.get("unplanned", []), list[Unplanned]),
        objective_cents=plan.objective_cents,
        published_version=await store.version_of(work.session, plan.id),
        failure=plan.failure,
        edited_from=UUID(plan.request["edited_from"]) if "edited_from" in plan.request else None,
        spread=msgspec.convert(plan.result.get("spread", []), list[SpreadDay]),
        travel=msgspec.convert(plan.result.get("travel"), TravelTold | None),
    )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A problem with the rows that its indices stand for; `distance_m` is (n, n), agents first.

    `met`: who is left out because a locked lane visits the same person, and the practice there. `travel`: where the
    times come from. `cut_off`: who is left out because no road leads there from anybody's home, or none back.
    """

    problem: Problem
    agents: list[store.Person]
    candidates: list[JudgedPractice]
    refused: list[JudgedPractice]
    distance_m: Any
    met: Sequence[tuple[JudgedPractice, str]] = ()
    travel: TravelTold | None = None
    cut_off: Sequence[JudgedPractice] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a plan's request comes to on a day: who may work, whom they may lawfully visit, and who is left out.

    `met` as in `Prepared`; `pins`: practice -> the agent who keeps it.
    """

    people: list[store.Person]
    lawful: list[JudgedPractice]
    refused: list[JudgedPractice]
    met: list[tuple[JudgedPractice, str]]
    pins: Mapping[UUID, UUID]
    not_before_s: int


async def ways_of(parts: Parts, asked: Asked, day: date) -> travel.TravelMatrix:
    """The travel times of a day in one piece, asked for patiently: no transaction is to be open meanwhile."""
    today = day_number(parts.clock.now().astimezone(parts.zone).date())
    points = points_of(asked.people, asked.lawful)
    return await travel_times.between(parts, points, today=today, on=day, patience_s=travel.PATIENCE_S)


async def prepare_asked(work: Work, asked: Asked, day: date, matrix: travel.TravelMatrix) -> Prepared:
    """The problem of a day in one piece; `matrix` as `ways_of` told it."""
    prepared = await problem_of(
        work,
        day,
        asked.people,
        asked.lawful,
        not_before_s=asked.not_before_s,
        pins=asked.pins,
        matrix=matrix,
        without_cut_off=True,
    )
    return replace(prepared, refused=asked.refused, met=asked.met)


async def asked_for(
    work: Work,
    request: Mapping[str, Any],
    day: date,
    *,
    reprice: Callable[[JudgedPractice], JudgedPractice] = lambda candidate: candidate,
) -> Asked:
    """Who and what a plan's request names on `day`, judged."""
    locked = request.get("locked", [])
    stays = {route["agent_id"] for route in locked}
    taken = {stop["practice_id"] for route in locked for stop in route["stops"]}
    working = [
        (row, person)
        for row, person in await _agents(work, day)
        if row.available and str(row.id) in request["agent_ids"] and str(row.id) not in stays
    ]
    # What is left of a day that has begun: nobody is sent to a door in the past.
    already_s = seconds_gone(day, work.now, work.parts.zone)
    people = [person for row, person in working if max(row.shift_from_s, already_s) < row.shift_to_s]
    wanted = None if request["practice_ids"] is None else set(request["practice_ids"])
    taken_out = {one["practice_id"] for one in request.get("taken_out", [])}
    judged = await candidates_on(work, day)
    asked = [
        candidate
        for candidate in judged
        # Whoever is told to expect somebody is asked for, whatever else was chosen.
        if (wanted is None or candidate.shown.must or str(candidate.door.practice.id) in wanted)
        and (candidate.shown.must or str(candidate.door.practice.id) not in taken_out)
        and str(candidate.door.practice.id) not in taken
    ]
    named = await appointments.named_on(work.session, day, work.parts.zone)
    pins = named | {UUID(practice): UUID(agent) for practice, agent in request.get("pins", {}).items()}
    # Who is visited in a locked lane is visited nowhere else, but for what was promised or put there by hand.
    there = {c.door.person: c for c in judged if str(c.door.practice.id) in taken and c.door.person is not None}
    refused, met, lawful = [], [], []
    for candidate in asked:
        promised = candidate.shown.must or candidate.door.practice.id in pins
        other = None if promised else there.get(candidate.door.person or "")
        if candidate.windows_s and other is not None:
            met.append((candidate, other.shown.practice_number))
        elif candidate.windows_s and (candidate.door.practice.id in pins or not set_aside(candidate)):
            lawful.append(reprice(candidate))
        else:
            refused.append(candidate)
    return Asked(people, lawful, refused, met, pins, already_s)


def set_aside(candidate: JudgedPractice) -> bool:
    return any(one.code in SET_ASIDE for one in candidate.shown.findings)


async def problem_of(
    work: Work,
    day: date,
    people: list[store.Person],
    lawful: list[JudgedPractice],
    *,
    not_before_s: int,
    pins: Mapping[UUID, UUID] | None = None,
    held: Mapping[UUID, AgentFacts] | None = None,
    calendar: shifts.Calendar | None = None,
    matrix: travel.TravelMatrix | None = None,
    without_cut_off: bool = False,
    settled: Collection[UUID] = (),
) -> Prepared:
    """The planner's problem of these people and visits, nobody leaving before `not_before_s`.

    `pins`: practice -> the agent who keeps it because a person said so. `settled`: practices whose agent is not in
    question, so that nobody asks for skills, a licence or what a dispatcher forbade. `held`: what is known of the
    agents already. `matrix`: travel times that are known, else they are asked for in haste. `without_cut_off`: visits
    without a road are left out and named.
    """
    places = {person.id: place for place, person in enumerate(people)}
    pinned = {practice: places[agent] for practice, agent in (pins or {}).items() if agent in places}
    matrix = matrix or await travel_times.between(
        work.parts,
        points_of(people, lawful),
        today=day_number(work.today),
        on=day,
        patience_s=travel.HASTE_S,
    )
    cut_off: list[JudgedPractice] = []
    if without_cut_off and matrix.no_road.any():
        apart = matrix.cut_off(len(people))
        cut_off = [one for one, lost in zip(lawful, apart, strict=True) if lost]
        lawful = [one for one, lost in zip(lawful, apart, strict=True) if not lost]
        matrix = matrix.of(np.concatenate([np.arange(len(people)), len(people) + np.flatnonzero(~apart)]))
    doors = doors_of(lawful)
    calendar = calendar or await shifts.calendar(work, since=day)
    problem = Problem.of(
        agents_in(people, calendar, day, not_before_s=not_before_s),
        visits_in(lawful, doors, pinned, settled),
        **ways_in(matrix),
        lunch=Lunch(),
        may_visit=await _may_visit(work, people, lawful, day, held, pins or {}, settled),
        apart=elsewhere(lawful, doors),
    )
    told = TravelTold(**asdict(matrix.source))
    return Prepared(problem, people, lawful, [], matrix.distance_m, travel=told, cut_off=cut_off)


def ways_in(matrix: travel.TravelMatrix) -> dict[str, Any]:
    """What `Problem.of` is told of ways; the tables themselves where a road leads everywhere."""
    told_s = matrix.travel_s if matrix.by_hour_s is None else matrix.by_hour_s
    cents = cost_of(matrix.travel_s, matrix.distance_m)
    if matrix.no_road.any():
        told_s, cents = np.where(matrix.no_road, NO_ROAD_S, told_s), np.where(matrix.no_road, NO_ROAD_CENTS, cents)
    kept = told_s.view()
    kept.setflags(write=False)
    return {"travel_s": kept, "from_s": matrix.from_s, "cost_cents": cents}


def points_of(people: Sequence[store.Person], lawful: Sequence[JudgedPractice]) -> list[travel.Point]:
    """Homes, then doors."""
    homes = [(_degrees(p.home_lat_e6), _degrees(p.home_lon_e6)) for p in people]
    return homes + [(_degrees(c.shown.lat_e6), _degrees(c.shown.lon_e6)) for c in lawful]


def agents_in(
    people: Sequence[store.Person], calendar: shifts.Calendar, day: date, *, not_before_s: int
) -> list[Agent]:
    """The planner's agents, nobody leaving before `not_before_s`."""
    agents = []
    for person in people:
        from_s, to_s = calendar.shift_on(person, day) or (person.shift_from_s, person.shift_from_s)
        working_s = (min(max(from_s, not_before_s), to_s), to_s)
        lunch = person.lunch and _lunch_lies_in(working_s)
        has = frozenset(person.skills)
        agents.append(Agent(str(person.id), working_s, max_visits=person.max_visits, takes_lunch=lunch, skills=has))
    return agents


def visits_in(
    lawful: Sequence[JudgedPractice],
    doors: Mapping[UUID, str],
    pinned: Mapping[UUID, int],
    settled: Collection[UUID] = (),
) -> list[Visit]:
    """The planner's visits; `pinned`: practice -> the number of the agent who keeps it."""
    # A pin is the later word of a person: what was put into a lane by hand stays there.
    skills = {c.door.practice.id: c.door.skills for c in lawful}
    asked = at_doors({one: skills[one] for one in skills.keys() - pinned.keys() - set(settled)}, doors)
    return [
        Visit(
            str(c.door.practice.id),
            windows_s=c.windows_s,
            service_s=c.service_s,
            door=doors.get(c.door.practice.id),
            prize_cents=c.shown.prize_cents,
            must=c.shown.must or c.door.practice.id in pinned,
            pin=pinned.get(c.door.practice.id),
            hours=_as_planned(c),
            skills=asked.get(c.door.practice.id, frozenset()),
        )
        for c in lawful
    ]


def cost_of(travel_s: Any, distance_m: Any) -> Any:
    """Cents of ways of so many seconds and metres."""
    return (distance_m * CENT_PER_KM) // 1000 + (travel_s * CENT_PER_HOUR) // 3600


def _as_planned(candidate: JudgedPractice) -> tuple[tuple[int, int], ...]:
    """What each band brings, as the planner reads it; no band in which the visit may not begin beats the best one."""
    most = candidate.shown.prize_cents
    return tuple((one.from_h * 3600, min(one.prize_cents, most)) for one in candidate.hours)


def _door(candidate: JudgedPractice) -> str | None:
    """A name for the door at which this person lives; None where nobody can say who it is, as on the phone."""
    address, person = candidate.door.address, candidate.door.person
    if address is None or person is None:
        return None
    return presence.door_name(person, address)


def doors_of(lawful: Iterable[JudgedPractice]) -> dict[UUID, str]:
    """By practice a name for the door at which its person lives, where it is known who that is."""
    return {c.door.practice.id: door for c in lawful if (door := _door(c)) is not None}


def elsewhere(lawful: Sequence[JudgedPractice], doors: Mapping[UUID, str]) -> list[list[int]]:
    """Pairs of visits to one person at different doors: at most one of each on a day (DOMAIN 2.1)."""
    by_person: dict[str, list[int]] = {}
    for number, candidate in enumerate(lawful):
        if candidate.door.person is not None and candidate.door.practice.id in doors:
            by_person.setdefault(candidate.door.person, []).append(number)
    return [
        [one, other]
        for numbers in by_person.values()
        for one, other in combinations(numbers, 2)
        if doors[lawful[one].door.practice.id] != doors[lawful[other].door.practice.id]
    ]


async def _may_visit(
    work: Work,
    people: Sequence[store.Person],
    lawful: Sequence[JudgedPractice],
    day: date,
    held: Mapping[UUID, AgentFacts] | None,
    pins: Mapping[UUID, UUID],
    settled: Container[UUID],
) -> list[list[bool]]:
    """Agent x visit: whether the agent's licence reaches to the address, and nobody forbade the visit to the agent.

    A pin is the later word of a person: what was put into a lane by hand stays there.
    """
    reach = await reach_of(work, people, lawful, day, held)
    free = {c.door.practice.id for c in lawful if not c.forbidden}
    return [
        [
            c.door.practice.id in settled
            or (
                c.door.address is not None
                and licensed[c.door.address.province]
                and (
                    c.door.practice.id in free or pins.get(c.door.practice.id) == person.id or not barred(c, person.id)
                )
            )
            for c in lawful
        ]
        for person, licensed in zip(people, reach, strict=True)
    ]


async def reach_of(
    work: Work,
    people: Sequence[store.Person],
    lawful: Sequence[JudgedPractice],
    day: date,
    held: Mapping[UUID, AgentFacts] | None = None,
) -> list[dict[str, bool]]:
    """For each agent whether the licence reaches into each province of the visits."""
    ruleset = await rules.ruleset(work)
    held = await facts_store.agents_facts(work.session, people) if held is None else held
    somewhere = {c.door.address.province: c.door.address for c in lawful if c.door.address is not None}
    return [
        {
            province: all(
                found.severity is Severity.WARNS
                for found in judge_agent(held[person.id], ruleset, day, address=facts_store.address_facts(address))
            )
            for province, address in somewhere.items()
        }
        for person in people
    ]


def _lunch_lies_in(shift_s: tuple[int, int]) -> bool:
    """Who begins after its hours has had the break, who ends before has it at home."""
    lunch = Lunch()
    return shift_s[0] < lunch.latest_start_s and shift_s[1] > lunch.earliest_start_s + lunch.duration_s


def barred(candidate: JudgedPractice, agent_id: UUID) -> bool:
    """Whether a dispatcher forbade the visit to this agent."""
    return any(one.agent_id == agent_id for one in candidate.forbidden)


def seconds_gone(day: date, now: datetime, zone: tzinfo) -> int:
    """Seconds of `day` that have passed, with ten minutes to set out; 0 on a day to come."""
    local = now.astimezone(zone)
    if local.date() != day:
        return 0
    return local.hour * 3600 + local.minute * 60 + 600


def day_number(day: date) -> int:
    """By which what is kept grows old."""
    return day.toordinal()


def _degrees(value_e6: int | None) -> float:
    return (value_e6 or 0) / 1_000_000


def result_of(
    prepared: Prepared,
    solution: Solution,
    day: date,
    parts: Parts,
    *,
    held: Sequence[Sequence[InReserve]] | None = None,
) -> dict[str, Any]:
    """What the plan row keeps: routes as the desk shows them, unplanned visits with their reasons.

    `held`: the reserve of each agent, where it is known already.
    """
    here = {reason.visit: reason for reason in why_here(prepared.problem, solution.plan)}
    held = reserve(prepared.problem, solution.plan) if held is None else held
    routes = [
        route_of(prepared, agent_day, here, day, parts, held=held[agent_day.agent])
        for agent_day in solution.judgement.days
    ]
    unplanned = [unplanned_for(reason, prepared) for reason in why_not(prepared.problem, solution.plan)]
    unplanned += [unplanned_of(candidate, NO_ROAD, {}) for candidate in prepared.cut_off]
    for candidate, other in prepared.met:
        unplanned.append(unplanned_of(candidate, Reason.KEPT_APART.value, {"instead_of": other}))
    for candidate in prepared.refused:
        finding = why_refused(candidate)
        unplanned.append(
            unplanned_of(candidate, finding.code if finding else "no_position", finding.details if finding else {})
        )
    built: dict[str, Any] = msgspec.to_builtins({"routes": routes, "unplanned": unplanned})
    return {**built, "stopped_early": solution.taken_early, "travel": msgspec.to_builtins(prepared.travel)}


def why_refused(candidate: JudgedPractice) -> Finding | None:
    """The finding for which nobody is sent: what sets the visit aside, else the first."""
    found = candidate.shown.findings
    return next((one for one in found if one.code in SET_ASIDE), found[0] if found else None)


def unplanned_for(reason: WhyNot, prepared: Prepared) -> Unplanned:
    """The visit with what stands in its way; where nobody is left who may make it, who forbade it. Where nobody is on
    duty any more no route comes nearest, and it says no more than that it does not fit the day."""
    candidate = prepared.candidates[reason.visit]
    skilled_only = reason.reason is Reason.NO_SKILLED_AGENT_MAY
    wanted = prepared.problem.visits[reason.visit].skills if skilled_only else frozenset()
    able = {person.id for person in prepared.agents if wanted.issubset(person.skills)}
    to = [one for one in candidate.forbidden if one.agent_id in able]
    if reason.reason is Reason.AGENT_FULL and reason.agent is None:
        return unplanned_of(candidate, "fell_out", {})
    if reason.reason in (Reason.NO_AGENT_MAY, Reason.NO_SKILLED_AGENT_MAY) and to:
        names = ", ".join(dict.fromkeys(one.agent_name or "" for one in to))
        return unplanned_of(candidate, FORBIDDEN_TO, {"agent": names, "by": to[0].by})
    return unplanned_of(candidate, reason.reason.value, details_of(reason, prepared))


def details_of(reason: WhyNot, prepared: Prepared) -> dict[str, Any]:
    """What the reason's words refer to: names in place of indices, minutes in place of seconds."""
    details: dict[str, Any] = {}
    if reason.reason in (Reason.NO_AGENT_SKILLED, Reason.NO_SKILLED_AGENT_MAY):
        details["skill"] = in_order(prepared.problem.visits[reason.visit].skills)
    if reason.agent is not None:
        details["agent"] = prepared.agents[reason.agent].name
    if reason.missing_s is not None:
        details["missing_minutes"] = -(-reason.missing_s // 60)
    if reason.missing_cents is not None:
        details["missing_cents"] = reason.missing_cents
    if reason.instead_of is not None:
        details["instead_of"] = prepared.candidates[reason.instead_of].shown.practice_number
    return details


def _why(reason: WhyHere, *, agreed: bool) -> tuple[str, dict[str, Any]]:
    agreed = agreed or (reason.must and not reason.pinned)
    name = "appointment" if agreed else "pinned" if reason.pinned else "worth_the_way"
    return name, {"detour_cents": reason.detour_cents, "worth_cents": reason.worth_cents}


def route_of(
    prepared: Prepared,
    agent_day: AgentDay,
    here: dict[int, WhyHere],
    day: date,
    parts: Parts,
    *,
    held: Sequence[InReserve],
) -> Route:
    """An agent's day as screens show it."""

    def at(second: int) -> datetime:
        return at_second(day, second, parts.zone)

    problem, stops, before, metres = prepared.problem, [], agent_day.agent, 0
    agent = prepared.agents[agent_day.agent]
    for position, stop in enumerate(agent_day.stops, start=1):
        candidate, node = prepared.candidates[stop.visit], problem.node(stop.visit)
        leg_m = int(prepared.distance_m[before, node])
        by_hour = [HourWay(at(from_s), takes_s) for from_s, takes_s in hours_of(problem, before, node)]
        metres, before = metres + leg_m, node
        window = next((w for w in candidate.windows_s if w[0] <= stop.start_s <= w[1]), candidate.windows_s[0])
        reason, details = _why(here[stop.visit], agreed=candidate.shown.must)
        details |= _at_home(candidate, stop.start_s)
        stops.append(
            _stop(
                candidate,
                position,
                arrive_at=at(stop.start_s),
                leave_at=at(stop.leave_s),
                window=(at(window[0]), at(window[1])),
                travel_s=stop.travel_s,
                distance_m=leg_m,
                prize_cents=problem.prize(agent_day.agent, stop.visit, stop.start_s),
                reason=reason,
                details=details,
                pinned=here[stop.visit].pinned,
                way_by_hour=by_hour,
            )
        )
    in_reserve = [
        _held(prepared, one, len(stops) + rank, at, shift_s=problem.shift_s[agent_day.agent])
        for rank, one in enumerate(held, start=1)
    ]
    home_m = int(prepared.distance_m[before, agent_day.agent])
    travel_s = sum(stop.travel_s for stop in agent_day.stops) + agent_day.home_travel_s
    lunch = agent_day.lunch_s
    return Route(
        agent_id=agent.id,
        agent_name=agent.name,
        start_lat_e6=agent.home_lat_e6 or 0,
        start_lon_e6=agent.home_lon_e6 or 0,
        leave_home_at=at(agent_day.leave_home_s) if stops else None,
        back_home_at=at(agent_day.home_s) if stops else None,
        lunch_from=at(lunch[0]) if lunch and stops else None,
        lunch_to=at(lunch[1]) if lunch and stops else None,
        travel_s=travel_s,
        distance_m=metres + home_m if stops else 0,
        prize_cents=sum(stop.prize_cents for stop in stops),
        travel_cost_cents=sum(s.travel_cents for s in agent_day.stops) + agent_day.home_travel_cents,
        stops=stops,
        in_reserve=in_reserve,
    )


def _at_home(candidate: JudgedPractice, start_s: int) -> dict[str, Any]:
    """How likely somebody is home then, and from how many attempts that is known; nothing with learning off."""
    hour = candidate.hour_at(start_s)
    if hour is None:
        return {}
    at_door = sum(one.tried for one in candidate.hours)
    return {
        "from_h": hour.from_h,
        "to_h": hour.to_h,
        "home_pct": hour.home_pct,
        "met": hour.met,
        "tried": hour.tried,
        "tried_at_all": at_door,
    }


def _held(
    prepared: Prepared, one: InReserve, position: int, at: Callable[[int], datetime], *, shift_s: Sequence[int]
) -> PlanStop:
    """A visit in reserve: no time of its own, but from when to when the agent could make it."""
    candidate = prepared.candidates[one.visit]
    opens_s = max(min(opens for opens, _ in candidate.windows_s), int(shift_s[0]))
    closes_s = min(max(closes for _, closes in candidate.windows_s), int(shift_s[1]))
    return _stop(
        candidate,
        position,
        arrive_at=at(opens_s),
        leave_at=at(opens_s + candidate.service_s),
        window=(at(opens_s), at(closes_s)),
        travel_s=one.travel_s,
        distance_m=int(prepared.distance_m[one.near, prepared.problem.node(one.visit)]),
        prize_cents=candidate.shown.prize_cents,
        reason="in_reserve",
        details={},
    )


def _stop(
    candidate: JudgedPractice,
    position: int,
    *,
    arrive_at: datetime,
    leave_at: datetime,
    window: tuple[datetime, datetime],
    travel_s: int,
    distance_m: int,
    prize_cents: int,
    reason: str,
    details: dict[str, Any],
    pinned: bool = False,
    way_by_hour: Sequence[HourWay] = (),
) -> PlanStop:
    address, shown = candidate.door.address, candidate.shown
    assert address is not None
    return PlanStop(
        stop_id=shown.practice_id,
        position=position,
        practice_id=shown.practice_id,
        practice_number=shown.practice_number,
        debtor_name=shown.debtor_name,
        address_text=address.text,
        comune=address.comune,
        lat_e6=address.lat_e6 or 0,
        lon_e6=address.lon_e6 or 0,
        arrive_at=arrive_at,
        leave_at=leave_at,
        window_from=window[0],
        window_to=window[1],
        travel_s=travel_s,
        distance_m=distance_m,
        service_s=int((leave_at - arrive_at).total_seconds()),
        prize_cents=prize_cents,
        must=shown.must,
        reserve=reason == "in_reserve",
        reason=reason,
        reason_details=details,
        state="planned",
        outcome=None,
        pinned=pinned,
        way_by_hour=list(way_by_hour),
    )


def unplanned_of(candidate: JudgedPractice, reason: str, details: dict[str, Any]) -> Unplanned:
    shown = candidate.shown
    return Unplanned(
        practice_id=shown.practice_id,
        practice_number=shown.practice_number,
        debtor_name=shown.debtor_name,
        comune=shown.comune,
        lat_e6=shown.lat_e6,
        lon_e6=shown.lon_e6,
        prize_cents=shown.prize_cents,
        reason=reason,
        details=details,
    )


# --- published days ---


async def read_day(work: Work, day: date) -> DayView:
    """The day as published, with what has happened since; no versions and no routes before the first."""
    published = await store.newest_day(work.session, day)
    return DayView(
        day=day,
        versions=await store.versions_of(work.session, day),
        routes=await store.live_routes(work.session, published) if published else [],
    )


async def read_map(work: Work, layer: str) -> bytes:
    """Our own drawing of the area: streets or comuni as GeoJSON; empty where none was loaded."""
    path = work.parts.home / "map" / f"{layer}.geojson"
    if not path.exists():
        return b'{"type":"FeatureCollection","features":[]}'
    return await asyncio.to_thread(path.read_bytes)
