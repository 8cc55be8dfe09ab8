"""The agency's own row and those of its creditors: read, added, changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.access import Role
from fieldapp.store.licences import agency
from fieldapp.store.payment_orders import creditor
from fieldapp.store.tables.access import Agency, Person
from fieldapp.store.tables.practice import Creditor, Placement, Practice

__all__ = ["Agency", "Creditor", "agency", "creditor"]


@dataclass(frozen=True, slots=True)
class Begun:
    """What of a new house's first things is there."""

    roles: frozenset[str]
    """Those that somebody has who works here."""
    carried: bool
    """An agent has provinces and a badge."""
    entrusted: bool
    """A practice has come in."""


async def begun(session: AsyncSession) -> Begun:
    people = select(Person.role).where(col(Person.active)).distinct()
    carrying = select(Person.id).where(
        col(Person.active),
        Person.role == Role.AGENT.value,
        col(Person.badge_valid_to).is_not(None),
        func.jsonb_array_length(col(Person.provinces)) > 0,
    )
    asked = select(carrying.exists(), select(Practice.id).exists())
    carried, entrusted = (await session.exec(asked)).one()
    return Begun(frozenset(await session.exec(people)), carried, entrusted)


async def creditors(session: AsyncSession) -> Sequence[Creditor]:
    """By name."""
    return (await session.exec(select(Creditor).order_by(col(Creditor.name), col(Creditor.id)))).all()


async def entrusting(session: AsyncSession) -> frozenset[UUID]:
    """Creditors that have entrusted practices."""
    return frozenset(await session.exec(select(Placement.creditor_id).distinct()))
