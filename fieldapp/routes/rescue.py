"""Sealed work at two doors: a phone hands it over, or somebody brings it as a file."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, get, patch, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, JSONBody, MultipartBody
from msgspec import Meta, Struct

from fieldapp.domain.uploads import LARGEST_PART
from fieldapp.routes.field import Digest
from fieldapp.routes.problems import offset_headers
from fieldapp.services import rescue, uploads
from fieldapp.services.work import Parts, Work
from fieldapp.store.shapes.field import AttachmentState
from fieldapp.store.shapes.rescue import RescueAnswer, RescueRow, RescueState

LARGEST_DELIVERY = 16 * 1024 * 1024
LARGEST_FILE = 200 * 1024 * 1024


class StatesRequest(Struct, forbid_unknown_fields=True):
    keys: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=500)]


class RescueForm(Struct):
    file: UploadFile


class RescueController(Controller):
    tags = ("rescue",)

    @post("/field/rescue", operation_id="deliver_sealed", status_code=200, request_max_body_size=LARGEST_DELIVERY)
    async def deliver(self, work: NamedDependency[Work], request: Request[Any, Any, Any]) -> RescueAnswer:
        return await rescue.deliver(work, await request.body())

    @patch("/field/rescue/items/{sha256:str}", operation_id="append_sealed", request_max_body_size=2 * LARGEST_PART)
    async def append(
        self,
        parts: NamedDependency[Parts],
        sha256: FromPath[Digest],
        request: Request[Any, Any, Any],
        offset: Annotated[int, HeaderParameter(name="upload-offset")],
        length: Annotated[int, HeaderParameter(name="upload-length")],
    ) -> Response[AttachmentState]:
        """The next part of a sealed item too large for one request, in the shape of the IETF's resumable uploads."""
        content, who = await request.body(), request.state.identity
        state = await uploads.append_sealed(parts, who, sha256, content, offset=offset, length=length)
        return Response(state, headers=offset_headers(state.offset, whole=state.stored))

    @post("/field/rescue/states", operation_id="list_rescue_states", status_code=200)
    async def states(self, work: NamedDependency[Work], data: JSONBody[StatesRequest]) -> list[RescueState]:
        return await rescue.states(work, data.keys)

    @get("/rescues", operation_id="list_rescues")
    async def list_rescues(self, work: NamedDependency[Work]) -> list[RescueRow]:
        return await rescue.list_rescues(work)

    @post("/rescues", operation_id="take_rescue_file", request_max_body_size=LARGEST_FILE)
    async def take_file(self, work: NamedDependency[Work], data: MultipartBody[RescueForm]) -> RescueAnswer:
        return await rescue.take_file(work, await data.file.read())

    @post("/rescues/{device_id:uuid}/accept", operation_id="accept_rescue", status_code=200)
    async def accept(self, work: NamedDependency[Work], device_id: FromPath[UUID]) -> RescueAnswer:
        return await rescue.accept(work, device_id)
