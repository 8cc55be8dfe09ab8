"""A Valhalla on the premises: the pipe to its worker, and the real one where this Python can have it."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from fieldapp.domain.errors import Refusal
from fieldapp.geo.travel import Ways, matrix
from fieldapp.geo.travel.premises import Worker, build, describe, engine_at, engine_over, missing
from fieldapp.roads_commands import roads
from tests.geo.road_server import Roads
from tests.geo.small_map import SmallMap
from tests.geo.test_road_servers import ISLAND, NOWHERE, TODAY, doors

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
real = pytest.mark.skipif(missing() is not None, reason="this Python has no Valhalla")


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return tmp_path / "trace"


def worker(how: str, trace: Path) -> Worker:
    return Worker([sys.executable, "-m", "tests.geo.road_worker", how, str(trace)], home="a map")


def test_a_worker_answers_over_its_pipe_with_holes_and_the_way_back(trace: Path) -> None:
    pipe, places = worker("well", trace), [*doors(8), ISLAND, NOWHERE]

    found = Ways(engine_over(pipe)).matrix(places, today=TODAY)
    again = Ways(engine_over(pipe)).matrix(places, today=TODAY)
    pipe.close()

    table = Roads.grid((45.30, 9.50), side=6).table(places[:8], places[:8])
    for i, row in enumerate(table):
        for j, cell in enumerate(row):
            assert cell is not None
            assert i == j or abs(found.travel_s[i, j] - cell[0]) <= 1
    assert found.no_road[:8, 8:].all()
    assert (found.source.engine, found.source.instead, found.source.trouble) == ("premises", 0, None)
    assert (again.travel_s == found.travel_s).all()


def test_a_worker_that_dies_is_started_again_and_nothing_is_lost(trace: Path) -> None:
    pipe = worker("dies", trace)

    found = Ways(engine_over(pipe)).matrix(doors(5), today=TODAY)
    pipe.close()

    assert (found.source.instead, found.source.trouble) == (0, None)
    assert trace.read_text().count("asked") == 2


def test_a_worker_killed_between_two_plans_is_started_again(trace: Path) -> None:
    pipe = worker("well", trace)
    ways = Ways(engine_over(pipe))
    ways.matrix(doors(5), today=TODAY)
    assert pipe._process is not None
    os.kill(pipe._process.pid, 9)

    found = ways.matrix(doors(5, seed=2), today=TODAY)
    pipe.close()

    assert (found.source.instead, found.source.trouble) == (0, None)


@pytest.mark.parametrize(("how", "trouble"), [("dies_always", "away"), ("hangs", "late"), ("babbles", "nonsense")])
def test_a_worker_that_cannot_gives_way_to_the_great_circle(trace: Path, how: str, trouble: str) -> None:
    pipe, began = worker(how, trace), time.monotonic()
    patience_s = 6.0 if how == "hangs" else 60.0

    found = Ways(engine_over(pipe)).matrix(doors(5), today=TODAY, patience_s=patience_s)
    left = pipe._process
    pipe.close()

    assert (found.source.trouble, found.source.instead) == (trouble, 20)
    assert (found.travel_s == matrix(doors(5)).travel_s).all()
    if how == "hangs":
        assert time.monotonic() - began < 25
        assert left is None


def test_without_roads_or_without_the_extra_everything_else_works(tmp_path: Path) -> None:
    found = Ways(engine_at(tmp_path / "roads")).matrix(doors(4), today=TODAY)

    assert (found.source.engine, found.source.trouble, found.source.instead) == ("premises", "away", 12)


@pytest.mark.skipif(missing() is None, reason="this Python has Valhalla")
def test_a_python_without_valhalla_says_so_in_one_sentence(tmp_path: Path) -> None:
    file = a_town(tmp_path)

    said = CliRunner().invoke(roads, ["build", str(file), "-o", str(tmp_path / "roads")])

    assert said.exit_code == 2
    code = "travel.needs_python" if sys.version_info < (3, 12) else "travel.needs_extra"
    assert said.output.strip().endswith(f"({code})")
    assert len(said.output.strip().splitlines()) == 1
    assert not (tmp_path / "roads").exists()


# --- the real one ---


def a_town(folder: Path) -> Path:
    """Three streets in a triangle, one of them one-way."""
    town = SmallMap()
    a, b, c = (town.point(spot) for spot in ((45.30, 9.50), (45.30, 9.53), (45.32, 9.515)))
    for ends, tags in (((a, b), {"oneway": "yes"}), ((b, c), {}), ((c, a), {})):
        town._way(list(ends), {"highway": "secondary", "name": "Via della Prova", **tags})
    return town.write(folder / "town.osm.pbf")


@real
def test_roads_built_from_a_map_give_each_way_its_own_time(tmp_path: Path) -> None:
    place = tmp_path / "roads"
    summary = build(a_town(tmp_path), place, now=NOW, say=lambda _: None)
    assert describe(place) == summary
    assert summary.tiles > 0

    found = Ways(engine_at(place)).matrix([(45.30, 9.5005), (45.30, 9.5295), NOWHERE], today=TODAY)

    assert (found.source.instead, found.source.trouble) == (0, None)
    assert found.travel_s[1, 0] > found.travel_s[0, 1] > 0
    assert found.no_road[2, :2].all()


@real
def test_a_file_that_is_no_map_is_refused_and_the_roads_of_before_stay(tmp_path: Path) -> None:
    place = tmp_path / "roads"
    before = build(a_town(tmp_path), place, now=NOW, say=lambda _: None)
    broken = tmp_path / "broken.osm.pbf"
    broken.write_bytes(b"no map")

    with pytest.raises(Refusal) as refused:
        build(broken, place, now=NOW, say=lambda _: None)

    assert refused.value.code == "travel.build_failed"
    assert describe(place) == before
