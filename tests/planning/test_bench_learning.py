"""The weeks of `bench.learning`: the same seed lives the same, and a policy knows nothing but its own tries."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench import learning
from bench.learning import Policy, a_province, live


@pytest.fixture(autouse=True)
def short_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "ITERATIONS", 800)


DOORS = 100
PROVINCE = a_province(1, DOORS, seed=4)


@pytest.mark.parametrize("policy", learning.POLICIES.values(), ids=learning.POLICIES)
def test_the_same_seed_lives_the_same_weeks(policy: Policy) -> None:
    first, second = (live(a_province(1, DOORS, seed=4), policy, weeks=1) for _ in range(2))

    assert first == second


@pytest.mark.parametrize("policy", [learning.planner, learning.learning])
def test_what_stays_behind_doors_never_tried_is_never_known(policy: Policy) -> None:
    lived = live(PROVINCE, policy, weeks=1)
    hidden = [door for door in range(DOORS) if door not in lived.memory.last]
    assert hidden

    always = tuple((0.99,) * 48 if door in hidden else PROVINCE.at_home[door] for door in range(DOORS))

    assert live(replace(PROVINCE, at_home=always), policy, weeks=1) == lived


def test_who_knows_the_habits_goes_where_somebody_is() -> None:
    lived = live(PROVINCE, learning.planner, weeks=1)
    hidden = [door for door in range(DOORS) if door not in lived.memory.last]
    always = tuple((0.99,) * 48 if door in hidden else (0.01,) * 48 for door in range(DOORS))

    knowing = live(replace(PROVINCE, at_home=always), learning.knowing, weeks=1)

    assert set(knowing.memory.last) & set(hidden)
    assert knowing.met > 0.5 * knowing.rings


def test_every_try_is_counted_once_with_what_it_came_to() -> None:
    lived = live(PROVINCE, learning.learning, weeks=2)

    counted = [tries for record in lived.memory.tries.values() for tries in record.values()]
    assert sum(tries.tried for tries in counted) == lived.rings > 0
    assert sum(tries.met for tries in counted) == lived.met
    assert max(lived.memory.count(door) for door in range(DOORS)) <= learning.MOST_TRIES


def test_nobody_rings_twice_in_a_week() -> None:
    lived = live(PROVINCE, learning.nearest, weeks=1)

    assert all(lived.memory.count(door) <= 1 for door in range(DOORS))
