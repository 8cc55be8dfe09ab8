"""The day in motion: facts stay, the rest follows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.domain.errors import Refusal
from fieldapp.planning.checker import judge
from fieldapp.planning.files import read_problem
from fieldapp.planning.instances import made_up_day
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Problem
from fieldapp.planning.replan import Begun, Change, Situation, freeze, replan
from fieldapp.planning.solver import solve
from tests.planning.builders import HOUR, a_visit, an_agent, on_a_road, problems

ELEVEN = 11 * HOUR


def begun_by(problem: Problem, now_s: int, shift_s: int = 0) -> tuple[Begun, ...]:
    """What has begun by `now_s` when the plan runs `shift_s` late."""
    days = solve(problem, seed=1, iterations=500).judgement.days
    return tuple(
        Begun(stop.visit, day.agent, stop.start_s + shift_s)
        for day in days
        for stop in day.stops
        if stop.start_s + shift_s <= now_s
    )


@pytest.mark.parametrize("late_s", [-900, 0, 1_800], ids=["early", "on time", "late"])
def test_begun_visits_stay_where_and_when_they_were(late_s: int) -> None:
    problem = read_problem(made_up_day(6, 80, seed=3))
    plan = solve(problem, seed=1, iterations=500).plan
    begun = begun_by(problem, ELEVEN, late_s)

    after = replan(problem, plan, Situation(ELEVEN, begun), seed=2, iterations=500)

    assert after.judgement.broken == ()
    for fact in begun:
        stops = {stop.visit: stop for stop in after.judgement.days[fact.agent].stops}
        assert stops[fact.visit].start_s == fact.start_s
    facts = {fact.visit for fact in begun}
    fresh = [s for day in after.judgement.days for s in day.stops if s.visit not in facts]
    assert fresh
    assert all(stop.start_s >= ELEVEN for stop in fresh)


def test_a_visit_kept_apart_from_one_that_has_begun_falls_out() -> None:
    visits = [(a_visit(), 10), (a_visit(prize_cents=9_000), 20)]
    problem = on_a_road([(an_agent(), 0), (an_agent(), 0)], visits, apart=[[0, 1]])
    begun = Situation(9 * HOUR, (Begun(0, 1, 9 * HOUR - 60),))

    after = replan(problem, Plan.of([[1], []]), begun, seed=1, iterations=200)

    assert after.plan == Plan.of([[], [0]])
    assert after.judgement.broken == ()


def test_what_follows_at_the_door_where_somebody_is_stays_one_stop_and_takes_its_share() -> None:
    door = a_visit(door="x", service_s=1_000)
    problem = on_a_road([(an_agent(), 0)], [(door, 10), (a_visit(), 5), (door, 10)])
    begun = Situation(9 * HOUR, (Begun(0, 0, 9 * HOUR - 60),))

    after = replan(problem, Plan.of([[1, 0, 2]]), begun, seed=1, iterations=200)

    assert after.plan == Plan.of([[0, 2, 1]])
    follower = after.judgement.days[0].stops[1]
    assert follower.leave_s - follower.start_s == 400


def test_a_sick_agents_open_visits_go_to_others_or_are_told() -> None:
    problem = read_problem(made_up_day(6, 80, seed=3))
    before = solve(problem, seed=1, iterations=2_000)
    begun = tuple(
        Begun(s.visit, d.agent, s.start_s) for d in before.judgement.days for s in d.stops if s.start_s <= ELEVEN
    )

    after = replan(problem, before.plan, Situation(ELEVEN, begun, absent=frozenset({2})), seed=1, iterations=500)

    assert set(after.plan.routes[2]) == {b.visit for b in begun if b.agent == 2}
    assert after.judgement.broken == ()


def test_a_withdrawn_visit_is_not_made_even_if_it_was_a_must() -> None:
    problem = on_a_road([(an_agent(), 0)], [(a_visit(must=True), 5), (a_visit(), 6)])
    plan = solve(problem, seed=1, iterations=100).plan

    after = replan(problem, plan, Situation(8 * HOUR, withdrawn=frozenset({0})), seed=1, iterations=100)

    assert after.plan.routes == ((1,),)
    assert after.judgement.unserved_must == ()


def test_a_must_do_whose_hour_has_passed_is_reported() -> None:
    problem = on_a_road([(an_agent(), 0)], [(a_visit(must=True, windows_s=((8 * HOUR, 9 * HOUR),)), 5)])

    after = replan(problem, solve(problem, seed=1, iterations=9).plan, Situation(ELEVEN), seed=1, iterations=9)

    assert after.judgement.unserved_must == (0,)


def test_nobody_is_told_to_have_lunch_in_the_past() -> None:
    problem = on_a_road([(an_agent(takes_lunch=True), 0)], [(a_visit(), 5)])
    plan = solve(problem, seed=1, iterations=9).plan

    after = replan(problem, plan, Situation(15 * HOUR), seed=1, iterations=9)

    assert after.judgement.days[0].lunch_s is None
    assert after.judgement.served == 1


def test_who_drove_faster_than_the_matrix_is_believed() -> None:
    problem = on_a_road([(an_agent(), 0)], [(a_visit(), 30), (a_visit(), 60)])
    plan = solve(problem, seed=1, iterations=50).plan
    facts = (Begun(0, 0, 8 * HOUR + 60, 8 * HOUR + 120), Begun(1, 0, 8 * HOUR + 180, 8 * HOUR + 240))

    after = replan(problem, plan, Situation(ELEVEN, facts), seed=1, iterations=50)

    assert after.judgement.broken == ()
    assert [stop.start_s for stop in after.judgement.days[0].stops] == [8 * HOUR + 60, 8 * HOUR + 180]


@given(problems(), st.integers(8 * HOUR, 19 * HOUR), st.integers(-3_600, 3_600))
@settings(deadline=None, max_examples=60)
def test_whatever_happened_there_is_a_lawful_rest_of_the_day(problem: Problem, now_s: int, late_s: int) -> None:
    plan = solve(problem, seed=1, iterations=500).plan
    facts = tuple(b for b in begun_by(problem, now_s, late_s) if b.start_s >= 0)

    frozen, kept = freeze(problem, plan, Situation(now_s, facts))

    assert judge(frozen, kept).broken == ()
    assert {b.visit for b in facts} <= kept.planned


def two_agents_with_a_visit_each() -> tuple[Problem, Plan]:
    """The first visit is nearer to the other agent's way by 6 minutes (300 cents), once that one comes past."""
    problem = on_a_road([(an_agent(), 0), (an_agent(), 100)], [(a_visit(), 47), (a_visit(), 60)])
    return problem, Plan.of([[0], [1]])


