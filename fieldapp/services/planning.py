"""The dispatcher's story: who may lawfully be visited, a plan computed in the background, a day as published."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from itertools import combinations
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.access import Identity
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
from fieldapp.geo import travel
from fieldapp.planning.explain import Reason, WhyHere, WhyNot, why_here, why_not
from fieldapp.planning.problem import Agent, Lunch, Problem, Visit
from fieldapp.planning.reserve import InReserve, reserve
from fieldapp.planning.solver import Progress, Solution, solve
from fieldapp.planning.timetable import AgentDay
from fieldapp.services import presence, rules
from fieldapp.services.field import at_second
from fieldapp.services.work import Parts, Work
from fieldapp.store import appointments
from fieldapp.store import planning as store
from fieldapp.store import practice_facts as facts_store
from fieldapp.store.database import Scope
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.board import Draft, LaneState
from fieldapp.store.shapes.dispatch import (
    AgentRow,
    Candidate,
    CurvePoint,
    DayView,
    Finding,
    HourChance,
    PlanProgress,
    PlanRow,
    PlanStop,
    PlanView,
    Route,
    SpreadDay,
    Unplanned,
)

APPOINTMENT_S, FIRST_S, AGAIN_S = 30 * 60, 20 * 60, 15 * 60
"""Time at a door by kind of visit: where somebody waits with papers to sign, for the first time, after a vain attempt.
What follows at the same door takes a share of it (`planning.problem.AGAIN_PERCENT`)."""
LATER = "appointment.on_another_day"
"""Somebody is told to expect us on a later day: nobody comes before."""
ELSEWHERE = "planned.on_another_day"
"""Phones hold the visit on another day already: planned twice, the second would be one too many."""
CENT_PER_KM = 45
CENT_PER_HOUR = 1_800
RECOVERY_PER_MILLE = 60
"""Share of what is owed that a visit recovers on average, before the placement's urgency."""
LARGEST_PRIZE_CENTS = 30_000


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
        plain = prize(cents, door.attempts, days_left=(door.placement.ends_on - day).days)
        # Who was told to expect us is home for us.
        hours = () if known is None or appointment else _hours(door, day, cents, known)
        best = _best_hour(hours, windows)
        shown = _shown(door, cents, bool(windows), said, must=bool(appointment), prize_cents=plain, best_hour=best)
        found.append(JudgedPractice(door, facts, shown, windows, service_s, lawful, hours, plain))
    return found


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


def prize(owed_cents: int, attempts: int, *, days_left: int, at_home_per_mille: int = 1000) -> int:
    """Expected recovery of one visit in cents: a share of the claim, less after each vain attempt, more as the
    placement runs out (after its end nothing can be recovered any more).

    `at_home_per_mille`: how likely somebody is home against any door and hour (1000). The share holds for those, vain
    visits included, so that with these chances it is recovered once somebody is met.
    """
    share = owed_cents * RECOVERY_PER_MILLE * at_home_per_mille // 1_000_000
    tired = share * 4 // (4 + attempts)
    urgent = tired * (100 + max(0, 40 - 2 * max(days_left, 0))) // 100
    return max(0, min(urgent, LARGEST_PRIZE_CENTS))


async def list_agents(work: Work, day: date) -> list[AgentRow]:
    """The agents and whether each may work on `day`."""
    return [row for row, _ in await _agents(work, day)]


async def _agents(work: Work, day: date) -> list[tuple[AgentRow, store.Person]]:
    ruleset = await rules.ruleset(work)
    found = []
    for person in await store.agents(work.session):
        facts = await facts_store.agent_facts(work.session, person)
        said = judge_agent(facts, ruleset, day)
        findings = [rules.finding(one, ruleset, day) for one in said if one.severity is not Severity.WARNS]
        placed = person.home_lat_e6 is not None and person.home_lon_e6 is not None
        row = AgentRow(
            id=person.id,
            name=person.name,
            agent_number=person.agent_number or "",
            lat_e6=person.home_lat_e6 or 0,
            lon_e6=person.home_lon_e6 or 0,
            shift_from_s=person.shift_from_s,
            shift_to_s=person.shift_to_s,
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
    kept = {} if keep is None else _kept(await plan_row(work.session, keep), day)
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


def _kept(draft: store.Plan, day: date) -> dict[str, Any]:
    """What hands decided on a draft of the same day, for the search to leave alone."""
    if draft.day != day or "edited_from" not in draft.request:
        raise Refusal("plan.unknown", kind=Kind.MISSING)
    held = msgspec.convert(draft.result, Draft)
    locked = [route for route in held.routes if held.lanes.get(route.agent_id, LaneState()).locked_by is not None]
    stays = {route.agent_id for route in locked}
    pins = {
        str(stop.practice_id): str(route.agent_id)
        for route in held.routes
        if route.agent_id not in stays
        for stop in route.stops
        if stop.pinned
    }
    return {
        "practice_ids": draft.request["practice_ids"],
        "pins": pins,
        "taken_out": msgspec.to_builtins([one for one in held.unplanned if one.reason == "taken_out"]),
        # A visit in reserve may find its place elsewhere now.
        "locked": msgspec.to_builtins([msgspec.structs.replace(route, in_reserve=[]) for route in locked]),
        "lanes": msgspec.to_builtins({route.agent_id: held.lanes[route.agent_id] for route in locked}, str_keys=True),
    }


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
    )


