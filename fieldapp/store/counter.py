"""What a counter asks of the books: whether a payment is in them."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store.tables.field import Payment, Receipt


async def taken(session: AsyncSession, payment_id: UUID) -> tuple[Payment, Receipt] | None:
    """The payment of this id with its receipt."""
    query = (
        select(Payment, Receipt)
        .join(Receipt, col(Receipt.id) == col(Payment.receipt_id))
        .where(Payment.id == payment_id)
    )
    return (await session.exec(query)).first()
