"""Geocoding: the comune first, then the street, then the number; and every doubt is said."""

from __future__ import annotations

import pytest
from geopy.adapters import BaseSyncAdapter
from geopy.geocoders.base import Geocoder
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.geo.gazetteer import import_anncsu
from fieldapp.geo.geocoding import GEOCODERS, QUALITIES, GazetteerGeocoder, distance_m
from tests.geo.builders import LODI, Access, street, write_anncsu

CODOGNO = ("C816", 45.16, 9.70)


@pytest.fixture(scope="module")
def geocoder(tmp_path_factory: pytest.TempPathFactory) -> GazetteerGeocoder:
    folder = tmp_path_factory.mktemp("gazetteer")
    rows = [
        *street("VIA GIUSEPPE GARIBALDI", range(1, 21)),
        *street("VIALE DANTE ALIGHIERI", range(2, 40, 2), north=0.004),
        *street("PIAZZA DANTE ALIGHIERI", range(1, 6), north=0.006),
        *street("VIA XXV APRILE", range(1, 12), north=0.008),
        *street("VIA SANT'ANTONIO", range(1, 12), north=0.010),
        *street("VIA GIUSEPPE GARIBALDI", range(1, 9), comune=CODOGNO),
        *street("VIA SOLO QUI", range(1, 9), comune=CODOGNO, north=0.003),
        *street("STRADA PROVINCIALE 23 PAULLESE", range(12_000, 12_500, 100), north=0.012),
        Access("VIA SENZA PUNTI", "4", "", ""),
        Access("VIA SCILIAR", "7", LODI[1], LODI[2] + 0.01, suffix="A", other_name="SCHLERNSTRASSE"),
    ]
    import_anncsu(write_anncsu(folder / "indir.csv", *rows), folder / "gazetteer")
    return GazetteerGeocoder(folder / "gazetteer")


FOUND_TO_THE_NUMBER = [
    "Via Giuseppe Garibaldi 12, 26900 Lodi (LO)",
    "v. garibaldi 12 lodi",
    "VIA G. GARIBALDI 12 LODI LO",
    "Lodi, Via Giuseppe Garibaldi 12",
    "Via Giuseppe Garibbaldi 12, Lodi",
    "26900 LODI VIA GARIBALDI GIUSEPPE 12",
]


@pytest.mark.parametrize("query", FOUND_TO_THE_NUMBER)
def test_an_address_is_found_to_the_number_however_it_is_written(geocoder: GazetteerGeocoder, query: str) -> None:
    location = geocoder.geocode(query)

    assert location is not None
    assert location.raw["quality"] == "house_number"
    assert distance_m((location.latitude, location.longitude), (LODI[1], LODI[2] + 11 * 0.00025)) < 1


WHAT_IS_SAID = [
    # the number lies between known ones of its side
    ("Viale Dante Alighieri 13, Lodi", "interpolated", "geocode.number_interpolated"),
    # a country road numbered by the metre, asked by number and by kilometre; a street that is not, by kilometre
    ("Strada Provinciale 23 Paullese 12150, Lodi", "interpolated", "geocode.number_interpolated"),
    ("S.P. 23 Paullese km 12,150, Lodi", "interpolated", "geocode.number_interpolated"),
    ("Viale Dante Alighieri km 12,150, Lodi", "street", "geocode.number_unknown"),
    # far beyond the last known number
    ("Via Garibaldi 400, Lodi", "street", "geocode.number_unknown"),
    # no number asked for
    ("Via Garibaldi, Lodi", "street", "geocode.number_not_given"),
    # a street that the comune does not have
    ("Via Wolfgang Mozart 3, Lodi", "comune", "geocode.street_unknown"),
    # a street without a point
    ("Via Senza Punti 4, Lodi", "comune", "geocode.street_without_point"),
    # only the comune
    ("Lodi", "comune", "geocode.street_not_given"),
    # a CAP from the other end of Italy is a hint, no proof
    ("Via Garibaldi 12, 90100 Lodi", "house_number", "geocode.cap_differs"),
    # a province that the comune is not in
    ("Via Garibaldi 12, Lodi (PA)", "house_number", "geocode.province_differs"),
    # a comune with a typo
    ("Via Garibaldi 3, Codonio", "house_number", "geocode.comune_respelled"),
    # the same number without the letter that was asked for
    ("Via Garibaldi 12/C, Lodi", "interpolated", "geocode.suffix_unknown"),
    # no comune, but the street exists once
    ("Via Solo Qui 3", "house_number", "geocode.comune_not_given"),
    # no comune, and the street is in two
    ("Via Giuseppe Garibaldi 3", "none", "geocode.street_in_many_comuni"),
]


