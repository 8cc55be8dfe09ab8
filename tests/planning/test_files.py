"""The exchange format: travel by formula or given, bad documents, and a document solved."""

import json
from typing import Any

import numpy as np
import pytest

from fieldapp.domain.errors import Refusal
from fieldapp.planning.checker import judge
from fieldapp.planning.files import read_day, read_matrices, read_plan, read_problem, write_plan
from fieldapp.planning.instances import Layout, made_up_day
from fieldapp.planning.solver import solve

GOLDEN: dict[str, Any] = {
    "seed": 42,
    "circuity": 1.3,
    "speed_town": 30,
    "speed_road": 70,
    "cost": {"cent_per_km": 30, "cent_per_hour": 2000},
    "agents": [{"x": 1.25, "y": 2.5, "town": 0}, {"x": 40.0, "y": 10.75, "town": -1}],
    "visits": [
        {"x": 2.0, "y": 2.75, "town": 0},
        {"x": 12.5, "y": -3.125, "town": 1},
        {"x": 13.0, "y": -3.0, "town": 1},
    ],
}
GOLDEN_SECONDS = [
    [0, 3061, 126, 1197, 1222],
    [2811, 0, 2903, 2502, 2341],
    [124, 3143, 0, 1149, 1179],
    [1175, 2313, 1101, 0, 88],
    [1171, 2490, 1197, 80, 0],
]
GOLDEN_CENTS = [
    [0, 3246, 101, 1155, 1185],
    [3107, 0, 3127, 2591, 2482],
    [100, 3260, 0, 1108, 1139],
    [1143, 2486, 1081, 0, 69],
    [1157, 2565, 1149, 65, 0],
]


def test_travel_from_coordinates_is_the_formula_to_the_cent() -> None:
    """Worked by hand: noise first, then minutes in town at 30 km/h and beyond 4 km at 70 km/h."""
    day = made_up_day(1, 2, seed=3)
    day["agents"][0] |= {"x": 0.0, "y": 0.0, "town": 0}
    day["visits"][0] |= {"x": 3.0, "y": 4.0, "town": 0}
    day["visits"][1] |= {"x": 30.0, "y": 40.0, "town": -1}

    seconds, cents = read_matrices(day)

    noise = np.random.default_rng(780).uniform(0.95, 1.10, (3, 3))
    in_town = 6.5 / 30 * noise[0, 1]
    out_of_town = (4.0 / 30 + 61.0 / 70) * noise[0, 2]
    assert seconds[0].tolist() == [0, round(in_town * 3_600), round(out_of_town * 3_600)]
    assert cents[0].tolist() == [0, round(6.5 * 30 + in_town * 2_000), round(65 * 30 + out_of_town * 2_000)]


def test_the_matrices_of_a_seed_never_change() -> None:
    """Golden: another reader of the format computed the same figures."""
    seconds, cents = read_matrices(GOLDEN)

    assert seconds.tolist() == GOLDEN_SECONDS
    assert cents.tolist() == GOLDEN_CENTS


def test_skills_doors_kinds_and_groups_are_read() -> None:
    day = made_up_day(1, 3, seed=1)
    del day["visits"][0]["service"]
    day["visits"][0] |= {"kind": "first", "door": 4, "skills": ["de"], "again": 60}
    day["visits"][1] |= {"door": "4", "x": day["visits"][0]["x"], "y": day["visits"][0]["y"]}
    day |= {"service_by_kind": {"first": 1_500}, "not_together": [[1, 2]]}
    day["agents"][0]["skills"] = ["fr", " de "]

    for problem in (read_problem(day), read_day(day).problem):
        assert problem.service_s[0] == 1_500
        assert problem.again_s[0] == 60
        assert problem.door.tolist() == [0, 0, -1]
        assert problem.apart == ((1, 2),)
    assert read_day(day).problem.agents[0].skills == {"fr", "de"}
    assert read_day(day).faults == ()


