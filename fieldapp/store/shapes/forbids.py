"""What a dispatcher sees of forbidden visits."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct


class Forbidden(Struct, frozen=True):
    """A visit that somebody forbade. `agent_id` null: to everybody; `day` null: until it is lifted."""

    id: UUID
    practice_id: UUID
    practice_number: str
    agent_id: UUID | None
    agent_name: str | None
    day: date | None
    reason: str
    by: str
    at: datetime

    def concerns(self, agent_id: UUID | None) -> bool:
        """Whether this agent may not make it; None: whether nobody may."""
        return self.agent_id is None or self.agent_id == agent_id
