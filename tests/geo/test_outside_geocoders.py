"""Other geocoders: only for who accepted it, at their pace, in our terms; and never offline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from geopy.adapters import BaseSyncAdapter
from geopy.exc import GeocoderTimedOut
from geopy.geocoders.base import Geocoder
from geopy.location import Location

from fieldapp.domain.errors import Refusal
from fieldapp.geo.outside_geocoders import OUTSIDE, OutsideAsker

TODAY = 20_000


class Said(Geocoder):  # type: ignore[misc]  # geopy ships no types
    """A service that says what the test put in its mouth, and counts."""

    def __init__(self, raw: dict[str, Any] | Exception) -> None:
        super().__init__(scheme="https", user_agent="test", adapter_factory=Unplugged)
        self.raw, self.asked = raw, 0

    def geocode(self, query: str) -> Location:
        self.asked += 1
        if isinstance(self.raw, Exception):
            raise self.raw
        return Location(query, (45.3, 9.5), self.raw)


class Unplugged(BaseSyncAdapter):  # type: ignore[misc]  # geopy ships no types
    """Raises at the first try to reach the network."""

    def get_json(self, *_args: object, **_kwargs: object) -> object:
        raise AssertionError("the network was asked")

    get_text = get_json


WHAT_THEY_SAY = [
    ("nominatim", {"addresstype": "place", "place_rank": 30}, "house_number"),
    ("nominatim", {"addresstype": "road", "place_rank": 26}, "street"),
    ("nominatim", {"addresstype": "town", "place_rank": 16}, "comune"),
    ("photon", {"properties": {"type": "house", "housenumber": "3"}}, "house_number"),
    ("photon", {"properties": {"type": "street"}}, "street"),
    ("pelias", {"properties": {"layer": "address", "match_type": "interpolated"}}, "interpolated"),
    ("pelias", {"properties": {"layer": "postalcode"}}, "postcode"),
    ("here", {"resultType": "houseNumber", "houseNumberType": "PA"}, "house_number"),
    ("here", {"resultType": "houseNumber", "houseNumberType": "interpolated"}, "interpolated"),
    ("google", {"types": ["street_address"], "geometry": {"location_type": "ROOFTOP"}}, "house_number"),
    ("google", {"types": ["street_address"], "geometry": {"location_type": "RANGE_INTERPOLATED"}}, "interpolated"),
    ("google", {"types": ["route"], "geometry": {"location_type": "GEOMETRIC_CENTER"}}, "street"),
    ("azure", {"type": "Point Address"}, "house_number"),
    ("azure", {"type": "Geography"}, "comune"),
]


@pytest.mark.parametrize(("name", "raw", "quality"), WHAT_THEY_SAY)
def test_their_quality_is_told_in_our_terms(name: str, raw: dict[str, Any], quality: str) -> None:
    asker = OutsideAsker(name, "key", accepts_sending=True, geocoder=Said(raw), sleep=lambda _: None)

    answer = asker.answer("Via Roma 3, Lodi", today=TODAY)

    assert (answer.quality, answer.source) == (quality, name)
    assert answer.why == ("geocode.asked_outside",)


@pytest.mark.parametrize("name", sorted(OUTSIDE))
def test_no_service_is_asked_unless_sending_addresses_was_accepted(name: str) -> None:
    with pytest.raises(Refusal) as refused:
        OutsideAsker(name, "key", accepts_sending=False)

    assert refused.value.code == "geocode.outside_not_accepted"


@pytest.mark.parametrize("name", sorted(OUTSIDE))
def test_every_service_of_the_table_is_a_geopy_geocoder(name: str) -> None:
    assert isinstance(OutsideAsker(name, "key.example.org", accepts_sending=True).geocoder, Geocoder)


def test_a_service_nobody_knows_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        OutsideAsker("mapquest", "key", accepts_sending=True)

    assert refused.value.code == "geocode.outside_unknown"


def test_questions_go_out_at_the_pace_that_the_policy_asks() -> None:
    waited: list[float] = []
    asker = OutsideAsker(
        "nominatim",
        "x",
        accepts_sending=True,
        geocoder=Said({"place_rank": 30}),
        clock=lambda: 0.0,
        sleep=waited.append,
    )

    asker.answer("Via Roma 3, Lodi", today=TODAY)
    asker.answer("Via Roma 4, Lodi", today=TODAY)

    assert waited == [1.0]


def test_an_answer_is_kept_as_long_as_the_policy_allows_and_the_file_names_no_address(tmp_path: Path) -> None:
    said = Said({"place_rank": 30, "addresstype": "place"})
    asker = OutsideAsker(
        "nominatim", "x", accepts_sending=True, geocoder=said, cache=tmp_path / "kept", sleep=lambda _: None
    )

    for day in (TODAY, TODAY + 30, TODAY + 31):
        asker.answer("Via Garibaldi 3, Lodi", today=day)

    assert said.asked == 2
    digest_only = OutsideAsker("google", "x", accepts_sending=True, geocoder=said, cache=tmp_path / "none")
    digest_only.answer("Via Garibaldi 3, Lodi", today=TODAY)
    assert not (tmp_path / "none").exists()


def test_a_service_that_does_not_answer_is_a_reason_not_a_fault() -> None:
    asker = OutsideAsker("photon", "x", accepts_sending=True, geocoder=Said(GeocoderTimedOut()), sleep=lambda _: None)

    answer = asker.answer("Via Roma 3, Lodi", today=TODAY)

    assert (answer.quality, answer.why) == ("none", ("geocode.other_source_failed",))
