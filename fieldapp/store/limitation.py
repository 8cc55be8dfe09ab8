"""The limitation clock of each debt line, from what the database proves: recorded acts, payments, signed papers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy
from sqlalchemy import exists, join
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.conduct import DebtorKind, Ruleset
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ledger import CLAIMS, LineBalance
from fieldapp.domain.limitation import (
    ACKNOWLEDGING,
    DatedLine,
    InterruptingAct,
    Interruption,
    Standing,
    Term,
    standing,
    terms,
)
from fieldapp.domain.taken_money import balances_of
from fieldapp.store import ledger
from fieldapp.store.cards import by_practice, debt_line_cards
from fieldapp.store.columns import among
from fieldapp.store.database import agency_of
from fieldapp.store.gathering import gathered, listed
from fieldapp.store.shapes.field import DebtLineCard, LimitationCard
from fieldapp.store.shapes.office import InterruptionRow
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.field import Payment, SignatureGiven, Visit
from fieldapp.store.tables.ledger import Account, Entry, Posting
from fieldapp.store.tables.practice import DebtLine, Obligor, Practice
from fieldapp.store.tables.rules import InterruptingAct as ActRow

ROME = ZoneInfo("Europe/Rome")

Clocks = dict[UUID, dict[UUID, Standing]]
"""Practice -> debt line -> where its clock stands."""


_reversal = aliased(Entry)
_taken = aliased(ActRow)
_STANDS = (col(ActRow.withdraws).is_(None), ~exists().where(col(_taken.withdraws) == col(ActRow.id)))
"""The record of an act that nobody took back."""
_CLAIM = join(
    join(Posting, Account, col(Account.id) == col(Posting.account_id)), Entry, col(Entry.id) == col(Posting.entry_id)
)
_PAPER = join(SignatureGiven, Visit, col(Visit.id) == col(SignatureGiven.visit_id))

CLOCKS: tuple[Any, ...] = (
    gathered(Obligor, Obligor.kind, where=[col(Obligor.role) == "debtor"]),
    gathered(DebtLine, DebtLine.id, DebtLine.due_on, DebtLine.kind, DebtLine.title, DebtLine.position),
    gathered(ActRow, ActRow.on, ActRow.kind, ActRow.reference, ActRow.debt_line_id, where=_STANDS),
    listed(
        Posting.debt_line_id,
        Posting.amount_cents,
        Entry.kind,
        Entry.at,
        Entry.memo,
        # A payment that was reversed proves nothing.
        select(_reversal.id).where(col(_reversal.reverses) == col(Entry.id)).exists(),
        # Nor does what somebody else paid: only who owes can acknowledge (art. 2944 c.c.).
        select(Payment.id)
        .where(col(Payment.entry_id) == col(Entry.id), col(Payment.payer_capacity).is_not(None))
        .exists(),
        Account.kind,
        source=_CLAIM,
        where=(col(Account.practice_id) == col(Practice.id), col(Account.kind).in_([kind.value for kind in CLAIMS])),
        of=Practice,
    ).label("claim"),
    listed(
        Visit.left_at,
        Visit.outcome,
        source=_PAPER,
        where=(
            col(Visit.practice_id) == col(Practice.id),
            col(Visit.outcome).in_(ACKNOWLEDGING),
            col(SignatureGiven.refused).is_(False),
            col(SignatureGiven.signer) == "debtor",
        ),
        of=Practice,
    ).label("signed"),
)
"""The columns of a query over `practice` from which `clocks_of` reads, beside `id` and `creditor_id`."""


async def clocks(session: AsyncSession, practice_ids: Iterable[UUID], *, ruleset: Ruleset, today: date) -> Clocks:
    """The clocks of all lines of the practices, by the terms in force today; one query, however many."""
    rows = await _rows(session, practice_ids)
    return {row.id: clocks_of(row, ruleset=ruleset, today=today) for row in rows}


async def _rows(session: AsyncSession, practice_ids: Iterable[UUID]) -> Sequence[Any]:
    query = sqlalchemy.select(col(Practice.id), col(Practice.creditor_id), *CLOCKS)
    return (await session.execute(query.where(among(Practice.id, practice_ids)))).all()


def debtor_of(row: Any) -> DebtorKind:
    """Whether the practice's debtor is a firm, from a row of `CLOCKS`."""
    return DebtorKind.FIRM if any(kind == "firm" for (kind,) in row.obligor) else DebtorKind.CONSUMER


