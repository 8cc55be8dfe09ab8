"""Reading the gazetteer's index file: comuni by name, streets by likeness, numbers by street or by place."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from geopy.distance import great_circle

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.geo.addresses import Address, fold
from fieldapp.geo.gazetteer_schema import CELLS_PER_DEGREE, SCHEMA_VERSION, cell_of
from fieldapp.geo.numbers_along import KnownNumber
from fieldapp.geo.packed_numbers import known
from fieldapp.geo.street_keys import comune_key, comune_keys, name_tokens, similarity, trigrams

_KEPT_COMUNI = 200
"""Comuni whose streets stay in memory; a day's file touches fewer."""

_LIKELY_STREETS = 25
_LEAST_COMUNE_FIT, _LEAST_OTHER_HEAD = 0.82, 0.9
"""How like a comune's name a misspelled one must be, with the same first letter and with another one."""


@dataclass(frozen=True, slots=True)
class ComuneFound:
    """A comune as the index knows it; `fit` is 1 for its own name, less for a former or respelled one."""

    code: str
    name: str
    province: str
    lat: float | None
    lon: float | None
    fit: float = 1.0


@dataclass(frozen=True, slots=True)
class StreetFound:
    """A street of the index; `fit` from 0 to 1 says how well it is the one asked for."""

    id: int
    comune: str
    type: str
    name: str
    locality: str
    source: str
    lat: float | None
    lon: float | None
    fit: float = 1.0

    @property
    def label(self) -> str:
        """Type and name, with the locality behind."""
        street = f"{self.type} {self.name}".strip()
        return f"{street}, {self.locality}" if self.locality else street


