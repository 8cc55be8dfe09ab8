"""Stripe's shape of payment links: the form that makes a Checkout Session, and the signed events that it sends back.

Sources: the provider's documentation of Checkout Sessions (expires_at within 24 hours), idempotent requests, and of
webhook signatures (`Stripe-Signature: t=...,v1=...`, HMAC-SHA256 over `t.body`, several secrets while one is rolled).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.payment_links import LinkEvent, LinkMade, LinkNews, LinkOrder

VERSION = "2024-06-20"
"""The version of the provider's interface that this module speaks."""
TOLERANCE_S = 300
"""How far the time of a signature may lie from ours: what was recorded and is played later is turned away."""
_PARTS = re.compile(r"(t=[0-9]{1,12}|v[01]=[0-9a-f]{1,128})(,(t=[0-9]{1,12}|v[01]=[0-9a-f]{1,128}))*")
_SESSIONS = {
    "checkout.session.completed": LinkNews.PAID,
    "checkout.session.async_payment_succeeded": LinkNews.PAID,
    "checkout.session.async_payment_failed": LinkNews.FAILED,
    "checkout.session.expired": LinkNews.EXPIRED,
}
_DISPUTES = {"lost": LinkNews.DISPUTE_LOST, "won": LinkNews.DISPUTE_WON}


def session_form(order: LinkOrder) -> bytes:
    """The body that asks for a Checkout Session over one amount in euro."""
    fields = {
        "mode": "payment",
        "locale": "it",
        "client_reference_id": str(order.link_id),
        "success_url": order.return_url,
        "expires_at": str(int(order.expires_at.timestamp())),
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "eur",
        "line_items[0][price_data][unit_amount]": str(order.amount_cents),
        "line_items[0][price_data][product_data][name]": order.title,
        "metadata[link]": str(order.link_id),
        # Charges copy what their payment holds: a refund names the link by itself.
        "payment_intent_data[metadata][link]": str(order.link_id),
    }
    return urlencode(fields).encode()


def session_made(content: bytes) -> LinkMade:
    """The link in the provider's answer. Raises Refusal `payment_link.provider_failed`."""
    try:
        answer = json.loads(content)
        url = urlsplit(answer["url"])
        expires_at = datetime.fromtimestamp(int(answer["expires_at"]), UTC)
        made = LinkMade(str(answer["id"]), url.geturl(), expires_at)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise Refusal("payment_link.provider_failed", kind=Kind.UNAVAILABLE) from None
    if url.scheme not in ("https", "http") or not url.hostname or len(made.url) > 600 or not made.provider_id:
        raise Refusal("payment_link.provider_failed", kind=Kind.UNAVAILABLE)
    return made


def signature(secret: str, *, at_s: int, body: bytes) -> str:
    """The `v1` signature over `body` at `at_s` (seconds since 1970)."""
    return hmac.new(secret.encode(), b"%d." % at_s + body, hashlib.sha256).hexdigest()


def check_signature(header: str, body: bytes, *, secrets: Sequence[str], now: datetime) -> None:
    """Hold an event to its signature by one of `secrets`. Raises Refusal `payment_link.signature_invalid`."""
    parts = [part.partition("=") for part in header.split(",")] if _PARTS.fullmatch(header) else []
    times = [int(value) for name, _, value in parts if name == "t"]
    given = [value for name, _, value in parts if name == "v1"]
    if len(times) == 1 and abs(int(now.timestamp()) - times[0]) <= TOLERANCE_S:
        wanted = [signature(secret, at_s=times[0], body=body) for secret in secrets]
        if any(hmac.compare_digest(one, other) for one in wanted for other in given):
            return
    raise Refusal("payment_link.signature_invalid", kind=Kind.FORBIDDEN)


def read_event(body: bytes) -> LinkEvent | None:
    """What a signed event says of a link; None where it is about something else.

    Raises Refusal `payment_link.event_malformed`, and of a session in another currency than euro too.
    """
    try:
        event = json.loads(body)
        return _event(event, event["data"]["object"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refusal("payment_link.event_malformed", kind=Kind.MALFORMED) from None


def _event(event: Mapping[str, Any], about: Mapping[str, Any]) -> LinkEvent | None:
    kind = event["type"]
    if kind in _SESSIONS:
        news = _SESSIONS[kind]
        # A slow method (SEPA debit) completes the page first and pays, or does not, days later.
        if kind == "checkout.session.completed" and about["payment_status"] != "paid":
            news = LinkNews.WAITING
        cents = about["amount_total"]
    elif kind == "charge.refunded":
        news, cents = LinkNews.REFUNDED, about["amount_refunded"]
    elif kind == "charge.dispute.created":
        news, cents = LinkNews.DISPUTED, about["amount"]
    elif kind == "charge.dispute.closed" and about["status"] in _DISPUTES:
        news, cents = _DISPUTES[about["status"]], about["amount"]
    else:
        return None
    if about.get("currency") != "eur" or type(cents) is not int or cents < 0:
        raise ValueError(kind)
    named = (about.get("metadata") or {}).get("link")
    try:
        link_id = UUID(named) if named else None
    except ValueError:
        link_id = None  # another shop on the same account may use the word for something else
    return LinkEvent(str(event["id"]), news, link_id, str(about.get("payment_intent") or ""), cents)
