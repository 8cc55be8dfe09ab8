"""Work that waits for a person."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import sqlalchemy
from sqlalchemy import String, and_, cast, func, or_, tuple_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.tasks import AT_THE_DESK
from fieldapp.store.agent_tasks import Agents, are_of
from fieldapp.store.batches import insert_rows
from fieldapp.store.columns import among
from fieldapp.store.database import agency_of
from fieldapp.store.shapes.office import Colleague, TaskCount, TaskRow
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.field import PaperToSend
from fieldapp.store.tables.office import Task
from fieldapp.store.tables.planning import PublishedStop
from fieldapp.store.tables.practice import Address, Obligor, Practice

AT_MOST = 500
ALARM = "agent.in_danger"
"""The kind of task that an alarm opens."""
_OFFICE = "office"


async def rows(
    session: AsyncSession,
    *,
    awake_on: date | None = None,
    asleep_on: date | None = None,
    state: str | None = None,
    kind: str | None = None,
    team: str | None = None,
    practice_id: UUID | None = None,
    task_id: UUID | None = None,
    of: UUID | Literal["nobody"] | None = None,
    agents: Agents | None = None,
    after: UUID | None = None,
) -> list[TaskRow]:
    """At most `AT_MOST` tasks, alarms first, then by due date, the open ones before those that are done; only those
    that are awake, or asleep, on a day where one is given.

    `of`: whose they are; `agents`: which are about them or their practices, and alarms, which are everybody's;
    `after`: the task that was seen last, of one state.
    """
    query = (
        sqlalchemy.select(
            # Values alone: five hundred rows that a session keeps track of cost as much as all the rest.
            *(col(getattr(Task, name)) for name in _SHOWN),
            col(Person.name),
            col(Practice.practice_number),
            col(Obligor.name),
            col(PaperToSend.address),
            _door_of_an_alarm(),
        )
        .join(Person, col(Person.id) == col(Task.owner_id), isouter=True)
        .join(Practice, col(Practice.id) == col(Task.practice_id), isouter=True)
        .join(
            Obligor,
            and_(col(Obligor.practice_id) == col(Task.practice_id), col(Obligor.role) == "debtor"),
            isouter=True,
        )
        .join(
            PaperToSend,
            and_(col(Task.kind) == "paper.send", cast(col(PaperToSend.id), String) == col(Task.subject_id)),
            isouter=True,
        )
        .order_by(col(Task.state).desc(), *_ORDER)
        .limit(AT_MOST)
    )
    narrowed = {Task.practice_id: practice_id, Task.id: task_id}
    for column, value in narrowed.items():
        if value is not None:
            query = query.where(col(column) == value)
    query = _narrowed(
        query, awake_on=awake_on, asleep_on=asleep_on, state=state, kind=kind, team=team, of=of, agents=agents
    )
    if after is not None:
        seen = (await session.execute(sqlalchemy.select(*_ORDER).where(col(Task.id) == after))).first()
        if seen is None:
            raise Refusal("request.cursor_unknown", kind=Kind.MALFORMED)
        query = query.where(tuple_(*_ORDER) > tuple_(*seen))
    found = []
    for *shown, owner, number, debtor, address, place in (await session.execute(query)).all():
        told = dict(zip(_SHOWN, shown, strict=True))
        beside = {name: said for name, said in (("address", address), ("place", place)) if said is not None}
        told["details"] = {**told["details"], **beside}
        found.append(TaskRow(**told, owner_name=owner, practice_number=number, debtor_name=debtor))
    return found


async def count(
    session: AsyncSession,
    *,
    state: str,
    awake_on: date | None = None,
    asleep_on: date | None = None,
    kind: str | None = None,
    team: str | None = None,
    of: UUID | Literal["nobody"] | None = None,
    agents: Agents | None = None,
) -> TaskCount:
    """How many there are of what is asked for, and of which kinds and teams there are any at all in that state."""
    when: dict[str, Any] = {"state": state, "awake_on": awake_on, "asleep_on": asleep_on}
    counted = _narrowed(
        sqlalchemy.select(func.count()).select_from(Task), **when, kind=kind, team=team, of=of, agents=agents
    )
    kinds = _narrowed(sqlalchemy.select(col(Task.kind), col(Task.team)).distinct(), **when)
    there = (await session.execute(kinds)).all()
    return TaskCount(
        total=(await session.execute(counted)).scalar_one(),
        kinds=sorted({kind for kind, _ in there}),
        teams=sorted({team for _, team in there}),
    )


def _narrowed(
    query: Any,
    *,
    awake_on: date | None = None,
    asleep_on: date | None = None,
    state: str | None = None,
    kind: str | None = None,
    team: str | None = None,
    of: UUID | Literal["nobody"] | None = None,
    agents: Agents | None = None,
) -> Any:
    for column, value in {Task.state: state, Task.kind: kind, Task.team: team}.items():
        if value is not None:
            query = query.where(col(column) == value)
    if awake_on is not None:
        query = query.where(or_(col(Task.asleep_until).is_(None), col(Task.asleep_until) <= awake_on))
    if asleep_on is not None:
        query = query.where(col(Task.asleep_until) > asleep_on)
    if of == "nobody":
        query = query.where(col(Task.owner_id).is_(None))
    elif of is not None:
        query = query.where(col(Task.owner_id) == of)
    if agents is not None:
        query = query.where(or_(col(Task.kind) == ALARM, are_of(agents)))
    return query


# Spelt out, not a parameter: so it is what the index `task_in_order` is made of.
_ORDER = (
    sqlalchemy.literal_column(f"task.kind <> '{ALARM}'", sqlalchemy.Boolean),
    col(Task.due_on),
    col(Task.created_at),
    col(Task.id),
)
_SHOWN = (
    *("id", "kind", "team", "owner_id", "due_on", "asleep_until", "created_at", "state", "practice_id"),
    *("subject_kind", "subject_id", "details"),
)


def _door_of_an_alarm() -> Any:
    """Where an agent in danger was about to be: help is sent there while no position has come."""
    return (
        sqlalchemy.select(col(Address.text))
        .join(PublishedStop, col(PublishedStop.address_id) == col(Address.id))
        .where(col(Task.kind) == ALARM, cast(col(PublishedStop.id), String) == col(Task.details)["stop_id"].astext)
        .limit(1)
        .correlate(Task)
        .scalar_subquery()
    )


async def add(
    session: AsyncSession,
    kind: str,
    *,
    subject: tuple[str, str],
    due_on: date,
    details: dict[str, Any],
    now: datetime,
    new_id: Callable[[], UUID],
    practice_id: UUID | None = None,
    team: str = "back_office",
    owner_id: UUID | None = None,
) -> None:
    """Work for a person; what is there for the same subject already is not added again."""
    subject_kind, subject_id = subject
    row = {
        "id": new_id(),
        "agency_id": agency_of(session),
        "kind": kind,
        "team": team,
        "owner_id": owner_id,
        "due_on": due_on,
        "created_at": now,
        "state": "open",
        "note": "",
        "practice_id": practice_id,
        "subject_kind": subject_kind,
        "subject_id": subject_id,
        "details": details,
    }
    await insert_rows(session, Task, [row], unless_there=True)


async def colleagues(session: AsyncSession) -> list[Colleague]:
    """Who may be given a task, by name."""
    query = (
        select(Person)
        .where(col(Person.active), col(Person.role).in_([role.value for role in AT_THE_DESK]))
        .order_by(col(Person.name), col(Person.id))
    )
    return [Colleague(person.id, person.name, person.role) for person in (await session.exec(query)).all()]


async def open_task(session: AsyncSession, task_id: UUID) -> Task:
    """An open task, held until the transaction ends. Raises Refusal `task.unknown`."""
    query = select(Task).where(Task.id == task_id, Task.state == "open").with_for_update()
    task = (await session.exec(query)).first()
    if task is None:
        raise Refusal("task.unknown", kind=Kind.MISSING)
    return task


async def kind_of(session: AsyncSession, task_id: UUID) -> str:
    """Raises Refusal `task.unknown`."""
    kind = (await session.exec(select(Task.kind).where(Task.id == task_id))).first()
    if kind is None:
        raise Refusal("task.unknown", kind=Kind.MISSING)
    return kind


async def finish(session: AsyncSession, task_id: UUID, *, note: str, person_id: UUID, now: datetime) -> Task:
    """Close a task; closing it again changes nothing. Raises Refusal `task.unknown`."""
    task = (await session.exec(select(Task).where(Task.id == task_id).with_for_update())).first()
    if task is None:
        raise Refusal("task.unknown", kind=Kind.MISSING)
    if task.state == "open":
        task.state, task.note, task.finished_at, task.finished_by = "done", note, now, person_id
        await session.flush()
    return task


async def open_under(session: AsyncSession, kind: str, subject_start: str) -> bool:
    """Whether a task of this kind is open about a subject whose id begins so."""
    query = select(Task.id).where(
        col(Task.kind) == kind,
        col(Task.subject_id).startswith(subject_start, autoescape=True),
        col(Task.state) == "open",
    )
    return (await session.exec(query.limit(1))).first() is not None


async def finish_under(
    session: AsyncSession, kind: str, subject_start: str, *, person_id: UUID | None, now: datetime
) -> None:
    """Close the open tasks of a kind about subjects whose ids begin so."""
    await session.execute(
        update(Task)
        .where(
            col(Task.kind) == kind,
            col(Task.subject_id).startswith(subject_start, autoescape=True),
            col(Task.state) == "open",
        )
        .values(state="done", finished_at=now, finished_by=person_id)
        .execution_options(synchronize_session=False)
    )


async def reopen(
    session: AsyncSession, kind: str, *, subject: tuple[str, str], due_on: date, details: dict[str, Any]
) -> None:
    """Work of this kind about this subject that was done is to be done once more."""
    subject_kind, subject_id = subject
    await session.execute(
        update(Task)
        .where(
            col(Task.kind) == kind,
            col(Task.subject_kind) == subject_kind,
            col(Task.subject_id) == subject_id,
            col(Task.state) == "done",
        )
        .values(state="open", finished_at=None, finished_by=None, asleep_until=None, due_on=due_on, details=details)
        .execution_options(synchronize_session=False)
    )


async def finish_about(
    session: AsyncSession, kind: str, subject_ids: Collection[str], *, person_id: UUID | None, now: datetime
) -> None:
    """Close the open tasks of a kind about these subjects: what they asked for is done."""
    await session.execute(
        update(Task)
        .where(col(Task.kind) == kind, among(Task.subject_id, subject_ids), col(Task.state) == "open")
        .values(state="done", finished_at=now, finished_by=person_id)
        .execution_options(synchronize_session=False)
    )


async def finish_of_visit(
    session: AsyncSession,
    kinds: Collection[str],
    visit_id: UUID,
    *,
    practice_id: UUID,
    person_id: UUID,
    now: datetime,
) -> None:
    """Close the open tasks of these kinds about a visit, or about what came of it."""
    about = or_(
        and_(col(Task.subject_kind) == "visit", col(Task.subject_id) == str(visit_id)),
        col(Task.details)["visit_id"].astext == str(visit_id),
    )
    await session.execute(
        update(Task)
        .where(col(Task.practice_id) == practice_id, col(Task.kind).in_(kinds), col(Task.state) == "open", about)
        .values(state="done", finished_at=now, finished_by=person_id)
        .execution_options(synchronize_session=False)
    )
