"""Settings of an agency: one row for each that was ever set."""

from __future__ import annotations

from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store.batches import insert_rows
from fieldapp.store.database import agency_of
from fieldapp.store.tables.office import Setting


async def held(session: AsyncSession, name: str) -> Setting:
    """The setting, which nobody else changes before the transaction ends; its value is empty where it was never set."""
    agency_id = agency_of(session)
    empty = {"agency_id": agency_id, "name": name, "value": {}}
    await insert_rows(session, Setting, [empty], unless_there=True)
    return await session.get_one(Setting, (agency_id, name), populate_existing=True, with_for_update=True)
