"""Reading the gazetteer's index file: comuni by name, streets of a comune, numbers by street or by place."""

from __future__ import annotations

import sqlite3
import threading
from bisect import bisect_left
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from heapq import nsmallest
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

from geopy.distance import great_circle
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.geo.addresses import fold
from fieldapp.geo.gazetteer_schema import CELLS_PER_DEGREE, SCHEMA_VERSION, cell_of
from fieldapp.geo.numbers_along import KnownNumber, metres
from fieldapp.geo.packed_numbers import known
from fieldapp.geo.street_keys import comune_key
from fieldapp.geo.street_match import ComuneStreets, KnownStreet

KEPT_STREETS = 100_000
"""Streets of comuni that stay in memory (about 100 MB): a day's file touches fewer, a nation's would be too many."""

HELD_STREETS = 120_000
"""Streets of the largest comuni that `hold_large` reads ahead of the first question (about 100 MB)."""
LARGE_COMUNE = 1_000
"""So many streets are read in some 10 ms: a comune of fewer need not be read ahead."""

_OFTEN = 40
_WHOLE = 1_200_000
"""Words of at least `_OFTEN` streets are read at once, others when asked for; counts are scaled to the nation's."""

_FITS = {"name": 1.0, "other": 1.0, "former": 0.9}


@dataclass(frozen=True, slots=True)
class ComuneFound:
    """A comune as the index knows it; `fit` is 1 for its own name, less for a former or respelled one."""

    code: str
    name: str
    province: str
    lat: float | None
    lon: float | None
    population: int = 0
    caps: frozenset[str] = frozenset()
    fit: float = 1.0


def label_of(street: KnownStreet, comune: ComuneFound, number: str) -> str:
    """A street or one of its numbers as one line, which reads back as itself."""
    line = " ".join(part for part in (street.type, street.name, number) if part)
    line = f"{line}, {street.locality}" if street.locality else line
    return f"{line}, {comune.name} ({comune.province})"


