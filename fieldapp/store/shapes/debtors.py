"""What the desk sees of debtors that may be one person."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct


class DebtorSide(Struct, frozen=True):
    """A debtor as one creditor's file tells of them."""

    practice_id: UUID
    practice_number: str
    creditor_name: str
    name: str
    tax_code: str | None
    vat_number: str | None
    born_on: date | None
    phones: list[str]
    addresses: list[str]


class DebtorPair(Struct, frozen=True):
    """Two who may be one; `tells` are codes of what speaks for it."""

    id: UUID
    one: DebtorSide
    other: DebtorSide
    tells: list[str]
    strength: int
    """0..100"""
    found_at: datetime


class DebtorPairs(Struct, frozen=True):
    pairs: list[DebtorPair]
    """Those for which most speaks first, at most a hundred."""
    waiting: int


class DebtorVerdict(Struct, frozen=True):
    """What a person said of a pair; null once it was taken back. `joined`: practices of this debtor by now."""

    id: UUID
    verdict: str | None
    joined: int


class JoinedPractice(Struct, frozen=True):
    """Another practice of the same debtor; `match_id` where the two were joined directly and so can be parted."""

    practice_id: UUID
    practice_number: str
    creditor_name: str
    match_id: UUID | None
