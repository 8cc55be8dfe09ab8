"""The catalogue of payment methods, and what a payment typed at the door must hold.

A method is one entry in `METHODS`: which paper it yields, what must be asked, which account it debits, how its money
goes on to the bank, or how what it only announces is booked once it is seen. The phone reads the same entries from
`pwa/src/domain/generated/payments.json`; a test holds the file fresh, and another takes a made-up method the whole way.
The cash ceiling and other rules of conduct are asked in `domain.conduct`, not here.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ledger import AccountKind
from fieldapp.domain.money import written

Answer = str | bool
"""What was typed into one field: text (dates as `2026-11-26`), or yes and no."""

LARGEST_CENTS = 999_999_999
"""9.999.999,99: a larger sum at a door is a slip of the finger."""


class PaperKind(StrEnum):
    """The papers of a payment; only the first two take a number of the receipt series, the others are memos."""

    RECEIPT = "receipt"
    RECEIPT_SUBJECT_TO_CLEARANCE = "receipt_subject_to_clearance"
    TRANSFER_MEMO = "transfer_memo"
    BULLETIN_MEMO = "bulletin_memo"
    LINK_MEMO = "link_memo"


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


class Standing(StrEnum):
    """Where a payment is on its way to the bank, or that it came to nothing."""

    RECEIVED = "received"
    HANDED_IN = "handed_in"
    AT_BANK = "at_bank"
    CLEARED = "cleared"
    UNPAID = "unpaid"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class Announced:
    """How a payment that is only announced goes on: nothing is posted until the office sees it.

    `on` names the field with its day, which is to come, or behind us where `past` (a stamp); `reference` the field by
    which the office finds it; `booked_as` the method of the office's own receipt.
    """

    on: str
    booked_as: str
    past: bool = False
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """One way to pay. `debits` is None exactly when it announces a payment instead of being one."""

    code: str
    paper: PaperKind
    debits: AccountKind | None
    fields: tuple[Field, ...] = ()
    at_the_door: bool = True
    """False for what only the office sees happen: a phone neither offers nor reports it."""
    announced: Announced | None = None
    steps: Mapping[Standing, frozenset[Standing]] = dataclasses.field(default_factory=dict)
    """From where a payment may go on to where. Cash is fungible: its way is the deposit slip's, not its own."""
    held: Mapping[Standing, AccountKind] = dataclasses.field(default_factory=dict)
    """The account that holds the money by then; where a standing is not named, the one that it was received in."""
    named_by: tuple[str, ...] = ()
    """The fields by which the office knows one from another."""

    @property
    def counts_as_payment(self) -> bool:
        """False for an announcement: no number, no posting, a promise only."""
        return self.debits is not None

    def may_come_back(self, standing: Standing) -> bool:
        """Whether what was received is still provisional (salvo buon fine)."""
        over = (Standing.CLEARED, Standing.UNPAID, Standing.VOIDED)
        return self.paper is PaperKind.RECEIPT_SUBJECT_TO_CLEARANCE and standing not in over

    @property
    def paid_out(self) -> bool:
        """Whether an acquirer or a provider pays it out later, in batches."""
        return Standing.CLEARED in self.steps.get(Standing.RECEIVED, ())


_SEEN = (Field("seen_on", FieldKind.DATE, longest=10), Field("reference", FieldKind.TEXT, longest=80))
"""What the office reads on a statement."""


def _step(**to: Iterable[Standing]) -> Mapping[Standing, frozenset[Standing]]:
    return {Standing(standing): frozenset(onward) for standing, onward in to.items()}


