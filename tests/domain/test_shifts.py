"""When an agent works on a day: absences over midnight, in the middle, on days when the clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.shifts import DAY_S, is_week, longest_left, span_on

ROME = ZoneInfo("Europe/Rome")
SHIFT = (9 * 3600, 18 * 3600)


@pytest.mark.parametrize(
    ("away", "left"),
    [
        ([], SHIFT),
        ([(0, DAY_S)], None),
        ([(12 * 3600, 13 * 3600)], (13 * 3600, 18 * 3600)),  # the longer part
        ([(13 * 3600, 14 * 3600)], (9 * 3600, 13 * 3600)),  # alike: the earlier one
        ([(0, 9 * 3600), (18 * 3600, DAY_S)], SHIFT),
        ([(9 * 3600, 12 * 3600), (11 * 3600, 18 * 3600)], None),  # overlapping
        ([(20 * 3600, 22 * 3600)], SHIFT),  # after work
    ],
)
def test_the_longest_part_of_the_shift_is_left(away: list[tuple[int, int]], left: tuple[int, int] | None) -> None:
    assert longest_left(SHIFT, away) == left


SPANS = st.tuples(st.integers(0, DAY_S), st.integers(0, DAY_S)).filter(lambda one: one[0] < one[1])


@given(st.lists(SPANS, max_size=5))
def test_what_is_left_lies_in_the_shift_and_in_no_absence(away: list[tuple[int, int]]) -> None:
    left = longest_left(SHIFT, away)

    if left is not None:
        assert SHIFT[0] <= left[0] < left[1] <= SHIFT[1]
        assert all(to_s <= left[0] or from_s >= left[1] for from_s, to_s in away)


def test_an_absence_at_the_end_of_all_calendars_leaves_other_days_alone() -> None:
    from_at, to_at = datetime(9999, 12, 31, 8, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)

    assert span_on(date(2026, 11, 26), from_at, to_at, ROME) is None
    assert span_on(date.max, from_at, to_at, ROME) == (9 * 3600, DAY_S - 1)


def test_an_absence_over_midnight_touches_both_days_and_no_other() -> None:
    from_at = datetime(2026, 11, 26, 22, tzinfo=ROME)
    to_at = datetime(2026, 11, 27, 10, tzinfo=ROME)

    spans = [span_on(date(2026, 11, day), from_at, to_at, ROME) for day in (25, 26, 27, 28)]

    assert spans == [None, (22 * 3600, DAY_S), (0, 10 * 3600), None]


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_a_whole_day_is_whole_where_the_clock_changes(day: date) -> None:
    """The one has 23 hours, the other 25; hours are those that the clock on the wall shows."""
    from_at = datetime(day.year, day.month, day.day, tzinfo=ROME)
    to_at = datetime.combine(day + timedelta(days=1), datetime.min.time(), ROME)

    assert span_on(day, from_at, to_at, ROME) == (0, DAY_S)
    assert span_on(day, from_at.replace(hour=9), from_at.replace(hour=15), ROME) == (9 * 3600, 15 * 3600)


def test_a_week_has_seven_days_each_free_or_a_shift_within_it() -> None:
    assert is_week([SHIFT] * 5 + [None, None])
    assert not is_week([SHIFT] * 6)
    assert not is_week([(18 * 3600, 9 * 3600)] * 7)
    assert not is_week([(0, DAY_S + 1)] * 7)
