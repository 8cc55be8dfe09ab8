"""What a file says of itself: control totals and counts, compared with what its rows make.

A total that disagrees refuses the file: it was cut, or mended by hand. Sub-totals in between prove nothing about the
whole and are neither summed nor refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from fieldapp.domain.errors import Refusal
from fieldapp.domain.intake import Cell, Detail, Finding, Formula, RawRow
from fieldapp.domain.intake_cells import AmountReader, heading_key, is_blank, text_of
from fieldapp.domain.intake_content import ReadRow
from fieldapp.domain.intake_frame import COUNT_WORDS, Header, RowKind, is_whole
from fieldapp.domain.intake_layout import AMOUNT_FIELDS, Field, Layout
from fieldapp.domain.money import italian

_BARE_COUNT = re.compile("[0-9]{1,7}")
_RECORD_WORDS = frozenset({"record", "records"})


@dataclass(frozen=True, slots=True)
class _Control:
    """A row of totals, with the sums of all rows above it and of those since the totals before it."""

    row: RawRow
    whole: bool
    rows_above: int
    above: Mapping[Field, int]
    since: Mapping[Field, int]


class Sums:
    """The file's sums as they grow, and what its own totals say of them."""

    def __init__(self, layout: Layout, header: Header, amounts: AmountReader) -> None:
        self._layout, self._header, self._amounts = layout, header, amounts
        self.rows = 0
        self.control_cents: int | None = None
        self._controls: list[_Control] = []
        self._counted: list[RawRow] = []
        self._cents: Counter[Field] = Counter()
        self._since: Counter[Field] = Counter()
        self._unreadable: Counter[Field] = Counter()

    def add(self, row: ReadRow) -> None:
        """Count a data row."""
        self.rows += 1
        for meaning in AMOUNT_FIELDS:
            if meaning in row.amounts:
                self._cents[meaning] += row.amounts[meaning]
                self._since[meaning] += row.amounts[meaning]
            elif meaning in self._header.places:
                self._unreadable[meaning] += 1

    def note(self, row: RawRow, kind: RowKind) -> None:
        """Remember what a row that is no data says of those above it."""
        if kind is RowKind.TOTAL:
            whole = is_whole(_label(row), self._layout.totals)
            self._controls.append(_Control(row, whole, self.rows, dict(self._cents), dict(self._since)))
        if kind is RowKind.FOOTER:
            self._counted.append(row)
        if kind in (RowKind.TOTAL, RowKind.SUBTOTAL):
            self._since = Counter()

    def compare(self, *, practices: int) -> list[Finding]:
        """Compare each total with the rows; notes about those that cannot be compared.

        Refusals: `intake.control_total_differs`, `intake.control_total_missing`,
        `intake.control_total_unreadable`, `intake.control_count_differs`.
        """
        # "Totale Rossi" with further rows below it closes a part of the file, whatever part that is.
        controls = [each for each in self._controls if each.whole or each.rows_above == self.rows]
        required = self._layout.totals.required
        if required and not controls:
            raise Refusal("intake.control_total_missing")
        notes: list[Finding] = []
        for control in controls:
            if control is controls[-1] or not self._closes_a_part(control):
                notes += self._compare(control.row, practices)
        for row in self._counted:
            counts, cents = _closing(row, self._header, self._amounts)
            self._compare_count(row, counts, practices)
            notes += [] if cents is None else self._compare_one(row.line, Field.TOTAL, cents)
        if required and self.control_cents is None and not notes:
            raise Refusal("intake.control_total_unreadable", details={"line": controls[-1].row.line, "value": ""})
        return notes

    def _closes_a_part(self, control: _Control) -> bool:
        """True where a total that another one follows is that of its own part, or of all rows above it."""
        stated = {
            meaning: self._amounts.read(cell).cents
            for meaning, cell in self._stated(control.row).items()
            if not isinstance(cell, Formula)
        }
        parts = (control.since, control.above)
        return any(all(part.get(meaning, 0) == cents for meaning, cents in stated.items()) for part in parts)

    def _compare(self, row: RawRow, practices: int) -> list[Finding]:
        notes: list[Finding] = []
        for meaning, cell in self._stated(row).items():
            if isinstance(cell, Formula):
                notes.append(Finding("intake.control_total_formula", row.line, {"value": cell.text[:80]}))
                continue
            stated = self._amounts.read(cell).cents
            if stated is None:
                details = {"line": row.line, "value": text_of(cell)[:80]}
                raise Refusal("intake.control_total_unreadable", details=details)
            notes += self._compare_one(row.line, meaning, stated)
        self._compare_count(row, _closing(row, self._header, self._amounts)[0], practices)
        return notes

    def _stated(self, row: RawRow) -> dict[Field, Cell]:
        under_columns = {
            meaning: self._header.cell(row, meaning)
            for meaning in AMOUNT_FIELDS
            if not is_blank(self._header.cell(row, meaning))
        }
        if under_columns:
            return under_columns
        # Some creditors end with the label, perhaps a count, and one bare sum, not under its column.
        others = [text for text in _others(row) if not _is_count(text, row)]
        if len(others) == 2 and sum(bool(_BARE_COUNT.fullmatch(text)) for text in others) == 1:
            others = [text for text in others if not _BARE_COUNT.fullmatch(text)]
        return {Field.TOTAL: others[0]} if len(others) == 1 else {}

    def _compare_one(self, line: int, meaning: Field, stated: int) -> list[Finding]:
        if meaning is Field.TOTAL:
            self.control_cents = stated
        difference = stated - self._cents[meaning]
        if difference == 0:
            return []
        details: dict[str, Detail] = {
            "line": line,
            "column": self._layout.heading(meaning),
            "stated": italian(stated),
            "found": italian(self._cents[meaning]),
            "difference": italian(difference),
            "rows": self._unreadable[meaning],
        }
        # Unreadable amounts may be just what is missing; they cannot explain a sum that is too small.
        if difference > 0 and self._unreadable[meaning]:
            return [Finding("intake.control_total_unverified", None, details)]
        raise Refusal("intake.control_total_differs", details=details)

    def _compare_count(self, row: RawRow, counts: list[int], practices: int) -> None:
        fitting = {practices, self.rows}
        if _RECORD_WORDS & set(_label(row).split()):
            # Who counts records may count the heading and the closing one too.
            fitting |= {self.rows + 1, self.rows + 2}
        for stated in counts:
            if stated not in fitting:
                details: dict[str, Detail] = {
                    "line": row.line,
                    "stated": stated,
                    "rows": self.rows,
                    "practices": practices,
                }
                raise Refusal("intake.control_count_differs", details=details)


