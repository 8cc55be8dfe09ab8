"""The gazetteer: one self-contained index file of comuni, streets and house numbers, written whole, read only.

`import_anncsu` reads the register's *indirizzario* and puts a new file in the old one's place in one step, so a
reader sees the old index or the new one and a killed import leaves nothing behind. It owns this file only; the
service's database is not its business.
"""

from __future__ import annotations

import csv
import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from statistics import median, median_low

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.geo.addresses import fold, normalise_fields
from fieldapp.geo.bounds import ComuneBounds, bounds_of
from fieldapp.geo.comuni import all_comuni
from fieldapp.geo.street_keys import name_key

ANNCSU_COLUMNS = (
    "CODICE_COMUNE", "CODICE_ISTAT", "PROGRESSIVO_NAZIONALE", "CODICE_COMUNALE", "ODONIMO", "LOCALITA'",
    "DIZIONE_LINGUA1", "DIZIONE_LINGUA2", "PROGRESSIVO_ACCESSO", "CODICE_COMUNALE_ACCESSO", "CIVICO",
    "ESPONENTE", "SPECIFICITA", "METRICO", "PROGRESSIVO_SNC", "COORD_X_COMUNE", "COORD_Y_COMUNE", "QUOTA",
    "METODO",
)  # fmt: skip
"""The 19 columns of the register's indirizzario in their published order."""

CELLS_PER_DEGREE = 200
"""Cells of the grid for looking up by position: about 550 m by 390 m in Italy."""

SCHEMA_VERSION = 1
_BATCH_ROWS = 20_000
_MANY_POINTS, _NEARLY_ALL = 20, 0.8

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE source (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, format TEXT NOT NULL, licence TEXT NOT NULL,
    imported_at TEXT NOT NULL);
CREATE TABLE comune (
    code TEXT PRIMARY KEY, name TEXT NOT NULL, province TEXT NOT NULL, population INTEGER NOT NULL,
    lat_e7 INTEGER, lon_e7 INTEGER) WITHOUT ROWID;
CREATE TABLE comune_name (
    key TEXT NOT NULL, code TEXT NOT NULL, kind TEXT NOT NULL, PRIMARY KEY (key, code)) WITHOUT ROWID;
CREATE TABLE street (
    id INTEGER PRIMARY KEY, comune TEXT NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL,
    locality TEXT NOT NULL, other_key TEXT NOT NULL, other_name TEXT NOT NULL, national_id TEXT NOT NULL,
    source INTEGER NOT NULL, lat_e7 INTEGER, lon_e7 INTEGER);
CREATE INDEX street_by_comune ON street (comune, key);
CREATE INDEX street_by_key ON street (key);
CREATE TABLE house_number (
    street INTEGER NOT NULL, number INTEGER NOT NULL, suffix TEXT NOT NULL, cell INTEGER NOT NULL,
    lat_e7 INTEGER NOT NULL, lon_e7 INTEGER NOT NULL, method INTEGER NOT NULL,
    PRIMARY KEY (street, number, suffix)) WITHOUT ROWID;
CREATE INDEX house_number_by_cell ON house_number (cell);
"""


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What an import read and kept; `refused` counts points or rows not taken, by reason code."""

    rows: int
    comuni: int
    streets: int
    house_numbers: int
    refused: dict[str, int]
    comuni_without_point: int


@dataclass(frozen=True, slots=True)
class _Row:
    """One access of the indirizzario; the point is in degrees x 10**7 or missing for the stated reason."""

    comune: str
    street_id: str
    street: str
    locality: str
    other_name: str
    number: int | None
    suffix: str
    point: tuple[int, int] | None
    method: int
    fault: str


def cell_of(lat_e7: int, lon_e7: int) -> int:
    """The grid cell of a point; neighbours in longitude differ by 1, in latitude by 100,000."""
    step = 10_000_000 // CELLS_PER_DEGREE
    return lat_e7 // step * 100_000 + lon_e7 // step


