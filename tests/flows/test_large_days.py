"""A day too large for one search: all workers plan its cells, a dead one costs only its own, the whole is judged."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import text
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.geo.travel import matrix
from fieldapp.launch import environment_of
from fieldapp.planning.national import Job
from fieldapp.planning.plan import Plan as Routes
from fieldapp.services import cells, large_days, planning, solving
from fieldapp.services.cells import StraightWays, pack, unpack
from fieldapp.services.planning import cost_of
from fieldapp.settings import Settings
from fieldapp.store import plan_cells
from fieldapp.store.embedded import Cluster
from fieldapp.store.plan_cells import NewCell
from fieldapp.store.tables import Address, ForbiddenVisit, Person, Plan
from tests.conftest import NOW, setup_user
from tests.flows.arranged import TODAY, entrusted
from tests.flows.conftest import House, a_house, a_person, new_id
from tests.flows.test_planning import dispatcher, stops_of
from tests.planning.test_national import a_country

AGENTS, VISITS = 9, 36
TOWNS = [(45.30, 9.50), (45.20, 9.20), (45.45, 9.20)]


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_days, "LARGE_AGENTS", AGENTS)
    monkeypatch.setattr(large_days, "CELL_AGENTS", AGENTS // len(TOWNS))


@pytest.fixture
def settings(app_url: str, tmp_path: Path) -> Settings:
    """Workers are processes of their own."""
    return Settings(database_url=app_url, home=tmp_path, secret_key=SecretStr("6b" * 32), gazetteer=None)


async def a_large_day(house: House) -> list[UUID]:
    """Three towns with agents and doors."""
    practices = [await entrusted(house, f"P-{letter}") for letter in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    async with house.session() as session:
        addresses = {row.practice_id: row for row in (await session.exec(select(Address))).all()}
        for number, practice_id in enumerate(practices):
            lat, lon = TOWNS[number % len(TOWNS)]
            row = addresses[practice_id]
            row.lat_e6 = round((lat + 0.002 * (number % 7)) * 1e6)
            row.lon_e6 = round((lon + 0.003 * (number % 5)) * 1e6)
            row.street, row.house_number = f"Via {number}", str(number)
        first: Person = await session.merge(house.people[Role.AGENT])
        first.home_lat_e6, first.home_lon_e6 = (round(one * 1e6) for one in TOWNS[0])
        for number in range(1, AGENTS):
            person = a_person(house.agency_id, Role.AGENT, login=f"collega{number}", number=str(number + 1))
            person.home_lat_e6, person.home_lon_e6 = (round(one * 1e6) for one in TOWNS[number % len(TOWNS)])
            session.add(person)
    return practices


async def asked(house: House, *, seconds: int = 3) -> UUID:
    """A plan that waits to be computed, without a job."""
    async with house.session() as session:
        plan = Plan(
            id=new_id(),
            agency_id=house.agency_id,
            day=TODAY,
            created_at=NOW,
            created_by=house.people[Role.DISPATCHER].id,
            request={
                "agent_ids": [str(row.id) for row in (await session.exec(select(Person))).all()],
                "seconds": seconds,
                "seed": 1,
                "practice_ids": None,
            },
        )
        session.add(plan)
        return plan.id


async def solved(house: House, plan_id: UUID) -> None:
    await solving.run_solve(house.parts, house.identity(Role.DISPATCHER), plan_id=str(plan_id))


async def read(house: House, plan_id: UUID) -> dict[str, Any]:
    return dict((await (await dispatcher(house)).get(f"/dispatch/plans/{plan_id}")).json())


async def kept(house: House, plan_id: UUID) -> dict[str, Any]:
    async with house.session() as session:
        plan = await session.get(Plan, plan_id)
        assert plan is not None
        return plan.result


@pytest.fixture
def watch(cluster: Cluster, app_url: str) -> Iterator[psycopg.Connection[Any]]:
    url = cluster.url(setup_user(), app_url.rsplit("/", 1)[1].split("?")[0])
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


async def test_a_large_day_is_seen_to_run_and_may_be_stopped_while_it_is_still_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_large_day(house)
    desk = await dispatcher(house)
    plan_id = await asked(house, seconds=60)
    reads, seen = solving.asked_for, []

    async def while_it_reads(*given: Any) -> planning.Asked:
        seen.append((await desk.get(f"/dispatch/plans/{plan_id}")).json()["state"])
        seen.append((await asyncio.wait_for(desk.post(f"/dispatch/plans/{plan_id}/stop"), 20)).status_code)
        return await reads(*given)

    monkeypatch.setattr(solving, "asked_for", while_it_reads)
    await solved(house, plan_id)

    assert seen == ["running", 200]
    assert (await read(house, plan_id))["stopped_early"]


async def test_a_large_day_is_planned_in_cells_like_any_other(house: House, watch: psycopg.Connection[Any]) -> None:
    practices = await a_large_day(house)
    desk = await dispatcher(house)
    answer = await desk.post("/dispatch/plans", json={"day": TODAY.isoformat(), "seconds": 3, "seed": 1})

    await house.run_jobs()

    plan = (await desk.get(f"/dispatch/plans/{answer.json()['id']}")).json()
    assert plan["state"] == "done"
    stops = [UUID(stop["practice_id"]) for stop in stops_of(plan)]
    left = [UUID(one["practice_id"]) for one in plan["unplanned"]]
    assert len(plan["routes"]) == AGENTS
    assert len(stops) == len(set(stops)) > VISITS // 2
    assert sorted([*stops, *left]) == sorted(practices)
    assert plan["objective_cents"] == sum(one["prize_cents"] - one["travel_cost_cents"] for one in plan["routes"])
    assert plan["progress"]["served"] == len(stops)
    assert plan["progress"]["curve"][-1]["objective_cents"] == plan["objective_cents"]
    assert (await kept(house, UUID(plan["id"])))["cells"]["count"] == len(TOWNS)
    assert watch.execute("select count(*) from plan_cell").fetchone() == (0,)
    published = await desk.post(f"/dispatch/plans/{plan['id']}/publish")
    assert published.status_code == 200, published.text


async def test_a_worker_killed_in_the_middle_costs_its_cell_only_for_the_time_that_it_was_at_it(
    house: House, settings: Settings, watch: psycopg.Connection[Any]
) -> None:
    await a_large_day(house)
    plan_id = await asked(house, seconds=8)
    environment = os.environ | environment_of(settings) | {"FIELDAPP_SECRET_KEY": "6b" * 32}
    worker = subprocess.Popen([sys.executable, "-m", "fieldapp", "worker"], env=environment)
    try:
        while watch.execute("select 1 from procrastinate_workers").fetchone() is None:
            assert worker.poll() is None
            await asyncio.sleep(0.05)
        solving_it = asyncio.create_task(solved(house, plan_id))
        while _count(watch, "state = 'doing'") < 2:
            assert worker.poll() is None
            assert not solving_it.done()
            await asyncio.sleep(0.02)
    finally:
        worker.kill()
        worker.wait()
    await asyncio.sleep(1.5)
    # As when the lease had run out: whoever lives has renewed it since.
    stale = f"lease_until < clock_timestamp() + interval '{plan_cells.LEASE_S - 1.2} seconds'"
    dead = watch.execute(f"update plan_cell set lease_until = now() where state = 'doing' and {stale}").rowcount
    await solving_it

    plan = await read(house, plan_id)
    assert dead in (1, 2)  # it has two hands
    assert plan["state"] == "done"
    assert len(stops_of(plan)) > VISITS // 2
    assert (await kept(house, plan_id))["cells"]["lost"] == 0


def _count(watch: psycopg.Connection[Any], where: str) -> int:
    row = watch.execute(f"select count(*) from plan_cell where {where}").fetchone()
    assert row is not None
    return int(row[0])


async def _until(watch: psycopg.Connection[Any], where: str, *, of: asyncio.Task[Any]) -> None:
    """Wait until a cell is so, while the solving `of` which it is a part goes on."""
    while _count(watch, where) < 1:
        assert not of.done()
        await asyncio.sleep(0.05)


async def test_a_plan_whose_own_worker_was_told_to_end_goes_on_with_the_cells_that_were_done(
    house: House, watch: psycopg.Connection[Any]
) -> None:
    await a_large_day(house)
    plan_id = await asked(house, seconds=6)
    first = asyncio.create_task(solved(house, plan_id))
    await _until(watch, "state = 'done'", of=first)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    done = watch.execute("select id, tries, found from plan_cell where state = 'done' and batch = 0").fetchall()
    watch.execute("update plan_cell set lease_until = now() where state = 'doing'")
    watch.execute("create table seen as select * from plan_cell with no data")
    watch.execute(
        "create function keep() returns trigger language plpgsql security definer as $$ begin insert into"
        " public.seen select old.*; return old; end $$"
    )
    watch.execute("create trigger keep before delete on plan_cell for each row execute function keep()")

    await solved(house, plan_id)

    assert (await read(house, plan_id))["state"] == "done"
    assert done
    for cell in done:
        assert cell in watch.execute("select id, tries, found from seen where batch = 0").fetchall()


async def test_taken_early_every_cell_has_a_plan(house: House, watch: psycopg.Connection[Any]) -> None:
    await a_large_day(house)
    plan_id = await asked(house, seconds=600)
    solving_it = asyncio.create_task(solved(house, plan_id))
    await _until(watch, "objective_cents > 0", of=solving_it)
    desk = await dispatcher(house)

    await desk.post(f"/dispatch/plans/{plan_id}/stop")
    await solving_it

    plan = await read(house, plan_id)
    assert plan["stopped_early"]
    assert len(stops_of(plan)) > VISITS // 2


async def test_a_cell_that_breaks_every_hand_is_lost_and_the_others_are_planned(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_large_day(house)
    working = cells.work

    def broken(job: Job, **limits: Any) -> Any:
        if job.number == 0 and job.start is None:
            raise ArithmeticError
        return working(job, **limits)

    monkeypatch.setattr(cells, "work", broken)
    plan_id = await asked(house)

    await solved(house, plan_id)

    plan = await read(house, plan_id)
    assert plan["state"] == "done"
    assert stops_of(plan)
    assert (await kept(house, plan_id))["cells"]["lost"] >= 1


async def test_what_a_round_had_before_it_began_again_and_has_no_longer_is_gone(house: House) -> None:
    await a_large_day(house)
    plan_id = await asked(house)
    async with house.session() as session:
        await plan_cells.lay(
            session, plan_id, 0, [NewCell(number, "old", b"") for number in range(9)], seconds=1, new_id=new_id
        )
        await session.execute(text("update plan_cell set state = 'done'"))

    await solved(house, plan_id)

    plan = await read(house, plan_id)
    assert (plan["state"], plan["failure"]) == ("done", None)
    assert len(stops_of(plan)) > VISITS // 2


async def test_of_a_plan_that_failed_no_cell_is_kept(
    house: House, watch: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_large_day(house)
    plan_id = await asked(house)

    def broken(*_: Any) -> Any:
        raise ArithmeticError

    monkeypatch.setattr(large_days, "result_of", broken)
    with pytest.raises(ArithmeticError):
        await solved(house, plan_id)

    assert (await read(house, plan_id))["state"] == "failed"
    assert _count(watch, "true") == 0


async def test_what_a_dispatcher_forbade_stays_forbidden_in_cells(house: House) -> None:
    practices = await a_large_day(house)
    plan_id = await asked(house)
    async with house.session() as session:
        people = (await session.exec(select(Person).where(Person.role == "agent"))).all()
        for person in people[:-1]:
            session.add(
                ForbiddenVisit(
                    id=new_id(),
                    agency_id=house.agency_id,
                    practice_id=practices[0],
                    agent_id=person.id,
                    reason="Lo conosce di persona",
                    forbidden_at=NOW,
                    forbidden_by=house.people[Role.DISPATCHER].id,
                )
            )

    await solved(house, plan_id)

    plan = await read(house, plan_id)
    makes = {stop["practice_id"]: route["agent_id"] for route in plan["routes"] for stop in route["stops"]}
    assert makes.get(str(practices[0]), str(people[-1].id)) == str(people[-1].id)


@given(seed=st.integers(0, 2**31), started=st.booleans())
def test_a_job_comes_out_of_the_database_as_it_went_in(seed: int, started: bool) -> None:
    country, _ = a_country(agents=4, visits=20, seed=seed % 50)
    points = tuple((45 + seed % 7 + place / 100, 9 + place / 90) for place in range(24))
    part = country.part([0, 2, 3], list(range(2, 17)))
    part = type(part)(part.agents, part.visits, part.lunch, StraightWays(points[:18]), part.may_visit, part.apart)
    job = Job(3, part, seed, Routes(((1, 2), (), (0,))) if started else None)

    again = unpack(pack(job))

    assert (again.number, again.seed, again.start) == (job.number, job.seed, job.start)
    held = [(one.agents, one.visits, one.apart) for one in (again.part, part)]
    assert msgspec.json.encode(held[0]) == msgspec.json.encode(held[1])
    assert np.array_equal(again.part.may_visit, part.may_visit)
    assert isinstance(again.part.ways, StraightWays)
    assert again.part.ways.points == points[:18]


A_JOB_IN_BYTES = """
import sys
from dataclasses import replace
from fieldapp.planning.national import Job
from fieldapp.services.cells import StraightWays, pack
from tests.planning.test_national import a_country

