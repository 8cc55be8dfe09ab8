"""What a recall finds under way, whoever told it: money in an agent's hand, visits still planned, windows promised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, time, tzinfo
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store import appointments, tasks
from fieldapp.store import inbound as store
from fieldapp.store.appointments import Within


async def left_open(
    session: AsyncSession, practice_ids: Sequence[UUID], *, now: datetime, zone: tzinfo, new_id: Callable[[], UUID]
) -> dict[UUID, dict[str, Any]]:
    """Open tasks for it: the office hears of the money, the dispatcher of the visits.

    Answers by practice with what agents hold: `held_cents`, `receipts` and `receipts_cents`, or nothing.
    """
    if not practice_ids:
        return {}
    today = now.astimezone(zone).date()
    found: dict[UUID, dict[str, Any]] = {practice_id: {} for practice_id in practice_ids}

    async def ask(kind: str, subject: tuple[str, str], practice_id: UUID, team: str, **details: Any) -> None:
        await tasks.add(
            session,
            kind,
            subject=subject,
            due_on=today,
            details=details,
            now=now,
            new_id=new_id,
            practice_id=practice_id,
            team=team,
        )

    held = await store.held_by_agents(session, practice_ids)
    for practice_id in practice_ids:
        mine = [one for one in held if one.practice_id == practice_id]
        if not mine:
            continue
        found[practice_id] = {
            "held_cents": sum(one.amount_cents for one in mine),
            "receipts": [one.receipt for one in mine],
            "receipts_cents": [one.amount_cents for one in mine],
        }
        agents = ", ".join(sorted({one.agent for one in mine}))
        subject = ("recall", f"{practice_id} {now.isoformat()}")
        await ask("recall.money_held", subject, practice_id, "back_office", agent=agents, **found[practice_id])
    there = await store.at_the_door(session, practice_ids, since=datetime.combine(today, time(), tzinfo=zone))
    planned = await store.still_planned(session, practice_ids, today=today)
    for stop in planned:
        at_the_door = stop.day == today and stop.practice_id in there
        await ask(
            "recall.at_the_door" if at_the_door else "recall.still_planned",
            ("published_stop", str(stop.stop_id)),
            stop.practice_id,
            "dispatcher",
            day=stop.day.isoformat(),
            agent=stop.agent,
        )
    # One that a day holds is told of with that day's visit.
    held_by_day = {(stop.practice_id, stop.day) for stop in planned}
    for promised in await appointments.standing(session, Within(practice_ids=practice_ids, ends_after=now)):
        on = promised.from_at.astimezone(zone)
        if (promised.practice_id, on.date()) in held_by_day:
            continue
        await ask(
            "recall.appointment",
            ("appointment", str(promised.id)),
            promised.practice_id,
            "dispatcher",
            day=on.date().isoformat(),
            at=on.strftime("%H:%M"),
        )
    return found
