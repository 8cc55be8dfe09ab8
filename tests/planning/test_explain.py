"""Reasons that are true: each is staged once, and over random plans none contradicts the checker."""

import pytest
from hypothesis import given, settings

from fieldapp.domain.errors import Refusal
from fieldapp.planning.checker import judge
from fieldapp.planning.explain import Reason, WhyNot, why_here, why_not
from fieldapp.planning.left_over import left_over
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Problem
from fieldapp.planning.solver import solve
from tests.planning.builders import HOUR, a_visit, an_agent, on_a_road, problems

NINE = ((9 * HOUR, 9 * HOUR),)


def only_reason(problem: Problem, routes: list[list[int]]) -> WhyNot:
    (reason,) = why_not(problem, Plan.of(routes))
    return reason


def test_a_visit_that_nobody_may_make_says_so() -> None:
    problem = Problem.of(
        [an_agent()], [a_visit()], travel_s=[[0, 60], [60, 0]], cost_cents=[[0, 1], [1, 0]], may_visit=[[False]]
    )

    assert only_reason(problem, [[]]).reason is Reason.NO_AGENT_MAY


def test_a_visit_that_asks_for_what_nobody_has_says_so() -> None:
    problem = on_a_road([(an_agent(), 0)], [(a_visit(skills=frozenset({"de"})), 5)])

    assert only_reason(problem, [[]]).reason is Reason.NO_AGENT_SKILLED


def test_a_visit_that_only_those_without_its_skills_may_make_says_so() -> None:
    agents = [an_agent(), an_agent(skills=frozenset({"de"}))]
    visits = [a_visit(skills=frozenset({"de"})), a_visit(skills=frozenset({"de"}), pin=0), a_visit()]
    problem = Problem.of(
        agents,
        visits,
        travel_s=[[60] * 5] * 5,
        cost_cents=[[1] * 5] * 5,
        may_visit=[[True, True, False], [False, True, False]],
    )

    reasons = [one.reason for one in why_not(problem, Plan.of([[], []]))]

    assert reasons == [Reason.NO_SKILLED_AGENT_MAY, Reason.NO_AGENT_MAY, Reason.NO_AGENT_MAY]
    told = [fault.code for fault in left_over(problem, Plan.of([[], []]))]
    assert told == ["problem.nobody_skilled_may", "problem.nobody_may", "problem.nobody_may"]


def test_where_nobody_is_on_duty_nothing_is_said_of_licences_and_skills() -> None:
    problem = on_a_road([], [(a_visit(), 5), (a_visit(skills=frozenset({"de"})), 5)])

    assert [one.reason for one in why_not(problem, Plan.of([]))] == [Reason.AGENT_FULL] * 2


def test_a_visit_kept_apart_from_a_better_one_names_it_and_what_it_lacks() -> None:
    problem = on_a_road([(an_agent(), 0)], [(a_visit(prize_cents=4_000), 10), (a_visit(), 10)], apart=[[0, 1]])

    assert only_reason(problem, [[1]]) == WhyNot(0, Reason.KEPT_APART, 0, None, 1_000, instead_of=1)


def test_a_visit_at_a_door_where_another_agent_rings_is_kept_apart_from_that_one() -> None:
    here, full = an_agent(max_visits=1), an_agent(max_visits=1)
    problem = on_a_road([(here, 0), (full, 0)], [(a_visit(door="x"), 5), (a_visit(door="x", pin=1), 5)])

    reason = only_reason(problem, [[0], []])

    assert (reason.reason, reason.instead_of) == (Reason.KEPT_APART, 0)


def test_a_window_before_anyone_can_be_there_fits_nobody() -> None:
    problem = on_a_road([(an_agent(), 0), (an_agent(), 10)], [(a_visit(windows_s=((0, 8 * HOUR),)), 30)])

    reason = only_reason(problem, [[], []])

    assert (reason.reason, reason.agent, reason.missing_s) == (Reason.NO_WINDOW_FITS, 1, 20 * 60)


def test_a_window_after_the_shift_fits_nobody() -> None:
    problem = on_a_road([(an_agent(shift_s=(0, 3_600)), 0)], [(a_visit(windows_s=((3_700, 3_800),)), 1)])

    assert only_reason(problem, [[]]).reason is Reason.NO_WINDOW_FITS


def test_a_visit_from_which_nobody_is_home_in_time_finds_the_shift_too_short() -> None:
    problem = on_a_road([(an_agent(shift_s=(0, 3_600)), 0)], [(a_visit(windows_s=((0, 7_200),), service_s=3_000), 10)])

    reason = only_reason(problem, [[]])

    assert (reason.reason, reason.missing_s) == (Reason.SHIFT_TOO_SHORT, 600)


def test_a_visit_that_costs_more_than_it_brings_is_not_worth_the_travel() -> None:
    reason = only_reason(on_a_road([(an_agent(), 0)], [(a_visit(prize_cents=900), 10)]), [[]])

    assert (reason.reason, reason.agent, reason.missing_cents) == (Reason.NOT_WORTH_THE_TRAVEL, 0, 100)


