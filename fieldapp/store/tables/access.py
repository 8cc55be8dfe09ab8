"""Agencies, people, sign-ins, devices, number blocks and the audit chain."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from fieldapp.store.columns import (
    agency,
    instant,
    json_list,
    json_object,
    key,
    link,
    maybe_instant,
    personal,
    personal_list,
    sealed,
)


class Agency(SQLModel, table=True):
    """The tenant: a collection agency with its police licence (art. 115 TULPS)."""

    id: UUID = key()
    name: str
    legal_name: str
    vat_number: str
    address: str
    phone: str
    email: str
    licence_number: str
    licence_authority: str
    licence_valid_to: date
    time_zone: str = "Europe/Rome"


class Person(SQLModel, table=True):
    """Somebody who works for the agency; agents carry what the planner and the licence need."""

    __table_args__ = (
        UniqueConstraint("login", name="person_login_once"),
        UniqueConstraint("agency_id", "agent_number", name="person_agent_number_once"),
        CheckConstraint("role in ('agent','dispatcher','back_office','administrator')", name="person_role_known"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    role: str
    login: str = personal("worker")
    name: str = personal("worker")
    password_hash: str
    locale: str = "it"
    active: bool = True
    failed_attempts: int = 0
    locked_until: datetime | None = maybe_instant()
    agent_number: str | None = None
    phone: str = personal("worker", default="")
    home_lat_e6: int | None = personal("worker", default=None)
    home_lon_e6: int | None = personal("worker", default=None)
    home_town: int = -1
    shift_from_s: int = 9 * 3600
    shift_to_s: int = 18 * 3600
    max_visits: int = 14
    lunch: bool = True
    provinces: list[str] = json_list()
    skills: list[str] = personal_list("worker")
    notified_on: date | None = None
    badge_valid_to: date | None = None
    qualification_valid_to: date | None = None
    cash_limit_cents: int = Field(default=300_000, sa_type=BigInteger)


class SignIn(SQLModel, table=True):
    """A session at a desk or on a phone's browser; the cookie's token is kept only as a digest."""

    __tablename__ = "sign_in"

    token_digest: str = Field(primary_key=True)
    agency_id: UUID = agency()
    person_id: UUID = link("person.id")
    created_at: datetime = instant()
    expires_at: datetime = instant()


ALL_USED = 2**63 - 1
"""A `read_window` without a free counter."""


class Device(SQLModel, table=True):
    """An enrolled phone: its public key, and how far its counter, sequence and receipt chain have come."""

    __table_args__ = (
        UniqueConstraint("agency_id", "series", name="device_series_once"),
        CheckConstraint("kind in ('phone','office')", name="device_kind_known"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    person_id: UUID = link("person.id")
    name: str
    series: str
    public_key: bytes = Field(sa_type=LargeBinary)
    enrolled_at: datetime = instant()
    last_seen_at: datetime | None = maybe_instant()
    revoked_at: datetime | None = maybe_instant()
    read_counter: int = Field(default=0, sa_type=BigInteger)
    """The highest counter that a read of this phone came with."""
    read_window: int = Field(default=ALL_USED, sa_type=BigInteger)
    """Bit n tells whether the counter n + 1 below the highest was used; before the first read all are."""
    last_seq: int = Field(default=0, sa_type=BigInteger)
    chain_head: str = ""
    """Digest of the newest receipt of the device's series; empty before the first."""
    kind: str = "phone"
    """`office` for the one whose series the office itself issues from: no phone, its key is the service's."""


class PushSubscription(SQLModel, table=True):
    """Where a phone is told that its day has changed: an address at its browser's push service, and the keys to it."""

    __tablename__ = "push_subscription"

    id: UUID = key()
    agency_id: UUID = agency()
    device_id: UUID = Field(foreign_key="device.id", unique=True)
    endpoint: str | None = sealed("push")
    """Whoever knows it may send there; always present, like `auth`."""
    p256dh: bytes = Field(sa_type=LargeBinary)
    auth: str | None = sealed("push")
    made_at: datetime = instant()


class NumberBlock(SQLModel, table=True):
    """Consecutive numbers lent to one device."""

    __tablename__ = "number_block"
    __table_args__ = (
        UniqueConstraint("agency_id", "kind", "series", "first", name="number_block_once"),
        CheckConstraint("first <= last and first > 0", name="number_block_rising"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    device_id: UUID = link("device.id")
    kind: str
    series: str
    first: int
    last: int


class AuditEntry(SQLModel, table=True):
    """Who did what when from which device; each entry is hashed over the one before, per agency."""

    __tablename__ = "audit_entry"
    __table_args__ = (UniqueConstraint("agency_id", "number", name="audit_number_once"),)

    id: UUID = key()
    agency_id: UUID = agency()
    number: int = Field(sa_type=BigInteger)
    at: datetime = instant()
    person_id: UUID | None = None
    device_id: UUID | None = None
    action: str
    subject_kind: str
    subject_id: str = Field(index=True)
    details: dict[str, Any] = json_object()
    previous_digest: str
    digest: str
