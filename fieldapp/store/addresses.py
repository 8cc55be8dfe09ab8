"""Addresses that wait for a person, and what people have said of addresses before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.store.tables.practice import Address, Obligor, Practice

AT_MOST = 2_000
PIN = "pin"
"""The quality of a place that a person pointed at."""
CONFIRMED = "confirmed"
_OFFICE = "office"


async def doubtful(session: AsyncSession) -> list[tuple[Address, str, str]]:
    """Addresses in force that nobody has confirmed, of practices that may be visited: with practice number and name."""
    query = (
        select(Address, Practice.practice_number, Obligor.name)
        .join(Practice, col(Practice.id) == col(Address.practice_id))
        .join(Obligor, col(Obligor.id) == col(Address.obligor_id))
        .where(Address.state == "doubtful", col(Address.current), Practice.state == "open")
        .order_by(col(Address.recorded_at), col(Address.id))
        .limit(AT_MOST)
    )
    return [(address, number, name) for address, number, name in (await session.exec(query)).all()]


async def settle(
    session: AsyncSession,
    address_id: UUID,
    *,
    lat_e6: int,
    lon_e6: int,
    confirmed: bool,
    now: datetime,
    new_id: Callable[[], UUID],
) -> list[tuple[Address, Address]]:
    """Put a person's word in the place of a doubtful address, and of every doubtful one that is spelled the same.

    Returns pairs of the row that is no longer in force, which stays, and the new one; the asked one first. Raises
    Refusal `address.unknown`, or `address.settled_meanwhile` where a newer one is in force already.
    """
    asked = (await session.exec(select(Address).where(Address.id == address_id).with_for_update())).first()
    if asked is None:
        raise Refusal("address.unknown", kind=Kind.MISSING)
    if not asked.current:
        raise Refusal("address.settled_meanwhile", kind=Kind.CONFLICT)
    alike = (
        select(Address)
        .where(
            Address.text == asked.text,
            Address.comune == asked.comune,
            Address.state == "doubtful",
            col(Address.current),
            Address.id != asked.id,
        )
        .order_by(col(Address.id))
        .with_for_update()
    )
    settled = []
    for old in (asked, *(await session.exec(alike)).all()):
        new = Address(
            **old.model_dump(exclude={"id", "alternatives", "why"})
            | {
                "id": new_id(),
                "lat_e6": lat_e6 if confirmed else old.lat_e6,
                "lon_e6": lon_e6 if confirmed else old.lon_e6,
                "quality": PIN if confirmed else old.quality,
                "confidence_pct": 100 if confirmed else old.confidence_pct,
                "state": CONFIRMED if confirmed else "rejected",
                "why": "",
                "alternatives": [],
                "source": _OFFICE,
                "recorded_at": now,
            }
        )
        old.current = False
        session.add(new)
        settled.append((old, new))
    await session.flush()
    return settled


async def pinned(session: AsyncSession, texts: Iterable[str]) -> dict[tuple[str, str], tuple[int, int]]:
    """Where people have put their pin for addresses spelled so: text and comune to latitude and longitude, in 1e-6
    degrees; the latest word counts."""
    query = (
        select(Address.text, Address.comune, Address.lat_e6, Address.lon_e6)
        .where(Address.quality == PIN, Address.state == CONFIRMED, col(Address.text).in_(set(texts)))
        .order_by(col(Address.recorded_at))
    )
    found = (await session.exec(query)).all()
    return {(text, comune): (lat, lon) for text, comune, lat, lon in found if lat is not None and lon is not None}
