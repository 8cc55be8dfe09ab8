"""The desk's door to what a person may ask about their own data: a copy of it, and an objection."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from litestar import Controller, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from fieldapp.routes.office import download
from fieldapp.services import presence, subject_copy
from fieldapp.services.work import Work
from fieldapp.store.shapes.office import ObjectionRow


class CopyRequest(Struct, forbid_unknown_fields=True):
    """`identified_by`: how whoever asked was identified, which stays in the register."""

    obligor_id: UUID
    identified_by: Literal[
        "identity_card", "passport", "driving_licence", "qualified_signature", "certified_mail", "known"
    ]
    language: Literal["it", "en", "fr"] = "it"


class ObjectionRequest(Struct, forbid_unknown_fields=True):
    """`reason`: how and when it was said."""

    stands: bool
    reason: Annotated[str, Meta(max_length=500)]


class SubjectController(Controller):
    tags = ("office",)

    @post(
        "/practices/{practice_id:uuid}/copy-of-data",
        operation_id="copy_subject_data",
        status_code=200,
        media_type="application/zip",
    )
    async def copy(
        self, work: NamedDependency[Work], practice_id: FromPath[UUID], data: JSONBody[CopyRequest]
    ) -> Response[bytes]:
        copy = await subject_copy.copy_of_data(
            work,
            practice_id,
            obligor_id=data.obligor_id,
            identified_by=data.identified_by,
            language=data.language,
        )
        return download(copy.content, media_type="application/zip", name=copy.name)

    @post("/practices/{practice_id:uuid}/learning-objection", operation_id="object_to_learning", status_code=200)
    async def object_to_learning(
        self, work: NamedDependency[Work], practice_id: FromPath[UUID], data: JSONBody[ObjectionRequest]
    ) -> ObjectionRow | None:
        await presence.enter_objection(work, practice_id, stands=data.stands, reason=data.reason)
        return await presence.objection(work, practice_id)
