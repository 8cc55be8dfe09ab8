"""A repayment plan sums to its total and falls due on real days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.errors import Refusal
from fieldapp.domain.repayment_plan import Every, PlanLimits, RepaymentPlan, repayment_plan

TODAY = date(2026, 11, 26)


def plan(total_cents: int = 60_000, **changed: Any) -> RepaymentPlan:
    chosen: dict[str, Any] = {
        "instalments": 6,
        "first_due_on": date(2026, 12, 15),
        "every": Every.MONTH,
        "limits": PlanLimits(),
        "today": TODAY,
    }
    return repayment_plan(total_cents, **{**chosen, **changed})


def test_the_last_instalment_takes_the_cents_that_do_not_divide() -> None:
    found = plan(10_000, instalments=3)

    assert [item.cents for item in found.instalments] == [3_333, 3_333, 3_334]


def test_a_plan_that_starts_on_the_31st_keeps_to_the_end_of_the_month() -> None:
    found = plan(first_due_on=date(2026, 12, 31), instalments=4)

    assert [item.due_on.isoformat() for item in found.instalments] == [
        "2026-12-31",
        "2027-01-31",
        "2027-02-28",
        "2027-03-31",
    ]


def test_a_leap_year_has_its_29_february() -> None:
    today = date(2027, 12, 20)

    found = plan(first_due_on=date(2027, 12, 30), instalments=3, today=today)

    assert found.instalments[2].due_on == date(2028, 2, 29)


def test_weeks_and_fortnights_are_counted_in_days() -> None:
    assert plan(instalments=3, every=Every.WEEK).last_on == date(2026, 12, 29)
    assert plan(instalments=3, every=Every.FORTNIGHT).last_on == date(2027, 1, 12)


REFUSED: list[tuple[str, dict[str, Any]]] = [
    # nothing to pay
    ("repayment.total_not_positive", {"total_cents": 0}),
    # no instalment at all
    ("repayment.too_many_instalments", {"instalments": 0}),
    # more than the creditor allows
    ("repayment.too_many_instalments", {"instalments": 61}),
    # instalments of a few cents
    ("repayment.instalment_too_small", {"total_cents": 6_000, "instalments": 60}),
    # yesterday
    ("repayment.first_in_the_past", {"first_due_on": date(2026, 11, 25)}),
    # months of rest before the first payment
    ("repayment.first_too_late", {"first_due_on": date(2027, 3, 1)}),
    # a plan that outlasts what the creditor allows
    ("repayment.ends_too_late", {"limits": PlanLimits(latest_on=date(2027, 5, 14))}),
]


@pytest.mark.parametrize(("code", "changed"), REFUSED)
def test_a_plan_outside_the_limits_is_refused(code: str, changed: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        plan(**changed)

    assert refused.value.code == code


@given(
    total_cents=st.integers(1, 10**9),
    instalments=st.integers(1, 60),
    ahead=st.integers(0, 45),
    every=st.sampled_from(Every),
)
def test_instalments_sum_to_the_total_and_rise_in_time(
    total_cents: int, instalments: int, ahead: int, every: Every
) -> None:
    first = TODAY + timedelta(days=ahead)
    limits = PlanLimits(least_instalment_cents=0)

    found = plan(total_cents, instalments=instalments, first_due_on=first, every=every, limits=limits)

    assert sum(item.cents for item in found.instalments) == total_cents
    dates = [item.due_on for item in found.instalments]
    assert dates == sorted(set(dates))
    assert dates[0] == first
    assert all(later.day == first.day or later.month != (later + timedelta(days=1)).month for later in dates[1:]) or (
        every is not Every.MONTH
    )
