"""Bad problems: each item is named by its code and place, the rest is planned and lawful."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.domain.errors import Refusal
from fieldapp.planning.checker import judge
from fieldapp.planning.files import read_day, read_plan, read_problem, write_plan
from fieldapp.planning.instances import Layout, made_up_day
from fieldapp.planning.solver import solve

Spoil = Callable[[dict[str, Any]], object]
NAN = float("nan")


def planned(document: Any) -> dict[str, Any]:
    reading = read_day(document)
    solution = solve(reading.problem, seed=1, iterations=300)
    assert judge(reading.problem, solution.plan).broken == ()
    return write_plan(reading, solution)


def told(plan: dict[str, Any]) -> set[tuple[str, str]]:
    return {(fault["code"].removeprefix("problem."), fault["place"]) for fault in plan["faults"]}


def a_road(agents: int = 1, visits: int = 3) -> dict[str, Any]:
    """A day with given travel: every way takes ten minutes and costs two euro."""
    day = made_up_day(agents, visits, seed=1)
    n = agents + visits
    day["duration_s"] = [[600 * (i != j) for j in range(n)] for i in range(n)]
    day["cost_cents"] = [[200 * (i != j) for j in range(n)] for i in range(n)]
    for visit in day["visits"]:
        visit.update(tw=[[32_400, 64_800]], pin=-1, must=False, prize=5_000)
    return day


ITEMS: list[tuple[Spoil, str, str]] = [
    # a window that ends before it starts
    (lambda d: d["visits"][0].update(tw=[[50_000, 40_000]]), "window_reversed", "visits[0].tw[0]"),
    # and so no window at all
    (lambda d: d["visits"][0].update(tw=[[50_000, 40_000]]), "no_window", "visits[0].tw"),
    # an empty list of windows
    (lambda d: d["visits"][0].update(tw=[]), "no_window", "visits[0].tw"),
    # windows in words
    (lambda d: d["visits"][0].update(tw="9-12"), "no_window", "visits[0].tw"),
    # a window with one end
    (lambda d: d["visits"][0].update(tw=[[40_000]]), "window_unreadable", "visits[0].tw[0]"),
    # a window that is not a number
    (lambda d: d["visits"][0].update(tw=[[40_000, NAN]]), "window_unreadable", "visits[0].tw[0]"),
    # pinned to an agent who is not there
    (lambda d: d["visits"][0].update(pin=99), "unknown_pin", "visits[0].pin"),
    # pinned to no whole number
    (lambda d: d["visits"][0].update(pin="anna"), "unknown_pin", "visits[0].pin"),
    # a service that takes less than no time
    (lambda d: d["visits"][0].update(service=-1), "visit_unreadable", "visits[0].service"),
    # a load that makes room
    (lambda d: d["visits"][0].update(load=-1), "visit_unreadable", "visits[0].load"),
    # a visit that is no object
    (lambda d: d["visits"].__setitem__(0, None), "visit_unreadable", "visits[0]"),
    # a visit at night: nobody works then
    (lambda d: d["visits"][0].update(tw=[[0, 3_600]], must=True), "outside_shifts", "visits[0]"),
    # an appointment after everybody is home
    (lambda d: d["visits"][0].update(tw=[[64_790, 64_800]], must=True), "shift_too_short", "visits[0]"),
    # an island: no road there
    (lambda d: [row.__setitem__(1, None) for row in d["duration_s"]], "visit_without_road", "visits[0]"),
    # a road there, none back
    (lambda d: d["duration_s"].__setitem__(1, [NAN] * 4), "visit_without_road", "visits[0]"),
    # a language that nobody speaks
    (lambda d: d["visits"][0].update(skills=["de"]), "nobody_skilled", "visits[0]"),
    # skills that are no list
    (lambda d: d["visits"][0].update(skills="de"), "skills_unreadable", "visits[0].skills"),
    # a kind of visit that nobody gave a time
    (lambda d: [d["visits"][0].pop("service"), d["visits"][0].update(kind="x")], "unknown_kind", "visits[0].kind"),
    # the same key twice
    (lambda d: [visit.update(key="P-1") for visit in d["visits"][:2]], "visit_twice", "visits[1]"),
]


@pytest.mark.parametrize(("spoil", "code", "place"), ITEMS, ids=[f"{c}-{p}-{i}" for i, (_, c, p) in enumerate(ITEMS)])
def test_a_visit_that_cannot_be_planned_is_named_and_the_others_are_planned(
    spoil: Spoil, code: str, place: str
) -> None:
    day = a_road()
    spoil(day)

    plan = planned(day)

    assert (code, place) in told(plan)
    left_out = 1 if code == "visit_twice" else 0
    assert sorted(plan["routes"][0]) == [v for v in range(3) if v != left_out]


MENDED: list[tuple[Spoil, str, str]] = [
    # one of two windows ends before it starts: the other one is used
    (lambda d: d["visits"][0].update(tw=[[9, 8], [32_400, 64_800]]), "window_reversed", "visits[0].tw[0]"),
    # a wish for an agent who is not there
    (lambda d: d["visits"][0].update(preferred=7, preferred_cents=5), "unknown_preferred", "visits[0].preferred"),
    # a door that is a number with a point
    (lambda d: d["visits"][0].update(door=1.5), "door_unreadable", "visits[0].door"),
    # the second practice at a door takes longer than the first
    (lambda d: d["visits"][0].update(again=99_999), "again_unreadable", "visits[0].again"),
    # kept apart from a visit that is not there
    (lambda d: d.update(not_together=[[0, 3]]), "apart_unreadable", "not_together[0][1]"),
    # kept apart from nobody knows what
    (lambda d: d.update(not_together="0,1"), "apart_unreadable", "not_together"),
    # times of kinds that are no times
    (lambda d: d.update(service_by_kind={"first": "long"}), "kinds_unreadable", "service_by_kind.first"),
    # an agent whose skills nobody can read
    (lambda d: d["agents"][0].update(skills=[7]), "skills_unreadable", "agents[0].skills"),
    # lunch hours the wrong way round
    (lambda d: d["lunch"].update(earliest_start=52_200, latest_end=45_000), "lunch_hours", "lunch"),
    # a break longer than its hours
    (lambda d: d["lunch"].update(duration=9_000), "lunch_hours", "lunch"),
    # no lunch hours
    (lambda d: d.pop("lunch"), "lunch_unreadable", "lunch"),
    # an agent of whom nobody says whether there is a break
    (lambda d: d["agents"][0].pop("lunch"), "lunch_unsaid", "agents[0].lunch"),
    # a way that is missing
    (lambda d: d["duration_s"][1].__setitem__(2, None), "way_missing", "duration_s[1][2]"),
    # a way that is endless
    (lambda d: d["cost_cents"][1].__setitem__(2, float("inf")), "way_missing", "cost_cents[1][2]"),
    # a way in words
    (lambda d: d["duration_s"][1].__setitem__(2, "far"), "way_missing", "duration_s[1][2]"),
    # a way back in time
    (lambda d: d["duration_s"][1].__setitem__(2, -60), "way_negative", "duration_s[1][2]"),
    # a way that pays
    (lambda d: d["cost_cents"][1].__setitem__(2, -60), "way_negative", "cost_cents[1][2]"),
    # a way of three days
    (lambda d: d["duration_s"][1].__setitem__(2, 259_200), "way_too_long", "duration_s[1][2]"),
    # a row that is too short
    (lambda d: d["duration_s"].__setitem__(1, [600, 0, 600]), "table_shape", "duration_s[1]"),
    # a row too many
    (lambda d: d["cost_cents"].append([0, 0, 0, 0]), "table_shape", "cost_cents"),
]


@pytest.mark.parametrize(("spoil", "code", "place"), MENDED, ids=[f"{c}-{p}" for _, c, p in MENDED])
def test_what_can_be_done_without_is_named_and_nothing_falls_out(spoil: Spoil, code: str, place: str) -> None:
    day = a_road()
    spoil(day)

    plan = planned(day)

    assert (code, place) in told(plan)
    assert sorted(plan["routes"][0]) == [0, 1, 2]


def test_a_way_that_is_missing_or_negative_is_never_driven() -> None:
    day = a_road(visits=4)
    for i, j in ((1, 2), (2, 3), (3, 4)):
        day["duration_s"][i][j], day["cost_cents"][i][j] = None, -100_000

    route = planned(day)["routes"][0]

    assert sorted(route) == [0, 1, 2, 3]
    assert not {(0, 1), (1, 2), (2, 3)} & set(pairwise(route))


def test_a_door_named_at_two_places_is_told_and_joins_nothing() -> None:
    day = made_up_day(1, 3, seed=1)
    for visit in day["visits"]:
        visit["door"] = "via Roma 1"
    day["visits"][1].update(x=day["visits"][0]["x"], y=day["visits"][0]["y"])

    reading = read_day(day)

    assert [(f.code, f.place) for f in reading.faults] == [("problem.door_elsewhere", "visits[2].door")]
    assert reading.problem.door.tolist() == [0, 0, -1]


def test_two_islands_of_visits_are_named_one_by_one_and_not_way_by_way() -> None:
    day = a_road(visits=6)
    for i in range(7):
        for j in range(7):
            if (i >= 4) != (j >= 4):
                day["duration_s"][i][j] = None

    plan = planned(day)

    assert told(plan) == {("visit_without_road", f"visits[{v}]") for v in (3, 4, 5)}
    assert sorted(plan["routes"][0]) == [0, 1, 2]


AGENTS: list[tuple[Spoil, str, str]] = [
    # a shift the wrong way round
    (lambda d: d["agents"][0].update(shift=[64_800, 32_400]), "shift_reversed", "agents[0].shift"),
    # no shift
    (lambda d: d["agents"][0].pop("shift"), "agent_unreadable", "agents[0].shift"),
    # less than no visits
    (lambda d: d["agents"][0].update(max_visits=-1), "agent_unreadable", "agents[0].max_visits"),
    # a capacity in words
    (lambda d: d["agents"][0].update(capacity="big"), "agent_unreadable", "agents[0].capacity"),
    # no object
    (lambda d: d["agents"].__setitem__(0, 5), "agent_unreadable", "agents[0]"),
    # no road from home
    (lambda d: d["duration_s"].__setitem__(0, [None] * 5), "agent_without_road", "agents[0]"),
]


@pytest.mark.parametrize(("spoil", "code", "place"), AGENTS, ids=[f"{c}-{p}" for _, c, p in AGENTS])
def test_an_agent_who_cannot_be_read_stays_at_home_and_the_other_one_works(spoil: Spoil, code: str, place: str) -> None:
    day = a_road(agents=2)
    spoil(day)

    plan = planned(day)

    assert (code, place) in told(plan)
    assert plan["routes"][0] == []
    assert sorted(plan["routes"][1]) == [0, 1, 2]


def test_two_appointments_at_the_same_minute_keep_one_and_name_the_other() -> None:
    day = a_road()
    for visit in day["visits"][:2]:
        visit.update(tw=[[36_000, 36_000]], must=True)

    plan = planned(day)

    (lost,) = plan["unserved_must"]
    assert (fault := plan["faults"][0])["code"] == "problem.musts_collide"
    assert (fault["place"], fault["other"]) == (f"visits[{lost}]", f"visits[{1 - lost}]")
    assert sorted(plan["routes"][0]) == sorted({1 - lost, 2})


def test_two_appointments_at_the_same_minute_are_both_kept_by_two_agents() -> None:
    day = a_road(agents=2)
    for visit in day["visits"][:2]:
        visit.update(tw=[[36_000, 36_000]], must=True)

    plan = planned(day)

    assert plan["unserved_must"] == []
    assert plan["faults"] == []


def test_a_day_without_agents_is_an_empty_plan_that_says_so() -> None:
    plan = planned(made_up_day(0, 5, seed=1))

    assert plan["routes"] == []
    assert told(plan) == {("nobody_at_work", "agents")}


def test_a_day_without_visits_is_an_empty_plan_that_says_so() -> None:
    plan = planned(made_up_day(3, 0, seed=1))

    assert plan["routes"] == [[], [], []]
    assert told(plan) == {("nothing_to_plan", "visits")}


def test_visits_alike_in_everything_are_both_planned_and_pointed_out() -> None:
    day = made_up_day(1, 2, seed=1)
    day["visits"][0].update(tw=[[32_400, 64_800]], pin=-1, must=True)
    day["visits"][1] = dict(day["visits"][0])

    plan = planned(day)

    assert told(plan) == {("visit_like_another", "visits[1]")}
    assert sorted(plan["routes"][0]) == [0, 1]


def test_more_missing_ways_than_anybody_reads_are_counted() -> None:
    day = a_road(visits=20)
    for i in range(1, 21):
        for j in range(1, 21):
            day["duration_s"][i][j] = None if (i + j) % 2 and i != j else 600

    plan = planned(day)

    ways = [fault for fault in plan["faults"] if fault["code"] == "problem.way_missing"]
    assert (len(ways), plan["faults"][100]["code"], plan["faults"][100]["value"]) == (100, "problem.more_ways", "100")


@pytest.mark.parametrize("document", [None, [], {}, {"agents": {}}, {"agents": [], "visits": 5}, "a plan"])
def test_what_no_day_can_be_planned_without_is_refused(document: Any) -> None:
    with pytest.raises(Refusal, match=r"planning\.field_missing"):
        read_day(document)


@pytest.mark.parametrize("layout", list(Layout))
def test_a_sound_day_is_read_as_it_stands_and_nothing_is_told(layout: Layout) -> None:
    day = made_up_day(3, 20, seed=2, layout=layout)

    reading, strict = read_day(day), read_problem(day)

    assert reading.faults == ()
    assert reading.closed == frozenset()
    for name in ("travel_s", "cost_cents", "windows_s", "prize_cents", "may_visit", "shift_s", "must"):
        assert getattr(reading.problem, name).tolist() == getattr(strict, name).tolist()


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=True),
    st.text(max_size=3),
    st.lists(st.integers(-5, 90_000), max_size=3),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
)


@given(data=st.data())
@settings(deadline=None, max_examples=150)
def test_whatever_stands_in_an_item_the_rest_is_planned(data: st.DataObject) -> None:
    day = a_road(agents=2, visits=4)
    for kind, number in data.draw(
        st.lists(st.tuples(st.sampled_from(["agents", "visits"]), st.integers(0, 1)), min_size=1, max_size=3)
    ):
        item = day[kind][number]
        if not isinstance(item, dict) or not item or data.draw(st.booleans()):
            day[kind][number] = data.draw(JUNK)
        else:
            item[data.draw(st.sampled_from(sorted(item)))] = data.draw(JUNK)
    if data.draw(st.booleans()):
        del day["duration_s"], day["cost_cents"]
    elif data.draw(st.booleans()):
        row, column = data.draw(st.integers(0, 5)), data.draw(st.integers(0, 5))
        day[data.draw(st.sampled_from(["duration_s", "cost_cents"]))][row][column] = data.draw(JUNK)

    plan = planned(json.loads(json.dumps(day)))

    assert read_plan(json.loads(json.dumps(plan))).planned <= set(range(4))
