"""When open doors will be reached, by arrivals, reports and the clock: properties over any day."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.running import Door, Expected, Rung, behind_s, driven_s, expected, in_order
from fieldapp.planning.hourly import Way

EIGHT = datetime(2026, 11, 26, 7, 0, tzinfo=UTC)


def minutes(of: float) -> timedelta:
    return timedelta(minutes=of)


def route(ways: Sequence[int], *, service: int = 20, close: int = 600) -> list[Door[int]]:
    """Doors one after the other without slack, `ways` minutes apart, open for `close` minutes from eight."""
    doors, at = [], EIGHT
    for number, way in enumerate(ways):
        at += minutes(way)
        end = EIGHT + minutes(close)
        doors.append(Door(number, at, EIGHT, end, service * 60, way * 60, 45_300_000 + number * 9_000, 9_500_000))
        at += minutes(service)
    return doors


ways = st.lists(st.integers(1, 40), min_size=1, max_size=9)
passed = st.integers(0, 700).map(minutes)


@st.composite
def days(draw: st.DrawFn) -> tuple[list[Door[int]], dict[int, Rung], datetime]:
    """A route of which the first doors were made, a little early or late, and perhaps one is in hand."""
    doors = route(draw(ways))
    made = draw(st.integers(0, len(doors)))
    rung, at = {}, EIGHT
    for door in doors[:made]:
        at += minutes(draw(st.integers(1, 60)))
        left = at + minutes(draw(st.integers(1, 60)))
        rung[door.key] = Rung(at, left)
        at = left
    if made and draw(st.booleans()):
        last = doors[made - 1].key
        rung[last] = Rung(rung[last].arrived_at, None)
        at = rung[last].arrived_at
    return doors, rung, at + draw(passed)


@given(days(), st.randoms())
def test_every_open_door_is_expected_once_in_order_and_never_before_now(
    day: tuple[list[Door[int]], dict[int, Rung], datetime], dice: object
) -> None:
    doors, rung, now = day
    chosen = [door.key for door in doors]
    dice.shuffle(chosen)  # type: ignore[attr-defined]  # hypothesis gives a random.Random

    ahead = expected(doors, rung, now=now, order=chosen)

    assert sorted(one.key for one in ahead) == [door.key for door in doors if door.key not in rung]
    at = now
    for one in ahead:
        assert one.arrive_at >= at
        assert one.leave_at - one.arrive_at == timedelta(seconds=doors[one.key].service_s)
        assert one.missed == (one.arrive_at > doors[one.key].window_to)
        at = one.leave_at


@given(ways, st.data())
def test_nobody_is_late_who_does_what_was_planned(length: list[int], data: st.DataObject) -> None:
    doors = route(length)
    made = data.draw(st.integers(0, len(doors)))
    rung = {d.key: Rung(d.arrive_at, d.arrive_at + timedelta(seconds=d.service_s)) for d in doors[:made]}
    now = max((one.left_at for one in rung.values() if one.left_at), default=EIGHT)

    ahead = expected(doors, rung, now=now)

    assert [one.arrive_at for one in ahead] == [door.arrive_at for door in doors[made:]]
    assert behind_s(doors, ahead) == 0


@given(days(), passed)
def test_passing_time_makes_nothing_earlier(
    day: tuple[list[Door[int]], dict[int, Rung], datetime], later: timedelta
) -> None:
    doors, rung, now = day

    before, after = expected(doors, rung, now=now), expected(doors, rung, now=now + later)

    assert all(was.arrive_at <= is_now.arrive_at for was, is_now in zip(before, after, strict=True))
    assert behind_s(doors, before) <= behind_s(doors, after)


@given(ways, st.integers(0, 200), st.integers(0, 200))
def test_who_leaves_a_door_later_is_nowhere_earlier(length: list[int], stayed: int, more: int) -> None:
    doors = route(length)
    at = doors[0].arrive_at
    now = at + minutes(stayed + more)

    def left(after: int) -> tuple[Expected[int], ...]:
        return expected(doors, {0: Rung(at, at + minutes(after))}, now=now)

    assert all(
        sooner.arrive_at <= later.arrive_at for sooner, later in zip(left(stayed), left(stayed + more), strict=True)
    )


def test_a_long_visit_moves_all_that_follows_and_a_closing_door_is_missed() -> None:
    doors = route([10, 10, 10], close=75)
    now = doors[0].arrive_at + minutes(50)

    ahead = expected(doors, {0: Rung(doors[0].arrive_at, None)}, now=now)

    assert [(one.late_s // 60, one.missed) for one in ahead] == [(30, False), (30, True)]
    assert behind_s(doors, ahead) == 30 * 60


def test_lunch_is_kept_however_late_the_day_runs_and_eats_slack() -> None:
    doors = route([10, 10])
    late = [doors[0], Door(1, doors[1].arrive_at + minutes(60), EIGHT, EIGHT + minutes(600), 1200, 600, 0, 0)]
    lunch = (doors[0].arrive_at + minutes(20), doors[0].arrive_at + minutes(80))
    left_at = doors[0].arrive_at + minutes(45)

    ahead = expected(late, {0: Rung(doors[0].arrive_at, left_at)}, now=left_at, lunch=lunch)

    assert ahead[0].arrive_at == left_at + minutes(60 + 10)


def test_what_the_office_added_is_not_lost_at_the_end_of_the_agents_own_order() -> None:
    doors = route([10, 10, 10, 10])

    assert [door.key for door in in_order(doors, [2, 0, 3])] == [1, 2, 0, 3]


def test_in_an_order_of_their_own_the_end_of_the_day_says_who_is_behind() -> None:
    doors = route([10, 10, 10])

    ahead = expected(doors, {0: Rung(doors[0].arrive_at, doors[0].arrive_at + minutes(20))}, now=EIGHT, order=[2, 1])

    assert ahead[1].late_s > 0, "its own time in the plan says nothing"
    assert behind_s(doors, ahead) < ahead[1].late_s


GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "ways_by_hour.json").read_text())


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["name"])
def test_a_way_takes_what_the_hour_says_here_and_in_the_plan(case: dict[str, Any]) -> None:
    from_at = [datetime.fromisoformat(moment) for moment in GOLDEN["from_at"]]
    leave_at = datetime.fromisoformat(case["leave_at"])

    assert driven_s(list(zip(from_at, case["takes_s"], strict=True)), leave_at) == case["seconds"]
    turns_s = [int((moment - from_at[0]).total_seconds()) for moment in from_at]
    leave_s = int((leave_at - from_at[0]).total_seconds())
    assert Way(turns_s, case["takes_s"]).arrive(leave_s) == leave_s + case["seconds"]


def test_who_is_late_into_the_jam_is_expected_later() -> None:
    doors = route([10, 10])
    jam = ((EIGHT, doors[1].travel_s), (doors[1].arrive_at + minutes(30), 3 * doors[1].travel_s))
    second = replace(doors[1], by_hour=jam)
    left_at = doors[1].arrive_at + minutes(40)

    on_time, late = (
        expected([doors[0], second], {0: Rung(doors[0].arrive_at, left)}, now=left)[0].arrive_at - left
        for left in (doors[1].arrive_at - timedelta(seconds=doors[1].travel_s), left_at)
    )

    assert on_time == timedelta(seconds=doors[1].travel_s)
    assert late == timedelta(seconds=3 * doors[1].travel_s)


@pytest.mark.parametrize(
    ("left_at", "takes_min"),
    # Two legs as the crow flies: twenty minutes, in the jam forty, and half of each where it begins on the way.
    [(0, 20), (60, 40), (20, 30)],
)
def test_an_order_of_the_agents_own_is_driven_at_the_pace_of_the_hour(left_at: int, takes_min: int) -> None:
    first, *later = route([10, 10, 10])
    turns_at = EIGHT + minutes(40)
    jam = ((EIGHT - minutes(480), 600), (turns_at, 1_200))
    second, third = (replace(door, by_hour=jam) for door in later)
    left = turns_at - minutes(30) + minutes(left_at)

    ahead = expected(
        [first, second, third], {0: Rung(left - minutes(9), left)}, now=left, order=[third.key, second.key]
    )

    assert ahead[0].key == third.key
    assert round((ahead[0].arrive_at - left) / minutes(1)) == takes_min
