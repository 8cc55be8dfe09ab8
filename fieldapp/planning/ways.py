"""Ways between places, made only where they are asked for: of a national day nobody can hold all.

Twenty thousand visits and a thousand homes would make a matrix of half a thousand million ways, twice. A cell of the
day asks for its own. Knows no visits and no agents: places are numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from fieldapp.planning.hours_files import stacked

Ints = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.float64]

TOWN_ROADS_KM = 4.0
AT_ONCE = 1_000_000
"""So many ways are made at once: what is passing takes some fifty megabytes."""


class Ways(Protocol):
    """Seconds and cents of the way from one place to another."""

    def between(self, rows: Ints, columns: Ints) -> tuple[Matrix, Matrix]:
        """(rows, columns) seconds and cents, row = from; from a place to itself nothing."""
        ...

    def by_hour(self, places: Ints) -> tuple[Matrix, tuple[int, ...], Matrix]:
        """Seconds among `places`, from when on each table of them holds, and cents: as `Problem.of` takes them."""
        ...

    def part(self, places: Ints) -> Ways:
        """The ways among `places` alone, which are numbered anew in this order."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class FormulaWays:
    """The ways of the exchange format (docs/planning.md): straight lines x circuity, two speeds, seeded noise.

    `xy_km`: (n, 2). `town`: (n,), -1 in open country. `number`: (n,) each place's number in the whole day of `of`
    places, which the noise goes by: a part of a day sees the same ways as the whole. `paces`: from when
    on they take how many times as long.
    """

    xy_km: Numbers
    town: Ints
    number: Ints
    of: int
    circuity: float
    speed_town: float
    speed_road: float
    cent_per_km: float
    cent_per_hour: float
    seed: int
    paces: tuple[tuple[int, float], ...] = ()

    def part(self, places: Ints) -> Self:
        """The ways among `places` alone."""
        return type(self)(
            self.xy_km[places],
            self.town[places],
            self.number[places],
            self.of,
            self.circuity,
            self.speed_town,
            self.speed_road,
            self.cent_per_km,
            self.cent_per_hour,
            self.seed,
            self.paces,
        )

    def by_hour(self, places: Ints) -> tuple[Matrix, tuple[int, ...], Matrix]:
        """Each table so many times the ways of no hour."""
        seconds, cents = self.between(places, places)
        turns = [{"from": from_s, "factor": factor} for from_s, factor in self.paces]
        return *stacked({"travel_by_hour": turns}, seconds), cents

    def between(self, rows: Ints, columns: Ints) -> tuple[Matrix, Matrix]:
        """Some rows at a time."""
        seconds = np.empty((len(rows), len(columns)), np.int32)
        cents = np.empty_like(seconds)
        step = max(AT_ONCE // max(self.of, 1), 1)
        for first in range(0, len(rows), step):
            here = slice(first, first + step)
            seconds[here], cents[here] = self._rows(rows[here], columns)
        return seconds, cents

    def _rows(self, rows: Ints, columns: Ints) -> tuple[Numbers, Numbers]:
        from_xy, to_xy = self.xy_km[rows], self.xy_km[columns]
        km = np.hypot(from_xy[:, None, 0] - to_xy[None, :, 0], from_xy[:, None, 1] - to_xy[None, :, 1]) * self.circuity
        town = self.town[rows][:, None]
        slow_km = np.where((town == self.town[columns][None, :]) & (town >= 0), km, np.minimum(km, TOWN_ROADS_KM))
        hours = slow_km / self.speed_town + (km - slow_km) / self.speed_road
        hours *= self._noise(rows, columns)
        same = self.number[rows][:, None] == self.number[columns][None, :]
        hours[same] = 0
        cents = np.rint(km * self.cent_per_km + hours * self.cent_per_hour)
        cents[same] = 0
        return np.rint(hours * 3600), cents

    def _noise(self, rows: Ints, columns: Ints) -> Numbers:
        """The draws of the whole day's table that stand in these rows and columns; one takes one step of the source."""
        noise = np.empty((len(rows), len(columns)))
        to = self.number[columns]
        for i, row in enumerate(self.number[rows].tolist()):
            source = np.random.default_rng(self.seed + 777)
            source.bit_generator.advance(row * self.of)  # type: ignore[attr-defined]  # PCG64, the default, knows it
            noise[i] = source.uniform(0.95, 1.10, self.of)[to]
        return noise


@dataclass(frozen=True, slots=True, eq=False)
class GivenWays:
    """Ways that stand in two square tables already."""

    travel_s: npt.NDArray[np.generic]
    cost_cents: npt.NDArray[np.generic]

    def part(self, places: Ints) -> GivenWays:
        """The ways among `places` alone."""
        return GivenWays(self.travel_s[np.ix_(places, places)], self.cost_cents[np.ix_(places, places)])

    def between(self, rows: Ints, columns: Ints) -> tuple[Matrix, Matrix]:
        """Copied from the tables."""
        at = np.ix_(rows, columns)
        return self.travel_s[at].astype(np.int32), self.cost_cents[at].astype(np.int32)

    def by_hour(self, places: Ints) -> tuple[Matrix, tuple[int, ...], Matrix]:
        """At any hour the same."""
        seconds, cents = self.between(places, places)
        return seconds, (), cents
