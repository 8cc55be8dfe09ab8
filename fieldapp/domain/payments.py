"""The catalogue of payment methods, and what a payment typed at the door must hold.

A method is one entry in `METHODS`: which paper it yields, what must be asked, which account it debits. The
phone reads the same entries from `pwa/src/domain/generated/payments.json`; a test holds the file fresh.
The cash ceiling and other rules of conduct are asked in `domain.conduct`, not here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ledger import AccountKind

Answer = str | bool
"""What was typed into one field: text (dates as `2026-11-26`), or yes and no."""

LARGEST_CENTS = 999_999_999
"""9.999.999,99: a larger sum at a door is a slip of the finger."""


class PaperKind(StrEnum):
    """The papers of a payment; only the first two take a number of the receipt series."""

    RECEIPT = "receipt"
    RECEIPT_SUBJECT_TO_CLEARANCE = "receipt_subject_to_clearance"
    TRANSFER_MEMO = "transfer_memo"


class FieldKind(StrEnum):
    """How a field is asked on the phone: free text, a code of letters and digits, a date, yes or no."""

    TEXT = "text"
    CODE = "code"
    DATE = "date"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to ask. `longest` counts characters."""

    name: str
    kind: FieldKind
    required: bool = True
    longest: int = 60


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """One way to pay. `debits` is None exactly when it announces a payment instead of being one."""

    code: str
    paper: PaperKind
    debits: AccountKind | None
    fields: tuple[Field, ...] = ()
    at_the_door: bool = True
    """False for what only the office sees happen: a phone neither offers nor reports it."""

    @property
    def counts_as_payment(self) -> bool:
        """False for an announcement: no number, no posting, a promise only."""
        return self.debits is not None


