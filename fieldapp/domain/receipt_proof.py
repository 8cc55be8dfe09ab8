"""What the code on a receipt says, so that anybody can have it checked, and what it proves.

`2.<receipt>.<signature>` carries the signed receipt itself: its values in the order of their sorted names, deflated,
so that the code stays readable from a small print. A receipt too long for that is named by
`1.<name>.<digest>.<signature>`. Everything in it was written by a stranger: it is read strictly and within bounds,
and what does not hold is unknown, without a reason that would help the next attempt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from fieldapp.domain.code_packing import bytes64, deflated, inflated, packed_bytes, unpacked, url64
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import Sha256, canonical_json
from fieldapp.domain.receipts import ReceiptValue, read_receipt, receipt_name

LONGEST = 1_100
"""Characters of a proof that still leave room for a page's address in the code."""
_PROOF = re.compile(r"(?:2\.[A-Za-z0-9_-]{1,1600}|1\.[A-Z0-9]{1,8}-[0-9]{6}\.[A-Za-z0-9_-]{43})\.[A-Za-z0-9_-]{86}")


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
    whole = f"2.{deflated(packed_receipt(receipt))}.{signature}"
    return whole if len(whole) <= LONGEST else digest_proof(receipt.name, digest, signature=signature)


def digest_proof(name: str, digest: Sha256, *, signature: str) -> str:
    """The proof of a paper by its name and digest alone."""
    return f"1.{name}.{url64(bytes.fromhex(digest))}.{signature}"


def packed_receipt(receipt: ReceiptValue) -> bytes:
    """The receipt without the names of its fields; the phone packs the same bytes (`pwa/src/domain/receipt.ts`)."""
    return packed_bytes(receipt)


def read_proof(text: str) -> WholeProof | DigestProof:
    """What `text` claims; nothing is proved yet. Raises Refusal `receipt.proof_unreadable`."""
    if not _PROOF.fullmatch(text):
        raise _unreadable()
    version, *parts, signature = text.split(".")
    try:
        raw = bytes64(signature)
        if version == "1":
            series, _, number = parts[0].rpartition("-")
            return DigestProof(series, _number(parts[0], series, number), Sha256(bytes64(parts[1]).hex()), raw)
        content = canonical_json(unpacked(ReceiptValue, inflated(parts[0])))
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


def _unreadable() -> Refusal:
    return Refusal("receipt.proof_unreadable", kind=Kind.MALFORMED)
