"""Who calls: every operation is checked against the authorisation table before its handler runs."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from litestar import Request
from litestar.exceptions import HTTPException

from fieldapp.domain.access import ACCESS, Door, Identity, ServiceIdentity, judge_access
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.services import service_accounts
from fieldapp.services.access import identify_device, identify_session
from fieldapp.services.work import Parts, Work
from fieldapp.store.database import Scope

COOKIE = "fieldapp_session"


def parts_of(request: Request[Any, Any, Any]) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


async def authorise(request: Request[Any, Any, Any]) -> None:
    """Litestar's `before_request` for the whole API: finds the identity and asks the table."""
    operation = str(getattr(request.route_handler, "operation_id", None) or "")
    if operation not in ACCESS:
        if request.url.path.startswith("/api/"):
            raise HTTPException(status_code=404)
        return
    door = ACCESS[operation].door
    identity: Identity | None = None
    if door is Door.SERVICE:
        request.state.service = await _service(request)
        return
    if door is Door.SESSION:
        token = request.cookies.get(COOKIE)
        identity = await identify_session(parts_of(request), token) if token else None
    elif door is Door.DEVICE:
        identity = await _identity_of_device(request)
    judge_access(operation, identity)
    request.state.identity = identity


async def _service(request: Request[Any, Any, Any]) -> ServiceIdentity:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise Refusal("access.token_needed", kind=Kind.UNAUTHENTICATED)
    return await service_accounts.identify(parts_of(request), token.strip())


async def _identity_of_device(request: Request[Any, Any, Any]) -> Identity:
    headers = request.headers
    if "x-device" not in headers:
        raise Refusal("access.device_needed", kind=Kind.UNAUTHENTICATED)
    query = request.url.query
    return await identify_device(
        parts_of(request),
        device=headers["x-device"],
        counter=headers.get("x-counter", ""),
        signature=headers.get("x-signature", ""),
        method=request.method,
        path=request.url.path + (f"?{query}" if query else ""),
        body=await request.body(),
    )


async def provide_work(request: Request[Any, Any, Any]) -> AsyncGenerator[Work, None]:
    """One transaction for the request, under the caller's agency; committed before the answer leaves."""
    parts = parts_of(request)
    identity: Identity = request.state.identity
    scope = Scope(identity.agency_id, identity.role.value, identity.person_id, identity.device_id)
    async with parts.database.transaction(scope) as session:
        yield Work(parts=parts, session=session, identity=identity, now=parts.clock.now())


async def provide_parts(request: Request[Any, Any, Any]) -> Parts:
    return parts_of(request)
