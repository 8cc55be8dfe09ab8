"""The debtor's door: no account, no cookie, nothing remembered."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Any

from litestar import Controller, Request, post
from litestar.di import NamedDependency
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.params import JSONBody
from msgspec import Meta, Struct

from fieldapp.services import public
from fieldapp.services.work import Parts
from fieldapp.store.shapes.public import ReceiptCheck

LARGEST_BYTES = 4_096
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
