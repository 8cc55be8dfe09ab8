"""The office's counter: money that a clerk takes there, and its receipt."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from fieldapp.domain.cash import named_pieces
from fieldapp.domain.payments import LARGEST_CENTS, Answer
from fieldapp.domain.visit_report import IdentifiedBy
from fieldapp.routes.pads import FormPayer, paid_by
from fieldapp.services import counter
from fieldapp.services.work import Work
from fieldapp.store.shapes.cash import CounterPreview, CounterTaken

Cents = Annotated[int, Meta(ge=1, le=LARGEST_CENTS)]


class CounterQuestion(Struct, forbid_unknown_fields=True):
    practice_id: UUID
    amount_cents: Cents
    chosen_line: UUID | None = None


class CounterRequest(Struct, forbid_unknown_fields=True):
    """`id`: the payment's own; `pieces`: notes and coins that were given for cash, denomination in cents to number."""

    id: UUID
    practice_id: UUID
    amount_cents: Cents
    method: Literal["cash", "cheque", "card"]
    identified_by: Literal["declared", "document", "birth_date", "known"]
    answers: Annotated[dict[str, Answer], Meta(max_length=10)] = {}
    pieces: Annotated[dict[str, int], Meta(max_length=20)] = {}
    payer: FormPayer | None = None
    """None where the debtor paid."""
    chosen_line: UUID | None = None
    """The debt that the debtor declared to pay."""
    told_barred: Annotated[list[UUID], Meta(max_length=200)] = []
    """Debts on which the debtor pays, told that they are time-barred and that what is paid is not given back."""


class CounterController(Controller):
    path = "/counter"
    tags = ("cash",)

    # A question, yet no GET: whose debt is asked about does not get into the logs of addresses asked for.
    @post("/preview", operation_id="preview_counter_payment", status_code=200)
    async def preview(self, work: NamedDependency[Work], data: JSONBody[CounterQuestion]) -> CounterPreview:
        return await counter.preview(work, data.practice_id, data.amount_cents, chosen=data.chosen_line)

    @post("/payments", operation_id="take_counter_payment", status_code=200)
    async def take(self, work: NamedDependency[Work], data: JSONBody[CounterRequest]) -> CounterTaken:
        counted = counter.Counted(
            id=data.id,
            practice_id=data.practice_id,
            amount_cents=data.amount_cents,
            method=data.method,
            answers=data.answers,
            pieces=named_pieces(data.pieces),
            identified_by=IdentifiedBy(data.identified_by),
            payer=paid_by(data.payer),
            chosen=data.chosen_line,
            told_barred=frozenset(data.told_barred),
        )
        return await counter.take(work, counted)
