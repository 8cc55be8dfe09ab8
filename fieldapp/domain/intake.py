"""What a creditor's file says, as values: drafts of practices, rejected ones with their reasons, and sums.

Knows nothing of bytes, layouts on disk or the database. The rules are those of `docs/intake.md`: a row is one
debt line, its amount is its total, and accepted plus rejected rows make the whole file, to the cent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from fieldapp.domain.packed import Packed

Detail = str | int


@dataclass(frozen=True, slots=True)
class Formula:
    """A spreadsheet cell that computes its value. It is shown, never evaluated, its cached value never used."""

    text: str


@dataclass(frozen=True, slots=True)
class CellFault:
    """A spreadsheet cell that holds a fault such as `#N/A`, or that lies inside a merged range."""

    text: str
    merged: bool = False


Cell = str | Decimal | date | bool | Formula | CellFault | None
"""One cell as the container holds it; text files hold only `str`."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """One record of the file; `line` is its first line (or sheet row), counted from 1.

    `damage` is the code of what is wrong with the record as a whole (an open quote, a cut line), if anything.
    `merged`: places of cells that a spreadsheet has merged with others, so that nobody knows whose value it is.
    """

    line: int
    cells: tuple[Cell, ...]
    damage: str | None = None
    merged: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say about the file: a code of the catalogue, the line it is about, words for the blanks."""

    code: str
    line: int | None = None
    details: Mapping[str, Detail] = field(default_factory=dict)


class SubjectKind(StrEnum):
    PERSON = "person"
    COMPANY = "company"


class ObligorRole(StrEnum):
    CO_OBLIGOR = "co_obligor"
    GUARANTOR = "guarantor"
    JOINT_HOLDER = "joint_holder"
    HEIR = "heir"
    LEGAL_REPRESENTATIVE = "legal_representative"


@dataclass(frozen=True, slots=True)
class DebtorDraft:
    name: str
    kind: SubjectKind = SubjectKind.PERSON
    tax_code: str = ""
    vat_number: str = ""
    born_on: date | None = None


@dataclass(frozen=True, slots=True)
class ObligorDraft:
    """Someone bound beside the debtor."""

    name: str
    role: ObligorRole = ObligorRole.CO_OBLIGOR
    tax_code: str = ""


@dataclass(frozen=True, slots=True)
class AddressDraft:
    """An address as written by the creditor; whether it exists is for `geo` to say."""

    street: str
    postcode: str = ""
    municipality: str = ""
    province: str = ""


@dataclass(frozen=True, slots=True)
class DebtLineDraft:
    """One debt; `principal_cents + interest_cents + costs_cents == total_cents` always holds."""

    line: int
    title: str
    kind: str
    due_on: date | None
    principal_cents: int
    interest_cents: int
    costs_cents: int
    total_cents: int


@dataclass(frozen=True, slots=True)
class PracticeDraft:
    """A practice that may be written to the practice file; `lines` name where it stands in the creditor's."""

    practice_number: str
    debtor: DebtorDraft
    obligors: tuple[ObligorDraft, ...]
    addresses: tuple[AddressDraft, ...]
    phones: tuple[str, ...]
    debt_lines: tuple[DebtLineDraft, ...]
    placement_starts_on: date | None
    placement_ends_on: date | None
    as_of: date | None
    case_owner: str
    phase: str
    recalled: bool
    iban: str
    currency: str
    skills: tuple[str, ...] | None = None
    """What the agent who visits must have (`domain.skills`); None where the file has no column for it."""

    @property
    def total_cents(self) -> int:
        return sum(line.total_cents for line in self.debt_lines)

    @property
    def lines(self) -> tuple[int, ...]:
        return tuple(line.line for line in self.debt_lines)


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that is not taken, cell by cell as the creditor wrote it.

    `amount_cents` is None where the amount cannot be read: it is shown as `amount_text`, never guessed.
    """

    line: int
    cells: tuple[Cell, ...]
    amount_cents: int | None
    amount_text: str


@dataclass(frozen=True, slots=True)
class RejectedPractice:
    """All rows of a practice that is not taken, and why. `practice_number` is empty where none can be read."""

    practice_number: str
    rows: tuple[RejectedRow, ...]
    reasons: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class IntakeReading:
    """What one file came to.

    `accepted_rows + rejected_rows` is the number of data rows, `accepted_cents + rejected_cents` the sum of all
    readable amounts; `unreadable_rows` counts the rejected rows without one. When `refused` is set the file
    as a whole is declined and everything else is empty.
    """

    layout: str
    header: tuple[str, ...] = ()
    accepted: Packed[PracticeDraft] = field(default_factory=Packed)
    rejected: Sequence[RejectedPractice] = ()
    accepted_rows: int = 0
    rejected_rows: int = 0
    unreadable_rows: int = 0
    accepted_cents: int = 0
    rejected_cents: int = 0
    control_total_cents: int | None = None
    warnings: tuple[Finding, ...] = ()
    refused: Finding | None = None

    @property
    def total_cents(self) -> int:
        """The file's total: every readable row, taken or not."""
        return self.accepted_cents + self.rejected_cents

    @property
    def reasons(self) -> tuple[Finding, ...]:
        """Why rows, or the file, were not taken; in the order of the file."""
        if self.refused:
            return (self.refused,)
        found = [reason for practice in self.rejected for reason in practice.reasons]
        return tuple(sorted(found, key=lambda finding: finding.line or 0))


def said(finding: Finding, words: Mapping[str, str]) -> str:
    """`finding` as a sentence of `words` (code -> sentence with {placeholders}); the bare code if it has none."""
    sentence = words.get(finding.code, finding.code)
    try:
        text = sentence.format_map(dict(finding.details))
    except (KeyError, IndexError, ValueError):
        text = sentence
    where = words.get("intake.at_line", "{line}: {text}")
    return text if finding.line is None else where.format(line=finding.line, text=text)
