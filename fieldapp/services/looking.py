"""Who else has a day open: told from process to process while it lasts, shown to colleagues, written nowhere.

How somebody works is no object of records (art. 4 Statuto dei lavoratori): there is no table, no fact, no entry in the
register. A window says every few seconds where it is; whoever falls silent is gone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec
from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError

from fieldapp.domain.access import ACCESS, Identity
from fieldapp.domain.looking import KEPT_S, Look, Room, Seen, colleagues
from fieldapp.services.work import Parts
from fieldapp.store.announcements import announcements_of, say
from fieldapp.store.database import Database
from fieldapp.store.shapes.looking import Looker, Looking

AT_ONCE = 12
"""So many windows go into one notification."""

log = logging.getLogger("fieldapp.looking")


class Here(Struct, tag="here"):
    """Of these windows; `again`: told by a process that heard of them."""

    seen: list[Seen]
    again: bool = False


class Gone(Struct, tag="gone"):
    window: UUID
    person_id: UUID


class Who(Struct, tag="who"):
    """A process that has just begun to listen asks the others what they know."""


async def look(parts: Parts, identity: Identity, where: Look) -> None:
    """Say what a window shows now."""
    said = Here([Seen(where, KEPT_S)])
    here = _rooms.get(parts.database, {}).get(identity.agency_id)
    if here is not None and here.waiting:
        # Those of this process know at once, also while it is only beginning to listen.
        here.take(said)
    await _say(parts.database, identity.agency_id, said)


async def leave(parts: Parts, identity: Identity, window: UUID) -> None:
    """The window shows no day any more."""
    await _say(parts.database, identity.agency_id, Gone(window, identity.person_id))


async def _say(database: Database, agency_id: UUID, what: Here | Gone | Who) -> None:
    await say(database, _channel(agency_id), msgspec.json.encode(what).decode())


def _channel(agency_id: UUID) -> str:
    return f"looking_{agency_id.hex}"


class _Rooms:
    """What this process knows of one agency, and who of its streams waits for news of it."""

    def __init__(self, database: Database, agency_id: UUID) -> None:
        self.database = database
        self.agency_id = agency_id
        self.room = Room()
        self.waiting: set[asyncio.Event] = set()
        self.windows: dict[UUID, int] = {}
        self._saying: set[asyncio.Task[None]] = set()

    def hears(self, words: str | None) -> None:
        """What was said on the agency's channel; None: listening has begun, and what came before is asked for."""
        if words is None:
            self.say(Who())
            return
        self.take(msgspec.json.decode(words, type=Here | Gone | Who))

    def take(self, said: Here | Gone | Who) -> None:
        now = _now()
        match said:
            case Here():
                take = self.room.told_again if said.again else self.room.heard
                news = [take(seen, now) for seen in said.seen]
            case Gone():
                news = [self.room.left(said.window, said.person_id)]
            case Who():
                self._tell_again(self.room.standing(now))
                news = []
        if any(news):
            self.wake()

    def _tell_again(self, seen: Sequence[Seen]) -> None:
        for first in range(0, len(seen), AT_ONCE):
            self.say(Here(list(seen[first : first + AT_ONCE]), again=True))

    def wake(self) -> None:
        for event in self.waiting:
            event.set()

    def say(self, what: Here | Gone | Who) -> None:
        """Without waiting: who listens must not, and whose stream was cut no longer can."""
        saying = asyncio.create_task(self._said(what))
        self._saying.add(saying)
        saying.add_done_callback(self._saying.discard)

    async def _said(self, what: Here | Gone | Who) -> None:
        try:
            await _say(self.database, self.agency_id, what)
        except (SQLAlchemyError, OSError):
            # Nothing is lost by it: windows say again where they are, and who does not lapses.
            log.warning("a colleague's place was not told on")


def _now() -> float:
    return asyncio.get_running_loop().time()


class Watch:
    """What one stream tells of the colleagues of its person."""

    def __init__(self, rooms: _Rooms, person_id: UUID) -> None:
        self._rooms = rooms
        self._person_id = person_id
        self._told: list[Look] = []

    def news(self) -> Looking | None:
        """Whom it sees by now, if that is not what it was told last."""
        now = colleagues(self._rooms.room.standing(_now()), self._person_id)
        if now == self._told:
            return None
        self._told = now
        return Looking(
            [Looker(look.person_id, look.name, look.day, look.plan_id, look.agent_id, look.carries) for look in now]
        )

    def lapses_in(self, longest_s: float) -> float:
        """Seconds, at most `longest_s`, after which somebody may have lapsed."""
        next_s = self._rooms.room.lapses_in(_now())
        return longest_s if next_s is None else max(0.0, min(longest_s, next_s))


_rooms: WeakKeyDictionary[Database, dict[UUID, _Rooms]] = WeakKeyDictionary()


@asynccontextmanager
async def watching(
    parts: Parts, identity: Identity, event: asyncio.Event, *, window: UUID | None
) -> AsyncIterator[Watch | None]:
    """Hear of colleagues, whose every change sets `event`; the window of this stream is gone when it ends.

    None for whoever does not plan: they neither show nor see where somebody is.
    """
    if identity.role not in ACCESS["say_where_i_look"].roles:
        yield None
        return
    known = _rooms.setdefault(parts.database, {})
    rooms = known.setdefault(identity.agency_id, _Rooms(parts.database, identity.agency_id))
    async with AsyncExitStack() as stack:
        if not rooms.waiting:
            rooms.room = Room()
        rooms.waiting.add(event)
        stack.callback(rooms.waiting.discard, event)
        if window is not None:
            rooms.windows[window] = rooms.windows.get(window, 0) + 1
            stack.callback(_ended, rooms, window, identity.person_id)
        # Each stream listens by itself: the first one opens the channel, the last one leaves it.
        await stack.enter_async_context(
            announcements_of(parts.database).on(_channel(identity.agency_id), hears=rooms.hears)
        )
        yield Watch(rooms, identity.person_id)


def _ended(rooms: _Rooms, window: UUID, person_id: UUID) -> None:
    rooms.windows[window] -= 1
    if rooms.windows[window] == 0:
        del rooms.windows[window]
        rooms.say(Gone(window, person_id))
