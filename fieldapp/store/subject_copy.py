"""Whose data a copy is about: one person in all practices of the agency."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.store.columns import among
from fieldapp.store.same_debtor import same_persons
from fieldapp.store.tables.notes import PlanningNote
from fieldapp.store.tables.practice import Obligor, Practice

__all__ = ["Obligor"]


async def obligor_in(session: AsyncSession, practice_id: UUID, obligor_id: UUID) -> Obligor:
    """Raises Refusal `subject.unknown`: nobody of that practice."""
    row = await session.get(Obligor, obligor_id)
    if row is None or row.practice_id != practice_id:
        raise Refusal("subject.unknown", kind=Kind.MISSING)
    return row


async def notes_of(session: AsyncSession, practice_id: UUID) -> list[dict[str, str]]:
    """What was written down about the practice or its door for a later day, done or not, the oldest first."""
    query = select(PlanningNote).where(PlanningNote.practice_id == practice_id).order_by(col(PlanningNote.written_at))
    rows = (await session.exec(query)).all()
    return [
        {"written_at": row.written_at.isoformat(), "for": row.from_on.isoformat(), "text": row.text} for row in rows
    ]


async def everywhere(session: AsyncSession, who: Obligor) -> list[Obligor]:
    """The same person in all practices: by tax code or VAT number, as debtor also in those that a person joined."""
    same = [col(Obligor.id) == who.id]
    if who.tax_code_index is not None:
        same.append(col(Obligor.tax_code_index) == who.tax_code_index)
    if who.vat_number is not None:
        same.append(col(Obligor.vat_number) == who.vat_number)
    if who.role == "debtor":
        joined = await same_persons(session, [who.practice_id])
        same.append(among(Obligor.practice_id, joined) & (col(Obligor.role) == "debtor"))
    query = (
        select(Obligor)
        .join(Practice, col(Practice.id) == col(Obligor.practice_id))
        .where(or_(*same))
        .order_by(col(Practice.practice_number), col(Obligor.position))
    )
    return list((await session.exec(query)).all())
