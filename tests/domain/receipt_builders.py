"""For tests of papers: golden cases, and a phone that issues receipts with a real P-256 key in a real chain."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fieldapp.domain.amount_words import italian_words
from fieldapp.domain.errors import Refusal
from fieldapp.domain.ids import Sha256
from fieldapp.domain.receipt_series import NumberBlock, Series, SignedReceipt, next_number
from fieldapp.domain.receipts import (
    GENESIS,
    Agency,
    Agent,
    ChargedTo,
    Creditor,
    Method,
    ReceiptKind,
    ReceiptValue,
    SettledLine,
    StampDuty,
    Wording,
    WordingKind,
    receipt_bytes,
    receipt_digest,
)

DEVICE = "0198a3c2-7f00-7abc-8def-0123456789ab"
BLOCKS = (NumberBlock(1, 40), NumberBlock(101, 140))
ROOT = Path(__file__).parents[2]


def golden(name: str) -> list[dict[str, Any]]:
    """The cases that the phone's suite runs too."""
    cases: list[dict[str, Any]] = json.loads((ROOT / "tests" / "golden" / f"{name}.json").read_text(encoding="utf-8"))
    return cases


def answer_of(call: Callable[[], Any]) -> Any:
    """What `call` returns, or its refusal in the words of the golden cases."""
    try:
        return call()
    except Refusal as refusal:
        return {"refused": refusal.code}


def a_receipt(**changes: Any) -> ReceiptValue:
    """A cash receipt of 150,00 €; `amount_cents` changes words and lines with it."""
    amount = changes.get("amount_cents", 15_000)
    fields: dict[str, Any] = {
        "kind": ReceiptKind.RECEIPT,
        "series": "A7",
        "number": 1,
        "issued_at": "2026-11-26T09:42:10.123Z",
        "utc_offset_min": 60,
        "place": "Lodi",
        "agency": Agency("Agenzia Aldini S.r.l.", "01234567897", "n. 12/2019", "Corso Roma 12, Lodi", "0371 000000"),
        "creditor": Creditor("Banca Esempio S.p.A.", "IT60X0542811101000000123456"),
        "debtor": "Mario Bianchi",
        "practice": "2026/00123",
        "lines": (SettledLine("Prestito 4711", amount, 0, 0),),
        "amount_cents": amount,
        "amount_in_words": italian_words(amount),
        "method": Method("cash", {}),
        "wording": Wording(WordingKind.PART_PAYMENT),
        "residual_cents": 60_000,
        "stamp_duty": StampDuty(0, ChargedTo.NOBODY, "exempt"),
        "agent": Agent("Anna Verdi", "017"),
        "device": DEVICE,
        "prev_digest": GENESIS,
    }
    return ReceiptValue(**{**fields, **changes})


def private_key(secret: int) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(secret, ec.SECP256R1())


def sign(content: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:
    """Raw r||s, as WebCrypto gives it."""
    r, s = decode_dss_signature(key.sign(content, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verify(public_point: bytes, message: bytes, signature: bytes) -> bool:
    if len(signature) != 64:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_point)
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass
class Phone:
    """Issues receipts in order from its blocks."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: private_key(7))
    blocks: tuple[NumberBlock, ...] = BLOCKS
    last_number: int | None = None
    head: Sha256 = GENESIS

    @property
    def series(self) -> Series:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return Series(name="A7", device=DEVICE, public_point=point, blocks=self.blocks)

    def sealed(self, receipt: ReceiptValue) -> SignedReceipt:
        content = receipt_bytes(receipt)
        return SignedReceipt(content, sign(content, self.key))

    def issue(self, **changes: Any) -> SignedReceipt:
        number = next_number(self.blocks, last_used=self.last_number)
        receipt = replace(a_receipt(**changes), number=number, prev_digest=self.head)
        self.last_number, self.head = number, receipt_digest(receipt)
        return self.sealed(receipt)