METHODS: Mapping[str, PaymentMethod] = {
    method.code: method
    for method in (
        PaymentMethod("cash", PaperKind.RECEIPT, AccountKind.AGENT_CASH),
        PaymentMethod(
            "card",
            PaperKind.RECEIPT,
            AccountKind.CARD_IN_TRANSIT,
            (
                Field("acquirer", FieldKind.TEXT, longest=40),
                Field("authorisation_code", FieldKind.CODE, longest=12),
                Field("terminal", FieldKind.CODE, required=False, longest=16),
            ),
        ),
        PaymentMethod(
            "cheque",
            PaperKind.RECEIPT_SUBJECT_TO_CLEARANCE,
            AccountKind.CHEQUES_IN_HAND,
            (
                Field("bank", FieldKind.TEXT),
                Field("number", FieldKind.CODE, longest=20),
                Field("dated_on", FieldKind.DATE, longest=10),
                Field("payee", FieldKind.TEXT, longest=120),
                Field("non_transferable", FieldKind.FLAG, longest=5),
            ),
        ),
        PaymentMethod(
            "bank_transfer",
            PaperKind.TRANSFER_MEMO,
            None,
            (Field("expected_on", FieldKind.DATE, longest=10),),
        ),
        PaymentMethod(
            "transfer_received",
            PaperKind.RECEIPT,
            AccountKind.AGENCY_BANK,
            (Field("seen_on", FieldKind.DATE, longest=10), Field("reference", FieldKind.TEXT, longest=80)),
            at_the_door=False,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class PaymentRules:
    """The law and the people around one payment.

    `payees` are the names a cheque may bear (the creditor's `cheque_payee`, the agency); None where only the
    paper is at hand, so that any name but the agent's will do. The clause "non trasferibile" is demanded
    from 1.000,00 € (art. 49 d.lgs. 231/2007); the office may demand it from a lower sum.
    """

    today: date
    agent_name: str
    payees: tuple[str, ...] | None
    cheque_clause_from_cents: int = 100_000


def payment_method(code: str) -> PaymentMethod:
    """The entry of the catalogue. Raises Refusal `payment.method_unknown`."""
    if code not in METHODS:
        raise Refusal("payment.method_unknown", kind=Kind.MALFORMED, details={"method": code})
    return METHODS[code]


def catalogue_json() -> str:
    """The catalogue as the phone reads it."""
    entries = [{**asdict(method), "counts_as_payment": method.counts_as_payment} for method in METHODS.values()]
    return json.dumps(entries, indent=2) + "\n"


# --- amounts -------------------------------------------------------------------------------------------------

_AMOUNT = re.compile(r"(0|[1-9][0-9]*|[1-9][0-9]{0,2}(?:\.[0-9]{3})+)(?:,([0-9]{1,2}))?")
_FOREIGN = re.compile(r"[0-9][0-9,]*\.[0-9]{1,2}|[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")
_BLANKS = " \u00a0\u202f\t"


def typed_amount(text: str) -> int:
    """Cents of an amount typed the Italian way: `1.234,50`, `1234,5`, `€ 150`.

    Raises Refusal `payment.amount_negative`, `.amount_zero`, `.amount_too_large`, `.amount_foreign` (a point
    where Italians write a comma, so that two sums could be meant) or `.amount_unreadable`.
    """
    shown = text[:40]
    bare = text.strip(_BLANKS)
    bare = bare.removeprefix("€") if bare.startswith("€") else bare.removesuffix("€")
    bare = bare.strip(_BLANKS)
    if re.fullmatch(r"[-−–][0-9.,]+", bare):
        raise _typed_refusal("payment.amount_negative", shown)
    found = _AMOUNT.fullmatch(bare)
    if not found:
        code = "payment.amount_foreign" if _FOREIGN.fullmatch(bare) else "payment.amount_unreadable"
        raise _typed_refusal(code, shown)
    whole, cents = found[1].replace(".", ""), (found[2] or "").ljust(2, "0")
    if len(whole) > 7:
        raise _typed_refusal("payment.amount_too_large", shown)
    if not int(whole + cents):
        raise _typed_refusal("payment.amount_zero", shown)
    return int(whole + cents)


def _typed_refusal(code: str, shown: str) -> Refusal:
    return Refusal(code, kind=Kind.MALFORMED, details={"typed": shown})


# --- what a payment must hold ----------------------------------------------------------------------------------

_CODE = re.compile(r"[A-Z0-9]+(?:[-/ ][A-Z0-9]+)*")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]")


def checked_payment(
    method: PaymentMethod, *, amount_cents: int, answers: Mapping[str, Answer], rules: PaymentRules
) -> dict[str, Answer]:
    """The answers as the paper will hold them: trimmed, codes in capitals, empty optional ones left out.

    Raises Refusal `payment.amount_out_of_range`, `.field_missing`, `.field_unknown`, `.field_invalid`
    (details: field), `.card_number_given`, or one of the cheque rules.
    """
    if not 1 <= amount_cents <= LARGEST_CENTS:
        raise Refusal("payment.amount_out_of_range", kind=Kind.MALFORMED, details={"cents": amount_cents})
    unknown = sorted(set(answers) - {field.name for field in method.fields})
    if unknown:
        raise Refusal("payment.field_unknown", kind=Kind.MALFORMED, details={"field": unknown[0]})
    checked: dict[str, Answer] = {}
    for field in method.fields:
        answer = _checked_answer(field, answers.get(field.name, ""))
        if answer != "":
            checked[field.name] = answer
    if method.code == "cheque":
        _check_cheque(checked, amount_cents=amount_cents, rules=rules)
    if method.code == "bank_transfer" and str(checked["expected_on"]) < rules.today.isoformat():
        raise Refusal("payment.transfer_date_past", details={"expected_on": checked["expected_on"]})
    return checked


def _checked_answer(field: Field, answer: Answer) -> Answer:
    if field.kind is FieldKind.FLAG:
        if not isinstance(answer, bool):
            raise Refusal("payment.field_missing", kind=Kind.MALFORMED, details={"field": field.name})
        return answer
    if isinstance(answer, bool):
        raise Refusal("payment.field_invalid", kind=Kind.MALFORMED, details={"field": field.name})
    text = answer.strip()
    if not text:
        if field.required:
            raise Refusal("payment.field_missing", kind=Kind.MALFORMED, details={"field": field.name})
        return ""
    text = text.upper() if field.kind is FieldKind.CODE else text
    if len(text) > field.longest or _UNWRITABLE.search(text) or not _fits(field.kind, text):
        raise Refusal("payment.field_invalid", kind=Kind.MALFORMED, details={"field": field.name})
    # A card number must never be kept (PCI DSS 3.2): whoever types it into any field is stopped here.
    if field.kind is not FieldKind.DATE and _looks_like_card_number(text):
        raise Refusal("payment.card_number_given", details={"field": field.name})
    return text


def _fits(kind: FieldKind, text: str) -> bool:
    if kind is FieldKind.CODE:
        return _CODE.fullmatch(text) is not None
    if kind is FieldKind.DATE:
        return _DATE.fullmatch(text) is not None and _is_day(text)
    return True


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _looks_like_card_number(text: str) -> bool:
    digits = re.sub(r"[ -]", "", text)
    if not re.fullmatch(r"[0-9]{13,19}", digits):
        return False
    doubled = (int(d) * (2 if i % 2 else 1) for i, d in enumerate(reversed(digits)))
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def _check_cheque(answers: Mapping[str, Answer], *, amount_cents: int, rules: PaymentRules) -> None:
    if str(answers["dated_on"]) > rules.today.isoformat():
        # A cheque dated ahead is no means of payment but a disguised promise (art. 31 r.d. 1736/1933).
        raise Refusal("payment.cheque_post_dated", details={"dated_on": answers["dated_on"]})
    payee = same_name(str(answers["payee"]))
    if payee == same_name(rules.agent_name):
        raise Refusal("payment.cheque_payee_is_agent", details={"payee": answers["payee"]})
    if rules.payees is not None and payee not in {same_name(name) for name in rules.payees}:
        raise Refusal("payment.cheque_payee_unknown", details={"payee": answers["payee"]})
    if amount_cents >= rules.cheque_clause_from_cents and answers["non_transferable"] is not True:
        raise Refusal("payment.cheque_transferable", details={"from_cents": rules.cheque_clause_from_cents})


def same_name(name: str) -> str:
    """A name without case, dots, commas and the order of its words: `Verdi, Anna` is `ANNA VERDI`."""
    return " ".join(sorted(re.sub(r"[.,]", "", name.lower()).split()))
