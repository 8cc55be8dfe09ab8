"""The receipt as a value: what it holds, its one spelling in bytes, its digest.

The phone builds it (`pwa/src/domain/receipt.ts`), signs its canonical bytes with ECDSA P-256 over SHA-256 and
hands it over; the office reads the bytes back and takes nothing on trust. Contents: DOMAIN 2.4, art. 1199 c.c.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from fieldapp.domain.amount_words import italian_words
from fieldapp.domain.epc import compact_iban
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import Sha256, sha256
from fieldapp.domain.payments import (
    LARGEST_CENTS,
    METHODS,
    Answer,
    PaymentMethod,
    PaymentRules,
    checked_payment,
)
from fieldapp.domain.values import LEFT_OUT, canonical_bytes, checked_text, read_canonical

VERSION = 1
WITH_PAYER = 2
"""The version of a receipt for money that somebody other than the debtor handed over; otherwise like version 1."""
GENESIS = Sha256("0" * 64)
"""What the first receipt of a series names as its predecessor."""

_INSTANT = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
_SERIES = re.compile(r"[A-Z0-9]{1,8}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_DEVICE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class ReceiptKind(StrEnum):
    """A full acquittance, or one that stands only if the cheque clears."""

    RECEIPT = "receipt"
    SUBJECT_TO_CLEARANCE = "receipt_subject_to_clearance"


class WordingKind(StrEnum):
    """What the payment is called: acconto, saldo, rata."""

    PART_PAYMENT = "part_payment"
    FINAL_PAYMENT = "final_payment"
    INSTALMENT = "instalment"


class ChargedTo(StrEnum):
    """Who bears the stamp duty."""

    DEBTOR = "debtor"
    CREDITOR = "creditor"
    NOBODY = "none"


@dataclass(frozen=True, slots=True)
class Agency:
    """Who issues: name, VAT number, licence under art. 115 T.U.L.P.S., address, telephone."""

    name: str
    vat: str
    licence: str
    address: str
    phone: str

    def __post_init__(self) -> None:
        for at in ("name", "vat", "licence", "address", "phone"):
            checked_text(getattr(self, at), at=f"agency.{at}")


@dataclass(frozen=True, slots=True)
class Creditor:
    """For whom: name, and the account to quote for later payments (no blanks)."""

    name: str
    iban: str

    def __post_init__(self) -> None:
        checked_text(self.name, at="creditor.name", longest=120)
        if compact_iban(self.iban) != self.iban:
            raise Refusal("paper.malformed", kind=Kind.MALFORMED, details={"at": "creditor.iban"})


@dataclass(frozen=True, slots=True)
class Agent:
    """Who receives the money: name and number of the badge."""

    name: str
    number: str

    def __post_init__(self) -> None:
        checked_text(self.name, at="agent.name", longest=120)
        checked_text(self.number, at="agent.number", longest=20)


class Capacity(StrEnum):
    """As what somebody other than the debtor pays."""

    RELATIVE = "relative"
    COHABITANT = "cohabitant"
    ACQUAINTANCE = "acquaintance"
    REPRESENTATIVE = "representative"
    GUARANTOR = "guarantor"
    CO_OBLIGOR = "co_obligor"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Payer:
    """Who handed the money over on the debtor's behalf (adempimento del terzo, art. 1180 c.c.)."""

    name: str
    capacity: Capacity

    def __post_init__(self) -> None:
        checked_text(self.name, at="payer.name", longest=120)


@dataclass(frozen=True, slots=True)
class SettledLine:
    """One debt title with what is taken off it; a receipt must say which debt it settles (art. 1199 c.c.)."""

    title: str
    principal_cents: int
    interest_cents: int
    costs_cents: int

    def __post_init__(self) -> None:
        checked_text(self.title, at="lines[].title")
        if min(self.principal_cents, self.interest_cents, self.costs_cents) < 0 or not self.total_cents:
            raise Refusal("receipt.line_empty", kind=Kind.MALFORMED, details={"title": self.title})

    @property
    def total_cents(self) -> int:
        """The three parts together."""
        return self.principal_cents + self.interest_cents + self.costs_cents


@dataclass(frozen=True, slots=True)
class Method:
    """How it was paid: an entry of the catalogue and its answers."""

    code: str
    answers: dict[str, Answer]


