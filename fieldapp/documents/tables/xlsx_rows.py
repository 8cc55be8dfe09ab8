"""Workbooks to rows. Nothing is computed, followed or run: formulas come out as `Formula`, links stay shut."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from fieldapp.documents.tables.xlsx_marks import SheetMarks, SheetPart, read_marks, read_parts
from fieldapp.documents.tables.zip_guard import ZipLimits, open_guarded, refuse_document_types
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.intake import Cell, CellFault, Finding, Formula, RawRow
from fieldapp.domain.intake_cells import SERIALS_FROM_1900, SERIALS_FROM_1904, heading_key
from fieldapp.domain.intake_frame import SEARCHED_ROWS, Header, find_header
from fieldapp.domain.intake_layout import Layout

LIMITS = ZipLimits()
_AREA = "intake"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True, slots=True)
class SheetTable:
    """A sheet whose headings are found; `rows` reads the data below them."""

    sheet: CalamineSheet
    marks: SheetMarks
    header: Header
    serial_origin: date
    warnings: tuple[Finding, ...]

    def rows(self) -> Iterator[RawRow]:
        return islice(_rows(self.sheet, self.marks), self.header.row + 1, None)


def read_workbook(content: bytes, layout: Layout) -> SheetTable:
    """The one sheet of a workbook that holds the layout's table.

    Refusals: `intake.not_a_table`, `intake.encrypted`, `intake.bomb`, `intake.entities`,
    `intake.container_unreadable`, `intake.sheet_missing`, `intake.sheet_ambiguous`, `intake.sheet_too_large`,
    and those of `find_header`.
    """
    _refuse_other_containers(content)
    archive = open_guarded(content, LIMITS, area=_AREA)
    refuse_document_types(archive, area=_AREA)
    parts = read_parts(archive)
    notes = _container_notes(archive)
    visible = _visible(parts.sheets, layout, notes)
    with _as_refusals():
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    table = _choose(workbook, archive, visible, layout, notes)
    if table.marks.hidden_rows:
        notes.append(Finding("intake.hidden_rows"))
    origin = SERIALS_FROM_1904 if parts.counts_from_1904 else SERIALS_FROM_1900
    return SheetTable(table.sheet, table.marks, table.header, origin, tuple(notes))


def _refuse_other_containers(content: bytes) -> None:
    if content.startswith(_OLE):
        if _ENCRYPTED_STREAM in content:
            raise Refusal("intake.encrypted", kind=Kind.UNSUPPORTED)
        raise Refusal("intake.not_a_table", kind=Kind.UNSUPPORTED, details={"found": "XLS"})
    if not content.startswith(b"PK"):
        found = "PDF" if content[:1024].lstrip().startswith(b"%PDF") else "CSV / TXT"
        raise Refusal("intake.not_a_table", kind=Kind.UNSUPPORTED, details={"found": found})


@contextmanager
def _as_refusals() -> Iterator[None]:
    """Whatever the reader of values says of hostile bytes is the file's fault; its panics are no `Exception`."""
    try:
        yield
    except (CalamineError, OSError, ValueError, TypeError, OverflowError) as fault:
        raise Refusal("intake.container_unreadable", kind=Kind.UNSUPPORTED) from fault
    except BaseException as fault:
        if type(fault).__name__ != "PanicException":
            raise
        raise Refusal("intake.container_unreadable", kind=Kind.UNSUPPORTED) from fault


def _container_notes(archive: zipfile.ZipFile) -> list[Finding]:
    names = [name.lower() for name in archive.namelist()]
    notes = []
    if any(name.startswith("xl/externallinks/") for name in names):
        notes.append(Finding("intake.external_links"))
    if any(name.endswith("vbaproject.bin") for name in names):
        notes.append(Finding("intake.macros"))
    return notes


def _visible(sheets: Sequence[SheetPart], layout: Layout, notes: list[Finding]) -> list[SheetPart]:
    hidden = [sheet.name for sheet in sheets if not sheet.visible]
    if hidden:
        notes.append(Finding("intake.hidden_sheets", None, {"sheets": ", ".join(hidden)[:200]}))
    visible = [sheet for sheet in sheets if sheet.visible]
    if layout.sheet:
        visible = [sheet for sheet in visible if heading_key(sheet.name) == heading_key(layout.sheet)]
    if not visible:
        raise Refusal("intake.sheet_missing", details={"sheet": layout.sheet})
    return visible


def _choose(
    workbook: CalamineWorkbook,
    archive: zipfile.ZipFile,
    visible: Sequence[SheetPart],
    layout: Layout,
    notes: list[Finding],
) -> SheetTable:
    found: dict[str, SheetTable] = {}
    refusals: list[Refusal] = []
    for part in visible:
        marks = read_marks(archive, part.path)
        with _as_refusals():
            sheet = workbook.get_sheet_by_name(part.name)
        try:
            header = find_header(list(islice(_rows(sheet, marks), SEARCHED_ROWS)), layout)
        except Refusal as refusal:
            refusals.append(refusal)
            continue
        found[part.name] = SheetTable(sheet, marks, header, SERIALS_FROM_1900, ())
    if len(found) > 1:
        raise Refusal("intake.sheet_ambiguous", details={"sheets": ", ".join(found)[:200]})
    if not found:
        raise next((refusal for refusal in refusals if refusal.code != "intake.empty"), refusals[0])
    ((chosen, table),) = found.items()
    others = [part.name for part in visible if part.name != chosen]
    if others:
        notes.append(Finding("intake.other_sheets", None, {"sheets": ", ".join(others)[:200]}))
    return table


def _rows(sheet: CalamineSheet, marks: SheetMarks) -> Iterator[RawRow]:
    if sheet.start is None:
        return
    # Rows come from the first of the sheet on, cells from its first filled column on.
    first_column = sheet.start[1] + 1
    marked = {row for row, _ in marks.formulas} | {row for row, _ in marks.faults}
    with _as_refusals():
        for number, values in enumerate(sheet.iter_rows(), start=1):
            cells = [None if value == "" else _cell(value) for value in values]
            if number in marked:
                _put_marks(cells, number, first_column, marks)
            merged = number in marks.merged_rows and any(cell is not None for cell in cells)
            yield RawRow(number, tuple(cells), "intake.merged_cell" if merged else None)


def _put_marks(cells: list[Cell], number: int, first_column: int, marks: SheetMarks) -> None:
    for place in range(len(cells)):
        position = (number, first_column + place)
        if position in marks.formulas:
            cells[place] = Formula(marks.formulas[position])
        elif position in marks.faults:
            cells[place] = CellFault(marks.faults[position])


def _cell(value: object) -> Cell:
    if isinstance(value, str | bool):
        return value
    if isinstance(value, int | float):
        return Decimal(repr(value))
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, date):
        return value
    # A bare time is what serial 0 becomes under a date format.
    if value == time(0):
        return Decimal(0)
    return CellFault(str(value)) if isinstance(value, time | timedelta) else str(value)
