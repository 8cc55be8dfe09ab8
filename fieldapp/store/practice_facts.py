"""What the rules of conduct know of practices, addresses and agents, loaded for many at once by few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy
from sqlalchemy import func, join, text
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.conduct import (
    AddressFacts,
    AddressKind,
    AddressState,
    AgentFacts,
    Appointment,
    Approved,
    CashReceived,
    PracticeFacts,
    Ruleset,
    SentLetter,
)
from fieldapp.domain.contacts import OF_THE_PERSON, Channel, Contact
from fieldapp.domain.ledger import AccountKind
from fieldapp.domain.limitation import practice_barred_on
from fieldapp.domain.outcomes import OUTCOMES
from fieldapp.store import limitation
from fieldapp.store.columns import among
from fieldapp.store.gathering import gathered, listed
from fieldapp.store.shapes.field import LimitationCard
from fieldapp.store.tables.access import Agency, Person
from fieldapp.store.tables.appointments import AgreedVisit
from fieldapp.store.tables.field import Payment, Visit
from fieldapp.store.tables.ledger import Account, Posting
from fieldapp.store.tables.practice import (
    Address,
    ContactAttempt,
    Creditor,
    Placement,
    Practice,
    PracticeFlag,
)
from fieldapp.store.tables.rules import Approval

LETTER_LEVELS = {"DUNNING_LETTER_1": 1, "DUNNING_LETTER_2": 2, "FORMAL_NOTICE": 3}
"""Outcomes of contacts by letter, as levels of dunning."""
ROME = ZoneInfo("Europe/Rome")


async def creditor_rules(session: AsyncSession) -> dict[UUID, dict[str, Any]]:
    """What each creditor overrides of the rules."""
    query = select(Creditor.id, Creditor.rules).where(col(Creditor.rules) != text("'{}'::jsonb"))
    return {creditor_id: dict(changes) for creditor_id, changes in (await session.exec(query)).all()}


def _posted(*where: Any, of: Any) -> Any:
    """The sum of what was posted to the accounts that `where` finds, in cents."""
    query = (
        select(func.coalesce(func.sum(Posting.amount_cents), 0))
        .join(Account, col(Account.id) == col(Posting.account_id))
        .where(*where)
    )
    return query.correlate(of).scalar_subquery()


_TWIN = aliased(Practice, name="twin")
"""Another practice whose debtor a person said to be the same."""


def _of_twins(table: type[SQLModel], *columns: Any, where: Sequence[Any] = ()) -> Any:
    """The rows of `table` that belong to the other practices of the same debtor, as `listed`."""
    of = col(table.practice_id) == col(_TWIN.id)  # type: ignore[attr-defined]
    same = (col(_TWIN.debtor_group) == col(Practice.debtor_group), col(_TWIN.id) != col(Practice.id))
    query = listed(*columns, where=(*same, *where), source=join(table, _TWIN, of), of=Practice)
    return query.label(f"twin_{table.__tablename__}")


_CASH = (col(Payment.method) == "cash", col(Payment.standing) != "voided")
"""Cash that was taken: what a counter-receipt undid was not."""

FACTS: tuple[Any, ...] = (
    col(Practice.id),
    col(Practice.creditor_id),
    col(Practice.state),
    col(Placement.starts_on),
    col(Placement.ends_on),
    gathered(PracticeFlag, PracticeFlag.kind, where=[col(PracticeFlag.until).is_(None)]),
    gathered(ContactAttempt, ContactAttempt.at, ContactAttempt.channel, ContactAttempt.outcome, ContactAttempt.reached),
    gathered(Visit, Visit.id, Visit.outcome, col(Visit.captured)["window"]),
    gathered(
        AgreedVisit,
        AgreedVisit.from_at,
        AgreedVisit.to_at,
        AgreedVisit.visit_id,
        col(AgreedVisit.ended_at).is_not(None),
    ),
    gathered(
        Payment,
        Payment.received_at,
        Payment.amount_cents,
        Payment.instalment_number,
        Payment.duty_cents,
        where=_CASH,
    ),
    _of_twins(
        ContactAttempt, ContactAttempt.at, ContactAttempt.channel, ContactAttempt.outcome, ContactAttempt.reached
    ),
    _of_twins(
        Payment,
        Payment.received_at,
        Payment.amount_cents,
        Payment.instalment_number,
        Payment.duty_cents,
        where=[*_CASH, col(_TWIN.creditor_id) == col(Practice.creditor_id)],
    ),
    gathered(Approval, Approval.id, Approval.rule, Approval.from_on, Approval.to_on, Approval.withdraws),
    *limitation.CLOCKS,
)
"""The columns of a query over `practice` joined to `placement`, from which `facts_of` reads."""


async def practice_facts(
    session: AsyncSession, practice_ids: Iterable[UUID], *, ruleset: Ruleset, today: date
) -> dict[UUID, PracticeFacts]:
    """The facts of each practice; one query, however many practices.

    `ruleset` gives the terms of limitation in force on `today`.
    """
    rows = await _rows(session, practice_ids)
    return {row.id: facts_of(row, ruleset=ruleset, today=today) for row in rows}


async def facts_and_askable(
    session: AsyncSession, practice_ids: Iterable[UUID], *, ruleset: Ruleset, today: date
) -> dict[UUID, tuple[PracticeFacts, int]]:
    """The same with what may be asked of each practice today, in cents; still one query."""
    rows = await _rows(session, practice_ids)
    return {
        row.id: (
            facts_of(row, ruleset=ruleset, today=today),
            limitation.askable_cents(row, ruleset=ruleset, on=today),
        )
        for row in rows
    }


async def facts_and_clocks(
    session: AsyncSession, practice_id: UUID, *, ruleset: Ruleset, today: date
) -> tuple[PracticeFacts, dict[UUID, LimitationCard]]:
    """The facts of one practice with the limitation of each of its lines, by line; still one query."""
    [row] = await _rows(session, [practice_id])
    clocks = limitation.clocks_of(row, ruleset=ruleset, today=today)
    cards = {line_id: limitation.limitation_card(clock, today) for line_id, clock in clocks.items()}
    return facts_of(row, ruleset=ruleset, today=today), cards


async def _rows(session: AsyncSession, practice_ids: Iterable[UUID]) -> Sequence[Any]:
    query = (
        sqlalchemy.select(*FACTS)
        .join(Placement, col(Placement.id) == col(Practice.placement_id))
        .where(among(Practice.id, practice_ids))
    )
    return (await session.execute(query)).all()


def facts_of(row: Any, *, ruleset: Ruleset, today: date) -> PracticeFacts:
    """The facts from a row of `FACTS`."""
    owed = limitation.owed_by_line(row)
    clocks = limitation.clocks_of(row, ruleset=ruleset, today=today)
    contacts = [_Contact(datetime.fromisoformat(at), *rest) for at, *rest in row.contact_attempt]
    of_twins = [_Contact(datetime.fromisoformat(at), *rest) for at, *rest in row.twin_contact_attempt]
    everywhere = [*contacts, *_elsewhere(contacts, of_twins)]
    return PracticeFacts(
        creditor=str(row.creditor_id),
        debtor_kind=limitation.debtor_of(row),
        placement_starts_on=row.starts_on,
        placement_ends_on=row.ends_on,
        states=_states(row.state, {kind for (kind,) in row.practice_flag}, sum(owed.values())),
        oldest_due_on=min((date.fromisoformat(due_on) for _, due_on, *_ in row.debt_line), default=None),
        letters=_letters(contacts),
        contacts=tuple(_contact(one) for one in everywhere),
        happened=_happened([*contacts, *(one for one in of_twins if one.outcome in OF_THE_PERSON)]),
        appointments=_appointments(row.visit, row.agreed_visit),
        cash_received=tuple(
            CashReceived(
                datetime.fromisoformat(at).astimezone(ROME).date(), cents + duty, instalment=number is not None
            )
            for at, cents, number, duty in (*row.payment, *row.twin_payment)
        ),
        time_barred_on=practice_barred_on((clock, owed.get(line_id, 0)) for line_id, clock in clocks.items()),
        approvals=_approvals(row.approval),
    )


def _appointments(visits: list[Any], agreed: list[Any]) -> tuple[Appointment, ...]:
    """What stands: set at the door and not ended since, or agreed on by the office."""
    ended = {visit_id for *_, visit_id, _ in agreed if visit_id is not None}
    spans = [
        (window["from"], window["to"])
        for visit_id, outcome, window in visits
        if outcome == "APPOINTMENT_SET" and isinstance(window, dict) and visit_id not in ended
    ]
    spans += [(from_at, to_at) for from_at, to_at, _, over in agreed if not over]
    return tuple(Appointment(datetime.fromisoformat(first), datetime.fromisoformat(last)) for first, last in spans)


def _approvals(rows: list[Any]) -> tuple[Approved, ...]:
    """Those that nobody took back."""
    withdrawn = {withdraws for *_, withdraws in rows}
    return tuple(
        Approved(rule, date.fromisoformat(from_on), date.fromisoformat(to_on))
        for id_, rule, from_on, to_on, withdraws in rows
        if withdraws is None and id_ not in withdrawn
    )


class _Contact(NamedTuple):
    at: datetime
    channel: str
    outcome: str
    reached: bool


def _elsewhere(own: list[_Contact], of_twins: list[_Contact]) -> list[_Contact]:
    """The contacts of the debtor's other practices; one visit that was reported for several of them is one contact."""
    known = {(one.at, one.channel) for one in own}
    found: dict[tuple[datetime, str], _Contact] = {}
    for one in of_twins:
        if (one.at, one.channel) not in known:
            before = found.get((one.at, one.channel))
            found[one.at, one.channel] = one if before is None or one.reached else before
    return list(found.values())


