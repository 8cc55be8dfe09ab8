"""The parts that the service, workers and commands are made of: the one place that chooses them.

Knows nothing of the web, so that a command starts without loading it.
"""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import procrastinate
import uuid_utils.compat
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fieldapp.clock import Clock, DemoClock, MachineClock
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.geo.travel import Ways, read_bands
from fieldapp.geo.travel.kept import KeptWays
from fieldapp.geo.travel.matrices import RoadEngine
from fieldapp.geo.travel.osrm import OsrmEngine
from fieldapp.geo.travel.premises import engine_at
from fieldapp.geo.travel.transport import HttpTransport
from fieldapp.geo.travel.valhalla import ValhallaEngine
from fieldapp.services.stripe_links import StripeLinks
from fieldapp.services.work import Parts, PaymentLinks
from fieldapp.settings import Settings
from fieldapp.store.blobs import Blobs
from fieldapp.store.columns import Keyring
from fieldapp.store.database import Database
from fieldapp.web_push import WebPush
from fieldapp.words import PACKAGE, read_words

PATRON_SAINTS = PACKAGE / "rules" / "patron_saints.json"
PAPER_WORDS = PACKAGE / "pwa" / "src" / "papers" / "templates"


def verify_es256(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (raw r||s) over `message` was made by the P-256 `public_key` (uncompressed point)."""
    return _verify(public_key, message, signature, ec.ECDSA(hashes.SHA256()))


def verify_es256_digest(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """The same where `message` is the SHA-256 of what was signed."""
    return len(message) == 32 and _verify(public_key, message, signature, ec.ECDSA(Prehashed(hashes.SHA256())))


def _verify(public_key: bytes, message: bytes, signature: bytes, algorithm: ec.ECDSA) -> bool:
    if len(signature) != 64:
        return False
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    try:
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
        point.verify(encode_dss_signature(r, s), message, algorithm)
    except (InvalidSignature, ValueError):
        return False
    return True


class DerivedOfficeKey:
    """One P-256 key an agency, derived from the master key: nothing more to keep, back up or lose."""

    def __init__(self, master: bytes) -> None:
        self._master = master

    def point(self, agency_id: UUID) -> bytes:
        public = self._private(agency_id).public_key()
        return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def sign(self, agency_id: UUID, message: bytes) -> bytes:
        r, s = decode_dss_signature(self._private(agency_id).sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    def _private(self, agency_id: UUID) -> ec.EllipticCurvePrivateKey:
        # 64 bytes reduced by the order of the group: no value is likelier than another.
        wide = HKDF(hashes.SHA512(), 64, salt=None, info=b"office receipts " + agency_id.bytes).derive(self._master)
        curve = ec.SECP256R1()
        return ec.derive_private_key(int.from_bytes(wide) % (curve.group_order - 1) + 1, curve)


def read_paper_words(folder: Path = PAPER_WORDS) -> dict[str, Any]:
    """Template data of papers by file name (`default.it`)."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def read_patrons(path: Path = PATRON_SAINTS) -> tuple[tuple[str, str], ...]:
    """The patron saint's day of each comune that has one on file."""
    return tuple((comune, entry["day"]) for comune, entry in json.loads(path.read_text(encoding="utf-8")).items())


def secret_key(settings: Settings) -> bytes:
    """The master key: from the settings, else made once beside the data, readable by its owner only."""
    if settings.secret_key is not None:
        return bytes.fromhex(settings.secret_key.get_secret_value())
    path = settings.home / "secret-key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return bytes.fromhex(path.read_text().strip())


def choose_clock(settings: Settings) -> Clock:
    return DemoClock(settings.home / "demo-clock.json") if settings.demo else MachineClock()


def job_queue(database_url: str) -> procrastinate.App:
    """The queue on the same Postgres; opened by whoever uses it."""
    return procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=database_url, min_size=1, max_size=6))


