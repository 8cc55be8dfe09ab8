"""Valhalla's `/sources_to_targets`, on a server or on the premises: its questions, its answers, its refusals.

Told are positions and nothing else: no names, no practice, no agency, no hour of a visit. Where the house asks for the
speeds of an hour, that hour and the day of the plan are told as well, the same for all places.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

import numpy as np

from fieldapp.geo.travel.matrices import NO_ROAD, IntMatrix, Point, ServerFailed

CUT_OFF = (170, 171)
"""Valhalla's codes for "unconnected regions" and "no suitable edges near location"; it does not say which place."""
INVARIANT = 3
"""Valhalla's word for a whole way at the speeds of one moment."""
NEAR_ROAD_M = 2_000
"""A place farther from any road than this has none."""


class AsksValhalla(Protocol):
    """Carries one question to a Valhalla."""

    home: str

    def ask(self, path: str, *, body: Any = None, within_s: float) -> tuple[int, Any]:
        """Status as HTTP has it, and the JSON of the answer. Raises ServerFailed."""
        ...


class ValhallaEngine:
    """Seconds and metres by car. Its limits are those of a server that nobody has set up otherwise."""

    name = "valhalla"
    most_places = 400
    far_m = 300_000.0

    def __init__(
        self,
        transport: AsksValhalla,
        *,
        costing: str = "auto",
        most_pairs: int = 2_500,
        at_once: int = 4,
        name: str = "valhalla",
        map_name: str | None = None,
        moment: datetime | None = None,
    ) -> None:
        self.name, self.most_pairs, self.at_once = name, most_pairs, at_once
        self._transport, self._costing = transport, costing
        self._map_name, self._moment = map_name, moment

    @property
    def map_name(self) -> str:
        """The server and what it drives, and on which day of the week from which hour."""
        hour = "" if self._moment is None else f" {self._moment:%u %H:%M}"
        return f"{self._map_name or self._transport.home} {self._costing}{hour}"

    def at(self, moment: datetime) -> ValhallaEngine:
        """The same at the speeds of an hour, where the server has any: all of a way at them (`date_time` type 3)."""
        return ValhallaEngine(
            self._transport,
            costing=self._costing,
            most_pairs=self.most_pairs,
            at_once=self.at_once,
            name=self.name,
            map_name=self._map_name,
            moment=moment,
        )

    def table(
        self, points: Sequence[Point], sources: Sequence[int], targets: Sequence[int], *, within_s: float
    ) -> tuple[IntMatrix, IntMatrix]:
        """Raises ServerFailed. A place without a road has `NO_ROAD` to and from everywhere."""
        travel_s = np.full((len(sources), len(targets)), NO_ROAD, np.int32)
        distance_m = travel_s.copy()
        until = time.monotonic() + within_s

        def fill(rows: list[int], columns: list[int], *, sifted: bool) -> None:
            """Valhalla refuses the whole of a question in which one place has no road, or no way joins two of them."""
            if not rows or not columns:
                return
            some, others = [sources[row] for row in rows], [targets[column] for column in columns]
            answer = self._asked(points, some, others, until)
            if answer is not None:
                there = np.ix_(rows, columns)
                travel_s[there], distance_m[there] = _read(answer, len(rows), len(columns))
            elif not sifted:
                lost = self._cut_off(points, list(dict.fromkeys([*some, *others])), until)
                left = [row for row in rows if sources[row] not in lost]
                fill(left, [column for column in columns if targets[column] not in lost], sifted=True)
            elif len(rows) >= len(columns) and len(rows) > 1:
                fill(rows[: len(rows) // 2], columns, sifted=True)
                fill(rows[len(rows) // 2 :], columns, sifted=True)
            elif len(columns) > 1:
                fill(rows, columns[: len(columns) // 2], sifted=True)
                fill(rows, columns[len(columns) // 2 :], sifted=True)

        fill(list(range(len(sources))), list(range(len(targets))), sifted=False)
        return travel_s, distance_m

    def _cut_off(self, points: Sequence[Point], some: list[int], until: float) -> set[int]:
        """Which of `some` have no road near, found by asking for ever fewer of them."""
        if self._asked(points, some, some[:1], until) is not None:
            return set()
        if len(some) == 1:
            return set(some)
        half = len(some) // 2
        return self._cut_off(points, some[:half], until) | self._cut_off(points, some[half:], until)

    def _asked(
        self, points: Sequence[Point], sources: Sequence[int], targets: Sequence[int], until: float
    ) -> dict[str, Any] | None:
        """The answer, or None where some place has no road near or no way to another."""
        left_s = until - time.monotonic()
        if left_s <= 0:
            raise ServerFailed("late", "places without a road took all the time")
        body: dict[str, Any] = {
            "sources": [_location(points[i]) for i in sources],
            "targets": [_location(points[i]) for i in targets],
            "costing": self._costing,
            "units": "kilometers",
            "verbose": False,
        }
        if self._moment is not None:
            body["date_time"] = {"type": INVARIANT, "value": f"{self._moment:%Y-%m-%dT%H:%M}"}
        status, answer = self._transport.ask("/sources_to_targets", body=body, within_s=left_s)
        if status == 200 and isinstance(answer, dict):
            return answer
        code = answer.get("error_code") if isinstance(answer, dict) else None
        if status == 400 and code in CUT_OFF:
            return None
        if status >= 500 or status == 429:
            raise ServerFailed("away", f"status {status}")
        raise ServerFailed("refused", f"status {status}, code {code}")


def _location(point: Point) -> dict[str, float]:
    return {"lat": point[0], "lon": point[1], "search_cutoff": NEAR_ROAD_M}


def _read(answer: dict[str, Any], rows: int, columns: int) -> tuple[IntMatrix, IntMatrix]:
    """Both shapes of an answer: two matrices (`verbose: false`), or a list of cells for each source."""
    told = answer.get("sources_to_targets")
    if isinstance(told, dict):
        seconds, kilometres = told.get("durations"), told.get("distances")
    elif isinstance(told, list) and all(isinstance(row, list) for row in told):
        try:
            seconds = [[cell["time"] for cell in row] for row in told]
            kilometres = [[cell["distance"] for cell in row] for row in told]
        except (KeyError, TypeError):
            raise ServerFailed("nonsense", "cells without time") from None
    else:
        raise ServerFailed("nonsense", "no matrix")
    per_unit = 1609.344 if answer.get("units") == "miles" else 1000.0
    return whole(seconds, (rows, columns), 1.0), whole(kilometres, (rows, columns), per_unit)


def whole(told: Any, shape: tuple[int, int], per_unit: float) -> IntMatrix:
    """A server's matrix as whole numbers, `NO_ROAD` where it says null. Raises ServerFailed for any other thing."""
    if not isinstance(told, list) or len(told) != shape[0]:
        raise ServerFailed("nonsense", "another shape")
    made = np.full(shape, NO_ROAD, np.float64)
    for i, row in enumerate(told):
        if not isinstance(row, list) or len(row) != shape[1]:
            raise ServerFailed("nonsense", "another shape")
        for j, value in enumerate(row):
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value * per_unit < 1e9:
                raise ServerFailed("nonsense", f"{value!r}")
            made[i, j] = value * per_unit
    return np.rint(made).astype(np.int32)
