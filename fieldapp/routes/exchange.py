"""The door for other systems: the feed behind a token, and the accounts that tokens belong to."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct

from fieldapp.domain.events import FactScope, WriteScope
from fieldapp.services import feed_out, service_accounts
from fieldapp.services.work import Parts, Work
from fieldapp.store.shapes.exchange import FeedPage, NewServiceAccount, ServiceAccountRow


class AccountRequest(Struct, forbid_unknown_fields=True):
    """`scopes` is what it may read, `writes` what it may tell us. No creditor: every creditor's facts and practices."""

    name: Annotated[str, Meta(min_length=1, max_length=120, pattern=r"\S")]
    scopes: Annotated[list[FactScope], Meta(max_length=20)]
    writes: Annotated[list[WriteScope], Meta(max_length=20)] = []
    creditor_id: UUID | None = None
    a_minute: Annotated[int, Meta(ge=1, le=6_000)] = 120


class ExchangeController(Controller):
    tags = ("exchange",)

    @get("/feed", operation_id="read_feed")
    async def read_feed(
        self,
        request: Request[Any, Any, Any],
        parts: NamedDependency[Parts],
        cursor: FromQuery[str | None] = None,
        since: FromQuery[datetime | None] = None,
        creditor_id: FromQuery[UUID | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=1_000)] = 500,
    ) -> FeedPage:
        return await feed_out.read_feed(
            parts, request.state.service, cursor=cursor, since=since, creditor_id=creditor_id, limit=limit
        )

    @get("/service-accounts", operation_id="list_service_accounts")
    async def list_accounts(self, work: NamedDependency[Work]) -> list[ServiceAccountRow]:
        return await service_accounts.list_accounts(work)

    @post("/service-accounts", operation_id="create_service_account")
    async def create(self, work: NamedDependency[Work], data: JSONBody[AccountRequest]) -> NewServiceAccount:
        return await service_accounts.create(
            work,
            name=data.name,
            scopes=data.scopes,
            writes=data.writes,
            creditor_id=data.creditor_id,
            a_minute=data.a_minute,
        )

    @post("/service-accounts/{account_id:uuid}/revoke", operation_id="revoke_service_account", status_code=200)
    async def revoke(self, work: NamedDependency[Work], account_id: FromPath[UUID]) -> list[ServiceAccountRow]:
        return await service_accounts.revoke(work, account_id)
