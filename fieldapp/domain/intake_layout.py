"""How a creditor writes a file: a layout as a value that cannot contradict itself.

Where layouts are stored and how they are spelt is the business of `documents`; here are the fields that a
column may mean, the conventions, and the conditions that make a layout usable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from fieldapp.domain.errors import Kind, Refusal


class Field(StrEnum):
    """What a column can mean."""

    PRACTICE_NUMBER = "practice_number"
    DEBTOR = "debtor"
    SUBJECT_KIND = "subject_kind"
    TAX_CODE = "tax_code"
    VAT_NUMBER = "vat_number"
    BORN_ON = "born_on"
    OBLIGOR = "obligor"
    OBLIGOR_ROLE = "obligor_role"
    OBLIGOR_TAX_CODE = "obligor_tax_code"
    STREET = "street"
    POSTCODE = "postcode"
    MUNICIPALITY = "municipality"
    PROVINCE = "province"
    PHONE_1 = "phone_1"
    PHONE_2 = "phone_2"
    PHONE_3 = "phone_3"
    IBAN = "iban"
    TITLE = "title"
    DEBT_KIND = "debt_kind"
    DUE_ON = "due_on"
    PRINCIPAL = "principal"
    INTEREST = "interest"
    COSTS = "costs"
    TOTAL = "total"
    PLACEMENT_STARTS_ON = "placement_starts_on"
    PLACEMENT_ENDS_ON = "placement_ends_on"
    AS_OF = "as_of"
    CASE_OWNER = "case_owner"
    PHASE = "phase"
    RECALLED = "recalled"
    SKILLS = "skills"
    REASON = "reason"


AMOUNT_FIELDS = (Field.PRINCIPAL, Field.INTEREST, Field.COSTS, Field.TOTAL)
DATE_FIELDS = (Field.BORN_ON, Field.DUE_ON, Field.PLACEMENT_STARTS_ON, Field.PLACEMENT_ENDS_ON, Field.AS_OF)
PHONE_FIELDS = (Field.PHONE_1, Field.PHONE_2, Field.PHONE_3)
INDISPENSABLE = (Field.PRACTICE_NUMBER, Field.DEBTOR, Field.TOTAL)
REASON_HEADING = "Motivo"
"""The heading under which rejected rows carry their reason; a file that comes back may still have it."""


class FileKind(StrEnum):
    CSV = "csv"
    FIXED = "fixed"
    XLSX = "xlsx"


class RowsPerPractice(StrEnum):
    ONE = "one"
    SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `name` as the creditor heads it, other spellings that mean the same, and what it must hold.

    `required`: the file is refused without it. `filled`: a row is rejected where it is empty.
    `width`: characters, fixed-width layouts only.
    """

    field: Field
    name: str
    aliases: tuple[str, ...] = ()
    required: bool = False
    filled: bool = False
    width: int = 0


@dataclass(frozen=True, slots=True)
class Amounts:
    """How amounts are written. `decimals` is how many digits may follow `decimal`; beyond two they must be 0.

    `implied_decimals`: digits only, the last so many of them after an unwritten comma (fixed-width files).
    `empty_is_zero`: an empty principal, interest or costs means nothing is owed there; a total never is empty.
    """

    decimal: str = ","
    thousands: str = "."
    decimals: int = 2
    implied_decimals: int = 0
    maximum_cents: int = 1_000_000_000
    empty_is_zero: bool = False


