"""The office's own series of receipts, and what its papers are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.ledger import LineBalance
from fieldapp.store import ledger, practices
from fieldapp.store.database import agency_of
from fieldapp.store.tables.access import Agency, Device, NumberBlock, Person
from fieldapp.store.tables.field import Payment, Receipt, Visit
from fieldapp.store.tables.practice import Creditor, DebtLine, Obligor, Practice

__all__ = ["Creditor", "Device", "Payment", "Receipt"]

LAST_NUMBER = 999_999


@dataclass(frozen=True, slots=True)
class Owed:
    """A practice as a receipt names it: whose, for whom, and what is owed on each line in its order."""

    practice: Practice
    creditor: Creditor
    debtor: str
    lines: list[tuple[DebtLine, LineBalance]]


async def office_device(
    session: AsyncSession, *, person_id: UUID, public_key: bytes, now: datetime, new_id: Callable[[], UUID]
) -> Device:
    """The device that stands for the office, held until the transaction ends; made when first needed."""
    agency_id = agency_of(session)
    # The agency's row orders two that ask at once, also before there is a device to hold.
    await session.exec(select(Agency).where(Agency.id == agency_id).with_for_update())
    query = select(Device).where(Device.kind == "office", Device.public_key == public_key)
    found = (await session.exec(query)).first()
    if found is not None:
        return found
    before = (await session.exec(select(Device).where(Device.kind == "office"))).all()
    device = Device(
        id=new_id(),
        agency_id=agency_id,
        person_id=person_id,
        name="Ufficio",
        series=f"U{len(before) + 1}",
        public_key=public_key,
        enrolled_at=now,
        kind="office",
    )
    session.add(device)
    await session.flush()
    block = NumberBlock(
        id=new_id(),
        agency_id=agency_id,
        device_id=device.id,
        kind="receipt",
        series=device.series,
        first=1,
        last=LAST_NUMBER,
    )
    session.add(block)
    await session.flush()
    return device


async def last_number(session: AsyncSession, device: Device) -> int | None:
    query = (
        select(Receipt.number)
        .where(Receipt.device_id == device.id, Receipt.series == device.series)
        .order_by(col(Receipt.number).desc())
        .limit(1)
    )
    return (await session.exec(query)).first()


async def owed(session: AsyncSession, practice_id: UUID, *, hold: bool = False) -> Owed:
    """What a practice owes now; `hold` it where money is going to be laid over that.

    Raises Refusal `practice.unknown`.
    """
    if hold:
        await practices.hold(session, [practice_id])
    head = await practices.head(session, practice_id)
    balances = (await ledger.owed(session, [practice_id]))[practice_id]
    lines = await session.exec(
        select(DebtLine).where(DebtLine.practice_id == practice_id).order_by(col(DebtLine.position), col(DebtLine.id))
    )
    debtor = await session.exec(
        select(Obligor.name).where(Obligor.practice_id == practice_id, Obligor.role == "debtor")
    )
    return Owed(
        head.practice,
        head.creditor,
        debtor.first() or "",
        [(line, balances.get(line.id, LineBalance())) for line in lines.all()],
    )


async def agent_of_visit(session: AsyncSession, visit_id: UUID) -> UUID:
    return (await session.exec(select(Visit.agent_id).where(Visit.id == visit_id))).one()


async def devices(session: AsyncSession) -> list[tuple[Device, str]]:
    """Every device that has a series, by series, with its person's name."""
    query = select(Device, Person.name).join(Person, col(Person.id) == col(Device.person_id))
    rows = (await session.exec(query.order_by(col(Device.series)))).all()
    return [(device, name) for device, name in rows]
