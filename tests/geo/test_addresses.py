"""Normalisation as a postman reads it: what was written, what the envelope should say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.geo.addresses import Address, fold, normalise_fields, normalise_line

COMUNI = {"LODI", "LODI VECCHIO", "SANT ANGELO LODIGIANO", "GENOVA"}


def is_comune(folded: str) -> bool:
    return folded in COMUNI


AS_WRITTEN_AND_AS_POSTED = [
    # short street types
    ("V.le Garibaldi 12, 26900 Lodi (LO)", "VIALE GARIBALDI 12, 26900 LODI (LO)"),
    ("p.zza  duomo 3, 26900 lodi", "PIAZZA DUOMO 3, 26900 LODI"),
    ("C.SO ROMA 7/A, LODI", "CORSO ROMA 7/A, LODI"),
    ("L.go Donatori 1 - 26900 Lodi LO", "LARGO DONATORI 1, 26900 LODI (LO)"),
    ("P.LE STAZIONE 4, LODI", "PIAZZALE STAZIONE 4, LODI"),
    # saints: by their first letter, by their sex, by the consonants
    ("via s. antonio 5, Lodi", "VIA SANT'ANTONIO 5, LODI"),
    ("Via S.Lucia 5, Lodi", "VIA SANTA LUCIA 5, LODI"),
    ("Via S. Stefano 5, Lodi", "VIA SANTO STEFANO 5, LODI"),
    ("Via S. Rocco 5, Lodi", "VIA SAN ROCCO 5, LODI"),
    ("VIA SS. TRINITA' 4, LODI", "VIA SANTISSIMA TRINITÀ 4, LODI"),
    # short words in names, elisions, apostrophes for accents
    ("via F.lli Cairoli 12, Lodi", "VIA FRATELLI CAIROLI 12, LODI"),
    ("Via dell’ Acqua 3, Lodi", "VIA DELL'ACQUA 3, LODI"),
    ("VIA SANT ANGELO 3, LODI", "VIA SANT'ANGELO 3, LODI"),
    ("via ca' bianca 3, Lodi", "VIA CA' BIANCA 3, LODI"),
    # numbers: marked, with letters, bis, ranges, red ones, none, kilometres
    ("Via Roma n° 3, Lodi", "VIA ROMA 3, LODI"),
    ("Via Roma, 12, Lodi", "VIA ROMA 12, LODI"),
    ("Via Roma 12a, Lodi", "VIA ROMA 12/A, LODI"),
    ("Via Roma 3 bis, Lodi", "VIA ROMA 3 BIS, LODI"),
    ("Via Roma 3-5, Lodi", "VIA ROMA 3, LODI"),
    ("Via Roma 12 rosso, Genova", "VIA ROMA 12 ROSSO, GENOVA"),
    ("via roma s.n.c., lodi", "VIA ROMA SNC, LODI"),
    ("S.P. 23 km 12,300, Lodi", "STRADA PROVINCIALE 23 KM 12+300, LODI"),
    # numbers that belong to the name
    ("Via 25 Aprile 12, Lodi", "VIA 25 APRILE 12, LODI"),
    ("Via 7 luglio 1960 15, Lodi", "VIA 7 LUGLIO 1960 15, LODI"),
    ("VIA XXV APRILE 3, LODI", "VIA XXV APRILE 3, LODI"),
    ("Strada comunale San Filippo 20, Lodi", "STRADA COMUNALE SAN FILIPPO 20, LODI"),
    # street types that are the whole name
    ("Via Prov.le 12, Lodi", "VIA PROVINCIALE 12, LODI"),
    ("Case sparse 7, Lodi", "CASE SPARSE 7, LODI"),
    # stairs, floor, flat, "presso"
    ("Via Roma 12 sc. B p. 3 int. 5, Lodi", "VIA ROMA 12, SCALA B PIANO 3 INTERNO 5, LODI"),
    ("Via della Scala 12, Lodi", "VIA DELLA SCALA 12, LODI"),
    ("c/o Rossi Mario, Via Roma 7, Lodi", "PRESSO ROSSI MARIO, VIA ROMA 7, LODI"),
    # localities and swapped order
    ("Loc. Muzza 4, 26900 Lodi", "LOCALITÀ MUZZA 4, 26900 LODI"),
    ("VIA ROMA 4 FRAZ. RIOLO, 26900 LODI", "VIA ROMA 4, FRAZIONE RIOLO, 26900 LODI"),
    ("26900 Lodi via Roma 12", "VIA ROMA 12, 26900 LODI"),
    ("Lodi, Via Roma 12", "VIA ROMA 12, LODI"),
    ("12, via Roma, Lodi", "VIA ROMA 12, LODI"),
    # no comma before the comune: its name must be known
    ("via roma lodi vecchio", "VIA ROMA, LODI VECCHIO"),
    ("Via Roma 12 Lodi Vecchio LO", "VIA ROMA 12, LODI VECCHIO (LO)"),
]


@pytest.mark.parametrize(("written", "posted"), AS_WRITTEN_AND_AS_POSTED)
def test_a_line_becomes_what_the_post_expects(written: str, posted: str) -> None:
    assert normalise_line(written, is_comune=is_comune).address.postal_form == posted


@pytest.mark.parametrize("written", [written for written, _ in AS_WRITTEN_AND_AS_POSTED])
def test_normalising_twice_changes_nothing(written: str) -> None:
    once = normalise_line(written, is_comune=is_comune).address

    assert normalise_line(once.postal_form, is_comune=is_comune).address == once


words = st.sampled_from(
    ["ROMA", "GARIBALDI", "GIUSEPPE", "DELLA", "LIBERTÀ", "SANTO", "STEFANO", "D'AZEGLIO", "DON", "XX", "SETTEMBRE"]
)
addresses = st.builds(
    Address,
    street_type=st.sampled_from(["VIA", "VIALE", "PIAZZA", "STRADA PROVINCIALE", "CASCINA", "LARGO"]),
    street_name=st.lists(words, min_size=1, max_size=4).map(" ".join),
    house_number=st.integers(1, 1699),
    suffix=st.sampled_from(["", "A", "B", "BIS", "R", "ROSSO", "BIS/A"]),
    staircase=st.sampled_from(["", "A", "2"]),
    floor=st.sampled_from(["", "3", "TERRA"]),
    unit=st.sampled_from(["", "5", "12"]),
    locality=st.sampled_from(["", "FRAZIONE RIOLO", "LOCALITÀ MUZZA"]),
    cap=st.sampled_from(["", "26900"]),
    comune=st.sampled_from(["LODI", "LODI VECCHIO", "SANT'ANGELO LODIGIANO"]),
    province=st.sampled_from(["", "LO"]),
)


@given(addresses)
def test_the_postal_form_of_any_address_reads_back_as_the_same_address(address: Address) -> None:
    assert normalise_line(address.postal_form, is_comune=is_comune).address == address


@given(st.text(max_size=400))
def test_any_text_at_all_is_taken_without_a_fault(text: str) -> None:
    normalise_line(text, is_comune=is_comune)
    normalise_fields(text, cap=text[:6], comune=text[:20], province=text[:3])


@given(st.text(max_size=80))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_what_was_changed_is_listed() -> None:
    changes = normalise_line("v.le s. rocco 3-5, 26900 Lodi").changes

    assert {change.code for change in changes} >= {
        "address.street_type",
        "address.street_name",
        "address.number_range",
    }


def test_the_fields_of_a_file_keep_their_meaning() -> None:
    address = normalise_fields("P.zza Duomo 3 int 2", cap="6900", comune="Lodi (LO)", province="").address

    assert (address.street, address.number, address.unit) == ("PIAZZA DUOMO", "3", "2")
    assert (address.cap, address.comune, address.province) == ("06900", "LODI", "LO")


def test_a_line_that_is_no_address_by_its_length_is_empty() -> None:
    assert normalise_line("A" * 10_000).address == Address()
