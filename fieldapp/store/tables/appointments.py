"""Appointments that the office agreed on with debtors."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from fieldapp.store.columns import agency, instant, key, link, maybe_instant, maybe_link


class AgreedVisit(SQLModel, table=True):
    """A window that the debtor agreed to. Never rewritten: moving ends the row and writes another one.

    `visit_id`: the report at the door in which the appointment was set, where the office ended that one.
    """

    __tablename__ = "agreed_visit"
    __table_args__ = (
        CheckConstraint("from_at < to_at", name="agreed_visit_rising"),
        CheckConstraint("ended_as in ('moved','cancelled')", name="agreed_visit_end_known"),
        CheckConstraint("(ended_at is null) = (ended_as is null)", name="agreed_visit_ended_whole"),
        Index("agreed_visit_standing", "agency_id", "from_at", postgresql_where=text("ended_at is null")),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    practice_id: UUID = link("practice.id")
    address_id: UUID = link("address.id", index=False)
    agent_id: UUID | None = maybe_link("person.id", index=False)
    """Who was named to the debtor."""
    visit_id: UUID | None = Field(default=None, foreign_key="visit.id", unique=True)
    contact_id: UUID | None = maybe_link("contact_attempt.id", index=False)
    """The call in which it was agreed."""
    from_at: datetime = instant()
    to_at: datetime = instant()
    taken_at: datetime = instant()
    taken_by: UUID = link("person.id", index=False)
    ended_at: datetime | None = maybe_instant()
    ended_by: UUID | None = maybe_link("person.id", index=False)
    ended_as: str | None = None
    reason: str = ""
    """Why it ended."""
