"""The phone's door: one agent's day out, envelopes and pictures in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody
from msgspec import Meta, Struct

from fieldapp.domain.ids import Sha256
from fieldapp.domain.payments import LARGEST_CENTS
from fieldapp.domain.uploads import LARGEST_PART
from fieldapp.domain.visit_report import SignedPaper
from fieldapp.routes.basemap import ARCHIVE
from fieldapp.routes.problems import offset_headers
from fieldapp.services import field, payment_links, push, settlements, sync, uploads
from fieldapp.services.work import Parts, Work
from fieldapp.store.shapes.agreements import SettlementRow
from fieldapp.store.shapes.cash import PaymentLinkCard
from fieldapp.store.shapes.field import AttachmentState, DayBundle, DayChanges, PushKey, SyncAnswer

Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class SealedEnvelope(Struct, forbid_unknown_fields=True):
    """An envelope as the phone stored it: `text` is what the digest was taken over."""

    id: UUID
    seq: int
    digest: Digest
    text: Annotated[str, Meta(max_length=262_144)]


class PushRequest(Struct, forbid_unknown_fields=True):
    protocol: int
    envelopes: Annotated[list[SealedEnvelope], Meta(max_length=200)]
    phone_clock: Annotated[datetime, Meta(tz=True)] | None = None
    """The phone's own time as it sends: whether what it recorded before was corrected rightly shows against it."""


class MissingRequest(Struct, forbid_unknown_fields=True):
    sha256s: Annotated[list[Digest], Meta(max_length=500)]


class PushPlace(Struct, forbid_unknown_fields=True):
    """A browser's subscription, as it says it itself: point and secret in base64url."""

    endpoint: Annotated[str, Meta(max_length=2_000)]
    p256dh: Annotated[str, Meta(max_length=100)]
    auth: Annotated[str, Meta(max_length=40)]


class LinkRequest(Struct, forbid_unknown_fields=True):
    practice_id: UUID
    visit_id: UUID
    amount_cents: Annotated[int, Meta(ge=1, le=LARGEST_CENTS)]


class ProposedPaper(Struct, forbid_unknown_fields=True):
    """A settlement as the phone signed it (`domain.agreements`)."""

    value: dict[str, Any]
    digest: Digest
    signature: Annotated[str, Meta(max_length=100)]


class SettlementRequest(Struct, forbid_unknown_fields=True):
    """`id` is that of the paper."""

    id: UUID
    practice_id: UUID
    visit_id: UUID
    paper: ProposedPaper


class FieldController(Controller):
    path = "/field"
    tags = ("field",)

    @get("/day", operation_id="read_day")
    async def read_day(
        self,
        work: NamedDependency[Work],
        day: FromQuery[date | None] = None,
        protocol: Annotated[int, HeaderParameter(name="x-protocol")] = 1,
        cursor: Annotated[str | None, HeaderParameter(name="x-day-cursor")] = None,
    ) -> DayBundle | DayChanges:
        """The day in the protocol that the phone names (the apps of protocol 1 name none): whole, or what changed since
        the reading whose cursor it sends."""
        return await field.read_day(work, day, protocol=protocol, cursor=cursor)

    @post("/envelopes", operation_id="push_envelopes", status_code=200)
    async def push_envelopes(self, work: NamedDependency[Work], data: JSONBody[PushRequest]) -> SyncAnswer:
        arrived = [sync.Arrived(e.id, e.seq, e.digest, e.text.encode()) for e in data.envelopes]
        return await sync.push(work, arrived, protocol=data.protocol, phone_clock=data.phone_clock)

    @post("/attachments/missing", operation_id="list_missing_attachments", status_code=200)
    async def list_missing(self, work: NamedDependency[Work], data: JSONBody[MissingRequest]) -> list[AttachmentState]:
        return await sync.missing_attachments(work, data.sha256s)

    @put("/attachments/{sha256:str}", operation_id="put_attachment", request_max_body_size=16 * 1024 * 1024)
    async def put_attachment(
        self, work: NamedDependency[Work], sha256: FromPath[str], request: Request[Any, Any, Any]
    ) -> AttachmentState:
        return await sync.put_attachment(work, sha256, await request.body())

    @patch("/attachments/{sha256:str}", operation_id="append_attachment", request_max_body_size=2 * LARGEST_PART)
    async def append_attachment(
        self,
        parts: NamedDependency[Parts],
        sha256: FromPath[Digest],
        request: Request[Any, Any, Any],
        offset: Annotated[int, HeaderParameter(name="upload-offset")],
        length: Annotated[int, HeaderParameter(name="upload-length")],
    ) -> Response[AttachmentState]:
        """The next part of a picture, in the shape of the IETF's resumable uploads."""
        content = await request.body()
        state = await uploads.append(parts, request.state.identity, sha256, content, offset=offset, length=length)
        return Response(state, headers=offset_headers(state.offset, whole=state.stored))

    @get("/documents/{document_id:uuid}", operation_id="read_field_document")
    async def read_document(self, work: NamedDependency[Work], document_id: FromPath[UUID]) -> Response[bytes]:
        content, media_type = await field.read_document(work, document_id)
        return Response(content, media_type=media_type)

    @get("/basemap", operation_id="read_field_basemap", media_type=ARCHIVE)
    async def read_basemap(self, work: NamedDependency[Work], day: FromQuery[date]) -> Response[bytes]:
        return Response(await field.read_basemap(work, day), media_type=ARCHIVE)

    @post("/payment-links", operation_id="ask_payment_link", status_code=200)
    async def ask_payment_link(
        self, parts: NamedDependency[Parts], request: Request[Any, Any, Any], data: JSONBody[LinkRequest]
    ) -> PaymentLinkCard:
        return await payment_links.ask(
            parts,
            request.state.identity,
            practice_id=data.practice_id,
            visit_id=data.visit_id,
            amount_cents=data.amount_cents,
        )

    @post("/settlements", operation_id="ask_settlement", status_code=200)
    async def ask_settlement(self, work: NamedDependency[Work], data: JSONBody[SettlementRequest]) -> SettlementRow:
        """Lay a proposal before the office from the door; asked again, it answers what was said meanwhile."""
        paper = SignedPaper(data.paper.value, Sha256(data.paper.digest), data.paper.signature)
        return await settlements.ask(work, data.id, practice_id=data.practice_id, visit_id=data.visit_id, sent=paper)

    @get("/push", operation_id="read_push_key")
    async def read_push_key(self, work: NamedDependency[Work]) -> PushKey:
        return push.read_key(work)

    @put("/push", operation_id="subscribe_to_push", status_code=204)
    async def subscribe_to_push(self, work: NamedDependency[Work], data: JSONBody[PushPlace]) -> None:
        await push.subscribe(work, endpoint=data.endpoint, p256dh=data.p256dh, auth=data.auth)

    @delete("/push", operation_id="unsubscribe_from_push")
    async def unsubscribe_from_push(self, work: NamedDependency[Work]) -> None:
        await push.unsubscribe(work)
