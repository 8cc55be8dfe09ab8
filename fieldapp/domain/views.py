"""Saved views: a list as somebody filtered it, under a name, for oneself or for all at the desk."""

from __future__ import annotations

from enum import StrEnum

from fieldapp.domain.errors import Kind, Refusal

LONGEST_NAME = 60
MOST = 50
"""Views that one person may keep."""


class Listing(StrEnum):
    """The lists that can be saved."""

    PRACTICES = "practices"
    TASKS = "tasks"


def checked_name(name: str) -> str:
    """The name without blanks around. Raises Refusal `view.name_missing`, `view.name_too_long` (details: most)."""
    plain = " ".join(name.split())
    if not plain:
        raise Refusal("view.name_missing", kind=Kind.MALFORMED)
    if len(plain) > LONGEST_NAME:
        raise Refusal("view.name_too_long", kind=Kind.MALFORMED, details={"most": LONGEST_NAME})
    return plain
