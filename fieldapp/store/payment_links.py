"""Payment links: kept before the provider is asked, found again by its news."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.payment_links import LinkEvent
from fieldapp.store.columns import table_of
from fieldapp.store.tables.field import Payment, PaymentLink, Promise, Receipt, Visit
from fieldapp.store.tables.ledger import Entry
from fieldapp.store.tables.practice import Practice

_LIVE = ("asked", "open")


async def live(session: AsyncSession, *, visit_id: UUID, amount_cents: int, now: datetime) -> PaymentLink | None:
    """The link of this visit over this amount that still holds, held until the transaction ends."""
    query = (
        select(PaymentLink)
        .where(
            PaymentLink.visit_id == visit_id,
            PaymentLink.amount_cents == amount_cents,
            col(PaymentLink.state).in_(_LIVE),
        )
        .with_for_update()
    )
    found = (await session.exec(query)).first()
    if found is not None and found.expires_at <= now:
        found.state = "expired"
        await session.flush()
        return None
    return found


async def keep(session: AsyncSession, row: PaymentLink) -> PaymentLink:
    """Keep the new link, held until the transaction ends; where somebody kept one of this visit over this amount in the
    same moment, theirs."""
    await session.execute(insert(table_of(PaymentLink)).values(row.model_dump()).on_conflict_do_nothing())
    kept = await live(session, visit_id=row.visit_id, amount_cents=row.amount_cents, now=row.asked_at)
    assert kept is not None
    return kept


async def link(session: AsyncSession, link_id: UUID) -> PaymentLink:
    """The link, held until the transaction ends."""
    query = select(PaymentLink).where(PaymentLink.id == link_id).with_for_update()
    return (await session.exec(query)).one()


async def agency_of_event(session: AsyncSession, event: LinkEvent) -> tuple[UUID, UUID] | None:
    """Whose link the news are of, and which; asked at the gate. None where it is not ours."""
    query = select(PaymentLink.agency_id, PaymentLink.id)
    if event.link_id is not None:
        query = query.where(PaymentLink.id == event.link_id)
    elif event.payment_ref:
        query = query.where(PaymentLink.payment_ref == event.payment_ref)
    else:
        return None
    return (await session.exec(query)).first()


async def links_of(session: AsyncSession, visits: Sequence[UUID]) -> dict[tuple[UUID, int], PaymentLink]:
    """The newest link of each visit and amount."""
    query = select(PaymentLink).where(col(PaymentLink.visit_id).in_(visits)).order_by(col(PaymentLink.asked_at))
    return {(row.visit_id, row.amount_cents): row for row in (await session.exec(query)).all()}


async def visit_arrived(session: AsyncSession, visit_id: UUID) -> bool:
    return (await session.exec(select(Visit.id).where(Visit.id == visit_id))).first() is not None


async def promise_of(session: AsyncSession, of: PaymentLink) -> Promise | None:
    """The announcement that the link is for, held until the transaction ends; open ones first."""
    query = (
        select(Promise)
        .where(
            Promise.visit_id == of.visit_id,
            Promise.practice_id == of.practice_id,
            Promise.kind == "payment_link",
            Promise.amount_cents == of.amount_cents,
        )
        .order_by(col(Promise.state) != "open", col(Promise.id))
        .with_for_update()
    )
    return (await session.exec(query)).first()


async def receipt_posted(session: AsyncSession, keys: Sequence[str]) -> Receipt | None:
    """The receipt of the payment whose entry has one of these causes."""
    query = (
        select(Receipt)
        .join(Payment, col(Payment.receipt_id) == col(Receipt.id))
        .join(Entry, col(Entry.id) == col(Payment.entry_id))
        .where(col(Entry.idempotency_key).in_(keys))
    )
    return (await session.exec(query)).first()


async def practice_number(session: AsyncSession, practice_id: UUID) -> str:
    """Raises Refusal `practice.unknown`."""
    found = (await session.exec(select(Practice.practice_number).where(Practice.id == practice_id))).first()
    if found is None:
        raise Refusal("practice.unknown", kind=Kind.MISSING)
    return found
