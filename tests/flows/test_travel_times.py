"""A house with a road server: plans by its times, islands told of, a lost server said, nothing asked twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.errors import Refusal
from fieldapp.parts import assemble
from fieldapp.settings import Settings
from fieldapp.store.tables import Address, Person
from tests.flows.arranged import TODAY, entrusted
from tests.flows.conftest import House, a_house
from tests.flows.test_planning import dispatcher, planned, stops_of
from tests.geo.road_server import STEP, Roads, RoadServer, serving

CORNER = (45.30, 9.50)
ISLAND = (45.10, 9.90)
ONE_PACE = {"by_hour": False, "hours_unknown": 0}


@pytest.fixture(params=["valhalla", "osrm"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server() -> Iterator[RoadServer]:
    with serving(Roads.grid(CORNER, side=5, island=ISLAND)) as server:
        yield server


@pytest.fixture
async def house(settings: Settings, server: RoadServer, engine: str) -> AsyncIterator[House]:
    asked = settings.model_copy(update={"travel": engine, "travel_url": server.home})
    async with a_house(asked) as house:
        yield house


async def put(house: House, practice_id: UUID, lat: float, lon: float) -> None:
    async with house.session() as session:
        row = (await session.exec(select(Address).where(Address.practice_id == practice_id))).one()
        row.lat_e6, row.lon_e6 = round(lat * 1e6), round(lon * 1e6)


async def three_doors(house: House) -> list[UUID]:
    ids = [await entrusted(house, number) for number in ("P-001", "P-002", "P-003")]
    for place, practice_id in enumerate(ids, start=1):
        await put(house, practice_id, CORNER[0] + place * STEP, CORNER[1] + (4 - place) * STEP)
    async with house.session() as session:
        agent: Person = await session.merge(house.people[Role.AGENT])
        agent.home_lat_e6, agent.home_lon_e6 = round(CORNER[0] * 1e6), round(CORNER[1] * 1e6)
    return ids


async def test_a_plan_has_the_times_of_the_roads_and_says_so(house: House, server: RoadServer, engine: str) -> None:
    await three_doors(house)

    plan = await planned(house, await dispatcher(house))

    assert plan["travel"] == {"engine": engine, "pairs": 12, "instead": 0, "trouble": None, **ONE_PACE}
    (route,) = plan["routes"]
    spots = [CORNER, *((one["lat_e6"] / 1e6, one["lon_e6"] / 1e6) for one in route["stops"])]
    table = server.roads.table(spots, spots)
    for at, stop in enumerate(route["stops"]):
        seconds, metres = table[at][at + 1] or (0, 0)
        assert abs(stop["travel_s"] - seconds) <= 1
        assert abs(stop["distance_m"] - metres) <= 1
    assert len(route["stops"]) == 3


async def test_a_second_plan_of_the_day_asks_the_server_nothing(house: House, server: RoadServer) -> None:
    await three_doors(house)
    desk = await dispatcher(house)
    first = await planned(house, desk)
    asked = len(server.asked)

    second = await planned(house, desk, seed=8)
    opened = (await desk.post(f"/dispatch/plans/{second['id']}/draft")).json()

    assert asked > 0
    assert len(server.asked) == asked
    assert opened["lanes"] is not None
    assert first["travel"] == second["travel"]


async def test_a_visit_on_an_island_is_told_of_and_the_rest_is_planned(house: House) -> None:
    ids = await three_doors(house)
    await put(house, ids[1], *ISLAND)

    plan = await planned(house, await dispatcher(house))

    assert sorted(stop["practice_id"] for stop in stops_of(plan)) == sorted(map(str, (ids[0], ids[2])))
    left = {one["practice_id"]: one["reason"] for one in plan["unplanned"]}
    assert left == {str(ids[1]): "no_road"}
    assert plan["travel"]["trouble"] is None


@pytest.mark.parametrize(("how", "trouble"), [("drop", "away"), ("status", "away"), ("html", "nonsense")])
async def test_a_plan_without_its_server_is_made_and_says_why(
    house: House, server: RoadServer, engine: str, how: str, trouble: str
) -> None:
    await three_doors(house)
    server.broken = how

    plan = await planned(house, await dispatcher(house))

    assert plan["state"] == "done"
    assert plan["travel"] == {"engine": engine, "pairs": 12, "instead": 12, "trouble": trouble, **ONE_PACE}
    assert len(stops_of(plan)) == 3


async def test_a_server_lost_in_the_day_is_said_on_the_draft_whose_hands_needed_it(
    house: House, server: RoadServer
) -> None:
    ids = await three_doors(house)
    desk = await dispatcher(house)
    plan = await planned(house, desk, practice_ids=[str(one) for one in ids[:2]])
    draft = await opened(house, plan)
    assert draft["travel"]["instead"] == 0
    server.broken = "drop"

    # Back and forth: these times are kept, and nobody misses the server.
    agent = plan["routes"][0]["agent_id"]
    await moved(house, draft["id"], str(ids[0]), agent, 1)
    assert (await read(house, draft["id"]))["travel"]["trouble"] is None

    await put(house, ids[1], CORNER[0] + 0.5 * STEP, CORNER[1] + 0.5 * STEP)
    await moved(house, draft["id"], str(ids[0]), agent, 0)

    told = (await read(house, draft["id"]))["travel"]
    assert (told["trouble"], told["instead"]) == ("away", 4)


async def opened(house: House, plan: dict[str, Any]) -> dict[str, Any]:
    desk = await dispatcher(house)
    board = await desk.post(f"/dispatch/plans/{plan['id']}/draft")
    assert board.status_code in (200, 201), board.text
    return await read(house, board.json()["plan_id"])


async def read(house: House, plan_id: str) -> dict[str, Any]:
    return dict((await (await dispatcher(house)).get(f"/dispatch/plans/{plan_id}")).json())


async def moved(house: House, plan_id: str, practice_id: str, agent_id: str, place: int) -> None:
    desk = await dispatcher(house)
    board = (await desk.get(f"/dispatch/plans/{plan_id}/board")).json()
    seen = {lane["agent_id"]: lane["revision"] for lane in board["lanes"]}
    answer = await desk.post(
        f"/dispatch/plans/{plan_id}/moves",
        json={"practice_id": practice_id, "agent_id": agent_id, "place": place, "seen": seen},
    )
    assert answer.status_code == 200, answer.text


async def test_a_house_that_chose_no_server_tells_nobody(settings: Settings, server: RoadServer) -> None:
    async with a_house(settings.model_copy(update={"travel_url": server.home})) as house:
        await three_doors(house)

        plan = await planned(house, await dispatcher(house))

    assert not server.asked
    assert plan["travel"]["engine"] == "great_circle"
    assert not (settings.home / "travel.sqlite").exists()


def test_a_server_without_an_address_is_refused_at_the_start(settings: Settings, engine: str) -> None:
    with pytest.raises(Refusal) as refused:
        assemble(settings.model_copy(update={"travel": engine}))

    assert refused.value.code == "travel.no_server"


def test_today_is_a_working_day() -> None:
    assert TODAY.weekday() < 5


@pytest.mark.parametrize("days", [1, 2])
async def test_while_a_slow_server_is_asked_no_transaction_is_open(house: House, server: RoadServer, days: int) -> None:
    await three_doors(house)
    desk = await dispatcher(house)
    server.broken = "slow"
    body = {"day": TODAY.isoformat(), "seconds": 1, "days": days}
    plan = (await desk.post("/dispatch/plans", json=body)).json()

    async def state() -> str:
        return str((await desk.get(f"/dispatch/plans/{plan['id']}")).json()["state"])

    computing = asyncio.create_task(house.run_jobs())
    try:
        async with asyncio.timeout(15):
            while await state() != "running":
                await asyncio.sleep(0.1)
        async with house.session() as session:
            # Somebody else has the plan at once.
            await session.execute(text("set local lock_timeout = '2s'"))
            await session.execute(text("select 1 from plan where id = :id for update"), {"id": plan["id"]})
            others = "datname = current_database() and pid <> pg_backend_pid() and state = 'idle in transaction'"
            counted = await session.execute(text(f"select count(*) from pg_stat_activity where {others}"))
            open_ones = counted.scalar_one()
    finally:
        server.broken = None
        server.gate.set()
        await computing

    assert open_ones == 0
    assert await state() == "done"
