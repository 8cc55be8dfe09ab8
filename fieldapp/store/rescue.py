"""The office's key, and the quarantine of sealed work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.ids import sha256
from fieldapp.store.columns import table_of
from fieldapp.store.database import agency_of
from fieldapp.store.shapes.rescue import RescueRow, RescueState
from fieldapp.store.tables.access import Device, Person
from fieldapp.store.tables.office import Task
from fieldapp.store.tables.rescue import OfficeKey
from fieldapp.store.tables.rescue import RescuedItem as RescuedItem

TASK = "rescue.waiting"
UNFINISHED = "rescue.unfinished_visit"


@dataclass(frozen=True, slots=True)
class Opened:
    """An item that was opened, or that could not be (`content` none)."""

    kind: str
    key: str
    content: bytes


async def office_key(session: AsyncSession) -> OfficeKey | None:
    return (await session.exec(select(OfficeKey))).first()


async def keep_office_key(
    session: AsyncSession, *, key_id: UUID, public_point: bytes, private_pem: str, now: datetime
) -> OfficeKey:
    """The agency's key pair: this one, unless somebody made one in the same moment."""
    values = {
        "id": key_id,
        "agency_id": agency_of(session),
        "public_point": public_point,
        "private_sealed": private_pem,
        "made_at": now,
    }
    await session.execute(insert(table_of(OfficeKey)).values(values).on_conflict_do_nothing())
    return (await session.exec(select(OfficeKey))).one()


async def device_of(session: AsyncSession, device_id: UUID) -> Device | None:
    return await session.get(Device, device_id)


async def quarantine(
    session: AsyncSession,
    device_id: UUID,
    items: Iterable[Opened],
    *,
    came_by: str,
    now: datetime,
    new_id: Callable[[], UUID],
) -> None:
    """Keep opened items; what is here already stays as it was decided."""
    rows = [
        {
            "id": new_id(),
            "agency_id": agency_of(session),
            "device_id": device_id,
            "kind": item.kind,
            "key": item.key,
            "digest": sha256(item.content),
            "content": item.content,
            "came_by": came_by,
            "state": "waiting",
            "received_at": now,
        }
        for item in items
    ]
    if rows:
        await session.execute(insert(table_of(RescuedItem)).on_conflict_do_nothing(), rows)


async def waiting(session: AsyncSession, device_id: UUID) -> list[RescuedItem]:
    """What waits for its verdict, locked until the transaction ends."""
    query = (
        select(RescuedItem)
        .where(RescuedItem.device_id == device_id, RescuedItem.state == "waiting")
        .order_by(col(RescuedItem.received_at), col(RescuedItem.id))
        .with_for_update()
    )
    return list((await session.exec(query)).all())


def decide(item: RescuedItem, *, code: str | None, accepted: bool, person_id: UUID, now: datetime) -> None:
    """What is accepted stands in its own place from now on; what is refused is kept to be looked at."""
    item.state = "accepted" if accepted else "refused"
    item.code = code
    item.decided_at, item.decided_by = now, person_id
    if accepted:
        item.content = None


async def states(session: AsyncSession, device_id: UUID, keys: Iterable[str]) -> list[RescueState]:
    """How far these items have come; what is not here is left out."""
    query = (
        select(RescuedItem.key, RescuedItem.state, RescuedItem.code)
        .where(RescuedItem.device_id == device_id, col(RescuedItem.key).in_(list(keys)))
        .order_by(col(RescuedItem.received_at))
    )
    found = (await session.exec(query)).all()
    return [RescueState(key=key, state=state, code=code) for key, state, code in found]  # type: ignore[arg-type]


async def rows(session: AsyncSession) -> list[RescueRow]:
    """One row for each phone that handed something over, the newest first."""
    counted = select(
        col(RescuedItem.device_id), col(RescuedItem.state), func.count(), func.max(RescuedItem.received_at)
    ).group_by(col(RescuedItem.device_id), col(RescuedItem.state))
    counts: dict[UUID, dict[str, int]] = defaultdict(dict)
    newest: dict[UUID, datetime] = {}
    for device_id, state, count, received_at in await session.execute(counted):
        counts[device_id][state] = count
        newest[device_id] = max(received_at, newest.get(device_id, received_at))
    query = (
        select(Device, Person.name)
        .join(Person, col(Person.id) == col(Device.person_id))
        .where(col(Device.id).in_(list(newest)))
    )
    found = [
        RescueRow(
            device_id=device.id,
            person_name=name,
            series=device.series,
            revoked=device.revoked_at is not None,
            received_at=newest[device.id],
            waiting=counts[device.id].get("waiting", 0),
            accepted=counts[device.id].get("accepted", 0),
            refused=counts[device.id].get("refused", 0),
        )
        for device, name in (await session.exec(query)).all()
    ]
    return sorted(found, key=lambda row: row.received_at, reverse=True)


async def ask_for_a_person(
    session: AsyncSession, device_id: UUID, *, details: Mapping[str, str], now: datetime, today: date, new_id: UUID
) -> None:
    """One open task for each phone whose work waits."""
    known = select(Task).where(Task.kind == TASK, Task.subject_id == str(device_id), Task.state == "open")
    if (await session.exec(known)).first() is not None:
        return
    subject = ("device", device_id)
    session.add(_task(TASK, session, subject, details=details, now=now, today=today, new_id=new_id))
    await session.flush()


def unfinished_visit(
    session: AsyncSession, item: RescuedItem, *, details: Mapping[str, str], now: datetime, today: date, new_id: UUID
) -> None:
    """A task for each open visit that a wiped phone handed over."""
    subject = ("rescued_item", item.id)
    session.add(_task(UNFINISHED, session, subject, details=details, now=now, today=today, new_id=new_id))


def _task(
    kind: str,
    session: AsyncSession,
    subject: tuple[str, UUID],
    *,
    details: Mapping[str, str],
    now: datetime,
    today: date,
    new_id: UUID,
) -> Task:
    return Task(
        id=new_id,
        agency_id=agency_of(session),
        kind=kind,
        team="back_office",
        due_on=today,
        created_at=now,
        state="open",
        note="",
        subject_kind=subject[0],
        subject_id=str(subject[1]),
        details=dict(details),
    )


async def person_has_decided(session: AsyncSession, device_id: UUID, *, person_id: UUID, now: datetime) -> None:
    await session.execute(
        update(Task)
        .where(col(Task.kind) == TASK, col(Task.subject_id) == str(device_id), col(Task.state) == "open")
        .values(state="done", finished_at=now, finished_by=person_id)
        .execution_options(synchronize_session=False)
    )
