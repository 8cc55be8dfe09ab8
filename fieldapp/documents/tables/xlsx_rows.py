"""Workbooks to rows. Nothing is computed, followed or run: formulas come out as `Formula`, links stay shut."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from fieldapp.documents.tables.xlsx_marks import SheetMarks, SheetPart, WorkbookParts, read_marks, read_parts
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

    Refusals: `intake.not_a_table`, `intake.archive`, `intake.other_workbook`, `intake.encrypted`, `intake.bomb`,
    `intake.entities`, `intake.container_unreadable`, `intake.sheet_missing`, `intake.sheet_ambiguous`,
    `intake.sheet_too_large`, and those of `find_header`.
    """
    _refuse_other_containers(content)
    archive = open_guarded(content, LIMITS, area=_AREA)
    _refuse_other_archives(archive)
    refuse_document_types(archive, area=_AREA)
    parts = read_parts(archive)
    notes = _container_notes(archive)
    visible = _visible(parts.sheets, layout, notes)
    with _as_refusals():
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    table = _choose(_Opened(workbook, archive, parts, layout), visible, notes)
    if table.marks.hidden_rows:
        notes.append(Finding("intake.hidden_rows"))
    origin = SERIALS_FROM_1904 if parts.counts_from_1904 else SERIALS_FROM_1900
    return SheetTable(table.sheet, table.marks, table.header, origin, tuple(notes))


def _refuse_other_containers(content: bytes) -> None:
    if content.startswith(_OLE):
        if _ENCRYPTED_STREAM in content:
            raise Refusal("intake.encrypted", kind=Kind.UNSUPPORTED)
        raise Refusal("intake.other_workbook", kind=Kind.UNSUPPORTED, details={"found": "XLS"})
    if not content.startswith(b"PK"):
        found = "PDF" if content[:1024].lstrip().startswith(b"%PDF") else "CSV / TXT"
        raise Refusal("intake.not_a_table", kind=Kind.UNSUPPORTED, details={"found": found})


def _refuse_other_archives(archive: zipfile.ZipFile) -> None:
    """A ZIP that is whole but no workbook of Excel's is called by its name, not damaged."""
    names = {name.lower() for name in archive.namelist()}
    if any(name.startswith("xl/") for name in names):
        return
    if any(name.startswith("index/") and name.endswith(".iwa") for name in names):
        raise Refusal("intake.other_workbook", kind=Kind.UNSUPPORTED, details={"found": "Numbers"})
    if {"mimetype", "content.xml"} <= names:
        raise Refusal("intake.other_workbook", kind=Kind.UNSUPPORTED, details={"found": "ODS"})
    raise Refusal("intake.archive", kind=Kind.UNSUPPORTED, details={"found": "ZIP"})


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


@dataclass(frozen=True, slots=True)
class _Opened:
    """A workbook looked at and opened."""

    workbook: CalamineWorkbook
    archive: zipfile.ZipFile
    parts: WorkbookParts
    layout: Layout

    def table(self, part: SheetPart) -> SheetTable:
        """The table on one sheet. Refusals of `find_header` where it holds none."""
        marks = read_marks(self.archive, part.path, self.parts.currencies)
        with _as_refusals():
            sheet = self.workbook.get_sheet_by_name(part.name)
        header = find_header(list(islice(_rows(sheet, marks), SEARCHED_ROWS)), self.layout)
        return SheetTable(sheet, marks, header, SERIALS_FROM_1900, ())


def _choose(opened: _Opened, visible: Sequence[SheetPart], notes: list[Finding]) -> SheetTable:
    found, refusals = _tables(opened, visible)
    if len(found) > 1:
        raise Refusal("intake.sheet_ambiguous", details={"sheets": ", ".join(found)[:200]})
    if not found:
        hidden = [part for part in opened.parts.sheets if not part.visible]
        if _tables(opened, hidden)[0]:
            raise Refusal("intake.sheet_missing", details={"sheet": opened.layout.sheet})
        raise next((refusal for refusal in refusals if refusal.code != "intake.empty"), refusals[0])
    ((chosen, table),) = found.items()
    others = [part.name for part in visible if part.name != chosen]
    if others:
        notes.append(Finding("intake.other_sheets", None, {"sheets": ", ".join(others)[:200]}))
    return table


def _tables(opened: _Opened, parts: Sequence[SheetPart]) -> tuple[dict[str, SheetTable], list[Refusal]]:
    found: dict[str, SheetTable] = {}
    refusals: list[Refusal] = []
    for part in parts:
        try:
            found[part.name] = opened.table(part)
        except Refusal as refusal:
            refusals.append(refusal)
    return found, refusals


def _rows(sheet: CalamineSheet, marks: SheetMarks) -> Iterator[RawRow]:
    if sheet.start is None:
        return
    # Rows come from the first of the sheet on, cells from its first filled column on.
    first_column = sheet.start[1] + 1
    marked = {row for notes in (marks.formulas, marks.faults, marks.currencies) for row, _ in notes}
    with _as_refusals():
        for number, values in enumerate(sheet.iter_rows(), start=1):
            cells = [None if value == "" else _cell(value) for value in values]
            if number in marked:
                _put_marks(cells, number, first_column, marks)
            yield RawRow(number, tuple(cells), merged=_merged_places(marks.merged.get(number, ()), first_column))


def _merged_places(ranges: Iterable[tuple[int, int]], first_column: int) -> frozenset[int]:
    return frozenset(place - first_column for left, right in ranges for place in range(left, right + 1))


def _put_marks(cells: list[Cell], number: int, first_column: int, marks: SheetMarks) -> None:
    for place in range(len(cells)):
        position = (number, first_column + place)
        if position in marks.formulas:
            cells[place] = Formula(marks.formulas[position])
        elif position in marks.faults:
            cells[place] = CellFault(marks.faults[position])
        elif position in marks.currencies and isinstance(cells[place], Decimal):
            # What the sheet shows is not what the cell holds: "$ 100" is no hundred euro.
            cells[place] = f"{marks.currencies[position]} {cells[place]}"


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


def first_sheet(content: bytes, most: int) -> tuple[str, list[RawRow], date]:
    """Name, first rows and day 0 of the visible sheet with most cells; refusals as in `read_workbook`."""
    _refuse_other_containers(content)
    archive = open_guarded(content, LIMITS, area=_AREA)
    _refuse_other_archives(archive)
    refuse_document_types(archive, area=_AREA)
    parts = read_parts(archive)
    with _as_refusals():
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    found: list[tuple[int, str, list[RawRow]]] = []
    for part in parts.sheets:
        if part.visible:
            marks = read_marks(archive, part.path, parts.currencies)
            with _as_refusals():
                sheet = workbook.get_sheet_by_name(part.name)
            found.append((marks.rows * marks.columns, part.name, list(islice(_rows(sheet, marks), most))))
    if not found:
        raise Refusal("intake.sheet_missing", details={"sheet": ""})
    _, name, rows = max(found, key=lambda each: each[0])
    return name, rows, SERIALS_FROM_1904 if parts.counts_from_1904 else SERIALS_FROM_1900
