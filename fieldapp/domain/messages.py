"""A short message of the office to an agent on the road: what may be written. Nothing is known of a case."""

from __future__ import annotations

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.reading import printable

LONGEST = 500
"""Characters."""


def checked_text(typed: str) -> str:
    """Plain text without blanks around it.

    Raises Refusal `message.empty`, `message.too_long` (details: longest, length) or `message.unreadable`.
    """
    text = typed.replace("\r\n", "\n").strip()
    if not text:
        raise Refusal("message.empty", kind=Kind.MALFORMED)
    if len(text) > LONGEST:
        details = {"longest": LONGEST, "length": len(text)}
        raise Refusal("message.too_long", kind=Kind.MALFORMED, details=details)
    if not printable(text):
        raise Refusal("message.unreadable", kind=Kind.MALFORMED)
    return text
