"""Road servers: what is asked and how much, holes, failures, what is kept, what stands in."""

from __future__ import annotations

import json
import random
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from fieldapp.geo.travel import Ways, matrix
from fieldapp.geo.travel.kept import KeptWays
from fieldapp.geo.travel.matrices import Point, RoadEngine
from fieldapp.geo.travel.osrm import OsrmEngine
from fieldapp.geo.travel.transport import HttpTransport
from fieldapp.geo.travel.valhalla import ValhallaEngine
from tests.geo.road_server import STEP, Roads, RoadServer, serving

CORNER = (45.30, 9.50)
SIDE = 6
ISLAND = (45.10, 9.90)
NOWHERE = (44.50, 9.20)
TODAY = 739_000
KEY = b"k" * 32

Engine = Callable[[RoadServer], RoadEngine]


def valhalla(server: RoadServer) -> RoadEngine:
    return ValhallaEngine(HttpTransport(server.home))


def osrm(server: RoadServer) -> RoadEngine:
    return OsrmEngine(HttpTransport(server.home))


both = pytest.mark.parametrize("engine", [valhalla, osrm])


@pytest.fixture
def server() -> Iterator[RoadServer]:
    with serving(Roads.grid(CORNER, side=SIDE, island=ISLAND)) as server:
        yield server


def doors(count: int, *, seed: int = 1) -> list[Point]:
    """Doors on and beside the grid, no two in one place."""
    chance = random.Random(seed)
    reach = (SIDE - 1) * STEP
    return [(CORNER[0] + chance.random() * reach, CORNER[1] + chance.random() * reach) for _ in range(count)]


@both
def test_times_are_those_of_the_roads_and_the_way_back_is_another(server: RoadServer, engine: Engine) -> None:
    places = doors(9)

    found = Ways(engine(server)).matrix(places, today=TODAY)

    table = server.roads.table(places, places)
    for i in range(9):
        for j in range(9):
            cell = table[i][j]
            assert cell is not None
            assert abs(found.travel_s[i, j] - (0 if i == j else cell[0])) <= 1
            assert abs(found.distance_m[i, j] - (0 if i == j else cell[1])) <= 1
    assert (found.travel_s != found.travel_s.T).any()
    assert (found.source.engine, found.source.instead, found.source.trouble) == (engine(server).name, 0, None)
    assert found.source.pairs == 72


@both
def test_a_large_question_is_cut_within_the_limits_of_the_server(server: RoadServer, engine: Engine) -> None:
    places = doors(120)

    found = Ways(engine(server)).matrix(places, today=TODAY)

    assert found.source.instead == 0
    assert {one["status"] for one in server.asked} == {200}
    assert len(server.asked) > 5
    # Nothing is asked twice, and little besides what was wanted.
    assert 120 * 119 <= server.pairs <= 120 * 120
    small = Ways(engine(server)).matrix(places[30:40], today=TODAY)
    assert (small.travel_s == found.travel_s[30:40, 30:40]).all()


@both
def test_an_island_and_a_door_without_a_road_are_holes_and_the_rest_is_told(server: RoadServer, engine: Engine) -> None:
    places = [*doors(7), ISLAND, (ISLAND[0] + STEP, ISLAND[1]), NOWHERE]

    found = Ways(engine(server)).matrix(places, today=TODAY)

    assert not found.no_road[:7, :7].any()
    assert not found.no_road[7:9, 7:9].any()
    assert found.no_road[:7, 7:].all()
    assert found.no_road[7:9, :7].all()
    assert found.no_road[9, :9].all()
    assert found.no_road[:9, 9].all()
    assert (found.source.instead, found.source.trouble) == (0, None)
    assert found.cut_off(3).tolist() == [False] * 4 + [True] * 3
    # What nobody may read as a time is the great circle's, never a minus.
    assert (found.travel_s >= 0).all()
    assert (found.travel_s[:7, 7:] == matrix(places).travel_s[:7, 7:]).all()


def test_osrm_names_the_place_that_it_finds_no_road_for(server: RoadServer) -> None:
    server.osrm_near = 1_500.0
    places = [NOWHERE, *doors(5), (NOWHERE[0], NOWHERE[1] + 0.1)]

    found = Ways(osrm(server)).matrix(places, today=TODAY)

    assert found.cut_off(3)[3]
    assert not found.no_road[1:6, 1:6].any()
    assert found.source.trouble is None


FAILURES = [
    ("status", "away"),  # a server that says it is busy
    ("drop", "away"),  # the line goes dead in the middle
    ("hang", "late"),  # it takes the question and never answers
    ("drip", "late"),  # it answers byte by byte, and each read comes in time
    ("html", "nonsense"),  # a proxy's page in place of a table
    ("short", "nonsense"),  # a row is missing
    ("words", "nonsense"),  # times that are no numbers
    ("negative", "nonsense"),
    ("fast", "nonsense"),  # a second for everything
    ("swapped", "nonsense"),  # roads shorter than the great circle: latitude and longitude changed places
]