@pytest.mark.parametrize(("change_cents", "moves"), [(0, True), (10_000, False)])
def test_a_visit_that_nothing_touched_changes_hands_only_for_more_than_its_price(
    change_cents: int, moves: bool
) -> None:
    problem, plan = two_agents_with_a_visit_each()

    after = replan(problem, plan, Situation(8 * HOUR), seed=1, change_cents=change_cents, iterations=300)

    assert (after.plan != plan) == moves
    assert bool(after.changes) == moves
    assert after.judgement.objective_cents >= judge(problem, plan).objective_cents


def test_the_price_of_each_change_is_shown_and_none_is_asked_for_a_sick_agents_visits() -> None:
    problem, plan = two_agents_with_a_visit_each()

    after = replan(problem, plan, Situation(8 * HOUR, absent=frozenset({0})), seed=1, iterations=300)

    assert after.changes == (Change(visit=0, before=0, after=1, price_cents=0),)
    assert after.price_cents == 0


def test_the_price_of_changes_is_no_part_of_what_the_day_is_worth() -> None:
    problem, plan = two_agents_with_a_visit_each()

    after = replan(problem, plan, Situation(8 * HOUR), seed=1, change_cents=10_000, iterations=100)

    assert after.judgement.objective_cents == judge(problem, plan).objective_cents
    assert after.judgement.preferred_cents == 0


def test_nothing_changes_where_nothing_happened_and_every_change_has_its_price() -> None:
    problem = read_problem(made_up_day(6, 80, seed=3))
    plan = solve(problem, seed=1, iterations=500).plan

    cheap, dear = (
        replan(problem, plan, Situation(ELEVEN, begun_by(problem, ELEVEN)), seed=1, change_cents=c, iterations=2_000)
        for c in (0, 3_000)
    )

    assert len(dear.changes) < len(cheap.changes)
    assert dear.price_cents <= 3_000 * len(dear.changes)


