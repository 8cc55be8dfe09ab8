"""Which visits dispatchers forbade, to whom and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy.orm import aliased
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store.columns import among
from fieldapp.store.shapes.forbids import Forbidden
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.forbids import ForbiddenVisit
from fieldapp.store.tables.practice import Practice

__all__ = ["Forbidden", "ForbiddenVisit"]


async def standing(
    session: AsyncSession, *, day: date | None = None, practices: Iterable[UUID] | None = None
) -> list[Forbidden]:
    """What is forbidden by now; on `day` and of `practices`, where given. The oldest first."""
    by, agent = aliased(Person), aliased(Person)
    query = (
        select(ForbiddenVisit, col(Practice.practice_number), by.name, agent.name)
        .join(Practice, col(Practice.id) == col(ForbiddenVisit.practice_id))
        .join(by, col(by.id) == col(ForbiddenVisit.forbidden_by))
        .join(agent, col(agent.id) == col(ForbiddenVisit.agent_id), isouter=True)
        .where(col(ForbiddenVisit.lifted_at).is_(None))
        .order_by(col(ForbiddenVisit.forbidden_at), col(ForbiddenVisit.id))
    )
    if day is not None:
        query = query.where(or_(col(ForbiddenVisit.day) == day, col(ForbiddenVisit.day).is_(None)))
    if practices is not None:
        query = query.where(among(ForbiddenVisit.practice_id, practices))
    return [
        Forbidden(
            id=row.id,
            practice_id=row.practice_id,
            practice_number=number,
            agent_id=row.agent_id,
            agent_name=agent_name,
            day=row.day,
            reason=row.reason,
            by=by_name,
            at=row.forbidden_at,
        )
        for row, number, by_name, agent_name in (await session.exec(query)).all()
    ]


async def on_day(session: AsyncSession, day: date) -> dict[UUID, list[Forbidden]]:
    """What is forbidden on a day, by practice."""
    found: dict[UUID, list[Forbidden]] = defaultdict(list)
    for one in await standing(session, day=day):
        found[one.practice_id].append(one)
    return dict(found)


async def row(session: AsyncSession, forbidden_id: UUID) -> ForbiddenVisit | None:
    """Under its lock: two who lift it wait for each other."""
    query = select(ForbiddenVisit).where(ForbiddenVisit.id == forbidden_id).with_for_update()
    return (await session.exec(query)).first()
