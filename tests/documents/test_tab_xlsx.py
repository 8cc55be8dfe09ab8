"""Workbooks: values as they were typed, nothing computed, nothing followed, nothing dangerous opened."""

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from fieldapp.documents.tables import zip_guard
from fieldapp.documents.tables.xlsx_rows import LIMITS
from fieldapp.domain.errors import Refusal
from tests.documents.tables.builders import HEADINGS, codes, csv_text, row
from tests.documents.tables.workbooks import (
    SHEET,
    read_sheet,
    rewritten,
    typed_row,
    with_part,
    with_shared_strings,
    workbook,
)


def column(title: str) -> int:
    return HEADINGS.index(title) + 1


def test_typed_cells_become_the_same_practice_as_text() -> None:
    typed = read_sheet(workbook([typed_row()]))
    text = read_sheet(workbook([row()]))

    assert typed.accepted == text.accepted
    assert typed.accepted_cents == 10350
    assert typed.accepted[0].placement_ends_on == date(2026, 12, 31)


def test_texts_in_a_shared_table_are_the_same_texts() -> None:
    content = workbook([typed_row(Debitore="Niccolò & Figli")])

    assert read_sheet(with_shared_strings(content)).accepted == read_sheet(content).accepted


TYPED_AMOUNTS = [
    (103.5, 10350, None),
    (103, 10300, None),  # a whole number
    (1103.1, 110310, None),  # no binary fraction is exact
    (0.1 + 0.2, 30, "intake.amount_noisy"),  # noise of the container, beyond the digits it shows
    (1234.5600000000002, 123456, "intake.amount_noisy"),
    ("€ 1.103,50", 110350, None),  # text by the convention of the layout
]


@pytest.mark.parametrize(("value", "cents", "warning"), TYPED_AMOUNTS)
def test_a_typed_amount_is_exact_to_the_cent(value: object, cents: int, warning: str | None) -> None:
    parts = {"Capitale": float(Decimal(cents).scaleb(-2)), "Interessi": 0, "Spese": 0}
    content = workbook([typed_row(**parts, Totale=4711.5)])
    # The value goes into the file with all its digits, as a program would write it.
    written = repr(value).encode() if isinstance(value, int | float) else None
    if written:
        content = rewritten(content, sheet1=lambda xml: xml.replace(b"<v>4711.5</v>", b"<v>" + written + b"</v>"))
    else:
        content = workbook([typed_row(**parts, Totale=value)])

    reading = read_sheet(content)

    assert reading.accepted_cents == cents
    assert codes(reading.warnings) == ({warning} if warning else set())


BAD_CELLS = [
    ({"Totale": 103.505}, "intake.amount_fraction"),  # a fraction of a cent
    ({"Totale": -103.5}, "intake.amount_negative"),
    ({"Totale": 1e15}, "intake.amount_absurd"),
    ({"Totale": True}, "intake.amount_unreadable"),  # a tick box
    ({"Totale": date(2026, 1, 1)}, "intake.amount_unreadable"),
    ({"Totale": "1,234.50"}, "intake.amount_unreadable"),
    ({"Totale": None}, "intake.amount_empty"),
    ({"Totale": "=T2+U2+S2"}, "intake.formula"),  # never computed, its cached value never used
    ({"Debitore": '=HYPERLINK("http://example.test")'}, "intake.formula"),
    ({"Scadenza": "=TODAY()"}, "intake.formula"),
    ({"Scadenza": 20260601}, "intake.date_unreadable"),  # digits of a date are no serial number
    ({"Scadenza": 0}, "intake.date_placeholder"),
    ({"Scadenza": 60}, "intake.date_placeholder"),  # 29/02/1900 never was
    ({"Scadenza": "31/02/2026"}, "intake.date_impossible"),
    ({"Scadenza": date(1900, 1, 1)}, "intake.date_placeholder"),
    ({"Numero pratica": 12345678901234567890}, "intake.number_damaged"),  # more digits than a cell keeps
    ({"Numero pratica": 12.5}, "intake.number_damaged"),
    ({"Numero pratica": "1,23457E+15"}, "intake.number_damaged"),
    ({"Numero pratica": None}, "intake.number_missing"),
]