class _ComuneStreets:
    """The streets of one comune with the pieces of their keys, for finding what is like a name."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        self.streets: list[StreetFound] = []
        self.keys: list[tuple[tuple[str, ...], ...]] = []
        self.by_key: dict[str, list[int]] = defaultdict(list)
        self.by_piece: dict[str, list[int]] = defaultdict(list)
        for at, (street, key, other_key) in enumerate(rows):
            self.streets.append(street)
            names = [name for name in (key, *other_key.split("/")) if name]
            self.keys.append(tuple(tuple(name.split()) for name in names))
            for name in names:
                self.by_key[" ".join(sorted(name.split()))].append(at)
                for piece in {p for word in name.split() for p in trigrams(word)}:
                    self.by_piece[piece].append(at)

    def like(self, tokens: tuple[str, ...]) -> list[tuple[float, int]]:
        """Places and fits of the streets whose name is or resembles `tokens`, best first."""
        exact = self.by_key.get(" ".join(sorted(tokens)), [])
        if exact:
            return [(1.0, at) for at in exact]
        shared: Counter[int] = Counter()
        for piece in {p for word in tokens for p in trigrams(word)}:
            # A piece that most streets have tells nothing apart and costs the most.
            for at in self.by_piece.get(piece, ())[:2000]:
                shared[at] += 1
        likely = sorted(shared, key=lambda at: (-shared[at] / (8 + sum(map(len, self.keys[at][0]))), at))
        fits = [(max(similarity(tokens, key) for key in self.keys[at]), at) for at in likely[:_LIKELY_STREETS]]
        return sorted(fits, key=lambda fit: (-fit[0], fit[1]))


class GazetteerIndex:
    """One gazetteer file, opened for reading only; a file replaced by a new import is picked up by itself.

    Raises Refusal `gazetteer.missing` where the file is not there, `gazetteer.other_version` where another
    version wrote it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._identity: tuple[int, int, int] | None = None
        self._db: sqlite3.Connection | None = None
        self._streets: OrderedDict[str, _ComuneStreets] = OrderedDict()
        self._comuni: dict[str, ComuneFound] = {}
        self._names: dict[str, list[ComuneFound]] = {}
        self._sources: dict[int, str] = {}
        self._connection()

    def is_comune(self, folded: str) -> bool:
        """Whether a folded text is a comune's name, present or former."""
        self._connection()
        return comune_key(folded) in self._names

    def comune(self, code: str) -> ComuneFound | None:
        """A comune by its cadastral code."""
        self._connection()
        return self._comuni.get(code)

    def comuni_named(self, name: str) -> list[ComuneFound]:
        """The comuni of exactly this name (own, other language, former), own names first."""
        self._connection()
        found: dict[str, ComuneFound] = {}
        for key in comune_keys(name):
            for comune in self._names.get(key, ()):
                found.setdefault(comune.code, comune)
        best = max((comune.fit for comune in found.values()), default=0.0)
        return [comune for comune in found.values() if comune.fit == best]

    def comuni_like(self, name: str) -> list[ComuneFound]:
        """Up to four comuni whose name resembles a misspelled one."""
        self._connection()
        tokens = tuple(comune_key(name).split())
        if not tokens or sum(map(len, tokens)) < 4:
            return []
        letters = {word[:2] for word in tokens} | {word[:1] + word[2:3] for word in tokens}
        fits = []
        for key, comuni in self._names.items():
            if any(word[:2] in letters or word[:1] + word[2:3] in letters for word in key.split()):
                fit = similarity(tokens, tuple(key.split()))
                if fit >= (_LEAST_COMUNE_FIT if key[0] == tokens[0][0] else _LEAST_OTHER_HEAD):
                    fits += [replace(comune, fit=round(fit * comune.fit, 3)) for comune in comuni]
        return sorted(fits, key=lambda comune: (-comune.fit, comune.code))[:4]

    def streets_like(self, code: str, address: Address, *, least: float) -> list[StreetFound]:
        """A comune's streets that fit the address, best first; another street type costs a little."""
        tokens = name_tokens(address.street_name)
        found = []
        for fit, at in self._streets_of(code).like(tokens):
            street = self._streets_of(code).streets[at]
            scale = 1.0 if not address.street_type or street.type == address.street_type else 0.95
            if address.locality and street.locality and fold(address.locality) not in fold(street.locality):
                scale *= 0.98
            if fit * scale >= least:
                found.append(replace(street, fit=fit * scale))
        return sorted(found, key=lambda street: (-street.fit, street.lat is None, street.id))

    def streets_anywhere(self, address: Address, *, limit: int) -> list[StreetFound]:
        """Streets of exactly this name in any comune."""
        key = " ".join(name_tokens(address.street_name))
        rows = self._connection().execute(f"{_STREETS} WHERE key = ? ORDER BY id LIMIT ?", (key, limit))
        streets = [self._street(row) for row in rows.fetchall()]
        return [s for s in streets if not address.street_type or s.type == address.street_type]

    def numbers_of(self, street_id: int) -> list[KnownNumber]:
        """All known numbers of a street."""
        row = (
            self._connection()
            .execute("SELECT entries, suffixes FROM numbers WHERE street = ?", (street_id,))
            .fetchone()
        )
        return known(*row) if row else []

    def numbers_near(
        self, lat: float, lon: float, *, reach_m: float, limit: int = 5
    ) -> list[tuple[float, KnownNumber, StreetFound, ComuneFound]]:
        """The nearest house numbers with their distance in metres, nearest first."""
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
            street = self._street(db.execute(f"{_STREETS} WHERE id = ?", (street_id,)).fetchone())
            found.append((away, number, street, self._comuni[street.comune]))
        return found

    def sources(self) -> list[dict[str, Any]]:
        """Where the index comes from, for showing: name, format, licence, moment of the import."""
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
        self._connection()
        return [comune for comune in self._comuni.values() if comune.lat is None]

    def _streets_of(self, code: str) -> _ComuneStreets:
        db = self._connection()
        with self._lock:
            if code not in self._streets:
                rows = db.execute(
                    f"{_STREETS.replace(' FROM', ', key, other_key FROM')} WHERE comune = ? ORDER BY id", (code,)
                )
                self._streets[code] = _ComuneStreets((self._street(row[:8]), row[8], row[9]) for row in rows.fetchall())
                if len(self._streets) > _KEPT_COMUNI:
                    self._streets.popitem(last=False)
            self._streets.move_to_end(code)
            return self._streets[code]

    def _street(self, row: tuple[Any, ...]) -> StreetFound:
        id, comune, type, name, locality, source, lat, lon = row
        at = (None, None) if lat is None else (lat / 1e7, lon / 1e7)
        return StreetFound(id, comune, type, name, locality, self._sources.get(source, ""), *at)

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
        self._sources = dict(db.execute("SELECT id, name FROM source"))
        self._comuni = {
            code: ComuneFound(code, name, province, lat and lat / 1e7, lon and lon / 1e7)
            for code, name, province, lat, lon in db.execute("SELECT code, name, province, lat_e7, lon_e7 FROM comune")
        }
        self._names = defaultdict(list)
        fits = {"name": 1.0, "other": 1.0, "former": 0.9}
        for key, code, kind in db.execute("SELECT key, code, kind FROM comune_name ORDER BY key, code"):
            self._names[key].append(replace(self._comuni[code], fit=fits[kind]))
        self._names = dict(self._names)


_STREETS = "SELECT id, comune, type, name, locality, source, lat_e7, lon_e7 FROM street"
