"""Paper pads as the office keeps them: whose, what became of each form, what is missing."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

PadKind = Literal["receipt", "notice"]


class FormRow(Struct, frozen=True):
    """A form that is blank no more."""

    number: int
    name: str
    state: Literal["used", "voided"]
    reason: str
    has_picture: bool
    entered_at: datetime
    entered_by: str
    written_at: datetime | None
    """When it was used, as the person said: when the visit ended."""
    practice_id: UUID | None
    practice_number: str | None
    amount_cents: int | None
    voided_by: str | None
    """The counter-receipt that undid the receipt written on it."""


class PadRow(Struct, frozen=True):
    """A pad; each of its numbers stands in exactly one of `forms`, `blank` and `missing`."""

    id: UUID
    kind: PadKind
    series: str
    first: int
    last: int
    agent_id: UUID
    agent_name: str
    handed_over_at: datetime
    handed_over_by: str
    printed: int
    returned_at: datetime | None
    forms: list[FormRow]
    used: int
    voided: int
    blank: list[list[int]]
    """Runs of numbers, first and last: still in the pad, or counted when it came back."""
    skipped: list[int]
    """Blank though a later number is taken: to be asked for while the pad is out."""
    missing: list[int]
    """Neither taken nor counted when the pad came back."""


class PadHolder(Struct, frozen=True):
    """An agent who may be given a pad."""

    agent_id: UUID
    agent_name: str
    agent_number: str


class PadsDesk(Struct, frozen=True):
    pads: list[PadRow]
    """Those that are out, then those with something missing, then the newest that came back."""
    holders: list[PadHolder]


class EnteredForm(Struct, frozen=True):
    """What was entered of a form: the rules' findings are flags, it happened."""

    form: str
    visit_id: UUID
    practice_id: UUID
    flags: list[str]