@pytest.mark.parametrize(("changes", "code"), BAD_CELLS)
def test_a_bad_cell_comes_back_with_its_reason_and_row(changes: dict[str, object], code: str) -> None:
    reading = read_sheet(workbook([typed_row("P0"), {**typed_row(), **changes}]))

    assert reading.refused is None
    assert reading.accepted_rows == 1
    assert codes(reading.reasons) == {code}
    assert {reason.line for reason in reading.reasons} == {3}


DATES = [
    46174,  # a serial number without a date's format
    46174.6,  # with an hour
    datetime.fromisoformat("2026-06-01T14:30"),  # a date with an hour
    "01/06/2026",
    " 1/6/2026 ",
]


@pytest.mark.parametrize("value", DATES)
def test_a_date_may_be_a_date_a_serial_number_or_text(value: object) -> None:
    reading = read_sheet(workbook([typed_row(Scadenza=value)]))

    assert reading.accepted[0].debt_lines[0].due_on == date(2026, 6, 1)


def test_serial_numbers_count_from_1904_where_the_workbook_says_so() -> None:
    def shape(book: Workbook, _: Any) -> None:
        book.epoch = CALENDAR_MAC_1904

    reading = read_sheet(workbook([typed_row(Scadenza=46174 - 1462)], shape=shape))

    assert reading.accepted[0].debt_lines[0].due_on == date(2026, 6, 1)
    assert reading.accepted[0].placement_ends_on == date(2026, 12, 31)


def test_lost_leading_zeros_are_restored_where_their_number_is_known() -> None:
    reading = read_sheet(workbook([typed_row(42, CAP=65, Partita_IVA=743110157, Telefono_1=10555123)]))

    practice = reading.accepted[0]
    assert practice.addresses[0].postcode == "00065"
    assert practice.debtor.vat_number == "00743110157"
    assert practice.practice_number == "42"
    assert codes(reading.warnings) == {
        "intake.postcode_zero_filled",
        "intake.vat_zero_filled",
        "intake.number_numeric",
        "intake.phone_zero_lost",
    }


def test_a_formula_in_a_column_that_nobody_reads_does_no_harm() -> None:
    def shape(_: Workbook, sheet: Any) -> None:
        sheet.cell(1, len(HEADINGS) + 1, "Note")
        sheet.cell(2, len(HEADINGS) + 1, "=1+1")

    assert read_sheet(workbook([typed_row()], shape=shape)).accepted_rows == 1


def test_a_cached_value_of_a_formula_is_not_believed() -> None:
    content = workbook([typed_row(Totale="=1+1")])
    content = rewritten(content, sheet1=lambda xml: xml.replace(b"<v></v>", b"<v>103.5</v>").replace(
        b"<v />", b"<v>103.5</v>").replace(b"<v/>", b"<v>103.5</v>"))  # fmt: skip

    reading = read_sheet(content)

    assert codes(reading.reasons) == {"intake.formula"}
    assert reading.unreadable_rows == 1


def test_a_control_total_that_is_a_formula_is_named_not_computed() -> None:
    reading = read_sheet(workbook([typed_row(), {"Numero pratica": "TOTALE", "Totale": "=SUM(V2:V2)"}]))

    assert reading.accepted_rows == 1
    assert reading.control_total_cents is None
    assert codes(reading.warnings) == {"intake.control_total_formula"}


def test_a_control_total_is_compared() -> None:
    good = read_sheet(workbook([typed_row(), {"Numero pratica": "TOTALE", "Totale": 103.5}]))
    bad = read_sheet(workbook([typed_row(), {"Numero pratica": "TOTALE", "Totale": 103.49}]))

    assert good.control_total_cents == 10350
    assert bad.refused is not None


def test_a_fault_in_a_cell_is_no_empty_cell() -> None:
    def shape(_: Workbook, sheet: Any) -> None:
        cell = sheet.cell(2, column("Telefono 1"), "#N/A")
        cell.data_type = "e"

    assert codes(read_sheet(workbook([typed_row()], shape=shape)).reasons) == {"intake.cell_fault"}


