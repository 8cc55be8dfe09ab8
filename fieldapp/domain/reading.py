"""Strict reading of JSON objects that come from outside: each field once, of its type, and nothing more.

Every refusal names the field by its path (`met.who`). Codes are `<area>.field_missing`, `.field_unknown`,
`.field_malformed`, `.field_too_long`; the area is the caller's (`visit`, `rules`, `facts`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from fieldapp.domain.errors import Kind, Refusal

T = TypeVar("T")
Choice = TypeVar("Choice", bound=StrEnum)

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# Control characters, half surrogates, invisible marks and those that reverse the reading order: with them a
# report could read otherwise than it was written. Line breaks are allowed where a text may be long.
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]"
)
YEARS = range(1900, 3000)
"""Years that somebody can mean. At the ends of the calendar neither the hour of a place nor the day after can be
reckoned: one contact there would keep its practice from being read at all."""
LARGEST = 2**53 - 1
"""The largest whole number that a phone's arithmetic holds exactly."""


def printable(text: str) -> bool:
    """Whether `text` reads as it was written; line breaks and tabs may stand in it."""
    return _UNPRINTABLE.search(text) is None


def readable(text: str) -> str:
    """`text` with a mark in the place of every sign that it could not be kept or shown with."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def instant_text(at: datetime) -> str:
    """`at` as every envelope spells it: UTC, milliseconds, Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_instant(text: str) -> datetime | None:
    """The aware UTC instant that `text` spells, None when it is spelled in any other way or in no year of `YEARS`."""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return at if at.year in YEARS else None


def read_day(text: str) -> date | None:
    """The date that `2026-11-26` spells, None for any other spelling, for days that do not exist and other years."""
    if not _DAY.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


class Reader:
    """One JSON object being read. Ask for every field, then `close`: what was not asked for is refused."""

    def __init__(self, plain: Any, *, area: str, at: str = "") -> None:
        self._area = area
        self._at = at
        self._read: set[str] = set()
        if not isinstance(plain, dict):
            raise self._refusal("field_malformed", at or "body")
        self._plain: dict[str, Any] = plain

    def text(self, name: str, *, longest: int = 200, least: int = 1) -> str:
        """Printable text of at most `longest` characters, not blank."""
        value = self._typed(name, str)
        if len(value) > longest:
            raise self._refusal("field_too_long", self.path(name), longest=longest)
        if len(value.strip()) < least or not printable(value):
            raise self.malformed(name)
        return value

    def whole(self, name: str, *, least: int = 0, most: int = LARGEST) -> int:
        """A whole number between `least` and `most`; true is not 1."""
        value = self._typed(name, int)
        if not least <= value <= most:
            raise self.malformed(name)
        return value

    def flag(self, name: str) -> bool:
        """True or false."""
        return self._typed(name, bool)

    def choice(self, name: str, options: type[Choice]) -> Choice:
        """One member of a closed list."""
        value = self._typed(name, str)
        if value not in options._value2member_map_:
            raise self.malformed(name)
        return options(value)

    def day(self, name: str) -> date:
        """A local date."""
        found = read_day(self._typed(name, str))
        if found is None:
            raise self.malformed(name)
        return found

    def instant(self, name: str) -> datetime:
        """An aware UTC instant."""
        found = read_instant(self._typed(name, str))
        if found is None:
            raise self.malformed(name)
        return found

    def pattern(self, name: str, shape: re.Pattern[str]) -> str:
        """Text of a fixed shape: a digest, an identifier."""
        value = self._typed(name, str)
        if not shape.fullmatch(value):
            raise self.malformed(name)
        return value

    def object(self, name: str) -> Reader:
        """A nested object."""
        return Reader(self._typed(name, dict), area=self._area, at=self.path(name))

    def objects(self, name: str, *, most: int) -> tuple[Reader, ...]:
        """A list of at most `most` objects."""
        items = self._list(name, most)
        return tuple(Reader(item, area=self._area, at=f"{self.path(name)}[{i}]") for i, item in enumerate(items))

    def texts(self, name: str, *, most: int, longest: int = 60) -> tuple[str, ...]:
        """A list of short texts without repeats."""
        items = self._list(name, most)
        if len({str(item) for item in items}) != len(items):
            raise self.malformed(name)
        if not all(isinstance(item, str) and 1 <= len(item) <= longest for item in items):
            raise self.malformed(name)
        return tuple(items)

    def days(self, name: str, *, most: int) -> tuple[date, ...]:
        """A list of local dates."""
        found = [read_day(item) if isinstance(item, str) else None for item in self._list(name, most)]
        if None in found:
            raise self.malformed(name)
        return tuple(day for day in found if day is not None)

    def plain(self, name: str) -> Any:
        """The value as it came, for a reader that knows its shape."""
        return self._take(name)

    def maybe(self, name: str, read: Callable[[str], T]) -> T | None:
        """None for null, otherwise what `read` makes of the field; the key itself must be there."""
        if self._plain.get(name, ...) is None:
            self._read.add(name)
            return None
        return read(name)

    def names(self) -> Collection[str]:
        """All names in the object, for maps whose keys are data."""
        return self._plain.keys()

    def close(self) -> None:
        """Refuse what nobody asked for."""
        left = sorted(set(self._plain) - self._read)
        if left:
            raise self._refusal("field_unknown", self.path(str(left[0])[:60]))

    def path(self, name: str) -> str:
        """The full path of a field."""
        return f"{self._at}.{name}" if self._at else name

    def malformed(self, name: str) -> Refusal:
        """The refusal of this field."""
        return self._refusal("field_malformed", self.path(name))

    def _take(self, name: str) -> Any:
        self._read.add(name)
        if name not in self._plain:
            raise self._refusal("field_missing", self.path(name))
        return self._plain[name]

    def _typed(self, name: str, kind: type[T]) -> T:
        value = self._take(name)
        if type(value) is not kind:
            raise self.malformed(name)
        return value

    def _list(self, name: str, most: int) -> list[Any]:
        items = self._typed(name, list)
        if len(items) > most:
            raise self._refusal("field_too_long", self.path(name), longest=most)
        return items

    def _refusal(self, code: str, field: str, **details: Any) -> Refusal:
        return Refusal(f"{self._area}.{code}", kind=Kind.MALFORMED, details={"field": field, **details})
