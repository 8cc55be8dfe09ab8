"""The demo's creditors and the files that they send: columns, conventions, writing. The one place that knows them.

Two layouts: `demo-utenze` (UTF-8, one row a practice, plain decimals) and `demo-credito` (Windows-1252, thousands
dots, several rows a practice, a control total at the end). Docs: `docs/demo-data.md`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from fieldapp.demo.practices import DebtLine, DemoPractice

COLUMNS = (
    "Numero pratica", "Debitore", "Tipo soggetto", "Codice fiscale", "Partita IVA", "Data nascita", "Coobbligato",
    "Ruolo coobbligato", "CF coobbligato", "Indirizzo", "CAP", "Comune", "Provincia", "Telefono 1", "Telefono 2",
    "Titolo", "Tipo credito", "Scadenza", "Capitale", "Interessi", "Spese", "Totale", "Data affidamento",
    "Data fine mandato", "Saldo al", "Responsabile pratica", "Fase", "Revocata",
)  # fmt: skip

TOTAL_MARKER = "TOTALE"
DELIMITER = ";"


@dataclass(frozen=True, slots=True)
class FileConvention:
    """How one layout writes: encoding, thousands mark in amounts, control total at the end."""

    layout: str
    encoding: str
    thousands: str
    several_rows: bool
    total_row: bool


UTENZE = FileConvention("demo-utenze", "utf-8", "", several_rows=False, total_row=False)
CREDITO = FileConvention("demo-credito", "cp1252", ".", several_rows=True, total_row=True)


@dataclass(frozen=True, slots=True)
class Creditor:
    """An invented creditor: `prefix` heads its practice numbers, `kinds` says what it lends or sells."""

    slug: str
    name: str
    prefix: str
    convention: FileConvention
    kinds: tuple[str, ...]
    median_cents: int
    case_owners: tuple[str, ...]
    share: float


CREDITORS = (
    Creditor("lume-energia", "Lume Energia e Gas S.p.A.", "LUM", UTENZE, ("Energia elettrica", "Gas"), 38_000,
             ("Ilaria Scarpanini", "Dario Valmoni"), 0.4),
    Creditor("ponte-credito", "Ponte Credito al Consumo S.p.A.", "PCC", CREDITO,
             ("Prestito personale", "Prestito finalizzato", "Carta revolving"), 190_000,
             ("Serena Zambelli", "Ugo Fiordani"), 0.4),
    Creditor("trifoglio-telefonia", "Trifoglio Telefonia S.p.A.", "TRI", UTENZE,
             ("Telefonia mobile", "Telefonia fissa"), 24_000, ("Noemi Garletti",), 0.2),
)  # fmt: skip


class FileWriter:
    """Writes a creditor's file row by row as a spreadsheet does (CRLF), so that no more than a row is held."""

    def __init__(self, path: Path, convention: FileConvention, *, as_of: date) -> None:
        self.practices = self.rows = self.total_cents = 0
        self._convention = convention
        self._as_of = as_of
        self._file = path.open("w", encoding=convention.encoding, newline="")
        self._writer = csv.writer(self._file, delimiter=DELIMITER, lineterminator="\r\n")
        self._writer.writerow(COLUMNS)

    def add(self, practice: DemoPractice) -> None:
        """All rows of a practice."""
        for place, line in enumerate(practice.lines):
            self._writer.writerow(_row(self._convention, practice, place, line, self._as_of))
            self.total_cents += line.total_cents
        self.practices += 1
        self.rows += len(practice.lines)

    def close(self) -> None:
        """Write the control total where the convention has one."""
        if self._convention.total_row:
            last = [""] * len(COLUMNS)
            last[0] = TOTAL_MARKER
            last[COLUMNS.index("Totale")] = amount(self.total_cents, thousands=self._convention.thousands)
            self._writer.writerow(last)
        self._file.close()


def amount(cents: int, *, thousands: str) -> str:
    """`123456` as `1.234,56` or `1234,56`."""
    whole, rest = divmod(cents, 100)
    return f"{whole:,}".replace(",", thousands) + f",{rest:02d}"


def _row(convention: FileConvention, practice: DemoPractice, place: int, line: DebtLine, as_of: date) -> list[str]:
    """One debt line; an obligor stands on the row of his place, so several obligors need several rows."""
    obligor, role = practice.obligors[place] if place < len(practice.obligors) else (None, "")
    debtor, written = practice.debtor, practice.written
    cents = (line.principal_cents, line.interest_cents, line.costs_cents, line.total_cents)
    return [
        practice.number,
        debtor.name,
        "PG" if debtor.is_firm else "PF",
        debtor.tax_code,
        debtor.vat_number,
        _day(debtor.born_on),
        obligor.name if obligor else "",
        role,
        obligor.tax_code if obligor else "",
        written.street,
        written.cap,
        written.comune,
        written.province,
        *(*practice.phones, "", "")[:2],
        line.title,
        line.kind,
        _day(line.due_on),
        *(amount(each, thousands=convention.thousands) for each in cents),
        _day(practice.starts_on),
        _day(practice.ends_on),
        _day(as_of),
        practice.case_owner,
        practice.phase,
        "S" if practice.recalled else "N",
    ]


def _day(day: date | None) -> str:
    return day.strftime("%d/%m/%Y") if day else ""
