"""Messages of a day as the board shows them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct


class Recipient(Struct, frozen=True):
    """An agent of the published day; without a phone nothing reaches them."""

    agent_id: UUID
    agent_name: str
    has_phone: bool


class MessageCopyRow(Struct, frozen=True):
    """What became of one agent's copy: `fetched_at` on the phone, `read_at` by the phone."""

    agent_id: UUID
    agent_name: str
    fetched_at: datetime | None
    read_at: datetime | None
    withdrawn_at: datetime | None


class MessageRow(Struct, frozen=True):
    id: UUID
    text: str
    to_all: bool
    sent_at: datetime
    sent_by: str
    copies: list[MessageCopyRow]


class DayMessages(Struct, frozen=True):
    """The newest first. `recipients`: nobody on a day that is not today's or not published."""

    day: date
    recipients: list[Recipient]
    messages: list[MessageRow]