def test_a_better_visit_at_the_same_hour_is_named() -> None:
    problem = on_a_road(
        [(an_agent(), 0)],
        [(a_visit(windows_s=NINE, prize_cents=8_000), 10), (a_visit(windows_s=NINE, prize_cents=7_000), 10)],
    )

    reason = only_reason(problem, [[0]])

    assert (reason.reason, reason.instead_of) == (Reason.OTHERS_WORTH_MORE, 0)
    assert reason.missing_cents == 1_000
    assert reason.missing_s == 900


def test_a_pinned_visit_names_its_full_agent() -> None:
    problem = on_a_road(
        [(an_agent(), 0), (an_agent(), 0)],
        [(a_visit(windows_s=NINE, prize_cents=8_000), 10), (a_visit(windows_s=NINE, pin=0), 10)],
    )

    reason = only_reason(problem, [[0], []])

    assert (reason.reason, reason.agent) == (Reason.PINNED_AGENT_FULL, 0)


def test_a_day_that_no_single_exchange_opens_is_full() -> None:
    """Two short visits at the ends of the morning leave no room for one that takes all of it."""
    problem = on_a_road(
        [(an_agent(shift_s=(8 * HOUR, 12 * HOUR)), 0)],
        [
            (a_visit(windows_s=((8 * HOUR, 9 * HOUR),)), 1),
            (a_visit(windows_s=((11 * HOUR, 11 * HOUR),)), 1),
            (a_visit(windows_s=((8 * HOUR, 12 * HOUR),), service_s=int(3.75 * HOUR), prize_cents=3_000), 1),
        ],
    )

    reason = only_reason(problem, [[0, 1]])

    assert reason.reason is Reason.AGENT_FULL
    assert reason.missing_s is not None
    assert reason.missing_s > 0


def test_an_agent_with_all_visits_that_are_allowed_is_full_by_number() -> None:
    problem = on_a_road([(an_agent(max_visits=0), 0)], [(a_visit(), 5)])

    reason = only_reason(problem, [[]])

    assert (reason.reason, reason.missing_s) == (Reason.AGENT_FULL, None)


def test_a_place_left_open_by_hand_is_told() -> None:
    reason = only_reason(on_a_road([(an_agent(), 0)], [(a_visit(prize_cents=5_000), 10)]), [[]])

    assert (reason.reason, reason.agent, reason.missing_cents) == (Reason.WOULD_PAY, 0, -4_000)


def test_a_plan_that_breaks_rules_has_no_reasons() -> None:
    problem = on_a_road([(an_agent(max_visits=0), 0)], [(a_visit(), 5)])

    with pytest.raises(Refusal, match=r"planning\.plan_breaks_rules"):
        why_not(problem, Plan.of([[0]]))


def test_a_planned_visit_tells_its_detour_and_its_worth() -> None:
    problem = on_a_road([(an_agent(), 0)], [(a_visit(), 10), (a_visit(prize_cents=7_000, must=True, pin=0), 30)])

    near, far = why_here(problem, Plan.of([[0, 1]]))

    assert (near.detour_cents, near.worth_cents, near.must) == (0, 5_000, False)
    assert (far.detour_cents, far.worth_cents) == (40 * 50, 5_000)
    assert far.must
    assert far.pinned


def inserted(plan: Plan, agent: int, visit: int, gone: int | None = None) -> list[Plan]:
    route = [v for v in plan.routes[agent] if v != gone]
    return [
        Plan((*plan.routes[:agent], (*route[:at], visit, *route[at:]), *plan.routes[agent + 1 :]))
        for at in range(len(route) + 1)
    ]


@given(problems())
@settings(deadline=None)
def test_reasons_agree_with_the_checker_on_any_plan(problem: Problem) -> None:
    plan = solve(problem, seed=1, iterations=300).plan
    now = judge(problem, plan)

    for why in why_not(problem, plan):
        lawful = [
            judged.objective_cents - now.objective_cents
            for agent in range(problem.n_agents)
            for tried in inserted(plan, agent, why.visit)
            if not (judged := judge(problem, tried)).broken
        ]
        if why.reason is Reason.NOT_WORTH_THE_TRAVEL:
            assert why.missing_cents is not None
            assert all(gain <= 0 for gain in lawful)
        elif why.reason is Reason.WOULD_PAY:
            assert why.agent is not None
        else:
            assert lawful == []
        if why.instead_of is not None and why.agent is None:
            assert why.reason is Reason.KEPT_APART
            assert why.instead_of in plan.planned
        elif why.instead_of is not None and why.agent is not None:
            swaps = [judge(problem, tried) for tried in inserted(plan, why.agent, why.visit, gone=why.instead_of)]
            assert any(not judged.broken for judged in swaps)
