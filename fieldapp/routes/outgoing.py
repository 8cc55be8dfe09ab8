"""Files for creditors: how each is told, tried without telling; the files made, downloaded, sent once more."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct

from fieldapp.routes.office import download
from fieldapp.services import outgoing
from fieldapp.services.work import Work
from fieldapp.store.shapes.outgoing import ExportPlanRow, ExportPreview, HostKey, OutgoingFileRow, ToldPage

_Code = Annotated[str, Meta(max_length=80)]


class ExportRequest(Struct, forbid_unknown_fields=True):
    """`weekdays`: 0 Monday to 6 Sunday. `secret`: a password, or a bucket's keys; none keeps what there is."""

    name: Annotated[str, Meta(min_length=1, max_length=120, pattern=r"\S")]
    layout: dict[str, Any]
    codes: dict[_Code, _Code]
    place: Literal["desk", "sftp", "bucket", "folder"]
    target: dict[str, Any]
    at: Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    weekdays: Annotated[list[Annotated[int, Meta(ge=0, le=6)]], Meta(min_length=1, max_length=7)]
    secret: dict[str, Annotated[str, Meta(max_length=4_000)]] | None = None

    def wanted(self) -> outgoing.Wanted:
        return outgoing.Wanted(
            self.name, self.layout, self.codes, self.place, self.target, self.secret, self.at, self.weekdays
        )


class NewExportRequest(Struct, forbid_unknown_fields=True):
    """`from_beginning`: also tell all that happened before."""

    creditor_id: UUID
    plan: ExportRequest
    from_beginning: bool = False


class PreviewRequest(Struct, forbid_unknown_fields=True):
    creditor_id: UUID
    layout: dict[str, Any]
    codes: dict[_Code, _Code]
    plan_id: UUID | None = None


class PauseRequest(Struct, forbid_unknown_fields=True):
    paused: bool


class OutgoingController(Controller):
    tags = ("exchange",)

    @get("/export-plans", operation_id="list_export_plans")
    async def list_plans(self, work: NamedDependency[Work]) -> list[ExportPlanRow]:
        return await outgoing.list_plans(work)

    @post("/export-plans", operation_id="create_export_plan")
    async def create(self, work: NamedDependency[Work], data: JSONBody[NewExportRequest]) -> ExportPlanRow:
        return await outgoing.create(
            work, creditor_id=data.creditor_id, wanted=data.plan.wanted(), from_beginning=data.from_beginning
        )

    @post("/export-plans/preview", operation_id="preview_export", status_code=200)
    async def preview(self, work: NamedDependency[Work], data: JSONBody[PreviewRequest]) -> ExportPreview:
        return await outgoing.preview(
            work, creditor_id=data.creditor_id, plan_id=data.plan_id, layout=data.layout, codes=data.codes
        )

    @post("/export-plans/{plan_id:uuid}", operation_id="change_export_plan", status_code=200)
    async def change(
        self, work: NamedDependency[Work], plan_id: FromPath[UUID], data: JSONBody[ExportRequest]
    ) -> ExportPlanRow:
        return await outgoing.change(work, plan_id, data.wanted())

    @post("/export-plans/{plan_id:uuid}/pause", operation_id="pause_export_plan", status_code=200)
    async def pause(
        self, work: NamedDependency[Work], plan_id: FromPath[UUID], data: JSONBody[PauseRequest]
    ) -> ExportPlanRow:
        return await outgoing.pause(work, plan_id, paused=data.paused)

    @post("/export-plans/{plan_id:uuid}/host-key", operation_id="ask_export_host_key", status_code=200)
    async def ask_host_key(self, work: NamedDependency[Work], plan_id: FromPath[UUID]) -> HostKey:
        return await outgoing.ask_host_key(work, plan_id)

    @post("/export-plans/{plan_id:uuid}/make", operation_id="make_outgoing_file", status_code=200)
    async def make(self, work: NamedDependency[Work], plan_id: FromPath[UUID]) -> list[OutgoingFileRow]:
        return await outgoing.make_now(work, plan_id)

    @get("/outgoing-files", operation_id="list_outgoing_files")
    async def list_files(
        self,
        work: NamedDependency[Work],
        plan_id: FromQuery[UUID | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
    ) -> list[OutgoingFileRow]:
        return await outgoing.list_files(work, plan_id=plan_id, limit=limit)

    @get("/outgoing-files/{file_id:uuid}", operation_id="download_outgoing_file")
    async def download(self, work: NamedDependency[Work], file_id: FromPath[UUID]) -> Response[bytes]:
        content, media_type, name = await outgoing.download(work, file_id)
        return download(content, media_type=media_type, name=name)

    @post("/outgoing-files/{file_id:uuid}/resend", operation_id="resend_outgoing_file", status_code=200)
    async def resend(self, work: NamedDependency[Work], file_id: FromPath[UUID]) -> list[OutgoingFileRow]:
        return await outgoing.resend(work, file_id)

    @get("/practices/{practice_id:uuid}/told", operation_id="list_told")
    async def told(
        self, work: NamedDependency[Work], practice_id: FromPath[UUID], before: FromQuery[int | None] = None
    ) -> ToldPage:
        return await outgoing.told_of(work, practice_id, before=before)
