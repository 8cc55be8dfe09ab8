"""Pictures that come in parts, as far as they are: one row for each, which concurrent parts wait for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.uploads import Held, OpenUploads
from fieldapp.store.tables.field import AttachmentUpload

__all__ = [
    "AttachmentUpload",
    "begin",
    "clear",
    "find",
    "forget",
    "held_by",
    "move_on",
    "offsets",
    "open_of",
    "place_of",
]


async def find(
    session: AsyncSession, device_id: UUID, sha256: str, *, and_hold: bool = False
) -> AttachmentUpload | None:
    """What that phone has begun of the picture; `and_hold`: until the transaction ends nobody else adds to it."""
    query = select(AttachmentUpload).where(AttachmentUpload.device_id == device_id, AttachmentUpload.sha256 == sha256)
    if and_hold:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.exec(query)).one_or_none()


async def begin(session: AsyncSession, row: AttachmentUpload) -> AttachmentUpload | None:
    """Write `row` down unless another request was first; what stands then, held."""
    values = row.model_dump()
    await session.execute(insert(AttachmentUpload).values(values).on_conflict_do_nothing())
    return await find(session, row.device_id, row.sha256, and_hold=True)


async def open_of(session: AsyncSession, device_id: UUID) -> OpenUploads:
    """How much that phone has under way."""
    query = select(func.count(), func.coalesce(func.sum(col(AttachmentUpload.length)), 0)).where(
        AttachmentUpload.device_id == device_id
    )
    count, length = (await session.exec(query)).one()
    return OpenUploads(int(count), int(length))


async def offsets(session: AsyncSession, device_id: UUID, sha256s: Iterable[str]) -> dict[str, int]:
    """How much of these pictures that phone has brought, of those that it has begun."""
    query = select(AttachmentUpload.sha256, AttachmentUpload.held).where(
        AttachmentUpload.device_id == device_id, col(AttachmentUpload.sha256).in_(list(sha256s))
    )
    return {digest: int(held) for digest, held in (await session.exec(query)).all()}


def place_of(row: AttachmentUpload) -> str:
    """Where its parts lie in quarantine."""
    return f"{row.agency_id}/{row.device_id}/{row.sha256}"


def held_by(row: AttachmentUpload) -> Held:
    return Held(row.length, row.held, tuple(row.parts))


def move_on(row: AttachmentUpload, held: Held) -> None:
    row.held, row.parts = held.offset, list(held.parts)


async def forget(session: AsyncSession, row: AttachmentUpload) -> None:
    await session.delete(row)
    await session.flush()


async def clear(session: AsyncSession, *, before: datetime) -> list[str]:
    """Forget what was begun before then; the names of its parts."""
    gone = await session.execute(
        delete(AttachmentUpload).where(col(AttachmentUpload.begun_at) < before).returning(col(AttachmentUpload.parts))
    )
    return [name for parts in gone.scalars().all() for name in parts]
