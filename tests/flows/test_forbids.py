"""Visits that a dispatcher forbids: left alone by whatever plans, flagged where a hand puts them in all the same."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.services import hands
from fieldapp.store import appointments
from fieldapp.store.tables import AuditEntry, Fact, Plan
from tests.flows.arranged import TODAY, entrusted
from tests.flows.conftest import Desk, House
from tests.flows.test_appointments import FRIDAY, at, offered, on, take
from tests.flows.test_board import a_board, another_dispatcher, busy, move, order, read, seen
from tests.flows.test_planning import code, dispatcher, planned, stops_of
from tests.flows.test_replans import a_morning

WHY = "Conosce la famiglia"


async def forbid(
    desk: Desk, board: dict[str, Any], practice: str, *, agent: str | None = None, reason: str = WHY, **more: Any
) -> Any:
    body = {"practice_id": practice, "agent_id": agent, "reason": reason, "seen": seen(board), **more}
    return await desk.post(f"/dispatch/plans/{board['plan_id']}/forbids", json=body)


async def forbidden(desk: Desk, day: str = TODAY.isoformat()) -> list[dict[str, Any]]:
    return list((await desk.get(f"/dispatch/days/{day}/forbids")).json())


def reasons(view: dict[str, Any]) -> dict[str, str]:
    return {one["practice_number"]: one["reason"] for one in view["unplanned"]}


async def test_a_visit_forbidden_to_an_agent_leaves_the_lane_and_goes_to_a_colleague_when_planned_again(
    house: House,
) -> None:
    desk, board = await a_board(house)
    full = busy(board)
    lane = board["lanes"][full]
    stop = lane["route"]["stops"][0]

    done = (await forbid(desk, board, stop["practice_id"], agent=lane["agent_id"])).json()
    after = await read(desk, board)
    again = await planned(house, desk)

    assert [one["agent_id"] for one in done["lanes"]] == [lane["agent_id"]]
    assert stop["practice_number"] not in order(after, full)
    assert after["may_undo"] == "forbidden"
    (row,) = await forbidden(desk)
    assert (row["reason"], row["agent_id"], row["day"], row["by"]) == (
        WHY,
        lane["agent_id"],
        TODAY.isoformat(),
        house.people[Role.DISPATCHER].name,
    )
    by_agent = {r["agent_id"]: {s["practice_number"] for s in r["stops"]} for r in again["routes"]}
    assert stop["practice_number"] not in by_agent[lane["agent_id"]]
    held = {s["practice_id"] for r in again["routes"] if r["agent_id"] == lane["agent_id"] for s in r["in_reserve"]}
    assert stop["practice_id"] not in held
    found = {s["practice_number"] for s in stops_of(again)} | set(reasons(again))
    assert stop["practice_number"] in found


async def test_a_visit_forbidden_on_the_day_is_planned_by_nobody_and_says_so(house: House) -> None:
    desk, board = await a_board(house)
    stop = board["lanes"][busy(board)]["route"]["stops"][0]
    await forbid(desk, board, stop["practice_id"])

    again = await planned(house, desk)
    tomorrow = await planned(house, desk, day=FRIDAY.isoformat())

    assert reasons(again)[stop["practice_number"]] == "visit.forbidden"
    assert stop["practice_number"] in {one["practice_number"] for one in stops_of(tomorrow)}
    assert await forbidden(desk, FRIDAY.isoformat()) == []


async def test_where_the_only_agent_may_not_make_it_it_is_said_who_forbade_it(house: House) -> None:
    desk, board = await a_board(house)
    agent = str(house.people[Role.AGENT].id)
    stop = board["lanes"][busy(board)]["route"]["stops"][0]
    await forbid(desk, board, stop["practice_id"], agent=agent, always=True)

    later = await planned(house, desk, day=FRIDAY.isoformat(), agent_ids=[agent])

    told = next(one for one in later["unplanned"] if one["practice_number"] == stop["practice_number"])
    assert (told["reason"], told["details"]["agent"]) == ("visit.forbidden_to_agent", house.people[Role.AGENT].name)


async def test_a_hand_may_put_it_there_all_the_same_and_is_told(house: House) -> None:
    desk, board = await a_board(house)
    full = busy(board)
    lane = board["lanes"][full]
    stop = lane["route"]["stops"][0]
    await forbid(desk, board, stop["practice_id"], agent=lane["agent_id"])

    put = (await move(desk, await read(desk, board), stop["practice_id"], lane=full)).json()
    published = await desk.post(f"/dispatch/plans/{board['plan_id']}/publish")

    broken = [one["code"] for one in put["lanes"][0]["broken"]]
    assert broken == ["visit.forbidden_to_agent"]
    assert published.json()["left_out"] == []
    assert stop["practice_number"] in {one["practice_number"] for one in stops_of(published.json())}


async def test_a_lane_that_holds_what_is_forbidden_to_its_agent_still_takes_an_appointment(house: House) -> None:
    desk, board = await a_board(house)
    full = busy(board)
    agent, stop = board["lanes"][full]["agent_id"], board["lanes"][full]["route"]["stops"][0]
    await forbid(desk, board, stop["practice_id"], agent=agent)
    await move(desk, await read(desk, board), stop["practice_id"], lane=full)
    another = await entrusted(house, "P-004")
    idle = board["lanes"][1 - full]["agent_id"]
    lying = board["lanes"][full]["route"]["stops"][1]["practice_id"]
    await move(desk, await read(desk, board), lying, lane=1 - full)
    await forbid(desk, await read(desk, board), lying, agent=idle)
    await move(desk, await read(desk, board), lying, lane=1 - full)
    published = (await desk.post(f"/dispatch/plans/{board['plan_id']}/publish")).json()
    assert len(stops_of(published)) == 3

    today = on(await offered(desk, another), TODAY)

    assert (today["reason"], today["offers"] != []) == (None, True)


async def test_in_a_draft_that_the_former_version_wrote_a_pin_is_as_old_as_the_last_hand_at_its_lane(
    house: House,
) -> None:
    desk, board = await a_board(house)
    full = busy(board)
    lane = board["lanes"][full]
    stop = lane["route"]["stops"][0]
    await forbid(desk, board, stop["practice_id"], agent=lane["agent_id"])
    await move(desk, await read(desk, board), stop["practice_id"], lane=full)
    async with house.session() as session:
        plan = await session.get_one(Plan, UUID(board["plan_id"]))
        plan.result = {name: value for name, value in plan.result.items() if name != "pins"}

    published = await desk.post(f"/dispatch/plans/{board['plan_id']}/publish")

    assert published.json()["left_out"] == []


async def test_what_is_forbidden_after_it_was_pinned_elsewhere_is_left_out_as_that_day_is_published(
    house: House,
) -> None:
    desk, board = await a_board(house)
    full = busy(board)
    lane = board["lanes"][full]
    friday = await planned(house, desk, day=FRIDAY.isoformat())
    later = (await desk.post(f"/dispatch/plans/{friday['id']}/draft")).json()
    there = next(at for at, one in enumerate(later["lanes"]) if one["agent_id"] == lane["agent_id"])
    first, second = (stop["practice_id"] for stop in lane["route"]["stops"][:2])
    for practice in (first, second):
        await move(desk, await read(desk, later), practice, lane=there)
    house.clock.move_to(house.clock.now() + timedelta(minutes=5))

    await forbid(desk, board, first, agent=lane["agent_id"], always=True)
    house.clock.move_to(house.clock.now() + timedelta(minutes=5))
    # Hands at another visit of the lane say nothing of this one.
    await move(desk, await read(desk, later), second, lane=there, place=0)
    kept = await planned(house, desk, day=FRIDAY.isoformat(), keep=later["plan_id"])
    published = (await desk.post(f"/dispatch/plans/{later['plan_id']}/publish")).json()

    by_agent = {one["agent_id"]: {stop["practice_id"] for stop in one["stops"]} for one in kept["routes"]}
    assert first not in by_agent[lane["agent_id"]]
    assert second in by_agent[lane["agent_id"]]
    left_out = {one["practice_id"]: one["findings"][0]["code"] for one in published["left_out"]}
    assert left_out == {first: "visit.forbidden_to_agent"}
    assert second in {one["practice_id"] for one in stops_of(published)}


async def test_a_pin_is_no_newer_for_the_rest_planned_again_around_its_locked_lane_nor_for_a_move_taken_back(
    house: House,
) -> None:
    desk, board = await a_board(house)
    full = busy(board)
    lane = board["lanes"][full]
    friday = await planned(house, desk, day=FRIDAY.isoformat())
    later = (await desk.post(f"/dispatch/plans/{friday['id']}/draft")).json()
    there = next(at for at, one in enumerate(later["lanes"]) if one["agent_id"] == lane["agent_id"])
    first = lane["route"]["stops"][0]["practice_id"]
    await move(desk, later, first, lane=there)
    house.clock.move_to(house.clock.now() + timedelta(minutes=5))
    await forbid(desk, board, first, agent=lane["agent_id"], always=True)
    house.clock.move_to(house.clock.now() + timedelta(minutes=5))
    await move(desk, await read(desk, later), first, lane=1 - there)
    await desk.post(f"/dispatch/plans/{later['plan_id']}/undo")
    body = {"agent_id": lane["agent_id"], "locked": True, "seen": seen(await read(desk, later))}
    await desk.post(f"/dispatch/plans/{later['plan_id']}/locks", json=body)
    house.clock.move_to(house.clock.now() + timedelta(minutes=5))

    again = await planned(house, desk, day=FRIDAY.isoformat(), keep=later["plan_id"])
    draft = (await desk.post(f"/dispatch/plans/{again['id']}/draft")).json()
    published = (await desk.post(f"/dispatch/plans/{draft['plan_id']}/publish")).json()

    assert first in {one["practice_id"] for one in again["routes"][0]["stops"] + again["routes"][-1]["stops"]}
    left_out = {one["practice_id"]: one["findings"][0]["code"] for one in published["left_out"]}
    assert left_out == {first: "visit.forbidden_to_agent"}


async def test_one_step_undoes_the_prohibition_and_puts_the_visit_back(house: House) -> None:
    desk, board = await a_board(house)
    full = busy(board)
    stop = board["lanes"][full]["route"]["stops"][1]
    await forbid(desk, board, stop["practice_id"])

    undone = await desk.post(f"/dispatch/plans/{board['plan_id']}/undo")
    after = await read(desk, board)

    assert undone.status_code == 200
    assert order(after, full) == order(board, full)
    assert await forbidden(desk) == []
    async with house.session() as session:
        actions = (await session.exec(select(AuditEntry.action))).all()
        facts = (await session.exec(select(Fact).where(Fact.kind == "visit.forbidden"))).all()
    assert {one for one in actions if one.startswith("visit.")} == {"visit.forbidden", "visit.allowed_again"}
    assert all(WHY not in str(fact.body) for fact in facts)


async def test_what_lies_in_no_lane_is_forbidden_and_allowed_again_too(house: House) -> None:
    desk, board = await a_board(house)
    stop = board["lanes"][busy(board)]["route"]["stops"][0]
    await move(desk, board, stop["practice_id"], lane=None)

    done = await forbid(desk, await read(desk, board), stop["practice_id"])
    undone = await desk.post(f"/dispatch/plans/{board['plan_id']}/undo")

    assert (done.status_code, done.json()["lanes"]) == (200, [])
    assert undone.status_code == 200
    assert await forbidden(desk) == []
    assert (await read(desk, board))["may_undo"] == "taken_out"


async def test_it_is_lifted_by_anybody_and_twice_is_as_once(house: House) -> None:
    desk, board = await a_board(house)
    other = await another_dispatcher(house)
    await forbid(desk, board, board["lanes"][busy(board)]["route"]["stops"][0]["practice_id"])
    (row,) = await forbidden(desk)
    path = f"/dispatch/days/{TODAY.isoformat()}/forbids/lift"

    answers = [await other.post(path, json={"forbidden_id": row["id"]}) for _ in range(2)]

    assert [(one.status_code, one.json()) for one in answers] == [(200, []), (200, [])]
    assert code(await desk.post(path, json={"forbidden_id": str(uuid4())})) == (404, "forbid.unknown")
    async with house.session() as session:
        actions = (await session.exec(select(AuditEntry.action))).all()
    assert actions.count("visit.allowed_again") == 1


async def test_what_makes_no_sense_is_refused_and_nothing_is_lost(house: House) -> None:
    desk, board = await a_board(house)
    practice = board["lanes"][busy(board)]["route"]["stops"][0]["practice_id"]

    assert code(await forbid(desk, board, practice, reason="  ")) == (422, "forbid.reason_missing")
    assert code(await forbid(desk, board, practice, reason="x" * 501)) == (422, "forbid.reason_long")
    assert code(await forbid(desk, board, practice, always=True)) == (422, "forbid.for_nobody_always")
    assert code(await forbid(desk, board, str(uuid4()))) == (404, "board.visit_unknown")
    assert code(await forbid(desk, board, practice, agent=str(uuid4()))) == (404, "board.lane_unknown")
    assert await read(desk, board) == board
    assert (await forbid(desk, board, practice)).status_code == 200
    again = await forbid(desk, await read(desk, board), practice)
    assert code(again) == (409, "forbid.stands_already")


async def test_appointments_and_spreading_leave_it_alone(house: House) -> None:
    desk, board = await a_board(house)
    agent = str(house.people[Role.AGENT].id)
    practice = board["lanes"][busy(board)]["route"]["stops"][0]["practice_id"]
    await forbid(desk, board, practice)
    later = await read(desk, board)
    await forbid(desk, later, practice, agent=agent, always=True)

    view = await offered(desk, UUID(practice))
    spread = await planned(house, desk, days=2, agent_ids=[agent])

    assert on(view, TODAY)["reason"]["code"] == "visit.forbidden"
    assert {one["agent_id"] for one in on(view, FRIDAY)["offers"]} == {
        lane["agent_id"] for lane in board["lanes"] if lane["agent_id"] != agent
    }
    assert practice not in {one["practice_id"] for one in stops_of(spread)}


async def test_whoever_was_promised_a_visit_is_told_otherwise_first(house: House) -> None:
    practice = await entrusted(house, "P-009")
    desk = await dispatcher(house)
    assert (await take(desk, practice, at(await offered(desk, practice), FRIDAY, 10))).status_code < 300
    plan = await planned(house, desk, day=FRIDAY.isoformat())
    board = (await desk.post(f"/dispatch/plans/{plan['id']}/draft")).json()

    assert code(await forbid(desk, board, str(practice))) == (409, "forbid.promised")


@pytest.mark.parametrize("always", [True, False])
async def test_replanning_the_running_day_heeds_it(house: House, always: bool) -> None:
    morning = await a_morning(house)
    day = await morning.day()
    plan_id = day["versions"][0]["plan_id"]
    board = (await morning.desk.post(f"/dispatch/plans/{plan_id}/draft")).json()
    stop = (await morning.stops(morning.first))[-1]
    agent = str(morning.other.id) if always else None
    assert (await forbid(morning.desk, board, stop["practice_id"], agent=agent, always=always)).status_code == 200

    away = {"kind": "agent_away", "agent_id": str(morning.first.id)}
    view = (await morning.preview(away)).json()

    taken = {s["practice_id"] for lane in view["lanes"] for s in lane["route"]["stops"]}
    assert stop["practice_id"] not in taken
    assert TODAY + timedelta(days=1) == FRIDAY


async def test_who_forbids_and_who_agrees_on_an_appointment_wait_for_each_other_in_one_order(house: House) -> None:
    desk, board = await a_board(house)
    practice = board["lanes"][busy(board)]["route"]["stops"][0]["practice_id"]

    async with house.work(Role.DISPATCHER) as work:
        await appointments.lock(work.session, UUID(practice), TODAY)
        forbidding = asyncio.create_task(forbid(desk, board, practice))
        while not await _somebody_waits(house):
            assert not forbidding.done()
            await asyncio.sleep(0.02)
        await hands.open_hand(work, UUID(board["plan_id"]))

    assert (await forbidding).status_code == 200


async def _somebody_waits(house: House) -> bool:
    waits = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    async with house.session() as session:
        return (await session.execute(text(waits))).first() is not None
