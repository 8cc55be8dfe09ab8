"""Geocoders: our own over the gazetteer's index file, and the register of those that an administrator may choose.

`GazetteerGeocoder` is a geopy `Geocoder` that never opens a connection: debtors' addresses stay in the house. It
settles the comune first, then the street within it, then the number, so a number never outranks the comune.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from geopy.distance import great_circle
from geopy.geocoders.base import DEFAULT_SENTINEL, Geocoder
from geopy.location import Location
from geopy.point import Point

from fieldapp.geo.addresses import LONGEST_LINE, Address, normalise_fields, normalise_line
from fieldapp.geo.gazetteer_index import ComuneFound, GazetteerIndex, StreetFound
from fieldapp.geo.numbers_along import PlacedNumber, place_number
from fieldapp.geo.street_words import CAP_ZONES

QUALITIES = ("house_number", "interpolated", "street", "postcode", "locality", "comune", "none")
"""From best to worst: what the point stands for."""

_BASE = {"house_number": 0.98, "interpolated": 0.75, "street": 0.6, "locality": 0.4, "comune": 0.25}
GOOD_FIT, LEAST_FIT = 0.93, 0.78
"""A street's name fits well from the first, not at all below the second (see `street_keys.similarity`)."""
_CLEAR_LEAD = 0.04
REVERSE_REACH_M = 500.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Where an address is: `lat`, `lon` in degrees or None, `why` as codes with words in the text catalogue."""

    quality: str
    confidence: float
    lat: float | None = None
    lon: float | None = None
    label: str = ""
    comune: str = ""
    comune_code: str = ""
    province: str = ""
    source: str = ""
    why: tuple[str, ...] = ()
    alternatives: tuple[Answer, ...] = field(default=())

    def as_raw(self) -> dict[str, Any]:
        """Plain values for geopy's `Location.raw`."""
        return asdict(self)


