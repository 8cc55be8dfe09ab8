"""People of the agency: read, added, let in and shut out."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store.database import agency_of
from fieldapp.store.tables.access import Person, SignIn

__all__ = ["Person"]


async def everybody(session: AsyncSession) -> Sequence[Person]:
    """Those who work for the agency first, by name."""
    return (await session.exec(select(Person).order_by(col(Person.active).desc(), col(Person.name)))).all()


async def person(session: AsyncSession, person_id: UUID) -> Person | None:
    """Locked: whoever else changes them waits."""
    query = select(Person).where(Person.id == person_id).with_for_update()
    return (await session.exec(query.execution_options(populate_existing=True))).first()


async def as_they_stand(session: AsyncSession, person_id: UUID) -> Person:
    """Not locked: it may change while one looks."""
    return (await session.exec(select(Person).where(Person.id == person_id))).one()


async def lock(session: AsyncSession) -> None:
    """Whoever else lets somebody of this agency in or out waits for the end of the transaction."""
    key = f"people:{agency_of(session)}"
    await session.execute(text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


async def add(session: AsyncSession, row: Person) -> str | None:
    """Add somebody; the name of what another has already (`login`, `agent_number`), else None. A login is taken in
    whichever agency has it."""
    try:
        async with session.begin_nested():
            session.add(row)
            await session.flush()
    except IntegrityError as broken:
        constraint = getattr(getattr(broken.orig, "diag", None), "constraint_name", None)
        taken = {"person_login_once": "login", "person_agent_number_once": "agent_number"}.get(constraint or "")
        if taken is None:
            raise
        return taken
    return None


async def end_sessions(session: AsyncSession, person_id: UUID, *, but: str | None = None) -> None:
    """Sign somebody out everywhere, except in the session with the digest `but`."""
    query = delete(SignIn).where(col(SignIn.person_id) == person_id)
    await session.execute(query if but is None else query.where(col(SignIn.token_digest) != but))
