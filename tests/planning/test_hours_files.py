"""Hours in problem files: ways that take longer from some hour on, visits that bring more at some; what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldapp.planning.checker import judge
from fieldapp.planning.country_files import read_country
from fieldapp.planning.days_files import read_days
from fieldapp.planning.files import read_day, read_plan, read_problem
from fieldapp.planning.instances import made_up_day
from fieldapp.planning.solver import solve
from tests.planning.test_ends import a_table
from tests.planning.test_solving import solved

MORNING = [{"from": 25_200, "factor": 1.5}, {"from": 34_200, "factor": 1}]


def test_a_factor_lengthens_the_ways_of_no_hour() -> None:
    plain = read_problem(made_up_day(2, 10, seed=1))
    day = read_day({**made_up_day(2, 10, seed=1), "travel_by_hour": MORNING[::-1]})

    assert day.faults == ()
    assert day.problem.from_s.tolist() == [0, 25_200, 34_200]
    before, jam, after = day.problem.travel_by_hour
    assert (before == plain.travel_s).all()
    assert (after == plain.travel_s).all()
    assert (jam == np.rint(plain.travel_s * 1.5)).all()
    assert (day.problem.cost_cents == plain.cost_cents).all()


def test_tables_of_an_hour_stand_beside_those_of_no_hour() -> None:
    document = a_table()
    slow = (np.array(document["duration_s"]) * 3).tolist()
    document["travel_by_hour"] = [{"from": 0, "factor": 2}, {"from": 36_000, "duration_s": slow}]

    reading = read_day(document)

    assert reading.faults == ()
    assert reading.problem.from_s.tolist() == [0, 36_000]
    assert reading.problem.travel_by_hour[:, 2, 3].tolist() == [1_200, 1_800]


def test_what_is_not_known_at_one_hour_is_driven_at_none() -> None:
    document = a_table()
    table = json.loads(json.dumps(document["duration_s"]))
    table[2][3], table[3][2] = None, -5
    document["travel_by_hour"] = [{"from": 36_000, "duration_s": table}]

    reading = read_day(document)

    assert [(fault.code, fault.place) for fault in reading.faults] == [
        ("problem.way_missing", "travel_by_hour[0].duration_s[2][3]"),
        ("problem.way_negative", "travel_by_hour[0].duration_s[3][2]"),
    ]
    assert (reading.problem.travel_by_hour[:, 2, 3] > 2 * 86_400).all()


BAD: list[tuple[Any, list[str]]] = [
    ("soon", ["travel_by_hour[0]"]),
    ([{"factor": 2}], ["travel_by_hour[0]"]),
    ([{"from": 0, "factor": 0}], ["travel_by_hour[0]"]),
    ([{"from": 0, "factor": -1}], ["travel_by_hour[0]"]),
    ([{"from": -1, "factor": 2}, {"from": 60, "factor": 2}], ["travel_by_hour[0]"]),
    ([{"from": 60, "factor": 2}, {"from": 60, "factor": 3}], ["travel_by_hour[1]"]),
    ([{"from": 60}], ["travel_by_hour[0]"]),
    ([{"from": 60, "factor": 2, "duration_s": [[0]]}], ["travel_by_hour[0]"]),
    ([{"from": i, "factor": 2} for i in range(49)], ["travel_by_hour[47]", "travel_by_hour[48]"]),
]


@pytest.mark.parametrize(("turns", "places"), BAD)
def test_hours_of_ways_that_say_nothing_clear_are_named_and_done_without(turns: Any, places: list[str]) -> None:
    reading = read_day({**a_table(), "travel_by_hour": turns})

    assert [fault.place for fault in reading.faults] == places
    assert {fault.code for fault in reading.faults} == {"problem.turn_unreadable"}
    assert solve(reading.problem, seed=1, iterations=200).judgement.served == 2


def test_a_table_of_the_wrong_shape_is_named() -> None:
    reading = read_day({**a_table(), "travel_by_hour": [{"from": 60, "duration_s": [[0] * 5] * 4}]})

    assert reading.faults[0].place == "travel_by_hour[0].duration_s"
    assert reading.faults[0].code == "problem.table_shape"


def test_hours_at_home_are_read_and_what_is_wrong_of_them_is_named() -> None:
    document = a_table()
    document["visits"][0]["hours"] = [[50_400, 9_000], [0, 1_000]]
    document["visits"][1]["hours"] = [[0, 1_000], [50_400, -9]]

    reading = read_day(document)

    assert [(fault.code, fault.place) for fault in reading.faults] == [
        ("problem.hours_unreadable", "visits[1].hours[1]")
    ]
    assert reading.problem.visits[0].hours == ((0, 1_000), (50_400, 9_000))
    assert reading.problem.visits[1].hours == ()
    assert [reading.problem.prize(0, 0, at) for at in (40_000, 60_000)] == [1_000, 9_000]


def test_more_moments_than_anybody_tells_apart_are_named_and_the_rest_stands() -> None:
    document = a_table()
    document["visits"][0]["hours"] = [[i, 1_000] for i in range(40)]
    document["visits"][1]["hours"] = [[1_000 + i, 1_000] for i in range(40)]

    reading = read_day(document)

    assert [fault.place for fault in reading.faults] == ["visits[1].hours"]
    assert len(reading.problem.bands_s) == 40


def test_each_of_several_days_has_its_hours() -> None:
    document = {**a_table(), "days": 2, "travel_by_hour": MORNING}
    document["visits"][0]["hours"] = [[0, 1_000], [50_400, 9_000]]
    document["visits"][0]["days"] = [{"day": 0}, {"day": 1, "prize": 4_000}]

    reading = read_days(document)

    assert [day.from_s.tolist() for day in reading.days] == [[0, 25_200, 34_200]] * 2
    assert [day.prize(0, 0, 60_000) for day in reading.days] == [9_000, 4_000]


def test_a_part_of_a_large_day_has_its_hours() -> None:
    document = {**made_up_day(3, 20, seed=2), "travel_by_hour": MORNING}
    whole, country = read_day(document).problem, read_country(document).country

    part = country.part([0, 2], [3, 4, 5]).problem()

    nodes = np.array([0, 2, 6, 7, 8])
    assert part.from_s.tolist() == [0, 25_200, 34_200]
    assert (part.travel_by_hour == whole.travel_by_hour[:, nodes[:, None], nodes]).all()


def test_a_file_with_hours_and_an_end_is_solved_in_a_process_of_its_own(tmp_path: Path) -> None:
    day = {**made_up_day(3, 30, seed=1), "travel_by_hour": MORNING}
    day["agents"][0]["end"] = {"x": 1.0, "y": 1.0, "town": -1}
    day["visits"][0]["hours"] = [[0, 100], [50_400, 9_000]]

    done, out = solved(tmp_path, day, "--seconds", "0.5")

    assert done.returncode == 0, done.stderr
    plan = json.loads(out.read_text())
    judgement = judge(read_day(day).problem, read_plan(plan))
    assert judgement.broken == ()
    assert judgement.objective_cents == plan["objective"]
    assert judgement.served > 5
