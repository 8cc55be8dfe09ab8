"""When agents work, as the desk sees it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

AbsenceCode = Literal["leave", "not_available", "training", "other"]


class AbsenceRow(Struct, frozen=True):
    id: UUID
    agent_id: UUID
    agent_name: str
    from_at: datetime
    to_at: datetime
    code: AbsenceCode
    by: str


class WeekRow(Struct, frozen=True):
    """An agent's week from a day on. `days`: Monday first, seconds after local midnight, null on a free day."""

    agent_id: UUID
    valid_from: date
    days: list[list[int] | None]


class ShiftTemplate(Struct, frozen=True):
    """A week under a name, to be given to agents again and again: changed afterwards, it changes no agent's week."""

    name: str
    days: list[list[int] | None]


class PublishedThere(Struct, frozen=True):
    """Visits that phones hold on a day in a time in which their agent is away."""

    day: date
    agent_name: str
    visits: int


class Shifts(Struct, frozen=True):
    """Absences that are not over, weeks that hold or will, published visits that fall into an absence, templates."""

    absences: list[AbsenceRow]
    weeks: list[WeekRow]
    published: list[PublishedThere]
    templates: list[ShiftTemplate]
    """By name."""
