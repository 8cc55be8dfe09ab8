"""The back office's door to money under way and series of receipts."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct

from fieldapp.domain.cash import named_pieces
from fieldapp.domain.payments import LARGEST_CENTS
from fieldapp.domain.receipts import Capacity, Payer
from fieldapp.services import cash, payment_links, receipts
from fieldapp.services.work import Parts, Work
from fieldapp.store.shapes.cash import AllocationPreview, CashDesk, PaymentLinkCard, SeriesRow, SlipRow

Cents = Annotated[int, Meta(ge=0, le=100 * LARGEST_CENTS)]
Paid = Annotated[int, Meta(ge=1, le=LARGEST_CENTS)]
Words = Annotated[str, Meta(max_length=300)]
Reference = Annotated[str, Meta(min_length=1, max_length=80)]


class HandInRequest(Struct, forbid_unknown_fields=True):
    """`pieces`: notes and coins that were counted, denomination in cents to number."""

    id: UUID
    agent_id: UUID
    declared_cents: Cents
    pieces: Annotated[dict[str, int], Meta(max_length=20)]
    payment_ids: Annotated[list[UUID], Meta(max_length=200)]
    reason: Words = ""


class BankRequest(Struct, forbid_unknown_fields=True):
    banked_on: date
    reference: Annotated[str, Meta(max_length=80)] = ""


class ClearRequest(Struct, forbid_unknown_fields=True):
    cleared_on: date


class CreditRequest(Struct, forbid_unknown_fields=True):
    payment_ids: Annotated[list[UUID], Meta(min_length=1, max_length=200)]
    credited_on: date


class UnpaidRequest(Struct, forbid_unknown_fields=True):
    unpaid_on: date
    reason: Annotated[str, Meta(min_length=1, max_length=300)]


CapacityName = Literal["relative", "cohabitant", "acquaintance", "representative", "guarantor", "co_obligor", "other"]


class AccountHolder(Struct, forbid_unknown_fields=True):
    """Whoever the statement names instead of the debtor."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    capacity: CapacityName


class TransferRequest(Struct, forbid_unknown_fields=True):
    """`payer` None: the debtor paid."""

    seen_on: date
    amount_cents: Paid
    reference: Reference
    into: Literal["agency", "creditor"] = "creditor"
    payer: AccountHolder | None = None
    chosen_line: UUID | None = None
    """The debt that the debtor declared to pay."""
    told_barred: Annotated[list[UUID], Meta(max_length=200)] = []
    """The time-barred debts of which the debtor was told that nobody can make them pay."""
    not_told: bool = False
    """The debtor could not be told: the money is booked all the same, and a task asks."""


class VoidRequest(Struct, forbid_unknown_fields=True):
    reason: Words


class RefundRequest(Struct, forbid_unknown_fields=True):
    id: UUID
    amount_cents: Paid
    reason: Words
    out_of: receipts.OutOf = "bank"


class Voided(Struct, frozen=True):
    counter_receipt: str


class Refunded(Struct, frozen=True):
    left_cents: int


