"""A day on paper for when a phone is dead: what an agent needs to find the doors, and nothing of any debt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

import typst

Language = Literal["it", "en", "fr"]

_FOLDER = resources.files("fieldapp.documents")
_FONTS = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)


@dataclass(frozen=True, slots=True)
class SheetStop:
    """One door. `at` is local; None in the reserve, which has no time of its own. By its shape it holds no debt."""

    at: datetime | None
    street: str
    comune: str
    staircase: str
    unit: str
    name: str
    access_notes: str
    must: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """One agent's day."""

    agent: str
    day: date
    version: int
    stops: Sequence[SheetStop]
    reserve: Sequence[SheetStop]
    lunch: tuple[datetime, datetime] | None


def day_sheets_pdf(
    sheets: Sequence[Sheet], *, agency: str, phone: str, printed_at: datetime, language: Language = "it"
) -> bytes:
    """A4, one sheet after the other; the same bytes for the same day and instant."""
    words = _words(language)
    data = {
        "title": words["title"],
        "lang": language,
        "words": {name: words[name] for name in ("time", "door", "notes", "reserve")},
        "keep": words["keep"].format(agency=agency, phone=phone),
        "sheets": [_sheet(sheet, words) for sheet in sheets],
    }
    made = typst.Compiler((_FOLDER / "templates" / "day_sheet.typ").read_bytes(), font_paths=_FONTS).compile(
        format="pdf",
        sys_inputs={"sheets": json.dumps(data)},
        timestamp=printed_at.astimezone(UTC).replace(microsecond=0),
    )
    assert isinstance(made, bytes)
    return made


@lru_cache
def _words(language: Language) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((_FOLDER / "words" / f"day_sheet.{language}.json").read_text(encoding="utf-8"))
    return read


def _sheet(sheet: Sheet, words: dict[str, Any]) -> dict[str, Any]:
    day = sheet.day
    summary = f"{words['visits'].format(n=len(sheet.stops))} · {words['version'].format(n=sheet.version)}"
    return {
        "agent": sheet.agent,
        "day": f"{words['days'][day.weekday()]} {day.day} {words['months'][day.month - 1]} {day.year}",
        "summary": summary,
        "stops": _with_lunch(sheet, words),
        "reserve": [_stop(stop, words) for stop in sheet.reserve],
    }


def _with_lunch(sheet: Sheet, words: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [_stop(stop, words) for stop in sheet.stops]
    if sheet.lunch is None:
        return rows
    begins, ends = sheet.lunch
    place = sum(stop.at is not None and stop.at < begins for stop in sheet.stops)
    rows.insert(place, {"lunch": words["lunch"].format(**{"from": f"{begins:%H:%M}", "to": f"{ends:%H:%M}"})})
    return rows


def _stop(stop: SheetStop, words: dict[str, Any]) -> dict[str, Any]:
    within = [words[part].format(name=name) for part, name in (("staircase", stop.staircase), ("unit", stop.unit))]
    return {
        "time": f"{stop.at:%H:%M}" if stop.at else "",
        "street": stop.street,
        "comune": stop.comune,
        "within": " · ".join(text for text, name in zip(within, (stop.staircase, stop.unit), strict=True) if name),
        "name": stop.name,
        "access": stop.access_notes,
        "must": words["must"] if stop.must else "",
    }
