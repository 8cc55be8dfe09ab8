"""The gazetteer: one self-contained index file of comuni, streets and house numbers, written whole, read only.

`import_file` reads a file of addresses and puts a new index in the old one's place in one step, so a reader sees
the old index or the new one and a killed import leaves nothing behind. It owns this file only; the service's
database is not its business.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from statistics import median_low

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.geo.addresses import fold, street_parts
from fieldapp.geo.bounds import ComuneBounds, ComuneBox, Reaches
from fieldapp.geo.comuni import all_comuni
from fieldapp.geo.gazetteer_rows import BROKEN, AddressRow, anncsu_rows, comuni_rows, openaddresses_rows, osm_rows
from fieldapp.geo.gazetteer_schema import SCHEMA, SCHEMA_VERSION, cell_of
from fieldapp.geo.packed_numbers import PackedNumber, pack, unpack
from fieldapp.geo.street_keys import comune_key, comune_keys, name_key

FORMATS = ("anncsu", "openaddresses", "osm", "comuni")
LICENCES = {"anncsu": "CC BY 4.0", "openaddresses": "see the source", "osm": "ODbL 1.0", "comuni": "see the source"}
_MANY_POINTS, _NEARLY_ALL = 20, 0.8
_SQUARE = 1_000_000


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What an import read and kept; `refused` counts points or rows not taken, by reason code."""

    rows: int
    comuni: int
    streets: int
    house_numbers: int
    refused: dict[str, int]
    comuni_without_point: int


def import_file(
    path: Path,
    gazetteer_path: Path,
    *,
    format: str,
    source: str | None = None,
    licence: str | None = None,
    now: datetime | None = None,
) -> ImportSummary:
    """Read a file of one of `FORMATS` into the gazetteer; files may come in any order.

    A newer file of the register replaces what an older one of the same kind (indirizzario, stradario) held of the
    comuni in it; a file of another format replaces what a file of the same name, dates apart, held.
    Raises Refusal `gazetteer.not_anncsu`, `.not_openaddresses`, `.not_osm`, `.not_comuni`, `.not_utf8`, `.empty`.
    """
    draft = gazetteer_path.with_name(f".{gazetteer_path.name}.{os.getpid()}.draft")
    gazetteer_path.parent.mkdir(parents=True, exist_ok=True)
    try:
        if gazetteer_path.exists():
            shutil.copyfile(gazetteer_path, draft)
        with closing(sqlite3.connect(draft)) as db:
            _prepare(db, gazetteer_path)
            draftsman = _Draft(db, path, format=format, source=source, licence=licence, now=now)
            summary = draftsman.take_comuni() if format == "comuni" else draftsman.take_addresses()
            if not summary.rows:
                raise Refusal("gazetteer.empty", kind=Kind.MALFORMED, details={"file": path.name})
            db.commit()
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(draft, gazetteer_path)
    finally:
        for leftover in (draft, draft.with_name(draft.name + "-journal")):
            leftover.unlink(missing_ok=True)
    return summary


def import_anncsu(
    path: Path,
    gazetteer_path: Path,
    *,
    source: str = "ANNCSU",
    licence: str = "CC BY 4.0",
    now: datetime | None = None,
) -> ImportSummary:
    """`import_file` for the register's indirizzario or stradario."""
    return import_file(path, gazetteer_path, format="anncsu", source=source, licence=licence, now=now)


def _prepare(db: sqlite3.Connection, gazetteer_path: Path) -> None:
    db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;")
    if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        version = db.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
        if version != (str(SCHEMA_VERSION),):
            details = {"file": gazetteer_path.name}
            raise Refusal("gazetteer.other_version", kind=Kind.UNSUPPORTED, details=details)
        return
    db.executescript(SCHEMA)
    db.execute("INSERT INTO meta VALUES ('schema', ?)", (str(SCHEMA_VERSION),))
    comuni, names = _comune_rows()
    db.executemany("INSERT INTO comune VALUES (?, '', ?, ?, ?, ?, ?, NULL, NULL, NULL, NULL, '')", comuni)
    db.executemany("INSERT OR REPLACE INTO comune_name VALUES (?, ?, ?)", names)


@lru_cache(maxsize=1)
def _comune_rows() -> tuple[list[tuple[object, ...]], list[tuple[str, str, str]]]:
    """What every new gazetteer begins with: the comuni, and the names that each is found by."""
    comuni: list[tuple[object, ...]] = []
    names = []
    for comune in all_comuni():
        known = comune.lat is not None and comune.lon is not None
        point = (round(comune.lat * 1e7), round(comune.lon * 1e7)) if known else (None, None)  # type: ignore[operator]
        comuni.append((comune.code, comune.name, comune.province, comune.population, *point))
        names += [(key, comune.code, "former") for name in comune.former_names for key in comune_keys(name)]
        names += [(key, comune.code, "other") for name in comune.other_names for key in comune_keys(name)]
        names += [(key, comune.code, "name") for key in comune_keys(comune.name)]
    return comuni, names


