"""The door of licences: read by the administrator, entered by the administrator."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from fieldapp.domain.skills import Skill
from fieldapp.services import licences
from fieldapp.services.work import Work
from fieldapp.store.shapes.licences import LicencesPage

Written = Annotated[str, Meta(min_length=1, max_length=120, pattern=r"\S")]


class AgencyLicenceRequest(Struct, forbid_unknown_fields=True):
    number: Written
    authority: Written
    valid_to: date


class AgentLicenceRequest(Struct, forbid_unknown_fields=True):
    """A day that is null is not known: the agent stays at home until it is."""

    provinces: Annotated[list[Annotated[str, Meta(max_length=4)]], Meta(max_length=120)]
    notified_on: date | None
    badge_valid_to: date | None
    qualification_valid_to: date | None
    skills: Annotated[list[Skill], Meta(max_length=40)] | None = None
    """None: as they are."""


class LicenceController(Controller):
    tags = ("rules",)

    @get("/licences", operation_id="read_licences")
    async def read_licences(self, work: NamedDependency[Work]) -> LicencesPage:
        return await licences.read_licences(work)

    @post("/licences/agency", operation_id="set_agency_licence", status_code=200)
    async def set_agency_licence(
        self, work: NamedDependency[Work], data: JSONBody[AgencyLicenceRequest]
    ) -> LicencesPage:
        return await licences.set_agency_licence(
            work, number=data.number, authority=data.authority, valid_to=data.valid_to
        )

    @post("/licences/agents/{person_id:uuid}", operation_id="set_agent_licence", status_code=200)
    async def set_agent_licence(
        self, work: NamedDependency[Work], person_id: FromPath[UUID], data: JSONBody[AgentLicenceRequest]
    ) -> LicencesPage:
        return await licences.set_agent_licence(
            work,
            person_id,
            provinces=data.provinces,
            notified_on=data.notified_on,
            badge_valid_to=data.badge_valid_to,
            qualification_valid_to=data.qualification_valid_to,
            skills=data.skills,
        )
