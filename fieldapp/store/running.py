"""What of today a person must see to: alarms, refused envelopes, purses over their limit."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import String, cast, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.ledger import AccountKind
from fieldapp.store.shapes.running import Alert
from fieldapp.store.tables.access import Device, Person
from fieldapp.store.tables.field import Envelope
from fieldapp.store.tables.ledger import Account, Posting
from fieldapp.store.tables.office import Task
from fieldapp.store.tasks import ALARM

REFUSED = "envelope.refused"


async def open_alerts(session: AsyncSession, *, since: datetime) -> list[Alert]:
    """Alarms that nobody has dealt with, envelopes refused after `since`, cash over the limit; three queries.

    No amounts: who plans need not know them.
    """
    return [*await _alarms(session), *await _over_limit(session), *await _refused(session, since)]


async def _alarms(session: AsyncSession) -> list[Alert]:
    query = select(Task).where(Task.kind == ALARM, Task.state == "open").order_by(col(Task.created_at))
    return [
        Alert(
            kind="in_danger",
            agent_id=_maybe(task.details.get("agent_id")),
            agent_name=task.details["agent"],
            at=datetime.fromisoformat(task.details["at"]),
            stop_id=_maybe(task.details.get("stop_id")),
            task_id=task.id,
        )
        for task in (await session.exec(query)).all()
    ]


async def _over_limit(session: AsyncSession) -> list[Alert]:
    query = (
        select(col(Person.id), col(Person.name))
        .join(Account, col(Account.person_id) == col(Person.id))
        .join(Posting, col(Posting.account_id) == col(Account.id))
        .where(Person.role == "agent", Account.kind == AccountKind.AGENT_CASH)
        .group_by(col(Person.id))
        .having(func.sum(Posting.amount_cents) > col(Person.cash_limit_cents))
        .order_by(col(Person.name))
    )
    return [Alert(kind="cash_over", agent_id=id_, agent_name=name) for id_, name in (await session.exec(query)).all()]


async def _refused(session: AsyncSession, since: datetime) -> list[Alert]:
    query = (
        select(Task, Envelope.received_at, Person.id, Person.name)
        .join(Envelope, cast(col(Envelope.id), String) == col(Task.subject_id))
        .join(Device, col(Device.id) == col(Envelope.device_id))
        .join(Person, col(Person.id) == col(Device.person_id))
        .where(Task.kind == REFUSED, Task.state == "open", col(Task.created_at) >= since)
        .order_by(col(Task.created_at))
    )
    return [
        Alert(kind="envelope_refused", agent_id=id_, agent_name=name, at=at, code=task.details["code"], task_id=task.id)
        for task, at, id_, name in (await session.exec(query)).all()
    ]


def _maybe(said: str | None) -> UUID | None:
    return UUID(said) if said else None
