"""What each format of address file says, row by row: the register's CSV, OpenAddresses, OpenStreetMap.

Readers only: they know columns and tags, not the index. A comune is named by code or left as text; who can tell
it by name and point settles it (`gazetteer`). Every refusal of a whole file is raised while its head is read.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import osmium

from fieldapp.domain.errors import Kind, Refusal

ANNCSU_COLUMNS = (
    "CODICE_COMUNE", "CODICE_ISTAT", "PROGRESSIVO_NAZIONALE", "CODICE_COMUNALE", "ODONIMO", "LOCALITA'",
    "DIZIONE_LINGUA1", "DIZIONE_LINGUA2", "PROGRESSIVO_ACCESSO", "CODICE_COMUNALE_ACCESSO", "CIVICO",
    "ESPONENTE", "SPECIFICITA", "METRICO", "PROGRESSIVO_SNC", "COORD_X_COMUNE", "COORD_Y_COMUNE", "QUOTA",
    "METODO",
)  # fmt: skip
"""The 19 columns of the register's indirizzario in their published order."""

STRADARIO_COLUMNS = ("CODICE_COMUNE", "CODICE_ISTAT", "PROGRESSIVO_NAZIONALE", "ODONIMO", "DIZIONE_LINGUA1")
"""What a stradario must have at least; it is told from an indirizzario by having no `CIVICO`."""

OPENADDRESSES_COLUMNS = ("LON", "LAT", "NUMBER", "STREET", "CITY")

_INDIRIZZARIO_MUST = (*STRADARIO_COLUMNS, "CIVICO", "ESPONENTE", "COORD_X_COMUNE", "COORD_Y_COMUNE", "METODO")
_NUMBER = re.compile(r"\s*(\d{1,6})\s*[/-]?\s*(.*)")


class AddressRow(NamedTuple):
    """One access or street as its source says it; the point is in degrees x 10**7 or missing for `fault`.

    `comune` is a cadastral code, or "" where only `city` (a name), `province` and the point tell it.
    """

    comune: str
    istat: str
    street_id: str
    street: str
    locality: str
    other_name: str
    number: int | None
    suffix: str
    lat_e7: int | None
    lon_e7: int | None
    method: int
    fault: str
    city: str = ""
    province: str = ""
    cap: str = ""


BROKEN = AddressRow("", "", "", "", "", "", None, "", None, None, 0, "gazetteer.row_broken")


