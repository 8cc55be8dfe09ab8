"""Papers say what their values hold, and a visit notice says nothing that a neighbour may not read."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest
import segno.helpers
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.domain.epc import compact_iban, epc_payload, spaced_iban
from fieldapp.domain.errors import Refusal
from fieldapp.domain.ids import canonical_json, sha256
from fieldapp.domain.papers import AnnouncementMemo, Paper, TransferMemo, VisitNotice, fill, paper_blocks, paper_lines
from fieldapp.domain.payments import METHODS
from fieldapp.domain.receipts import Capacity, Payer, ReceiptValue
from fieldapp.domain.values import canonical_bytes, read_canonical
from tests.domain.receipt_builders import ROOT, a_receipt, answer_of, golden

WORDS: dict[str, str] = json.loads(
    (ROOT / "fieldapp/pwa/src/papers/templates/default.it.json").read_text(encoding="utf-8")
)
SHAPES: dict[str, type[Paper]] = {
    "receipt": ReceiptValue,
    "receipt_subject_to_clearance": ReceiptValue,
    "transfer_memo": TransferMemo,
    "bulletin_memo": AnnouncementMemo,
    "link_memo": AnnouncementMemo,
    "visit_notice": VisitNotice,
}
AGREEMENTS = ("agreement.", "repayment_plan.", "settlement.")
"""Sentences that `test_agreements` asks for."""
IBAN = "IT60X0542811101000000123456"


def paper_of(value: dict[str, Any]) -> Paper:
    return read_canonical(SHAPES[value["kind"]], canonical_json(value))


def paper_named(name: str) -> dict[str, Any]:
    return next(dict(case["value"]) for case in golden("papers") if case["name"] == name)


@pytest.mark.parametrize("case", golden("papers"), ids=lambda case: case["name"])
def test_a_paper_shows_the_agreed_blocks(case: dict[str, Any]) -> None:
    paper = paper_of(case["value"])
    digest = sha256(canonical_bytes(paper))

    blocks = paper_blocks(paper, WORDS, digest=digest)

    assert digest == case["digest"]
    assert [[block.role.value, block.label, block.text] for block in blocks] == case["blocks"]


def test_the_lines_of_a_paper_are_its_labels_and_texts() -> None:
    value = paper_named("cash, in part")

    lines = paper_lines(paper_blocks(paper_of(value), WORDS, digest=sha256(b"")))

    assert "Quietanza di pagamento" in lines
    assert "euro centocinquanta/00" in lines
    assert "" not in lines


def test_a_transfer_memo_says_that_it_is_no_receipt_and_bears_no_number() -> None:
    memo = paper_of(paper_named("transfer announced"))

    lines = paper_lines(paper_blocks(memo, WORDS, digest=sha256(b"")))

    assert any("Non è una quietanza" in line for line in lines)
    assert not any(line.startswith("n. ") for line in lines)


@pytest.mark.parametrize(
    "changes",
    [
        {"expected_on": "2026-02-29"},  # no such day
        {"expected_on": "01/12/2026"},
        {"amount_cents": 0},
        {"remittance": ""},
        {"remittance": "x" * 141},  # longer than a transfer carries
        {"bic": "NOBIC"},
        {"v": 2},
    ],
    ids=str,
)
def test_a_transfer_memo_that_no_bank_could_read_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Refusal):
        paper_of({**paper_named("transfer announced"), **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Aldini Recupero Crediti"},
        {"name": "Ufficio insoluti"},
        {"hours": "urgente, chiamare subito"},
        {"ask_for": "ufficio legale"},
        {"ask_for": "saldo di 150 €"},
    ],
    ids=str,
)
def test_a_notice_that_tells_a_stranger_its_matter_is_refused(changes: dict[str, Any]) -> None:
    value = paper_named("nobody at home")
    notice = paper_of({**value, "caller": {**value["caller"], **changes}})

    with pytest.raises(Refusal) as refusal:
        paper_blocks(notice, WORDS, digest=sha256(b""))
    assert refusal.value.code == "paper.notice_not_neutral"


def test_a_template_that_frightens_is_refused_for_a_notice() -> None:
    words = {**WORDS, "visit_notice.body": "Si metta in contatto con urgenza per il pagamento."}

    with pytest.raises(Refusal) as refusal:
        paper_blocks(paper_of(paper_named("nobody at home")), words, digest=sha256(b""))
    assert refusal.value.code == "paper.notice_not_neutral"


@pytest.mark.parametrize("name", ["bulletin shown with its stamp", "link to pay by", "link that the office sends"])
def test_an_announcement_says_that_it_is_no_receipt_and_bears_no_number(name: str) -> None:
    lines = paper_lines(paper_blocks(paper_of(paper_named(name)), WORDS, digest=sha256(b"")))

    assert any(line.startswith("Non è una quietanza") for line in lines)
    assert not any(re.search(r"[A-Z][0-9]-[0-9]{6}", line) or "https://" in line for line in lines)


@pytest.mark.parametrize(
    "changes",
    [
        {"on": "2027-02-29"},  # no such day
        {"amount_cents": 0},
        {"amount_cents": 1_000_000_000},
        {"reference": ""},  # a stamp has a code
        {"reference": "x" * 41},
    ],
)
def test_a_bulletin_that_was_not_paid_on_a_day_or_has_no_code_makes_no_memo(changes: dict[str, Any]) -> None:
    answer = answer_of(lambda: paper_of({**paper_named("bulletin shown with its stamp"), **changes}))

    assert answer == {"refused": "paper.malformed"}


@pytest.mark.parametrize("field", ["creditor", "amount_cents", "practice"])
def test_a_notice_has_no_place_for_the_debt(field: str) -> None:
    with pytest.raises(Refusal) as refusal:
        paper_of({**paper_named("nobody at home"), field: 1})
    assert refusal.value.code == "paper.malformed"


@pytest.mark.parametrize("key", sorted(key for key in WORDS if not key.startswith(AGREEMENTS)))
def test_a_template_without_a_sentence_fails_before_anything_is_printed(key: str) -> None:
    words = {other: text for other, text in WORDS.items() if other != key}
    papers = [paper_of(case["value"]) for case in golden("papers")]
    kept_for_later = {
        "transfer_memo.amount",
        "transfer_memo.remittance.text",
        "receipt.stamp_duty.exempt",
        "visit_notice.hours.text",
    }
    # The phone never says it; a receipt of the office does (tests/flows/test_cash.py).
    kept_for_later |= {f"receipt.method.{code}" for code, method in METHODS.items() if not method.at_the_door}
    # One capacity stands for all of them: `test_a_template_names_every_capacity_of_a_payer`.
    kept_for_later |= {f"receipt.paid_by.{capacity}" for capacity in Capacity} - {"receipt.paid_by.relative"}

    answer = answer_of(lambda: [paper_blocks(paper, words, digest=sha256(b"")) for paper in papers])

    assert answer == {"refused": "paper.words_missing"} or key in kept_for_later


@pytest.mark.parametrize("capacity", Capacity)
def test_a_template_names_every_capacity_of_a_payer(capacity: Capacity) -> None:
    paper = a_receipt(v=2, payer=Payer("Lucia Neri", capacity))

    [paid_by] = [block for block in paper_blocks(paper, WORDS, digest=sha256(b"")) if block.label == "Pagato da"]

    assert paid_by.text == f"Lucia Neri ({WORDS[f'receipt.paid_by.{capacity}']}), per conto di Mario Bianchi"


def test_a_placeholder_that_nobody_fills_is_refused() -> None:
    with pytest.raises(Refusal) as refusal:
        fill({"a": "{nobody}"}, "a", somebody=1)
    assert refusal.value.code == "paper.words_missing"


def test_a_value_that_looks_like_a_placeholder_stays_as_it_is() -> None:
    assert fill({"a": "{name}!"}, "a", name="{name}{other}") == "{name}{other}!"


# --- SEPA transfer ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", golden("epc"), ids=lambda case: str(case["expected"])[:60])
def test_the_transfer_code_holds_what_banks_read(case: dict[str, Any]) -> None:
    assert answer_of(lambda: {"payload": epc_payload(**case["given"])}) == case["expected"]


@settings(max_examples=30)
@given(st.integers(1, 99_999_999_999), st.sampled_from(["Banca Esempio", "Società Però", "A" * 70]))
def test_the_transfer_code_equals_that_of_an_independent_maker(cents: int, name: str) -> None:
    ours = epc_payload(name=name, iban=IBAN, amount_cents=cents, remittance="Pratica 1")

    theirs = segno.helpers.make_epc_qr(name, IBAN, Decimal(cents) / 100, text="Pratica 1", encoding=1)

    # The other maker drops zeros at the end of an amount; both spellings are allowed.
    respelled = re.sub(r"(?m)^(EUR[0-9]+)(\.[1-9])?[.0]*$", r"\1\2", ours) if cents % 10 == 0 else ours
    assert segno.make_qr(respelled.encode(), error="m", boost_error=False) == theirs


@given(st.sampled_from([at for at, character in enumerate(IBAN) if character.isdigit()]), st.integers(1, 9))
def test_an_iban_with_one_wrong_digit_is_refused(at: int, off: int) -> None:
    wrong = str((int(IBAN[at]) + off) % 10)

    assert answer_of(lambda: compact_iban(IBAN[:at] + wrong + IBAN[at + 1 :])) == {"refused": "paper.iban_invalid"}


def test_an_iban_is_read_with_its_blanks_and_shown_with_them() -> None:
    assert compact_iban(spaced_iban(IBAN).lower()) == IBAN
