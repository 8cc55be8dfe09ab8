"""A long file costs memory by what it says, not by the objects that it is read into."""

import tracemalloc

from fieldapp.documents.tabular import read_intake
from tests.documents.tables.builders import TODAY, UTENZE, csv_text, row

FEW, MANY = 500, 2_500
MOST_BYTES_A_ROW = 700
"""Packed one by one and copied for the cells of each it was 1,200, measured so it is 410."""


def peak_of(rows: int) -> int:
    wrong = {"Scadenza": "31/02/2026", "Capitale": "dieci", "Codice fiscale": "RSSMRA80A01H501"}
    content = csv_text(row(f"X{number:07}", **wrong) for number in range(rows)).encode()
    tracemalloc.start()
    reading = read_intake(content, UTENZE, today=TODAY)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reading.rejected_rows == rows
    return peak


def test_rows_that_are_all_rejected_are_kept_packed() -> None:
    peak_of(10)

    few, many = peak_of(FEW), peak_of(MANY)

    assert (many - few) / (MANY - FEW) < MOST_BYTES_A_ROW
