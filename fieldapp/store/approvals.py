"""Approvals: given, taken back, listed."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.store.shapes.office import ApprovalRow
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.rules import Approval

__all__ = ["Approval", "add", "given", "rows"]


async def add(session: AsyncSession, row: Approval) -> None:
    session.add(row)
    await session.flush()


async def given(session: AsyncSession, practice_id: UUID, approval_id: UUID) -> Approval:
    """An approval of the practice that still stands. Raises Refusal `approval.unknown`, `approval.withdrawn`."""
    query = select(Approval).where(
        Approval.id == approval_id, Approval.practice_id == practice_id, col(Approval.withdraws).is_(None)
    )
    row = (await session.exec(query)).first()
    if row is None:
        raise Refusal("approval.unknown", kind=Kind.MISSING)
    if (await session.exec(select(Approval.id).where(Approval.withdraws == approval_id))).first() is not None:
        raise Refusal("approval.withdrawn", kind=Kind.CONFLICT)
    return row


async def rows(session: AsyncSession, practice_id: UUID) -> list[ApprovalRow]:
    """Everything that was approved for the practice, newest first, with who took it back."""
    taker, taken = aliased(Person), aliased(Approval)
    query = (
        select(Approval, Person.name, taken.at, taker.name)
        .join(Person, col(Person.id) == col(Approval.person_id))
        .join(taken, col(taken.withdraws) == col(Approval.id), isouter=True)
        .join(taker, col(taker.id) == col(taken.person_id), isouter=True)
        .where(Approval.practice_id == practice_id, col(Approval.withdraws).is_(None))
        .order_by(col(Approval.at).desc(), col(Approval.id))
    )
    return [
        ApprovalRow(
            id=row.id,
            rule=row.rule,
            from_on=row.from_on,
            to_on=row.to_on,
            reason=row.reason,
            at=row.at,
            by=by,
            withdrawn_at=withdrawn_at,
            withdrawn_by=withdrawn_by,
        )
        for row, by, withdrawn_at, withdrawn_by in (await session.exec(query)).all()
    ]
