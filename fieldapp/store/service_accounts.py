"""Service accounts: made, listed, revoked; and who stands behind a token, counted by the minute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import case, text, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.store.shapes.exchange import ServiceAccountRow
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.exchange import ServiceAccount
from fieldapp.store.tables.practice import Creditor

__all__ = ["Known", "ServiceAccount", "account_of_token", "revoke", "rows"]

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Known:
    """The account behind a token, with how often it has asked in the running minute, this time included."""

    account: ServiceAccount
    asked: int
    minute_began_at: datetime


async def account_of_token(session: AsyncSession, digest: str, *, now: datetime) -> Known | None:
    """Counts the request in the same statement, so that no two processes let through more than the rate.

    The commit does not wait for the disk: a crash of the database may forget that somebody asked, nothing else.
    """
    began, asked = col(ServiceAccount.minute_began_at), col(ServiceAccount.asked)
    fresh = began.is_(None) | (began <= now - MINUTE) | (began > now)
    statement = (
        update(ServiceAccount)
        .where(col(ServiceAccount.token_digest) == digest)
        .values(
            minute_began_at=case((fresh, now), else_=began), asked=case((fresh, 1), else_=asked + 1), last_used_at=now
        )
        .returning(ServiceAccount)
        .execution_options(synchronize_session=False)
    )
    await session.execute(text("set local synchronous_commit = off"))
    account = (await session.execute(statement)).scalar_one_or_none()
    if account is None:
        return None
    return Known(account, account.asked, account.minute_began_at or now)


async def rows(session: AsyncSession) -> list[ServiceAccountRow]:
    """Those in force first, the newest of them first."""
    query = (
        select(ServiceAccount, Person.name, Creditor.name)
        .join(Person, col(Person.id) == col(ServiceAccount.created_by))
        .join(Creditor, col(Creditor.id) == col(ServiceAccount.creditor_id), isouter=True)
        .order_by(col(ServiceAccount.revoked_at).is_not(None), col(ServiceAccount.created_at).desc())
    )
    return [
        ServiceAccountRow(
            id=row.id,
            name=row.name,
            scopes=row.scopes,
            writes=row.writes,
            creditor_id=row.creditor_id,
            creditor_name=creditor,
            a_minute=row.a_minute,
            created_at=row.created_at,
            created_by=person,
            last_used_at=row.last_used_at,
            revoked_at=row.revoked_at,
        )
        for row, person, creditor in (await session.exec(query)).all()
    ]


async def revoke(session: AsyncSession, account_id: UUID, *, person_id: UUID, now: datetime) -> bool:
    """Whether it was in force until now. Raises Refusal `service_account.unknown`."""
    row = (await session.exec(select(ServiceAccount).where(ServiceAccount.id == account_id).with_for_update())).first()
    if row is None:
        raise Refusal("service_account.unknown", kind=Kind.MISSING)
    if row.revoked_at is not None:
        return False
    row.revoked_at, row.revoked_by = now, person_id
    await session.flush()
    return True
