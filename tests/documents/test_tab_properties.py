"""What holds for any file: the parts make the whole, order does not matter, and no bytes do harm."""

from __future__ import annotations

import io
import random
import zipfile

from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.documents.practice_documents import read_practice_documents
from fieldapp.documents.tabular import read_intake, rejects_file
from fieldapp.domain.errors import Refusal
from fieldapp.domain.intake import IntakeReading
from fieldapp.domain.intake_layout import Layout
from tests.documents.tables.builders import (
    CREDITO,
    FISSO,
    HEADINGS,
    LAYOUTS,
    TODAY,
    UTENZE,
    WORDS,
    amounts,
    cents_of,
    codes,
    csv_text,
    row,
    total_row,
)
from tests.documents.tables.workbooks import typed_row, workbook

NUMBERS = st.sampled_from(["P1", "P2", "P3", " P1", "P2\u00a0", "p3", ""])
HARM = st.sampled_from(
    [
        {},
        {},
        {},
        {"Scadenza": "31/02/2026"},
        {"Debitore": ""},
        {"Totale": "illeggibile"},
        {"Totale": "-12,00"},
        {"Capitale": "0,01"},
        {"Debitore": 'Da "Gino";\r\nBar'},
        {"Data fine mandato": "01/01/2020"},
    ]
)


@st.composite
def files(draw: st.DrawFn) -> list[dict[str, object]]:
    drawn = draw(st.lists(st.tuples(NUMBERS, st.integers(0, 5_000_000), HARM), min_size=1, max_size=12))
    return [{**row(number), **amounts(cents), "Titolo": f"T{cents}", **harm} for number, cents, harm in drawn]


def readable_cents(rows: list[dict[str, object]]) -> int:
    return sum(cents_of(each["Totale"]) for each in rows if each["Totale"] != "illeggibile")


def assert_whole(reading: IntakeReading, rows: list[dict[str, object]]) -> None:
    assert reading.refused is None
    assert reading.accepted_rows + reading.rejected_rows == len(rows)
    assert reading.accepted_cents + reading.rejected_cents == readable_cents(rows)
    assert reading.accepted_cents == sum(practice.total_cents for practice in reading.accepted)
    assert reading.unreadable_rows == sum(each["Totale"] == "illeggibile" for each in rows)
    lines = [line for practice in reading.accepted for line in practice.lines]
    lines += [each.line for practice in reading.rejected for each in practice.rows]
    assert len(set(lines)) == len(lines) == len(rows)
    numbers = [practice.practice_number for practice in reading.accepted]
    assert len(set(numbers)) == len(numbers)
    for practice in reading.accepted:
        for debt in practice.debt_lines:
            assert debt.principal_cents + debt.interest_cents + debt.costs_cents == debt.total_cents
    assert all(practice.reasons for practice in reading.rejected)
    codes([*reading.reasons, *reading.warnings])


@given(files())
def test_accepted_and_rejected_make_the_whole_of_any_file(rows: list[dict[str, object]]) -> None:
    one = read_intake(csv_text(rows).encode(), UTENZE, today=TODAY)
    several = read_intake(
        csv_text([*rows, total_row(readable_cents(rows))]).encode("windows-1252"), CREDITO, today=TODAY
    )

    assert_whole(one, rows)
    assert_whole(several, rows)


