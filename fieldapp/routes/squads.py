"""The door of squads: everybody at the desk reads them, the administrator decides who is in which."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from fieldapp.services import squads
from fieldapp.services.work import Work
from fieldapp.store.shapes.squads import Squads


class SquadRequest(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(max_length=400)]


class SquadMoveRequest(Struct, forbid_unknown_fields=True):
    """`squad_id` null: in none."""

    person_ids: Annotated[list[UUID], Meta(min_length=1, max_length=500)]
    squad_id: UUID | None
    from_on: date


class SquadController(Controller):
    tags = ("squads",)

    @get("/squads", operation_id="list_squads")
    async def list_squads(self, work: NamedDependency[Work], day: FromQuery[date | None] = None) -> Squads:
        return await squads.list_squads(work, day)

    @post("/squads", operation_id="create_squad", status_code=200)
    async def create(self, work: NamedDependency[Work], data: JSONBody[SquadRequest]) -> Squads:
        return await squads.create(work, name=data.name)

    @post("/squads/{squad_id:uuid}/name", operation_id="rename_squad", status_code=200)
    async def rename(
        self, work: NamedDependency[Work], squad_id: FromPath[UUID], data: JSONBody[SquadRequest]
    ) -> Squads:
        return await squads.rename(work, squad_id, name=data.name)

    @post("/squads/{squad_id:uuid}/close", operation_id="close_squad", status_code=200)
    async def close(self, work: NamedDependency[Work], squad_id: FromPath[UUID]) -> Squads:
        return await squads.close(work, squad_id)

    @post("/squads/members", operation_id="move_to_squad", status_code=200)
    async def move(self, work: NamedDependency[Work], data: JSONBody[SquadMoveRequest]) -> Squads:
        return await squads.move(work, data.person_ids, data.squad_id, from_on=data.from_on)
