"""Webhooks at the desk: subscribe other systems, test, rotate secrets, decide about dead letters."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Sequence
from uuid import UUID

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.events import FactScope
from fieldapp.domain.webhooks import OVERLAP, State
from fieldapp.services.webhook_post import check_url
from fieldapp.services.work import Work
from fieldapp.store import feed_pages, intake, tasks
from fieldapp.store import webhooks as store
from fieldapp.store.feed import audit
from fieldapp.store.shapes.webhooks import DeliveryRow, NewWebhook, WebhookRow

_MOST_IN_FORCE = 100
DEAD_LETTER = "webhook.dead"
"""The kind of task that a dead letter opens: one for each subscription at a time."""


async def list_webhooks(work: Work) -> list[WebhookRow]:
    return await store.rows(work.session, now=work.now)


async def create(
    work: Work,
    *,
    name: str,
    url: str,
    scopes: Collection[FactScope],
    creditor_id: UUID | None,
    from_beginning: bool,
) -> NewWebhook:
    """Subscribe an endpoint, to what happens from now on or to everything that ever happened.

    Raises Refusal `webhook.scopes_missing`, `webhook.too_many`, `creditor.unknown` or one of `webhook.url_*`.
    """
    if not scopes:
        raise Refusal("webhook.scopes_missing", kind=Kind.MALFORMED)
    kept = check_url(url, to_loopback=work.parts.webhooks_to_loopback)
    if creditor_id is not None:
        await intake.creditor(work.session, creditor_id)
    in_force = [row for row in await store.rows(work.session, now=work.now) if row.condition != "ended"]
    if len(in_force) >= _MOST_IN_FORCE:
        raise Refusal("webhook.too_many", kind=Kind.CONFLICT, details={"most": _MOST_IN_FORCE})
    head = None if from_beginning else await feed_pages.head(work.session)
    secret = _new_secret(work)
    row = store.Webhook(
        id=work.new_id(),
        agency_id=work.agency_id,
        name=name.strip(),
        url=kept,
        scopes=sorted({scope.value for scope in scopes}),
        creditor_id=creditor_id,
        secret=secret,
        secret_since=work.now,
        created_at=work.now,
        created_by=work.identity.person_id,
        read_up_to=head.number if head else 0,
    )
    work.session.add(row)
    await work.session.flush()
    said = {"name": row.name, "url": kept, "scopes": row.scopes, "creditor_id": creditor_id and str(creditor_id)}
    audit(work.session, "webhook.created", "webhook", row.id, **said)
    await store.wake(work.session)
    return NewWebhook(await _shown(work, row.id), secret)


def _new_secret(work: Work) -> str:
    """32 bytes, as Standard Webhooks writes them."""
    return "whsec_" + base64.b64encode(hashlib.sha256(work.parts.new_token().encode()).digest()).decode()


async def _shown(work: Work, webhook_id: UUID) -> WebhookRow:
    return next(row for row in await store.rows(work.session, now=work.now) if row.id == webhook_id)


async def _in_force(work: Work, webhook_id: UUID) -> store.Webhook:
    """Raises Refusal `webhook.unknown`, `webhook.ended`."""
    row = await store.locked(work.session, webhook_id)
    if row.ended_at is not None:
        raise Refusal("webhook.ended", kind=Kind.CONFLICT)
    return row


async def pause(work: Work, webhook_id: UUID) -> list[WebhookRow]:
    """Nothing is sent until it is resumed; what happens meanwhile waits in the feed."""
    row = await _in_force(work, webhook_id)
    if row.paused_at is None:
        row.paused_at = work.now
        await work.session.flush()
        audit(work.session, "webhook.paused", "webhook", webhook_id)
    return await list_webhooks(work)


async def resume(work: Work, webhook_id: UUID) -> list[WebhookRow]:
    """Go on after a pause, a 410 or before a rest is over; what waits for its repeat keeps its time."""
    row = await _in_force(work, webhook_id)
    row.paused_at, row.gone, row.rests_until, row.failures = None, False, None, 0
    await work.session.flush()
    audit(work.session, "webhook.resumed", "webhook", webhook_id)
    await store.wake(work.session)
    return await list_webhooks(work)


async def end(work: Work, webhook_id: UUID) -> list[WebhookRow]:
    """Nothing is sent any more, for ever; what was told when stays on file. Again changes nothing."""
    row = await store.locked(work.session, webhook_id)
    if row.ended_at is None:
        row.ended_at = work.now
        await work.session.flush()
        await tasks.finish_under(
            work.session, DEAD_LETTER, f"{webhook_id}:", person_id=work.identity.person_id, now=work.now
        )
        audit(work.session, "webhook.ended", "webhook", webhook_id)
    return await list_webhooks(work)


async def rotate(work: Work, webhook_id: UUID) -> NewWebhook:
    """A new secret; for a day the one before signs along, so that the receiver can change over in peace."""
    row = await _in_force(work, webhook_id)
    row.old_secret, row.old_secret_until = row.secret, work.now + OVERLAP
    row.secret, row.secret_since = _new_secret(work), work.now
    await work.session.flush()
    audit(work.session, "webhook.secret_rotated", "webhook", webhook_id, old_until=row.old_secret_until.isoformat())
    return NewWebhook(await _shown(work, webhook_id), row.secret)


async def test(work: Work, webhook_id: UUID) -> list[WebhookRow]:
    """Send a `webhook.test` by the way that facts go, once; also while the subscription is paused."""
    row = await _in_force(work, webhook_id)
    store.add_test(work.session, row, delivery_id=work.new_id(), now=work.now)
    audit(work.session, "webhook.tested", "webhook", webhook_id)
    await work.session.flush()
    await store.wake(work.session)
    return await list_webhooks(work)


async def list_deliveries(
    work: Work, webhook_id: UUID, *, state: State | None, repeated: bool, limit: int
) -> list[DeliveryRow]:
    """Raises Refusal `webhook.unknown`."""
    await store.one(work.session, webhook_id)
    return await store.deliveries(work.session, webhook_id, state=state, repeated=repeated, limit=limit)


async def resend(work: Work, webhook_id: UUID, delivery_ids: Sequence[UUID] | None) -> list[WebhookRow]:
    """Dead letters are tried anew, with the same id, at the head of their practice's queue. None: all of them."""
    await _in_force(work, webhook_id)
    count = await store.resend(work.session, webhook_id, delivery_ids, now=work.now)
    if count:
        await _nothing_dead(work, webhook_id)
        audit(work.session, "webhook.resent", "webhook", webhook_id, deliveries=count)
        await store.wake(work.session)
    return await list_webhooks(work)


async def _nothing_dead(work: Work, webhook_id: UUID) -> None:
    """The task of the dead letters is done with the last of them."""
    if not await store.has_dead(work.session, webhook_id):
        await tasks.finish_under(
            work.session, DEAD_LETTER, f"{webhook_id}:", person_id=work.identity.person_id, now=work.now
        )


async def skip(work: Work, webhook_id: UUID, delivery_ids: Sequence[UUID]) -> list[WebhookRow]:
    """Dead letters are let go and stay on file as such; what waited behind them is sent."""
    await _in_force(work, webhook_id)
    count = await store.skip(work.session, webhook_id, delivery_ids)
    if count:
        await _nothing_dead(work, webhook_id)
        ids = [str(one) for one in delivery_ids]
        audit(work.session, "webhook.skipped", "webhook", webhook_id, deliveries=count, ids=ids)
        await store.wake(work.session)
    return await list_webhooks(work)
