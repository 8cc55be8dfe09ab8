"""Several days at once: what each constraint costs, and that no plan breaks one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.domain.errors import Refusal
from fieldapp.planning.checker import judge
from fieldapp.planning.days import Together, judge_days
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Problem
from fieldapp.planning.search import Search
from fieldapp.planning.solver import solve
from tests.planning.builders import HOUR, a_visit, an_agent, best_by_trying_all, on_a_road, problems

ALIKE: dict[str, object] = {}


def days_of(*days: list[dict[str, object]], max_visits: int = 14, at: tuple[int, ...] = (10, 20)) -> list[Problem]:
    """One agent, the same visits on each day; what is given of each day's visits is theirs on that day alone."""
    return [
        on_a_road(
            [(an_agent(max_visits=max_visits), 0)],
            [
                (a_visit(key=f"v{i}", **changes), minute)
                for i, (changes, minute) in enumerate(zip(day, at, strict=True))
            ],
        )
        for day in days
    ]


def planned(days: list[Problem], **options: object) -> list[list[list[str]]]:
    """Keys, by day and agent, of the plan that the search finds; the checker accepts it."""
    together = Together.of(days, **options)  # type: ignore[arg-type]
    plans = together.plans(solve(together.problem, seed=1, iterations=2_000).plan)
    assert judge_days(days, plans, **options).broken == ()  # type: ignore[arg-type]
    return [
        [[day.visits[v].key for v in route] for route in plan.routes] for day, plan in zip(days, plans, strict=True)
    ]


@st.composite
def several_days(draw: st.DrawFn, *, most_agents: int = 3, most_visits: int = 8) -> list[Problem]:
    """Two or three random days over the same visits, each with its own windows, prizes, pins and agents."""
    first = draw(problems(most_agents=most_agents, most_visits=most_visits))
    days = [first]
    for _ in range(draw(st.integers(1, 2))):
        rng = np.random.default_rng(draw(st.integers(0, 2**32)))
        visits = []
        for visit in first.visits:
            opens = int(rng.integers(7, 18)) * HOUR
            window = (opens, opens + int(rng.integers(0, 5)) * HOUR)
            must = visit.must and rng.random() < 0.5
            visits.append(replace(visit, windows_s=(window,), prize_cents=int(rng.integers(0, 9_000)), must=bool(must)))
        may_visit = np.array(first.may_visit) & (rng.random(first.may_visit.shape) < 0.7)
        days.append(first.changed(visits=visits, may_visit=may_visit))
    return days


@given(several_days(), st.integers(0, 99))
@settings(deadline=None, max_examples=150)
def test_every_plan_of_several_days_keeps_the_rules_of_each_day_and_those_between_them(
    days: list[Problem], seed: int
) -> None:
    together = Together.of(days)
    search = Search(together.problem, seed=seed)
    standing = search.advance(300, done=0.0, until=1.0)

    plans = together.plans(search.best())
    judgement = judge_days(days, plans)

    assert judgement.broken == ()
    assert judgement.objective_cents == standing.objective_cents
    assert len(judgement.unserved_must) == standing.unserved_must
    on_days = [visit for plan in plans for visit in plan.planned]
    assert len(on_days) == len(set(on_days))  # the same numbers on each day


@given(several_days(most_agents=1, most_visits=4))
@settings(deadline=None, max_examples=30)
def test_the_best_of_all_plans_of_two_days_is_found(days: list[Problem]) -> None:
    problem = Together.of(days[:2]).problem

    solution = solve(problem, seed=1, iterations=3_000)

    missed = 10**9 * len(solution.judgement.unserved_must)
    assert solution.judgement.objective_cents - missed == best_by_trying_all(problem)


def test_a_visit_is_made_once_and_on_the_day_on_which_it_brings_most() -> None:
    dear = {"prize_cents": 7_000}

    assert planned(days_of([ALIKE, dear], [dear, ALIKE])) == [[["v1"]], [["v0"]]]


def test_waiting_costs_less_than_a_second_way() -> None:
    waits = {"prize_cents": 4_900}

    assert len(planned(days_of([ALIKE, waits], [ALIKE, waits]))[0][0]) in (0, 2)


def test_what_is_full_on_its_best_day_is_made_on_another_one() -> None:
    waits = {"prize_cents": 4_000}

    both = planned(days_of([ALIKE, ALIKE], [ALIKE, waits], max_visits=1))

    assert both == [[["v1"]], [["v0"]]]


