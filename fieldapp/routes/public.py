"""The debtor's door: no account, no cookie, nothing remembered."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Any

from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.params import JSONBody
from msgspec import Meta, Struct

from fieldapp.services import payment_links, public
from fieldapp.services.work import Parts
from fieldapp.store.shapes.public import ReceiptCheck

LARGEST_BYTES = 4_096
LARGEST_EVENT = 262_144
A_MINUTE = 30
"""Questions that one address may put: a queue at a counter passes, a search does not."""


def caller(request: Request[Any, Any, Any]) -> str:
    """The caller's address; of IPv6 the network, since a household may take any of its 2^64 addresses."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else host


LIMIT = RateLimitConfig(rate_limit=("minute", A_MINUTE), identifier_for_request=caller)


class CheckRequest(Struct, forbid_unknown_fields=True):
    """`proof` is what stands behind the `#` of the code on the paper."""

    proof: Annotated[str, Meta(min_length=1, max_length=2_000)]


class PublicController(Controller):
    path = "/public"
    tags = ("public",)
    middleware = (LIMIT.middleware,)

    @post("/receipts/check", operation_id="check_receipt", status_code=200, request_max_body_size=LARGEST_BYTES)
    async def check_receipt(self, parts: NamedDependency[Parts], data: JSONBody[CheckRequest]) -> ReceiptCheck:
        return await public.check_paper(parts, data.proof)


class ProviderController(Controller):
    """Where payment providers tell what happened: signed, so that neither cookie nor account is needed."""

    path = "/public/payment-links"
    tags = ("public",)

    @post("/events", operation_id="take_payment_link_event", status_code=200, request_max_body_size=LARGEST_EVENT)
    async def take_event(self, parts: NamedDependency[Parts], request: Request[Any, Any, Any]) -> Response[None]:
        """Any answer but 2xx is asked again by the provider: 409 while the visit has not arrived."""
        body = await request.body()
        taken = await payment_links.take_event(parts, request.headers, body, now=parts.clock.now())
        return Response(None, status_code=200 if taken else 409)
