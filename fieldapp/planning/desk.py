"""What a person at a desk does with a problem document: goes through it, notes what is wrong, sets items aside."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: its code, its place in the document, what stood there, another item concerned."""

    code: str
    place: str
    value: str = ""
    other: str = ""

    @property
    def details(self) -> dict[str, str]:
        """What the words refer to."""
        return {"place": self.place, "value": self.value, "other": self.other}


@dataclass(frozen=True, slots=True)
class Mended:
    """A document that can be read, what was wrong with it, and the visits (by number) that nobody is to make."""

    document: dict[str, Any]
    faults: tuple[Fault, ...]
    closed: frozenset[int]


@dataclass(slots=True)
class Desk:
    """What is gathered while a document is gone through."""

    agents: int
    travels: bool
    """Whether travel comes from coordinates."""
    faults: list[Fault] = field(default_factory=list)
    closed: set[int] = field(default_factory=set)
    service_by_kind: dict[str, int] = field(default_factory=dict)
    moments: set[int] = field(default_factory=set)
    """All moments at which what a visit brings changes."""

    def tell(self, fault: Fault) -> None:
        """Note one thing that is wrong."""
        self.faults.append(fault)


def read_number(value: Any, *, least: float = -math.inf, most: float = math.inf) -> float | None:
    """`value` if it is a finite number in its range; a flag is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value if least <= value <= most else None


def brief(value: Any) -> str:
    """What stood there, short enough for a sentence."""
    return str(value)[:60]