def test_each_day_has_its_own_hours() -> None:
    morning = {"windows_s": ((9 * HOUR, 9 * HOUR),), "prize_cents": 9_000}
    evening = {"windows_s": ((17 * HOUR, 17 * HOUR),)}
    days = days_of([evening, morning], [morning, evening])

    assert planned(days) == [[["v1"]], [["v0"]]]
    assert [v.rule for v in judge_days(days, [Plan.of([[1, 0]]), Plan.of([[]])]).broken] == []
    assert [v.rule for v in judge_days(days, [Plan.of([[0, 1]]), Plan.of([[]])]).broken] == ["window"]


def test_an_appointment_is_kept_on_its_own_day_only() -> None:
    promised = {"must": True, "prize_cents": 0}
    far = {"prize_cents": 9_000}

    assert planned(days_of([far, far], [promised, ALIKE]))[1] == [["v0"]]
    assert "v0" in planned(days_of([far, far], [ALIKE, ALIKE]))[0][0]


def twice(**visit: object) -> list[Problem]:
    return days_of([visit, visit], [visit, visit])


PAIRS = [
    # what, days, kept apart over the days, lawful plans, unlawful plans
    ("one visit on two days", twice(), (), [[0], [1]], [[0], [0]]),
    ("one door on two days", twice(door="via Roma 1"), (), [[0, 1], []], [[0], [1]]),
    ("one person at two addresses on two days", twice(), (("v0", "v1"),), [[0], []], [[0], [1]]),
]


@pytest.mark.parametrize(
    ("days", "apart", "good", "bad"), [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS]
)
def test_a_person_is_called_on_once_in_the_days(
    days: list[Problem], apart: tuple[tuple[str, str], ...], good: list[list[int]], bad: list[list[int]]
) -> None:
    good_plans, bad_plans = ([Plan.of([route]) for route in plans] for plans in (good, bad))

    assert judge_days(days, good_plans, apart=apart).broken == ()
    assert [v.rule for v in judge_days(days, bad_plans, apart=apart).broken] == ["on_one_day"]
    assert len([key for day in planned(days, apart=apart) for key in day[0]]) == (1 if apart else 2)


def test_two_appointments_at_one_door_on_two_days_both_stand() -> None:
    days = twice(door="via Roma 1", must=True)

    assert judge_days(days, [Plan.of([[0]]), Plan.of([[1]])]).broken == ()


def test_an_agent_who_is_there_on_one_day_only_works_on_that_day() -> None:
    first = on_a_road([(an_agent(key="a"), 0)], [(a_visit(key="v"), 5)])
    second = on_a_road([(an_agent(key="a"), 0), (an_agent(key="b"), 5)], [(a_visit(key="v"), 5), (a_visit(key="w"), 9)])

    assert [[sorted(route) for route in day] for day in planned([first, second])] == [[[]], [[], ["v", "w"]]]


def test_a_pin_of_one_day_is_one_of_that_day() -> None:
    agents = [(an_agent(key="near"), 4), (an_agent(key="far"), 0)]
    free = on_a_road(agents, [(a_visit(key="v", prize_cents=4_000), 5)])
    pinned = on_a_road(agents, [(a_visit(key="v", pin=1, prize_cents=4_300), 5)])

    assert planned([free, pinned]) == [[["v"], []], [[], []]]
    assert planned([free, free.changed(visits=[a_visit(key="v", pin=1, prize_cents=4_500)])])[1] == [[], ["v"]]


def test_what_a_visit_asks_of_its_agent_is_asked_on_that_day_only() -> None:
    asks = {"skills": frozenset({"german"})}

    assert planned(days_of([asks, ALIKE], [ALIKE, asks])) == [[["v1"]], [["v0"]]]
    assert planned(days_of([asks, asks], [asks, asks])) == [[[]], [[]]]


@pytest.mark.parametrize(
    "days",
    [
        [],  # no day
        [on_a_road([], [(a_visit(key="v"), 1), (a_visit(key="v"), 2)])],  # one key twice in a day
    ],
)
def test_days_that_cannot_be_laid_together_are_refused(days: list[Problem]) -> None:
    with pytest.raises(Refusal, match=r"planning\.days_differ"):
        Together.of(days)


def test_one_day_laid_together_is_that_day() -> None:
    (day,) = days_of([ALIKE, ALIKE])

    together = Together.of([day])

    assert together.problem.n_days == 1
    assert judge(day, *together.plans(Plan.of([[1, 0]]))) == judge(together.problem, Plan.of([[1, 0]]))
