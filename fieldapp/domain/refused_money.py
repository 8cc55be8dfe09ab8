"""Money that stands in a report which was refused as a whole: what the phone signed, and whether it may be booked.

A refused report is kept as it came, and the debtor holds the paper. What a person at the desk decides about its money
is held to this: a paper whose signature and place in its series hold is booked under its own number; one that breaks
its series, or that nobody can prove, under a number of the office's own; none of them twice.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from fieldapp.domain import reasons
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import Sha256, canonical_json, sha256
from fieldapp.domain.pads import Form, PadKind, is_pad_series, usable
from fieldapp.domain.payments import LARGEST_CENTS, same_name
from fieldapp.domain.receipt_series import Series, SignedReceipt, Verdict, VerifySignature, judge_receipt
from fieldapp.domain.receipts import ReceiptValue, read_receipt
from fieldapp.domain.visit_report import Allocated, PayerDocument

MOST = 10
"""Payments of one report, as `domain.visit` reads them."""


class Proof(StrEnum):
    """What holds of a paper in a refused report, against its series and the books."""

    HOLDS = "holds"
    """Signed by the phone, next to its neighbours: it takes its own number in the books."""
    BOOKED = "booked"
    """This very paper is in the books already."""
    NUMBER_USED = "number_used"
    """Signed by the phone, but the books hold another paper of its number."""
    BREAKS_SERIES = "breaks_series"
    """Signed by the phone, but it does not follow the receipt before it, or has a number that was never granted."""
    NOT_SIGNED = "not_signed"
    """The phone's key did not sign what stands here, or the form's check is wrong: nobody can prove it."""
    UNREADABLE = "unreadable"
    """It spells no receipt."""


UNDER_THE_OFFICES_NUMBER = frozenset({Proof.NUMBER_USED, Proof.BREAKS_SERIES, Proof.NOT_SIGNED, Proof.UNREADABLE})
"""Booked by a receipt of the office's own, since the paper's number cannot stand for it."""


@dataclass(frozen=True, slots=True)
class FoundMoney:
    """A payment with a receipt in a refused report, as far as it can be read. `place` counts the report's payments
    from 0; `content` are the bytes that the signature is of."""

    place: int
    content: bytes
    digest: Sha256
    signature: str
    receipt: ReceiptValue | None
    said_cents: int | None
    """What the report says that was taken; all that is known where the receipt is not readable."""
    allocation: tuple[Allocated, ...]
    document: PayerDocument
    chosen_line: UUID | None

    @property
    def raw_signature(self) -> bytes:
        try:
            return base64.urlsafe_b64decode(self.signature + "=" * (-len(self.signature) % 4))
        except (binascii.Error, ValueError):
            return b""


@dataclass(frozen=True, slots=True)
class RefusedReport:
    """What can be read of a refused envelope about the door and the money; never refuses."""

    practice_id: UUID | None
    arrived_at: datetime | None
    outcome: str
    money: tuple[FoundMoney, ...]


def read_refused(content: bytes) -> RefusedReport:
    """The money in the bytes of a refused envelope; nothing where they spell no report."""
    try:
        body = json.loads(content)["body"]
    except (ValueError, KeyError, TypeError, RecursionError):
        body = None
    if not isinstance(body, dict):
        return RefusedReport(None, None, "", ())
    payments = body.get("payments")
    found = [
        one
        for place, payment in enumerate(payments[:MOST] if isinstance(payments, list) else ())
        if (one := _found(place, payment)) is not None
    ]
    return RefusedReport(
        _uuid(body.get("practice_id")), _instant(body.get("arrived_at")), _text(body.get("outcome")), tuple(found)
    )


def _found(place: int, payment: Any) -> FoundMoney | None:
    if not isinstance(payment, dict):
        return None
    issued = payment.get("receipt")
    if not isinstance(issued, dict) or not isinstance(value := issued.get("value"), dict):
        return None
    try:
        content = canonical_json(value)
    except (ValueError, TypeError, RecursionError):
        return None
    cents = payment.get("amount_cents")
    other = payment.get("payer")
    document = other.get("document") if isinstance(other, dict) else None
    return FoundMoney(
        place=place,
        content=content,
        digest=sha256(content),
        signature=_text(issued.get("signature"), longest=400),
        receipt=_receipt(content),
        said_cents=cents if type(cents) is int and 0 < cents <= LARGEST_CENTS else None,
        allocation=_allocation(payment.get("allocation")),
        chosen_line=_uuid(payment.get("chosen_line")),
        document=PayerDocument(document) if document in list(PayerDocument) else PayerDocument.NONE,
    )


def _receipt(content: bytes) -> ReceiptValue | None:
    try:
        return read_receipt(content)
    except (Refusal, ValueError):
        return None


def _allocation(lines: Any) -> tuple[Allocated, ...]:
    """How the phone laid the amount; empty where that cannot be read."""
    parts = ("principal_cents", "interest_cents", "costs_cents")
    laid = []
    for line in lines if isinstance(lines, list) else ():
        line_id = _uuid(line.get("debt_line_id")) if isinstance(line, dict) else None
        cents = [line.get(part) for part in parts] if line_id else []
        if line_id is None or not all(type(one) is int and 0 <= one <= LARGEST_CENTS for one in cents):
            return ()
        laid.append(Allocated(line_id, *cents))
    return tuple(laid)


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _instant(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def _text(value: Any, *, longest: int = 60) -> str:
    return value if isinstance(value, str) and len(value) <= longest else ""


# --- what holds of it --------------------------------------------------------------------------------------------


def prove(
    found: FoundMoney, series: Series, *, form: Form | None, agent_id: UUID, verify_signature: VerifySignature
) -> Proof:
    """What holds of a paper; `form` is that of the pad on which it was written by hand, where it says so."""
    receipt = found.receipt
    if receipt is None:
        return Proof.UNREADABLE
    if is_pad_series(receipt.series):
        return _prove_form(found, receipt, series, form, agent_id, verify_signature)
    signed = SignedReceipt(found.content, found.raw_signature)
    judged = judge_receipt(signed, series, verify_signature=verify_signature)
    if judged.verdict is Verdict.ACCEPTED:
        return Proof.HOLDS
    if judged.verdict is Verdict.DUPLICATE:
        return Proof.BOOKED
    if judged.code == "receipt.number_used":
        return Proof.NUMBER_USED
    return Proof.NOT_SIGNED if judged.code == "receipt.signature_invalid" else Proof.BREAKS_SERIES


def _prove_form(
    found: FoundMoney,
    receipt: ReceiptValue,
    series: Series,
    form: Form | None,
    agent_id: UUID,
    verify_signature: VerifySignature,
) -> Proof:
    """A form's number is printed once: whatever else says that it is this form is no second paper."""
    try:
        known = usable(form, kind=PadKind.RECEIPT, agent_id=agent_id, name=receipt.name)
    except Refusal as refusal:
        taken = refusal.code in ("pad.form_used", "pad.form_voided")
        return Proof.NUMBER_USED if taken else Proof.NOT_SIGNED
    vouched = verify_signature(series.public_point, found.content, found.raw_signature)
    copied = (receipt.device, receipt.prev_digest) == (series.device, known.digest)
    return Proof.HOLDS if vouched and copied else Proof.NOT_SIGNED


