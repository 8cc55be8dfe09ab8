"""What an action on many practices asks the store: who they are, how they stand, what it writes and takes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import ARRAY, any_, delete, func, literal, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.bulk import SUSPENDED
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.store.batches import insert_rows
from fieldapp.store.columns import among
from fieldapp.store.shapes.bulk import BulkPractice
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.bulk import BulkAction
from fieldapp.store.tables.office import Fact, Task
from fieldapp.store.tables.practice import ContactAttempt, Creditor, Obligor, Practice, PracticeFlag

__all__ = ["BulkAction", "ContactAttempt", "PracticeFlag", "Task"]

LISTED = 50
"""Actions that are listed, the newest."""
SHOWN = 500
"""Practices that one reason opens to."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A practice as far as every action looks at it."""

    state: str
    creditor_id: UUID


async def standing(session: AsyncSession, ids: Sequence[UUID], *, locked: bool = False) -> dict[UUID, Standing]:
    """Those of the practices that exist for this agency; `locked`: held until the transaction ends."""
    query = select(Practice.id, Practice.state, Practice.creditor_id).where(among(Practice.id, ids))
    if locked:
        # In one order, so that two actions on the same practices wait for each other and do not deadlock.
        query = query.order_by(col(Practice.id)).with_for_update()
    return {id_: Standing(state, creditor_id) for id_, state, creditor_id in (await session.exec(query)).all()}


async def changed_since(session: AsyncSession, ids: Sequence[UUID], number: int) -> set[UUID]:
    """Those of which a fact was told after this one."""
    query = select(Fact.practice_id).where(col(Fact.number) > number, among(Fact.practice_id, ids)).distinct()
    return {one for one in (await session.exec(query)).all() if one is not None}


# --- the action itself -----------------------------------------------------------------------------------------------


async def forget_shown(session: AsyncSession, person_id: UUID, *, before: datetime) -> None:
    """Drop what was shown to somebody before then and never confirmed."""
    await session.execute(
        delete(BulkAction).where(
            col(BulkAction.shown_to) == person_id,
            col(BulkAction.done_at).is_(None),
            col(BulkAction.shown_at) < before,
        )
    )


async def action(session: AsyncSession, bulk_id: UUID, *, locked: bool = False) -> tuple[BulkAction, str]:
    """The action and the name of whom it was shown to. Raises Refusal `bulk.unknown`."""
    query = (
        select(BulkAction, Person.name)
        .join(Person, col(Person.id) == col(BulkAction.shown_to))
        .where(BulkAction.id == bulk_id)
    )
    found = (await session.exec(query.with_for_update(of=BulkAction) if locked else query)).first()
    if found is None:
        raise Refusal("bulk.unknown", kind=Kind.MISSING)
    return found


async def done(session: AsyncSession) -> Sequence[tuple[BulkAction, str]]:
    """The newest that were done, each with who did it."""
    query = (
        select(BulkAction, Person.name)
        .join(Person, col(Person.id) == col(BulkAction.shown_to))
        .where(col(BulkAction.done_at).is_not(None))
        .order_by(col(BulkAction.done_at).desc(), col(BulkAction.id).desc())
        .limit(LISTED)
    )
    return (await session.exec(query)).all()


async def rows(session: AsyncSession, ids: Sequence[UUID]) -> list[BulkPractice]:
    """The first of these practices by number."""
    debtor = (
        select(Obligor.name)
        .where(Obligor.practice_id == Practice.id, Obligor.role == "debtor")
        .order_by(col(Obligor.position))
        .limit(1)
        .correlate(Practice)
        .scalar_subquery()
    )
    query = (
        sqlalchemy.select(col(Practice.id), col(Practice.practice_number), debtor, col(Creditor.name))
        .join(Creditor, col(Creditor.id) == col(Practice.creditor_id))
        .where(among(Practice.id, ids))
        .order_by(col(Practice.practice_number), col(Practice.id))
        .limit(SHOWN)
    )
    return [
        BulkPractice(id_, number, name or "", creditor) for id_, number, name, creditor in await session.execute(query)
    ]


# --- what actions write ----------------------------------------------------------------------------------------------


async def with_open_task(
    session: AsyncSession, ids: Sequence[UUID], kind: str, *, details: Mapping[str, Any], due_on: date | None = None
) -> set[UUID]:
    """Those with an open task of this kind whose details hold these."""
    query = select(Task.practice_id).where(
        among(Task.practice_id, ids),
        Task.kind == kind,
        Task.state == "open",
        *(col(Task.details)[name].astext == value for name, value in details.items()),
    )
    if due_on is not None:
        query = query.where(Task.due_on == due_on)
    return {one for one in (await session.exec(query.distinct())).all() if one is not None}


