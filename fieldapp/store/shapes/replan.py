"""A day in motion: what a dispatcher says has happened."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

Instant = Annotated[datetime, Meta(tz=True)]


class Happened(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that happened, to an agent or to a visit.

    `agent_away`: makes no further visit; `held_up`: not before `until`; `agent_back`: takes either back. `urgent`:
    must be made today; `cancelled`: is not made; `moved`: an appointment, now from `from_at` to `to_at`.
    """

    kind: Literal["agent_away", "held_up", "agent_back", "urgent", "cancelled", "moved"]
    agent_id: UUID | None = None
    practice_id: UUID | None = None
    until: Instant | None = None
    from_at: Instant | None = None
    to_at: Instant | None = None
