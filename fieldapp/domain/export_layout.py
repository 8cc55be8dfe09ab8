"""How a creditor wants to be told: the columns of an outgoing file, its conventions, his codes for what happened.

A layout cannot contradict itself. What a file holds is the business of `domain.outgoing`, its bytes that of
`documents.outgoing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.intake_layout import Amounts, Dates, FileKind


class Out(StrEnum):
    """What a column of an outgoing file can say about one fact."""

    PRACTICE_NUMBER = "practice_number"
    DEBTOR = "debtor"
    DAY = "day"
    TIME = "time"
    AGENT = "agent"
    CODE = "code"
    OUTCOME = "outcome"
    AMOUNT = "amount"
    PRINCIPAL = "principal"
    INTEREST = "interest"
    COSTS = "costs"
    METHOD = "method"
    RECEIPT = "receipt"
    DUE_ON = "due_on"
    PROMISED = "promised"
    FACT = "fact"


AMOUNTS = (Out.AMOUNT, Out.PRINCIPAL, Out.INTEREST, Out.COSTS, Out.PROMISED)
INDISPENSABLE = (Out.PRACTICE_NUMBER, Out.CODE, Out.AMOUNT)
"""Without them a file says nothing that can be booked."""
ENCODINGS = ("utf-8", "utf-8-sig", "cp1252", "iso-8859-15")
DATE_FORMATS = ("dd/mm/yyyy", "yyyy-mm-dd", "ddmmyyyy", "yyyymmdd", "dd.mm.yyyy", "dd-mm-yyyy")
MOST_COLUMNS = 40
WIDEST = 400
LONGEST_CODE = 40


class AccountFile(StrEnum):
    """An account instead of rows: as a paper, or as a workbook."""

    PDF = "account_pdf"
    XLSX = "account_xlsx"


class Every(StrEnum):
    """How often an account is due: on the plan's days of the week, or on the first of a month."""

    WEEKDAYS = "weekdays"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class AccountLayout:
    """A creditor who is given an account, in one of the languages of the service."""

    kind: AccountFile
    every: Every = Every.WEEKDAYS
    language: Literal["it", "en", "fr"] = "it"


@dataclass(frozen=True, slots=True)
class OutColumn:
    """One column as the creditor heads it; `width` in characters, fixed-width files only."""

    field: Out
    name: str
    width: int = 0


@dataclass(frozen=True, slots=True)
class OutLayout:
    """A creditor's way of being told. Refusal: `export.contradiction` with `what` naming the part.

    `implied_decimals`: 2 writes cents as bare digits, 0 writes euro with the sign `decimal`.
    """

    kind: FileKind
    columns: tuple[OutColumn, ...]
    encoding: str = "utf-8"
    delimiter: str = ";"
    decimal: str = ","
    implied_decimals: int = 0
    date_format: str = "dd/mm/yyyy"

    def __post_init__(self) -> None:
        for what, holds in self._conditions():
            if not holds:
                raise Refusal("export.contradiction", kind=Kind.MALFORMED, details={"what": what})

    def _conditions(self) -> tuple[tuple[str, bool], ...]:
        fields = [column.field for column in self.columns]
        names = [column.name.strip().casefold() for column in self.columns]
        fixed = self.kind is FileKind.FIXED
        return (
            ("columns", set(INDISPENSABLE) <= set(fields) and len(fields) <= MOST_COLUMNS),
            ("columns_twice", len(set(fields)) == len(fields) and len(set(names)) == len(names)),
            ("columns_name", all(0 < len(name) <= 80 for name in names)),
            ("columns_width", all((0 < c.width <= WIDEST) == fixed for c in self.columns)),
            ("encoding", self.encoding in ENCODINGS),
            ("delimiter", self.delimiter in (";", ",", "\t", "|")),
            ("decimal", self.decimal in (",", ".") and self.decimal != self.delimiter),
            ("implied_decimals", self.implied_decimals in (0, 2)),
            ("date_format", self.date_format in DATE_FORMATS),
        )

    @property
    def headings(self) -> tuple[str, ...]:
        return tuple(column.name.strip() for column in self.columns)

    # The names under which the writers of files know these conventions.
    @property
    def encodings(self) -> tuple[str, ...]:
        return (self.encoding,)

    @property
    def delimiters(self) -> tuple[str, ...]:
        return (self.delimiter,)

    @property
    def quote(self) -> str:
        return '"'

    @property
    def sheet(self) -> str:
        return "Esiti"

    @property
    def amounts(self) -> Amounts:
        thousands = "." if self.decimal == "," else ","
        return Amounts(decimal=self.decimal, thousands=thousands, implied_decimals=self.implied_decimals)

    @property
    def dates(self) -> Dates:
        return Dates(formats=(self.date_format,))
