"""Agents whose day ends elsewhere than at home: judged, searched, packed and replanned alike; in files as well."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.planning.checker import judge
from fieldapp.planning.country_files import is_large
from fieldapp.planning.days import Together, judge_days
from fieldapp.planning.explain import why_here
from fieldapp.planning.files import read_day, read_problem
from fieldapp.planning.insertion import insertions
from fieldapp.planning.instances import made_up_day
from fieldapp.planning.model import improve_near, plan_whole
from fieldapp.planning.packing import pack
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Agent, Problem, Visit
from fieldapp.planning.search import Search
from fieldapp.planning.solver import solve
from tests.planning.builders import HOUR, a_visit, an_agent, best_by_trying_all, on_a_road, problems


def with_office(agents: list[tuple[Agent, int]], visits: list[tuple[Visit, int]], *, office: int) -> Problem:
    """Places on one road by minute of travel; behind the visits stands the office, place 0."""
    at = np.array([*(minute for _, minute in [*agents, *visits]), office], np.int64)
    minutes = np.abs(at[:, None] - at[None, :])
    return Problem.of(
        [agent for agent, _ in agents],
        [visit for visit, _ in visits],
        travel_s=minutes * 60,
        cost_cents=minutes * 50,
    )


def test_a_day_that_ends_at_the_office_has_its_way_and_its_cost() -> None:
    problem = with_office([(an_agent(end=0), 0)], [(a_visit(), 30)], office=50)

    (day,) = judge(problem, Plan.of([[0]])).days

    assert (day.home_travel_s, day.travel_cents) == (20 * 60, 50 * 50)
    assert day.home_s == 8 * HOUR + 30 * 60 + 900 + 20 * 60


def test_a_shift_that_is_too_short_for_the_way_home_is_long_enough_for_the_office() -> None:
    shift = (8 * HOUR, 8 * HOUR + 50 * 60)
    at_office = with_office([(an_agent(shift_s=shift, end=0), 0)], [(a_visit(), 30)], office=35)
    home = on_a_road([(an_agent(shift_s=shift), 0)], [(a_visit(), 30)])

    assert judge(at_office, Plan.of([[0]])).broken == ()
    assert [violation.rule for violation in judge(home, Plan.of([[0]])).broken] == ["shift"]
    assert solve(at_office, seed=1, iterations=200).judgement.served == 1
    assert solve(home, seed=1, iterations=200).judgement.served == 0


def test_who_makes_no_visit_stays_at_home() -> None:
    problem = with_office([(an_agent(end=0), 0)], [(a_visit(prize_cents=10), 30)], office=50)

    solution = solve(problem, seed=1, iterations=500)

    assert solution.plan.routes == ((),)
    assert solution.judgement.objective_cents == 0


def test_a_visit_on_the_way_to_the_office_costs_nothing_more() -> None:
    problem = with_office([(an_agent(end=0), 0)], [(a_visit(), 30), (a_visit(), 45)], office=50)

    near, far = why_here(problem, Plan.of([[0, 1]]))
    (offer,) = insertions(problem, Plan.of([[0]]), [1])

    assert (near.detour_cents, far.detour_cents) == (0, 0)
    assert offer is not None
    assert (offer.place, offer.travel_cents) == (1, 0)


@given(problems(ends=True), st.integers(0, 99))
@settings(deadline=None)
def test_every_plan_keeps_the_rules_and_counts_what_the_checker_counts(problem: Problem, seed: int) -> None:
    search = Search(problem, seed=seed)
    standing = search.advance(300, done=0.0, until=1.0)

    judgement = judge(problem, search.best())
    assert judgement.broken == ()
    assert judgement.objective_cents == standing.objective_cents


@given(problems(ends=True, ways=True, hours=True), st.integers(0, 99))
@settings(deadline=None, max_examples=40)
def test_so_it_does_with_hours_of_every_kind(problem: Problem, seed: int) -> None:
    search = Search(problem, seed=seed)
    standing = search.advance(200, done=0.0, until=1.0)

    judgement = judge(problem, search.best())
    assert judgement.broken == ()
    assert judgement.objective_cents == standing.objective_cents


@given(problems(most_agents=2, most_visits=4, ends=True))
@settings(deadline=None, max_examples=40)
def test_the_best_of_all_plans_is_found_on_a_tiny_day(problem: Problem) -> None:
    solution = solve(problem, seed=1, iterations=3_000)

    found = solution.judgement.objective_cents - 10**9 * len(solution.judgement.unserved_must)
    assert found == best_by_trying_all(problem)


def with_ends(agents: int, visits: int) -> dict[str, Any]:
    """A made-up day of which the agents of even number end where the last one lives."""
    day = made_up_day(agents, visits, seed=3)
    for number, agent in enumerate(day["agents"]):
        if number % 2 == 0:
            agent["end"] = {axis: day["agents"][-1][axis] for axis in ("x", "y", "town")}
    return day


def test_ends_are_read_from_coordinates_and_one_place_stands_once() -> None:
    problem = read_problem(with_ends(4, 30))

    assert [agent.end for agent in problem.agents] == [0, None, 0, None]
    assert problem.travel_s.shape == (35, 35)
    assert problem.ends.tolist() == [34, 1, 34, 3]
    # The end is where agent 3 lives; the noise of the format makes it another way by a little.
    assert abs(int(problem.travel_s[4, 34]) - int(problem.travel_s[4, 3])) < 0.2 * int(problem.travel_s[4, 3])
    assert read_day(with_ends(4, 30)).faults == ()


def test_packing_and_sub_models_bring_everybody_to_their_end() -> None:
    problem = read_problem(with_ends(4, 50))
    search = Search(problem, seed=1)
    search.advance(2_000, done=0.0, until=1.0)

    tried = [
        pack(problem, search.pool(), search.best(), seed=1),
        improve_near(problem, search.best(), seed=1, solutions=20),
        plan_whole(problem, goes_on=lambda: True, solutions=5),
    ]

    for plan in tried:
        assert plan is None or judge(problem, plan).broken == ()
    assert tried[0] is not None
    assert tried[2] is not None
    assert judge(problem, tried[2]).served > 10


def test_several_days_keep_their_ends() -> None:
    days = [read_problem(with_ends(3, 20)) for _ in range(2)]
    together = Together.of(days)

    plans = together.plans(solve(together.problem, seed=1, iterations=3_000).plan)

    judged = judge_days(days, plans)
    assert judged.broken == ()
    assert judged.objective_cents > 0


def a_table() -> dict[str, Any]:
    """Two agents and two visits in a row, and behind them an office."""
    minutes = np.abs(np.arange(5)[:, None] - np.arange(5)[None, :])
    agent = {"shift": [28_800, 64_800], "max_visits": 5, "lunch": False}
    visit = {"service": 600, "tw": [[28_800, 64_800]], "prize": 5_000, "pin": -1, "must": False}
    return {
        "agents": [{**agent, "end": 0}, dict(agent)],
        "visits": [dict(visit) for _ in range(2)],
        "duration_s": (minutes * 600).tolist(),
        "cost_cents": (minutes * 100).tolist(),
    }


def test_ends_are_read_from_tables() -> None:
    reading = read_day(a_table())

    assert reading.faults == ()
    assert reading.problem.ends.tolist() == [4, 1]
    assert judge(reading.problem, Plan.of([[0, 1], []])).travel_cents == 400


def test_an_end_without_a_road_back_is_no_island_and_one_that_cannot_be_read_is_home() -> None:
    day = a_table()
    day["duration_s"][4] = [None] * 5
    one_way = read_day(day)
    day["agents"][0]["end"] = "office"
    unreadable = read_day(day)

    assert {fault.code for fault in one_way.faults} == {"problem.way_missing"}
    assert one_way.problem.ends.tolist() == [4, 1]
    assert judge(one_way.problem, Plan.of([[0, 1], []])).broken == ()
    assert ("problem.end_unreadable", "agents[0].end") in {(fault.code, fault.place) for fault in unreadable.faults}
    assert unreadable.problem.ends.tolist() == [0, 1]


def test_a_large_day_with_ends_is_planned_whole() -> None:
    day = {"agents": [{}] * 300, "visits": []}
    assert is_large(day)

    assert not is_large({"agents": [*day["agents"], {"end": {"x": 0, "y": 0}}], "visits": []})