@dataclass(frozen=True, slots=True)
class Dates:
    """Accepted spellings, made of `dd`, `mm` and `yyyy`, and dates that stand for "none" besides the usual."""

    formats: tuple[str, ...] = ("dd/mm/yyyy",)
    placeholders: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class PracticeNumbers:
    """`width`: digits that a purely numeric number has, lost leading zeros are restored; 0 leaves it as it is.

    `pattern`: a regular expression for the whole number; empty accepts any.
    """

    width: int = 0
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """Rows that are no data: `markers` head a control total, `subtotals` a partial one, `footers` open a note.

    A label begins with one of them; the usual ones need not be named. `required`: without a control total the file
    counts as cut and is refused.
    """

    markers: tuple[str, ...] = ("TOTALE", "TOTALI", "TOT", "SOMMA", "IMPORTO TOTALE", "TOTAL", "GRAND TOTAL")
    subtotals: tuple[str, ...] = (
        "SUBTOTALE", "SUB TOTALE", "SUBTOT", "SUB TOT", "SUBTOTAL", "PARZIALE", "TOTALE PARZIALE", "TOT PARZIALE",
        "SOMMA PARZIALE", "RIPORTO", "A RIPORTARE", "DA RIPORTARE", "TOTALE PRATICA", "TOT PRATICA", "TOTALE PAGINA",
        "TOT PAGINA", "TOTALE DEBITORE", "TOTALE CLIENTE",
    )  # fmt: skip
    footers: tuple[str, ...] = (
        "FINE", "END", "EOF", "ESTRAZIONE", "ESTRATTO", "STAMPATO", "PAGINA", "PAG", "RIGHE", "NUMERO RIGHE", "N RIGHE",
        "NR RIGHE", "NUMERO RECORD", "N RECORD", "NR RECORD", "RECORD", "NUMERO PRATICHE", "N PRATICHE", "NR PRATICHE",
    )  # fmt: skip
    required: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """One creditor's way of writing files. Refusals: `layout.contradiction` with `what` naming the part."""

    name: str
    title: str
    kind: FileKind
    columns: tuple[Column, ...]
    encodings: tuple[str, ...] = ("utf-8",)
    delimiters: tuple[str, ...] = (";",)
    quote: str = '"'
    header_row: int = 1
    sheet: str = ""
    rows_per_practice: RowsPerPractice = RowsPerPractice.ONE
    currency: str = "EUR"
    amounts: Amounts = field(default_factory=Amounts)
    dates: Dates = field(default_factory=Dates)
    practice_numbers: PracticeNumbers = field(default_factory=PracticeNumbers)
    totals: Totals = field(default_factory=Totals)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for what, holds in self._conditions():
            if not holds:
                raise Refusal("layout.contradiction", kind=Kind.MALFORMED, details={"layout": self.name, "what": what})

    def _conditions(self) -> tuple[tuple[str, bool], ...]:
        fields = [column.field for column in self.columns]
        names = [spelling.casefold() for c in self.columns for spelling in (c.name, *c.aliases)]
        fixed = self.kind is FileKind.FIXED
        amounts = self.amounts
        return (
            ("name", re.fullmatch(r"[a-z0-9][a-z0-9-]*", self.name) is not None),
            ("columns: a field twice", len(fields) == len(set(fields))),
            ("columns: a name twice", len(names) == len(set(names))),
            ("columns: practice_number, debtor or total missing", set(INDISPENSABLE) <= set(fields)),
            ("columns: an empty name", all(name.strip() for name in names)),
            ("columns: filled but not required", all(c.required or not c.filled for c in self.columns)),
            ("columns: width", all((c.width > 0) == fixed for c in self.columns)),
            ("encodings", bool(self.encodings)),
            ("delimiters", bool(self.delimiters) and all(len(sign) == 1 for sign in self.delimiters)),
            ("quote", len(self.quote) == 1 and self.quote not in self.delimiters),
            ("header_row", self.header_row >= (0 if fixed else 1)),
            ("currency", self.currency == "EUR"),
            ("amounts.decimal", amounts.decimal in (",", ".")),
            ("amounts.thousands", amounts.thousands in ("", ",", ".", "'", " ")),
            ("amounts: decimal is thousands", amounts.decimal != amounts.thousands),
            ("amounts.decimals", 0 <= amounts.decimals <= 6),
            ("amounts.implied_decimals", 0 <= amounts.implied_decimals <= 2),
            ("amounts.maximum_cents", 0 < amounts.maximum_cents <= 10**13),
            ("dates.formats", bool(self.dates.formats) and all(map(_is_date_format, self.dates.formats))),
            ("practice_numbers.width", 0 <= self.practice_numbers.width <= 30),
            ("practice_numbers.pattern", _compiles(self.practice_numbers.pattern)),
            ("totals: required without markers", bool(self.totals.markers) or not self.totals.required),
        )

    def column(self, meaning: Field) -> Column | None:
        """The column that means `meaning`, if this layout has one."""
        return next((column for column in self.columns if column.field is meaning), None)

    def heading(self, meaning: Field) -> str:
        """How the creditor heads `meaning`; its own name where the layout has no such column."""
        column = self.column(meaning)
        return column.name if column else meaning.value


def _is_date_format(text: str) -> bool:
    return all(text.count(part) == 1 for part in ("dd", "mm", "yyyy")) and not re.search(
        "[0-9]|[a-z]", text.replace("dd", "").replace("mm", "").replace("yyyy", "")
    )


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True