def _states(state: str, flags: set[str], owed_cents: int) -> frozenset[str]:
    states = set(flags)
    if state == "recalled":
        states.add("recalled")
    if owed_cents <= 0 or state == "closed":
        states.add("paid")
    return frozenset(states)


def _letters(contacts: list[_Contact]) -> tuple[SentLetter, ...]:
    return tuple(
        SentLetter(LETTER_LEVELS[one.outcome], one.at.astimezone(ROME).date())
        for one in contacts
        if one.channel == "letter" and one.outcome in LETTER_LEVELS
    )


def _contact(one: _Contact) -> Contact:
    entry, channel = OUTCOMES.get(one.outcome), Channel(one.channel)
    weighs = entry.counts if entry else channel is not Channel.OFFICE
    return Contact.at(one.at, channel=channel, reached=one.reached, counts=weighs)


def _happened(contacts: list[_Contact]) -> tuple[tuple[str, Any], ...]:
    latest: dict[str, Any] = defaultdict(lambda: datetime.min.replace(tzinfo=UTC))
    for one in contacts:
        if one.outcome in OUTCOMES:
            latest[one.outcome] = max(latest[one.outcome], one.at)
    return tuple((code, at.astimezone(ROME).date()) for code, at in sorted(latest.items()))


def address_facts(row: Address) -> AddressFacts:
    return address_of(row.kind, row.state, row.comune, row.province)


