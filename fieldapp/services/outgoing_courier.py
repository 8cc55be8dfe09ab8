"""Makes a plan's files at their hours and hands them over, one after the other, until each lies at the creditor's.

A try is written down before it begins and its end after it. A worker that dies in between leaves a try without an end:
the next one looks first whether the file arrived, and says so (`found_there`). No transaction is open meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import time, timedelta
from typing import Any
from uuid import UUID

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain import outgoing as rules
from fieldapp.domain.errors import Refusal
from fieldapp.services import outgoing
from fieldapp.services.handover import HandOverFailed, hand_over
from fieldapp.services.work import Parts
from fieldapp.store import outgoing as store
from fieldapp.store import tasks
from fieldapp.store.database import GATE, Scope

_AGAIN_AFTER_A_FAULT = timedelta(minutes=15)
FAULT = "export.fault"
"""Why a file was not made where no rule refused it."""
log = logging.getLogger("fieldapp.outgoing")


def register(jobs: procrastinate.App, parts: Parts, *, retry: procrastinate.BaseRetryStrategy) -> None:
    jobs.task(name=outgoing.ROUND, retry=retry)(_job(parts))
    rounds = jobs.task(name="outgoing.round", queueing_lock="outgoing.round")(_round(parts))
    jobs.periodic(cron="* * * * *")(rounds)


def _job(parts: Parts) -> Callable[..., Awaitable[None]]:
    async def job(*, agency_id: str, plan_id: str, person_id: str | None = None) -> None:  # noqa: ARG001
        await deliver(parts, UUID(agency_id), UUID(plan_id))

    return job


def _round(parts: Parts) -> Callable[..., Awaitable[None]]:
    async def job(timestamp: int) -> None:  # noqa: ARG001  (the queue hands it in)
        await wake_all(parts)

    return job


async def wake_all(parts: Parts) -> int:
    """Call a courier for each plan whose hour has come or whose file may be tried; how many."""
    async with parts.database.transaction(Scope(None, GATE)) as session:
        known = await store.every(session)
    called = 0
    for one in known:
        async with parts.database.transaction(Scope(one.agency_id, "worker")) as session:
            wanted = await store.has_work(session, one.plan_id, now=parts.clock.now())
        if wanted:
            name = f"export {one.plan_id}"
            with suppress(AlreadyEnqueued):
                await parts.jobs.configure_task(outgoing.ROUND, lock=name, queueing_lock=name).defer_async(
                    agency_id=str(one.agency_id), plan_id=str(one.plan_id)
                )
            called += 1
    return called


async def deliver(parts: Parts, agency_id: UUID, plan_id: UUID) -> None:
    """Make what is due and hand over what waits, in order of number, until one fails or none is left."""
    scope = Scope(agency_id, "worker")
    await _make_what_is_due(parts, scope, plan_id)
    while (claimed := await _claim(parts, scope, plan_id)) is not None:
        plan, row, again = claimed
        try:
            content = await parts.blobs.get(row.sha256)
            result = await hand_over(
                plan.place,
                plan.target,
                plan.secret,
                name=row.name,
                content=content,
                again=again,
                root=parts.export_folder,
            )
            failure = None
        except HandOverFailed as fault:
            result, failure = fault.why, fault.why
        except Refusal as refusal:
            result, failure = refusal.code, refusal.code
        await _settle(parts, scope, row.id, result=result, failure=failure)
        if failure is not None and row.delivered_at is None:
            return


async def _make_what_is_due(parts: Parts, scope: Scope, plan_id: UUID) -> None:
    try:
        async with parts.database.transaction(scope) as session:
            plan = await store.plan(session, plan_id, locked=True)
            now = parts.clock.now()
            if plan.paused_at is not None or plan.next_run_at > now:
                return
            while await outgoing.make(parts, session, plan) is not None:
                pass
            plan.next_run_at = rules.next_run(
                now,
                at=time.fromisoformat(plan.at),
                weekdays=plan.weekdays,
                zone=parts.zone,
                monthly=outgoing.is_monthly(outgoing.layout_of(plan.layout)),
            )
            session.add(plan)
    except Refusal as refusal:
        log.warning("a file could not be made: %s", refusal.code)
        await _put_off(parts, scope, plan_id, refusal.code, refusal.details)
    except Exception as fault:
        # Whatever it is: a file that is never made must not be missed by the creditor alone.
        log.exception("a file could not be made")
        await _put_off(parts, scope, plan_id, FAULT, {"fault": type(fault).__name__})


async def _put_off(parts: Parts, scope: Scope, plan_id: UUID, why: str, more: Mapping[str, Any]) -> None:
    """Nothing was told and nothing is lost: tried again soon, and somebody is told."""
    async with parts.database.transaction(scope) as session:
        plan = await store.plan(session, plan_id, locked=True)
        plan.next_run_at = parts.clock.now() + _AGAIN_AFTER_A_FAULT
        session.add(plan)
        details = {"name": plan.name, "why": why, **more}
        await _open_task(parts, session, "export.not_made", ("export_plan", f"{plan_id}:{_day(parts)}"), details)


async def _claim(parts: Parts, scope: Scope, plan_id: UUID) -> tuple[store.ExportPlan, store.OutgoingFile, bool] | None:
    """The next file with its plan, and whether it is sent once more on purpose."""
    async with parts.database.transaction(scope) as session:
        plan = await store.plan(session, plan_id)
        now = parts.clock.now()
        if plan.paused_at is not None or plan.place == "desk":
            return None
        row = await store.next_open(session, plan_id, now=now)
        if row is None:
            return None
        for died in await store.open_hand_overs(session, row.id):
            died.ended_at, died.result = now, "cut_off"
            session.add(died)
        row.attempts, row.claimed_until = row.attempts + 1, now + store.CLAIM
        session.add(row)
        await session.flush()
        session.add(
            store.HandOver(
                id=parts.new_id(),
                agency_id=row.agency_id,
                file_id=row.id,
                number=row.attempts,
                began_at=now,
                asked_by=row.asked_by,
            )
        )
        return plan, row, row.asked_by is not None


async def _settle(parts: Parts, scope: Scope, file_id: UUID, *, result: str, failure: str | None) -> None:
    async with parts.database.transaction(scope) as session:
        row = await store.file(session, file_id, locked=True)
        now = parts.clock.now()
        for begun in await store.open_hand_overs(session, file_id):
            begun.ended_at, begun.result = now, result
            session.add(begun)
        row.claimed_until, row.last_failure = None, failure
        if failure is None:
            row.state, row.delivered_at, row.asked_by = "delivered", row.delivered_at or now, None
            session.add(row)
            await session.flush()
            await outgoing.arrived(session, row, now=now)
            return
        row.tries += 1
        again = rules.next_try(await store.first_try(session, row), now, tries=row.tries)
        given_up = "held" if row.delivered_at is None else "delivered"
        row.state, row.next_at = ("waiting", again) if again else (given_up, now)
        session.add(row)
        if again is None:
            row.asked_by = None
            details = {"name": row.name, "sequence": row.sequence, "why": failure}
            await _open_task(parts, session, "export.held", ("outgoing_file", f"{file_id}:{row.attempts}"), details)


async def _open_task(
    parts: Parts, session: AsyncSession, kind: str, subject: tuple[str, str], details: dict[str, Any]
) -> None:
    now = parts.clock.now()
    due_on = now.astimezone(parts.zone).date()
    await tasks.add(session, kind, subject=subject, due_on=due_on, details=details, now=now, new_id=parts.new_id)


def _day(parts: Parts) -> str:
    return parts.clock.now().astimezone(parts.zone).date().isoformat()
