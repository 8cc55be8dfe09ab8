"""Work that left a phone sealed: a bundle of items that only the office can open, read before anything is opened."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.reading import LARGEST, readable
from fieldapp.domain.sync import Arrived

VERSION = 1
_DIGEST = re.compile(r"[0-9a-f]{64}")
MOST_ITEMS = 2_000
_ILLEGIBLE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What bytes that spell something else can meet."""
WRAPPED = 65 + 12 + 32 + 16
"""An ephemeral point, a nonce, a key of 32 bytes and its tag."""


class SealedKind(StrEnum):
    ENVELOPE = "envelope"
    SMALL = "small"
    ORIGINAL = "original"
    DRAFT = "draft"
    """A visit that was still open on the phone, with money, a signature or a notice number in it."""


@dataclass(frozen=True, slots=True)
class SealedItem:
    """One item as it lay on the phone: `wrapped` holds the key of `content`, for the office alone.

    `held`: the SHA-256 of a content that came before the bundle, in parts; then `content` is empty.
    """

    kind: SealedKind
    key: str
    wrapped: bytes
    content: bytes
    held: str | None = None

    def label(self, device: UUID) -> bytes:
        """What both seals are bound to, so that no item can be passed off as another's."""
        return f"{device}|{self.kind}|{self.key}".encode()


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a phone handed over: `signed` are the exact bytes under `signature`."""

    device: UUID
    items: tuple[SealedItem, ...]
    signed: bytes
    signature: bytes


def read_bundle(content: bytes) -> Bundle:
    """The bundle that the bytes spell. Raises Refusal `rescue.unreadable` or `rescue.version_unknown`."""
    try:
        outer = json.loads(content)
        signed = str(outer["signed"]).encode()
        plain = json.loads(signed)
        version = plain["v"]
        if version != VERSION:
            raise Refusal("rescue.version_unknown", kind=Kind.UNSUPPORTED, details={"version": str(version)[:20]})
        items = tuple(_item(item) for item in plain["items"][:MOST_ITEMS])
        return Bundle(UUID(plain["device"]), items, signed, _bytes(outer["signature"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        raise Refusal("rescue.unreadable", kind=Kind.MALFORMED) from None


def _item(plain: Any) -> SealedItem:
    held = plain.get("held")
    content = b"" if held is not None else _bytes(plain["content"])
    item = SealedItem(SealedKind(plain["kind"]), str(plain["key"]), _bytes(plain["wrapped"]), content, held)
    if len(item.wrapped) != WRAPPED or not 0 < len(item.key) <= 64:
        raise ValueError(item.key)
    if held is not None and not _DIGEST.fullmatch(held):
        raise ValueError(item.key)
    return item


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What an open visit had bound already: a person completes it, no rule can judge it."""

    practice_number: str
    amount_cents: int
    receipts: tuple[str, ...]


def unfinished_of(opened: bytes) -> Unfinished:
    """The open visit inside an opened item; what it does not hold, or not legibly, is left empty."""
    try:
        draft = json.loads(opened)
        payments = [p for p in draft.get("payments") or [] if isinstance(p, dict)]
        values = [(p.get("receipt") or {}).get("value") or {} for p in payments]
        numbers = tuple(
            readable(f"{v['series']}-{int(v['number']):06d}")[:20] for v in values if "series" in v and "number" in v
        )
        practice = draft["stop"].get("practice") or {}
        return Unfinished(
            readable(str(practice.get("practice_number", "")))[:60],
            sum(cents for p in payments if type(cents := p.get("amount_cents")) is int and abs(cents) <= LARGEST),
            numbers,
        )
    except _ILLEGIBLE:
        return Unfinished("", 0, ())


def arrived_of(opened: bytes, key: str) -> Arrived:
    """The envelope inside an opened item. Raises Refusal `rescue.unreadable`."""
    try:
        held = json.loads(opened)
        text = str(held["text"]).encode()
        arrived = Arrived(UUID(held["id"]), int(held["seq"]), str(held["digest"]), text)
    except _ILLEGIBLE:
        raise Refusal("rescue.unreadable", kind=Kind.MALFORMED) from None
    if str(arrived.id) != key:
        raise Refusal("rescue.unreadable", kind=Kind.MALFORMED)
    return arrived
