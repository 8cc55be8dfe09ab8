"""What planning a day again would do: the preview that a dispatcher sees."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from fieldapp.store.shapes.board import Broken
from fieldapp.store.shapes.dispatch import Route, Unplanned
from fieldapp.store.shapes.replan import Happened


class DaySums(Struct, frozen=True):
    """What a day holds over all lanes. `away_s`: from leaving home to being back."""

    visits: int
    prize_cents: int
    cost_cents: int
    distance_m: int
    travel_s: int
    away_s: int


class ReplanChange(Struct, frozen=True):
    """One visit that would be somewhere else, or at another time.

    `handed` to another agent, `out` of the day, `in` it, `shifted` with the same agent by five minutes or more.
    `price_cents`: what it had to bring at least to touch it; 0 where what happened touched it already.
    """

    practice_id: UUID
    practice_number: str
    debtor_name: str
    comune: str
    kind: Literal["handed", "out", "in", "shifted"]
    from_agent: str | None
    to_agent: str | None
    was_at: datetime | None
    is_at: datetime | None
    price_cents: int
    reason: str
    details: dict[str, Any]


class ReplanLane(Struct, frozen=True):
    """An agent's day as it would be. `touched`: taking the preview writes it."""

    touched: bool
    revision: int
    locked_by: str | None
    broken: list[Broken]
    route: Route


class ReplanView(Struct, frozen=True):
    """The rest of the day planned again; nothing of it is kept unless it is taken."""

    day: date
    version: int
    happened: list[Happened]
    """All that has been told of the day, what was told before included."""
    lanes: list[ReplanLane]
    changes: list[ReplanChange]
    fallen: list[Unplanned]
    """What was planned or asked for and is not made, with the reason."""
    before: DaySums
    """The day as it would go on by itself, begun visits at their true times."""
    after: DaySums
    price_cents: int
    search_ms: int
