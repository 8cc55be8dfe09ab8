"""A family name without the rest, for paper and screens that others can see: `Bianchi M.`"""

from __future__ import annotations

import re
import unicodedata


def short_name(name: str, tax_code: str | None) -> str:
    """`name` as it may be seen by a passer-by.

    Files write surnames before or after; the tax code begins with three letters of the surname (D.M. 23 December 1976)
    and settles it. Without one the surname is taken to stand first, as registers write it. Twin of `shortName` in the
    web app; `tests/golden/short_names.json` holds both.
    """
    words = name.split()
    if len(words) < 2:
        return name.strip()
    wanted = tax_code[:3].upper() if tax_code else None
    for cut in range(1, len(words)):
        head, tail = words[:cut], words[cut:]
        if _surname_letters("".join(head)) == wanted:
            return f"{' '.join(head)} {tail[0][0]}."
        if _surname_letters("".join(tail)) == wanted:
            return f"{' '.join(tail)} {head[0][0]}."
    return f"{words[0]} {words[1][0]}."


def _surname_letters(surname: str) -> str:
    """Consonants, then vowels, then X."""
    letters = re.sub("[^A-Z]", "", unicodedata.normalize("NFD", surname).upper())
    vowels = re.sub("[^AEIOU]", "", letters)
    return (re.sub("[AEIOU]", "", letters) + vowels + "XXX")[:3]
