"""The day that runs, as the board is told of it: when open visits will be reached, and what a person must see to."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

AlertKind = Literal["in_danger", "must_missed", "away", "late", "cash_over", "envelope_refused"]


class ExpectedStop(Struct, frozen=True):
    """An open visit: when the agent will be there, seconds behind the plan, whether its hours are over by then."""

    stop_id: UUID
    arrive_at: datetime
    leave_at: datetime
    late_s: int
    missed: bool


class BegunVisit(Struct, frozen=True):
    """A visit at whose door the agent stands, or that was reported with its outcome."""

    stop_id: UUID
    state: Literal["arrived", "done"]
    outcome: str | None


class RunningLane(Struct, frozen=True):
    """The rest of an agent's day in the order in which it will be made, and what of it has begun."""

    agent_id: UUID
    behind_s: int
    stops: list[ExpectedStop]
    begun: list[BegunVisit]
    outside: int = 0
    """Visits made outside the plan so far."""


class Alert(Struct, frozen=True):
    """Something that a person must see to; `task_id` where it is a task that one finishes."""

    kind: AlertKind
    agent_id: UUID | None
    agent_name: str
    at: datetime | None = None
    stop_id: UUID | None = None
    debtor_name: str | None = None
    """Of the visit that it is about."""
    late_s: int = 0
    missed: int = 0
    """Visits of this agent that will be reached after their hours."""
    code: str | None = None
    """Why an envelope was refused."""
    task_id: UUID | None = None


class RunningDay(Struct, frozen=True):
    """The whole day of today, or only the lanes that changed since what a listener heard last.

    `version` is the published one that it speaks of. Alerts are always all of them, the gravest first.
    """

    day: date
    version: int
    as_of: datetime
    lanes: list[RunningLane]
    alerts: list[Alert]
