"""The check character of an Italian tax code, and which sound codes lie one slip of the pen away from an unsound one.

Source: D.M. 23 December 1976, art. 7 (values of the characters), art. 6 (letters in the place of digits).
A single wrong character never leaves the check character right, so of two codes one slip apart at least one is unsound
(but for some swapped neighbours): it is enough to mend the unsound ones and to look the results up.
"""

from __future__ import annotations

import re

LONG = 16
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = "0123456789LMNPQRSTUV"
"""What may stand in the place of a digit."""
_SHAPE = re.compile(r"[A-Z]{6}[0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]")
_DIGIT_PLACES = frozenset({6, 7, 9, 10, 12, 13, 14})
_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
_EVEN_VALUE = {c: i for i, c in enumerate(_LETTERS)} | {str(i): i for i in range(10)}
_ODD_VALUE = {c: _ODD[i] for c, i in _EVEN_VALUE.items()}


def check_letter(stem: str) -> str:
    """The sixteenth character for the first fifteen, which are letters and digits."""
    return _LETTERS[sum(_value(place, c) for place, c in enumerate(stem)) % 26]


def is_sound(code: str) -> bool:
    """A code of a person: sixteen characters of the right kinds, the last one right."""
    return _SHAPE.fullmatch(code) is not None and check_letter(code[:-1]) == code[-1]


def one_slip_away(code: str) -> frozenset[str]:
    """The sound codes that one wrong, missing, added or swapped character makes of an unsound one.

    Nothing for a sound code, and for one that is too far from any.
    """
    if is_sound(code) or not code.isascii() or not code.isalnum():
        return frozenset()
    if len(code) == LONG + 1:
        tried = {code[:i] + code[i + 1 :] for i in range(len(code))}
    elif len(code) == LONG - 1:
        tried = {code[:i] + c + code[i:] for i in range(LONG) for c in (_DIGITS if i in _DIGIT_PLACES else _LETTERS)}
    elif len(code) == LONG:
        swapped = {code[:i] + code[i + 1] + code[i] + code[i + 2 :] for i in range(LONG - 1)}
        tried = {*_replaced(code), *swapped}
    else:
        return frozenset()
    return frozenset(each for each in tried if is_sound(each))


def _replaced(code: str) -> set[str]:
    """`code` with one character replaced so that the check character becomes right."""
    stem, check = code[:-1], code[-1]
    total = sum(_value(place, c) for place, c in enumerate(stem))
    found = {stem + _LETTERS[total % 26]}
    if check not in _EVEN_VALUE:
        return found
    for place, c in enumerate(stem):
        wanted = (_EVEN_VALUE[check] - total + _value(place, c)) % 26
        allowed = _DIGITS if place in _DIGIT_PLACES else _LETTERS
        found |= {stem[:place] + each + stem[place + 1 :] + check for each in allowed if _value(place, each) == wanted}
    return found


def _value(place: int, character: str) -> int:
    # Places are counted from 1 in the decree: the first one is odd.
    return (_EVEN_VALUE if place % 2 else _ODD_VALUE)[character]
