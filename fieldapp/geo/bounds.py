"""How far from its own point a comune can reach, judged by its neighbours where no bounds are known. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import cos, hypot, radians

import numpy as np

NEAREST_KM, FARTHEST_KM = 10.0, 50.0
"""No comune is taken to reach less or more than this from its point."""

NEIGHBOURS, REACH = 4, 3.0
"""A comune reaches at most `REACH` times as far as its fourth nearest neighbour lies: small among small ones,
wide where comuni are wide. Checked by hand against real boundaries: see docs/demo-data.md."""

KM_PER_DEGREE = 111.2
BOX_MARGIN_E7 = 50_000
"""A point may lie this far outside the known bounds (about 500 m): boundaries are drawn coarser than doors."""


@dataclass(frozen=True, slots=True)
class ComuneBounds:
    """A circle that surely holds the comune; a point outside it is not in the comune. Degrees x 10**7."""

    lat_e7: int
    lon_e7: int
    reach_km: float

    def holds(self, lat_e7: int, lon_e7: int) -> bool:
        """Whether a point may lie in the comune (plane approximation: good to a percent at these distances)."""
        north = (lat_e7 - self.lat_e7) / 1e7
        east = (lon_e7 - self.lon_e7) / 1e7 * cos(radians(self.lat_e7 / 1e7))
        return hypot(north, east) * KM_PER_DEGREE <= self.reach_km


@dataclass(frozen=True, slots=True)
class ComuneBox:
    """The rectangle around a comune's published boundary, in degrees x 10**7."""

    south: int
    west: int
    north: int
    east: int

    def holds(self, lat_e7: int, lon_e7: int) -> bool:
        """Whether a point lies in the rectangle or at most `BOX_MARGIN_E7` outside."""
        return (
            self.south - BOX_MARGIN_E7 <= lat_e7 <= self.north + BOX_MARGIN_E7
            and self.west - BOX_MARGIN_E7 <= lon_e7 <= self.east + BOX_MARGIN_E7
        )


class Reaches:
    """The circles of comuni, from all comuni's `(code, lat, lon)` in degrees x 10**7."""

    def __init__(self, points: Iterable[tuple[str, int, int]]) -> None:
        listed = list(points)
        self._points = {code: (lat, lon) for code, lat, lon in listed}
        self._place = {code: i for i, (code, _, _) in enumerate(listed)}
        at = np.array([(lat, lon) for _, lat, lon in listed], dtype=np.float64).reshape(-1, 2) / 1e7
        self._flat = np.column_stack([at[:, 0], at[:, 1] * np.cos(np.radians(42.0))]) * KM_PER_DEGREE

    def of(self, code: str) -> ComuneBounds | None:
        """The circle of one comune; None where it has no point."""
        if code not in self._place:
            return None
        away = np.hypot(*(self._flat - self._flat[self._place[code]]).T)
        nearest = min(NEIGHBOURS, len(away) - 1)
        reach = REACH * float(np.partition(away, nearest)[nearest])
        return ComuneBounds(*self._points[code], min(max(reach, NEAREST_KM), FARTHEST_KM))
