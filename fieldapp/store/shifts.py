"""Weeks of shifts and absences of agents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import to_builtins
from sqlalchemy import func, text
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store.database import agency_of
from fieldapp.store.shapes.shifts import AbsenceRow, PublishedThere, ShiftTemplate, WeekRow
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.field import Visit
from fieldapp.store.tables.office import Setting
from fieldapp.store.tables.planning import PublishedDay, PublishedStop
from fieldapp.store.tables.shifts import Absence, ShiftWeek

__all__ = ["Absence", "ShiftWeek"]

TEMPLATES = "shift.templates"
"""The setting that holds weeks under a name."""


async def lock(session: AsyncSession) -> None:
    """Whoever else enters a shift of this agency waits for the end of the transaction."""
    key = f"shifts:{agency_of(session)}"
    await session.execute(text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


async def absences(session: AsyncSession, *, since: datetime) -> list[AbsenceRow]:
    """What was not withdrawn and is not over at `since`, by time."""
    by = aliased(Person)
    query = (
        select(Absence, Person.name, by.name)
        .join(Person, col(Person.id) == col(Absence.agent_id))
        .join(by, col(by.id) == col(Absence.entered_by))
        .where(col(Absence.withdrawn_at).is_(None), Absence.to_at > since)
        .order_by(col(Absence.from_at), col(Absence.id))
    )
    return [
        AbsenceRow(row.id, row.agent_id, agent, row.from_at, row.to_at, row.code, entered)  # type: ignore[arg-type]
        for row, agent, entered in (await session.exec(query)).all()
    ]


async def absence(session: AsyncSession, absence_id: UUID) -> Absence | None:
    query = select(Absence).where(Absence.id == absence_id).with_for_update()
    return (await session.exec(query)).first()


async def weeks(session: AsyncSession) -> list[WeekRow]:
    """All weeks, the newest of each agent last."""
    query = select(ShiftWeek).order_by(col(ShiftWeek.agent_id), col(ShiftWeek.valid_from))
    rows = (await session.exec(query)).all()
    return [WeekRow(row.agent_id, row.valid_from, list(row.days)) for row in rows]


async def templates(session: AsyncSession) -> list[ShiftTemplate]:
    """Weeks under a name, by name."""
    row = await session.get(Setting, (agency_of(session), TEMPLATES))
    kept = [ShiftTemplate(one["name"], one["days"]) for one in row.value["templates"]] if row else []
    return sorted(kept, key=lambda one: one.name.casefold())


async def keep_templates(session: AsyncSession, kept: Sequence[ShiftTemplate]) -> None:
    """In place of all that there were; whoever calls holds `lock`."""
    value = {"templates": [to_builtins(one) for one in kept]}
    await session.merge(Setting(agency_id=agency_of(session), name=TEMPLATES, value=value))
    await session.flush()


async def week_from(session: AsyncSession, agent_id: UUID, valid_from: date) -> ShiftWeek | None:
    query = select(ShiftWeek).where(ShiftWeek.agent_id == agent_id, ShiftWeek.valid_from == valid_from)
    return (await session.exec(query)).first()


async def published_in(session: AsyncSession, away: Sequence[AbsenceRow], *, since: date) -> list[PublishedThere]:
    """Visits to come that phones hold while their agent is away, by day; one query for each absence."""
    newest = (
        select(col(PublishedDay.day), func.max(PublishedDay.version).label("version"))
        .where(PublishedDay.day >= since)
        .group_by(col(PublishedDay.day))
        .subquery()
    )
    made = select(Visit.id).where(Visit.stop_id == PublishedStop.id).exists()
    found = []
    for one in away:
        query = (
            select(col(PublishedStop.day), func.count())
            .join(PublishedDay, col(PublishedDay.id) == col(PublishedStop.published_day_id))
            .join(newest, (newest.c.day == PublishedDay.day) & (newest.c.version == PublishedDay.version))
            .where(
                PublishedStop.agent_id == one.agent_id,
                PublishedStop.leave_at > one.from_at,
                PublishedStop.arrive_at < one.to_at,
                col(PublishedStop.reserve).is_(False),
                ~made,
            )
            .group_by(col(PublishedStop.day))
            .order_by(col(PublishedStop.day))
        )
        found += [PublishedThere(day, one.agent_name, n) for day, n in (await session.exec(query)).all()]
    return found
