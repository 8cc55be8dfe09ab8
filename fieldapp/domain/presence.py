"""When somebody is home: chances by weekday and hour, from an agency's own attempts and nothing else.

What goes in: for each door, how often a ring was answered and how often not, by part of the week (`cell_of`), and the
comune the door lies in. Nothing else about a person enters: no age, origin, sex, income or amount owed, and no source
but visits of ours. Counts are never stored; they are made of visits that exist anyway and end with the placement.

The model pools from the bottom up, so that a door that was tried once says little and an agency that has tried nothing
has the prior:

    prior -> all attempts -> all in this cell -> comune in this cell -> door

Each level is a Beta-Binomial whose mean is the level above (`Pooled`). A door is a mixture: seven kinds of household,
from hardly ever to nearly always home (Gauss-Hermite points of a normal effect on the log-odds), and within a kind each
cell has its own Beta around the kind's chance. The mixture is centred so that a door never tried has exactly the chance
of its comune. How far households differ and how firm their habits are is chosen by the likelihood of all pairs of
attempts at one door: pairs in one cell tell the one from the other.

Sources: Skellam, "A probability distribution derived from the binomial distribution by regarding the probability of
success as variable between the sets of trials", J. R. Stat. Soc. B 10(2), 1948 (Beta-Binomial); Casella, "An
introduction to empirical Bayes data analysis", The American Statistician 39(2), 1985 (shrinkage); Durrant, D'Arrigo and
Steele, "Using paradata to predict best times of contact", J. R. Stat. Soc. A 174(4), 2011 (household effects on contact
by time of day); Varin, Reid and Firth, "An overview of composite likelihood methods", Statistica Sinica 21(1), 2011
(likelihood of pairs).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from fieldapp.domain.outcomes import OUTCOMES, Group

BANDS_H = (0, 10, 12, 14, 17, 19)
"""Where each band of hours begins; the last one ends with the day."""
BANDS = len(BANDS_H)
CELLS = 2 * BANDS
"""Working days first, then Saturdays and Sundays."""
PRIOR_MET, PRIOR_NOBODY = 4.0, 6.0
"""Before any attempt: four doors in ten are answered, worth ten attempts. A guess: no Italian figure was found."""
FIRM_CELL, FIRM_COMUNE = 10.0, 20.0
"""So many attempts in a cell, or in a comune's cell, weigh as much as the level above."""
SPREADS, SPREAD = (0.2, 0.5, 0.8, 1.1, 1.4, 1.8, 2.2), 2
FIRMS, FIRM = (2.0, 4.0, 8.0, 16.0, 32.0), 2
"""How far households differ (log-odds), and how many attempts in one cell weigh as much as the kind of household; and
which of each is taken where attempts say nothing."""
SURE = 1e-4

SILENT = frozenset({"NO_ACCESS", "DECEASED"})
TELLING = frozenset(
    code for code, one in OUTCOMES.items() if one.group in (Group.MET, Group.NOT_MET) and code not in SILENT
)
"""Outcomes that say whether somebody was home: not those of a wrong address, a closed gate or a visit broken off."""

_POINTS = (0.0, 1.1544053947, -1.1544053947, 2.3667594107, -2.3667594107, 3.7504397177, -3.7504397177)
_WEIGHTS = (0.4571428571, 0.2401231786, 0.2401231786, 0.0307571240, 0.0307571240, 0.0005482689, 0.0005482689)


@dataclass(frozen=True, slots=True)
class Tries:
    """Attempts at one door, or at many, in one cell: how often somebody was met, of how many."""

    met: int = 0
    tried: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.met <= self.tried:
            raise ValueError(f"{self.met} met of {self.tried}")

    def plus(self, other: Tries) -> Tries:
        """Both together."""
        return Tries(self.met + other.met, self.tried + other.tried)


Record = Mapping[int, Tries]
"""What was tried at one door, by cell."""
Pair = tuple[int, bool, int, bool]
"""Two attempts at one door: cell and whether somebody was met, twice."""


def band_of(hour: int) -> int:
    """The band of an hour of the day."""
    return bisect_right(BANDS_H, hour) - 1


