"""Wire shapes of layouts: what is proposed for an unknown file, corrected by a person, tried, saved."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from fieldapp.domain.intake_layout import Field


class ColumnDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """A column as the creditor heads it, and what it means; null is not read."""

    title: Annotated[str, Meta(max_length=300)]
    meaning: Field | None


class LayoutDraft(Struct, frozen=True, forbid_unknown_fields=True):
    kind: Literal["csv", "xlsx"]
    encoding: Literal["utf-8", "windows-1252"]
    delimiter: Literal[";", ",", "\t", "|"]
    sheet: Annotated[str, Meta(max_length=100)]
    decimal: Literal[",", "."]
    thousands: Literal["", ",", ".", "'", " "]
    date_formats: Annotated[list[Annotated[str, Meta(max_length=12)]], Meta(min_length=1, max_length=8)]
    several_rows: bool
    control_total: bool
    columns: Annotated[list[ColumnDraft], Meta(max_length=300)]


class ColumnGuess(Struct, frozen=True):
    """`ground`: why it is thought to mean that; `samples`: its first values."""

    title: str
    meaning: Field | None
    confidence_pct: int
    ground: Literal["none", "heading", "values", "heading_and_values", "sums"]
    samples: list[str]


class LayoutProposal(Struct, frozen=True):
    draft: LayoutDraft
    guesses: list[ColumnGuess]
    header_line: int


class PreviewRow(Struct, frozen=True):
    """A practice as it would be read."""

    practice_number: str
    debtor: str
    tax_code: str
    address: str
    total_cents: int
    lines: int
    placement_ends_on: date | None
    as_of: date | None


class ReasonCount(Struct, frozen=True):
    """`sentence` is that of the first such row."""

    sentence: str
    rows: int


class LayoutPreview(Struct, frozen=True):
    accepted: int
    rejected: int
    accepted_cents: int
    rejected_cents: int
    refusal: str | None
    rows: list[PreviewRow]
    reasons: list[ReasonCount]
