"""What a phone is told while nobody looks at it: that its day has changed, and no more.

The message holds a word and nothing of a case; the phone fetches the day itself when it is opened. A notice that does
not arrive is not sent again: an open app asks for its day anyway.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec

from fieldapp.domain.access import Identity
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.services.webhook_post import Post
from fieldapp.services.work import Parts, Work, working
from fieldapp.store import push as store
from fieldapp.store.feed import audit
from fieldapp.store.shapes.field import PushKey

DAY_CHANGED = json.dumps({"type": "day_changed"}, separators=(",", ":")).encode()
REACH_DAYS = 7
"""Phones read today and the next seven days: what changes later is no news to them."""
_AT_ONCE = 16

log = logging.getLogger("fieldapp.push")


def read_key(work: Work) -> PushKey:
    """The key that a browser binds a subscription to; none where this installation sends no notices."""
    return PushKey(work.parts.push.public_key if work.parts.push else None)


async def subscribe(work: Work, *, endpoint: str, p256dh: str, auth: str) -> None:
    """Keep where this phone is told; it has one place, the newest.

    Raises Refusal `push.off`, `push.endpoint_not_allowed` or `push.keys_invalid`.
    """
    if work.parts.push is None:
        raise Refusal("push.off", kind=Kind.CONFLICT)
    if not work.parts.push.allows(endpoint):
        raise Refusal("push.endpoint_not_allowed", kind=Kind.MALFORMED)
    point, secret = _unbase64(p256dh), _unbase64(auth)
    if len(secret) != 16 or not _is_point(point):
        raise Refusal("push.keys_invalid", kind=Kind.MALFORMED)
    assert work.identity.device_id is not None
    await store.keep(
        work.session,
        subscription_id=work.new_id(),
        device_id=work.identity.device_id,
        endpoint=endpoint,
        p256dh=point,
        auth=auth,
        now=work.now,
    )
    audit(work.session, "notices.switched_on", "device", work.identity.device_id)


async def unsubscribe(work: Work) -> None:
    assert work.identity.device_id is not None
    await store.forget_device(work.session, work.identity.device_id)
    audit(work.session, "notices.switched_off", "device", work.identity.device_id)


async def day_changed(work: Work, day: date, agents: Iterable[UUID]) -> None:
    """Tell the phones of `agents`, once this transaction stands."""
    told = sorted(map(str, agents))
    if work.parts.push is None or not told or day > work.today + timedelta(days=REACH_DAYS):
        return
    await work.defer("push.day_changed", agents=told)


async def run_day_changed(parts: Parts, identity: Identity, *, agents: list[str]) -> None:
    """Send to every phone of these agents that asked for it; forget those whose push service knows them no more."""
    push = parts.push
    if push is None:
        return
    async with working(parts, identity) as work:
        listening = await store.listening(work.session, [UUID(agent) for agent in agents])
    few = asyncio.Semaphore(_AT_ONCE)
    gone: list[UUID] = []

    async def tell(one: store.Listening) -> None:
        body, headers = push.sealed(DAY_CHANGED, endpoint=one.endpoint, p256dh=one.p256dh, auth=_unbase64(one.auth))
        async with few:
            answer = await post.send(one.endpoint, body=body, headers=headers)
        if answer.status in (404, 410):
            gone.append(one.id)
        elif answer.failure is not None:
            log.warning("a phone (%s) could not be told that its day has changed: %s", one.device_id, answer.failure)

    async with Post(to_loopback=push.local, connections=_AT_ONCE) as post:
        await asyncio.gather(*map(tell, listening))
    if gone:
        async with working(parts, identity) as work:
            await store.forget(work.session, gone)


def _unbase64(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""


def _is_point(raw: bytes) -> bool:
    """Whether these are the 65 bytes of an uncompressed point of P-256."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError:
        return False
    return len(raw) == 65
