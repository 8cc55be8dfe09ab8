"""What a workbook's parts say besides values: sheets and their state, formulas, faults, merged and hidden rows.

The reader of values tells none of it, and lays a sheet out densely; so size is judged here, before it runs.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

from fieldapp.documents.tables.zip_guard import chunks
from fieldapp.domain.errors import Kind, Refusal

_AREA = "intake"
_LAST_ROW, _LAST_COLUMN, _MOST_CELLS = 500_000, 16_384, 12_000_000
_MOST_MARKS = 200_000
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")
_WORKBOOK_PART = "xl/workbook.xml"
_RELATIONS_PART = "xl/_rels/workbook.xml.rels"


@dataclass(frozen=True, slots=True)
class SheetPart:
    name: str
    visible: bool
    path: str


@dataclass(frozen=True, slots=True)
class WorkbookParts:
    """The sheets in order, and whether days are counted from 1904."""

    sheets: tuple[SheetPart, ...]
    counts_from_1904: bool


@dataclass(slots=True)
class SheetMarks:
    """Rows and columns count from 1. `formulas` and `faults`: (row, column) -> what stands there."""

    formulas: dict[tuple[int, int], str] = field(default_factory=dict)
    faults: dict[tuple[int, int], str] = field(default_factory=dict)
    merged_rows: set[int] = field(default_factory=set)
    hidden_rows: bool = False
    rows: int = 0
    columns: int = 0


def read_parts(archive: zipfile.ZipFile) -> WorkbookParts:
    """The workbook's own list of sheets. Refusal `intake.container_unreadable` where it names none."""
    targets: dict[str, str] = {}
    listed: list[tuple[str, bool, str]] = []
    from_1904 = False

    def relation(name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            path = posixpath.normpath(posixpath.join("xl", attributes.get("Target", "")))
            targets[attributes.get("Id", "")] = path.lstrip("/")

    def listing(name: str, attributes: dict[str, str]) -> None:
        nonlocal from_1904
        if name == "workbookPr":
            from_1904 = attributes.get("date1904", "0") in ("1", "true", "on")
        elif name == "sheet":
            part = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), "")
            visible = attributes.get("state", "visible") == "visible"
            listed.append((attributes.get("name", ""), visible, part))

    _scan(archive, _RELATIONS_PART, listing=relation)
    _scan(archive, _WORKBOOK_PART, listing=listing)
    names = set(archive.namelist())
    sheets = tuple(
        SheetPart(name, visible, targets[part])
        for name, visible, part in listed
        if targets.get(part) in names and "chartsheets/" not in targets[part]
    )
    if not sheets:
        raise Refusal("intake.container_unreadable", kind=Kind.UNSUPPORTED)
    return WorkbookParts(sheets, from_1904)


def read_marks(archive: zipfile.ZipFile, path: str) -> SheetMarks:
    """The marks of one sheet. Refusals: `intake.sheet_too_large`, `intake.container_unreadable`."""
    scan = _SheetScan()
    _scan(archive, path, listing=scan.begin, ending=scan.end, text=scan.say)
    if scan.marks.rows * scan.marks.columns > _MOST_CELLS:
        raise _too_large(scan.marks.rows)
    return scan.marks


class _SheetScan:
    """Follows a sheet's elements and notes what matters; positions are given or go on by one."""

    def __init__(self) -> None:
        self.marks = SheetMarks()
        self._row = 0
        self._column = 0
        self._formula: list[str] | None = None
        self._fault = False

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._cell(attributes)
        elif name == "row":
            self._begin_row(attributes)
        elif name == "f":
            self._formula = []
        elif name == "mergeCell":
            self._merge(attributes.get("ref", ""))

    def end(self, name: str) -> None:
        if name == "f" and self._formula is not None:
            self._note(self.marks.formulas, "=" + "".join(self._formula))
            self._formula = None

    def say(self, text: str) -> None:
        if self._formula is not None and len(self._formula) < 50:
            self._formula.append(text)

    def _begin_row(self, attributes: dict[str, str]) -> None:
        self._row = _whole(attributes.get("r"), self._row + 1)
        self._column = 0
        if self._row > _LAST_ROW:
            raise _too_large(self._row)
        if attributes.get("hidden") in ("1", "true"):
            self.marks.hidden_rows = True

    def _cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        if reference:
            self._row, self._column = _position(reference)
        else:
            self._column += 1
        if self._row > _LAST_ROW or self._column > _LAST_COLUMN:
            raise _too_large(self._row)
        if self._column > self.marks.columns:
            self.marks.columns = self._column
        if self._row > self.marks.rows:
            self.marks.rows = self._row
        if attributes.get("t") == "e":
            self._note(self.marks.faults, "#")

    def _note(self, notes: dict[tuple[int, int], str], what: str) -> None:
        if len(notes) >= _MOST_MARKS:
            raise _too_large(self._row)
        notes[self._row, self._column] = what

    def _merge(self, reference: str) -> None:
        first, _, last = reference.partition(":")
        begins, ends = _position(first)[0], _position(last or first)[0]
        self.marks.merged_rows.update(range(begins, min(ends, _LAST_ROW) + 1))


def _position(reference: str) -> tuple[int, int]:
    found = _REFERENCE.fullmatch(reference.upper())
    if found is None:
        raise Refusal("intake.container_unreadable", kind=Kind.UNSUPPORTED)
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]), column


def _whole(text: str | None, otherwise: int) -> int:
    if text is None:
        return otherwise
    if not re.fullmatch("[0-9]{1,7}", text):
        raise Refusal("intake.container_unreadable", kind=Kind.UNSUPPORTED)
    return int(text)


def _too_large(line: int) -> Refusal:
    return Refusal("intake.sheet_too_large", kind=Kind.TOO_LARGE, details={"line": line})


def _scan(
    archive: zipfile.ZipFile,
    path: str,
    *,
    listing: Callable[[str, dict[str, str]], None],
    ending: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    try:
        entry = archive.getinfo(path)
    except KeyError as fault:
        raise Refusal("intake.container_unreadable", kind=Kind.UNSUPPORTED) from fault
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: listing(name.rpartition(":")[2], attributes)
    if ending:
        parser.EndElementHandler = lambda name: ending(name.rpartition(":")[2])
    if text:
        parser.CharacterDataHandler = text
    try:
        for piece in chunks(archive, entry, area=_AREA):
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError as fault:
        raise Refusal("intake.container_unreadable", kind=Kind.UNSUPPORTED) from fault
