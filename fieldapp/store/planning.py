"""Candidates, plans and published days."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, String, any_, cast, func, insert, literal, literal_column, or_, text, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import defer
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.skills import in_order
from fieldapp.store.cards import by_practice
from fieldapp.store.columns import among
from fieldapp.store.database import agency_of
from fieldapp.store.motion import arrivals
from fieldapp.store.shapes.dispatch import DayVersion, HourWay, PlanRow, PlanStop, Route, UnplannedVisit
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.field import Envelope, Promise, Visit
from fieldapp.store.tables.office import Fact
from fieldapp.store.tables.planning import Plan, PublishedDay, PublishedStop
from fieldapp.store.tables.practice import (
    Address,
    ContactAttempt,
    Creditor,
    Obligor,
    Placement,
    Practice,
)

_WRITING = literal_column("plan.xmin::text", String)
"""The transaction that wrote the row as it is: https://www.postgresql.org/docs/current/ddl-system-columns.html"""

__all__ = ["Address", "Person", "Plan", "PracticeAtDoor", "PublishedStop"]


@dataclass(frozen=True, slots=True)
class PracticeAtDoor:
    """A practice with where it would be visited and what is known of earlier tries."""

    practice: Practice
    placement: Placement
    creditor_name: str
    debtor_name: str
    address: Address | None
    contacts: list[ContactAttempt]
    person: str | None
    """What the debtor is known by for certain: the group of practices that a person joined, else the blind index of the
    tax code or the VAT number. Names are shared and tell nobody apart."""
    creditor_skills: tuple[str, ...] = ()
    """What the creditor asks of all visits."""

    @property
    def skills(self) -> list[str]:
        """What the agent who visits must have: as desk, file and creditor say."""
        return in_order([*self.practice.skills, *self.practice.skills_told, *self.creditor_skills])

    @property
    def attempts(self) -> int:
        return sum(contact.channel == "visit" for contact in self.contacts)

    @property
    def last_contact_at(self) -> datetime | None:
        return max((contact.at for contact in self.contacts), default=None)


async def open_practices(
    session: AsyncSession, *, only: Iterable[UUID] | None = None, also: Iterable[UUID] = ()
) -> list[PracticeAtDoor]:
    """Every open practice (of `only`, where given) with the debtor's current address; five queries.

    `also`: practices that are wanted whatever their state, because a visit there has begun.
    """
    query = (
        select(Practice, Placement, Creditor.name, col(Creditor.skills))
        .join(Placement, col(Placement.id) == col(Practice.placement_id))
        .join(Creditor, col(Creditor.id) == col(Practice.creditor_id))
        .where(or_(col(Practice.state) == "open", among(Practice.id, also)))
        .order_by(col(Practice.practice_number))
    )
    rows = (await session.exec(query if only is None else query.where(among(Practice.id, only)))).all()
    ids = [practice.id for practice, *_ in rows]
    debtors = await by_practice(session, Obligor, ids, where=col(Obligor.role) == "debtor")
    addresses = await by_practice(
        session, Address, ids, where=col(Address.current), order=col(Address.recorded_at).desc()
    )
    contacts = await by_practice(session, ContactAttempt, ids)
    found = []
    for practice, placement, creditor_name, creditor_skills in rows:
        debtor = debtors[practice.id][0] if debtors[practice.id] else None
        own = [row for row in addresses[practice.id] if debtor is None or row.obligor_id == debtor.id]
        found.append(
            PracticeAtDoor(
                practice,
                placement,
                creditor_name,
                debtor.name if debtor else "",
                own[0] if own else None,
                contacts[practice.id],
                _known_by(practice, debtor),
                tuple(creditor_skills),
            )
        )
    return found


def _known_by(practice: Practice, debtor: Obligor | None) -> str | None:
    if practice.debtor_group is not None:
        return str(practice.debtor_group)
    return debtor.tax_code_index or debtor.vat_number if debtor is not None else None


