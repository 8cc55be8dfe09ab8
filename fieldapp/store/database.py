"""Transactions on the service's database, each opened under one agency's row security.

A transaction says first for whom it works; what it may see follows from that. It ends by numbering the facts and
audit entries that it gathered (`store.feed`), so that their order is the order of commits.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
import psycopg
from sqlalchemy import URL, event, make_url, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store import feed

DatabaseAway = OperationalError
"""The database does not answer, or ended the transaction: nothing of it is stored."""
GATE = "gate"
"""The role that looks up sign-ins and devices before it is known for whom: it sees only those tables."""


_WAIT_S = 10.0
"""How long a request waits for a connection before it is told to come again."""
_CONNECT_S = 5
_HEALTH_S = 3


@dataclass(frozen=True, slots=True)
class Scope:
    """For whom a transaction works."""

    agency_id: UUID | None
    role: str
    person_id: UUID | None = None
    device_id: UUID | None = None


def driver_url(url: str) -> URL:
    """`postgresql://...` for SQLAlchemy with psycopg 3."""
    return make_url(url).set(drivername="postgresql+psycopg")


class Database:
    """The engine and the one way to open a transaction on it."""

    def __init__(
        self,
        url: str,
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], UUID],
        pool_size: int = 20,
        wait_s: float = _WAIT_S,
    ) -> None:
        self.url = url
        self._now = now
        self._new_id = new_id
        self.engine: AsyncEngine = create_async_engine(
            driver_url(url),
            pool_size=pool_size,
            max_overflow=10,
            pool_timeout=wait_s,
            pool_pre_ping=True,
            # Instants come back in the zone of the server's machine otherwise, and repeats differ in spelling.
            connect_args={"options": "-c timezone=UTC", "connect_timeout": _CONNECT_S},
            # Thousands of small lists come with one question, and a plan is a megabyte.
            json_deserializer=msgspec.json.decode,
            hide_parameters=True,
        )
        event.listen(self.engine.sync_engine, "handle_error", _say_no_row)

    @asynccontextmanager
    async def transaction(self, scope: Scope) -> AsyncIterator[AsyncSession]:
        """One transaction under `scope`: committed when the block ends, rolled back when it raises."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            await enter(session, scope)
            yield session
            await feed.seal(session, now=self._now(), new_id=self._new_id)
            await session.commit()

    async def answers(self) -> bool:
        """Whether the database takes a statement within a moment."""
        try:
            async with asyncio.timeout(_HEALTH_S), self.engine.connect() as connection:
                await connection.execute(text("select 1"))
        except (SQLAlchemyError, OSError, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        await self.engine.dispose()


def _say_no_row(context: ExceptionContext) -> None:
    """Faults go into logs: what failed is said, not the row that it failed for, which is about people."""
    broken, wrapped = context.original_exception, context.sqlalchemy_exception
    if isinstance(broken, psycopg.Error) and broken.diag.message_primary is not None:
        said = broken.diag.message_primary
        broken.args = (said,)
        if wrapped is not None:
            wrapped.args = (f"({type(broken).__name__}) {said}",)


async def enter(session: AsyncSession, scope: Scope) -> None:
    """Say for whom the transaction of `session` works; row security reads it until the transaction ends."""
    session.info["scope"] = scope
    await session.connection()
    await session.execute(
        text(
            "select set_config('fieldapp.agency', :agency, true), set_config('fieldapp.person', :person, true),"
            " set_config('fieldapp.role', :role, true)"
        ),
        {
            "agency": str(scope.agency_id or ""),
            "person": str(scope.person_id or ""),
            "role": scope.role,
        },
    )


def scope_of(session: AsyncSession) -> Scope:
    """The scope that the session's transaction was opened under."""
    scope = session.info["scope"]
    assert isinstance(scope, Scope)
    return scope


def agency_of(session: AsyncSession) -> UUID:
    """The agency of the session's transaction; only the gate has none."""
    agency_id = scope_of(session).agency_id
    assert agency_id is not None
    return agency_id
