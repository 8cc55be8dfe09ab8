"""What a half-typed address may become: the readings of `geocoding`, with the last word taken as the beginning of one.

Streets come first, a street's house numbers once it is certain. Pure over the index: no clock, no network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from fieldapp.geo.addresses import fold
from fieldapp.geo.comune_match import CONVINCING, ComuneGuess, begun, guesses, without
from fieldapp.geo.comuni import Comune, all_comuni
from fieldapp.geo.gazetteer_index import ComuneFound, GazetteerIndex, label_of
from fieldapp.geo.numbers_along import KnownNumber, place_number
from fieldapp.geo.questions import Question, StreetAsked, read_question, streets_asked
from fieldapp.geo.street_keys import name_key
from fieldapp.geo.street_match import STREET_WORTH, KnownStreet
from fieldapp.geo.street_words import REGION_OF_PROVINCE

LEAST_FIT = 0.5
"""A street that fits less is not offered."""

_TRIED_COMUNI, _TRIED_READINGS, _STREETS_EACH = 4, 2, 8
_NEAR_EVIDENCE, _NEAR_STEP = 1.0, 0.15
_CLOSE_WORTH = 1.2
_CERTAIN, _WELL = 0.99, 0.8
_ACCESS = re.compile(r" [A-Z]\d\d$")
_PART_OF_ACCESS = re.compile(r"\d ?[A-Z]{2}\d\d$|/\d+[A-Z]$")
"""A gate or shop of a number as some cities publish them (`3 P01`): the number stands for it."""

_LONGEST_COMUNE, _LEAST_BEGUN = 7, 2
_ANYWHERE, _LEAST_LETTERS = 200, 3


class Completion(NamedTuple):
    """One address to choose: its line, which completes to itself, and what the point stands for (degrees)."""

    label: str
    lat: float
    lon: float
    quality: str
    comune: str
    comune_code: str
    province: str
    source: str
    street: str = ""
    house_number: str = ""
    locality: str = ""
    caps: frozenset[str] = frozenset()
    """Those that the comune is known to have."""


class _Option(NamedTuple):
    worth: float
    fit: float
    street: KnownStreet
    comune: ComuneFound
    asked: StreetAsked


def completions(index: GazetteerIndex, text: str, *, near: tuple[float, float] | None, limit: int) -> list[Completion]:
    """At most `limit` addresses, the likeliest first; empty where the text is no address."""
    question = read_question(text)
    if question.trouble or sum(len(token.text) for token in question.tokens if token.kind == "w") < 2:
        return []
    options: list[_Option] = []
    comuni: list[tuple[float, ComuneFound]] = []
    # "VIA MARCO PO": the province of Prato, or the beginning of POLO.
    begun_word = read_question(text, sigla_last=False) if question.province and text.rstrip()[-1:].isalpha() else None
    for reading in (question, begun_word) if begun_word else (question,):
        for guess in _comuni(reading, index, near):
            asked = streets_asked(without(reading, guess))
            if asked:
                options += _streets(index, guess, asked)
            else:
                comuni.append((guess.evidence + 0.8 * STREET_WORTH, guess.comune))
    if not any(option.fit > _WELL for option in options) and not comuni:
        options += _anywhere(question, index)
    # Of namesakes the one in no part of the comune, unless the part is named (then it is worth more already).
    options.sort(key=lambda o: (-o.worth, o.street.locality != "", -o.comune.population, o.street.ids))
    best = max([option.worth for option in options[:1]] + [worth for worth, _ in comuni], default=0.0)
    offered = [(o.worth, each) for o in options if o.worth > best - _CLOSE_WORTH for each in _offers(index, o)]
    offered += [(worth, _whole(comune)) for worth, comune in comuni if comune.lat is not None]
    offered.sort(key=lambda each: -each[0])
    found: dict[str, Completion] = {}
    numbers = _numbers(index, options[0]) if options and _is_certain(options) else ()
    for each in chain((each for _, each in offered), numbers):
        found.setdefault(each.label, each)
        if len(found) == limit:
            break
    return list(found.values())


def comuni_only(text: str, *, limit: int) -> list[Completion]:
    """The comuni that the last words of a line may be the beginning of, by the built-in points: what serves where
    there is no gazetteer. The first question takes some seconds (`all_comuni`)."""
    words = fold(text).split()
    province = words.pop() if len(words) > 1 and words[-1] in REGION_OF_PROVINCE else ""
    known = [each for each in _with_points() if not province or each[1].province == province]
    for start in range(max(0, len(words) - _LONGEST_COMUNE), len(words)):
        begun = " ".join(words[start:])
        found = [(name, one) for name, one in known if name.startswith(begun)] if len(begun) >= _LEAST_BEGUN else []
        if found:
            found.sort(key=lambda each: (each[0] != begun, -each[1].population, each[1].code))
            return list(dict.fromkeys(_point_of(one) for _, one in found))[:limit]
    return []


@lru_cache(maxsize=1)
def _with_points() -> list[tuple[str, Comune]]:
    """Every name of each comune that has a point, folded."""
    return [(fold(name), one) for one in all_comuni() if one.lat is not None for name in (one.name, *one.other_names)]


def _point_of(one: Comune) -> Completion:
    label = f"{one.name} ({one.province})"
    return Completion(label, one.lat or 0.0, one.lon or 0.0, "comune", one.name, one.code, one.province, "")


def _comuni(question: Question, index: GazetteerIndex, near: tuple[float, float] | None) -> list[ComuneGuess]:
    """The comuni that are named, those whose name is begun, and those nearby where none is named for sure."""
    end = len(question.tokens)
    around = index.comuni_near(*near, limit=_TRIED_COMUNI) if near else []
    nearer = {comune.code: _NEAR_EVIDENCE - _NEAR_STEP * at for at, comune in enumerate(around)}
    named = guesses(question, index)
    if not any(guess.evidence >= CONVINCING and guess.how == "name" for guess in named):
        named += begun(question, index)
        named += [ComuneGuess(comune, 0.0, end, end, "near") for comune in around]
    heard = [guess._replace(evidence=guess.evidence + nearer.get(guess.comune.code, 0.0)) for guess in named]
    first: dict[tuple[str, int, int], ComuneGuess] = {}
    for guess in sorted(heard, key=lambda guess: -guess.evidence):
        first.setdefault((guess.comune.code, guess.start, guess.end), guess)
    return list(first.values())[: 2 * _TRIED_COMUNI]


def _streets(index: GazetteerIndex, guess: ComuneGuess, options: list[StreetAsked]) -> Iterator[_Option]:
    held = index.streets_of(guess.comune.code)
    for at, asked in enumerate(options[:_TRIED_READINGS]):
        # Behind a word comes its number: then the word is whole.
        ask = held.beginning if asked.number is None else held.matches
        for match in ask(asked.type, asked.words, locality=" ".join(asked.extra))[:_STREETS_EACH]:
            if match.fit >= LEAST_FIT and match.street.lat is not None:
                worth = guess.evidence + STREET_WORTH * match.fit - 0.05 * at
                yield _Option(worth, match.fit, match.street, guess.comune, asked)


def _anywhere(question: Question, index: GazetteerIndex) -> Iterator[_Option]:
    """No comune in sight: streets of the whole gazetteer whose name begins so, those of large comuni first."""
    for asked in streets_asked(question.tokens)[:1]:
        key = name_key(" ".join(asked.words))
        if len(key) < _LEAST_LETTERS:
            continue
        for code, street in index.streets_beginning(key, limit=_ANYWHERE):
            comune = index.comune(code)
            if comune and street.lat is not None and (not asked.type or asked.type == street.type):
                fit = len(key) / len(" ".join(street.names[0]))
                yield _Option(_NEAR_EVIDENCE + STREET_WORTH * fit, fit, street, comune, asked)


def _is_certain(options: list[_Option]) -> bool:
    """Whether one street alone is spelled in full (of namesakes in several comuni the first is as good as named)."""
    top = options[0]
    return top.fit >= _CERTAIN and not any(o.fit >= _CERTAIN and o.worth > top.worth - 0.05 for o in options[1:])


def _offers(index: GazetteerIndex, option: _Option) -> list[Completion]:
    """The street, or the number that was typed where the street has it or its neighbours."""
    street, asked = option.street, option.asked
    if asked.number is not None:
        placed = place_number(index.numbers_of(*street.ids), asked.number, asked.suffix)
        if placed:
            return [_at(option, placed.lat, placed.lon, placed.quality, placed.text)]
    return [_at(option, street.lat or 0.0, street.lon or 0.0, "street", "")]


def _numbers(index: GazetteerIndex, option: _Option) -> Iterator[Completion]:
    """The numbers of a street in their order; those that begin with what was typed."""
    asked = option.asked
    known: list[KnownNumber] = sorted(index.numbers_of(*option.street.ids), key=lambda k: (k.number, k.suffix))
    for each in known:
        begins = asked.number is None or _begins(each, asked.number, asked.suffix)
        if begins and not _PART_OF_ACCESS.search(each.text):
            yield _at(option, each.lat, each.lon, "house_number", each.text)


def _begins(known: KnownNumber, number: int, suffix: str) -> bool:
    if suffix:
        return known.number == number and known.suffix.startswith(suffix)
    return str(known.number).startswith(str(number))


def _at(option: _Option, lat: float, lon: float, quality: str, number: str) -> Completion:
    street, comune = option.street, option.comune
    name = " ".join(part for part in (street.type, street.name) if part)
    number = _ACCESS.sub("", number)
    return Completion(
        label_of(street, comune, number), lat, lon, quality, comune.name, comune.code, comune.province,
        street.source, name, number, street.locality, comune.caps,
    )  # fmt: skip


def _whole(comune: ComuneFound) -> Completion:
    label = f"{comune.name} ({comune.province})"
    return Completion(label, comune.lat or 0.0, comune.lon or 0.0, "comune", comune.name, comune.code,
                      comune.province, "")  # fmt: skip
