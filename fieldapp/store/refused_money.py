"""Refused envelopes whose money waits for a decision, what was decided, and the practices that it may be of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.receipts import ReceiptValue, receipt_name
from fieldapp.domain.refused_money import MoneyPractice, read_refused
from fieldapp.store.shapes.cash import RefusedMoneyRow
from fieldapp.store.shapes.refused_money import MoneyAct, OtherPaper
from fieldapp.store.tables.access import Device, Person
from fieldapp.store.tables.field import Envelope, PadForm, Payment, Receipt, RefusedMoney
from fieldapp.store.tables.office import Task
from fieldapp.store.tables.practice import Creditor, Obligor, Practice

TASK = "envelope.refused"
"""The work that a refused envelope makes."""


async def refused(session: AsyncSession, envelope_id: UUID, *, hold: bool = False) -> tuple[Envelope, Device, Person]:
    """The refused envelope with its phone and agent; `hold` it until the transaction ends.

    Raises Refusal `refused_money.unknown`.
    """
    query = (
        select(Envelope, Device, Person)
        .join(Device, col(Device.id) == col(Envelope.device_id))
        .join(Person, col(Person.id) == col(Device.person_id))
        .where(Envelope.id == envelope_id, Envelope.verdict == "refused")
    )
    # The phone is held too: what it sends meanwhile is judged against a series that stands still.
    found = (await session.exec(query.with_for_update(of=[Device, Envelope]) if hold else query)).first()
    if found is None:
        raise Refusal("refused_money.unknown", kind=Kind.MISSING)
    return found


async def acts(session: AsyncSession, envelope_id: UUID) -> dict[int, list[MoneyAct]]:
    """What was decided about each payment of the envelope, in order."""
    query = (
        select(RefusedMoney, Person.name, Receipt, Practice.practice_number)
        .join(Person, col(Person.id) == col(RefusedMoney.by))
        .join(Receipt, col(Receipt.id) == col(RefusedMoney.receipt_id), isouter=True)
        .join(Practice, col(Practice.id) == col(RefusedMoney.practice_id), isouter=True)
        .where(RefusedMoney.envelope_id == envelope_id)
        .order_by(col(RefusedMoney.at), col(RefusedMoney.id))
    )
    found: dict[int, list[MoneyAct]] = {}
    for row, name, receipt, number in (await session.exec(query)).all():
        act = MoneyAct(
            act=row.act,  # type: ignore[arg-type]  # the table's own constraint holds it
            by_id=row.by,
            by_name=name,
            at=row.at,
            reason=row.reason,
            receipt=receipt_name(receipt.series, receipt.number) if receipt else "",
            receipt_id=row.receipt_id,
            practice_id=row.practice_id,
            practice_number=number or "",
        )
        found.setdefault(row.place, []).append(act)
    return found


@dataclass(frozen=True, slots=True)
class Decided:
    """What was settled about a paper: the receipt that it was booked by, which `counts` while nothing undid it, or
    that it stands for no money."""

    receipt: Receipt | None = None
    counts: bool = False
    not_taken: bool = False


async def decided(session: AsyncSession, digest: str) -> Decided:
    """What was settled about the paper with this digest."""
    query = (
        select(RefusedMoney.act, Receipt, Payment.standing)
        .join(Receipt, col(Receipt.id) == col(RefusedMoney.receipt_id), isouter=True)
        .join(Payment, col(Payment.receipt_id) == col(Receipt.id), isouter=True)
        .where(RefusedMoney.digest == digest, col(RefusedMoney.act).in_(["booked", "denial_confirmed"]))
        # What was booked after all comes before what was settled otherwise.
        .order_by(col(RefusedMoney.act))
    )
    found = (await session.exec(query)).first()
    if found is None:
        return Decided()
    act, receipt, standing = found
    counts = receipt is not None and receipt.state != "voided" and standing != "unpaid"
    return Decided(receipt, counts, not_taken=act == "denial_confirmed")


async def numbered(session: AsyncSession, receipt: ReceiptValue, digest: str) -> OtherPaper | None:
    """What the books hold under the number of this paper."""
    query = (
        select(Receipt, Practice.practice_number)
        .join(Practice, col(Practice.id) == col(Receipt.practice_id))
        .where(Receipt.series == receipt.series, Receipt.number == receipt.number)
    )
    found = (await session.exec(query)).first()
    if found is None:
        return None
    row, number = found
    return OtherPaper(
        label=receipt_name(row.series, row.number),
        practice_id=row.practice_id,
        practice_number=number,
        issued_at=row.issued_at,
        amount_cents=row.amount_cents,
        same_paper=row.digest == digest,
    )


async def practices_of(session: AsyncSession, receipt: ReceiptValue, *, reported: UUID | None) -> list[MoneyPractice]:
    """The practices that the paper or the report names, and all of whoever is known to be the same debtor."""
    of_debtor = col(Obligor.role) == "debtor"
    named = col(Practice.practice_number) == receipt.practice
    near = named if reported is None else or_(named, col(Practice.id) == reported)
    first = select(Practice.id).where(near)
    keys = select(Obligor.tax_code_index).where(
        col(Obligor.practice_id).in_(first), of_debtor, col(Obligor.tax_code_index).is_not(None)
    )
    groups = select(Practice.debtor_group).where(near, col(Practice.debtor_group).is_not(None))
    of_the_same = select(Obligor.practice_id).where(of_debtor, col(Obligor.tax_code_index).in_(keys))
    query: Any = (
        sqlalchemy.select(
            col(Practice.id),
            col(Practice.practice_number),
            col(Practice.debtor_group),
            col(Creditor.name).label("creditor"),
            func.array_agg(col(Obligor.name)).label("names"),
            func.min(col(Obligor.name)).filter(of_debtor).label("debtor"),
            func.array_agg(col(Obligor.tax_code_index)).filter(of_debtor).label("indexes"),
        )
        .join(Creditor, col(Creditor.id) == col(Practice.creditor_id))
        .join(Obligor, col(Obligor.practice_id) == col(Practice.id))
        .where(or_(near, col(Practice.debtor_group).in_(groups), col(Practice.id).in_(of_the_same)))
        .group_by(col(Practice.id), col(Creditor.name))
    )
    return [
        MoneyPractice(
            id=row.id,
            number=row.practice_number,
            creditor=row.creditor,
            debtor=row.debtor or "",
            debtors=frozenset(row.names),
            debtor_keys=frozenset(str(key) for key in (row.debtor_group, *(row.indexes or ())) if key is not None),
        )
        for row in await session.execute(query)
    ]


async def waiting(session: AsyncSession) -> list[RefusedMoneyRow]:
    """Refused reports that hold money and whose task is open, the oldest first."""
    query = (
        select(Envelope, Person.name)
        .join(Task, col(Task.subject_id) == sqlalchemy.cast(col(Envelope.id), sqlalchemy.Text))
        .join(Device, col(Device.id) == col(Envelope.device_id))
        .join(Person, col(Person.id) == col(Device.person_id))
        .where(Task.kind == TASK, Task.state == "open")
        .order_by(col(Envelope.received_at), col(Envelope.id))
    )
    rows = []
    for envelope, name in (await session.exec(query)).all():
        money = read_refused(envelope.content).money
        if money:
            rows.append(
                RefusedMoneyRow(
                    envelope_id=envelope.id,
                    agent_name=name,
                    code=envelope.code or "",
                    received_at=envelope.received_at,
                    amount_cents=sum(one.said_cents or 0 for one in money),
                    receipts=[one.receipt.name for one in money if one.receipt is not None],
                )
            )
    return rows


async def is_newest(session: AsyncSession, device: Device, number: int) -> bool:
    """Whether no later receipt of the phone's own series has arrived."""
    query = select(Receipt.id).where(
        Receipt.device_id == device.id, Receipt.series == device.series, col(Receipt.number) > number
    )
    return (await session.exec(query.limit(1))).first() is None


__all__ = [
    "TASK",
    "Decided",
    "Device",
    "Envelope",
    "PadForm",
    "Person",
    "RefusedMoney",
    "acts",
    "decided",
    "is_newest",
    "numbered",
    "practices_of",
    "refused",
    "waiting",
]
