"""A house whose ways take longer at some hours: plan, hand, replanning and phone go by the times of the hour."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from fieldapp.domain.access import Role
from fieldapp.domain.errors import Refusal
from fieldapp.geo.travel import Ways, matrix, read_bands
from fieldapp.parts import assemble
from fieldapp.planning.national import Job
from fieldapp.planning.problem import Agent, Lunch, Visit
from fieldapp.planning.territories import Part
from fieldapp.services.cells import StraightWays, pack, unpack
from fieldapp.settings import Settings
from tests.flows.arranged import TODAY
from tests.flows.conftest import House, a_house
from tests.flows.phone import FieldPhone
from tests.flows.test_planning import dispatcher, planned, published_day
from tests.flows.test_travel_times import CORNER, moved, opened, three_doors
from tests.geo.road_server import Roads, RoadServer, serving

ROME = ZoneInfo("Europe/Rome")
SLOW = "06:00 3, 11:00 1, 15:00 2"
"""Three times as long until eleven, twice from three on."""


@pytest.fixture
def server() -> Iterator[RoadServer]:
    with serving(Roads.grid(CORNER, side=5)) as server:
        yield server


@pytest.fixture
async def house(settings: Settings) -> AsyncIterator[House]:
    async with a_house(settings.model_copy(update={"travel_hours": SLOW})) as house:
        yield house


def plain_s(stops: list[dict[str, Any]]) -> list[int]:
    """What the ways from home on take at no hour."""
    spots = [CORNER, *((one["lat_e6"] / 1e6, one["lon_e6"] / 1e6) for one in stops)]
    table = matrix(spots).travel_s
    return [int(table[at, at + 1]) for at in range(len(stops))]


def driven_s(plain: int, left_at: str) -> int:
    """Second by second, at the pace of each hour."""
    moment, done, seconds = datetime.fromisoformat(left_at).astimezone(ROME), 0.0, 0
    while done < plain - 1e-6:
        hour = (moment + timedelta(seconds=seconds)).hour
        done += 1 / (3 if hour < 11 else 1 if hour < 15 else 2)
        seconds += 1
    return seconds


async def test_a_plan_has_the_times_of_each_hour(house: House) -> None:
    await three_doors(house)

    plan = await planned(house, await dispatcher(house))

    (route,) = plan["routes"]
    stops = route["stops"]
    assert len(stops) == 3
    left = [route["leave_home_at"], *(stop["leave_at"] for stop in stops)]
    ways = plain_s(stops)
    for stop, seconds, moment in zip(stops, ways, left, strict=False):
        assert abs(stop["travel_s"] - driven_s(seconds, moment)) <= 1
    assert stops[0]["travel_s"] > 1.3 * ways[0]
    assert (plan["travel"]["by_hour"], plan["travel"]["hours_unknown"]) == (True, 0)


async def test_a_hand_moves_a_visit_and_the_times_follow_the_hour(house: House) -> None:
    ids = await three_doors(house)
    plan = await planned(house, await dispatcher(house))
    draft = await opened(house, plan)
    last = str(plan["routes"][0]["stops"][-1]["practice_id"])

    await moved(house, draft["id"], last, plan["routes"][0]["agent_id"], 0)

    after = (await (await dispatcher(house)).get(f"/dispatch/plans/{draft['id']}")).json()["routes"][0]
    stops = after["stops"]
    assert stops[0]["practice_id"] == last
    assert len(stops) == len(ids)
    left = [after["leave_home_at"], *(stop["leave_at"] for stop in stops)]
    for stop, seconds, moment in zip(stops, plain_s(stops), left, strict=False):
        assert abs(stop["travel_s"] - driven_s(seconds, moment)) <= 1


async def test_a_valhalla_is_asked_for_the_hours_of_the_day_planned(settings: Settings, server: RoadServer) -> None:
    asked = {"travel": "valhalla", "travel_url": server.home, "travel_hours": "06:00, 12:00"}
    async with a_house(settings.model_copy(update=asked)) as house:
        await three_doors(house)
        server.pace = {f"2026-{month:02}-{day:02}T06:00": 4.0 for month in range(1, 13) for day in range(1, 32)}

        plan = await planned(house, await dispatcher(house))

    (route,) = plan["routes"]
    first = route["stops"][0]
    home_to = server.roads.table([CORNER], [(first["lat_e6"] / 1e6, first["lon_e6"] / 1e6)])[0][0]
    assert home_to is not None
    assert abs(first["travel_s"] - 4 * home_to[0]) <= 4
    told = [json.loads(one["told"]).get("date_time", {}).get("value", "") for one in server.asked]
    assert set(told) == {"", f"{plan['day']}T06:00", f"{plan['day']}T12:00"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"travel_hours": "08:00 quick"}, "travel.bad_hours"),
        ({"travel_hours": "08:00"}, "travel.hours_unknown"),
        ({"travel_hours": "08:00", "travel": "osrm", "travel_url": "http://127.0.0.1:1"}, "travel.hours_unknown"),
        ({"travel_hours": "08:00", "travel": "premises"}, "travel.hours_unknown"),
    ],
)
def test_hours_that_cannot_be_had_are_refused_at_the_start(
    settings: Settings, changes: dict[str, str], code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        assemble(settings.model_copy(update=changes))

    assert refused.value.code == code


def test_a_cell_of_a_large_day_has_the_hours_of_a_day_in_one_piece_wherever_it_is_planned() -> None:
    points = tuple((CORNER[0] + i / 50, CORNER[1] + (i * 3 % 7) / 60) for i in range(6))
    bands = read_bands("06:00 3 1.5, 11:00, 15:00 2")
    part = Part(
        agents=tuple(Agent(str(i), (28_800, 64_800), 5) for i in range(2)),
        visits=tuple(Visit(str(i), ((28_800, 64_800),), 600, 900) for i in range(4)),
        lunch=Lunch(),
        ways=StraightWays(points, bands),
        may_visit=np.ones((2, 4), np.bool_),
        apart=(),
    )

    problem = unpack(pack(Job(1, part, seed=1))).part.problem()

    whole = Ways(bands=[band for band in bands if not band.is_asked]).matrix(points, today=TODAY.toordinal())
    assert whole.by_hour_s is not None
    assert problem.from_s.tolist() == [0, 21_600, 39_600, 54_000]
    assert (problem.travel_by_hour[[0, 1, 3]] == whole.by_hour_s).all()
    assert (problem.travel_by_hour[2] == whole.travel_s).all()


async def test_a_phone_and_a_board_reckon_with_the_hours_of_the_plan(house: House) -> None:
    await three_doors(house)
    day = await published_day(house, await dispatcher(house))
    phone = await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")

    fetched = (await phone.request("GET", "/field/day")).json()

    stops = day["routes"][0]["stops"]
    ways = plain_s(stops)
    assert len(stops) == 3
    for shown, stop, seconds in zip(fetched["stops"], stops, ways, strict=True):
        assert shown["way_by_hour"] == stop["way_by_hour"]
        hours = [datetime.fromisoformat(one["from_at"]).astimezone(ROME).hour for one in shown["way_by_hour"]]
        assert hours == [0, 6, 11, 15]
        for one, pace in zip(shown["way_by_hour"], (1, 3, 1, 2), strict=True):
            assert abs(one["travel_s"] - pace * seconds) <= 1


async def test_where_ways_do_not_vary_nothing_is_told_of_hours(settings: Settings) -> None:
    async with a_house(settings) as house:
        await three_doors(house)

        plan = await planned(house, await dispatcher(house))

    assert [stop["way_by_hour"] for stop in plan["routes"][0]["stops"]] == [[], [], []]
