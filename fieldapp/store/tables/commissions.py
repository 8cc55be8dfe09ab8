"""What the agency earns of what it recovers: rates of creditors, closings, and what each closing took.

None of these rows is ever changed or deleted (trigger, and no grant): a closing is undone by reversing its entry.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from fieldapp.store.columns import agency, cents, instant, json_list, key, link, maybe_instant


class CreditorCommission(SQLModel, table=True):
    """A rate from a day on; of two for one day the one that was set later counts."""

    __tablename__ = "creditor_commission"
    __table_args__ = (CheckConstraint("rate_bp between 1 and 10000", name="creditor_commission_possible"),)

    id: UUID = key()
    agency_id: UUID = agency()
    creditor_id: UUID = link("creditor.id")
    valid_from: date
    rate_bp: int
    set_at: datetime = instant()
    set_by: UUID = link("person.id", index=False)


class CommissionClosing(SQLModel, table=True):
    """One closing of a creditor: from where to where, what moved, what came of it, and the entry that posts it."""

    __tablename__ = "commission_closing"
    __table_args__ = (
        UniqueConstraint("creditor_id", "number", name="commission_closing_once"),
        CheckConstraint("commission_cents <> 0", name="commission_closing_of_something"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    creditor_id: UUID = link("creditor.id", index=False)
    number: int
    since: datetime | None = maybe_instant()
    until: datetime = instant()
    net_cents: int = cents()
    shares: list[dict[str, Any]] = json_list()
    """What moved under each rate: rate_bp (null: none yet), received_cents, taken_back_cents, commission_cents."""
    commission_cents: int = cents()
    entry_id: UUID = Field(foreign_key="entry.id", unique=True)
    closed_at: datetime = instant()
    closed_by: UUID = link("person.id", index=False)


class CommissionMovement(SQLModel, table=True):
    """A fact of money that a closing took, and the rate that it took it at."""

    __tablename__ = "commission_movement"

    fact_number: int = Field(
        foreign_key="fact.number", primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False}
    )
    closing_id: UUID = Field(foreign_key="commission_closing.id", primary_key=True)
    agency_id: UUID = agency()
    rate_bp: int | None = None
