"""A running import is cancelled by a person: it ends, and leaves nothing half-written."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.store import tables
from tests.flows.conftest import Desk, House
from tests.flows.creditor_file import file_of, practices, read, row, taken_in, upload

WRITTEN = (tables.Practice, tables.Obligor, tables.Entry, tables.Task, tables.Statement)


@pytest.fixture
async def desk(house: House) -> Desk:
    return await house.sign_in(Role.BACK_OFFICE)


async def written(house: House) -> list[int]:
    async with house.session() as session:
        return [len((await session.exec(select(table))).all()) for table in WRITTEN]


async def cancelled(desk: Desk, report: dict[str, Any]) -> Any:
    return await desk.post(f"/imports/{report['id']}/cancel")


async def test_a_file_that_waits_to_be_read_is_not_read_any_more(house: House, desk: Desk) -> None:
    report = (await upload(desk, house, file_of(row("P-1")))).json()

    answer = await cancelled(desk, report)
    await house.run_jobs()

    assert answer.json()["state"] == "cancelled"
    after = (await desk.get(f"/imports/{report['id']}")).json()
    assert (after["state"], after["accepted"]) == ("cancelled", 0)
    assert (await desk.post(f"/imports/{report['id']}/confirm")).json()["code"] == "import.not_read"


async def test_an_import_cancelled_in_the_middle_of_its_writing_leaves_nothing(house: House, desk: Desk) -> None:
    content = file_of(*(row(f"P-{n}") for n in range(30)))
    report = await read(desk, house, content)
    await desk.post(f"/imports/{report['id']}/confirm")

    async with house.session() as session:
        # Its practices stand, uncommitted; the people are what it waits for.
        await session.execute(text("lock table obligor in share row exclusive mode"))
        job = asyncio.create_task(house.run_jobs())
        await _waits_for_a_lock(house)
        assert (await cancelled(desk, report)).json()["state"] == "cancelled"
    await asyncio.wait_for(job, 30)

    assert await written(house) == [0] * len(WRITTEN)
    assert (await desk.get(f"/imports/{report['id']}")).json()["state"] == "cancelled"
    again = await taken_in(desk, house, content)
    assert (again["state"], again["new_practices"]) == ("done", 30)
    kinds = [entry["action"] for entry in (await (await house.sign_in(Role.ADMINISTRATOR)).get("/audit")).json()]
    assert kinds.count("import.cancelled") == 1


async def _waits_for_a_lock(house: House) -> None:
    query = text("select count(*) from pg_locks where not granted and relation = 'obligor'::regclass")
    for _ in range(300):
        async with house.session() as session:
            if (await session.execute(query)).scalar_one():
                return
        await asyncio.sleep(0.05)
    raise AssertionError("nothing waits")


async def test_what_is_written_is_not_cancelled_any_more(house: House, desk: Desk) -> None:
    report = await taken_in(desk, house, file_of(row("P-1")))

    answer = await cancelled(desk, report)

    assert (answer.status_code, answer.json()["code"]) == (409, "import.written_already")
    assert len(await practices(desk)) == 1
