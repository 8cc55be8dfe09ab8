"""Creditors' files: bytes in, a reading out; rejected rows and exports back to bytes. Without network or database.

The contract stands in `docs/intake.md`. A file that cannot be taken is an answer too: `read_intake` returns it
as a reading with `refused` set and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from fieldapp.documents.tables.checks import CHECKS
from fieldapp.documents.tables.layouts import find_layout, load_layouts, parse_layout, shipped_layouts
from fieldapp.documents.tables.text_rows import read_text
from fieldapp.documents.tables.writers import (
    MEDIA_TYPES,
    OutCell,
    amount_text,
    date_text,
    neutral,
    write_csv,
    write_fixed,
    write_table,
    write_xlsx,
)
from fieldapp.documents.tables.xlsx_rows import read_workbook
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.intake import Cell, CellFault, Finding, Formula, IntakeReading, said
from fieldapp.domain.intake_cells import AmountReader, heading_key, text_of
from fieldapp.domain.intake_judge import judge
from fieldapp.domain.intake_layout import AMOUNT_FIELDS, REASON_HEADING, FileKind, Layout
from fieldapp.domain.money import Money

__all__ = [
    "CHECKS",
    "LARGEST_FILE",
    "MEDIA_TYPES",
    "OutCell",
    "amount_text",
    "date_text",
    "find_layout",
    "load_layouts",
    "neutral",
    "parse_layout",
    "read_intake",
    "rejects_file",
    "shipped_layouts",
    "write_csv",
    "write_fixed",
    "write_table",
    "write_xlsx",
]

LARGEST_FILE = 64 * 1024 * 1024


def read_intake(
    content: bytes, layout: Layout, *, today: date, on_progress: Callable[[int], None] | None = None
) -> IntakeReading:
    """What `content` says, judged by `layout` on the day `today`.

    Never raises for what a file holds: a refused file comes back with `refused` set. `on_progress` hears the
    number of rows read so far.
    """
    try:
        return _read(content, layout, today, on_progress)
    except Refusal as refusal:
        return IntakeReading(layout.name, refused=Finding(refusal.code, None, refusal.details))


def _read(content: bytes, layout: Layout, today: date, on_progress: Callable[[int], None] | None) -> IntakeReading:
    if not content.strip():
        raise Refusal("intake.empty")
    if len(content) > LARGEST_FILE:
        details = {"megabytes": LARGEST_FILE // (1024 * 1024)}
        raise Refusal("intake.file_too_large", kind=Kind.TOO_LARGE, details=details)
    if layout.kind is FileKind.XLSX:
        sheet = read_workbook(content, layout)
        return judge(
            sheet.rows,
            layout,
            sheet.header,
            today=today,
            checks=CHECKS,
            serial_origin=sheet.serial_origin,
            warnings=sheet.warnings,
            on_progress=on_progress,
        )
    text = read_text(content, layout)
    return judge(
        text.rows,
        layout,
        text.header,
        today=today,
        checks=CHECKS,
        warnings=text.warnings,
        on_progress=on_progress,
    )


def rejects_file(reading: IntakeReading, layout: Layout, *, words: Mapping[str, str]) -> bytes:
    """The rejected rows of `reading` in the creditor's own layout, with a further column for the reason.

    `words` are the sentences of the catalogue (code -> sentence). A reason column that came with the file is
    replaced. The rows keep the order of the file.
    """
    kept = [place for place, title in enumerate(reading.header) if title.strip() != REASON_HEADING]
    header = [reading.header[place] for place in kept]
    amounts = {place for place in kept if _means_amount(header[kept.index(place)], layout)}
    reader = AmountReader(layout.amounts)
    order = sorted(
        (row.line, at, within)
        for at, practice in enumerate(reading.rejected)
        for within, row in enumerate(practice.rows)
    )

    def returned() -> Iterator[list[OutCell]]:
        for _, at, within in order:
            practice = reading.rejected[at]
            row = practice.rows[within]
            cells: list[OutCell] = []
            for place in kept:
                cell = row.cells[place] if place < len(row.cells) else ""
                cells.append(_as_written(cell, reader if place in amounts else None))
            reason = " ".join(dict.fromkeys(said(finding, words) for finding in practice.reasons))
            # Cells beyond the last column made the row too long: behind the reason they do so again.
            yield [*cells, reason, *map(text_of, row.cells[len(reading.header) :])]

    return write_table([*header, REASON_HEADING], returned(), layout)


def _means_amount(title: str, layout: Layout) -> bool:
    columns = (layout.column(meaning) for meaning in AMOUNT_FIELDS)
    spellings = {heading_key(name) for column in columns if column for name in (column.name, *column.aliases)}
    return heading_key(title) in spellings


def _as_written(cell: Cell, amounts: AmountReader | None) -> OutCell:
    if isinstance(cell, Formula | CellFault):
        return cell.text
    # A negative amount is no formula: it goes back as the number that it is.
    cents = amounts.read(cell).cents if amounts and isinstance(cell, str) else None
    return Money(cents) if cents is not None and cents < 0 else cell
