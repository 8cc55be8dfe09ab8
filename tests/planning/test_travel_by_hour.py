"""Ways that take longer at some hours than at others: driven, judged, searched, explained and replanned alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.domain.errors import Refusal
from fieldapp.planning import kernel
from fieldapp.planning.checker import judge
from fieldapp.planning.days import Together, judge_days
from fieldapp.planning.explain import Reason, why_not
from fieldapp.planning.files import read_problem
from fieldapp.planning.hourly import NEVER_S, Way
from fieldapp.planning.insertion import insertions
from fieldapp.planning.instances import made_up_day
from fieldapp.planning.model import improve_near
from fieldapp.planning.packing import pack
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Agent, Lunch, Problem, Visit
from fieldapp.planning.replan import Begun, Situation, replan
from fieldapp.planning.search import Search, survey
from fieldapp.planning.solver import solve
from tests.planning.builders import HOUR, a_visit, an_agent, best_by_trying_all, problems

Numbers = npt.NDArray[Any]


def at_hours(
    agents: Sequence[tuple[Agent, int]],
    visits: Sequence[tuple[Visit, int]],
    *,
    factors: Sequence[tuple[int, float]],
    lunch: Lunch | None = None,
) -> Problem:
    """Places on one road by minute of travel, which takes so many times as long from each moment on."""
    at = np.array([minute for _, minute in [*agents, *visits]], np.int64)
    minutes = np.abs(at[:, None] - at[None, :])
    return Problem.of(
        [agent for agent, _ in agents],
        [visit for visit, _ in visits],
        travel_s=np.stack([(minutes * 60 * factor).astype(np.int64) for _, factor in factors]),
        from_s=[moment for moment, _ in factors],
        cost_cents=minutes * 50,
        lunch=lunch,
    )


JAM = ((0, 1.0), (8 * HOUR, 3.0), (9 * HOUR, 1.0))
"""A morning in which everything takes three times as long for an hour."""

# --- one way ---


def test_who_is_under_way_when_the_hours_change_drives_the_rest_at_the_new_pace() -> None:
    way = Way((0, 100, 200), (60, 120, 30))

    assert way.arrive(0) == 60
    assert way.arrive(70) == 100 + 60  # half of it is left at 100, where the whole takes twice as long
    assert way.arrive(180) == 200 + 25  # five sixths are left at 200
    assert way.arrive(300) == 330


ways = st.integers(1, 4).flatmap(
    lambda bands: st.tuples(
        st.lists(st.integers(1, 300), min_size=bands - 1, max_size=bands - 1, unique=True).map(
            lambda t: (0, *sorted(t))
        ),
        st.lists(st.one_of(st.integers(0, 40), st.integers(0, 400)), min_size=bands, max_size=bands),
    )
)
lunches = st.tuples(st.integers(1, 120), st.integers(0, 200), st.integers(0, 150)).map(
    lambda t: Lunch(t[0], t[1], t[0] + t[1] + t[2])
)


@given(ways, lunches)
@settings(deadline=None)
def test_nobody_who_sets_out_later_arrives_earlier(way: tuple[tuple[int, ...], list[int]], lunch: Lunch) -> None:
    one = Way(*way)

    plain = [one.arrive(moment) for moment in range(400)]
    fed = [found[0] for moment in range(400) if (found := one.arrive_fed(moment, lunch)) is not None]

    assert plain == sorted(plain)
    assert fed == sorted(fed)
    assert len(fed) == lunch.latest_start_s + 1
    assert all(one.arrive(moment) >= moment for moment in range(400))


@given(ways, lunches, st.integers(0, 900))
@settings(deadline=None)
def test_the_latest_departure_is_the_last_that_arrives_in_time(
    way: tuple[tuple[int, ...], list[int]], lunch: Lunch, by_s: int
) -> None:
    one = Way(*way)
    leave_s, hungry_s = one.leave_by(by_s), one.leave_fed_by(by_s, lunch)

    assert one.arrive(leave_s) <= by_s < one.arrive(leave_s + 1)
    fed = [one.arrive_fed(moment, lunch) for moment in range(-450, 900)]
    in_time = [moment for moment, found in zip(range(-450, 900), fed, strict=True) if found and found[0] <= by_s]
    assert hungry_s == (max(in_time) if in_time else NEVER_S)


@numba.njit
def driven_once(by: Numbers, turns: Numbers, lunch: Numbers, moment: int, found: Numbers) -> None:
    """What the compiled core says of the way between the only two places."""
    found[0] = kernel.arrival(by, turns, 0, 0, moment)
    found[1] = kernel.departure(by, turns, 0, 0, moment)
    found[2] = kernel.arrival_fed(by, turns, lunch, 0, 0, moment)
    found[3] = kernel.departure_hungry(by, turns, lunch, 0, 0, moment)


@given(ways, lunches, st.integers(0, 900))
@settings(deadline=None)
def test_the_compiled_core_drives_as_the_timetable_does(
    way: tuple[tuple[int, ...], list[int]], lunch: Lunch, moment: int
) -> None:
    one = Way(*way)
    by, turns = np.array(way[1], np.int32).reshape(1, 1, -1), np.array(way[0], np.int64)
    hours = np.array([lunch.duration_s, lunch.earliest_start_s, lunch.latest_start_s], np.int64)
    found = np.zeros(4, np.int64)

    driven_once(by, turns, hours, moment, found)

    fed = one.arrive_fed(moment, lunch)
    assert found[0] == one.arrive(moment)
    assert found[1] == one.leave_by(moment)
    assert found[2] == (kernel.NEVER if fed is None else fed[0])
    assert found[3] == one.leave_fed_by(moment, lunch)


@given(st.integers(0, 30_000), st.integers(0, 900), lunches)
def test_where_all_hours_are_alike_a_way_takes_what_it_takes(takes_s: int, leave_s: int, lunch: Lunch) -> None:
    one = Way((0, 100, 250), (takes_s,) * 3)

    assert one.arrive(leave_s) == leave_s + takes_s
    fed = one.arrive_fed(leave_s, lunch)
    if fed is not None:
        assert fed[0] == max(leave_s + takes_s, lunch.earliest_start_s) + lunch.duration_s
        assert fed[2] == takes_s


# --- the problem ---


@pytest.mark.parametrize(
    ("from_s", "tables", "code", "place"),
    [
        ([60, 120], [[[0]], [[0]]], "bad_time", "from_s"),  # nobody says what holds before
        ([0, 120, 60], [[[0]]] * 3, "bad_time", "from_s"),
        ([0, 60], [[[0]]], "matrix_shape", "travel_s"),
        ([0, 60], [[[0]], [[0, 1]]], "matrix_shape", "travel_s[1]"),
        ([0, 60], [[[0]], [[-1]]], "matrix_negative", "travel_s[1][0][0]"),
        ([0, 60], [[[0]], [[float("nan")]]], "matrix_hole", "travel_s[1][0][0]"),
        ([0, "x"], [[[0]], [[0]]], "bad_number", "from_s[1]"),
        (list(range(49)), [[[0]]] * 49, "bad_number", "from_s"),
    ],
)
def test_tables_that_say_nothing_clear_are_refused(from_s: list[int], tables: object, code: str, place: str) -> None:
    with pytest.raises(Refusal) as refused:
        Problem.of([an_agent()], [], travel_s=tables, from_s=from_s, cost_cents=[[0]])  # type: ignore[arg-type]

    assert (refused.value.code, refused.value.details["place"]) == (f"planning.{code}", place)


def test_one_table_for_all_day_is_a_day_without_hours() -> None:
    plain = read_problem(made_up_day(3, 30, seed=1))
    one = plain.changed(travel_s=[plain.travel_s], from_s=[0])

    assert not one.travel_varies
    assert solve(one, seed=2, iterations=1_000).plan == solve(plain, seed=2, iterations=1_000).plan


# --- judged ---


def test_a_window_is_missed_in_a_jam_and_kept_without_one() -> None:
    visit = a_visit(windows_s=((8 * HOUR, 8 * HOUR + 2_000),), must=True)
    jam, free = (at_hours([(an_agent(), 0)], [(visit, 30)], factors=factors) for factors in (JAM, ((0, 1.0),)))

    assert [v.rule for v in judge(jam, Plan.of([[0]])).broken] == ["window"]
    assert judge(free, Plan.of([[0]])).broken == ()


def test_a_shift_is_overrun_in_the_evening_jam_and_kept_without_one() -> None:
    late = ((0, 1.0), (17 * HOUR, 3.0))
    visit = a_visit(windows_s=((17 * HOUR, 17 * HOUR),))
    jam, free = (at_hours([(an_agent(), 0)], [(visit, 30)], factors=factors) for factors in (late, ((0, 1.0),)))

    assert [(v.rule, v.by) for v in judge(jam, Plan.of([[0]])).broken] == [("shift", 900 + 90 * 60 - HOUR)]
    assert judge(free, Plan.of([[0]])).broken == ()


def test_a_jam_leaves_no_time_for_lunch_where_there_was_some() -> None:
    lunch, noon = Lunch(1_800, 12 * HOUR, 13 * HOUR), ((0, 1.0), (11 * HOUR, 3.0))
    visits = [(a_visit(windows_s=((at, at),)), minute) for at, minute in ((41_400, 0), (13 * HOUR, 20))]

    def broken(*, hungry: bool, factors: Sequence[tuple[int, float]]) -> list[str]:
        agent = an_agent(shift_s=(11 * HOUR, 18 * HOUR), takes_lunch=hungry)
        judgement = judge(at_hours([(agent, 0)], visits, factors=factors, lunch=lunch), Plan.of([[0, 1]]))
        return [violation.rule for violation in judgement.broken]

    assert broken(hungry=True, factors=noon) == ["window"]
    assert broken(hungry=False, factors=noon) == []
    assert broken(hungry=True, factors=((0, 1.0),)) == []


def test_the_day_tells_what_its_hours_took() -> None:
    problem = at_hours(
        [(an_agent(), 0)], [(a_visit(), 30), (a_visit(windows_s=((10 * HOUR, 18 * HOUR),)), 40)], factors=JAM
    )

    (day,) = judge(problem, Plan.of([[0, 1]])).days

    # Twenty minutes' worth by nine, the other ten minutes after it.
    assert (day.leave_home_s, day.stops[0].arrive_s) == (8 * HOUR, 9 * HOUR + 600)
    assert [stop.travel_s for stop in day.stops] == [4_200, 600]
    assert day.travel_s == 4_200 + 600 + 40 * 60


@given(problems(ways=True))
@settings(deadline=None)
def test_slack_is_how_much_later_one_may_arrive(problem: Problem) -> None:
    """Nothing is late where no slack is below nothing."""
    for day in judge(problem, solve(problem, seed=1, iterations=100).plan).days:
        assert all(stop.slack_s >= stop.start_s - stop.arrive_s >= 0 for stop in day.stops)


# --- searched ---


@given(problems(ways=True), st.integers(0, 99))
@settings(deadline=None)
def test_every_plan_keeps_the_rules_and_counts_what_the_checker_counts(problem: Problem, seed: int) -> None:
    search = Search(problem, seed=seed)
    standing = search.advance(300, done=0.0, until=1.0)

    judgement = judge(problem, search.best())
    assert judgement.broken == ()
    assert judgement.objective_cents == standing.objective_cents
    assert len(judgement.unserved_must) == standing.unserved_must


@given(problems(ways=True, hours=True), st.integers(0, 99))
@settings(deadline=None, max_examples=50)
def test_ways_and_prizes_may_both_vary(problem: Problem, seed: int) -> None:
    search = Search(problem, seed=seed)
    standing = search.advance(200, done=0.0, until=1.0)

    judgement = judge(problem, search.best())
    assert judgement.broken == ()
    assert judgement.objective_cents == standing.objective_cents


@given(problems(most_agents=2, most_visits=5, ways=True))
@settings(deadline=None, max_examples=60)
def test_the_best_of_all_plans_is_found_on_a_tiny_day(problem: Problem) -> None:
    solution = solve(problem, seed=1, iterations=3_000)

    found = solution.judgement.objective_cents - 10**9 * len(solution.judgement.unserved_must)
    assert found == best_by_trying_all(problem)


@given(problems(), st.integers(0, 99))
@settings(deadline=None, max_examples=60)
def test_hours_that_are_all_alike_change_no_plan(problem: Problem, seed: int) -> None:
    alike = problem.changed(travel_s=np.stack([problem.travel_s] * 3), from_s=[0, 9 * HOUR, 13 * HOUR])

    plain, varying = (solve(one, seed=seed, iterations=200) for one in (problem, alike))

    assert alike.travel_varies
    assert varying.plan == plain.plan
    assert judge(alike, plain.plan).objective_cents == plain.judgement.objective_cents


def test_hours_that_are_all_alike_change_no_plan_of_a_whole_day() -> None:
    plain = read_problem(made_up_day(6, 80, seed=2))
    alike = plain.changed(travel_s=np.stack([plain.travel_s] * 2), from_s=[0, 12 * HOUR])

    first, second = (solve(one, seed=7, iterations=3_000) for one in (plain, alike))

    assert first.plan == second.plan
    assert first.gains_cents == second.gains_cents


def jammed(agents: int, visits: int, *, seed: int) -> Problem:
    """A made-up day with a jam in the morning and one in the evening, worse into places of even number."""
    day = read_problem(made_up_day(agents, visits, seed=seed))
    n = len(day.travel_s)
    worse = np.where(np.arange(n) % 2 == 0, 2.2, 1.6)[None, :]
    tables = [day.travel_s * factor for factor in (1.0, worse, 1.0, worse)]
    from_s = [0, 7 * HOUR + 1_800, 9 * HOUR + 1_800, 17 * HOUR]
    return day.changed(travel_s=np.stack([np.rint(table) for table in tables]), from_s=from_s)


def test_a_plan_that_knows_the_hours_is_lawful_where_one_that_does_not_is_late() -> None:
    problem = jammed(5, 60, seed=3)
    blind = solve(problem.changed(travel_s=problem.fastest_s, from_s=[]), seed=1, iterations=3_000).plan

    seeing = solve(problem, seed=1, iterations=3_000)

    assert judge(problem, blind).broken != ()
    assert seeing.judgement.broken == ()


def test_a_plan_that_knows_the_hours_brings_more_than_one_by_the_longest_times() -> None:
    problem = jammed(5, 60, seed=3)
    careful = solve(problem.changed(travel_s=problem.travel_s, from_s=[]), seed=1, iterations=4_000)

    seeing = solve(problem, seed=1, iterations=4_000)

    assert judge(problem, careful.plan).broken == ()
    assert seeing.judgement.objective_cents > judge(problem, careful.plan).objective_cents


def test_the_same_seed_gives_the_same_plan() -> None:
    first, second = (solve(jammed(4, 50, seed=5), seed=5, iterations=2_000) for _ in range(2))

    assert first.plan == second.plan


# --- explained, inserted, replanned, packed ---


@given(problems(ways=True))
@settings(deadline=None)
def test_the_cheapest_place_is_the_one_that_the_checker_finds(problem: Problem) -> None:
    plan = solve(problem, seed=1, iterations=100).plan
    visits = np.array(plan.unplanned(problem), np.int64)
    now = judge(problem, plan).objective_cents
    places, _ = survey(problem, plan, visits)

    for visit, place, offer in zip(visits.tolist(), places, insertions(problem, plan, visits.tolist()), strict=True):
        tried = [
            judged.objective_cents - now
            for agent, route in enumerate(plan.routes)
            for at in range(len(route) + 1)
            if not (
                judged := judge(
                    problem,
                    Plan((*plan.routes[:agent], (*route[:at], visit, *route[at:]), *plan.routes[agent + 1 :])),
                )
            ).broken
        ]
        cents, agent = int(place[0]), int(place[1])
        assert (agent < 0) == (not tried) == (offer is None)
        if tried:
            assert max(tried) == int(problem.prize_cents[visit]) - cents


def test_a_jam_is_why_a_visit_has_no_place() -> None:
    visit = a_visit(windows_s=((8 * HOUR, 8 * HOUR + 2_400),))
    problem = at_hours([(an_agent(), 0)], [(visit, 30)], factors=JAM)

    (why,) = why_not(problem, Plan.of([[]]))

    assert (why.reason, why.missing_s) == (Reason.NO_WINDOW_FITS, 4_200 - 2_400)


def test_a_way_that_was_faster_than_the_jam_stays_a_fact_and_the_rest_knows_the_hours() -> None:
    evening = ((0, 3.0), (12 * HOUR, 1.0))
    problem = at_hours([(an_agent(), 0)], [(a_visit(), 20), (a_visit(), 40)], factors=evening)
    begun = Situation(9 * HOUR, begun=(Begun(0, 0, 8 * HOUR + 1_200, 9 * HOUR),))

    after = replan(problem, Plan.of([[0, 1]]), begun, seed=1, iterations=2_000)

    assert after.judgement.broken == ()
    assert after.judgement.days[0].stops[0].start_s == 8 * HOUR + 1_200
    assert after.judgement.days[0].stops[1].start_s == 10 * HOUR


def test_a_plan_at_hand_is_packed_and_asked_of_a_sub_model_and_stays_lawful() -> None:
    problem = jammed(4, 50, seed=5)
    search = Search(problem, seed=1)
    search.advance(3_000, done=0.0, until=1.0)

    packed = pack(problem, search.pool(), search.best(), seed=1)
    near = improve_near(problem, search.best(), seed=1, solutions=20)

    assert packed is not None
    assert judge(problem, packed).broken == ()
    assert judge(problem, packed).objective_cents >= judge(problem, search.best()).objective_cents
    assert near is None or judge(problem, near).broken == ()


def test_days_planned_together_know_their_hours() -> None:
    monday, tuesday = (
        at_hours([(an_agent(), 0)], [(a_visit(key=f"v{i}"), 10 * i) for i in range(1, 5)], factors=factors)
        for factors in (JAM, ((0, 1.0), (16 * HOUR, 2.0)))
    )
    together = Together.of([monday, tuesday])

    plans = together.plans(solve(together.problem, seed=1, iterations=2_000).plan)

    assert together.problem.from_s.tolist() == [0, 8 * HOUR, 9 * HOUR, 16 * HOUR]
    judged = judge_days([monday, tuesday], plans)
    assert judged.broken == ()
    assert sum(day.served for day in judged.days) == 4
