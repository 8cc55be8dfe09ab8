"""What may be typed at the door as an amount and a payment, and how it is laid over the debt."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.allocation import (
    Across,
    AllocationOrder,
    LegalRank,
    OpenLine,
    Part,
    allocate,
    in_proportion,
    ranked,
)
from fieldapp.domain.amount_words import LARGEST_CENTS, italian_words
from fieldapp.domain.errors import Refusal
from fieldapp.domain.money import italian, written
from fieldapp.domain.payments import (
    METHODS,
    PaymentRules,
    catalogue_json,
    checked_payment,
    payment_method,
    typed_amount,
)
from tests.domain.receipt_builders import ROOT, answer_of, golden


@pytest.mark.parametrize("case", golden("typed_amounts"), ids=lambda case: repr(case["typed"]))
def test_a_typed_amount_is_read_as_its_language_writes_it_or_refused_with_its_reason(case: dict[str, Any]) -> None:
    language = case.get("language", "it")
    expected = case["cents"] if "cents" in case else {"refused": case["refused"]}

    assert answer_of(lambda: typed_amount(case["typed"], language)) == expected


@pytest.mark.parametrize("case", [case for case in golden("typed_amounts") if "first" in case], ids=str)
def test_what_could_mean_two_sums_shows_both(case: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as told:
        typed_amount(case["typed"], case.get("language", "it"))

    assert (told.value.details["first"], told.value.details["second"]) == (case["first"], case["second"])


@given(st.integers(1, 999_999_999), st.sampled_from(["it", "en", "fr"]))
def test_every_written_amount_reads_back_as_itself_in_its_language(cents: int, language: str) -> None:
    assert typed_amount(written(cents, language), language) == cents


@given(st.text(alphabet="0123456789., ", max_size=12), st.sampled_from(["it", "en", "fr"]))
def test_no_two_languages_read_two_sums_in_the_same_typing(text: str, language: str) -> None:
    answers = [answer_of(lambda said=said: typed_amount(text, said)) for said in ("it", language)]

    assert len({answer for answer in answers if isinstance(answer, int)}) < 2


@given(st.integers(1, 999_999_999))
def test_every_printed_amount_reads_back_as_itself(cents: int) -> None:
    assert typed_amount(italian(cents)) == cents
    assert typed_amount(italian(cents).replace(".", "")) == cents


@given(st.text(alphabet="0123456789.,-+€ eE", max_size=14), st.sampled_from(["it", "en", "fr"]))
def test_a_typed_amount_is_positive_or_refused_whatever_is_typed(text: str, language: str) -> None:
    answer = answer_of(lambda: typed_amount(text, language))

    if isinstance(answer, int):
        assert 0 < answer <= 999_999_999
    else:
        assert answer["refused"].startswith("payment.amount_")


@pytest.mark.parametrize("case", golden("amount_words"), ids=lambda case: case["words"])
def test_amounts_are_spelled_in_italian(case: dict[str, Any]) -> None:
    assert italian_words(case["cents"]) == case["words"]


def test_no_two_amounts_share_their_words() -> None:
    spelled = {italian_words(euros * 100) for euros in range(30_000)}

    assert len(spelled) == 30_000


@pytest.mark.parametrize("cents", [-1, LARGEST_CENTS + 1])
def test_amounts_that_no_paper_can_hold_are_not_spelled(cents: int) -> None:
    with pytest.raises(Refusal) as refusal:
        italian_words(cents)
    assert refusal.value.code == "paper.amount_not_spellable"


@pytest.mark.parametrize(
    "case", golden("payments"), ids=lambda case: f"{case['method']}-{case['expected'].get('refused', 'accepted')}"
)
def test_a_payment_holds_what_its_method_asks(case: dict[str, Any]) -> None:
    payees = case["rules"]["payees"]
    rules = PaymentRules(
        today=date.fromisoformat(case["rules"]["today"]),
        agent_name=case["rules"]["agent_name"],
        payees=None if payees is None else tuple(payees),
        cheque_clause_from_cents=case["rules"]["cheque_clause_from_cents"],
    )

    answer = answer_of(
        lambda: {
            "answers": checked_payment(
                payment_method(case["method"]), amount_cents=case["amount_cents"], answers=case["answers"], rules=rules
            )
        }
    )

    assert answer == case["expected"]


@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.code)
def test_every_method_of_the_catalogue_is_whole(method: Any) -> None:
    words = json.loads((ROOT / "fieldapp/pwa/src/papers/templates/default.it.json").read_text(encoding="utf-8"))

    assert METHODS[method.code] is method
    assert len({field.name for field in method.fields}) == len(method.fields)
    # What posts has an account and a numbered paper with words for it; what announces has neither.
    assert method.counts_as_payment == (not method.paper.value.endswith("_memo")) == (method.announced is None)
    # What is announced names a field with its day, and is booked as something that only the office sees.
    if method.announced is not None:
        assert {field.name: field.kind.value for field in method.fields}[method.announced.on] == "date"
        booked_as = METHODS[method.announced.booked_as]
        assert booked_as.counts_as_payment
        assert not booked_as.at_the_door
    assert {field.name for field in method.fields} >= set(method.named_by)
    assert f"receipt.method.{method.code}" in words or not method.counts_as_payment


def test_the_phones_copy_of_the_catalogue_is_fresh() -> None:
    generated = ROOT / "fieldapp/pwa/src/domain/generated/payments.json"

    assert generated.read_text(encoding="utf-8") == catalogue_json(), (
        f"write {generated.relative_to(ROOT)} again: python -c "
        '"from fieldapp.domain.payments import catalogue_json as c; print(c(), end=str())"'
    )


# --- allocation ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", golden("allocation"), ids=lambda case: case.get("name", str(case["amount_cents"])))
def test_a_payment_is_laid_over_the_debt_in_the_creditors_order(case: dict[str, Any]) -> None:
    order = AllocationOrder(tuple(Part(part) for part in case["order"]["parts"]), Across(case["order"]["across"]))
    lines = [OpenLine(**line) for line in case["lines"]]
    if "debts" in case:
        debts = [(one.pop("id"), one.pop("due_on"), one) for one in map(dict, case["debts"])]
        ranks = [(line_id, LegalRank(date.fromisoformat(due_on), **rest)) for line_id, due_on, rest in debts]
        order = ranked(order, ranks, today=date.fromisoformat(case["today"]))

    answer = answer_of(lambda: asdict(allocate(case["amount_cents"], lines, order=order, chosen=case.get("chosen"))))

    assert json.loads(json.dumps(answer)) == case["expected"]


cents = st.integers(0, 1_000_000)
open_lines = st.lists(st.tuples(cents, cents, cents), max_size=8).map(
    lambda rows: [OpenLine(str(at), *row) for at, row in enumerate(rows)]
)
ranks = st.none() | st.lists(st.integers(0, 3), min_size=8, max_size=8).map(
    lambda places: {str(at): place for at, place in enumerate(places)}
)
orders = st.builds(AllocationOrder, st.permutations(list(Part)).map(tuple), st.sampled_from(Across), ranks)


@given(st.integers(1, 10_000_000), open_lines, orders)
def test_allocation_is_exact_and_never_takes_more_than_is_owed(
    amount: int, lines: list[OpenLine], order: AllocationOrder
) -> None:
    allocation = allocate(amount, lines, order=order)

    owed = {line.id: line for line in lines}
    assert sum(line.total_cents for line in allocation.lines) + allocation.over_cents == amount
    for line in allocation.lines:
        assert 0 <= line.principal_cents <= owed[line.id].principal_cents
        assert 0 <= line.interest_cents <= owed[line.id].interest_cents
        assert 0 <= line.costs_cents <= owed[line.id].costs_cents
    total_owed = sum(line.cents(part) for line in lines for part in Part)
    assert allocation.over_cents == max(0, amount - total_owed)


@given(st.integers(1, 10_000_000), open_lines, ranks)
def test_principal_waits_for_interest_and_costs_unless_the_creditor_agrees(
    amount: int, lines: list[OpenLine], places: dict[str, int] | None
) -> None:
    allocation = allocate(amount, lines, order=AllocationOrder(ranks=places))

    owed = {line.id: line for line in lines}
    for line in allocation.lines:
        if line.principal_cents:
            assert line.interest_cents == owed[line.id].interest_cents
            assert line.costs_cents == owed[line.id].costs_cents


def test_an_order_that_forgets_a_part_is_refused() -> None:
    with pytest.raises(Refusal) as refusal:
        AllocationOrder((Part.COSTS, Part.COSTS, Part.PRINCIPAL))
    assert refusal.value.code == "payment.allocation_order_incomplete"


def test_without_a_declaration_debts_are_ranked_as_article_1193_says() -> None:
    not_yet_due = LegalRank(date(2027, 1, 31), yearly_rate_bp=900)
    secured = LegalRank(date(2024, 1, 31), secured=True)
    cheap_and_old = LegalRank(date(2024, 1, 31), yearly_rate_bp=100)
    dear_and_young = LegalRank(date(2026, 1, 31), yearly_rate_bp=900)
    dear_and_old = LegalRank(date(2025, 1, 31), yearly_rate_bp=900)

    barred = LegalRank(date(2010, 1, 31), barred=True)
    as_they_stand = (barred, not_yet_due, secured, cheap_and_old, dear_and_young, dear_and_old, dear_and_old)
    debts = [(str(at), debt) for at, debt in enumerate(as_they_stand)]

    by_law = ranked(AllocationOrder(), debts, today=date(2026, 11, 26)).ranks
    own = ranked(AllocationOrder((Part.PRINCIPAL, Part.COSTS, Part.INTEREST)), debts, today=date(2026, 11, 26)).ranks

    assert by_law == {"0": 5, "1": 4, "2": 3, "3": 2, "4": 1, "5": 0, "6": 0}
    # A creditor with an order of his own has his lines as they stand in the file, what nobody may ask for last.
    assert own is not None
    assert sorted(own, key=own.__getitem__) == ["1", "2", "3", "4", "5", "6", "0"]


@given(st.integers(0, 10_000_000), st.lists(st.integers(0, 1_000_000), max_size=8))
def test_a_split_in_proportion_is_exact_and_no_claim_gets_more_than_it_is(cents: int, owed: list[int]) -> None:
    shares = in_proportion(cents, owed)

    assert sum(shares) == min(cents, sum(owed))
    assert all(0 <= share <= claim for share, claim in zip(shares, owed, strict=True))
    if 0 < cents < sum(owed):
        assert all(
            abs(share * sum(owed) - cents * claim) < sum(owed) for share, claim in zip(shares, owed, strict=True)
        )
