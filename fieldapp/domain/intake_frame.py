"""The frame around the data: which row heads the columns, and which rows are no data at all.

Blank rows, repeated headings, sub-totals, totals and footers are neither accepted nor rejected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from fieldapp.domain.errors import Refusal
from fieldapp.domain.intake import Cell, RawRow
from fieldapp.domain.intake_cells import AmountReader, heading_key, is_blank, key_of, text_of
from fieldapp.domain.intake_layout import REASON_HEADING, Column, Field, FileKind, Layout

SEARCHED_ROWS = 30
"""How far down the headings may stand."""


@dataclass(frozen=True, slots=True)
class Header:
    """Where the columns stand. `row` is the index of the last heading row among the rows searched, -1 if none.

    `width`: how many cells a record must have; cells beyond it must be blank.
    """

    row: int
    titles: tuple[str, ...]
    places: Mapping[Field, int]
    unused: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        return max((place + 1 for place, title in enumerate(self.titles) if title), default=0)

    def cell(self, row: RawRow, meaning: Field) -> Cell:
        place = self.places.get(meaning)
        return row.cells[place] if place is not None and place < len(row.cells) else None


def find_header(rows: Sequence[RawRow], layout: Layout) -> Header:
    """The headings among the first rows of a file; two heading rows are read as one where only both are complete.

    Refusals: `intake.column_missing`, `intake.column_ambiguous`, `intake.rows_before_header`, `intake.empty`.
    """
    if layout.kind is FileKind.FIXED:
        return _fixed_header(layout)
    searched = rows[:SEARCHED_ROWS]
    if not any(not is_blank(cell) for row in searched for cell in row.cells):
        raise Refusal("intake.empty")
    candidates = [(i, _titles(row)) for i, row in enumerate(searched)]
    candidates += [(i + 1, _joined(_titles(a), _titles(b))) for i, (a, b) in enumerate(pairwise(searched))]
    best: tuple[int, Refusal] | None = None
    for index, titles in candidates:
        header, refusal, matched = _match(index, titles, layout)
        if header:
            _refuse_data_above(searched, header, layout)
            return header
        if refusal and (best is None or matched > best[0]):
            best = (matched, refusal)
    raise best[1] if best else Refusal("intake.empty")


def _titles(row: RawRow) -> tuple[str, ...]:
    return tuple(text_of(cell) for cell in row.cells)


def _joined(upper: tuple[str, ...], lower: tuple[str, ...]) -> tuple[str, ...]:
    width = max(len(upper), len(lower))
    padded = [titles + ("",) * (width - len(titles)) for titles in (upper, lower)]
    return tuple(below or above for above, below in zip(*padded, strict=True))


def _match(index: int, titles: tuple[str, ...], layout: Layout) -> tuple[Header | None, Refusal | None, int]:
    by_key: dict[str, list[int]] = {}
    for place, title in enumerate(titles):
        if title:
            by_key.setdefault(heading_key(title), []).append(place)
    found = {column: _places(column, by_key) for column in layout.columns}
    matched = sum(bool(places) for places in found.values())
    missing = [column.name for column, places in found.items() if not places and _must_be_there(column)]
    if missing:
        details = {"columns": ", ".join(missing), "found": ", ".join(t for t in titles if t)[:300]}
        return None, Refusal("intake.column_missing", details=details), matched
    ambiguous = [column.name for column, places in found.items() if len(places) > 1]
    if ambiguous:
        return None, Refusal("intake.column_ambiguous", details={"columns": ", ".join(ambiguous)}), matched
    places = {column.field: place[0] for column, place in found.items() if place}
    reason = heading_key(REASON_HEADING)
    unused = tuple(
        title
        for place, title in enumerate(titles)
        if title and place not in places.values() and heading_key(title) != reason
    )
    return Header(index, titles, places, unused), None, matched


def _places(column: Column, by_key: Mapping[str, list[int]]) -> list[int]:
    spellings = {heading_key(name) for name in (column.name, *column.aliases)}
    return [place for spelling in spellings for place in by_key.get(spelling, ())]


def _must_be_there(column: Column) -> bool:
    return column.required or column.field in (Field.PRACTICE_NUMBER, Field.DEBTOR, Field.TOTAL)


def _refuse_data_above(rows: Sequence[RawRow], header: Header, layout: Layout) -> None:
    # Titles above the headings are common; a practice above them would silently be lost.
    reader = AmountReader(layout.amounts)
    for row in rows[: header.row]:
        numbered = key_of(header.cell(row, Field.PRACTICE_NUMBER))
        if numbered and reader.read(header.cell(row, Field.TOTAL)).cents is not None:
            raise Refusal("intake.rows_before_header", details={"line": row.line})


def _fixed_header(layout: Layout) -> Header:
    titles = tuple(column.name for column in layout.columns)
    places = {column.field: place for place, column in enumerate(layout.columns)}
    return Header(layout.header_row - 1, titles, places)


class RowKind(Enum):
    DATA = "data"
    BLANK = "blank"
    HEADING = "heading"
    TOTAL = "total"
    SUBTOTAL = "subtotal"
    FOOTER = "footer"


class Frame:
    """Tells data rows from the rest of one file."""

    def __init__(self, header: Header, layout: Layout) -> None:
        self._header = header
        self._totals = tuple(heading_key(marker) for marker in layout.totals.markers)
        self._subtotals = tuple(heading_key(marker) for marker in layout.totals.subtotals)
        self._footers = tuple(heading_key(marker) for marker in layout.totals.footers)
        self._title = {
            field: heading_key(header.titles[header.places[field]]) for field in (Field.PRACTICE_NUMBER, Field.TOTAL)
        }

    def kind(self, row: RawRow) -> RowKind:
        first = next((place for place, cell in enumerate(row.cells) if not is_blank(cell)), None)
        if first is None:
            return RowKind.BLANK
        label = heading_key(text_of(row.cells[first]))
        number_place = self._header.places[Field.PRACTICE_NUMBER]
        if label in self._totals or (first == number_place and self._is_worded_total(row, label)):
            return RowKind.TOTAL
        if any(_begins(label, marker) for marker in self._subtotals):
            return RowKind.SUBTOTAL
        if any(_begins(label, marker) for marker in self._footers) and _filled(row) <= 2:
            return RowKind.FOOTER
        if label == self._title[Field.PRACTICE_NUMBER] and self._is_heading(row):
            return RowKind.HEADING
        return RowKind.DATA

    def _is_worded_total(self, row: RawRow, label: str) -> bool:
        # "Totale generale", "Totale (300 righe)": a label may say more where no debtor stands beside it.
        begins = any(_begins(label, marker) for marker in self._totals)
        subtotal = any(_begins(label, marker) for marker in self._subtotals)
        return begins and not subtotal and is_blank(self._header.cell(row, Field.DEBTOR))

    def _is_heading(self, row: RawRow) -> bool:
        total = heading_key(text_of(self._header.cell(row, Field.TOTAL)))
        return total == self._title[Field.TOTAL]


def _begins(label: str, marker: str) -> bool:
    return bool(marker) and (label == marker or label.startswith(marker + " "))


def _filled(row: RawRow) -> int:
    return sum(not is_blank(cell) for cell in row.cells)
