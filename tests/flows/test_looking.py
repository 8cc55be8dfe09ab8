"""Who else has a day open: told over processes while it lasts, and written nowhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from litestar.response.sse import ServerSentEventMessage
from sqlalchemy import text

from fieldapp.domain.access import Role
from fieldapp.parts import assemble
from fieldapp.services import exchange, looking
from fieldapp.services.work import Parts
from fieldapp.settings import Settings
from fieldapp.store.tables import Person
from tests.flows.conftest import Desk, House, a_person

DAY = "2026-12-01"


class Board:
    """An open board: whom it sees."""

    def __init__(self, stream: AsyncIterator[ServerSentEventMessage]) -> None:
        self._stream = stream

    async def told(self) -> list[dict[str, Any]]:
        """What it is told next of colleagues."""
        async with asyncio.timeout(20):
            async for message in self._stream:
                if message.event == "looking":
                    return list(json.loads(str(message.data))["colleagues"])
        raise AssertionError("the stream ended")


@asynccontextmanager
async def an_open_board(
    house: House, who: Role | Person, *, window: UUID | None = None, parts: Parts | None = None
) -> AsyncIterator[Board]:
    stream = exchange.watch(parts or house.parts, house.identity(who), after=None, window=window)
    try:
        assert (await anext(stream)).event == "hello"
        yield Board(stream)
    finally:
        await stream.aclose()


@asynccontextmanager
async def another_process(settings: Settings) -> AsyncIterator[Parts]:
    """The parts of a second server on the same database."""
    parts = assemble(settings)
    try:
        yield parts
    finally:
        await parts.database.close()


async def look(desk: Desk, window: UUID, **where: object) -> None:
    answer = await desk.post("/dispatch/looking", json={"window": str(window), "day": DAY, **where})
    assert answer.status_code == 204, answer.text


async def test_a_dispatcher_sees_who_else_has_the_day_open_and_at_which_lane(house: House) -> None:
    bea, hers, lane = await house.sign_in(Role.ADMINISTRATOR), uuid4(), uuid4()

    async with an_open_board(house, Role.DISPATCHER) as board:
        waiting = asyncio.create_task(board.told())
        await asyncio.sleep(0.5)
        await look(bea, hers)
        first = await waiting
        await look(bea, hers, agent_id=str(lane), carries=True)
        carrying = await board.told()
        await look(bea, hers, day=None)
        gone = await board.told()

    assert [(one["name"], one["day"], one["agent_id"]) for one in first] == [(bea.identity.name, DAY, None)]
    assert [(one["agent_id"], one["carries"]) for one in carrying] == [(str(lane), True)]
    assert gone == []


async def test_with_her_stream_a_colleague_is_gone(house: House) -> None:
    bea, hers = await house.sign_in(Role.ADMINISTRATOR), uuid4()

    async with an_open_board(house, Role.DISPATCHER) as board:
        async with an_open_board(house, Role.ADMINISTRATOR, window=hers):
            await look(bea, hers)
            seen = await board.told()
        gone = await board.told()

    assert len(seen) == 1
    assert gone == []


async def test_colleagues_on_other_servers_are_seen_also_by_one_that_has_just_started(
    house: House, settings: Settings
) -> None:
    bea, hers = await house.sign_in(Role.ADMINISTRATOR), uuid4()

    async with an_open_board(house, Role.DISPATCHER) as board, another_process(settings) as late:
        waiting = asyncio.create_task(board.told())
        await look(bea, hers)
        await waiting
        async with an_open_board(house, Role.DISPATCHER, parts=late) as other:
            seen = await other.told()

    assert [one["name"] for one in seen] == [bea.identity.name]


async def test_whose_server_died_is_gone_when_nothing_more_is_said(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    bea = await house.sign_in(Role.ADMINISTRATOR)
    monkeypatch.setattr(looking, "KEPT_S", 0.4)

    async with an_open_board(house, Role.DISPATCHER) as board:
        waiting = asyncio.create_task(board.told())
        await asyncio.sleep(0.5)
        # Of this window no stream ever ends.
        await look(bea, uuid4())
        seen = await waiting
        gone = await board.told()

    assert len(seen) == 1
    assert gone == []


async def test_another_agency_and_who_does_not_plan_see_nobody(house: House) -> None:
    bea = await house.sign_in(Role.ADMINISTRATOR)
    _, _, stranger = await house.other_agency()
    async with house.session(stranger.agency_id) as session:
        theirs = a_person(stranger.agency_id, Role.DISPATCHER, login="altrove")
        session.add(theirs)
    seen: list[object] = []

    async def listens(who: Role | Person) -> None:
        async with an_open_board(house, who) as board:
            seen.append(await board.told())

    async with an_open_board(house, Role.DISPATCHER) as board:
        deaf = [asyncio.create_task(listens(who)) for who in (theirs, Role.BACK_OFFICE, Role.ADMINISTRATOR)]
        await asyncio.sleep(0.6)
        await look(bea, uuid4())
        await board.told()
        await asyncio.sleep(0.3)
        for one in deaf:
            one.cancel()
        await asyncio.gather(*deaf, return_exceptions=True)
    refused = await (await house.sign_in(Role.BACK_OFFICE)).post(
        "/dispatch/looking", json={"window": str(uuid4()), "day": DAY}
    )

    assert seen == []
    assert refused.status_code == 403


async def test_nothing_of_it_is_written_down(house: House) -> None:
    bea = await house.sign_in(Role.ADMINISTRATOR)

    async def rows() -> dict[str, int]:
        async with house.session() as session:
            tables = (
                await session.execute(text("select tablename from pg_tables where schemaname = 'public'"))
            ).scalars()
            return {
                name: (await session.execute(text(f'select count(*) from "{name}"'))).scalar_one() for name in tables
            }

    before = await rows()
    async with an_open_board(house, Role.DISPATCHER) as board:
        waiting = asyncio.create_task(board.told())
        await asyncio.sleep(0.5)
        await look(bea, uuid4(), agent_id=str(uuid4()), carries=True)
        await waiting

    assert len(before) > 50
    assert await rows() == before