def test_merged_rows_come_back_and_merged_titles_do_no_harm() -> None:
    def shape(_: Workbook, sheet: Any) -> None:
        sheet.merge_cells("A1:D1")
        sheet.merge_cells(start_row=4, end_row=5, start_column=2, end_column=2)

    rows = [typed_row("P1"), typed_row("P2"), typed_row("P3")]
    reading = read_sheet(workbook(rows, shape=shape, above=[["Elenco pratiche"]]))

    assert [practice.practice_number for practice in reading.accepted] == ["P1"]
    assert codes(reading.reasons) == {"intake.merged_cell"}
    assert [reason.line for reason in reading.reasons] == [4, 5]


def test_a_merged_cell_in_a_column_that_nobody_reads_does_no_harm() -> None:
    def shape(_: Workbook, sheet: Any) -> None:
        place = len(HEADINGS) + 1
        sheet.cell(1, place, "Note")
        sheet.merge_cells(start_row=2, end_row=3, start_column=place, end_column=place)

    assert read_sheet(workbook([typed_row("P1"), typed_row("P2")], shape=shape)).accepted_rows == 2


def test_the_amounts_of_merged_rows_are_in_the_sum_and_the_number_takes_its_other_rows_along() -> None:
    def shape(_: Workbook, sheet: Any) -> None:
        sheet.merge_cells("A2:A3")

    rows = [typed_row("P1"), typed_row(None), typed_row("P2"), typed_row("P1"), {"Numero pratica": "TOTALE"}]
    rows[-1]["Totale"] = 4 * 103.5
    reading = read_sheet(workbook(rows, shape=shape))

    assert [practice.practice_number for practice in reading.accepted] == ["P2"]
    assert (reading.rejected_rows, reading.rejected_cents) == (3, 3 * 10350)


CURRENCIES = [
    ("[$$-409]#,##0.00", False), ('"$"#,##0.00', False), ("[$CHF] #,##0.00", False), ('#,##0.00 "USD"', False),
    ("[$£-809]#,##0.00", False), ("[$€-410] #,##0.00", True), ('"€" #,##0.00', True), ('#,##0.00 "EUR"', True),
    ("#,##0.00;[Red]-#,##0.00", True), ("@", True),
]  # fmt: skip


@pytest.mark.parametrize(("shown", "taken"), CURRENCIES)
def test_the_currency_that_a_sheet_shows_counts(shown: str, taken: bool) -> None:
    def shape(_: Workbook, sheet: Any) -> None:
        sheet.cell(2, column("Totale")).number_format = shown

    reading = read_sheet(workbook([typed_row()], shape=shape))

    assert (reading.accepted_rows == 1) is taken
    assert codes(reading.reasons) == (set() if taken else {"intake.amount_currency"})


def test_a_table_on_a_hidden_sheet_only_is_refused_and_the_reason_says_so() -> None:
    def shape(book: Workbook, sheet: Any) -> None:
        book.create_sheet("Leggimi").append(["Leggere prima"])
        sheet.sheet_state = "hidden"
        book.active = 1

    reading = read_sheet(workbook([typed_row()], shape=shape))

    assert reading.refused is not None
    assert codes([reading.refused]) == {"intake.sheet_missing"}


def test_merged_ranges_without_end_are_refused_at_once() -> None:
    merges = b"".join(b'<mergeCell ref="A2:B500000"/>' for _ in range(5))
    content = rewritten(
        workbook([typed_row()]),
        sheet1=lambda xml: xml.replace(
            b"</sheetData>",
            b'<row r="400000"><c r="A400000"/></row></sheetData><mergeCells>' + merges + b"</mergeCells>",
        ),
    )

    reading = read_sheet(content)

    assert reading.refused is not None
    assert codes([reading.refused]) == {"intake.sheet_too_large"}


