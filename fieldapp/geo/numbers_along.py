"""Where a house number stands among the known numbers of its street. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import cos, hypot, radians
from statistics import median

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
"""An unknown number is placed by known ones at most this far from it; beyond, only the street is known.

Country roads are numbered by the metre (`3809`): there the known ones may be farther, if they stand near each other.
"""

_FAR_NUMBERS_APART_M = 1_000.0
_BY_THE_METRE = 1_000
_FARTHEST_APART_M = 2_000.0
_FARTHEST_BEYOND_M = 40.0
"""How far behind the last known number a further one is looked for: streets end, so farther is no better."""
_OTHER_SIDE_FROM = 8
"""So many numbers beyond the last of its side, the nearest of the other side tells more."""
_GAP_M = 200.0
"""Known neighbours farther apart than this have a gap between them, a field or a crossing, not doors in even steps."""
_ROW_WITHIN = 24
"""So many numbers to either side show whether odd and even ones run in one row."""
_ROW_LEAST = 8
_ROW_BETTER = 0.8
"""They do where so many doors at least stand, by this factor, nearer to where neighbours of both put them."""
_USUAL_STEP_M = 10.0
_STEPS_COMPARED = 12
_DOORS_APART = 8
_NEXT_DOOR = 0.2
"""Doors of one number stand near each other: so much of the way to the next number the next of them is."""
_LETTER = 0.036
"""How far a letter is from the next one, in numbers."""
_ACCESS = re.compile(r"[A-Z]\d\d")
"""Accesses of one number as some cities publish them: `3p01` (gate), `3n02` (shop) stand for number 3."""


def metres(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Metres between two points near each other (plane, good to a percent up to some kilometres)."""
    return hypot(lat - other_lat, (lon - other_lon) * cos(radians(lat))) * METRES_PER_DEGREE


def place_number(known: Sequence[KnownNumber], number: int, suffix: str) -> PlacedNumber | None:
    """The number itself, else beside the same number of another suffix, else a point between its neighbours.

    Neighbours are those of the same side of the street (odd, even), however far; those of both sides only where its own
    side ends, or where the numbers run in one row. None where nothing is near.
    """
    same = [k for k in known if k.number == number]
    wanted = _plain(suffix)
    for each in same:
        if _plain(each.suffix) == wanted:
            return PlacedNumber("house_number", each.lat, each.lon, each.text, "", method=each.method)
    side = [k for k in known if k.number % 2 == number % 2]
    if same:
        return _beside_suffix(same, side, number, suffix)
    both = _between(known, known, number)
    if both and _in_one_row(known, number):
        return both
    return _between(side, known, number) or both or _beyond(side, known, number)


def place_metre(known: Sequence[KnownNumber], along_m: int) -> PlacedNumber | None:
    """The point of a kilometre where the road is numbered by the metre; None on any other road."""
    if not any(k.number >= _BY_THE_METRE for k in known):
        return None
    side = [k for k in known if k.number % 2 == along_m % 2]
    placed = _between(side, known, along_m) or _between(known, known, along_m)
    return placed and replace(placed, text=f"km {along_m // 1_000},{along_m % 1_000:03d}")


def _beside_suffix(same: Sequence[KnownNumber], side: Sequence[KnownNumber], number: int, suffix: str) -> PlacedNumber:
    """`12/C` asked where 12 and 12/A are known: between the doors that stand before and behind it."""
    bare = [k for k in same if not k.suffix or _ACCESS.fullmatch(k.suffix)]
    if not suffix and bare:
        first = min(bare, key=lambda k: k.suffix)
        return PlacedNumber("house_number", first.lat, first.lon, first.text, "", method=first.method)
    why = "geocode.suffix_unknown" if suffix else "geocode.suffix_assumed"
    at = _place(number, suffix)
    below = max((k for k in side if _order(k) < at), key=_order, default=None)
    above = min((k for k in side if _order(k) > at), key=_order, default=None)
    if below and above and above.number - below.number <= _DOORS_APART and not _at_once(same, at):
        lat, lon = _along(below, above, _share_of_letter(below, above, number, at))
        apart = metres(below.lat, below.lon, above.lat, above.lon)
        return PlacedNumber("interpolated", lat, lon, str(number), why, apart)
    nearest = min(same, key=lambda k: (abs(_order(k) - at), k.suffix))
    lat, lon = _middle(same) if _at_once(same, at) else (nearest.lat, nearest.lon)
    spread = max(metres(lat, lon, k.lat, k.lon) for k in same)
    return PlacedNumber("interpolated", lat, lon, nearest.text, why, 20.0 + spread)


def _share_of_letter(below: KnownNumber, above: KnownNumber, number: int, at: float) -> float:
    """How much of the way from `below` to `above` a door of `number` is that comes between them."""
    if below.number == above.number:
        return (at - _order(below)) / (_order(above) - _order(below))
    near = metres(below.lat, below.lon, above.lat, above.lon) <= _GAP_M
    share = _NEXT_DOOR if near else _LETTER
    return share if below.number == number else 1.0 - share


def _at_once(same: Sequence[KnownNumber], at: float) -> bool:
    """Whether what is known of the number are gates and shops, which stand in no order."""
    return any(_order(k) == at for k in same)


