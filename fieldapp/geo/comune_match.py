"""Which comune a line means: every reading with what speaks for it, before any street is looked at.

Exact names come first, in every place of the line where one stands; where none convinces, misspelled names, the CAP
and the localities that the gazetteer knows. The CAP and the province are hints: they tell namesakes apart and mend
typos, but never outweigh a name that is spelled right.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from fieldapp.geo.addresses import fold
from fieldapp.geo.gazetteer_index import ComuneFound, GazetteerIndex
from fieldapp.geo.questions import Question, Token, types_in
from fieldapp.geo.street_keys import comune_key
from fieldapp.geo.street_words import ARTICLES, CAP_ZONES, NEIGHBOUR_SIGLE, PROVINCE_NAMES, REGION_OF_PROVINCE, SAINTS

_LONGEST_NAME = 7
CONVINCING = 3.0
"""From here on a comune is named."""

_KEPT = 6
_LEAST_LIKE = 0.7


class ComuneGuess(NamedTuple):
    """A comune, what speaks for it, the tokens that name it (`start` to `end`), and how it was told."""

    comune: ComuneFound
    evidence: float
    start: int
    end: int
    how: str


def guesses(question: Question, index: GazetteerIndex) -> list[ComuneGuess]:
    """The comuni that may be meant, the likeliest first."""
    exact = sorted(_exact(question, index), key=_order)
    if exact and exact[0].evidence >= CONVINCING and not _loose(question, exact[0].start, exact[0].end):
        return _best_of_each(exact)
    return _best_of_each(sorted([*exact, *_unsure(question, index)], key=_order))


def begun(question: Question, index: GazetteerIndex) -> list[ComuneGuess]:
    """The comuni whose name the last words may be the beginning of, the likeliest first."""
    tokens = question.tokens
    taken = _street_ends(tokens)
    found = []
    for start, end, key in _spans(tokens):
        if end < len(tokens):
            continue
        place = _place(question, start, end, taken)
        last, ahead = tokens[-1].text, " ".join(token.text for token in tokens[start:-1])
        keys = {f"{comune_key(ahead)} {last}".strip(), f"{key} " if last in SAINTS else key}
        for comune in (each for begin in sorted(keys) for each in index.comuni_beginning(begin, limit=_KEPT)):
            share = min(1.0, len(key) / max(len(comune_key(comune.name)), 1))
            evidence = 2.0 * comune.fit * (0.7 + 0.3 * share) + place + _hints(question, comune)
            found.append(ComuneGuess(comune, evidence, start, end, "begun"))
    return _best_of_each(sorted(found, key=_order))


def _order(guess: ComuneGuess) -> tuple[float, int, str]:
    return -guess.evidence, -guess.comune.population, guess.comune.code


def _best_of_each(found: list[ComuneGuess]) -> list[ComuneGuess]:
    first: dict[tuple[str, int], ComuneGuess] = {}
    for guess in found:
        first.setdefault((guess.comune.code, guess.start), guess)
    return list(first.values())[:_KEPT]


def _exact(question: Question, index: GazetteerIndex) -> Iterator[ComuneGuess]:
    tokens = question.tokens
    taken = _street_ends(tokens)
    for start, end, key in _spans(tokens):
        for comune in index.comuni_of_key(key):
            evidence = 2.0 * comune.fit + 0.35 * (len(key.split()) - 1) + _place(question, start, end, taken)
            yield ComuneGuess(comune, evidence + _hints(question, comune), start, end, "name")


@lru_cache(maxsize=8192)
def _spans(tokens: tuple[Token, ...]) -> list[tuple[int, int, str]]:
    """Runs of words that may be a name, with their keys; an article at the edge is no part of a run."""
    found = []
    for start, token in enumerate(tokens):
        if token.kind != "w":
            continue
        run: list[str] = []
        for end in range(start, min(start + _LONGEST_NAME, len(tokens))):
            if tokens[end].kind != "w":
                break
            run.append(tokens[end].text)
            if tokens[end].text in ARTICLES and len(run) > 1:
                continue
            if token.text in ARTICLES and len(run) == 1 and len(token.text) < 2:
                continue
            found.append((start, end + 1, comune_key(" ".join(run))))
    return found


@lru_cache(maxsize=8192)
def _street_ends(tokens: tuple[Token, ...]) -> list[tuple[int, int]]:
    """Where streets stand: from the word behind a type to the next cut, number or type."""
    types = types_in(tokens)
    begins = {at for at, _, _ in types}
    ends = []
    for at, length, _ in types:
        end = at + length
        while end < len(tokens) and tokens[end].kind == "w" and end not in begins:
            end += 1
        ends.append((at + length, end))
    return ends


def _place(question: Question, start: int, end: int, streets: list[tuple[int, int]]) -> float:
    """What the place in the line says: behind the CAP or a cut, at the end, or inside a street's name."""
    tokens = question.tokens
    before = tokens[start - 1] if start else None
    after = [token for token in tokens[end:] if token.kind != ","]
    beyond = [t for t in after if not (t.kind == "w" and t.text in REGION_OF_PROVINCE)]
    score = -0.9 if _loose(question, start, end) else 0.0
    if not beyond:
        score += 1.0
    elif tokens[end : end + 1] and tokens[end].kind == "," and len(beyond) < 4 and not _has_street(tokens, end):
        score += 0.3
    if before is None:
        score += 0.9 if after and _has_street(tokens, end) else 0.2
    elif before.text == "|":
        score += 1.2
    elif before.kind in (",", "n"):
        score += 0.8
    if end < len(tokens) and tokens[end].text == "|":
        score += 0.3
    for first, last in streets:
        if first <= start < last:
            bare = all(token.text in ARTICLES for token in tokens[first:start])
            # "VIA ROMA": the name behind the type is the street's, unless nothing else could be the street.
            score -= 2.5 if bare else 0.5
            break
    return score


