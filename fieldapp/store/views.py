"""Saved views: one's own, and those that colleagues share."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.views import Listing
from fieldapp.store.shapes.office import SavedViewRow
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.office import SavedView

__all__ = ["SavedView", "count", "found", "named", "rows"]


async def rows(session: AsyncSession, listing: Listing, *, person_id: UUID) -> list[SavedViewRow]:
    """What a person may choose from: their own first, each by name."""
    query = (
        select(SavedView, Person.name)
        .join(Person, col(Person.id) == col(SavedView.person_id))
        .where(SavedView.listing == listing.value, or_(col(SavedView.person_id) == person_id, col(SavedView.shared)))
        .order_by((col(SavedView.person_id) != person_id), func.lower(SavedView.name), col(SavedView.id))
    )
    return [
        SavedViewRow(row.id, row.name, row.filters, row.shared, row.person_id == person_id, name)
        for row, name in (await session.exec(query)).all()
    ]


async def named(session: AsyncSession, listing: Listing, name: str, *, person_id: UUID) -> SavedView | None:
    """A person's own view of that name."""
    query = select(SavedView).where(
        SavedView.person_id == person_id, SavedView.listing == listing.value, SavedView.name == name
    )
    return (await session.exec(query)).first()


async def count(session: AsyncSession, *, person_id: UUID) -> int:
    """How many views a person keeps."""
    query = select(func.count()).select_from(SavedView).where(SavedView.person_id == person_id)
    return (await session.exec(query)).one()


async def found(session: AsyncSession, view_id: UUID) -> SavedView:
    """Raises Refusal `view.unknown`."""
    row = await session.get(SavedView, view_id)
    if row is None:
        raise Refusal("view.unknown", kind=Kind.MISSING)
    return row
