"""The reserve of a day: near, lawful for the agent, each visit with one agent only."""

from hypothesis import given, settings

from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Problem
from fieldapp.planning.reserve import FARTHEST_S, MOST, InReserve, reserve
from fieldapp.planning.solver import solve
from tests.planning.builders import HOUR, a_visit, an_agent, on_a_road, problems


def test_a_visit_near_the_route_is_held_with_the_stop_it_is_near_to() -> None:
    problem = on_a_road([(an_agent(), 0)], [(a_visit(), 60), (a_visit(), 65), (a_visit(), 200)])

    assert reserve(problem, Plan.of([[0]])) == [[InReserve(visit=1, near=problem.node(0), travel_s=300)]]


def test_each_visit_is_held_for_the_agent_who_passes_nearest() -> None:
    problem = on_a_road(
        [(an_agent(), 0), (an_agent(), 100)], [(a_visit(), 10), (a_visit(), 20), (a_visit(), 13), (a_visit(), 18)]
    )

    held = reserve(problem, Plan.of([[0], [1]]))

    assert [[one.visit for one in some] for some in held] == [[2], [3]]


def test_what_stands_against_a_planned_visit_is_held_for_nobody() -> None:
    visits = [(a_visit(), 10), (a_visit(), 11), (a_visit(), 12), (a_visit(prize_cents=9_000), 13)]
    problem = on_a_road([(an_agent(), 0)], visits, apart=[[0, 1], [2, 3]])

    held = reserve(problem, Plan.of([[0]]))

    assert [one.visit for one in held[0]] == [3]


def test_the_most_valuable_comes_first_and_no_more_than_ten_are_held() -> None:
    spare = [(a_visit(prize_cents=1_000 * n), 10) for n in range(1, 15)]
    problem = on_a_road([(an_agent(), 0)], [(a_visit(), 10), *spare])

    held = reserve(problem, Plan.of([[0]]))[0]

    assert [one.visit for one in held] == [14 - n for n in range(MOST)]


def test_what_opens_only_outside_the_shift_or_the_licence_is_not_held() -> None:
    late = a_visit(windows_s=((19 * HOUR, 20 * HOUR),))
    problem = on_a_road([(an_agent(), 0), (an_agent(), 500)], [(a_visit(), 10), (late, 11), (a_visit(pin=1), 12)])

    assert reserve(problem, Plan.of([[0], []])) == [[], []]


@given(problems())
@settings(max_examples=60)
def test_the_reserve_of_any_day_is_unplanned_near_and_held_once(problem: Problem) -> None:
    plan = solve(problem, seed=1, iterations=50).plan

    held = reserve(problem, plan)

    visits = [one.visit for some in held for one in some]
    assert len(visits) == len(set(visits))
    assert set(visits) <= set(plan.unplanned(problem))
    assert all(one.travel_s <= FARTHEST_S for some in held for one in some)
    assert all(problem.may_visit[agent, one.visit] for agent, some in enumerate(held) for one in some)


def test_what_is_at_a_door_is_held_for_the_agent_who_is_there() -> None:
    full = an_agent(max_visits=1)
    visits = [(a_visit(door="x"), 10), (a_visit(), 10), (a_visit(door="x"), 10)]
    problem = on_a_road([(full, 0), (full, 0)], visits)

    held = reserve(problem, Plan.of([[1], [0]]))

    assert [[one.visit for one in some] for some in held] == [[], [2]]
