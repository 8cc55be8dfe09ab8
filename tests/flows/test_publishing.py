"""A plan is looked at once more as it is published: what has begun, what fell out, what a colleague published since."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.store.tables import Address, Person
from tests.flows.arranged import entrusted
from tests.flows.conftest import Desk, House
from tests.flows.test_appointments import FRIDAY, MONDAY, at, offered, take
from tests.flows.test_board import a_board, another_dispatcher, busy, move
from tests.flows.test_planning import code, colleague, dispatcher, planned, stops_of
from tests.flows.test_replans import a_morning


async def publish(desk: Desk, plan: dict[str, Any], *, seen: int | None = None) -> Any:
    return await desk.post(f"/dispatch/plans/{plan['id']}/publish", params={} if seen is None else {"seen": seen})


def numbers(day: dict[str, Any]) -> list[str]:
    return [stop["practice_number"] for stop in stops_of(day)]


def left_out(day: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["practice_number"], one["findings"][0]["code"]) for one in day["left_out"]]


async def test_a_version_that_the_dispatcher_has_not_seen_is_not_overwritten(house: House) -> None:
    await entrusted(house, "P-001")
    desk, other = await dispatcher(house), await another_dispatcher(house)
    old = await planned(house, desk)
    new = await planned(house, other, practice_ids=[])
    assert (await publish(other, new, seen=0)).status_code == 200

    unseen = await publish(desk, old, seen=0)
    seen = await publish(desk, old, seen=1)

    assert code(unseen) == (409, "plan.published_meanwhile")
    assert unseen.json()["details"] == {"version": 1}
    assert seen.status_code == 200


async def test_a_day_that_is_published_while_a_plan_is_computed_is_not_overwritten_by_that_plan(house: House) -> None:
    for number in ("P-001", "P-002"):
        await entrusted(house, number)
    desk, other = await dispatcher(house), await another_dispatcher(house)
    ready = await planned(house, desk)
    asked = {"day": ready["day"], "seconds": 1, "seed": 7, "practice_ids": []}
    waiting = (await other.post("/dispatch/plans", json=asked)).json()

    unfinished = await publish(other, waiting, seen=0)
    published = await publish(desk, ready, seen=0)
    await house.run_jobs()
    computed = (await desk.get(f"/dispatch/plans/{waiting['id']}")).json()
    day = (await desk.get(f"/dispatch/days/{ready['day']}")).json()
    late = await publish(other, waiting, seen=0)

    assert code(unfinished) == (409, "plan.not_finished")
    assert published.status_code == 200
    assert computed["state"] == "done"
    assert (numbers(day), [row["version"] for row in day["versions"]]) == (numbers(ready), [1])
    assert code(late) == (409, "plan.published_meanwhile")
    assert numbers((await publish(other, waiting, seen=1)).json()) == []


async def test_published_twice_it_is_one_version(house: House) -> None:
    await entrusted(house, "P-001")
    desk = await dispatcher(house)
    plan = await planned(house, desk)

    first, again = (await publish(desk, plan)).json(), (await publish(desk, plan)).json()

    assert [row["version"] for row in again["versions"]] == [1]
    assert stops_of(again) == stops_of(first)


async def test_a_promised_visit_that_lies_in_no_lane_is_named(house: House) -> None:
    waiting, practice = await entrusted(house, "P-001"), await entrusted(house, "P-002")
    desk = await dispatcher(house)
    plan = await planned(house, desk, day=FRIDAY.isoformat(), practice_ids=[str(waiting)])
    assert (await publish(desk, plan)).status_code == 200
    taken = (await take(desk, practice, at(await offered(desk, practice), FRIDAY, 15))).json()
    assert taken["lane"] == "published"

    back = (await publish(desk, plan)).json()

    assert numbers(back) == ["P-001"]
    assert left_out(back) == [("P-002", "appointment.in_no_lane")]
    assert back["left_out"][0]["debtor_name"]


async def test_what_was_planned_for_somebody_who_has_left_is_named(house: House) -> None:
    await entrusted(house, "P-001")
    desk = await dispatcher(house)
    plan = await planned(house, desk)
    async with house.session() as session:
        (await session.get_one(Person, house.people[Role.AGENT].id)).active = False

    day = (await publish(desk, plan)).json()

    assert (numbers(day), left_out(day)) == ([], [("P-001", "agent_gone")])


async def test_without_what_falls_out_the_day_has_other_sums_and_times(house: House) -> None:
    out, _ = await entrusted(house, "P-001"), await entrusted(house, "P-002")
    desk = await dispatcher(house)
    plan = await planned(house, desk)
    async with house.session() as session:
        (await session.exec(select(Address).where(Address.practice_id == out))).one().state = "rejected"

    day = (await publish(desk, plan)).json()

    (route,) = [one for one in day["routes"] if one["stops"]]
    (stop,) = route["stops"]
    assert (stop["practice_number"], stop["position"]) == ("P-002", 1)
    assert route["prize_cents"] == stop["prize_cents"]


async def test_a_door_that_moved_since_the_plan_has_its_own_way(house: House) -> None:
    practice = await entrusted(house, "P-001")
    desk = await dispatcher(house)
    plan = await planned(house, desk)
    (before,) = stops_of(plan)
    async with house.session() as session:
        door = (await session.exec(select(Address).where(Address.practice_id == practice))).one()
        assert door.lat_e6 is not None
        door.lat_e6 += 100_000

    (stop,) = stops_of((await publish(desk, plan)).json())

    assert stop["distance_m"] > before["distance_m"] + 10_000
    assert stop["travel_s"] > before["travel_s"]


@pytest.mark.parametrize("reported", [False, True])
async def test_what_has_begun_keeps_its_place_and_its_hour_in_a_plan_made_during_the_day(
    house: House, reported: bool
) -> None:
    morning = await a_morning(house)
    before = await morning.stops(morning.first)
    begun = await morning.arrive(0, minutes_ago=50)
    if reported:
        await morning.report(begun, minutes_ago=50)
    await entrusted(house, "P-009")
    plan = await planned(house, morning.desk)

    answer = await publish(morning.desk, plan)

    assert answer.status_code == 200, answer.text
    first = (await morning.stops(morning.first))[0]
    assert first["stop_id"] == begun["stop_id"] == before[0]["stop_id"]
    assert first["state"] == ("done" if reported else "arrived")
    assert "P-009" in numbers(answer.json())


async def test_what_a_person_took_out_is_not_planned_again_with_the_rest(house: House) -> None:
    desk, board = await a_board(house)
    out = board["lanes"][busy(board)]["route"]["stops"][0]
    assert (await move(desk, board, out["practice_id"], lane=None)).status_code == 200

    plan = await planned(house, desk, keep=board["plan_id"])

    assert out["practice_number"] not in numbers(plan)
    reasons = {one["practice_number"]: one["reason"] for one in plan["unplanned"]}
    assert reasons[out["practice_number"]] == "taken_out"


async def test_a_visit_that_phones_hold_on_another_day_is_not_planned_twice(house: House) -> None:
    practice = await entrusted(house, "P-001")
    await entrusted(house, "P-002")
    desk = await dispatcher(house)
    before = await planned(house, desk, day=MONDAY.isoformat())
    friday = await planned(house, desk, day=FRIDAY.isoformat(), practice_ids=[str(practice)])
    assert (await publish(desk, friday)).status_code == 200

    monday = await planned(house, desk, day=MONDAY.isoformat())
    again = await planned(house, desk, day=FRIDAY.isoformat())

    aside = {one["practice_number"]: (one["reason"], one["details"]) for one in monday["unplanned"]}
    agent = house.people[Role.AGENT].name
    assert numbers(monday) == ["P-002"]
    assert aside == {"P-001": ("planned.on_another_day", {"on": FRIDAY.isoformat(), "agent": agent})}
    assert sorted(numbers(again)) == ["P-001", "P-002"]
    stale = (await publish(desk, before)).json()
    assert (numbers(stale), left_out(stale)) == (["P-002"], [("P-001", "planned.on_another_day")])
    # A person may, and is told.
    board = (await desk.post(f"/dispatch/plans/{monday['id']}/draft")).json()
    put_in = (await move(desk, board, str(practice), lane=0)).json()
    assert [one["code"] for one in put_in["lanes"][0]["broken"]] == ["planned.on_another_day"]


async def test_visits_of_an_agent_who_has_left_stay_in_sight_and_may_be_planned_on_any_day(house: House) -> None:
    practice = await entrusted(house, "P-001")
    desk = await dispatcher(house)
    friday = await planned(house, desk, day=FRIDAY.isoformat(), practice_ids=[str(practice)])
    assert (await publish(desk, friday)).status_code == 200
    await colleague(house)
    async with house.session() as session:
        (await session.merge(house.people[Role.AGENT])).active = False

    day = (await desk.get(f"/dispatch/days/{FRIDAY}")).json()
    monday = await planned(house, desk, day=MONDAY.isoformat())

    by_agent = {route["agent_name"]: [stop["practice_number"] for stop in route["stops"]] for route in day["routes"]}
    assert by_agent == {house.people[Role.AGENT].name: ["P-001"]}
    assert numbers(monday) == ["P-001"]
