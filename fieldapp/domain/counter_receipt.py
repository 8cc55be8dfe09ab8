"""The paper that voids a receipt: a number of its own in the office's series, a reason, and which receipt it undoes.

A receipt handed to a debtor is never taken back silently: both stay in their series, and the counter-receipt says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fieldapp.domain.amount_words import italian_words
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import Sha256
from fieldapp.domain.money import italian
from fieldapp.domain.papers import Block, Role, Words, fill, fingerprint
from fieldapp.domain.receipts import VERSION, Agency, Agent, check_heading, local_time, receipt_name
from fieldapp.domain.values import canonical_bytes, checked_text, read_canonical


class CounterReceiptKind(StrEnum):
    """The only kind of it."""

    COUNTER_RECEIPT = "counter_receipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterReceipt:
    """`voids` and `voided_digest` name the receipt that holds no longer; `amount_cents` is what it was about."""

    v: int = VERSION
    kind: CounterReceiptKind = CounterReceiptKind.COUNTER_RECEIPT
    series: str
    number: int
    issued_at: str
    utc_offset_min: int
    place: str
    agency: Agency
    debtor: str
    practice: str
    voids: str
    voided_digest: Sha256
    amount_cents: int
    amount_in_words: str
    reason: str
    agent: Agent
    device: str
    prev_digest: Sha256

    def __post_init__(self) -> None:
        check_heading(self.issued_at, self.utc_offset_min, self.place)
        receipt_name(self.series, self.number)
        for at in ("debtor", "practice", "voids"):
            checked_text(getattr(self, at), at=at, longest=160)
        checked_text(self.reason, at="reason", longest=300)
        if self.v != VERSION or self.amount_in_words != italian_words(self.amount_cents):
            raise Refusal("paper.malformed", kind=Kind.MALFORMED, details={"at": "v, amount_in_words"})

    @property
    def name(self) -> str:
        """Series and number as people quote them: `U1-000003`."""
        return receipt_name(self.series, self.number)


def counter_receipt_bytes(paper: CounterReceipt) -> bytes:
    """What the office signs and keeps."""
    return canonical_bytes(paper)


def read_counter_receipt(content: bytes) -> CounterReceipt:
    """The counter-receipt that `content` spells. Raises Refusal `paper.malformed`, `paper.not_canonical`."""
    return read_canonical(CounterReceipt, content)


def counter_receipt_blocks(paper: CounterReceipt, words: Words, *, digest: Sha256) -> tuple[Block, ...]:
    """The blocks of the paper in reading order. Raises Refusal `paper.words_missing`."""
    at = local_time(paper.issued_at, paper.utc_offset_min)
    agency = paper.agency
    issued = fill(words, "receipt.issued", place=paper.place, date=f"{at:%d/%m/%Y}", time=f"{at:%H:%M}")
    return (
        Block(Role.ISSUER, agency.name),
        Block(Role.ISSUER_DETAIL, fill(words, "issuer.details", address=agency.address, phone=agency.phone)),
        Block(Role.ISSUER_DETAIL, fill(words, "issuer.registration", vat=agency.vat, licence=agency.licence)),
        Block(Role.TITLE, fill(words, "counter_receipt.title")),
        Block(Role.REFERENCE, fill(words, "receipt.reference", name=paper.name)),
        Block(Role.ISSUED, issued),
        Block(Role.AMOUNT, italian(paper.amount_cents)),
        Block(Role.AMOUNT_WORDS, f"euro {paper.amount_in_words}"),
        Block(Role.WARNING, fill(words, "counter_receipt.warning", name=paper.voids)),
        Block(Role.FIELD, paper.voids, fill(words, "counter_receipt.voids")),
        Block(Role.FIELD, paper.debtor, fill(words, "counter_receipt.debtor")),
        Block(Role.FIELD, paper.practice, fill(words, "receipt.practice")),
        Block(Role.FIELD, paper.reason, fill(words, "counter_receipt.reason")),
        Block(Role.FIELD, paper.agent.name, fill(words, "counter_receipt.agent")),
        Block(Role.FINGERPRINT, fingerprint(digest), fill(words, "receipt.fingerprint")),
        Block(Role.QR, fill(words, "receipt.qr")),
    )
