"""Live news: every fact once and in order, for whoever watches, from where they stopped."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest
import uvicorn
from litestar.response.sse import ServerSentEventMessage

from fieldapp.domain.access import Role
from fieldapp.services import exchange, news
from fieldapp.store.announcements import announcements_of
from fieldapp.store.feed import NewFact, tell
from tests.conftest import NOW
from tests.flows.conftest import Desk, House
from tests.flows.statements import statements


async def happen(house: House, *kinds: str) -> None:
    async with house.session() as session:
        tell(session, *(NewFact(kind, NOW) for kind in kinds))


@asynccontextmanager
async def watching(house: House, after: int | None = None) -> AsyncIterator[AsyncIterator[ServerSentEventMessage]]:
    stream = exchange.watch(house.parts, house.identity(), after=after)
    try:
        yield stream
    finally:
        await stream.aclose()


async def taken(stream: AsyncIterator[ServerSentEventMessage], count: int) -> list[ServerSentEventMessage]:
    async with asyncio.timeout(20):
        return [await anext(stream) for _ in range(count)]


def kind_of(message: ServerSentEventMessage) -> str:
    return str(json.loads(str(message.data))["kind"])


async def test_a_watcher_hears_what_happens_after_it_came(house: House) -> None:
    await happen(house, "before")

    async with watching(house) as stream:
        hello = (await taken(stream, 1))[0]
        await happen(house, "first", "second")
        await happen(house, "third")
        heard = await taken(stream, 3)

    assert hello.event == "hello"
    assert [kind_of(message) for message in heard] == ["first", "second", "third"]


async def test_a_watcher_goes_on_where_it_stopped(house: House) -> None:
    await happen(house, "first", "second", "third")
    async with watching(house, after=0) as stream:
        _, first = await taken(stream, 2)

    async with watching(house, after=int(str(first.id))) as stream:
        rest = (await taken(stream, 3))[1:]

    assert [kind_of(message) for message in rest] == ["second", "third"]


async def test_every_watcher_hears_every_fact_once_while_many_write(house: House) -> None:
    async with watching(house) as one, watching(house) as other:
        await taken(one, 1)
        await taken(other, 1)
        await asyncio.gather(*(happen(house, f"fact.{i}") for i in range(12)))
        heard = [await taken(stream, 12) for stream in (one, other)]

    numbers = [[int(str(message.id)) for message in messages] for messages in heard]
    assert numbers[0] == numbers[1] == sorted(set(numbers[0]))
    assert {kind_of(message) for message in heard[0]} == {f"fact.{i}" for i in range(12)}


async def test_ten_watchers_cost_one_reading(house: House) -> None:
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(watching(house)) for _ in range(10)]
        for stream in streams:
            await taken(stream, 1)
        await happen(house, "before")
        for stream in streams:
            await taken(stream, 1)
        waiting = [asyncio.create_task(taken(stream, 1)) for stream in streams]
        await asyncio.sleep(0.2)
        with statements(house.parts.database) as heard:
            await happen(house, "told")
            told = await asyncio.gather(*waiting)

    assert [kind_of(message) for (message,) in told] == ["told"] * 10
    readings = [one for one in heard if "FROM fact" in one and "ORDER BY fact.number" in one]
    assert len(readings) <= 2, readings


async def test_a_watcher_from_far_back_hears_everything_although_less_is_remembered(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "KEPT", 3)
    monkeypatch.setattr(exchange, "AT_ONCE", 4)
    async with watching(house) as stream:
        await taken(stream, 1)
        await happen(house, *(f"fact.{i}" for i in range(9)))
        heard = await taken(stream, 9)
        async with watching(house, after=int(str(heard[0].id))) as late:
            rest = (await taken(late, 9))[1:]

    assert [kind_of(message) for message in heard] == [f"fact.{i}" for i in range(9)]
    assert [kind_of(message) for message in rest] == [f"fact.{i}" for i in range(1, 9)]


async def test_nothing_of_another_agency_is_heard(house: House) -> None:
    agency_id, _, stranger = await house.other_agency()
    stream = exchange.watch(house.parts, house.identity(stranger), after=None)

    await taken(stream, 1)
    await happen(house, "ours")
    async with house.session(agency_id) as session:
        tell(session, NewFact("theirs", NOW))
    heard = (await taken(stream, 1))[0]
    await stream.aclose()

    assert kind_of(heard) == "theirs"


async def test_silence_is_broken_by_a_comment(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "HEARTBEAT_S", 0.05)

    async with watching(house) as stream:
        await taken(stream, 1)
        for message in await taken(stream, 6):
            if message.comment:
                return

    pytest.fail("no comment came")


async def test_listening_ends_with_the_last_watcher(house: House) -> None:
    async with watching(house) as stream:
        await taken(stream, 1)
        assert any(task.get_name() == "announcements" for task in asyncio.all_tasks())

    assert not any(task.get_name() == "announcements" for task in asyncio.all_tasks())
    assert announcements_of(house.parts.database) is announcements_of(house.parts.database)


@asynccontextmanager
async def served(house: House) -> AsyncIterator[str]:
    """The app behind a real server, because only there an answer streams."""
    with socket.socket() as taken_port:
        taken_port.bind(("127.0.0.1", 0))
        config = uvicorn.Config(house.app, lifespan="off", log_level="warning")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[taken_port]))
        yield f"http://127.0.0.1:{taken_port.getsockname()[1]}"
        server.should_exit = True
        await serving


async def lines_until(answer: httpx.Response, wanted: str) -> list[str]:
    lines = []
    async for line in answer.aiter_lines():
        lines.append(line)
        if wanted in line:
            return lines
    return lines


async def test_a_browser_resumes_by_the_last_event_it_saw(house: House) -> None:
    desk: Desk = await house.sign_in(Role.BACK_OFFICE)
    await happen(house, "first", "second")

    async with served(house) as address, httpx.AsyncClient(timeout=20) as browser:
        cookie = {"cookie": "; ".join(f"{name}={value}" for name, value in desk.http.cookies.items())}
        async with browser.stream("GET", f"{address}/api/v1/events?after=0", headers=cookie) as answer:
            lines = await lines_until(answer, "first")
        last = [line.removeprefix("id: ") for line in lines if line.startswith("id: ")][-1]
        resumed = {**cookie, "last-event-id": last}
        async with browser.stream("GET", f"{address}/api/v1/events", headers=resumed) as answer:
            rest = await lines_until(answer, "second")

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert not any("first" in line for line in rest)


async def test_nobody_watches_without_signing_in(house: House) -> None:
    answer = await house.client().get("/events")

    assert answer.status_code == 401