@both
@pytest.mark.parametrize(("how", "trouble"), FAILURES)
def test_a_server_that_fails_gives_way_to_the_great_circle_in_time_and_says_so(
    server: RoadServer, engine: Engine, how: str, trouble: str
) -> None:
    server.broken = how
    places = [*doors(5), (CORNER[0], CORNER[1]), (CORNER[0] + 5 * STEP, CORNER[1] + 5 * STEP)]
    places += [(CORNER[0] + 0.5, CORNER[1] + 0.5), (CORNER[0] - 0.3, CORNER[1] - 0.3)]
    began, slow = time.monotonic(), trouble == "late"

    found = Ways(engine(server)).matrix(places, today=TODAY, patience_s=0.6 if slow else 20)

    assert not slow or time.monotonic() - began < 3
    assert (found.travel_s == matrix(places).travel_s).all()
    assert (found.distance_m == matrix(places).distance_m).all()
    assert not found.no_road.any()
    assert (found.source.trouble, found.source.instead) == (trouble, found.source.pairs)


@both
def test_a_refusal_is_told_as_one(server: RoadServer, engine: Engine) -> None:
    # A server whose operator allows less than everybody else.
    server.most_pairs = server.most_osrm = 4

    found = Ways(engine(server)).matrix(doors(9), today=TODAY)

    assert (found.source.trouble, found.source.instead) == ("refused", 72)


@both
def test_where_nobody_listens_the_great_circle_stands_in(server: RoadServer, engine: Engine) -> None:
    there = engine(server).map_name
    server.home = "http://127.0.0.1:1"

    found = Ways(engine(server)).matrix(doors(3), today=TODAY)

    assert (found.source.trouble, found.source.instead) == ("away", 6)
    assert there != engine(server).map_name


def test_a_server_that_failed_is_left_alone_for_a_minute(server: RoadServer) -> None:
    seconds = [0.0]
    ways = Ways(valhalla(server), clock=lambda: seconds[0])
    server.broken = "status"
    ways.matrix(doors(4), today=TODAY)
    server.broken = None
    asked = len(server.asked)

    seconds[0] = 59.0
    still = ways.matrix(doors(4), today=TODAY)
    assert (len(server.asked), still.source.trouble) == (asked, "away")

    seconds[0] = 61.0
    again = ways.matrix(doors(4), today=TODAY)
    assert (again.source.trouble, again.source.instead) == (None, 0)


# --- what is kept ---


def kept(tmp_path: Path, *, key: bytes = KEY, days: int = 30) -> KeptWays:
    return KeptWays(tmp_path / "travel.sqlite", key=key, days=days)


@both
def test_a_second_plan_of_the_day_asks_the_server_nothing(server: RoadServer, engine: Engine, tmp_path: Path) -> None:
    places = [*doors(40), ISLAND, NOWHERE]
    first = Ways(engine(server), kept=kept(tmp_path)).matrix(places, today=TODAY)
    asked = len(server.asked)

    # Another process, other order, some of the places.
    second = Ways(engine(server), kept=kept(tmp_path)).matrix(places[::-1], today=TODAY)
    some = Ways(engine(server), kept=kept(tmp_path)).matrix(places[10:20], today=TODAY)

    assert len(server.asked) == asked
    assert (second.travel_s[::-1, ::-1] == first.travel_s).all()
    assert (second.no_road[::-1, ::-1] == first.no_road).all()
    assert (some.travel_s == first.travel_s[10:20, 10:20]).all()


def test_one_new_door_costs_two_narrow_questions(server: RoadServer, tmp_path: Path) -> None:
    ways = Ways(valhalla(server), kept=kept(tmp_path))
    ways.matrix(doors(60), today=TODAY)
    asked, pairs = len(server.asked), server.pairs

    found = ways.matrix([*doors(60), (CORNER[0] + 0.0021, CORNER[1] + 0.0037)], today=TODAY)

    assert len(server.asked) == asked + 2
    assert server.pairs - pairs <= 121 + 1
    assert found.source.instead == 0


def test_a_server_lost_in_the_middle_of_the_day_keeps_what_is_known_and_says_what_is_not(
    server: RoadServer, tmp_path: Path
) -> None:
    places = doors(20)
    first = Ways(valhalla(server), kept=kept(tmp_path)).matrix(places, today=TODAY)
    server.broken = "drop"

    same = Ways(valhalla(server), kept=kept(tmp_path)).matrix(places, today=TODAY)
    more = Ways(valhalla(server), kept=kept(tmp_path)).matrix([*places, (45.333, 9.533)], today=TODAY)

    assert (same.travel_s == first.travel_s).all()
    assert (same.source.trouble, same.source.instead) == (None, 0)
    assert (more.travel_s[:20, :20] == first.travel_s).all()
    assert (more.source.trouble, more.source.instead, more.source.pairs) == ("away", 40, 420)


