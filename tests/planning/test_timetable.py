"""Exact times, also of orders that break rules."""

from fieldapp.planning.checker import judge
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Lunch
from fieldapp.planning.replan import evaluate
from fieldapp.planning.timetable import agent_day
from tests.planning.builders import HOUR, a_visit, an_agent, on_a_road

ROAD = on_a_road(
    [(an_agent(), 0)],
    [(a_visit(windows_s=((9 * HOUR, 10 * HOUR),)), 10), (a_visit(windows_s=((9 * HOUR, 10 * HOUR),)), 30)],
)


def test_the_day_starts_late_enough_not_to_wait_at_the_first_door() -> None:
    day = agent_day(ROAD, 0, (0, 1))

    first, second = day.stops
    assert day.leave_home_s == 9 * HOUR - 600
    assert (first.arrive_s, first.start_s, first.leave_s) == (9 * HOUR, 9 * HOUR, 9 * HOUR + 900)
    assert second.arrive_s == 9 * HOUR + 900 + 1_200
    assert day.home_s == second.leave_s + 1_800
    assert (day.travel_s, day.travel_cents) == (HOUR, 3_000)


def test_slack_is_how_much_later_everything_still_holds() -> None:
    first, second = agent_day(ROAD, 0, (0, 1)).stops

    assert second.slack_s == 10 * HOUR - second.arrive_s
    assert first.slack_s == second.slack_s


def test_lunch_in_its_place_uses_up_slack() -> None:
    noon = on_a_road(
        [(an_agent(takes_lunch=True), 0)],
        [(a_visit(windows_s=((12 * HOUR, 13 * HOUR),)), 1), (a_visit(windows_s=((13 * HOUR, 14 * HOUR),)), 1)],
        lunch=Lunch(),
    )

    day = agent_day(noon, 0, (0, 1))

    assert day.lunch_s == (45_000, 46_800)
    assert day.stops[1].start_s == 13 * HOUR
    assert day.stops[0].slack_s > 0


def test_an_order_given_by_hand_gets_times_and_violations() -> None:
    late = evaluate(ROAD, Plan.of([[1, 0]]))
    worse = on_a_road(
        [(an_agent(), 0)],
        [(a_visit(windows_s=((9 * HOUR, 9 * HOUR),)), 10), (a_visit(windows_s=((9 * HOUR, 9 * HOUR),)), 30)],
    )
    judged = judge(worse, Plan.of([[1, 0]]))

    assert late.violations == ()
    assert [(v.rule, v.visit, v.by) for v in judged.violations] == [("window", 0, 900 + 1_200)]
    assert judged.days[0].stops[1].slack_s == -(900 + 1_200)


def test_an_agent_with_nothing_to_do_stays_at_home() -> None:
    day = agent_day(on_a_road([(an_agent(takes_lunch=True), 0)], []), 0, ())

    assert (day.stops, day.travel_s, day.lunch_s) == ((), 0, None)
    assert day.late_home_s == 0
