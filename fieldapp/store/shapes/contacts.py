"""The contact ledger as the desk sees it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from fieldapp.store.shapes.dispatch import Finding


class ContactMade(Struct, frozen=True):
    """A contact that was written down; `findings` are the rules that it broke."""

    id: UUID
    findings: list[Finding]


class PlannedContact(Struct, frozen=True):
    id: UUID
    channel: str
    at: datetime
    on: date


class Limit(Struct, frozen=True):
    """How many weigh within the period, and how many the rules allow."""

    what: Literal["conversations", "visits"]
    within: Literal["day", "week", "placement"]
    count: int
    most: int


class ContactLimits(Struct, frozen=True):
    limits: list[Limit]
    planned: list[PlannedContact]


class RejectedContact(Struct, frozen=True):
    line: int
    text: str
    reason: str


class ContactLog(Struct, frozen=True):
    """What became of a file of contacts."""

    new: int
    known: int
    rejected: list[RejectedContact]
    """At most 200."""
    rejected_count: int
