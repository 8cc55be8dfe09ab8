"""The frame around the data: which row heads the columns, and which rows are no data at all.

Blank rows, repeated headings, sub-totals, totals and footers are neither accepted nor rejected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise

from fieldapp.domain.errors import Refusal
from fieldapp.domain.intake import Cell, RawRow
from fieldapp.domain.intake_cells import AmountReader, heading_key, is_blank, key_of, text_of
from fieldapp.domain.intake_layout import AMOUNT_FIELDS, REASON_HEADING, Column, Field, FileKind, Layout, Totals

SEARCHED_ROWS = 30
"""How far down the headings may stand."""
COUNT_WORDS = frozenset({"righe", "riga", "record", "records", "pratiche", "posizioni", "rows"})
"""Words of a label beside which a bare number is a count and no sum."""
_OF_THE_WHOLE = COUNT_WORDS | {
    "generale", "generali", "complessivo", "complessivi", "finale", "file", "flusso", "lotto", "elenco", "estrazione",
    "fornitura", "credito", "crediti", "affidato", "affidati", "affidate", "affidamento", "importo", "importi",
    "dovuto", "dovuti", "debito", "debiti", "eur", "euro", "controllo", "di", "del", "dei", "delle", "da", "in", "n",
    "nr", "num", "numero", "grand",
}  # fmt: skip
_WHO = (Field.DEBTOR, Field.TAX_CODE, Field.STREET, Field.MUNICIPALITY)
_NEVER_WORDS = (*AMOUNT_FIELDS, Field.PLACEMENT_STARTS_ON, Field.PLACEMENT_ENDS_ON, Field.AS_OF)
_LEAST_PROOF = 3
_FOOTER_CELLS = 3


@dataclass(frozen=True, slots=True)
class Header:
    """Where the columns stand. `row` is the index of the last heading row among the rows searched, -1 if none.

    `width`: how many cells a record must have; cells beyond it must be blank. `above`: the headings and what stands
    over them, folded; where such a row comes again, a page has begun.
    """

    row: int
    titles: tuple[str, ...]
    places: Mapping[Field, int]
    unused: tuple[str, ...] = ()
    above: frozenset[tuple[str, ...]] = frozenset()

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
    for join in (_one_of, _both):
        candidates += [(i + 1, join(*_padded(_titles(a), _titles(b)))) for i, (a, b) in enumerate(pairwise(searched))]
    best: tuple[int, Refusal] | None = None
    for index, titles in candidates:
        header, refusal, matched = _match(index, titles, layout)
        if header:
            _refuse_data_above(searched, header, layout)
            above = frozenset(_folded(row) for row in searched[: index + 1])
            return replace(header, above=above - {()})
        if refusal and (best is None or matched > best[0]):
            best = (matched, refusal)
    raise best[1] if best else Refusal("intake.empty")


def _titles(row: RawRow) -> tuple[str, ...]:
    return tuple(text_of(cell) for cell in row.cells)


def _folded(row: RawRow) -> tuple[str, ...]:
    """The row's texts as headings, without the blanks at its end."""
    keys = [heading_key(text_of(cell)) for cell in row.cells]
    while keys and not keys[-1]:
        keys.pop()
    return tuple(keys)


def _padded(upper: tuple[str, ...], lower: tuple[str, ...]) -> list[tuple[str, ...]]:
    width = max(len(upper), len(lower))
    return [titles + ("",) * (width - len(titles)) for titles in (upper, lower)]


def _one_of(upper: tuple[str, ...], lower: tuple[str, ...]) -> tuple[str, ...]:
    """Groups above ("Importi"), columns below; where nothing stands below the upper one is the column."""
    return tuple(below or above for above, below in zip(upper, lower, strict=True))


