"""What a phone holds of a day, in one text that only this installation can write: the digests of the day's parts.

Nothing is kept of what was sent. The phone hands the text back, and whatever part is not named in it is sent again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

VERSION = 1
MOST_PARTS = 600
"""A larger day is sent whole: its cursor would not go into the head of a request."""
_DIGEST, _MAC = 8, 16


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose day, on which phone; a cursor is good for nobody and nothing else."""

    agency_id: UUID
    person_id: UUID
    device_id: UUID
    day: date
    protocol: int

    def bound(self) -> bytes:
        return (
            self.agency_id.bytes
            + self.person_id.bytes
            + self.device_id.bytes
            + self.day.toordinal().to_bytes(4, "big")
            + self.protocol.to_bytes(4, "big")
        )


def digests(parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """A digest for each part, over its name and its content."""
    return {
        name: hashlib.sha256(len(name).to_bytes(4, "big") + name.encode() + content).digest()[:_DIGEST]
        for name, content in parts.items()
    }


def write_cursor(held: Iterable[bytes], *, holder: Holder, key: bytes) -> str:
    """The text for a phone that holds these parts; empty where they are too many."""
    named = sorted(held)
    if len(named) > MOST_PARTS:
        return ""
    plain = bytes([VERSION]) + b"".join(named)
    return base64.urlsafe_b64encode(plain + _mac(plain, holder, key)).rstrip(b"=").decode()


def read_cursor(text: str, *, holder: Holder, key: bytes) -> frozenset[bytes] | None:
    """The digests of the parts that the phone holds; None for a text that this installation did not write for it."""
    try:
        content = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return None
    plain, mac = content[:-_MAC], content[-_MAC:]
    if not plain or plain[0] != VERSION or not hmac.compare_digest(mac, _mac(plain, holder, key)):
        return None
    return frozenset(plain[at : at + _DIGEST] for at in range(1, len(plain), _DIGEST))


def _mac(plain: bytes, holder: Holder, key: bytes) -> bytes:
    return hmac.new(key, b"day cursor" + holder.bound() + plain, hashlib.sha256).digest()[:_MAC]
