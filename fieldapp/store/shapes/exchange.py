"""What other systems read, and what the administrator sees of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct


class FeedFact(Struct, frozen=True):
    """A fact as `docs/exchange.md` promises it; `v` is the version of its `data`."""

    id: UUID
    v: int
    kind: str
    at: datetime
    recorded_at: datetime
    day: date | None
    practice_id: UUID | None
    practice_number: str | None
    creditor_id: UUID | None
    data: dict[str, Any]
    cursor: str


class FeedPage(Struct, frozen=True):
    facts: list[FeedFact]
    next: str
    """Ask with it for what comes after; also where there were no facts."""
    more: bool


class ServiceAccountRow(Struct, frozen=True):
    id: UUID
    name: str
    scopes: list[str]
    writes: list[str]
    creditor_id: UUID | None
    creditor_name: str | None
    a_minute: int
    created_at: datetime
    created_by: str
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewServiceAccount(Struct, frozen=True):
    """`token` is shown this once and kept nowhere."""

    account: ServiceAccountRow
    token: str
