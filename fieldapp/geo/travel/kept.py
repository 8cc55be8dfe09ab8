"""Travel times kept for a while in a file of the house, so that nothing is asked twice.

The file holds no coordinates: places stand in it under a keyed digest, and whoever has the file without the house's key
learns nothing of where anybody lives. One row holds all that is known from a place; several processes may use the file.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldapp.geo.travel.matrices import NO_ROAD, ROUNDED, Flags, IntMatrix, Point

KEPT_DAYS = 30
NO_ROAD_DAYS = 1
"""That there is no road is asked again the next day: maps are mended."""
_WAY = np.dtype([("to", "<u8"), ("travel_s", "<i4"), ("distance_m", "<i4"), ("day", "<i4")])
_BUSY_S = 5.0
_AT_ONCE = 500

Days = NDArray[np.int32]


class KeptWays:
    """Ways by engine, map and pair of places. `key` makes the digests of places; `path` is made on first use."""

    def __init__(self, path: Path, *, key: bytes, days: int = KEPT_DAYS) -> None:
        self._path, self._key, self._days = path, key[:64], days
        self._lock = threading.Lock()
        self._cleared = -1

    def read(self, engine: str, points: Sequence[Point], *, today: int) -> tuple[IntMatrix, IntMatrix, Flags]:
        """Seconds and metres of all pairs, and which of them are known; `today` is a day's number."""
        n = len(points)
        travel_s, distance_m = np.zeros((n, n), np.int32), np.zeros((n, n), np.int32)
        known = np.zeros((n, n), np.bool_)
        places = self._places(points)
        with self._lock, closing(self._open()) as db:
            self._clear(db, today)
            rows = dict(self._rows(db, engine, places))
        for i, place in enumerate(places.tolist()):
            if place in rows:
                ways = _fresh(rows[place], today, self._days)
                at = np.searchsorted(ways["to"], places)
                at = np.minimum(at, max(len(ways) - 1, 0))
                if len(ways):
                    found = ways["to"][at] == places
                    known[i] = found
                    travel_s[i, found] = ways["travel_s"][at[found]]
                    distance_m[i, found] = ways["distance_m"][at[found]]
        return travel_s, distance_m, known

    def write(
        self,
        engine: str,
        points: Sequence[Point],
        travel_s: IntMatrix,
        distance_m: IntMatrix,
        fresh: Flags,
        *,
        today: int,
    ) -> None:
        """Keep the pairs that are `fresh`, besides what is kept already."""
        places = self._places(points)
        with self._lock, closing(self._open()) as db:
            db.execute("BEGIN IMMEDIATE")
            rows = dict(self._rows(db, engine, places[fresh.any(axis=1)]))
            for i in np.flatnonzero(fresh.any(axis=1)).tolist():
                to = np.flatnonzero(fresh[i])
                ways = np.zeros(len(to), _WAY)
                ways["to"], ways["day"] = places[to], today
                ways["travel_s"], ways["distance_m"] = travel_s[i, to], distance_m[i, to]
                place = int(places[i])
                old = _fresh(rows.get(place, b""), today, self._days)
                merged = np.concatenate([ways, old])
                _, first = np.unique(merged["to"], return_index=True)
                rows[place] = merged[first].tobytes()
                db.execute(
                    "INSERT OR REPLACE INTO ways VALUES (?, ?, ?, ?)", (engine, _signed(place), today, rows[place])
                )
            db.execute("COMMIT")

    def _open(self) -> sqlite3.Connection:
        if not self._path.exists():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600)
        db = sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None)
        db.execute("PRAGMA synchronous = OFF")
        db.execute(
            "CREATE TABLE IF NOT EXISTS ways (engine TEXT, place INTEGER, day INTEGER, known BLOB,"
            " PRIMARY KEY (engine, place)) WITHOUT ROWID"
        )
        return db

    def _clear(self, db: sqlite3.Connection, today: int) -> None:
        """What nobody has asked for in so many days goes, once a day."""
        if self._cleared != today:
            db.execute("DELETE FROM ways WHERE day < ?", (today - self._days,))
            self._cleared = today

    def _rows(self, db: sqlite3.Connection, engine: str, places: NDArray[np.uint64]) -> list[tuple[int, bytes]]:
        found: list[tuple[int, bytes]] = []
        for start in range(0, len(places), _AT_ONCE):
            some = [_signed(place) for place in places[start : start + _AT_ONCE].tolist()]
            marks = ",".join("?" * len(some))
            rows = db.execute(f"SELECT place, known FROM ways WHERE engine = ? AND place IN ({marks})", (engine, *some))
            found += [(place % 2**64, known) for place, known in rows]
        return found

    def _places(self, points: Sequence[Point]) -> NDArray[np.uint64]:
        spelled = (f"{lat:.{ROUNDED}f},{lon:.{ROUNDED}f}".encode() for lat, lon in points)
        digests = (blake2b(place, digest_size=8, key=self._key).digest() for place in spelled)
        return np.array([int.from_bytes(digest) for digest in digests], np.uint64)


def _signed(place: int) -> int:
    return place - 2**64 if place >= 2**63 else place


def _fresh(known: bytes, today: int, days: int) -> NDArray[np.void]:
    """The ways of a row that may still be used, in order of place."""
    ways = np.frombuffer(known, _WAY)
    kept_days = np.where(ways["travel_s"] == NO_ROAD, NO_ROAD_DAYS, days)
    age = today - ways["day"]
    return ways[(age >= 0) & (age < kept_days)]
