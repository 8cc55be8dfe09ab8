"""The desk's door to saved views of its lists."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from fieldapp.domain.views import Listing
from fieldapp.services import views
from fieldapp.services.work import Work
from fieldapp.store.shapes.office import SavedViewRow


class ViewRequest(Struct, forbid_unknown_fields=True):
    """`filters`: what stands behind the `?` of the list's address."""

    listing: Listing
    name: Annotated[str, Meta(max_length=200)]
    filters: Annotated[str, Meta(max_length=8000)]
    shared: bool = False


class ViewController(Controller):
    tags = ("office",)

    @get("/views", operation_id="list_views")
    async def list_views(self, work: NamedDependency[Work], listing: FromQuery[Listing]) -> list[SavedViewRow]:
        return await views.list_views(work, listing)

    @post("/views", operation_id="save_view", status_code=200)
    async def save(self, work: NamedDependency[Work], data: JSONBody[ViewRequest]) -> list[SavedViewRow]:
        return await views.save(work, data.listing, name=data.name, filters=data.filters, shared=data.shared)

    @post("/views/{view_id:uuid}/forget", operation_id="forget_view", status_code=200)
    async def forget(self, work: NamedDependency[Work], view_id: FromPath[UUID]) -> list[SavedViewRow]:
        return await views.forget(work, view_id)
