"""Who is signed in, on which device, and what time it is."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

Role = Literal["agent", "dispatcher", "back_office", "administrator"]


class PersonCard(Struct, frozen=True):
    id: UUID
    name: str
    role: Role
    locale: str
    agent_number: str | None = None


class AgencyCard(Struct, frozen=True):
    """The agency as a debtor may see it: on the badge, the receipt and the notice."""

    id: UUID
    name: str
    legal_name: str
    vat_number: str
    address: str
    phone: str
    email: str
    licence_number: str
    licence_authority: str
    licence_valid_to: date


class ClockReading(Struct, frozen=True):
    """The service's present; a phone keeps the difference to its own clock."""

    now: datetime
    demo: bool
    protocol: int
    time_zone: str


class SignedIn(Struct, frozen=True):
    person: PersonCard
    agency: AgencyCard
    clock: ClockReading
    expires_at: datetime


class DemoSignIn(Struct, frozen=True):
    """A ready sign-in that only a demo offers."""

    role: Role
    login: str
    password: str
    name: str


class NumberBlock(Struct, frozen=True):
    """Consecutive numbers that belong to one device: `first`..`last`, both included."""

    kind: Literal["receipt", "notice"]
    series: str
    first: int
    last: int
    next: int


class Enrolment(Struct, frozen=True):
    """What a phone needs to begin: its identity, its number blocks and where its chain stands."""

    device_id: UUID
    person_id: UUID
    next_seq: int
    chain_head: str
    blocks: list[NumberBlock]
    office_key: str
    """Base64url of the agency's public point (P-256): what the phone writes is sealed to it."""


class DeviceRow(Struct, frozen=True):
    id: UUID
    person_id: UUID
    person_name: str
    name: str
    series: str
    enrolled_at: datetime
    last_seen_at: datetime | None
    last_seq: int
    revoked_at: datetime | None


class AuditRow(Struct, frozen=True):
    number: int
    at: datetime
    person_name: str | None
    device_id: UUID | None
    action: str
    subject_kind: str
    subject_id: str
    subject_name: str | None
    """The number of the practice, or the name of a person, a creditor, a device: what the row is about."""
    practice_id: UUID | None
    details: dict[str, Any]
    digest: str
