"""OSRM's `/table`: its questions, its answers, its refusals. Told are positions and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from fieldapp.geo.travel.matrices import NO_ROAD, IntMatrix, Point, ServerFailed
from fieldapp.geo.travel.transport import HttpTransport
from fieldapp.geo.travel.valhalla import NEAR_ROAD_M, whole

_WHICH = re.compile(r"coordinate (\d+)")


class OsrmEngine:
    """Seconds and metres by the server's own profile. 100 places at once is its limit where nobody has raised it."""

    name = "osrm"
    most_pairs = 2_500
    most_places = 100
    far_m = 1_500_000.0
    at_once = 4

    def __init__(self, transport: HttpTransport, *, profile: str = "driving") -> None:
        self._transport, self._profile = transport, profile

    @property
    def map_name(self) -> str:
        """The server and what it drives."""
        return f"{self._transport.home} {self._profile}"

    def table(
        self, points: Sequence[Point], sources: Sequence[int], targets: Sequence[int], *, within_s: float
    ) -> tuple[IntMatrix, IntMatrix]:
        """Raises ServerFailed. A place that lies far from any road has `NO_ROAD` to and from everywhere."""
        places = list(dict.fromkeys([*sources, *targets]))
        travel_s = np.full((len(sources), len(targets)), NO_ROAD, np.int32)
        distance_m = travel_s.copy()
        while True:
            rows = [row for row, place in enumerate(sources) if place in places]
            columns = [column for column, place in enumerate(targets) if place in places]
            if not rows or not columns:
                return travel_s, distance_m
            asked = [sources[row] for row in rows], [targets[column] for column in columns]
            answer = self._asked(points, places, *asked, within_s)
            if isinstance(answer, int):
                del places[answer]
                continue
            shape = (len(rows), len(columns))
            seconds = whole(answer.get("durations"), shape, 1.0)
            metres = whole(answer.get("distances"), shape, 1.0)
            for name, axis in (("sources", 0), ("destinations", 1)):
                lost = _far_from_road(answer.get(name), shape[axis])
                for matrix in (seconds, metres):
                    (matrix if axis == 0 else matrix.T)[lost] = NO_ROAD
            travel_s[np.ix_(rows, columns)], distance_m[np.ix_(rows, columns)] = seconds, metres
            return travel_s, distance_m

    def _asked(
        self,
        points: Sequence[Point],
        places: Sequence[int],
        sources: Sequence[int],
        targets: Sequence[int],
        within_s: float,
    ) -> dict[str, Any] | int:
        """The answer, or which of `places` the server finds no road for."""
        at = {place: number for number, place in enumerate(places)}
        where = ";".join(f"{points[place][1]:.5f},{points[place][0]:.5f}" for place in places)
        path = (
            f"/table/v1/{self._profile}/{where}?annotations=duration,distance"
            f"&sources={';'.join(str(at[one]) for one in sources)}"
            f"&destinations={';'.join(str(at[one]) for one in targets)}"
        )
        status, answer = self._transport.ask(path, within_s=within_s)
        code = answer.get("code") if isinstance(answer, dict) else None
        if status == 200 and code == "Ok" and isinstance(answer, dict):
            return answer
        if code == "NoSegment" and isinstance(answer, dict):
            which = _WHICH.search(str(answer.get("message", "")))
            if which is not None and int(which[1]) < len(places):
                return int(which[1])
        if status >= 500 or status == 429:
            raise ServerFailed("away", f"status {status}")
        raise ServerFailed("refused" if status >= 400 else "nonsense", f"status {status}, code {code}")


def _far_from_road(waypoints: Any, count: int) -> list[int]:
    """OSRM moves a place to the nearest road however far that is, and says how far."""
    if not isinstance(waypoints, list) or len(waypoints) != count:
        raise ServerFailed("nonsense", "no waypoints")
    try:
        return [i for i, one in enumerate(waypoints) if float(one.get("distance", 0.0)) > NEAR_ROAD_M]
    except (AttributeError, TypeError, ValueError):
        raise ServerFailed("nonsense", "no waypoints") from None
