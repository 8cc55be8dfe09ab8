"""Where a reader of the feed stands: a position that only this installation can write, and nobody can alter.

The position names the fact it stands behind, so that a restored backup whose numbers were given out anew is noticed
instead of skipped over.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

from fieldapp.domain.errors import Kind, Refusal

VERSION = 1
NOTHING = UUID(int=0)
"""The fact before the first."""
_PLAIN, _MAC = 1 + 16 + 8 + 16, 16


@dataclass(frozen=True, slots=True)
class Position:
    """Behind the fact with that number and id, in the history of an agency."""

    agency_id: UUID
    number: int = 0
    fact_id: UUID = NOTHING


def write_cursor(position: Position, key: bytes) -> str:
    """The position as others carry it."""
    plain = bytes([VERSION]) + position.agency_id.bytes + position.number.to_bytes(8, "big") + position.fact_id.bytes
    return base64.urlsafe_b64encode(plain + _mac(plain, key)).rstrip(b"=").decode()


def read_cursor(text: str, *, key: bytes, agency_id: UUID) -> Position:
    """The position behind a cursor of this agency.

    Raises Refusal `feed.cursor_unreadable`, `feed.cursor_elsewhere` (another installation's or agency's),
    `feed.cursor_forged`.
    """
    try:
        content = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        raise Refusal("feed.cursor_unreadable", kind=Kind.MALFORMED) from None
    if len(content) != _PLAIN + _MAC or content[0] != VERSION:
        raise Refusal("feed.cursor_unreadable", kind=Kind.MALFORMED)
    plain, mac = content[:_PLAIN], content[_PLAIN:]
    if plain[1:17] != agency_id.bytes:
        raise Refusal("feed.cursor_elsewhere", kind=Kind.MALFORMED)
    if not hmac.compare_digest(mac, _mac(plain, key)):
        raise Refusal("feed.cursor_forged", kind=Kind.MALFORMED)
    return Position(agency_id, int.from_bytes(plain[17:25], "big"), UUID(bytes=plain[25:]))


def _mac(plain: bytes, key: bytes) -> bytes:
    return hmac.new(key, b"feed cursor" + plain, hashlib.sha256).digest()[:_MAC]
