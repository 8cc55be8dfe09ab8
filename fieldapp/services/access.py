"""Signing in and out, enrolling and revoking phones, and proving that a request comes from one."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from cryptography.hazmat.primitives.asymmetric import ec

from fieldapp.domain.access import Identity, Role
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.services import reviews
from fieldapp.services.office_key import office_point
from fieldapp.services.work import PROTOCOL, Parts, Work
from fieldapp.store import access as store
from fieldapp.store import push, register
from fieldapp.store.access import Person
from fieldapp.store.database import GATE, Scope
from fieldapp.store.feed import audit
from fieldapp.store.shapes.access import (
    AuditRow,
    ClockReading,
    DemoSignIn,
    DeviceRow,
    Enrolment,
    SignedIn,
)

_hasher = PasswordHasher()
MAX_FAILURES = 5
LOCKED_FOR = timedelta(minutes=5)
_LARGEST_COUNT = 2**63 - 1
_SEEN_EVERY = timedelta(minutes=1)
"""How exactly it is known when a phone was last seen: a push need not wait for the disk twice for it."""
BLOCK_SIZE = 500
"""Receipt and notice numbers lent to a phone at once."""
DEMO_PASSWORD = "demo-fieldapp"


def hash_password(password: str) -> str:
    """Argon2id, with the parameters of the library's present defaults."""
    return _hasher.hash(password)


def read_clock(parts: Parts) -> ClockReading:
    return ClockReading(now=parts.clock.now(), demo=parts.clock.demo, protocol=PROTOCOL, time_zone=str(parts.zone))


async def check_health(parts: Parts) -> None:
    """Raises Refusal `service.database_away`."""
    if not await parts.database.answers():
        raise Refusal("service.database_away", kind=Kind.UNAVAILABLE)


async def sign_in(parts: Parts, login: str, password: str) -> tuple[SignedIn, str]:
    """Check a password and open a session; the token goes into the cookie and nowhere else.

    Raises Refusal `access.wrong_password` (also for an unknown login, at the same cost) or
    `access.locked` after five failures in a row.
    """
    now = parts.clock.now()
    async with parts.database.transaction(Scope(None, GATE)) as session:
        person = await store.person_by_login(session, login.strip().lower())
        if person is not None:
            still_locked(person, now)
        right = password_holds(person.password_hash if person else None, password)
        if person is not None and right and person.active:
            person.failed_attempts = 0
            person.locked_until = None
            token = parts.new_token()
            expires_at = now + timedelta(hours=parts.session_hours)
            store.add_sign_in(session, person, digest=token_digest(token), now=now, expires_at=expires_at)
            card = await store.signed_in(session, person, clock=read_clock(parts), expires_at=expires_at)
        else:
            card, token = None, ""
            if person is not None:
                _count_failure(person, now)
    if card is None or person is None:
        raise Refusal("access.wrong_password", kind=Kind.UNAUTHENTICATED)
    # Whose agency it is was not known before: the register is written by a transaction of its own.
    async with parts.database.transaction(Scope(person.agency_id, person.role, person.id)) as session:
        audit(session, "session.started", "person", person.id)
    return card, token


def still_locked(person: Person, now: datetime) -> None:
    """Raises Refusal `access.locked` (details: minutes) after too many wrong passwords."""
    if person.locked_until and person.locked_until > now:
        raise Refusal("access.locked", kind=Kind.TOO_MANY, details={"minutes": _minutes(person.locked_until - now)})


async def count_wrong_password(parts: Parts, person_id: UUID) -> None:
    """In a transaction of its own, which stands though what was asked for is refused."""
    async with parts.database.transaction(Scope(None, GATE)) as session:
        person = await store.person_to_lock(session, person_id)
        _count_failure(person, parts.clock.now())


def _count_failure(person: Person, now: datetime) -> None:
    person.failed_attempts += 1
    if person.failed_attempts >= MAX_FAILURES:
        person.failed_attempts = 0
        person.locked_until = now + LOCKED_FOR


_NOBODY = hash_password("nobody has this password")


def password_holds(stored: str | None, password: str) -> bool:
    """Whether `password` is the one that was hashed to `stored`; nobody's (None) is never."""
    # An unknown login costs as much time as a known one.
    try:
        return _hasher.verify(stored or _NOBODY, password) and stored is not None
    except VerificationError:
        return False


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def identify_session(parts: Parts, token: str) -> Identity | None:
    """Who holds this session token, if anybody does now."""
    async with parts.database.transaction(Scope(None, GATE)) as session:
        return await store.identity_of_token(session, token_digest(token), now=parts.clock.now())


async def read_session(work: Work, token: str) -> SignedIn:
    """The session as the browser shows it."""
    found = await store.session_by_token(work.session, token_digest(token))
    if found is None:
        raise Refusal("access.sign_in_needed", kind=Kind.UNAUTHENTICATED)
    person, expires_at = found
    return await store.signed_in(work.session, person, clock=read_clock(work.parts), expires_at=expires_at)


