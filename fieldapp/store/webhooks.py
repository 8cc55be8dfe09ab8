"""Subscriptions: made, listed, paused, ended; and what the administrator sees of their deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.events import FactScope, kinds_of
from fieldapp.domain.webhooks import State, message_id
from fieldapp.store.feed import WAKE
from fieldapp.store.shapes.webhooks import DeliveryRow, WebhookRow
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.exchange import Webhook, WebhookDelivery
from fieldapp.store.tables.practice import Creditor

__all__ = ["WAKE", "Known", "Webhook", "deliveries", "every", "locked", "one", "resend", "rows", "skip", "wake"]

MOST_COUNTED = 10_000
TEST = "webhook.test"


@dataclass(frozen=True, slots=True)
class Known:
    """A subscription that is not ended, as whoever wakes the couriers sees it."""

    webhook_id: UUID
    agency_id: UUID


async def every(session: AsyncSession) -> list[Known]:
    """All subscriptions of all agencies that may send; to be asked at the gate."""
    query = select(Webhook.id, Webhook.agency_id).where(col(Webhook.ended_at).is_(None))
    return [Known(*row) for row in (await session.exec(query)).all()]


async def wake(session: AsyncSession) -> None:
    """Tell the workers, when this transaction commits."""
    await session.execute(text("select pg_notify(:channel, '')"), {"channel": WAKE})


async def one(session: AsyncSession, webhook_id: UUID) -> Webhook:
    """Raises Refusal `webhook.unknown`."""
    return _there(await session.get(Webhook, webhook_id))


async def locked(session: AsyncSession, webhook_id: UUID) -> Webhook:
    """The same, held against everybody else who would change it. Raises Refusal `webhook.unknown`."""
    return _there((await session.exec(select(Webhook).where(Webhook.id == webhook_id).with_for_update())).first())


def _there(row: Webhook | None) -> Webhook:
    if row is None:
        raise Refusal("webhook.unknown", kind=Kind.MISSING)
    return row


async def rows(session: AsyncSession, *, now: datetime) -> list[WebhookRow]:
    """Those in force first, the newest of them first."""
    query = (
        select(Webhook, Person.name, Creditor.name)
        .join(Person, col(Person.id) == col(Webhook.created_by))
        .join(Creditor, col(Creditor.id) == col(Webhook.creditor_id), isouter=True)
        .order_by(col(Webhook.ended_at).is_not(None), col(Webhook.created_at).desc())
    )
    return [
        await _row(session, webhook, person=person, creditor=creditor, now=now)
        for webhook, person, creditor in (await session.exec(query)).all()
    ]


async def _row(
    session: AsyncSession, webhook: Webhook, *, person: str, creditor: str | None, now: datetime
) -> WebhookRow:
    counted = (await session.execute(_COUNTS, {"webhook": webhook.id, "now": now})).one()
    unread = 0 if webhook.ended_at else await _unread(session, webhook)
    tests = await deliveries(session, webhook.id, tests=True, limit=1)
    return WebhookRow(
        id=webhook.id,
        name=webhook.name,
        url=webhook.url,
        scopes=webhook.scopes,
        creditor_id=webhook.creditor_id,
        creditor_name=creditor,
        condition=condition(webhook, now),
        rests_until=webhook.rests_until,
        failures=webhook.failures,
        created_at=webhook.created_at,
        created_by=person,
        secret_since=webhook.secret_since,
        old_secret_until=webhook.old_secret_until if (webhook.old_secret_until or now) > now else None,
        last_delivered_at=webhook.last_delivered_at,
        backlog=min(counted.waiting + unread, MOST_COUNTED),
        dead=counted.dead,
        held_up=counted.held_up,
        oldest_waiting_at=counted.oldest,
        last_test=tests[0] if tests else None,
    )


def condition(webhook: Webhook, now: datetime) -> str:
    if webhook.ended_at is not None:
        return "ended"
    if webhook.paused_at is not None:
        return "gone" if webhook.gone else "paused"
    return "rests" if webhook.rests_until is not None and webhook.rests_until > now else "on"


_COUNTS = text(
    """
    select count(*) filter (where state = 'waiting' and fact_number is not null) as waiting,
      count(*) filter (where state = 'dead') as dead,
      count(distinct queue_id) filter (where state = 'dead' or (tries > 0 and next_at > :now)) as held_up,
      min(fact.recorded_at) filter (where state = 'waiting') as oldest
    from webhook_delivery left join fact on fact.number = fact_number
    where webhook_id = :webhook and state in ('waiting', 'dead')
    """
)
_UNREAD = text(
    """
    select count(*) from (
      select 1 from fact left join practice on practice.id = fact.practice_id
      where fact.number > :after and fact.kind = any(:kinds)
        and (cast(:creditor as uuid) is null or coalesce(fact.creditor_id, practice.creditor_id) = :creditor)
      limit :most
    ) as found
    """
)


async def _unread(session: AsyncSession, webhook: Webhook) -> int:
    given = {
        "after": webhook.read_up_to,
        "kinds": kinds_of(scopes_of(webhook)),
        "creditor": webhook.creditor_id,
        "most": MOST_COUNTED,
    }
    return int((await session.execute(_UNREAD, given)).scalar_one())


def scopes_of(webhook: Webhook) -> frozenset[FactScope]:
    return frozenset(FactScope(scope) for scope in webhook.scopes if scope in FactScope._value2member_map_)


_DELIVERIES = text(
    """
    select d.id, coalesce(fact.kind, :test) as kind, coalesce(fact.at, d.created_at) as at,
      fact.practice_id, practice.practice_number, d.state, d.attempts, d.next_at, d.last_at, d.last_status,
      d.last_failure,
      case when d.state in ('waiting', 'dead') and d.fact_number is not null then (
        select count(*) from (
          select 1 from webhook_delivery as later
          where later.webhook_id = d.webhook_id and later.state in ('waiting', 'dead')
            and later.queue_id = d.queue_id and later.fact_number > d.fact_number limit :most
        ) as waiting
      ) else 0 end as behind
    from webhook_delivery as d
      left join fact on fact.number = d.fact_number
      left join practice on practice.id = fact.practice_id
    where d.webhook_id = :webhook and (d.fact_number is null) = :tests
      and (cast(:state as text) is null or d.state = :state)
      and (not :repeated or d.tries > 0)
    order by d.fact_number desc, d.created_at desc, d.id desc
    limit :limit
    """
)


async def deliveries(
    session: AsyncSession,
    webhook_id: UUID,
    *,
    state: State | None = None,
    repeated: bool = False,
    tests: bool = False,
    limit: int,
) -> list[DeliveryRow]:
    """The newest first. `repeated`: only those that failed at least once."""
    given: dict[str, Any] = {
        "webhook": webhook_id,
        "state": state,
        "tests": tests,
        "repeated": repeated,
        "limit": limit,
        "most": MOST_COUNTED,
        "test": TEST,
    }
    found = (await session.execute(_DELIVERIES, given)).mappings().all()
    return [DeliveryRow(message_id=message_id(row["id"]), **row) for row in found]


def add_test(session: AsyncSession, webhook: Webhook, *, delivery_id: UUID, now: datetime) -> None:
    """A delivery without a fact, in a queue of its own."""
    session.add(
        WebhookDelivery(
            id=delivery_id,
            agency_id=webhook.agency_id,
            webhook_id=webhook.id,
            queue_id=delivery_id,
            state=State.WAITING.value,
            created_at=now,
            next_at=now,
        )
    )


async def has_dead(session: AsyncSession, webhook_id: UUID) -> bool:
    query = select(WebhookDelivery.id).where(
        col(WebhookDelivery.webhook_id) == webhook_id, col(WebhookDelivery.state) == State.DEAD.value
    )
    return (await session.exec(query.limit(1))).first() is not None


async def clear(session: AsyncSession, *, before: datetime, most: int) -> int:
    """Forget at most so many deliveries that arrived before then, and tests; how many. What has not arrived stays."""
    return len((await session.execute(_CLEAR, {"before": before, "most": most})).all())


_CLEAR = text(
    """
    delete from webhook_delivery where id in (
      select id from webhook_delivery
      where last_at < :before and (state = 'delivered' or (state = 'failed' and fact_number is null))
      limit :most for update skip locked
    ) and state in ('delivered', 'failed') returning id
    """
)


async def resend(session: AsyncSession, webhook_id: UUID, ids: Sequence[UUID] | None, *, now: datetime) -> int:
    """Dead ones wait again, with all their tries before them; how many. None: all."""
    return await _decide(session, webhook_id, ids, {"state": State.WAITING.value, "tries": 0, "next_at": now})


async def skip(session: AsyncSession, webhook_id: UUID, ids: Sequence[UUID]) -> int:
    """Dead ones are let go, and what waited behind them goes on; how many."""
    return await _decide(session, webhook_id, ids, {"state": State.SKIPPED.value})


async def _decide(session: AsyncSession, webhook_id: UUID, ids: Sequence[UUID] | None, values: dict[str, Any]) -> int:
    statement = (
        update(WebhookDelivery)
        .where(col(WebhookDelivery.webhook_id) == webhook_id, col(WebhookDelivery.state) == State.DEAD.value)
        .values(**values)
        .execution_options(synchronize_session=False)
        .returning(col(WebhookDelivery.id))
    )
    if ids is not None:
        statement = statement.where(col(WebhookDelivery.id).in_(ids))
    return len((await session.execute(statement)).all())
