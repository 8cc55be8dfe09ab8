"""Workbooks as creditors, and worse people, make them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from openpyxl import Workbook

from fieldapp.documents.tabular import read_intake
from fieldapp.domain.intake import IntakeReading
from tests.documents.tables.builders import HEADINGS, TODAY, XLSX, row

SHEET = "xl/worksheets/sheet1.xml"


def typed_row(number: object = "P1", **changes: object) -> dict[str, object]:
    """A good row as a spreadsheet types it: amounts as floats, dates as dates."""
    typed = {
        "Data nascita": date(1983, 11, 18), "Scadenza": date(2026, 6, 1),
        "Data affidamento": date(2026, 10, 1), "Data fine mandato": date(2026, 12, 31),
        "Saldo al": date(2026, 11, 20),
        "Capitale": 100.0, "Interessi": 2.5, "Spese": 1, "Totale": 103.5,
    }  # fmt: skip
    return {**row(), **typed, "Numero pratica": number, **{k.replace("_", " "): v for k, v in changes.items()}}


def workbook(
    rows: Iterable[Mapping[str, object]],
    *,
    shape: Callable[[Workbook, Any], None] | None = None,
    above: Iterable[list[object]] = (),
) -> bytes:
    """A workbook with these rows; `shape` may change workbook and sheet before it is saved."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for line in above:
        sheet.append(line)
    sheet.append(list(HEADINGS))
    for each in rows:
        sheet.append([each.get(title) for title in HEADINGS])
    if shape:
        shape(book, sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read_sheet(content: bytes) -> IntakeReading:
    return read_intake(content, XLSX, today=TODAY)


def rewritten(content: bytes, **parts: Callable[[bytes], bytes]) -> bytes:
    """`content` with parts changed; the keyword is the part's bare name without ending (`sheet1`, `workbook`)."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            bare = entry.filename.rsplit("/", 1)[-1].split(".", 1)[0]
            change = parts.get(bare) if entry.filename.endswith(".xml") else None
            unpacked = old.read(entry)
            new.writestr(entry.filename, change(unpacked) if change else unpacked)
    return out.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, part)
    return out.getvalue()


def with_shared_strings(content: bytes) -> bytes:
    """The same workbook with its texts in one table, as Excel itself saves them."""
    texts: list[bytes] = []

    def moved(found: re.Match[bytes]) -> bytes:
        texts.append(found[1])
        return b't="s"><v>%d</v>' % (len(texts) - 1)

    inline = re.compile(rb't="inlineStr"><is>(<t[^>]*>[^<]*</t>)</is>')
    shared = rewritten(content, sheet1=lambda xml: inline.sub(moved, xml))
    table = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">%s</sst>'
    return with_part(shared, "xl/sharedStrings.xml", table % b"".join(b"<si>%s</si>" % text for text in texts))
