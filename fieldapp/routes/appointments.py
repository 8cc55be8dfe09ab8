"""The door of appointments: windows to offer on the phone, taking, moving and cancelling one."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from fieldapp.services import appointments, offers
from fieldapp.services.work import Work
from fieldapp.store.shapes.appointments import (
    AppointmentEnded,
    AppointmentOffers,
    AppointmentRow,
    AppointmentTaken,
)

Instant = Annotated[datetime, Meta(tz=True)]
Reason = Annotated[str, Meta(max_length=300)]
LaneSeen = Annotated[str, Meta(max_length=64)]


class TakeRequest(Struct, forbid_unknown_fields=True):
    """An offer as it was given."""

    from_at: Instant
    to_at: Instant
    agent_id: UUID
    lane: LaneSeen


class MoveAppointmentRequest(Struct, forbid_unknown_fields=True):
    from_at: Instant
    to_at: Instant
    agent_id: UUID
    lane: LaneSeen
    reason: Reason


class CancelRequest(Struct, forbid_unknown_fields=True):
    """`called`: the debtor was spoken to, which is a contact."""

    reason: Reason
    called: bool


class AppointmentController(Controller):
    tags = ("appointments",)

    @get("/practices/{practice_id:uuid}/appointment-offers", operation_id="list_appointment_offers")
    async def list_offers(
        self, work: NamedDependency[Work], practice_id: FromPath[UUID], hours: FromQuery[Literal["1", "2"]] = "1"
    ) -> AppointmentOffers:
        return await offers.list_offers(work, practice_id, hours=int(hours))

    @post("/practices/{practice_id:uuid}/appointments", operation_id="take_appointment")
    async def take(
        self, work: NamedDependency[Work], practice_id: FromPath[UUID], data: JSONBody[TakeRequest]
    ) -> AppointmentTaken:
        return await appointments.take(work, practice_id, _wish(data))

    @post(
        "/practices/{practice_id:uuid}/appointments/{appointment_id:uuid}/move",
        operation_id="move_appointment",
        status_code=200,
    )
    async def move(
        self,
        work: NamedDependency[Work],
        practice_id: FromPath[UUID],
        appointment_id: FromPath[UUID],
        data: JSONBody[MoveAppointmentRequest],
    ) -> AppointmentTaken:
        return await appointments.move_to(work, practice_id, appointment_id, _wish(data), reason=data.reason)

    @post(
        "/practices/{practice_id:uuid}/appointments/{appointment_id:uuid}/cancel",
        operation_id="cancel_appointment",
        status_code=200,
    )
    async def cancel(
        self,
        work: NamedDependency[Work],
        practice_id: FromPath[UUID],
        appointment_id: FromPath[UUID],
        data: JSONBody[CancelRequest],
    ) -> AppointmentEnded:
        return await appointments.cancel(work, practice_id, appointment_id, reason=data.reason, called=data.called)

    @get("/dispatch/days/{day:date}/appointments", operation_id="list_day_appointments")
    async def list_day(self, work: NamedDependency[Work], day: FromPath[date]) -> list[AppointmentRow]:
        return await appointments.list_day(work, day)


def _wish(data: TakeRequest | MoveAppointmentRequest) -> appointments.Wish:
    return appointments.Wish(data.from_at, data.to_at, data.agent_id, data.lane)
