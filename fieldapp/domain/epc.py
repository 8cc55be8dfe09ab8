"""The payload of a SEPA transfer QR (EPC069-12, version 002): what a banking app reads from the screen.

The phone builds the same text offline (`pwa/src/domain/epc.ts`). Source: European Payments Council,
"Quick Response Code: Guidelines to Enable Data Capture for the Initiation of a SEPA Credit Transfer".
"""

from __future__ import annotations

import re

from fieldapp.domain.errors import Kind, Refusal

LARGEST_CENTS = 99_999_999_999
LARGEST_BYTES = 331
_SPACE = re.compile(r"[ \u00a0]")
_IBAN = re.compile(r"IT[0-9]{2}[A-Z][0-9]{10}[A-Z0-9]{12}|(?!IT)[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def compact_iban(iban: str) -> str:
    """`iban` without blanks and in capitals, its check digits verified (ISO 13616, mod 97).

    Raises Refusal `paper.iban_invalid`.
    """
    compact = _SPACE.sub("", iban).upper()
    if not _IBAN.fullmatch(compact) or int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 != 1:
        raise Refusal("paper.iban_invalid", kind=Kind.MALFORMED, details={"iban": iban})
    return compact


def checked_bic(bic: str) -> str:
    """`bic` where it has the form of one (ISO 9362), or none. Raises Refusal `paper.bic_invalid`."""
    if bic and not _BIC.fullmatch(bic):
        raise Refusal("paper.bic_invalid", kind=Kind.MALFORMED, details={"bic": bic})
    return bic


def spaced_iban(iban: str) -> str:
    """`iban` in groups of four, as people read it aloud."""
    return " ".join(iban[i : i + 4] for i in range(0, len(iban), 4))


def epc_payload(*, name: str, iban: str, amount_cents: int, remittance: str, bic: str = "") -> str:
    """The text of the code: UTF-8, error correction M, at most QR version 13.

    `name` up to 70 characters, `remittance` up to 140, unstructured. Raises Refusal `paper.iban_invalid`,
    `paper.bic_invalid`, `paper.transfer_text_invalid` (details: field) or `paper.transfer_amount_invalid`.
    """
    checked_bic(bic)
    if not 1 <= amount_cents <= LARGEST_CENTS:
        raise Refusal("paper.transfer_amount_invalid", kind=Kind.MALFORMED, details={"cents": amount_cents})
    for field, text, longest in (("name", name, 70), ("remittance", remittance, 140)):
        if not text.strip() or len(text) > longest or _UNWRITABLE.search(text):
            raise Refusal("paper.transfer_text_invalid", kind=Kind.MALFORMED, details={"field": field})
    amount = f"EUR{amount_cents // 100}.{amount_cents % 100:02d}"
    lines = ("BCD", "002", "1", "SCT", bic, name.strip(), compact_iban(iban), amount, "", "", remittance.strip())
    payload = "\n".join(lines)
    if len(payload.encode()) > LARGEST_BYTES:
        raise Refusal("paper.transfer_text_invalid", kind=Kind.MALFORMED, details={"field": "remittance"})
    return payload
