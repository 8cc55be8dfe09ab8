"""What a visit brings by the hour at which it begins: judged, searched, explained and replanned alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.domain.errors import Refusal
from fieldapp.planning.checker import judge
from fieldapp.planning.days import Together
from fieldapp.planning.explain import Reason, why_here, why_not
from fieldapp.planning.files import read_problem
from fieldapp.planning.instances import made_up_day
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Lunch, OnDay, Problem
from fieldapp.planning.replan import Begun, Situation, replan
from fieldapp.planning.search import Search, survey
from fieldapp.planning.solver import solve
from tests.planning.builders import HOUR, a_visit, an_agent, best_by_trying_all, on_a_road, problems

EVENING = ((0, 2_000), (17 * HOUR, 6_000))
MORNING = ((0, 6_000), (10 * HOUR, 2_000))


def test_a_visit_brings_what_its_hour_brings() -> None:
    problem = on_a_road([(an_agent(), 0)], [(a_visit(hours=MORNING), 10), (a_visit(hours=EVENING), 10)])

    judgement = judge(problem, Plan.of([[0, 1]]))

    assert judgement.prize_cents == 6_000 + 2_000
    assert problem.prize_cents.tolist() == [6_000, 6_000]


def test_who_is_home_in_the_morning_is_visited_in_the_morning() -> None:
    # The way to the second one leads past the first.
    problem = on_a_road(
        [(an_agent(), 0)], [(a_visit(hours=((0, 1_000), (9 * HOUR, 6_000))), 20), (a_visit(prize_cents=6_000), 55)]
    )

    solution = solve(problem, seed=1, iterations=2_000)

    assert solution.plan.routes == ((1, 0),)
    assert solution.judgement.prize_cents == 12_000


def test_an_hour_at_which_nobody_is_home_may_cost_the_visit() -> None:
    ways = ((0, 900), (17 * HOUR, 6_000))
    problem = on_a_road([(an_agent(shift_s=(8 * HOUR, 12 * HOUR)), 0)], [(a_visit(hours=ways), 10)])

    solution = solve(problem, seed=1, iterations=2_000)
    (why,) = why_not(problem, solution.plan)

    assert solution.judgement.served == 0
    assert (why.reason, why.missing_cents) == (Reason.NOT_WORTH_THE_TRAVEL, 100)


def test_a_planned_visit_tells_what_it_brings_at_its_hour() -> None:
    problem = on_a_road([(an_agent(), 0)], [(a_visit(hours=MORNING), 10), (a_visit(hours=EVENING), 30)])

    near, far = why_here(problem, Plan.of([[0, 1]]))

    assert (near.prize_cents, far.prize_cents) == (6_000, 2_000)


def test_lunch_is_taken_while_nobody_is_home() -> None:
    at_noon = ((0, 1_000), (13 * HOUR, 6_000))
    first = a_visit(windows_s=((11 * HOUR, 14 * HOUR),), hours=at_noon)
    problem = on_a_road([(an_agent(shift_s=(12 * HOUR, 18 * HOUR), takes_lunch=True), 0)], [(first, 10)], lunch=Lunch())

    judgement = judge(problem, Plan.of([[0]]))

    assert judgement.days[0].lunch_s is not None
    assert judgement.days[0].lunch_s[0] < judgement.days[0].stops[0].start_s
    assert judgement.prize_cents == 6_000


@given(problems(hours=True), st.integers(0, 99))
@settings(deadline=None)
def test_the_search_counts_what_the_checker_counts(problem: Problem, seed: int) -> None:
    search = Search(problem, seed=seed)

    standing = search.advance(200, done=0.0, until=1.0)

    judgement = judge(problem, search.best())
    assert judgement.broken == ()
    assert judgement.objective_cents == standing.objective_cents
    assert len(judgement.unserved_must) == standing.unserved_must


@given(problems(most_agents=2, most_visits=4, hours=True))
@settings(deadline=None, max_examples=60)
def test_the_best_of_all_plans_is_found_on_a_tiny_day(problem: Problem) -> None:
    solution = solve(problem, seed=1, iterations=3_000)

    found = solution.judgement.objective_cents - 10**9 * len(solution.judgement.unserved_must)
    assert found == best_by_trying_all(problem)


@given(problems(hours=True))
@settings(deadline=None)
def test_the_cheapest_place_is_the_one_that_the_checker_finds(problem: Problem) -> None:
    plan = solve(problem, seed=1, iterations=100).plan
    visits = np.array(plan.unplanned(problem), np.int64)
    now = judge(problem, plan).objective_cents
    places, _ = survey(problem, plan, visits)

    for visit, place in zip(visits.tolist(), places, strict=True):
        tried = [
            judged.objective_cents - now
            for agent, route in enumerate(plan.routes)
            for at in range(len(route) + 1)
            if not (
                judged := judge(
                    problem,
                    Plan((*plan.routes[:agent], (*route[:at], visit, *route[at:]), *plan.routes[agent + 1 :])),
                )
            ).broken
        ]
        cents, agent = int(place[0]), int(place[1])
        assert (agent < 0) == (not tried)
        if tried:
            assert max(tried) == int(problem.prize_cents[visit]) - cents


@given(problems(), st.integers(0, 9))
@settings(deadline=None, max_examples=40)
def test_hours_that_are_all_alike_change_no_objective(problem: Problem, seed: int) -> None:
    alike = problem.changed(
        visits=[replace(one, hours=((0, one.prize_cents), (12 * HOUR, one.prize_cents))) for one in problem.visits]
    )
    plan = solve(problem, seed=seed, iterations=50).plan

    assert judge(alike, plan).objective_cents == judge(problem, plan).objective_cents


def test_the_same_seed_gives_the_same_plan() -> None:
    day = read_problem(made_up_day(4, 50, seed=3))
    problem = day.changed(visits=[replace(v, hours=MORNING if i % 2 else EVENING) for i, v in enumerate(day.visits)])

    first, second = (solve(problem, seed=5, iterations=2_000) for _ in range(2))

    assert first.plan == second.plan


def test_a_plan_that_knows_the_hours_brings_more_than_one_that_does_not() -> None:
    day = read_problem(made_up_day(4, 50, seed=3))
    known = day.changed(
        visits=[
            replace(v, hours=((0, v.prize_cents // 2), (14 * HOUR, v.prize_cents * (2 if i % 2 else 0))))
            for i, v in enumerate(day.visits)
        ]
    )

    blind, seeing = (solve(one, seed=1, iterations=4_000).plan for one in (day, known))

    assert judge(known, seeing).objective_cents > 1.1 * judge(known, blind).objective_cents


def test_a_replanned_day_keeps_its_hours() -> None:
    problem = on_a_road([(an_agent(), 0)], [(a_visit(hours=EVENING), 20), (a_visit(), 25)])
    begun = Situation(9 * HOUR, begun=(Begun(1, 0, 8 * HOUR + 1_500, 9 * HOUR),))

    after = replan(problem, Plan.of([[1, 0]]), begun, seed=1, iterations=2_000)

    assert after.judgement.prize_cents == 5_000 + 2_000


def test_each_of_several_days_has_its_own_hours() -> None:
    monday, tuesday = (
        on_a_road([(an_agent(), 0)], [(a_visit(key="v", hours=hours), 10)])
        for hours in (((0, 3_000),), ((0, 1_000), (9 * HOUR, 5_000)))
    )

    problem = Together.of([monday, tuesday]).problem

    assert [problem.prize(0, 0, hour * HOUR) for hour in (8, 10)] == [3_000, 3_000]
    assert [problem.prize(1, 0, hour * HOUR) for hour in (8, 10)] == [1_000, 5_000]
    assert solve(problem, seed=1, iterations=2_000).judgement.served == 1


@pytest.mark.parametrize(
    "hours",
    [
        ((10 * HOUR, 5), (9 * HOUR, 5)),  # not in order
        ((9 * HOUR, 5), (9 * HOUR, 6)),  # twice the same
        ((0, -1),),  # brings less than nothing
        tuple((minute * 60, 1) for minute in range(60)),  # more than anybody tells apart
    ],
)
def test_hours_that_say_nothing_clear_are_refused(hours: tuple[tuple[int, int], ...]) -> None:
    for visit in (a_visit(hours=hours), a_visit(days=(OnDay(0, ((0, 9),), 1, hours=hours),))):
        with pytest.raises(Refusal, match=r"planning\.bad_"):
            on_a_road([(an_agent(), 0)], [(visit, 5)])
