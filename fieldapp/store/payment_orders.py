"""In which order a creditor's money settles a debt, and how that was set over time."""

from __future__ import annotations

from datetime import UTC
from uuid import UUID

import sqlalchemy
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.store.shapes.agreements import PaymentOrderRow
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.agreements import PaymentOrder
from fieldapp.store.tables.practice import Creditor

__all__ = ["Creditor", "PaymentOrder"]


async def creditor(session: AsyncSession, creditor_id: UUID, *, hold: bool = False) -> Creditor:
    """Held until the transaction ends where its order is going to be changed. Raises Refusal `creditor.unknown`."""
    query = select(Creditor).where(Creditor.id == creditor_id)
    found = (await session.exec(query.with_for_update() if hold else query)).first()
    if found is None:
        raise Refusal("creditor.unknown", kind=Kind.MISSING)
    return found


async def history(session: AsyncSession, creditor_id: UUID) -> list[PaymentOrderRow]:
    """As it was set, the newest first; nobody may have set anything."""
    query = (
        sqlalchemy.select(PaymentOrder, col(Person.name))
        .join(Person, col(Person.id) == col(PaymentOrder.set_by))
        .where(col(PaymentOrder.creditor_id) == creditor_id)
        .order_by(col(PaymentOrder.set_at).desc(), col(PaymentOrder.id).desc())
    )
    return [
        PaymentOrderRow(
            parts=row.parts,
            debtor_chooses=row.debtor_chooses,
            reference=row.reference,
            set_at=row.set_at.astimezone(UTC),
            set_by=name,
        )
        for row, name in (await session.execute(query)).all()
    ]
