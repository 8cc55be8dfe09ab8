"""The checker, rule by rule: a pair for each (kept, broken), and an independent second opinion."""

from dataclasses import replace

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


def two_loads(capacity: int) -> Problem:
    return on_a_road([(an_agent(capacity=capacity), 0)], [(a_visit(load=3), 5), (a_visit(load=4), 9)])


def pinned() -> Problem:
    return on_a_road([(an_agent(), 0), (an_agent(), 0)], [(a_visit(pin=1), 5)])


def speaking(*skills: str) -> Problem:
    return on_a_road([(an_agent(skills=frozenset(skills)), 0)], [(a_visit(skills=frozenset({"de"})), 5)])


def one_person_at_two_doors() -> Problem:
    return on_a_road([(an_agent(), 0), (an_agent(), 0)], [(a_visit(), 5), (a_visit(), 10)], apart=[[0, 1]])


def one_door(**visit: object) -> Problem:
    door = a_visit(door="via Roma 1", **visit)
    return on_a_road([(an_agent(), 0), (an_agent(), 0)], [(door, 5), (door, 5), (a_visit(), 9)])


PAIRS = [
    # rule, kept, its plan, broken, its plan
    ("window", at_nine(60), [[0]], at_nine(61), [[0]]),
    ("shift", at_nine(60), [[0]], on_a_road([(an_agent(shift_s=(0, 1_000)), 0)], [(a_visit(), 10)]), [[0]]),
    ("lunch", day_from(50_400), [[0]], day_from(50_401), [[0]]),
    ("max_visits", two_visits(max_visits=2), [[0, 1], []], two_visits(max_visits=1), [[0, 1], []]),
    ("capacity", two_loads(7), [[0, 1]], two_loads(6), [[0, 1]]),
    ("pin", pinned(), [[], [0]], pinned(), [[0], []]),
    ("may_visit", forbidden(), [[]], forbidden(), [[0]]),
    ("skills", speaking("de", "fr"), [[0]], speaking("fr"), [[0]]),
    ("apart", one_person_at_two_doors(), [[1], []], one_person_at_two_doors(), [[0], [1]]),
    ("one_door", one_door(), [[2, 1, 0], []], one_door(), [[0, 2, 1], []]),
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


def test_two_agents_never_ring_at_one_door_but_for_two_appointments() -> None:
    assert [v.rule for v in judge(one_door(), Plan.of([[0], [1]])).violations] == ["one_door"]
    assert judge(one_door(must=True), Plan.of([[0], [1]])).broken == ()


def test_two_appointments_with_one_person_both_stand() -> None:
    must = a_visit(must=True)
    promised = on_a_road([(an_agent(), 0)], [(must, 5), (must, 10)], apart=[[0, 1]])

    assert judge(promised, Plan.of([[0, 1]])).broken == ()


def test_the_second_practice_at_a_door_takes_its_share_of_the_time_and_the_third_too() -> None:
    door = a_visit(door="via Roma 1", service_s=1_000)
    at_work = on_a_road([(an_agent(), 0)], [(door, 5), (door, 5), (replace(door, again_s=100), 5), (a_visit(), 5)])

    stops = judge(at_work, Plan.of([[0, 1, 2, 3]])).days[0].stops

    assert [stop.leave_s - stop.start_s for stop in stops] == [1_000, 400, 100, 900]
    assert judge(at_work, Plan.of([[3, 2]])).days[0].stops[1].leave_s == stops[0].start_s + 900 + 1_000


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


def door_of(problem: Problem, node: int) -> str | None:
    return problem.visits[node - problem.n_agents].door


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
                same = visit.door is not None and here >= problem.n_agents and door_of(problem, here) == visit.door
                stays = visit.again_s if same else visit.service_s
                assert stays is not None
                if start <= closes and go(there, start + stays, left[1:], still):
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
