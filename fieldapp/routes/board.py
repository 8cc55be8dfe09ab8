"""The door of a plan in dispatchers' hands."""

from __future__ import annotations

from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from fieldapp.services import board
from fieldapp.services.work import Work
from fieldapp.store.shapes.board import BoardChange, BoardView


class MoveRequest(Struct, forbid_unknown_fields=True):
    """`agent_id` null takes the visit out; `place` null puts it last. `seen`: revisions of the lanes by agent."""

    practice_id: UUID
    seen: dict[UUID, int]
    agent_id: UUID | None = None
    place: int | None = None
    trial: bool = False


class PinRequest(Struct, forbid_unknown_fields=True):
    practice_id: UUID
    pinned: bool
    seen: dict[UUID, int]


class LockRequest(Struct, forbid_unknown_fields=True):
    agent_id: UUID
    locked: bool
    seen: dict[UUID, int]


class BoardController(Controller):
    path = "/dispatch/plans/{plan_id:uuid}"
    tags = ("dispatch",)

    @post("/draft", operation_id="open_draft", status_code=200)
    async def open_draft(self, work: NamedDependency[Work], plan_id: FromPath[UUID]) -> BoardView:
        return await board.open_draft(work, plan_id)

    @get("/board", operation_id="read_board")
    async def read_board(self, work: NamedDependency[Work], plan_id: FromPath[UUID]) -> BoardView:
        return await board.read_board(work, plan_id)

    @post("/moves", operation_id="move_visit", status_code=200)
    async def move_visit(
        self, work: NamedDependency[Work], plan_id: FromPath[UUID], data: JSONBody[MoveRequest]
    ) -> BoardChange:
        return await board.move_visit(
            work,
            plan_id,
            practice_id=data.practice_id,
            agent_id=data.agent_id,
            place=data.place,
            seen=data.seen,
            trial=data.trial,
        )

    @post("/pins", operation_id="pin_visit", status_code=200)
    async def pin_visit(
        self, work: NamedDependency[Work], plan_id: FromPath[UUID], data: JSONBody[PinRequest]
    ) -> BoardChange:
        return await board.pin_visit(work, plan_id, practice_id=data.practice_id, pinned=data.pinned, seen=data.seen)

    @post("/locks", operation_id="lock_lane", status_code=200)
    async def lock_lane(
        self, work: NamedDependency[Work], plan_id: FromPath[UUID], data: JSONBody[LockRequest]
    ) -> BoardChange:
        return await board.lock_lane(work, plan_id, agent_id=data.agent_id, locked=data.locked, seen=data.seen)

    @post("/undo", operation_id="undo_change", status_code=200)
    async def undo_change(self, work: NamedDependency[Work], plan_id: FromPath[UUID]) -> BoardChange:
        return await board.undo(work, plan_id)