def _middle(some: Sequence[KnownNumber]) -> tuple[float, float]:
    return median(k.lat for k in some), median(k.lon for k in some)


def _along(start: KnownNumber, end: KnownNumber, share: float) -> tuple[float, float]:
    return start.lat + share * (end.lat - start.lat), start.lon + share * (end.lon - start.lon)


def _place(number: int, suffix: str) -> float:
    """A number with its letter on one scale: 12, 12/A to 12/Z, and only then 13."""
    letter = ord(suffix[0]) - 64 if suffix[:1].isalpha() and not _ACCESS.fullmatch(suffix) else 0
    letter = 1 if suffix.startswith("BIS") else 2 if suffix.startswith("TER") else letter
    return number + _LETTER * min(letter, 26)


def _order(known: KnownNumber) -> float:
    return _place(known.number, known.suffix)


def _plain(suffix: str) -> str:
    bare = "".join(c for c in suffix if c.isalnum())
    return {"ROSSO": "R", "NERO": ""}.get(bare, bare)


def _in_one_row(known: Sequence[KnownNumber], number: int) -> bool:
    """Whether odd and even numbers follow each other here, round a square or from farm to farm, not on two sides."""
    around = {k.number: k for k in sorted(known, key=_order, reverse=True) if abs(k.number - number) <= _ROW_WITHIN}
    row = [around[n] for n in sorted(around)]
    in_row = _off_line(row)
    if len(in_row) < _ROW_LEAST:
        return False
    by_side = _off_line([k for k in row if k.number % 2]) + _off_line([k for k in row if not k.number % 2])
    return median(in_row) < _ROW_BETTER * median(by_side)


def _off_line(row: Sequence[KnownNumber]) -> list[float]:
    """How far from each door its two neighbours would have put it, in metres."""
    off = []
    for below, door, above in zip(row, row[1:], row[2:], strict=False):
        lat, lon = _along(below, above, (door.number - below.number) / (above.number - below.number))
        off.append(metres(lat, lon, door.lat, door.lon))
    return off


def _between(side: Sequence[KnownNumber], known: Sequence[KnownNumber], number: int) -> PlacedNumber | None:
    below = max((k for k in side if k.number < number), key=lambda k: (k.number, k.suffix), default=None)
    above = min((k for k in side if k.number > number), key=lambda k: (k.number, k.suffix), default=None)
    if below is None or above is None:
        return None
    apart = metres(below.lat, below.lon, above.lat, above.lon)
    far = above.number - below.number > 2 * NEAR
    if apart > (_FAR_NUMBERS_APART_M if far else _FARTHEST_APART_M):
        return None
    share = (number - below.number) / (above.number - below.number)
    if apart > _GAP_M and not far:
        share = _share_at_gap(share, above.number - below.number, apart, known)
    lat, lon = _along(below, above, share)
    return PlacedNumber("interpolated", lat, lon, str(number), "geocode.number_interpolated", apart)


def _share_at_gap(share: float, numbers: int, apart: float, known: Sequence[KnownNumber]) -> float:
    """Where a gap lies somewhere between two neighbours, a number stands by the one that it is nearer to."""
    steps = min(share, 1.0 - share) * numbers
    walked = min(share, 1.0 - share, 0.5 * steps * _usual_step(known) / apart)
    return walked if share <= 0.5 else 1.0 - walked


def _usual_step(known: Sequence[KnownNumber]) -> float:
    """Metres from one number to the next along one side of this street, gaps left aside by the median."""
    found = []
    for parity in (0, 1):
        for start, end in pairwise(sorted((k for k in known if k.number % 2 == parity), key=_order)):
            steps = _order(end) - _order(start)
            if 0 < steps <= _STEPS_COMPARED:
                found.append(metres(start.lat, start.lon, end.lat, end.lon) / max(steps, 0.5))
    return median(found) if found else _USUAL_STEP_M


def _beyond(side: Sequence[KnownNumber], known: Sequence[KnownNumber], number: int) -> PlacedNumber | None:
    """A number before the first or behind the last known one: some steps on in the street's direction."""
    nearest = min(known, key=lambda k: (abs(k.number - number), k.suffix), default=None)
    near = min(side, key=lambda k: (abs(k.number - number), k.suffix), default=nearest)
    if near is None or nearest is None or abs(nearest.number - number) > NEAR:
        return None
    if abs(near.number - number) > _OTHER_SIDE_FROM and abs(nearest.number - number) <= abs(near.number - number) // 2:
        near, side = nearest, known
    steps = abs(near.number - number)
    behind = [k for k in side if (k.number - near.number) * (near.number - number) > 0]
    second = min(behind, key=lambda k: (abs(k.number - near.number), k.suffix), default=None)
    lat, lon, span = near.lat, near.lon, 20.0 + 8.0 * steps
    if second is not None and abs(second.number - near.number) <= _STEPS_COMPARED:
        apart = metres(near.lat, near.lon, second.lat, second.lon)
        on_m = min(0.7 * apart * steps / abs(near.number - second.number), _FARTHEST_BEYOND_M)
        if apart > 1.0:
            lat, lon = _along(second, near, 1.0 + on_m / apart)
            span = 20.0 + 2.0 * max(on_m, 4.0 * steps)
    return PlacedNumber("interpolated", lat, lon, str(number), "geocode.number_beyond_known", span)
