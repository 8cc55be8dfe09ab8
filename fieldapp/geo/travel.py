"""Travel between places: matrices of seconds and metres behind one interface, and the register of engines.

The engine at hand needs no map: the great circle, lengthened by how roads bend, at a speed that grows with the
distance because longer trips leave town. Engines with a map (Valhalla, OSRM) register here beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from geopy.distance import great_circle
from numpy.typing import NDArray

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius, the one that geopy's great circle uses too."""

IntMatrix = NDArray[np.int32]
Point = tuple[float, float]
"""Latitude and longitude in degrees."""


@dataclass(frozen=True, slots=True)
class TravelMatrix:
    """Travel between n points: `travel_s` and `distance_m` are `(n, n)`, row = from, diagonal zero."""

    travel_s: IntMatrix
    distance_m: IntMatrix
    engine: str


class TravelEngine(Protocol):
    """What every travel-time engine gives."""

    name: str

    def matrix(self, points: Sequence[Point]) -> TravelMatrix:
        """Seconds and metres between all points, each way."""
        ...


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
        )

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
    at = np.radians(np.asarray(points, dtype=np.float64).reshape(-1, 2))
    lat, lon = at[:, 0], at[:, 1]
    half = np.sin((lat[:, None] - lat) / 2) ** 2
    half += np.cos(lat)[:, None] * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))))


ENGINES: dict[str, Callable[[], TravelEngine]] = {GreatCircleEngine.name: GreatCircleEngine}
"""The one table of travel engines by name; a new one is a class and a line here."""


def matrix(points: Sequence[Point], *, engine: str = GreatCircleEngine.name) -> TravelMatrix:
    """The travel matrix of points by the named engine."""
    return ENGINES[engine]().matrix(points)
