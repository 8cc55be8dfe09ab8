"""Where phones are told that something waits for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store.columns import table_of
from fieldapp.store.database import agency_of
from fieldapp.store.tables.access import Device, Person, PushSubscription


@dataclass(frozen=True, slots=True)
class Listening:
    """A phone that asked to be told, and the keys that a message to it is sealed for."""

    id: UUID
    device_id: UUID
    endpoint: str
    p256dh: bytes
    auth: str


async def keep(
    session: AsyncSession,
    *,
    subscription_id: UUID,
    device_id: UUID,
    endpoint: str,
    p256dh: bytes,
    auth: str,
    now: datetime,
) -> None:
    """The phone's only place from now on."""
    new = {"id": subscription_id, "endpoint": endpoint, "p256dh": p256dh, "auth": auth, "made_at": now}
    statement = insert(table_of(PushSubscription)).values(agency_id=agency_of(session), device_id=device_id, **new)
    await session.execute(statement.on_conflict_do_update(index_elements=["device_id"], set_=new))


async def listening(session: AsyncSession, agents: Iterable[UUID]) -> list[Listening]:
    """Phones of these agents that may know of their day: not revoked, and their person still here."""
    query = (
        select(PushSubscription)
        .join(Device, col(Device.id) == col(PushSubscription.device_id))
        .join(Person, col(Person.id) == col(Device.person_id))
        .where(col(Device.person_id).in_(list(agents)), col(Device.revoked_at).is_(None), col(Person.active))
        .order_by(col(PushSubscription.id))
    )
    rows = (await session.exec(query)).all()
    return [
        Listening(row.id, row.device_id, row.endpoint, row.p256dh, row.auth)
        for row in rows
        if row.endpoint is not None and row.auth is not None
    ]


async def forget(session: AsyncSession, subscriptions: Iterable[UUID]) -> None:
    """By their own ids: a phone that has found a new place meanwhile keeps it."""
    await session.execute(delete(PushSubscription).where(col(PushSubscription.id).in_(list(subscriptions))))


async def forget_device(session: AsyncSession, device_id: UUID) -> None:
    await session.execute(delete(PushSubscription).where(col(PushSubscription.device_id) == device_id))
