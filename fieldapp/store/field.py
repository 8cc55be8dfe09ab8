"""What one agent's phone is given: the newest published version of a day, with the practice behind each stop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy
from sqlalchemy import and_, func
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.conduct import AgentFacts
from fieldapp.domain.ledger import left_cents
from fieldapp.store import agreement_cards, agreements, cards, ledger, notes
from fieldapp.store import practice_facts as facts_store
from fieldapp.store.shapes.dispatch import HourWay
from fieldapp.store.shapes.field import LimitationCard, PracticeCard, StopCard
from fieldapp.store.tables.access import Agency, Device, Person
from fieldapp.store.tables.field import Visit
from fieldapp.store.tables.planning import PublishedDay, PublishedStop
from fieldapp.store.tables.practice import (
    Address,
    ContactAttempt,
    CreditDocument,
    Creditor,
    DebtLine,
    Obligor,
    Phone,
    Placement,
    Practice,
)


@dataclass(frozen=True, slots=True)
class Holder:
    """A phone, its agent, their agency, and what the rules of conduct know of the agent."""

    device: Device
    person: Person
    agency: Agency
    facts: AgentFacts


async def holder(session: AsyncSession, device_id: UUID) -> Holder:
    query = (
        sqlalchemy.select(Device, Person, Agency, *facts_store.AGENT)
        .join(Person, col(Person.id) == col(Device.person_id))
        .join(Agency, col(Agency.id) == col(Device.agency_id))
        .where(col(Device.id) == device_id)
    )
    row = (await session.execute(query)).one()
    return Holder(row.Device, row.Person, row.Agency, facts_store.agent_of(row))


@dataclass(frozen=True, slots=True)
class DayOfAgent:
    """One agent's stops of the newest version; version 0 and no stops when nothing is published."""

    version: int
    published_at: datetime | None
    stops: list[PublishedStop]
    done: frozenset[UUID]
    """The stops of which a visit was reported."""
    door_notes: Mapping[UUID, list[tuple[UUID, str]]]
    """What the office wrote for who stands at a door of the practice, by stop: at which address, and the words."""

    def notes_at(self, stop: PublishedStop, stands: Mapping[UUID, Address]) -> list[str]:
        """Those of the very door of the stop; `stands`: what stands for each address by now."""
        here = stands[stop.address_id].id
        return [said for at, said in self.door_notes.get(stop.id, []) if at in stands and stands[at].id == here]


async def day_of(session: AsyncSession, agent_id: UUID, day: date) -> DayOfAgent:
    """The agent's part of the day's newest published version."""
    newest = sqlalchemy.select(func.max(col(PublishedDay.version))).where(col(PublishedDay.day) == day)
    reported = sqlalchemy.exists().where(col(Visit.stop_id) == col(PublishedStop.id)).label("reported")
    noted = notes.at_doors(col(PublishedStop.practice_id), day).label("noted")
    mine = and_(col(PublishedStop.published_day_id) == col(PublishedDay.id), col(PublishedStop.agent_id) == agent_id)
    query = (
        sqlalchemy.select(col(PublishedDay.version), col(PublishedDay.published_at), PublishedStop, reported, noted)
        .join(PublishedStop, mine, isouter=True)
        .where(col(PublishedDay.day) == day, col(PublishedDay.version) == newest.scalar_subquery())
        .order_by(col(PublishedStop.position))
    )
    rows = (await session.execute(query)).all()
    if not rows:
        return DayOfAgent(0, None, [], frozenset(), {})
    stops = [row.PublishedStop for row in rows if row.PublishedStop is not None]
    done = frozenset(row.PublishedStop.id for row in rows if row.PublishedStop is not None and row.reported)
    door_notes = {
        row.PublishedStop.id: [(UUID(at), said) for at, said in row.noted]
        for row in rows
        if row.PublishedStop is not None and row.noted
    }
    return DayOfAgent(rows[0].version, rows[0].published_at, stops, done, door_notes)


async def next_day_of(session: AsyncSession, agent_id: UUID, *, after: date, until: date) -> tuple[date | None, int]:
    """The first later day whose newest version gives the agent visits, with that version; (None, 0) without one."""
    newest = aliased(PublishedDay)
    of_day = sqlalchemy.select(func.max(newest.version)).where(col(newest.day) == col(PublishedDay.day))
    query = (
        sqlalchemy.select(col(PublishedDay.day), col(PublishedDay.version))
        .join(PublishedStop, col(PublishedStop.published_day_id) == col(PublishedDay.id))
        .where(
            col(PublishedStop.agent_id) == agent_id,
            col(PublishedStop.reserve).is_(False),
            col(PublishedDay.day) > after,
            col(PublishedDay.day) <= until,
            col(PublishedDay.version) == of_day.correlate(PublishedDay).scalar_subquery(),
        )
        .order_by(col(PublishedDay.day))
        .limit(1)
    )
    found = (await session.execute(query)).first()
    return (found.day, found.version) if found else (None, 0)


async def addresses_of(session: AsyncSession, practice_ids: Iterable[UUID]) -> dict[UUID, list[Address]]:
    """All addresses of the practices, earlier ones too: a stop keeps the one that it was planned with."""
    return await cards.by_practice(session, Address, practice_ids, order=col(Address.recorded_at))


