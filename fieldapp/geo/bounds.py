"""How far from its own point a comune can reach, judged by its neighbours: no boundaries are at hand. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from geopy.distance import great_circle

NEAREST_KM, FARTHEST_KM = 10.0, 50.0
"""No comune is taken to reach less or more than this from its point."""

NEIGHBOURS, REACH = 4, 3.0
"""A comune reaches at most `REACH` times as far as its fourth nearest neighbour lies: small among small ones,
wide where comuni are wide. Checked by hand against real boundaries: see docs/demo-data.md."""


@dataclass(frozen=True, slots=True)
class ComuneBounds:
    """A circle that surely holds the comune; a point outside it is not in the comune."""

    lat: float
    lon: float
    reach_km: float

    def holds(self, lat: float, lon: float) -> bool:
        """Whether a point in degrees may lie in the comune."""
        return bool(great_circle((self.lat, self.lon), (lat, lon)).km <= self.reach_km)


def bounds_of(points: Iterable[tuple[str, float, float]], *, codes: Collection[str]) -> dict[str, ComuneBounds]:
    """The circles of the comuni `codes`, from all comuni's `(code, lat, lon)` in degrees."""
    listed = list(points)
    if not listed:
        return {}
    at = np.array([(lat, lon) for _, lat, lon in listed])
    # One degree of latitude as the unit; good to a percent, and only compared among neighbours.
    flat = np.column_stack([at[:, 0], at[:, 1] * np.cos(np.radians(at[:, 0].mean()))]) * 111.2
    nearest = min(NEIGHBOURS, len(listed) - 1)
    bounds = {}
    for i, (code, lat, lon) in enumerate(listed):
        if code in codes:
            away = np.partition(np.hypot(*(flat - flat[i]).T), nearest)
            bounds[code] = ComuneBounds(lat, lon, min(max(REACH * float(away[nearest]), NEAREST_KM), FARTHEST_KM))
    return bounds