class GazetteerGeocoder(Geocoder):  # type: ignore[misc]  # geopy ships no types
    """Geocode Italian addresses on the premises, from the index file that `gazetteer` writes.

    Every `Location.raw` holds what `Answer` holds. `geocode` returns None only where nothing can be said;
    `answer` says why even then.
    """

    def __init__(self, gazetteer_path: Path | str, *, timeout: Any = DEFAULT_SENTINEL) -> None:
        super().__init__(scheme="https", timeout=timeout, user_agent="fieldapp")
        self.index = GazetteerIndex(Path(gazetteer_path))

    def geocode(
        self,
        query: str | Mapping[str, str],
        exactly_one: bool = True,
        timeout: Any = DEFAULT_SENTINEL,  # noqa: ARG002  # geopy's signature; nothing here waits
    ) -> Location | list[Location] | None:
        """The place of an address, given as one line or as fields `street cap comune province locality`."""
        answer = self.answer(query)
        if answer.lat is None:
            return None
        found = [answer, *answer.alternatives]
        return _location(answer) if exactly_one else [_location(each) for each in found if each.lat is not None]

    def reverse(
        self,
        query: Point | str | Sequence[float],
        exactly_one: bool = True,
        timeout: Any = DEFAULT_SENTINEL,  # noqa: ARG002  # geopy's signature; nothing here waits
    ) -> Location | list[Location] | None:
        """The house numbers nearest to a point, at most 500 m away; None where there is none."""
        point = Point(query)
        near = self.index.numbers_near(point.latitude, point.longitude, reach_m=REVERSE_REACH_M)
        if not near:
            return None
        found = [
            Answer(
                quality="house_number",
                confidence=round(max(0.1, 0.95 - distance_m / REVERSE_REACH_M), 3),
                lat=number.lat,
                lon=number.lon,
                label=_label(street, comune, number.text),
                comune=comune.name,
                comune_code=comune.code,
                province=comune.province,
                source=street.source,
                why=("geocode.nearest_number",),
            )
            for distance_m, number, street, comune in near
        ]
        return _location(found[0]) if exactly_one else [_location(each) for each in found]

    def answer(self, query: str | Mapping[str, str]) -> Answer:
        """What can be said of an address, with the reason; never raises for strange text."""
        address = self._address(query)
        if isinstance(address, Answer):
            return address
        comuni, why = self._comuni(address)
        if not comuni:
            return self._without_comune(address) if address.street_name else _nothing("geocode.comune_unknown")
        answers = sorted((self._in_comune(address, c) for c in comuni), key=lambda a: -a.confidence)
        best = answers[0]
        others = (*best.alternatives, *answers[1:])[:5]
        if len(answers) > 1 and answers[1].confidence > best.confidence - 0.1:
            why, best = (*why, "geocode.comune_ambiguous"), _lowered(best, 0.5)
        return _with(best, why=(*why, *best.why), alternatives=others)

    def _address(self, query: str | Mapping[str, str]) -> Address | Answer:
        if isinstance(query, str):
            if len(query) > LONGEST_LINE:
                return _nothing("geocode.too_long")
            if not any(c.isalpha() and c.isascii() for c in query):
                return _nothing("geocode.no_address")
            return normalise_line(query, is_comune=self.index.is_comune).address
        keys = ("cap", "comune", "province", "locality")
        if sum(len(value) for value in query.values()) > LONGEST_LINE:
            return _nothing("geocode.too_long")
        given = {key: query.get(key, "") for key in keys}
        return normalise_fields(query.get("street", ""), **given).address

    def _comuni(self, address: Address) -> tuple[list[ComuneFound], tuple[str, ...]]:
        """The comuni that are meant, the likely ones only; the CAP tells namesakes apart, no more."""
        why: tuple[str, ...] = ()
        found = self.index.comuni_named(address.comune)
        if not found and address.comune:
            found, why = self.index.comuni_like(address.comune), ("geocode.comune_respelled",)
        if address.province and any(c.province == address.province for c in found):
            found = [c for c in found if c.province == address.province]
        elif address.province and found:
            why = (*why, "geocode.province_differs")
        zone = CAP_ZONES.get(address.cap[:2], "").split()
        if len(found) > 1 and any(c.province in zone for c in found):
            found = [c for c in found if c.province in zone]
        return found[:4], why

    def _in_comune(self, address: Address, comune: ComuneFound) -> Answer:
        notes, factor = self._doubts(address, comune)
        if not address.street_name:
            return self._comune_answer(comune, 1.0, (*notes, "geocode.street_not_given"), factor)
        streets = self.index.streets_like(comune.code, address, least=LEAST_FIT)
        placed = [street for street in streets if street.lat is not None]
        if not placed:
            reason = "geocode.street_without_point" if streets else "geocode.street_unknown"
            return self._comune_answer(comune, 1.0, (*notes, reason), factor)
        answers = [self._on_street(address, street, comune, notes, factor) for street in placed[:5]]
        best = answers[0]
        # A namesake of another type (VIA, PIAZZA) is no rival where the type asked for was found.
        typed = placed[0].type == address.street_type
        rivals = [
            s for s in placed[1:] if s.fit >= placed[0].fit - _CLEAR_LEAD and (s.type == placed[0].type or not typed)
        ]
        if rivals:
            best = _with(_lowered(best, 0.6), why=(*best.why, "geocode.street_ambiguous"))
        return _with(best, alternatives=tuple(answers[1:]))

    def _doubts(self, address: Address, comune: ComuneFound) -> tuple[tuple[str, ...], float]:
        zone = CAP_ZONES.get(address.cap[:2], "").split()
        notes, factor = (), comune.fit
        if address.cap and comune.province not in zone:
            return ("geocode.cap_differs",), factor * 0.9
        return notes, factor

    def _comune_answer(self, comune: ComuneFound, scale: float, why: tuple[str, ...], factor: float) -> Answer:
        if comune.lat is None:
            return Answer(
                "none",
                0.0,
                comune=comune.name,
                comune_code=comune.code,
                province=comune.province,
                label=f"{comune.name} ({comune.province})",
                why=(*why, "geocode.comune_without_point"),
            )
        return Answer(
            quality="comune",
            confidence=round(_BASE["comune"] * scale * factor, 3),
            lat=comune.lat,
            lon=comune.lon,
            label=f"{comune.name} ({comune.province})",
            comune=comune.name,
            comune_code=comune.code,
            province=comune.province,
            why=why,
        )

    def _on_street(
        self, address: Address, street: StreetFound, comune: ComuneFound, notes: tuple[str, ...], factor: float
    ) -> Answer:
        why = notes if street.fit == 1.0 else (*notes, "geocode.street_respelled")
        placed = PlacedNumber("street", street.lat or 0.0, street.lon or 0.0, "", "geocode.number_not_given")
        if address.house_number is not None:
            known = self.index.numbers_of(street.id)
            placed = place_number(known, address.house_number, address.suffix) or PlacedNumber(
                "street", street.lat or 0.0, street.lon or 0.0, "", "geocode.number_unknown"
            )
        # A name that fits badly must not look like a sure answer, however well the number fits.
        trust = factor * street.fit ** (1 if street.fit >= GOOD_FIT else 2.5)
        return Answer(
            quality=placed.quality,
            confidence=round(_BASE[placed.quality] * trust * placed.trust, 3),
            lat=placed.lat,
            lon=placed.lon,
            label=_label(street, comune, placed.text),
            comune=comune.name,
            comune_code=comune.code,
            province=comune.province,
            source=street.source,
            why=(*why, placed.why) if placed.why else why,
        )

    def _without_comune(self, address: Address) -> Answer:
        """No comune: only a street whose name exists once in the whole gazetteer may answer, and humbly."""
        streets = self.index.streets_anywhere(address, limit=6)
        answers = []
        for street in streets:
            comune = self.index.comune(street.comune)
            if comune and street.lat is not None:
                answers.append(self._on_street(address, street, comune, ("geocode.comune_not_given",), 0.5))
        if len(answers) == 1:
            return answers[0]
        reason = "geocode.street_in_many_comuni" if answers else "geocode.comune_unknown"
        return _with(_nothing(reason), alternatives=tuple(_lowered(a, 0.5) for a in answers[:5]))


GEOCODERS: dict[str, type[Geocoder]] = {"gazetteer": GazetteerGeocoder}
"""The one table of geocoders by name; a new one is a class and a line here."""


def _nothing(reason: str) -> Answer:
    return Answer("none", 0.0, why=(reason,))


def _with(answer: Answer, **changed: Any) -> Answer:
    return Answer(**{**{name: getattr(answer, name) for name in Answer.__dataclass_fields__}, **changed})


def _lowered(answer: Answer, factor: float) -> Answer:
    return _with(answer, confidence=round(answer.confidence * factor, 3))


def _label(street: StreetFound, comune: ComuneFound, number: str) -> str:
    line = " ".join(part for part in (street.label, number) if part)
    return f"{line}, {comune.name} ({comune.province})"


def _location(answer: Answer) -> Location:
    return Location(answer.label, (answer.lat, answer.lon), answer.as_raw())


def distance_m(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Metres on the great circle between two points in degrees."""
    return float(great_circle(start, end).m)
