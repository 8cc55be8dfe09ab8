"""Plans and settlements at the desk: their papers, the decision on a settlement, what creditors grant."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from fieldapp.domain.repayment_plan import Terms
from fieldapp.services import agreements, settlements
from fieldapp.services.work import Work
from fieldapp.store.shapes.agreements import SettlementRow, TermsCard, TermsRow


class DecisionRequest(Struct, forbid_unknown_fields=True):
    approve: bool
    note: Annotated[str, Meta(max_length=2000)] = ""


class TermsRequest(Struct, forbid_unknown_fields=True):
    valid_from: date
    terms: TermsCard


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