async def of_persons(
    session: AsyncSession, persons: Collection[str], practices: Collection[UUID]
) -> list[tuple[UUID, str, str]]:
    """Of `practices` those whose debtor is one of `persons` (`PracticeAtDoor.person`): id, number, person."""
    if not persons or not practices:
        return []
    wanted = any_(literal(list(persons), ARRAY(String)))
    query = (
        select(Practice, Obligor)
        .join(Obligor, (col(Obligor.practice_id) == col(Practice.id)) & (col(Obligor.role) == "debtor"))
        .where(
            among(Practice.id, practices),
            or_(
                cast(col(Practice.debtor_group), String) == wanted,
                col(Obligor.tax_code_index) == wanted,
                col(Obligor.vat_number) == wanted,
            ),
        )
    )
    known = ((practice, _known_by(practice, debtor)) for practice, debtor in (await session.exec(query)).all())
    return [
        (practice.id, practice.practice_number, one) for practice, one in known if one is not None and one in persons
    ]


async def agents(session: AsyncSession) -> list[Person]:
    query = select(Person).where(Person.role == "agent", col(Person.active)).order_by(col(Person.agent_number))
    return list((await session.exec(query)).all())


async def plan(session: AsyncSession, plan_id: UUID, *, lock: bool = False) -> Plan | None:
    """`lock`: held until the transaction ends, as it stands then, whatever was read of it before."""
    query = select(Plan).where(Plan.id == plan_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.exec(query)).first()


async def given_up(session: AsyncSession, *, jobs: Sequence[str]) -> list[UUID]:
    """Plans still to be computed whose job (one of these names) ended in vain, and that nobody is at any more."""
    found = await session.execute(
        text(
            "select p.id from plan p where p.state in ('queued', 'running')"
            " and exists (select 1 from procrastinate_jobs j where j.task_name = any(:jobs)"
            " and j.args ->> 'plan_id' = p.id::text and j.status in ('failed', 'aborted', 'cancelled'))"
            " and not exists (select 1 from procrastinate_jobs j where j.task_name = any(:jobs)"
            " and j.args ->> 'plan_id' = p.id::text and j.status in ('todo', 'doing', 'aborting'))"
        ),
        {"jobs": list(jobs)},
    )
    return list(found.scalars())


async def plan_in_hand(session: AsyncSession, plan_id: UUID) -> tuple[Plan, str] | None:
    """The row without its result, which takes long to read, and what is another after every writing to the row."""
    query = select(Plan, _WRITING).where(Plan.id == plan_id).options(defer(col(Plan.result), raiseload=True))  # type: ignore[arg-type]
    found = (await session.exec(query)).first()
    return None if found is None else (found[0], found[1])


async def result_of(session: AsyncSession, plan_id: UUID) -> tuple[str, str]:
    """What `plan_in_hand` tells of the writing, and the result as JSON."""
    query = select(_WRITING, cast(col(Plan.result), String)).where(Plan.id == plan_id)
    writing, text = (await session.exec(query)).one()
    return writing, text


async def plan_rows(session: AsyncSession, day: date) -> list[PlanRow]:
    """The plans of a day, newest first, with the version that published each."""
    versions = select(PublishedDay.plan_id, func.max(PublishedDay.version).label("v")).group_by(
        col(PublishedDay.plan_id)
    )
    published = versions.subquery()
    query = (
        select(Plan, Person.name, published.c.v)
        .join(Person, col(Person.id) == col(Plan.created_by))
        .join(published, published.c.plan_id == col(Plan.id), isouter=True)
        .where(Plan.day == day)
        .order_by(col(Plan.created_at).desc())
    )
    return [
        PlanRow(
            id=row.id,
            day=row.day,
            state=row.state,
            created_at=row.created_at,
            created_by=name,
            objective_cents=row.objective_cents,
            served=row.served,
            candidates=row.candidates,
            published_version=version,
            edited_from=UUID(row.request["edited_from"]) if "edited_from" in row.request else None,
        )
        for row, name, version in await session.execute(query)
    ]


