"""Facts as they come, read once in a process for everybody who watches: fifty boards cost one question."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from uuid import UUID
from weakref import WeakKeyDictionary

from fieldapp.domain.access import Identity
from fieldapp.services.work import Parts, working
from fieldapp.store import exchange as store
from fieldapp.store.database import Database
from fieldapp.store.shapes.office import OfficeEvent

KEPT = 2_000
"""So many of the newest facts are remembered; whoever stopped before them reads for itself."""


class _News:
    """What was told lately in one agency, complete after the number `_from`."""

    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Lock()
        self._heard = -1
        self._from: int | None = None
        self._events: list[OfficeEvent] = []

    async def after(
        self, parts: Parts, identity: Identity, cursor: int, *, heard: int | None, limit: int
    ) -> list[OfficeEvent]:
        async with self._one_at_a_time:
            if self._from is None:
                self._from = await self._newest(parts, identity)
            if cursor < self._from:
                return await self._read(parts, identity, cursor, limit)
            if heard is None or heard > self._heard:
                newest = self._events[-1].number if self._events else self._from
                fresh = await self._read(parts, identity, newest, limit)
                if len(fresh) == limit:
                    # Too many to remember, as after a night in which nobody watched: begun anew from where it stands.
                    self._from, self._events = None, []
                    return await self._read(parts, identity, cursor, limit)
                self._events += fresh
                self._heard = max(self._heard, heard or 0)
            told = self._events[bisect_right(self._events, cursor, key=lambda event: event.number) :]
            if len(self._events) > KEPT:
                self._from = self._events[-KEPT - 1].number
                self._events = self._events[-KEPT:]
            return told[:limit]

    async def _newest(self, parts: Parts, identity: Identity) -> int:
        async with working(parts, identity) as work:
            return await store.last_number(work.session)

    async def _read(self, parts: Parts, identity: Identity, after: int, limit: int) -> list[OfficeEvent]:
        async with working(parts, identity) as work:
            return await store.events_after(work.session, after, limit=limit)


_news: WeakKeyDictionary[Database, dict[tuple[UUID, str], _News]] = WeakKeyDictionary()


async def after(parts: Parts, identity: Identity, cursor: int, *, heard: int | None, limit: int) -> list[OfficeEvent]:
    """The facts after the number `cursor` in order, at most `limit`.

    `heard`: how often news were announced by now; what was read since then is not read again. None: look anyway.
    """
    mine = _news.setdefault(parts.database, {}).setdefault((identity.agency_id, identity.role.value), _News())
    return await mine.after(parts, identity, cursor, heard=heard, limit=limit)
