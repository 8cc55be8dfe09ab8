"""How a line is read before anything is looked up: golden rows a postman can check, and what is no address."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.geo.addresses import normalise_line
from fieldapp.geo.questions import read_question, streets_asked

GOLDEN = Path(__file__).parents[1] / "golden" / "addresses.json"
COMUNI = {"LODI", "GENOVA"}


@pytest.mark.parametrize(("written", "posted"), json.loads(GOLDEN.read_text(encoding="utf-8")))
def test_a_line_is_written_the_postal_way_and_stays_so(written: str, posted: str) -> None:
    once = normalise_line(written, is_comune=COMUNI.__contains__).address

    assert once.postal_form == posted
    assert normalise_line(posted, is_comune=COMUNI.__contains__).address == once


READ = [
    # abbreviation, saint's dot, letter, stairs, CAP, province
    ("V.le S.Antonio 12/A sc. B int.3, 03012 Anagni (FR)", "VIALE", "S ANTONIO", 12, "A"),
    # the number marked, the comune ahead
    ("ANAGNI FR VIA DELLA PESCHIERA N.12", "VIA", "DELLA PESCHIERA", 12, ""),
    # a number that belongs to the name
    ("4a, via 4 novembre, Milano", "VIA", "4 NOVEMBRE", 4, "A"),
    ("Via 20 Settembre, Lodi", "VIA", "20 SETTEMBRE", None, ""),
    # a type that begins like a shorter one
    ("Vicolo Municipio 5, Noli", "VICOLO", "MUNICIPIO", 5, ""),
    ("Strada Regionale 6 Casilina 12, Anagni", "STRADA REGIONALE", "6 CASILINA", 12, ""),
    # five digits on a numbered road are its metres, before a comma; a CAP elsewhere stays one
    ("Strada Regionale 6 Casilina 10128, 03012 Anagni (FR)", "STRADA REGIONALE", "6 CASILINA", 10128, ""),
    ("Via Provinciale Lodi 26900, Lodi", "VIA PROVINCIALE", "LODI", None, ""),
    # type and name in one, and a type that is the whole name
    ("VIAROMA 12", "VIA", "ROMA", 12, ""),
    ("Via Provinciale 12", "VIA", "PROVINCIALE", 12, ""),
    # a street named after another street
    ("Traversa Prima di Via Roma 5, Lodi", "TRAVERSA", "PRIMA DI VIA ROMA", 5, ""),
    # who lives there is no part of the street
    ("c/o Rossi Mario, Via Roma 5, Lodi", "VIA", "ROMA", 5, ""),
    # a slip of the pen in the type
    ("Strada Viccinale Dei Dossi 33, Lodi", "STRADA VICINALE", "DEI DOSSI", 33, ""),
    # accesses of a number as a city publishes them
    ("Piazza Luigi Einaudi 3p01, Milano", "PIAZZA", "LUIGI EINAUDI", 3, "P01"),
]


@pytest.mark.parametrize(("line", "kind", "name", "number", "suffix"), READ)
def test_the_street_and_its_number_are_read_out_of_a_line(
    line: str, kind: str, name: str, number: int | None, suffix: str
) -> None:
    readings = streets_asked(read_question(line).tokens)

    assert (kind, name, number, suffix) in [(r.type, " ".join(r.words), r.number, r.suffix) for r in readings[:2]]


NO_ADDRESS = [
    ("", "geocode.no_address"),
    ("Via Roma " * 1_200, "geocode.too_long"),
    ("\x00\x01\x1b[31m", "geocode.no_address"),
    ("💥💥", "geocode.no_address"),
    ("улица Ленина 5", "geocode.no_address"),
    ("Λεωφόρος Αλεξάνδρας 5, Αθήνα", "geocode.no_address"),
    ("45.31, 9.50", "geocode.coordinates"),
    ("45°18'N 9°30'E", "geocode.coordinates"),
    ("Casella postale 12, Lodi", "geocode.po_box"),
    ("P.O. Box 7, Lodi", "geocode.po_box"),
    ("Rue de Rivoli 12, 75001 Paris", "geocode.foreign"),
    ("Bahnhofstrasse 3, CH-6900 Lugano", "geocode.foreign"),
    ("Via Nassa 5, Lugano", "geocode.foreign"),
]


@pytest.mark.parametrize(("line", "trouble"), NO_ADDRESS)
def test_what_is_no_italian_address_is_told_with_its_reason(line: str, trouble: str) -> None:
    assert read_question(line).trouble == trouble


@pytest.mark.parametrize("line", ["Piazzale Lugano 29, Milano", "Via Parigi 3, Lodi", "Viale Londra 5, Roma"])
def test_a_street_named_after_a_foreign_city_is_no_foreign_address(line: str) -> None:
    assert read_question(line).trouble == ""


@given(st.text(max_size=320))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    question = read_question(text)

    assert question.trouble or question.tokens or question.cap
    streets_asked(question.tokens)
