"""Layouts that an agency saved for its creditors: data, held to the same conditions as the shipped ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import msgspec
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.intake_layout import Layout
from fieldapp.store.database import agency_of
from fieldapp.store.tables.office import CreditorLayout


async def add(
    session: AsyncSession,
    layout: Layout,
    *,
    creditor_id: UUID,
    by: UUID,
    now: datetime,
    new_id: Callable[[], UUID],
) -> None:
    """Keep `layout`; its name is unique in the agency."""
    row = CreditorLayout(
        id=new_id(),
        agency_id=agency_of(session),
        creditor_id=creditor_id,
        name=layout.name,
        content=msgspec.to_builtins(layout),
        created_at=now,
        created_by=by,
    )
    session.add(row)
    await session.flush()


async def names(session: AsyncSession) -> list[str]:
    return list((await session.exec(select(CreditorLayout.name))).all())


async def all_saved(session: AsyncSession) -> dict[str, Layout]:
    """The agency's own layouts by name; each is judged anew when it is read."""
    rows = (await session.exec(select(CreditorLayout).order_by(col(CreditorLayout.name)))).all()
    return {row.name: msgspec.convert(row.content, Layout) for row in rows}
