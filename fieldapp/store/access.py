"""Queries about people, sign-ins, devices and the audit chain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Integer, and_, case, cast, delete, func, literal, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.access import Identity, Role
from fieldapp.store.database import agency_of
from fieldapp.store.shapes.access import (
    AgencyCard,
    ClockReading,
    DeviceRow,
    Enrolment,
    NumberBlock,
    PersonCard,
    SignedIn,
)
from fieldapp.store.tables import access as tables
from fieldapp.store.tables.access import ALL_USED, Agency, Device, SignIn
from fieldapp.store.tables.access import Person as Person
from fieldapp.store.tables.field import Receipt, Visit

_WINDOW = 63
"""Bits of `Device.read_window`."""


async def person_by_login(session: AsyncSession, login: str) -> Person | None:
    return (await session.exec(select(Person).where(Person.login == login).with_for_update())).first()


async def person_to_lock(session: AsyncSession, person_id: UUID) -> Person:
    return (await session.exec(select(Person).where(Person.id == person_id).with_for_update())).one()


def add_sign_in(session: AsyncSession, person: Person, *, digest: str, now: datetime, expires_at: datetime) -> None:
    session.add(
        SignIn(
            token_digest=digest,
            agency_id=person.agency_id,
            person_id=person.id,
            created_at=now,
            expires_at=expires_at,
        )
    )


async def identity_of_token(session: AsyncSession, digest: str, *, now: datetime) -> Identity | None:
    """The active person behind an unexpired session."""
    query = (
        select(Person)
        .join(SignIn, col(SignIn.person_id) == col(Person.id))
        .where(SignIn.token_digest == digest, SignIn.expires_at > now, col(Person.active))
    )
    person = (await session.exec(query)).first()
    if person is None:
        return None
    return Identity(agency_id=person.agency_id, person_id=person.id, role=Role(person.role), name=person.name)


async def identity_of_person(session: AsyncSession, person_id: UUID) -> Identity | None:
    """The active person of that id, for work that goes on after their request."""
    person = (await session.exec(select(Person).where(Person.id == person_id, col(Person.active)))).first()
    if person is None:
        return None
    return Identity(agency_id=person.agency_id, person_id=person.id, role=Role(person.role), name=person.name)


async def session_by_token(session: AsyncSession, digest: str) -> tuple[Person, datetime] | None:
    query = (
        select(Person, SignIn.expires_at)
        .join(SignIn, col(SignIn.person_id) == col(Person.id))
        .where(SignIn.token_digest == digest)
    )
    return (await session.exec(query)).first()


async def end_session(session: AsyncSession, digest: str) -> None:
    await session.execute(delete(SignIn).where(col(SignIn.token_digest) == digest))


async def signed_in(session: AsyncSession, person: Person, *, clock: ClockReading, expires_at: datetime) -> SignedIn:
    agency = await session.get_one(Agency, person.agency_id)
    return SignedIn(person=person_card(person), agency=agency_card(agency), clock=clock, expires_at=expires_at)


def person_card(person: Person) -> PersonCard:
    return PersonCard(
        id=person.id,
        name=person.name,
        role=person.role,  # type: ignore[arg-type]
        locale=person.locale,
        agent_number=person.agent_number,
    )


def agency_card(agency: Agency) -> AgencyCard:
    return AgencyCard(
        **agency.model_dump(include=set(AgencyCard.__struct_fields__)),
    )


async def agencies(session: AsyncSession) -> list[UUID]:
    """All agencies; only the gate sees more than its own."""
    return list((await session.exec(select(Agency.id).order_by(col(Agency.id)))).all())


async def agency_of_session(session: AsyncSession) -> Agency:
    return await session.get_one(Agency, agency_of(session))


async def device_with_person(session: AsyncSession, device_id: UUID) -> tuple[Device, Person] | None:
    query = select(Device, Person).join(Person, col(Person.id) == col(Device.person_id)).where(Device.id == device_id)
    return (await session.exec(query)).first()


async def owner_of_device(session: AsyncSession, device_id: UUID) -> UUID:
    return (await session.exec(select(Device.person_id).where(Device.id == device_id))).one()


async def take_counter(session: AsyncSession, device_id: UUID, counter: int, *, now: datetime) -> bool:
    """Whether this counter was not used before; it is now.

    Requests sent side by side overtake each other, so a counter up to `_WINDOW` below the highest is still taken, once
    (the anti-replay window of RFC 4303 3.4.3). One statement, so that two requests cannot both win.
    """
    highest, used = col(Device.read_counter), col(Device.read_window)
    ahead = literal(counter, BigInteger) - highest
    # A shift takes an integer; what is out of its range goes by another case.
    raised, behind = (cast(func.least(func.greatest(by, 1), _WINDOW), Integer) for by in (ahead, -ahead))
    bit = literal(1, BigInteger).bitwise_lshift
    free = used.bitwise_and(bit(behind - 1)) == 0
    result = await session.execute(
        update(Device)
        .where(col(Device.id) == device_id, or_(ahead > 0, and_(ahead.between(-_WINDOW, -1), free)))
        .values(
            read_counter=func.greatest(highest, counter),
            read_window=case(
                (ahead > _WINDOW, 0),
                (ahead > 0, used.bitwise_lshift(raised).bitwise_or(bit(raised - 1)).bitwise_and(ALL_USED)),
                else_=used.bitwise_or(bit(behind - 1)),
            ),
            last_seen_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


async def touch_device(session: AsyncSession, device_id: UUID, *, now: datetime) -> None:
    await session.execute(
        update(Device)
        .where(col(Device.id) == device_id)
        .values(last_seen_at=now)
        .execution_options(synchronize_session=False)
    )


async def device_by_key(session: AsyncSession, public_key: bytes) -> Device | None:
    return (await session.exec(select(Device).where(Device.public_key == public_key))).first()


async def add_device(
    session: AsyncSession,
    *,
    person_id: UUID,
    name: str,
    public_key: bytes,
    now: datetime,
    new_id: Callable[[], UUID],
    block_size: int,
) -> Device:
    """A new device with a series of its own (`A1`, `A2`, ... in order of enrolment) and its first blocks."""
    agency_id = agency_of(session)
    await session.exec(select(Agency).where(Agency.id == agency_id).with_for_update())
    count = (await session.exec(select(func.count()).select_from(Device))).one()
    device = Device(
        id=new_id(),
        agency_id=agency_id,
        person_id=person_id,
        name=name,
        series=f"A{count + 1}",
        public_key=public_key,
        enrolled_at=now,
    )
    session.add(device)
    await session.flush()
    for kind in ("receipt", "notice"):
        session.add(
            tables.NumberBlock(
                id=new_id(),
                agency_id=agency_id,
                device_id=device.id,
                kind=kind,
                series=device.series,
                first=1,
                last=block_size,
            )
        )
    await session.flush()
    return device


async def number_blocks(session: AsyncSession, device: Device) -> list[NumberBlock]:
    """The device's blocks, each with the first number that no envelope has used yet."""
    last_receipt = (
        select(func.max(Receipt.number))
        .where(Receipt.device_id == device.id, Receipt.series == device.series)
        .scalar_subquery()
    )
    # The number at the end of a notice's name (`A7-000012`), not of one from a paper pad.
    named = f"^(?:{device.series}-)?([0-9]{{1,9}})$"
    notice = func.substring(col(Visit.captured)["notice"]["number"].as_string(), named)
    last_notice = select(func.max(cast(notice, Integer))).where(Visit.device_id == device.id).scalar_subquery()
    query = select(tables.NumberBlock, last_receipt, last_notice).where(tables.NumberBlock.device_id == device.id)
    return [
        NumberBlock(
            kind=row.kind,  # type: ignore[arg-type]
            series=row.series,
            first=row.first,
            last=row.last,
            next=max(row.first, ((receipt if row.kind == "receipt" else notice) or 0) + 1),
        )
        for row, receipt, notice in (await session.exec(query)).all()
    ]


