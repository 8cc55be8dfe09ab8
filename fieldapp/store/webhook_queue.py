"""The queues of webhooks: facts become deliveries in commit order, and in each practice the first goes first.

Everything here happens under the lock on the subscription's row, in transactions that never span a request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.events import kinds_of
from fieldapp.domain.webhooks import NO_PRACTICE, State, delivery_id_of
from fieldapp.store import feed_pages
from fieldapp.store.batches import insert_rows, write_rows
from fieldapp.store.feed_pages import Told
from fieldapp.store.tables.exchange import Webhook, WebhookDelivery
from fieldapp.store.webhooks import scopes_of

_PAGE = 500
_CANDIDATES = 1_000


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours to attempt; `attempt` counts from 1. Without a fact it is a test."""

    id: UUID
    queue_id: UUID
    fact_number: int | None
    created_at: datetime
    tries: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a claimed delivery. `released`: it was not attempted after all."""

    id: UUID
    state: State
    next_at: datetime
    tries: int
    attempts: int
    last_at: datetime | None = None
    last_status: int | None = None
    last_failure: str | None = None


async def read_on(session: AsyncSession, webhook: Webhook, *, now: datetime) -> bool:
    """Make deliveries of the next facts of the feed; whether there may be more."""
    head = await feed_pages.head(session)
    if head is None or head.number <= webhook.read_up_to:
        return False
    told = await feed_pages.facts_between(
        session,
        after=webhook.read_up_to,
        up_to=head.number,
        kinds=kinds_of(scopes_of(webhook)),
        creditor_id=webhook.creditor_id,
        limit=_PAGE,
    )
    rows = [_row(webhook, one, now) for one in told]
    await insert_rows(session, WebhookDelivery, rows)
    webhook.read_up_to = told[-1].number if len(told) == _PAGE else head.number
    session.add(webhook)
    await session.flush()
    return len(told) == _PAGE


def _row(webhook: Webhook, told: Told, now: datetime) -> Mapping[str, Any]:
    return {
        "id": delivery_id_of(webhook.id, told.id),
        "agency_id": webhook.agency_id,
        "webhook_id": webhook.id,
        "fact_number": told.number,
        "queue_id": told.practice_id or NO_PRACTICE,
        "state": State.WAITING.value,
        "created_at": now,
        "next_at": now,
        "tries": 0,
        "attempts": 0,
    }


_MAY_GO = text(
    """
    select id, queue_id, fact_number, created_at, tries, attempts + 1 as attempt from webhook_delivery
    where webhook_id = :webhook and state = 'waiting' and fact_number is not null and queue_id not in (
      select queue_id from webhook_delivery
      where webhook_id = :webhook and state in ('waiting', 'dead')
        and (state = 'dead' or next_at > :now or claimed_until > :now)
    )
    order by fact_number limit :limit
    """
)
_TESTS = text(
    """
    select id, queue_id, fact_number, created_at, tries, attempts + 1 as attempt from webhook_delivery
    where webhook_id = :webhook and state = 'waiting' and fact_number is null
      and (claimed_until is null or claimed_until <= :now)
    order by created_at limit :limit
    """
)
_CLAIM = text(
    "update webhook_delivery set claimed_until = :until, attempts = attempts + 1 where id = any(cast(:ids as uuid[]))"
)


async def may_go(
    session: AsyncSession, webhook_id: UUID, *, now: datetime, queues: int, of_each: int
) -> list[list[Claimed]]:
    """The first of each queue that holds nobody up, in commit order: at most `of_each` of at most `queues`.

    A queue is held up by what waits to be repeated, what is dead, and what another worker is at.
    """
    lanes: dict[UUID, list[Claimed]] = {}
    # Mostly each queue has few: then a few for each are enough to fill the room.
    for limit in (min(2 * queues, _CANDIDATES), _CANDIDATES):
        found = (await session.execute(_MAY_GO, {"webhook": webhook_id, "now": now, "limit": limit})).all()
        lanes.clear()
        for row in found:
            if row.queue_id in lanes or len(lanes) < queues:
                lane = lanes.setdefault(row.queue_id, [])
                if len(lane) < of_each:
                    lane.append(Claimed(*row))
        if len(lanes) == queues or len(found) < limit:
            break
    return list(lanes.values())


async def tests_waiting(session: AsyncSession, webhook_id: UUID, *, now: datetime) -> list[list[Claimed]]:
    found = await session.execute(_TESTS, {"webhook": webhook_id, "now": now, "limit": 10})
    return [[Claimed(**row)] for row in found.mappings()]


async def claim(session: AsyncSession, lanes: Sequence[Sequence[Claimed]], *, until: datetime) -> None:
    """Before anything leaves the house: should we die now, the next attempt says that it is not the first."""
    ids = [one.id for lane in lanes for one in lane]
    if ids:
        await session.execute(_CLAIM, {"until": until, "ids": ids})


async def told(session: AsyncSession, lanes: Sequence[Sequence[Claimed]]) -> dict[int, Told]:
    """The facts of these deliveries by number."""
    numbers = [one.fact_number for lane in lanes for one in lane if one.fact_number is not None]
    return await feed_pages.facts_numbered(session, numbers)


async def settle(session: AsyncSession, settled: Sequence[Settled]) -> None:
    changes = {
        one.id: {
            "state": one.state.value,
            "next_at": one.next_at,
            "tries": one.tries,
            "attempts": one.attempts,
            "claimed_until": None,
            "last_at": one.last_at,
            "last_status": one.last_status,
            "last_failure": one.last_failure,
        }
        for one in settled
    }
    await write_rows(session, {}, updates={WebhookDelivery: changes})


_NEXT = text(
    "select min(next_at) from webhook_delivery where webhook_id = :webhook and state = 'waiting' and next_at > :now"
)
_IN_HAND = text(
    """
    select coalesce(bool_or(fact_number is null), false) as tests, count(*) > 0 as any
    from webhook_delivery where webhook_id = :webhook and state = 'waiting' and next_at <= :now
    """
)


async def next_due(session: AsyncSession, webhook_id: UUID, *, now: datetime) -> datetime | None:
    """When the next repeat is due, if any."""
    found: datetime | None = (await session.execute(_NEXT, {"webhook": webhook_id, "now": now})).scalar_one()
    return found


async def has_work(session: AsyncSession, webhook_id: UUID, *, now: datetime) -> bool:
    """Whether a courier would find something: a test, deliveries due, facts not read."""
    webhook = (await session.exec(select(Webhook).where(col(Webhook.id) == webhook_id))).first()
    if webhook is None or webhook.ended_at is not None:
        return False
    in_hand = (await session.execute(_IN_HAND, {"webhook": webhook_id, "now": now})).one()
    if in_hand.tests:
        return True
    if webhook.paused_at is not None or (webhook.rests_until is not None and webhook.rests_until > now):
        return False
    head = await feed_pages.head(session)
    return bool(in_hand.any) or (head is not None and head.number > webhook.read_up_to)
