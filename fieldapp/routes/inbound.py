"""The door by which other systems tell us: balances, recalls, payments and contacts, each under an idempotency key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody
from litestar.params import HeaderParameter

from fieldapp.domain.idempotency import HEADER
from fieldapp.domain.inbound import MOST_ITEMS
from fieldapp.services import inbound_claims, inbound_contacts, inbound_payments
from fieldapp.services.inbound import Answered
from fieldapp.services.work import Parts
from fieldapp.store.shapes.inbound import BalanceItem, ContactItem, InboundAnswer, PaymentItem, RecallItem

LARGEST = 2 * 1024 * 1024
AGAIN = "idempotent-replayed"
"""Says of an answer that it was given before."""
Key = Annotated[str | None, HeaderParameter(name=HEADER)]


def _written(shape: type[msgspec.Struct]) -> type[Operation]:
    """The contract of an operation that reads its body itself: one bad item must not lose the others, and the key is
    bound to the very bytes."""
    (item,), inner = msgspec.json.schema_components((shape,), ref_template="{name}")
    batch: Any = {
        "type": "object",
        "properties": {
            "creditor_id": {"anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]},
            "items": {"type": "array", "minItems": 1, "maxItems": MOST_ITEMS, "items": _inlined(item, inner)},
        },
        "required": ["items"],
        "additionalProperties": False,
    }

    @dataclass
    class Written(Operation):
        def __post_init__(self) -> None:
            self.request_body = RequestBody({"application/json": OpenAPIMediaType(schema=batch)}, required=True)

    return Written


def _inlined(schema: Any, inner: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(one, inner) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(inner[schema["$ref"]], inner)
    return {name: _inlined(value, inner) for name, value in schema.items()}


class InboundController(Controller):
    path = "/inbound"
    tags = ("inbound",)

    @post(
        "/balances",
        operation_id="write_balances",
        status_code=200,
        operation_class=_written(BalanceItem),
        request_max_body_size=LARGEST,
    )
    async def write_balances(
        self, request: Request[Any, Any, Any], parts: NamedDependency[Parts], key: Key = None
    ) -> Response[InboundAnswer]:
        body, language = await request.body(), _language(request)
        return _answer(
            await inbound_claims.receive_balances(parts, request.state.service, body, key=key, language=language)
        )

    @post(
        "/recalls",
        operation_id="write_recalls",
        status_code=200,
        operation_class=_written(RecallItem),
        request_max_body_size=LARGEST,
    )
    async def write_recalls(
        self, request: Request[Any, Any, Any], parts: NamedDependency[Parts], key: Key = None
    ) -> Response[InboundAnswer]:
        body, language = await request.body(), _language(request)
        return _answer(
            await inbound_claims.receive_recalls(parts, request.state.service, body, key=key, language=language)
        )

    @post(
        "/payments",
        operation_id="write_payments",
        status_code=200,
        operation_class=_written(PaymentItem),
        request_max_body_size=LARGEST,
    )
    async def write_payments(
        self, request: Request[Any, Any, Any], parts: NamedDependency[Parts], key: Key = None
    ) -> Response[InboundAnswer]:
        body, language = await request.body(), _language(request)
        return _answer(
            await inbound_payments.receive_payments(parts, request.state.service, body, key=key, language=language)
        )

    @post(
        "/contacts",
        operation_id="write_contacts",
        status_code=200,
        operation_class=_written(ContactItem),
        request_max_body_size=LARGEST,
    )
    async def write_contacts(
        self, request: Request[Any, Any, Any], parts: NamedDependency[Parts], key: Key = None
    ) -> Response[InboundAnswer]:
        body, language = await request.body(), _language(request)
        return _answer(
            await inbound_contacts.receive_contacts(parts, request.state.service, body, key=key, language=language)
        )


def _language(request: Request[Any, Any, Any]) -> str:
    return request.headers.get("accept-language", "it")[:2].lower()


def _answer(answered: Answered) -> Response[InboundAnswer]:
    headers = {AGAIN: "true"} if answered.again else {}
    # The bytes as they were first answered, of the shape that the contract names.
    return Response(answered.content, media_type="application/json", headers=headers)  # type: ignore[arg-type]
