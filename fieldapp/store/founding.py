"""What a new house begins with: an agency, its people and creditors, and what happened before it came here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.access import Identity, Role
from fieldapp.domain.ledger import LineBalance
from fieldapp.store import ledger
from fieldapp.store.batches import insert_rows
from fieldapp.store.cards import by_practice
from fieldapp.store.database import agency_of
from fieldapp.store.tables.access import Agency, Person
from fieldapp.store.tables.practice import Address, ContactAttempt, Creditor, DebtLine, Obligor, Practice, PracticeFlag

__all__ = ["Agency", "Creditor", "Person"]


@dataclass(frozen=True, slots=True)
class PastContact:
    """A contact made before, over any channel; `outcome` as in the catalogue, or a letter's level."""

    practice_number: str
    at: datetime
    channel: str
    outcome: str
    reached: bool
    by: str


@dataclass(frozen=True, slots=True)
class PastState:
    """A debt state that was known before."""

    practice_number: str
    state: str
    since: datetime


async def any_agency(session: AsyncSession) -> Agency | None:
    """The first agency, if the house has one; to be asked through the gate."""
    return (await session.exec(select(Agency).order_by(col(Agency.name)).limit(1))).first()


async def person_in_role(session: AsyncSession, role: Role) -> Identity | None:
    """Somebody of that role, for commands that act in the agency's name; to be asked through the gate."""
    query = select(Person).where(Person.role == role.value, col(Person.active)).order_by(col(Person.login)).limit(1)
    person = (await session.exec(query)).first()
    if person is None:
        return None
    return Identity(agency_id=person.agency_id, person_id=person.id, role=role, name=person.name)


@dataclass(frozen=True, slots=True)
class Entrusted:
    """What a paper about a practice names, and what its lines owe."""

    practice_id: UUID
    practice_number: str
    creditor_id: UUID
    creditor_name: str
    iban: str
    debtor: str
    comune: str
    address_id: UUID
    lines: Sequence[tuple[UUID, str, LineBalance]]
    """Id, title and balance."""


async def entrusted_after(session: AsyncSession, last: UUID | None, *, limit: int) -> list[Entrusted]:
    """The next practices by id that are not recalled and have somebody, somewhere, who owes something."""
    query = select(Practice, Creditor.name, Creditor.iban).join(Creditor, col(Creditor.id) == col(Practice.creditor_id))
    query = query.where(Practice.state != "recalled").order_by(col(Practice.id)).limit(limit)
    if last is not None:
        query = query.where(col(Practice.id) > last)
    found = (await session.exec(query)).all()
    ids = [practice.id for practice, _, _ in found]
    owed = await ledger.owed(session, ids)
    debtors = await by_practice(session, Obligor, ids, order=col(Obligor.position))
    addresses = await by_practice(session, Address, ids, where=col(Address.current), order=col(Address.id))
    lines = await by_practice(session, DebtLine, ids, order=col(DebtLine.position))
    return [
        Entrusted(
            practice_id=practice.id,
            practice_number=practice.practice_number,
            creditor_id=practice.creditor_id,
            creditor_name=name,
            iban=iban,
            debtor=debtors[practice.id][0].name,
            comune=addresses[practice.id][0].comune,
            address_id=addresses[practice.id][0].id,
            lines=[(line.id, line.title, owed[practice.id].get(line.id, LineBalance())) for line in lines[practice.id]],
        )
        for practice, name, iban in found
    ]


async def some_practices(session: AsyncSession, *, limit: int) -> list[UUID]:
    """Ids of the first open practices."""
    query = select(Practice.id).where(Practice.state == "open").order_by(col(Practice.id)).limit(limit)
    return list((await session.exec(query)).all())


async def add_history(
    session: AsyncSession,
    contacts: Iterable[PastContact],
    states: Iterable[PastState],
    *,
    source: str,
    new_id: Callable[[], UUID],
) -> int:
    """Write earlier contacts and states of practices that are here, the others are left out; returns how many."""
    agency_id = agency_of(session)
    contacts, states = list(contacts), list(states)
    numbers = {one.practice_number for one in contacts} | {one.practice_number for one in states}
    found = select(col(Practice.practice_number), col(Practice.id)).where(col(Practice.practice_number).in_(numbers))
    ids: Mapping[str, UUID] = dict((await session.exec(found)).all())
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "agency_id": agency_id,
            "practice_id": ids[contact.practice_number],
            "at": contact.at,
            "channel": contact.channel,
            "outcome": contact.outcome,
            "reached": contact.reached,
            "by": contact.by,
            "source": source,
        }
        for contact in contacts
        if contact.practice_number in ids
    ]
    flags: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "agency_id": agency_id,
            "practice_id": ids[state.practice_number],
            "kind": state.state,
            "since": state.since,
            "until": None,
            "reason": "",
            "source": source,
        }
        for state in states
        if state.practice_number in ids
    ]
    await insert_rows(session, ContactAttempt, rows)
    await insert_rows(session, PracticeFlag, flags)
    return len(rows)
