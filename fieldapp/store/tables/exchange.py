"""Other systems that may read from us and write to us."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from fieldapp.store.columns import (
    Sealed,
    agency,
    cents,
    instant,
    json_list,
    key,
    link,
    maybe_instant,
    maybe_link,
    personal,
)


class ServiceAccount(SQLModel, table=True):
    """A system with a token: what it may read, and how often. The token itself is kept as a digest alone."""

    __tablename__ = "service_account"
    __table_args__ = (CheckConstraint("a_minute > 0", name="service_account_rate_positive"),)

    id: UUID = key()
    agency_id: UUID = agency()
    name: str
    scopes: list[str] = json_list()
    writes: list[str] = json_list()
    """What it may tell us."""
    creditor_id: UUID | None = maybe_link("creditor.id", index=False)
    """Bound to this creditor: it gets no other's facts, and writes to no other's practices."""
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
    fed_after: int | None = Field(default=None, sa_type=BigInteger)
    """The feed was given to it without a gap from the fact behind this one ..."""
    fed_up_to: int | None = Field(default=None, sa_type=BigInteger)
    """... up to this one."""


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
        Index("webhook_delivery_last", "agency_id", "last_at"),
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


class InboundRequest(SQLModel, table=True):
    """A write of another system under its idempotency key, and what it was answered: the same is answered again."""

    __tablename__ = "inbound_request"
    __table_args__ = (UniqueConstraint("service_account_id", "key", name="inbound_request_once"),)

    id: UUID = key()
    agency_id: UUID = agency()
    service_account_id: UUID = link("service_account.id", index=False)
    key: str
    operation: str
    digest: str
    """SHA-256 over operation and body."""
    answer: str
    """The bytes that were answered, JSON."""
    at: datetime = instant()
    expires_at: datetime = Field(sa_type=instant().sa_type, index=True)


class SeenPayment(SQLModel, table=True):
    """A payment that the creditor saw on his own account, by his reference."""

    __tablename__ = "seen_payment"
    __table_args__ = (
        CheckConstraint("amount_cents > 0", name="seen_payment_positive"),
        CheckConstraint("state in ('posted','included','held')", name="seen_payment_state_known"),
        CheckConstraint("(state = 'posted') = (entry_id is not null)", name="seen_payment_posted_whole"),
        CheckConstraint("(state = 'held') = (held_against is not null)", name="seen_payment_held_whole"),
        UniqueConstraint("creditor_id", "reference", name="seen_payment_once"),
        Index("seen_payment_key", "creditor_id", "reference_key"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    creditor_id: UUID = link("creditor.id", index=False)
    practice_id: UUID = link("practice.id")
    service_account_id: UUID = link("service_account.id", index=False)
    reference: str = personal("debtor")
    reference_key: str = personal("debtor")
    """The reference as it is compared, however it was spelt."""
    amount_cents: int = cents()
    paid_on: date
    at: datetime = instant()
    state: str
    """`posted` in the ledger, `included` in a statement that was known before, `held` until a person has looked."""
    entry_id: UUID | None = maybe_link("entry.id", index=False)
    held_against: UUID | None = maybe_link("payment.id", index=False)
    """Our own payment that it may be."""


__all__ = ["InboundRequest", "SeenPayment", "ServiceAccount", "Webhook", "WebhookDelivery"]
