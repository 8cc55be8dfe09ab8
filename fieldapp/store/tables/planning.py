"""Plans as computed, days as published."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from fieldapp.store.columns import agency, instant, json_list, json_object, key, link, maybe_instant


class Plan(SQLModel, table=True):
    """One run of the planner: what was asked, how far it is, what it found."""

    __table_args__ = (CheckConstraint("state in ('queued','running','done','failed')", name="plan_state_known"),)

    id: UUID = key()
    agency_id: UUID = agency()
    day: date = Field(index=True)
    state: str = "queued"
    stop_requested: bool = False
    created_at: datetime = instant()
    created_by: UUID = link("person.id")
    request: dict[str, Any] = json_object()
    progress: dict[str, Any] = json_object()
    result: dict[str, Any] = json_object()
    objective_cents: int | None = Field(default=None, sa_type=BigInteger)
    served: int | None = None
    candidates: int = 0
    failure: str | None = None


class PlanCell(SQLModel, table=True):
    """A part of a large day, to be planned by whoever has a hand free (`services/cells`).

    `batch`: which round of its plan, `digest`: of `job`, by which a round that begins again finds what was done. Who
    has it keeps renewing `lease_until`; `tries` tells hands apart, so that one thought dead cannot hand in another's.
    """

    __tablename__ = "plan_cell"
    __table_args__ = (
        UniqueConstraint("plan_id", "batch", "number", name="plan_cell_once"),
        CheckConstraint("state in ('waiting','doing','done','lost')", name="plan_cell_state_known"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    plan_id: UUID = link("plan.id", index=False)
    batch: int
    number: int
    state: str = "waiting"
    digest: str
    job: bytes = Field(sa_type=LargeBinary)
    tries: int = 0
    lease_until: datetime | None = maybe_instant()
    ends_at: datetime | None = maybe_instant()
    objective_cents: int = Field(default=0, sa_type=BigInteger)
    found: dict[str, Any] = json_object()


class PublishedDay(SQLModel, table=True):
    """A version of a day that phones may fetch; versions only ever follow each other."""

    __tablename__ = "published_day"
    __table_args__ = (UniqueConstraint("agency_id", "day", "version", name="published_day_once"),)

    id: UUID = key()
    agency_id: UUID = agency()
    day: date
    version: int
    plan_id: UUID = link("plan.id")
    published_at: datetime = instant()
    published_by: UUID = link("person.id")
    added: int = 0
    removed: int = 0
    moved: int = 0
    routes: dict[str, Any] = json_object()
    """Per agent: leaving and returning home, lunch, sums."""


class PublishedStop(SQLModel, table=True):
    """One visit of a published version. `id` stays with practice and day from version to version."""

    __tablename__ = "published_stop"
    __table_args__ = (UniqueConstraint("published_day_id", "agent_id", "position", name="published_stop_once"),)

    id: UUID = key()
    published_day_id: UUID = Field(foreign_key="published_day.id", primary_key=True)
    agency_id: UUID = agency()
    day: date = Field(index=True)
    agent_id: UUID = link("person.id")
    position: int
    practice_id: UUID = link("practice.id")
    address_id: UUID = link("address.id")
    arrive_at: datetime = instant()
    leave_at: datetime = instant()
    window_from: datetime = instant()
    window_to: datetime = instant()
    travel_s: int
    distance_m: int
    service_s: int
    way_by_hour: list[dict[str, Any]] = json_list()
    """`from_at` and `travel_s` of the way here, where ways vary by the hour."""
    prize_cents: int = Field(sa_type=BigInteger)
    must: bool = False
    reserve: bool = False
    """Not in the route: the agent may make it when doors stay closed. Its position follows the route's."""
    reason: str = ""
    reason_details: dict[str, Any] = json_object()
