"""Who is in which squad on which day, and of whom a squad's figures may be shown."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.errors import Refusal
from fieldapp.domain.squads import LEAST_TOGETHER, NOBODYS, Membership, squad_name, told_together

NORTH, SOUTH = UUID(int=1), UUID(int=2)
MONDAY = date(2026, 11, 23)
DAYS = [MONDAY + timedelta(days=n) for n in range(12)]
days = st.sampled_from(DAYS)
places = st.sampled_from([NORTH, SOUTH, None])
memberships = st.dictionaries(days, places).map(lambda found: Membership.of(found.items()))


def test_a_change_counts_from_its_day_on_and_the_days_before_stay() -> None:
    membership = Membership().moved(NORTH, from_on=DAYS[1]).moved(SOUTH, from_on=DAYS[4])

    assert [membership.on(day) for day in DAYS[:6]] == [None, NORTH, NORTH, NORTH, SOUTH, SOUTH]
    assert membership.since(DAYS[3]) == DAYS[1]
    assert membership.after(DAYS[3]) == ((DAYS[4], SOUTH),)


@given(memberships, places, days)
def test_whoever_is_moved_is_there_from_that_day_until_the_next_change(
    before: Membership, place: UUID | None, from_on: date
) -> None:
    after = before.moved(place, from_on=from_on)

    later = [change for change in before.changes if change[0] > from_on]
    ends = later[0][0] if later else DAYS[-1] + timedelta(days=1)
    for day in DAYS:
        assert after.on(day) == (place if from_on <= day < ends else before.on(day))


@given(memberships, days)
def test_a_closed_squad_holds_nobody_from_that_day_on_and_others_keep_theirs(before: Membership, from_on: date) -> None:
    after = before.without(NORTH, from_on=from_on)

    for day in DAYS:
        gone = day >= from_on and before.on(day) == NORTH
        assert after.on(day) == (None if gone else before.on(day))


@given(memberships, days)
def test_who_leaves_is_in_none_from_that_day_on(before: Membership, from_on: date) -> None:
    after = before.ended(from_on=from_on)

    assert [after.on(day) for day in DAYS] == [before.on(day) if day < from_on else None for day in DAYS]
    assert after.after(from_on) == ()


@given(memberships)
def test_each_change_that_is_shown_changes_something_and_no_other_does(membership: Membership) -> None:
    places = [None, *(place for _, place in membership.shown)]

    assert all(one != next_one for one, next_one in pairwise(places))
    assert [Membership(membership.shown).on(day) for day in DAYS] == [membership.on(day) for day in DAYS]
    assert [Membership(membership.shown).since(day) for day in DAYS] == [membership.since(day) for day in DAYS]


def test_a_mistake_taken_back_leaves_what_was_planned_for_later() -> None:
    planned = Membership().moved(NORTH, from_on=DAYS[0]).moved(SOUTH, from_on=DAYS[9])

    mistaken = planned.moved(SOUTH, from_on=DAYS[4])
    mended = mistaken.moved(NORTH, from_on=DAYS[4])

    assert mistaken.after(DAYS[0]) == ((DAYS[4], SOUTH),)
    assert [mended.on(day) for day in DAYS] == [planned.on(day) for day in DAYS]
    assert mended.after(DAYS[0]) == ((DAYS[9], SOUTH),), "said once"
    assert mended.since(DAYS[6]) == DAYS[0]


def test_closing_a_squad_or_leaving_writes_nothing_of_who_is_in_none_of_it() -> None:
    others = Membership().moved(SOUTH, from_on=DAYS[0]).moved(SOUTH, from_on=DAYS[3])

    assert others.without(NORTH, from_on=DAYS[3]) == others
    assert Membership().ended(from_on=DAYS[3]) == Membership()
    twice = Membership().moved(NORTH, from_on=DAYS[0]).moved(NORTH, from_on=DAYS[9])
    closed = twice.without(NORTH, from_on=DAYS[3])
    assert closed.moved(SOUTH, from_on=DAYS[5]).on(DAYS[9]) == SOUTH, "a plan for the closed squad ends nothing else"


@pytest.mark.parametrize(
    ("at_work", "told"),
    [
        ({}, set()),
        ({"a": 3}, {"a"}),
        # Of one the figures are the agent's own; of two each knows the other's.
        ({"a": 1}, set()),
        ({"a": 2}, set()),
        ({"a": 3, "b": 4}, {"a", "b"}),
        ({"a": 5, "b": 3, NOBODYS: 3}, {"a", "b"}),
        # One agent outside: the day's total less squad a would be that agent's. The smaller squad joins them.
        ({"a": 5, "b": 3, NOBODYS: 1}, {"a"}),
        ({"a": 5, "b": 2}, set()),
        # Two small ones together are three: they hide each other.
        ({"a": 5, "b": 2, "c": 1}, {"a"}),
        # Agents in no squad are never a squad.
        ({NOBODYS: 9}, set()),
        # Of two equal ones always the same.
        ({"b": 3, "a": 3, "c": 1}, {"b"}),
    ],
)
def test_figures_are_told_of_several_together_and_leave_over_several(at_work: dict[str, int], told: set[str]) -> None:
    assert told_together(at_work) == told


@pytest.mark.parametrize(
    ("sent", "visited", "told"),
    [
        # Three with stops do not open the visits of the one who went.
        ({"a": 3}, {"a": 1}, set()),
        ({"a": 3, "b": 3}, {"a": 1, "b": 3}, set()),
        ({"a": 3, "b": 3}, {"a": 3, "b": 3}, {"a", "b"}),
        # Nor do three who visited unasked open the plan of one.
        ({"a": 1}, {"a": 3}, set()),
        ({}, {"a": 3}, {"a"}),
        # Before anybody went only the plan says something.
        ({"a": 3, "b": 3}, {}, {"a", "b"}),
        ({"a": 3, "b": 3}, {"a": 0, "b": 0}, {"a", "b"}),
        # What is left over is of several in each.
        ({"a": 5, "b": 3, NOBODYS: 3}, {"a": 5, "b": 3, NOBODYS: 1}, {"a"}),
        ({"a": 5, "b": 3, NOBODYS: 3}, {"a": 5, "b": 3}, {"a", "b"}),
        ({"a": 5, "b": 3, NOBODYS: 1}, {"a": 5, "b": 3, NOBODYS: 3}, {"a"}),
        ({"a": 4, "b": 4, "c": 4}, {"a": 4, "b": 4, "c": 2}, {"b"}),
    ],
)
def test_who_was_sent_and_who_visited_are_each_several(
    sent: dict[str, int], visited: dict[str, int], told: set[str]
) -> None:
    assert told_together(sent, visited) == told


counts = st.dictionaries(st.sampled_from(["a", "b", "c", "d", NOBODYS]), st.integers(0, 6))


@given(st.lists(counts, min_size=1, max_size=3))
def test_nobody_can_reckon_one_or_two_agents_out_of_what_is_told(at_work: list[dict[str, int]]) -> None:
    told = told_together(*at_work)

    for count in at_work:
        left = sum(agents for key, agents in count.items() if key not in told)
        assert not any(count.values()) or all(count.get(key, 0) >= LEAST_TOGETHER for key in told)
        assert not told or left == 0 or left >= LEAST_TOGETHER


@pytest.mark.parametrize("typed", ["", "   ", "x" * 61, "Nord\x00", "a\u202eb"])
def test_a_name_is_legible_and_not_too_long(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        squad_name(typed)

    assert refused.value.code == "squad.name_unfit"


def test_blanks_around_and_within_a_name_count_once() -> None:
    assert squad_name("  Lodi \t  e  Codogno ") == "Lodi e Codogno"
