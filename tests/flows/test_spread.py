"""Several days planned at once: each practice on its best day, each day a plan of its own."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.services import spread
from fieldapp.settings import Settings
from fieldapp.store.tables import Fact, Person, Placement, Plan, Practice
from tests.conftest import NOW
from tests.flows.arranged import TODAY, entrusted
from tests.flows.conftest import House, a_house
from tests.flows.phone import a_report
from tests.flows.test_agreements import with_plan
from tests.flows.test_planning import code, dispatcher, planned, stops_of
from tests.flows.test_sync import AT, one_stop, verdicts


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


LATER = TODAY + timedelta(days=13)
"""A Wednesday: the visits of today are no longer in the way of another."""


def words_of(due_on: date) -> dict[str, Any]:
    """What a report tells of a debtor who said by when to pay."""
    captured = {"promise_on": due_on.isoformat(), "promise_cents": 5_000, "channel": "card"}
    met = {"who": "debtor", "identified_by": "document", "role": None}
    return {"outcome": "PROMISE_TO_PAY", "captured": captured, "met": met, "identified_self": True}


async def promised(house: House, *, due_on: date | None, ends_in: int, then: date | None = None) -> None:
    """P-002, whose debtor said at the door today by when to pay, and on the street another day (`then`); then it is
    `LATER`."""
    phone, stop = await one_stop(house, number="P-002")
    report = a_report(stop, at=AT, **({} if due_on is None else words_of(due_on)))
    assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("accepted", None)]
    if then is not None:
        at = AT + timedelta(minutes=25)
        met_again = a_report(stop, at=at, **words_of(then)) | {"stop_id": None, "unplanned": "public_place"}
        assert await verdicts(phone, phone.envelope("visit", met_again, at=at)) == [("accepted", None)]
    await ends_after(house, UUID(stop["practice"]["id"]), 13 + ends_in)
    house.clock.move_to(NOW + timedelta(days=13))


@pytest.mark.parametrize(
    ("due_in", "first"),
    [
        # Without a promise what ends sooner goes first.
        (None, "P-001"),
        # What fell due grows cold.
        (-1, "P-002"),
        (0, "P-002"),
        # Too long ago: cold already.
        (-9, "P-001"),
    ],
)
async def test_what_has_fallen_due_goes_first(house: House, due_in: int | None, first: str) -> None:
    await one_visit_a_day(house)
    await ends_after(house, await entrusted(house, "P-001"), 33)
    await promised(house, due_on=None if due_in is None else LATER + timedelta(days=due_in), ends_in=21)

    view = await planned(house, await dispatcher(house), day=LATER.isoformat(), days=2)

    assert (await all_days(house, view))[LATER.isoformat()] == [first]


async def test_who_said_to_pay_tomorrow_is_not_visited_today_where_somebody_else_waits(house: House) -> None:
    await one_visit_a_day(house)
    await ends_after(house, await entrusted(house, "P-001"), 33)
    await promised(house, due_on=LATER + timedelta(days=1), ends_in=6)

    view = await planned(house, await dispatcher(house), day=LATER.isoformat(), days=2)

    assert list((await all_days(house, view)).values()) == [["P-001"], ["P-002"]]


async def test_the_newest_word_of_a_debtor_replaces_the_older(house: House) -> None:
    await one_visit_a_day(house)
    await ends_after(house, await entrusted(house, "P-001"), 33)
    # What was said first fell due yesterday and would go first.
    await promised(house, due_on=LATER - timedelta(days=1), then=LATER + timedelta(days=8), ends_in=21)

    view = await planned(house, await dispatcher(house), day=LATER.isoformat(), days=2)

    assert (await all_days(house, view))[LATER.isoformat()] == ["P-001"]


async def test_an_instalment_that_falls_due_tomorrow_is_waited_for_until_then(house: House) -> None:
    await one_visit_a_day(house)
    await ends_after(house, await entrusted(house, "P-002"), 33)
    _, stop = await with_plan(house, first=LATER + timedelta(days=1))
    await ends_after(house, UUID(stop["practice"]["id"]), 19)
    house.clock.move_to(NOW + timedelta(days=13))

    view = await planned(house, await dispatcher(house), day=LATER.isoformat(), days=2)

    assert list((await all_days(house, view)).values()) == [["P-002"], [stop["practice"]["practice_number"]]]


async def test_more_ways_than_fit_into_memory_are_not_begun_and_it_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await entrusted(house, "P-001")
    # An agent and a visit on each of two days: eight ways.
    desk = await dispatcher(house)

    monkeypatch.setattr(spread, "MOST_WAYS", 7)
    too_large = await planned(house, desk, days=2)
    monkeypatch.setattr(spread, "MOST_WAYS", 8)
    fits = await planned(house, desk, days=2)

    assert (too_large["state"], too_large["failure"]) == ("failed", "SpreadTooLarge")
    assert fits["state"] == "done"


async def test_ways_by_the_hour_count_as_often_as_they_are_held(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_house(settings.model_copy(update={"travel_hours": "06:00 3, 11:00 1"})) as house:
        await entrusted(house, "P-001")
        # Eight ways as above: of no hour, from midnight, from six and from eleven on.
        desk = await dispatcher(house)

        monkeypatch.setattr(spread, "MOST_WAYS", 4 * 8 - 1)
        too_large = await planned(house, desk, days=2)
        monkeypatch.setattr(spread, "MOST_WAYS", 4 * 8)
        fits = await planned(house, desk, days=2)

    assert (too_large["state"], too_large["failure"]) == ("failed", "SpreadTooLarge")
    assert fits["state"] == "done"


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


async def test_of_two_runs_of_one_spread_only_one_is_kept(house: House) -> None:
    for number in ("P-001", "P-002", "P-003"):
        await entrusted(house, number)
    desk = await dispatcher(house)
    asked = {"day": TODAY.isoformat(), "seconds": 1, "seed": 7, "days": 3}
    answer = await desk.post("/dispatch/plans", json=asked)
    plan_id = answer.json()["id"]
    identity = house.identity(Role.DISPATCHER)

    await asyncio.gather(*(spread.run_spread(house.parts, identity, plan_id=plan_id) for _ in range(2)))

    async with house.session() as session:
        kept = (await session.exec(select(Plan))).all()
        told = (await session.exec(select(Fact).where(Fact.kind == "plan.done"))).all()
    assert len({plan.day for plan in kept}) == len(kept)
    assert len(told) == len(kept)
