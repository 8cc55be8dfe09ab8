"""The office's door to commissions: rates, what is open, closings."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from fieldapp.domain.commissions import Rate
from fieldapp.routes.office import download
from fieldapp.services import commissions
from fieldapp.services.work import Work
from fieldapp.store.shapes.commissions import ClosingPreview, CommissionPage


class RateRequest(Struct, forbid_unknown_fields=True):
    """`rate_bp`: in basis points."""

    valid_from: date
    rate_bp: int


class ClosingRequest(Struct, forbid_unknown_fields=True):
    """`number` and `expected_cents` as the preview said them."""

    to_on: date
    number: Annotated[int, Meta(ge=1)]
    expected_cents: int


class ReversalRequest(Struct, forbid_unknown_fields=True):
    number: Annotated[int, Meta(ge=1)]
    reason: Annotated[str, Meta(max_length=300)]


class CommissionController(Controller):
    tags = ("books",)

    @get("/creditors/{creditor_id:uuid}/commissions", operation_id="read_commissions")
    async def read_commissions(self, work: NamedDependency[Work], creditor_id: FromPath[UUID]) -> CommissionPage:
        return await commissions.read_page(work, creditor_id)

    @post("/creditors/{creditor_id:uuid}/commissions/rates", operation_id="set_commission_rate", status_code=200)
    async def set_rate(
        self, work: NamedDependency[Work], creditor_id: FromPath[UUID], data: JSONBody[RateRequest]
    ) -> CommissionPage:
        return await commissions.set_rate(work, creditor_id, Rate(data.valid_from, data.rate_bp))

    @get("/creditors/{creditor_id:uuid}/commissions/preview", operation_id="preview_commission_closing")
    async def preview(
        self, work: NamedDependency[Work], creditor_id: FromPath[UUID], to_on: FromQuery[date]
    ) -> ClosingPreview:
        return await commissions.preview(work, creditor_id, to_on=to_on)

    @post("/creditors/{creditor_id:uuid}/commissions/closings", operation_id="close_commissions", status_code=200)
    async def close(
        self, work: NamedDependency[Work], creditor_id: FromPath[UUID], data: JSONBody[ClosingRequest]
    ) -> CommissionPage:
        return await commissions.close(
            work, creditor_id, to_on=data.to_on, number=data.number, expected_cents=data.expected_cents
        )

    @post("/creditors/{creditor_id:uuid}/commissions/reversals", operation_id="reverse_commission", status_code=200)
    async def reverse(
        self, work: NamedDependency[Work], creditor_id: FromPath[UUID], data: JSONBody[ReversalRequest]
    ) -> CommissionPage:
        return await commissions.reverse(work, creditor_id, number=data.number, reason=data.reason)

    @get("/exports/commission", operation_id="export_commission_closing")
    async def export(
        self, work: NamedDependency[Work], creditor_id: FromQuery[UUID], number: FromQuery[int]
    ) -> Response[bytes]:
        content, name = await commissions.export_closing(work, creditor_id, number=number)
        return download(content, media_type="text/csv", name=name)
