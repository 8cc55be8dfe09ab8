"""What a plan in dispatchers' hands shows, and the document that it is kept as between two moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from fieldapp.store.shapes.dispatch import Route, TravelTold, Unplanned
from fieldapp.store.shapes.forbids import Forbidden
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
    forbids: UUID | None = None
    """The prohibition that came with it."""
    pins: dict[UUID, datetime | None] = {}
    """When it had been said before of these visits where they stay; None where nobody had."""


class Draft(Struct):
    """The result of a plan that hands are at work on."""

    routes: list[Route]
    unplanned: list[Unplanned]
    stopped_early: bool = False
    lanes: dict[UUID, LaneState] = {}
    changes: list[Change] = []
    happened: list[Happened] = []
    """What dispatchers told of the day; later changes are judged with it."""
    travel: TravelTold | None = None
    """Where the times of the last change that asked for any come from."""
    pins: dict[UUID, datetime] | None = None
    """When a person last said of a visit where it stays; whether it stays pinned, its stop knows. None where it was
    written when only lanes knew when hands were at them."""

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> Draft:
        """A plan's result, whichever version of the service wrote it."""
        return msgspec.convert(result, cls).settled()

    def settled(self) -> Draft:
        """The same, with the times of its pins: those of their lanes where nothing better is known."""
        if self.pins is None:
            at = {agent_id: state.changed_at for agent_id, state in self.lanes.items()}
            stops = [(stop, at.get(route.agent_id)) for route in self.routes for stop in route.stops if stop.pinned]
            self.pins = {stop.practice_id: changed_at for stop, changed_at in stops if changed_at is not None}
        return self

    def pin(self, practice_ids: Iterable[UUID], at: datetime) -> dict[UUID, datetime | None]:
        """Note that it is said now where these stay; when it had been said before."""
        known = self.pins or {}
        before = {one: known.get(one) for one in practice_ids}
        self.pins = known | dict.fromkeys(before, at)
        return before

    def unpin(self, before: Mapping[UUID, datetime | None]) -> None:
        """Take back what `pin` noted."""
        kept = {one: at for one, at in (self.pins or {}).items() if one not in before}
        self.pins = kept | {one: at for one, at in before.items() if at is not None}

    def pin_stands(self, practice_id: UUID, against: Forbidden, *, made: datetime) -> bool:
        """Whether the visit's pin was set after the prohibition."""
        return against.at <= self.pinned_at(practice_id, made=made)

    def pinned_at(self, practice_id: UUID, *, made: datetime) -> datetime:
        """When the visit's pin was set: by hands, or as the plan was `made`."""
        return (self.pins or {}).get(practice_id, made)
