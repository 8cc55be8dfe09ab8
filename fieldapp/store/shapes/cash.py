"""What the office sees of money under way: purses, cheques, cards, announced transfers, slips, accounts, series."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct


class CountRow(Struct, frozen=True):
    """What an agent counted and has not handed in since."""

    counted_at: datetime
    expected_cents: int
    counted_cents: int
    pieces: dict[str, int]
    """Notes and coins: denomination in cents to number."""
    reason: str


class Purse(Struct, frozen=True):
    """What one agent holds now, in cents."""

    agent_id: UUID
    agent_name: str
    agent_number: str
    cash_cents: int
    cheques_cents: int
    cards_cents: int
    """Taken by card, not credited by the acquirer yet."""
    limit_cents: int
    differences_cents: int
    """Shortages not settled yet (positive), or surpluses (negative)."""
    count: CountRow | None


class PaymentUnderWay(Struct, frozen=True):
    """A cheque or a card payment that is not in the bank yet, or a cheque that was not paid."""

    payment_id: UUID
    practice_id: UUID
    practice_number: str
    debtor_name: str
    agent_id: UUID
    agent_name: str
    method: str
    standing: str
    receipt: str
    received_at: datetime
    amount_cents: int
    details: dict[str, str | bool]
    """What the paper says of it: bank, number and date of a cheque; acquirer and authorisation of a card."""


class PaymentLinkCard(Struct, frozen=True):
    """A link to pay by; `url` is empty until the provider has made it."""

    url: str
    state: str
    expires_at: datetime


class AnnouncedTransfer(Struct, frozen=True):
    """A payment that a debtor announced, or showed the stamp of, and that nobody has seen on an account."""

    promise_id: UUID
    practice_id: UUID
    practice_number: str
    debtor_name: str
    creditor_name: str
    method: str
    reference: str
    """By what it is found: the code of a bulletin's stamp; else empty."""
    due_on: date
    amount_cents: int
    owed_cents: int
    link: PaymentLinkCard | None
    """Where it is to be paid by link and one was asked for: the newest."""


class SlipRow(Struct, frozen=True):
    id: UUID
    number: int
    agent_name: str
    handed_in_at: datetime
    declared_cents: int
    counted_cents: int
    cheques_cents: int
    cheques: int
    reason: str
    banked_on: date | None
    bank_reference: str


class RefusedMoneyRow(Struct, frozen=True):
    """A refused report with money that nobody has decided on."""

    envelope_id: UUID
    agent_name: str
    code: str
    received_at: datetime
    amount_cents: int
    receipts: list[str]


class CashDesk(Struct, frozen=True):
    """The page "Cassa" on one look."""

    at: datetime
    purses: list[Purse]
    cheques: list[PaymentUnderWay]
    cards: list[PaymentUnderWay]
    transfers: list[AnnouncedTransfer]
    slips: list[SlipRow]
    """Those not banked, and the newest that are."""
    refused: list[RefusedMoneyRow]


class StatementRow(Struct, frozen=True):
    at: datetime
    kind: str
    memo: str
    practice_id: UUID | None
    amount_cents: int
    balance_cents: int


class AccountStatement(Struct, frozen=True):
    """One account over a time: what it stood at, each posting, what it came to."""

    kind: str
    owner: str
    opening_cents: int
    rows: list[StatementRow]
    closing_cents: int


class SeriesRow(Struct, frozen=True):
    """What the service can prove of one device's receipts."""

    device_id: UUID
    series: str
    kind: str
    person_name: str
    used: int
    voided: int
    highest: int | None
    missing: list[int]
    """Numbers below the highest that have not arrived."""
    broken: list[int]
    """Numbers whose receipt does not name the one before it: a fork, or a gap that was papered over."""
    forged: list[int]
    """Numbers whose bytes or signature do not hold."""
    last_issued_at: datetime | None
    whole: bool
    """No gap, no duplicate, no fork, no forgery."""


class AllocationPart(Struct, frozen=True):
    title: str
    principal_cents: int
    interest_cents: int
    costs_cents: int


class LineChoice(Struct, frozen=True):
    id: UUID
    title: str
    owed_cents: int


class BarredPart(Struct, frozen=True):
    """What an amount settles of a line that is time-barred since a day: nobody may ask for it."""

    id: UUID
    title: str
    since: date
    amount_cents: int


class AllocationPreview(Struct, frozen=True):
    """How an amount would be laid over what a practice owes, in its creditor's order."""

    order: list[str]
    lines: list[AllocationPart]
    over_cents: int
    residual_cents: int
    choices: list[LineChoice]
    """The debts of which the debtor may say that one is paid; empty where there is nothing to choose."""
    barred: list[BarredPart] = []
    """What of it settles lines that are time-barred: the debtor is told before that nobody may ask for it."""


class RestartedLine(Struct, frozen=True):
    """A line that an amount settles in part: time-barred from `now`, with the payment from `then` (art. 2944 c.c.)."""

    title: str
    now: date
    then: date


class CounterPreview(Struct, frozen=True):
    """What is owed, and what is handed over for an amount: with the stamp duty where the debtor bears it.

    `allocation`: what it settles; time-barred lines come last but for the one that the debtor chose. `barred` and
    `restarted` are what the debtor is told before they pay, `restarted` where they pay themselves.
    """

    owed_cents: int
    duty_cents: int
    handed_over_cents: int
    allocation: AllocationPreview
    barred: list[BarredPart]
    restarted: list[RestartedLine]


class CounterTaken(Struct, frozen=True):
    """A payment that was booked at the counter. `again`: it had been booked before."""

    payment_id: UUID
    receipt_id: UUID
    receipt: str
    amount_cents: int
    handed_over_cents: int
    change_cents: int
    residual_cents: int
    again: bool
