"""The limitation clock in the office: acts recorded, lines that end soon turned into tasks, barred practices marked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.conduct import Ruleset
from fieldapp.domain.limitation import InterruptingAct, Interruption, check_act, check_withdrawal
from fieldapp.services import rules
from fieldapp.services.work import Parts, Work
from fieldapp.store import access, limitation, limitation_watch, practices
from fieldapp.store.database import GATE, Scope
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.field import DebtLineCard

AT_ONCE = 2_000
"""Practices looked at in one transaction."""


async def record(
    work: Work,
    practice_id: UUID,
    *,
    kind: Interruption,
    on: date,
    reference: str,
    debt_line_id: UUID | None,
) -> list[DebtLineCard]:
    """Note an act by which the term begins again, and answer with the lines as they stand then.

    An act that came too late is noted as well: it happened, and the clock says that it revives nothing. Raises
    Refusal `practice.unknown` or one of `limitation.*`.
    """
    head = await practices.head(work.session, practice_id)
    act = InterruptingAct(on, kind, reference.strip(), None if debt_line_id is None else str(debt_line_id))
    lines = await limitation.line_ids(work.session, practice_id)
    check_act(act, today=work.today, lines=frozenset(str(line_id) for line_id in lines))
    await limitation.record(
        work.session, act, practice_id, act_id=work.new_id(), person_id=work.identity.person_id, now=work.now
    )
    return await _tell(work, "limitation.interrupted", practice_id, head.creditor.id, act, {})


async def withdraw(work: Work, practice_id: UUID, act_id: UUID, *, reason: str) -> list[DebtLineCard]:
    """Take back an act that was recorded wrongly: the clock stands again as without it, tasks and marks follow.

    The record stays to be read, with who took it back and why. Raises Refusal `practice.unknown` or one of
    `limitation.*`.
    """
    head = await practices.head(work.session, practice_id)
    row = await limitation.recorded(work.session, practice_id, act_id)
    check_withdrawal(reason)
    why = reason.strip()
    await limitation.withdraw(
        work.session, row, act_id=work.new_id(), reason=why, person_id=work.identity.person_id, now=work.now
    )
    line = None if row.debt_line_id is None else str(row.debt_line_id)
    act = InterruptingAct(row.on, Interruption(row.kind), row.reference, line)
    return await _tell(work, "limitation.interruption_withdrawn", practice_id, head.creditor.id, act, {"reason": why})


async def _tell(
    work: Work, fact: str, practice_id: UUID, creditor_id: UUID, act: InterruptingAct, more: dict[str, str]
) -> list[DebtLineCard]:
    """Tell what became of an act, let tasks and marks follow, and answer with the lines as they stand then."""
    body = {
        "kind": act.kind.value,
        "on": act.on.isoformat(),
        "reference": act.reference,
        "debt_line_id": act.line,
        **more,
    }
    tell(work.session, NewFact(fact, work.now, practice_id=practice_id, creditor_id=creditor_id, body=body))
    audit(work.session, fact, "practice", practice_id, **body)
    await watch(work, [practice_id])
    return await limitation.line_cards(work.session, practice_id, ruleset=await rules.ruleset(work), today=work.today)


async def watch(work: Work, practice_ids: Sequence[UUID]) -> None:
    """Tasks for lines that end soon, marks for practices that are barred; both go when a clock begins again."""
    await _watch(work.parts, work.session, practice_ids, await rules.ruleset(work))


async def _watch(parts: Parts, session: AsyncSession, practice_ids: Sequence[UUID], ruleset: Ruleset) -> None:
    now = parts.clock.now()
    today = now.astimezone(parts.zone).date()
    clocks = await limitation.clocks(session, practice_ids, ruleset=ruleset, today=today)
    tell(session, *await limitation_watch.reconcile(session, clocks, now=now, today=today, new_id=parts.new_id))


async def watch_all(parts: Parts) -> None:
    """Every open practice of every agency, and closed ones with a task left, some at a time."""
    async with parts.database.transaction(Scope(None, GATE)) as session:
        agencies = await access.agencies(session)
    for agency_id in agencies:
        scope = Scope(agency_id, "worker")
        async with parts.database.transaction(scope) as session:
            ids = await limitation_watch.watched_practices(session)
            ruleset = await rules.ruleset_of(parts, session, parts.clock.now().astimezone(parts.zone).date())
        for start in range(0, len(ids), AT_ONCE):
            async with parts.database.transaction(scope) as session:
                await _watch(parts, session, ids[start : start + AT_ONCE], ruleset)
