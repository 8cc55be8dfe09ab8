"""Which tiles a day on the road needs: the doors closely, the way between them coarsely. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

MOST_BYTES = 3_000_000
"""So much of a map comes with a day."""

_OVERVIEW = range(5, 12)
_ON_THE_WAY = (12, 13)
_NEAR_M = 350.0
_AROUND_M = 1_200.0
_EARTH_M = 40_075_016.7

Tile = tuple[int, int, int]
Spot = tuple[float, float]
"""Latitude and longitude in degrees."""


def tiles_of_day(doors: Sequence[Spot], *, start: Spot | None) -> list[Tile]:
    """Tiles `(zoom, x, y)`, each once, what is missed most first: so that a bound takes away the least.

    First the overview and what is around each door, door by door in the order of the day; then the way along straight
    lines from `start` through the doors.
    """
    if not doors:
        return []
    stations = [*([start] if start else []), *doors]
    wanted: dict[Tile, None] = {}
    for zoom in _OVERVIEW:
        wanted.update(dict.fromkeys(_between(stations, zoom)))
    for zoom in _ON_THE_WAY:
        wanted.update(dict.fromkeys(tile for door in stations for tile in _around(door, zoom, _AROUND_M)))
    for door in doors:
        wanted.update(dict.fromkeys((*_around(door, 14, _NEAR_M), *_around(door, 15, _NEAR_M))))
    for zoom in _ON_THE_WAY:
        wanted.update(dict.fromkeys(_between(stations, zoom)))
    for door in doors:
        wanted.update(dict.fromkeys(_around(door, 14, _AROUND_M)))
    wanted.update(dict.fromkeys(_between(stations, 14)))
    return list(wanted)


def _on_square(spot: Spot, zoom: int) -> tuple[float, float]:
    lat, lon = spot
    y = 0.5 - math.asinh(math.tan(math.radians(lat))) / (2 * math.pi)
    return (lon / 360 + 0.5) * 2**zoom, y * 2**zoom


def _around(spot: Spot, zoom: int, far_m: float) -> Iterator[Tile]:
    x, y = _on_square(spot, zoom)
    far = far_m / (_EARTH_M * math.cos(math.radians(spot[0]))) * 2**zoom
    for column in range(math.floor(x - far), math.floor(x + far) + 1):
        for row in range(math.floor(y - far), math.floor(y + far) + 1):
            yield zoom, column, row


def _between(stations: Sequence[Spot], zoom: int) -> Iterator[Tile]:
    """The tiles under the straight lines from one station to the next, by steps of a quarter of a tile."""
    points = [_on_square(spot, zoom) for spot in stations]
    for x, y in points:
        yield zoom, math.floor(x), math.floor(y)
    for (x1, y1), (x2, y2) in pairwise(points):
        steps = math.ceil(max(abs(x2 - x1), abs(y2 - y1)) * 4)
        for step in range(1, steps):
            yield zoom, math.floor(x1 + (x2 - x1) * step / steps), math.floor(y1 + (y2 - y1) * step / steps)
