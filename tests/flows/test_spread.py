"""Several days planned at once: each practice on its best day, each day a plan of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.services import spread
from fieldapp.store.tables import Person, Placement, Plan, Practice
from tests.flows.arranged import TODAY, entrusted
from tests.flows.conftest import House
from tests.flows.test_planning import code, dispatcher, planned, stops_of


async def one_visit_a_day(house: House) -> None:
    async with house.session() as session:
        agent: Person = await session.merge(house.people[Role.AGENT])
        agent.max_visits = 1


async def ends_after(house: House, practice_id: UUID, days: int) -> None:
    async with house.session() as session:
        practice = (await session.exec(select(Practice).where(Practice.id == practice_id))).one()
        placement = (await session.exec(select(Placement).where(Placement.id == practice.placement_id))).one()
        placement.ends_on = TODAY + timedelta(days=days)


async def all_days(house: House, view: dict[str, Any]) -> dict[str, list[str]]:
    """By day the practices that are visited, as each day's own plan shows them."""
    desk = await dispatcher(house)
    found = {}
    for one in view["spread"]:
        plan = (await desk.get(f"/dispatch/plans/{one['plan_id']}")).json()
        assert (plan["day"], plan["state"], plan["spread"]) == (one["day"], "done", view["spread"])
        found[one["day"]] = [stop["practice_number"] for stop in stops_of(plan)]
    return found


async def test_visits_are_spread_over_the_days_and_nobody_is_visited_twice(house: House) -> None:
    await one_visit_a_day(house)
    for number in ("P-001", "P-002", "P-003"):
        await entrusted(house, number)

    view = await planned(house, await dispatcher(house), days=3)

    days = await all_days(house, view)
    assert list(days) == [(TODAY + timedelta(days=later)).isoformat() for later in range(3)]
    assert [len(numbers) for numbers in days.values()] == [1, 1, 1]
    assert sorted(number for numbers in days.values() for number in numbers) == ["P-001", "P-002", "P-003"]
    assert [one["served"] for one in view["spread"]] == [1, 1, 1]


async def test_what_ends_first_goes_first(house: House) -> None:
    await one_visit_a_day(house)
    for number in ("P-001", "P-002"):
        await entrusted(house, number)
    await ends_after(house, await entrusted(house, "P-003"), 2)

    days = await all_days(house, await planned(house, await dispatcher(house), days=3))

    assert days[TODAY.isoformat()] == ["P-003"]


async def test_a_visit_on_another_day_is_told_with_that_day_and_held_for_nobody(house: House) -> None:
    await one_visit_a_day(house)
    await entrusted(house, "P-001")
    await entrusted(house, "P-002")

    view = await planned(house, await dispatcher(house), days=2)

    (made,) = stops_of(view)
    (other,) = view["unplanned"]
    assert other["practice_number"] != made["practice_number"]
    assert other["reason"] == "spread_on_another_day"
    assert other["details"] == {"on": (TODAY + timedelta(days=1)).isoformat()}
    assert [route["in_reserve"] for route in view["routes"]] == [[]]


async def test_one_person_with_two_practices_is_visited_on_one_day(house: House) -> None:
    await entrusted(house, "P-001")
    await entrusted(house, "P-002", of="P-001")

    days = await all_days(house, await planned(house, await dispatcher(house), days=3))

    assert days == {TODAY.isoformat(): ["P-001", "P-002"]} or days == {TODAY.isoformat(): ["P-002", "P-001"]}


async def test_a_day_without_a_visit_gets_no_plan(house: House) -> None:
    await entrusted(house)

    view = await planned(house, await dispatcher(house), days=5)

    assert view["spread"] == [{"day": TODAY.isoformat(), "plan_id": view["id"], "served": 1}]
    async with house.session() as session:
        assert len((await session.exec(select(Plan))).all()) == 1


async def test_a_day_of_the_spread_is_published_and_planned_again_by_itself(house: House) -> None:
    await one_visit_a_day(house)
    await entrusted(house, "P-001")
    await entrusted(house, "P-002")
    desk = await dispatcher(house)
    view = await planned(house, desk, days=2)
    later = view["spread"][1]

    draft = (await desk.post(f"/dispatch/plans/{later['plan_id']}/draft")).json()
    again = await planned(house, desk, day=later["day"], keep=draft["plan_id"])
    published = await desk.post(f"/dispatch/plans/{later['plan_id']}/publish")

    assert published.status_code == 200, published.text
    assert len(stops_of(published.json())) == 1
    assert [stop["practice_id"] for stop in stops_of(again)] == [s["practice_id"] for s in stops_of(published.json())]
    assert again["unplanned"] == [], "whom the first day visits is left to it"


async def test_a_repeated_job_does_nothing(house: House) -> None:
    await one_visit_a_day(house)
    for number in ("P-001", "P-002"):
        await entrusted(house, number)
    view = await planned(house, await dispatcher(house), days=2)

    await spread.run_spread(house.parts, house.identity(Role.DISPATCHER), plan_id=view["id"])

    async with house.session() as session:
        assert len((await session.exec(select(Plan))).all()) == 2


async def test_a_draft_is_kept_on_one_day_only(house: House) -> None:
    await entrusted(house)
    desk = await dispatcher(house)
    plan = await planned(house, desk)
    draft = (await desk.post(f"/dispatch/plans/{plan['id']}/draft")).json()

    answer = await desk.post(
        "/dispatch/plans", json={"day": TODAY.isoformat(), "seconds": 1, "days": 2, "keep": draft["plan_id"]}
    )

    assert code(answer) == (409, "plan.keeps_one_day")


@pytest.mark.parametrize(
    ("days_left", "days", "left_cents"),
    [(9, 0, 1_000), (9, 1, 900), (9, 9, 100), (9, 10, 0), (0, 0, 1_000), (0, 1, 0), (-3, 0, 0)],
)
def test_each_day_of_waiting_takes_its_share_of_those_that_are_left(days_left: int, days: int, left_cents: int) -> None:
    assert spread.waited(1_000, days_left=days_left, days=days) == left_cents
