"""What a request asks of the database, listened to at the driver's door."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, text
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store.database import Database


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The statements sent meanwhile, in order; beginning and ending a transaction is not among them."""
    heard: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        heard.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", hear)


async def plan_of(session: AsyncSession, ask: Callable[[], Awaitable[Any]]) -> str:
    """How the database answers the last statement that `ask` sends, with its own values, where it may not read a whole
    table: few rows are in a test, and those would be read one after the other."""
    heard: list[tuple[str, Any]] = []
    connection = await session.connection()
    for off in ("seqscan", "bitmapscan", "sort", "incremental_sort"):
        await session.execute(text(f"set local enable_{off} = off"))

    def hear(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        heard.append((statement, values))

    event.listen(connection.sync_connection, "before_cursor_execute", hear)
    try:
        await ask()
    finally:
        event.remove(connection.sync_connection, "before_cursor_execute", hear)
    asked, values = heard[-1]
    return "\n".join((await connection.exec_driver_sql(f"explain {asked}", values)).scalars())
