"""When the database is away or all connections are taken, callers are told so at once and may come again."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace

import httpx
import pytest

from fieldapp.app import create_app
from fieldapp.settings import Settings
from fieldapp.store.database import Database
from tests.flows.conftest import BASE, House, new_id

POOL, OVERFLOW = 1, 10


def client_over(house: House, settings: Settings, database: Database) -> httpx.AsyncClient:
    app = create_app(settings, parts=replace(house.parts, database=database))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE)


async def sign_in(client: httpx.AsyncClient) -> httpx.Response:
    await client.get(f"{BASE}/clock")
    headers = {"x-csrftoken": client.cookies["csrftoken"]}
    return await client.post(f"{BASE}/session", json={"login": "agent", "password": "wrong"}, headers=headers)


@pytest.fixture
async def nowhere(house: House) -> Database:
    url = "postgresql://fieldapp_app@/nothing?host=%2Fnowhere"
    return Database(url, now=house.clock.now, new_id=new_id)


async def test_health_says_whether_the_database_answers(house: House, settings: Settings, nowhere: Database) -> None:
    well = await house.client().get(f"{BASE}/health")
    away = await client_over(house, settings, nowhere).get(f"{BASE}/health")

    assert (well.status_code, well.json()) == (200, {"status": "ok"})
    assert (away.status_code, away.json()["code"]) == (503, "service.database_away")


async def test_without_a_database_a_request_is_told_to_come_again(
    house: House, settings: Settings, nowhere: Database
) -> None:
    answer = await sign_in(client_over(house, settings, nowhere))

    assert (answer.status_code, answer.json()["code"]) == (503, "service.database_away")
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0


async def test_when_all_connections_are_taken_a_request_does_not_hang(house: House, settings: Settings) -> None:
    narrow = Database(house.parts.database.url, now=house.clock.now, new_id=new_id, pool_size=POOL, wait_s=0.2)
    client = client_over(house, settings, narrow)

    async with AsyncExitStack() as taken:
        for _ in range(POOL + OVERFLOW):
            await taken.enter_async_context(narrow.engine.connect())
        refused = await sign_in(client)
    afterwards = await sign_in(client)
    await narrow.close()

    assert (refused.status_code, refused.json()["code"]) == (503, "service.busy")
    assert afterwards.json()["code"] == "access.wrong_password"
