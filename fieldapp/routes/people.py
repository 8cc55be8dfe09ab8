"""The door of people: the administrator lets them in and out; each changes the own password."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from fieldapp.domain.access import Role
from fieldapp.routes.guard import COOKIE
from fieldapp.services import people
from fieldapp.services.work import Work
from fieldapp.store.shapes.people import LetIn, PersonRow

Password = Annotated[str, Meta(min_length=1, max_length=1024)]


class PersonRequest(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=120, pattern=r"\S")]
    login: Annotated[str, Meta(min_length=1, max_length=60)]
    role: Role
    agent_number: Annotated[str, Meta(max_length=12)] | None = None
    home: Annotated[str, Meta(min_length=1, max_length=400)] | None = None


class PersonChangeRequest(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=120, pattern=r"\S")]
    home: Annotated[str, Meta(min_length=1, max_length=400)] | None = None
    """None: as it is."""


class LeftRequest(Struct, forbid_unknown_fields=True):
    left: bool


class ChangePasswordRequest(Struct, forbid_unknown_fields=True):
    old: Password
    new: Password


class PeopleController(Controller):
    tags = ("access",)

    @get("/people", operation_id="list_people")
    async def list_people(self, work: NamedDependency[Work]) -> list[PersonRow]:
        return await people.list_people(work)

    @post("/people", operation_id="add_person", status_code=200)
    async def add_person(self, work: NamedDependency[Work], data: JSONBody[PersonRequest]) -> LetIn:
        return await people.add_person(
            work, people.NewPerson(data.name, data.login, data.role, data.agent_number, data.home)
        )

    @post("/people/{person_id:uuid}", operation_id="change_person", status_code=200)
    async def change_person(
        self, work: NamedDependency[Work], person_id: FromPath[UUID], data: JSONBody[PersonChangeRequest]
    ) -> list[PersonRow]:
        return await people.change_person(work, person_id, name=data.name, home=data.home)

    @post("/people/{person_id:uuid}/password", operation_id="renew_password", status_code=200)
    async def renew_password(self, work: NamedDependency[Work], person_id: FromPath[UUID]) -> LetIn:
        return await people.renew_password(work, person_id)

    @post("/people/{person_id:uuid}/left", operation_id="shut_out_person", status_code=200)
    async def shut_out(
        self, work: NamedDependency[Work], person_id: FromPath[UUID], data: JSONBody[LeftRequest]
    ) -> list[PersonRow]:
        return await people.shut_out(work, person_id, left=data.left)

    @post("/session/password", operation_id="change_password", status_code=204)
    async def change_password(
        self, request: Request[Any, Any, Any], work: NamedDependency[Work], data: JSONBody[ChangePasswordRequest]
    ) -> None:
        await people.change_password(work, old=data.old, new=data.new, token=request.cookies.get(COOKIE))