def test_headings_over_two_rows_are_read_as_one() -> None:
    def shape(_: Workbook, sheet: Any) -> None:
        sheet.insert_rows(2)
        for place in range(1, len(HEADINGS) + 1):
            if place > 18:
                sheet.cell(2, place, sheet.cell(1, place).value)
                sheet.cell(1, place).value = None
        sheet.cell(1, 19).value = "Importi"

    reading = read_sheet(workbook([typed_row()], shape=shape))

    assert reading.accepted_rows == 1


def test_a_second_heading_row_is_no_data() -> None:
    def shape(_: Workbook, sheet: Any) -> None:
        sheet.insert_rows(2)
        for place, title in enumerate(HEADINGS, start=1):
            sheet.cell(2, place, title)

    reading = read_sheet(workbook([typed_row()], shape=shape))

    assert (reading.accepted_rows, reading.rejected_rows) == (1, 0)


def test_hidden_sheets_are_not_read_and_named() -> None:
    def shape(book: Workbook, _: Any) -> None:
        hidden = book.create_sheet("Vecchio")
        hidden.append(list(HEADINGS))
        hidden.append([typed_row("P9").get(title) for title in HEADINGS])
        hidden.sheet_state = "veryHidden"

    reading = read_sheet(workbook([typed_row("P1")], shape=shape))

    assert [practice.practice_number for practice in reading.accepted] == ["P1"]
    assert codes(reading.warnings) == {"intake.hidden_sheets"}


def test_two_sheets_of_data_refuse_the_file() -> None:
    def shape(book: Workbook, _: Any) -> None:
        other = book.create_sheet("Secondo")
        other.append(list(HEADINGS))

    reading = read_sheet(workbook([typed_row()], shape=shape))

    assert reading.refused is not None
    assert codes([reading.refused]) == {"intake.sheet_ambiguous"}


def test_a_sheet_of_notes_is_left_aside_and_named() -> None:
    def shape(book: Workbook, _: Any) -> None:
        book.create_sheet("Leggimi", 0).append(["Come leggere questo file"])

    reading = read_sheet(workbook([typed_row()], shape=shape))

    assert reading.accepted_rows == 1
    assert codes(reading.warnings) == {"intake.other_sheets"}


def test_hidden_rows_are_data_and_said() -> None:
    def shape(_: Workbook, sheet: Any) -> None:
        sheet.row_dimensions[3].hidden = True

    reading = read_sheet(workbook([typed_row("P1"), typed_row("P2")], shape=shape))

    assert reading.accepted_rows == 2
    assert codes(reading.warnings) == {"intake.hidden_rows"}


def test_a_table_away_from_the_corner_keeps_its_rows_and_columns() -> None:
    def shape(_: Workbook, sheet: Any) -> None:
        sheet.insert_rows(1, 2)
        sheet.insert_cols(1, 2)
        sheet.cell(5, column("Totale") + 2, "=1+1")

    reading = read_sheet(workbook([typed_row("P1"), typed_row("P2")], shape=shape))

    assert [practice.lines for practice in reading.accepted] == [(4,)]
    assert codes(reading.reasons) == {"intake.formula"}
    assert [reason.line for reason in reading.reasons] == [5]


def test_a_wrong_word_on_the_size_of_the_sheet_loses_no_row() -> None:
    content = workbook([typed_row(f"P{i}") for i in range(5)])
    lying = rewritten(content, sheet1=lambda xml: xml.replace(b'<dimension ref="A1:AB6"', b'<dimension ref="A1:B2"'))

    assert read_sheet(lying).accepted_rows == 5


def test_links_and_macros_are_neither_followed_nor_run() -> None:
    content = with_part(workbook([typed_row()]), "xl/externalLinks/externalLink1.xml", b"<externalLink/>")
    content = with_part(content, "xl/vbaProject.bin", b"\xcc\x61")

    reading = read_sheet(content)

    assert reading.accepted_rows == 1
    assert codes(reading.warnings) == {"intake.external_links", "intake.macros"}


DOCTYPE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


def entities(xml: bytes) -> bytes:
    return DOCTYPE + xml[xml.index(b"?>") + 2 :] if xml.startswith(b"<?xml") else DOCTYPE + xml


