"""What debtors agree to: repayment plans with their instalments, settlements, and the terms creditors grant."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from fieldapp.store.columns import agency, cents, instant, json_list, key, link, maybe_instant, maybe_link, personal


class CreditorTerms(SQLModel, table=True):
    """What a creditor grants from a day on; the row with the newest day that has come is in force, none is deleted."""

    __tablename__ = "creditor_terms"
    __table_args__ = (UniqueConstraint("creditor_id", "valid_from", name="creditor_terms_once"),)

    id: UUID = key()
    agency_id: UUID = agency()
    creditor_id: UUID = link("creditor.id")
    valid_from: date
    most_months: int
    least_instalment_cents: int = cents()
    least_first_bp: int
    first_within_days: int
    yearly_rate_bp: int
    broken_after_days: int
    broken_after_instalments: int
    settlement_least_bp: int
    settlement_within_days: int
    set_at: datetime = instant()
    set_by: UUID = link("person.id", index=False)


class PaymentOrder(SQLModel, table=True):
    """In which order money settles a creditor's debts, from when it was set; the newest also stands in `creditor`."""

    __tablename__ = "payment_order"

    id: UUID = key()
    agency_id: UUID = agency()
    creditor_id: UUID = link("creditor.id")
    parts: list[str] = json_list()
    debtor_chooses: bool
    reference: str
    """Where it was agreed."""
    set_at: datetime = instant()
    set_by: UUID = link("person.id", index=False)


class RepaymentPlan(SQLModel, table=True):
    """A plan as both signed it; what was paid on it follows from the ledger and is stored nowhere else."""

    __tablename__ = "repayment_plan"
    __table_args__ = (
        CheckConstraint(
            "state in ('proposed','active','kept','broken','renegotiated','settled')",
            name="repayment_plan_state_known",
        ),
        Index(
            "repayment_plan_one_active",
            "practice_id",
            unique=True,
            postgresql_where=text("state = 'active'"),
        ),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    practice_id: UUID = link("practice.id")
    visit_id: UUID = link("visit.id")
    agent_id: UUID = link("person.id", index=False)
    agreed_at: datetime = instant()
    state: str
    debt_cents: int = cents()
    interest_cents: int = cents()
    total_cents: int = cents()
    broken_after_days: int
    broken_after_instalments: int
    replaces: UUID | None = maybe_link("repayment_plan.id", index=False)
    value: bytes = personal("debtor", sa_type=LargeBinary)
    digest: str
    signature: str
    flags: list[str] = json_list()
    broken_on: date | None = None
    ended_at: datetime | None = maybe_instant()


class Instalment(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("plan_id", "number", name="instalment_once"),)

    id: UUID = key()
    agency_id: UUID = agency()
    plan_id: UUID = link("repayment_plan.id")
    practice_id: UUID = link("practice.id")
    number: int
    due_on: date = Field(index=True)
    cents: int = cents()
    late_told_on: date | None = None
    """When the fact that it is late was told; None while it is not."""


class Settlement(SQLModel, table=True):
    """An offer to close for less. Without a paper where an agent took the money on somebody's word at the door.

    Asked from the door it is there before its visit: `asked_visit` names the visit under way, `visit_id` comes with the
    report.
    """

    __table_args__ = (
        CheckConstraint(
            "state in ('proposed','approved','refused','paid','expired','withdrawn')", name="settlement_state_known"
        ),
        CheckConstraint("visit_id is not null or asked_visit is not null", name="settlement_of_a_visit"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    practice_id: UUID = link("practice.id")
    visit_id: UUID | None = maybe_link("visit.id")
    asked_visit: UUID | None = Field(default=None, index=True)
    asked_by: UUID | None = maybe_link("device.id", index=False)
    heard_at: datetime | None = maybe_instant()
    """When the phone that asked was told what was decided."""
    agreed_at: datetime = instant()
    state: str
    offer_cents: int = cents()
    debt_cents: int = cents()
    pay_by: date
    signed: bool
    value: bytes | None = personal("debtor", default=None, sa_type=LargeBinary)
    digest: str | None = None
    signature: str | None = None
    flags: list[str] = json_list()
    given_up_entry: UUID | None = maybe_link("entry.id", index=False)
    """By which the rest was given up, while it is paid."""
    decided_at: datetime | None = maybe_instant()
    decided_by: UUID | None = maybe_link("person.id", index=False)
    note: str = ""


__all__ = ["CreditorTerms", "Instalment", "RepaymentPlan", "Settlement"]
