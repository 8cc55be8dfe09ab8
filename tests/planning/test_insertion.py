"""One more visit in a plan that stands: what is answered the checker accepts, and nothing that it would is missed."""

from __future__ import annotations

from hypothesis import given, settings

from fieldapp.planning.checker import judge
from fieldapp.planning.insertion import PATIENCE_S, Insertion, barred, insertions
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Problem
from fieldapp.planning.solver import solve
from tests.planning.builders import HOUR, a_visit, an_agent, on_a_road, problems


def with_visit(plan: Plan, agent: int, place: int, visit: int) -> Plan:
    routes = list(plan.routes)
    routes[agent] = (*routes[agent][:place], visit, *routes[agent][place:])
    return Plan(tuple(routes))


def every_lawful_place(problem: Problem, plan: Plan, visit: int) -> dict[tuple[int, int], int]:
    """(Agent, place) -> cents more, of all places that the checker accepts."""
    before = judge(problem, plan).travel_cents
    found = {}
    for agent, route in enumerate(plan.routes):
        for place in range(len(route) + 1):
            judgement = judge(problem, with_visit(plan, agent, place, visit))
            if not judgement.broken:
                found[agent, place] = judgement.travel_cents - before
    return found


@settings(deadline=None)
@given(problems())
def test_what_is_offered_is_lawful_and_is_offered_wherever_anything_is(problem: Problem) -> None:
    plan = solve(problem, seed=1, iterations=30).plan
    visits = plan.unplanned(problem)

    for visit, offered in zip(visits, insertions(problem, plan, visits), strict=True):
        lawful = every_lawful_place(problem, plan, visit)
        if offered is None:
            assert lawful == {}
            continue
        assert lawful[offered.agent, offered.place] == offered.travel_cents
        # Whom somebody prefers may come a longer way, for as much as that is worth.
        asked = {
            (agent, place): cents - int(problem.preferred_cents[visit]) * (problem.preferred[0, visit] == agent)
            for (agent, place), cents in lawful.items()
        }
        assert min(asked.values()) == min(cents for (agent, _), cents in asked.items() if agent == offered.agent)
        after = judge(problem, with_visit(plan, offered.agent, offered.place, visit))
        starts = {stop.visit: stop.start_s for day in after.days for stop in day.stops}
        assert starts[visit] == offered.start_s
        assert after.travel_s - judge(problem, plan).travel_s == offered.travel_s


def one(problem: Problem, *routes: list[int], without: tuple[int, ...] = ()) -> Insertion | None:
    """The last visit put into these routes."""
    (found,) = insertions(problem, Plan.of(routes), [problem.n_visits - 1], without=without)
    return found


def test_the_nearer_agent_is_taken_unless_their_lane_is_shut() -> None:
    problem = on_a_road([(an_agent(), 0), (an_agent(), 30)], [(a_visit(), 20), (a_visit(), 4)])

    near, far = one(problem, [0], []), one(problem, [0], [], without=(0,))

    assert near is not None
    assert far is not None
    assert (near.agent, near.travel_cents, near.place) == (0, 0, 0)
    assert (far.agent, far.travel_cents) == (1, 2_600)


def test_a_detour_is_preferred_to_one_that_makes_everybody_wait() -> None:
    # The promised hour opens at noon; on the way there the agent would stand an hour and a half before the door.
    noon = a_visit(windows_s=((12 * HOUR, 12 * HOUR + 1_800),))
    early = a_visit(windows_s=((8 * HOUR, 11 * HOUR),))
    problem = on_a_road([(an_agent(), 0)], [(early, 5), (a_visit(), 30), (a_visit(), 40), (noon, 20)])

    found = one(problem, [0, 1, 2])

    assert found is not None
    assert (found.place, found.delay_s <= PATIENCE_S) == (3, True)


def test_nothing_is_put_into_a_lane_that_breaks_a_rule_as_it_stands() -> None:
    late = a_visit(windows_s=((8 * HOUR, 8 * HOUR + 60),))
    problem = on_a_road([(an_agent(), 0), (an_agent(), 0)], [(late, 30), (a_visit(), 5)])
    plan = Plan.of([[0], []])

    shut = barred(problem, plan, also=[])
    (found,) = insertions(problem, plan, [1], without=shut)

    assert shut == {0}
    assert found is not None
    assert found.agent == 1


def test_nobody_is_put_between_two_visits_at_one_door() -> None:
    beside = a_visit(door="x")
    problem = on_a_road([(an_agent(), 0)], [(beside, 10), (beside, 14), (a_visit(), 12)])

    found = one(problem, [0, 1])

    assert found is not None
    assert found.place != 1
    assert not judge(problem, with_visit(Plan(((0, 1),)), 0, found.place, 2)).broken
