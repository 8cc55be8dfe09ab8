"""Where a house number stands among the known numbers of its street. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from geopy.distance import great_circle


@dataclass(frozen=True, slots=True)
class KnownNumber:
    """One number of the register with its point in degrees."""

    number: int
    suffix: str
    lat: float
    lon: float
    method: int = 0

    @property
    def text(self) -> str:
        """`12/A`, `12 BIS`."""
        if not self.suffix:
            return str(self.number)
        return f"{self.number}{' ' if len(self.suffix) > 2 else '/'}{self.suffix}"


@dataclass(frozen=True, slots=True)
class PlacedNumber:
    """The point given to an asked number; `text` is the number that the point truly stands for."""

    quality: str
    lat: float
    lon: float
    text: str
    why: str
    trust: float = 1.0


NEAR = 30
"""An unknown number is placed by known ones at most this far from it; beyond, only the street is known."""

_FARTHEST_APART_M = 1_500.0


def place_number(known: Sequence[KnownNumber], number: int, suffix: str) -> PlacedNumber | None:
    """The number itself, else one without or with another suffix, else a point between its neighbours.

    Neighbours of the same side of the street (odd, even) come first. None where nothing is near.
    """
    same = [k for k in known if k.number == number]
    for each in same:
        if _plain(each.suffix) == _plain(suffix):
            return PlacedNumber("house_number", each.lat, each.lon, each.text, "")
    if same:
        nearest = min(same, key=lambda k: (bool(k.suffix), k.suffix))
        why = "geocode.suffix_unknown" if suffix else "geocode.suffix_assumed"
        return PlacedNumber("house_number", nearest.lat, nearest.lon, nearest.text, why, 0.92)
    side = [k for k in known if k.number % 2 == number % 2]
    return _between(side, number, 1.0) or _between(known, number, 0.85) or _beside(side, number)


def _plain(suffix: str) -> str:
    bare = "".join(c for c in suffix if c.isalnum())
    return {"ROSSO": "R", "NERO": ""}.get(bare, bare)


def _between(known: Sequence[KnownNumber], number: int, trust: float) -> PlacedNumber | None:
    below = max((k for k in known if k.number < number), key=lambda k: k.number, default=None)
    above = min((k for k in known if k.number > number), key=lambda k: k.number, default=None)
    if below is None or above is None or above.number - below.number > 2 * NEAR:
        return None
    if great_circle((below.lat, below.lon), (above.lat, above.lon)).m > _FARTHEST_APART_M:
        return None
    share = (number - below.number) / (above.number - below.number)
    lat, lon = below.lat + share * (above.lat - below.lat), below.lon + share * (above.lon - below.lon)
    return PlacedNumber("interpolated", lat, lon, str(number), "geocode.number_interpolated", trust)


def _beside(known: Sequence[KnownNumber], number: int) -> PlacedNumber | None:
    """A number before the first or behind the last known one stands beside that one, if it is near."""
    near = min(known, key=lambda k: abs(k.number - number), default=None)
    if near is None or abs(near.number - number) > NEAR:
        return None
    return PlacedNumber("interpolated", near.lat, near.lon, str(number), "geocode.number_beyond_known", 0.7)
