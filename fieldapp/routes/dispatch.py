"""The dispatcher's door: candidates, plans, published days, the map."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Controller, MediaType, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from fieldapp.domain.looking import Look
from fieldapp.services import day_sheets, looking, planning, presence, publishing, stale
from fieldapp.services.work import Parts, Work
from fieldapp.store.shapes.dispatch import AgentRow, Candidate, DayView, Learning, PlanRow, PlanView, StaleDay


class PlanRequest(Struct, forbid_unknown_fields=True):
    """`null` agents or practices mean all that are available or lawful on the day."""

    day: date
    agent_ids: list[UUID] | None = None
    practice_ids: list[UUID] | None = None
    seconds: Annotated[int, Meta(ge=1, le=1800)] = 10
    seed: int = 1
    keep: UUID | None = None
    """A draft whose locked lanes and pinned visits stay."""
    days: Annotated[int, Meta(ge=1, le=10)] = 1
    """From `day` on, each visit on its best of them."""


class LearningRequest(Struct, forbid_unknown_fields=True):
    """To learn from the agency's own attempts when somebody is home, or no longer; `reason`: on what ground."""

    on: bool
    reason: Annotated[str, Meta(max_length=1000)]


class StaleRequest(Struct, forbid_unknown_fields=True):
    """`version`: the published one that was seen; `practice_ids`: the lawful ones that are taken out too."""

    version: int
    practice_ids: Annotated[list[UUID], Meta(max_length=1000)] = []


class LookRequest(Struct, forbid_unknown_fields=True):
    """What a window shows; `day` null: no day any more. `agent_id`: the lane that is chosen or carried over."""

    window: UUID
    day: date | None = None
    plan_id: UUID | None = None
    agent_id: UUID | None = None
    carries: bool = False


class DispatchController(Controller):
    tags = ("dispatch",)

    @get("/dispatch/candidates", operation_id="list_candidates")
    async def list_candidates(self, work: NamedDependency[Work], day: FromQuery[date]) -> list[Candidate]:
        return await planning.list_candidates(work, day)

    @get("/dispatch/learning", operation_id="read_learning")
    async def read_learning(self, work: NamedDependency[Work]) -> Learning:
        return await presence.read_learning(work)

    @post("/dispatch/learning", operation_id="switch_learning", status_code=200)
    async def switch_learning(self, work: NamedDependency[Work], data: JSONBody[LearningRequest]) -> Learning:
        return await presence.switch_learning(work, on=data.on, reason=data.reason)

    @get("/dispatch/agents", operation_id="list_agents")
    async def list_agents(self, work: NamedDependency[Work], day: FromQuery[date]) -> list[AgentRow]:
        return await planning.list_agents(work, day)

    @post("/dispatch/plans", operation_id="start_plan")
    async def start_plan(self, work: NamedDependency[Work], data: JSONBody[PlanRequest]) -> PlanView:
        return await planning.start_plan(
            work,
            day=data.day,
            agent_ids=data.agent_ids,
            practice_ids=data.practice_ids,
            seconds=data.seconds,
            seed=data.seed,
            keep=data.keep,
            days=data.days,
        )

    @get("/dispatch/plans", operation_id="list_plans")
    async def list_plans(self, work: NamedDependency[Work], day: FromQuery[date]) -> list[PlanRow]:
        return await planning.list_plans(work, day)

    @get("/dispatch/plans/{plan_id:uuid}", operation_id="read_plan")
    async def read_plan(self, work: NamedDependency[Work], plan_id: FromPath[UUID]) -> PlanView:
        return await planning.read_plan(work, plan_id)

    @post("/dispatch/plans/{plan_id:uuid}/stop", operation_id="stop_plan", status_code=200)
    async def stop_plan(self, work: NamedDependency[Work], plan_id: FromPath[UUID]) -> PlanView:
        return await planning.stop_plan(work, plan_id)

    @post("/dispatch/plans/{plan_id:uuid}/publish", operation_id="publish_plan", status_code=200)
    async def publish_plan(
        self, work: NamedDependency[Work], plan_id: FromPath[UUID], seen: FromQuery[int | None] = None
    ) -> DayView:
        return await publishing.publish_plan(work, plan_id, seen=seen)

    @get("/dispatch/stale", operation_id="list_stale_visits")
    async def list_stale(self, request: Request[Any, Any, Any], parts: NamedDependency[Parts]) -> list[StaleDay]:
        return await stale.later(parts, request.state.identity)

    @post("/dispatch/days/{day:date}/stale/take-out", operation_id="take_out_stale_visits", status_code=200)
    async def take_out_stale(
        self, work: NamedDependency[Work], day: FromPath[date], data: JSONBody[StaleRequest]
    ) -> DayView:
        return await stale.take_out(work, day, version=data.version, practice_ids=data.practice_ids)

    @get("/dispatch/days/{day:date}", operation_id="read_dispatch_day")
    async def read_day(self, work: NamedDependency[Work], day: FromPath[date]) -> DayView:
        return await planning.read_day(work, day)

    @get("/dispatch/days/{day:date}/sheets", operation_id="print_day_sheets", media_type="application/pdf")
    async def print_sheets(
        self,
        work: NamedDependency[Work],
        day: FromPath[date],
        agent_id: FromQuery[UUID | None] = None,
        language: FromQuery[Literal["it", "en", "fr"]] = "it",
    ) -> Response[bytes]:
        content = await day_sheets.print_day(work, day, agent_id=agent_id, language=language)
        name = f'inline; filename="giro-{day.isoformat()}.pdf"'
        return Response(content, media_type="application/pdf", headers={"content-disposition": name})

    @post("/dispatch/looking", operation_id="say_where_i_look", status_code=204)
    async def look(
        self, request: Request[Any, Any, Any], parts: NamedDependency[Parts], data: JSONBody[LookRequest]
    ) -> None:
        who = request.state.identity
        if data.day is None:
            return await looking.leave(parts, who, data.window)
        look = Look(data.window, who.person_id, who.name, data.day, data.plan_id, data.agent_id, data.carries)
        await looking.look(parts, who, look)

    @get("/map/{layer:str}", operation_id="read_map")
    async def read_map(
        self, work: NamedDependency[Work], layer: FromPath[Literal["streets", "comuni"]]
    ) -> Response[bytes]:
        return Response(await planning.read_map(work, layer), media_type=MediaType.JSON)
