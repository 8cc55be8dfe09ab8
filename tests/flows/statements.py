"""What a request asks of the database, listened to at the driver's door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

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
