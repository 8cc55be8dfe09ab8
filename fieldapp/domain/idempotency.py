"""Idempotency keys: one write, however often it is sent.

After the IETF's draft-ietf-httpapi-idempotency-key-header: the header is a string of RFC 8941, a missing one is
answered 400, one that comes back with another body 422, one whose first request still runs 409.
"""

from __future__ import annotations

import re
from datetime import timedelta

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import Sha256, sha256

HEADER = "idempotency-key"
KEPT = timedelta(days=30)
"""How long a key and its answer are kept."""
LONGEST = 200

_BARE = re.compile(r"[A-Za-z0-9._:+/=@~-]+")
_QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')


def read_key(header: str | None) -> str:
    """The key that a header names: a quoted string, or a bare word for clients that do not quote.

    Raises Refusal `idempotency.key_missing` (400) or `idempotency.key_unreadable`.
    """
    written = (header or "").strip()
    if not written:
        raise Refusal("idempotency.key_missing", kind=Kind.INCOMPLETE)
    quoted = _QUOTED.fullmatch(written)
    key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else written
    if not quoted and not _BARE.fullmatch(written):
        key = ""
    if not 1 <= len(key) <= LONGEST:
        raise Refusal("idempotency.key_unreadable", kind=Kind.MALFORMED, details={"longest": LONGEST})
    return key


def request_digest(operation: str, body: bytes) -> Sha256:
    """What a key is bound to: the operation, and the very bytes of the body."""
    return sha256(operation.encode() + b"\n" + body)