def _dataset(path: Path, format: str, streets_only: bool) -> str:
    """What a later file replaces: the register by kind, other files by name without dates and endings."""
    if format == "anncsu":
        return "anncsu stradario" if streets_only else "anncsu indirizzario"
    return f"{format} {re.sub(r'[0-9]{4,}|[._-]', ' ', path.name.split('.')[0]).strip()}"


class _Draft:
    """One import into a draft of the index."""

    def __init__(
        self,
        db: sqlite3.Connection,
        path: Path,
        *,
        format: str,
        source: str | None,
        licence: str | None,
        now: datetime | None,
    ) -> None:
        self.db, self.path, self.format = db, path, format
        self.named = (source or path.name, licence or LICENCES[format], now or datetime.now(UTC))
        self.refused: Counter[str] = Counter()
        self.rows = 0
        self.source_id = 0
        self.done: set[str] = set()
        self.caps: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        self.next_id: int = db.execute("SELECT coalesce(max(id), 0) + 1 FROM street").fetchone()[0]

    def take_addresses(self) -> ImportSummary:
        """All rows of an address file, comune by comune, so that only one comune's rows are held."""
        reader = {"anncsu": anncsu_rows, "openaddresses": openaddresses_rows, "osm": osm_rows}[self.format]
        rows = reader(self.path)
        first = next(rows, None)
        if first is None:
            return self._summary()
        # Told by what the file is, not by its name: a stradario never carries a number nor a reason for none.
        self.streets_only = self.format == "anncsu" and first.number is None and not first.fault
        self._add_source(self.streets_only)
        settle = _Settler(self.db)
        self.reaches = Reaches(
            self.db.execute("SELECT code, lat_e7, lon_e7 FROM comune WHERE lat_e7 IS NOT NULL ORDER BY code")
        )
        self.boxes = _boxes(self.db)
        ordered = self._counted(first, rows)
        grouped = _in_groups(ordered, settle.code) if self.format == "anncsu" else _sorted_by(ordered, settle.code)
        for code, group in grouped:
            self._take_comune(code, group)
        self._settle_postcodes()
        _count_words(self.db)
        return self._summary()

    def take_comuni(self) -> ImportSummary:
        """A list of comuni: names, points, bounds and CAPs; points that the bounds show to be wrong are dropped."""
        self._add_source(False)
        for row in comuni_rows(self.path):
            self.rows += 1
            code = row and (row.code or self._code_named(row.name, row.province))
            if row is None or not code:
                self.refused["gazetteer.row_broken"] += 1
                continue
            self.db.execute(
                """INSERT INTO comune VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (code) DO UPDATE SET
                   istat = excluded.istat, lat_e7 = coalesce(excluded.lat_e7, lat_e7),
                   lon_e7 = coalesce(excluded.lon_e7, lon_e7), south_e7 = excluded.south_e7,
                   west_e7 = excluded.west_e7, north_e7 = excluded.north_e7, east_e7 = excluded.east_e7,
                   caps = excluded.caps""",
                (code, row.istat, row.name, row.province, row.lat_e7, row.lon_e7,
                 *(row.bounds or (None,) * 4), " ".join(row.caps)),
            )  # fmt: skip
            names = [(key, code, "name") for key in comune_keys(row.name)]
            self.db.executemany("INSERT OR REPLACE INTO comune_name VALUES (?, ?, ?)", names)
            self.done.add(code)
        for code, box in _boxes(self.db).items():
            self._drop_outside(code, box)
        return self._summary()

    def _code_named(self, name: str, province: str) -> str:
        """The code of a comune that a list names without it: lists lag behind new comuni."""
        found = self.db.execute(
            "SELECT code FROM comune_name JOIN comune USING (code) WHERE key = ? AND province = ? AND kind = 'name'",
            (comune_key(name), province),
        ).fetchone()
        return str(found[0]) if found else ""

    def _counted(self, first: AddressRow, rows: Iterator[AddressRow]) -> Iterator[AddressRow]:
        self.rows = 1
        yield first
        for row in rows:
            self.rows += 1
            yield row

    def _add_source(self, streets_only: bool) -> None:
        name, licence, at = self.named
        dataset = _dataset(self.path, self.format, streets_only)
        if self.format in ("openaddresses", "osm"):
            for (code,) in self.db.execute(
                "SELECT DISTINCT comune FROM street WHERE source IN (SELECT id FROM source WHERE dataset = ?)",
                (dataset,),
            ).fetchall():
                self._clear(code, dataset)
            self.db.execute(
                "DELETE FROM postcode WHERE source IN (SELECT id FROM source WHERE dataset = ?)", (dataset,)
            )
        self.dataset = dataset
        added = self.db.execute(
            "INSERT INTO source (name, format, dataset, licence, imported_at) VALUES (?, ?, ?, ?, ?)",
            (name, self.format, dataset, licence, at.isoformat(timespec="seconds")),
        )
        self.source_id = int(added.lastrowid or 0)

    def _take_comune(self, code: str, rows: Iterable[AddressRow]) -> None:
        streets: dict[tuple[str, str, str], tuple[AddressRow, dict[tuple[int, str], PackedNumber]]] = {}
        refused = self.refused
        for row in rows:
            if row.fault == "gazetteer.row_broken" or not code or not row.street:
                broken = row.fault == "gazetteer.row_broken"
                unknown = "gazetteer.comune_unknown" if not code else "gazetteer.street_missing"
                refused["gazetteer.row_broken" if broken else unknown] += 1
                continue
            key = (row.street_id, row.street, row.locality)
            held = streets.get(key)
            if held is None:
                held = streets[key] = (row, {})
            if row.fault:
                refused[row.fault] += 1
            elif row.number is not None and row.lat_e7 is not None and row.lon_e7 is not None:
                held[1].setdefault(
                    (row.number, row.suffix), (row.number, row.suffix, row.lat_e7, row.lon_e7, row.method)
                )
            if row.cap and row.lat_e7 and row.lon_e7:
                sums = self.caps[row.cap, code]
                sums[0], sums[1], sums[2] = sums[0] + 1, sums[1] + row.lat_e7, sums[2] + row.lon_e7
        if not streets:
            return
        if code in self.done:
            self._take_back(code, streets)
        elif self.format == "anncsu":
            self._clear(code, self.dataset)
        self.done.add(code)
        self._refuse_outside(code, [numbers for _, numbers in streets.values()])
        for row, numbers in streets.values():
            self._add_street(code, row, sorted(numbers.values()))

    def _take_back(
        self, code: str, streets: dict[tuple[str, str, str], tuple[AddressRow, dict[tuple[int, str], PackedNumber]]]
    ) -> None:
        """A comune that comes back later in one file: what was written of it joins the new rows."""
        written = self.db.execute(
            """SELECT s.id, s.national_id, s.raw, s.locality, s.other_name, n.entries, n.suffixes
               FROM street s LEFT JOIN numbers n ON n.street = s.id WHERE s.comune = ? AND s.source = ?""",
            (code, self.source_id),
        ).fetchall()
        for _, ident, raw, locality, other, entries, suffixes in written:
            row = AddressRow(code, "", ident, raw, locality, other, None, "", None, None, 0, "")
            held = streets.setdefault((ident, raw, locality), (row, {}))
            if entries:
                held[1].update({(number[0], number[1]): number for number in unpack(entries, suffixes)})
        self._forget([street_id for street_id, *_ in written])

    def _refuse_outside(self, code: str, groups: list[dict[tuple[int, str], PackedNumber]]) -> None:
        """Drop a comune's points that lie outside it.

        Where nearly all of many points lie outside a guessed circle, it is the comune's own point that is wrong
        (a few of the joined ones are), and the middle of the points takes its place. A comune that had no point
        gets the middle as well.
        """
        points = [(number[2], number[3]) for numbers in groups for number in numbers.values()]
        if not points:
            return
        middle = (median_low(lat for lat, _ in points), median_low(lon for _, lon in points))
        bounds: ComuneBox | ComuneBounds | None = self.boxes.get(code) or self.reaches.of(code)
        outside = sum(not bounds.holds(lat, lon) for lat, lon in points) if bounds else len(points)
        wrong = isinstance(bounds, ComuneBounds) and len(points) >= _MANY_POINTS and outside > _NEARLY_ALL * len(points)
        if bounds is None or wrong:
            self.db.execute("UPDATE comune SET lat_e7 = ?, lon_e7 = ? WHERE code = ?", (*middle, code))
            bounds = ComuneBounds(*middle, bounds.reach_km if isinstance(bounds, ComuneBounds) else 15.0)
        elif not outside:
            return
        for numbers in groups:
            for key in [key for key, number in numbers.items() if not bounds.holds(number[2], number[3])]:
                del numbers[key]
                self.refused["gazetteer.point_outside_comune"] += 1

    def _add_street(self, code: str, row: AddressRow, numbers: list[PackedNumber]) -> None:
        kind, name = street_parts(row.street)
        others = [street_parts(other)[1] or other for other in row.other_name.split(" / ") if other]
        # A street's point is that of its middle number: it lies on the street, which a mean need not.
        point = numbers[len(numbers) // 2][2:4] if numbers else (None, None)
        self.db.execute(
            "INSERT INTO street VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (self.next_id, code, kind, name, name_key(name), row.locality, "/".join(map(name_key, others)),
             row.other_name, row.street_id, self.source_id, *point, row.street),
        )  # fmt: skip
        if numbers:
            self.db.execute("INSERT INTO numbers VALUES (?, ?, ?, ?)", (self.next_id, len(numbers), *pack(numbers)))
            cells = {cell_of(lat, lon) for _, _, lat, lon, _ in numbers}
            self.db.executemany("INSERT INTO cell VALUES (?, ?)", [(cell, self.next_id) for cell in cells])
        self.next_id += 1

    def _clear(self, code: str, dataset: str) -> None:
        old = self.db.execute(
            "SELECT id FROM street WHERE comune = ? AND source IN (SELECT id FROM source WHERE dataset = ?)",
            (code, dataset),
        ).fetchall()
        self._forget([street_id for (street_id,) in old])

    def _forget(self, streets: list[int]) -> None:
        cells = [
            (cell_of(lat, lon), street_id)
            for street_id in streets
            for entries, suffixes in self.db.execute(
                "SELECT entries, suffixes FROM numbers WHERE street = ?", (street_id,)
            )
            for _, _, lat, lon, _ in unpack(entries, suffixes)
        ]
        self.db.executemany("DELETE FROM cell WHERE cell = ? AND street = ?", cells)
        for table, column in (("numbers", "street"), ("street", "id")):
            self.db.executemany(f"DELETE FROM {table} WHERE {column} = ?", [(street_id,) for street_id in streets])

    def _drop_outside(self, code: str, box: ComuneBox) -> None:
        held = self.db.execute(
            """SELECT s.id, n.entries, n.suffixes FROM street s JOIN numbers n ON n.street = s.id WHERE s.comune = ?""",
            (code,),
        ).fetchall()
        for street_id, entries, suffixes in held:
            numbers = unpack(entries, suffixes)
            kept = [number for number in numbers if box.holds(number[2], number[3])]
            if len(kept) == len(numbers):
                continue
            self.refused["gazetteer.point_outside_comune"] += len(numbers) - len(kept)
            cells = {cell_of(n[2], n[3]) for n in numbers} - {cell_of(n[2], n[3]) for n in kept}
            self.db.executemany("DELETE FROM cell WHERE cell = ? AND street = ?", [(c, street_id) for c in cells])
            point = kept[len(kept) // 2][2:4] if kept else (None, None)
            self.db.execute("UPDATE street SET lat_e7 = ?, lon_e7 = ? WHERE id = ?", (*point, street_id))
            self.db.execute("DELETE FROM numbers WHERE street = ?", (street_id,))
            if kept:
                self.db.execute("INSERT INTO numbers VALUES (?, ?, ?, ?)", (street_id, len(kept), *pack(kept)))

    def _settle_postcodes(self) -> None:
        self.db.executemany(
            "INSERT OR REPLACE INTO postcode VALUES (?, ?, ?, ?, ?, ?)",
            [
                (cap, code, self.source_id, count, lat // count, lon // count)
                for (cap, code), (count, lat, lon) in self.caps.items()
                if re.fullmatch(r"\d{5}", cap)
            ],
        )

    def _summary(self) -> ImportSummary:
        bare = self.db.execute("SELECT count(*) FROM comune WHERE lat_e7 IS NULL").fetchone()[0]
        streets, numbers = self.db.execute(
            """SELECT count(*), coalesce(sum(n.count), 0)
               FROM street s LEFT JOIN numbers n ON n.street = s.id WHERE s.source = ?""",
            (self.source_id,),
        ).fetchone()
        return ImportSummary(self.rows, len(self.done), streets, numbers, dict(+self.refused), bare)


class _Settler:
    """Which comune a row belongs to: by cadastral code, by ISTAT code, or by its name nearest to the point."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.points = {
            code: (province, lat, lon)
            for code, province, lat, lon in db.execute("SELECT code, province, lat_e7, lon_e7 FROM comune")
        }
        self.by_istat = dict(db.execute("SELECT istat, code FROM comune WHERE istat != ''"))
        self.by_name: dict[str, list[str]] = defaultdict(list)
        for key, code in db.execute("SELECT key, code FROM comune_name ORDER BY kind DESC, code"):
            self.by_name[key].append(code)
        self.boxes: dict[tuple[int, int], list[tuple[str, ComuneBox]]] = defaultdict(list)
        for code, box in sorted(_boxes(db).items()):
            for y in range(box.south // _SQUARE, box.north // _SQUARE + 1):
                for x in range(box.west // _SQUARE, box.east // _SQUARE + 1):
                    self.boxes[y, x].append((code, box))
        self.settled: dict[tuple[str, str, int, int], str] = {}

    def code(self, row: AddressRow) -> str:
        """The cadastral code, "" where no comune can be told."""
        if row.comune in self.points:
            return row.comune
        if row.comune or row.istat:
            return self.by_istat.get(row.istat) or self.by_istat.get(row.comune.zfill(6)) or ""
        if row.lat_e7 is None or row.lon_e7 is None:
            near = (row.city, row.province, 0, 0)
        else:
            near = (row.city, row.province, row.lat_e7 // 200_000, row.lon_e7 // 200_000)
        if near not in self.settled:
            self.settled[near] = self._by_name(row) if row.city else ""
        return self.settled[near] or self._by_point(row)

    def _by_name(self, row: AddressRow) -> str:
        found = [code for key in comune_keys(row.city) for code in self.by_name.get(key, ())]
        same = [code for code in found if self.points[code][0] == row.province.upper()]
        return min(same or found, key=lambda code: self._away(code, row), default="")

    def _by_point(self, row: AddressRow) -> str:
        if row.city or row.lat_e7 is None or row.lon_e7 is None:
            return ""
        square = self.boxes.get((row.lat_e7 // _SQUARE, row.lon_e7 // _SQUARE), ())
        holding = [code for code, box in square if box.holds(row.lat_e7, row.lon_e7)]
        return min(holding, key=lambda code: self._away(code, row), default="")

    def _away(self, code: str, row: AddressRow) -> float:
        _, lat, lon = self.points[code]
        if lat is None or row.lat_e7 is None or row.lon_e7 is None:
            return 1e12
        return float(abs(lat - row.lat_e7) + abs(lon - row.lon_e7))


def _boxes(db: sqlite3.Connection) -> dict[str, ComuneBox]:
    rows = db.execute("SELECT code, south_e7, west_e7, north_e7, east_e7 FROM comune WHERE south_e7 IS NOT NULL")
    return {code: ComuneBox(*edges) for code, *edges in rows}


def _in_groups(
    rows: Iterator[AddressRow], settle: Callable[[AddressRow], str]
) -> Iterator[tuple[str, Iterator[AddressRow]]]:
    """Rows that follow each other in one comune; the register is sorted so, and one that is not costs only time."""
    last = ["", ""]

    def code(row: AddressRow) -> str:
        if row.comune != last[0] and row is not BROKEN:
            last[:] = [row.comune, settle(row)]
        return last[1]

    return groupby(rows, key=code)


def _sorted_by(
    rows: Iterator[AddressRow], settle: Callable[[AddressRow], str]
) -> Iterator[tuple[str, Iterator[AddressRow]]]:
    """Rows in any order, sorted by comune in a file that SQLite keeps and removes by itself."""
    with closing(sqlite3.connect("")) as staged:
        staged.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32768;")
        marks = ", ".join("?" * len(AddressRow._fields))
        staged.execute(f"CREATE TABLE staged (code, {', '.join(AddressRow._fields)})")
        staged.executemany(f"INSERT INTO staged VALUES (?, {marks})", ((settle(row), *row) for row in rows))
        ordered = staged.execute("SELECT * FROM staged ORDER BY code, rowid")
        for code, group in groupby(ordered, key=itemgetter(0)):
            yield code, (AddressRow(*values) for _, *values in group)


def _count_words(db: sqlite3.Connection) -> None:
    """How many streets have each word, and which localities each comune has: what tells a typo from another name."""
    counts: Counter[str] = Counter()
    for key, other in db.execute("SELECT key, other_key FROM street"):
        counts.update(key.split())
        if other:
            counts.update(other.replace("/", " ").split())
    db.execute("DELETE FROM word")
    db.executemany("INSERT INTO word VALUES (?, ?)", sorted(counts.items()))
    db.execute("DELETE FROM locality")
    named = db.execute("SELECT DISTINCT comune, locality FROM street WHERE locality != ''")
    pairs = {(fold(part), code) for code, name in named for part in (name, *name.split("/")) if fold(part)}
    db.executemany("INSERT INTO locality VALUES (?, ?)", sorted(pairs))
