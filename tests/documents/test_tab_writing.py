"""Rejected rows and exports: the creditor's own layout, the reason in Italian, nothing in it that computes."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from fieldapp.documents.tabular import (
    OutCell,
    read_intake,
    rejects_file,
    write_csv,
    write_fixed,
    write_table,
    write_xlsx,
)
from fieldapp.domain.money import Money
from tests.documents.tables.builders import (
    CREDITO,
    FISSO,
    HEADINGS,
    TODAY,
    UTENZE,
    WORDS,
    XLSX,
    amounts,
    codes,
    csv_text,
    euro,
    read_rows,
    row,
    total_row,
)
from tests.documents.tables.workbooks import read_sheet, typed_row, workbook

FORMULAS = [
    "=1+1",
    "+39 347 1234567",  # a spreadsheet would add it up
    "-1+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    " =1+1",  # some programs trim before they look
    "\u200b=1+1",
    "＝1+1",  # full width: some programs fold it
]


def cells(content: bytes, encoding: str = "utf-8") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(encoding), newline=""), delimiter=";"))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_looks_like_a_formula_is_neutralised(text: str) -> None:
    as_csv = cells(write_csv(["Nota"], [[text]], UTENZE))[1][0]
    sheet = load_workbook(io.BytesIO(write_xlsx(["Nota"], [[text]], XLSX))).active

    assert as_csv == "'" + text
    assert sheet is not None
    assert sheet["A2"].data_type == "s"
    assert str(sheet["A2"].value).startswith("'")


def test_amounts_and_dates_are_written_by_the_convention_and_stay_numbers() -> None:
    values: list[OutCell] = [Money(-123450), Money(7), date(2026, 6, 1), True, None, 12, Decimal("3.5"), "testo"]

    (_, written) = cells(write_csv(list("abcdefgh"), [values], UTENZE))
    sheet = load_workbook(io.BytesIO(write_xlsx(list("abcdefgh"), [values], XLSX))).active

    assert written == ["-1234,50", "0,07", "01/06/2026", "si", "", "12", "3.5", "testo"]
    assert sheet is not None
    assert [cell.value for cell in sheet[2]][:2] == [-1234.5, 0.07]
    assert sheet["C2"].is_date


def test_a_sign_that_the_encoding_lacks_is_not_lost() -> None:
    written = write_csv(["Nome"], [["Łukasz"]], CREDITO)

    assert cells(written, "utf-8-sig")[1] == ["Łukasz"]


def test_control_characters_do_not_break_a_workbook() -> None:
    sheet = load_workbook(io.BytesIO(write_xlsx(["A"], [["a\x00b\x0b"]], XLSX))).active

    assert sheet is not None
    assert sheet["A2"].value == "a\ufffdb\ufffd"


def test_rejected_rows_come_back_as_they_were_with_the_reason_in_italian() -> None:
    reading = read_rows(row("P1"), row("P2", Totale="12,345"), row("P3", Scadenza="31/02/2026", Debitore="a;b"))

    heading, second, third = cells(rejects_file(reading, UTENZE, words=WORDS))

    assert heading == [*HEADINGS, "Motivo"]
    assert dict(zip(heading, second, strict=True))["Totale"] == "12,345"
    assert second[-1] == "Riga 3: «Totale» ha frazioni di centesimo: «12,345». Non si arrotonda."
    assert dict(zip(heading, third, strict=True))["Debitore"] == "a;b"
    assert third[-1] == "Riga 4: «Scadenza» è una data che non esiste: 31/02/2026."


def test_rejected_rows_are_neutralised_but_negative_amounts_stay_numbers() -> None:
    reading = read_rows(row("P1", Debitore="=cmd()", Totale="-1.103,50"))

    heading, returned = cells(rejects_file(reading, UTENZE, words=WORDS))
    named = dict(zip(heading, returned, strict=True))

    assert named["Debitore"] == "'=cmd()"
    assert named["Totale"] == "-1103,50"


def test_mended_rejects_are_taken_when_they_come_back() -> None:
    reading = read_rows(row("P1"), row("P2", Debitore="=Nome", Scadenza="31/02/2026"))

    mended = rejects_file(reading, UTENZE, words=WORDS).replace(b"31/02/2026;100", b"28/02/2026;100")
    again = read_intake(mended, UTENZE, today=TODAY)

    assert again.accepted[0].debtor.name == "=Nome"
    assert again.accepted[0].practice_number == "P2"
    assert codes(again.warnings) == set()


def test_rejects_returned_unmended_are_rejected_again_with_one_reason_column() -> None:
    first = read_rows(row("P1", Totale="x"), row("P2", Debitore=""))
    content = rejects_file(first, UTENZE, words=WORDS)

    again = read_intake(content, UTENZE, today=TODAY)

    assert codes(again.reasons) == codes(first.reasons)
    assert cells(rejects_file(again, UTENZE, words=WORDS))[0].count("Motivo") == 1


def test_rejects_of_a_workbook_are_a_workbook_without_formulas() -> None:
    reading = read_sheet(workbook([typed_row("P1", Totale="=1+1"), typed_row("P2", Scadenza=date(1900, 1, 1))]))

    content = rejects_file(reading, XLSX, words=WORDS)
    sheet = load_workbook(io.BytesIO(content)).active
    again = read_sheet(content)

    assert sheet is not None
    assert all(cell.data_type != "f" for line in sheet.iter_rows() for cell in line)
    assert sheet.cell(2, HEADINGS.index("Totale") + 1).value == "'=1+1"
    assert (again.accepted_rows, again.rejected_rows) == (0, 2)


def test_a_fixed_width_reject_can_be_read_again() -> None:
    values = row("P1", Capitale="10000", Interessi="250", Spese="100", Totale="10350", Scadenza="20260231")
    line = [str(values.get(column.name, "")) for column in FISSO.columns]
    total = ["TOTALE", *[""] * 20, "10350"]
    reading = read_intake(write_fixed([line, [*total, *[""] * 6]], FISSO), FISSO, today=TODAY)

    rejects = rejects_file(reading, FISSO, words=WORDS)
    mended = rejects.replace(b"20260231", b"20260228") + write_fixed([[*total, *[""] * 6]], FISSO)

    assert b"| Riga 1:" in rejects
    assert read_intake(mended, FISSO, today=TODAY).accepted_cents == 10350


def test_a_refused_file_has_no_rejected_rows() -> None:
    reading = read_intake(b"%PDF", UTENZE, today=TODAY)

    assert cells(rejects_file(reading, UTENZE, words=WORDS)) == [["Motivo"]]


@pytest.mark.parametrize("layout", [UTENZE, CREDITO, XLSX])
def test_what_is_written_by_a_layout_is_read_by_it(layout: object) -> None:
    lines = [row(f"P{i}", Debitore=name, **amounts(1000 + i)) for i, name in enumerate(["Niccolò", 'Da "Gino"', "a;b"])]
    rows = [[each.get(title, "") for title in HEADINGS] for each in [*lines, total_row(3003)]]

    reading = read_intake(write_table(HEADINGS, rows, layout), layout, today=TODAY)  # type: ignore[arg-type]

    assert [practice.debtor.name for practice in reading.accepted] == ["Niccolò", 'Da "Gino"', "a;b"]
    assert reading.control_total_cents == reading.accepted_cents == 3003


def test_the_same_file_gives_the_same_reading() -> None:
    content = csv_text([row("P1"), row("P2", Totale=euro(-1))]).encode()

    assert read_intake(content, UTENZE, today=TODAY) == read_intake(content, UTENZE, today=TODAY)