def owed_by_line(row: Any) -> dict[UUID, int]:
    """What is left of each line in cents (`ledger.left_cents`), from a row of `CLOCKS`."""
    owed: dict[tuple[str, str], int] = defaultdict(int)
    for line_id, cents, *_, kind in row.claim:
        if line_id is not None:
            owed[line_id, kind] += cents
    left: dict[UUID, int] = defaultdict(int)
    for (line_id, _), cents in owed.items():
        left[UUID(line_id)] += max(0, cents)
    return left


def lines_of(row: Any) -> tuple[tuple[UUID, LineBalance], ...]:
    """The debt lines in their order with what is owed on each part, from a row of `CLOCKS`."""
    claims = [(UUID(line_id), str(kind), int(cents)) for line_id, cents, *_, kind in row.claim if line_id is not None]
    return balances_of(claims, [UUID(id_) for id_, *_ in sorted(row.debt_line, key=lambda line: line[4])])


def clocks_of(row: Any, *, ruleset: Ruleset, today: date) -> dict[UUID, Standing]:
    """The clock of each line, from a row of `CLOCKS`."""
    known = _terms(ruleset, today, str(row.creditor_id), debtor_of(row))
    acts = _acts(row)
    return {
        UUID(id_): standing(DatedLine(id_, kind, title, date.fromisoformat(due_on)), acts, known)
        for id_, due_on, kind, title, _ in row.debt_line
    }


@lru_cache(maxsize=256)
def _terms(ruleset: Ruleset, today: date, creditor: str, debtor: DebtorKind) -> tuple[Term, ...]:
    return terms(ruleset, today, creditor=creditor, debtor=debtor)


def _acts(row: Any) -> list[InterruptingAct]:
    acts = [
        InterruptingAct(date.fromisoformat(on), Interruption(kind), reference, line)
        for on, kind, reference, line in row.interrupting_act
    ]
    acts += [
        InterruptingAct(_local(at), Interruption.PART_PAYMENT, memo, line)
        for line, _, kind, at, memo, reversed_, by_another, _ in row.claim
        if kind == "payment" and line is not None and not reversed_ and not by_another
    ]
    for at, outcome in row.signed:
        kind = Interruption.PLAN_SIGNED if outcome == "PLAN_SIGNED" else Interruption.ACKNOWLEDGEMENT
        acts.append(InterruptingAct(_local(at), kind))
    return acts


def _local(at: str) -> date:
    return datetime.fromisoformat(at).astimezone(ROME).date()


def limitation_card(clock: Standing, today: date) -> LimitationCard:
    return LimitationCard(
        barred_on=clock.barred_on,
        runs_from=clock.runs_from,
        because=clock.because,
        reference=clock.reference,
        years=clock.term.years,
        state=clock.state(today),
        rule=clock.term.rule,
        to_be_confirmed=clock.term.to_be_confirmed,
        if_signed_today=clock.if_interrupted(today),
    )


async def cards(
    session: AsyncSession, practice_ids: Iterable[UUID], *, ruleset: Ruleset, today: date
) -> dict[UUID, LimitationCard]:
    """The clock of every line of the practices, by line."""
    found = await clocks(session, practice_ids, ruleset=ruleset, today=today)
    return {line_id: limitation_card(clock, today) for lines in found.values() for line_id, clock in lines.items()}


