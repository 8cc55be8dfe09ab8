"""Which street of a comune is meant by some words: candidates by shared words, then word by word. Pure.

A typo seldom makes another real word, and two different words on both sides ("Via Mario Rossi" asked, "Via Aldo
Rossi" known) speak against a match far more than a word that one side lacks; the evidence keeps these apart.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from math import log
from typing import NamedTuple

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from fieldapp.geo.street_keys import name_tokens
from fieldapp.geo.street_words import ARTICLE_SLIPS, ARTICLES, FORENAMES, STREET_TYPES, TITLES

WordCount = Callable[[str], float]
"""How many streets of the whole gazetteer have a word, as a share of 1,200,000."""

STREET_WORTH = 2.2
"""What a street that fits weighs beside the evidence for its comune."""

_LIKELY = 24
_WELL = 0.995
_LEAST_SQUEEZED = 82.0
_LAST_WORD = 2.5
_TWO_NAMES = 0.6
_BEGUN = 0.98
_REAL = 12.0
"""Streets of the nation that a word must be in to be taken for a real one: typos get into registers too."""

_ROADS = frozenset(name for name in STREET_TYPES if name.startswith(("VIA", "STRADA")))


@dataclass(frozen=True, slots=True)
class KnownStreet:
    """A street as one or more sources have it; `names` are its keys, the Italian one first."""

    ids: tuple[int, ...]
    type: str
    name: str
    locality: str
    source: str
    names: tuple[tuple[str, ...], ...]
    lat: float | None
    lon: float | None


class Evidence(NamedTuple):
    """What speaks for a street, as numbers that the confidence is fitted on; 1 and 0 are best for most."""

    known: float
    """Share of the known name's weight that was asked for."""
    asked: float
    """Share of the asked words' weight that the known name has."""
    clash: float
    """The smaller of the two shares left over: words on both sides that stand for each other and do not fit."""
    typos: float
    real_typo: float
    """Weight of words taken for typos though other streets of the gazetteer have them."""
    type_differs: float
    type_missing: float
    shortened: float
    glued: float
    lone: float
    """1 where a single short word was asked: the least to go by."""


class Match(NamedTuple):
    """A street with how likely it is meant (before rivals are looked at), and why."""

    fit: float
    street: KnownStreet
    evidence: Evidence


