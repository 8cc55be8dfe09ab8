"""What an account to a creditor needs beside the facts: promises whose day is over, and the money that kept them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Uuid, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.creditor_account import Kept, Promised, Received, judge_promises
from fieldapp.domain.outgoing import TAKES_BACK
from fieldapp.store.columns import among
from fieldapp.store.outgoing import as_array, debtors_of
from fieldapp.store.tables.field import Promise, Visit
from fieldapp.store.tables.office import Fact
from fieldapp.store.tables.practice import Practice

SEEN = "payment.seen"
"""The fact of money that reached the creditor himself, told by his system."""


async def judged_promises(
    session: AsyncSession,
    *,
    first: date,
    after: date,
    zone: ZoneInfo,
    creditor_id: UUID | None = None,
    practice_ids: Collection[UUID] | None = None,
) -> list[tuple[Promised, Kept]]:
    """What became of the promises due on `first` or later and before `after`, of one creditor, some practices or all.

    The same practice's earlier promises are looked at too: a sum that kept one of them keeps no other.
    """
    due = select(Promise.practice_id).where(col(Promise.due_on) >= first, col(Promise.due_on) < after)
    query = (
        select(Promise, Practice.practice_number, Visit.left_at)
        .join(Practice, col(Practice.id) == col(Promise.practice_id))
        .join(Visit, col(Visit.id) == col(Promise.visit_id))
        .where(col(Promise.practice_id).in_(due), col(Promise.due_on) < after)
        .order_by(col(Promise.due_on), col(Promise.id))
    )
    if creditor_id is not None:
        query = query.where(Practice.creditor_id == creditor_id)
    if practice_ids is not None:
        query = query.where(among(Promise.practice_id, practice_ids))
    found = (await session.exec(query)).all()
    practice_ids = {row.practice_id for row, _, _ in found}
    debtors = await debtors_of(session, practice_ids)
    promised = [
        Promised(
            id=row.id,
            practice_id=row.practice_id,
            practice_number=number,
            debtor=debtors.get(row.practice_id, ""),
            made_on=left_at.astimezone(zone).date(),
            due_on=row.due_on,
            amount_cents=row.amount_cents,
            seen=row.state == "kept",
        )
        for row, number, left_at in found
    ]
    judged = judge_promises(promised, await received(session, practice_ids, zone=zone))
    return [(one, kept) for one, kept in judged if one.due_on >= first]


async def received(session: AsyncSession, practice_ids: Collection[UUID], *, zone: ZoneInfo) -> list[Received]:
    """All money of these practices, as the facts tell it."""
    query = select(Fact.practice_id, Fact.kind, Fact.at, Fact.body).where(
        col(Fact.practice_id) == func.any(as_array(practice_ids, Uuid())),
        col(Fact.kind).in_(["payment.received", SEEN, *TAKES_BACK]),
    )
    found = (await session.exec(query)).all() if practice_ids else []
    return [
        Received(
            practice_id,
            # What reached the creditor himself came on the day that he says, not on that of his telling.
            date.fromisoformat(body["paid_on"]) if kind == SEEN else at.astimezone(zone).date(),
            body["amount_cents"] * (-1 if kind in TAKES_BACK else 1),
        )
        for practice_id, kind, at, body in found
        if practice_id is not None
    ]
