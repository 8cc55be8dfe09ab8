"""Geocoders: our own over the gazetteer's index file, and the register of those that an administrator may choose.

`GazetteerGeocoder` is a geopy `Geocoder` that never opens a connection: debtors' addresses stay in the house. It
weighs every reading of a line, comune first, then the street within it, then the number, so a number never outranks
the comune.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from geopy.distance import great_circle
from geopy.geocoders.base import DEFAULT_SENTINEL, Geocoder
from geopy.location import Location
from geopy.point import Point

from fieldapp.geo.addresses import LONGEST_LINE
from fieldapp.geo.completion import Completion, completions
from fieldapp.geo.comune_match import ComuneGuess, guesses, without
from fieldapp.geo.confidence import house_probability, place_probability, street_probability
from fieldapp.geo.gazetteer_index import GazetteerIndex, label_of
from fieldapp.geo.numbers_along import PlacedNumber, place_metre, place_number
from fieldapp.geo.questions import Question, StreetAsked, metres_along, read_question, streets_asked
from fieldapp.geo.street_keys import name_key
from fieldapp.geo.street_match import STREET_WORTH, Evidence, Match
from fieldapp.geo.street_words import ARTICLES, CAP_ZONES, REGION_OF_PROVINCE

QUALITIES = ("house_number", "interpolated", "street", "postcode", "locality", "comune", "none")
"""From best to worst: what the point stands for."""

LEAST_STREET = 0.5
"""A street less likely than this is not answered with: the comune is."""

REVERSE_REACH_M = 500.0
_CLOSE_EVIDENCE, _TRIED_COMUNI, _TRIED_READINGS = 2.6, 4, 3
_ALIKE = 0.07
_STREET_HIT, _LOCALITY_HIT, _CAP_HIT, _COMUNE_HIT = 0.25, 0.08, 0.06, 0.03
"""How often a street's, a locality's, a CAP's, a comune's point is within 50 m of the door."""


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
                label=label_of(street, comune, number.text),
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
        self.index.refresh()
        question = read_question(query if isinstance(query, str) else _line(query))
        if question.trouble:
            return _nothing(question.trouble)
        readings = self._readings(question)
        if not readings:
            return self._without_comune(question)
        best = max(readings, key=lambda reading: reading.worth)
        return self._answer(question, best, readings)

    def complete(self, text: str, *, near: tuple[float, float] | None = None, limit: int = 8) -> list[Completion]:
        """What a half-typed address may become, the likeliest first; nothing for text that is no address.

        The last word is taken as the beginning of one. `near` (degrees) stands in for a comune that is not named yet.
        """
        self.index.refresh()
        return completions(self.index, text, near=near, limit=limit)

    def judge(self, query: str) -> Judged | None:
        """The likeliest street of a line with its evidence, for fitting the confidence; None without any street."""
        question = read_question(query)
        readings = [] if question.trouble else self._readings(question)
        best = max(readings, key=lambda reading: reading.worth, default=None)
        if best is None or not best.matches or best.asked is None:
            return None
        top, asked = best.matches[0].street, best.asked
        known = self.index.numbers_of(*top.ids)
        placed = place_number(known, asked.number, asked.suffix) if asked.number is not None else None
        features = street_features(best, readings)
        return Judged(best.guess.comune.code, top.type, " ".join(top.names[0]), features, placed)

    def _readings(self, question: Question) -> list[_Reading]:
        """Every comune that may be meant with the street that fits best there."""
        found = guesses(question, self.index)[: _TRIED_COMUNI + 2]
        readings: list[_Reading] = []
        for guess in found:
            if guess.evidence < found[0].evidence - _CLOSE_EVIDENCE or len(readings) >= _TRIED_COMUNI:
                break
            readings.append(self._read(question, guess))
        return readings

    def _read(self, question: Question, guess: ComuneGuess) -> _Reading:
        streets = self.index.streets_of(guess.comune.code)
        best: _Reading | None = None
        options = streets_asked(without(question, guess))
        along_m = metres_along(question.km)
        for at, asked in enumerate(each._replace(along_m=along_m) for each in options[:_TRIED_READINGS]):
            extra = " ".join(asked.extra)
            matches = self._numbered_first(asked, streets.matches(asked.type, asked.words, locality=extra)[:6])
            fit = matches[0].fit if matches else 0.0
            worth = guess.evidence + STREET_WORTH * fit - 0.05 * at
            if best is None or worth > best.worth:
                best = _Reading(guess, asked, tuple(matches), worth)
            if fit > 0.99:
                break
        return best or _Reading(guess, None, (), guess.evidence + 0.8 * STREET_WORTH)

    def _numbered_first(self, asked: StreetAsked, matches: list[Match]) -> list[Match]:
        """Of namesakes that fit alike (another type, another part of the comune) the one that has the number."""
        if asked.number is None or len(matches) < 2:
            return matches
        top = matches[0]
        alike = [m for m in matches if m.fit > top.fit - _ALIKE and m.evidence.known > top.evidence.known - 0.02]
        if len(alike) < 2 or (top.evidence.type_differs == 0 and alike[1].evidence.type_differs > 0):
            return matches
        held = [any(k.number == asked.number for k in self.index.numbers_of(*m.street.ids)) for m in alike]
        if sum(held) != 1:
            return matches
        chosen = alike[held.index(True)]
        # The number tells namesakes apart, yet not for sure: the rival stays close behind.
        rest = [m._replace(fit=min(m.fit, top.fit - 0.05)) if m in alike else m for m in matches if m is not chosen]
        return [chosen._replace(fit=top.fit), *rest]

    def _answer(self, question: Question, best: _Reading, readings: Sequence[_Reading]) -> Answer:
        comune = best.guess.comune
        notes = self._notes(question, best, readings)
        others = [self._at_best(question, reading, ()) for reading in readings if reading is not best]
        if best.asked is None:
            return self._in_comune(question, best, (*notes, "geocode.street_not_given"), others)
        features = street_features(best, readings)
        likely = street_probability(features) if best.matches else 0.0
        if likely < LEAST_STREET:
            rest = [self._on_street(best, match, 0.2, ()) for match in best.matches[:3] if match.fit > 0.6]
            return self._in_comune(question, best, (*notes, "geocode.street_unknown"), [*rest, *others])
        top = best.matches[0]
        if top.street.lat is None:
            known = self._in_comune(question, best, (*notes, "geocode.street_without_point"), others)
            return _with(known, label=label_of(top.street, comune, ""))
        doubts = _doubts(top, features)
        answer = self._on_street(best, top, likely, (*notes, *doubts))
        rivals = [self._on_street(best, m, likely * m.fit / 2, ()) for m in best.matches[1:4] if m.fit > top.fit - 0.25]
        placed = [other for other in (*rivals, *others) if other.lat is not None]
        return _with(answer, alternatives=tuple(sorted(placed, key=lambda a: -a.confidence)[:5]))

    def _at_best(self, question: Question, reading: _Reading, why: tuple[str, ...]) -> Answer:
        if reading.matches and reading.matches[0].fit > 0.8 and reading.matches[0].street.lat is not None:
            return self._on_street(reading, reading.matches[0], 0.2, why)
        return self._in_comune(question, reading, why, [])

    def _notes(self, question: Question, best: _Reading, readings: Sequence[_Reading]) -> tuple[str, ...]:
        comune, how = best.guess.comune, best.guess.how
        notes = []
        if how == "respelled":
            notes.append("geocode.comune_respelled")
        elif how in ("cap", "locality"):
            notes.append("geocode.cap_only" if how == "cap" else "geocode.by_locality")
        if question.province and question.province != comune.province:
            notes.append("geocode.province_differs")
        zone = CAP_ZONES.get(question.cap[:2], "").split()
        if question.cap and question.cap not in comune.caps and comune.province not in zone:
            notes.append("geocode.cap_differs")
        if any(r is not best and r.guess.start == best.guess.start and r.worth > best.worth - 0.3 for r in readings):
            notes.append("geocode.comune_ambiguous")
        return tuple(notes)

    def _on_street(self, reading: _Reading, match: Match, likely: float, why: tuple[str, ...]) -> Answer:
        street, comune, asked = match.street, reading.guess.comune, reading.asked
        placed: PlacedNumber | None = None
        reason = "geocode.number_not_given"
        if asked is not None and asked.number is not None:
            placed = place_number(self.index.numbers_of(*street.ids), asked.number, asked.suffix)
            reason = placed.why if placed else "geocode.number_unknown"
        elif asked is not None and asked.along_m is not None:
            placed = place_metre(self.index.numbers_of(*street.ids), asked.along_m)
            reason = placed.why if placed else "geocode.number_unknown"
        if placed is None:
            placed = PlacedNumber("street", street.lat or 0.0, street.lon or 0.0, "", reason)
        if placed.quality == "house_number":
            share = house_probability()
        elif placed.quality == "interpolated":
            beyond, suffix = reason == "geocode.number_beyond_known", reason.startswith("geocode.suffix")
            share = place_probability(placed.span_m, beyond=beyond, suffix=suffix)
        else:
            share = _STREET_HIT
        return Answer(
            quality=placed.quality,
            confidence=round(likely * share, 3),
            lat=placed.lat,
            lon=placed.lon,
            label=label_of(street, comune, placed.text),
            comune=comune.name,
            comune_code=comune.code,
            province=comune.province,
            source=street.source,
            why=(*why, reason) if reason else why,
        )

    def _in_comune(
        self, question: Question, reading: _Reading, why: tuple[str, ...], others: Sequence[Answer]
    ) -> Answer:
        """The locality, the CAP's middle or the comune's point where no street answers."""
        comune = reading.guess.comune
        place = f"{comune.name} ({comune.province})"
        known = Answer(
            "comune", _COMUNE_HIT, comune.lat, comune.lon, place, comune.name, comune.code, comune.province, why=why,
            alternatives=tuple(other for other in others if other.lat is not None)[:5],
        )  # fmt: skip
        locality = self._locality(reading)
        if locality:
            name, lat, lon = locality
            why = (*why, "geocode.locality_found")
            return _with(
                known, quality="locality", confidence=_LOCALITY_HIT, lat=lat, lon=lon, label=f"{name}, {place}", why=why
            )
        point = self.index.point_of_cap(question.cap, comune.code) if question.cap else None
        if point:
            label = f"{question.cap} {place}"
            return _with(known, quality="postcode", confidence=_CAP_HIT, lat=point[0], lon=point[1], label=label)
        if comune.lat is None:
            return _with(known, quality="none", confidence=0.0, why=(*why, "geocode.comune_without_point"))
        return known

    def _locality(self, reading: _Reading) -> tuple[str, float, float] | None:
        """The middle street of a locality that the line names."""
        asked = reading.asked
        said = f" {' '.join((*asked.words, *asked.extra)) if asked else ''} "
        streets = self.index.streets_of(reading.guess.comune.code).streets
        inside = [s for s in streets if s.locality and s.lat is not None and f" {s.locality} " in said]
        if not inside:
            return None
        middle = sorted(inside, key=lambda s: (s.lat or 0.0, s.lon or 0.0))[len(inside) // 2]
        return middle.locality, middle.lat or 0.0, middle.lon or 0.0

    def _without_comune(self, question: Question) -> Answer:
        """No comune: only a street whose name exists once in the whole gazetteer may answer, and humbly."""
        options = streets_asked(question.tokens)
        if not options:
            return _nothing("geocode.comune_unknown")
        asked = options[0]
        found = self.index.streets_anywhere(name_key(" ".join(asked.words)), limit=6)
        answers = []
        for code, street in found:
            comune = self.index.comune(code)
            if comune and street.lat is not None and (not asked.type or street.type == asked.type):
                reading = _Reading(ComuneGuess(comune, 0.0, 0, 0, "street"), asked, (), 0.0)
                answers.append(self._on_street(reading, Match(1.0, street, _SURE), 0.5, ("geocode.comune_not_given",)))
        if len(answers) == 1:
            return answers[0]
        reason = "geocode.street_in_many_comuni" if answers else "geocode.comune_unknown"
        return _with(_nothing(reason), alternatives=tuple(answers[:5]))


GEOCODERS: dict[str, type[Geocoder]] = {"gazetteer": GazetteerGeocoder}
"""The one table of geocoders by name; a new one is a class and a line here."""


class Judged(NamedTuple):
    """What `judge` says: comune's code, street's type and key, `confidence.STREET_FEATURES`, the number's place."""

    comune: str
    type: str
    key: str
    features: tuple[float, ...]
    placed: PlacedNumber | None


