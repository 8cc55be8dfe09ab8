"""The gazetteer's formats: the register plain and packed, OpenAddresses, OpenStreetMap, lists of comuni."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile
from pathlib import Path

import osmium
import pytest

from fieldapp.domain.errors import Refusal
from fieldapp.geo.gazetteer import import_file
from fieldapp.geo.geocoding import GazetteerGeocoder
from tests.geo.builders import LODI, Access, street, write_anncsu

STRADARIO = (
    "CODICE_COMUNE;CODICE_ISTAT;PROGRESSIVO_NAZIONALE;CODICE_COMUNALE;ODONIMO;LOCALITA';TOTALE_ACCESSI;"
    "DIZIONE_LINGUA1;DIZIONE_LINGUA2;"
)
COMUNI = "istat,belfiore,nome,provincia,sigla,regione,lat,lon,min_lat,min_lon,max_lat,max_lon,cap"
LODI_LISTED = "098031,E648,Lodi,Lodi,LO,Lombardia,45.31,9.50,45.27,9.43,45.36,9.56,26900"


def quality_of(gazetteer: Path, query: str) -> str:
    return GazetteerGeocoder(gazetteer).answer(query).quality


def write_openaddresses(path: Path, *rows: tuple[float, float, str, str, str]) -> Path:
    lines = ["LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE,ID,HASH"]
    lines += [f"{lon},{lat},{number},{name},,{city},,,26900,," for lat, lon, number, name, city in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def write_features(path: Path, *rows: tuple[float, float, str, str, str]) -> Path:
    features = [
        {
            "type": "Feature",
            "properties": {"number": number, "street": name, "city": city, "postcode": "26900"},
            "geometry": {"type": "Point", "coordinates": [lon, lat]},
        }
        for lat, lon, number, name, city in rows
    ]
    path.write_text("".join(json.dumps(each) + "\n" for each in features))
    return path


def write_osm(path: Path, *rows: tuple[float, float, str, str, str]) -> Path:
    with osmium.SimpleWriter(str(path), overwrite=True) as file:
        for i, (lat, lon, number, name, city) in enumerate(rows, start=1):
            tags = {"addr:housenumber": number, "addr:street": name, "addr:city": city}
            file.add_node(osmium.osm.mutable.Node(id=i, location=(lon, lat), tags=tags))
    return path


ROWS = [(LODI[1], LODI[2], "3", "Via Roma", "Lodi"), (LODI[1], LODI[2] + 0.001, "5/A", "Via Roma", "Lodi")]
WRITERS = {
    "a.csv": (write_openaddresses, "openaddresses"),
    "a.geojson": (write_features, "openaddresses"),
    "a.osm": (write_osm, "osm"),
    "a.osm.pbf": (write_osm, "osm"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_each_format_gives_the_same_answers(tmp_path: Path, name: str) -> None:
    write, format = WRITERS[name]

    summary = import_file(write(tmp_path / name, *ROWS), tmp_path / "gazetteer", format=format)

    assert (summary.rows, summary.streets, summary.house_numbers) == (2, 1, 2)
    assert quality_of(tmp_path / "gazetteer", "Via Roma 5/A, Lodi") == "house_number"


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "zip"])
def test_the_register_is_read_plain_and_packed(tmp_path: Path, ending: str) -> None:
    plain = write_anncsu(tmp_path / "INDIR.csv", *street("VIA ROMA", range(1, 9)))
    file = tmp_path / f"packed.{ending}"
    if ending == "zip":
        with zipfile.ZipFile(file, "w") as archive:
            archive.write(plain, "INDIR_LODI_20260101.csv")
    else:
        file.write_bytes(gzip.compress(plain.read_bytes()) if ending == "csv.gz" else plain.read_bytes())

    summary = import_file(file, tmp_path / "gazetteer", format="anncsu")

    assert summary.house_numbers == 8


@pytest.mark.parametrize("stradario_first", [True, False])
def test_a_stradario_adds_streets_and_takes_no_number_away(tmp_path: Path, stradario_first: bool) -> None:
    stradario = tmp_path / "STRAD.csv"
    rows = ["E648;098031;7;;VIA ROMA;;4;;;", "E648;098031;8;;VICOLO SOLO NOME;;0;;;"]
    stradario.write_text("\ufeff" + "\n".join([STRADARIO, *rows]) + "\n")
    indirizzario = write_anncsu(tmp_path / "INDIR.csv", *street("VIA ROMA", range(1, 9)))
    files = [stradario, indirizzario] if stradario_first else [indirizzario, stradario]

    for file in files:
        import_file(file, tmp_path / "gazetteer", format="anncsu")

    geocoder = GazetteerGeocoder(tmp_path / "gazetteer")
    assert geocoder.answer("Via Roma 5, Lodi").quality == "house_number"
    known = geocoder.answer("Vicolo Solo Nome 5, Lodi")
    assert (known.quality, known.comune) == ("comune", "Lodi")
    assert "geocode.street_without_point" in known.why


def test_a_list_of_comuni_gives_points_and_refuses_what_lies_outside_the_bounds(tmp_path: Path) -> None:
    outside = Access("VIA ROMA", "9", LODI[1] + 0.07, LODI[2])
    numbers = write_anncsu(tmp_path / "INDIR.csv", outside, *street("VIA ROMA", range(1, 9)))
    comuni = tmp_path / "comuni.csv"
    comuni.write_text(f"{COMUNI}\n{LODI_LISTED}\n,,broken\n")

    for order in ([numbers, comuni], [comuni, numbers]):
        gazetteer = tmp_path / order[0].name.split(".")[0]
        refused: dict[str, int] = {}
        for file in order:
            format = "comuni" if file is comuni else "anncsu"
            refused |= import_file(file, gazetteer, format=format).refused

        assert refused == {"gazetteer.point_outside_comune": 1, "gazetteer.row_broken": 1}
        with sqlite3.connect(gazetteer) as db:
            assert db.execute("SELECT sum(count) FROM numbers").fetchone() == (8,)
            assert db.execute("SELECT caps FROM comune WHERE code = 'E648'").fetchone() == ("26900",)


def test_next_months_file_replaces_only_what_the_same_file_held(tmp_path: Path) -> None:
    gazetteer = tmp_path / "gazetteer"
    west, east = (LODI[1], LODI[2], "1", "Via Ovest", "Lodi"), (LODI[1], LODI[2], "1", "Via Est", "Lodi")
    later = (LODI[1], LODI[2], "1", "Via Nuova", "Lodi")
    import_file(write_openaddresses(tmp_path / "west_20260101.csv", west), gazetteer, format="openaddresses")
    import_file(write_openaddresses(tmp_path / "east_20260101.csv", east), gazetteer, format="openaddresses")

    import_file(write_openaddresses(tmp_path / "west_20260201.csv", later), gazetteer, format="openaddresses")

    with sqlite3.connect(gazetteer) as db:
        assert {name for (name,) in db.execute("SELECT name FROM street")} == {"NUOVA", "EST"}


def test_the_registers_method_stays_with_the_number(tmp_path: Path) -> None:
    import_file(write_anncsu(tmp_path / "i.csv", *street("VIA ROMA", range(1, 3))), tmp_path / "g", format="anncsu")
    index = GazetteerGeocoder(tmp_path / "g").index

    assert {number.method for number in index.numbers_of(1)} == {4}


def test_a_comune_that_comes_back_later_in_the_file_keeps_all_its_numbers(tmp_path: Path) -> None:
    codogno = ("C816", 45.16, 9.70)
    rows = [
        *street("VIA ROMA", range(1, 5)),
        *street("VIA LODI", range(1, 3), comune=codogno),
        *street("VIA ROMA", range(5, 9)),
    ]

    summary = import_file(write_anncsu(tmp_path / "i.csv", *rows), tmp_path / "g", format="anncsu")

    assert (summary.streets, summary.house_numbers) == (2, 10)
    with sqlite3.connect(tmp_path / "g") as db:
        assert db.execute("SELECT count FROM numbers ORDER BY count").fetchall() == [(2,), (8,)]


NOT_THAT_FORMAT = [
    # another kind of table
    ("openaddresses", b"a,b\n1,2\n", "gazetteer.not_openaddresses"),
    # JSON, but no features
    ("openaddresses", b'{"a": 1}\n', "gazetteer.not_openaddresses"),
    # text instead of XML
    ("osm", b"hello", "gazetteer.not_osm"),
    # a list of something else
    ("comuni", b"name,code\nLodi,1\n", "gazetteer.not_comuni"),
]


@pytest.mark.parametrize(("format", "content", "code"), NOT_THAT_FORMAT)
def test_a_file_of_another_format_is_refused_and_nothing_is_left(
    tmp_path: Path, format: str, content: bytes, code: str
) -> None:
    file = tmp_path / ("file.osm" if format == "osm" else "file.csv")
    file.write_bytes(content)

    with pytest.raises(Refusal) as refused:
        import_file(file, tmp_path / "gazetteer", format=format)

    assert refused.value.code == code
    assert [p.name for p in tmp_path.iterdir()] == [file.name]
