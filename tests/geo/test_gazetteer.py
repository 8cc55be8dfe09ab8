"""The gazetteer's import: what is kept, what is refused, what a reader sees meanwhile."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from fieldapp.domain.errors import Refusal
from fieldapp.geo.comuni import all_comuni, comuni_of, holes
from fieldapp.geo.gazetteer import import_anncsu
from fieldapp.geo.gazetteer_index import GazetteerIndex
from fieldapp.geo.gazetteer_rows import ANNCSU_COLUMNS
from tests.geo.builders import LODI, ROME_POINT, Access, street, write_anncsu

REFUSED_POINTS = [
    # zero point, as registers publish where nobody measured
    (Access("VIA ROMA", "1", 0.0, 0.0), "gazetteer.point_zero"),
    # no point at all
    (Access("VIA ROMA", "1", "", ""), "gazetteer.point_missing"),
    # text instead of degrees
    (Access("VIA ROMA", "1", "nord", "est"), "gazetteer.point_unreadable"),
    # latitude and longitude swapped
    (Access("VIA ROMA", "1", LODI[2], LODI[1]), "gazetteer.point_outside_comune"),
    # a point in Rome for a number in Lodi
    (Access("VIA ROMA", "1", *ROME_POINT), "gazetteer.point_outside_comune"),
    # a comune that does not exist
    (Access("VIA ROMA", "1", comune="Z999"), "gazetteer.comune_unknown"),
    # a number without a street
    (Access("", "1"), "gazetteer.street_missing"),
]


@pytest.mark.parametrize(("row", "reason"), REFUSED_POINTS)
def test_a_point_that_cannot_be_right_is_refused_and_counted(tmp_path: Path, row: Access, reason: str) -> None:
    file = write_anncsu(tmp_path / "indir.csv", row, *street("VIA MILANO", range(1, 9)))

    summary = import_anncsu(file, tmp_path / "gazetteer")

    assert summary.refused == {reason: 1}
    assert summary.house_numbers == 8


def test_what_an_import_held_of_a_comune_is_replaced_by_the_next(tmp_path: Path) -> None:
    gazetteer = tmp_path / "gazetteer"
    codogno = ("C816", 45.16, 9.70)
    import_anncsu(write_anncsu(tmp_path / "1.csv", *street("VIA VECCHIA", range(1, 5))), gazetteer)
    import_anncsu(write_anncsu(tmp_path / "2.csv", *street("VIA LODI", range(1, 5), comune=codogno)), gazetteer)

    import_anncsu(write_anncsu(tmp_path / "3.csv", *street("VIA NUOVA", range(1, 5))), gazetteer)

    with sqlite3.connect(gazetteer) as db:
        assert {name for (name,) in db.execute("SELECT name FROM street")} == {"NUOVA", "LODI"}
        assert db.execute("SELECT sum(count) FROM numbers").fetchone() == (8,)


def test_a_refused_file_leaves_the_old_gazetteer_and_no_draft(tmp_path: Path) -> None:
    gazetteer = tmp_path / "gazetteer"
    import_anncsu(write_anncsu(tmp_path / "good.csv", *street("VIA ROMA", range(1, 5))), gazetteer)
    before = gazetteer.read_bytes()
    bad = tmp_path / "bad.csv"
    bad.write_text("CODICE_COMUNE;ODONIMO\nE648;VIA ROMA\n")

    with pytest.raises(Refusal) as refused:
        import_anncsu(bad, gazetteer)

    assert refused.value.code == "gazetteer.not_anncsu"
    assert gazetteer.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.csv", "gazetteer", "good.csv"]


UNUSABLE_FILES = [
    # nothing at all
    (b"", "gazetteer.empty"),
    # only the header
    (";".join(ANNCSU_COLUMNS).encode() + b"\n", "gazetteer.empty"),
    # Windows-1252 instead of UTF-8
    (";".join(ANNCSU_COLUMNS).encode() + "\nE648;;;;VIA CITTÀ".encode("cp1252"), "gazetteer.not_utf8"),
    # another file
    (b"%PDF-1.7\nxx", "gazetteer.not_anncsu"),
]


@pytest.mark.parametrize(("content", "code"), UNUSABLE_FILES)
def test_an_unusable_file_is_refused_with_its_reason(tmp_path: Path, content: bytes, code: str) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(content)

    with pytest.raises(Refusal) as refused:
        import_anncsu(file, tmp_path / "gazetteer")

    assert refused.value.code == code
    assert not (tmp_path / "gazetteer").exists()


def test_a_broken_row_costs_only_itself(tmp_path: Path) -> None:
    file = write_anncsu(tmp_path / "indir.csv", *street("VIA ROMA", range(1, 5)))
    file.write_text(file.read_text() + "E648;only;three\n")

    summary = import_anncsu(file, tmp_path / "gazetteer")

    assert summary.refused == {"gazetteer.row_broken": 1}
    assert summary.house_numbers == 4


def test_a_reader_sees_the_next_import_by_itself(tmp_path: Path) -> None:
    gazetteer = tmp_path / "gazetteer"
    import_anncsu(write_anncsu(tmp_path / "1.csv", *street("VIA ROMA", range(1, 5))), gazetteer)
    index = GazetteerIndex(gazetteer)
    assert len(index.sources()) == 1

    import_anncsu(write_anncsu(tmp_path / "2.csv", *street("VIA ROMA", range(1, 5))), gazetteer, source="Next")

    assert [source["name"] for source in index.sources()] == ["ANNCSU", "Next"]


def test_a_gazetteer_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused:
        GazetteerIndex(tmp_path / "none")

    assert refused.value.code == "gazetteer.missing"


def test_another_file_is_no_gazetteer(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"something else entirely")

    with pytest.raises(Refusal) as refused:
        GazetteerIndex(tmp_path / "other")

    assert refused.value.code == "gazetteer.other_version"


def test_nearly_all_comuni_have_a_point_and_the_others_are_listed() -> None:
    comuni = all_comuni()

    assert len(comuni) > 7_800
    assert len(holes(comuni)) < 320
    assert {c.name for c in holes(comuni_of("LO"))} >= {"Castelgerundo"}


def test_a_merged_comuni_name_leads_to_the_one_that_took_it_and_to_none_where_that_is_not_sure() -> None:
    former = {comune.name: comune.former_names for comune in all_comuni()}

    assert {"Abetone", "Cutigliano"} <= set(former["Abetone Cutigliano"])
    # founded on one day in one province, one of them without a point: no guess
    assert not {"Lenno", "Mezzegra", "Ossuccio", "Tremezzo"} & {n for names in former.values() for n in names}


def test_namesakes_are_joined_to_their_own_province() -> None:
    by_code = {comune.code: comune for comune in all_comuni()}

    # Samone of Trento and Samone of Torino; Livo of Como and Livo of Trento
    for code in ("H754", "H753", "E623", "E624"):
        comune = by_code[code]
        if comune.lat is not None and comune.lon is not None:
            assert (comune.lon > 10.5) == (comune.province == "TN")
