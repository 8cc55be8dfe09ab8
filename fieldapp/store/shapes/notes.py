"""Notes for those who plan, as the desk shows them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct


class PlanningNoteRow(Struct, frozen=True):
    """From `from_on` on, until it is done. Without agent and practice it is about the day.

    `door`: about the practice's door, whose address this is; the agent who is sent there reads it too.
    """

    id: UUID
    from_on: date
    text: str
    agent_id: UUID | None
    agent_name: str | None
    practice_id: UUID | None
    practice_number: str | None
    door: str | None
    by: str
    at: datetime
    done_by: str | None
    done_at: datetime | None