def askable_cents(row: Any, *, ruleset: Ruleset, on: date) -> int:
    """What may be asked on a day, in cents: what is owed on lines that are not time-barred; from a row of `CLOCKS`."""
    standings = clocks_of(row, ruleset=ruleset, today=on)
    return sum(
        cents
        for line_id, cents in owed_by_line(row).items()
        if line_id not in standings or not standings[line_id].barred(on)
    )


async def line_ids(session: AsyncSession, practice_id: UUID) -> frozenset[UUID]:
    """The debt lines of a practice."""
    return frozenset((await session.exec(select(DebtLine.id).where(DebtLine.practice_id == practice_id))).all())


async def line_cards(session: AsyncSession, practice_id: UUID, *, ruleset: Ruleset, today: date) -> list[DebtLineCard]:
    """The lines of a practice with what is owed and where their clocks stand."""
    lines = (await by_practice(session, DebtLine, [practice_id], order=col(DebtLine.position)))[practice_id]
    owed = (await ledger.owed(session, [practice_id]))[practice_id]
    return debt_line_cards(lines, owed, await cards(session, [practice_id], ruleset=ruleset, today=today))


async def record(
    session: AsyncSession, act: InterruptingAct, practice_id: UUID, *, act_id: UUID, person_id: UUID, now: datetime
) -> None:
    """Write an act that the office proved."""
    session.add(
        ActRow(
            id=act_id,
            agency_id=agency_of(session),
            practice_id=practice_id,
            debt_line_id=None if act.line is None else UUID(act.line),
            kind=act.kind.value,
            on=act.on,
            reference=act.reference,
            at=now,
            person_id=person_id,
        )
    )
    await session.flush()


async def recorded(session: AsyncSession, practice_id: UUID, act_id: UUID) -> ActRow:
    """An act of the practice that nobody took back. Raises Refusal `limitation.act_unknown`, `.act_withdrawn`."""
    query = select(ActRow).where(
        ActRow.id == act_id, ActRow.practice_id == practice_id, col(ActRow.withdraws).is_(None)
    )
    row = (await session.exec(query)).first()
    if row is None:
        raise Refusal("limitation.act_unknown", kind=Kind.MISSING)
    if (await session.exec(select(ActRow.id).where(ActRow.withdraws == act_id))).first() is not None:
        raise Refusal("limitation.act_withdrawn", kind=Kind.CONFLICT)
    return row


async def withdraw(
    session: AsyncSession, act: ActRow, *, act_id: UUID, reason: str, person_id: UUID, now: datetime
) -> None:
    """Write that the record of an act was wrong; the record itself stays to be read."""
    said = act.model_dump(exclude={"id", "at", "person_id", "withdraws", "reason"})
    session.add(ActRow(**said, id=act_id, at=now, person_id=person_id, withdraws=act.id, reason=reason))
    await session.flush()


async def interruptions(session: AsyncSession, practice_id: UUID) -> list[InterruptionRow]:
    """The acts that the office recorded, newest first, those that it took back as well."""
    taker = aliased(Person)
    query = (
        sqlalchemy.select(ActRow, col(Person.name), col(_taken.at), col(taker.name), col(_taken.reason))
        .join(Person, col(Person.id) == col(ActRow.person_id))
        .join(_taken, col(_taken.withdraws) == col(ActRow.id), isouter=True)
        .join(taker, col(taker.id) == col(_taken.person_id), isouter=True)
        .where(col(ActRow.practice_id) == practice_id, col(ActRow.withdraws).is_(None))
        .order_by(col(ActRow.on).desc(), col(ActRow.at).desc())
    )
    return [
        InterruptionRow(
            id=row.id,
            kind=row.kind,
            on=row.on,
            reference=row.reference,
            debt_line_id=row.debt_line_id,
            recorded_at=row.at.astimezone(UTC),
            recorded_by=name,
            withdrawn_at=withdrawn_at and withdrawn_at.astimezone(UTC),
            withdrawn_by=withdrawn_by,
            withdrawn_because=because,
        )
        for row, name, withdrawn_at, withdrawn_by, because in (await session.execute(query)).all()
    ]
