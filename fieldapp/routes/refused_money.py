"""The back office's door to the money of refused reports."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from fieldapp.domain.refused_money import MOST
from fieldapp.services import refused_money
from fieldapp.services.work import Work
from fieldapp.store.shapes.refused_money import RefusedReportFile

Place = Annotated[int, Meta(ge=0, lt=MOST)]
Words = Annotated[str, Meta(max_length=300)]


class BookRequest(Struct, forbid_unknown_fields=True):
    """`place` counts the report's payments from 0; `other_paper`: the books hold another receipt of its number, and
    somebody has seen that this is a second paper."""

    place: Place
    practice_id: UUID
    reason: Words = ""
    other_paper: bool = False


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
        )

    @post("/{envelope_id:uuid}/deny", operation_id="deny_refused_money", status_code=200)
    async def deny(
        self, work: NamedDependency[Work], envelope_id: FromPath[UUID], data: JSONBody[DenyRequest]
    ) -> RefusedReportFile:
        return await refused_money.deny(work, envelope_id, place=data.place, reason=data.reason)
