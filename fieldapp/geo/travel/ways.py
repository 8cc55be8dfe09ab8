"""What a planner asks: ways between places, from what is kept, from the house's road engine, else the great circle.

A server that fails is left alone for a minute, and nothing waits for it longer than it is given: what it did not answer
is the great circle's, and the matrix says how much and why.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from datetime import time as time_of_day

import numpy as np
from numpy.typing import NDArray

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.geo.travel.great_circle import GreatCircleEngine, great_circle_m
from fieldapp.geo.travel.hours import Band, begins, paced
from fieldapp.geo.travel.kept import KeptWays
from fieldapp.geo.travel.matrices import (
    NO_ROAD,
    Flags,
    IntMatrix,
    KnowsHours,
    Point,
    RoadEngine,
    ServerFailed,
    Source,
    TravelMatrix,
    Trouble,
    rounded,
)

log = logging.getLogger("fieldapp.travel")

LEFT_ALONE_S = 60.0
"""So long a server that failed is not asked again."""
PATIENCE_S = 60.0
"""So long the times of a whole plan may take; what a person waits for gets less."""
HASTE_S = 8.0
SLACK_M = 4_500
"""Two doors may each lie so far from their road that the road between is this much shorter than the great circle."""
FASTEST_M_S = 70.0
"""No answer that goes faster over some kilometres is believed."""

Block = tuple[list[int], list[int]]
Places = NDArray[np.int64]


class Ways:
    """The house's travel times. Without a road engine they are the great circle's."""

    def __init__(
        self,
        engine: RoadEngine | None = None,
        *,
        kept: KeptWays | None = None,
        bands: Sequence[Band] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._instead = GreatCircleEngine()
        if any(band.is_asked for band in bands) and not isinstance(engine, KnowsHours):
            name = self._instead.name if engine is None else engine.name
            raise Refusal("travel.hours_unknown", kind=Kind.MALFORMED, details={"engine": name})
        self._engine, self._kept, self._clock = engine, kept, clock
        self.bands = tuple(bands)
        self._left_alone_until, self._trouble = float("-inf"), None

    _trouble: Trouble | None

    @property
    def needs_waiting(self) -> bool:
        """Whether asking may take time: then it is done in a thread."""
        return self._engine is not None

    @property
    def engine_name(self) -> str:
        """The engine that the house chose."""
        return self._instead.name if self._engine is None else self._engine.name

    def matrix(
        self, points: Sequence[Point], *, today: int, on: date | None = None, patience_s: float = PATIENCE_S
    ) -> TravelMatrix:
        """Seconds and metres between all points, each way; never fails, and takes `patience_s` and little more.

        `today` is a day's number, by which kept times grow old. `on`: the day that is planned, for engines that know
        its hours. Where bands of hours are set the times of each are told as well; of a band for which the engine gives
        no time those of no hour hold.
        """
        until = self._clock() + patience_s
        found = self._by_engine(self._engine, points, today, patience_s)
        if not self.bands:
            return found
        tables = np.empty((len(begins(self.bands)), *found.travel_s.shape), np.int32)
        tables[0] = found.travel_s
        unknown_bands = 0
        for table, band in zip(tables[-len(self.bands) :], self.bands, strict=True):
            if not band.is_asked:
                paced(found.travel_s, found.distance_m, band, self._instead.profile, out=table)
                continue
            left_s = max(until - self._clock(), 0.0)
            told = self._by_engine(self._at(band, on or date.fromordinal(today)), points, today, left_s)
            unknown = told.no_road if told.source.trouble is None else np.True_
            table[...] = np.where(unknown, found.travel_s, told.travel_s)
            unknown_bands += told.source.trouble is not None
        source = replace(found.source, by_hour=True, hours_unknown=unknown_bands)
        return replace(found, by_hour_s=tables, from_s=begins(self.bands), source=source)

    def _at(self, band: Band, on: date) -> RoadEngine:
        assert isinstance(self._engine, KnowsHours)
        return self._engine.at(datetime.combine(on, time_of_day(0)) + timedelta(seconds=band.from_s))

    def _by_engine(
        self, engine: RoadEngine | None, points: Sequence[Point], today: int, patience_s: float
    ) -> TravelMatrix:
        """The times of no hour, or of the hour of the engine."""
        plain = self._instead.matrix(points)
        if engine is None or len(points) < 2:
            return plain
        asked = rounded(points)
        # One place stands in a question once, however many visits are made there.
        places = list(dict.fromkeys(asked))
        number = {place: i for i, place in enumerate(places)}
        travel_s, distance_m, known = self._known(engine, places, today)
        far = great_circle_m(places) > engine.far_m
        same = np.eye(len(places), dtype=np.bool_)
        trouble = self._ask(engine, places, (travel_s, distance_m, known), ~known & ~far & ~same, today, patience_s)
        at = np.array([number[point] for point in asked], np.int64)
        every = np.ix_(at, at)
        told, here = known[every], at[:, None] == at
        no_road = told & ~here & ((travel_s[every] == NO_ROAD) | (distance_m[every] == NO_ROAD))
        use = told & ~no_road & ~here
        instead = ~told & ~here
        return TravelMatrix(
            travel_s=np.where(here, 0, np.where(use, travel_s[every], plain.travel_s)).astype(np.int32),
            distance_m=np.where(here, 0, np.where(use, distance_m[every], plain.distance_m)).astype(np.int32),
            engine=engine.name,
            no_road=no_road,
            source=Source(engine.name, told.size - int(here.sum()), int(instead.sum()), trouble),
        )

    def _known(self, engine: RoadEngine, places: Sequence[Point], today: int) -> tuple[IntMatrix, IntMatrix, Flags]:
        n = len(places)
        if self._kept is not None:
            try:
                return self._kept.read(_kept_by(engine), places, today=today)
            except (sqlite3.Error, OSError) as broken:
                log.warning("kept travel times cannot be read: %s", broken)
        return np.zeros((n, n), np.int32), np.zeros((n, n), np.int32), np.zeros((n, n), np.bool_)

    def _ask(
        self,
        engine: RoadEngine,
        places: Sequence[Point],
        known: tuple[IntMatrix, IntMatrix, Flags],
        wanted: Flags,
        today: int,
        patience_s: float,
    ) -> Trouble | None:
        """Fill in what is `wanted` as far as the engine answers in time; what went wrong where it did not."""
        if not wanted.any():
            return None
        until = self._clock() + patience_s
        if self._clock() < self._left_alone_until:
            return self._trouble
        travel_s, distance_m, done = known
        fresh = np.zeros_like(done)
        failed: list[ServerFailed] = []

        def ask(block: Block) -> None:
            left = until - self._clock()
            if failed:
                return
            sources, targets = block
            try:
                if left <= 0:
                    raise ServerFailed("late", "no time left")
                table = engine.table(places, sources, targets, within_s=left)
                _believe(places, sources, targets, *table)
            except ServerFailed as failure:
                failed.append(failure)
                return
            there = np.ix_(sources, targets)
            travel_s[there], distance_m[there] = table
            done[there] = fresh[there] = True

        with ThreadPoolExecutor(engine.at_once, thread_name_prefix="ways") as pool:
            list(pool.map(ask, blocks(places, wanted, engine)))
        self._keep(engine, places, known, fresh, today)
        if not failed:
            return None
        log.warning("%s gives no travel times: %s", engine.name, failed[0])
        # Where it is only slow with a large question, the next one may still be answered.
        if not (failed[0].trouble == "late" and fresh.any()):
            self._left_alone_until, self._trouble = self._clock() + LEFT_ALONE_S, failed[0].trouble
        return failed[0].trouble

    def _keep(
        self,
        engine: RoadEngine,
        places: Sequence[Point],
        known: tuple[IntMatrix, IntMatrix, Flags],
        fresh: Flags,
        today: int,
    ) -> None:
        if self._kept is None or not fresh.any():
            return
        try:
            self._kept.write(_kept_by(engine), places, known[0], known[1], fresh, today=today)
        except (sqlite3.Error, OSError) as broken:
            log.warning("travel times cannot be kept: %s", broken)


def _kept_by(engine: RoadEngine) -> str:
    return f"{engine.name} {engine.map_name}"


def blocks(places: Sequence[Point], wanted: Flags, engine: RoadEngine) -> Iterator[Block]:
    """Rectangles of sources and targets, within an engine's limits, that hold all that is wanted and little more.

    Places of which most is unknown are asked apart from the others, so that one new door costs two narrow questions.
    No block holds a pair that is too far apart, for a server refuses the whole of it.
    """
    far = great_circle_m(places) > engine.far_m
    new = (wanted | far).sum(axis=1) * 2 > len(places)
    # Near places stand near each other in the order in which it is cut.
    every = np.lexsort((np.array([lon for _, lon in places]), np.array([lat for lat, _ in places])))
    for sources, targets in (
        (every[new[every]], every),
        (every[~new[every]], every[new[every]]),
        (every[~new[every]], every[~new[every]]),
    ):
        yield from _cut(wanted, far, sources, targets, engine)


def _cut(wanted: Flags, far: Flags, sources: Places, targets: Places, engine: RoadEngine) -> Iterator[Block]:
    inside = wanted[np.ix_(sources, targets)]
    sources, targets = sources[inside.any(axis=1)], targets[inside.any(axis=0)]
    if not len(sources) or not len(targets):
        return
    fits = len(sources) * len(targets) <= engine.most_pairs and len(sources) + len(targets) <= engine.most_places
    if fits and not far[np.ix_(sources, targets)].any():
        yield sources.tolist(), targets.tolist()
    elif len(sources) >= len(targets):
        half = len(sources) // 2
        yield from _cut(wanted, far, sources[:half], targets, engine)
        yield from _cut(wanted, far, sources[half:], targets, engine)
    else:
        half = len(targets) // 2
        yield from _cut(wanted, far, sources, targets[:half], engine)
        yield from _cut(wanted, far, sources, targets[half:], engine)


def _believe(
    points: Sequence[Point], sources: list[int], targets: list[int], travel_s: IntMatrix, distance_m: IntMatrix
) -> None:
    """Raises ServerFailed for a table that no road explains: shorter than the great circle, faster than anybody."""
    shape = (len(sources), len(targets))
    if travel_s.shape != shape or distance_m.shape != shape:
        raise ServerFailed("nonsense", f"{travel_s.shape} in place of {shape}")
    road = (travel_s != NO_ROAD) & (distance_m != NO_ROAD)
    if ((travel_s < 0) & road).any() or ((distance_m < 0) & road).any():
        raise ServerFailed("nonsense", "negative")
    apart_m = great_circle_m([points[i] for i in [*sources, *targets]])[: len(sources), len(sources) :]
    if (road & (distance_m < 0.95 * apart_m - SLACK_M)).any():
        raise ServerFailed("nonsense", "shorter than the great circle")
    if (road & (distance_m > 5_000) & (distance_m > travel_s * FASTEST_M_S)).any():
        raise ServerFailed("nonsense", "faster than anybody drives")