country, _ = a_country(agents=2, visits=3, seed=1)
asked = frozenset(["albanian", "arabic", "chinese", "english", "german", "slovene"])
part = country.part([0, 1], [0, 1, 2])
visits = tuple(replace(visit, skills=asked) for visit in part.visits)
agents = tuple(replace(agent, skills=asked) for agent in part.agents)
ways = StraightWays(((45.0, 9.0),) * 5)
part = type(part)(agents, visits, part.lunch, ways, part.may_visit, part.apart)
sys.stdout.buffer.write(pack(Job(1, part, seed=1)))
"""


def test_every_process_packs_a_job_into_the_same_bytes() -> None:
    packed = [
        subprocess.run(
            [sys.executable, "-c", A_JOB_IN_BYTES],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]

    assert packed[0] == packed[1]
    assert b"slovene" in packed[0]


@given(st.lists(st.tuples(st.floats(35, 47), st.floats(6, 19)), min_size=2, max_size=12), st.data())
def test_the_ways_of_a_cell_are_those_of_a_day_in_one_piece(
    points: list[tuple[float, float]], data: st.DataObject
) -> None:
    whole = matrix(points)
    places = data.draw(st.lists(st.integers(0, len(points) - 1), min_size=1, unique=True))
    every = np.arange(len(places))

    ways = StraightWays(tuple(points)).part(np.array(places, np.int64))

    travel_s, cost_cents = ways.between(every, every)
    at = np.ix_(places, places)
    assert np.array_equal(travel_s, whole.travel_s[at])
    assert np.array_equal(ways.metres(every, every), whole.distance_m[at])
    assert np.array_equal(cost_cents, cost_of(whole.travel_s, whole.distance_m)[at])


async def test_a_road_server_is_not_asked_and_the_plan_says_so(settings: Settings) -> None:
    roads = settings.model_copy(update={"travel": "osrm", "travel_url": "http://127.0.0.1:9"})
    async with a_house(roads) as house:
        await a_large_day(house)
        plan_id = await asked(house)
        async with house.work(Role.DISPATCHER) as work:
            plan = await planning.plan_row(work.session, plan_id)
            large = await large_days.prepare(work, await planning.asked_for(work, plan.request, TODAY), TODAY)
    pairs = (AGENTS + VISITS) ** 2
    assert (large.travel.engine, large.travel.instead, large.travel.trouble) == ("osrm", pairs, "too_many")


async def test_of_two_runs_of_one_plan_one_ends_it_and_the_other_leaves_it_alone(
    house: House, watch: psycopg.Connection[Any]
) -> None:
    await a_large_day(house)
    plan_id = await asked(house, seconds=4)
    first = asyncio.create_task(solved(house, plan_id))
    await _until(watch, "state = 'doing'", of=first)

    await asyncio.gather(first, solved(house, plan_id))

    assert (await read(house, plan_id))["state"] == "done"
    told = watch.execute("select count(*) from fact where kind = 'plan.done'").fetchone()
    assert told == (1,)
    assert watch.execute("select count(*) from plan_cell").fetchone() == (0,)


async def test_a_run_whose_cells_another_has_cleared_ends_and_changes_nothing(
    house: House, watch: psycopg.Connection[Any]
) -> None:
    await a_large_day(house)
    plan_id = await asked(house, seconds=600)
    slow = asyncio.create_task(solved(house, plan_id))
    await _until(watch, "state = 'doing'", of=slow)
    watch.execute("update plan set state = 'done', served = 7")
    watch.execute("delete from plan_cell")

    await asyncio.wait_for(slow, timeout=60)

    assert watch.execute("select state, served from plan").fetchone() == ("done", 7)
