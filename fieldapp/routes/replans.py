"""The door of planning a published day again."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from fieldapp.services import replans
from fieldapp.services.work import Work
from fieldapp.store.shapes.board import BoardView
from fieldapp.store.shapes.replan import Happened
from fieldapp.store.shapes.replan_view import ReplanView


class ReplanRequest(Struct, forbid_unknown_fields=True):
    """What has happened since; what was told before still holds."""

    happened: list[Happened]


class TakeRequest(Struct, forbid_unknown_fields=True):
    """A preview to be taken: its touched lanes by agent, the revisions seen, the version that it was made of."""

    happened: list[Happened]
    orders: dict[UUID, list[UUID]]
    seen: dict[UUID, int]
    version: int


class ReplanController(Controller):
    path = "/dispatch/days/{day:date}/replan"
    tags = ("dispatch",)

    @post("/", operation_id="preview_replan", status_code=200)
    async def preview(
        self, work: NamedDependency[Work], day: FromPath[date], data: JSONBody[ReplanRequest]
    ) -> ReplanView:
        return await replans.preview(work, day, happened=data.happened)

    @post("/take", operation_id="take_replan", status_code=200)
    async def take(self, work: NamedDependency[Work], day: FromPath[date], data: JSONBody[TakeRequest]) -> BoardView:
        return await replans.take(
            work, day, happened=data.happened, orders=data.orders, seen=data.seen, version=data.version
        )
