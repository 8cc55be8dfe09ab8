"""Receipts: one spelling, one number, one chain, one key. Altered, forked or replayed ones are never accepted."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldapp.domain.errors import Refusal
from fieldapp.domain.ids import canonical_json, sha256
from fieldapp.domain.receipt_series import (
    NumberBlock,
    SignedReceipt,
    Verdict,
    judge_chain,
    judge_receipt,
    next_number,
    previous_number,
    public_point,
)
from fieldapp.domain.receipts import (
    ChargedTo,
    StampRule,
    Wording,
    WordingKind,
    read_receipt,
    receipt_bytes,
    receipt_digest,
    stamp_duty,
)
from tests.domain.receipt_builders import Phone, a_receipt, answer_of, golden, private_key, sign, verify


def refusal_of(value: dict[str, Any]) -> str:
    with pytest.raises(Refusal) as refusal:
        read_receipt(canonical_json(value))
    return refusal.value.code


@pytest.mark.parametrize("case", golden("canonical"), ids=lambda case: case["text"])
def test_a_canonical_value_has_one_spelling(case: dict[str, Any]) -> None:
    assert canonical_json(case["value"]).decode() == case["text"]
    assert sha256(canonical_json(case["value"])) == case["sha256"]


@pytest.mark.parametrize("case", golden("receipts"), ids=lambda case: case["name"])
def test_a_receipt_reads_back_to_the_same_bytes_and_digest(case: dict[str, Any]) -> None:
    receipt = read_receipt(case["text"].encode())

    assert receipt_bytes(receipt) == case["text"].encode()
    assert receipt_digest(receipt) == case["digest"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        # A payer in a receipt that says nobody but the debtor paid
        ({"v": 1}, "receipt.version_unknown"),
        # Nobody in one that says somebody did
        ({"payer": None}, "receipt.version_unknown"),
        ({"payer": {"name": "", "capacity": "relative"}}, "paper.malformed"),
        ({"payer": {"name": "Lucia Neri", "capacity": "neighbour"}}, "paper.malformed"),
        ({"payer": {"name": "Lucia Neri", "capacity": "relative", "document": "AX1"}}, "paper.malformed"),
        # What makes a name read otherwise than it is stored
        ({"payer": {"name": "Lucia\u202eireN", "capacity": "relative"}}, "paper.malformed"),
    ],
)
def test_a_receipt_and_its_payer_agree(change: dict[str, Any], code: str) -> None:
    paid_by_another = next(dict(case["value"]) for case in golden("receipts") if case["value"]["v"] == 2)

    assert refusal_of({**paid_by_another, **change}) == code


def test_a_receipt_of_the_version_before_has_no_place_for_a_payer() -> None:
    assert b"payer" not in receipt_bytes(a_receipt())
    assert refusal_of({**golden("receipts")[0]["value"], "payer": None}) == "paper.not_canonical"


@pytest.mark.parametrize("case", golden("receipt_signatures"), ids=lambda case: case["made_by"])
def test_a_signature_made_by_the_phone_is_verified_here(case: dict[str, Any]) -> None:
    content = golden("receipts")[0]["text"].encode()
    point = public_point(case["public_jwk"])

    assert point == public_point(case["public_hex"])
    assert verify(point, content, bytes.fromhex(case["signature_hex"]))
    assert not verify(point, content + b" ", bytes.fromhex(case["signature_hex"]))


@pytest.mark.parametrize("case", golden("stamp_duty"), ids=lambda case: f"{case['amount_cents']}-{case['charged_to']}")
def test_stamp_duty_is_due_above_its_threshold(case: dict[str, Any]) -> None:
    rule = StampRule(charged_to=ChargedTo(case["charged_to"]), authorisation=case["authorisation"])

    duty = stamp_duty(case["amount_cents"], rule=rule, exemption=case["exemption"])

    shown = {at: getattr(duty, at) for at in ("due_cents", "charged_to", "reason", "authorisation")}
    assert shown == case["expected"]


CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"amount_cents": 15001}, "receipt.lines_differ_from_amount"),
    ({"amount_cents": 0}, "payment.amount_out_of_range"),
    ({"amount_cents": True}, "paper.malformed"),  # true is not one cent
    ({"amount_cents": "15000"}, "paper.malformed"),
    ({"amount_in_words": "centosessanta/00"}, "receipt.words_differ_from_amount"),
    ({"lines": []}, "receipt.lines_differ_from_amount"),
    (
        {"lines": [{"title": "x", "principal_cents": 15100, "interest_cents": -100, "costs_cents": 0}]},
        "receipt.line_empty",
    ),
    ({"kind": "receipt_subject_to_clearance"}, "receipt.method_differs_from_kind"),  # cash needs no clearance
    ({"kind": "gift"}, "paper.malformed"),
    ({"method": {"code": "bank_transfer", "answers": {}}}, "receipt.method_differs_from_kind"),  # never a receipt
    ({"method": {"code": "cash", "answers": {"note": "x"}}}, "payment.field_unknown"),
    ({"method": {"code": "card", "answers": {"acquirer": "N", "authorisation_code": "a1"}}}, "paper.malformed"),
    ({"wording": {"kind": "final_payment", "number": 0, "of": 0}}, "receipt.wording_differs_from_residual"),
    ({"wording": {"kind": "instalment", "number": 7, "of": 6}}, "receipt.instalment_number_wrong"),
    ({"wording": {"kind": "part_payment", "number": 1, "of": 6}}, "receipt.instalment_number_wrong"),
    ({"residual_cents": -1}, "payment.amount_out_of_range"),
    ({"number": 0}, "paper.malformed"),
    ({"number": 1_000_000}, "paper.malformed"),
    ({"series": "a7"}, "paper.malformed"),
    ({"issued_at": "2026-11-26T09:42:10Z"}, "paper.malformed"),  # not to the millisecond
    ({"issued_at": "2026-02-29T09:42:10.000Z"}, "paper.malformed"),
    ({"utc_offset_min": 900}, "paper.malformed"),
    ({"place": ""}, "paper.malformed"),
    ({"debtor": "Mario \u202eihcnaiB"}, "paper.malformed"),  # reads backwards on paper
    ({"debtor": "Mario\nBianchi"}, "paper.malformed"),
    ({"debtor": None}, "paper.malformed"),
    ({"prev_digest": "0"}, "paper.malformed"),
    ({"device": "phone"}, "paper.malformed"),
    ({"creditor": {"name": "x", "iban": "IT00X0542811101000000123456"}}, "paper.iban_invalid"),
    ({"stamp_duty": {"due_cents": 200, "charged_to": "none", "reason": "exempt", "authorisation": ""}},
     "receipt.stamp_duty_inconsistent"),
    ({"v": 2}, "receipt.version_unknown"),
    ({"extra": 1}, "paper.malformed"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "code"), CONTRADICTIONS, ids=lambda value: str(value)[:50])
def test_a_receipt_that_contradicts_itself_is_refused(changes: dict[str, Any], code: str) -> None:
    value = json.loads(receipt_bytes(a_receipt()))

    assert refusal_of({**value, **changes}) == code


SPELLINGS = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b"\xff",
    b"[" * 60_000,
    b'{"v":NaN}',
    b" " * 70_000,
]


@pytest.mark.parametrize("content", SPELLINGS, ids=lambda content: repr(content[:10]))
def test_bytes_that_are_no_receipt_are_refused(content: bytes) -> None:
    with pytest.raises(Refusal) as refusal:
        read_receipt(content)
    assert refusal.value.code == "paper.malformed"


@pytest.mark.parametrize(
    "respell",
    [
        lambda text: text.replace('":', '": '),  # blanks
        lambda text: text.replace('"v":1', '"v":1,"v":1'),  # a key twice
        lambda text: text.replace("Mario", "\\u004dario"),  # another spelling of M
        lambda text: text + "\n",
    ],
)
def test_the_same_receipt_in_another_spelling_is_refused(respell: Any) -> None:
    text = receipt_bytes(a_receipt()).decode()

    with pytest.raises(Refusal) as refusal:
        read_receipt(respell(text).encode())
    assert refusal.value.code == "paper.not_canonical"


def test_what_the_debtor_hands_over_includes_a_stamp_that_the_debtor_bears() -> None:
    borne = a_receipt(stamp_duty=stamp_duty(15_000, rule=StampRule()))
    not_borne = a_receipt(stamp_duty=stamp_duty(15_000, rule=StampRule(charged_to=ChargedTo.CREDITOR)))

    assert (borne.handed_over_cents, not_borne.handed_over_cents) == (15_200, 15_000)


# --- numbers ---------------------------------------------------------------------------------------------------


def test_numbers_run_through_the_blocks_and_then_end() -> None:
    blocks = (NumberBlock(101, 102), NumberBlock(1, 3))
    used: list[int] = []

    for _ in range(5):
        used.append(next_number(blocks, last_used=used[-1] if used else None))

    assert used == [1, 2, 3, 101, 102]
    assert answer_of(lambda: next_number(blocks, last_used=102)) == {"refused": "receipt.numbers_used_up"}
    assert [previous_number(blocks, number) for number in used] == [None, 1, 2, 3, 101]


@pytest.mark.parametrize(("first", "last"), [(0, 5), (6, 5), (1, 1_000_000)])
def test_a_block_that_is_no_range_of_numbers_is_refused(first: int, last: int) -> None:
    with pytest.raises(Refusal) as refusal:
        NumberBlock(first, last)
    assert refusal.value.code == "receipt.block_invalid"


BAD_KEYS = [
    "",  # nothing
    "04" + "ab" * 63,  # too short
    "02" + "ab" * 64,  # compressed
    "zz" * 65,  # no hexadecimal digits
    {},
    {"kty": "EC", "crv": "P-384", "x": "A" * 43, "y": "A" * 43},
    {"kty": "EC", "crv": "P-256", "x": "A" * 43},
    {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "é" * 43},
    {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43, "d": "A" * 43},  # a private key
]


@pytest.mark.parametrize("key", BAD_KEYS, ids=str)
def test_a_key_that_is_no_public_point_is_refused(key: Any) -> None:
    with pytest.raises(Refusal) as refusal:
        public_point(key)
    assert refusal.value.code == "receipt.key_invalid"


# --- the chain -------------------------------------------------------------------------------------------------


def test_an_honest_chain_is_accepted_across_blocks_and_leaves_no_gap() -> None:
    phone = Phone(blocks=(NumberBlock(1, 2), NumberBlock(101, 110)))
    receipts = [phone.issue(amount_cents=100 + at) for at in range(4)]

    judgements, series = judge_chain(receipts, phone.series, verify_signature=verify)

    assert [judgement.verdict for judgement in judgements] == [Verdict.ACCEPTED] * 4
    assert sorted(series.links) == [1, 2, 101, 102]
    assert series.missing == ()
    assert not any(judgement.flags for judgement in judgements)


def test_a_receipt_sent_again_is_a_duplicate_and_changes_nothing() -> None:
    phone = Phone()
    receipts = [phone.issue(), phone.issue()]
    _, series = judge_chain(receipts, phone.series, verify_signature=verify)

    again, after = judge_chain(receipts, series, verify_signature=verify)

    assert [judgement.verdict for judgement in again] == [Verdict.DUPLICATE] * 2
    assert after.links == series.links


def test_a_receipt_whose_predecessor_is_on_its_way_is_accepted_and_flagged() -> None:
    phone = Phone()
    first, second, third = phone.issue(), phone.issue(), phone.issue()

    early, series = judge_chain([first, third], phone.series, verify_signature=verify)
    gap = series.missing
    late, series = judge_chain([second], series, verify_signature=verify)

    assert early[1].flags == ("receipt.predecessor_missing",)
    assert gap == (2,)
    assert (late[0].verdict, late[0].flags, series.missing) == (Verdict.ACCEPTED, (), ())


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=25)
@given(st.permutations(range(6)), st.lists(st.integers(0, 5), max_size=6))
def test_any_order_and_any_repeat_end_in_the_same_series(order: list[int], repeats: list[int]) -> None:
    phone = Phone(blocks=(NumberBlock(1, 4), NumberBlock(101, 110)))
    receipts = [phone.issue(amount_cents=100 + at) for at in range(6)]

    judgements, series = judge_chain([receipts[at] for at in (*order, *repeats)], phone.series, verify_signature=verify)

    assert series.missing == ()
    assert len(series.links) == 6
    assert {judgement.verdict for judgement in judgements} <= {Verdict.ACCEPTED, Verdict.DUPLICATE}


def attack_another_amount(_phone: Phone, honest: SignedReceipt) -> SignedReceipt:
    return SignedReceipt(honest.content.replace(b'"Mario Bianchi"', b'"Maria Bianchi"'), honest.signature)


def attack_a_strangers_key(_phone: Phone, honest: SignedReceipt) -> SignedReceipt:
    return SignedReceipt(honest.content, sign(honest.content, private_key(8)))


def attack_no_signature(_phone: Phone, honest: SignedReceipt) -> SignedReceipt:
    return SignedReceipt(honest.content, b"")


def attack_zero_signature(_phone: Phone, honest: SignedReceipt) -> SignedReceipt:
    return SignedReceipt(honest.content, bytes(64))


def attack_same_number_other_amount(phone: Phone, honest: SignedReceipt) -> SignedReceipt:
    return phone.sealed(replace(read_receipt(honest.content), debtor="Luigi Neri"))


def attack_renumbered(phone: Phone, honest: SignedReceipt) -> SignedReceipt:
    return phone.sealed(replace(read_receipt(honest.content), number=5))


def attack_renumbered_beyond_a_gap(phone: Phone, honest: SignedReceipt) -> SignedReceipt:
    return phone.sealed(replace(read_receipt(honest.content), number=20))


def attack_number_outside_the_blocks(phone: Phone, honest: SignedReceipt) -> SignedReceipt:
    return phone.sealed(replace(read_receipt(honest.content), number=99, prev_digest=phone.head))


def attack_a_second_beginning(phone: Phone, _honest: SignedReceipt) -> SignedReceipt:
    return phone.sealed(replace(a_receipt(), number=5))


def attack_a_beginning_beyond_a_gap(phone: Phone, _honest: SignedReceipt) -> SignedReceipt:
    return phone.sealed(replace(a_receipt(), number=20))


def attack_another_series(phone: Phone, honest: SignedReceipt) -> SignedReceipt:
    return phone.sealed(replace(read_receipt(honest.content), series="A8"))


def attack_another_device(phone: Phone, honest: SignedReceipt) -> SignedReceipt:
    return phone.sealed(replace(read_receipt(honest.content), device="0198a3c2-7f00-7abc-8def-0123456789ac"))


ATTACKS = [attack for name, attack in sorted(globals().items()) if name.startswith("attack_")]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_no_attack_on_a_series_is_accepted(attack: Any) -> None:
    phone = Phone()
    receipts = [phone.issue(amount_cents=15_000 + at) for at in range(4)]
    _, series = judge_chain(receipts, phone.series, verify_signature=verify)

    judgement = judge_receipt(attack(phone, receipts[2]), series, verify_signature=verify)

    assert judgement.verdict in {Verdict.REFUSED, Verdict.CONFLICT}
    assert judgement.code is not None
    assert judgement.link is None


def test_a_predecessor_that_comes_late_cannot_be_another_than_the_one_named() -> None:
    phone = Phone()
    first, second, third = phone.issue(), phone.issue(), phone.issue()
    _, series = judge_chain([first, third], phone.series, verify_signature=verify)
    forged = phone.sealed(replace(read_receipt(second.content), debtor="Luigi Neri"))

    judgement = judge_receipt(forged, series, verify_signature=verify)

    assert (judgement.verdict, judgement.code) == (Verdict.CONFLICT, "receipt.chain_broken")


@given(st.randoms(use_true_random=False))
def test_one_flipped_bit_anywhere_is_refused(chance: random.Random) -> None:
    phone = Phone()
    honest = phone.issue()
    whole = bytearray(honest.content + honest.signature)
    whole[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
    content, signature = bytes(whole[: len(honest.content)]), bytes(whole[len(honest.content) :])

    judgement = judge_receipt(SignedReceipt(content, signature), phone.series, verify_signature=verify)

    assert (judgement.verdict, judgement.code) == (Verdict.REFUSED, "receipt.signature_invalid")


def test_the_first_receipt_names_no_predecessor() -> None:
    phone = Phone()
    orphan = phone.sealed(replace(a_receipt(), prev_digest=sha256(b"elsewhere")))

    judgement = judge_receipt(orphan, phone.series, verify_signature=verify)

    assert judgement.code == "receipt.chain_broken"


def test_an_instalment_names_its_place_in_the_plan() -> None:
    receipt = a_receipt(wording=Wording(WordingKind.INSTALMENT, 2, 6), residual_cents=0)

    assert (receipt.wording.number, receipt.wording.of) == (2, 6)
