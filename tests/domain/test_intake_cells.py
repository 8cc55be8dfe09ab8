"""Single cells: what an amount or a date says by its convention, and that writing and reading agree."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.errors import Refusal
from fieldapp.domain.intake import Finding, Formula, said
from fieldapp.domain.intake_cells import (
    SERIALS_FROM_1900,
    AmountReader,
    DateReader,
    key_of,
    text_of,
)
from fieldapp.domain.intake_layout import Amounts, Column, Dates, Field, FileKind, Layout
from fieldapp.domain.money import italian

ITALIAN = AmountReader(Amounts())
ENGLISH = AmountReader(Amounts(decimal=".", thousands=","))
PLAIN = AmountReader(Amounts(thousands=""))
IMPLIED = AmountReader(Amounts(implied_decimals=2))


@given(st.integers(0, 10**9))
def test_an_amount_written_the_italian_way_is_read_to_the_cent(cents: int) -> None:
    assert ITALIAN.read(italian(cents)).cents == cents


@given(st.integers(0, 10**9))
def test_a_typed_amount_is_read_to_the_cent(cents: int) -> None:
    assert ITALIAN.read(Decimal(repr(cents / 100))).cents == cents


@given(st.text(max_size=20))
def test_any_text_is_an_amount_or_has_a_problem(text: str) -> None:
    read = ITALIAN.read(text)

    assert (read.cents is None) <= (read.problem is not None)
    assert read.problem is None or read.problem.startswith("intake.amount_")


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_any_number_is_an_amount_or_has_a_problem(number: Decimal) -> None:
    read = ITALIAN.read(number)

    assert (read.cents is None) <= (read.problem is not None)


CONVENTIONS = [
    (ENGLISH, "1,234.50", 123450),
    (ENGLISH, "1.234,50", None),  # the other way round is never guessed
    (PLAIN, "1234,50", 123450),
    (PLAIN, "1.234,50", None),  # no sign for thousands agreed
    (PLAIN, "1.234", None),
    (IMPLIED, "0000123450", 123450),
    (IMPLIED, "1234,50", None),
    (ITALIAN, "1.234.567,89", 123456789),
    (ITALIAN, "1.234 567,89", None),  # two signs for thousands
    (ITALIAN, "1..234,00", None),
    (ITALIAN, ",50", None),
    (ITALIAN, "12,", None),
    (ITALIAN, "- - 12,00", None),
    (ITALIAN, "0x10", None),
    (ITALIAN, Formula("=1+1"), None),
]


@pytest.mark.parametrize(("reader", "written", "cents"), CONVENTIONS)
def test_one_convention_reads_its_own_spelling_only(
    reader: AmountReader, written: str | Formula, cents: int | None
) -> None:
    assert reader.read(written).cents == cents


DAYS = st.dates(min_value=date(1950, 1, 1), max_value=date(2098, 12, 31))


@given(DAYS)
def test_a_date_is_the_same_in_every_spelling(day: date) -> None:
    reader = DateReader(Dates(formats=("dd/mm/yyyy", "yyyymmdd")), serial_origin=SERIALS_FROM_1900)
    serial = Decimal((day - SERIALS_FROM_1900) // timedelta(days=1))

    for written in (day.strftime("%d/%m/%Y"), day.strftime("%Y%m%d"), f"{day.day}/{day.month}/{day.year}", serial, day):
        assert reader.read(written).on == day


@given(st.text(max_size=12))
def test_any_text_is_a_date_or_has_a_problem_or_is_blank(text: str) -> None:
    read = DateReader(Dates()).read(text)

    assert read.on is None or read.problem is None
    assert read.on or read.problem or not key_of(text)


def test_a_serial_number_is_no_date_outside_a_workbook() -> None:
    assert DateReader(Dates()).read(Decimal(46174)).problem == "intake.date_unreadable"


BLANKS = [
    " P1", "P1\t", "\u00a0P1", "P1\u200b", "\ufeffP1", "P\u200d1", "P1\u2003", "\u200b \u00a0P1 \u200b",
    "\u2800P1",  # a Braille pattern without dots
    "P1\u3164",  # a Hangul filler
    "\x7fP1", "P1\x1f",
]  # fmt: skip


@pytest.mark.parametrize("written", BLANKS)
def test_a_number_is_the_same_whatever_blanks_stand_around_or_hide_in_it(written: str) -> None:
    assert key_of(written) == "P1"


def test_direction_marks_stay_in_texts_and_leave_numbers() -> None:
    assert text_of("\u202eoiram") == "\u202eoiram"
    assert key_of("\u202eP1") == "P1"


def test_words_never_take_orders_from_what_a_file_says() -> None:
    finding = Finding("intake.value_unknown", 3, {"column": "{value}", "value": "{0.__class__}"})

    assert said(finding, {"intake.value_unknown": "{column} {value}"}) == "3: {value} {0.__class__}"


def test_a_layout_without_the_indispensable_columns_does_not_exist() -> None:
    with pytest.raises(Refusal) as refused:
        Layout("x", "X", FileKind.CSV, (Column(Field.DEBTOR, "Nome"),))

    assert refused.value.code == "layout.contradiction"
