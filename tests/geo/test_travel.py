"""Travel matrices: shape, symmetry, agreement with geopy, sense of the speeds."""

from __future__ import annotations

import numpy as np
import pytest
from geopy.distance import great_circle
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.geo.travel import GreatCircleEngine, great_circle_m, matrix

points = st.lists(st.tuples(st.floats(36, 47), st.floats(7, 18)), min_size=1, max_size=12)


@given(points)
def test_the_matrix_is_square_symmetric_and_zero_on_the_diagonal(places: list[tuple[float, float]]) -> None:
    travel = matrix(places)

    for values in (travel.travel_s, travel.distance_m):
        assert values.shape == (len(places), len(places))
        assert values.dtype == np.int32
        assert (values == values.T).all()
        assert not values.diagonal().any()
        assert (values >= 0).all()


@given(points)
def test_distances_agree_with_geopy_to_the_decimetre(places: list[tuple[float, float]]) -> None:
    metres = great_circle_m(places)

    for i, start in enumerate(places):
        for j, end in enumerate(places):
            assert metres[i, j] == pytest.approx(great_circle(start, end).m, abs=0.1)


@given(points)
def test_one_trip_is_what_the_matrix_says(places: list[tuple[float, float]]) -> None:
    engine = GreatCircleEngine()
    travel = engine.matrix(places)

    travel_s, distance_m = engine.one(places[0], places[-1])

    assert abs(travel_s - travel.travel_s[0, -1]) <= 1
    assert abs(distance_m - travel.distance_m[0, -1]) <= 1


def test_longer_trips_take_longer_but_go_faster() -> None:
    travel = matrix([(45.31, 9.50), (45.315, 9.50), (45.36, 9.50), (45.76, 9.50)])
    seconds, metres = travel.travel_s[0, 1:], travel.distance_m[0, 1:]

    assert (np.diff(seconds) > 0).all()
    assert (np.diff(metres / seconds) > 0).all()
