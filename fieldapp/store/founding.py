"""What a new house begins with: an agency, its people and creditors, and what happened before it came here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.access import Identity, Role
from fieldapp.store.database import agency_of
from fieldapp.store.tables.access import Agency, Person
from fieldapp.store.tables.practice import ContactAttempt, Creditor, Practice, PracticeFlag

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
    ids: Mapping[str, UUID] = dict((await session.exec(select(col(Practice.practice_number), col(Practice.id)))).all())
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
    if rows:
        await session.execute(insert(ContactAttempt), rows)
    if flags:
        await session.execute(insert(PracticeFlag), flags)
    return len(rows)
