"""A large day: cut into cells, planned by several hands, improved along the borders, judged as a whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.crew import Crew
from fieldapp.domain.errors import Refusal
from fieldapp.planning.checker import judge
from fieldapp.planning.country_files import is_large, read_country, write_country
from fieldapp.planning.files import read_matrices, read_plan, read_problem, read_ways
from fieldapp.planning.instances import Layout, made_up_day
from fieldapp.planning.left_over import left_over
from fieldapp.planning.national import CountryPlan, Job, OneHand, judge_country, left_over_of, plan_country
from fieldapp.planning.plan import Plan
from fieldapp.planning.territories import NEVER_S, Country, bundles, cut

CELL = 5


def a_country(
    agents: int, visits: int, *, seed: int, layout: Layout = Layout.TOWNS, areas: int = 1
) -> tuple[Country, dict[str, Any]]:
    """A made-up day with doors, groups and licence areas in it; each agent may work in some of the areas."""
    rng = np.random.default_rng(seed)
    document = made_up_day(agents, visits, seed=seed, layout=layout)
    for visit in range(0, visits - 1, 9):
        other = document["visits"][visit + 1]
        other |= {key: document["visits"][visit][key] for key in ("x", "y", "town")}
        document["visits"][visit]["door"] = other["door"] = f"door {visit}"
    document["not_together"] = [[int(v) for v in rng.choice(visits, 2, replace=False)] for _ in range(visits // 12)]
    reach = rng.random((agents, areas)) < 0.7
    reach[:, 0] |= ~reach.any(axis=1)
    country = read_country(document).country
    return replace(country, reach=reach, area=rng.integers(areas, size=visits)), document


def planned(country: Country, **given: Any) -> CountryPlan:
    crew = given.pop("crew", None) or OneHand(time.monotonic)
    limits = {} if "seconds" in given else {"iterations": 150}
    return plan_country(country, seed=1, crew=crew, clock=time.monotonic, agents=CELL, **{**limits, **given})


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.integers(0, 40), st.integers(0, 10**9), st.data())
def test_the_ways_of_a_part_are_those_of_the_whole(agents: int, visits: int, seed: int, data: st.DataObject) -> None:
    document = made_up_day(agents, visits, seed=seed)
    some = st.lists(st.integers(0, agents + visits - 1), min_size=1, max_size=6, unique=True)
    places = np.array(data.draw(some))

    seconds, cents = read_ways(document).part(places).between(np.arange(len(places)), np.arange(len(places)))

    whole_s, whole_cents = read_matrices(document)
    assert (seconds == whole_s[np.ix_(places, places)]).all()
    assert (cents == whole_cents[np.ix_(places, places)]).all()


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 40), st.integers(2, 150), st.integers(0, 10_000), st.sampled_from(list(Layout)), st.integers(1, 4)
)
def test_every_visit_is_in_one_cell_with_whom_it_needs(
    agents: int, visits: int, seed: int, layout: Layout, areas: int
) -> None:
    country, _ = a_country(agents, visits, seed=seed, layout=layout, areas=areas)

    cells = cut(country, agents=CELL)

    assert sorted(v for cell in range(cells.count) for v in cells.visits_of(cell)) == list(range(visits))
    assert sorted(a for cell in range(cells.count) for a in cells.agents_of(cell)) == list(range(agents))
    assert all(cells.agents_of(cell) for cell in range(cells.count))
    for bundle in bundles(country):
        assert len({int(cells.visit_cell[visit]) for visit in bundle}) == 1
    everybody = country.may_visit(np.arange(agents), np.arange(visits))
    for visit, one in enumerate(country.visits):
        cell = int(cells.visit_cell[visit])
        alone = all(len(bundle) == 1 for bundle in bundles(country) if visit in bundle)
        if one.pin is not None:
            assert cells.agent_cell[one.pin] == cell
        elif alone and everybody[:, visit].any() and not one.must:
            assert everybody[cells.agents_of(cell), visit].any()
        elif alone and (cells.away_s[visit] < NEVER_S).any():
            assert cells.away_s[visit, cell] < NEVER_S


def test_cells_have_work_for_their_time_and_lie_together() -> None:
    country, _ = a_country(60, 900, seed=3)

    cells = cut(country, agents=CELL)

    sizes = np.bincount(cells.agent_cell)
    assert sizes.min() >= CELL - 1
    assert sizes.max() <= CELL + 1
    assert cells.load.max() < 1.6 * np.median(cells.load)
    alone = {bundle[0] for bundle in bundles(country) if len(bundle) == 1}
    free = np.array([v for v, visit in enumerate(country.visits) if v in alone and visit.pin is None])
    own, soonest = cells.away_s[free, cells.visit_cell[free]], cells.away_s[free].min(axis=1)
    assert (own - soonest <= 1_800).all()
    by_chance = cells.away_s[free, np.random.default_rng(1).permutation(cells.visit_cell[free])]
    assert np.median(own) < np.median(by_chance) / 3


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(list(Layout)))
def test_every_plan_passes_the_checker_and_is_never_worse_than_its_cells(seed: int, layout: Layout) -> None:
    country, document = a_country(14, 90, seed=seed, layout=layout, areas=3)

    found = planned(country)

    whole = read_problem(document)
    may = country.may_visit(np.arange(14), np.arange(90))
    judgement = judge(whole.changed(may_visit=may), found.plan)
    assert judgement.broken == ()
    assert judgement.objective_cents == found.objective_cents
    assert judgement.unserved_must == found.unserved_must
    assert found.objective_cents >= found.cells_cents or found.unserved_must == ()
    assert planned(country).plan == found.plan


def test_borders_bring_something() -> None:
    country, _ = a_country(20, 260, seed=5)

    found = planned(country, iterations=600)

    assert found.borders > 2
    assert found.objective_cents > found.cells_cents
    assert [cents for _, cents in found.curve] == sorted(cents for _, cents in found.curve)


def test_two_hands_make_the_plan_of_one_and_a_killed_one_loses_only_its_cell() -> None:
    country, _ = a_country(20, 260, seed=6)
    killed: list[int] = []

    def kill_once(_: float, __: int) -> bool:
        if not killed:
            killed.append(crew.processes[1])
            os.kill(killed[0], signal.SIGKILL)
        return True

    with Crew(2) as crew:
        found = planned(country, crew=crew, iterations=600, on_news=kill_once)
        alive = crew.processes

    assert killed
    assert killed[0] not in alive
    assert crew.taken_again == 1
    assert found.lost == 0
    assert found.plan == planned(country, iterations=600).plan
    for process in alive:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_a_job_that_no_worker_survives_stands_as_it_began_and_the_others_are_done() -> None:
    country, _ = a_country(6, 40, seed=7)
    good = Job(1, country.part(range(6), range(40)), seed=1, iterations=10)
    deadly = Job(0, None, seed=1, start=Plan(((3,), ())), iterations=10)  # type: ignore[arg-type]

    with Crew(1) as crew:
        done = {one.number: one for one in crew.each([deadly, good], ends_s=None)}

    assert done[0].lost
    assert done[0].plan == Plan(((3,), ()))
    assert not done[1].lost
    assert done[1].plan.planned
    assert crew.taken_again == 3


def test_taken_early_every_cell_has_a_plan() -> None:
    country, _ = a_country(20, 260, seed=8)

    found = planned(country, iterations=50_000, on_news=lambda *_: False)

    assert found.taken_early
    assert found.borders == 0
    assert sum(1 for route in found.plan.routes if route) > 15
    judge_country(country, found.plan)


def test_exactly_one_limit_is_given() -> None:
    country, _ = a_country(2, 4, seed=1)

    with pytest.raises(Refusal, match=r"planning\.no_budget"):
        plan_country(country, seed=1, crew=OneHand(time.monotonic), clock=time.monotonic)


@pytest.mark.parametrize(("agents", "visits"), [(1, 0), (1, 1), (3, 0), (0, 4)])
def test_a_day_of_next_to_nothing_is_planned(agents: int, visits: int) -> None:
    country = read_country(made_up_day(agents, visits, seed=1)).country

    assert len(planned(country).plan.routes) == agents


def test_what_nobody_can_make_is_told_as_for_a_day_in_one_piece() -> None:
    country, document = a_country(12, 80, seed=9)
    document["visits"][4]["tw"], document["visits"][4]["pin"] = [[3_600, 7_200]], -1
    document["visits"][5]["skills"] = ["sign language"]
    document["visits"][6]["pin"] = 99
    country = read_country(document).country

    found = planned(country)

    whole = left_over(read_problem(document | {"visits": _without_pin(document)}), found.plan)
    told = {fault.place: fault for fault in left_over_of(country, found.plan, agents=CELL)}
    assert told["visits[4]"].code == "problem.outside_shifts"
    assert told["visits[5]"].code == "problem.nobody_skilled"
    assert "visits[6]" not in told  # the reader told of it
    impossible = {f.place: f for f in whole if not f.code.startswith("problem.must") and f.place != "visits[6]"}
    assert {place: told.get(place) for place in impossible} == impossible


def _without_pin(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**visit, "pin": -1 if visit["pin"] == 99 else visit["pin"]} for visit in document["visits"]]


def test_the_command_cuts_a_large_day_and_says_so(tmp_path: Path) -> None:
    document = made_up_day(200, 700, seed=2)
    document["visits"][7]["tw"] = [[50_000, 40_000]]
    assert is_large(document)
    (tmp_path / "day.json").write_text(json.dumps(document))
    command = [sys.executable, "-m", "fieldapp", "solve", "day.json", "-o", "plan.json", "--seconds", "6"]
    command += ["--workers", "2", "--language", "en"]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    plan = json.loads((tmp_path / "plan.json").read_text())
    assert plan["cells"] == 8
    assert plan["lost"] == 0
    assert [fault["code"] for fault in plan["faults"]][:2] == ["problem.window_reversed", "problem.no_window"]
    judgement = judge(read_problem(document | {"visits": _closed(document, 7)}), read_plan(plan))
    assert judgement.broken == ()
    assert judgement.objective_cents == plan["objective"]


def _closed(document: dict[str, Any], visit: int) -> list[dict[str, Any]]:
    return [{**one, "tw": [[0, 0]]} if i == visit else one for i, one in enumerate(document["visits"])]


def test_a_plan_is_written_with_how_it_grew() -> None:
    document = made_up_day(12, 60, seed=4)
    reading = read_country(document)

    written = write_country(reading, planned(reading.country))

    assert written["curve"][-1][1] == written["objective"] >= written["cells_objective"]
    assert json.loads(json.dumps(written)) == written


def test_the_whole_is_never_laid_out() -> None:
    """The table of 400 x 8,000 places alone would be 8,400 squared, twice, in whole numbers of four bytes: 560 MB."""
    # Not `ru_maxrss`: a child's begins with that of the process which started it.
    measured = (
        "from pathlib import Path; from fieldapp.planning.country_files import *;"
        "from fieldapp.planning.territories import cut;"
        "from fieldapp.planning.instances import made_up_day;"
        "country = read_country(made_up_day(400, 8_000, seed=1)).country; cells = cut(country);"
        "country.part(cells.agents_of(0), cells.visits_of(0)).problem();"
        "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )

    done = subprocess.run([sys.executable, "-c", measured], capture_output=True, text=True, check=True)

    assert int(done.stdout) // 1024 < 400
