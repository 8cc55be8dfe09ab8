"""News from the database: one listening connection of a process, fanned out to everybody who waits.

A notification of facts says only that there is something new; what it is, each waiter reads from the facts. What is
kept nowhere is said in the notification itself (`say`). The connection opens with the first waiter and closes with the
last, so that nothing is left over when the service stops.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

import psycopg
from psycopg import sql
from sqlalchemy import text

from fieldapp.store.database import Database

_LOOK_S = 0.25
"""How often the listening pauses to take up a new channel."""
_RETRY_S = 1.0

log = logging.getLogger("fieldapp.announcements")


class Announcements:
    """The listener of one process on one database; see `announcements_of`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._hearing: dict[str, list[Callable[[str | None], None]]] = defaultdict(list)
        self._heard: set[str] = set()
        self._times: Counter[str] = Counter()
        self._listening: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def on(
        self, channel: str, *, hears: Callable[[str | None], None] | None = None
    ) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever something may be new on `channel`, first when listening has begun.

        `hears` is called with what was said on the channel, and with None when listening has begun.
        """
        event = asyncio.Event()
        if hears is not None:
            self._hearing[channel].append(hears)
        self._waiting[channel].add(event)
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen(), name="announcements")
        try:
            yield event
        finally:
            if hears is not None:
                self._hearing[channel].remove(hears)
            self._waiting[channel].discard(event)
            if not self._waiting[channel]:
                del self._waiting[channel]
            if not self._waiting:
                await self._stop()

    def times(self, channel: str) -> int:
        """How often something was announced on `channel` so far."""
        return self._times[channel]

    async def _stop(self) -> None:
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            try:
                await self._follow()
            except psycopg.OperationalError:
                log.warning("the listening connection was lost and is opened again")
            await asyncio.sleep(_RETRY_S)

    async def _follow(self) -> None:
        connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
        self._heard.clear()
        try:
            while True:
                await self._take_up(connection)
                async for note in connection.notifies(timeout=_LOOK_S):
                    self._wake(note.channel, note.payload)
        finally:
            await connection.close()

    async def _take_up(self, connection: psycopg.AsyncConnection) -> None:
        """Listen on channels that were asked for meanwhile; their waiters look once, for what came before."""
        for channel in [name for name in self._waiting if name not in self._heard]:
            await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
            self._heard.add(channel)
            self._wake(channel)

    def _wake(self, channel: str, said: str | None = None) -> None:
        self._times[channel] += 1
        # Many may hear with the same ears, and are told once.
        for hears in dict.fromkeys(self._hearing.get(channel, ())):
            hears(said)
        for event in self._waiting.get(channel, ()):
            event.set()


_by_database: WeakKeyDictionary[Database, Announcements] = WeakKeyDictionary()


def announcements_of(database: Database) -> Announcements:
    """The one listener of this process for `database`."""
    if database not in _by_database:
        _by_database[database] = Announcements(database.url)
    return _by_database[database]


async def say(database: Database, channel: str, words: str) -> None:
    """Tell whoever listens on `channel` in any process, and keep it nowhere; at most 7,900 bytes."""
    async with database.engine.connect() as connection:
        await connection.execute(text("select pg_notify(:channel, :words)"), {"channel": channel, "words": words})
        await connection.commit()