async def enrolment(session: AsyncSession, device: Device, *, office_key: str) -> Enrolment:
    return Enrolment(
        device_id=device.id,
        person_id=device.person_id,
        next_seq=device.last_seq + 1,
        chain_head=device.chain_head,
        blocks=await number_blocks(session, device),
        office_key=office_key,
    )


async def devices(session: AsyncSession) -> list[DeviceRow]:
    query = (
        select(Device, Person.name)
        .join(Person, col(Person.id) == col(Device.person_id))
        .where(Device.kind == "phone")
        .order_by(col(Device.enrolled_at))
    )
    rows = (await session.exec(query)).all()
    return [
        DeviceRow(
            id=device.id,
            person_id=device.person_id,
            person_name=name,
            name=device.name,
            series=device.series,
            enrolled_at=device.enrolled_at,
            last_seen_at=device.last_seen_at,
            last_seq=device.last_seq,
            revoked_at=device.revoked_at,
        )
        for device, name in rows
    ]


async def revoke(session: AsyncSession, device_id: UUID, *, now: datetime) -> bool:
    device = await session.get(Device, device_id)
    if device is None:
        return False
    device.revoked_at = device.revoked_at or now
    await session.flush()
    return True


async def first_person_of_each_role(session: AsyncSession) -> list[Person]:
    people = (await session.exec(select(Person).where(col(Person.active)).order_by(col(Person.login)))).all()
    first: dict[str, Person] = {}
    for person in people:
        first.setdefault(person.role, person)
    return [first[role] for role in ("agent", "dispatcher", "back_office", "administrator") if role in first]
