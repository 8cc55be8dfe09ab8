"""What a problem refuses, and what it makes of what it accepts."""

from typing import Any

import numpy as np
import pytest

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.planning.problem import Lunch, Problem
from tests.planning.builders import HOUR, a_visit, an_agent

SQUARE = [[0, 60, 60], [60, 0, 60], [60, 60, 0]]


def build(**changes: Any) -> Problem:
    parts: dict[str, Any] = {
        "agents": [an_agent()],
        "visits": [a_visit(), a_visit()],
        "travel_s": SQUARE,
        "cost_cents": SQUARE,
        **changes,
    }
    agents, visits = parts.pop("agents"), parts.pop("visits")
    return Problem.of(agents, visits, **parts)


def with_entry(value: Any) -> list[list[Any]]:
    return [[0, 60, 60], [60, 0, value], [60, 60, 0]]


BAD = [
    # the window ends before it starts
    ({"visits": [a_visit(), a_visit(windows_s=((9 * HOUR, 8 * HOUR),))]}, "window_reversed", "visits[1].windows_s[0]"),
    # a visit without any window could never be made
    ({"visits": [a_visit(windows_s=()), a_visit()]}, "no_window", "visits[0].windows_s"),
    # a window of three moments
    ({"visits": [a_visit(windows_s=((1, 2, 3),)), a_visit()]}, "bad_time", "visits[0].windows_s[0]"),
    # fractions of a second
    ({"visits": [a_visit(windows_s=((1.5, 2),)), a_visit()]}, "bad_time", "visits[0].windows_s[0]"),
    # a moment before midnight
    ({"visits": [a_visit(windows_s=((-1, 2),)), a_visit()]}, "bad_time", "visits[0].windows_s[0]"),
    # a moment beyond the second midnight
    ({"visits": [a_visit(windows_s=((1, 10**6),)), a_visit()]}, "bad_time", "visits[0].windows_s[0]"),
    # the shift ends before it starts
    ({"agents": [an_agent(shift_s=(9, 8))]}, "shift_reversed", "agents[0].shift_s"),
    # fewer than no visits
    ({"agents": [an_agent(max_visits=-1)]}, "bad_number", "agents[0].max_visits"),
    # a flag where a number belongs
    ({"agents": [an_agent(max_visits=True)]}, "bad_number", "agents[0].max_visits"),
    # service that takes negative time
    ({"visits": [a_visit(service_s=-1), a_visit()]}, "bad_number", "visits[0].service_s"),
    # money is whole cents
    ({"visits": [a_visit(prize_cents=10.5), a_visit()]}, "bad_number", "visits[0].prize_cents"),
    # a prize that is not a number
    ({"visits": [a_visit(prize_cents="12"), a_visit()]}, "bad_number", "visits[0].prize_cents"),
    # pinned to an agent who is not there today
    ({"visits": [a_visit(), a_visit(pin=1)]}, "unknown_pin", "visits[1].pin"),
    # -1 is the exchange format's "no pin", not an agent
    ({"visits": [a_visit(), a_visit(pin=-1)]}, "unknown_pin", "visits[1].pin"),
    # a break longer than its hours
    ({"lunch": Lunch(7_201, 45_000, 52_200)}, "bad_lunch", "lunch"),
    # lunch hours the wrong way round
    ({"lunch": Lunch(0, 52_200, 45_000)}, "bad_lunch", "lunch"),
    # a place is missing
    ({"travel_s": [[0, 60], [60, 0]]}, "matrix_shape", "travel_s"),
    # not square
    ({"cost_cents": [[0, 1, 1], [1, 0, 1]]}, "matrix_shape", "cost_cents"),
    # rows of different length
    ({"cost_cents": [[0, 1, 1], [1, 0], [1, 1, 0]]}, "matrix_shape", "cost_cents"),
    # a hole where no road was found
    ({"travel_s": with_entry(float("nan"))}, "matrix_hole", "travel_s[1][2]"),
    # a hole written as null
    ({"travel_s": with_entry(None)}, "matrix_hole", "travel_s"),
    # an infinite way
    ({"travel_s": with_entry(float("inf"))}, "matrix_hole", "travel_s[1][2]"),
    # half seconds
    ({"travel_s": with_entry(0.5)}, "matrix_hole", "travel_s[1][2]"),
    # arriving before leaving
    ({"travel_s": with_entry(-1)}, "matrix_negative", "travel_s[1][2]"),
    # a number that would not survive being added up
    ({"cost_cents": with_entry(10**12)}, "matrix_too_large", "cost_cents[1][2]"),
    # kept apart from a visit that is not there
    ({"apart": [[0], [0, 7]]}, "unknown_visit", "apart[1]"),
    # the second visit at a door takes longer than the first
    ({"visits": [a_visit(), a_visit(again_s=901)]}, "bad_number", "visits[1].again_s"),
    # permissions for another number of agents
    ({"may_visit": [[True, True], [True, True]]}, "matrix_shape", "may_visit"),
]


@pytest.mark.parametrize(("changes", "code", "place"), BAD, ids=[f"{code}-{place}" for _, code, place in BAD])
def test_bad_input_is_refused_by_the_name_of_its_place(changes: dict[str, Any], code: str, place: str) -> None:
    with pytest.raises(Refusal) as refusal:
        build(**changes)

    assert refusal.value.code == f"planning.{code}"
    assert refusal.value.kind is Kind.MALFORMED
    assert refusal.value.details["place"] == place


def test_a_problem_cannot_be_changed_once_it_is_checked() -> None:
    problem = build()

    with pytest.raises(ValueError, match="read-only"):
        problem.travel_s[0, 1] = 1
    with pytest.raises(ValueError, match="read-only"):
        problem.must[0] = True


def test_the_arrays_given_are_copied() -> None:
    travel = np.array(SQUARE)
    problem = build(travel_s=travel)

    travel[0, 1] = 999

    assert problem.travel_s[0, 1] == 60


def test_windows_are_put_in_order_and_joined_where_they_overlap() -> None:
    problem = build(visits=[a_visit(windows_s=((50, 60), (10, 20), (15, 30))), a_visit()])

    assert problem.visits[0].windows_s == ((10, 30), (50, 60))


def test_a_pin_leaves_one_agent_who_may_make_the_visit() -> None:
    problem = build(agents=[], visits=[a_visit(), a_visit(), a_visit()])
    assert problem.may_visit.shape == (0, 3)

    pinned = build(agents=[an_agent(), an_agent()], visits=[a_visit(pin=1)])
    assert pinned.may_visit.tolist() == [[False], [True]]


def test_a_skill_leaves_the_agents_who_have_it() -> None:
    speakers = [an_agent(skills=frozenset({"de", "fr"})), an_agent(skills=frozenset({"fr"}))]

    problem = build(agents=speakers, visits=[a_visit(skills=frozenset({"de"}))])

    assert problem.may_visit.tolist() == [[True], [False]]


def test_the_second_visit_at_a_door_takes_two_fifths_unless_it_says_otherwise() -> None:
    problem = build(visits=[a_visit(service_s=901), a_visit(service_s=900, again_s=300)])

    assert problem.again_s.tolist() == [361, 300]
