"""When agents work: weeks as entered at the desk, and absences."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import SQLModel

from fieldapp.store.columns import agency, instant, json_list, key, link, maybe_instant, maybe_link


class ShiftWeek(SQLModel, table=True):
    """An agent's week from a day on, until a later one holds."""

    __tablename__ = "shift_week"
    __table_args__ = (UniqueConstraint("agency_id", "agent_id", "valid_from", name="shift_week_once"),)

    id: UUID = key()
    agency_id: UUID = agency()
    agent_id: UUID = link("person.id", index=False)
    valid_from: date
    days: list[Any] = json_list()
    """Monday first: from and to in seconds after local midnight, null on a free day."""
    entered_at: datetime = instant()
    entered_by: UUID = link("person.id", index=False)


class Absence(SQLModel, table=True):
    """A time in which an agent does not work. Why is a code that says nothing of anybody's health."""

    __table_args__ = (
        CheckConstraint("from_at < to_at", name="absence_rising"),
        CheckConstraint("code in ('leave','not_available','training','other')", name="absence_code_known"),
        Index("absence_standing", "agency_id", "to_at", postgresql_where=text("withdrawn_at is null")),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    agent_id: UUID = link("person.id", index=False)
    from_at: datetime = instant()
    to_at: datetime = instant()
    code: str
    entered_at: datetime = instant()
    entered_by: UUID = link("person.id", index=False)
    withdrawn_at: datetime | None = maybe_instant()
    withdrawn_by: UUID | None = maybe_link("person.id", index=False)