class _Reading(NamedTuple):
    """One way to understand a line: a comune, a street asked for, the streets there that fit, and what it is worth."""

    guess: ComuneGuess
    asked: StreetAsked | None
    matches: tuple[Match, ...]
    worth: float


_SURE = Evidence(1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def street_features(best: _Reading, readings: Sequence[_Reading]) -> tuple[float, ...]:
    """`confidence.STREET_FEATURES` of a reading."""
    if not best.matches:
        return (1.0,) * 14
    top, said = best.matches[0], best.matches[0].evidence
    second = best.matches[1].fit if len(best.matches) > 1 else 0.0
    gap = top.fit - second
    doubt = {"name": 0.0, "locality": 0.6, "cap": 1.0}.get(best.guess.how, 0.4 + 2.0 * (1.0 - best.guess.comune.fit))
    other = max((r.worth for r in readings if r.guess.comune.code != best.guess.comune.code), default=-9.0)
    asked = best.asked
    odd = [
        w for w in (asked.extra if asked else ()) if w not in ARTICLES and w not in REGION_OF_PROVINCE and len(w) > 2
    ]
    return (
        1.0 - min(said.known, 1.0), 1.0 - min(said.asked, 1.0), said.clash, said.typos, said.real_typo,
        said.type_differs, said.type_missing, said.shortened, said.glued, said.lone,
        max(0.0, 1.0 - gap / 0.15), doubt, max(0.0, 1.0 - (best.worth - other)), min(len(odd), 3) / 3.0,
    )  # fmt: skip


def _doubts(match: Match, features: Sequence[float]) -> tuple[str, ...]:
    said = match.evidence
    doubts = []
    if said.known < 0.999 or said.asked < 0.999 or said.typos:
        doubts.append("geocode.street_respelled")
    if said.type_differs:
        doubts.append("geocode.type_differs")
    if features[10] > 0.7:
        doubts.append("geocode.street_ambiguous")
    return tuple(doubts)


def _line(fields: Mapping[str, str]) -> str:
    """The fields of a file as one line; what is too long stays too long."""
    place = f"{fields.get('cap', '').strip()} {fields.get('comune', '').strip()}".strip()
    province = fields.get("province", "").strip(" ()")
    parts = (fields.get("street", ""), fields.get("locality", ""), f"{place} ({province})" if province else place)
    line = ", ".join(part.strip() for part in parts if part.strip())
    return line if len(line) <= LONGEST_LINE else " " * (LONGEST_LINE + 1)


def _nothing(reason: str) -> Answer:
    return Answer("none", 0.0, why=(reason,))


def _with(answer: Answer, **changed: Any) -> Answer:
    return Answer(**{**{name: getattr(answer, name) for name in Answer.__dataclass_fields__}, **changed})


def _location(answer: Answer) -> Location:
    return Location(answer.label, (answer.lat, answer.lon), answer.as_raw())


def distance_m(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Metres on the great circle between two points in degrees."""
    return float(great_circle(start, end).m)