# --- the job ---


@dataclass(frozen=True, slots=True)
class Prepared:
    """A problem with the rows that its indices stand for; `distance_m` is (n, n), agents first.

    `met`: who is left out because a locked lane visits the same person, and the practice there.
    """

    problem: Problem
    agents: list[store.Person]
    candidates: list[JudgedPractice]
    refused: list[JudgedPractice]
    distance_m: Any
    met: Sequence[tuple[JudgedPractice, str]] = ()


async def run_solve(parts: Parts, identity: Identity, *, plan_id: str) -> None:
    """The background job: read, compute in a thread, tell of progress, write the result.

    A plan that is done already is left alone, so that a repeated job does no harm.
    """
    scope = Scope(identity.agency_id, identity.role.value, identity.person_id)
    async with said_if_it_fails(parts, scope, UUID(plan_id)):
        await _solve(parts, identity, scope, UUID(plan_id))


async def _solve(parts: Parts, identity: Identity, scope: Scope, plan_id: UUID) -> None:
    async with parts.database.transaction(scope) as session:
        work = Work(parts=parts, session=session, identity=identity, now=parts.clock.now())
        plan = await plan_row(session, plan_id, lock=True)
        if plan.state in ("done", "failed"):
            return
        plan.state = "running"
        prepared = await prepare(work, plan.request, plan.day)
        plan.candidates = len(prepared.candidates)
        request, day = plan.request, plan.day
        seconds, seed = request["seconds"], request["seed"]
    teller = Teller(parts, scope, plan_id)
    solution = await teller.run(prepared.problem, seconds=seconds, seed=seed)
    result = _with_kept(result_of(prepared, solution, day, parts), request)
    async with parts.database.transaction(scope) as session:
        plan = await plan_row(session, plan_id, lock=True)
        plan.state, plan.result = "done", result
        plan.progress = teller.finished(solution)
        stays = msgspec.convert(request.get("locked", []), list[Route])
        worth = sum(route.prize_cents - route.travel_cost_cents for route in stays)
        plan.objective_cents = solution.judgement.objective_cents + worth
        plan.served = solution.judgement.served + sum(len(route.stops) for route in stays)
        tell(session, NewFact("plan.done", parts.clock.now(), day=day, body={"plan_id": str(plan_id)}))


@asynccontextmanager
async def said_if_it_fails(parts: Parts, scope: Scope, plan_id: UUID) -> AsyncIterator[None]:
    """Whatever keeps a plan from being computed stands on it, for whoever waits. While the database is away nothing can
    be written: then the job runs again."""
    try:
        yield
    except Exception as broken:
        await _note_failure(parts, scope, plan_id, broken)
        raise


async def _note_failure(parts: Parts, scope: Scope, plan_id: UUID, broken: Exception) -> None:
    async with parts.database.transaction(scope) as session:
        plan = await plan_row(session, plan_id, lock=True)
        plan.state, plan.failure = "failed", type(broken).__name__
        tell(session, NewFact("plan.failed", parts.clock.now(), day=plan.day, body={"plan_id": str(plan_id)}))


