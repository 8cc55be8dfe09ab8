"""Day sheets: what finds the door, in order, one agent a sheet; names are data; the bytes are the same again."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

import pypdf
import pytest

from fieldapp.documents.day_sheets import Language, Sheet, SheetStop, day_sheets_pdf

DAY = date(2026, 11, 26)
PRINTED = datetime(2026, 11, 26, 7, 0, 0, 123_456, tzinfo=UTC)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 26, hour, minute, tzinfo=UTC)


def a_stop(street: str, when: datetime | None, **changes: object) -> SheetStop:
    plain = {"comune": "Lodi", "staircase": "", "unit": "", "name": "Bianchi M.", "access_notes": "", "must": False}
    return SheetStop(at=when, street=street, **{**plain, **changes})  # type: ignore[arg-type]


def a_sheet(agent: str = "Anna Verdi", **changes: object) -> Sheet:
    plain = {
        "day": DAY,
        "version": 2,
        "stops": [a_stop("Via Roma 12", at(9)), a_stop("Via Po 3", at(14), must=True)],
        "reserve": [],
        "lunch": (at(12, 45), at(13, 15)),
    }
    return Sheet(agent=agent, **{**plain, **changes})  # type: ignore[arg-type]


def pages(*sheets: Sheet, language: Language = "it") -> list[str]:
    pdf = day_sheets_pdf(sheets, agency="Aldini", phone="0371 1", printed_at=PRINTED, language=language)
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


def test_a_sheet_lists_the_doors_in_order_with_the_break_between_them() -> None:
    text = pages(a_sheet())[0]

    wanted = ["Anna Verdi", "giovedì 26 novembre 2026", "09:00", "Via Roma 12", "Pausa 12:45", "14:00", "appuntamento"]
    places = [text.index(part) for part in wanted]
    assert places[2:] == sorted(places[2:])
    assert "0371 1" in text


def test_each_agent_has_a_sheet_and_the_reserve_stands_below() -> None:
    made = pages(a_sheet(), a_sheet("Ugo Neri", reserve=[a_stop("Vicolo Stretto 2", None)]))

    assert len(made) == 2
    assert "riserva" not in made[0]
    assert made[1].index("riserva") < made[1].index("Vicolo Stretto 2")


@pytest.mark.parametrize(("language", "word"), [("it", "Giro visite"), ("en", "Day of visits"), ("fr", "Tournée")])
def test_a_sheet_speaks_the_language_of_who_prints_it(language: Language, word: str) -> None:
    assert word in pages(a_sheet(), language=language)[0]


def test_what_files_wrote_is_never_markup() -> None:
    notes = '#import "x" $ <b> [[ */ \\ @ref'

    assert "#import" in pages(a_sheet(stops=[a_stop("Via #let 1", at(9), access_notes=notes)]))[0]


def test_the_same_day_makes_the_same_bytes() -> None:
    assert len({day_sheets_pdf([a_sheet()], agency="A", phone="1", printed_at=PRINTED) for _ in range(2)}) == 1
