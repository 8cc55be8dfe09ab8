"""Messages of the office to agents on a published day, and what became of each."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from fieldapp.store.columns import agency, instant, key, link, maybe_instant, maybe_link, personal


class Message(SQLModel, table=True):
    """What was written, once, for one agent or for all of the day; it never changes."""

    id: UUID = key()
    agency_id: UUID = agency()
    day: date = Field(index=True)
    text: str = personal("worker")
    to_all: bool
    sent_at: datetime = instant()
    sent_by: UUID = link("person.id", index=False)


class MessageCopy(SQLModel, table=True):
    """One agent's copy. What was read stays read, also where it was withdrawn before the office heard of it."""

    __tablename__ = "message_copy"
    __table_args__ = (UniqueConstraint("message_id", "agent_id", name="message_copy_once"),)

    id: UUID = key()
    agency_id: UUID = agency()
    message_id: UUID = link("message.id", index=False)
    agent_id: UUID = link("person.id")
    fetched_at: datetime | None = maybe_instant()
    """When the agent's phone first asked for its day and was given it."""
    read_at: datetime | None = maybe_instant()
    """By the phone, as the service's time."""
    withdrawn_at: datetime | None = maybe_instant()
    withdrawn_by: UUID | None = maybe_link("person.id", index=False)