async def name_of(session: AsyncSession, person_id: UUID) -> str:
    return (await session.exec(select(Person.name).where(Person.id == person_id))).one()


async def version_of(session: AsyncSession, plan_id: UUID) -> int | None:
    """The newest version that published the plan."""
    return (await session.exec(select(func.max(PublishedDay.version)).where(PublishedDay.plan_id == plan_id))).one()


async def newest_day(session: AsyncSession, day: date) -> PublishedDay | None:
    query = select(PublishedDay).where(PublishedDay.day == day).order_by(col(PublishedDay.version).desc()).limit(1)
    return (await session.exec(query)).first()


async def published_from(
    session: AsyncSession, since: date, *, but: date | None = None
) -> dict[UUID, tuple[date, str]]:
    """Practice -> the first day from `since` on, without `but`, that phones hold a visit of it, and the agent's name.
    Visits in reserve, those that were reported and those of agents who have left do not count."""
    newest = (
        select(col(PublishedDay.day), func.max(PublishedDay.version).label("version"))
        .where(PublishedDay.day >= since, PublishedDay.day != but if but is not None else true())
        .group_by(col(PublishedDay.day))
        .subquery()
    )
    made = select(Visit.id).where(Visit.stop_id == PublishedStop.id).exists()
    query = (
        select(col(PublishedStop.practice_id), col(PublishedStop.day), col(Person.name))
        .join(PublishedDay, col(PublishedDay.id) == col(PublishedStop.published_day_id))
        .join(newest, (newest.c.day == PublishedDay.day) & (newest.c.version == PublishedDay.version))
        .join(Person, col(Person.id) == col(PublishedStop.agent_id))
        .where(col(PublishedStop.reserve).is_(False), ~made, col(Person.active))
        .order_by(col(PublishedStop.day).desc())
    )
    return {practice: (on, agent) for practice, on, agent in (await session.exec(query)).all()}


async def published_after(session: AsyncSession, day: date) -> Sequence[PublishedDay]:
    """The newest versions of the days after `day`, by day."""
    query = (
        select(PublishedDay)
        .where(PublishedDay.day > day)
        .ext(distinct_on(col(PublishedDay.day)))
        .order_by(col(PublishedDay.day), col(PublishedDay.version).desc())
    )
    return (await session.exec(query)).all()


async def promised_since(
    session: AsyncSession, practice_ids: Iterable[UUID], *, since: datetime, beyond: date
) -> dict[UUID, tuple[date, datetime]]:
    """Practice -> by when its debtor promised to pay, and when that was last known: what came since `since` and is due
    on `beyond` or later."""
    query = (
        select(col(Promise.practice_id), func.max(Promise.due_on), func.max(col(Envelope.received_at)))
        .join(Visit, col(Visit.id) == col(Promise.visit_id))
        .join(Envelope, col(Envelope.id) == col(Visit.envelope_id))
        .where(
            among(Promise.practice_id, practice_ids),
            Promise.state == "open",
            Promise.due_on >= beyond,
            col(Envelope.received_at) >= since,
        )
        .group_by(col(Promise.practice_id))
    )
    return {practice_id: (due_on, known_at) for practice_id, due_on, known_at in (await session.exec(query)).all()}


async def promises_due(session: AsyncSession, practice_ids: Iterable[UUID]) -> dict[UUID, list[date]]:
    """Practice -> the days by which its debtor said to pay, where nobody paid yet: a newer word replaces the older."""
    newest = (
        select(col(Promise.practice_id), col(Promise.visit_id))
        .join(Visit, col(Visit.id) == col(Promise.visit_id))
        .where(among(Promise.practice_id, practice_ids))
        .ext(distinct_on(col(Promise.practice_id)))
        .order_by(col(Promise.practice_id), col(Visit.arrived_at).desc(), col(Visit.id).desc())
        .subquery()
    )
    query = (
        select(col(Promise.practice_id), col(Promise.due_on))
        .join(newest, (newest.c.practice_id == Promise.practice_id) & (newest.c.visit_id == Promise.visit_id))
        .where(Promise.state == "open")
    )
    found: dict[UUID, list[date]] = defaultdict(list)
    for practice_id, due_on in (await session.exec(query)).all():
        found[practice_id].append(due_on)
    return dict(found)


