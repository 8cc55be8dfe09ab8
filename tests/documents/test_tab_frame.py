"""What stands around a file's data: headings, pages, sub-totals, totals and counts; none of it is a row."""

import pytest

from fieldapp.documents.tabular import read_intake
from fieldapp.domain.intake import IntakeReading
from tests.documents.tables.builders import CREDITO, HEADINGS, TODAY, UTENZE, codes, csv_text, row

HEADING, FIRST, SECOND, THIRD = csv_text([row("P1"), row("P2"), row("P3")]).splitlines()
WHOLE_CENTS = 3 * 10350


def read(*lines: str) -> IntakeReading:
    return read_intake("\n".join([*lines, ""]).encode(), UTENZE, today=TODAY)


def labelled(label: str, amount: str, *, under: str = "Numero pratica") -> str:
    return csv_text([{under: label, "Totale": amount}]).splitlines()[1]


SUBTOTALS = [
    "Subtotale", "SUB-TOTALE P1", "Sub tot.", "Totale parziale", "TOT. PARZIALE", "Totale pratica P1",
    "Totale pagina 1", "Riporto", "A riportare", "Somma parziale",
    "Totale Rossi Mario",  # a word that no list knows: what follows shows that it closes a part
    "Totale filiale 12",
]  # fmt: skip


@pytest.mark.parametrize("label", SUBTOTALS)
@pytest.mark.parametrize("under", ["Numero pratica", "Debitore"])
def test_a_sub_total_is_neither_a_row_nor_a_control_total(label: str, under: str) -> None:
    reading = read(HEADING, FIRST, labelled(label, "103,50", under=under), SECOND, THIRD, labelled("TOTALE", "310,50"))

    assert reading.refused is None
    assert (reading.accepted_rows, reading.rejected_rows) == (3, 0)
    assert reading.control_total_cents == WHOLE_CENTS


TOTALS = [
    "TOTALE", "TOT.", "Totale €", "Totale complessivo", "Tot. generale", "Totale crediti affidati", "Importo totale",
    "SOMMA", "Totale n. 3 pratiche", "Totale Rossi",
]  # fmt: skip


@pytest.mark.parametrize("label", TOTALS)
def test_a_total_at_the_end_is_compared_however_it_is_called(label: str) -> None:
    lines = (HEADING, FIRST, SECOND, THIRD)

    right, wrong = read(*lines, labelled(label, "310,50")), read(*lines, labelled(label, "310,51"))

    assert (right.refused, right.accepted_rows, right.control_total_cents) == (None, 3, WHOLE_CENTS)
    assert wrong.refused is not None
    assert codes([wrong.refused]) == {"intake.control_total_differs"}


@pytest.mark.parametrize(("between", "refused"), [("103,50", False), ("207,00", False), ("200,00", True)])
def test_totals_in_between_hold_for_their_part_or_for_all_above(between: str, refused: bool) -> None:
    middle, end = labelled("TOTALE", between), labelled("TOTALE GENERALE", "310,50")

    reading = read(HEADING, FIRST, labelled("TOTALE", "103,50"), SECOND, middle, THIRD, end)

    assert (reading.refused is not None) is refused


CLOSINGS = [
    # what stands in the last line, and whether the file is taken
    ("TOTALE;3;310,50", True),  # count and sum, not under their columns
    ("TOTALE;4;310,50", False),
    ("TOTALE;3;310,51", False),
    ("Totale complessivo;310,50", True),
    ("TOTALE RIGHE;3", True),  # a count is no sum of three euro
    ("TOTALE RIGHE;4", False),
    ("Totale pratiche: 3", True),
    ("Numero pratiche;2", False),
    ("N. record: 5", True),  # with heading and closing record
    ("N. record: 6", False),
    ("FINE FILE;3;310,50", True),
    ("FINE FILE;3;310,51", False),
    ("*** FINE ***", True),
    ("EOF", True),
    ("Estratto il 20/11/2026 alle 10:00;;;", True),
    ("Pag. 1/3", True),
]


@pytest.mark.parametrize(("line", "taken"), CLOSINGS)
def test_a_closing_line_is_no_row_and_must_agree(line: str, taken: bool) -> None:
    reading = read(HEADING, FIRST, SECOND, THIRD, line)

    assert (reading.refused is None) is taken
    assert (reading.accepted_rows, reading.rejected_rows) == ((3, 0) if taken else (0, 0))


def test_an_unknown_closing_line_comes_back_as_a_row() -> None:
    reading = read(HEADING, FIRST, SECOND, "99;2;207,00")

    assert (reading.accepted_rows, reading.rejected_rows) == (2, 1)


def broken_over_two(heading: str) -> list[str]:
    parts = [title.partition(" ") for title in heading.split(";")]
    return [";".join(upper for upper, _, _ in parts), ";".join(lower for _, _, lower in parts)]


HEADINGS_OF_FILES = [
    # in capitals, once more on the second page
    [HEADING, FIRST, HEADING.upper(), SECOND],
    # behind a column of ours
    [f"Progr.;{HEADING}", f"1;{FIRST}", f"Progr.;{HEADING}", f"2;{SECOND}"],
    # with the title of the list above it, on each page
    ["ELENCO PRATICHE;;", "", HEADING, FIRST, "ELENCO PRATICHE;;", "", HEADING, SECOND],
    # names of a program's fields below
    [HEADING, ";".join(f"COL_{title[:2]}" for title in HEADINGS), FIRST, SECOND],
    # what each column holds below
    [HEADING, ";".join("testo" for _ in HEADINGS), FIRST, SECOND],
    # words one above the other: "Numero" over "pratica"
    [*broken_over_two(HEADING), FIRST, *broken_over_two(HEADING), SECOND],
]


@pytest.mark.parametrize("lines", HEADINGS_OF_FILES)
def test_headings_wherever_they_stand_are_no_rows(lines: list[str]) -> None:
    reading = read(*lines)

    assert (reading.refused, reading.accepted_rows, reading.rejected_rows) == (None, 2, 0)


def test_a_row_of_words_further_down_is_a_row() -> None:
    reading = read(HEADING, FIRST, ";".join("testo" for _ in HEADINGS))

    assert (reading.accepted_rows, reading.rejected_rows) == (1, 1)


def test_a_part_that_is_closed_is_no_control_total_where_one_must_be() -> None:
    content = "\n".join([HEADING, FIRST, labelled("Totale Rossi", "103,50"), SECOND]).encode("cp1252")

    reading = read_intake(content, CREDITO, today=TODAY)

    assert reading.refused is not None
    assert codes([reading.refused]) == {"intake.control_total_missing"}
