"""Appointments as the desk sees them: windows that may be offered, and what was agreed on."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from fieldapp.store.shapes.dispatch import Finding


class AppointmentRow(Struct, frozen=True):
    """An appointment that stands; `id` is that of the report where it was set at the door."""

    id: UUID
    practice_id: UUID
    practice_number: str
    from_at: datetime
    to_at: datetime
    agent_id: UUID | None
    """Who was named to the debtor; nobody where it was set at the door."""
    agent_name: str | None
    agent_number: str | None
    taken_at: datetime
    taken_by: str
    at_the_door: bool


class Offer(Struct, frozen=True):
    """A window that may lawfully be promised, with the agent for whom it costs the least."""

    from_at: datetime
    to_at: datetime
    agent_id: UUID
    agent_name: str
    agent_number: str
    arrive_at: datetime
    """When the agent would be there as the lane stands."""
    travel_s: int
    """Seconds on the road more; negative where fewer."""
    distance_m: int
    cost_cents: int
    delay_s: int
    """By how much the visits after it would begin later, at most."""
    visits: int
    """How many visits the agent's day holds without it; none is a day that is still empty."""
    lane: str
    """The lane as it was looked at: what is taken is compared with it."""


class OfferDay(Struct, frozen=True):
    """A day with its windows, the cheapest first, or the reason why it offers none."""

    day: date
    stands: Literal["published", "drafted", "empty"]
    """Which lanes were looked at."""
    offers: list[Offer]
    reason: Finding | None


class AppointmentOffers(Struct, frozen=True):
    practice_id: UUID
    address_text: str
    hours: int
    standing: list[AppointmentRow]
    days: list[OfferDay]


class AppointmentTaken(Struct, frozen=True):
    """What was agreed on, to be read out, and where it stands by now."""

    appointment: AppointmentRow
    lane: Literal["published", "drafted", "unplanned"]
    """`published`: a new version of the day holds it; `drafted`: the draft holds it until somebody publishes it;
    `unplanned`: the day is not planned yet, and whoever plans it must keep it."""
    broke: list[Finding]
    """The rules that the call itself broke: it was made, so it is written down."""


class StillSent(Struct, frozen=True):
    """The day as published sends an agent there nevertheless."""

    on: date
    agent_name: str


class AppointmentEnded(Struct, frozen=True):
    standing: list[AppointmentRow]
    broke: list[Finding]
    still_sent: StillSent | None = None
    """Where a colleague keeps the lane or changes wait in the draft: phones hold the visit until it is published."""
