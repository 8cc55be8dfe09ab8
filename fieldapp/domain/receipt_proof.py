"""What the code on a receipt says, so that anybody can have it checked, and what it proves.

`2.<receipt>.<signature>` carries the signed receipt itself: its values in the order of their sorted names, deflated,
so that the code stays readable from a small print. A receipt too long for that is named by
`1.<name>.<digest>.<signature>`. Everything in it was written by a stranger: it is read strictly and within bounds,
and what does not hold is unknown, without a reason that would help the next attempt.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from dataclasses import dataclass, fields, is_dataclass
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import Sha256, canonical_json
from fieldapp.domain.receipts import ReceiptValue, read_receipt, receipt_name
from fieldapp.domain.values import may_be_left_out

LONGEST = 1_100
"""Characters of a proof that still leave room for a page's address in the code."""
_LARGEST_PACKED = 4_096
_PROOF = re.compile(r"(?:2\.[A-Za-z0-9_-]{1,1600}|1\.[A-Z0-9]{1,8}-[0-9]{6}\.[A-Za-z0-9_-]{43})\.[A-Za-z0-9_-]{86}")
_KEPT_WHOLE = "answers"
"""The one part without a fixed shape: it travels with its names."""


@dataclass(frozen=True, slots=True)
class WholeProof:
    """The signed receipt itself: value, the exact signed bytes, signature (raw r||s)."""

    receipt: ReceiptValue
    content: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class DigestProof:
    """Name of a receipt, digest of the signed bytes, signature over them."""

    series: str
    number: int
    digest: Sha256
    signature: bytes


def receipt_proof(receipt: ReceiptValue, digest: Sha256, *, signature: str) -> str:
    """The proof of `receipt`; `signature` is r||s in base64url. The whole receipt where it fits, else its digest."""
    packed = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    content = packed.compress(packed_receipt(receipt)) + packed.flush()
    whole = f"2.{_url64(content)}.{signature}"
    return whole if len(whole) <= LONGEST else digest_proof(receipt.name, digest, signature=signature)


def digest_proof(name: str, digest: Sha256, *, signature: str) -> str:
    """The proof of a paper by its name and digest alone."""
    return f"1.{name}.{_url64(bytes.fromhex(digest))}.{signature}"


def packed_receipt(receipt: ReceiptValue) -> bytes:
    """The receipt without the names of its fields; the phone packs the same bytes (`pwa/src/domain/receipt.ts`)."""
    return canonical_json(_packed(receipt))


def read_proof(text: str) -> WholeProof | DigestProof:
    """What `text` claims; nothing is proved yet. Raises Refusal `receipt.proof_unreadable`."""
    if not _PROOF.fullmatch(text):
        raise _unreadable()
    version, *parts, signature = text.split(".")
    raw = _bytes64(signature)
    if version == "1":
        series, _, number = parts[0].rpartition("-")
        return DigestProof(series, _number(parts[0], series, number), Sha256(_bytes64(parts[1]).hex()), raw)
    try:
        content = canonical_json(_unpacked(ReceiptValue, json.loads(_inflated(_bytes64(parts[0])))))
        return WholeProof(read_receipt(content), content, raw)
    except (Refusal, ValueError, TypeError, KeyError, IndexError, RecursionError):
        raise _unreadable() from None


def device_named(proof: WholeProof) -> UUID:
    """The device that the receipt says it was made on."""
    return UUID(proof.receipt.device)


def _number(name: str, series: str, digits: str) -> int:
    number = int(digits)
    try:
        agrees = receipt_name(series, number) == name
    except Refusal:
        agrees = False
    if not agrees:
        raise _unreadable()
    return number


def _inflated(content: bytes) -> bytes:
    # A few bytes can unfold to gigabytes: never more than a receipt has.
    unfolding = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        plain = unfolding.decompress(content, _LARGEST_PACKED)
    except zlib.error:
        raise _unreadable() from None
    if not unfolding.eof or unfolding.unused_data:
        raise _unreadable()
    return plain


def _packed(value: Any) -> Any:
    if is_dataclass(value):
        spelled = (f.name for f in fields(value) if not may_be_left_out(f) or getattr(value, f.name) is not None)
        return [getattr(value, n) if n == _KEPT_WHOLE else _packed(getattr(value, n)) for n in sorted(spelled)]
    if isinstance(value, tuple):
        return [_packed(item) for item in value]
    return value


def _unpacked(shape: Any, plain: Any) -> Any:
    """`plain` with the names of `shape` put back; its types are left to the strict reader."""
    if is_dataclass(shape) and isinstance(shape, type):
        hints = get_type_hints(shape)
        names = sorted(field.name for field in fields(shape))
        if isinstance(plain, list) and len(plain) < len(names):
            names = sorted(field.name for field in fields(shape) if not may_be_left_out(field))
        if not isinstance(plain, list) or len(plain) != len(names):
            raise _unreadable()
        return {name: _unpacked(hints[name], item) for name, item in zip(names, plain, strict=True)}
    if get_origin(shape) is UnionType:
        return None if plain is None else _unpacked(get_args(shape)[0], plain)
    if get_origin(shape) is tuple and isinstance(plain, list):
        return [_unpacked(get_args(shape)[0], item) for item in plain]
    return plain


def _url64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bytes64(text: str) -> bytes:
    try:
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise _unreadable() from None
    if _url64(content) != text:
        raise _unreadable()
    return content


def _unreadable() -> Refusal:
    return Refusal("receipt.proof_unreadable", kind=Kind.MALFORMED)