@dataclass(frozen=True, slots=True)
class Wording:
    """Acconto, saldo, or instalment `number` of `of` (both 0 otherwise)."""

    kind: WordingKind
    number: int = 0
    of: int = 0

    def __post_init__(self) -> None:
        instalment = self.kind is WordingKind.INSTALMENT
        if not (1 <= self.number <= self.of <= 999 if instalment else self.number == self.of == 0):
            raise Refusal("receipt.instalment_number_wrong", kind=Kind.MALFORMED)


@dataclass(frozen=True, slots=True)
class StampDuty:
    """The duty on the paper itself; `reason` names a sentence of the template (`over_threshold`), `authorisation`
    is the number under which the duty is paid virtually, or empty."""

    due_cents: int
    charged_to: ChargedTo
    reason: str
    authorisation: str = ""

    def __post_init__(self) -> None:
        if self.due_cents < 0 or (self.due_cents == 0) != (self.charged_to is ChargedTo.NOBODY):
            raise Refusal("receipt.stamp_duty_inconsistent", kind=Kind.MALFORMED)
        if self.reason not in STAMP_REASONS:
            raise Refusal("paper.malformed", kind=Kind.MALFORMED, details={"at": "stamp_duty.reason"})
        checked_text(self.authorisation, at="stamp_duty.authorisation", empty_allowed=True)


EXEMPTIONS = ("subject_to_vat", "exempt")
"""Why no duty is due on a creditor's receipts, whatever the amount."""
STAMP_REASONS = ("over_threshold", "up_to_threshold", "subject_to_vat", "exempt")


@dataclass(frozen=True, slots=True)
class StampRule:
    """2,00 € on a receipt above 77,47 €, at the debtor's expense unless the creditor takes it over.

    D.P.R. 642/1972, tariff art. 13; art. 1199 c.c. A parameter with a validity date, set per creditor.
    """

    due_cents: int = 200
    above_cents: int = 7_747
    charged_to: ChargedTo = ChargedTo.DEBTOR
    authorisation: str = ""


def stamp_duty(amount_cents: int, *, rule: StampRule, exemption: str = "") -> StampDuty:
    """The duty on a receipt of `amount_cents`; `exemption` is `subject_to_vat`, `exempt` or empty."""
    if exemption:
        return StampDuty(0, ChargedTo.NOBODY, exemption)
    if rule.charged_to is ChargedTo.NOBODY or not rule.due_cents:
        return StampDuty(0, ChargedTo.NOBODY, "exempt")
    if amount_cents <= rule.above_cents:
        return StampDuty(0, ChargedTo.NOBODY, "up_to_threshold")
    return StampDuty(rule.due_cents, rule.charged_to, "over_threshold", rule.authorisation)


