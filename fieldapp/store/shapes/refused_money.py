"""A refused report's money as the office looks at it before it decides."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from fieldapp.store.shapes.cash import AllocationPart

MoneyState = Literal["open", "booked", "denied", "not_taken"]
"""`denied`: one person has said that no money was taken, and nobody has confirmed it."""


class MoneyTaker(Struct, frozen=True):
    """A practice on which the money may be booked."""

    practice_id: UUID
    practice_number: str
    creditor_name: str
    debtor_name: str
    owed_cents: int
    named: bool
    """The paper names it."""


class OtherPaper(Struct, frozen=True):
    """The receipt that the books hold under the same number."""

    label: str
    practice_id: UUID
    practice_number: str
    issued_at: datetime
    amount_cents: int
    same_paper: bool


class MoneyAct(Struct, frozen=True):
    """What somebody decided: booked; said that no money was taken; confirmed that."""

    act: Literal["booked", "denied", "denial_confirmed"]
    by_id: UUID
    by_name: str
    at: datetime
    reason: str
    receipt: str
    """The receipt that it was booked by: the paper itself, or one of the office's own."""
    receipt_id: UUID | None
    practice_id: UUID | None
    practice_number: str


class RefusedPayment(Struct, frozen=True):
    """One payment of the report. Where the paper cannot be read there is only what the report says was taken."""

    place: int
    proof: Literal["holds", "booked", "number_used", "breaks_series", "not_signed", "unreadable"]
    state: MoneyState
    amount_cents: int | None
    acts: list[MoneyAct]
    handed_over_cents: int | None
    """With the stamp duty that the debtor bore."""
    label: str
    on_a_form: bool
    """Written by hand on a form of a pad."""
    kind: str
    method: str
    answers: dict[str, str | bool]
    issued_at: datetime | None
    creditor_name: str
    debtor_name: str
    practice_number: str
    wording: str
    residual_cents: int | None
    lines: list[AllocationPart]
    paid_by: str
    """Who paid instead of the debtor; empty where the debtor did."""
    practices: list[MoneyTaker]
    other: OtherPaper | None


class RefusedReportFile(Struct, frozen=True):
    envelope_id: UUID
    code: str
    details: dict[str, Any]
    agent_name: str
    series: str
    received_at: datetime
    arrived_at: datetime | None
    outcome: str
    payments: list[RefusedPayment]
