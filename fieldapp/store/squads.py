"""Squads and their members as they stand, and in SQL: the squad that an agent was in on a day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import ColumnElement, String, cast, func, literal
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.squads import NOBODYS, Membership
from fieldapp.store.columns import among
from fieldapp.store.database import agency_of
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.squads import Squad, SquadMember

__all__ = ["Person", "Squad"]


def squad_of(agent_id: Any, day: Any) -> ColumnElement[str]:
    """The group of what an agent did on a day: the squad's id, or `none`."""
    found = (
        sqlalchemy.select(cast(col(SquadMember.squad_id), String))
        .where(col(SquadMember.person_id) == agent_id, col(SquadMember.from_on) <= day)
        .order_by(col(SquadMember.from_on).desc())
        .limit(1)
        .correlate_except(SquadMember)
    )
    return func.coalesce(found.scalar_subquery(), literal(NOBODYS))


async def squads(session: AsyncSession) -> Sequence[Squad]:
    """Open ones first, by name."""
    query = select(Squad).order_by(col(Squad.closed_on).is_not(None), func.lower(Squad.name), col(Squad.id))
    return (await session.exec(query)).all()


async def names(session: AsyncSession) -> dict[str, str]:
    """The name of each squad by the group that stands for it."""
    return {str(id_): name for id_, name in (await session.exec(select(Squad.id, Squad.name))).all()}


async def agents(session: AsyncSession) -> Sequence[Person]:
    """Everybody who is or was an agent, by name."""
    query = select(Person).where(Person.role == "agent").order_by(func.lower(Person.name), col(Person.id))
    return (await session.exec(query)).all()


async def people(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Person]:
    rows = (await session.exec(select(Person).where(among(Person.id, ids)))).all()
    return {row.id: row for row in rows}


async def memberships(session: AsyncSession, ids: Collection[UUID] | None = None) -> dict[UUID, Membership]:
    """Of these people, or of everybody who has ever been in a squad."""
    query = select(SquadMember)
    if ids is not None:
        query = query.where(among(SquadMember.person_id, ids))
    found: dict[UUID, list[tuple[date, UUID | None]]] = {}
    for row in (await session.exec(query)).all():
        found.setdefault(row.person_id, []).append((row.from_on, row.squad_id))
    return {person_id: Membership.of(changes) for person_id, changes in found.items()}


async def put(session: AsyncSession, changed: Iterable[tuple[UUID, Membership, Membership]]) -> None:
    """Write each person's membership in the place of the one before."""
    agency_id = agency_of(session)
    for person_id, before, after in changed:
        for from_on, _ in set(before.changes) - set(after.changes):
            row = await session.get(SquadMember, (person_id, from_on))
            if row is not None:
                await session.delete(row)
        await session.flush()
        for from_on, squad_id in sorted(set(after.changes) - set(before.changes)):
            session.add(SquadMember(person_id=person_id, from_on=from_on, agency_id=agency_id, squad_id=squad_id))
        await session.flush()
