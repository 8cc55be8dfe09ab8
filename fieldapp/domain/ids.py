"""Identifiers and digests: how things are named, without ever drawing a random number here."""

from __future__ import annotations

import hashlib
import json
from typing import Any, NewType
from uuid import UUID

Sha256 = NewType("Sha256", str)
"""64 lower-case hexadecimal digits."""

AgencyId = NewType("AgencyId", UUID)
CreditorId = NewType("CreditorId", UUID)
PersonId = NewType("PersonId", UUID)
PracticeId = NewType("PracticeId", UUID)
DeviceId = NewType("DeviceId", UUID)


def sha256(content: bytes) -> Sha256:
    """The SHA-256 of `content`."""
    return Sha256(hashlib.sha256(content).hexdigest())


def canonical_json(value: Any) -> bytes:
    """`value` in one spelling: keys sorted, no blanks, UTF-8 unescaped; integers only, no floats.

    The phone writes the same bytes (`pwa/src/domain/canonical.ts`); golden cases hold both to it. Keys are
    plain ASCII by construction, so that sorting by code point and by UTF-16 unit agree.
    """
    _refuse_floats(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("canonical values hold no floats: use integer units")
    if isinstance(value, dict):
        for key, item in value.items():
            if not (isinstance(key, str) and key.isascii()):
                raise TypeError("canonical keys are ASCII strings")
            _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)
