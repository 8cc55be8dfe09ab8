"""What a plan in dispatchers' hands shows, and the document that it is kept as between two moves."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from fieldapp.store.shapes.dispatch import Route, Unplanned
from fieldapp.store.shapes.replan import Happened


class Broken(Struct, frozen=True):
    """A rule that a lane breaks as it stands; `practice_id` where it is about one visit."""

    code: str
    details: dict[str, Any]
    practice_id: UUID | None = None


class BoardLane(Struct, frozen=True):
    """An agent's day with who touched it last. Its revision rises with every change of anybody."""

    agent_id: UUID
    revision: int
    locked_by: str | None
    changed_by: str | None
    changed_at: datetime | None
    broken: list[Broken]
    route: Route


class BoardView(Struct, frozen=True):
    plan_id: UUID
    day: date
    edited_from: UUID
    best_cents: int
    """What the plan was worth before hands touched it."""
    objective_cents: int
    published_version: int | None
    may_undo: str | None
    """The kind of one's own last change, where it can be taken back."""
    lanes: list[BoardLane]
    unplanned: list[Unplanned]


class BoardChange(Struct, frozen=True):
    """What a change does, or would do: the lanes that it touches as they are then."""

    cost_cents: int
    """By how much the plan gets worse; negative where it gets better."""
    travel_s: int
    """Seconds on the road more; negative where fewer."""
    lanes: list[BoardLane]


# --- as kept ---


class LaneState(Struct):
    revision: int = 0
    locked_by: UUID | None = None
    locked_name: str | None = None
    changed_by: str | None = None
    changed_at: datetime | None = None
    last: UUID | None = None
    """The change that left the lane as it is."""
    broken: list[Broken] = []


class Change(Struct):
    """One person's change with what its undo needs: the touched lanes as they were."""

    id: UUID
    person_id: UUID
    kind: str
    before: dict[UUID, list[UUID]]
    last: dict[UUID, UUID | None]
    pinned: list[UUID] = []
    """The visits of these lanes that were pinned."""
    aside: list[Unplanned] = []
    """What lay aside and was put in."""
    locked_by: UUID | None = None
    locked_name: str | None = None
    told: list[Happened] = []
    """What the change told of the day."""
    happened: list[Happened] = []
    """What had been told before it."""


class Draft(Struct):
    """The result of a plan that hands are at work on."""

    routes: list[Route]
    unplanned: list[Unplanned]
    stopped_early: bool = False
    lanes: dict[UUID, LaneState] = {}
    changes: list[Change] = []
    happened: list[Happened] = []
    """What dispatchers told of the day; later changes are judged with it."""
