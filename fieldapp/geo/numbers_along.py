"""Where a house number stands among the known numbers of its street. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, hypot, radians

METRES_PER_DEGREE = 111_200.0


@dataclass(frozen=True, slots=True)
class KnownNumber:
    """One number of the register with its point in degrees; `method` is the register's METODO, 0 where unknown."""

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
    """The point given to an asked number; `text` is the number that the point truly stands for.

    `span_m` is how far apart the known numbers are that it was placed by: 0 where the number itself is known.
    """

    quality: str
    lat: float
    lon: float
    text: str
    why: str
    span_m: float = 0.0
    method: int = 0


NEAR = 40
"""An unknown number is placed by known ones at most this far from it; beyond, only the street is known."""

_FARTHEST_APART_M = 2_000.0
_FARTHEST_BEYOND_M = 120.0
_DOORS_APART = 8
_ACCESS = re.compile(r"[A-Z]\d\d")
"""Accesses of one number as some cities publish them: `3p01` (gate), `3n02` (shop) stand for number 3."""


def metres(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Metres between two points near each other (plane, good to a percent up to some kilometres)."""
    return hypot(lat - other_lat, (lon - other_lon) * cos(radians(lat))) * METRES_PER_DEGREE


def place_number(known: Sequence[KnownNumber], number: int, suffix: str) -> PlacedNumber | None:
    """The number itself, else beside the same number of another suffix, else a point between its neighbours.

    Neighbours of the same side of the street (odd, even) come first. None where nothing is near.
    """
    same = [k for k in known if k.number == number]
    wanted = _plain(suffix)
    for each in same:
        if _plain(each.suffix) == wanted:
            return PlacedNumber("house_number", each.lat, each.lon, each.text, "", method=each.method)
    side = [k for k in known if k.number % 2 == number % 2]
    if same:
        return _beside_suffix(same, side, number, suffix)
    return _narrower(_between(side, number), _between(known, number)) or _beyond(side, number) or _beyond(known, number)


def _beside_suffix(same: Sequence[KnownNumber], side: Sequence[KnownNumber], number: int, suffix: str) -> PlacedNumber:
    """`12/C` asked where 12 and 12/A are known: between the doors that stand before and behind it."""
    bare = [k for k in same if not k.suffix or _ACCESS.fullmatch(k.suffix)]
    if not suffix and bare:
        first = min(bare, key=lambda k: k.suffix)
        return PlacedNumber("house_number", first.lat, first.lon, first.text, "", method=first.method)
    why = "geocode.suffix_unknown" if suffix else "geocode.suffix_assumed"
    at = _place(number, suffix)
    below = max((k for k in side if _place(k.number, k.suffix) < at), key=_order, default=None)
    above = min((k for k in side if _place(k.number, k.suffix) > at), key=_order, default=None)
    if below and above and above.number - below.number <= _DOORS_APART:
        start = _place(below.number, below.suffix)
        share = (at - start) / (_place(above.number, above.suffix) - start)
        lat, lon = below.lat + share * (above.lat - below.lat), below.lon + share * (above.lon - below.lon)
        apart = metres(below.lat, below.lon, above.lat, above.lon)
        return PlacedNumber("interpolated", lat, lon, str(number), why, apart)
    nearest = min(same, key=lambda k: (abs(_place(k.number, k.suffix) - at), k.suffix))
    spread = max(metres(nearest.lat, nearest.lon, k.lat, k.lon) for k in same)
    return PlacedNumber("interpolated", nearest.lat, nearest.lon, nearest.text, why, 20.0 + spread)


def _place(number: int, suffix: str) -> float:
    """A number with its letter on one scale: 12, 12/A, 12/B and well before 14 (and before 13 for want of it)."""
    letter = ord(suffix[0]) - 64 if suffix[:1].isalpha() and not _ACCESS.fullmatch(suffix) else 0
    letter = 1 if suffix.startswith("BIS") else 2 if suffix.startswith("TER") else letter
    return number + 0.1 * min(letter, 9)


def _order(known: KnownNumber) -> float:
    return _place(known.number, known.suffix)


def _plain(suffix: str) -> str:
    bare = "".join(c for c in suffix if c.isalnum())
    return {"ROSSO": "R", "NERO": ""}.get(bare, bare)


def _narrower(own: PlacedNumber | None, both: PlacedNumber | None) -> PlacedNumber | None:
    """The own side's estimate, unless the other side's neighbours are far closer together."""
    if own is None or both is None:
        return own or both
    return both if own.span_m > 8.0 * both.span_m + 100.0 else own


def _between(known: Sequence[KnownNumber], number: int) -> PlacedNumber | None:
    below = max((k for k in known if k.number < number), key=lambda k: (k.number, k.suffix), default=None)
    above = min((k for k in known if k.number > number), key=lambda k: (k.number, k.suffix), default=None)
    if below is None or above is None or above.number - below.number > 2 * NEAR:
        return None
    apart = metres(below.lat, below.lon, above.lat, above.lon)
    if apart > _FARTHEST_APART_M:
        return None
    share = (number - below.number) / (above.number - below.number)
    lat, lon = below.lat + share * (above.lat - below.lat), below.lon + share * (above.lon - below.lon)
    return PlacedNumber("interpolated", lat, lon, str(number), "geocode.number_interpolated", apart)


def _beyond(known: Sequence[KnownNumber], number: int) -> PlacedNumber | None:
    """A number before the first or behind the last known one: some steps on in the street's direction."""
    near = min(known, key=lambda k: (abs(k.number - number), k.suffix), default=None)
    if near is None or abs(near.number - number) > NEAR:
        return None
    steps = abs(near.number - number)
    second = min((k for k in known if k.number != near.number), key=lambda k: abs(k.number - near.number), default=None)
    lat, lon, span = near.lat, near.lon, 20.0 + 8.0 * steps
    if second is not None and abs(second.number - near.number) <= 12:
        share = (number - near.number) / (near.number - second.number)
        north, east = (near.lat - second.lat) * share, (near.lon - second.lon) * share
        if share > 0 and metres(near.lat, near.lon, near.lat + north, near.lon + east) <= _FARTHEST_BEYOND_M:
            lat, lon = near.lat + 0.7 * north, near.lon + 0.7 * east
            span = 20.0 + 2.0 * metres(near.lat, near.lon, lat, lon)
    return PlacedNumber("interpolated", lat, lon, str(number), "geocode.number_beyond_known", span)
