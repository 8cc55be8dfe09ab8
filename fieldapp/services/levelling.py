"""Payments that a creditor's statement does not hold, laid over what he states."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.allocation import LegalRank, order_named, ranked
from fieldapp.domain.ledger import LineBalance
from fieldapp.domain.statements import levelling_entry
from fieldapp.services import rules
from fieldapp.services.work import Parts
from fieldapp.store import intake, ledger, limitation, statements
from fieldapp.store.cards import by_practice
from fieldapp.store.inbound import DebtLine


async def level(
    parts: Parts, session: AsyncSession, practice_ids: Sequence[UUID], *, creditor_id: UUID, now: datetime
) -> None:
    """Once the statements of these practices stand: no part of a claim is below zero while another is open.

    What was paid without the creditor knowing, or after the day of which he speaks, lies on the lines and parts that we
    knew; where he names others, the debtor would owe again what he paid. Time-barred lines take it last.
    """
    for portion in intake.chunks(practice_ids):
        uneven = await ledger.uneven(session, portion)
        if uneven:
            await _level(parts, session, uneven, creditor_id=creditor_id, now=now)


async def _level(
    parts: Parts, session: AsyncSession, practice_ids: Sequence[UUID], *, creditor_id: UUID, now: datetime
) -> None:
    today = now.astimezone(parts.zone).date()
    order = order_named((await intake.creditor(session, creditor_id)).allocation_order)
    owed = await ledger.owed(session, practice_ids)
    lines = await by_practice(session, DebtLine, practice_ids, order=col(DebtLine.position))
    ruleset = await rules.ruleset_of(parts, session, today)
    clocks = await limitation.clocks(session, practice_ids, ruleset=ruleset, today=today)
    last = await statements.last_statements(session, practice_ids)
    entries = []
    for practice_id in practice_ids:
        clock = clocks.get(practice_id, {})
        debts = [
            (str(row.id), LegalRank(row.due_on, barred=row.id in clock and clock[row.id].barred(today)))
            for row in lines[practice_id]
        ]
        entry = levelling_entry(
            [(row.id, owed[practice_id].get(row.id, LineBalance())) for row in lines[practice_id]],
            ranked(order, debts, today=today),
            at=now,
            idempotency_key=f"levelled:{last[practice_id].row.id}",
            practice_id=practice_id,
            memo=last[practice_id].source,
        )
        if entry is not None:
            entries.append(entry)
    await ledger.post(session, entries, now=now, new_id=parts.new_id)
