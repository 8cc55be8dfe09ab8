"""A document of several days: what differs from day to day, and what cannot be read of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fieldapp.domain.errors import Refusal
from fieldapp.planning.days import Together, judge_days
from fieldapp.planning.days_files import read_day_plans, read_days, write_days
from fieldapp.planning.instances import made_up_day, made_up_days
from fieldapp.planning.solver import solve
from tests.planning.builders import HOUR

Spoil = Callable[[dict[str, Any]], object]


def planned(document: dict[str, Any]) -> dict[str, Any]:
    reading = read_days(document)
    together = Together.of(reading.days)
    solution = solve(together.problem, seed=1, iterations=500)
    plans = together.plans(solution.plan)
    judgement = judge_days(reading.days, plans)
    assert judgement.broken == ()
    return write_days(reading, plans, judgement, iterations=solution.iterations)


def told(plan: dict[str, Any]) -> list[tuple[str, str]]:
    return [(fault["code"].removeprefix("problem."), fault["place"]) for fault in plan["faults"]]


def three_days() -> dict[str, Any]:
    """Three visits, one agent, three days; every way takes ten minutes and costs two euro."""
    document = made_up_day(1, 3, seed=1)
    document["days"] = 3
    document["duration_s"] = [[600 * (i != j) for j in range(4)] for i in range(4)]
    document["cost_cents"] = [[200 * (i != j) for j in range(4)] for i in range(4)]
    for visit in document["visits"]:
        visit.update(tw=[[9 * HOUR, 18 * HOUR]], pin=-1, must=False, prize=5_000)
    return document


def test_each_day_has_its_own_windows_prizes_and_shifts() -> None:
    document = three_days()
    document["agents"][0]["shifts"] = [None, [8 * HOUR, 12 * HOUR], [9 * HOUR, 18 * HOUR]]
    document["visits"][0]["days"] = [{"day": 1, "tw": [[10 * HOUR, 11 * HOUR]], "prize": 7_000}, {"day": 2}]

    first, second, third = read_days(document).days

    assert (first.max_visits[0], second.shift_s.tolist(), third.shift_s.tolist()) == (
        0,
        [[8 * HOUR, 12 * HOUR]],
        [[9 * HOUR, 18 * HOUR]],
    )
    assert [bool(day.may_visit[0, 0]) for day in (first, second, third)] == [False, True, True]
    assert second.visits[0].windows_s == ((10 * HOUR, 11 * HOUR),)
    assert (second.prize_cents[0], third.prize_cents[0]) == (7_000, 5_000)


def test_visits_are_spread_over_the_days_that_have_room() -> None:
    document = three_days()
    document["agents"][0]["max_visits"] = 1
    document["visits"][0]["days"] = [{"day": 2}]

    plan = planned(document)

    assert [day["served"] for day in plan["days"]] == [1, 1, 1]
    assert plan["days"][2]["routes"] == [[0]]
    assert plan["objective"] == sum(day["objective"] for day in plan["days"]) == 15_000 - 3 * 400


@pytest.mark.parametrize("seed", range(3))
def test_days_that_are_made_up_are_read_without_a_word_and_planned_lawfully(seed: int) -> None:
    document = made_up_days(4, 60, days=4, seed=seed)

    plan = planned(document)

    assert [fault for fault in plan["faults"] if fault["code"] == "problem.day_unreadable"] == []
    assert plan["served"] > 30


BAD: list[tuple[Spoil, str]] = [
    # a shift too few
    (lambda d: d["agents"][0].update(shifts=[[0, 60_000]] * 2), "agents[0].shifts"),
    # a shift in words
    (lambda d: d["agents"][0].update(shifts=["early", [0, 60_000], [0, 60_000]]), "agents[0].shifts[0]"),
    # a shift the wrong way round
    (lambda d: d["agents"][0].update(shifts=[[9, 8], [0, 60_000], [0, 60_000]]), "agents[0].shifts[0]"),
    # days that are no list
    (lambda d: d["visits"][0].update(days=2), "visits[0].days"),
    # a day that is not planned
    (lambda d: d["visits"][0].update(days=[{"day": 3}]), "visits[0].days[0]"),
    # half a day
    (lambda d: d["visits"][0].update(days=[{"day": 0.5}]), "visits[0].days[0]"),
    # a prize below nothing
    (lambda d: d["visits"][0].update(days=[{"day": 0, "prize": -1}]), "visits[0].days[0]"),
    # windows that cannot be read
    (lambda d: d["visits"][0].update(days=[{"day": 0, "tw": "9-12"}]), "visits[0].days[0]"),
]


@pytest.mark.parametrize(("spoil", "place"), BAD, ids=[f"{i}-{place}" for i, (_, place) in enumerate(BAD)])
def test_what_cannot_be_read_of_the_days_is_named_and_the_rest_is_planned(spoil: Spoil, place: str) -> None:
    document = three_days()
    spoil(document)

    plan = planned(document)

    assert ("day_unreadable", place) in told(plan)
    assert sum(day["served"] for day in plan["days"]) >= 2


def test_what_stands_against_a_visit_is_told_once_and_only_where_no_day_has_room_for_it() -> None:
    document = three_days()
    document["visits"][0].update(tw=[[0, HOUR]], days=[{"day": 0}, {"day": 1}])
    document["visits"][1].update(tw=[[0, HOUR]], days=[{"day": 0}, {"day": 1, "tw": [[9 * HOUR, 18 * HOUR]]}])

    assert told(planned(document)) == [("outside_shifts", "visits[0]")]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"days": 0}, "bad_number"),
        ({"days": 61}, "bad_number"),
        ({"days": "five"}, "bad_number"),
        ({"agents": 5}, "field_missing"),
    ],
)
def test_a_document_that_holds_no_days_is_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(Refusal, match=rf"planning\.{code}"):
        read_days({**three_days(), **change})


def test_solve_takes_a_document_of_several_days(tmp_path: Path) -> None:
    document = made_up_days(3, 40, days=3, seed=2)
    problem, out = tmp_path / "problem.json", tmp_path / "plan.json"
    problem.write_text(json.dumps(document))

    command = [sys.executable, "-m", "fieldapp", "solve", str(problem), "-o", str(out), "--seconds", "0.5"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    plan = json.loads(out.read_text())
    judgement = judge_days(read_days(document).days, read_day_plans(plan))
    assert judgement.broken == ()
    assert json.loads(done.stdout)["objective"] == judgement.objective_cents == plan["objective"]
