"""What has begun on a published day, with its true times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, func, true
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store.tables.field import Visit
from fieldapp.store.tables.office import Fact
from fieldapp.store.tables.planning import PublishedDay, PublishedStop


@dataclass(frozen=True, slots=True)
class BegunStop:
    """A stop at which the agent has arrived; `left_at` once the report is here."""

    practice_id: UUID
    agent_id: UUID
    address_id: UUID
    arrived_at: datetime
    left_at: datetime | None


async def arrivals(session: AsyncSession, which: ColumnElement[bool]) -> dict[UUID, datetime]:
    """When an agent first arrived, by stop, of the published stops that `which` names.

    Asked stop by stop, by practice (`fact_of_arrivals`): what the database would make of a join hangs on how lately it
    counted its rows, and two thousand stops are published at once.
    """
    first = (
        select(func.min(Fact.at).label("at"))
        .where(
            Fact.practice_id == PublishedStop.practice_id,
            Fact.kind == "visit.arrived",
            Fact.body["stop_id"].as_string() == cast(col(PublishedStop.id), String),
        )
        .lateral()
    )
    query = select(PublishedStop.id, first.c.at).join(first, true()).where(which, first.c.at.is_not(None))
    return dict((await session.exec(query)).all())


async def begun_stops(session: AsyncSession, published: PublishedDay) -> list[BegunStop]:
    """The begun stops of a version in the order in which they began; three queries."""
    arrived = await arrivals(session, col(PublishedStop.published_day_id) == published.id)
    times: dict[UUID, tuple[datetime, datetime | None]] = {stop_id: (at, None) for stop_id, at in arrived.items()}
    done = await session.exec(
        select(Visit.stop_id, Visit.arrived_at, Visit.left_at)
        .where(Visit.day == published.day, col(Visit.stop_id).is_not(None))
        .order_by(col(Visit.arrived_at))
    )
    for stop_id, arrived_at, left_at in done.all():
        if stop_id is not None:
            times[stop_id] = (arrived_at, left_at)
    if not times:
        return []
    # Of two thousand stops only those, and of them only what is asked for.
    stops = await session.exec(
        select(PublishedStop.id, PublishedStop.practice_id, PublishedStop.agent_id, PublishedStop.address_id).where(
            PublishedStop.published_day_id == published.id, col(PublishedStop.id).in_(list(times))
        )
    )
    begun = [BegunStop(practice, agent, address, *times[stop]) for stop, practice, agent, address in stops.all()]
    return sorted(begun, key=lambda one: (one.arrived_at, str(one.practice_id)))
