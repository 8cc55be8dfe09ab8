"""A plan whose job lost the database until it was given up: it ends, says why, and may be asked for again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from fieldapp.domain.access import Role
from fieldapp.services.jobs import TRIES_WITHOUT_DATABASE
from fieldapp.services.solving import GIVEN_UP
from tests.conftest import setup_user
from tests.flows.arranged import TODAY, entrusted
from tests.flows.conftest import House


@pytest.fixture
def owner(cluster: Any, database_name: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(cluster.url(setup_user(), database_name), autocommit=True) as connection:
        yield connection


def _cut_whoever_tells_of_progress(owner: psycopg.Connection[Any]) -> None:
    owner.execute(
        "create function cut() returns trigger language plpgsql as"
        " $$ begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$"
    )
    owner.execute(
        "create trigger cut before update on plan for each row"
        " when (old.progress::text <> new.progress::text and new.state <> 'failed') execute function cut()"
    )


async def _jobs_are_due(house: House) -> None:
    async with house.session() as session:
        await session.execute(text("update procrastinate_jobs set scheduled_at = now() where status = 'todo'"))


@pytest.mark.parametrize("days", [1, 2])
async def test_a_plan_whose_job_lost_the_database_until_it_was_given_up_has_failed_and_is_asked_for_again(
    house: House, owner: psycopg.Connection[Any], days: int
) -> None:
    await entrusted(house)
    desk = await house.sign_in(Role.DISPATCHER)
    _cut_whoever_tells_of_progress(owner)
    wanted = {"day": TODAY.isoformat(), "seconds": 1, "seed": 7, "days": days}
    plan_id = (await desk.post("/dispatch/plans", json=wanted)).json()["id"]
    states = []

    for _ in range(1 + TRIES_WITHOUT_DATABASE):
        await house.run_jobs()
        await _look_after(house)
        states.append((await desk.get(f"/dispatch/plans/{plan_id}")).json()["state"])
        await _jobs_are_due(house)
    owner.execute("drop trigger cut on plan")
    plan = (await desk.get(f"/dispatch/plans/{plan_id}")).json()
    again = (await desk.post("/dispatch/plans", json=wanted)).json()
    await house.run_jobs()

    assert states == ["running"] * TRIES_WITHOUT_DATABASE + ["failed"]
    assert plan["failure"] == GIVEN_UP
    assert (await desk.get(f"/dispatch/plans/{again['id']}")).json()["state"] == "done"
    async with house.session() as session:
        told = await session.execute(text("select count(*) from fact where kind = 'plan.failed'"))
        assert told.scalar_one() == 1


async def _look_after(house: House) -> None:
    await house.parts.jobs.configure_task("plans.end").defer_async(timestamp=0)
    await house.run_jobs()
