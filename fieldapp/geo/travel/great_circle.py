"""The great circle, lengthened by how roads bend, at a speed that grows with the distance because longer trips leave
town. It needs no map, and it is what stands in where a map gives no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from geopy.distance import great_circle
from numpy.typing import NDArray

from fieldapp.geo.travel.matrices import IntMatrix, Point, Source, TravelMatrix

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius, the one that geopy's great circle uses too."""


@dataclass(frozen=True, slots=True)
class SpeedProfile:
    """How roads bend and how fast one drives: in town up to `town_m` of a trip, on the road beyond.

    `circuity` is road length over great circle (about 1.3 in Europe's plains), `start_s` pays for parking and
    turning at each trip of more than a few steps.
    """

    circuity: float = 1.32
    town_km_h: float = 26.0
    road_km_h: float = 58.0
    town_m: float = 2_500.0
    start_s: float = 60.0


class GreatCircleEngine:
    """Great circle x circuity with a speed profile; symmetric, deterministic, no data."""

    name = "great_circle"

    def __init__(self, profile: SpeedProfile | None = None) -> None:
        self.profile = profile or SpeedProfile()

    def matrix(self, points: Sequence[Point]) -> TravelMatrix:
        """Seconds and metres between all points; equal points are 0 s and 0 m apart."""
        metres = great_circle_m(points) * self.profile.circuity
        return TravelMatrix(
            travel_s=np.rint(self._seconds(metres)).astype(np.int32),
            distance_m=np.rint(metres).astype(np.int32),
            engine=self.name,
            no_road=np.zeros(metres.shape, np.bool_),
            source=Source(self.name, pairs=metres.size),
        )

    def table(self, starts: Sequence[Point], ends: Sequence[Point]) -> tuple[IntMatrix, IntMatrix]:
        """(starts, ends) seconds and metres: the same figures as in `matrix`, for some of its pairs."""
        metres = _between_m(_radians(starts), _radians(ends)) * self.profile.circuity
        return np.rint(self._seconds(metres)).astype(np.int32), np.rint(metres).astype(np.int32)

    def one(self, start: Point, end: Point) -> tuple[int, int]:
        """Seconds and metres of a single trip."""
        metres = np.array([great_circle(start, end).m * self.profile.circuity])
        return int(np.rint(self._seconds(metres))[0]), int(np.rint(metres)[0])

    def _seconds(self, metres: NDArray[np.float64]) -> NDArray[np.float64]:
        profile = self.profile
        town = np.minimum(metres, profile.town_m) * 3.6 / profile.town_km_h
        road = np.maximum(metres - profile.town_m, 0.0) * 3.6 / profile.road_km_h
        return np.where(metres < 1.0, 0.0, town + road + profile.start_s)


def great_circle_m(points: Sequence[Point]) -> NDArray[np.float64]:
    """`(n, n)` metres on the great circle between points in degrees (haversine: exact for near points too)."""
    at = _radians(points)
    return _between_m(at, at)


def _radians(points: Sequence[Point]) -> NDArray[np.float64]:
    return np.radians(np.asarray(points, dtype=np.float64).reshape(-1, 2))


def _between_m(starts: NDArray[np.float64], ends: NDArray[np.float64]) -> NDArray[np.float64]:
    lat, lon = starts[:, 0, None], starts[:, 1, None]
    half = np.sin((lat - ends[:, 0]) / 2) ** 2
    half += np.cos(lat) * np.cos(ends[:, 0]) * np.sin((lon - ends[:, 1]) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))))


def matrix(points: Sequence[Point]) -> TravelMatrix:
    """The travel matrix of points where no map is asked."""
    return GreatCircleEngine().matrix(points)
