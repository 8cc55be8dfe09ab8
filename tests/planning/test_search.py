"""The search: lawful, repeatable, never worse than its start, and exact where exactness can be checked."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.domain.errors import Refusal
from fieldapp.planning.checker import judge
from fieldapp.planning.files import read_problem
from fieldapp.planning.instances import Layout, made_up_day
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Lunch, Problem
from fieldapp.planning.race import Race
from fieldapp.planning.search import Search
from fieldapp.planning.solver import Progress, solve
from tests.planning.builders import HOUR, a_visit, an_agent, best_by_trying_all, on_a_road, problems


@given(problems(), st.integers(0, 99))
@settings(deadline=None)
def test_every_plan_keeps_the_rules_whatever_the_problem(problem: Problem, seed: int) -> None:
    plan = Search(problem, seed=seed)
    plan.advance(300, done=0.0, until=1.0)

    assert judge(problem, plan.best()).broken == ()


@given(problems())
@settings(deadline=None, max_examples=30)
def test_the_search_counts_what_the_checker_counts(problem: Problem) -> None:
    search = Search(problem, seed=3)
    standing = search.advance(200, done=0.0, until=1.0)
    judgement = judge(problem, search.best())

    assert standing.objective_cents == judgement.objective_cents
    assert standing.unserved_must == len(judgement.unserved_must)


@given(problems(most_agents=2, most_visits=5))
@settings(deadline=None, max_examples=60)
def test_the_best_of_all_plans_is_found_on_tiny_days(problem: Problem) -> None:
    solution = solve(problem, seed=1, iterations=3_000)

    missed = 10**9 * len(solution.judgement.unserved_must)
    assert solution.judgement.objective_cents - missed == best_by_trying_all(problem)


@pytest.mark.parametrize("seed", range(4))
def test_the_best_order_of_seven_visits_is_found(seed: int) -> None:
    day = made_up_day(1, 7, seed=seed)
    problem = read_problem(day)

    solution = solve(problem, seed=seed, iterations=3_000)

    missed = 10**9 * len(solution.judgement.unserved_must)
    assert solution.judgement.objective_cents - missed == best_by_trying_all(problem)


@pytest.mark.parametrize("layout", list(Layout))
def test_every_layout_is_planned_lawfully(layout: Layout) -> None:
    problem = read_problem(made_up_day(5, 60, seed=4, layout=layout))

    solution = solve(problem, seed=1, iterations=2_000)

    assert solution.judgement.broken == ()
    assert solution.judgement.objective_cents > 0


def test_the_same_seed_gives_the_same_plan_when_iterations_are_counted() -> None:
    problem = read_problem(made_up_day(6, 80, seed=2))

    first, second = (solve(problem, seed=7, iterations=3_000) for _ in range(2))

    assert first.plan == second.plan
    assert first.gains_cents == second.gains_cents


def test_another_seed_gives_another_run() -> None:
    problem = read_problem(made_up_day(6, 80, seed=2))

    assert solve(problem, seed=1, iterations=300).plan != solve(problem, seed=2, iterations=300).plan


def test_the_best_so_far_never_falls_while_the_search_runs() -> None:
    search = Search(read_problem(made_up_day(6, 80, seed=5)), seed=1)

    seen = [search.advance(50, done=i / 40, until=(i + 1) / 40) for i in range(40)]

    ranks = [(-s.unserved_must, s.objective_cents) for s in seen]
    assert ranks == sorted(ranks)


@given(problems(), st.integers(0, 99), st.integers(1, 20))
@settings(deadline=None, max_examples=30)
def test_a_race_is_lawful_and_its_best_so_far_never_falls(problem: Problem, seed: int, steps: int) -> None:
    race = Race(problem, seed=seed)

    seen = [race.advance(40, done=i / steps, until=(i + 1) / steps) for i in range(steps)]

    ranks = [(-s.unserved_must, s.objective_cents) for s in seen]
    assert ranks == sorted(ranks)
    assert judge(problem, race.best()).broken == ()


@pytest.mark.parametrize("layout", [Layout.FAR, Layout.MANY_MUSTS])
def test_a_longer_budget_with_the_same_schedule_is_never_worse(layout: Layout) -> None:
    problem = read_problem(made_up_day(5, 60, seed=4, layout=layout))

    def after(steps: int) -> tuple[int, int]:
        search = Search(problem, seed=6)
        for i in range(steps):
            standing = search.advance(100, done=i / 30, until=(i + 1) / 30)
        return -standing.unserved_must, standing.objective_cents

    ranks = [after(steps) for steps in (5, 10, 20, 30)]

    assert ranks == sorted(ranks)


def test_an_agent_who_does_not_pay_stays_at_home() -> None:
    # One agent alone is dear to send; the other two have room for the visits that it would make.
    near = [(an_agent(max_visits=6), 0), (an_agent(max_visits=6), 0), (an_agent(max_visits=6), 200)]

    solution = solve(on_a_road(near, [(a_visit(), 20 + i) for i in range(12)]), seed=1, iterations=2_000)

    assert solution.plan.routes[2] == ()
    assert solution.judgement.served == 12


@pytest.mark.parametrize(("cents", "agent"), [(0, 0), (400, 0), (2_000, 1)])
def test_the_preferred_agent_goes_where_the_wish_is_worth_the_way(cents: int, agent: int) -> None:
    # The second agent lives ten minutes farther away: 1000 cents there and back.
    problem = on_a_road([(an_agent(), 0), (an_agent(), 50)], [(a_visit(preferred=1, preferred_cents=cents), 20)])

    solution = solve(problem, seed=1, iterations=200)

    assert solution.plan.routes[agent] == (0,)
    assert solution.judgement.preferred_cents == (cents if agent == 1 else 0)
    assert solution.judgement.objective_cents == 5_000 + solution.judgement.preferred_cents - (2_000, 3_000)[agent]


@given(problems(), st.integers(0, 9))
@settings(deadline=None, max_examples=30)
def test_a_given_start_is_never_made_worse(problem: Problem, seed: int) -> None:
    start = solve(problem, seed=seed, iterations=50)

    again = solve(problem, seed=seed + 1, iterations=20, start=start.plan)

    before, after = start.judgement, again.judgement
    assert (-len(after.unserved_must), after.objective_cents) >= (
        -len(before.unserved_must),
        before.objective_cents,
    )


def test_a_must_do_is_kept_although_a_prize_would_pay_more() -> None:
    clash = ((9 * HOUR, 9 * HOUR),)
    problem = on_a_road(
        [(an_agent(), 0)],
        [(a_visit(windows_s=clash, prize_cents=0, must=True), 30), (a_visit(windows_s=clash, prize_cents=90_000), 5)],
    )

    assert solve(problem, seed=1, iterations=200).plan.routes == ((0,),)


def test_of_two_must_dos_at_the_same_minute_one_is_reported() -> None:
    clash = ((9 * HOUR, 9 * HOUR),)
    problem = on_a_road(
        [(an_agent(), 0)], [(a_visit(windows_s=clash, must=True), 5), (a_visit(windows_s=clash, must=True), 6)]
    )

    solution = solve(problem, seed=1, iterations=200)

    assert len(solution.judgement.unserved_must) == 1
    assert solution.judgement.served == 1


def test_a_far_group_is_visited_although_its_first_visit_alone_does_not_pay() -> None:
    group = [(a_visit(prize_cents=4_000), 90 + i) for i in range(5)]

    solution = solve(on_a_road([(an_agent(), 0)], group), seed=1, iterations=2_000)

    assert solution.judgement.served == 5


def test_a_visit_that_costs_more_than_it_brings_is_left_out() -> None:
    problem = on_a_road([(an_agent(), 0)], [(a_visit(prize_cents=900), 10)])

    assert solve(problem, seed=1, iterations=200).judgement.served == 0


@pytest.mark.parametrize(("agents", "visits"), [(0, 0), (0, 3), (3, 0), (1, 1)])
def test_a_day_without_agents_or_visits_has_a_plan(agents: int, visits: int) -> None:
    problem = on_a_road([(an_agent(), 0)] * agents, [(a_visit(), 5)] * visits)

    assert solve(problem, seed=1, iterations=100).judgement.served == min(agents, visits)


def test_take_it_now_returns_the_best_so_far() -> None:
    problem = read_problem(made_up_day(6, 80, seed=2))
    heard: list[Progress] = []

    def enough(progress: Progress) -> bool:
        heard.append(progress)
        return len(heard) < 3

    solution = solve(problem, seed=1, iterations=10_000, on_progress=enough)

    assert solution.taken_early
    assert solution.iterations == 300
    assert solution.judgement.objective_cents == heard[-1].objective_cents


def test_a_run_by_the_clock_ends_when_the_clock_says_so() -> None:
    problem = read_problem(made_up_day(4, 40, seed=2))
    ticks = iter(np.arange(0.0, 1e4, 0.06))
    heard: list[Progress] = []

    solution = solve(problem, seed=1, seconds=6.0, clock=lambda: float(next(ticks)), on_progress=heard.append)

    assert solution.judgement.broken == ()
    assert {p.phase for p in heard} == {"search", "models"}
    assert [name for name, _ in solution.gains_cents][:2] == ["search", "packing"]
    assert max(p.elapsed_s for p in heard) <= 6.3


def test_lunch_is_taken_within_its_hours_even_on_a_full_day() -> None:
    problem = on_a_road(
        [(an_agent(takes_lunch=True), 0)], [(a_visit(service_s=1_800), 2 + i) for i in range(20)], lunch=Lunch()
    )

    day = solve(problem, seed=1, iterations=1_000).judgement.days[0]

    assert day.lunch_s is not None
    assert day.lunch_s[0] >= 45_000
    assert day.lunch_s[1] <= 52_200


@pytest.mark.parametrize("budget", [{}, {"seconds": 1.0}, {"seconds": 1.0, "iterations": 5}])
def test_a_run_without_one_clear_budget_is_refused(budget: dict[str, float]) -> None:
    problem = on_a_road([(an_agent(), 0)], [(a_visit(), 5)])

    with pytest.raises(Refusal, match=r"planning\.no_budget"):
        solve(problem, seed=1, **budget)  # type: ignore[arg-type]


def test_a_start_that_breaks_rules_is_refused() -> None:
    problem = on_a_road([(an_agent(max_visits=1), 0)], [(a_visit(), 5), (a_visit(), 6)])

    with pytest.raises(Refusal, match=r"planning\.plan_breaks_rules"):
        solve(problem, seed=1, iterations=5, start=Plan.of([[0, 1]]))
