"""What a visit may ask of its agent: a language, or experience with a kind of case.

A closed list: what a practice asks for says something of a person, and free words would say more than the visit needs
(art. 5(1)(c) GDPR). To add one: an entry here and its words under `skill.` in the catalogues of the desk.
"""

from __future__ import annotations

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
