"""Licence, notification, badge and qualification: read, changed, and what ends soon turned into tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy
from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.access import Role
from fieldapp.domain.conduct import AgentFacts
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.store.batches import insert_rows
from fieldapp.store.database import agency_of
from fieldapp.store.feed import NewFact
from fieldapp.store.practice_facts import AGENT, agent_of
from fieldapp.store.tables.access import Agency, Person
from fieldapp.store.tables.office import Task
from fieldapp.store.watched_tasks import opened_again

ENDS = "licence.ends"


@dataclass(frozen=True, slots=True)
class Licensed:
    """An agent with what the rules look at."""

    person: Person
    facts: AgentFacts


async def agency(session: AsyncSession, *, lock: bool = False) -> Agency:
    query = select(Agency).where(Agency.id == agency_of(session))
    return (await session.exec(query.with_for_update() if lock else query)).one()


async def agents(session: AsyncSession) -> list[Licensed]:
    """Those who work for the agency, by their number."""
    query = (
        sqlalchemy.select(Person, *AGENT)
        .join(Agency, col(Agency.id) == col(Person.agency_id))
        .where(col(Person.role) == Role.AGENT.value, col(Person.active))
        .order_by(col(Person.agent_number), col(Person.name))
    )
    return [Licensed(row.Person, agent_of(row)) for row in await session.execute(query)]


async def agent(session: AsyncSession, person_id: UUID) -> Person:
    """Raises Refusal `licence.agent_unknown`."""
    query = select(Person).where(Person.id == person_id, Person.role == Role.AGENT.value, col(Person.active))
    found = (await session.exec(query.with_for_update())).first()
    if found is None:
        raise Refusal("licence.agent_unknown", kind=Kind.MISSING)
    return found


@dataclass(frozen=True, slots=True)
class Ending:
    """Something that ends soon, has ended or is missing: `code` is what the rules say of it."""

    subject_kind: str
    subject_id: UUID
    name: str
    code: str
    on: date | None

    @property
    def key(self) -> str:
        """One task for each stage: announced, ended."""
        return f"{self.subject_id}:{self.code}:{self.on or ''}"


async def reconcile(
    session: AsyncSession,
    endings: Mapping[str, Ending],
    *,
    now: datetime,
    due_on: Callable[[Ending], date],
    new_id: Callable[[], UUID],
) -> list[NewFact]:
    """Bring the administrator's tasks in step with what ends; returns the facts to tell. Twice is the same as once."""
    rows = [
        {
            "id": new_id(),
            "agency_id": agency_of(session),
            "kind": ENDS,
            "team": Role.ADMINISTRATOR.value,
            "due_on": due_on(ending),
            "created_at": now,
            "note": "",
            "state": "open",
            "subject_kind": ending.subject_kind,
            "subject_id": key,
            "details": {
                "code": ending.code,
                "name": ending.name,
                "on": ending.on.isoformat() if ending.on else "",
            },
        }
        for key, ending in endings.items()
    ]
    added = await insert_rows(session, Task, rows, unless_there=True)
    again = await opened_again(session, ENDS, endings)
    await session.execute(
        update(Task)
        .where(col(Task.kind) == ENDS, col(Task.state) == "open", col(Task.subject_id).not_in(list(endings)))
        .values(state="done", finished_at=now)
        .execution_options(synchronize_session=False)
    )
    return [NewFact("task.opened", now, body={"task_id": str(row.id), "kind": ENDS}) for row in added + again]
