"""The comparison is fair: what a translation lost is repaired, and nobody wins by losing must-dos."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.peers import made_lawful
from bench.planning import Outcome, Row
from fieldapp.planning.checker import judge
from fieldapp.planning.problem import Problem
from tests.planning.builders import a_visit, an_agent, on_a_road, problems


@given(problems(), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_whatever_another_engine_answers_a_lawful_plan_is_judged(problem: Problem, random: Random) -> None:
    routes: list[list[int]] = [[] for _ in range(problem.n_agents)]
    for visit in range(problem.n_visits if problem.n_agents else 0):
        random.choice(routes).append(visit)

    assert judge(problem, made_lawful(problem, routes)).broken == ()


def test_a_visit_that_does_not_pay_is_taken_out_but_never_a_must_do() -> None:
    problem = on_a_road(
        [(an_agent(), 0)], [(a_visit(prize_cents=10), 60), (a_visit(prize_cents=10, must=True), 5), (a_visit(), 6)]
    )

    assert made_lawful(problem, [[1, 2, 0]]).routes == ((1, 2),)


def test_a_plan_that_is_lawful_and_pays_stays_as_it_is() -> None:
    problem = on_a_road([(an_agent(), 0)], [(a_visit(), 5), (a_visit(), 9)])

    assert made_lawful(problem, [[0, 1]]).routes == ((0, 1),)


def test_who_loses_a_must_do_that_another_engine_keeps_is_out_of_the_running() -> None:
    row = Row.of({"fieldapp": [Outcome(100, 0, 1.0)], "PyVRP": [Outcome(99, 0, 1.0)], "VROOM": [Outcome(500, 1, 1.0)]})

    assert row.lead is not None
    assert round(row.lead, 1) == 1.0
    assert "(1 must-dos lost)" in row.text


def test_ours_below_the_better_peer_is_told_as_such() -> None:
    row = Row.of({"fieldapp": [Outcome(98, 0, 1.0)], "PyVRP": [Outcome(100, 0, 1.0)], "VROOM": [Outcome(90, 0, 1.0)]})

    assert row.lead == -2.0
    assert "-2.00 %" in row.text