class CashController(Controller):
    tags = ("cash",)

    @get("/cash", operation_id="read_cash_desk")
    async def read_desk(self, work: NamedDependency[Work]) -> CashDesk:
        return await cash.read_desk(work)

    @post("/cash/slips", operation_id="hand_in_cash", status_code=200)
    async def hand_in(self, work: NamedDependency[Work], data: JSONBody[HandInRequest]) -> SlipRow:
        return await cash.hand_in(
            work,
            data.id,
            agent_id=data.agent_id,
            declared_cents=data.declared_cents,
            pieces=named_pieces(data.pieces),
            payment_ids=data.payment_ids,
            reason=data.reason,
        )

    @post("/cash/slips/{slip_id:uuid}/bank", operation_id="bank_slip", status_code=200)
    async def bank_slip(
        self, work: NamedDependency[Work], slip_id: FromPath[UUID], data: JSONBody[BankRequest]
    ) -> SlipRow:
        return await cash.bank_slip(work, slip_id, banked_on=data.banked_on, reference=data.reference)

    @post("/cash/payments/{payment_id:uuid}/clear", operation_id="clear_payment", status_code=200)
    async def clear_payment(
        self, work: NamedDependency[Work], payment_id: FromPath[UUID], data: JSONBody[ClearRequest]
    ) -> CashDesk:
        return await cash.clear_payment(work, payment_id, cleared_on=data.cleared_on)

    @post("/cash/cards/credit", operation_id="credit_cards", status_code=200)
    async def credit_cards(self, work: NamedDependency[Work], data: JSONBody[CreditRequest]) -> CashDesk:
        return await cash.credit_cards(work, data.payment_ids, credited_on=data.credited_on)

    @post("/cash/payments/{payment_id:uuid}/unpaid", operation_id="bounce_cheque", status_code=200)
    async def bounce_cheque(
        self, work: NamedDependency[Work], payment_id: FromPath[UUID], data: JSONBody[UnpaidRequest]
    ) -> CashDesk:
        return await cash.bounce_cheque(work, payment_id, unpaid_on=data.unpaid_on, reason=data.reason)

    @post("/cash/transfers/{promise_id:uuid}/confirm", operation_id="confirm_transfer", status_code=200)
    async def confirm_transfer(
        self, work: NamedDependency[Work], promise_id: FromPath[UUID], data: JSONBody[TransferRequest]
    ) -> CashDesk:
        return await receipts.confirm_transfer(
            work,
            promise_id,
            seen_on=data.seen_on,
            amount_cents=data.amount_cents,
            reference=data.reference,
            into=data.into,
            payer=Payer(data.payer.name.strip(), Capacity(data.payer.capacity)) if data.payer else None,
            chosen=data.chosen_line,
            told=None if data.not_told else frozenset(data.told_barred),
        )

    @post("/cash/transfers/{promise_id:uuid}/link", operation_id="make_payment_link", status_code=200)
    async def make_payment_link(
        self, parts: NamedDependency[Parts], request: Request[Any, Any, Any], promise_id: FromPath[UUID]
    ) -> PaymentLinkCard:
        return await payment_links.make_for(parts, request.state.identity, promise_id)

    @post("/receipts/{receipt_id:uuid}/void", operation_id="void_receipt", status_code=200)
    async def void_receipt(
        self, work: NamedDependency[Work], receipt_id: FromPath[UUID], data: JSONBody[VoidRequest]
    ) -> Voided:
        return Voided(await receipts.void_receipt(work, receipt_id, reason=data.reason))

    @post("/receipts/{receipt_id:uuid}/refund", operation_id="refund_receipt", status_code=200)
    async def refund(
        self, work: NamedDependency[Work], receipt_id: FromPath[UUID], data: JSONBody[RefundRequest]
    ) -> Refunded:
        left = await receipts.refund(
            work,
            receipt_id,
            refund_id=data.id,
            amount_cents=data.amount_cents,
            reason=data.reason,
            out_of=data.out_of,
        )
        return Refunded(left)

    @get("/receipts/series", operation_id="list_receipt_series")
    async def list_series(self, work: NamedDependency[Work]) -> list[SeriesRow]:
        return await receipts.list_series(work)

    @get("/practices/{practice_id:uuid}/allocation", operation_id="preview_allocation")
    async def preview_allocation(
        self,
        work: NamedDependency[Work],
        practice_id: FromPath[UUID],
        amount_cents: Annotated[int, QueryParameter(ge=1, le=LARGEST_CENTS)],
        chosen_line: FromQuery[UUID | None] = None,
        on: FromQuery[date | None] = None,
    ) -> AllocationPreview:
        return await receipts.preview_allocation(work, practice_id, amount_cents, on=on, chosen=chosen_line)
