"""Notes for those who plan a later day."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from fieldapp.store.columns import agency, instant, key, link, maybe_instant, maybe_link, personal


class PlanningNote(SQLModel, table=True):
    """What is to be thought of from a day on, until somebody has: of the day, an agent, a practice or a door of it."""

    __tablename__ = "planning_note"
    __table_args__ = (
        CheckConstraint("agent_id is null or practice_id is null", name="planning_note_of_one"),
        CheckConstraint("address_id is null or practice_id is not null", name="planning_note_door_of_practice"),
        CheckConstraint("(done_at is null) = (done_by is null)", name="planning_note_done_by_somebody"),
        Index("planning_note_open", "agency_id", "from_on", postgresql_where=text("done_at is null")),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    from_on: date = Field()
    agent_id: UUID | None = maybe_link("person.id", index=False)
    practice_id: UUID | None = maybe_link("practice.id")
    address_id: UUID | None = maybe_link("address.id", index=False)
    """The door that it is about, and that the agent reads it at."""
    text: str = personal("debtor")
    written_at: datetime = instant()
    written_by: UUID = link("person.id", index=False)
    done_at: datetime | None = maybe_instant()
    done_by: UUID | None = maybe_link("person.id", index=False)
