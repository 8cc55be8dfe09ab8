"""Webhooks: how long we insist, when an endpoint rests, and which addresses we never call.

Signatures, headers and the meaning of an answer follow Standard Webhooks (standardwebhooks.com, v1).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_network
from uuid import UUID, uuid5

RETRY_AFTER_S = (5, 60, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds from each try to the next: a little more than three days in all, as Standard Webhooks proposes."""
MOST_TRIES = len(RETRY_AFTER_S) + 1
RESTS_AFTER = 5
"""So many failures of an endpoint in a row, and it rests as a whole: then one try finds out whether it is back."""
_FIRST_REST_S, _LONGEST_REST_S = 30, 300
_LONGEST_ASKED_S = 3_600
"""No endpoint puts us off for longer than this with `Retry-After`."""
OVERLAP = timedelta(hours=24)
"""How long the secret before the newest signs along."""
NO_PRACTICE = UUID(int=0)
"""The queue of facts that are about no practice."""
_NAT64 = ip_network("64:ff9b::/96")


class State(StrEnum):
    """Where a delivery stands. A dead one holds up its practice's queue until a person decides."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"
    SKIPPED = "skipped"
    """A person let it go."""
    FAILED = "failed"
    """A test that did not come through; it is not repeated."""


class Failure(StrEnum):
    """Why a try failed."""

    NAME = "name"
    """The host's name leads nowhere."""
    ADDRESS_INSIDE = "address_inside"
    """The host's name leads to an address that is not on the internet."""
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    """What came back is not HTTP."""
    REDIRECT = "redirect"
    STATUS = "status"
    GONE = "gone"
    """410: the endpoint asks for nothing more."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one try; no `failure`: it was taken. `asked_s` is what `Retry-After` asked for."""

    status: int | None = None
    failure: Failure | None = None
    asked_s: int | None = None


def judge_status(status: int, retry_after: str | None) -> Answer:
    """What an HTTP status says: 2xx is taken, anything else is not; redirects are never followed."""
    if 200 <= status < 300:
        return Answer(status)
    if status == 410:
        return Answer(status, Failure.GONE)
    if 300 <= status < 400:
        return Answer(status, Failure.REDIRECT)
    asked = int(retry_after) if retry_after is not None and retry_after.isascii() and retry_after.isdigit() else None
    return Answer(status, Failure.STATUS, None if asked is None else min(asked, _LONGEST_ASKED_S))


def next_try(now: datetime, delivery_id: UUID, *, tries: int, asked_s: int | None) -> datetime | None:
    """When to try again after `tries` failures; None: no more, it is dead.

    Spread by a tenth either way, by the delivery's id, so that what failed together does not come back together.
    """
    if tries >= MOST_TRIES:
        return None
    spread = 900 + delivery_id.int % 201
    wait_s = RETRY_AFTER_S[tries - 1] * spread / 1_000
    return now + timedelta(seconds=max(wait_s, asked_s or 0))


def weighs_on_endpoint(answer: Answer) -> bool:
    """Whether a failure speaks of the endpoint as a whole: 4xx may be about this one fact."""
    return answer.failure is not None and not (answer.status and 400 <= answer.status < 500 and answer.status != 429)


def rest_until(now: datetime, failures: int) -> datetime | None:
    """How long an endpoint rests that failed so often in a row; None: not at all."""
    if failures < RESTS_AFTER:
        return None
    return now + timedelta(seconds=min(_FIRST_REST_S * 2 ** min(failures - RESTS_AFTER, 10), _LONGEST_REST_S))


def delivery_id_of(webhook_id: UUID, fact_id: UUID) -> UUID:
    """The same for ever for one fact to one subscription, also after a restored backup."""
    return uuid5(webhook_id, fact_id.hex)


def message_id(delivery: UUID) -> str:
    """`webhook-id`."""
    return f"msg_{delivery.hex}"


def sign(secret: str, content: bytes) -> str:
    """One entry of `webhook-signature` over `id.timestamp.body`, by a secret written `whsec_...`."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()


def may_call(address: IPv4Address | IPv6Address, *, to_loopback: bool) -> bool:
    """Whether a webhook may be sent to this address: one of the public internet, however it is spelt."""
    inner = _carried(address)
    if inner is not None:
        return may_call(inner, to_loopback=to_loopback)
    if address.is_loopback:
        return to_loopback
    return address.is_global and not address.is_multicast and not address.is_reserved


def _carried(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one leads to (mapped, 6to4, Teredo, NAT64)."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