async def add_tasks(session: AsyncSession, tasks: Sequence[Mapping[str, Any]]) -> None:
    """Open tasks; each names `id`, `agency_id`, `kind`, `team`, `owner_id`, `due_on`, `created_at`, `practice_id`,
    `subject_kind`, `subject_id`, `details`."""
    await insert_rows(session, Task, [{"state": "open", "note": "", **task} for task in tasks])


async def finish_tasks(
    session: AsyncSession, subjects: Sequence[str], kind: str, *, person_id: UUID, now: datetime
) -> dict[UUID, UUID]:
    """Close those of an action's tasks that are still open: task by practice."""
    closed = await session.execute(
        update(Task)
        .where(
            col(Task.kind) == kind,
            col(Task.subject_kind) == "bulk",
            col(Task.subject_id) == any_(literal(list(subjects), ARRAY(sqlalchemy.Text()))),
            col(Task.state) == "open",
        )
        .values(state="done", finished_at=now, finished_by=person_id)
        .returning(col(Task.practice_id), col(Task.id))
        .execution_options(synchronize_session=False)
    )
    return {row.practice_id: row.id for row in closed}


async def finish_of_practices(
    session: AsyncSession, ids: Sequence[UUID], kind: str, *, person_id: UUID, now: datetime
) -> None:
    """Close the open tasks of a kind about these practices."""
    await session.execute(
        update(Task)
        .where(among(Task.practice_id, ids), col(Task.kind) == kind, col(Task.state) == "open")
        .values(state="done", finished_at=now, finished_by=person_id)
        .execution_options(synchronize_session=False)
    )


async def with_contact(
    session: AsyncSession, ids: Sequence[UUID], *, outcome: str, day: tuple[datetime, datetime]
) -> set[UUID]:
    """Those with a contact of this outcome between the two instants."""
    query = select(ContactAttempt.practice_id).where(
        among(ContactAttempt.practice_id, ids),
        ContactAttempt.outcome == outcome,
        col(ContactAttempt.at) >= day[0],
        col(ContactAttempt.at) < day[1],
    )
    return set((await session.exec(query.distinct())).all())


async def add_contacts(session: AsyncSession, contacts: Sequence[Mapping[str, Any]]) -> None:
    await insert_rows(session, ContactAttempt, contacts)


async def suspended(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Those that are put aside, and by what."""
    query = select(PracticeFlag.practice_id, PracticeFlag.source).where(
        among(PracticeFlag.practice_id, ids), PracticeFlag.kind == SUSPENDED, col(PracticeFlag.until).is_(None)
    )
    return dict((await session.exec(query)).all())


async def suspend(session: AsyncSession, flags: Sequence[Mapping[str, Any]]) -> None:
    await insert_rows(session, PracticeFlag, [{"kind": SUSPENDED, "until": None, **flag} for flag in flags])


async def resume(session: AsyncSession, ids: Sequence[UUID], *, at: datetime, source: str | None = None) -> set[UUID]:
    """End what puts these practices aside, of one source where it is named; of which it ended."""
    ended = update(PracticeFlag).where(
        among(PracticeFlag.practice_id, ids), col(PracticeFlag.kind) == SUSPENDED, col(PracticeFlag.until).is_(None)
    )
    if source is not None:
        ended = ended.where(col(PracticeFlag.source) == source)
    found = await session.execute(
        ended.values(until=at).returning(col(PracticeFlag.practice_id)).execution_options(synchronize_session=False)
    )
    return {practice_id for (practice_id,) in found.all()}


async def set_state(session: AsyncSession, ids: Sequence[UUID], state: str) -> None:
    await session.execute(
        update(Practice).where(among(Practice.id, ids)).values(state=state).execution_options(synchronize_session=False)
    )


async def last_turns(session: AsyncSession, ids: Sequence[UUID], kinds: Sequence[str]) -> dict[UUID, str | None]:
    """Which action told the newest fact of these kinds about each practice; None: no action did."""
    newest = (
        select(Fact.practice_id, func.max(Fact.number).label("number"))
        .where(among(Fact.practice_id, ids), col(Fact.kind).in_(kinds))
        .group_by(col(Fact.practice_id))
        .subquery()
    )
    query = select(Fact.practice_id, Fact.body).join(newest, newest.c.number == Fact.number)
    return {id_: body.get("bulk_id") for id_, body in (await session.exec(query)).all() if id_ is not None}
