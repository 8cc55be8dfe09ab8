"""Tasks that hang on plans, instalments and settlements: opened once, opened again when it happens again, closed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import tuple_, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store.batches import insert_rows
from fieldapp.store.database import agency_of
from fieldapp.store.tables.office import Task


@dataclass(frozen=True, slots=True)
class Owed:
    """A task that somebody owes about `subject`."""

    kind: str
    subject_kind: str
    subject_id: UUID
    practice_id: UUID
    due_on: date
    details: dict[str, Any] = field(default_factory=dict)
    team: str = "back_office"


async def open_once(
    session: AsyncSession, owed: Sequence[Owed], *, now: datetime, new_id: Callable[[], UUID], again: bool = False
) -> None:
    """Open what is not open yet; with `again` a finished task about the same thing is opened anew."""
    rows = [
        {
            "id": new_id(),
            "agency_id": agency_of(session),
            "kind": task.kind,
            "team": task.team,
            "due_on": task.due_on,
            "created_at": now,
            "note": "",
            "state": "open",
            "practice_id": task.practice_id,
            "subject_kind": task.subject_kind,
            "subject_id": str(task.subject_id),
            "details": task.details,
        }
        for task in owed
    ]
    written = await insert_rows(session, Task, rows, unless_there=True)
    if again and len(written) < len(rows):
        subjects = [(task.kind, str(task.subject_id)) for task in owed]
        await session.execute(
            update(Task)
            .where(tuple_(col(Task.kind), col(Task.subject_id)).in_(subjects), col(Task.state) == "done")
            .values(state="open", finished_at=None, finished_by=None, due_on=owed[0].due_on)
            .execution_options(synchronize_session=False)
        )


async def close_of_practice(session: AsyncSession, practice_id: UUID, *, now: datetime, kinds: Sequence[str]) -> None:
    """Finish the practice's open tasks of these kinds, whatever visit they came from."""
    await session.execute(
        update(Task)
        .where(col(Task.practice_id) == practice_id, col(Task.state) == "open", col(Task.kind).in_(kinds))
        .values(state="done", finished_at=now)
        .execution_options(synchronize_session=False)
    )


async def close(session: AsyncSession, subjects: Iterable[UUID], *, now: datetime, kinds: Sequence[str] = ()) -> None:
    """Finish the open tasks about these subjects, of these kinds or of any."""
    query = update(Task).where(
        col(Task.subject_id).in_([str(subject) for subject in subjects]), col(Task.state) == "open"
    )
    if kinds:
        query = query.where(col(Task.kind).in_(kinds))
    await session.execute(query.values(state="done", finished_at=now).execution_options(synchronize_session=False))
