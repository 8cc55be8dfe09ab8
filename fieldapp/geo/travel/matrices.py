"""What travel engines have in common: points, tables of seconds and metres, and what may go wrong with a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

IntMatrix = NDArray[np.int32]
Flags = NDArray[np.bool_]
Point = tuple[float, float]
"""Latitude and longitude in degrees."""

NO_ROAD = -1
"""Seconds and metres in an engine's table where its map knows no way."""
ROUNDED = 5
"""Decimals of a degree that an engine is told: about a metre, and what answers are kept by."""

Trouble = Literal["away", "late", "refused", "nonsense", "too_many"]
"""Why a server gave no times: not reached, too slow, it said no, what it said cannot be, or the places were too many to
ask it for."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the times of a matrix come from.

    `engine` is the one that was chosen. `instead`: of the `pairs` of places so many are the great circle's, because the
    engine gave no time; `trouble` says why (None: only pairs that are farther apart than it is asked for).
    """

    engine: str
    pairs: int = 0
    instead: int = 0
    trouble: Trouble | None = None
    by_hour: bool = False
    """Whether they vary by the hour; for `hours_unknown` bands of the house's hours the engine gave no times, so that
    those of no hour hold."""
    hours_unknown: int = 0


@dataclass(frozen=True, slots=True)
class TravelMatrix:
    """Travel between n points: `travel_s` and `distance_m` are `(n, n)`, row = from, diagonal zero.

    The way back may take another time. `by_hour_s`: (H, n, n) the times of each band of hours, which begin at `from_s`,
    the first at midnight; None and empty where no hour is set. `no_road`: `(n, n)` where the map knows no way at all;
    all tables hold the great circle's figures there, and it is the caller who says what that means.
    """

    travel_s: IntMatrix
    distance_m: IntMatrix
    engine: str
    no_road: Flags
    source: Source
    by_hour_s: IntMatrix | None = None
    from_s: tuple[int, ...] = ()

    def cut_off(self, homes: int) -> Flags:
        """Of the places after the first `homes`, those to which no road leads from any home, or none back there."""
        if not homes:
            return np.zeros(len(self.no_road), np.bool_)
        ways = self.no_road[:homes, homes:] | self.no_road[homes:, :homes].T
        return np.asarray(ways.all(axis=0))

    def of(self, places: NDArray[np.int64]) -> TravelMatrix:
        """The matrix of some of its places."""
        some = np.ix_(places, places)
        return replace(
            self,
            travel_s=self.travel_s[some],
            distance_m=self.distance_m[some],
            no_road=self.no_road[some],
            by_hour_s=None if self.by_hour_s is None else self.by_hour_s[:, places[:, None], places],
        )


class ServerFailed(Exception):
    """A server gave no times."""

    def __init__(self, trouble: Trouble, said: str = "") -> None:
        super().__init__(f"{trouble}: {said}"[:300])
        self.trouble: Trouble = trouble


class RoadEngine(Protocol):
    """An engine with a map. `name` and `map_name` are what answers are kept by.

    `most_pairs`, `most_places`: how much it may be asked at once; `far_m`: pairs farther apart are not asked.
    """

    name: str
    most_pairs: int
    most_places: int
    far_m: float
    at_once: int

    @property
    def map_name(self) -> str:
        """Another name whenever its answers may be others."""
        ...

    def table(
        self, points: Sequence[Point], sources: Sequence[int], targets: Sequence[int], *, within_s: float
    ) -> tuple[IntMatrix, IntMatrix]:
        """Seconds and metres, `(sources, targets)`, `NO_ROAD` where there is none. Raises ServerFailed."""
        ...


@runtime_checkable
class KnowsHours(Protocol):
    """An engine that may know what ways take at an hour."""

    def at(self, moment: datetime) -> RoadEngine:
        """The same engine at the speeds of this hour of this day (local time); answers are kept by weekday and hour."""
        ...


def rounded(points: Sequence[Point]) -> list[Point]:
    """The points as an engine is told them."""
    return [(round(lat, ROUNDED), round(lon, ROUNDED)) for lat, lon in points]
