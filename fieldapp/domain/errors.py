"""Refusals: what the software declines to do, each with a stable code.

A refusal is an answer, not a fault: it carries a dotted code that is never reused, the kind that the edge
turns into an HTTP status, and details that fill the placeholders of its words. The words stand in
`pwa/src/text/refusals/<language>.json`; an architecture test holds that each code has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """Why something is refused; `routes/problems` maps each kind to one HTTP status."""

    INCOMPLETE = "incomplete"
    MALFORMED = "malformed"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    CONFLICT = "conflict"
    RULE = "rule"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"
    OUTDATED = "outdated"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"


class Refusal(Exception):
    """Something is declined for a stated reason; nothing was changed.

    `code` is dotted (`payment.over_cash_ceiling`), `details` are plain JSON values that the words refer to.
    """

    def __init__(self, code: str, *, kind: Kind = Kind.RULE, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.kind = kind
        self.details: dict[str, Any] = dict(details or {})

    def __repr__(self) -> str:
        return f"Refusal({self.code!r}, kind={self.kind.value!r}, details={self.details!r})"
