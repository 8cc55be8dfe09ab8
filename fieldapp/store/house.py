"""The agency's own row and those of its creditors: read, added, changed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store.licences import agency
from fieldapp.store.payment_orders import creditor
from fieldapp.store.tables.access import Agency
from fieldapp.store.tables.practice import Creditor

__all__ = ["Agency", "Creditor", "agency", "creditor"]


async def creditors(session: AsyncSession) -> Sequence[Creditor]:
    """By name."""
    return (await session.exec(select(Creditor).order_by(col(Creditor.name), col(Creditor.id)))).all()
