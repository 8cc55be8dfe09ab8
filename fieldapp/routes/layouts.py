"""The door of layouts: those at hand, and the wizard that makes one from an unknown file."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import JSONBody, MultipartBody
from msgspec import Meta, Struct

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.routes.problems import language_of
from fieldapp.services import layouts
from fieldapp.services.work import Work
from fieldapp.store.shapes.layouts import LayoutDraft, LayoutPreview, LayoutProposal
from fieldapp.store.shapes.office import LayoutRow

MAX_UPLOAD = 70 * 1024 * 1024


class UnknownFile(Struct):
    file: UploadFile


class DraftedFile(Struct):
    """`draft` is a `LayoutDraft` as JSON: a form carries only files and texts."""

    file: UploadFile
    draft: str


class SaveLayoutRequest(Struct, forbid_unknown_fields=True):
    creditor_id: UUID
    title: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]
    draft: LayoutDraft


class LayoutController(Controller):
    tags = ("office",)

    @get("/layouts", operation_id="list_layouts")
    async def list_layouts(self, work: NamedDependency[Work]) -> list[LayoutRow]:
        return await layouts.list_layouts(work)

    @post("/layouts/proposal", operation_id="propose_layout", status_code=200, request_max_body_size=MAX_UPLOAD)
    async def propose_layout(self, data: MultipartBody[UnknownFile]) -> LayoutProposal:
        return await layouts.propose_layout(await data.file.read())

    @post("/layouts/preview", operation_id="preview_layout", status_code=200, request_max_body_size=MAX_UPLOAD)
    async def preview_layout(
        self, request: Request[Any, Any, Any], work: NamedDependency[Work], data: MultipartBody[DraftedFile]
    ) -> LayoutPreview:
        try:
            draft = msgspec.json.decode(data.draft, type=LayoutDraft)
        except msgspec.DecodeError as fault:
            raise Refusal("layout.draft_malformed", kind=Kind.MALFORMED) from fault
        return await layouts.preview_layout(work, await data.file.read(), draft, language=language_of(request))

    @post("/layouts", operation_id="save_layout")
    async def save_layout(self, work: NamedDependency[Work], data: JSONBody[SaveLayoutRequest]) -> LayoutRow:
        return await layouts.save_layout(work, creditor_id=data.creditor_id, title=data.title, draft=data.draft)
