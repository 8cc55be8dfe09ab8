"""OR-Tools sub-models and set packing: what they propose is lawful or thrown away, and they do help."""

import pytest
from hypothesis import given, settings

from fieldapp.planning.checker import judge
from fieldapp.planning.files import read_problem
from fieldapp.planning.instances import Layout, made_up_day
from fieldapp.planning.model import improve_near, neighbourhood, plan_whole
from fieldapp.planning.packing import pack
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Problem
from fieldapp.planning.solver import solve
from tests.planning.builders import a_visit, an_agent, on_a_road, problems


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
