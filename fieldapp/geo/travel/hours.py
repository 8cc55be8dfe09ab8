"""Travel by the hour of the day: the bands that a house sets, and what they make of the times of no hour.

Nothing is set at first, and no figure is ours: how much slower a town is at eight is known to whoever drives there, or
to a Valhalla that has the speeds of each hour.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.geo.travel.great_circle import SpeedProfile
from fieldapp.geo.travel.matrices import IntMatrix

MOST_BANDS = 12
"""Each costs a matrix, in memory and, where a server is asked, in questions."""
SLOWEST, FASTEST = 10.0, 0.1
_ROWS_AT_ONCE = 256
_BAND = re.compile(r"(\d{1,2}):(\d{2})(?:\s+(\d+(?:\.\d+)?)(?:\s+(\d+(?:\.\d+)?))?)?")


@dataclass(frozen=True, slots=True)
class Band:
    """Hours from `from_s` (seconds after midnight) to the next band's.

    `town`, `road`: how many times as long as at no hour one drives in town and beyond it; None where the engine is
    asked for this hour itself.
    """

    from_s: int
    town: float | None = None
    road: float | None = None

    @property
    def is_asked(self) -> bool:
        """Whether the engine knows the times of this hour."""
        return self.town is None

    @property
    def clock(self) -> str:
        """The hour as a clock shows it."""
        return f"{self.from_s // 3600:02}:{self.from_s % 3600 // 60:02}"


def read_bands(text: str) -> tuple[Band, ...]:
    """The bands in `HH:MM [FACTOR [FACTOR BEYOND TOWN]], ...`, in order of time.

    Before the first one the times of no hour hold. Raises Refusal `travel.bad_hours` with what cannot be read.
    """
    bands: list[Band] = []
    for part in (part.strip() for part in text.split(",") if part.strip()):
        found = _BAND.fullmatch(part)
        if found is None:
            raise _bad(part)
        hour, minute, town, road = found.groups()
        from_s = int(hour) * 3600 + int(minute) * 60
        factors = [None if one is None else float(one) for one in (town, road or town)]
        out_of_range = any(one is not None and not FASTEST <= one <= SLOWEST for one in factors)
        if int(hour) > 23 or int(minute) > 59 or out_of_range or (bands and from_s <= bands[-1].from_s):
            raise _bad(part)
        bands.append(Band(from_s, *factors))
    if len(bands) > MOST_BANDS:
        raise _bad(text)
    return tuple(bands)


def _bad(part: str) -> Refusal:
    return Refusal("travel.bad_hours", kind=Kind.MALFORMED, details={"value": part[:60]})


def paced(
    travel_s: IntMatrix, distance_m: IntMatrix, band: Band, profile: SpeedProfile, *, out: IntMatrix | None = None
) -> IntMatrix:
    """The times of no hour at the pace of a band that has factors, in `out` where it is given.

    How much of a way's time is spent in town goes by the profile: its first `town_m` metres at the speed of a town, the
    rest at that of a road.
    """
    found = np.empty(travel_s.shape, np.int32) if out is None else out
    # Some rows at a time: what is passing has twice the bytes of the table, several times.
    for first in range(0, len(travel_s), _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        found[rows] = _paced(travel_s[rows], distance_m[rows], band, profile)
    return found


def _paced(travel_s: IntMatrix, distance_m: IntMatrix, band: Band, profile: SpeedProfile) -> NDArray[np.float64]:
    assert band.town is not None
    assert band.road is not None
    town_s = np.minimum(distance_m, profile.town_m) / profile.town_km_h
    road_s = np.maximum(distance_m - profile.town_m, 0) / profile.road_km_h
    share = np.divide(town_s, town_s + road_s, out=np.ones(distance_m.shape), where=distance_m > 0)
    return np.asarray(np.rint(travel_s * (share * band.town + (1 - share) * band.road)), np.float64)


def by_bands(
    travel_s: IntMatrix, distance_m: IntMatrix, bands: Sequence[Band], profile: SpeedProfile | None = None
) -> IntMatrix:
    """(H, ...) the times of each band by its factors, those of no hour where an engine would have to be asked."""
    profile = profile or SpeedProfile()
    tables = np.empty((len(begins(bands)), *travel_s.shape), np.int32)
    tables[0] = travel_s
    for table, band in zip(tables[-len(bands) :], bands, strict=True):
        if band.is_asked:
            table[...] = travel_s
        else:
            paced(travel_s, distance_m, band, profile, out=table)
    return tables


def begins(bands: Sequence[Band]) -> tuple[int, ...]:
    """From which seconds on each table holds, the first at midnight; empty where no hour is set."""
    moments = tuple(band.from_s for band in bands)
    return moments if not moments or moments[0] == 0 else (0, *moments)