def _label(row: RawRow) -> str:
    return heading_key(text_of(next((cell for cell in row.cells if not is_blank(cell)), "")))


def _others(row: RawRow) -> list[str]:
    return [text_of(cell) for cell in row.cells if not is_blank(cell)][1:]


def _is_count(text: str, row: RawRow) -> bool:
    return bool(_BARE_COUNT.fullmatch(text)) and bool(COUNT_WORDS & set(_label(row).split()))


def _closing(row: RawRow, header: Header, amounts: AmountReader) -> tuple[list[int], int | None]:
    """How many rows or practices `row` says there are ("Righe 300", "Totale pratiche; 300"), and what they make.

    Beside a sum outside the columns of amounts ("Fine file; 300; 12.500,00") a bare number is a count too.
    """
    under_amounts = {header.places[meaning] for meaning in AMOUNT_FIELDS if meaning in header.places}
    filled = [(place, text_of(cell)) for place, cell in enumerate(row.cells) if not is_blank(cell)]
    others = [text for place, text in filled[1:] if place not in under_amounts]
    bare = [text for text in others if _BARE_COUNT.fullmatch(text)]
    words = _label(row).split()
    if COUNT_WORDS & set(words):
        return [int(text) for text in [*(word for word in words if _BARE_COUNT.fullmatch(word)), *bare]], None
    if len(others) == 2 and len(bare) == 1:
        cents = amounts.read(next(text for text in others if text not in bare)).cents
        return ([], None) if cents is None else ([int(bare[0])], cents)
    return [], None
