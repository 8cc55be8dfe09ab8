"""What a visit still brings after days of waiting."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.waiting import COLD_DAYS, next_due, waited

FIRST = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("days_left", "days", "left_cents"),
    [(9, 0, 1_000), (9, 1, 900), (9, 9, 100), (9, 10, 0), (0, 0, 1_000), (0, 1, 0), (-3, 0, 0)],
)
def test_each_day_of_waiting_takes_its_share_of_those_that_are_left(days_left: int, days: int, left_cents: int) -> None:
    assert waited(1_000, days_left=days_left, days=days) == left_cents


def test_until_the_day_on_which_somebody_said_to_pay_waiting_costs_nothing_and_from_then_on_more() -> None:
    promised = [waited(1_400, days_left=27, days=days, due_in=2) for days in range(5)]

    assert promised == [1_400, 1_400, 1_400, 1_254, 1_115]


@pytest.mark.parametrize("due_in", [0, -1, -COLD_DAYS + 1])
def test_what_fell_due_loses_more_by_waiting_than_what_did_not(due_in: int) -> None:
    assert waited(10_000, days_left=30, days=1, due_in=due_in) < waited(10_000, days_left=30, days=1)


def test_what_is_cold_already_waits_like_anything_else() -> None:
    assert waited(10_000, days_left=30, days=4, due_in=-COLD_DAYS) == waited(10_000, days_left=30, days=4)


@given(
    worth=st.integers(0, 30_000),
    days_left=st.integers(-5, 70),
    due_in=st.none() | st.integers(-40, 90),
)
def test_nothing_is_gained_by_waiting_and_nothing_is_left_after_the_placements_end(
    worth: int, days_left: int, due_in: int | None
) -> None:
    brings = [waited(worth, days_left=days_left, days=days, due_in=due_in) for days in range(80)]

    assert max(brings) <= worth
    assert brings == sorted(brings, reverse=True)
    assert not any(brings[max(days_left + 1, 0) :])


def test_the_first_day_that_is_not_cold_counts() -> None:
    cold, warm, later = (FIRST + timedelta(days=days) for days in (-COLD_DAYS, -COLD_DAYS + 1, 3))

    assert next_due([later, warm, cold], FIRST) == warm
    assert next_due([cold], FIRST) is None
    assert next_due([], FIRST) is None
