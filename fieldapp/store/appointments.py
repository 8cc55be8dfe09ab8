"""Appointments: what stands, of one practice or on a day, whether the office agreed on it or somebody at the door."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy
from sqlalchemy import DateTime, cast, text
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store.database import agency_of
from fieldapp.store.shapes.appointments import AppointmentRow
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.appointments import AgreedVisit
from fieldapp.store.tables.field import Visit
from fieldapp.store.tables.planning import Plan, PublishedDay
from fieldapp.store.tables.practice import Practice

__all__ = ["AgreedVisit"]


@dataclass(frozen=True, slots=True)
class Within:
    """What a list is narrowed to: a practice or several, or those that begin in a span of time."""

    practice_id: UUID | None = None
    practice_ids: Collection[UUID] | None = None
    begins: tuple[datetime, datetime] | None = None
    ends_after: datetime | None = None


async def standing(session: AsyncSession, within: Within) -> list[AppointmentRow]:
    """Appointments that were not ended, by time; two queries."""
    return sorted(
        [*await _of_office(session, within), *await _of_door(session, within)],
        key=lambda row: (row.from_at, row.practice_number),
    )


async def _of_office(session: AsyncSession, within: Within) -> list[AppointmentRow]:
    agent = aliased(Person)
    query = (
        select(AgreedVisit, Practice.practice_number, Person.name, agent)
        .join(Practice, col(Practice.id) == col(AgreedVisit.practice_id))
        .join(Person, col(Person.id) == col(AgreedVisit.taken_by))
        .join(agent, col(agent.id) == col(AgreedVisit.agent_id), isouter=True)
        .where(col(AgreedVisit.ended_at).is_(None))
    )
    if within.practice_id is not None:
        query = query.where(AgreedVisit.practice_id == within.practice_id)
    if within.practice_ids is not None:
        query = query.where(col(AgreedVisit.practice_id).in_(within.practice_ids))
    if within.begins is not None:
        query = query.where(AgreedVisit.from_at >= within.begins[0], AgreedVisit.from_at < within.begins[1])
    if within.ends_after is not None:
        query = query.where(AgreedVisit.to_at > within.ends_after)
    return [
        AppointmentRow(
            id=row.id,
            practice_id=row.practice_id,
            practice_number=number,
            from_at=row.from_at,
            to_at=row.to_at,
            agent_id=row.agent_id,
            agent_name=named.name if named else None,
            agent_number=named.agent_number if named else None,
            taken_at=row.taken_at,
            taken_by=by,
            at_the_door=False,
        )
        for row, number, by, named in (await session.exec(query)).all()
    ]


async def _of_door(session: AsyncSession, within: Within) -> list[AppointmentRow]:
    """Set in a report and not ended by the office since."""
    window = col(Visit.captured)["window"]
    from_at, to_at = (cast(window[end].as_string(), DateTime(timezone=True)) for end in ("from", "to"))
    ended = select(AgreedVisit.id).where(AgreedVisit.visit_id == Visit.id).exists()
    query = (
        sqlalchemy.select(Visit, col(Practice.practice_number), col(Person.name), from_at, to_at)
        .join(Practice, col(Practice.id) == col(Visit.practice_id))
        .join(Person, col(Person.id) == col(Visit.agent_id))
        .where(col(Visit.outcome) == "APPOINTMENT_SET", window["from"].as_string().is_not(None), ~ended)
    )
    if within.practice_id is not None:
        query = query.where(col(Visit.practice_id) == within.practice_id)
    if within.practice_ids is not None:
        query = query.where(col(Visit.practice_id).in_(within.practice_ids))
    if within.begins is not None:
        query = query.where(from_at >= within.begins[0], from_at < within.begins[1])
    if within.ends_after is not None:
        query = query.where(to_at > within.ends_after)
    return [
        AppointmentRow(
            id=visit.id,
            practice_id=visit.practice_id,
            practice_number=number,
            from_at=first,
            to_at=last,
            agent_id=None,
            agent_name=None,
            agent_number=None,
            taken_at=visit.left_at,
            taken_by=by,
            at_the_door=True,
        )
        for visit, number, by, first, last in (await session.execute(query)).all()
    ]


def day_span(day: date, zone: ZoneInfo, *, days: int = 1) -> tuple[datetime, datetime]:
    """From the local midnight of `day` to the one `days` later."""
    return datetime.combine(day, time(0), zone), datetime.combine(day + timedelta(days=days), time(0), zone)


async def named_on(session: AsyncSession, day: date, zone: ZoneInfo) -> dict[UUID, UUID]:
    """Practice -> the agent who was named to the debtor, of the appointments that stand on `day`."""
    first, last = day_span(day, zone)
    query = select(col(AgreedVisit.practice_id), col(AgreedVisit.agent_id)).where(
        AgreedVisit.from_at >= first,
        AgreedVisit.from_at < last,
        col(AgreedVisit.ended_at).is_(None),
        col(AgreedVisit.agent_id).is_not(None),
    )
    return {practice: agent for practice, agent in (await session.exec(query)).all() if agent is not None}


async def lock(session: AsyncSession, practice_id: UUID, day: date) -> None:
    """Whoever agrees on something with this debtor, or on this day, waits for the end of the transaction."""
    await session.exec(select(Practice.id).where(Practice.id == practice_id).with_for_update())
    await lock_day(session, day)


async def lock_day(session: AsyncSession, day: date) -> None:
    """Whoever agrees on something on this day waits; after all practices that a transaction holds."""
    key = f"agreed:{agency_of(session)}:{day}"
    await session.execute(text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


async def row(session: AsyncSession, appointment_id: UUID) -> AgreedVisit | None:
    return await session.get(AgreedVisit, appointment_id)


async def at_the_door(session: AsyncSession, visit_id: UUID) -> Visit | None:
    """The report in which an appointment was set, with the address of its visit."""
    return await session.get(Visit, visit_id)


async def called_off_or_moved(session: AsyncSession, plan_id: UUID) -> list[tuple[date, UUID]]:
    """Day and practices of the visits that a draft's own changes called off or put to another hour.

    None of a plan that was published: what it told was done then.
    """
    query = text(
        "select distinct plan.day, (told.one ->> 'practice_id')::uuid from plan,"
        " jsonb_array_elements(coalesce(plan.result -> 'changes', '[]')) as change (one),"
        " jsonb_array_elements(coalesce(change.one -> 'told', '[]')) as told (one)"
        " where plan.id = :plan_id and told.one ->> 'kind' in ('cancelled', 'moved')"
        " and not exists (select from published_day where published_day.plan_id = plan.id)"
    )
    return [(day, practice_id) for day, practice_id in (await session.execute(query, {"plan_id": plan_id})).all()]


async def newest_plan(session: AsyncSession, day: date) -> Plan | None:
    """The newest finished plan of a day: what hands are at work on, or what was computed last."""
    query = (
        select(Plan).where(Plan.day == day, Plan.state == "done").order_by(col(Plan.created_at).desc(), col(Plan.id))
    )
    return (await session.exec(query.limit(1))).first()


async def planned_days(session: AsyncSession, *, since: date) -> Sequence[date]:
    """The days from `since` on that have a plan or were published."""
    plans = select(col(Plan.day)).where(Plan.day >= since, Plan.state == "done")
    published = select(col(PublishedDay.day)).where(PublishedDay.day >= since)
    return sorted({*(await session.exec(plans.distinct())).all(), *(await session.exec(published.distinct())).all()})
