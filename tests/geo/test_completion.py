"""Completing a half-typed address: what geocoding would answer, the last word taken as the beginning of one."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from geopy.adapters import BaseSyncAdapter
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.geo.completion import comuni_only
from fieldapp.geo.gazetteer import import_anncsu
from fieldapp.geo.gazetteer_index import label_of
from fieldapp.geo.geocoding import GazetteerGeocoder
from tests.geo.builders import LODI, Access, street, write_anncsu

CODOGNO = ("C816", 45.16, 9.70)
IN_LODI, IN_CODOGNO = LODI[1:], CODOGNO[1:]
ROWS = [
    *street("VIA GIUSEPPE GARIBALDI", range(1, 21)),
    *street("VIA ROMA", range(1, 14), north=0.002),
    *street("VIA ROMAGNOSI", range(1, 4), north=0.003),
    *street("VIALE DANTE ALIGHIERI", range(2, 40, 2), north=0.004),
    *street("PIAZZA DANTE ALIGHIERI", range(1, 6), north=0.006),
    *street("VICOLO MUNICIPIO", range(1, 6), north=0.005),
    *street("VIA MUNICIPIO", range(1, 6), north=0.007),
    *street("VIA XX SETTEMBRE", range(1, 12), north=0.008),
    *street("VIA SANT'ANTONIO", range(1, 12), north=0.010),
    *street("VIA SANDRO PERTINI", range(1, 4), north=0.011),
    *street("VIA MARCO POLO", range(1, 4), north=0.012),
    *street("VIA GUGLIELMO MARCONI", range(1, 4), north=0.013),
    *street("VIA GIUSEPPE GARIBALDI", range(1, 9), comune=CODOGNO),
    *street("VIA SOLO QUI", range(1, 9), comune=CODOGNO, north=0.003),
    Access("VIA ROMA", "9", suffix="A", locality="RIOLO", lat=LODI[1] + 0.02),
    Access("VIA SENZA PUNTI", "4", "", ""),
    Access("VIA DELL'ACQUEDOTTO", "3", suffix="BIS"),
    # a gate and a shop of number 7, as some cities publish them
    Access("VIA DEI PORTONI", "7", suffix="P01"),
    Access("VIA DEI PORTONI", "7", suffix="AN02"),
]


@pytest.fixture(scope="module")
def geocoder(tmp_path_factory: pytest.TempPathFactory) -> GazetteerGeocoder:
    folder = tmp_path_factory.mktemp("gazetteer")
    import_anncsu(write_anncsu(folder / "indir.csv", *ROWS), folder / "gazetteer")
    return GazetteerGeocoder(folder / "gazetteer")


COMPLETED = [
    # a word begun, in any place of the street's name
    ("via gari", IN_LODI, "VIA GIUSEPPE GARIBALDI, Lodi (LO)"),
    ("via giuseppe g", IN_LODI, "VIA GIUSEPPE GARIBALDI, Lodi (LO)"),
    ("garib", IN_CODOGNO, "VIA GIUSEPPE GARIBALDI, Codogno (LO)"),
    # the shorter name first where it is whole
    ("via roma", IN_LODI, "VIA ROMA, Lodi (LO)"),
    ("via romag", IN_LODI, "VIA ROMAGNOSI, Lodi (LO)"),
    # articles tell nothing
    ("via dei port", IN_LODI, "VIA DEI PORTONI, Lodi (LO)"),
    ("via dell'acq", IN_LODI, "VIA DELL'ACQUEDOTTO, Lodi (LO)"),
    # the type counts, short or long
    ("p.zza dan", IN_LODI, "PIAZZA DANTE ALIGHIERI, Lodi (LO)"),
    ("vicolo mun", IN_LODI, "VICOLO MUNICIPIO, Lodi (LO)"),
    # a saint's word may become a forename
    ("via san", IN_LODI, "VIA SANT'ANTONIO, Lodi (LO)"),
    ("via sand", IN_LODI, "VIA SANDRO PERTINI, Lodi (LO)"),
    ("via s. ant", IN_LODI, "VIA SANT'ANTONIO, Lodi (LO)"),
    ("via sant'an", IN_LODI, "VIA SANT'ANTONIO, Lodi (LO)"),
    # numbers written as words or figures
    ("via venti sett", IN_LODI, "VIA XX SETTEMBRE, Lodi (LO)"),
    ("via 20 se", IN_LODI, "VIA XX SETTEMBRE, Lodi (LO)"),
    # slips of the pen, in a whole word and in one begun
    ("via giusepe garib", IN_LODI, "VIA GIUSEPPE GARIBALDI, Lodi (LO)"),
    ("via garbial", IN_LODI, "VIA GIUSEPPE GARIBALDI, Lodi (LO)"),
    ("viale dnate", IN_LODI, "VIALE DANTE ALIGHIERI, Lodi (LO)"),
    # two letters that are a province's too begin a word, or name the province
    ("lodi, via marco po", IN_LODI, "VIA MARCO POLO, Lodi (LO)"),
    ("via marco po", IN_LODI, "VIA MARCO POLO, Lodi (LO)"),
    ("via garibaldi, codogno lo", IN_LODI, "VIA GIUSEPPE GARIBALDI, Codogno (LO)"),
    # the comune begun, at the end or ahead, and one that is not near
    ("via garibaldi, cod", IN_LODI, "VIA GIUSEPPE GARIBALDI, Codogno (LO)"),
    ("via garibaldi codogn", None, "VIA GIUSEPPE GARIBALDI, Codogno (LO)"),
    ("lodi via gar", None, "VIA GIUSEPPE GARIBALDI, Lodi (LO)"),
    ("via garibaldi 3, codonio", None, "VIA GIUSEPPE GARIBALDI 3, Codogno (LO)"),
    ("codog", None, "Codogno (LO)"),
    # a street that is nowhere near
    ("via solo q", IN_LODI, "VIA SOLO QUI, Codogno (LO)"),
    ("via solo q", None, "VIA SOLO QUI, Codogno (LO)"),
    # numbers: the one that is spelled, one between its neighbours, one with its letter
    ("via garibaldi 12", IN_LODI, "VIA GIUSEPPE GARIBALDI 12, Lodi (LO)"),
    ("viale dante 13, lod", None, "VIALE DANTE ALIGHIERI 13, Lodi (LO)"),
    ("via dell'acquedotto 3 bi", IN_LODI, "VIA DELL'ACQUEDOTTO 3 BIS, Lodi (LO)"),
    # a gate stands for its number
    ("via dei portoni 7", IN_LODI, "VIA DEI PORTONI 7, Lodi (LO)"),
]


@pytest.mark.parametrize(("typed", "near", "first"), COMPLETED)
def test_a_half_typed_address_is_completed(
    geocoder: GazetteerGeocoder, typed: str, near: tuple[float, float] | None, first: str
) -> None:
    found = geocoder.complete(typed, near=near)

    assert [each.label for each in found][:1] == [first], found


def test_the_numbers_of_a_street_are_offered_once_it_is_certain(geocoder: GazetteerGeocoder) -> None:
    unsure = geocoder.complete("via roma", near=IN_LODI, limit=30)
    sure = geocoder.complete("via giuseppe garibaldi", near=IN_CODOGNO)
    begun = geocoder.complete("via giuseppe garibaldi 1", near=IN_LODI, limit=20)

    assert [each.label for each in unsure][:2] == ["VIA ROMA, Lodi (LO)", "VIA ROMA, RIOLO, Lodi (LO)"]
    assert [each.house_number for each in sure if each.comune == "Codogno"] == ["", *"1234567"]
    assert [each.house_number for each in begun] == ["1", *(str(n) for n in range(10, 20))]
    assert {each.quality for each in begun} == {"house_number"}


def test_what_may_be_chosen_has_a_point_and_what_it_stands_for(geocoder: GazetteerGeocoder) -> None:
    [spelled, *_] = geocoder.complete("viale dante 13 lodi")

    assert (spelled.quality, spelled.street, spelled.house_number) == ("interpolated", "VIALE DANTE ALIGHIERI", "13")
    assert geocoder.complete("via senza punti", near=IN_LODI) == []


LABELS = sorted(
    {
        f"{row.street} {number}{where}, {comune} (LO)"
        for row in ROWS
        if row.lat and not row.street.endswith("PORTONI")
        for number in {"": [row.number], "A": ["9/A"], "BIS": ["3 BIS"]}[row.suffix]
        for where in [f", {row.locality}" if row.locality else ""]
        for comune in [{LODI[0]: "Lodi", CODOGNO[0]: "Codogno"}[row.comune]]
    }
)


@settings(max_examples=150, deadline=None)
@given(label=st.sampled_from(LABELS), near=st.sampled_from([None, IN_LODI, IN_CODOGNO, (41.9, 12.5)]))
def test_a_full_spelled_address_completes_to_itself_first(
    geocoder: GazetteerGeocoder, label: str, near: tuple[float, float] | None
) -> None:
    assert geocoder.complete(label, near=near)[0].label == label
    assert geocoder.complete(label.lower(), near=near)[0].label == label


def test_every_street_of_the_gazetteer_completes_to_itself_first(geocoder: GazetteerGeocoder) -> None:
    for code in (LODI[0], CODOGNO[0]):
        comune = geocoder.index.comune(code)
        assert comune is not None
        for each in geocoder.index.streets_of(code).streets:
            label = label_of(each, comune, "")
            assert each.lat is None or geocoder.complete(label)[0].label == label


@settings(max_examples=150, deadline=None)
@given(label=st.sampled_from(LABELS), cut=st.integers(1, 60), limit=st.integers(1, 8))
def test_what_is_offered_is_short_distinct_and_completes_to_itself(
    geocoder: GazetteerGeocoder, label: str, cut: int, limit: int
) -> None:
    found = geocoder.complete(label[:cut], near=IN_LODI, limit=limit)

    labels = [each.label for each in found]
    assert len(labels) == len(set(labels)) <= limit
    for each in found:
        assert geocoder.complete(each.label, limit=1)[0].label == each.label


NO_ADDRESS = [
    # nothing, blanks, one letter
    *("", "   ", "v"),
    # far too long, in one word and in many
    *("a" * 10_000, "Via Roma " * 1_200),
    # control characters, emoji, another alphabet
    *("\x00\x01\x1b[31m", "💥💥", "улица Ленина 5"),
    # SQL, wildcards and the query words of text engines
    *("'; DROP TABLE street; --", 'NEAR("a" OR *)^2', '"a* AND b"', "street:* NOT x", "%_%", "* * *"),
    # coordinates, a PO box
    *("45.31, 9.50", "Casella postale 12, Lodi"),
]


@pytest.mark.parametrize("text", NO_ADDRESS)
def test_what_is_no_address_is_answered_with_nothing_at_once(geocoder: GazetteerGeocoder, text: str) -> None:
    began = time.perf_counter()

    assert geocoder.complete(text, near=IN_LODI) == []
    assert time.perf_counter() - began < 1


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=80), near=st.sampled_from([None, IN_LODI]))
def test_any_text_is_completed_without_a_fault(
    geocoder: GazetteerGeocoder, text: str, near: tuple[float, float] | None
) -> None:
    assert len(geocoder.complete(text, near=near)) <= 8


class Unplugged(BaseSyncAdapter):  # type: ignore[misc]  # geopy ships no types
    """Raises at the first try to reach the network."""

    def get_json(self, *_args: object, **_kwargs: object) -> object:
        raise AssertionError("the geocoder asked the network")

    get_text = get_json


def test_completing_never_asks_the_network(geocoder: GazetteerGeocoder) -> None:
    geocoder.adapter = Unplugged(proxies=None, ssl_context=None)

    assert geocoder.complete("via gari", near=IN_LODI)


def test_the_largest_comuni_are_read_ahead_also_those_of_a_file_that_takes_the_place(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    import_anncsu(write_anncsu(tmp_path / "indir.csv", *ROWS), first)
    import_anncsu(write_anncsu(tmp_path / "other.csv", *street("VIA NUOVA", range(1, 4), comune=CODOGNO)), second)
    index = GazetteerGeocoder(first).index

    index.hold_large(most=100, least=1)
    before, held = index.held, index.streets_of(LODI[0])
    again = index.streets_of(LODI[0])
    second.replace(first)
    index.refresh()
    for reading in [each for each in threading.enumerate() if each.name == "gazetteer"]:
        reading.join()

    assert (before, index.held) == ((LODI[0], CODOGNO[0]), (CODOGNO[0],))
    assert held is again
    assert [known.name for known in index.streets_of(CODOGNO[0]).streets] == ["NUOVA"]


def test_what_is_read_ahead_fits_into_what_it_may_take(geocoder: GazetteerGeocoder) -> None:
    index = GazetteerGeocoder(geocoder.index.path).index
    both = len(index.streets_of(LODI[0]).streets) + len(index.streets_of(CODOGNO[0]).streets)

    index.hold_large(most=both - 1, least=3)

    assert index.held == (LODI[0],)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("via roma 1, lodi", "Lodi (LO)"),
        # the whole name comes before longer ones, the province tells namesakes apart
        ("Castro (LE)", "Castro (LE)"),
        ("CASTRO BG", "Castro (BG)"),
        ("via dante 3, sant'angelo lod", "Sant'Angelo Lodigiano (LO)"),
        ("reggio nell", "Reggio nell'Emilia (RE)"),
    ],
)
def test_without_a_gazetteer_the_last_words_are_a_comune(typed: str, offered: str) -> None:
    found = comuni_only(typed, limit=8)

    assert (found[0].label, found[0].quality) == (offered, "comune")


@pytest.mark.parametrize("typed", ["", "l", "via roma 12", "\x00", "'; DROP TABLE comune; --", "9" * 5_000])
def test_without_a_gazetteer_what_ends_in_no_comune_is_offered_nothing(typed: str) -> None:
    assert comuni_only(typed, limit=8) == []
