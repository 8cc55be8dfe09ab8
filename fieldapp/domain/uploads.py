"""Originals that come in parts: what the office holds of one, and which part may follow. Pure.

The shape is that of the IETF's draft for resumable uploads (draft-ietf-httpbis-resumable-upload): the sender asks for
the offset, sends what follows it, and is told the offset where it was mistaken. A part is bound to the picture by the
digest under which it is sent; whether the parts are that picture shows when they are whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fieldapp.domain.errors import Kind, Refusal

LARGEST_PICTURE = 16 * 1024 * 1024
LARGEST_PART = 1024 * 1024
MOST_PARTS = 256
MOST_OPEN = 100
"""Pictures of one phone that are under way; a full day has 28."""
MOST_OPEN_BYTES = 256 * 1024 * 1024
KEPT = timedelta(days=7)
"""From the first part on; the phone still holds the whole picture and begins anew."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the office has of a picture: its length as the first part said it, and the names of the parts in order."""

    length: int
    offset: int = 0
    parts: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        return self.offset == self.length


@dataclass(frozen=True, slots=True)
class OpenUploads:
    """How much of other pictures this phone has under way."""

    count: int = 0
    length: int = 0


def begin(length: int, others: OpenUploads) -> Held:
    """A picture of which nothing is here yet.

    Raises Refusal `attachment.too_large` (details: most) or `attachment.too_many_open` (details: most).
    """
    if not 0 < length <= LARGEST_PICTURE:
        raise Refusal("attachment.too_large", kind=Kind.TOO_LARGE, details={"most": LARGEST_PICTURE})
    if others.count >= MOST_OPEN or others.length + length > MOST_OPEN_BYTES:
        raise Refusal("attachment.too_many_open", kind=Kind.TOO_MANY, details={"most": MOST_OPEN})
    return Held(length)


def follow(held: Held, *, offset: int, length: int, size: int, name: str) -> Held:
    """What is held once a part of `size` bytes at `offset` was kept under `name`.

    Raises Refusal `attachment.offset_differs` (details: offset, what is held: a part that came twice, overlaps or
    leaves a gap), `attachment.length_differs` (details: length), `attachment.part_size` (empty, too large, past the
    end).
    """
    if length != held.length:
        raise Refusal("attachment.length_differs", kind=Kind.CONFLICT, details={"length": held.length})
    if offset != held.offset:
        raise Refusal("attachment.offset_differs", kind=Kind.CONFLICT, details={"offset": held.offset})
    if not 0 < size <= LARGEST_PART or offset + size > length or len(held.parts) >= MOST_PARTS:
        raise Refusal("attachment.part_size", kind=Kind.MALFORMED, details={"most": LARGEST_PART})
    return replace(held, offset=offset + size, parts=(*held.parts, name))


def forgotten(begun_at: datetime, now: datetime) -> bool:
    """Whether it was begun so long ago that its parts go."""
    return now - begun_at > KEPT