async def prepare(
    work: Work,
    request: Mapping[str, Any],
    day: date,
    *,
    reprice: Callable[[JudgedPractice], JudgedPractice] = lambda candidate: candidate,
) -> Prepared:
    """What a plan's request asks for on `day`; `reprice` may give what is lawful another worth."""
    locked = request.get("locked", [])
    stays = {route["agent_id"] for route in locked}
    taken = {stop["practice_id"] for route in locked for stop in route["stops"]}
    asked_for = [
        person
        for row, person in await _agents(work, day)
        if row.available and str(row.id) in request["agent_ids"] and str(row.id) not in stays
    ]
    # What is left of a day that has begun: nobody is sent to a door in the past.
    already_s = seconds_gone(day, work.now, work.parts.zone)
    people = [person for person in asked_for if max(person.shift_from_s, already_s) < person.shift_to_s]
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
    refused = [one for one in asked if not one.windows_s or _is_elsewhere(one)]
    named = await appointments.named_on(work.session, day, work.parts.zone)
    pins = named | {UUID(practice): UUID(agent) for practice, agent in request.get("pins", {}).items()}
    # Who is visited in a locked lane is visited nowhere else, but for what was promised or put there by hand.
    there = {c.door.person: c for c in judged if str(c.door.practice.id) in taken and c.door.person is not None}
    met, lawful = [], []
    for candidate in asked:
        promised = candidate.shown.must or candidate.door.practice.id in pins
        other = None if promised else there.get(candidate.door.person or "")
        if candidate.windows_s and other is not None:
            met.append((candidate, other.shown.practice_number))
        elif candidate.windows_s and (candidate.door.practice.id in pins or not _is_elsewhere(candidate)):
            lawful.append(reprice(candidate))
    prepared = await problem_of(work, day, people, lawful, not_before_s=already_s, pins=pins)
    made = {one.door.practice.id for one in lawful}
    return replace(prepared, refused=[one for one in refused if one.door.practice.id not in made], met=met)


def _is_elsewhere(candidate: JudgedPractice) -> bool:
    return any(one.code == ELSEWHERE for one in candidate.shown.findings)


async def problem_of(
    work: Work,
    day: date,
    people: list[store.Person],
    lawful: list[JudgedPractice],
    *,
    not_before_s: int,
    pins: Mapping[UUID, UUID] | None = None,
    held: Mapping[UUID, AgentFacts] | None = None,
) -> Prepared:
    """The planner's problem of these people and visits, nobody leaving before `not_before_s`.

    `pins`: practice -> the agent who keeps it because a person said so. `held`: what is known of the agents already.
    """
    places = {person.id: place for place, person in enumerate(people)}
    pinned = {practice: places[agent] for practice, agent in (pins or {}).items() if agent in places}
    points = [(_degrees(p.home_lat_e6), _degrees(p.home_lon_e6)) for p in people]
    points += [(_degrees(c.shown.lat_e6), _degrees(c.shown.lon_e6)) for c in lawful]
    doors = doors_of(lawful)
    matrix = travel.matrix(points)
    cost = (matrix.distance_m * CENT_PER_KM) // 1000 + (matrix.travel_s * CENT_PER_HOUR) // 3600
    problem = Problem.of(
        [
            Agent(
                str(p.id),
                (min(max(p.shift_from_s, not_before_s), p.shift_to_s), p.shift_to_s),
                max_visits=p.max_visits,
                takes_lunch=p.lunch,
            )
            for p in people
        ],
        [
            Visit(
                str(c.door.practice.id),
                windows_s=c.windows_s,
                service_s=c.service_s,
                door=doors.get(c.door.practice.id),
                prize_cents=c.shown.prize_cents,
                must=c.shown.must or c.door.practice.id in pinned,
                pin=pinned.get(c.door.practice.id),
                hours=_as_planned(c),
            )
            for c in lawful
        ],
        travel_s=matrix.travel_s,
        cost_cents=cost,
        lunch=Lunch(),
        may_visit=await _may_visit(work, people, lawful, day, held),
        apart=elsewhere(lawful, doors),
    )
    return Prepared(problem, people, lawful, [], matrix.distance_m)


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
) -> list[list[bool]]:
    """Agent x visit: whether the agent's licence reaches to the address."""
    ruleset = await rules.ruleset(work)
    held = await facts_store.agents_facts(work.session, people) if held is None else held
    rows = []
    for person in people:
        agent = held[person.id]
        reach: dict[str, bool] = {}
        for address in (candidate.door.address for candidate in lawful):
            if address is not None and address.province not in reach:
                said = judge_agent(agent, ruleset, day, address=facts_store.address_facts(address))
                reach[address.province] = all(found.severity is Severity.WARNS for found in said)
        rows.append([c.door.address is not None and reach[c.door.address.province] for c in lawful])
    return rows


