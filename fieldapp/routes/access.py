"""Signing in, devices, the clock."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct

from fieldapp.domain.said import say
from fieldapp.routes.guard import COOKIE
from fieldapp.services import access
from fieldapp.services.work import Parts, Work
from fieldapp.store.shapes.access import AuditRow, ClockReading, DemoSignIn, DeviceRow, Enrolment, SignedIn

Short = Annotated[str, Meta(min_length=1, max_length=200)]


class SignInRequest(Struct, forbid_unknown_fields=True):
    login: Short
    password: Annotated[str, Meta(min_length=1, max_length=1024)]


class EnrolRequest(Struct, forbid_unknown_fields=True):
    name: Short
    public_key: Annotated[str, Meta(max_length=200)]
    alg: str = "ES256"


class MoveClockRequest(Struct, forbid_unknown_fields=True):
    now: Annotated[datetime, Meta(tz=True)]


class Health(Struct, frozen=True):
    status: str


class AccessController(Controller):
    tags = ("access",)

    @get("/health", operation_id="read_health")
    async def read_health(self, parts: NamedDependency[Parts]) -> Health:
        """Whether the service and its database answer; a balancer asks."""
        await access.check_health(parts)
        return Health("ok")

    @get("/clock", operation_id="read_clock")
    async def read_clock(self, parts: NamedDependency[Parts]) -> ClockReading:
        return access.read_clock(parts)

    @get("/words/{language:str}", operation_id="read_words")
    async def read_words(self, parts: NamedDependency[Parts], language: FromPath[str]) -> dict[str, str]:
        """All refusal words of a language, Italian where it has none."""
        return {code: say(parts.words, code, {}, language) for code in parts.words["it"]}

    @get("/demo/sign-ins", operation_id="list_demo_sign_ins")
    async def list_demo_sign_ins(self, parts: NamedDependency[Parts]) -> list[DemoSignIn]:
        return await access.demo_sign_ins(parts)

    @post("/demo/clock", operation_id="move_demo_clock", status_code=200)
    async def move_demo_clock(self, work: NamedDependency[Work], data: JSONBody[MoveClockRequest]) -> ClockReading:
        return access.move_demo_clock(work, data.now)

    @post("/session", operation_id="sign_in", status_code=200)
    async def sign_in(
        self, parts: NamedDependency[Parts], data: JSONBody[SignInRequest], request: Request[Any, Any, Any]
    ) -> Response[SignedIn]:
        signed_in, token = await access.sign_in(parts, data.login, data.password)
        response = Response(signed_in)
        response.set_cookie(
            key=COOKIE,
            value=token,
            httponly=True,
            samesite="strict",
            secure=request.app.state.secure_cookies,
            max_age=parts.session_hours * 3600,
        )
        return response

    @get("/session", operation_id="read_session")
    async def read_session(self, work: NamedDependency[Work], request: Request[Any, Any, Any]) -> SignedIn:
        return await access.read_session(work, request.cookies[COOKIE])

    @delete("/session", operation_id="sign_out")
    async def sign_out(self, work: NamedDependency[Work], request: Request[Any, Any, Any]) -> None:
        await access.sign_out(work, request.cookies[COOKIE])

    @post("/devices", operation_id="enrol_device")
    async def enrol_device(self, work: NamedDependency[Work], data: JSONBody[EnrolRequest]) -> Enrolment:
        return await access.enrol_device(work, name=data.name, public_key=data.public_key, alg=data.alg)

    @get("/devices", operation_id="list_devices")
    async def list_devices(self, work: NamedDependency[Work]) -> list[DeviceRow]:
        return await access.list_devices(work)

    @post("/devices/{device_id:uuid}/revoke", operation_id="revoke_device", status_code=200)
    async def revoke_device(self, work: NamedDependency[Work], device_id: FromPath[UUID]) -> DeviceRow:
        return await access.revoke_device(work, device_id)

    @get("/audit", operation_id="list_audit")
    async def list_audit(
        self,
        work: NamedDependency[Work],
        after: FromQuery[int] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=500)] = 200,
    ) -> list[AuditRow]:
        return await access.list_audit(work, after=after, limit=limit)
