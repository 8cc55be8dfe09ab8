"""Rows to CSV, workbook or fixed-width files, by a creditor's conventions, with nothing in them that computes.

A cell that a spreadsheet would take for a formula gets an apostrophe in front. Amounts and dates are typed
values here, so a negative amount stays a number.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from fieldapp.documents.tables.text_rows import FIXED_REASON_SIGN
from fieldapp.domain.intake_cells import ZERO_WIDTH
from fieldapp.domain.intake_layout import Amounts, Dates, FileKind, Layout
from fieldapp.domain.money import Money

OutCell = str | Money | Decimal | date | bool | int | None


class Conventions(Protocol):
    """How somebody writes files: what layouts of incoming and of outgoing files have in common."""

    @property
    def encodings(self) -> tuple[str, ...]: ...

    @property
    def delimiters(self) -> tuple[str, ...]: ...

    @property
    def quote(self) -> str: ...

    @property
    def sheet(self) -> str: ...

    @property
    def amounts(self) -> Amounts: ...

    @property
    def dates(self) -> Dates: ...


_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_LONGEST_XLSX_TEXT = 32_000
_PIECE = 1 << 16

MEDIA_TYPES = {
    FileKind.CSV: ("text/csv", ".csv"),
    FileKind.FIXED: ("text/plain", ".txt"),
    FileKind.XLSX: ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"),
}
"""Media type and ending of the files of each kind."""


def neutral(text: str) -> str:
    """`text` as a spreadsheet shows it and never computes it; blanks in front do not hide a formula."""
    bare = text.lstrip(" \u00a0" + ZERO_WIDTH)
    return "'" + text if text.startswith(_STARTS_A_FORMULA) or bare.startswith(_STARTS_A_FORMULA) else text


def write_table(header: Sequence[str], rows: Iterable[Sequence[OutCell]], layout: Layout) -> bytes:
    """`rows` under `header` in the kind, encoding and conventions of `layout`."""
    if layout.kind is FileKind.XLSX:
        return write_xlsx(header, rows, layout)
    if layout.kind is FileKind.FIXED:
        return write_fixed(rows, layout)
    return write_csv(header, rows, layout)


def write_csv(header: Sequence[str], rows: Iterable[Sequence[OutCell]], layout: Conventions) -> bytes:
    """A delimited file; UTF-8 with its mark where the layout's encoding lacks a sign that is needed."""
    # Bytes, since a text that grows takes four of them for each sign.
    out = io.BytesIO()
    with io.TextIOWrapper(out, encoding="utf-8", errors="replace", newline="", write_through=True) as text:
        writer = csv.writer(text, delimiter=layout.delimiters[0], quotechar=layout.quote, lineterminator="\r\n")
        writer.writerow([neutral(title) for title in header])
        for row in rows:
            writer.writerow([_written(cell, layout) for cell in row])
        return _as_asked(out, layout)


def write_fixed(rows: Iterable[Sequence[OutCell]], layout: Layout) -> bytes:
    """Records of fixed width; a cell beyond the layout's columns follows the record after a bar.

    Such files are read by machines only, so nothing is put in front; a text too long for its column is cut.
    """
    lines = []
    for row in rows:
        texts = [" ".join(_plain(cell, layout).split()) for cell in row]
        record = "".join(
            text[: column.width].ljust(column.width) for text, column in zip(texts, layout.columns, strict=False)
        )
        beyond = texts[len(layout.columns) :]
        lines.append(f"{record} {FIXED_REASON_SIGN} {' '.join(beyond)}" if beyond else record)
    return _encoded("".join(line + "\r\n" for line in lines), layout)


def write_xlsx(header: Sequence[str], rows: Iterable[Sequence[OutCell]], layout: Conventions) -> bytes:
    """A workbook of one sheet: text as text, amounts and dates as typed cells, no formula."""
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet((layout.sheet or "Dati")[:31])
    sheet.append([xlsx_cell(sheet, title) for title in header])
    for row in rows:
        sheet.append([xlsx_cell(sheet, cell) for cell in row])
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def xlsx_cell(sheet: Any, cell: OutCell) -> Any:
    if isinstance(cell, Money):
        made: Any = WriteOnlyCell(sheet)
        made.value = Decimal(cell.cents).scaleb(-2)
        made.number_format = "#,##0.00"
        return made
    if isinstance(cell, str):
        made = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\ufffd", neutral(cell))[:_LONGEST_XLSX_TEXT])
        # Whatever the text looks like, the cell says that it is text.
        made.data_type = "s"
        return made
    if isinstance(cell, date):
        made = WriteOnlyCell(sheet)
        made.value = cell
        made.number_format = "dd/mm/yyyy"
        return made
    return cell


def _written(cell: OutCell, layout: Conventions) -> str:
    text = _plain(cell, layout)
    return neutral(text) if isinstance(cell, str) else text


def _plain(cell: OutCell, layout: Conventions) -> str:
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "si" if cell else "no"
    if isinstance(cell, Money):
        return amount_text(cell.cents, layout)
    if isinstance(cell, date):
        return date_text(cell, layout)
    return str(cell)


def amount_text(cents: int, layout: Conventions) -> str:
    """`cents` in the layout's convention, as this layout would read it back; without thousands signs."""
    convention = layout.amounts
    sign, (whole, rest) = "-" * (cents < 0), divmod(abs(cents), 100)
    if convention.implied_decimals:
        return f"{sign}{abs(cents) // 10 ** (2 - convention.implied_decimals)}"
    return f"{sign}{whole}{convention.decimal}{rest:02d}"


def date_text(day: date, layout: Conventions) -> str:
    """`day` in the first spelling of the layout."""
    spelling = layout.dates.formats[0]
    on = day.date() if isinstance(day, datetime) else day
    parts = {"dd": f"{on.day:02d}", "mm": f"{on.month:02d}", "yyyy": f"{on.year:04d}"}
    for part, digits in parts.items():
        spelling = spelling.replace(part, digits)
    return spelling


def _as_asked(utf8: io.BytesIO, layout: Conventions) -> bytes:
    """The same in the layout's encoding, a piece at a time: a large file never stands whole as a text beside itself."""
    name = codecs.lookup(layout.encodings[0]).name
    if name == "utf-8":
        return utf8.getvalue()
    utf8.seek(0)
    encoder, out = codecs.getincrementalencoder(name)(), io.BytesIO()
    try:
        for piece in codecs.iterdecode(iter(lambda: utf8.read(_PIECE), b""), "utf-8"):
            out.write(encoder.encode(piece))
    except UnicodeEncodeError:
        return codecs.BOM_UTF8 + utf8.getvalue()
    out.write(encoder.encode("", final=True))
    return out.getvalue()


def _encoded(text: str, layout: Conventions) -> bytes:
    try:
        return text.encode(layout.encodings[0])
    except UnicodeEncodeError:
        return text.encode("utf-8-sig", errors="replace")