def version_for(payer: Payer | None) -> int:
    """Of a receipt that `payer` paid, None being the debtor."""
    return VERSION if payer is None else WITH_PAYER


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptValue:
    """One receipt, as signed. `issued_at` is UTC to the millisecond; `utc_offset_min` was Italy's at the time,
    kept so that the paper shows the same hour for ever. `residual_cents` is what stays owed after it. `payer` is
    somebody other than the debtor, and then it is version 2; papers of version 1 keep their bytes.
    """

    v: int = VERSION
    kind: ReceiptKind
    series: str
    number: int
    issued_at: str
    utc_offset_min: int
    place: str
    agency: Agency
    creditor: Creditor
    debtor: str
    practice: str
    lines: tuple[SettledLine, ...]
    amount_cents: int
    amount_in_words: str
    method: Method
    wording: Wording
    residual_cents: int
    stamp_duty: StampDuty
    agent: Agent
    device: str
    prev_digest: Sha256
    payer: Payer | None = field(default=None, metadata=LEFT_OUT)

    def __post_init__(self) -> None:
        """Refuse a receipt that contradicts itself: codes `receipt.*`, `payment.*` and `paper.malformed`."""
        if self.v != version_for(self.payer):
            raise Refusal("receipt.version_unknown", kind=Kind.UNSUPPORTED, details={"version": self.v})
        check_heading(self.issued_at, self.utc_offset_min, self.place)
        checked_text(self.debtor, at="debtor", longest=160)
        checked_text(self.practice, at="practice", longest=60)
        if not (_DIGEST.fullmatch(self.prev_digest) and _DEVICE.fullmatch(self.device)):
            raise Refusal("paper.malformed", kind=Kind.MALFORMED, details={"at": "device, prev_digest"})
        receipt_name(self.series, self.number)
        self._check_money()
        self._check_method()

    def _check_money(self) -> None:
        if not 1 <= self.amount_cents <= LARGEST_CENTS or not 0 <= self.residual_cents <= 100 * LARGEST_CENTS:
            raise Refusal("payment.amount_out_of_range", kind=Kind.MALFORMED, details={"cents": self.amount_cents})
        if sum(line.total_cents for line in self.lines) != self.amount_cents:
            raise Refusal("receipt.lines_differ_from_amount", kind=Kind.MALFORMED)
        if self.amount_in_words != italian_words(self.amount_cents):
            raise Refusal("receipt.words_differ_from_amount", kind=Kind.MALFORMED)
        settled = {WordingKind.FINAL_PAYMENT: True, WordingKind.PART_PAYMENT: False}.get(self.wording.kind)
        if settled is not None and settled != (self.residual_cents == 0):
            raise Refusal("receipt.wording_differs_from_residual", kind=Kind.MALFORMED)

    def _check_method(self) -> None:
        method = METHODS.get(self.method.code)
        if method is None or method.paper.value != self.kind.value:
            raise Refusal("receipt.method_differs_from_kind", kind=Kind.MALFORMED)
        rules = PaymentRules(
            today=local_time(self.issued_at, self.utc_offset_min).date(),
            agent_name=self.agent.name,
            payees=None,
        )
        answers = checked_payment(method, amount_cents=self.amount_cents, answers=self.method.answers, rules=rules)
        if answers != self.method.answers:
            raise Refusal("paper.malformed", kind=Kind.MALFORMED, details={"at": "method.answers"})

    @property
    def name(self) -> str:
        """Series and number as people quote them: `A7-000147`."""
        return receipt_name(self.series, self.number)

    @property
    def duty_on_top_cents(self) -> int:
        """The stamp duty that the debtor bears, handed over beside the amount."""
        return self.stamp_duty.due_cents if self.stamp_duty.charged_to is ChargedTo.DEBTOR else 0

    @property
    def handed_over_cents(self) -> int:
        """What the debtor handed over: the amount, and the stamp duty where the debtor bears it."""
        return self.amount_cents + self.duty_on_top_cents

    @property
    def paid_by(self) -> PaymentMethod:
        """The catalogue's entry for the method."""
        return METHODS[self.method.code]


def receipt_name(series: str, number: int) -> str:
    """`A7`, 147 as `A7-000147`. Raises Refusal `paper.malformed`."""
    if not _SERIES.fullmatch(series) or not 1 <= number <= 999_999:
        raise Refusal("paper.malformed", kind=Kind.MALFORMED, details={"at": "series, number"})
    return f"{series}-{number:06d}"


def check_heading(issued_at: str, utc_offset_min: int, place: str) -> None:
    """Hold the instant, the offset and the place of a paper to their forms. Raises Refusal `paper.malformed`."""
    try:
        local_time(issued_at, utc_offset_min)
    except (ValueError, OverflowError) as problem:
        raise Refusal("paper.malformed", kind=Kind.MALFORMED, details={"at": "issued_at"}) from problem
    checked_text(place, at="place", longest=80)


def local_time(issued_at: str, utc_offset_min: int) -> datetime:
    """The hour on the wall when the paper was made. Raises ValueError on another form than the paper's."""
    if not _INSTANT.fullmatch(issued_at) or abs(utc_offset_min) > 14 * 60:
        raise ValueError(issued_at)
    return datetime.fromisoformat(issued_at.replace("Z", "+00:00")) + timedelta(minutes=utc_offset_min)


def receipt_bytes(receipt: ReceiptValue) -> bytes:
    """What the phone signs and stores."""
    return canonical_bytes(receipt)


def receipt_digest(receipt: ReceiptValue) -> Sha256:
    """SHA-256 over the signed bytes; the next receipt of the series names it."""
    return sha256(receipt_bytes(receipt))


def read_receipt(content: bytes) -> ReceiptValue:
    """The receipt that `content` spells.

    Raises Refusal `paper.malformed`, `paper.not_canonical`, or what `ReceiptValue` refuses.
    """
    return read_canonical(ReceiptValue, content)