class ComuneStreets:
    """The streets of one comune with their words, for finding what is meant by other words."""

    def __init__(self, streets: Iterable[KnownStreet], count: WordCount) -> None:
        self.streets = list(streets)
        self.count = count
        self.by_word: dict[str, list[int]] = defaultdict(list)
        self.by_name: dict[tuple[str, ...], list[int]] = defaultdict(list)
        self.squeezed: list[str] = []
        self.squeezed_of: list[int] = []
        for at, street in enumerate(self.streets):
            for name in street.names:
                self.by_name[tuple(sorted(name))].append(at)
                self.squeezed.append("".join(name))
                self.squeezed_of.append(at)
                for word in set(name):
                    self.by_word[word].append(at)
        self.words = list(self.by_word)
        self.sorted_words = sorted(self.by_word)
        self._weights: dict[str, float] = {}

    def matches(self, kind: str, words: Sequence[str], *, locality: str = "") -> list[Match]:
        """The streets that may be meant, best first; `locality` are further words of the line."""
        asked = name_tokens(" ".join(words))
        if len(asked) > 1:
            asked = tuple(w for w in asked if w not in ARTICLE_SLIPS or w in self.by_word) or asked
        exact = self.by_name.get(tuple(sorted(asked)), [])
        found = self._judge(kind, asked, exact, {})
        if not found or found[0].fit < _WELL:
            close = {word: self._close(word) for word in asked if word not in self.by_word}
            found = self._judge(kind, asked, self._candidates(asked, close), close)
            if not found or found[0].fit < 0.6:
                every = {word: self._close(word) for word in asked}
                likely = dict.fromkeys([*self._candidates(asked, every), *self._glued(asked)])
                found = self._judge(kind, asked, list(likely), every)
        if locality and len(found) > 1:
            # Namesakes in several parts of a comune: the line's other words tell which.
            found = [m._replace(fit=m.fit + (0.004 if _names(m.street.locality, locality) else 0.0)) for m in found]
        return sorted(found, key=_order)

    def beginning(self, kind: str, words: Sequence[str], *, locality: str = "") -> list[Match]:
        """As `matches`, where the last word may be the beginning of a longer one."""
        best: dict[tuple[int, ...], Match] = {m.street.ids: m for m in self.matches(kind, words, locality=locality)}
        before, last = tuple(w for w in name_tokens(" ".join(words[:-1])) if w not in ARTICLES), words[-1]
        slips = {word: self._close(word) for word in before if word not in self.by_word}
        # "SAN" is a saint's and may become Sandro; as a saint's it is whole.
        for end in dict.fromkeys((last, name_tokens(" ".join(words))[-1])):
            asked, close = (*before, end), slips | ({end: self._begun(end)} if end == last else {})
            for match in self._judge(kind, asked, self._candidates(asked, close), close):
                held = best.get(match.street.ids)
                if held is None or match.fit > held.fit:
                    best[match.street.ids] = match
        return sorted(best.values(), key=_order)

    def _begun(self, beginning: str) -> dict[str, float]:
        """Words of the comune that begin so; with a slip of the pen where none does."""
        start = bisect_left(self.sorted_words, beginning)
        found: dict[str, float] = {}
        for known in islice(self.sorted_words, start, None):
            if not known.startswith(beginning):
                break
            if known != beginning:
                found[known] = _BEGUN
        if found or len(beginning) < 4 or beginning.isdigit():
            return found
        allowed = 1 if len(beginning) < 8 else 2
        for longer in (0, 1, -1):
            heads = [word[: len(beginning) + longer] for word in self.sorted_words]
            for _, distance, at in process.extract(
                beginning, heads, scorer=OSA.distance, score_cutoff=allowed, limit=12
            ):
                known = self.sorted_words[at]
                found[known] = max(found.get(known, 0.0), _BEGUN - distance / len(beginning))
        return found

    def _weight(self, word: str) -> float:
        known = self._weights.get(word)
        if known is None:
            rarity = 1.0 / (1.0 + log(1.0 + self.count(word) / 50.0))
            known = self._weights[word] = rarity * (0.5 if word in TITLES or word in FORENAMES else 1.0)
        return known

    def _real(self, word: str) -> bool:
        return word in FORENAMES or word in TITLES or self.count(word) >= _REAL

    def _close(self, word: str) -> dict[str, float]:
        """Words of the comune that a word may be a short or a misspelled form of."""
        if len(word) < 3 or word.isdigit():
            return {}
        # A short form is hardly a word of its own; where it is one, another street is meant more often.
        short = 0.9 if self.count(word) < _REAL else 0.7
        found = {known: short for known in self.words if known.startswith(word) and known != word}
        allowed = 1 if len(word) < 6 else 2 if len(word) < 9 else 3
        for known, distance, _ in process.extract(
            word, self.words, scorer=OSA.distance, score_cutoff=allowed, limit=12
        ):
            if distance and not known.isdigit() and len(known) > 2:
                likeness = 1.0 - distance / max(len(word), len(known))
                if likeness >= 0.66:
                    found[known] = max(found.get(known, 0.0), likeness)
        return found

    def _candidates(self, asked: Sequence[str], close: dict[str, dict[str, float]]) -> list[int]:
        scores: dict[int, float] = defaultdict(float)
        for word in asked:
            for known, fit in ((word, 1.0), *close.get(word, {}).items()):
                places = self.by_word.get(known, ())
                worth = self._weight(known) * fit
                for at in places:
                    scores[at] += worth
        for at in scores:
            scores[at] /= 1.0 + 0.1 * len(self.streets[at].names[0])
        return sorted(scores, key=lambda at: (-scores[at], at))[:_LIKELY]

    def _glued(self, asked: Sequence[str]) -> list[int]:
        text = "".join(asked)
        if len(text) < 5:
            return []
        found = process.extract(text, self.squeezed, scorer=fuzz.ratio, score_cutoff=_LEAST_SQUEEZED, limit=5)
        return [self.squeezed_of[place] for _, _, place in found]

    def _judge(
        self, kind: str, asked: tuple[str, ...], places: Sequence[int], close: dict[str, dict[str, float]]
    ) -> list[Match]:
        judged = []
        for at in dict.fromkeys(places):
            street = self.streets[at]
            best = max((self._evidence(kind, asked, street, name, close) for name in street.names), key=fit_of)
            judged.append(Match(fit_of(best), street, best))
        judged.sort(key=lambda match: (-match.fit, match.street.ids))
        return judged

    def _evidence(
        self,
        kind: str,
        asked: tuple[str, ...],
        street: KnownStreet,
        name: tuple[str, ...],
        close: dict[str, dict[str, float]],
    ) -> Evidence:
        left = list(name)
        pairs: list[tuple[str, str, float]] = []
        waiting = []
        for word in asked:
            if word in left:
                left.remove(word)
                pairs.append((word, word, 1.0))
            else:
                waiting.append(word)
        shortened = 0.0
        unmet: list[str] = []
        for word in waiting:
            fit, known = max(((self._alike(word, other, close), other) for other in left), default=(0.0, ""))
            if fit > 0.0:
                left.remove(known)
                pairs.append((word, known, fit))
                shortened += len(word) == 1 or len(known) == 1
            else:
                unmet.append(word)
        last = name[-1]
        total_known = sum(self._weight(word) * (_LAST_WORD if word == last else 1.0) for word in name) or 1.0
        met_known = sum(self._weight(k) * (_LAST_WORD if k == last else 1.0) * f for _, k, f in pairs)
        total_asked = sum(map(self._weight, asked)) or 1.0
        met_asked = sum(self._weight(k) * f for _, k, f in pairs)
        lost = sum(map(self._weight, unmet))
        typos = sum(1.0 - f for a, k, f in pairs if a != k and len(a) > 1 and len(k) > 1)
        real = sum(1.0 for a, k, f in pairs if a != k and f > 0.0 and not k.startswith(a) and self.count(a) >= 3.0)
        known_share, asked_share = met_known / total_known, met_asked / (met_asked + lost) if pairs else 0.0
        glued = 0.0
        if (left or unmet) and known_share < 0.9:
            likeness = fuzz.ratio("".join(asked), "".join(name)) / 100.0
            # Words written in one or torn apart; else two names of one length would look alike.
            if likeness >= 0.86 and (len(asked) != len(name) or not pairs):
                known_share = asked_share = likeness
                left, unmet, glued, typos = [], [], 1.0, 1.0 - likeness
        clash = 0.0
        unmet = [word for word in unmet if word != "S"]
        if left and unmet:
            missed = sum(max(self._weight(word), 0.25) for word in left) / total_known
            beside = sum(max(self._weight(word), 0.25) for word in unmet) / total_asked
            clash = min(missed, beside)
            if any(map(self._real, left)) and any(map(self._real, unmet)):
                # Two real words in one place ("Mario Rossi", "Aldo Rossi"): another street, however alike the rest.
                clash = max(clash, _TWO_NAMES)
        type_differs, type_missing = _types(kind, street, name)
        return Evidence(
            known=known_share, asked=asked_share, clash=min(clash, 1.0), typos=typos, real_typo=real,
            type_differs=type_differs, type_missing=type_missing, shortened=shortened, glued=glued,
            lone=1.0 if len(asked) == 1 and len(asked[0]) < 5 else 0.0,
        )  # fmt: skip

    def _alike(self, word: str, known: str, close: dict[str, dict[str, float]]) -> float:
        fit = close.get(word, {}).get(known)
        if fit is not None:
            return fit
        if word == "S":
            # How saints are written in keys; whose initial it might be as well, nobody knows.
            return 0.0
        if len(word) == 1:
            return 0.9 if known[0] == word and not word.isdigit() and len(known) > 1 else 0.0
        if len(known) == 1:
            return 0.9 if word[0] == known and not known.isdigit() and known != "S" else 0.0
        if len(word) > 2 and known.startswith(word) and not word.isdigit():
            return 0.9 if self.count(word) < _REAL else 0.7
        return 0.0


def _order(match: Match) -> tuple[float, bool, tuple[int, ...]]:
    return -match.fit, match.street.lat is None, match.street.ids


def _types(kind: str, street: KnownStreet, name: Sequence[str]) -> tuple[float, float]:
    """Whether the kind of street differs or was left out; a name in the other language carries it inside."""
    if name is not street.names[0] or kind == street.type:
        return 0.0, 0.0
    if not kind or not street.type:
        return 0.0, 1.0
    return (0.5, 0.0) if kind in _ROADS and street.type in _ROADS else (1.0, 0.0)


def _names(locality: str, words: str) -> bool:
    return bool(locality) and locality in words


def fit_of(evidence: Evidence) -> float:
    """How well a street fits, 0 to 1, before it is known how sure that makes one (see `confidence`)."""
    fit = min(evidence.known, 1.0) * 0.45 + min(evidence.asked, 1.0) * 0.55
    fit -= 0.7 * evidence.clash + 0.1 * min(evidence.real_typo, 2.0) + 0.12 * evidence.typos
    fit -= 0.06 * evidence.type_differs + 0.015 * evidence.type_missing + 0.02 * evidence.glued
    fit -= 0.004 * evidence.shortened
    return max(0.0, min(1.0, fit))
