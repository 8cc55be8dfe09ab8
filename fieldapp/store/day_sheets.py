"""The doors of a published day as a paper sheet names them: addresses and names, no practice, no money."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store.cards import by_practice
from fieldapp.store.planning import stops_of
from fieldapp.store.tables.planning import PublishedStop
from fieldapp.store.tables.practice import Address, Obligor


@dataclass(frozen=True, slots=True)
class DoorOnPaper:
    stop: PublishedStop
    address: Address
    debtor: Obligor | None


async def doors_on_paper(session: AsyncSession, published_day_id: UUID) -> list[DoorOnPaper]:
    """The stops of a version by agent and position; three queries."""
    stops = await stops_of(session, published_day_id)
    debtors = await by_practice(
        session, Obligor, [stop.practice_id for stop in stops], where=col(Obligor.role) == "debtor"
    )
    rows = await session.exec(select(Address).where(col(Address.id).in_([stop.address_id for stop in stops])))
    addresses = {row.id: row for row in rows.all()}
    return [
        DoorOnPaper(stop, addresses[stop.address_id], next(iter(debtors[stop.practice_id]), None)) for stop in stops
    ]