def cell_of(isoweekday: int, hour: int) -> int:
    """The cell of a local weekday (1 = Monday) and hour."""
    return (0 if isoweekday <= 5 else BANDS) + band_of(hour)


def cells_on(day: date) -> range:
    """The cells of a day, one for each band."""
    first = 0 if day.isoweekday() <= 5 else BANDS
    return range(first, first + BANDS)


@dataclass(frozen=True, slots=True)
class Attempts:
    """All attempts as they are pooled: by comune and cell, and by pairs at one door; who lives where is in neither.

    Made by `attempts_of`; sorted, so that the same attempts are the same value.
    """

    by_comune: tuple[tuple[str, int, int, int], ...] = ()
    """(comune, cell, met, tried)."""
    pairs: tuple[tuple[Pair, float], ...] = ()
    """How often each pair was seen; a door with many attempts weighs by their number, not by that of its pairs."""


def attempts_of(doors: Iterable[tuple[str, Record]]) -> Attempts:
    """Pool what was tried at each door: its comune, and its record."""
    sums: dict[tuple[str, int], Tries] = defaultdict(Tries)
    pairs: dict[Pair, list[float]] = defaultdict(list)
    for comune, record in doors:
        for cell, tries in record.items():
            sums[comune, cell] = sums[comune, cell].plus(tries)
        others = sum(tries.tried for tries in record.values()) - 1
        for pair, times in _pairs(record):
            pairs[pair].append(times / others)
    return Attempts(
        tuple(sorted((comune, cell, one.met, one.tried) for (comune, cell), one in sums.items())),
        # Added exactly, so that the order of the doors does not show.
        tuple(sorted((pair, math.fsum(weights)) for pair, weights in pairs.items())),
    )