def import_anncsu(
    path: Path,
    gazetteer_path: Path,
    *,
    source: str = "ANNCSU",
    licence: str = "CC BY 4.0",
    now: datetime | None = None,
) -> ImportSummary:
    """Read an indirizzario into the gazetteer, replacing what it held of the comuni in the file.

    Raises Refusal `gazetteer.not_anncsu` (columns are missing), `gazetteer.not_utf8`, `gazetteer.empty`.
    Source of the layout: the register's published indirizzario (`;`, no quoting, decimal comma, UTF-8).
    """
    draft = gazetteer_path.with_name(f".{gazetteer_path.name}.{os.getpid()}.draft")
    gazetteer_path.parent.mkdir(parents=True, exist_ok=True)
    try:
        if gazetteer_path.exists():
            shutil.copyfile(gazetteer_path, draft)
        with closing(sqlite3.connect(draft)) as db:
            _prepare(db)
            source_id = _add_source(db, source=source, format="anncsu", licence=licence, now=now)
            summary = _load(db, _rows(path), source_id)
            if not summary.rows:
                raise Refusal("gazetteer.empty", kind=Kind.MALFORMED, details={"file": path.name})
            db.execute("VACUUM")
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(draft, gazetteer_path)
    finally:
        draft.unlink(missing_ok=True)
    return summary


