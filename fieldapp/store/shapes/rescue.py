"""Sealed work that phones handed over, as phone and office see it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct


class RescueState(Struct, frozen=True):
    """How far one item has come: the phone keeps it until it is accepted."""

    key: str
    state: Literal["waiting", "accepted", "refused"]
    code: str | None


class RescueRow(Struct, frozen=True):
    """One phone's rescued work."""

    device_id: UUID
    person_name: str
    series: str
    revoked: bool
    received_at: datetime
    waiting: int
    accepted: int
    refused: int


class RescueAnswer(Struct, frozen=True):
    """What became of a bundle or of a decision: the phone's row, and each item it was about."""

    row: RescueRow
    items: list[RescueState]
