"""Plans and settlements at the desk: their papers, the decision on a settlement, what creditors grant."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from fieldapp.domain.repayment_plan import Terms
from fieldapp.services import agreements, payment_orders, settlements
from fieldapp.services.work import Work
from fieldapp.store.shapes.agreements import PaymentOrders, SettlementRow, TermsCard, TermsRow


class DecisionRequest(Struct, forbid_unknown_fields=True):
    approve: bool
    note: Annotated[str, Meta(max_length=2000)] = ""


class TermsRequest(Struct, forbid_unknown_fields=True):
    valid_from: date
    terms: TermsCard


class PaymentOrderRequest(Struct, forbid_unknown_fields=True):
    """`reference`: where creditor and agency, or creditor and debtors, agreed on it."""

    parts: Annotated[list[Literal["costs", "interest", "principal"]], Meta(max_length=3)]
    debtor_chooses: bool
    reference: Annotated[str, Meta(max_length=200)]


class AgreementController(Controller):
    tags = ("office",)

    @get("/repayment-plans/{plan_id:uuid}/paper", operation_id="read_plan_paper")
    async def read_plan_paper(self, work: NamedDependency[Work], plan_id: FromPath[UUID]) -> Response[bytes]:
        content = await agreements.agreement_paper(work, plan_id, kind="repayment_plan")
        return Response(content, media_type="application/pdf")

    @get("/settlements/{settlement_id:uuid}/paper", operation_id="read_settlement_paper")
    async def read_settlement_paper(
        self, work: NamedDependency[Work], settlement_id: FromPath[UUID]
    ) -> Response[bytes]:
        content = await agreements.agreement_paper(work, settlement_id, kind="settlement")
        return Response(content, media_type="application/pdf")

    @post("/settlements/{settlement_id:uuid}/decide", operation_id="decide_settlement", status_code=200)
    async def decide_settlement(
        self, work: NamedDependency[Work], settlement_id: FromPath[UUID], data: JSONBody[DecisionRequest]
    ) -> SettlementRow:
        return await settlements.decide(work, settlement_id, approve=data.approve, note=data.note)

    @get("/creditors/{creditor_id:uuid}/terms", operation_id="list_terms")
    async def list_terms(self, work: NamedDependency[Work], creditor_id: FromPath[UUID]) -> list[TermsRow]:
        return await agreements.list_terms(work, creditor_id)

    @post("/creditors/{creditor_id:uuid}/terms", operation_id="set_terms", status_code=200)
    async def set_terms(
        self, work: NamedDependency[Work], creditor_id: FromPath[UUID], data: JSONBody[TermsRequest]
    ) -> list[TermsRow]:
        terms = Terms(**msgspec.structs.asdict(data.terms))
        return await agreements.set_terms(work, creditor_id, valid_from=data.valid_from, terms=terms)

    @get("/creditors/{creditor_id:uuid}/payment-order", operation_id="read_payment_order")
    async def read_payment_order(self, work: NamedDependency[Work], creditor_id: FromPath[UUID]) -> PaymentOrders:
        return await payment_orders.read(work, creditor_id)

    @post("/creditors/{creditor_id:uuid}/payment-order", operation_id="set_payment_order", status_code=200)
    async def set_payment_order(
        self, work: NamedDependency[Work], creditor_id: FromPath[UUID], data: JSONBody[PaymentOrderRequest]
    ) -> PaymentOrders:
        return await payment_orders.set_order(
            work,
            creditor_id,
            parts=data.parts,
            debtor_chooses=data.debtor_chooses,
            reference=data.reference,
        )