@given(files(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_change_what_is_taken(rows: list[dict[str, object]], chance: random.Random) -> None:
    shuffled = list(rows)
    chance.shuffle(shuffled)

    first = read_intake(csv_text(rows).encode(), UTENZE, today=TODAY)
    second = read_intake(csv_text(shuffled).encode(), UTENZE, today=TODAY)

    assert {p.practice_number for p in first.accepted} == {p.practice_number for p in second.accepted}
    assert first.accepted_cents == second.accepted_cents
    assert first.rejected_cents == second.rejected_cents


@given(files())
def test_rejected_rows_that_come_back_unmended_hold_the_same_sum(rows: list[dict[str, object]]) -> None:
    first = read_intake(csv_text(rows).encode(), UTENZE, today=TODAY)
    if not first.rejected:
        return

    again = read_intake(rejects_file(first, UTENZE, words=WORDS), UTENZE, today=TODAY)

    assert again.refused is None
    assert again.total_cents == first.rejected_cents
    assert again.accepted_rows + again.rejected_rows == first.rejected_rows


@given(st.lists(st.sampled_from(['"', ";", "\n", "\r", "P1", "x", " ", "\u2028"]), max_size=60))
def test_stray_quotes_and_breaks_never_take_a_good_line_with_them(noise: list[str]) -> None:
    heading, good = csv_text([row("BUONA")]).splitlines()
    middle = "".join(noise).replace("\r", "\n")

    content = "\n".join([heading, good, "K;" + middle, good.replace("BUONA", "ULTIMA"), ""])
    reading = read_intake(content.encode(), UTENZE, today=TODAY)

    assert {practice.practice_number for practice in reading.accepted} == {"BUONA", "ULTIMA"}


LAYOUT = st.sampled_from(list(LAYOUTS.values()))
OPENINGS = st.sampled_from(
    [
        b"",
        b"PK\x03\x04",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        ";".join(HEADINGS).encode() + b"\n",
        b"%PDF",
        b"\xd0\xcf\x11\xe0",
    ]
)


@given(OPENINGS, st.binary(max_size=400), LAYOUT)
def test_no_bytes_make_the_reading_fail(opening: bytes, content: bytes, layout: Layout) -> None:
    reading = read_intake(opening + content, layout, today=TODAY)

    if reading.refused:
        codes([reading.refused])
    rejects_file(reading, layout, words=WORDS)


BOOK = workbook([typed_row("P1"), typed_row("P2", Totale="=1+1")])


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, len(BOOK) - 1), st.integers(0, 255)), min_size=1, max_size=20))
def test_a_damaged_workbook_is_read_or_refused(flips: list[tuple[int, int]]) -> None:
    content = bytearray(BOOK)
    for place, value in flips:
        content[place] = value

    reading = read_intake(bytes(content), LAYOUTS["demo-xlsx"], today=TODAY)

    codes([reading.refused] if reading.refused else reading.warnings)


@settings(max_examples=60)
@given(
    st.sampled_from(["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels"]),
    st.integers(0, 10_000),
    st.sampled_from(
        [b"<", b"</", b'"', b"&", b"<c r='A1'/>", b"<f/>", b"<row/>", b"1e999", b"-1", b"\xff", b"<v>9</v>"]
    ),
)
def test_a_workbook_with_damaged_parts_is_read_or_refused(name: str, place: int, noise: bytes) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(BOOK)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            part = old.read(entry)
            at = place % (len(part) + 1)
            new.writestr(entry.filename, part[:at] + noise + part[at:] if entry.filename == name else part)

    reading = read_intake(out.getvalue(), LAYOUTS["demo-xlsx"], today=TODAY)

    codes([reading.refused] if reading.refused else reading.warnings)


@given(st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06"]), st.binary(max_size=300))
def test_no_bytes_make_the_documents_fail(opening: bytes, content: bytes) -> None:
    assert refusal_code(opening + content) in {"", *WORDS}


def refusal_code(content: bytes) -> str:
    try:
        list(read_practice_documents(content))
    except Refusal as refusal:
        return refusal.code
    return ""


@given(st.lists(st.text(max_size=12), min_size=len(FISSO.columns), max_size=len(FISSO.columns)))
def test_any_fixed_width_record_is_taken_or_returned(texts: list[str]) -> None:
    line = "".join(
        "".join(c for c in text if c.isprintable())[: column.width].ljust(column.width)
        for text, column in zip(texts, FISSO.columns, strict=True)
    )
    layout = LAYOUTS["demo-fisso"]

    reading = read_intake(line.encode(), layout, today=TODAY)

    assert reading.refused or reading.accepted_rows + reading.rejected_rows == 1