async def sign_out(work: Work, token: str) -> None:
    await store.end_session(work.session, token_digest(token))
    audit(work.session, "session.ended", "person", work.identity.person_id)


async def identify_device(
    parts: Parts, *, device: str, counter: str, signature: str, method: str, path: str, body: bytes
) -> Identity:
    """Whose phone signed this request.

    The signature is ES256 over method, path, digest of the body and a counter. A counter serves one read; writes
    are protected by the ids and digests that they carry, so that a lost answer may be asked again.
    Raises Refusal `access.signature_invalid` or `access.request_replayed`.
    """
    try:
        device_id, count, raw = UUID(device), int(counter), _unbase64(signature)
    except ValueError:
        raise Refusal("access.signature_invalid", kind=Kind.UNAUTHENTICATED) from None
    if not 0 <= count <= _LARGEST_COUNT:
        raise Refusal("access.signature_invalid", kind=Kind.UNAUTHENTICATED)
    message = f"{method}\n{path}\n{hashlib.sha256(body).hexdigest()}\n{count}".encode()
    async with parts.database.transaction(Scope(None, GATE)) as session:
        found = await store.device_with_person(session, device_id)
        if found is None or not parts.verify(found[0].public_key, message, raw):
            raise Refusal("access.signature_invalid", kind=Kind.UNAUTHENTICATED)
        row, person = found
        stopped = row.revoked_at is not None or not person.active
        now = parts.clock.now()
        if method == "GET":
            if not await store.take_counter(session, device_id, count, now=now):
                raise Refusal("access.request_replayed", kind=Kind.UNAUTHENTICATED)
        elif row.last_seen_at is None or abs(now - row.last_seen_at) > _SEEN_EVERY:
            await store.touch_device(session, device_id, now=now)
    return Identity(
        agency_id=row.agency_id,
        person_id=person.id,
        role=Role(person.role),
        name=person.name,
        device_id=row.id,
        stopped=stopped,
    )


def _unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def enrol_device(work: Work, *, name: str, public_key: str, alg: str) -> Enrolment:
    """Enrol the phone whose key this is, and lend it its first number blocks.

    `public_key` is base64url of a raw uncompressed P-256 point (65 bytes). Enrolling the same key again returns the
    same device. Raises Refusal `device.key_unusable`.
    """
    raw = _point(public_key) if alg == "ES256" else None
    if raw is None:
        raise Refusal("device.key_unusable", kind=Kind.MALFORMED)
    known = await store.device_by_key(work.session, raw)
    if known is None:
        known = await store.add_device(
            work.session,
            person_id=work.identity.person_id,
            name=name[:80],
            public_key=raw,
            now=work.now,
            new_id=work.parts.new_id,
            block_size=BLOCK_SIZE,
        )
        audit(work.session, "device.enrolled", "device", known.id, series=known.series)
    elif known.person_id != work.identity.person_id:
        raise Refusal("device.belongs_to_another", kind=Kind.FORBIDDEN)
    return await store.enrolment(work.session, known, office_key=await office_point(work))


def _point(public_key: str) -> bytes | None:
    """The uncompressed point, if it is one of the curve."""
    try:
        raw = _unbase64(public_key)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError:
        return None
    return raw if len(raw) == 65 else None


async def list_devices(work: Work) -> list[DeviceRow]:
    return await store.devices(work.session)


async def revoke_device(work: Work, device_id: UUID) -> DeviceRow:
    """Close a lost phone's door. Raises Refusal `device.unknown`."""
    if not await store.revoke(work.session, device_id, now=work.now):
        raise Refusal("device.unknown", kind=Kind.MISSING)
    await push.forget_device(work.session, device_id)
    await reviews.give_back(work, await store.owner_of_device(work.session, device_id))
    audit(work.session, "device.revoked", "device", device_id)
    return next(row for row in await store.devices(work.session) if row.id == device_id)


async def list_audit(work: Work, *, after: int, limit: int) -> list[AuditRow]:
    return await register.rows(work.session, after=after, limit=limit)


async def demo_sign_ins(parts: Parts) -> list[DemoSignIn]:
    """One ready sign-in per role, in a demo only."""
    if not parts.demo:
        return []
    async with parts.database.transaction(Scope(None, GATE)) as session:
        people = await store.first_person_of_each_role(session)
    return [DemoSignIn(role=p.role, login=p.login, password=DEMO_PASSWORD, name=p.name) for p in people]  # type: ignore[arg-type]


def move_demo_clock(work: Work, now: datetime) -> ClockReading:
    """Set the demo's present. Raises Refusal `clock.not_a_demo`."""
    if not work.parts.clock.demo:
        raise Refusal("clock.not_a_demo", kind=Kind.FORBIDDEN)
    work.parts.clock.move_to(now)
    audit(work.session, "clock.moved", "clock", "demo", to=now.isoformat())
    return read_clock(work.parts)


def _minutes(left: timedelta) -> int:
    return max(1, -(-int(left.total_seconds()) // 60))
