"""Visits that a dispatcher forbade."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from fieldapp.store.columns import agency, instant, key, link, maybe_instant, maybe_link, personal


class ForbiddenVisit(SQLModel, table=True):
    """A visit that is not to be made: on a day, by an agent on a day, or by an agent on any day."""

    __tablename__ = "forbidden_visit"
    __table_args__ = (
        CheckConstraint("day is not null or agent_id is not null", name="forbidden_visit_of_something"),
        Index(
            "forbidden_visit_once",
            "agency_id",
            "practice_id",
            "day",
            "agent_id",
            unique=True,
            postgresql_where=text("lifted_at is null"),
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    practice_id: UUID = link("practice.id")
    agent_id: UUID | None = maybe_link("person.id", index=False)
    """None: nobody is to make it on the day."""
    day: date | None = Field(default=None)
    """None: until it is lifted."""
    reason: str = personal("debtor")
    forbidden_at: datetime = instant()
    forbidden_by: UUID = link("person.id", index=False)
    lifted_at: datetime | None = maybe_instant()
    lifted_by: UUID | None = maybe_link("person.id", index=False)