def _pairs(record: Record) -> Iterator[tuple[Pair, int]]:
    """How many pairs of attempts of each sort a record holds."""
    cells = sorted(record)
    for place, one in enumerate(cells):
        first = record[one]
        met, nobody = first.met, first.tried - first.met
        same = (
            (True, True, met * (met - 1) // 2),
            (True, False, met * nobody),
            (False, False, nobody * (nobody - 1) // 2),
        )
        yield from (((one, a, one, b), times) for a, b, times in same if times)
        for other in cells[place + 1 :]:
            second = record[other]
            for a, here in ((True, met), (False, nobody)):
                for b, there in ((True, second.met), (False, second.tried - second.met)):
                    if here * there:
                        yield (one, a, other, b), here * there


@dataclass(frozen=True, slots=True)
class Chance:
    """How likely somebody is home in a cell, and the attempts at this very door that say so."""

    share: float
    here: Tries


class Habits:
    """What all attempts together say; asked door by door. Build it with `learn`."""

    def __init__(self, attempts: Attempts) -> None:
        everywhere, by_cell = Tries(), defaultdict[int, Tries](Tries)
        self._comuni = {(comune, cell): Tries(met, tried) for comune, cell, met, tried in attempts.by_comune}
        for (_, cell), tries in self._comuni.items():
            everywhere = everywhere.plus(tries)
            by_cell[cell] = by_cell[cell].plus(tries)
        self.average = _shrunk(everywhere, PRIOR_MET / (PRIOR_MET + PRIOR_NOBODY), PRIOR_MET + PRIOR_NOBODY)
        """The chance at any door at any hour at which we ring."""
        self._cells = tuple(_shrunk(by_cell[cell], self.average, FIRM_CELL) for cell in range(CELLS))
        self._centres: dict[tuple[float, float], tuple[float, ...]] = {}
        self.spread, self.firm = self._fitted(attempts.pairs)

    def pooled(self, comune: str, cell: int) -> float:
        """The chance at a door of this comune that was never tried."""
        return _shrunk(self._comuni.get((comune, cell), Tries()), self._cells[cell], FIRM_COMUNE)

    def chances(self, comune: str, record: Record, cells: Sequence[int]) -> list[Chance]:
        """The chance in each of `cells` at a door of `comune` with this record."""
        none = Tries()
        if not any(tries.tried for tries in record.values()):
            return [Chance(self.pooled(comune, cell), none) for cell in cells]
        kinds = [(c, tries, self._kinds(self.pooled(comune, c), self.spread)) for c, tries in record.items()]
        weights = _posterior(kinds, self.firm)
        found = []
        for cell in cells:
            here = record.get(cell, none)
            means = self._kinds(self.pooled(comune, cell), self.spread)
            shares = (_shrunk(here, mean, self.firm) for mean in means)
            found.append(Chance(sum(w * share for w, share in zip(weights, shares, strict=True)), here))
        return found

    def _fitted(self, pairs: Sequence[tuple[Pair, float]]) -> tuple[float, float]:
        """The spread and the firmness under which the pairs are likeliest; few pairs change little."""
        best = (-math.inf, SPREAD, FIRM)
        for i, spread in enumerate(SPREADS):
            kinds = [self._kinds(chance, spread) for chance in self._cells]
            for j, firm in enumerate(FIRMS):
                # A first guess that some dozens of pairs outweigh.
                likely = -float((i - SPREAD) ** 2 + (j - FIRM) ** 2)
                for pair, times in pairs:
                    record = [(cell, tries, kinds[cell]) for cell, tries in _as_record(pair).items()]
                    likely += times * math.log(sum(_weighed(record, firm)))
                best = max(best, (likely, i, j))
        return SPREADS[best[1]], FIRMS[best[2]]

    def _kinds(self, chance: float, spread: float) -> tuple[float, ...]:
        """The chance with each kind of household, `chance` on average over them."""
        known = self._centres.get((chance, spread))
        if known is None:
            known = self._centres[chance, spread] = _centred(chance, spread)
        return known


@lru_cache(maxsize=16)
def learn(attempts: Attempts) -> Habits:
    """What the attempts say. The same attempts are gone through once."""
    return Habits(attempts)


def _shrunk(tries: Tries, mean: float, firm: float) -> float:
    """The mean of a Beta whose prior is `mean`, worth `firm` attempts."""
    return (tries.met + firm * mean) / (tries.tried + firm)


def _centred(chance: float, spread: float) -> tuple[float, ...]:
    """Seven chances whose weighted mean is `chance`: Newton on the common log-odds."""
    chance = min(max(chance, SURE), 1.0 - SURE)
    centre = math.log(chance / (1.0 - chance)) * math.sqrt(1.0 + 0.346 * spread * spread)
    for _ in range(8):
        kinds = [1.0 / (1.0 + math.exp(-(centre + spread * point))) for point in _POINTS]
        miss = sum(w * kind for w, kind in zip(_WEIGHTS, kinds, strict=True)) - chance
        if abs(miss) < 1e-10:
            break
        centre -= miss / max(sum(w * kind * (1.0 - kind) for w, kind in zip(_WEIGHTS, kinds, strict=True)), 1e-9)
    return tuple(kinds)


def _as_record(pair: Pair) -> Record:
    one, met, other, met_too = pair
    first, second = Tries(int(met), 1), Tries(int(met_too), 1)
    return {one: first.plus(second)} if one == other else {one: first, other: second}


def _weighed(record: Iterable[tuple[int, Tries, Sequence[float]]], firm: float) -> list[float]:
    """How likely the record is with each kind of household, times how common the kind is."""
    weights = list(_WEIGHTS)
    for _, tries, kinds in record:
        for i, mean in enumerate(kinds):
            weights[i] *= _sequence(tries, mean * firm, (1.0 - mean) * firm)
    return weights


def _sequence(tries: Tries, met: float, nobody: float) -> float:
    """How likely one sequence of such attempts is under a Beta of these two weights (Polya's urn)."""
    likely = 1.0
    for i in range(tries.met):
        likely *= (met + i) / (met + nobody + i)
    for i in range(tries.tried - tries.met):
        likely *= (nobody + i) / (met + nobody + tries.met + i)
    return likely


def _posterior(record: Iterable[tuple[int, Tries, Sequence[float]]], firm: float) -> list[float]:
    weights = _weighed(record, firm)
    total = sum(weights)
    return [weight / total for weight in weights]
