"""What a workbook's parts say besides values: sheets and their state, formulas, faults, currencies, merged cells.

The reader of values tells none of it, and lays a sheet out densely; so size is judged here, before it runs.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from fieldapp.documents.tables.zip_guard import chunks
from fieldapp.domain.errors import Kind, Refusal

_AREA = "intake"
_LAST_ROW, _LAST_COLUMN, _MOST_CELLS = 500_000, 16_384, 12_000_000
_MOST_MARKS = 200_000
_MOST_MERGED_ROWS = 1_000_000
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")
_WORKBOOK_PART = "xl/workbook.xml"
_RELATIONS_PART = "xl/_rels/workbook.xml.rels"
_STYLES_PART = "xl/styles.xml"
# Of a number format: what stands in quotes or behind `[$`, and the bare signs; "[$€-410] #,##0.00" shows euro.
_SHOWN_CURRENCY = re.compile(r'\[\$([^\]-]+)|"([^"]*)"|\\?([$£¥₣₤₺₽₹฿¢])')
_FOREIGN_CURRENCY = re.compile(r"[$£¥₣₤₺₽₹฿¢]|\b(?!EUR\b)[A-Z]{3}\b")


@dataclass(frozen=True, slots=True)
class SheetPart:
    name: str
    visible: bool
    path: str


@dataclass(frozen=True, slots=True)
class WorkbookParts:
    """The sheets in order, whether days are counted from 1904, and the styles that show a foreign currency."""

    sheets: tuple[SheetPart, ...]
    counts_from_1904: bool
    currencies: Mapping[int, str]


@dataclass(slots=True)
class SheetMarks:
    """Rows and columns count from 1. `formulas`, `faults`, `currencies`: (row, column) -> what stands there.

    `merged`: row -> the first and last columns of merged ranges.
    """

    formulas: dict[tuple[int, int], str] = field(default_factory=dict)
    faults: dict[tuple[int, int], str] = field(default_factory=dict)
    currencies: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
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
    return WorkbookParts(sheets, from_1904, _foreign_styles(archive) if _STYLES_PART in names else {})


def _foreign_styles(archive: zipfile.ZipFile) -> dict[int, str]:
    """Of the styles that cells name by number, those that show another currency than the euro, and which."""
    formats: dict[str, str] = {}
    used: list[str] = []
    in_cells = False

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal in_cells
        if name == "numFmt":
            formats[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            in_cells = True
        elif name == "xf" and in_cells:
            used.append(attributes.get("numFmtId", ""))

    def end(name: str) -> None:
        nonlocal in_cells
        in_cells = in_cells and name != "cellXfs"

    _scan(archive, _STYLES_PART, listing=begin, ending=end)
    shown = {number: _currency(code) for number, code in formats.items()}
    return {place: shown[number] for place, number in enumerate(used) if shown.get(number)}


def _currency(code: str) -> str:
    for parts in _SHOWN_CURRENCY.findall(code[:500]):
        foreign = _FOREIGN_CURRENCY.search("".join(parts))
        if foreign:
            return foreign[0]
    return ""


def read_marks(archive: zipfile.ZipFile, path: str, currencies: Mapping[int, str]) -> SheetMarks:
    """The marks of one sheet; `currencies` are those of the styles.

    Refusals: `intake.sheet_too_large`, `intake.container_unreadable`.
    """
    scan = _SheetScan(currencies)
    _scan(archive, path, listing=scan.begin, ending=scan.end, text=scan.say)
    scan.spread_merges()
    if scan.marks.rows * scan.marks.columns > _MOST_CELLS:
        raise _too_large(scan.marks.rows)
    return scan.marks


class _SheetScan:
    """Follows a sheet's elements and notes what matters; positions are given or go on by one."""

    def __init__(self, currencies: Mapping[int, str]) -> None:
        self.marks = SheetMarks()
        self._currencies = currencies
        self._merges: list[tuple[int, int, int, int]] = []
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
        currency = self._currencies.get(_whole(attributes.get("s"), 0)) if self._currencies else None
        if currency:
            self._note(self.marks.currencies, currency)

    def _note(self, notes: dict[tuple[int, int], str], what: str) -> None:
        if len(notes) >= _MOST_MARKS:
            raise _too_large(self._row)
        notes[self._row, self._column] = what

    def _merge(self, reference: str) -> None:
        first, _, last = reference.partition(":")
        (top, left), (bottom, right) = _position(first), _position(last or first)
        if len(self._merges) >= _MOST_MARKS:
            raise _too_large(top)
        self._merges.append((top, bottom, left, right))

    def spread_merges(self) -> None:
        """Note the merged ranges by row, once it is known how far the sheet goes."""
        spread = 0
        for top, bottom, left, right in self._merges:
            last = min(bottom, self.marks.rows)
            spread += max(0, last - top + 1)
            if spread > _MOST_MERGED_ROWS:
                raise _too_large(last)
            for row in range(top, last + 1):
                self.marks.merged.setdefault(row, []).append((left, right))


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
