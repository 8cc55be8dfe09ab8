"""Squads of agents, and who was in which since when."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from fieldapp.store.columns import agency, key, maybe_link


class Squad(SQLModel, table=True):
    """A field team; once closed it takes nobody in, and what it did stays its own."""

    __table_args__ = (
        Index("squad_name_once", "agency_id", "name", unique=True, postgresql_where=text("closed_on is null")),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    name: str
    closed_on: date | None = None
    """Its last day."""


class SquadMember(SQLModel, table=True):
    """From a day on an agent is in a squad, or in none, until the next row of theirs."""

    __tablename__ = "squad_member"

    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    from_on: date = Field(primary_key=True)
    agency_id: UUID = agency()
    squad_id: UUID | None = maybe_link("squad.id")


__all__ = ["Squad", "SquadMember"]
