"""Webhooks for the administrator: subscriptions, their tests and secrets, and what could not be delivered."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct

from fieldapp.domain.events import FactScope
from fieldapp.domain.webhooks import State
from fieldapp.services import webhooks
from fieldapp.services.work import Work
from fieldapp.store.shapes.webhooks import DeliveryRow, NewWebhook, WebhookRow


class WebhookRequest(Struct, forbid_unknown_fields=True):
    """No creditor: every creditor's facts. `from_beginning`: also all that happened before."""

    name: Annotated[str, Meta(min_length=1, max_length=120, pattern=r"\S")]
    url: Annotated[str, Meta(min_length=1, max_length=2_000)]
    scopes: Annotated[list[FactScope], Meta(max_length=20)]
    creditor_id: UUID | None = None
    from_beginning: bool = False


class ResendRequest(Struct, forbid_unknown_fields=True):
    """No ids: all that are dead."""

    delivery_ids: Annotated[list[UUID], Meta(max_length=1_000)] | None = None


class SkipRequest(Struct, forbid_unknown_fields=True):
    delivery_ids: Annotated[list[UUID], Meta(min_length=1, max_length=1_000)]


class WebhookController(Controller):
    path = "/webhooks"
    tags = ("exchange",)

    @get(operation_id="list_webhooks")
    async def list_webhooks(self, work: NamedDependency[Work]) -> list[WebhookRow]:
        return await webhooks.list_webhooks(work)

    @post(operation_id="create_webhook")
    async def create(self, work: NamedDependency[Work], data: JSONBody[WebhookRequest]) -> NewWebhook:
        return await webhooks.create(
            work,
            name=data.name,
            url=data.url,
            scopes=data.scopes,
            creditor_id=data.creditor_id,
            from_beginning=data.from_beginning,
        )

    @post("/{webhook_id:uuid}/pause", operation_id="pause_webhook", status_code=200)
    async def pause(self, work: NamedDependency[Work], webhook_id: FromPath[UUID]) -> list[WebhookRow]:
        return await webhooks.pause(work, webhook_id)

    @post("/{webhook_id:uuid}/resume", operation_id="resume_webhook", status_code=200)
    async def resume(self, work: NamedDependency[Work], webhook_id: FromPath[UUID]) -> list[WebhookRow]:
        return await webhooks.resume(work, webhook_id)

    @post("/{webhook_id:uuid}/end", operation_id="end_webhook", status_code=200)
    async def end(self, work: NamedDependency[Work], webhook_id: FromPath[UUID]) -> list[WebhookRow]:
        return await webhooks.end(work, webhook_id)

    @post("/{webhook_id:uuid}/secret", operation_id="rotate_webhook_secret", status_code=200)
    async def rotate(self, work: NamedDependency[Work], webhook_id: FromPath[UUID]) -> NewWebhook:
        return await webhooks.rotate(work, webhook_id)

    @post("/{webhook_id:uuid}/test", operation_id="test_webhook", status_code=200)
    async def test(self, work: NamedDependency[Work], webhook_id: FromPath[UUID]) -> list[WebhookRow]:
        return await webhooks.test(work, webhook_id)

    @get("/{webhook_id:uuid}/deliveries", operation_id="list_webhook_deliveries")
    async def list_deliveries(
        self,
        work: NamedDependency[Work],
        webhook_id: FromPath[UUID],
        in_state: FromQuery[State | None] = None,
        repeated: FromQuery[bool] = False,
        limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
    ) -> list[DeliveryRow]:
        return await webhooks.list_deliveries(work, webhook_id, state=in_state, repeated=repeated, limit=limit)

    @post("/{webhook_id:uuid}/resend", operation_id="resend_webhook_deliveries", status_code=200)
    async def resend(
        self, work: NamedDependency[Work], webhook_id: FromPath[UUID], data: JSONBody[ResendRequest]
    ) -> list[WebhookRow]:
        return await webhooks.resend(work, webhook_id, data.delivery_ids)

    @post("/{webhook_id:uuid}/skip", operation_id="skip_webhook_deliveries", status_code=200)
    async def skip(
        self, work: NamedDependency[Work], webhook_id: FromPath[UUID], data: JSONBody[SkipRequest]
    ) -> list[WebhookRow]:
        return await webhooks.skip(work, webhook_id, data.delivery_ids)