def _both(upper: tuple[str, ...], lower: tuple[str, ...]) -> tuple[str, ...]:
    """One heading broken over two rows: "Numero" above "pratica"."""
    return tuple(f"{above} {below}".strip() for above, below in zip(upper, lower, strict=True))


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
        self._totals, self._subtotals, self._footers = (
            tuple(map(heading_key, words))
            for words in (layout.totals.markers, layout.totals.subtotals, layout.totals.footers)
        )
        self._furniture = {_first_of(row): row for row in header.above}
        self._first = True
        self._title = {
            field: heading_key(header.titles[header.places[field]]) for field in (Field.PRACTICE_NUMBER, Field.TOTAL)
        }

    def kind(self, row: RawRow) -> RowKind:
        """What `row` is; rows are asked about in their order."""
        first = next((place for place, cell in enumerate(row.cells) if not is_blank(cell)), None)
        if first is None:
            return RowKind.BLANK
        begins, self._first = self._first, False
        label = heading_key(text_of(row.cells[first]))
        if self._is_heading(row, label) or (begins and self._is_second_heading(row)):
            self._furniture[label] = _folded(row)
            return RowKind.HEADING
        return self._worded_kind(row, label, first)

    def _worded_kind(self, row: RawRow, label: str, first: int) -> RowKind:
        if label in self._totals:
            return RowKind.TOTAL
        partial, total, footer = (_begins(label, markers) for markers in (self._subtotals, self._totals, self._footers))
        if not (partial or total or footer):
            return RowKind.DATA
        filled, nobody = _filled(row), self._names_nobody(row, first)
        alone = nobody or filled <= 2
        if partial and alone:
            return RowKind.SUBTOTAL
        if total and nobody:
            return RowKind.TOTAL
        return RowKind.FOOTER if footer and alone and filled <= _FOOTER_CELLS else RowKind.DATA

    def _names_nobody(self, row: RawRow, label_place: int) -> bool:
        # "Totale generale", "Totale (300 righe)": a label may say more where no debtor stands beside it.
        named = (self._header.places.get(meaning, label_place) for meaning in _WHO)
        others = {place for place in named if place != label_place and place < len(row.cells)}
        return not any(sign.isalpha() for place in others for sign in text_of(row.cells[place]))

    def _is_heading(self, row: RawRow, label: str) -> bool:
        if label in self._furniture and _folded(row) == self._furniture[label]:
            return True
        total = heading_key(text_of(self._header.cell(row, Field.TOTAL)))
        return label == self._title[Field.PRACTICE_NUMBER] and total == self._title[Field.TOTAL]

    def _is_second_heading(self, row: RawRow) -> bool:
        # Names of fields or formats under the headings: words where no data row has any.
        places = [self._header.places[meaning] for meaning in _NEVER_WORDS if meaning in self._header.places]
        cells = [row.cells[place] if place < len(row.cells) else None for place in places]
        number = text_of(self._header.cell(row, Field.PRACTICE_NUMBER))
        if len(cells) < _LEAST_PROOF or not all(isinstance(cell, str) for cell in cells) or any(map(is_blank, cells)):
            return False
        words = "".join(map(text_of, cells))
        return not any(sign.isdigit() for sign in words + number) and any(sign.isalpha() for sign in words)


def is_whole(label: str, words: Totals) -> bool:
    """True where a folded label of totals speaks of the whole file: "Totale generale", but not "Totale Rossi"."""
    for marker in sorted(map(heading_key, words.markers), key=len, reverse=True):
        if _begins(label, (marker,)):
            rest = label.removeprefix(marker).split()
            return all(word in _OF_THE_WHOLE or word.isdigit() for word in rest)
    return False


def _begins(label: str, markers: Iterable[str]) -> bool:
    return any(label == marker or label.startswith(marker + " ") for marker in markers if marker)


def _first_of(keys: tuple[str, ...]) -> str:
    return next((key for key in keys if key), "")


def _filled(row: RawRow) -> int:
    return sum(not is_blank(cell) for cell in row.cells)
