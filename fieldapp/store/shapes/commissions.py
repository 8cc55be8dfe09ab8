"""Commissions as the office reads them: rates, what is open, closings, the movements of a closing."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct


class RateRow(Struct, frozen=True):
    """A rate in basis points. `replaced`: another was set later for the same day."""

    valid_from: date
    rate_bp: int
    in_force: bool
    replaced: bool
    set_at: datetime
    set_by: str


class ShareRow(Struct, frozen=True):
    """What moved under one rate, in cents; `rate_bp` None: before the first rate, nothing is earned."""

    rate_bp: int | None
    received_cents: int
    taken_back_cents: int
    net_cents: int
    commission_cents: int


class OpenCommission(Struct, frozen=True):
    """What moved and is not closed, up to a moment."""

    since: datetime | None
    """Where the last closing ended; None before the first."""
    until: datetime
    movements: int
    net_cents: int
    commission_cents: int
    shares: list[ShareRow]


class ClosingRow(Struct, frozen=True):
    number: int
    since: datetime | None
    until: datetime
    net_cents: int
    commission_cents: int
    shares: list[ShareRow]
    closed_at: datetime
    closed_by: str
    reversed_at: datetime | None
    reason: str | None
    """Why it was reversed."""
    may_be_reversed: bool
    """The newest that stands; an older one rests under the ones after it."""


class CommissionPage(Struct, frozen=True):
    """One creditor's commissions. `next_number`: that of the closing to come; `first_day`: the first that is open."""

    rates: list[RateRow]
    open: OpenCommission
    closings: list[ClosingRow]
    next_number: int
    first_day: date | None


class MovementRow(Struct, frozen=True):
    """Money in cents, negative where it was taken back; `rate_bp` that of the day on which it had come in."""

    kind: str
    recorded_at: datetime
    earned_on: date
    practice_id: UUID
    practice_number: str
    receipt: str
    amount_cents: int
    rate_bp: int | None


class ClosingPreview(Struct, frozen=True):
    """What a closing would take and post; of the movements the newest, as many as a page takes."""

    number: int
    open: OpenCommission
    movements: list[MovementRow]
