"""What the rules of conduct know of practices, addresses and agents, loaded for many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.conduct import (
    AddressFacts,
    AddressKind,
    AddressState,
    AgentFacts,
    Appointment,
    CashReceived,
    DebtorKind,
    PracticeFacts,
    SentLetter,
)
from fieldapp.domain.contacts import Channel, Contact
from fieldapp.domain.ledger import AccountKind
from fieldapp.domain.outcomes import OUTCOMES
from fieldapp.store import ledger
from fieldapp.store.cards import by_practice
from fieldapp.store.tables.access import Agency, Person
from fieldapp.store.tables.field import Payment, Visit
from fieldapp.store.tables.practice import (
    Address,
    ContactAttempt,
    Creditor,
    DebtLine,
    Obligor,
    Placement,
    Practice,
    PracticeFlag,
)

LETTER_LEVELS = {"DUNNING_LETTER_1": 1, "DUNNING_LETTER_2": 2, "FORMAL_NOTICE": 3}
"""Outcomes of contacts by letter, as levels of dunning."""
ROME = ZoneInfo("Europe/Rome")


async def creditor_rules(session: AsyncSession) -> dict[UUID, dict[str, Any]]:
    """What each creditor overrides of the rules."""
    return {row.id: row.rules for row in (await session.exec(select(Creditor))).all()}


async def practice_facts(session: AsyncSession, practice_ids: Iterable[UUID]) -> dict[UUID, PracticeFacts]:
    """The facts of each practice; eight queries, however many practices."""
    ids = list(practice_ids)
    rows = (
        await session.exec(
            select(Practice, Placement)
            .join(Placement, col(Placement.id) == col(Practice.placement_id))
            .where(col(Practice.id).in_(ids))
        )
    ).all()
    debtors = await by_practice(session, Obligor, ids, where=col(Obligor.role) == "debtor")
    flags = await by_practice(session, PracticeFlag, ids, where=col(PracticeFlag.until).is_(None))
    lines = await by_practice(session, DebtLine, ids)
    contacts = await by_practice(session, ContactAttempt, ids)
    visits = await by_practice(session, Visit, ids)
    cash = await by_practice(session, Payment, ids, where=col(Payment.method) == "cash")
    owed = await ledger.owed_cents(session, ids)
    facts = {}
    for practice, placement in rows:
        firm = any(row.kind == "firm" for row in debtors[practice.id])
        facts[practice.id] = PracticeFacts(
            creditor=str(practice.creditor_id),
            debtor_kind=DebtorKind.FIRM if firm else DebtorKind.CONSUMER,
            placement_starts_on=placement.starts_on,
            placement_ends_on=placement.ends_on,
            states=_states(practice, flags[practice.id], owed.get(practice.id, 0)),
            oldest_due_on=min((line.due_on for line in lines[practice.id]), default=None),
            letters=_letters(contacts[practice.id]),
            contacts=tuple(_contact(row) for row in contacts[practice.id]),
            happened=_happened(contacts[practice.id]),
            appointments=_appointments(visits[practice.id]),
            cash_received=tuple(
                CashReceived(row.received_at.astimezone(ROME).date(), row.amount_cents) for row in cash[practice.id]
            ),
        )
    return facts


def _states(practice: Practice, flags: list[PracticeFlag], owed_cents: int) -> frozenset[str]:
    states = {flag.kind for flag in flags}
    if practice.state == "recalled":
        states.add("recalled")
    if owed_cents <= 0 or practice.state == "closed":
        states.add("paid")
    return frozenset(states)


def _letters(rows: list[ContactAttempt]) -> tuple[SentLetter, ...]:
    return tuple(
        SentLetter(LETTER_LEVELS[row.outcome], row.at.astimezone(ROME).date())
        for row in rows
        if row.channel == "letter" and row.outcome in LETTER_LEVELS
    )


def _contact(row: ContactAttempt) -> Contact:
    entry = OUTCOMES.get(row.outcome)
    return Contact.at(row.at, channel=Channel(row.channel), reached=row.reached, counts=entry.counts if entry else True)


def _happened(rows: list[ContactAttempt]) -> tuple[tuple[str, Any], ...]:
    latest: dict[str, Any] = defaultdict(lambda: datetime.min.replace(tzinfo=UTC))
    for row in rows:
        if row.outcome in OUTCOMES:
            latest[row.outcome] = max(latest[row.outcome], row.at)
    return tuple((code, at.astimezone(ROME).date()) for code, at in sorted(latest.items()))


def _appointments(rows: list[Visit]) -> tuple[Appointment, ...]:
    found = []
    for row in rows:
        window = row.captured.get("window")
        if row.outcome == "APPOINTMENT_SET" and isinstance(window, dict):
            found.append(Appointment(datetime.fromisoformat(window["from"]), datetime.fromisoformat(window["to"])))
    return tuple(found)


def address_facts(row: Address) -> AddressFacts:
    return AddressFacts(
        kind=AddressKind(row.kind),
        state=AddressState(row.state),
        comune=row.comune,
        province=row.province,
    )


async def agent_facts(session: AsyncSession, person: Person) -> AgentFacts:
    """The agent with the agency's licence and what the agent holds."""
    agency = await session.get_one(Agency, person.agency_id)
    held = await ledger.held_by(session, person.id)
    return AgentFacts(
        notified_on=person.notified_on,
        licence_ends_on=agency.licence_valid_to,
        provinces=frozenset(person.provinces),
        badge_ends_on=person.badge_valid_to,
        qualification_ends_on=person.qualification_valid_to,
        cash_held_cents=held.get(AccountKind.AGENT_CASH, 0),
        cash_limit_cents=person.cash_limit_cents,
    )