def address_of(kind: str, state: str, comune: str, province: str) -> AddressFacts:
    return AddressFacts(kind=AddressKind(kind), state=AddressState(state), comune=comune, province=province)


async def agent_facts(session: AsyncSession, person: Person) -> AgentFacts:
    """The agent with the agency's licence and what the agent holds."""
    query = (
        sqlalchemy.select(*AGENT)
        .join(Agency, col(Agency.id) == col(Person.agency_id))
        .where(col(Person.id) == person.id)
    )
    return agent_of((await session.execute(query)).one())


async def agents_facts(session: AsyncSession, people: Iterable[Person]) -> dict[UUID, AgentFacts]:
    """The same for many at once; one query, however many agents."""
    query = (
        sqlalchemy.select(col(Person.id), *AGENT)
        .join(Agency, col(Agency.id) == col(Person.agency_id))
        .where(col(Person.id).in_([person.id for person in people]))
    )
    return {row.id: agent_of(row) for row in await session.execute(query)}


AGENT: tuple[Any, ...] = (
    col(Person.notified_on),
    col(Agency.licence_valid_to),
    col(Person.provinces),
    col(Person.badge_valid_to),
    col(Person.qualification_valid_to),
    col(Person.cash_limit_cents),
    # Every owner is named, so that the index `account_once` answers.
    _posted(
        col(Account.agency_id) == col(Person.agency_id),
        col(Account.kind) == AccountKind.AGENT_CASH.value,
        col(Account.creditor_id).is_(None),
        col(Account.practice_id).is_(None),
        col(Account.person_id) == col(Person.id),
        of=Person,
    ).label("cash_held_cents"),
)
"""The columns of a query over `person` joined to `agency`, from which `agent_of` reads."""


def agent_of(row: Any) -> AgentFacts:
    """The facts from a row of `AGENT`."""
    return AgentFacts(
        notified_on=row.notified_on,
        # A house that has just been founded has none yet.
        licence_ends_on=None if row.licence_valid_to == date.min else row.licence_valid_to,
        provinces=frozenset(row.provinces),
        badge_ends_on=row.badge_valid_to,
        qualification_ends_on=row.qualification_valid_to,
        cash_held_cents=int(row.cash_held_cents),
        cash_limit_cents=row.cash_limit_cents,
    )
