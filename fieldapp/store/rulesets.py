"""Versions of an agency's own rules: read newest first, added and never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store.database import agency_of
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.field import Visit
from fieldapp.store.tables.planning import PublishedDay, PublishedStop
from fieldapp.store.tables.practice import Address, Creditor, Obligor, Practice
from fieldapp.store.tables.rules import RulesetVersion

AT_MOST = 200


@dataclass(frozen=True, slots=True)
class Stored:
    """A version as it was switched on; `content` as `OwnRules.to_json` wrote it."""

    number: int
    created_at: datetime
    by: str
    reason: str
    content: Any


async def versions(session: AsyncSession, *, limit: int = AT_MOST) -> list[Stored]:
    """The newest first."""
    query = (
        select(RulesetVersion, Person.name)
        .join(Person, col(Person.id) == col(RulesetVersion.person_id))
        .order_by(col(RulesetVersion.number).desc())
        .limit(limit)
    )
    return [
        Stored(row.number, row.created_at, name, row.reason, row.content)
        for row, name in (await session.exec(query)).all()
    ]


async def newest_number(session: AsyncSession) -> int:
    """0 before the first."""
    return (await session.exec(select(func.coalesce(func.max(RulesetVersion.number), 0)))).one()


async def add(session: AsyncSession, stored: Stored, *, version_id: UUID, person_id: UUID) -> None:
    """Write a version; two at once meet at the constraint `ruleset_version_once`."""
    session.add(
        RulesetVersion(
            id=version_id,
            agency_id=agency_of(session),
            number=stored.number,
            created_at=stored.created_at,
            person_id=person_id,
            reason=stored.reason,
            content=stored.content,
        )
    )
    await session.flush()


async def creditor_names(session: AsyncSession) -> dict[UUID, str]:
    """All creditors by name."""
    return dict((await session.exec(select(Creditor.id, Creditor.name).order_by(col(Creditor.name)))).all())


@dataclass(frozen=True, slots=True)
class Place:
    """A comune with open practices at addresses in force."""

    comune: str
    practices: int


async def places(session: AsyncSession) -> list[Place]:
    """Where debtors of open practices live, most practices first."""
    count = func.count(func.distinct(col(Address.practice_id)))
    query = (
        select(Address.comune, count)
        .join(Practice, col(Practice.id) == col(Address.practice_id))
        .where(col(Address.current), col(Practice.state) == "open", col(Address.comune) != "")
        .group_by(col(Address.comune))
        .order_by(count.desc(), col(Address.comune))
    )
    return [Place(comune, number) for comune, number in (await session.exec(query)).all()]


# --- what a change would stop ---


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """A published visit that nobody has reported yet."""

    stop: PublishedStop
    practice_number: str
    debtor_name: str
    agent: Person
    address: Address


async def published_from(session: AsyncSession, day: Any, *, most: int) -> list[PublishedDay]:
    """The newest version of each published day from `day` on, at most so many days."""
    days = (
        await session.exec(
            select(col(PublishedDay.day))
            .where(PublishedDay.day >= day)
            .group_by(col(PublishedDay.day))
            .order_by(col(PublishedDay.day))
            .limit(most)
        )
    ).all()
    found = []
    for one in days:
        query = select(PublishedDay).where(PublishedDay.day == one).order_by(col(PublishedDay.version).desc()).limit(1)
        found.append((await session.exec(query)).one())
    return found


async def planned_visits(session: AsyncSession, published: PublishedDay) -> list[PlannedVisit]:
    """The visits of a published day that are still to be made, in order of time."""
    query: Any = (
        select(PublishedStop, Practice.practice_number, Obligor.name, Person, Address)  # type: ignore[call-overload]
        .join(Practice, col(Practice.id) == col(PublishedStop.practice_id))
        .join(Person, col(Person.id) == col(PublishedStop.agent_id))
        .join(Address, col(Address.id) == col(PublishedStop.address_id))
        .join(
            Obligor,
            (col(Obligor.practice_id) == col(Practice.id)) & (col(Obligor.role) == "debtor"),
            isouter=True,
        )
        .where(
            col(PublishedStop.published_day_id) == published.id,
            col(PublishedStop.reserve).is_(False),
            ~select(Visit.id).where(col(Visit.stop_id) == col(PublishedStop.id)).exists(),
        )
        .order_by(col(PublishedStop.arrive_at), col(PublishedStop.id))
    )
    seen: dict[UUID, PlannedVisit] = {}
    for stop, number, debtor, agent, address in (await session.exec(query)).all():
        seen.setdefault(stop.id, PlannedVisit(stop, number, debtor or "", agent, address))
    return list(seen.values())
