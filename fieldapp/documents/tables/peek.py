"""An unknown file opened without a layout: its first rows, and how they are encoded and parted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from itertools import islice

from fieldapp.documents.tables.text_rows import decode, delimited_records
from fieldapp.documents.tables.xlsx_rows import first_sheet
from fieldapp.domain.intake import RawRow
from fieldapp.domain.intake_frame import SEARCHED_ROWS
from fieldapp.domain.intake_guess import STUDIED_ROWS
from fieldapp.domain.intake_layout import Column, Field, FileKind, Layout

_DELIMITERS = (";", ",", "\t", "|")
_READ = SEARCHED_ROWS + STUDIED_ROWS
_ANY = Layout(
    name="any",
    title="",
    kind=FileKind.CSV,
    columns=(
        Column(Field.PRACTICE_NUMBER, "number"),
        Column(Field.DEBTOR, "debtor"),
        Column(Field.PRINCIPAL, "principal"),
        Column(Field.TOTAL, "total"),
    ),
    encodings=("utf-8", "windows-1252"),
)
"""Only for its encodings: an unknown file has no layout."""


@dataclass(frozen=True, slots=True)
class Peek:
    kind: FileKind
    rows: list[RawRow]
    encoding: str = "utf-8"
    delimiter: str = ";"
    sheet: str = ""
    serial_origin: date | None = None


def peek(content: bytes) -> Peek:
    """The first rows of `content`. Refusals: those of `read_text` and `read_workbook` that no layout is needed for."""
    if content.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        sheet, rows, origin = first_sheet(content, _READ)
        return Peek(FileKind.XLSX, rows, sheet=sheet, serial_origin=origin)
    text, _ = decode(content, _ANY)
    try:
        content.decode("utf-8")
        encoding = "utf-8"
    except UnicodeDecodeError:
        encoding = "windows-1252"
    readings = {sign: list(islice(delimited_records(text, sign, '"', None), _READ)) for sign in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda sign: _regularity(readings[sign]))
    return Peek(FileKind.CSV, readings[delimiter], encoding, delimiter)


def _regularity(rows: list[RawRow]) -> int:
    """How many cells stand in rows of the commonest width; a delimiter that parts nothing has none."""
    widths = Counter(len(row.cells) for row in rows if any(row.cells))
    width, rows_of_it = max(widths.items(), key=lambda each: each[0] * each[1], default=(1, 0))
    return width * rows_of_it if width > 1 else 0
