"""The double-entry ledger: accounts, entries, postings.

Positive cents are debit, negative are credit; the postings of an entry sum to zero (deferred constraint trigger),
and neither entries nor postings are ever changed or deleted (trigger, and no grant): a mistake is reversed.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from fieldapp.store.columns import agency, cents, instant, key, link, maybe_link


class Account(SQLModel, table=True):
    """One account; its kind says what it means, its owner (practice, creditor or person) whose it is."""

    __table_args__ = (
        Index(
            "account_once",
            "agency_id",
            "kind",
            "creditor_id",
            "practice_id",
            "person_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    kind: str
    creditor_id: UUID | None = maybe_link("creditor.id", index=False)
    practice_id: UUID | None = maybe_link("practice.id")
    person_id: UUID | None = maybe_link("person.id", index=False)
    currency: str = "EUR"


class Entry(SQLModel, table=True):
    """One balanced event; `idempotency_key` makes a repeat impossible."""

    __table_args__ = (
        UniqueConstraint("agency_id", "idempotency_key", name="entry_once"),
        UniqueConstraint("reverses", name="entry_reversed_once"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    at: datetime = instant()
    recorded_at: datetime = instant()
    kind: str
    memo: str = ""
    practice_id: UUID | None = maybe_link("practice.id")
    idempotency_key: str
    reverses: UUID | None = Field(default=None, foreign_key="entry.id")


class Posting(SQLModel, table=True):
    id: UUID = key()
    agency_id: UUID = agency()
    entry_id: UUID = link("entry.id")
    account_id: UUID = link("account.id")
    debt_line_id: UUID | None = maybe_link("debt_line.id")
    amount_cents: int = cents()
