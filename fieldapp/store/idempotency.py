"""Idempotency keys in the store: held while a request runs, kept with its answer, cleared after their time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store.tables.exchange import InboundRequest

__all__ = ["InboundRequest", "clear", "find", "hold"]


async def hold(session: AsyncSession, account_id: UUID, key: str) -> bool:
    """Whether nobody else is at this key; held until the transaction ends, also where the process dies."""
    locked = await session.execute(
        text("select pg_try_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"inbound:{account_id}:{key}"}
    )
    return bool(locked.scalar_one())


async def find(session: AsyncSession, account_id: UUID, key: str, *, now: datetime) -> InboundRequest | None:
    """What was answered under the key; one whose time is over is forgotten."""
    of_key = (InboundRequest.service_account_id == account_id, InboundRequest.key == key)
    row = (await session.exec(select(InboundRequest).where(*of_key))).first()
    if row is not None and row.expires_at <= now:
        await session.delete(row)
        await session.flush()
        return None
    return row


async def clear(session: AsyncSession, *, before: datetime) -> int:
    """Forget keys whose time was over by then; how many."""
    gone = await session.execute(
        delete(InboundRequest).where(col(InboundRequest.expires_at) <= before).returning(col(InboundRequest.id))
    )
    return len(gone.all())
