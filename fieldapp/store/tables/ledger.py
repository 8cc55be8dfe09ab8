"""The double-entry ledger: accounts, entries, postings.

Positive cents are debit, negative are credit; the postings of an entry sum to zero (deferred constraint trigger),
and neither entries nor postings are ever changed or deleted (trigger, and no grant): a mistake is reversed.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from fieldapp.store.columns import agency, cents, instant, json_object, key, link, maybe_link


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


class DepositSlip(SQLModel, table=True):
    """Distinta: what an agent handed in and the office counted, banked as one."""

    __tablename__ = "deposit_slip"
    __table_args__ = (
        UniqueConstraint("agency_id", "number", name="deposit_slip_numbered_once"),
        CheckConstraint("declared_cents >= 0 and counted_cents >= 0", name="deposit_slip_positive"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    number: int
    agent_id: UUID = link("person.id")
    handed_in_at: datetime = instant()
    counted_by: UUID = link("person.id", index=False)
    declared_cents: int = cents()
    counted_cents: int = cents()
    pieces: dict[str, Any] = json_object()
    """Notes and coins: denomination in cents to number."""
    reason: str = ""
    entry_id: UUID = link("entry.id", index=False)
    banked_on: date | None = None
    banked_by: UUID | None = maybe_link("person.id", index=False)
    bank_reference: str = ""
    bank_entry_id: UUID | None = maybe_link("entry.id", index=False)


class PurseCount(SQLModel, table=True):
    """What an agent counted at the end of a day: a signed fact that the hand-in starts from. Never changed."""

    __tablename__ = "purse_count"

    id: UUID = key()
    agency_id: UUID = agency()
    agent_id: UUID = link("person.id")
    envelope_id: UUID = link("envelope.id", index=False)
    counted_at: datetime = instant()
    expected_cents: int = cents()
    counted_cents: int = cents()
    pieces: dict[str, Any] = json_object()
    reason: str = ""


class PaymentEntry(SQLModel, table=True):
    """A later entry that is about a payment: cleared, reversed, given back."""

    __tablename__ = "payment_entry"

    entry_id: UUID = Field(foreign_key="entry.id", primary_key=True)
    agency_id: UUID = agency()
    payment_id: UUID = link("payment.id")


class Posting(SQLModel, table=True):
    id: UUID = key()
    agency_id: UUID = agency()
    entry_id: UUID = link("entry.id")
    account_id: UUID = link("account.id")
    debt_line_id: UUID | None = maybe_link("debt_line.id")
    amount_cents: int = cents()
