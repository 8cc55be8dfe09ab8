"""Background jobs by name: what the worker processes run, each as the person who asked for it.

A job is stored in the transaction that asks for it (`Work.defer`). It may run twice (a worker that died is
replaced), so every job first looks at how far its subject is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

import procrastinate
from procrastinate.exceptions import JobAborted, UniqueViolation
from procrastinate.jobs import Job, Status

from fieldapp.services import (
    agreement_review,
    cells,
    claims,
    figures,
    inbound,
    intake,
    licences,
    limitation,
    outgoing_courier,
    push,
    solving,
    spread,
    uploads,
    webhook_jobs,
)
from fieldapp.services.work import Parts
from fieldapp.store import access
from fieldapp.store.database import DatabaseAway, Scope

Run = Callable[..., Awaitable[None]]
"""`run(parts, identity, **arguments)`: opens its own transactions."""

JOBS: Mapping[str, Run] = MappingProxyType(
    {
        "import.read": intake.run_read,
        "import.write": intake.run_write,
        "plan.cell": cells.run_cell,
        "plan.solve": solving.run_solve,
        "plan.spread": spread.run_spread,
        "push.day_changed": push.run_day_changed,
    }
)
"""The one place to add a job."""

QUEUE = "default"
"""Where all jobs wait but those of webhooks, which have workers of their own."""
TRIES_WITHOUT_DATABASE = 8
"""Over some eight minutes."""
log = logging.getLogger("fieldapp.jobs")


class _AgainAfterAStop(procrastinate.BaseRetryStrategy):
    """A job that its worker's end cut off runs again, and some times more one from which the database went away, but
    for those of which the next is queued by the clock; one that failed by itself does not."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> procrastinate.RetryDecision | None:
        if isinstance(exception, asyncio.CancelledError | JobAborted):
            return procrastinate.RetryDecision()
        away = isinstance(exception, DatabaseAway) and job.queueing_lock is None
        if away and job.attempts < TRIES_WITHOUT_DATABASE:
            return procrastinate.RetryDecision(retry_in={"seconds": 2 ** (job.attempts + 1)})
        return None


def register(jobs: procrastinate.App, parts: Parts) -> None:
    """Make every job of `JOBS` known to `jobs`, and the rescue of jobs whose worker died."""
    for name, run in JOBS.items():
        jobs.task(name=name, retry=_AgainAfterAStop())(_as_person(name, run, parts))
    rescue = jobs.task(name="jobs.rescue", queueing_lock="jobs.rescue", pass_context=True)(_rescue)
    jobs.periodic(cron="* * * * *")(rescue)
    given_up = jobs.task(name="plans.end", queueing_lock="plans.end")(_end_plans(parts))
    jobs.periodic(cron="* * * * *")(given_up)
    watch = jobs.task(name="agreements.review", queueing_lock="agreements.review")(_review(parts))
    jobs.periodic(cron="*/10 * * * *")(watch)
    clock = jobs.task(name="limitation.watch", queueing_lock="limitation.watch")(_watch(parts))
    jobs.periodic(cron="7 * * * *")(clock)
    ends = jobs.task(name="licences.watch", queueing_lock="licences.watch")(_watch_licences(parts))
    jobs.periodic(cron="17 * * * *")(ends)
    keys = jobs.task(name="inbound.clear", queueing_lock="inbound.clear")(_clear_keys(parts))
    jobs.periodic(cron="27 * * * *")(keys)
    parts_of_pictures = jobs.task(name="uploads.clear", queueing_lock="uploads.clear")(_clear_uploads(parts))
    jobs.periodic(cron="37 * * * *")(parts_of_pictures)
    adds_up = jobs.task(name="figures.add_up", queueing_lock="figures.add_up")(_add_up(parts))
    jobs.periodic(cron="* * * * *")(adds_up)
    webhook_jobs.register(jobs, parts, retry=_AgainAfterAStop())
    outgoing_courier.register(jobs, parts, retry=_AgainAfterAStop())


def _end_plans(parts: Parts) -> Callable[..., Awaitable[None]]:
    async def job(timestamp: int) -> None:  # noqa: ARG001  (the queue hands it in)
        await solving.end_given_up(parts)

    return job


def _watch(parts: Parts) -> Callable[..., Awaitable[None]]:
    async def job(timestamp: int) -> None:  # noqa: ARG001  (the queue hands it in)
        await limitation.watch_all(parts)

    return job


def _watch_licences(parts: Parts) -> Callable[..., Awaitable[None]]:
    async def job(timestamp: int) -> None:  # noqa: ARG001  (the queue hands it in)
        await licences.watch_all(parts)

    return job


def _clear_keys(parts: Parts) -> Callable[..., Awaitable[None]]:
    async def job(timestamp: int) -> None:  # noqa: ARG001  (the queue hands it in)
        await inbound.clear_all(parts)

    return job


def _clear_uploads(parts: Parts) -> Callable[..., Awaitable[None]]:
    async def job(timestamp: int) -> None:  # noqa: ARG001  (the queue hands it in)
        await uploads.clear_all(parts)

    return job


def _add_up(parts: Parts) -> Callable[..., Awaitable[None]]:
    async def job(timestamp: int) -> None:  # noqa: ARG001  (the queue hands it in)
        await claims.add_up(parts)
        await figures.add_up(parts)

    return job


def _as_person(name: str, run: Run, parts: Parts) -> Callable[..., Awaitable[None]]:
    async def job(*, agency_id: str, person_id: str, **arguments: Any) -> None:
        async with parts.database.transaction(Scope(UUID(agency_id), "worker")) as session:
            identity = await access.identity_of_person(session, UUID(person_id))
        if identity is None:
            log.warning("job %s dropped: the person who asked for it has left", name)
            if name in solving.PLAN_JOBS:
                scope = Scope(UUID(agency_id), "worker")
                await solving.note_failure(parts, scope, UUID(arguments["plan_id"]), solving.ASKER_LEFT)
            return
        await run(parts, identity, **arguments)

    return job


def _review(parts: Parts) -> Callable[..., Awaitable[None]]:
    async def job(timestamp: int) -> None:  # noqa: ARG001  (the queue hands it in; the service's clock decides)
        await agreement_review.review_all(parts)

    return job


async def _rescue(context: procrastinate.JobContext, timestamp: int) -> None:  # noqa: ARG001  (the queue hands it in)
    """Put jobs back whose worker stopped giving signs of life; where another of the kind waits, that one goes on."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs():
        try:
            await manager.retry_job(job)
            log.warning("job %s (%s) had lost its worker and runs again", job.id, job.task_name)
        except UniqueViolation:
            # Two may not wait. While this one counts as running, its lock holds back the one that waits.
            await manager.finish_job(job, Status.FAILED, delete_job=False)
            log.warning("job %s (%s) had lost its worker; the next one goes on with its work", job.id, job.task_name)