def test_given_matrices_are_taken_in_place_of_coordinates() -> None:
    day = made_up_day(1, 1, seed=1)
    for place in (*day["agents"], *day["visits"]):
        del place["x"], place["y"], place["town"]

    problem = read_problem(day | {"duration_s": [[0, 7], [8, 0]], "cost_cents": [[0, 1], [2, 0]]})

    assert problem.travel_s.tolist() == [[0, 7], [8, 0]]
    assert problem.cost_cents.tolist() == [[0, 1], [2, 0]]


def test_a_document_survives_being_written_and_read() -> None:
    day = made_up_day(3, 20, seed=1, layout=Layout.HALF_DAYS)

    assert json.loads(json.dumps(day)) == day
    assert made_up_day(3, 20, seed=1, layout=Layout.HALF_DAYS) == day


def test_a_solved_document_holds_a_lawful_plan_and_its_worth() -> None:
    day = made_up_day(3, 30, seed=1)
    ticks = iter(range(1_000_000))
    reading = read_day(day)

    plan = write_plan(reading, solve(reading.problem, seed=1, seconds=1.0, clock=lambda: next(ticks) / 100))

    judgement = judge(read_problem(day), read_plan(json.loads(json.dumps(plan))))
    assert judgement.broken == ()
    assert judgement.objective_cents == plan["objective"] > 0


BAD = [
    # nothing at all
    (lambda d: d.clear(), "field_missing", "agents"),
    # agents that are no list
    (lambda d: d.update(agents={}), "field_missing", "agents"),
    # an agent that is no object
    (lambda d: d["agents"].__setitem__(0, 5), "field_missing", "agents[0].x"),
    # a visit without a place
    (lambda d: d["visits"][1].pop("x"), "field_missing", "visits[1].x"),
    # a coordinate in words
    (lambda d: d["visits"][1].update(x="12"), "bad_number", "visits[1].x"),
    # a coordinate that is not a number
    (lambda d: d["visits"][1].update(y=float("nan")), "bad_number", "visits[1].y"),
    # nobody drives at no speed
    (lambda d: d.update(speed_town=0), "bad_number", "speed_town"),
    # a seed that numpy would refuse in its own words
    (lambda d: d.update(seed=-800), "bad_number", "seed"),
    # no lunch hours
    (lambda d: d.pop("lunch"), "field_missing", "lunch"),
    # windows that are no list
    (lambda d: d["visits"][0].update(tw="9-12"), "bad_time", "visits[0].windows_s"),
    # a window that ends before it starts
    (lambda d: d["visits"][0].update(tw=[[9, 8]]), "window_reversed", "visits[0].windows_s[0]"),
    # pinned to nobody
    (lambda d: d["visits"][0].update(pin=99), "unknown_pin", "visits[0].pin"),
    # a matrix with a hole
    (
        lambda d: d.update(duration_s=[[0, None, 1], [1, 0, 1], [1, 1, 0]], cost_cents=[]),
        "matrix_hole",
        "travel_s[0][1]",
    ),
    # durations without costs
    (lambda d: d.update(duration_s=[[0]]), "field_missing", "cost_cents"),
    # a ragged matrix
    (lambda d: d.update(duration_s=[[0, 1], [0]], cost_cents=[[0]]), "matrix_hole", "duration_s"),
]


@pytest.mark.parametrize(("spoil", "code", "place"), BAD, ids=[f"{code}-{place}" for _, code, place in BAD])
def test_a_bad_document_is_refused_by_the_name_of_its_place(spoil: Any, code: str, place: str) -> None:
    day = made_up_day(1, 2, seed=1)
    spoil(day)

    with pytest.raises(Refusal) as refusal:
        read_problem(day)

    assert (refusal.value.code, refusal.value.details["place"]) == (f"planning.{code}", place)


@pytest.mark.parametrize(
    "document",
    [
        {},  # no routes
        {"routes": 5},  # routes that are no list
        {"routes": [[True]]},  # a flag is no visit
        {"routes": [[-1]]},  # nor is a negative number
        {"routes": [["0"]]},  # nor a word
        {"routes": [None]},  # an agent's route is missing
    ],
)
def test_a_bad_plan_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(Refusal, match=r"planning\.(field_missing|bad_number)"):
        read_plan(document)
