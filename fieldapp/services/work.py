"""What every service is handed: the parts that `app.py` chose, and the transaction that it works in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from procrastinate import App as Jobs
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.access import Identity
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.payment_links import LinkEvent, LinkMade, LinkOrder
from fieldapp.geo.travel import Ways
from fieldapp.store.blobs import Blobs
from fieldapp.store.database import Database, Scope

PROTOCOL = 2
"""Version of what phones and service say to each other. The service also understands the one before, and takes what
was written under any older one.

1: the line. 2: a phone names its protocol when it reads (`x-protocol`) and its clock when it sends, and the day
carries the office's public key.
"""
UNDERSTOOD = (PROTOCOL, PROTOCOL - 1)


def speaking(protocol: int) -> int:
    """The protocol to answer in. Raises Refusal `sync.protocol_unknown` (the phone's app is too old or too new)."""
    if protocol not in UNDERSTOOD:
        raise Refusal("sync.protocol_unknown", kind=Kind.OUTDATED, details={"understood": list(UNDERSTOOD)})
    return protocol


class Clock(Protocol):
    demo: bool

    def now(self) -> datetime: ...

    def move_to(self, instant: datetime) -> None: ...


class VerifySignature(Protocol):
    def __call__(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Whether `signature` (raw r||s, 64 bytes) over `message` was made by the P-256 `public_key` (65 bytes)."""


class OfficeKey(Protocol):
    """The key that signs an agency's own papers; it never leaves its keeper."""

    def point(self, agency_id: UUID) -> bytes:
        """The public P-256 point (65 bytes) of the agency's key."""

    def sign(self, agency_id: UUID, message: bytes) -> bytes:
        """Raw r||s (64 bytes) over the SHA-256 of `message`."""


class Push(Protocol):
    """Reaches phones through the push services of their browsers."""

    public_key: str
    local: bool
    """Push services on this very machine are called too (tests and the demo)."""

    def allows(self, endpoint: str) -> bool: ...

    def sealed(
        self, message: bytes, *, endpoint: str, p256dh: bytes, auth: bytes
    ) -> tuple[bytes, Mapping[str, str]]: ...


class PaymentLinks(Protocol):
    """A provider at whose page a debtor pays; another one is another class of this shape, chosen in `parts`."""

    name: str

    async def create(self, order: LinkOrder) -> LinkMade:
        """Ask for a link; asking again for the same order answers the same. Raises `payment_link.provider_*`."""

    def read(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> LinkEvent | None:
        """What the provider tells, its signature checked; None for what is not about a link."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The concrete parts of the running service."""

    database: Database
    clock: Clock
    new_id: Callable[[], UUID]
    new_token: Callable[[], str]
    blobs: Blobs
    jobs: Jobs
    verify: VerifySignature
    verify_digest: VerifySignature
    """The same where the message is known by its SHA-256 alone."""
    office_key: OfficeKey
    cursor_key: bytes
    """Signs the cursors of the feed: of this installation only."""
    pad_key: bytes
    """Makes the checks that are printed on paper pads."""
    words: Mapping[str, Mapping[str, str]]
    """Refusal words: language -> code -> sentence with placeholders."""
    paper_words: Mapping[str, Any]
    office_words: Mapping[str, str]
    """Sentences of the papers that only the office issues."""
    patrons: tuple[tuple[str, str], ...]
    """Comune and its patron saint's day, as `domain.calendars` reads it."""
    zone: ZoneInfo
    home: Path
    gazetteer: Path
    basemap: Path
    """The archive of the area's map; there may be none."""
    layouts: Path
    session_hours: int
    demo: bool
    webhooks_to_loopback: bool
    webhooks_kept: timedelta
    """How long it is kept what was delivered by webhook."""
    export_folder: Path | None
    """Under which creditors' files may be laid down; None where the house has no such folder."""
    public_url: str
    push: Push | None
    """None where nobody is named whom a push service may ask about us: then no notices are sent."""
    payment_links: PaymentLinks | None
    """None where no provider is set up: then no link is offered."""
    ways: Ways
    """Travel times, from where the house chose."""


@dataclass(frozen=True, slots=True)
class Work:
    """One transaction of one identity at one instant."""

    parts: Parts
    session: AsyncSession
    identity: Identity
    now: datetime

    @property
    def agency_id(self) -> UUID:
        return self.identity.agency_id

    def new_id(self) -> UUID:
        return self.parts.new_id()

    @property
    def today(self) -> date:
        """The agency's local date."""
        return self.now.astimezone(self.parts.zone).date()

    async def defer(self, task: str, *, lock: str | None = None, **arguments: Any) -> None:
        """Store a job in this transaction: it exists if and only if the transaction commits."""
        connection = await self.session.connection()
        raw = await connection.get_raw_connection()
        deferrer = self.parts.jobs.configure_task(
            task, lock=lock, queueing_lock=lock, connection=raw.driver_connection, allow_unknown=True
        )
        await deferrer.defer_async(agency_id=str(self.agency_id), person_id=str(self.identity.person_id), **arguments)


@asynccontextmanager
async def working(parts: Parts, identity: Identity) -> AsyncIterator[Work]:
    """One transaction for `identity`, as a request has it; for background jobs and commands."""
    scope = Scope(identity.agency_id, identity.role.value, identity.person_id, identity.device_id)
    async with parts.database.transaction(scope) as session:
        yield Work(parts=parts, session=session, identity=identity, now=parts.clock.now())