# --- whose money it is -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MoneyPractice:
    """A practice that a paper's money may be of. `debtor_keys` tell its debtor from others of the same name."""

    id: UUID
    number: str
    creditor: str
    debtor: str
    debtors: frozenset[str]
    """Everybody who owes: the debtor, and who owes beside them."""
    debtor_keys: frozenset[str]


def takers(
    receipt: ReceiptValue, practices: Sequence[MoneyPractice], *, reported: UUID | None
) -> tuple[MoneyPractice, ...]:
    """The practices on which the money may be booked, the one that the paper names first.

    Money stays with the creditor whom the paper names: the practice of its number; the one that the report was for,
    where it is the same debtor's by name; and the others of a debtor who is known to be the same.
    """
    creditor, debtor = same_name(receipt.creditor.name), same_name(receipt.debtor)
    same_creditor = [one for one in practices if same_name(one.creditor) == creditor]
    named = [one for one in same_creditor if one.number == receipt.practice]
    told = [
        one
        for one in same_creditor
        if one.id == reported and one not in named and debtor in {same_name(name) for name in one.debtors}
    ]
    keys = frozenset[str]().union(*(one.debtor_keys for one in (*named, *told)))
    others = [one for one in same_creditor if one not in named and one not in told and one.debtor_keys & keys]
    return (*named, *told, *sorted(others, key=lambda one: one.number))


def check_booking(
    proof: Proof, *, on_another: bool, settled_otherwise: bool, reason: str, other_paper: bool, on_a_form: bool
) -> None:
    """Whether the office may book it so; `settled_otherwise`: it was settled that no money was taken.

    Raises Refusal `refused_money.unreadable`, `.booked_before` (the very paper), `.number_booked` (another paper of its
    number, unless the person has seen that it is `other_paper`; never for a pad's form), `.reason_short`.
    """
    if proof is Proof.UNREADABLE:
        raise Refusal("refused_money.unreadable", kind=Kind.CONFLICT)
    if proof is Proof.BOOKED:
        raise Refusal("refused_money.booked_before", kind=Kind.CONFLICT)
    if proof is Proof.NUMBER_USED and (on_a_form or not other_paper):
        raise Refusal("refused_money.number_booked", kind=Kind.CONFLICT)
    if on_another or settled_otherwise or proof is not Proof.HOLDS:
        check_reason(reason)


def check_copy(proof: Proof, *, reason: str) -> None:
    """Whether what the paper in the debtor's hand says may be copied: only where nothing of it can be read here.

    Raises Refusal `refused_money.readable`, `.booked_before`, `.reason_short`.
    """
    if proof is Proof.BOOKED:
        raise Refusal("refused_money.booked_before", kind=Kind.CONFLICT)
    if proof is not Proof.UNREADABLE:
        raise Refusal("refused_money.readable", kind=Kind.CONFLICT)
    check_reason(reason)


def check_reason(reason: str) -> None:
    """Raises Refusal `refused_money.reason_short` (details: least)."""
    if reasons.says_too_little(reason):
        raise Refusal("refused_money.reason_short", kind=Kind.MALFORMED, details={"least": reasons.SHORTEST})
