"""What the administrator sees of webhooks."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct


class WebhookRow(Struct, frozen=True):
    """A subscription. `condition`: `on`, `rests` (its endpoint fails), `paused`, `gone` (it answered 410), `ended`."""

    id: UUID
    name: str
    url: str
    scopes: list[str]
    creditor_id: UUID | None
    creditor_name: str | None
    condition: str
    rests_until: datetime | None
    failures: int
    created_at: datetime
    created_by: str
    secret_since: datetime
    old_secret_until: datetime | None
    last_delivered_at: datetime | None
    backlog: int
    """Facts that are still to be sent, those not read from the feed among them; at most `MOST_COUNTED`."""
    dead: int
    held_up: int
    """Practices whose queue waits for a repeat or a decision."""
    oldest_waiting_at: datetime | None
    last_test: DeliveryRow | None


class DeliveryRow(Struct, frozen=True):
    """One fact's way to a subscription; `kind` is the fact's, or `webhook.test`."""

    id: UUID
    message_id: str
    kind: str
    at: datetime
    practice_id: UUID | None
    practice_number: str | None
    state: str
    attempts: int
    next_at: datetime
    last_at: datetime | None
    last_status: int | None
    last_failure: str | None
    behind: int
    """How many of the same practice wait for it; at most `MOST_COUNTED`."""


class NewWebhook(Struct, frozen=True):
    """`secret` is shown this once; afterwards it is only used to sign."""

    webhook: WebhookRow
    secret: str
