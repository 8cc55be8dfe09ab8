"""Windows that may be promised to a debtor on the phone: lawful, with an agent who can be there, and what they cost.

The rules of conduct are asked as if the window were agreed on already, since that is what is about to happen. Lanes
are those of the published day with its draft, else of the newest plan, else the appointments that stand. Nothing is
written here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from fieldapp.domain.conduct import (
    AgentFacts,
    Appointment,
    Facts,
    PracticeFacts,
    Ruleset,
    Severity,
    judge,
    judge_agent,
    lawful_windows,
)
from fieldapp.domain.conduct import Visit as VisitAct
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import canonical_json, sha256
from fieldapp.planning.insertion import Insertion, barred, insertions
from fieldapp.planning.plan import Plan as Routes
from fieldapp.planning.problem import Problem
from fieldapp.planning.replan import freeze
from fieldapp.services import hands, lanes, planning, rules, shifts
from fieldapp.services.field import at_second
from fieldapp.services.hands import Hand
from fieldapp.services.motion import Motion, motion_of
from fieldapp.services.work import Work
from fieldapp.store import appointments as store
from fieldapp.store import board as drafts
from fieldapp.store import forbids, practice_facts
from fieldapp.store import planning as plans
from fieldapp.store.shapes.appointments import AppointmentOffers, AppointmentRow, Offer, OfferDay
from fieldapp.store.shapes.dispatch import Finding
from fieldapp.store.shapes.forbids import Forbidden

MOST_DAYS = 7
"""So many days that have a lawful window are offered."""
LOOK_AHEAD = 14
"""How many days from today are looked at for them."""
STAYS_S = planning.APPOINTMENT_S
STAYS = timedelta(seconds=STAYS_S)
HOURS = (1, 2)
"""Lengths of a window: an hour, or two as parcel services offer."""

Band = tuple[int, int]
"""From and to of a window, seconds after local midnight; the whole visit lies in it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The practice for which windows are looked for, with who might come. `facts` hold no appointment of its own."""

    work: Work
    ruleset: Ruleset
    visit: planning.JudgedPractice
    facts: PracticeFacts
    standing: list[AppointmentRow]
    people: Mapping[UUID, plans.Person]
    held: Mapping[UUID, AgentFacts]
    agreed: list[AppointmentRow]
    """The appointments of others on the days that are looked at."""
    calendar: shifts.Calendar
    forbidden: list[Forbidden]
    """What dispatchers forbade of the practice, on any day."""

    def about(self, at: datetime, agreed: Appointment, agent: UUID | None = None) -> Facts:
        address = self.visit.door.address
        return Facts(
            act=VisitAct(at, STAYS_S),
            practice=replace(self.facts, appointments=(agreed,)),
            address=practice_facts.address_facts(address) if address else None,
            agent=self.held[agent] if agent is not None else None,
        )

    def against(self, at: datetime, agreed: Appointment, agent: UUID | None = None) -> Finding | None:
        """The first rule that stands against a visit at `at` within what would be agreed."""
        said = judge(self.about(at, agreed, agent), self.ruleset, self.work.now).findings
        on = at.astimezone(self.work.parts.zone).date()
        return next((rules.finding(one, self.ruleset, on) for one in said if one.severity is not Severity.WARNS), None)


async def asked_of(work: Work, practice_id: UUID) -> Asked:
    """Raises Refusal `practice.unknown`."""
    found = await planning.candidates_on(work, work.today, only=[practice_id], also=[practice_id])
    if not found:
        raise Refusal("practice.unknown", kind=Kind.MISSING)
    ruleset = await rules.ruleset(work)
    people = {person.id: person for person in await plans.agents(work.session)}
    span = store.day_span(work.today, work.parts.zone, days=LOOK_AHEAD)
    standing = await store.standing(work.session, store.Within(begins=span))
    return Asked(
        work=work,
        ruleset=ruleset,
        visit=found[0],
        facts=found[0].facts,
        standing=[row for row in standing if row.practice_id == practice_id and row.to_at > work.now],
        people=people,
        held=await practice_facts.agents_facts(work.session, people.values()),
        agreed=[row for row in standing if row.practice_id != practice_id],
        calendar=await shifts.calendar(work),
        forbidden=await forbids.standing(work.session, practices=[practice_id]),
    )


async def list_offers(work: Work, practice_id: UUID, *, hours: int) -> AppointmentOffers:
    """Up to seven days with windows of `hours` hours, the cheapest of each day first; days without one say why.

    An appointment that stands is looked away from: whoever asks wants to move it. Raises Refusal `practice.unknown`.
    """
    asked = await asked_of(work, practice_id)
    address = asked.visit.door.address
    days: list[OfferDay] = []
    for ahead in range(LOOK_AHEAD):
        day = work.today + timedelta(days=ahead)
        days.append(await day_offers(asked, day, hours=hours))
        lawful = sum(one.reason is None or not one.reason.code.startswith("conduct.") for one in days)
        if lawful == MOST_DAYS or day > asked.visit.door.placement.ends_on:
            break
    return AppointmentOffers(
        practice_id=practice_id,
        address_text=address.text if address else "",
        hours=hours,
        standing=asked.standing,
        days=days,
    )


async def day_offers(asked: Asked, day: date, *, hours: int) -> OfferDay:
    """The windows of one day, the cheapest first."""
    spans, against = bands(asked, day, hours=hours)
    if not spans:
        return OfferDay(day, "empty", [], against)
    free = available(asked, day)
    if isinstance(free, Finding):
        return OfferDay(day, "empty", [], free)
    scene = await scene_of(asked, day, spans, free)
    if isinstance(scene, Finding):
        return OfferDay(day, "empty", [], scene)
    offers, against = await scene.offers()
    reason = None if offers else against or Finding("appointment.no_room", "forbids", {})
    return OfferDay(day, scene.stands, sorted(offers, key=lambda one: (one.cost_cents, one.from_at)), reason)


def bands(asked: Asked, day: date, *, hours: int) -> tuple[list[Band], Finding | None]:
    """The windows, from each whole hour on, in all of which the rules allow the visit; else what is against the day."""
    work, length = asked.work, hours * 3600
    address = asked.visit.door.address
    if address is None or address.lat_e6 is None:
        return [], Finding("appointment.address_not_placed", "forbids", {})
    begins_s = planning.seconds_gone(day, work.now, work.parts.zone)
    found = []
    for from_s in range(0, 86_400 - length, 3600):
        to_s = from_s + length
        if from_s < begins_s:
            continue
        agreed = agreed_at(asked, day, (from_s, to_s))
        windows = lawful_windows(day, asked.about(agreed.from_at, agreed), asked.ruleset)
        if any(opens <= from_s and to_s - STAYS_S <= closes for opens, closes in windows):
            found.append((from_s, to_s))
    if found:
        return found, None
    noon = agreed_at(asked, day, (12 * 3600, 12 * 3600 + length))
    return [], asked.against(noon.from_at, noon) or Finding("appointment.day_over", "forbids", {})


def agreed_at(asked: Asked, day: date, band: Band) -> Appointment:
    from_s, to_s = band
    return Appointment(at_second(day, from_s, asked.work.parts.zone), at_second(day, to_s, asked.work.parts.zone))


def available(asked: Asked, day: date) -> list[UUID] | Finding:
    """The agents who work on the day, have the skills, and whose licence reaches the address; else why nobody does."""
    address = asked.visit.door.address
    assert address is not None
    against = [one for one in asked.forbidden if one.day in (None, day)]
    if whole := next((one for one in against if one.agent_id is None), None):
        return planning.forbidden_in_words(whole)
    working = [
        id_
        for id_, person in asked.people.items()
        if person.home_lat_e6 is not None
        and person.home_lon_e6 is not None
        and asked.calendar.shift_on(person, day) is not None
        and all(one.severity is Severity.WARNS for one in judge_agent(asked.held[id_], asked.ruleset, day))
    ]
    if not working:
        return Finding("appointment.nobody_works", "forbids", {})
    where = practice_facts.address_facts(address)
    licensed = [
        id_
        for id_ in working
        if all(
            one.severity is Severity.WARNS for one in judge_agent(asked.held[id_], asked.ruleset, day, address=where)
        )
    ]
    if not licensed:
        return Finding("appointment.nobody_licensed", "forbids", {"province": address.province})
    skilled = [id_ for id_ in licensed if _has_skills(asked, id_)]
    if not skilled:
        return _nobody_skilled(asked, working, address.province)
    barred = {one.agent_id: one for one in against}
    return [id_ for id_ in skilled if id_ not in barred] or planning.forbidden_in_words(barred[skilled[0]])


def _has_skills(asked: Asked, agent_id: UUID) -> bool:
    return set(asked.visit.door.skills) <= set(asked.people[agent_id].skills)


def _nobody_skilled(asked: Asked, working: Sequence[UUID], province: str) -> Finding:
    """That nobody of the day has what the visit asks for, or that whoever has it may not go there."""
    wanted = {"skill": asked.visit.door.skills}
    if any(_has_skills(asked, id_) for id_ in working):
        return Finding("appointment.nobody_skilled_licensed", "forbids", {**wanted, "province": province})
    return Finding("appointment.nobody_skilled", "forbids", wanted)


# --- the lanes of a day with the visit that is looked for beside them ---


@dataclass(frozen=True, slots=True)
class Scene:
    """The lanes of a day, and the visit once for each window: numbers from `first` on, in the order of `spans`."""

    asked: Asked
    day: date
    hand: Hand | None
    version: int | None
    prepared: planning.Prepared
    problem: Problem
    plan: Routes
    spans: Sequence[Band]
    first: int
    shut: frozenset[int]
    """Agents by number whose lanes nothing is put into."""

    @property
    def stands(self) -> Literal["published", "drafted", "empty"]:
        return "empty" if self.hand is None else "drafted" if self.version is None else "published"

    def lane(self, agent: int) -> str:
        """What was seen of a lane: its plan, who changed it how often, its visits in their order, and the address."""
        address, person = self.asked.visit.door.address, self.prepared.agents[agent]
        revision = self.hand.lane(person.id).revision if self.hand else 0
        order = [self.prepared.candidates[one].door.practice.id for one in self.plan.routes[agent]]
        plan = self.hand.plan.id if self.hand else None
        seen = [str(one) for one in (plan, self.version, revision, address and address.id, *order)]
        return sha256(canonical_json(seen))[:16]

    async def offers(self, *, agent: UUID | None = None) -> tuple[list[Offer], Finding | None]:
        """What can be promised, and the rule that stood against a window where one did; `agent`: with nobody else."""
        others = {at for at, person in enumerate(self.prepared.agents) if agent not in (None, person.id)}
        visits = range(self.first, self.first + len(self.spans))
        found = await asyncio.to_thread(
            insertions, self.problem, self.plan, visits, without=self.shut | frozenset(others)
        )
        offers, against = [], None
        for band, one in zip(self.spans, found, strict=True):
            if one is None:
                continue
            agreed = agreed_at(self.asked, self.day, band)
            at = at_second(self.day, one.start_s, self.asked.work.parts.zone)
            said = self.asked.against(at, agreed, self.prepared.agents[one.agent].id)
            against = against or said
            if said is None:
                offers.append(self._offer(one, agreed, at))
        return offers, against

    def _offer(self, one: Insertion, agreed: Appointment, at: datetime) -> Offer:
        person, route = self.prepared.agents[one.agent], self.plan.routes[one.agent]
        nodes = [one.agent, *(self.problem.node(visit) for visit in route), one.agent]
        before, here, after = nodes[one.place], self.problem.node(one.visit), nodes[one.place + 1]
        way = self.prepared.distance_m
        direct = 0 if before == after else int(way[before, after])
        return Offer(
            from_at=agreed.from_at,
            to_at=agreed.to_at,
            agent_id=person.id,
            agent_name=person.name,
            agent_number=person.agent_number or "",
            arrive_at=at,
            travel_s=one.travel_s,
            distance_m=int(way[before, here]) + int(way[here, after]) - direct,
            cost_cents=one.travel_cents,
            delay_s=one.delay_s,
            visits=len(route),
            lane=self.lane(one.agent),
        )

    async def place(self, agent: UUID) -> int | None:
        """The place of the only window in the lane of `agent`."""
        others = frozenset(at for at, person in enumerate(self.prepared.agents) if person.id != agent)
        (found,) = await asyncio.to_thread(
            insertions, self.problem, self.plan, [self.first], without=self.shut | others
        )
        return None if found is None else found.place


async def hand_of(work: Work, day: date) -> tuple[Hand | None, int | None]:
    """What hands are at work on, and the version that is published: its draft, or the newest plan, or nothing."""
    published = await plans.newest_day(work.session, day)
    if published is None:
        newest = await store.newest_plan(work.session, day)
        return (None if newest is None else Hand(work, newest, hands.read_draft(newest))), None
    plan = await drafts.draft_of(work.session, published.plan_id)
    plan = plan or await planning.plan_row(work.session, published.plan_id)
    return Hand(work, plan, hands.read_draft(plan)), published.version


async def scene_of(asked: Asked, day: date, spans: Sequence[Band], free: Sequence[UUID]) -> Scene | Finding:
    """The day as it stands, without the practice itself; or why it cannot be visited then."""
    work, own = asked.work, asked.visit.door.practice.id
    hand, version = await hand_of(work, day)
    motion: Motion | None = None
    if hand is not None:
        motion = await motion_of(work, day, hand.draft.happened)
        if own in motion.begun:
            return Finding("appointment.visit_begun", "forbids", {})
        given = {agent: [one for one in order if one != own] for agent, order in hand.orders.items()}
        orders = {agent: motion.begun_first(agent, order, of=given) for agent, order in given.items()}
    else:
        orders = dict.fromkeys(free, ())
        for row in asked.agreed:
            on = row.from_at.astimezone(work.parts.zone).date()
            if on == day and row.agent_id in orders:
                orders[row.agent_id] = (*orders[row.agent_id], row.practice_id)
    people = [person for id_, person in asked.people.items() if id_ in orders]
    wanted = [one for person in people for one in orders[person.id]]
    begun = motion.begun if motion else {}
    judged = await planning.candidates_on(work, day, only=wanted, also=begun) if wanted else []
    made = [motion.told(one) if motion else one for one in judged if one.shown.lat_e6 is not None]
    visits = [one if one.windows_s else replace(one, windows_s=(lanes.ALL_DAY_S,)) for one in made]
    numbers = {one.door.practice.id: number for number, one in enumerate(visits)}
    prepared = await planning.problem_of(
        work,
        day,
        people,
        [*visits, *(_copy(asked, band) for band in spans)],
        not_before_s=0 if motion and motion.moves else planning.seconds_gone(day, work.now, work.parts.zone),
        held=asked.held,
        calendar=asked.calendar,
        # Only the visit that is asked for is judged: what lies in a lane may lie there against a skill or a ban.
        settled=numbers,
    )
    plan = Routes.of([numbers[one] for one in orders[person.id] if one in numbers] for person in people)
    problem = prepared.problem
    if motion is not None and motion.moves:
        problem, _ = await asyncio.to_thread(freeze, problem, plan, motion.situation(people, visits))
    shut = await asyncio.to_thread(barred, problem, plan, also=_kept_shut(people, hand, motion, free))
    return Scene(asked, day, hand, version, prepared, problem, plan, spans, len(visits), shut)


def _copy(asked: Asked, band: Band) -> planning.JudgedPractice:
    """The visit as it would be with this window agreed on."""
    shown = msgspec.structs.replace(asked.visit.shown, must=True, allowed=True)
    windows_s = ((band[0], band[1] - STAYS_S),)
    # What is forbidden on another day than this one stands in `available`.
    return replace(asked.visit, shown=shown, windows_s=windows_s, service_s=STAYS_S, forbidden=())


def _kept_shut(
    people: Sequence[plans.Person], hand: Hand | None, motion: Motion | None, free: Sequence[UUID]
) -> list[int]:
    """Who may not come, who is away, and whose lane a colleague keeps."""
    away = motion.agents("agent_away") if motion else {}
    me = None if hand is None else hand.work.identity.person_id
    return [
        at
        for at, person in enumerate(people)
        if person.id not in free
        or person.id in away
        or (hand is not None and hand.lane(person.id).locked_by not in (None, me))
    ]
