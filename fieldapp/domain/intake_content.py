"""What one row has said after reading, and how identifiers are checked: the values between reading and judging."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from fieldapp.domain.intake import AddressDraft, DebtLineDraft, Finding, ObligorDraft, SubjectKind
from fieldapp.domain.intake_layout import Field
from fieldapp.domain.skills import Skill


@dataclass(frozen=True, slots=True)
class IdentifierChecks:
    """How identifiers are checked; each answers the code of a doubt, or None. Chosen in `documents`."""

    tax_code: Callable[[str], str | None]
    vat_number: Callable[[str], str | None]
    iban: Callable[[str], str | None]
    born_on: Callable[[str], date | None]


@dataclass(frozen=True, slots=True)
class PracticeFacts:
    """What a row says of its practice as a whole; an empty value says nothing."""

    debtor: str = ""
    subject_kind: SubjectKind | None = None
    tax_code: str = ""
    vat_number: str = ""
    born_on: date | None = None
    placement_starts_on: date | None = None
    placement_ends_on: date | None = None
    as_of: date | None = None
    case_owner: str = ""
    phase: str = ""
    recalled: bool | None = None
    iban: str = ""
    skills: tuple[Skill, ...] | None = None


@dataclass(frozen=True, slots=True)
class RowContent:
    """Everything a row says; two rows with equal contents are the same row twice."""

    facts: PracticeFacts
    obligor: ObligorDraft | None
    address: AddressDraft | None
    phones: tuple[str, ...]
    title: str
    kind: str
    due_on: date | None
    cents: tuple[int, int, int, int]

    def debt_line(self, line: int) -> DebtLineDraft:
        return DebtLineDraft(line, self.title, self.kind, self.due_on, *self.cents)


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row after reading: with `content` if it may be taken, else with at least one reason against it.

    `amounts` are the readable ones, for the sums of the file.
    """

    line: int
    number: str
    content: RowContent | None
    amounts: Mapping[Field, int]
    amount_text: str
    reasons: tuple[Finding, ...]
    warnings: tuple[Finding, ...]


MERGED: Mapping[Field, str] = {
    Field.DEBTOR: "debtor",
    Field.SUBJECT_KIND: "subject_kind",
    Field.TAX_CODE: "tax_code",
    Field.VAT_NUMBER: "vat_number",
    Field.BORN_ON: "born_on",
    Field.PLACEMENT_STARTS_ON: "placement_starts_on",
    Field.PLACEMENT_ENDS_ON: "placement_ends_on",
    Field.AS_OF: "as_of",
    Field.CASE_OWNER: "case_owner",
    Field.PHASE: "phase",
    Field.RECALLED: "recalled",
    Field.IBAN: "iban",
    Field.SKILLS: "skills",
}
"""The fields that hold for a whole practice, and their names in `PracticeFacts`."""
UNITED = frozenset({Field.SKILLS})
"""Those of them of which each row may name a part: rows that differ there add up and contradict nothing."""