class GazetteerIndex:
    """One gazetteer file, opened for reading only; a file replaced by a new import is picked up by itself.

    Raises Refusal `gazetteer.missing` where the file is not there, `gazetteer.other_version` where another
    version wrote it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._identity: tuple[int, int, int] | None = None
        self._db: sqlite3.Connection | None = None
        self._streets: OrderedDict[str, ComuneStreets] = OrderedDict()
        self._large: dict[str, ComuneStreets] = {}
        self._holding: tuple[int, int] | None = None
        self._comuni: dict[str, ComuneFound] = {}
        self._names: dict[str, list[ComuneFound]] = {}
        self._sources: dict[int, str] = {}
        self._words: dict[str, int] = {}
        self._scale = 1.0
        self._by_cap: dict[str, tuple[ComuneFound, ...]] = {}
        self._sorted_names: list[str] = []
        self._around: dict[tuple[float, float, int], list[ComuneFound]] = {}
        self._near: dict[tuple[str, str], list[ComuneFound]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Look whether an import has put another file in this one's place; once a question is enough."""
        self._connection()

    def is_comune(self, folded: str) -> bool:
        """Whether a folded text is a comune's name, present or former."""
        return comune_key(folded) in self._names

    def comune(self, code: str) -> ComuneFound | None:
        """A comune by its cadastral code."""
        return self._comuni.get(code)

    def comuni_of_key(self, key: str) -> Sequence[ComuneFound]:
        """The comuni whose name, other name or former name has this key (see `street_keys.comune_key`)."""
        return self._names.get(key, ())

    def comuni_beginning(self, key: str, *, limit: int) -> list[ComuneFound]:
        """The comuni whose name's key begins so, the largest first."""
        start = bisect_left(self._sorted_names, key)
        found: dict[str, ComuneFound] = {}
        for name in islice(self._sorted_names, start, None):
            if not name.startswith(key):
                break
            for comune in self._names[name]:
                found.setdefault(comune.code, comune)
        return nsmallest(limit, found.values(), key=lambda comune: (-comune.population, comune.code))

    def comuni_near(self, lat: float, lon: float, *, limit: int) -> list[ComuneFound]:
        """The comuni whose points are nearest, nearest first."""
        here = (round(lat, 3), round(lon, 3), limit)
        if here not in self._around:
            if len(self._around) > 1_000:
                self._around.clear()
            placed = ((c, c.lat, c.lon) for c in self._comuni.values())
            away = [(metres(lat, lon, y, x), c.code) for c, y, x in placed if y is not None and x is not None]
            self._around[here] = [self._comuni[code] for _, code in nsmallest(limit, away)]
        return self._around[here]

    def comuni_like(self, key: str, *, provinces: frozenset[str], least: float) -> list[ComuneFound]:
        """Up to five comuni whose name resembles a misspelled key; `provinces` narrow the search where not empty."""
        memo = (key, " ".join(sorted(provinces)))
        if memo not in self._near:
            if len(self._near) > 20_000:
                self._near.clear()
            self._near[memo] = self._like(key, provinces)
        return [comune for comune in self._near[memo] if comune.fit >= least]

    def _like(self, key: str, provinces: frozenset[str]) -> list[ComuneFound]:
        names = self._names_in(provinces)
        allowed = 1 if len(key) < 7 else 2 if len(key) < 12 else 3
        found: dict[str, ComuneFound] = {}
        near = process.extract(key, names, scorer=OSA.distance, score_cutoff=allowed, limit=12)
        alike = [(name, 1.0 - distance / max(len(name), len(key))) for name, distance, _ in near]
        if not alike and len(key) > 8:
            # An article run together with the next word: more letters differ than a slip of the pen makes.
            run_together = process.extract(key, names, scorer=fuzz.ratio, score_cutoff=84, limit=5)
            alike = [(name, ratio / 100.0 - 0.05) for name, ratio, _ in run_together]
        for name, fit in alike:
            for comune in self._names[name]:
                if (not provinces or comune.province in provinces) and fit * comune.fit > (
                    found[comune.code].fit if comune.code in found else 0.0
                ):
                    found[comune.code] = replace(comune, fit=fit * comune.fit)
        return sorted(found.values(), key=lambda comune: (-comune.fit, -comune.population, comune.code))[:5]

    def _names_in(self, provinces: frozenset[str]) -> list[str]:
        key = " ".join(sorted(provinces))
        if key not in self._names_by_province:
            self._names_by_province[key] = [
                name
                for name, comuni in self._names.items()
                if not provinces or any(comune.province in provinces for comune in comuni)
            ]
        return self._names_by_province[key]

    def comuni_of_cap(self, cap: str) -> tuple[ComuneFound, ...]:
        """The comuni that a CAP is known to serve."""
        if cap not in self._by_cap:
            rows = self._connection().execute(
                "SELECT comune FROM postcode WHERE cap = ? GROUP BY comune ORDER BY sum(count) DESC", (cap,)
            )
            listed = [c for c in self._comuni.values() if cap in c.caps]
            seen = [self._comuni[code] for (code,) in rows if code in self._comuni]
            self._by_cap[cap] = tuple({comune.code: comune for comune in (*seen, *listed)}.values())
        return self._by_cap[cap]

    def point_of_cap(self, cap: str, code: str) -> tuple[float, float] | None:
        """The middle of the numbers that have a CAP in a comune; None where no source says any."""
        row = (
            self._connection()
            .execute(
                "SELECT lat_e7, lon_e7 FROM postcode WHERE cap = ? AND comune = ? ORDER BY count DESC", (cap, code)
            )
            .fetchone()
        )
        return (row[0] / 1e7, row[1] / 1e7) if row else None

    def comuni_of_locality(self, key: str) -> list[ComuneFound]:
        """The comuni that have a locality of this folded name."""
        rows = self._connection().execute("SELECT comune FROM locality WHERE key = ? LIMIT 20", (key,))
        return [self._comuni[code] for (code,) in rows.fetchall() if code in self._comuni]

    def streets_of(self, code: str) -> ComuneStreets:
        """The streets of a comune; the most recently asked comuni stay in memory."""
        with self._lock:
            held = self._large.get(code) or self._streets.get(code)
            if held is None:
                held = self._streets[code] = ComuneStreets(self._read_streets(code), self.word_count)
                while len(self._streets) > 1 and sum(len(s.streets) for s in self._streets.values()) > KEPT_STREETS:
                    self._streets.popitem(last=False)
            elif code in self._streets:
                self._streets.move_to_end(code)
            return held

    def hold_large(self, *, most: int = HELD_STREETS, least: int = LARGE_COMUNE) -> None:
        """Read the streets of the largest comuni and keep them, for who answers keystrokes.

        Those of a file that takes this one's place are read too, beside the questions.
        """
        self._holding = (most, least)
        for code in self._large_comuni(most, least):
            with self._lock:
                if code in self._comuni:
                    self._large[code] = self.streets_of(code)
                    self._streets.pop(code, None)

    @property
    def held(self) -> tuple[str, ...]:
        """The comuni that were read ahead, the one with most streets first."""
        return tuple(self._large)

    def _large_comuni(self, most: int, least: int) -> list[str]:
        query = "SELECT comune, count(*) FROM street GROUP BY comune HAVING count(*) >= ? ORDER BY 2 DESC, 1"
        with self._lock:
            rows = self._connection().execute(query, (least,)).fetchall()
        return [
            code for (code, _), total in zip(rows, accumulate(count for _, count in rows), strict=True) if total <= most
        ]

    def word_count(self, word: str) -> float:
        """How many streets have a word, scaled as if the gazetteer held the whole nation."""
        count = self._words.get(word)
        if count is None:
            row = self._connection().execute("SELECT streets FROM word WHERE word = ?", (word,)).fetchone()
            if len(self._words) > 200_000:
                self._words.clear()
            count = self._words[word] = row[0] if row else 0
        return count * self._scale

    def streets_anywhere(self, key: str, *, limit: int) -> list[tuple[str, KnownStreet]]:
        """Streets of exactly this name in any comune, with the comune's code."""
        rows = self._connection().execute(f"{_STREETS} WHERE key = ? ORDER BY id LIMIT ?", (key, limit))
        return [(row[1], self._street([row])) for row in rows.fetchall()]

    def streets_beginning(self, key: str, *, limit: int) -> list[tuple[str, KnownStreet]]:
        """Streets of any comune whose key begins so, in the order of their keys, with the comune's code."""
        query = f"{_STREETS} WHERE key >= ? AND key < ? ORDER BY key LIMIT ?"
        rows = self._connection().execute(query, (key, f"{key}\uffff", limit))
        return [(row[1], self._street([row])) for row in rows.fetchall()]

    def numbers_of(self, *street_ids: int) -> list[KnownNumber]:
        """All known numbers of a street, from every source that has it; the first source's come first."""
        found: list[KnownNumber] = []
        for street_id in street_ids:
            held = self._connection().execute("SELECT entries, suffixes FROM numbers WHERE street = ?", (street_id,))
            row = held.fetchone()
            found += known(*row) if row else []
        return found

    def numbers_near(
        self, lat: float, lon: float, *, reach_m: float, limit: int = 5
    ) -> list[tuple[float, KnownNumber, KnownStreet, ComuneFound]]:
        """The nearest house numbers with their distance in metres, nearest first."""
        self.refresh()
        db = self._connection()
        here, step = cell_of(round(lat * 1e7), round(lon * 1e7)), int(reach_m * CELLS_PER_DEGREE / 75_000) + 1
        cells = [here + dy * 100_000 + dx for dy in range(-step, step + 1) for dx in range(-step, step + 1)]
        marks = ",".join("?" * len(cells))
        near = []
        for street_id, entries, suffixes in db.execute(
            f"""SELECT street, entries, suffixes FROM numbers
                WHERE street IN (SELECT street FROM cell WHERE cell IN ({marks}))""",
            cells,
        ).fetchall():
            for number in known(entries, suffixes):
                away = great_circle((lat, lon), (number.lat, number.lon)).m
                if away <= reach_m:
                    near.append((away, street_id, number))
        near.sort(key=lambda each: (each[0], each[1], each[2].number, each[2].suffix))
        found = []
        for away, street_id, number in near[:limit]:
            row = db.execute(f"{_STREETS} WHERE id = ?", (street_id,)).fetchone()
            found.append((away, number, self._street([row]), self._comuni[row[1]]))
        return found

    def sources(self) -> list[dict[str, Any]]:
        """Where the index comes from, for showing: name, format, licence, moment of the import, rows held."""
        rows = self._connection().execute(
            """SELECT name, format, licence, imported_at, coalesce(sum(streets), 0), coalesce(sum(numbers), 0)
               FROM source LEFT JOIN (
                   SELECT s.source, count(*) AS streets, sum(n.count) AS numbers
                   FROM street s LEFT JOIN numbers n ON n.street = s.id GROUP BY s.source) AS held
               ON held.source = source.id GROUP BY source.id ORDER BY source.id"""
        )
        names = ("name", "format", "licence", "imported_at", "streets", "house_numbers")
        return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]

    def holes(self) -> list[ComuneFound]:
        """The comuni that have no point: an address there is found only by a street of the gazetteer."""
        return [comune for comune in self._comuni.values() if comune.lat is None]

    def _read_streets(self, code: str) -> list[KnownStreet]:
        """A comune's streets, those that several sources have joined into one."""
        rows = self._connection().execute(f"{_STREETS} WHERE comune = ? ORDER BY id", (code,)).fetchall()
        joined: dict[tuple[str, str, str], list[tuple[Any, ...]]] = defaultdict(list)
        parts: dict[tuple[str, str], set[str]] = defaultdict(set)
        for row in rows:
            locality = fold(row[4]) if row[4] else ""
            joined[row[2], row[8], locality].append(row)
            if locality:
                parts[row[2], row[8]].add(locality)
        for (kind, key), localities in parts.items():
            # A source that knows no localities has one street where another has its parts: they are kept apart.
            bare = joined.get((kind, key, ""), ())
            if bare and len(localities) == 1 and all(row[6] is None for row in bare):
                joined[kind, key, next(iter(localities))] += joined.pop((kind, key, ""))
        return [self._street(group) for group in joined.values()]

    def _street(self, rows: list[tuple[Any, ...]]) -> KnownStreet:
        _, _, kind, name, locality, source, _, _, key, _ = next((row for row in rows if row[6] is not None), rows[0])
        lat, lon = next(((row[6] / 1e7, row[7] / 1e7) for row in rows if row[6] is not None), (None, None))
        others = [other for row in rows if row[9] for other in row[9].split("/") if other]
        names = dict.fromkeys(tuple(each.split()) for each in (key, *others) if each)
        ids = tuple(row[0] for row in rows)
        return KnownStreet(
            ids, kind, name, fold(locality) if locality else "", self._sources.get(source, ""), tuple(names), lat, lon
        )

    def _connection(self) -> sqlite3.Connection:
        """The open file, opened anew where an import has put another in its place."""
        try:
            stat = self.path.stat()
        except FileNotFoundError as fault:
            details = {"file": self.path.name}
            raise Refusal("gazetteer.missing", kind=Kind.MISSING, details=details) from fault
        identity = (stat.st_dev, stat.st_ino, stat.st_mtime_ns)
        with self._lock:
            if self._db is None or identity != self._identity:
                self._open(identity)
            assert self._db is not None
            return self._db

    def _open(self, identity: tuple[int, int, int]) -> None:
        db = sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
        try:
            version = db.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
        except sqlite3.DatabaseError:
            version = None
        if not version or version[0] != str(SCHEMA_VERSION):
            db.close()
            raise Refusal("gazetteer.other_version", kind=Kind.UNSUPPORTED, details={"file": self.path.name})
        if self._db is not None:
            self._db.close()
        self._db, self._identity = db, identity
        self._streets.clear()
        self._large.clear()
        self._by_cap.clear()
        self._near.clear()
        self._around.clear()
        self._names_by_province: dict[str, list[str]] = {}
        self._sources = dict(db.execute("SELECT id, name FROM source"))
        rows = db.execute("SELECT code, name, province, lat_e7, lon_e7, population, caps FROM comune")
        self._comuni = {
            code: ComuneFound(
                code, name, province, lat and lat / 1e7, lon and lon / 1e7, population, frozenset(caps.split())
            )
            for code, name, province, lat, lon, population, caps in rows
        }
        self._names = {}
        for key, code, kind in db.execute("SELECT key, code, kind FROM comune_name ORDER BY key, code"):
            comune = self._comuni[code]
            found = comune if _FITS[kind] == 1.0 else replace(comune, fit=_FITS[kind])
            self._names.setdefault(key, []).append(found)
        self._sorted_names = sorted(self._names)
        self._words = dict(db.execute("SELECT word, streets FROM word WHERE streets >= ?", (_OFTEN,)))
        streets = db.execute("SELECT max(id) FROM street").fetchone()[0] or 1
        self._scale = max(1.0, _WHOLE / streets)
        if self._holding:
            most, least = self._holding
            reading = partial(self.hold_large, most=most, least=least)
            threading.Thread(target=reading, daemon=True, name="gazetteer").start()


_STREETS = "SELECT id, comune, type, name, locality, source, lat_e7, lon_e7, key, other_key FROM street"
