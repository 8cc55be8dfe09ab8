"""The back office's door to the money of refused reports."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from fieldapp.domain.payments import LARGEST_CENTS, Answer
from fieldapp.domain.refused_money import MOST
from fieldapp.routes.pads import FormPayer, paid_by
from fieldapp.services import refused_money
from fieldapp.services.refused_copied import Copied
from fieldapp.services.work import Work
from fieldapp.store.shapes.refused_money import RefusedReportFile

Place = Annotated[int, Meta(ge=0, lt=MOST)]
Words = Annotated[str, Meta(max_length=300)]


class CopiedReceipt(Struct, forbid_unknown_fields=True):
    """What the paper in the debtor's hand says, where what the phone sent cannot be read."""

    amount_cents: Annotated[int, Meta(ge=1, le=LARGEST_CENTS)]
    method: Literal["cash", "cheque", "card"]
    answers: Annotated[dict[str, Answer], Meta(max_length=10)] = {}
    payer: FormPayer | None = None
    """None where the debtor paid."""
    duty_taken: bool = False
    """Whether the paper puts the stamp duty at the debtor's charge, who handed it over beside the amount."""

    def said(self) -> Copied:
        return Copied(self.amount_cents, self.method, self.answers, paid_by(self.payer), self.duty_taken)


class BookRequest(Struct, forbid_unknown_fields=True):
    """`place` counts the report's payments from 0; `other_paper`: the books hold another receipt of its number, and
    somebody has seen that this is a second paper."""

    place: Place
    practice_id: UUID
    reason: Words = ""
    other_paper: bool = False
    copied: CopiedReceipt | None = None


class DenyRequest(Struct, forbid_unknown_fields=True):
    place: Place
    reason: Words


class RefusedMoneyController(Controller):
    path = "/refused-reports"
    tags = ("cash",)

    @get("/{envelope_id:uuid}", operation_id="read_refused_report")
    async def read(self, work: NamedDependency[Work], envelope_id: FromPath[UUID]) -> RefusedReportFile:
        return await refused_money.read(work, envelope_id)

    @post("/{envelope_id:uuid}/book", operation_id="book_refused_money", status_code=200)
    async def book(
        self, work: NamedDependency[Work], envelope_id: FromPath[UUID], data: JSONBody[BookRequest]
    ) -> RefusedReportFile:
        return await refused_money.book(
            work,
            envelope_id,
            place=data.place,
            practice_id=data.practice_id,
            reason=data.reason,
            other_paper=data.other_paper,
            copied=data.copied.said() if data.copied else None,
        )

    @post("/{envelope_id:uuid}/deny", operation_id="deny_refused_money", status_code=200)
    async def deny(
        self, work: NamedDependency[Work], envelope_id: FromPath[UUID], data: JSONBody[DenyRequest]
    ) -> RefusedReportFile:
        return await refused_money.deny(work, envelope_id, place=data.place, reason=data.reason)
