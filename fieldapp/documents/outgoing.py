"""Outgoing files as bytes: rows in the creditor's layout, closed by a line that lets him see that all of it came.

The closing line of CSV and fixed-width files, or the sheet "Controllo" of a workbook, holds sequence, number of rows,
sum of amounts, the digest of the file before and the SHA-256 of what stands before the line (of a workbook: of its rows
as UTF-8 CSV with semicolons). `read_control` checks it as a receiver would.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook, load_workbook

from fieldapp.documents.tables.writers import OutCell, amount_text, date_text, write_csv, xlsx_cell
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.export_layout import AMOUNTS, Out, OutColumn, OutLayout
from fieldapp.domain.ids import sha256
from fieldapp.domain.intake_layout import FileKind
from fieldapp.domain.money import Money
from fieldapp.domain.outgoing import Control, OutRow, code_of

MARK = "CONTROLLO"
CONTROL_SHEET = "Controllo"
_CONTROL_NAMES = ("sequenza", "righe", "totale", "sha256 precedente", "sha256")
_PLAIN = OutLayout(
    FileKind.CSV,
    (
        OutColumn(Out.PRACTICE_NUMBER, "practice_number"),
        OutColumn(Out.CODE, "code"),
        OutColumn(Out.AMOUNT, "amount"),
    ),
)


def write_outgoing(
    rows: Sequence[OutRow], layout: OutLayout, *, codes: Mapping[str, str], control: Control, zone: ZoneInfo
) -> bytes:
    """The whole file. Raises Refusal `export.too_wide` where a number does not fit its fixed column."""
    cells = [[_cell(row, column.field, codes, zone) for column in layout.columns] for row in rows]
    if layout.kind is FileKind.XLSX:
        return _workbook(cells, layout, control)
    if layout.kind is FileKind.FIXED:
        records = "".join(_record(row, layout) + "\r\n" for row in cells)
        try:
            body = records.encode(layout.encoding)
        except UnicodeEncodeError:
            # A sign that the encoding lacks: one byte for it, so that every column stays where it is.
            body = records.encode(layout.encoding, errors="replace")
        total = f"{'-' if control.total_cents < 0 else '0'}{abs(control.total_cents):014d}"
        numbers = f"{control.sequence:08d}{control.rows:08d}{total}"
        return body + f"{MARK}{numbers}{control.previous}{sha256(body)}\r\n".encode()
    body = write_csv(layout.headings, cells, layout)
    total = amount_text(control.total_cents, layout)
    told = (MARK, str(control.sequence), str(control.rows), total, control.previous, sha256(body))
    sign = layout.delimiter
    return body + (sign.join(f'"{one}"' if sign in one else one for one in told) + "\r\n").encode()


def _cell(row: OutRow, field: Out, codes: Mapping[str, str], zone: ZoneInfo) -> OutCell:
    at = row.at.astimezone(zone)
    match field:
        case Out.PRACTICE_NUMBER:
            return row.practice_number
        case Out.DEBTOR:
            return row.debtor
        case Out.DAY:
            return at.date()
        case Out.TIME:
            return at.strftime("%H:%M")
        case Out.AGENT:
            return row.agent
        case Out.CODE:
            return code_of(row, codes)
        case Out.OUTCOME:
            return row.said
        case Out.AMOUNT:
            return _money(row.amount_cents)
        case Out.PRINCIPAL:
            return _money(row.share.principal_cents if row.share else None)
        case Out.INTEREST:
            return _money(row.share.interest_cents if row.share else None)
        case Out.COSTS:
            return _money(row.share.costs_cents if row.share else None)
        case Out.METHOD:
            return row.method
        case Out.RECEIPT:
            return row.receipt
        case Out.DUE_ON:
            return row.due_on
        case Out.PROMISED:
            return _money(row.promised_cents)
        case Out.FACT:
            return str(row.fact_id)


def _money(cents: int | None) -> Money | None:
    return None if cents is None else Money(cents)


def _record(cells: Sequence[OutCell], layout: OutLayout) -> str:
    """Text to the left and cut at its column, amounts to the right and never cut."""
    record = ""
    for cell, column in zip(cells, layout.columns, strict=True):
        if column.field in AMOUNTS:
            text = amount_text(cell.cents, layout) if isinstance(cell, Money) else ""
            if len(text) > column.width:
                raise Refusal(
                    "export.too_wide",
                    kind=Kind.CONFLICT,
                    details={"column": column.name, "width": column.width, "amount": text},
                )
            record += text.zfill(column.width) if layout.implied_decimals else text.rjust(column.width)
        else:
            text = date_text(cell, layout) if isinstance(cell, date) else " ".join(str(cell or "").split())
            record += text[: column.width].ljust(column.width)
    return record


def _workbook(cells: Sequence[Sequence[OutCell]], layout: OutLayout, control: Control) -> bytes:
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(layout.sheet)
    for row in (layout.headings, *cells):
        sheet.append([xlsx_cell(sheet, cell) for cell in row])
    digest = sha256(write_csv(layout.headings, cells, _PLAIN))
    last = workbook.create_sheet(CONTROL_SHEET)
    told: tuple[OutCell, ...] = (
        control.sequence,
        control.rows,
        Money(control.total_cents),
        control.previous,
        digest,
    )
    for name, value in zip(_CONTROL_NAMES, told, strict=True):
        last.append([xlsx_cell(last, name), xlsx_cell(last, value)])
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def read_control(content: bytes, layout: OutLayout) -> Control:
    """What a file says of itself, held against what it holds. Raises ValueError where they disagree."""
    if layout.kind is FileKind.XLSX:
        return _read_workbook(content)
    at = content.rfind(b"\n", 0, len(content) - 1) + 1
    body, line = content[:at], content[at:].decode().strip()
    if not line.startswith(MARK):
        raise ValueError("the closing line is missing")
    if layout.kind is FileKind.FIXED:
        numbers, previous, digest = line[len(MARK) : -128], line[-128:-64], line[-64:]
        control = Control(int(numbers[:8]), int(numbers[8:16]), int(numbers[16:]), previous)
        rows = body.count(b"\r\n")
    else:
        _, sequence, count, total, previous, digest = line.replace('"', "").split(layout.delimiter)
        cents = int(total.replace(layout.decimal, ""))
        control = Control(int(sequence), int(count), cents, previous)
        rows = body.count(b"\r\n") - 1
    if sha256(body) != digest or rows != control.rows:
        raise ValueError("the closing line disagrees with what stands before it")
    return control


def _read_workbook(content: bytes) -> Control:
    workbook = load_workbook(io.BytesIO(content), read_only=True)
    sequence, rows, total, previous, digest = (row[1].value for row in workbook[CONTROL_SHEET].iter_rows())
    headings, *data = ([_read(value) for value in row] for row in workbook.worksheets[0].iter_rows(values_only=True))
    if len(data) != rows or sha256(write_csv([str(one or "") for one in headings], data, _PLAIN)) != digest:
        raise ValueError("the control sheet disagrees with the rows")
    return Control(int(str(sequence)), int(str(rows)), _cents(total), str(previous))


def _read(value: Any) -> OutCell:
    if isinstance(value, datetime):
        return value.date()
    return Money(_cents(value)) if isinstance(value, int | float | Decimal) else value


def _cents(value: Any) -> int:
    return int((Decimal(str(value)) * 100).to_integral_value())