def choose_payment_links(settings: Settings) -> PaymentLinks | None:
    """Stripe where both of its secrets are given: a link whose payment nobody hears of is worse than none."""
    if settings.stripe_key is None or settings.stripe_webhook_secrets is None:
        return None
    secrets = [one.strip() for one in settings.stripe_webhook_secrets.get_secret_value().split(",")]
    return StripeLinks(
        settings.stripe_key.get_secret_value(),
        [secret for secret in secrets if secret],
        home=settings.stripe_url,
        to_loopback=settings.webhooks_to_loopback,
    )


def choose_ways(settings: Settings, key: bytes) -> Ways:
    """Travel times as the house chose.

    Raises Refusal `travel.no_server`, `travel.bad_hours`, `travel.hours_unknown`.
    """
    bands = read_bands(settings.travel_hours)
    if settings.travel == "great_circle":
        return Ways(bands=bands)
    days = settings.travel_kept_days
    path = settings.home / "travel.sqlite"
    kept = KeptWays(path, key=derived(key, b"kept ways"), days=days) if days else None
    if settings.travel == "premises" and any(band.is_asked for band in bands):  # its tiles hold no speeds by the hour
        raise Refusal("travel.hours_unknown", kind=Kind.MALFORMED, details={"engine": settings.travel})
    return Ways(road_engine(settings), kept=kept, bands=bands)


def road_engine(settings: Settings) -> RoadEngine:
    """The engine with a map that the settings name."""
    if settings.travel == "premises":
        return engine_at(settings.roads_path, costing=settings.travel_profile or "auto")
    if settings.travel_url is None:
        raise Refusal("travel.no_server", kind=Kind.MALFORMED, details={"engine": settings.travel})
    if settings.travel == "osrm":
        return OsrmEngine(HttpTransport(settings.travel_url), profile=settings.travel_profile or "driving")
    return ValhallaEngine(HttpTransport(settings.travel_url), costing=settings.travel_profile or "auto")


def assemble(settings: Settings, *, clock: Clock | None = None) -> Parts:
    """Choose every concrete part. `settings.database_url` must be set."""
    assert settings.database_url is not None
    key = secret_key(settings)
    keyring = Keyring({1: key}, index_key=derived(key, b"blind index"))
    keyring.install()
    chosen_clock = clock or choose_clock(settings)
    database = Database(settings.database_url, now=chosen_clock.now, new_id=uuid_utils.compat.uuid7)
    return Parts(
        database=database,
        clock=chosen_clock,
        new_id=uuid_utils.compat.uuid7,
        new_token=lambda: secrets.token_urlsafe(32),
        blobs=Blobs.at(settings.blob_address),
        jobs=job_queue(settings.database_url),
        verify=verify_es256,
        verify_digest=verify_es256_digest,
        office_key=DerivedOfficeKey(key),
        cursor_key=derived(key, b"feed cursor"),
        pad_key=derived(key, b"paper pads"),
        words=read_words(),
        paper_words=read_paper_words(),
        office_words=read_paper_words(PACKAGE / "papers")["office.it"],
        patrons=read_patrons(),
        zone=ZoneInfo("Europe/Rome"),
        home=settings.home,
        gazetteer=settings.gazetteer_path,
        basemap=settings.basemap_path,
        layouts=PACKAGE / "layouts",
        session_hours=settings.session_hours,
        demo=settings.demo,
        webhooks_to_loopback=settings.webhooks_to_loopback,
        webhooks_kept=timedelta(days=settings.webhooks_kept_days),
        export_folder=settings.export_folder,
        public_url=settings.public_url or f"http://{settings.host}:{settings.port}",
        push=WebPush(key, settings.push_contact, local=settings.push_local) if settings.push_contact else None,
        payment_links=choose_payment_links(settings),
        ways=choose_ways(settings, key),
    )


def derived(key: bytes, purpose: bytes) -> bytes:
    """A key of its own for each purpose, from the master key."""
    mac = hashes.Hash(hashes.SHA256())
    mac.update(key + purpose)
    return mac.finalize()
