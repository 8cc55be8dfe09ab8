"""Orders in a person's hands: moves, stale moves, begun visits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.planning.by_hand import changed_since, lane_of, move, shifts_begun

ORDERS = {"anna": ("a", "b", "c"), "bruno": ("d",), "carla": ()}


@pytest.mark.parametrize(
    ("visit", "to", "place", "after"),
    [
        ("a", "bruno", 0, {"anna": ("b", "c"), "bruno": ("a", "d")}),
        ("a", "bruno", None, {"anna": ("b", "c"), "bruno": ("d", "a")}),
        ("a", "anna", 1, {"anna": ("b", "a", "c")}),  # the place counts without the visit itself
        ("c", "anna", 0, {"anna": ("c", "a", "b")}),
        ("b", None, None, {"anna": ("a", "c")}),  # taken out
        ("new", "carla", 5, {"carla": ("new",)}),  # put in, beyond the end
        ("a", "carla", -3, {"anna": ("b", "c"), "carla": ("a",)}),
    ],
)
def test_a_visit_goes_where_the_hand_puts_it(
    visit: str, to: str | None, place: int | None, after: dict[str, tuple[str, ...]]
) -> None:
    moved = move(ORDERS, visit, to=to, place=place)

    assert moved.after == after
    assert moved.before == {lane: ORDERS[lane] for lane in after}


@given(st.sampled_from("abcd"), st.sampled_from(["anna", "bruno", "carla", None]), st.integers(-2, 6))
def test_no_visit_is_lost_or_doubled_and_no_other_changes_its_order(visit: str, to: str | None, place: int) -> None:
    moved = move(ORDERS, visit, to=to, place=place)

    after = {**ORDERS, **moved.after}
    held = [one for order in after.values() for one in order]
    assert sorted(held) == sorted("abcd" if to is not None else set("abcd") - {visit})
    assert lane_of(after, visit) == to
    for lane, order in after.items():
        assert [one for one in order if one != visit] == [one for one in ORDERS[lane] if one != visit]


def test_a_lane_that_somebody_changed_since_is_named() -> None:
    revisions = {"anna": 3, "bruno": 0}

    assert changed_since(revisions, {"anna": 3}, ["anna", "bruno"]) == []
    assert changed_since(revisions, {"anna": 2, "bruno": 0}, ["anna", "bruno"]) == ["anna"]
    assert changed_since(revisions, {}, ["bruno", "anna"]) == ["anna"]


@pytest.mark.parametrize(
    ("visit", "to", "place", "shifted"),
    [
        ("b", "bruno", None, []),  # behind the begun one
        ("c", "anna", 0, ["a"]),  # before it
        ("a", "bruno", 0, ["a"]),  # the begun one itself
        ("a", None, None, ["a"]),
    ],
)
def test_a_begun_visit_stays_in_lane_and_place(
    visit: str, to: str | None, place: int | None, shifted: list[str]
) -> None:
    assert shifts_begun(move(ORDERS, visit, to=to, place=place), ["a"]) == shifted