def _prepare(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA journal_mode = OFF")
    db.execute("PRAGMA synchronous = OFF")
    if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        return
    db.executescript(_SCHEMA)
    db.execute("INSERT INTO meta VALUES ('schema', ?)", (str(SCHEMA_VERSION),))
    comuni, names = _comune_rows()
    db.executemany("INSERT INTO comune VALUES (?, ?, ?, ?, ?, ?)", comuni)
    db.executemany("INSERT OR REPLACE INTO comune_name VALUES (?, ?, ?)", names)


@lru_cache(maxsize=1)
def _comune_rows() -> tuple[list[tuple[object, ...]], list[tuple[str, str, str]]]:
    """What every new gazetteer begins with: the comuni, and the names that each is found by."""
    comuni: list[tuple[object, ...]] = []
    names = []
    for comune in all_comuni():
        point = (None, None) if comune.lat is None or comune.lon is None else _e7(comune.lat, comune.lon)
        comuni.append((comune.code, comune.name, comune.province, comune.population, *point))
        names += [(fold(name), comune.code, "former") for name in comune.former_names]
        names += [(fold(name), comune.code, "other") for name in comune.other_names]
        names += [(fold(name), comune.code, "name") for name in (comune.name, *comune.name.split("/"))]
    return comuni, names


def _add_source(db: sqlite3.Connection, *, source: str, format: str, licence: str, now: datetime | None) -> int:
    at = (now or datetime.now(UTC)).isoformat(timespec="seconds")
    added = db.execute(
        "INSERT INTO source (name, format, licence, imported_at) VALUES (?, ?, ?, ?)", (source, format, licence, at)
    )
    return int(added.lastrowid or 0)


def _rows(path: Path) -> Iterator[_Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, delimiter=";", quoting=csv.QUOTE_NONE)
            header = [name.strip() for name in next(lines, [])]
            if not header:
                raise Refusal("gazetteer.empty", kind=Kind.MALFORMED, details={"file": path.name})
            missing = [name for name in ANNCSU_COLUMNS if name not in header]
            if missing:
                details = {"file": path.name, "missing": ", ".join(missing)}
                raise Refusal("gazetteer.not_anncsu", kind=Kind.MALFORMED, details=details)
            at = {name: header.index(name) for name in ANNCSU_COLUMNS}
            for values in lines:
                if len(values) == len(header):
                    yield _row({name: values[place].strip() for name, place in at.items()})
                elif any(values):
                    yield _Row("", "", "", "", "", None, "", None, 0, "gazetteer.row_broken")
    except UnicodeDecodeError as fault:
        raise Refusal("gazetteer.not_utf8", kind=Kind.MALFORMED, details={"file": path.name}) from fault


def _row(values: dict[str, str]) -> _Row:
    point, fault = _point(values["COORD_X_COMUNE"], values["COORD_Y_COMUNE"])
    number = values["CIVICO"]
    return _Row(
        comune=values["CODICE_COMUNE"].upper(),
        street_id=values["PROGRESSIVO_NAZIONALE"],
        street=values["ODONIMO"] or values["DIZIONE_LINGUA1"],
        locality=values["LOCALITA'"],
        other_name=values["DIZIONE_LINGUA2"],
        number=int(number) if number.isascii() and number.isdigit() and len(number) < 7 else None,
        suffix=" ".join(part for part in (values["ESPONENTE"].upper(), values["SPECIFICITA"].upper()) if part),
        point=point,
        method=int(values["METODO"]) if values["METODO"].isascii() and values["METODO"].isdigit() else 0,
        fault=fault,
    )


def _point(x: str, y: str) -> tuple[tuple[int, int] | None, str]:
    if not x or not y:
        return None, "gazetteer.point_missing"
    try:
        lon, lat = float(x.replace(",", ".")), float(y.replace(",", "."))
    except ValueError:
        return None, "gazetteer.point_unreadable"
    if not (35.0 <= lat <= 47.5 and 6.0 <= lon <= 19.0):
        return None, "gazetteer.point_zero" if lat == lon == 0 else "gazetteer.point_outside_comune"
    return _e7(lat, lon), ""


def _e7(lat: float, lon: float) -> tuple[int, int]:
    return round(lat * 10_000_000), round(lon * 10_000_000)


def _load(db: sqlite3.Connection, rows: Iterator[_Row], source_id: int) -> ImportSummary:
    """Rows into tables, one pass; streets are told apart by national number and locality."""
    known = {code for (code,) in db.execute("SELECT code FROM comune")}
    streets: dict[tuple[str, str, str], int] = {}
    cleared: set[str] = set()
    refused: Counter[str] = Counter()
    batch: list[tuple[object, ...]] = []
    first_id = db.execute("SELECT coalesce(max(id), 0) + 1 FROM street").fetchone()[0]
    count = 0
    for row in rows:
        count += 1
        fault = row.fault if row.fault == "gazetteer.row_broken" else ""
        fault = fault or ("" if row.comune in known else "gazetteer.comune_unknown")
        fault = fault or ("" if row.street else "gazetteer.street_missing")
        if fault:
            refused[fault] += 1
            continue
        if row.comune not in cleared:
            cleared.add(row.comune)
            _clear_comune(db, row.comune)
        key = (row.comune, row.street_id or row.street, row.locality)
        if key not in streets:
            streets[key] = first_id + len(streets)
            _add_street(db, streets[key], row, source_id)
        if row.fault:
            refused[row.fault] += 1
        elif row.number is not None and row.point:
            batch.append((streets[key], row.number, row.suffix, cell_of(*row.point), *row.point, row.method))
        if len(batch) >= _BATCH_ROWS:
            _add_numbers(db, batch)
    _add_numbers(db, batch)
    centres = db.execute("SELECT code, lat_e7, lon_e7 FROM comune WHERE lat_e7 IS NOT NULL ORDER BY code").fetchall()
    bounds = bounds_of(((code, lat / 1e7, lon / 1e7) for code, lat, lon in centres), codes=cleared)
    for code, circle in bounds.items():
        refused["gazetteer.point_outside_comune"] += _drop_outside(db, code, circle)
    _place_streets(db, first_id)
    db.commit()
    numbers = db.execute("SELECT count(*) FROM house_number WHERE street >= ?", (first_id,)).fetchone()[0]
    bare = db.execute("SELECT count(*) FROM comune WHERE lat_e7 IS NULL").fetchone()[0]
    return ImportSummary(count, len(cleared), len(streets), numbers, dict(+refused), bare)


def _drop_outside(db: sqlite3.Connection, code: str, bounds: ComuneBounds) -> int:
    """Drop a comune's points that lie outside it; how many were dropped.

    Where nearly all of many points lie outside, it is the comune's own point that is wrong (a few of the joined
    ones are), and the middle of the points takes its place.
    """
    points = db.execute(
        """SELECT h.street, h.number, h.suffix, h.lat_e7, h.lon_e7
           FROM street s JOIN house_number h ON h.street = s.id WHERE s.comune = ?""",
        (code,),
    ).fetchall()
    outside = [p for p in points if not bounds.holds(p[3] / 1e7, p[4] / 1e7)]
    if len(points) >= _MANY_POINTS and len(outside) > _NEARLY_ALL * len(points):
        lat, lon = median_low(p[3] for p in points), median_low(p[4] for p in points)
        db.execute("UPDATE comune SET lat_e7 = ?, lon_e7 = ? WHERE code = ?", (lat, lon, code))
        moved = replace(bounds, lat=lat / 1e7, lon=lon / 1e7)
        outside = [p for p in points if not moved.holds(p[3] / 1e7, p[4] / 1e7)]
    db.executemany("DELETE FROM house_number WHERE street = ? AND number = ? AND suffix = ?", [p[:3] for p in outside])
    return len(outside)


def _clear_comune(db: sqlite3.Connection, code: str) -> None:
    db.execute("DELETE FROM house_number WHERE street IN (SELECT id FROM street WHERE comune = ?)", (code,))
    db.execute("DELETE FROM street WHERE comune = ?", (code,))


def _add_street(db: sqlite3.Connection, street_id: int, row: _Row, source_id: int) -> None:
    address = normalise_fields(row.street).address
    name = address.street_name if address.house_number is None and not address.locality else ""
    kind = address.street_type if name else ""
    name = name or row.street.upper()
    values = (street_id, row.comune, kind, name, name_key(name), row.locality)
    other = normalise_fields(row.other_name).address.street_name or row.other_name
    db.execute(
        "INSERT INTO street VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
        (*values, name_key(other) if other else "", row.other_name, row.street_id, source_id),
    )


def _add_numbers(db: sqlite3.Connection, batch: list[tuple[object, ...]]) -> None:
    db.executemany("INSERT OR IGNORE INTO house_number VALUES (?, ?, ?, ?, ?, ?, ?)", batch)
    batch.clear()


def _place_streets(db: sqlite3.Connection, first_id: int) -> None:
    """A street's point is that of its middle number: it lies on the street, which a mean need not.

    Comuni that had no point of their own get the middle of their streets.
    """
    db.execute(
        """UPDATE street SET lat_e7 = middle.lat_e7, lon_e7 = middle.lon_e7 FROM (
               SELECT street, lat_e7, lon_e7, count(*) OVER (PARTITION BY street) AS size,
                      row_number() OVER (PARTITION BY street ORDER BY number, suffix) AS place
               FROM house_number WHERE street >= ?) AS middle
           WHERE middle.street = street.id AND middle.place = middle.size / 2 + 1""",
        (first_id,),
    )
    bare = db.execute(
        """SELECT DISTINCT c.code FROM comune c JOIN street s ON s.comune = c.code
           WHERE c.lat_e7 IS NULL AND s.lat_e7 IS NOT NULL"""
    ).fetchall()
    for (code,) in bare:
        points = db.execute(
            "SELECT lat_e7, lon_e7 FROM street WHERE comune = ? AND lat_e7 IS NOT NULL", (code,)
        ).fetchall()
        lat, lon = round(median(p[0] for p in points)), round(median(p[1] for p in points))
        db.execute("UPDATE comune SET lat_e7 = ?, lon_e7 = ? WHERE code = ?", (lat, lon, code))
