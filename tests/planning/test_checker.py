"""The checker, rule by rule: a pair for each (kept, broken), and an independent second opinion."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.domain.errors import Refusal
from fieldapp.planning.checker import judge
from fieldapp.planning.constraints import RULES
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Lunch, Problem
from tests.planning.builders import HOUR, a_visit, an_agent, on_a_road, problems

NOON_BREAK = Lunch(duration_s=1_800, earliest_start_s=45_000, latest_end_s=52_200)


def two_visits(**agent: object) -> Problem:
    return on_a_road([(an_agent(**agent), 0), (an_agent(), 0)], [(a_visit(), 10), (a_visit(), 20)])


def forbidden() -> Problem:
    return Problem.of(
        [an_agent()], [a_visit()], travel_s=[[0, 60], [60, 0]], cost_cents=[[0, 1], [1, 0]], may_visit=[[False]]
    )


def day_from(start_s: int) -> Problem:
    agent = an_agent(takes_lunch=True, shift_s=(start_s, 18 * HOUR))
    return on_a_road([(agent, 0)], [(a_visit(), 1)], lunch=NOON_BREAK)


def at_nine(minutes_away: int) -> Problem:
    return on_a_road([(an_agent(), 0)], [(a_visit(windows_s=((8 * HOUR, 9 * HOUR),)), minutes_away)])


def pinned() -> Problem:
    return on_a_road([(an_agent(), 0), (an_agent(), 0)], [(a_visit(pin=1), 5)])


PAIRS = [
    # rule, kept, its plan, broken, its plan
    ("window", at_nine(60), [[0]], at_nine(61), [[0]]),
    ("shift", at_nine(60), [[0]], on_a_road([(an_agent(shift_s=(0, 1_000)), 0)], [(a_visit(), 10)]), [[0]]),
    ("lunch", day_from(50_400), [[0]], day_from(50_401), [[0]]),
    ("max_visits", two_visits(max_visits=2), [[0, 1], []], two_visits(max_visits=1), [[0, 1], []]),
    ("pin", pinned(), [[], [0]], pinned(), [[0], []]),
    ("may_visit", forbidden(), [[]], forbidden(), [[0]]),
    ("once", two_visits(), [[0], [1]], two_visits(), [[0], [0, 1]]),
    ("must", at_nine(5), [[]], on_a_road([(an_agent(), 0)], [(a_visit(must=True), 5)]), [[]]),
]


@pytest.mark.parametrize(("rule", "kept", "good", "broken", "bad"), PAIRS, ids=[pair[0] for pair in PAIRS])
def test_a_rule_is_told_only_when_it_is_broken(
    rule: str, kept: Problem, good: list[list[int]], broken: Problem, bad: list[list[int]]
) -> None:
    assert judge(kept, Plan.of(good)).violations == ()
    assert rule in {v.rule for v in judge(broken, Plan.of(bad)).violations}


def test_every_rule_has_its_pair_and_its_source() -> None:
    assert [rule.__name__ for rule in RULES] == [pair[0] for pair in PAIRS]
    assert all(rule.__doc__ and "(" in rule.__doc__ for rule in RULES)


def test_the_objective_is_prizes_less_travel() -> None:
    problem = on_a_road([(an_agent(), 0)], [(a_visit(prize_cents=4_000), 10), (a_visit(prize_cents=1_000), 30)])

    judgement = judge(problem, Plan.of([[0, 1]]))

    assert (judgement.prize_cents, judgement.travel_cents) == (5_000, 60 * 50)
    assert judgement.objective_cents == 2_000
    assert judgement.travel_s == HOUR


def test_a_visit_planned_twice_is_paid_once() -> None:
    assert judge(two_visits(), Plan.of([[0], [0]])).prize_cents == 5_000


@pytest.mark.parametrize(
    "routes",
    [
        [[0]],  # a route is missing
        [[0], [1], []],  # a route too many
        [[2], []],  # no such visit
        [[-1], []],  # negative numbers are no visits
    ],
)
def test_a_plan_that_names_what_does_not_exist_is_refused(routes: list[list[int]]) -> None:
    with pytest.raises(Refusal, match=r"planning\.plan_unreadable"):
        judge(two_visits(), Plan.of(routes))


def second_opinion(problem: Problem, agent: int, route: list[int]) -> bool:
    """Whether the route keeps its times, by trying lunch on each leg and each window at each stop."""

    def go(here: int, now: int, left: list[int], hungry: bool) -> bool:
        there = problem.node(left[0]) if left else agent
        drive = int(problem.travel_s[here, there]) if here != there else 0
        arrivals = [(now + drive, hungry)]
        if hungry and now <= problem.lunch.latest_start_s:
            pause = problem.lunch.duration_s
            arrivals.append((max(now + drive, problem.lunch.earliest_start_s) + pause, False))
        for arrive, still in arrivals:
            if not left:
                if not still and arrive <= problem.shift_s[agent, 1]:
                    return True
                continue
            visit = problem.visits[left[0]]
            for opens, closes in visit.windows_s:
                start = max(arrive, opens)
                if start <= closes and go(there, start + visit.service_s, left[1:], still):
                    return True
        return False

    return go(agent, int(problem.shift_s[agent, 0]), route, bool(problem.takes_lunch[agent]))


@given(problems(), st.data())
@settings(deadline=None)
def test_times_hold_exactly_when_some_choice_of_lunch_and_windows_holds(problem: Problem, data: st.DataObject) -> None:
    if not (problem.n_agents and problem.n_visits):
        return
    agent = data.draw(st.integers(0, problem.n_agents - 1))
    numbers = st.integers(0, problem.n_visits - 1)
    route = data.draw(st.lists(numbers, min_size=1, max_size=4, unique=True))

    judgement = judge(problem, Plan.of(route if a == agent else [] for a in range(problem.n_agents)))

    told = {v.rule for v in judgement.violations} & {"window", "shift", "lunch"}
    assert (not told) == second_opinion(problem, agent, route)
