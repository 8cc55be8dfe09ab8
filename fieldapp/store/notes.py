"""Notes for those who plan a later day: what stands, and what a phone reads at a door."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import func
from sqlalchemy.orm import aliased
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store.shapes.notes import PlanningNoteRow
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.notes import PlanningNote
from fieldapp.store.tables.planning import PublishedDay, PublishedStop
from fieldapp.store.tables.practice import Address, Practice

__all__ = ["PlanningNote"]


async def for_day(session: AsyncSession, day: date, *, done_since: datetime) -> list[PlanningNoteRow]:
    """What is open on `day`, the oldest first, and then what was done since that instant."""
    by, agent, doer = aliased(Person), aliased(Person), aliased(Person)
    query = (
        sqlalchemy.select(
            PlanningNote,
            col(by.name),
            col(agent.name),
            col(doer.name),
            col(Practice.practice_number),
            col(Address.text),
        )
        .join(by, col(by.id) == col(PlanningNote.written_by))
        .join(agent, col(agent.id) == col(PlanningNote.agent_id), isouter=True)
        .join(doer, col(doer.id) == col(PlanningNote.done_by), isouter=True)
        .join(Practice, col(Practice.id) == col(PlanningNote.practice_id), isouter=True)
        .join(Address, col(Address.id) == col(PlanningNote.address_id), isouter=True)
        .where(col(PlanningNote.from_on) <= day)
        .where(or_(col(PlanningNote.done_at).is_(None), col(PlanningNote.done_at) >= done_since))
        .order_by(col(PlanningNote.done_at).nulls_first(), col(PlanningNote.written_at), col(PlanningNote.id))
    )
    return [
        PlanningNoteRow(
            id=row.id,
            from_on=row.from_on,
            text=row.text,
            agent_id=row.agent_id,
            agent_name=agent_name,
            practice_id=row.practice_id,
            practice_number=number,
            door=door,
            by=by_name,
            at=row.written_at,
            done_by=done_by,
            done_at=row.done_at,
        )
        for row, by_name, agent_name, done_by, number, door in (await session.execute(query)).all()
    ]


def at_doors(practice_id: Any, day: date) -> Any:
    """A column: address and words of what whoever stands at a door of a practice on `day` is to know, the oldest
    first."""
    query = (
        select(func.json_build_array(col(PlanningNote.address_id), col(PlanningNote.text)))
        .where(
            col(PlanningNote.practice_id) == practice_id,
            col(PlanningNote.address_id).is_not(None),
            col(PlanningNote.done_at).is_(None),
            col(PlanningNote.from_on) <= day,
        )
        .order_by(col(PlanningNote.written_at), col(PlanningNote.id))
    )
    return func.array(query.scalar_subquery())


async def row(session: AsyncSession, note_id: UUID) -> PlanningNote | None:
    """Under its lock: two who tick it wait for each other."""
    query = select(PlanningNote).where(PlanningNote.id == note_id).with_for_update()
    return (await session.exec(query)).first()


async def published_door(session: AsyncSession, practice_id: UUID, day: date) -> UUID | None:
    """The address at which phones hold a visit of the practice on `day`."""
    query = (
        select(col(PublishedStop.address_id))
        .join(PublishedDay, col(PublishedDay.id) == col(PublishedStop.published_day_id))
        .where(PublishedStop.practice_id == practice_id, PublishedStop.day == day)
        .order_by(col(PublishedDay.version).desc())
        .limit(1)
    )
    return (await session.exec(query)).first()


async def agent_known(session: AsyncSession, agent_id: UUID) -> bool:
    """Whether the agency has this agent."""
    query = select(col(Person.id)).where(Person.id == agent_id, col(Person.agent_number).is_not(None))
    return (await session.exec(query)).first() is not None
