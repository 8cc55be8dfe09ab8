"""Plans, settlements and terms as phones and desks read them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct


class TermsCard(Struct, frozen=True):
    """What a creditor grants; shares and rates in basis points."""

    most_months: int
    least_instalment_cents: int
    least_first_bp: int
    first_within_days: int
    yearly_rate_bp: int
    broken_after_days: int
    broken_after_instalments: int
    settlement_least_bp: int
    settlement_within_days: int


class TermsRow(Struct, frozen=True):
    valid_from: date
    in_force: bool
    terms: TermsCard


class PaymentOrderRow(Struct, frozen=True):
    """What was set, by whom and where it had been agreed."""

    parts: list[str]
    debtor_chooses: bool
    reference: str
    set_at: datetime
    set_by: str


class PaymentOrders(Struct, frozen=True):
    """In which order a creditor's money settles the parts of a debt; the newest of `history` first."""

    parts: list[str]
    debtor_chooses: bool
    history: list[PaymentOrderRow]


class InstalmentCard(Struct, frozen=True):
    """An instalment and how far it is paid."""

    number: int
    due_on: date
    cents: int
    paid_cents: int
    state: Literal["paid", "late", "next", "later"]


class PlanCard(Struct, frozen=True):
    """A repayment plan held against the ledger."""

    id: UUID
    state: Literal["proposed", "active", "kept", "broken", "renegotiated", "settled"]
    agreed_at: datetime
    debt_cents: int
    interest_cents: int
    total_cents: int
    paid_cents: int
    broken_on: date | None
    replaces: UUID | None
    flags: list[str]
    instalments: list[InstalmentCard]


class SettlementRow(Struct, frozen=True):
    id: UUID
    state: Literal["proposed", "approved", "refused", "paid", "expired", "withdrawn"]
    agreed_at: datetime
    offer_cents: int
    debt_cents: int
    pay_by: date
    signed: bool
    at_the_door: bool
    """Its visit is still under way: whoever asked waits."""
    has_paper: bool
    decided_at: datetime | None
    note: str
    flags: list[str]