METHODS: Mapping[str, PaymentMethod] = {
    method.code: method
    for method in (
        PaymentMethod("cash", PaperKind.RECEIPT, AccountKind.AGENT_CASH, steps=_step(received=[Standing.VOIDED])),
        PaymentMethod(
            "card",
            PaperKind.RECEIPT,
            AccountKind.CARD_IN_TRANSIT,
            (
                Field("acquirer", FieldKind.TEXT, longest=40),
                Field("authorisation_code", FieldKind.CODE, longest=12),
                Field("terminal", FieldKind.CODE, required=False, longest=16),
            ),
            steps=_step(received=[Standing.CLEARED, Standing.VOIDED]),
            held={Standing.CLEARED: AccountKind.AGENCY_BANK},
            named_by=("acquirer", "authorisation_code"),
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
            steps=_step(
                received=[Standing.HANDED_IN, Standing.VOIDED],
                handed_in=[Standing.AT_BANK, Standing.VOIDED],
                at_bank=[Standing.CLEARED, Standing.UNPAID],
                # A bank credits a cheque before it is sure of it, and may take it back.
                cleared=[Standing.UNPAID],
            ),
            held={
                Standing.RECEIVED: AccountKind.CHEQUES_IN_HAND,
                Standing.HANDED_IN: AccountKind.OFFICE_CHEQUES,
                Standing.AT_BANK: AccountKind.CHEQUES_AT_BANK,
                Standing.CLEARED: AccountKind.AGENCY_BANK,
            },
            named_by=("bank", "number", "dated_on", "payee"),
        ),
        PaymentMethod(
            "bank_transfer",
            PaperKind.TRANSFER_MEMO,
            None,
            (Field("expected_on", FieldKind.DATE, longest=10),),
            announced=Announced("expected_on", booked_as="transfer_received"),
        ),
        # A postal bulletin that the debtor has paid and shows: the money is on the creditor's account already, or not.
        PaymentMethod(
            "bulletin",
            PaperKind.BULLETIN_MEMO,
            None,
            (
                Field("paid_on", FieldKind.DATE, longest=10),
                Field("stamp_code", FieldKind.CODE, longest=40),
            ),
            announced=Announced("paid_on", booked_as="bulletin_received", past=True, reference="stamp_code"),
        ),
        # The debtor pays on the page of a provider, by a link that the office's service makes.
        PaymentMethod(
            "payment_link",
            PaperKind.LINK_MEMO,
            None,
            (Field("expected_on", FieldKind.DATE, longest=10),),
            announced=Announced("expected_on", booked_as="link_paid"),
        ),
        PaymentMethod(
            "link_paid",
            PaperKind.RECEIPT,
            AccountKind.LINKS_IN_TRANSIT,
            _SEEN,
            at_the_door=False,
            # What a provider holds is given back by the provider: a refund, never a void.
            steps=_step(received=[Standing.CLEARED]),
            held={Standing.CLEARED: AccountKind.AGENCY_BANK},
            named_by=("reference",),
        ),
        PaymentMethod(
            "transfer_received",
            PaperKind.RECEIPT,
            AccountKind.AGENCY_BANK,
            _SEEN,
            at_the_door=False,
            steps=_step(cleared=[Standing.VOIDED]),
        ),
        PaymentMethod(
            "bulletin_received",
            PaperKind.RECEIPT,
            AccountKind.AGENCY_BANK,
            _SEEN,
            at_the_door=False,
            steps=_step(cleared=[Standing.VOIDED]),
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
    """The catalogue as the phone reads it: what becomes of the money later is none of its business."""
    entries = [
        {
            "code": method.code,
            "paper": method.paper,
            "debits": method.debits,
            "fields": [asdict(asked) for asked in method.fields],
            "at_the_door": method.at_the_door,
            "announced": asdict(method.announced) if method.announced else None,
            "counts_as_payment": method.counts_as_payment,
        }
        for method in METHODS.values()
    ]
    return json.dumps(entries, indent=2) + "\n"


# --- amounts -------------------------------------------------------------------------------------------------

_BLANKS = " \u00a0\u202f\t"
_SPACED = r"[1-9][0-9]{0,2}(?:[ \u00a0\u202f][0-9]{3})+"
_COMMA = re.compile(rf"(0|[1-9][0-9]*|[1-9][0-9]{{0,2}}(?:\.[0-9]{{3}})+|{_SPACED})(?:,([0-9]{{1,2}}))?")
_POINT = re.compile(rf"(0|[1-9][0-9]*|[1-9][0-9]{{0,2}}(?:,[0-9]{{3}})+|{_SPACED})(?:\.([0-9]{{1,2}}))?")
_LONE = re.compile(r"([0-9]+)[.,]([0-9]{1,3})")
"""One separator and nothing that says whether it parts thousands or cents."""


def typed_amount(text: str, language: str = "it") -> int:
    """Cents of an amount as people type it in that language: `1.234,50` and `1 234,5`, in English `1,234.50`.

    What can mean one sum only is read in any language. Raises Refusal `payment.amount_negative`, `.amount_zero`,
    `.amount_too_large`, `.amount_foreign` (two sums could be meant; details: first and second, as the language writes
    them) or `.amount_unreadable`.
    """
    shown = text[:40]
    bare = text.strip(_BLANKS)
    bare = bare.removeprefix("€") if bare.startswith("€") else bare.removesuffix("€")
    bare = bare.strip(_BLANKS)
    if re.fullmatch(r"[-−–][0-9.,]+", bare):
        raise _typed_refusal("payment.amount_negative", shown)
    own, other = (_POINT, _COMMA) if language == "en" else (_COMMA, _POINT)
    found = own.fullmatch(bare)
    if not found:
        if lone := _LONE.fullmatch(bare):
            raise _two_sums(lone[1], lone[2], shown, language)
        found = other.fullmatch(bare)
    if not found:
        raise _typed_refusal("payment.amount_unreadable", shown)
    whole, cents = re.sub(r"[^0-9]", "", found[1]), (found[2] or "").ljust(2, "0")
    if len(whole) > 7:
        raise _typed_refusal("payment.amount_too_large", shown)
    if not int(whole + cents):
        raise _typed_refusal("payment.amount_zero", shown)
    return int(whole + cents)


def _two_sums(before: str, after: str, shown: str, language: str) -> Refusal:
    """Cents after the separator, or no cents at all."""
    if len(before) + len(after) > 9:
        return _typed_refusal("payment.amount_too_large", shown)
    if before.startswith("0") and len(before) > 1:
        return _typed_refusal("payment.amount_unreadable", shown)
    sums = (int(before) * 100 + int(after[:2].ljust(2, "0")), int(before + after) * 100)
    first, second = (written(cents, language) for cents in sums)
    details = {"typed": shown, "first": first, "second": second}
    return Refusal("payment.amount_foreign", kind=Kind.MALFORMED, details=details)


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
    (details: field), `.card_number_given`, `.transfer_date_past`, `.stamp_date_to_come`, or one of the cheque rules.
    """
    if not 1 <= amount_cents <= LARGEST_CENTS:
        raise Refusal("payment.amount_out_of_range", kind=Kind.MALFORMED, details={"cents": amount_cents})
    checked = checked_answers(method, answers)
    if method.code == "cheque":
        _check_cheque(checked, amount_cents=amount_cents, rules=rules)
    if method.announced is not None:
        on = str(checked[method.announced.on])
        odd = odd_day(method.announced, on, today=rules.today)
        if odd is not None:
            raise Refusal(odd, details={method.announced.on: on})
    return checked


def checked_answers(method: PaymentMethod, answers: Mapping[str, str | int | bool]) -> dict[str, Answer]:
    """The answers alone, as the paper will hold them. Raises as `checked_payment` does for fields."""
    unknown = sorted(set(answers) - {field.name for field in method.fields})
    if unknown:
        raise Refusal("payment.field_unknown", kind=Kind.MALFORMED, details={"field": unknown[0]})
    checked: dict[str, Answer] = {}
    for field in method.fields:
        answer = _checked_answer(field, answers.get(field.name, ""))
        if answer != "":
            checked[field.name] = answer
    return checked


def odd_day(announced: Announced, on: str, *, today: date) -> str | None:
    """Why `on` cannot be the day of such an announcement made `today`, as a code; None where it can."""
    if not announced.past and on < today.isoformat():
        return "payment.transfer_date_past"
    if announced.past and on > today.isoformat():
        return "payment.stamp_date_to_come"
    return None


def _checked_answer(field: Field, answer: str | int | bool) -> Answer:
    if field.kind is FieldKind.FLAG:
        if not isinstance(answer, bool):
            raise Refusal("payment.field_missing", kind=Kind.MALFORMED, details={"field": field.name})
        return answer
    if not isinstance(answer, str):
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
