"""Facts for readers outside: after a position, in commit order, each once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy
from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store.columns import among
from fieldapp.store.tables.office import Fact
from fieldapp.store.tables.practice import Practice

CREDITOR = func.coalesce(col(Fact.creditor_id), col(Practice.creditor_id))
"""Of a fact joined with its practice."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest fact of the agency; number 0 before the first."""

    number: int
    fact_id: UUID


class Told(NamedTuple):
    """A fact with the practice and the creditor that it is about: values as they are read, no tracked row."""

    number: int
    id: UUID
    kind: str
    at: datetime
    recorded_at: datetime
    day: date | None
    practice_id: UUID | None
    practice_number: str | None
    creditor_id: UUID | None
    body: dict[str, Any]


async def head(session: AsyncSession) -> Head | None:
    query = select(Fact.number, Fact.id).order_by(col(Fact.number).desc()).limit(1)
    found = (await session.exec(query)).first()
    return Head(*found) if found else None


async def holds(session: AsyncSession, number: int, fact_id: UUID) -> bool:
    """Whether the history has this fact under this number."""
    return (await session.exec(select(Fact.id).where(Fact.number == number))).first() == fact_id


async def before(session: AsyncSession, since: datetime) -> Head | None:
    """The newest fact behind which stands everything recorded at `since` or later; None: before the first."""
    # The least number, not the last instant before: two transactions may be recorded in another order than committed.
    first = (await session.exec(select(func.min(Fact.number)).where(Fact.recorded_at >= since))).one()
    query = select(Fact.number, Fact.id).order_by(col(Fact.number).desc()).limit(1)
    found = (await session.exec(query.where(Fact.number < first) if first is not None else query)).first()
    return Head(*found) if found else None


async def facts_between(
    session: AsyncSession, *, after: int, up_to: int, kinds: Sequence[str], creditor_id: UUID | None, limit: int
) -> list[Told]:
    """The facts of these kinds numbered above `after` and not above `up_to`, in order."""
    query = (
        _told()
        .where(col(Fact.number) > after, col(Fact.number) <= up_to, among(Fact.kind, kinds))
        .order_by(col(Fact.number))
        .limit(limit)
    )
    if creditor_id is not None:
        query = query.where(CREDITOR.in_([creditor_id]))
    return [Told._make(row) for row in await session.execute(query)]


async def facts_recorded(
    session: AsyncSession, *, since: datetime, until: datetime, kinds: Sequence[str], creditor_id: UUID, limit: int
) -> list[Told]:
    """The facts of these kinds about a creditor recorded at `since` or later and before `until`, in order."""
    query = (
        _told()
        .where(
            col(Fact.recorded_at) >= since,
            col(Fact.recorded_at) < until,
            among(Fact.kind, kinds),
            CREDITOR.in_([creditor_id]),
        )
        .order_by(col(Fact.number))
        .limit(limit)
    )
    return [Told._make(row) for row in await session.execute(query)]


async def facts_numbered(session: AsyncSession, numbers: Sequence[int]) -> dict[int, Told]:
    """The facts of these numbers."""
    found = await session.execute(_told().where(among(Fact.number, numbers))) if numbers else ()
    return {told.number: told for told in map(Told._make, found)}


def _told() -> Any:
    """The columns of `Told`, in its order."""
    return sqlalchemy.select(
        col(Fact.number),
        col(Fact.id),
        col(Fact.kind),
        col(Fact.at),
        col(Fact.recorded_at),
        col(Fact.day),
        col(Fact.practice_id),
        col(Practice.practice_number),
        CREDITOR,
        col(Fact.body),
    ).join(Practice, col(Practice.id) == col(Fact.practice_id), isouter=True)
