"""What a stranger's receipt is held against: the device that it names, and its neighbours in the series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.errors import Refusal
from fieldapp.domain.ids import Sha256
from fieldapp.domain.receipt_series import Link, NumberBlock, Series, next_number, previous_number
from fieldapp.store.tables.access import Agency, Device, Person
from fieldapp.store.tables.access import NumberBlock as NumberBlockRow
from fieldapp.store.tables.agreements import RepaymentPlan, Settlement
from fieldapp.store.tables.field import PadForm, PaperPad, Payment, Receipt, Visit

PUBLIC = "public"
"""The role of transactions that a stranger's question opens: of one agency, whose device signed."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """A device with its person and its agency."""

    device: Device
    person: Person
    agency: Agency


async def issuers(session: AsyncSession, *, device_id: UUID | None = None, series: str | None = None) -> list[Issuer]:
    """Devices of that id or that series, whatever the agency: for the gate only, before it is known for whom."""
    query = (
        select(Device, Person, Agency)
        .join(Person, col(Person.id) == col(Device.person_id))
        .join(Agency, col(Agency.id) == col(Device.agency_id))
    )
    if device_id is not None:
        query = query.where(Device.id == device_id)
    if series is not None:
        query = query.where(Device.series == series)
    return [Issuer(*row) for row in (await session.exec(query)).all()]


@dataclass(frozen=True, slots=True)
class HeldReceipt:
    """A receipt that has come in. `counts`: nobody voided it, and no cheque that it stands for came back."""

    row: Receipt
    counts: bool
    duty_cents: int
    """The stamp duty that the debtor handed over beside the amount; 0 for a counter-receipt."""


async def receipt_numbered(session: AsyncSession, series: str, number: int) -> HeldReceipt | None:
    query = (
        select(Receipt, Payment.standing, Payment.duty_cents)
        .join(Payment, col(Payment.receipt_id) == col(Receipt.id), isouter=True)
        .where(Receipt.series == series, Receipt.number == number)
    )
    found = (await session.exec(query)).first()
    if found is None:
        return None
    row, standing, duty_cents = found
    return HeldReceipt(row, row.state != "voided" and standing != "unpaid", duty_cents or 0)


@dataclass(frozen=True, slots=True)
class PadFormFound:
    """A form of a paper pad: whose, and what became of it; None where it is blank or no receipt was written on it."""

    pad: PaperPad
    agent: Person
    agency: Agency
    form: PadForm | None
    receipt: Receipt | None


async def pad_form(session: AsyncSession, series: str, number: int) -> PadFormFound | None:
    query = (
        select(PaperPad, Person, Agency, PadForm, Receipt)  # type: ignore[call-overload]
        .join(Person, col(Person.id) == col(PaperPad.agent_id))
        .join(Agency, col(Agency.id) == col(PaperPad.agency_id))
        .join(PadForm, and_(col(PadForm.pad_id) == col(PaperPad.id), col(PadForm.number) == number), isouter=True)
        .join(Receipt, col(Receipt.id) == col(PadForm.receipt_id), isouter=True)
        .where(PaperPad.series == series, col(PaperPad.first) <= number, col(PaperPad.last) >= number)
    )
    found = (await session.exec(query)).first()
    return None if found is None else PadFormFound(*found)


async def agencies(session: AsyncSession) -> list[UUID]:
    """All agencies of the installation: for the gate only."""
    return list((await session.exec(select(Agency.id))).all())


async def agreement(session: AsyncSession, agreement_id: UUID) -> tuple[RepaymentPlan | Settlement, UUID] | None:
    """The plan or the settlement of that id, with the device that signed it."""
    row: RepaymentPlan | Settlement | None = await session.get(RepaymentPlan, agreement_id)
    row = row or await session.get(Settlement, agreement_id)
    if row is None:
        return None
    if row.visit_id is None:
        assert isinstance(row, Settlement)
        assert row.asked_by is not None
        return row, row.asked_by
    device_id = (await session.exec(select(Visit.device_id).where(Visit.id == row.visit_id))).one()
    return row, device_id


async def series_around(session: AsyncSession, device: Device, *, number: int, prev_digest: Sha256) -> Series:
    """The device's series as far as one receipt is judged by it: its neighbours, and whoever shares a digest."""
    blocks = await number_blocks(session, device.id)
    links = await session.execute(
        select(Receipt.number, Receipt.digest, Receipt.previous_digest).where(
            Receipt.device_id == device.id,
            Receipt.series == device.series,
            or_(
                col(Receipt.number).in_(_neighbours(blocks, number)),
                col(Receipt.digest) == prev_digest,
                col(Receipt.previous_digest) == prev_digest,
            ),
        )
    )
    return Series(
        name=device.series,
        device=str(device.id),
        public_point=device.public_key,
        blocks=tuple(blocks),
        links={at: Link(Sha256(digest), Sha256(previous)) for at, digest, previous in links},
    )


async def number_blocks(session: AsyncSession, device_id: UUID) -> list[NumberBlock]:
    """The receipt numbers granted to a device."""
    rows = await session.exec(
        select(NumberBlockRow).where(NumberBlockRow.device_id == device_id, NumberBlockRow.kind == "receipt")
    )
    return [NumberBlock(row.first, row.last) for row in rows.all()]


def _neighbours(blocks: Sequence[NumberBlock], number: int) -> list[int]:
    wanted = [number]
    try:
        before = previous_number(blocks, number)
        wanted += [before] if before is not None else []
        wanted.append(next_number(blocks, last_used=number))
    except Refusal:
        pass  # the first, the last, or no number of theirs: fewer neighbours
    return wanted