def _loose(question: Question, start: int, end: int) -> bool:
    """Whether words hang on to a name that belong neither to it nor to a street: it may be part of a longer one."""
    tokens, streets = question.tokens, _street_ends(question.tokens)
    before, after = tokens[start - 1 : start] if start else (), tokens[end : end + 1]
    hangs = bool(before and before[0].kind == "w" and not any(first <= start < last for first, last in streets))
    if after and after[0].kind == "w" and after[0].text not in REGION_OF_PROVINCE:
        hangs = hangs or all(begin != end for begin, _, _ in types_in(tokens))
    return hangs


def _has_street(tokens: tuple[Token, ...], after: int) -> bool:
    return any(at >= after for at, _, _ in types_in(tokens))


def _hints(question: Question, comune: ComuneFound) -> float:
    score = 0.0
    if question.cap:
        if question.cap in comune.caps:
            score += 1.0
        elif any(cap[:3] == question.cap[:3] for cap in comune.caps):
            score += 0.6
        elif comune.province in CAP_ZONES.get(question.cap[:2], "").split():
            score += 0.3
        else:
            score -= 0.5
    province = question.province or _province_behind(question, comune)
    if province:
        near = province == comune.province or NEIGHBOUR_SIGLE.get(province) == comune.province
        score += 1.0 if near else -0.8
    return score + min(comune.population, 1_000_000) / 10_000_000


def _province_behind(question: Question, comune: ComuneFound) -> str:
    """A sigla that stands free in the line and is this comune's: `ANAGNI FR VIA ROMA 5`."""
    free = {token.text for token in question.tokens if token.kind == "w"}
    named = {PROVINCE_NAMES.get(word, "") for word in free - {comune_key(comune.name)}}
    return comune.province if comune.province in free | named else ""


def _unsure(question: Question, index: GazetteerIndex) -> Iterator[ComuneGuess]:
    """Misspelled names where a name would stand, localities, and the comuni of the CAP."""
    tokens = question.tokens
    taken = _street_ends(tokens)
    zone = frozenset(CAP_ZONES.get(question.cap[:2], "").split()) | ({question.province} - {""})
    served = index.comuni_of_cap(question.cap) if question.cap else ()
    for start, end, key in _spans(tokens):
        place = _place(question, start, end, taken)
        for comune in index.comuni_of_locality(fold(" ".join(token.text for token in tokens[start:end]))):
            evidence = 1.4 + place + _hints(question, comune)
            yield ComuneGuess(comune, evidence, start, end, "locality")
        if len(key) < 4 or place < 0.5 or key in ARTICLES:
            continue
        near = index.comuni_like(key, provinces=zone, least=_LEAST_LIKE) if zone else []
        if not near or near[0].fit < 0.85:
            near = [*near, *index.comuni_like(key, provinces=frozenset(), least=_LEAST_LIKE)]
        for comune in near:
            if comune_key(comune.name) == key:
                continue
            evidence = 3.0 * comune.fit - 1.3 + 0.04 * min(len(key), 20) + place + _hints(question, comune)
            yield ComuneGuess(comune, evidence, start, end, "respelled")
    for comune in served[:4]:
        alone = 0.6 if len(served) == 1 else 0.0
        yield ComuneGuess(comune, 0.9 + alone + _hints(question, comune), len(tokens), len(tokens), "cap")


def without(question: Question, guess: ComuneGuess) -> tuple[Token, ...]:
    """The tokens of a line without those that name the comune and its province."""
    tokens = question.tokens
    end = guess.end
    sigla = tokens[end : end + 1]
    if sigla and sigla[0].kind == "w" and sigla[0].text == guess.comune.province:
        end += 1
    if guess.start == guess.end:
        return tokens
    kept = (*tokens[: guess.start], Token(",", ","), *tokens[end:])
    return tuple(token for i, token in enumerate(kept) if not _names_province(kept, i, guess.comune.province))


def _names_province(tokens: tuple[Token, ...], at: int, province: str) -> bool:
    """A province's whole name in a part of its own (`ANAGNI, FROSINONE`) is no street."""
    alone = (at == 0 or tokens[at - 1].kind == ",") and (at + 1 == len(tokens) or tokens[at + 1].kind == ",")
    return alone and tokens[at].kind == "w" and PROVINCE_NAMES.get(tokens[at].text) == province
