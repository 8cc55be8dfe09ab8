"""The door of a plan in dispatchers' hands."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from fieldapp.services import board, forbids, gaps
from fieldapp.services.work import Work
from fieldapp.store.shapes.board import BoardChange, BoardView
from fieldapp.store.shapes.forbids import Forbidden


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


class ForbidRequest(Struct, forbid_unknown_fields=True):
    """`agent_id` null: to everybody, on the plan's day. `always`: to the agent, until it is lifted."""

    practice_id: UUID
    reason: str
    seen: dict[UUID, int]
    agent_id: UUID | None = None
    always: bool = False


class HandOverRequest(Struct, forbid_unknown_fields=True):
    """`practice_ids` null: all that have not begun. `trial` shows what it would do."""

    from_agent: UUID
    to_agent: UUID
    seen: dict[UUID, int]
    practice_ids: list[UUID] | None = None
    trial: bool = False


class FillRequest(Struct, forbid_unknown_fields=True):
    """`agent_id` null: all lanes that nobody keeps, of `among` where it names agents."""

    agent_id: UUID | None = None
    among: list[UUID] | None = None


class TakeFillRequest(Struct, forbid_unknown_fields=True):
    """A preview to be taken: the lanes that it fills as they would be, and the revisions seen."""

    orders: dict[UUID, list[UUID]]
    seen: dict[UUID, int]


class LiftRequest(Struct, forbid_unknown_fields=True):
    forbidden_id: UUID


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

    @post("/forbids", operation_id="forbid_visit", status_code=200)
    async def forbid_visit(
        self, work: NamedDependency[Work], plan_id: FromPath[UUID], data: JSONBody[ForbidRequest]
    ) -> BoardChange:
        wish = forbids.Wish(data.practice_id, data.agent_id, data.always, data.reason)
        return await board.forbid_visit(work, plan_id, wish, seen=data.seen)

    @post("/hand-over", operation_id="hand_over_visits", status_code=200)
    async def hand_over(
        self, work: NamedDependency[Work], plan_id: FromPath[UUID], data: JSONBody[HandOverRequest]
    ) -> BoardChange:
        return await gaps.hand_over_visits(
            work,
            plan_id,
            from_agent=data.from_agent,
            to_agent=data.to_agent,
            practice_ids=data.practice_ids,
            seen=data.seen,
            trial=data.trial,
        )

    @post("/fill", operation_id="preview_fill", status_code=200)
    async def preview_fill(
        self, work: NamedDependency[Work], plan_id: FromPath[UUID], data: JSONBody[FillRequest]
    ) -> BoardChange:
        return await gaps.preview_fill(work, plan_id, agent_id=data.agent_id, among=data.among)

    @post("/fill/take", operation_id="take_fill", status_code=200)
    async def take_fill(
        self, work: NamedDependency[Work], plan_id: FromPath[UUID], data: JSONBody[TakeFillRequest]
    ) -> BoardChange:
        return await gaps.take_fill(work, plan_id, orders=data.orders, seen=data.seen)


class ForbidController(Controller):
    path = "/dispatch/days/{day:date}/forbids"
    tags = ("dispatch",)

    @get("/", operation_id="list_forbidden_visits")
    async def list_forbidden(self, work: NamedDependency[Work], day: FromPath[date]) -> list[Forbidden]:
        return await forbids.list_day(work, day)

    @post("/lift", operation_id="allow_visit_again", status_code=200)
    async def lift(
        self, work: NamedDependency[Work], day: FromPath[date], data: JSONBody[LiftRequest]
    ) -> list[Forbidden]:
        return await forbids.lift(work, data.forbidden_id, day)
