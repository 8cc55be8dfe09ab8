"""The door of shifts and absences."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from fieldapp.services import shifts
from fieldapp.services.work import Work
from fieldapp.store.shapes.replan import Instant
from fieldapp.store.shapes.shifts import AbsenceCode, Shifts


class AbsenceRequest(Struct, forbid_unknown_fields=True):
    agent_id: UUID
    from_at: Instant
    to_at: Instant
    code: AbsenceCode


class WithdrawAbsenceRequest(Struct, forbid_unknown_fields=True):
    absence_id: UUID


class WeekRequest(Struct, forbid_unknown_fields=True):
    """`days`: Monday first, seconds after local midnight, null on a free day."""

    agent_ids: Annotated[list[UUID], Meta(min_length=1, max_length=1000)]
    valid_from: date
    days: list[list[int] | None]


class TemplateRequest(Struct, forbid_unknown_fields=True):
    """`days` as in a week."""

    name: str
    days: list[list[int] | None]


class DropTemplateRequest(Struct, forbid_unknown_fields=True):
    name: str


class ShiftController(Controller):
    path = "/dispatch/shifts"
    tags = ("dispatch",)

    @get("/", operation_id="read_shifts")
    async def read(self, work: NamedDependency[Work]) -> Shifts:
        return await shifts.read_shifts(work)

    @post("/absences", operation_id="enter_absence", status_code=200)
    async def enter(self, work: NamedDependency[Work], data: JSONBody[AbsenceRequest]) -> Shifts:
        return await shifts.enter_absence(work, data.agent_id, from_at=data.from_at, to_at=data.to_at, code=data.code)

    @post("/absences/withdraw", operation_id="withdraw_absence", status_code=200)
    async def withdraw(self, work: NamedDependency[Work], data: JSONBody[WithdrawAbsenceRequest]) -> Shifts:
        return await shifts.withdraw_absence(work, data.absence_id)

    @post("/weeks", operation_id="set_shift_week", status_code=200)
    async def set_week(self, work: NamedDependency[Work], data: JSONBody[WeekRequest]) -> Shifts:
        return await shifts.set_week(work, data.agent_ids, valid_from=data.valid_from, days=data.days)

    @post("/templates", operation_id="save_shift_template", status_code=200)
    async def save_template(self, work: NamedDependency[Work], data: JSONBody[TemplateRequest]) -> Shifts:
        return await shifts.save_template(work, data.name, data.days)

    @post("/templates/drop", operation_id="drop_shift_template", status_code=200)
    async def drop_template(self, work: NamedDependency[Work], data: JSONBody[DropTemplateRequest]) -> Shifts:
        return await shifts.drop_template(work, data.name)