async def stop_cards(
    session: AsyncSession,
    day: DayOfAgent,
    *,
    facts: Mapping[UUID, dict[str, Any]],
    addresses: Mapping[UUID, Address],
    clocks: Mapping[UUID, LimitationCard],
    today: date,
) -> list[StopCard]:
    """The stops with everything the door needs; `facts` is what the rules of conduct know of each practice, `addresses`
    what stands for each address by now, `clocks` the limitation of each debt line."""
    practice_ids = [stop.practice_id for stop in day.stops]
    practices = await practice_cards(session, practice_ids, facts=facts, clocks=clocks, today=today)
    return [
        StopCard(
            stop_id=stop.id,
            position=stop.position,
            arrive_at=stop.arrive_at,
            leave_at=stop.leave_at,
            window_from=stop.window_from,
            window_to=stop.window_to,
            travel_s=stop.travel_s,
            distance_m=stop.distance_m,
            service_s=stop.service_s,
            must=stop.must,
            reserve=stop.reserve,
            # It keeps the id that the day was published with, wherever the pin stands by now.
            address=msgspec.structs.replace(cards.address_card(addresses[stop.address_id]), id=stop.address_id),
            practice=practices[stop.practice_id],
            done=stop.id in day.done,
            door_notes=day.notes_at(stop, addresses),
            way_by_hour=msgspec.convert(stop.way_by_hour, list[HourWay]),
        )
        for stop in day.stops
    ]


async def practice_cards(
    session: AsyncSession,
    practice_ids: Iterable[UUID],
    *,
    facts: Mapping[UUID, dict[str, Any]],
    clocks: Mapping[UUID, LimitationCard],
    today: date,
) -> dict[UUID, PracticeCard]:
    """Practices as the agent at the door needs them; a dozen queries, however many practices."""
    ids = list(practice_ids)
    query = (
        select(Practice, Placement, Creditor)
        .join(Placement, col(Placement.id) == col(Practice.placement_id))
        .join(Creditor, col(Creditor.id) == col(Practice.creditor_id))
        .where(col(Practice.id).in_(ids))
    )
    rows = (await session.exec(query)).all()
    obligors = await cards.by_practice(session, Obligor, ids, order=col(Obligor.position))
    phones = await cards.by_practice(session, Phone, ids)
    lines = await cards.by_practice(session, DebtLine, ids, order=col(DebtLine.position))
    attempts = await cards.by_practice(session, ContactAttempt, ids, order=col(ContactAttempt.at).desc())
    documents = await cards.by_practice(
        session, CreditDocument, ids, where=col(CreditDocument.visit_id).is_(None), order=col(CreditDocument.name)
    )
    owed = await ledger.owed(session, ids)
    terms = await agreements.terms_in_force(session, [creditor.id for _, _, creditor in rows], on=today)
    plans = await agreement_cards.plan_cards(session, ids, today=today, running_only=True)
    settlements = await agreement_cards.settlement_cards(session, ids, open_only=True)
    return {
        practice.id: PracticeCard(
            id=practice.id,
            practice_number=practice.practice_number,
            creditor=cards.creditor_card(creditor),
            placement_starts_on=placement.starts_on,
            placement_ends_on=placement.ends_on,
            phase=practice.phase,
            case_owner_name=practice.case_owner_name,
            case_owner_phone=practice.case_owner_phone,
            obligors=[cards.obligor_card(row) for row in obligors[practice.id]],
            phones=[cards.phone_card(row) for row in phones[practice.id]],
            debt_lines=cards.debt_line_cards(lines[practice.id], owed[practice.id], clocks),
            owed_cents=left_cents(owed[practice.id].values()),
            attempts=[cards.attempt_card(row) for row in attempts[practice.id][:10]],
            documents=[cards.document_card(row) for row in documents[practice.id]],
            terms=agreement_cards.terms_card(terms[creditor.id]),
            plan=next(iter(plans[practice.id]), None),
            settlement=next(iter(settlements[practice.id]), None),
            debtor_group=practice.debtor_group,
            conduct_facts=facts.get(practice.id, {}),
        )
        for practice, placement, creditor in rows
    }


async def is_of_day(session: AsyncSession, practice_id: UUID, *, agent_id: UUID, day: date) -> bool:
    """Whether the practice is among the agent's published stops of `day`."""
    query = (
        select(PublishedStop.practice_id)
        .where(PublishedStop.practice_id == practice_id, PublishedStop.agent_id == agent_id, PublishedStop.day == day)
        .limit(1)
    )
    return (await session.exec(query)).first() is not None


async def document_of_agent(
    session: AsyncSession, document_id: UUID, *, agent_id: UUID, days: tuple[date, date]
) -> CreditDocument | None:
    """A document of the credit, if its practice is in the agent's published days `days[0]`..`days[1]`."""
    query = (
        select(CreditDocument)
        .join(PublishedStop, col(PublishedStop.practice_id) == col(CreditDocument.practice_id))
        .where(
            CreditDocument.id == document_id,
            col(CreditDocument.visit_id).is_(None),
            PublishedStop.agent_id == agent_id,
            col(PublishedStop.day).between(*days),
        )
        .limit(1)
    )
    return (await session.exec(query)).first()