async def lock_day(session: AsyncSession, day: date) -> None:
    """Whoever publishes this day waits for the end of the transaction."""
    key = f"published:{agency_of(session)}:{day}"
    await session.execute(text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


async def visited_on(session: AsyncSession, day: date) -> set[UUID]:
    """The practices of which a visit of that day was reported."""
    return set((await session.exec(select(Visit.practice_id).where(Visit.day == day))).all())


async def stops_of(session: AsyncSession, published_day_id: UUID) -> list[PublishedStop]:
    query = (
        select(PublishedStop)
        .where(PublishedStop.published_day_id == published_day_id)
        .order_by(col(PublishedStop.agent_id), col(PublishedStop.position))
    )
    return list((await session.exec(query)).all())


async def begun_stops(session: AsyncSession, day: date) -> dict[UUID, str]:
    """Stops of the day on which something has happened: `arrived` or `done`."""
    states: dict[UUID, str] = dict.fromkeys(await arrivals(session, col(PublishedStop.day) == day), "arrived")
    done = await session.exec(select(Visit.stop_id).where(Visit.day == day, col(Visit.stop_id).is_not(None)))
    for stop_id in done.all():
        if stop_id is not None:
            states[stop_id] = "done"
    return states


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version about to be published, with its difference to the one before."""

    plan_id: UUID
    day: date
    person_id: UUID
    stops: list[dict[str, Any]]
    routes: dict[str, Any]


async def publish(
    session: AsyncSession, new: NewVersion, *, now: datetime, new_id: Callable[[], UUID]
) -> tuple[PublishedDay, set[UUID]]:
    """Write the next version; a stop keeps its id from version to version with practice and day.

    Also says which agents now hold another day than before.
    """
    before = await newest_day(session, new.day)
    known = {stop.practice_id: stop for stop in await stops_of(session, before.id)} if before else {}
    old = {practice: stop for practice, stop in known.items() if not stop.reserve}
    fresh = {stop["practice_id"]: stop for stop in new.stops if not stop["reserve"]}
    moved = sum(
        (old[practice].agent_id, old[practice].position) != (stop["agent_id"], stop["position"])
        for practice, stop in fresh.items()
        if practice in old
    )
    agency_id = agency_of(session)
    row = PublishedDay(
        id=new_id(),
        agency_id=agency_id,
        day=new.day,
        version=(before.version if before else 0) + 1,
        plan_id=new.plan_id,
        published_at=now,
        published_by=new.person_id,
        added=len(fresh.keys() - old.keys()),
        removed=len(old.keys() - fresh.keys()),
        moved=moved,
        routes=new.routes,
    )
    session.add(row)
    await session.flush()
    if new.stops:
        await session.execute(
            insert(PublishedStop),
            [
                {
                    **stop,
                    "id": known[stop["practice_id"]].id if stop["practice_id"] in known else new_id(),
                    "published_day_id": row.id,
                    "agency_id": agency_id,
                    "day": new.day,
                }
                for stop in new.stops
            ],
        )
    held = _as_held((stop.agent_id, stop.practice_id, stop.arrive_at, stop.reserve) for stop in known.values())
    holds = _as_held((s["agent_id"], s["practice_id"], s["arrive_at"], s["reserve"]) for s in new.stops)
    return row, {agent for agent in held.keys() | holds.keys() if held.get(agent) != holds.get(agent)}


def _as_held(stops: Iterable[tuple[UUID, UUID, datetime, bool]]) -> dict[UUID, set[tuple[UUID, datetime, bool]]]:
    """By agent, which practices when, and which in reserve: what somebody would see change."""
    days: dict[UUID, set[tuple[UUID, datetime, bool]]] = defaultdict(set)
    for agent_id, practice_id, arrive_at, reserve in stops:
        days[agent_id].add((practice_id, arrive_at, reserve))
    return dict(days)


async def versions_of(session: AsyncSession, day: date) -> list[DayVersion]:
    """All versions of a day, newest first."""
    query = (
        select(PublishedDay, Person.name)
        .join(Person, col(Person.id) == col(PublishedDay.published_by))
        .where(PublishedDay.day == day)
        .order_by(col(PublishedDay.version).desc())
    )
    rows = (await session.exec(query)).all()
    counts: Counter[UUID] = Counter(
        (
            await session.exec(
                select(PublishedStop.published_day_id).where(
                    col(PublishedStop.published_day_id).in_([row.id for row, _ in rows]),
                    col(PublishedStop.reserve).is_(False),
                )
            )
        ).all()
    )
    return [
        DayVersion(
            version=row.version,
            published_at=row.published_at,
            published_by=name,
            plan_id=row.plan_id,
            stops=counts[row.id],
            added=row.added,
            removed=row.removed,
            moved=row.moved,
        )
        for row, name in rows
    ]


async def live_routes(session: AsyncSession, published: PublishedDay) -> list[Route]:
    """The routes of a version with what has happened on each stop since; those of agents who have left, too."""
    stops = await stops_of(session, published.id)
    people = {person.id: person for person in await agents(session)}
    if gone := {stop.agent_id for stop in stops} - people.keys():
        left = await session.exec(select(Person).where(among(Person.id, gone)))
        people |= {person.id: person for person in left.all()}
    doors = await _doors(session, stops)
    begun = await begun_stops(session, published.day)
    outcomes = dict((await session.exec(select(Visit.stop_id, Visit.outcome).where(Visit.day == published.day))).all())
    told = await _told_by_agents(session, published)
    outside = await _outside_the_plan(session, published.day)
    by_agent: dict[UUID, list[PlanStop]] = defaultdict(list)
    in_reserve: dict[UUID, list[PlanStop]] = defaultdict(list)
    for stop in stops:
        practice, debtor, address = doors[stop.id]
        # Once somebody rings there it is part of the day like any other.
        untouched = stop.reserve and stop.id not in begun
        (in_reserve if untouched else by_agent)[stop.agent_id].append(
            PlanStop(
                stop_id=stop.id,
                position=stop.position,
                practice_id=stop.practice_id,
                practice_number=practice,
                debtor_name=debtor,
                address_text=address.text,
                comune=address.comune,
                lat_e6=address.lat_e6 or 0,
                lon_e6=address.lon_e6 or 0,
                arrive_at=stop.arrive_at,
                leave_at=stop.leave_at,
                window_from=stop.window_from,
                window_to=stop.window_to,
                travel_s=stop.travel_s,
                distance_m=stop.distance_m,
                service_s=stop.service_s,
                prize_cents=stop.prize_cents,
                must=stop.must,
                reserve=stop.reserve,
                reason=stop.reason,
                reason_details=stop.reason_details,
                state=begun.get(stop.id, "planned"),  # type: ignore[arg-type]
                outcome=outcomes.get(stop.id),
                way_by_hour=msgspec.convert(stop.way_by_hour, list[HourWay]),
            )
        )
    return [
        msgspec.structs.replace(
            route_of(
                people[agent_id], by_agent[agent_id], in_reserve[agent_id], published.routes.get(str(agent_id), {})
            ),
            own_order=_own_order(by_agent[agent_id], told.get(("day.reordered", agent_id))),
            closed_at=told["day.closed", agent_id].at if ("day.closed", agent_id) in told else None,
            outside=outside[agent_id],
        )
        for agent_id in sorted(people, key=lambda key: people[key].agent_number or "")
        if str(agent_id) in published.routes or agent_id in by_agent
    ]


async def _outside_the_plan(session: AsyncSession, day: date) -> dict[UUID, list[UnplannedVisit]]:
    """The visits that each agent made outside the plan."""
    query = (
        select(Visit, Practice.practice_number, Obligor.name)
        .join(Practice, col(Practice.id) == col(Visit.practice_id))
        .join(Address, col(Address.id) == col(Visit.address_id))
        .join(Obligor, col(Obligor.id) == col(Address.obligor_id))
        .where(Visit.day == day, col(Visit.unplanned).is_not(None))
        .order_by(col(Visit.arrived_at), col(Visit.id))
    )
    made: dict[UUID, list[UnplannedVisit]] = defaultdict(list)
    for visit, number, debtor in (await session.exec(query)).all():
        made[visit.agent_id].append(
            UnplannedVisit(
                visit_id=visit.id,
                practice_id=visit.practice_id,
                practice_number=number,
                debtor_name=debtor,
                arrived_at=visit.arrived_at,
                outcome=visit.outcome,
                place=visit.unplanned,  # type: ignore[arg-type]
            )
        )
    return made


async def _told_by_agents(session: AsyncSession, published: PublishedDay) -> dict[tuple[str, UUID], Fact]:
    """The last that each agent said of the order and of the end of the day."""
    query = (
        select(Fact)
        .where(Fact.day == published.day, col(Fact.kind).in_(("day.reordered", "day.closed")))
        .order_by(col(Fact.number))
    )
    facts = (await session.exec(query)).all()
    return {(fact.kind, fact.person_id): fact for fact in facts if fact.person_id is not None}


def _own_order(stops: Sequence[PlanStop], told: Fact | None) -> list[UUID]:
    """What the agent chose, as far as it is their own route and not the plan's order anyway."""
    left = [stop.stop_id for stop in stops if stop.state != "done"]
    chosen = [UUID(one) for one in told.body["stops"]] if told else []
    own = [one for one in chosen if one in left]
    return own if own != [one for one in left if one in own] else []


def route_of(agent: Person, stops: list[PlanStop], in_reserve: list[PlanStop], sums: Mapping[str, Any]) -> Route:
    """A route from its stops and what was summed when it was planned."""

    def at(name: str) -> datetime | None:
        return datetime.fromisoformat(sums[name]) if sums.get(name) else None

    return Route(
        agent_id=agent.id,
        agent_name=agent.name,
        start_lat_e6=agent.home_lat_e6 or 0,
        start_lon_e6=agent.home_lon_e6 or 0,
        leave_home_at=at("leave_home_at"),
        back_home_at=at("back_home_at"),
        lunch_from=at("lunch_from"),
        lunch_to=at("lunch_to"),
        travel_s=sums.get("travel_s", 0),
        distance_m=sums.get("distance_m", 0),
        prize_cents=sums.get("prize_cents", 0),
        travel_cost_cents=sums.get("travel_cost_cents", 0),
        stops=stops,
        in_reserve=in_reserve,
    )


async def _doors(session: AsyncSession, stops: Iterable[PublishedStop]) -> dict[UUID, tuple[str, str, Address]]:
    """Practice number, debtor's name and address of each stop."""
    stops = list(stops)
    ids = [stop.practice_id for stop in stops]
    numbers = dict(
        (
            await session.exec(select(col(Practice.id), col(Practice.practice_number)).where(among(Practice.id, ids)))
        ).all()
    )
    debtors = await by_practice(session, Obligor, ids, where=col(Obligor.role) == "debtor")
    wanted = [stop.address_id for stop in stops]
    addresses = {row.id: row for row in (await session.exec(select(Address).where(among(Address.id, wanted)))).all()}
    return {
        stop.id: (
            numbers[stop.practice_id],
            debtors[stop.practice_id][0].name if debtors[stop.practice_id] else "",
            addresses[stop.address_id],
        )
        for stop in stops
    }
