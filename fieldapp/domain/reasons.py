"""Why somebody did what the rules leave to people: written for whoever reads it later."""

from __future__ import annotations

SHORTEST = 10
"""Letters; with fewer nobody learns anything from it."""


def says_too_little(reason: str) -> bool:
    """Whether whoever reads it later would learn nothing."""
    return len(reason.strip()) < SHORTEST
