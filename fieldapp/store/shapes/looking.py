"""Who else has a day open, as the stream of events tells it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from msgspec import Struct


class Looker(Struct, frozen=True):
    """`plan_id` null: the published day. `agent_id`: the lane that is chosen, or over which a visit is carried."""

    person_id: UUID
    name: str
    day: date
    plan_id: UUID | None
    agent_id: UUID | None
    carries: bool


class Looking(Struct, frozen=True):
    colleagues: list[Looker]
