"""The back office's door to paper pads."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct

from fieldapp.documents.images import MAX_BYTES
from fieldapp.domain.pads import MOST_FORMS, PadKind, Run
from fieldapp.domain.payments import LARGEST_CENTS
from fieldapp.domain.receipts import Capacity, Payer
from fieldapp.domain.visit_report import IdentifiedBy, OtherPayer, PayerDocument
from fieldapp.routes.cash import CapacityName
from fieldapp.services import pads, paper_entries
from fieldapp.services.paper_entries import PaperReceipt, PaperVisit
from fieldapp.services.work import Work
from fieldapp.store.shapes.pads import EnteredForm, PadRow, PadsDesk

Number = Annotated[int, Meta(ge=1, le=999_999)]
Check = Annotated[str, Meta(min_length=1, max_length=20)]
Words = Annotated[str, Meta(max_length=300)]
Answer = Annotated[str, Meta(max_length=200)] | bool
Aware = Annotated[datetime, Meta(tz=True)]
Picture = Annotated[bytes, Meta(max_length=MAX_BYTES)]
"""Base64 in the JSON."""
LARGEST_BODY = MAX_BYTES * 4 // 3 + 20_000


class RegisterRequest(Struct, forbid_unknown_fields=True):
    id: UUID
    agent_id: UUID
    kind: Literal["receipt", "notice"]
    forms: Annotated[int, Meta(ge=1, le=MOST_FORMS)]


class VoidFormRequest(Struct, forbid_unknown_fields=True):
    number: Number
    reason: Words
    picture: Picture | None = None


class ReturnRequest(Struct, forbid_unknown_fields=True):
    """`blank`: runs of numbers that were counted, first and last."""

    blank: Annotated[list[tuple[Number, Number]], Meta(max_length=MOST_FORMS)]


class EntryRequest(Struct, forbid_unknown_fields=True, kw_only=True):
    """`id` is of the visit, and the caller's; the instants are what the agent wrote."""

    id: UUID
    practice_id: UUID
    number: Number
    check: Check
    arrived_at: Aware
    left_at: Aware
    picture: Picture

    def visit(self) -> PaperVisit:
        return PaperVisit(
            self.id, self.practice_id, self.number, self.check, self.arrived_at, self.left_at, self.picture
        )


class FormPayer(Struct, forbid_unknown_fields=True):
    """Who paid in the debtor's presence, and which kind of document the agent saw; its number is not kept."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    capacity: CapacityName
    document: Literal["identity_card", "passport", "driving_licence", "residence_permit", "none"]
    debtor_agrees: bool


class ReceiptEntryRequest(EntryRequest, kw_only=True):
    amount_cents: Annotated[int, Meta(ge=1, le=LARGEST_CENTS)]
    method: Literal["cash", "cheque", "card"]
    answers: Annotated[dict[str, Answer], Meta(max_length=10)]
    identified_by: Literal["declared", "document", "birth_date", "known"]
    duty_taken: bool
    """Whether the stamp duty, where one is due, was paid on top."""
    reason: Literal["short_of_money", "waits_for_income", "checks_amount", "other"] = "other"
    """Why no more than this was paid."""
    instalment: tuple[Annotated[int, Meta(ge=1, le=999)], Annotated[int, Meta(ge=1, le=999)]] | None = None
    payer: FormPayer | None = None
    chosen_line: UUID | None = None
    """The debt that the debtor declared to pay."""
    """None where the debtor paid."""

    def paid_by(self) -> OtherPayer | None:
        """Raises Refusal `paper.malformed` for a name that is none."""
        return paid_by(self.payer)


def paid_by(said: FormPayer | None) -> OtherPayer | None:
    """Raises Refusal `paper.malformed` for a name that is none."""
    if said is None:
        return None
    payer = Payer(said.name.strip(), Capacity(said.capacity))
    return OtherPayer(payer, PayerDocument(said.document), said.debtor_agrees)


class PadsController(Controller):
    path = "/pads"
    tags = ("pads",)

    @get("/", operation_id="list_pads")
    async def list_pads(self, work: NamedDependency[Work]) -> PadsDesk:
        return await pads.read_desk(work)

    @post("/", operation_id="register_pad", status_code=200)
    async def register(self, work: NamedDependency[Work], data: JSONBody[RegisterRequest]) -> PadRow:
        return await pads.register(work, data.id, agent_id=data.agent_id, kind=PadKind(data.kind), forms=data.forms)

    @get("/{pad_id:uuid}/forms", operation_id="print_pad", media_type="application/pdf")
    async def print_forms(
        self, work: NamedDependency[Work], pad_id: FromPath[UUID], language: FromQuery[Literal["it", "en", "fr"]] = "it"
    ) -> Response[bytes]:
        return Response(await pads.print_forms(work, pad_id, language=language), media_type="application/pdf")

    @get("/{pad_id:uuid}/picture", operation_id="read_pad_picture")
    async def read_picture(
        self,
        work: NamedDependency[Work],
        pad_id: FromPath[UUID],
        number: Annotated[int, QueryParameter(ge=1, le=999_999)],
    ) -> Response[bytes]:
        headers: dict[str, Any] = {"cache-control": "private, no-store"}
        return Response(await pads.read_picture(work, pad_id, number), media_type="image/jpeg", headers=headers)

    @post("/{pad_id:uuid}/void", operation_id="void_pad_form", status_code=200, request_max_body_size=LARGEST_BODY)
    async def void(
        self, work: NamedDependency[Work], pad_id: FromPath[UUID], data: JSONBody[VoidFormRequest]
    ) -> PadRow:
        return await pads.void(work, pad_id, data.number, reason=data.reason, picture=data.picture)

    @post("/{pad_id:uuid}/return", operation_id="return_pad", status_code=200)
    async def take_back(
        self, work: NamedDependency[Work], pad_id: FromPath[UUID], data: JSONBody[ReturnRequest]
    ) -> PadRow:
        return await pads.take_back(work, pad_id, blank=[Run(*run) for run in data.blank])

    @post(
        "/{pad_id:uuid}/receipts", operation_id="enter_pad_receipt", status_code=200, request_max_body_size=LARGEST_BODY
    )
    async def enter_receipt(
        self, work: NamedDependency[Work], pad_id: FromPath[UUID], data: JSONBody[ReceiptEntryRequest]
    ) -> EnteredForm:
        paper = PaperReceipt(
            amount_cents=data.amount_cents,
            method=data.method,
            answers=data.answers,
            identified_by=IdentifiedBy(data.identified_by),
            duty_taken=data.duty_taken,
            reason=data.reason,
            instalment=data.instalment,
            payer=data.paid_by(),
            chosen_line=data.chosen_line,
        )
        return await paper_entries.enter_receipt(work, pad_id, data.visit(), paper)

    @post(
        "/{pad_id:uuid}/notices", operation_id="enter_pad_notice", status_code=200, request_max_body_size=LARGEST_BODY
    )
    async def enter_notice(
        self, work: NamedDependency[Work], pad_id: FromPath[UUID], data: JSONBody[EntryRequest]
    ) -> EnteredForm:
        return await paper_entries.enter_notice(work, pad_id, data.visit())