def zip_bomb() -> bytes:
    return with_part(workbook([typed_row()]), "xl/media/image1.bin", b"\0" * (64 * 1024 * 1024))


def encrypted_zip() -> bytes:
    content = bytearray(workbook([typed_row()]))
    # The flag stands eight bytes into each entry of the directory.
    place = content.rindex(b"PK\x01\x02")
    content[place + 8] |= 1
    return bytes(content)


DANGEROUS = [
    (lambda: rewritten(workbook([typed_row()]), sheet1=entities), "intake.entities"),  # entity bomb
    (lambda: rewritten(with_shared_strings(workbook([typed_row()])), sharedStrings=entities), "intake.entities"),
    (lambda: rewritten(workbook([typed_row()]), workbook=entities), "intake.entities"),
    (lambda: rewritten(workbook([typed_row()]), sheet1=lambda xml: entities(xml).decode().encode("utf-16")),
     "intake.entities"),  # the same, hidden in another encoding
    (zip_bomb, "intake.bomb"),
    (encrypted_zip, "intake.encrypted"),
    (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") * 2, "intake.encrypted"),
    (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "intake.other_workbook"),  # an old XLS
    (lambda: csv_text([row()]).encode(), "intake.not_a_table"),  # a CSV renamed
    (lambda: b"%PDF-1.7", "intake.not_a_table"),
    (lambda: workbook([typed_row()])[:-400], "intake.container_unreadable"),  # cut
    (lambda: with_part(workbook([typed_row()]), "../../etc/cron.d/x", b"x"), "intake.unsafe_path"),
    (lambda: with_part(workbook([typed_row()]), "C:\\x.xml", b"x"), "intake.unsafe_path"),
    (lambda: rewritten(workbook([typed_row()]), sheet1=lambda xml: xml[: len(xml) // 2]),
     "intake.container_unreadable"),  # a sheet cut in the middle
    (lambda: rewritten(workbook([typed_row()]), workbook=lambda _: b"<workbook/>"), "intake.container_unreadable"),
    # one cell at the far end: laid out densely it would take all memory
    (lambda: rewritten(workbook([typed_row()]), sheet1=lambda xml: xml.replace(b'r="AB2"', b'r="XFD1048576"')),
     "intake.sheet_too_large"),
    (lambda: rewritten(workbook([typed_row()]), sheet1=lambda xml: xml.replace(b'r="AB2"', b"r='&#88;FD400000'")),
     "intake.sheet_too_large"),  # the same in disguise
    (lambda: rewritten(workbook([typed_row()]), sheet1=lambda xml: xml.replace(b'r="AB2"', b'r="-1"')),
     "intake.container_unreadable"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "code"), DANGEROUS)
def test_an_unreadable_or_dangerous_container_is_refused(make: Any, code: str) -> None:
    reading = read_sheet(make())

    assert reading.refused is not None
    assert codes([reading.refused]) == {code}
    assert reading.accepted == ()


def test_a_directory_that_lies_about_sizes_yields_no_more_than_it_declared() -> None:
    content = bytearray(workbook([typed_row()]))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entry = archive.getinfo(SHEET)
    place = content.rindex(SHEET.encode()) - 46
    content[place + 24 : place + 28] = (100).to_bytes(4, "little")

    archive = zip_guard.open_guarded(bytes(content), LIMITS, area="intake")
    with pytest.raises(Refusal) as refused:
        assert sum(map(len, zip_guard.chunks(archive, archive.getinfo(SHEET), area="intake"))) <= 100

    assert entry.file_size > 100
    assert refused.value.code == "intake.container_unreadable"
    assert read_sheet(bytes(content)).refused is not None


def test_a_nul_in_a_cell_is_no_text_that_can_be_kept() -> None:
    content = workbook([typed_row(Debitore="Rossi_X0000_Mario")])
    content = rewritten(
        content,
        sharedStrings=lambda xml: xml.replace(b"_X0000_", b"_x0000_"),
        sheet1=lambda xml: xml.replace(b"_X0000_", b"_x0000_"),
    )

    assert codes(read_sheet(content).reasons) == {"intake.text_unreadable"}
