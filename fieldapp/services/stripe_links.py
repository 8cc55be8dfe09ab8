"""Payment links by Stripe: asks for a Checkout Session over HTTP, and reads the events that it signs.

The request goes out like every other of ours: to a judged address, bounded in time and bytes, following nothing. No
card data and no name of a debtor passes here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.payment_links import LinkEvent, LinkMade, LinkOrder
from fieldapp.services import stripe_shape
from fieldapp.services.webhook_post import Post

HOME = "https://api.stripe.com"
_CONTENT = "application/x-www-form-urlencoded"


class StripeLinks:
    """`key` is the account's secret key; `webhook_secrets` sign its events, two of them while one is rolled."""

    name = "stripe"

    def __init__(
        self, key: str, webhook_secrets: Sequence[str], *, home: str = HOME, to_loopback: bool = False
    ) -> None:
        self._key = key
        self._secrets = tuple(webhook_secrets)
        self._home = home.rstrip("/")
        self._to_loopback = to_loopback

    async def create(self, order: LinkOrder) -> LinkMade:
        """Ask for a link; asking again for the same order answers the same link.

        Raises Refusal `payment_link.provider_away`, `payment_link.provider_failed`.
        """
        headers = {
            "authorization": f"Bearer {self._key}",
            "content-type": _CONTENT,
            "idempotency-key": str(order.link_id),
            "stripe-version": stripe_shape.VERSION,
        }
        async with Post(to_loopback=self._to_loopback, connections=1) as post:
            answer = await post.ask(
                f"{self._home}/v1/checkout/sessions", body=stripe_shape.session_form(order), headers=headers
            )
        if answer is None or answer[0] == 429 or answer[0] >= 500:
            raise Refusal("payment_link.provider_away", kind=Kind.UNAVAILABLE)
        if answer[0] != 200:
            raise Refusal("payment_link.provider_failed", kind=Kind.UNAVAILABLE)
        return stripe_shape.session_made(answer[1])

    def read(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> LinkEvent | None:
        """Raises Refusal `payment_link.signature_invalid`, `payment_link.event_malformed`."""
        stripe_shape.check_signature(headers.get("stripe-signature", ""), body, secrets=self._secrets, now=now)
        return stripe_shape.read_event(body)
