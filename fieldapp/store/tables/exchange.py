"""Other systems that may read from us."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from fieldapp.store.columns import Sealed, agency, instant, json_list, key, link, maybe_instant, maybe_link


class ServiceAccount(SQLModel, table=True):
    """A system with a token: what it may read, and how often. The token itself is kept as a digest alone."""

    __tablename__ = "service_account"
    __table_args__ = (CheckConstraint("a_minute > 0", name="service_account_rate_positive"),)

    id: UUID = key()
    agency_id: UUID = agency()
    name: str
    scopes: list[str] = json_list()
    creditor_id: UUID | None = maybe_link("creditor.id", index=False)
    """Bound to this creditor: it gets no other's facts."""
    token_digest: str = Field(unique=True)
    a_minute: int
    created_at: datetime = instant()
    created_by: UUID = link("person.id", index=False)
    last_used_at: datetime | None = maybe_instant()
    revoked_at: datetime | None = maybe_instant()
    revoked_by: UUID | None = maybe_link("person.id", index=False)
    minute_began_at: datetime | None = maybe_instant()
    asked: int = 0
    """Requests since then."""


class Webhook(SQLModel, table=True):
    """A subscription: where facts are sent to, how far the feed has been read for it, and how its endpoint fares."""

    id: UUID = key()
    agency_id: UUID = agency()
    name: str
    url: str
    scopes: list[str] = json_list()
    creditor_id: UUID | None = maybe_link("creditor.id", index=False)
    """Bound to this creditor: it is sent no other's facts."""
    secret: str = Field(sa_type=Sealed("webhook secret"))
    secret_since: datetime = instant()
    old_secret: str | None = Field(default=None, sa_type=Sealed("webhook secret"))
    old_secret_until: datetime | None = maybe_instant()
    created_at: datetime = instant()
    created_by: UUID = link("person.id", index=False)
    paused_at: datetime | None = maybe_instant()
    gone: bool = False
    """It was paused because its endpoint answered 410."""
    ended_at: datetime | None = maybe_instant()
    read_up_to: int = Field(default=0, sa_type=BigInteger)
    """The number of the fact up to which the feed was read into deliveries."""
    failures: int = 0
    """Failures of the endpoint in a row."""
    rests_until: datetime | None = maybe_instant()
    last_delivered_at: datetime | None = maybe_instant()


class WebhookDelivery(SQLModel, table=True):
    """One fact for one subscription: what was told whom, when, and after how many attempts. Without a fact: a test."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        CheckConstraint(
            "state in ('waiting','delivered','dead','skipped','failed')", name="webhook_delivery_state_known"
        ),
        UniqueConstraint("webhook_id", "fact_number", name="webhook_delivery_once"),
        Index(
            "webhook_delivery_open",
            "webhook_id",
            "fact_number",
            postgresql_where=text("state in ('waiting','dead')"),
        ),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    webhook_id: UUID = link("webhook.id", index=False)
    fact_number: int | None = Field(default=None, sa_type=BigInteger, foreign_key="fact.number")
    queue_id: UUID
    """The practice, or zeros: within it each waits for the one before."""
    state: str
    created_at: datetime = instant()
    next_at: datetime = instant()
    tries: int = 0
    """Failed tries since it began or was sent anew: they decide how long to wait."""
    attempts: int = 0
    """All attempts that may have left the house; told in `webhook-attempt`."""
    claimed_until: datetime | None = maybe_instant()
    """A worker is at it until then; one that dies is not waited for any longer."""
    last_at: datetime | None = maybe_instant()
    last_status: int | None = None
    last_failure: str | None = None


__all__ = ["ServiceAccount", "Webhook", "WebhookDelivery"]
