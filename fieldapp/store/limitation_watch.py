"""What follows from the clocks for the office: tasks for lines that end soon, a mark on practices that are barred."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import not_, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.limitation import Standing, practice_barred_on
from fieldapp.store import ledger
from fieldapp.store.batches import insert_rows
from fieldapp.store.cards import by_practice
from fieldapp.store.columns import among
from fieldapp.store.database import agency_of
from fieldapp.store.feed import NewFact
from fieldapp.store.tables.office import Task
from fieldapp.store.tables.practice import Practice, PracticeFlag
from fieldapp.store.watched_tasks import opened_again

NEAR = "limitation.near"
SOURCE = "limitation"
_DUE_IN = timedelta(days=7)


async def watched_practices(session: AsyncSession) -> list[UUID]:
    """The open ones, and the closed ones that still ask the office for something."""
    asks = select(Task.practice_id).where(Task.kind == NEAR, Task.state == "open")
    watched = or_(col(Practice.state) == "open", col(Practice.id).in_(asks))
    return list((await session.exec(select(Practice.id).where(watched))).all())


async def reconcile(
    session: AsyncSession,
    clocks: Mapping[UUID, Mapping[UUID, Standing]],
    *,
    now: datetime,
    today: date,
    new_id: Callable[[], UUID],
) -> list[NewFact]:
    """Bring tasks and marks in step with the clocks; returns the facts to tell. Twice is the same as once.

    Of a closed practice nobody saves a line any more: its tasks go.
    """
    still = select(Practice.id).where(col(Practice.id).in_(list(clocks)), Practice.state == "open")
    open_ids = set((await session.exec(still)).all())
    owed = await ledger.owed(session, clocks)
    near: dict[str, dict[str, object]] = {}
    barred: dict[UUID, date] = {}
    for practice_id, lines in clocks.items():
        due = {line_id: balance.left_cents for line_id, balance in owed[practice_id].items()}
        for line_id, clock in lines.items():
            if practice_id in open_ids and due.get(line_id, 0) > 0 and clock.state(today) == "near":
                near[f"{line_id}:{clock.barred_on}"] = _task(practice_id, clock, now=now, today=today)
        since = practice_barred_on((clock, due.get(line_id, 0)) for line_id, clock in lines.items())
        if since is not None and since <= today:
            barred[practice_id] = since
    facts = await _tasks(session, list(clocks), near, now=now, new_id=new_id)
    return facts + await _marks(session, list(clocks), barred, now=now, new_id=new_id)


def _task(practice_id: UUID, clock: Standing, *, now: datetime, today: date) -> dict[str, object]:
    return {
        "kind": NEAR,
        "team": "back_office",
        "due_on": min(today + _DUE_IN, clock.barred_on - timedelta(days=1)),
        "created_at": now,
        "note": "",
        "state": "open",
        "practice_id": practice_id,
        "subject_kind": "debt_line",
        "details": {"on": clock.barred_on.isoformat()},
    }


async def _tasks(
    session: AsyncSession,
    ids: list[UUID],
    near: Mapping[str, dict[str, object]],
    *,
    now: datetime,
    new_id: Callable[[], UUID],
) -> list[NewFact]:
    rows = [{"id": new_id(), "agency_id": agency_of(session), "subject_id": at, **row} for at, row in near.items()]
    added = await insert_rows(session, Task, rows, unless_there=True)
    again = await opened_again(session, NEAR, near)
    await session.execute(
        update(Task)
        .where(
            col(Task.kind) == NEAR,
            among(Task.practice_id, ids),
            col(Task.state) == "open",
            not_(among(Task.subject_id, near)),
        )
        .values(state="done", finished_at=now)
        .execution_options(synchronize_session=False)
    )
    return [
        NewFact("task.opened", now, practice_id=row.practice_id, body={"task_id": str(row.id), "kind": NEAR})
        for row in added + again
    ]


async def _marks(
    session: AsyncSession,
    ids: list[UUID],
    barred: Mapping[UUID, date],
    *,
    now: datetime,
    new_id: Callable[[], UUID],
) -> list[NewFact]:
    where = (col(PracticeFlag.kind) == "time_barred") & col(PracticeFlag.until).is_(None)
    marked = await by_practice(session, PracticeFlag, ids, where=where)
    facts = []
    for practice_id, since in barred.items():
        if practice_id not in marked:
            session.add(
                PracticeFlag(
                    id=new_id(),
                    agency_id=agency_of(session),
                    practice_id=practice_id,
                    kind="time_barred",
                    since=now,
                    reason=since.isoformat(),
                    source=SOURCE,
                )
            )
            body = {"flag": "time_barred", "on": since.isoformat()}
            facts.append(NewFact("practice.flagged", now, practice_id=practice_id, body=body))
    for practice_id, flags in marked.items():
        # Only what the clock itself marked: a creditor's or a person's word stays until they take it back.
        for flag in flags:
            if practice_id not in barred and flag.source == SOURCE:
                flag.until = now
                facts.append(NewFact("practice.unflagged", now, practice_id=practice_id, body={"flag": flag.kind}))
    await session.flush()
    return facts
