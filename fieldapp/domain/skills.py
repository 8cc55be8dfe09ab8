"""What a visit may ask of its agent: a language, or experience with a kind of case.

A closed list: what a practice asks for says something of a person, and free words would say more than the visit needs
(art. 5(1)(c) GDPR). To add one: an entry here and its words under `skill.` in the catalogues of the desk.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from uuid import UUID


class Skill(StrEnum):
    """Languages beside Italian, those of the protected minorities among them (L. 482/1999), and kinds of case."""

    ALBANIAN = "albanian"
    ARABIC = "arabic"
    CHINESE = "chinese"
    ENGLISH = "english"
    FRENCH = "french"
    GERMAN = "german"
    ROMANIAN = "romanian"
    SLOVENE = "slovene"
    SPANISH = "spanish"
    UKRAINIAN = "ukrainian"
    COMPANIES = "companies"
    """Debts of firms."""
    HEAVY_CASES = "heavy_cases"
    """Large debts and quarrels."""


SPELLINGS: Mapping[Skill, tuple[str, ...]] = {
    Skill.ALBANIAN: ("albanese", "albanais"),
    Skill.ARABIC: ("arabo", "arabe"),
    Skill.CHINESE: ("cinese", "chinois"),
    Skill.ENGLISH: ("inglese", "anglais"),
    Skill.FRENCH: ("francese", "français", "francais"),
    Skill.GERMAN: ("tedesco", "allemand"),
    Skill.ROMANIAN: ("rumeno", "romeno", "roumain"),
    Skill.SLOVENE: ("sloveno", "slovène", "slovenian"),
    Skill.SPANISH: ("spagnolo", "espagnol"),
    Skill.UKRAINIAN: ("ucraino", "ukrainien"),
    Skill.COMPANIES: ("aziende", "azienda", "imprese", "impresa", "entreprises"),
    Skill.HEAVY_CASES: ("casi difficili", "caso difficile", "cas difficiles", "difficult cases", "heavy cases"),
}
"""How a creditor's file may write them, in small letters; their own names too."""
NOTHING_ASKED = frozenset(
    {"", "-", "no", "nessuna", "nessuno", "none", "n.d.", "n.d", "nd"}
    | {"italiano", "italiana", "italian", "italien", "it", "ita"}
)
"""Words that ask for nothing: everybody speaks Italian."""
_NAMED = {word: skill for skill, words in SPELLINGS.items() for word in (skill.value, *words)}
_BETWEEN = re.compile(r"[,;/|+\n]")
_AND = re.compile(r" (?:e|ed|and|et) ")


def read_skills(text: str, words: Mapping[str, Skill] | None = None) -> tuple[tuple[Skill, ...], tuple[str, ...]]:
    """What a cell asks for, and the words in it that nobody knows; `words`: a creditor's own for ours, in small
    letters."""
    named = {**_NAMED, **(words or {})}
    parts = [" ".join(part.split()).casefold() for part in _BETWEEN.split(text)]
    # A creditor's own word may hold an "e" of its own.
    told = [word for part in parts for word in ([part] if part in named else _AND.split(part))]
    asked = [word for word in told if word not in NOTHING_ASKED or word in named]
    known = {named[word] for word in asked if word in named}
    return tuple(skill for skill in Skill if skill in known), tuple(word for word in asked if word not in named)


def in_order(skills: Iterable[str]) -> list[str]:
    """Each of them once, in the order of the catalogue."""
    asked = set(skills)
    return [skill.value for skill in Skill if skill.value in asked]


def at_doors(asked: Mapping[UUID, Collection[str]], doors: Mapping[UUID, str]) -> dict[UUID, frozenset[str]]:
    """By practice what its agent must have: one agent rings at a door (a name in `doors`) for every practice there."""
    together: dict[str, set[str]] = {}
    for practice in asked.keys() & doors.keys():
        together.setdefault(doors[practice], set()).update(asked[practice])
    return {
        practice: frozenset(together[doors[practice]] if practice in doors else own) for practice, own in asked.items()
    }
