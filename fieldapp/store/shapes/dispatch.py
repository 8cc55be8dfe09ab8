"""What a dispatcher sees: candidates, agents, plans with their reasons, published days."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct


class Finding(Struct, frozen=True):
    """What a rule of conduct says; the words stand in the text catalogues under `code`."""

    code: str
    severity: Literal["forbids", "warns", "asks_approval"]
    details: dict[str, Any]
    rule: str = ""
    approvers: list[str] = []
    """Roles that may approve what the rule asks."""


class HourChance(Struct, frozen=True):
    """How likely somebody is home between two hours of a day, as our own attempts tell."""

    from_h: int
    to_h: int
    home_pct: int
    met: int
    """How often somebody was met at this very door in these hours, of so many attempts."""
    tried: int
    prize_cents: int
    """What a visit is expected to bring then."""


class Candidate(Struct, frozen=True):
    """A practice that might be visited on the day, and whether it lawfully may."""

    practice_id: UUID
    practice_number: str
    creditor_name: str
    debtor_name: str
    comune: str
    province: str
    street: str
    lat_e6: int | None
    lon_e6: int | None
    owed_cents: int
    prize_cents: int
    """Expected recovery: the worth of a visit on this day, at its best hour where hours count."""
    placement_ends_on: date
    last_contact_at: datetime | None
    attempts: int
    must: bool
    allowed: bool
    findings: list[Finding]
    best_hour: HourChance | None = None
    """Of the lawful hours; None with learning off, and where somebody is told to expect us."""


class Learning(Struct, frozen=True):
    """Whether the agency learns from its attempts when somebody is home, who decided so, when and on what ground."""

    on: bool
    decided_at: datetime | None
    decided_by: str
    reason: str
    attempts: int
    """That count now; 0 with learning off."""
    average_pct: int | None


class AgentRow(Struct, frozen=True):
    id: UUID
    name: str
    agent_number: str
    lat_e6: int
    lon_e6: int
    shift_from_s: int
    """Seconds after local midnight."""
    shift_to_s: int
    max_visits: int
    provinces: list[str]
    available: bool
    findings: list[Finding]


class HourWay(Struct, frozen=True):
    """What the whole way to a stop takes to who drives it from `from_at` on, until the next of these; who is under way
    then drives the rest at the new pace."""

    from_at: datetime
    travel_s: int


class PlanStop(Struct, frozen=True):
    stop_id: UUID
    position: int
    practice_id: UUID
    practice_number: str
    debtor_name: str
    address_text: str
    comune: str
    lat_e6: int
    lon_e6: int
    arrive_at: datetime
    leave_at: datetime
    window_from: datetime
    window_to: datetime
    travel_s: int
    distance_m: int
    service_s: int
    prize_cents: int
    must: bool
    reserve: bool
    """Held beside the route for when doors stay closed; in a published route only once it has begun."""
    reason: str
    reason_details: dict[str, Any]
    state: Literal["planned", "arrived", "done"]
    outcome: str | None
    pinned: bool = False
    """A person said that this agent keeps it."""
    way_by_hour: list[HourWay] = []
    """Where ways vary by the hour; `travel_s` is the way at the planned one."""


class UnplannedVisit(Struct, frozen=True):
    """A visit that an agent made outside the plan of the day."""

    visit_id: UUID
    practice_id: UUID
    practice_number: str
    debtor_name: str
    arrived_at: datetime
    outcome: str
    place: Literal["address", "public_place", "workplace"]


class Route(Struct, frozen=True):
    agent_id: UUID
    agent_name: str
    start_lat_e6: int
    start_lon_e6: int
    leave_home_at: datetime | None
    back_home_at: datetime | None
    lunch_from: datetime | None
    lunch_to: datetime | None
    travel_s: int
    distance_m: int
    prize_cents: int
    travel_cost_cents: int
    stops: list[PlanStop]
    in_reserve: list[PlanStop]
    """Unplanned visits near the route that the agent's phone carries for when doors stay closed."""
    own_order: list[UUID] = []
    """The stops left, in the order that the agent chose on the phone; empty while the plan's holds."""
    closed_at: datetime | None = None
    """When the agent said that the day is over."""
    outside: list[UnplannedVisit] = []
    """Made outside the plan, in order of arrival; only of a published day."""


class Unplanned(Struct, frozen=True):
    practice_id: UUID
    practice_number: str
    debtor_name: str
    comune: str
    lat_e6: int | None
    lon_e6: int | None
    prize_cents: int
    reason: str
    details: dict[str, Any]


class CurvePoint(Struct, frozen=True):
    elapsed_ms: int
    objective_cents: int
    served: int


class PlanProgress(Struct, frozen=True):
    elapsed_ms: int
    seconds: int
    iterations: int
    objective_cents: int
    served: int
    curve: list[CurvePoint]


class PlanRow(Struct, frozen=True):
    id: UUID
    day: date
    state: Literal["queued", "running", "done", "failed"]
    created_at: datetime
    created_by: str
    objective_cents: int | None
    served: int | None
    candidates: int
    published_version: int | None
    edited_from: UUID | None = None
    """The plan that hands took this one from."""


class SpreadDay(Struct, frozen=True):
    """One of several days over which visits were spread, and its plan."""

    day: date
    plan_id: UUID
    served: int


class TravelTold(Struct, frozen=True):
    """Where a plan's travel times come from. Of `pairs` ways between places `instead` are the great circle's, because
    the engine that the house chose gave no time: `trouble` says why, where it is not that they are too long."""

    engine: Literal["great_circle", "valhalla", "osrm", "premises"]
    pairs: int
    instead: int
    trouble: Literal["away", "late", "refused", "nonsense", "too_many"] | None = None
    by_hour: bool = False
    """Whether they vary by the hour; for `hours_unknown` of the house's hours the engine gave no times."""
    hours_unknown: int = 0


class PlanView(Struct, frozen=True):
    id: UUID
    day: date
    state: Literal["queued", "running", "done", "failed"]
    stopped_early: bool
    created_at: datetime
    created_by: str
    progress: PlanProgress
    routes: list[Route]
    unplanned: list[Unplanned]
    objective_cents: int | None
    published_version: int | None
    failure: str | None
    edited_from: UUID | None = None
    spread: list[SpreadDay] = []
    """All days planned together with this one, where there are several."""
    travel: TravelTold | None = None
    """None of a plan from before it was noted."""


class DayVersion(Struct, frozen=True):
    version: int
    published_at: datetime
    published_by: str
    plan_id: UUID
    stops: int
    added: int
    removed: int
    moved: int


class LeftOut(Struct, frozen=True):
    """A visit that falls out as the plan is published, or one that was promised and lies in no lane; with why."""

    practice_id: UUID
    practice_number: str
    debtor_name: str
    findings: list[Finding]


class StaleVisit(Struct, frozen=True):
    """A visit of a later published day that has lost its sense or is no longer lawful, with why.

    `lawful`: nothing forbids it, and it is taken out only where somebody says so.
    """

    practice_id: UUID
    practice_number: str
    debtor_name: str
    agent_id: UUID
    agent_name: str
    arrive_at: datetime
    findings: list[Finding]
    lawful: bool


class StaleDay(Struct, frozen=True):
    day: date
    version: int
    visits: list[StaleVisit]


class DayView(Struct, frozen=True):
    """The day as published, with what has happened since."""

    day: date
    versions: list[DayVersion]
    routes: list[Route]
    left_out: list[LeftOut] = []
    """Only in the answer to publishing."""
