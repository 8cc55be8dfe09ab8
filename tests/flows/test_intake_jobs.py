"""Background jobs of imports: who they work for, and what happens when a worker dies."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from fieldapp.domain.access import Role
from fieldapp.services.jobs import JOBS
from fieldapp.store import tables
from tests.flows.conftest import Desk, House
from tests.flows.creditor_file import file_of, practices, read, row


@pytest.fixture
async def desk(house: House) -> Desk:
    return await house.sign_in(Role.BACK_OFFICE)


async def test_a_job_whose_worker_died_runs_again(house: House, desk: Desk) -> None:
    report = await read(desk, house, file_of(row("P-1")))
    await desk.post(f"/imports/{report['id']}/confirm")
    await house.lose_worker()

    await house.parts.jobs.configure_task("jobs.rescue").defer_async(timestamp=0)
    await house.run_jobs()

    assert [found["practice_number"] for found in await practices(desk)] == ["P-1"]


async def test_a_job_of_somebody_who_has_left_is_dropped(house: House, desk: Desk) -> None:
    report = await read(desk, house, file_of(row("P-1")))
    await desk.post(f"/imports/{report['id']}/confirm")
    async with house.session() as session:
        person = await session.get_one(tables.Person, desk.identity.person_id)
        person.active = False

    await house.run_jobs()

    async with house.session() as session:
        stored = (await session.execute(text("select count(*) from practice"))).scalar_one()
    assert stored == 0


def test_every_job_has_a_dotted_name() -> None:
    assert all(name.count(".") == 1 for name in JOBS)
