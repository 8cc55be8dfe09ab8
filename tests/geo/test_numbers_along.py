"""Where an unknown number stands: between its neighbours, by letters, by the metre, never far from what is known."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.geo.numbers_along import KnownNumber, PlacedNumber, metres, place_metre, place_number

LAT, LON = 45.0, 9.0
STEP = 0.0001
"""Degrees of longitude from one number to the next: about eight metres."""


def door(number: int, suffix: str = "", *, at: float | None = None) -> KnownNumber:
    return KnownNumber(number, suffix, LAT, LON + STEP * (number if at is None else at))


def steps(placed: PlacedNumber | None) -> float:
    assert placed is not None
    return (placed.lon - LON) / STEP


def test_a_letter_stands_between_its_neighbours_however_late_in_the_alphabet() -> None:
    # ten letters and more behind one number: a gate with a whole row of villas
    known = [door(79, letter, at=100 + 10 * i) for i, letter in enumerate("ABCDEFGHIJLMNO") if letter not in "JM"]

    placed = place_number(known, 79, "M")

    assert 200 < steps(placed) < 220


def test_metres_of_a_country_road_are_numbers_with_wide_gaps() -> None:
    # 3,600 and 4,000 stand four hundred metres apart, and so do their doors
    known = [door(3600, at=0), door(4000, at=50), door(9000, at=600)]

    placed = place_number(known, 3800, "")

    assert placed is not None
    assert placed.quality == "interpolated"
    assert steps(placed) == pytest.approx(25, abs=0.1)
    assert place_number(known, 6500, "") is None


def test_a_kilometre_is_found_only_where_the_road_is_numbered_by_the_metre() -> None:
    by_the_metre, by_doors = [door(3600, at=0), door(4000, at=50)], [door(2), door(200)]

    placed = place_metre(by_the_metre, 3700)

    assert steps(placed) == pytest.approx(12.5, abs=0.1)
    assert placed is not None
    assert placed.text == "km 3,700"
    assert place_metre(by_doors, 100) is None


def test_in_a_gap_a_number_stands_by_the_neighbour_that_it_is_nearer_to() -> None:
    # doors every sixteen metres, then four hundred metres of field, then doors again
    known = [door(n) for n in range(2, 11, 2)] + [door(n, at=n + 50) for n in range(20, 31, 2)]

    assert 10 < steps(place_number(known, 12, "")) < 14
    assert 66 < steps(place_number(known, 18, "")) < 70


def test_doors_of_one_number_stand_together() -> None:
    known = [door(10, at=0), door(12, "A", at=10), door(14, at=20)]

    assert 10 < steps(place_number(known, 12, "B")) < 13
    assert 7 < steps(place_number(known, 12, "")) < 10


def test_gates_and_shops_of_a_number_are_in_no_order_and_it_stands_in_their_middle() -> None:
    known = [door(10, at=0), door(12, "P01", at=10), door(12, "N02", at=11), door(12, "C03", at=30), door(14, at=60)]

    assert steps(place_number(known, 12, "P09")) == pytest.approx(11, abs=0.1)


def test_a_number_stays_on_its_own_side_however_close_together_the_other_sides_doors_are() -> None:
    # the even numbers of this street turned off long ago and stand a kilometre away
    known = [door(21, at=0), door(25, at=60), door(22, at=200), door(24, at=201)]

    assert 0 < steps(place_number(known, 23, "")) < 60


def around_a_square(number: int) -> KnownNumber:
    turn = 2 * pi * number / 24
    return KnownNumber(number, "", LAT + 0.0010 * sin(turn), LON + 0.0014 * cos(turn))


def across_a_street(number: int) -> KnownNumber:
    return KnownNumber(number, "", LAT + 0.0001 * (number % 2), LON + STEP * number)


@pytest.mark.parametrize(
    ("numbered", "neighbours"),
    [
        # one after the other all round: eleven and thirteen are next door
        (around_a_square, (11, 13)),
        # odd and even face each other: ten and fourteen are next door
        (across_a_street, (10, 14)),
    ],
)
def test_the_street_itself_tells_whether_odd_and_even_numbers_have_a_side_each(
    numbered: Callable[[int], KnownNumber], neighbours: tuple[int, int]
) -> None:
    known = [numbered(n) for n in range(1, 24) if n != 12]

    placed = place_number(known, 12, "")

    first, second = map(numbered, neighbours)
    assert placed is not None
    assert placed.lat == pytest.approx((first.lat + second.lat) / 2)
    assert placed.lon == pytest.approx((first.lon + second.lon) / 2)


def test_behind_the_last_door_a_number_stands_no_farther_than_streets_go_on() -> None:
    known = [door(2), door(4, at=40)]

    assert 40 < steps(place_number(known, 6, "")) <= 40 + 40 / 7.8


def test_far_behind_the_last_of_its_side_the_other_side_tells_more() -> None:
    known = [door(2), door(4), *(door(n) for n in range(1, 40, 2))]

    assert 35 < steps(place_number(known, 38, "")) < 45


numbers = st.tuples(st.integers(1, 400), st.sampled_from(("", "A", "B", "K", "Z", "BIS", "P01")))


@given(st.lists(numbers, min_size=1, max_size=30, unique=True), numbers)
def test_no_number_is_put_farther_out_than_the_street_reaches(
    known: list[tuple[int, str]], asked: tuple[int, str]
) -> None:
    street = [door(number, suffix) for number, suffix in known]

    placed = place_number(street, *asked)

    if placed is not None:
        away = min(metres(placed.lat, placed.lon, k.lat, k.lon) for k in street)
        assert away <= 1_000
        assert placed.quality in ("house_number", "interpolated")