def seconds_gone(day: date, now: datetime, zone: tzinfo) -> int:
    """Seconds of `day` that have passed, with ten minutes to set out; 0 on a day to come."""
    local = now.astimezone(zone)
    if local.date() != day:
        return 0
    return local.hour * 3600 + local.minute * 60 + 600


def _degrees(value_e6: int | None) -> float:
    return (value_e6 or 0) / 1_000_000


class Teller:
    """Runs the search in a thread and writes its progress to the plan about three times a second."""

    EVERY_S = 0.3

    def __init__(self, parts: Parts, scope: Scope, plan_id: UUID) -> None:
        self._parts = parts
        self._scope = scope
        self._plan_id = plan_id
        self._latest: Progress | None = None
        self._curve: list[tuple[int, int, int]] = []
        self._stop = False

    async def run(self, problem: Problem, *, seconds: float, seed: int) -> Solution:
        searching = asyncio.create_task(
            asyncio.to_thread(solve, problem, seed=seed, seconds=seconds, clock=time.monotonic, on_progress=self._hear)
        )
        try:
            while not (await asyncio.wait([searching], timeout=self.EVERY_S))[0]:
                await self._tell()
            return await searching
        finally:
            # A worker that is told to end does not wait for the search.
            self._stop = True

    def finished(self, solution: Solution) -> dict[str, Any]:
        """The progress as it stands at the end: only now is it known how many visits are served."""
        last, judgement = self._latest, solution.judgement
        elapsed_ms = round(last.elapsed_s * 1000) if last else 0
        end = (elapsed_ms, judgement.objective_cents, judgement.served)
        return self._told(elapsed_ms, solution.iterations, judgement.objective_cents, judgement.served, [end])

    def _told(
        self, elapsed_ms: int, iterations: int, objective_cents: int, served: int, end: Sequence[tuple[int, int, int]]
    ) -> dict[str, Any]:
        return {
            "elapsed_ms": elapsed_ms,
            "iterations": iterations,
            "objective_cents": objective_cents,
            "served": served,
            "curve": [*self._curve[:: max(1, len(self._curve) // 100)], *end],
        }

    def _hear(self, progress: Progress) -> bool:
        self._latest = progress
        return not self._stop

    async def _tell(self) -> None:
        progress = self._latest
        if progress is None:
            return
        elapsed_ms = round(progress.elapsed_s * 1000)
        self._curve.append((elapsed_ms, progress.objective_cents, 0))
        async with self._parts.database.transaction(self._scope) as session:
            plan = await store.plan(session, self._plan_id, lock=True)
            assert plan is not None
            self._stop = plan.stop_requested
            plan.progress = self._told(elapsed_ms, progress.iterations, progress.objective_cents, 0, ())
            body = {"plan_id": str(self._plan_id), "share_pct": round(progress.share * 100)}
            tell(session, NewFact("plan.progress", self._parts.clock.now(), day=plan.day, body=body))


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
    unplanned = [
        unplanned_of(prepared.candidates[reason.visit], reason.reason.value, details_of(reason, prepared))
        for reason in why_not(prepared.problem, solution.plan)
    ]
    for candidate, other in prepared.met:
        unplanned.append(unplanned_of(candidate, Reason.KEPT_APART.value, {"instead_of": other}))
    for candidate in prepared.refused:
        finding = candidate.shown.findings[0] if candidate.shown.findings else None
        unplanned.append(
            unplanned_of(candidate, finding.code if finding else "no_position", finding.details if finding else {})
        )
    built: dict[str, Any] = msgspec.to_builtins({"routes": routes, "unplanned": unplanned})
    return {**built, "stopped_early": solution.taken_early}


def _with_kept(result: dict[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    """The computed lanes with those that were locked, as they were and still locked; what a person took out lies aside
    as it lay, but for what was promised since."""
    if "taken_out" in request:
        planned = {stop["practice_id"] for route in result["routes"] for stop in route["stops"]}
        aside = [one for one in request["taken_out"] if one["practice_id"] not in planned]
        result = {**result, "unplanned": [*aside, *result["unplanned"]]}
    if not request.get("locked"):
        return result
    return {**result, "routes": [*request["locked"], *result["routes"]], "lanes": request["lanes"]}


def details_of(reason: WhyNot, prepared: Prepared) -> dict[str, Any]:
    """What the reason's words refer to: names in place of indices, minutes in place of seconds."""
    details: dict[str, Any] = {}
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
