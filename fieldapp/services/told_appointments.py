"""What a replanned day does to what was promised: a visit that is called off or put to another hour takes its
appointment with it, and somebody is asked to tell the debtor.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from fieldapp.services import agreed
from fieldapp.services.work import Work
from fieldapp.store import appointments as store
from fieldapp.store import practices, tasks
from fieldapp.store.shapes.appointments import AppointmentRow
from fieldapp.store.shapes.board import Draft
from fieldapp.store.shapes.replan import Happened

REASON = "Ripianificazione del giorno"
"""Why it ended, as a person would write it there."""


def told_of(draft: Draft) -> dict[UUID, Happened]:
    """What this draft's own changes called off or moved, by practice, as it holds by now.

    What the versions before it told was done with them, and what it told itself when it was published first: an
    appointment agreed on since then stands.
    """
    fresh = [one for change in draft.changes for one in change.told if one.kind in ("cancelled", "moved")]
    return {one.practice_id: one for one in draft.happened if one in fresh and one.practice_id is not None}


async def lock(work: Work, plan_id: UUID) -> None:
    """Before the plan's own lock, as whoever agrees on an appointment takes them: the practices, then the day."""
    found = await store.called_off_or_moved(work.session, plan_id)
    await practices.hold(work.session, [practice_id for _, practice_id in found])
    for day in {day for day, _ in found}:
        await store.lock_day(work.session, day)


async def follow(work: Work, day: date, told: Mapping[UUID, Happened], lanes: Mapping[UUID, UUID]) -> None:
    """End or move the appointments of the day that `told` speaks of; `lanes`: practice -> who goes there now."""
    if not told:
        return
    span = store.day_span(day, work.parts.zone)
    for row in await store.standing(work.session, store.Within(practice_ids=list(told), begins=span)):
        one = told[row.practice_id]
        if one.kind == "cancelled":
            await _cancel(work, row, day)
        elif one.from_at is not None and one.to_at is not None and (one.from_at, one.to_at) != (row.from_at, row.to_at):
            await _move(work, row, day, one, lanes.get(row.practice_id))


async def _cancel(work: Work, row: AppointmentRow, day: date) -> None:
    ended = await agreed.end(work, row, "cancelled", REASON)
    practice = (await practices.head(work.session, row.practice_id)).practice
    if practice.next_action_on == day:
        practice.next_action = practice.next_action_on = None
    agreed.tell(work, "appointment.cancelled", ended, day, reason=ended.reason)
    await _ask(work, "appointment.cancelled_untold", row, ended)


async def _move(work: Work, row: AppointmentRow, day: date, to: Happened, agent_id: UUID | None) -> None:
    ended = await agreed.end(work, row, "moved", REASON)
    assert to.from_at is not None
    assert to.to_at is not None
    moved = store.AgreedVisit(
        id=work.new_id(),
        agency_id=work.agency_id,
        practice_id=row.practice_id,
        address_id=ended.address_id,
        agent_id=agent_id or row.agent_id,
        contact_id=ended.contact_id,
        from_at=to.from_at,
        to_at=to.to_at,
        taken_at=work.now,
        taken_by=work.identity.person_id,
    )
    work.session.add(moved)
    await work.session.flush()
    agreed.tell(work, "appointment.moved", moved, day, ended_id=str(ended.id), reason=ended.reason)
    await _ask(work, "appointment.moved_untold", row, ended, to=_clock(work, to))


async def _ask(work: Work, kind: str, row: AppointmentRow, ended: store.AgreedVisit, **details: str) -> None:
    on = row.from_at.astimezone(work.parts.zone)
    await tasks.add(
        work.session,
        kind,
        subject=("appointment", str(ended.id)),
        due_on=work.today,
        details={"day": on.date().isoformat(), "at": on.strftime("%H:%M"), **details},
        now=work.now,
        new_id=work.parts.new_id,
        practice_id=row.practice_id,
        team="dispatcher",
    )


def _clock(work: Work, to: Happened) -> str:
    assert to.from_at is not None
    assert to.to_at is not None
    ends = [one.astimezone(work.parts.zone).strftime("%H:%M") for one in (to.from_at, to.to_at)]
    return "–".join(ends)