def test_an_urgent_visit_is_made_although_others_bring_more() -> None:
    problem = on_a_road([(an_agent(max_visits=1), 0)], [(a_visit(prize_cents=9_000), 5), (a_visit(prize_cents=10), 5)])

    after = replan(problem, Plan.of([[0]]), Situation(ELEVEN, urgent=frozenset({1})), seed=1, iterations=100)

    assert after.plan.routes == ((1,),)
    assert {change.visit for change in after.changes} == {0, 1}


def test_an_agent_an_hour_late_starts_an_hour_later() -> None:
    problem = on_a_road([(an_agent(), 0)], [(a_visit(), 5), (a_visit(), 9)])
    begun = (Begun(0, 0, 10 * HOUR),)

    after = replan(
        problem, Plan.of([[0, 1]]), Situation(ELEVEN, begun, free_from=((0, 12 * HOUR),)), seed=1, iterations=50
    )

    stops = after.judgement.days[0].stops
    assert [stop.visit for stop in stops] == [0, 1]
    assert stops[1].start_s == 12 * HOUR + 4 * 60
    assert after.judgement.broken == ()


def test_who_is_held_up_beyond_the_lunch_hours_is_not_kept_at_home_by_lunch() -> None:
    problem = on_a_road([(an_agent(takes_lunch=True), 0)], [(a_visit(), 5)])

    after = replan(problem, Plan.of([[0]]), Situation(ELEVEN, free_from=((0, 16 * HOUR),)), seed=1, iterations=50)

    assert after.plan.routes == ((0,),)
    assert after.judgement.broken == ()


def test_who_has_not_left_home_and_is_held_up_leaves_later() -> None:
    problem = on_a_road([(an_agent(), 0)], [(a_visit(), 5)])

    after = replan(problem, Plan.of([[0]]), Situation(ELEVEN, free_from=((0, 12 * HOUR),)), seed=1, iterations=50)

    assert after.judgement.days[0].leave_home_s >= 12 * HOUR


def test_an_appointment_that_moved_is_kept_at_its_new_hour() -> None:
    problem = on_a_road([(an_agent(), 0)], [(a_visit(must=True, windows_s=((12 * HOUR, 12 * HOUR),)), 5)])
    four = 16 * HOUR

    after = replan(problem, Plan.of([[0]]), Situation(ELEVEN, moved=((0, ((four, four),)),)), seed=1, iterations=50)

    assert after.judgement.days[0].stops[0].start_s == four
    assert after.judgement.unserved_must == ()


@pytest.mark.parametrize(
    "situation",
    [
        Situation(ELEVEN, urgent=frozenset({7})),  # no such visit
        Situation(ELEVEN, withdrawn=frozenset({-1})),  # no such visit
        Situation(ELEVEN, moved=((7, ((0, 1),)),)),  # no such visit
        Situation(ELEVEN, absent=frozenset({5})),  # no such agent
        Situation(ELEVEN, free_from=((5, ELEVEN),)),  # no such agent
    ],
)
def test_a_situation_that_names_nobody_is_refused(situation: Situation) -> None:
    problem = on_a_road([(an_agent(), 0)], [(a_visit(), 5)])

    with pytest.raises(Refusal, match=r"planning\.plan_unreadable"):
        freeze(problem, Plan.of([[0]]), situation)


@pytest.mark.parametrize(
    ("begun", "code"),
    [
        ((Begun(9, 0, ELEVEN),), "begun_unknown"),  # no such visit
        ((Begun(0, 5, ELEVEN),), "begun_unknown"),  # no such agent
        ((Begun(0, 0, ELEVEN), Begun(0, 0, ELEVEN)), "begun_twice"),  # one visit begun twice
        ((Begun(0, 0, ELEVEN + 1),), "begun_later"),  # begun in the future
        ((Begun(0, 0, ELEVEN, ELEVEN - 1),), "begun_later"),  # over before it began
    ],
)
def test_facts_that_cannot_be_are_refused(begun: tuple[Begun, ...], code: str) -> None:
    problem = on_a_road([(an_agent(), 0)], [(a_visit(), 5)])

    with pytest.raises(Refusal, match=rf"planning\.{code}"):
        freeze(problem, solve(problem, seed=1, iterations=5).plan, Situation(ELEVEN, begun))