@pytest.mark.parametrize(("query", "quality", "reason"), WHAT_IS_SAID)
def test_the_answer_says_what_it_stands_for_and_why(
    geocoder: GazetteerGeocoder, query: str, quality: str, reason: str
) -> None:
    answer = geocoder.answer(query)

    assert (answer.quality, reason in answer.why) == (quality, True), answer


NO_ADDRESS = [
    # nothing
    "",
    # far too long
    "Via Roma " * 1_200,
    # control characters
    "\x00\x01\x1b[31m",
    # emoji and another alphabet
    "💥💥",
    "улица Ленина 5",
    # SQL and the query words of text engines
    "'; DROP TABLE street; --",
    'NEAR("a" OR *)^2',
    # coordinates as text
    "45.31, 9.50",
]


@pytest.mark.parametrize("query", NO_ADDRESS)
def test_what_is_no_address_gets_no_place_but_a_reason(geocoder: GazetteerGeocoder, query: str) -> None:
    answer = geocoder.answer(query)

    assert answer.quality == "none"
    assert answer.lat is None
    assert answer.why
    assert geocoder.geocode(query) is None


def test_a_number_never_outranks_the_comune(geocoder: GazetteerGeocoder) -> None:
    # Number 15 of Via Garibaldi exists in Lodi only; the question names Codogno.
    answer = geocoder.answer("Via Giuseppe Garibaldi 15, Codogno")

    assert answer.comune == "Codogno"
    assert answer.quality != "house_number"


def test_the_street_type_asked_for_wins_over_a_namesake(geocoder: GazetteerGeocoder) -> None:
    answer = geocoder.answer("P.zza Dante Alighieri 4, Lodi")

    assert answer.label.startswith("PIAZZA")
    assert [other.label.split()[0] for other in answer.alternatives] == ["VIALE"]


@pytest.mark.parametrize("query", ["Via 25 Aprile 3, Lodi", "via venticinque aprile 3, lodi", "VIA XXV APRILE 3 LODI"])
def test_roman_arabic_and_written_out_dates_are_the_same_street(geocoder: GazetteerGeocoder, query: str) -> None:
    assert geocoder.answer(query).confidence > 0.9


def test_a_street_is_found_by_its_name_in_the_other_language(geocoder: GazetteerGeocoder) -> None:
    assert geocoder.answer("Schlernstrasse 7/A, Lodi").quality == "house_number"


def test_fields_and_line_give_the_same_answer(geocoder: GazetteerGeocoder) -> None:
    fields = {"street": "Via S. Antonio, 5", "cap": "26900", "comune": "LODI", "province": "LO"}

    assert geocoder.answer(fields) == geocoder.answer("Via S. Antonio 5, 26900 Lodi (LO)")


def test_reverse_names_the_nearest_number(geocoder: GazetteerGeocoder) -> None:
    location = geocoder.reverse((LODI[1] + 0.00003, LODI[2] + 11 * 0.00025))

    assert location is not None
    assert location.address == "VIA GIUSEPPE GARIBALDI 12, Lodi (LO)"


def test_reverse_says_nothing_where_no_number_is_near(geocoder: GazetteerGeocoder) -> None:
    assert geocoder.reverse((44.0, 10.0)) is None


@settings(max_examples=60)
@given(number=st.integers(1, 20), at=st.integers(5, 22), letter=st.sampled_from("AEIORTN"))
def test_a_typo_in_the_street_never_moves_the_comune(
    geocoder: GazetteerGeocoder, number: int, at: int, letter: str
) -> None:
    name = "Via Giuseppe Garibaldi"
    noisy = name[:at] + letter + name[at + 1 :]

    answer = geocoder.answer(f"{noisy} {number}, Lodi")

    assert answer.comune_code == LODI[0]
    assert answer.quality in QUALITIES
    assert 0 < answer.confidence <= 1


class Unplugged(BaseSyncAdapter):  # type: ignore[misc]  # geopy ships no types
    """Raises at the first try to reach the network."""

    def get_json(self, *_args: object, **_kwargs: object) -> object:
        raise AssertionError("the geocoder asked the network")

    get_text = get_json


@pytest.mark.parametrize("name", sorted(GEOCODERS))
def test_every_geocoder_of_the_register_is_a_geopy_geocoder(name: str) -> None:
    assert issubclass(GEOCODERS[name], Geocoder)


def test_the_gazetteer_never_asks_the_network(geocoder: GazetteerGeocoder) -> None:
    geocoder.adapter = Unplugged(proxies=None, ssl_context=None)

    assert geocoder.geocode("Via Garibaldi 3, Lodi") is not None
    assert geocoder.reverse((LODI[1], LODI[2])) is not None
