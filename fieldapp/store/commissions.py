"""Commissions: rates as they were set, movements that no standing closing holds, closings and what each took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy
from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.commissions import Movement, Rate, last_day
from fieldapp.domain.creditor_account import CommissionLine
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.outgoing import TAKES_BACK
from fieldapp.domain.receipts import receipt_name
from fieldapp.store.exchange import about_payment
from fieldapp.store.feed_pages import CREDITOR
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.commissions import CommissionClosing, CommissionMovement, CreditorCommission
from fieldapp.store.tables.field import Payment, Receipt
from fieldapp.store.tables.ledger import Entry
from fieldapp.store.tables.office import Fact
from fieldapp.store.tables.practice import Creditor, Practice


@dataclass(frozen=True, slots=True)
class Closed:
    """A closing, who made it, and the entry that undid it where one did."""

    row: CommissionClosing
    closed_by: str
    reversed_at: datetime | None
    memo: str | None

    @property
    def stands(self) -> bool:
        return self.reversed_at is None


async def hold(session: AsyncSession, creditor_id: UUID, *, closing: bool) -> None:
    """Let nobody else close this creditor until the transaction ends; `closing` False: only look at what is closed.

    Whoever looks waits for a closing under way, so that one that counts as made before is seen. Raises Refusal
    `creditor.unknown`.
    """
    query = select(Creditor.id).where(Creditor.id == creditor_id)
    # Not the whole row: entries and practices that name the creditor go on meanwhile.
    held = query.with_for_update(key_share=True) if closing else query.with_for_update(read=True)
    if (await session.exec(held)).first() is None:
        raise Refusal("creditor.unknown", kind=Kind.MISSING)


async def rates(session: AsyncSession, creditor_id: UUID) -> list[tuple[CreditorCommission, str]]:
    """All rates of a creditor in the order in which they were set, each with who set it."""
    query = (
        select(CreditorCommission, Person.name)
        .join(Person, col(Person.id) == col(CreditorCommission.set_by))
        .where(CreditorCommission.creditor_id == creditor_id)
        .order_by(col(CreditorCommission.set_at), col(CreditorCommission.id))
    )
    return list((await session.exec(query)).all())


def rate_of(row: CreditorCommission) -> Rate:
    return Rate(row.valid_from, row.rate_bp)


async def closings(session: AsyncSession, creditor_id: UUID) -> list[Closed]:
    """All closings of a creditor, the newest first."""
    undone = aliased(Entry)
    query = (
        select(CommissionClosing, Person.name, undone.recorded_at, undone.memo)
        .join(Person, col(Person.id) == col(CommissionClosing.closed_by))
        .join(undone, col(undone.reverses) == col(CommissionClosing.entry_id), isouter=True)
        .where(CommissionClosing.creditor_id == creditor_id)
        .order_by(col(CommissionClosing.number).desc())
    )
    return [Closed(*row) for row in (await session.exec(query)).all()]


async def open_movements(
    session: AsyncSession, creditor_id: UUID, *, until: datetime, zone: ZoneInfo
) -> list[Movement]:
    """Money recorded before `until` that no standing closing holds, in the order of recording."""
    undone = aliased(Entry)
    taken = (
        select(CommissionMovement.fact_number)
        .join(CommissionClosing, col(CommissionClosing.id) == col(CommissionMovement.closing_id))
        .join(undone, col(undone.reverses) == col(CommissionClosing.entry_id), isouter=True)
        .where(CommissionMovement.fact_number == Fact.number, col(undone.id).is_(None))
        .correlate(Fact)
    )
    return await _movements(
        session, CREDITOR.in_([creditor_id]), col(Fact.recorded_at) < until, ~taken.exists(), zone=zone
    )


async def movements_of(session: AsyncSession, closing_id: UUID, *, zone: ZoneInfo) -> list[Movement]:
    """What a closing took, in the order of recording."""
    taken = select(CommissionMovement.fact_number).where(CommissionMovement.closing_id == closing_id)
    return await _movements(session, col(Fact.number).in_(taken), zone=zone)


async def _movements(session: AsyncSession, *which: ColumnElement[bool], zone: ZoneInfo) -> list[Movement]:
    papers = sqlalchemy.join(Payment, Receipt, col(Payment.receipt_id) == col(Receipt.id))
    query: Any = (
        sqlalchemy.select(
            Fact,
            col(Practice.practice_number),
            col(Payment.received_at),
            col(Receipt.series),
            col(Receipt.number).label("receipt_number"),
        )
        .select_from(Fact)
        .join(Practice, col(Practice.id) == col(Fact.practice_id))
        .outerjoin(papers, (col(Payment.practice_id) == col(Fact.practice_id)) & about_payment())
        .where(col(Fact.kind).in_(["payment.received", *TAKES_BACK]), *which)
        .order_by(col(Fact.number))
    )
    return [
        Movement(
            fact_number=row.Fact.number,
            kind=row.Fact.kind,
            recorded_at=row.Fact.recorded_at,
            earned_on=(row.received_at or row.Fact.at).astimezone(zone).date(),
            practice_id=row.Fact.practice_id,
            practice_number=row.practice_number,
            receipt=receipt_name(row.series, row.receipt_number) if row.series else "",
            amount_cents=row.Fact.body["amount_cents"] * (-1 if row.Fact.kind in TAKES_BACK else 1),
        )
        for row in await session.execute(query)
    ]


async def rates_taken(session: AsyncSession, closing_id: UUID) -> dict[int, int | None]:
    """The rate at which a closing took each fact, by the fact's number."""
    query = select(CommissionMovement.fact_number, CommissionMovement.rate_bp)
    return dict((await session.exec(query.where(CommissionMovement.closing_id == closing_id))).all())


async def posted(
    session: AsyncSession, creditor_id: UUID, *, since: datetime | None, until: datetime, zone: ZoneInfo
) -> list[CommissionLine]:
    """Closings and their reversals that were recorded in a period, in that order."""
    query = (
        select(CommissionClosing, Entry.reverses)
        .join(
            Entry,
            or_(
                col(Entry.id) == col(CommissionClosing.entry_id), col(Entry.reverses) == col(CommissionClosing.entry_id)
            ),
        )
        .where(CommissionClosing.creditor_id == creditor_id, col(Entry.recorded_at) < until)
        .order_by(col(Entry.recorded_at), col(Entry.id))
    )
    if since is not None:
        query = query.where(col(Entry.recorded_at) >= since)
    return [
        CommissionLine(
            number=row.number,
            to_on=date.fromisoformat(last_day(row.until, zone)),
            bases=tuple((share["rate_bp"], share["net_cents"]) for share in row.shares if share["rate_bp"]),
            cents=-row.commission_cents if reverses else row.commission_cents,
            reversal=reverses is not None,
        )
        for row, reverses in (await session.exec(query)).all()
    ]
