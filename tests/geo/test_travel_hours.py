"""Travel times by the hour: bands as a house sets them, by factor for any engine, by Valhalla's own speeds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from fieldapp.domain.errors import Refusal
from fieldapp.geo.travel import Band, Ways, matrix, read_bands
from fieldapp.geo.travel.kept import KeptWays
from fieldapp.geo.travel.osrm import OsrmEngine
from fieldapp.geo.travel.transport import HttpTransport
from fieldapp.geo.travel.valhalla import ValhallaEngine
from tests.geo.road_server import STEP, Roads, RoadServer, serving

CORNER = (45.30, 9.50)
PLACES = [(CORNER[0] + i * STEP, CORNER[1] + (i * 2 % 5) * STEP) for i in range(5)]
MONDAY = date(2026, 11, 30)
TODAY = MONDAY.toordinal() - 1


@pytest.fixture
def server() -> Iterator[RoadServer]:
    with serving(Roads.grid(CORNER, side=5)) as server:
        yield server


def test_bands_are_read_in_order_with_one_factor_two_or_none() -> None:
    assert read_bands(" 07:30 1.4 1.2, 9:30 1 ,17:00") == (
        Band(27_000, 1.4, 1.2),
        Band(34_200, 1.0, 1.0),
        Band(61_200),
    )
    assert read_bands("") == ()


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "24:00 1",
        "07:60 1",
        "09:00 1, 08:00 1",
        "09:00 1, 09:00 2",
        "08:00 0",
        "08:00 99",
        "08:00 -1",
        "08:00 1 2 3",
        ", ".join(f"{hour:02}:00 1" for hour in range(13)),
    ],
)
def test_bands_that_say_nothing_clear_are_refused(text: str) -> None:
    with pytest.raises(Refusal, match=r"travel\.bad_hours"):
        read_bands(text)


def test_without_bands_there_is_one_table() -> None:
    found = Ways().matrix(PLACES, today=TODAY)

    assert (found.by_hour_s, found.from_s) == (None, ())
    assert (found.travel_s == matrix(PLACES).travel_s).all()


def test_a_factor_lengthens_the_great_circle_more_in_town_where_it_says_so() -> None:
    near_far = [CORNER, (CORNER[0] + 0.005, CORNER[1]), (CORNER[0] + 0.5, CORNER[1])]

    found = Ways(bands=read_bands("07:30 2 1, 09:30 1")).matrix(near_far, today=TODAY)

    assert found.from_s == (0, 27_000, 34_200)
    assert found.by_hour_s is not None
    plain, jam, after = found.by_hour_s
    assert (plain == found.travel_s).all()
    assert (after == found.travel_s).all()
    assert jam[0, 1] == 2 * plain[0, 1]  # all of it is in town
    assert plain[0, 2] < jam[0, 2] < 1.3 * plain[0, 2]  # 2.5 of 73 km are
    assert (np.diag(jam) == 0).all()


def test_a_band_from_midnight_leaves_no_hour_to_the_plain_times() -> None:
    found = Ways(bands=read_bands("00:00 1.5")).matrix(PLACES, today=TODAY)

    assert found.from_s == (0,)
    assert found.by_hour_s is not None
    assert found.by_hour_s.shape == (1, 5, 5)


def test_factors_lengthen_what_a_server_says_each_way(server: RoadServer) -> None:
    found = Ways(OsrmEngine(HttpTransport(server.home)), bands=read_bands("08:00 2")).matrix(PLACES, today=TODAY)

    assert found.by_hour_s is not None
    assert (found.by_hour_s[1] == 2 * found.travel_s).all()
    assert (found.by_hour_s[1] != found.by_hour_s[1].T).any()


@pytest.mark.parametrize("engine", [None, "osrm"])
def test_who_knows_no_hours_is_not_asked_for_them(server: RoadServer, engine: str | None) -> None:
    asked = None if engine is None else OsrmEngine(HttpTransport(server.home))

    with pytest.raises(Refusal, match=r"travel\.hours_unknown"):
        Ways(asked, bands=read_bands("08:00"))


def test_valhalla_is_asked_for_each_hour_of_the_day_that_is_planned(server: RoadServer, tmp_path: Path) -> None:
    server.pace = {"2026-11-30T08:00": 3.0, "2026-11-30T10:00": 1.0}
    kept = KeptWays(tmp_path / "travel.sqlite", key=b"k" * 32)
    ways = Ways(ValhallaEngine(HttpTransport(server.home)), kept=kept, bands=read_bands("08:00, 10:00, 17:00 1.5"))

    found = ways.matrix(PLACES, today=TODAY, on=MONDAY)

    assert found.from_s == (0, 28_800, 36_000, 61_200)
    assert found.by_hour_s is not None
    plain, jam, after, evening = found.by_hour_s
    assert (plain == found.travel_s).all()
    assert np.abs(jam - 3 * plain).max() <= 2  # a server rounds what it says
    assert (after == plain).all()
    assert np.abs(evening - 1.5 * plain).max() <= 1
    # What is kept is kept by weekday and hour: the next Monday asks nothing, a Tuesday asks anew.
    asked = len(server.asked)
    again = ways.matrix(PLACES, today=TODAY, on=date(2026, 12, 7))
    assert len(server.asked) == asked
    assert again.by_hour_s is not None
    assert (again.by_hour_s == found.by_hour_s).all()
    tuesday = ways.matrix(PLACES, today=TODAY, on=date(2026, 12, 1))
    assert len(server.asked) > asked
    assert tuesday.by_hour_s is not None
    assert (tuesday.by_hour_s[1] == plain).all()


def test_a_server_lost_in_the_middle_leaves_the_plain_times_and_says_so(server: RoadServer, tmp_path: Path) -> None:
    kept = KeptWays(tmp_path / "travel.sqlite", key=b"k" * 32)
    Ways(ValhallaEngine(HttpTransport(server.home)), kept=kept).matrix(PLACES, today=TODAY)
    server.broken = "status"

    ways = Ways(ValhallaEngine(HttpTransport(server.home)), kept=kept, bands=read_bands("08:00"))
    found = ways.matrix(PLACES, today=TODAY, on=MONDAY)

    assert found.by_hour_s is not None
    assert (found.by_hour_s == found.travel_s).all()
    assert (found.source.instead, found.source.trouble) == (0, None)
    assert (found.source.by_hour, found.source.hours_unknown) == (True, 1)


def test_some_of_the_places_keep_their_hours() -> None:
    found = Ways(bands=read_bands("08:00 2")).matrix(PLACES, today=TODAY)

    some = found.of(np.array([0, 3]))

    assert some.by_hour_s is not None
    assert found.by_hour_s is not None
    assert (some.by_hour_s == found.by_hour_s[:, [[0], [3]], [0, 3]]).all()
