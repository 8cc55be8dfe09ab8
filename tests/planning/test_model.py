"""OR-Tools sub-models and set packing: what they propose is lawful or thrown away, and they do help."""

import itertools

import pytest
from hypothesis import given, settings

from fieldapp.planning.checker import judge
from fieldapp.planning.files import read_problem
from fieldapp.planning.instances import Layout, made_up_day
from fieldapp.planning.model import improve_near, neighbourhood, plan_whole
from fieldapp.planning.packing import pack
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Lunch, Problem
from fieldapp.planning.solver import solve
from tests.planning.builders import HOUR, a_visit, an_agent, on_a_road, problems

LUNCH = Lunch()
"""Half an hour, to be begun between 12:30 and 14:00."""


@pytest.mark.parametrize("layout", list(Layout))
def test_a_poor_plan_is_made_better_by_a_sub_model(layout: Layout) -> None:
    problem = read_problem(made_up_day(4, 40, seed=6, layout=layout))
    poor = solve(problem, seed=1, iterations=1)

    better = improve_near(problem, poor.plan, seed=1, solutions=30)

    assert better is not None
    judgement = judge(problem, better)
    assert judgement.broken == ()
    assert judgement.objective_cents > poor.judgement.objective_cents


@given(problems())
@settings(deadline=None, max_examples=40)
def test_a_model_of_the_whole_day_is_lawful_on_any_small_problem(problem: Problem) -> None:
    plan = plan_whole(problem, goes_on=lambda: True, solutions=3)

    assert plan is not None
    assert judge(problem, plan).broken == ()


def test_a_model_gives_nothing_to_who_is_due_a_break_that_no_longer_fits() -> None:
    late = an_agent(shift_s=(15 * HOUR, 20 * HOUR), takes_lunch=True)
    problem = on_a_road([(late, 0)], [(a_visit(windows_s=((16 * HOUR, 17 * HOUR),)), 1)], lunch=LUNCH)

    assert plan_whole(problem, goes_on=lambda: True, solutions=3) == Plan.empty(problem)


def test_a_model_that_stops_at_a_count_of_solutions_stops_also_where_there_are_fewer() -> None:
    problem = on_a_road([(an_agent(), 0)], [(a_visit(), 1)])

    assert plan_whole(problem, goes_on=lambda: True, solutions=1_000) == Plan.of([[0]])


def test_a_sub_model_changes_only_its_own_agents() -> None:
    problem = read_problem(made_up_day(8, 60, seed=6))
    plan = solve(problem, seed=1, iterations=1).plan

    better = improve_near(problem, plan, seed=1, agents=(2, 5), solutions=20)

    assert better is not None
    changed = {agent for agent in range(8) if better.routes[agent] != plan.routes[agent]}
    assert changed <= {2, 5}


def test_a_neighbourhood_holds_its_agents_visits_and_what_lies_unplanned() -> None:
    problem = on_a_road([(an_agent(), 0), (an_agent(), 500)], [(a_visit(), 1), (a_visit(), 2), (a_visit(pin=1), 3)])

    near = neighbourhood(problem, Plan.of([[0], []]), seed=1, agents=(0,))

    assert near.agents == (0,)
    assert near.visits == (0, 1)


def test_packing_joins_the_best_routes_of_different_moments() -> None:
    problem = on_a_road([(an_agent(), 0), (an_agent(), 100)], [(a_visit(), 10), (a_visit(), 90)])
    pool = [(0, (0,)), (1, (0,)), (0, (1,)), (1, (1,))]

    packed = pack(problem, pool, Plan.of([[1], [0]]), seed=1)

    assert packed == Plan.of([[0], [1]])


def test_packing_keeps_a_must_do_that_costs_more_than_others_bring() -> None:
    problem = on_a_road([(an_agent(), 0)], [(a_visit(must=True, prize_cents=0), 200), (a_visit(prize_cents=90_000), 1)])

    assert pack(problem, [(0, (1,)), (0, (0,))], Plan.of([[]]), seed=1) == Plan.of([[0]])


def test_packing_and_models_without_time_left_propose_nothing() -> None:
    problem = on_a_road([(an_agent(), 0), (an_agent(), 100)], [(a_visit(), 10), (a_visit(), 90)])
    plan = Plan.of([[1], [0]])

    assert pack(problem, [(0, (0,)), (1, (1,))], plan, seed=1, left_s=lambda: 0.0) is None
    assert improve_near(problem, plan, seed=1, left_s=lambda: 0.0) is None


@pytest.mark.parametrize("gone_s", [0.05, 0.4])
def test_a_run_ends_in_time_where_every_look_at_the_clock_finds_that_the_machine_was_elsewhere(gone_s: float) -> None:
    looks = itertools.count()

    def clock() -> float:
        return next(looks) * gone_s

    problem = read_problem(made_up_day(4, 60, seed=1))
    solve(problem, seed=1, seconds=10.0, clock=clock)

    assert next(looks) * gone_s <= 10.0 + 4 * gone_s
