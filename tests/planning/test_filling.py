"""Gaps filled: what is put in pays and breaks nothing, and nobody else changes place."""

from __future__ import annotations

from hypothesis import given, settings

from fieldapp.planning.by_hand import hand_over, only_adds
from fieldapp.planning.checker import judge
from fieldapp.planning.filling import fill, worth_cents
from fieldapp.planning.insertion import insertions
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Problem
from fieldapp.planning.solver import solve
from tests.planning.builders import problems


@settings(deadline=None, max_examples=40)
@given(problems())
def test_filling_keeps_every_order_breaks_nothing_and_leaves_no_place_that_pays(problem: Problem) -> None:
    found = solve(problem, seed=1, iterations=20).plan
    plan = Plan(tuple(route[:1] for route in found.routes))
    before = judge(problem, plan)
    if before.broken:
        return

    filled = fill(problem, plan, plan.unplanned(problem))

    after = judge(problem, filled.plan)
    assert not after.broken
    assert all(only_adds(old, new) for old, new in zip(plan.routes, filled.plan.routes, strict=True))
    assert len(filled.plan.planned) == len(plan.planned) + len(filled.put_in)
    left = filled.plan.unplanned(problem)
    places = insertions(problem, filled.plan, left)
    assert not [one for one in places if one is not None and worth_cents(problem, one) > 0]


def test_a_handed_over_route_is_laid_between_by_its_hours_and_both_keep_their_order() -> None:
    orders = {"anna": ("a", "b", "c"), "bruno": ("x", "y")}
    at = {"a": 1, "x": 2, "b": 3, "c": 4, "y": 5}

    moved = hand_over(orders, ["c", "a"], origin="anna", to="bruno", at=at)

    assert moved.after == {"anna": ("b",), "bruno": ("a", "x", "c", "y")}
    assert moved.before == orders