def open_text(path: Path) -> io.TextIOBase:
    """The text of a file published plain, `.gz` or as the only member of a `.zip`; UTF-8, with or without BOM."""
    with path.open("rb") as file:
        head = file.read(4)
    if head[:2] == b"\x1f\x8b":
        return io.TextIOWrapper(gzip.open(path), encoding="utf-8-sig", newline="")
    if head == b"PK\x03\x04":
        archive = zipfile.ZipFile(path)
        names = [name for name in archive.namelist() if not name.endswith("/")]
        if len(names) == 1:
            return io.TextIOWrapper(archive.open(names[0]), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


@contextmanager
def _text_of(path: Path) -> Iterator[io.TextIOBase]:
    try:
        with open_text(path) as file:
            yield file
    except (UnicodeDecodeError, EOFError, zipfile.BadZipFile, gzip.BadGzipFile) as fault:
        raise Refusal("gazetteer.not_utf8", kind=Kind.MALFORMED, details={"file": path.name}) from fault


@contextmanager
def _table(
    path: Path, *, delimiter: str, must: Iterable[str], code: str, quoting: bool = True
) -> Iterator[tuple[dict[str, int], Iterator[list[str]]]]:
    """The places of a CSV file's columns, and its rows; `[]` stands for a row shorter than the header.

    Raises Refusal `code` where columns are missing, `gazetteer.empty`, `gazetteer.not_utf8`.
    """
    with _text_of(path) as file:
        rows = csv.reader(file, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoting else csv.QUOTE_NONE)
        try:
            header = [name.strip().strip("'\"").upper() for name in next(rows, [])]
            if not any(header):
                raise Refusal("gazetteer.empty", kind=Kind.MALFORMED, details={"file": path.name})
            missing = [name for name in must if name not in header]
            if missing:
                details = {"file": path.name, "missing": ", ".join(missing)}
                raise Refusal(code, kind=Kind.MALFORMED, details=details)
            # The register ends its lines in a semicolon now and then: columns without a name are nobody's.
            width = max(i for i, name in enumerate(header) if name) + 1
            whole = (row if len(row) >= width else [] for row in rows if any(row))
            yield {name: i for i, name in enumerate(header[:width])}, whole
        except csv.Error as fault:
            raise Refusal(code, kind=Kind.MALFORMED, details={"file": path.name, "missing": str(fault)}) from fault


def anncsu_rows(path: Path) -> Iterator[AddressRow]:
    """The rows of an indirizzario or a stradario as the register publishes them (`;`, no quoting, decimal comma).

    Raises Refusal `gazetteer.not_anncsu` where columns are missing.
    """
    with _table(path, delimiter=";", must=STRADARIO_COLUMNS, code="gazetteer.not_anncsu", quoting=False) as (at, rows):
        if "CIVICO" not in at:
            yield from _streets_only(rows, at)
            return
        missing = [name for name in _INDIRIZZARIO_MUST if name not in at]
        if missing:
            details = {"file": path.name, "missing": ", ".join(missing)}
            raise Refusal("gazetteer.not_anncsu", kind=Kind.MALFORMED, details=details)
        yield from _numbered(rows, at)


def _streets_only(rows: Iterator[list[str]], at: dict[str, int]) -> Iterator[AddressRow]:
    code, istat, ident, name = (at[c] for c in ("CODICE_COMUNE", "CODICE_ISTAT", "PROGRESSIVO_NAZIONALE", "ODONIMO"))
    one, two, place = at["DIZIONE_LINGUA1"], at.get("DIZIONE_LINGUA2"), at.get("LOCALITA")
    for row in rows:
        if not row:
            yield BROKEN
            continue
        other = _other_names(row[one], row[two] if two is not None else "")
        locality = row[place].strip() if place is not None else ""
        yield AddressRow(
            row[code].strip().upper(), row[istat].strip(), row[ident].strip(), row[name].strip(), locality, other,
            None, "", None, None, 0, "",
        )  # fmt: skip


def _numbered(rows: Iterator[list[str]], at: dict[str, int]) -> Iterator[AddressRow]:
    code, istat, ident, name = (at[c] for c in ("CODICE_COMUNE", "CODICE_ISTAT", "PROGRESSIVO_NAZIONALE", "ODONIMO"))
    one, two, place = at["DIZIONE_LINGUA1"], at.get("DIZIONE_LINGUA2"), at.get("LOCALITA")
    number, letter, x, y, how = (at[c] for c in ("CIVICO", "ESPONENTE", "COORD_X_COMUNE", "COORD_Y_COMUNE", "METODO"))
    special = at.get("SPECIFICITA")
    for row in rows:
        if not row:
            yield BROKEN
            continue
        digits, method = row[number].strip(), row[how].strip()
        lat, lon, fault = point_of(row[x], row[y])
        suffix = row[letter].strip().upper()
        if special is not None and row[special].strip():
            suffix = f"{suffix} {row[special].strip().upper()}".strip()
        yield AddressRow(
            row[code].strip().upper(),
            row[istat].strip(),
            row[ident].strip(),
            row[name].strip() or row[one].strip(),
            row[place].strip() if place is not None else "",
            _other_names(row[one], row[two] if two is not None else ""),
            int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 7 else None,
            suffix,
            lat,
            lon,
            int(method) if method.isascii() and method.isdigit() and len(method) < 3 else 0,
            fault,
        )


def _other_names(one: str, two: str) -> str:
    return " / ".join(name for name in (one.strip(), two.strip()) if name)


def point_of(x: str, y: str) -> tuple[int | None, int | None, str]:
    """Longitude and latitude as a source spells them into degrees x 10**7, or the reason why there is no point."""
    if not x or not y:
        return None, None, "gazetteer.point_missing"
    try:
        lon, lat = float(x.replace(",", ".")), float(y.replace(",", "."))
    except ValueError:
        return None, None, "gazetteer.point_unreadable"
    if 35.0 <= lat <= 47.5 and 6.0 <= lon <= 19.0:
        return round(lat * 10_000_000), round(lon * 10_000_000), ""
    zero = not lat or not lon
    return None, None, "gazetteer.point_zero" if zero else "gazetteer.point_outside_comune"


def number_of(text: str) -> tuple[int | None, str]:
    """A house number as one text (`12`, `12/A`, `3p01`, `7 bis`) into its number and suffix."""
    found = _NUMBER.match(text)
    if not found:
        return None, ""
    return int(found[1]), found[2].strip().upper()


def openaddresses_rows(path: Path) -> Iterator[AddressRow]:
    """The rows of an OpenAddresses file: CSV, or one GeoJSON feature a line.

    Raises Refusal `gazetteer.not_openaddresses` where columns are missing or the lines are no features.
    """
    with _text_of(path) as file:
        start = file.read(64).lstrip()
    return _features(path) if start.startswith("{") else _openaddresses_table(path)


def _openaddresses_table(path: Path) -> Iterator[AddressRow]:
    names = ("LON", "LAT", "NUMBER", "STREET", "UNIT", "CITY", "DISTRICT", "POSTCODE")
    with _table(path, delimiter=",", must=OPENADDRESSES_COLUMNS, code="gazetteer.not_openaddresses") as (at, rows):
        places = [at.get(name, -1) for name in names]
        for row in rows:
            if not row:
                yield BROKEN
            else:
                yield _openaddresses_row(*(row[i] if i >= 0 else "" for i in places))


def _features(path: Path) -> Iterator[AddressRow]:
    with _text_of(path) as file:
        for at, line in enumerate(file):
            if not line.strip():
                continue
            try:
                feature = json.loads(line)
                lon, lat = feature["geometry"]["coordinates"][:2]
                said = {name.lower(): str(value or "") for name, value in feature["properties"].items()}
            except (ValueError, KeyError, TypeError, AttributeError) as fault:
                if at == 0:
                    details = {"file": path.name, "missing": "geometry, properties"}
                    raise Refusal("gazetteer.not_openaddresses", kind=Kind.MALFORMED, details=details) from fault
                yield BROKEN
                continue
            names = ("number", "street", "unit", "city", "district", "postcode")
            yield _openaddresses_row(str(lon), str(lat), *(said.get(name, "") for name in names))


def _openaddresses_row(
    lon: str, lat: str, number: str, street: str, unit: str, city: str, district: str, cap: str
) -> AddressRow:
    y, x, fault = point_of(lon, lat)
    value, suffix = number_of(number)
    if unit.strip() and not suffix:
        suffix = unit.strip().upper()
    name, _, other = street.partition(" - ") if " - " in street else street.partition(" / ")
    return AddressRow(
        "", "", "", name.strip(), "", other.strip(), value, suffix, y, x, 0, fault,
        city.strip(), district.strip(), cap.strip(),
    )  # fmt: skip


def osm_rows(path: Path) -> Iterator[AddressRow]:
    """Every object of an OpenStreetMap file (XML or PBF) that has a house number; a way stands at its middle.

    Raises Refusal `gazetteer.not_osm` where osmium cannot read the file.
    """
    try:
        objects = osmium.FileProcessor(str(path)).with_locations()
        for thing in objects.with_filter(osmium.filter.KeyFilter("addr:housenumber")):
            row = _osm_row(thing)
            if row is not None:
                yield row
    except RuntimeError as fault:
        details = {"file": path.name, "reason": str(fault)[:120]}
        raise Refusal("gazetteer.not_osm", kind=Kind.MALFORMED, details=details) from fault


def _osm_row(thing: object) -> AddressRow | None:
    tags = thing.tags  # type: ignore[attr-defined]  # osmium's objects share no base type
    if thing.is_node():  # type: ignore[attr-defined]
        places = [thing.location]  # type: ignore[attr-defined]
    elif thing.is_way():  # type: ignore[attr-defined]
        places = [node.location for node in thing.nodes if node.location.valid()]  # type: ignore[attr-defined]
    else:
        return None
    lat, lon, fault = None, None, "gazetteer.point_missing"
    if places and all(place.valid() for place in places):
        middle = (sum(p.lon for p in places) / len(places), sum(p.lat for p in places) / len(places))
        lat, lon, fault = point_of(str(middle[0]), str(middle[1]))
    value, suffix = number_of(tags.get("addr:housenumber", "").split(";")[0].split(",")[0])
    street = tags.get("addr:street") or tags.get("addr:place") or ""
    italian = tags.get("addr:street:it", "")
    others = {tags.get(f"addr:street:{language}", "") for language in ("de", "fr", "lld", "fur", "sl")}
    name, _, other = street.partition(" - ")
    spoken = " / ".join(sorted({other.strip(), *others} - {"", italian or name}))
    return AddressRow(
        "", "", "", (italian or name).strip(), tags.get("addr:hamlet", "") if tags.get("addr:street") else "", spoken,
        value, suffix, lat, lon, 0, fault,
        tags.get("addr:city", ""), tags.get("addr:province", ""), tags.get("addr:postcode", ""),
    )  # fmt: skip


class ComuneRow(NamedTuple):
    """One comune of a list of comuni; points and bounds are in degrees x 10**7, bounds may be missing."""

    code: str
    istat: str
    name: str
    province: str
    lat_e7: int | None
    lon_e7: int | None
    bounds: tuple[int, int, int, int] | None
    caps: tuple[str, ...]


def comuni_rows(path: Path) -> Iterator[ComuneRow | None]:
    """The rows of a list of comuni with `belfiore,nome,sigla,lat,lon`; None for a row that cannot be read.

    Of use when there: `istat`, `cap` (blank-separated), `min_lat,min_lon,max_lat,max_lon`.
    Raises Refusal `gazetteer.not_comuni` where columns are missing.
    """
    must = ("BELFIORE", "NOME", "SIGLA", "LAT", "LON")
    with _table(path, delimiter=",", must=must, code="gazetteer.not_comuni") as (at, rows):
        for row in rows:
            yield _comune_row(row, at) if row else None


def _comune_row(row: list[str], at: dict[str, int]) -> ComuneRow | None:
    def said(name: str) -> str:
        return row[at[name]].strip() if name in at else ""

    lat, lon, _ = point_of(said("LON"), said("LAT"))
    try:
        edges = [round(float(said(name)) * 1e7) for name in ("MIN_LAT", "MIN_LON", "MAX_LAT", "MAX_LON")]
    except ValueError:
        edges = []
    code = said("BELFIORE").upper()
    if not said("NOME"):
        return None
    code = code if re.fullmatch(r"[A-Z]\d{3}", code) else ""
    bounds = (edges[0], edges[1], edges[2], edges[3]) if edges else None
    caps = tuple(re.findall(r"\d{5}", said("CAP")))
    return ComuneRow(code, said("ISTAT"), said("NOME"), said("SIGLA").upper(), lat, lon, bounds, caps)
