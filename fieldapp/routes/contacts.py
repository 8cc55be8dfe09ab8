"""The contact ledger's door: log, plan, limits, import."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar import Controller, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, MultipartBody
from msgspec import Meta, Struct

from fieldapp.domain.contacts import Channel
from fieldapp.services import contacts
from fieldapp.services.work import Work
from fieldapp.store.shapes.contacts import ContactLimits, ContactLog, ContactMade, PlannedContact

Instant = Annotated[datetime, Meta(tz=True)]
Channels = Literal["visit", "call", "message", "letter"]


class LogRequest(Struct, forbid_unknown_fields=True):
    channel: Channels
    at: Instant
    reached: bool
    outcome: Annotated[str, Meta(max_length=60)] = ""


class PlanRequest(Struct, forbid_unknown_fields=True):
    channel: Channels
    at: Instant


class ContactsForm(Struct):
    file: UploadFile


class ContactController(Controller):
    tags = ("contacts",)

    @get("/practices/{practice_id:uuid}/contacts", operation_id="read_contact_limits")
    async def read_limits(self, work: NamedDependency[Work], practice_id: FromPath[UUID]) -> ContactLimits:
        return await contacts.contact_limits(work, practice_id)

    @post("/practices/{practice_id:uuid}/contacts", operation_id="log_contact")
    async def log_contact(
        self, work: NamedDependency[Work], practice_id: FromPath[UUID], data: JSONBody[LogRequest]
    ) -> ContactMade:
        return await contacts.log_contact(
            work, practice_id, channel=Channel(data.channel), at=data.at, outcome=data.outcome, reached=data.reached
        )

    @post("/practices/{practice_id:uuid}/planned-contacts", operation_id="plan_contact")
    async def plan_contact(
        self, work: NamedDependency[Work], practice_id: FromPath[UUID], data: JSONBody[PlanRequest]
    ) -> PlannedContact:
        return await contacts.plan_contact(work, practice_id, channel=Channel(data.channel), at=data.at)

    @post("/contacts/import", operation_id="import_contacts", request_max_body_size=8 * 1024 * 1024)
    async def import_contacts(self, work: NamedDependency[Work], data: MultipartBody[ContactsForm]) -> ContactLog:
        return await contacts.import_contacts(work, await data.file.read(), file_name=data.file.filename)
