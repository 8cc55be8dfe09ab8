"""A repayment plan sums to the debt and its interest, falls due on real days, and stands as the ledger says."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.errors import Refusal
from fieldapp.domain.repayment_plan import (
    Ask,
    Credit,
    Every,
    Instalment,
    PlanState,
    RepaymentPlan,
    SettlementState,
    Terms,
    affordable,
    due_on,
    interest_until,
    least_settlement,
    outside,
    repayment_plan,
    settlement_outside,
    settlement_state,
    standing,
)

TODAY = date(2026, 11, 26)
CASES = json.loads((Path(__file__).parents[1] / "golden" / "repayment_plans.json").read_text())


def ask(**changed: Any) -> Ask:
    chosen: dict[str, Any] = {
        "debt_cents": 60_000,
        "count": 6,
        "first_due_on": date(2026, 12, 15),
        "signed_on": TODAY,
    }
    return Ask(**{**chosen, **changed})


def days(plan: RepaymentPlan) -> list[str]:
    return [item.due_on.isoformat() for item in plan.instalments]


def read_ask(plain: dict[str, Any]) -> Ask:
    days_read = {name: date.fromisoformat(plain[name]) for name in ("first_due_on", "signed_on")}
    return Ask(**{**plain, **days_read, "every": Every(plain["every"])})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_schedules_are_those_of_the_golden_cases(case: dict[str, Any]) -> None:
    asked, terms = read_ask(case["ask"]), Terms(**case["terms"])

    try:
        plan = affordable(asked, terms) if case["affordable"] else repayment_plan(asked)
    except Refusal as refusal:
        found: dict[str, Any] = {"refused": {"code": refusal.code, "details": refusal.details}}
    else:
        found = {
            "count": plan.ask.count,
            "interest_cents": plan.interest_cents,
            "instalments": [[item.due_on.isoformat(), item.cents] for item in plan.instalments],
            "outside": [refusal.code for refusal in outside(plan, terms)],
        }

    assert found == case["expect"]


# --- schedules ---------------------------------------------------------------------------------------------------


def test_the_last_instalment_takes_the_cents_that_do_not_divide() -> None:
    plan = repayment_plan(ask(debt_cents=10_000, count=3))

    assert [item.cents for item in plan.instalments] == [3_333, 3_333, 3_334]


def test_a_plan_that_starts_on_the_31st_keeps_to_the_end_of_the_month() -> None:
    plan = repayment_plan(ask(first_due_on=date(2026, 12, 31), count=4))

    assert days(plan) == ["2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31"]


def test_a_leap_year_has_its_29_february_and_the_next_year_its_28() -> None:
    plan = repayment_plan(ask(first_due_on=date(2028, 2, 29), signed_on=date(2028, 2, 20), count=13))

    assert days(plan)[1] == "2028-03-29"
    assert days(plan)[-1] == "2029-02-28"


def test_a_weekend_keeps_its_date() -> None:
    assert repayment_plan(ask(first_due_on=date(2026, 12, 5), count=1)).last_on.weekday() == 5


def test_weeks_and_fortnights_are_counted_in_days() -> None:
    assert repayment_plan(ask(count=3, every=Every.WEEK)).last_on == date(2026, 12, 29)
    assert repayment_plan(ask(count=3, every=Every.FORTNIGHT)).last_on == date(2027, 1, 12)


def test_interest_is_simple_on_what_remains_and_stands_in_the_total() -> None:
    # 1,200.00 for 73 days (a fifth of a year) at 10 %: 24.00; then 600.00 for another 73 days: 12.00.
    asked = ask(
        debt_cents=120_000,
        count=2,
        first_due_on=TODAY + timedelta(days=73),
        yearly_rate_bp=1_000,
        every=Every.FORTNIGHT,
    )

    plan = repayment_plan(asked)

    assert interest_until(asked, until=TODAY + timedelta(days=73)) == 2_400
    assert plan.interest_cents == 2_400 + round(60_000 * 14 / 3_650)
    assert sum(item.cents for item in plan.instalments) == 120_000 + plan.interest_cents


def test_interest_ends_where_the_plan_ends() -> None:
    asked = ask(yearly_rate_bp=500)

    assert interest_until(asked, until=TODAY) == 0
    assert interest_until(asked, until=date(2099, 1, 1)) == repayment_plan(asked).interest_cents


REFUSED: list[tuple[str, dict[str, Any]]] = [
    # nothing to pay
    ("repayment.total_not_positive", {"debt_cents": 0}),
    # a debt of less than nothing
    ("repayment.total_not_positive", {"debt_cents": -500}),
    # no instalment at all
    ("repayment.count_out_of_range", {"count": 0}),
    # four hundred months
    ("repayment.count_out_of_range", {"count": 400}),
    # more at once than is owed
    ("repayment.first_more_than_debt", {"first_cents": 60_001}),
    # all at once, and then nothing left for the rest
    ("repayment.each_does_not_fit", {"first_cents": 60_000}),
    # five of 1.00 leave a last one of 595.00
    ("repayment.each_does_not_fit", {"each_cents": 100}),
    # more instalments than cents
    ("repayment.each_does_not_fit", {"debt_cents": 10, "count": 20, "first_cents": 10}),
    # yesterday
    ("repayment.first_in_the_past", {"first_due_on": date(2026, 11, 25)}),
]


@pytest.mark.parametrize(("code", "changed"), REFUSED)
def test_what_is_no_plan_is_refused(code: str, changed: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        repayment_plan(ask(**changed))

    assert refused.value.code == code


BEYOND: list[tuple[list[str], dict[str, Any], dict[str, Any]]] = [
    # within
    ([], {}, {}),
    # more than the creditor's months
    (["repayment.too_many_instalments"], {"count": 25}, {}),
    # twice as many fortnights fit
    ([], {"count": 25, "every": Every.FORTNIGHT}, {}),
    # instalments of a few euro
    (["repayment.instalment_too_small"], {"debt_cents": 6_000}, {}),
    # the last one is what remains, however small
    ([], {"debt_cents": 10_100, "count": 2, "each_cents": 10_000}, {}),
    # one cent less than a tenth first
    (["repayment.first_too_small"], {"first_cents": 5_999}, {"least_first_bp": 1_000}),
    # months of rest before the first payment
    (["repayment.first_too_late"], {"first_due_on": date(2027, 3, 1)}, {}),
    # another rate than the creditor's
    (["repayment.rate_differs"], {"yearly_rate_bp": 100}, {}),
]


@pytest.mark.parametrize(("codes", "changed", "granted"), BEYOND)
def test_a_plan_beyond_the_terms_says_in_what(
    codes: list[str], changed: dict[str, Any], granted: dict[str, Any]
) -> None:
    plan = repayment_plan(ask(**changed))

    assert [refusal.code for refusal in outside(plan, Terms(**granted))] == codes


asks = st.builds(
    Ask,
    debt_cents=st.integers(1, 10**9),
    count=st.integers(1, 360),
    first_due_on=st.integers(0, 400).map(lambda ahead: TODAY + timedelta(days=ahead)),
    signed_on=st.just(TODAY),
    every=st.sampled_from(Every),
    first_cents=st.one_of(st.just(0), st.integers(1, 10**9)),
    yearly_rate_bp=st.integers(0, 2_000),
)


def made(work: Callable[[], RepaymentPlan]) -> RepaymentPlan | Refusal:
    try:
        return work()
    except Refusal as refusal:
        return refusal


@given(asks)
def test_instalments_sum_to_the_whole_and_rise_in_time(asked: Ask) -> None:
    plan = made(lambda: repayment_plan(asked))
    if isinstance(plan, Refusal):
        assert plan.code in ("repayment.first_more_than_debt", "repayment.each_does_not_fit")
        return

    assert sum(item.cents for item in plan.instalments) == asked.debt_cents + plan.interest_cents
    assert min(item.cents for item in plan.instalments) >= 0
    dates = [item.due_on for item in plan.instalments]
    assert dates == sorted(set(dates))
    assert dates[0] == asked.first_due_on
    if asked.every is Every.MONTH:
        last_days = [(later + timedelta(days=1)).day == 1 for later in dates]
        assert all(day.day == asked.first_due_on.day or last for day, last in zip(dates, last_days, strict=True))


@given(asks, st.integers(1, 10**7))
def test_what_somebody_can_pay_is_never_exceeded_and_never_takes_longer_than_needed(asked: Ask, each: int) -> None:
    tried = Ask(
        debt_cents=asked.debt_cents % 10**7 + 1,
        count=1,
        first_due_on=asked.first_due_on,
        signed_on=TODAY,
        each_cents=each,
        yearly_rate_bp=asked.yearly_rate_bp,
    )
    terms = Terms(most_months=120)

    plan = made(lambda: affordable(tried, terms))
    if isinstance(plan, Refusal):
        assert plan.code == "repayment.not_affordable"
        assert plan.details["needed_cents"] > each
        return

    assert max(item.cents for item in plan.instalments) <= each
    assert plan.total_cents > each * (plan.ask.count - 1) - plan.interest_cents


# --- how a plan stands -------------------------------------------------------------------------------------------

THREE = [Instalment(at + 1, due_on(date(2026, 12, 10), at, every=Every.MONTH), 10_000) for at in range(3)]


def stands(today: date, *credits: tuple[date, int], after_days: int = 30, overdue: int = 2) -> tuple[PlanState, Any]:
    found = standing(
        THREE,
        [Credit(on, cents) for on, cents in credits],
        broken_after_days=after_days,
        broken_after_instalments=overdue,
        today=today,
    )
    return found.state, found


def test_payments_fill_the_oldest_instalment_first() -> None:
    state, found = stands(date(2026, 12, 20), (date(2026, 12, 9), 15_000))

    assert state is PlanState.ACTIVE
    assert [item.paid_cents for item in found.instalments] == [10_000, 5_000, 0]
    assert found.instalments[0].covered_on == date(2026, 12, 9)
    assert found.next.number == 2


def test_a_plan_paid_whole_is_kept_and_what_is_beyond_is_named() -> None:
    state, found = stands(date(2026, 12, 20), (date(2026, 12, 9), 30_001))

    assert state is PlanState.KEPT
    assert found.over_cents == 1


def test_an_instalment_is_late_on_the_day_after() -> None:
    _, on_the_day = stands(date(2026, 12, 10))
    _, after = stands(date(2026, 12, 11))

    assert not on_the_day.instalments[0].is_late(date(2026, 12, 10))
    assert after.instalments[0].is_late(date(2026, 12, 11))


BROKEN: list[tuple[date, list[tuple[date, int]], date | None]] = [
    # thirty days late is not yet more than thirty
    (date(2027, 1, 9), [], None),
    # the thirty-first
    (date(2027, 1, 10), [], date(2027, 1, 10)),
    # one of two overdue was paid before the second fell due
    (date(2027, 1, 11), [(date(2027, 1, 5), 10_000)], None),
    # paid in time, told late by a phone: it never was broken
    (date(2027, 2, 20), [(date(2026, 12, 10), 30_000)], None),
    # paid when it was too late already
    (date(2027, 2, 20), [(date(2027, 1, 15), 30_000)], date(2027, 1, 10)),
    # a cheque of the first day that came back
    (date(2027, 1, 10), [(date(2026, 12, 10), 10_000), (date(2027, 1, 5), -10_000)], date(2027, 1, 10)),
]


@pytest.mark.parametrize(("today", "credits", "broken_on"), BROKEN)
def test_a_plan_breaks_by_the_creditors_rule(
    today: date, credits: list[tuple[date, int]], broken_on: date | None
) -> None:
    _, found = stands(today, *credits)

    assert found.broken_on == broken_on


def test_a_plan_breaks_when_as_many_instalments_as_the_creditor_says_are_overdue_together() -> None:
    state, found = stands(date(2027, 1, 11), after_days=365)

    assert state is PlanState.BROKEN
    assert found.broken_on == date(2027, 1, 11)


@given(st.lists(st.tuples(st.integers(-20, 120), st.integers(-20_000, 20_000)), max_size=8), st.integers(0, 150))
def test_what_instalments_hold_is_what_was_paid(moves: list[tuple[int, int]], ahead: int) -> None:
    credits = [(TODAY + timedelta(days=day), cents) for day, cents in moves if cents]

    _, found = stands(TODAY + timedelta(days=ahead), *credits)

    paid = sum(cents for _, cents in credits)
    assert sum(item.paid_cents for item in found.instalments) == min(max(paid, 0), 30_000)
    assert all(0 <= item.paid_cents <= item.cents for item in found.instalments)
    assert all((item.covered_on is not None) == (item.paid_cents == item.cents) for item in found.instalments)


@given(st.permutations([(date(2026, 12, 9), 4_000), (date(2026, 12, 9), 6_000), (date(2027, 1, 3), 7_000)]))
def test_the_order_in_which_phones_tell_plays_no_part(credits: list[tuple[date, int]]) -> None:
    assert stands(date(2027, 1, 20), *credits)[1] == stands(date(2027, 1, 20), *sorted(credits))[1]


# --- settlements -------------------------------------------------------------------------------------------------

OFFERS: list[tuple[list[str], dict[str, Any]]] = [
    # as low as granted
    ([], {"offer_cents": 42_000}),
    # one cent lower
    (["settlement.too_low"], {"offer_cents": 41_999}),
    # nothing
    (["settlement.not_positive"], {"offer_cents": 0}),
    # less than nothing
    (["settlement.not_positive"], {"offer_cents": -5}),
    # all of it is no settlement
    (["settlement.not_below_debt"], {"offer_cents": 60_000}),
    # yesterday
    (["settlement.in_the_past"], {"pay_by": date(2026, 11, 25)}),
    # a day beyond what is granted
    (["settlement.too_late"], {"pay_by": date(2026, 12, 27)}),
]


@pytest.mark.parametrize(("codes", "changed"), OFFERS)
def test_an_offer_beyond_the_terms_says_in_what(codes: list[str], changed: dict[str, Any]) -> None:
    chosen: dict[str, Any] = {"offer_cents": 45_000, "debt_cents": 60_000, "pay_by": date(2026, 12, 10)}

    found = settlement_outside(**{**chosen, **changed}, signed_on=TODAY, terms=Terms(settlement_least_bp=7_000))

    assert [refusal.code for refusal in found] == codes


def test_without_terms_no_settlement_is_granted() -> None:
    assert least_settlement(60_000, Terms()) == 60_000


SETTLED: list[tuple[SettlementState, SettlementState, list[tuple[date, int]], date]] = [
    # however much was paid, a proposal stays one
    (SettlementState.PROPOSED, SettlementState.PROPOSED, [(TODAY, 45_000)], TODAY),
    # refused stays refused
    (SettlementState.REFUSED, SettlementState.REFUSED, [(TODAY, 45_000)], TODAY),
    # approved, a cent missing
    (SettlementState.APPROVED, SettlementState.APPROVED, [(TODAY, 44_999)], TODAY),
    # approved and whole
    (SettlementState.APPROVED, SettlementState.PAID, [(TODAY, 40_000), (TODAY, 5_000)], TODAY),
    # whole, but after its day
    (SettlementState.APPROVED, SettlementState.EXPIRED, [(date(2026, 12, 11), 45_000)], date(2026, 12, 11)),
    # a cheque that came back
    (SettlementState.APPROVED, SettlementState.APPROVED, [(TODAY, 45_000), (TODAY, -45_000)], TODAY),
]


@pytest.mark.parametrize(("before", "after", "credits", "today"), SETTLED)
def test_only_an_approval_makes_money_a_settlement(
    before: SettlementState, after: SettlementState, credits: list[tuple[date, int]], today: date
) -> None:
    found = settlement_state(
        before,
        offer_cents=45_000,
        pay_by=date(2026, 12, 10),
        credits=[Credit(on, cents) for on, cents in credits],
        today=today,
    )

    assert found is after


@pytest.mark.parametrize("changed", [{"most_months": 0}, {"yearly_rate_bp": -1}, {"settlement_least_bp": 10_001}])
def test_terms_outside_all_reason_are_refused(changed: dict[str, int]) -> None:
    with pytest.raises(Refusal) as refused:
        Terms(**changed)

    assert refused.value.code == "terms.out_of_range"


def test_what_is_undone_is_taken_from_its_own_payment_and_whitewashes_no_late_money() -> None:
    first, second = date(2026, 1, 1), date(2026, 2, 1)
    instalments = [Instalment(1, first, 10_000), Instalment(2, second, 10_000)]
    cheque = Credit(first, 10_000, name="cheque")
    back = Credit(first + timedelta(days=20), -10_000, name="back", undoes="cheque")
    late = Credit(first + timedelta(days=31), 10_000, name="cash")

    stands = standing(
        instalments, [cheque, back, late], broken_after_days=15, broken_after_instalments=5, today=date(2026, 3, 1)
    )
    without = standing(instalments, [late], broken_after_days=15, broken_after_instalments=5, today=date(2026, 3, 1))

    assert stands == without
    assert stands.state is PlanState.BROKEN


def test_what_undoes_a_payment_from_before_the_plan_is_no_part_of_it() -> None:
    instalments = [Instalment(1, date(2026, 1, 1), 10_000)]
    credits = [
        Credit(date(2026, 1, 1), 10_000, name="paid"),
        Credit(date(2026, 1, 2), -5_000, name="x", undoes="older"),
    ]

    stands = standing(instalments, credits, broken_after_days=15, broken_after_instalments=2, today=date(2026, 3, 1))

    assert stands.state is PlanState.KEPT


@pytest.mark.parametrize(
    ("provisional", "today", "state"),
    [
        (False, date(2026, 1, 5), SettlementState.PAID),
        (True, date(2026, 1, 5), SettlementState.APPROVED),
        (True, date(2026, 2, 5), SettlementState.APPROVED),
    ],
)
def test_a_cheque_pays_a_settlement_once_it_cannot_come_back(
    provisional: bool, today: date, state: SettlementState
) -> None:
    credits = [Credit(date(2026, 1, 2), 10_000, name="cheque", provisional=provisional)]

    for before in (SettlementState.APPROVED, SettlementState.PAID, SettlementState.EXPIRED):
        became = settlement_state(before, offer_cents=10_000, pay_by=date(2026, 1, 10), credits=credits, today=today)
        assert became is state
