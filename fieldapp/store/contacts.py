"""The contact ledger in the store: contacts made, contacts planned (tasks with a date)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.contacts import Channel, Contact
from fieldapp.store.cards import by_practice
from fieldapp.store.database import agency_of
from fieldapp.store.tables.office import Task
from fieldapp.store.tables.practice import ContactAttempt, Practice

PLANNED = "contact.planned"


async def practices_numbered(session: AsyncSession, numbers: Iterable[str]) -> dict[str, list[Practice]]:
    """Practices by their number; two creditors may use the same one."""
    found: dict[str, list[Practice]] = {}
    query = select(Practice).where(col(Practice.practice_number).in_(list(set(numbers))))
    for row in (await session.exec(query)).all():
        found.setdefault(row.practice_number, []).append(row)
    return found


async def add(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    """Write contacts; those with a known id are left as they are. Returns the ids of the new ones."""
    if not rows:
        return set()
    agency_id = agency_of(session)
    statement = insert(ContactAttempt).values([{"agency_id": agency_id, **row} for row in rows])
    new = await session.execute(statement.on_conflict_do_nothing().returning(col(ContactAttempt.id)))
    return {contact_id for (contact_id,) in new.all()}


async def planned(session: AsyncSession, practice_id: UUID) -> list[Task]:
    """The open planned contacts of a practice, by date."""
    return (await planned_of(session, [practice_id]))[practice_id]


async def planned_of(session: AsyncSession, practice_ids: Iterable[UUID]) -> dict[UUID, list[Task]]:
    """The same of many practices."""
    where = and_(col(Task.kind) == PLANNED, col(Task.state) == "open")
    return await by_practice(session, Task, practice_ids, where=where, order=col(Task.due_on))


def as_contact(on: date, details: Mapping[str, Any]) -> Contact:
    """A planned contact as the limits count it: whoever is called is disturbed."""
    channel = Channel(details["channel"])
    return Contact(on, channel, reached=channel is not Channel.LETTER)


def planned_task(
    task_id: UUID, practice_id: UUID, *, agency_id: UUID, channel: Channel, at: datetime, on: date, now: datetime
) -> Task:
    return Task(
        id=task_id,
        agency_id=agency_id,
        kind=PLANNED,
        team="back_office",
        due_on=on,
        created_at=now,
        practice_id=practice_id,
        subject_kind="contact",
        subject_id=str(task_id),
        details={"channel": channel.value, "at": at.isoformat()},
    )
