"""When couriers run: as soon as a fact is committed, when a repeat is due, and every minute should both be missed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from uuid import UUID

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import JobDeferrer
from sqlalchemy.exc import SQLAlchemyError

from fieldapp.services.webhook_courier import deliver
from fieldapp.services.work import Parts
from fieldapp.store import access
from fieldapp.store import webhook_queue as queue
from fieldapp.store import webhooks as store
from fieldapp.store.announcements import announcements_of
from fieldapp.store.database import GATE, Scope

QUEUE = "webhooks"
COURIERS = 16
"""Subscriptions that one worker process serves at once."""
_TASK = "webhooks.deliver"
_DUE = "webhooks.due"
_SOON_S = 60
"""A repeat that is due later is left to the minute's round."""
_PORTION = 5_000
"""Deliveries that are cleared away in one transaction."""
_CALM_S = 0.1
"""Commits that follow each other so closely wake the couriers once."""

log = logging.getLogger("fieldapp.webhooks")


def register(jobs: procrastinate.App, parts: Parts, *, retry: procrastinate.BaseRetryStrategy) -> None:
    jobs.task(name=_TASK, queue=QUEUE, retry=retry)(_courier(parts))
    jobs.task(name=_DUE, queue=QUEUE)(_when_due(parts))
    rounds = jobs.task(name="webhooks.round", queue=QUEUE, queueing_lock="webhooks.round")(_round(parts))
    jobs.periodic(cron="* * * * *")(rounds)
    clearing = jobs.task(name="webhooks.clear", queue=QUEUE, queueing_lock="webhooks.clear")(_clearing(parts))
    jobs.periodic(cron="23 3 * * *")(clearing)


def _courier(parts: Parts) -> Callable[..., Awaitable[None]]:
    async def job(*, agency_id: str, webhook_id: str) -> None:
        due = await deliver(parts, UUID(agency_id), UUID(webhook_id))
        wait_s = (due - parts.clock.now()).total_seconds() if due is not None else _SOON_S
        if wait_s < _SOON_S:
            known = store.Known(UUID(webhook_id), UUID(agency_id))
            await _call_when_due(parts, known, in_s=max(1, round(wait_s + 0.5)))

    return job


def _when_due(parts: Parts) -> Callable[..., Awaitable[None]]:
    async def job(*, agency_id: str, webhook_id: str) -> None:
        await _call(parts, store.Known(UUID(webhook_id), UUID(agency_id)))

    return job


def _round(parts: Parts) -> Callable[..., Awaitable[None]]:
    async def job(timestamp: int) -> None:  # noqa: ARG001  (the queue hands it in)
        await wake_all(parts)

    return job


def _clearing(parts: Parts) -> Callable[..., Awaitable[None]]:
    async def job(timestamp: int) -> None:  # noqa: ARG001  (the queue hands it in)
        await clear_all(parts)

    return job


async def clear_all(parts: Parts) -> int:
    """Forget deliveries that arrived longer ago than they are kept, a portion in each transaction; how many."""
    async with parts.database.transaction(Scope(None, GATE)) as session:
        agencies = await access.agencies(session)
    before = parts.clock.now() - parts.webhooks_kept
    cleared = 0
    for agency_id in agencies:
        gone = _PORTION
        while gone == _PORTION:
            async with parts.database.transaction(Scope(agency_id, "worker")) as session:
                gone = await store.clear(session, before=before, most=_PORTION)
            cleared += gone
    return cleared


async def wake_all(parts: Parts) -> int:
    """Call a courier for each subscription that has something to send; how many."""
    async with parts.database.transaction(Scope(None, GATE)) as session:
        known = await store.every(session)
    called = 0
    for one in known:
        async with parts.database.transaction(Scope(one.agency_id, "worker")) as session:
            wanted = await queue.has_work(session, one.webhook_id, now=parts.clock.now())
        if wanted:
            await _call(parts, one)
            called += 1
    return called


async def _call(parts: Parts, known: store.Known) -> None:
    """At most one courier of a subscription runs, and one more is called."""
    name = f"webhook {known.webhook_id}"
    await _defer(parts.jobs.configure_task(_TASK, lock=name, queueing_lock=name), known)


async def _call_when_due(parts: Parts, known: store.Known, *, in_s: int) -> None:
    # A job of its own, without the courier's lock: one that waits for its hour would hold up those called at once.
    name = f"webhook {known.webhook_id} when due"
    await _defer(parts.jobs.configure_task(_DUE, queueing_lock=name, schedule_in={"seconds": in_s}), known)


async def _defer(deferrer: JobDeferrer, known: store.Known) -> None:
    with contextlib.suppress(AlreadyEnqueued):
        await deferrer.defer_async(agency_id=str(known.agency_id), webhook_id=str(known.webhook_id))


async def listen(parts: Parts) -> None:
    """Wake couriers whenever facts were committed, until cancelled."""
    async with announcements_of(parts.database).on(store.WAKE) as news:
        while True:
            await news.wait()
            await asyncio.sleep(_CALM_S)
            news.clear()
            try:
                await wake_all(parts)
            except (SQLAlchemyError, ConnectorException, OSError):
                # The minute's round comes again, and so does the next fact.
                log.warning("couriers could not be woken", exc_info=True)