def test_what_is_kept_grows_old_and_a_missing_road_is_asked_for_again_the_next_day(
    server: RoadServer, tmp_path: Path
) -> None:
    places = [*doors(5), ISLAND]
    ways = Ways(valhalla(server), kept=kept(tmp_path))
    ways.matrix(places, today=TODAY)
    asked = server.pairs

    ways.matrix(places, today=TODAY + 1)
    assert 0 < server.pairs - asked <= 12  # to and from the island
    asked = server.pairs
    ways.matrix(doors(5), today=TODAY + 29)
    assert server.pairs == asked
    ways.matrix(doors(5), today=TODAY + 30)
    assert server.pairs >= asked + 20


def test_another_server_or_engine_keeps_its_own_times(server: RoadServer, tmp_path: Path) -> None:
    Ways(valhalla(server), kept=kept(tmp_path)).matrix(doors(5), today=TODAY)
    asked = len(server.asked)

    Ways(osrm(server), kept=kept(tmp_path)).matrix(doors(5), today=TODAY)
    trucks = ValhallaEngine(HttpTransport(server.home), costing="truck")
    Ways(trucks, kept=kept(tmp_path)).matrix(doors(5), today=TODAY)

    assert len(server.asked) == asked + 2


def test_the_file_names_no_place_and_is_for_nobody_else_to_read(server: RoadServer, tmp_path: Path) -> None:
    places = doors(6)
    Ways(valhalla(server), kept=kept(tmp_path)).matrix(places, today=TODAY)

    path = tmp_path / "travel.sqlite"
    raw = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for lat, lon in places:
        assert f"{lat:.5f}".encode() not in raw
        for number in (lat, lon):
            assert np.float64(round(number, 5)).tobytes() not in raw
            assert np.int32(round(number * 1e5)).tobytes() not in raw
    # Without the house's key nothing is found in it.
    asked = len(server.asked)
    Ways(valhalla(server), kept=kept(tmp_path, key=b"x" * 32)).matrix(places, today=TODAY)
    assert len(server.asked) == asked + 1


def test_what_nobody_asks_for_any_more_goes(server: RoadServer, tmp_path: Path) -> None:
    Ways(valhalla(server), kept=kept(tmp_path)).matrix(doors(6), today=TODAY)

    Ways(valhalla(server), kept=kept(tmp_path)).matrix(doors(3, seed=2), today=TODAY + 31)

    with sqlite3.connect(tmp_path / "travel.sqlite") as db:
        assert db.execute("SELECT count(*), min(day) FROM ways").fetchone() == (3, TODAY + 31)


def test_a_broken_file_costs_no_plan(server: RoadServer, tmp_path: Path) -> None:
    (tmp_path / "travel.sqlite").write_bytes(b"this is no database at all, but a text of some length" * 50)

    found = Ways(valhalla(server), kept=kept(tmp_path)).matrix(doors(4), today=TODAY)

    assert (found.source.instead, found.source.trouble) == (0, None)


@both
def test_a_server_is_told_positions_and_nothing_else(server: RoadServer, engine: Engine) -> None:
    place = (45.312345678, 9.512345678)
    Ways(engine(server)).matrix([place, CORNER], today=TODAY)

    told = server.asked[0]["told"]
    if engine is valhalla:
        body = json.loads(told)
        assert set(body) == {"sources", "targets", "costing", "units", "verbose"}
        assert all(set(one) == {"lat", "lon", "search_cutoff"} for one in [*body["sources"], *body["targets"]])
        assert (body["sources"][0]["lat"], body["sources"][0]["lon"]) in ((45.31235, 9.51235), CORNER)
    else:
        assert told.startswith("/table/v1/driving/")
        assert "9.51235,45.31235" in told


def test_doors_in_one_place_are_asked_about_once_and_are_no_way_apart(server: RoadServer) -> None:
    places = doors(3)

    found = Ways(valhalla(server)).matrix([*places, places[0], places[0]], today=TODAY)

    assert server.pairs <= 9
    assert found.travel_s[0, 3] == found.travel_s[4, 3] == 0
    assert (found.travel_s[3] == found.travel_s[0]).all()


def test_ways_too_long_to_be_asked_for_are_the_great_circles_and_no_trouble(server: RoadServer) -> None:
    far_off = [(38.1, 13.3), (38.11, 13.35)]
    places = [*doors(4), *far_off]

    found = Ways(valhalla(server)).matrix(places, today=TODAY)

    assert (found.source.trouble, found.source.instead) == (None, 16)
    assert (found.travel_s[:4, 4:] == matrix(places).travel_s[:4, 4:]).all()


@pytest.mark.parametrize("places", [[], [CORNER]])
def test_no_place_and_one_place_ask_nobody(server: RoadServer, places: list[Point]) -> None:
    found = Ways(valhalla(server)).matrix(places, today=TODAY)

    assert found.travel_s.shape == (len(places), len(places))
    assert not server.asked


def test_without_an_engine_nobody_is_asked() -> None:
    found = Ways().matrix(doors(3), today=TODAY)

    assert (found.source.engine, found.source.instead, found.source.trouble) == ("great_circle", 0, None)
