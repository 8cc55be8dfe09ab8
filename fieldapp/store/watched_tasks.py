"""Tasks that a watch opens and closes itself: a subject has one, which comes back when its reason does."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.tasks import CLOSED_BY_THEIR_REASON
from fieldapp.store.tables.office import Task


async def opened_again(session: AsyncSession, kind: str, subjects: Collection[str]) -> list[Row[Any]]:
    """Open those of the tasks that the watch had closed. Id and practice of each.

    What a person closed stays closed, unless nobody may close that kind (`CLOSED_BY_THEIR_REASON`).
    """
    by_the_watch = () if kind in CLOSED_BY_THEIR_REASON else (col(Task.finished_by).is_(None),)
    statement = (
        update(Task)
        .where(
            col(Task.kind) == kind,
            col(Task.state) == "done",
            *by_the_watch,
            col(Task.subject_id).in_(list(subjects)),
        )
        .values(state="open", finished_at=None, finished_by=None, asleep_until=None)
        .returning(col(Task.id), col(Task.practice_id))
        .execution_options(synchronize_session=False)
    )
    return list((await session.execute(statement)).all())
