"""Small creditors' files: every row is good unless a test says what is not."""

from __future__ import annotations

import csv
import io
import json
import string
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from fieldapp.documents.tabular import read_intake, shipped_layouts
from fieldapp.domain.intake import Finding, IntakeReading, said

TODAY = date(2026, 11, 23)
LAYOUTS = shipped_layouts()
UTENZE, CREDITO = LAYOUTS["demo-utenze"], LAYOUTS["demo-credito"]
XLSX, FISSO = LAYOUTS["demo-xlsx"], LAYOUTS["demo-fisso"]
HEADINGS = tuple(column.name for column in UTENZE.columns)
WORDS = json.loads((Path(__file__).parents[3] / "fieldapp/pwa/src/text/refusals/intake.it.json").read_text("utf-8"))
GOOD = {
    "Numero pratica": "P1",
    "Debitore": "Rossi Mario",
    "Tipo soggetto": "persona",
    "Codice fiscale": "RCCMNL83S18D969H",
    "Data nascita": "18/11/1983",
    "Indirizzo": "Via Roma 1",
    "CAP": "16121",
    "Comune": "Genova",
    "Provincia": "GE",
    "Telefono 1": "347 1234567",
    "Titolo": "Contratto 1",
    "Tipo credito": "luce",
    "Scadenza": "01/06/2026",
    "Capitale": "100,00",
    "Interessi": "2,50",
    "Spese": "1,00",
    "Totale": "103,50",
    "Data affidamento": "01/10/2026",
    "Data fine mandato": "31/12/2026",
    "Saldo al": "20/11/2026",
    "Responsabile pratica": "Bianchi",
    "Fase": "esazione",
    "Revocata": "no",
}


def row(number: str = "P1", **changes: object) -> dict[str, object]:
    """A good row, but for `changes`; underscores in their names stand for blanks (`Data_nascita`)."""
    return {**GOOD, "Numero pratica": number, **{key.replace("_", " "): value for key, value in changes.items()}}


def amounts(total_cents: int) -> dict[str, object]:
    """Principal, interest, costs and total that agree, in Italian spelling."""
    principal = total_cents // 2
    return {
        "Capitale": euro(principal),
        "Interessi": euro(total_cents - principal),
        "Spese": "0,00",
        "Totale": euro(total_cents),
    }


def euro(cents: int) -> str:
    return f"{'-' * (cents < 0)}{abs(cents) // 100},{abs(cents) % 100:02d}"


def csv_text(rows: Iterable[Mapping[str, object]], *, headings: Iterable[str] = HEADINGS, delimiter: str = ";") -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    titles = tuple(headings)
    writer.writerow(titles)
    for each in rows:
        writer.writerow([each.get(title, "") for title in titles])
    return out.getvalue()


def total_row(cents: int) -> dict[str, object]:
    return {"Numero pratica": "TOTALE", "Totale": euro(cents)}


def read_rows(*rows: Mapping[str, object]) -> IntakeReading:
    """The reading of a demo-utenze file with these rows."""
    return read_intake(csv_text(rows).encode(), UTENZE, today=TODAY)


def read_credit(*rows: Mapping[str, object], total_cents: int | None = None) -> IntakeReading:
    """The reading of a demo-credito file with these rows and, unless given, a right control total."""
    summed = sum(cents_of(each["Totale"]) for each in rows) if total_cents is None else total_cents
    content = csv_text([*rows, total_row(summed)]).encode("windows-1252")
    return read_intake(content, CREDITO, today=TODAY)


def cents_of(written: object) -> int:
    return int(str(written).replace(".", "").replace(",", ""))


def codes(findings: Iterable[Finding]) -> set[str]:
    """The codes of `findings`; each must have an Italian sentence whose blanks its details fill."""
    found = set()
    for finding in findings:
        assert finding.code in WORDS
        blanks = {name for _, name, _, _ in string.Formatter().parse(WORDS[finding.code]) if name}
        assert blanks <= set(finding.details), finding
        assert said(finding, WORDS)
        found.add(finding.code)
    return found
