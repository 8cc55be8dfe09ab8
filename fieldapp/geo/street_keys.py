"""How two spellings of a street's or a comune's name are compared: keys and a similarity from 0 to 1. Pure."""

from __future__ import annotations

from difflib import SequenceMatcher
from functools import lru_cache

from fieldapp.geo.addresses import fold
from fieldapp.geo.street_words import ARTICLES, MONTHS, NAME_WORDS, NUMBER_WORDS, SAINTS

_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50}


@lru_cache(maxsize=65536)
def name_tokens(name: str) -> tuple[str, ...]:
    """The words of a street's name that tell it apart: folded, no articles, numbers before months as digits."""
    words = fold(name).split()
    said = (_said(words, at) for at in range(len(words)))
    return tuple(word for word in said if word not in ARTICLES) or tuple(words)


def _said(words: list[str], at: int) -> str:
    """One word in the spelling that all its spellings share."""
    word = words[at]
    if word in SAINTS:
        return "S"
    if word in NUMBER_WORDS or _is_number(words, at):
        return _as_digits(word)
    return NAME_WORDS.get(word) or word.lstrip("0") or word


def comune_keys(name: str) -> tuple[str, ...]:
    """The keys that a comune is found by: the whole name's and, of a name in two languages, each one's."""
    spellings = [name, *name.split("/"), *name.split(" - ")]
    return tuple(dict.fromkeys(key for key in map(comune_key, spellings) if key))


@lru_cache(maxsize=65536)
def comune_key(name: str) -> str:
    """Folded, without articles, saints alike: `S. Giovanni in Persiceto` is `San Giovanni Persiceto`."""
    words = fold(name).split()
    kept = ["S" if word in SAINTS else word for word in words if word not in ARTICLES]
    return " ".join(kept or words)


def name_key(name: str) -> str:
    """`name_tokens` joined: equal for `XXV APRILE`, `25 aprile` and `Venticinque Aprile`."""
    return " ".join(name_tokens(name))


def _is_number(words: list[str], at: int) -> bool:
    before_month = at + 1 < len(words) and words[at + 1] in MONTHS
    last = at > 0 and at + 1 == len(words)
    return before_month or ((len(words[at]) > 1 or last) and set(words[at]) <= set("IVX"))


def _as_digits(word: str) -> str:
    if word in NUMBER_WORDS:
        return NUMBER_WORDS[word]
    if not set(word) <= set(_ROMAN):
        return word
    values = [_ROMAN[letter] for letter in word]
    signed = [-v if v < max(values[i:]) else v for i, v in enumerate(values)]
    return str(sum(signed))


def similarity(asked: tuple[str, ...], known: tuple[str, ...]) -> float:
    """How well the words asked for fit a known name, 0 to 1; 1 only for the same words in any order.

    The last word weighs most: Italian names end in what tells them apart. A missing first name or an initial
    costs little, a missing last word nearly all.
    """
    if asked == known:
        return 1.0
    if not asked or not known:
        return 0.0
    glued = _alike("".join(asked), "".join(known))
    pairs = _pair_words(asked, known)
    met_known = sum(weight * pairs[1][i] for i, weight in enumerate(_weights(known))) / sum(_weights(known))
    met_asked = sum(weight * pairs[0][i] for i, weight in enumerate(_weights(asked))) / sum(_weights(asked))
    worded = 0.5 * met_known + 0.5 * met_asked
    return min(0.99, max(glued - 0.02 if glued >= 0.8 else 0.0, worded))


def _weights(words: tuple[str, ...]) -> list[float]:
    return [1.0] * (len(words) - 1) + [3.0]


def _pair_words(asked: tuple[str, ...], known: tuple[str, ...]) -> tuple[list[float], list[float]]:
    """For each word of both sides how well its best partner of the other side fits; a partner serves once."""
    ranked = sorted(((_word_alike(a, k), i, j) for i, a in enumerate(asked) for j, k in enumerate(known)), reverse=True)
    left, right = [0.0] * len(asked), [0.0] * len(known)
    for fit, i, j in ranked:
        if fit > 0 and not left[i] and not right[j]:
            left[i] = right[j] = fit
    return left, right


def _word_alike(asked: str, known: str) -> float:
    if asked == known:
        return 1.0
    if len(asked) == 1 or len(known) == 1:
        return 0.97 if asked[0] == known[0] and asked.isalpha() else 0.0
    if asked.isdigit() or known.isdigit():
        return 0.0
    if len(asked) >= 3 and known.startswith(asked):
        return 0.9
    fit = _alike(asked, known)
    return fit if fit >= 0.72 else 0.0


@lru_cache(maxsize=65536)
def _alike(left: str, right: str) -> float:
    if abs(len(left) - len(right)) > max(len(left), len(right)) / 2:
        return 0.0
    return SequenceMatcher(None, left, right, autojunk=False).ratio()


def trigrams(text: str) -> frozenset[str]:
    """The three-letter pieces of a key, for finding candidates by what they share."""
    padded = f"  {text} "
    return frozenset(padded[i : i + 3] for i in range(len(padded) - 2))
