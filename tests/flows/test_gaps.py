"""Gaps filled with what lies aside, routes handed over in their order: seen first, taken as seen, undone at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.store.tables import Address, AgreedVisit, Person
from tests.conftest import NOW
from tests.flows.arranged import entrusted
from tests.flows.conftest import Desk, House, new_id
from tests.flows.test_board import a_board, another_dispatcher, busy, move, order, read, seen
from tests.flows.test_planning import code, colleague, dispatcher, planned, stops_of
from tests.flows.test_replans import a_morning


async def hand_over(desk: Desk, board: dict[str, Any], *, origin: int, to: int, **more: Any) -> Any:
    lanes = [lane["agent_id"] for lane in board["lanes"]]
    body = {"from_agent": lanes[origin], "to_agent": lanes[to], "seen": seen(board), **more}
    return await desk.post(f"/dispatch/plans/{board['plan_id']}/hand-over", json=body)


async def fill(desk: Desk, board: dict[str, Any], **asked: Any) -> Any:
    return await desk.post(f"/dispatch/plans/{board['plan_id']}/fill", json=asked)


async def take_fill(desk: Desk, board: dict[str, Any], preview: dict[str, Any], **changes: Any) -> Any:
    orders = {lane["agent_id"]: [stop["practice_id"] for stop in lane["route"]["stops"]] for lane in preview["lanes"]}
    body = {"orders": orders, "seen": seen(board), **changes}
    return await desk.post(f"/dispatch/plans/{board['plan_id']}/fill/take", json=body)


async def test_a_route_goes_to_a_colleague_who_is_not_away_in_its_order_and_back_in_one_step(house: House) -> None:
    desk, board = await a_board(house)
    full = busy(board)
    before = order(board, full)

    tried = await hand_over(desk, board, origin=full, to=1 - full, trial=True)
    untouched = await read(desk, board)
    done = await hand_over(desk, board, origin=full, to=1 - full)
    after = await read(desk, board)
    undone = await desk.post(f"/dispatch/plans/{board['plan_id']}/undo")
    back = await read(desk, board)

    assert untouched == board
    assert tried.json()["cost_cents"] == done.json()["cost_cents"]
    assert (order(after, full), order(after, 1 - full)) == ([], before)
    assert all(stop["pinned"] for stop in after["lanes"][1 - full]["route"]["stops"])
    assert after["may_undo"] == "handed_over"
    assert undone.status_code == 200
    assert [order(back, lane) for lane in (0, 1)] == [order(board, lane) for lane in (0, 1)]


async def test_single_visits_are_laid_between_those_of_the_other_lane_and_nobodys_order_changes(house: House) -> None:
    desk, board = await a_board(house, "P-001", "P-002", "P-003", "P-004")
    full = busy(board)
    stops = board["lanes"][full]["route"]["stops"]
    await move(desk, board, stops[1]["practice_id"], lane=1 - full)
    now = await read(desk, board)
    left = now["lanes"][full]["route"]["stops"]

    given = [left[2]["practice_id"], left[0]["practice_id"]]
    done = await hand_over(desk, now, origin=full, to=1 - full, practice_ids=given)
    after = await read(desk, board)

    assert done.status_code == 200
    assert order(after, full) == [left[1]["practice_number"]]
    laid = order(after, 1 - full)
    assert laid.index(left[0]["practice_number"]) < laid.index(left[2]["practice_number"])
    assert len(laid) == 3


async def test_what_cannot_be_handed_over_is_refused(house: House) -> None:
    desk, board = await a_board(house)
    full = busy(board)
    other = await another_dispatcher(house)

    assert code(await hand_over(desk, board, origin=1 - full, to=full)) == (409, "board.nothing_to_hand_over")
    assert code(await hand_over(desk, board, origin=full, to=full)) == (404, "board.lane_unknown")
    named = await hand_over(desk, board, origin=full, to=1 - full, practice_ids=[str(uuid4())])
    assert code(named) == (404, "board.visit_unknown")
    lock = {"agent_id": board["lanes"][1 - full]["agent_id"], "locked": True, "seen": seen(board)}
    await other.post(f"/dispatch/plans/{board['plan_id']}/locks", json=lock)
    assert code(await hand_over(desk, board, origin=full, to=1 - full)) == (409, "board.lane_changed")
    assert code(await hand_over(desk, await read(desk, board), origin=full, to=1 - full)) == (409, "board.lane_locked")


async def test_on_the_running_day_what_has_begun_stays_and_the_rest_goes(house: House) -> None:
    morning = await a_morning(house)
    begun = await morning.arrive()
    plan_id = (await morning.day())["versions"][0]["plan_id"]
    board = (await morning.desk.post(f"/dispatch/plans/{plan_id}/draft")).json()
    full = busy(board)
    numbers = order(board, full)
    first = next(
        stop["practice_number"]
        for stop in board["lanes"][full]["route"]["stops"]
        if stop["practice_id"] == begun["practice"]["id"]
    )

    named = await hand_over(morning.desk, board, origin=full, to=1 - full, practice_ids=[begun["practice"]["id"]])
    done = await hand_over(morning.desk, board, origin=full, to=1 - full)
    published = await morning.desk.post(f"/dispatch/plans/{board['plan_id']}/publish")

    assert code(named) == (409, "plan.moves_begun_visit")
    assert done.status_code == 200
    after = await read(morning.desk, board)
    assert order(after, full) == [first]
    assert order(after, 1 - full) == [one for one in numbers if one != first]
    assert published.status_code == 200, published.text


async def test_what_a_person_took_out_does_not_come_back_by_itself(house: House) -> None:
    desk, board = await a_board(house)
    await move(desk, board, board["lanes"][busy(board)]["route"]["stops"][1]["practice_id"], lane=None)

    assert code(await fill(desk, await read(desk, board))) == (409, "board.no_gap_pays")


async def left_over(house: House) -> tuple[Desk, dict[str, Any]]:
    """A draft in which two visits found no place, because each agent made at most one; by now both make more."""
    async with house.session() as session:
        agent = await session.merge(house.people[Role.AGENT])
        agent.max_visits = 1
    for number in ("P-001", "P-002", "P-003"):
        await entrusted(house, number)
    desk = await house.sign_in(Role.DISPATCHER)
    body = {"day": "2026-11-26", "seconds": 1, "seed": 7}
    asked = (await desk.post("/dispatch/plans", json=body)).json()
    await house.run_jobs()
    async with house.session() as session:
        agent = await session.merge(house.people[Role.AGENT])
        agent.max_visits = 14
    return desk, dict((await desk.post(f"/dispatch/plans/{asked['id']}/draft")).json())


async def promised(house: House, practice: str, agent: str) -> None:
    """The debtor was told of this agent, from four to five in the afternoon."""
    at = datetime(2026, 11, 26, 15, tzinfo=UTC)
    async with house.session() as session:
        address = (await session.exec(select(Address).where(Address.practice_id == UUID(practice)))).one()
        row = AgreedVisit(
            id=new_id(),
            agency_id=house.agency_id,
            practice_id=UUID(practice),
            address_id=address.id,
            agent_id=UUID(agent),
            from_at=at,
            to_at=at + timedelta(hours=1),
            taken_at=NOW,
            taken_by=house.people[Role.DISPATCHER].id,
        )
        session.add(row)


async def one_visit_each(house: House) -> tuple[Desk, dict[str, Any]]:
    """A draft of two lanes with one visit each, and one more that lies aside; by now both agents make more."""
    other = await colleague(house)
    agents = [house.people[Role.AGENT].id, other.id]
    async with house.session() as session:
        for agent in agents:
            (await session.get_one(Person, agent)).max_visits = 1
    desk = await dispatcher(house)
    plan = await planned(house, desk, agent_ids=[str(agent) for agent in agents])
    async with house.session() as session:
        for agent in agents:
            (await session.get_one(Person, agent)).max_visits = 14
    return desk, dict((await desk.post(f"/dispatch/plans/{plan['id']}/draft")).json())


async def test_a_promise_is_not_kept_by_ringing_a_second_time_where_somebody_else_rings(house: House) -> None:
    await entrusted(house, "P-001")
    await entrusted(house, "P-002", of="P-001")
    await entrusted(house, "P-003")
    desk, board = await one_visit_each(house)
    (aside,) = board["unplanned"]
    third = next(lane for lane in range(2) if order(board, lane) == ["P-003"])
    await promised(house, aside["practice_id"], board["lanes"][third]["agent_id"])

    refused = await fill(desk, await read(desk, board))

    assert (len(order(board, 1 - third)), aside["practice_number"]) in {(1, "P-001"), (1, "P-002")}
    assert code(refused) == (409, "board.no_gap_pays")


@pytest.mark.parametrize("lane", [0, 1])
async def test_a_promise_fills_a_gap_of_the_agent_who_was_named_and_of_no_other(house: House, lane: int) -> None:
    for number in ("P-001", "P-002", "P-003"):
        await entrusted(house, number)
    desk, board = await one_visit_each(house)
    (aside,) = board["unplanned"]
    named = board["lanes"][lane]["agent_id"]
    await promised(house, aside["practice_id"], named)

    preview = (await fill(desk, board)).json()

    assert [one["agent_id"] for one in preview["lanes"]] == [named]
    assert aside["practice_number"] in [stop["practice_number"] for stop in preview["lanes"][0]["route"]["stops"]]


@pytest.mark.parametrize("lane", [0, 1])
async def test_of_all_lanes_only_those_that_are_named_are_filled(house: House, lane: int) -> None:
    for number in ("P-001", "P-002", "P-003"):
        await entrusted(house, number)
    desk, board = await one_visit_each(house)
    named = board["lanes"][lane]["agent_id"]

    preview = (await fill(desk, board, among=[named])).json()
    foreign = await fill(desk, board, among=[named, str(uuid4())])
    taken = await take_fill(desk, board, preview)
    after = await read(desk, board)
    await desk.post(f"/dispatch/plans/{board['plan_id']}/undo")
    lock = {"agent_id": named, "locked": True, "seen": seen(await read(desk, board))}
    locked = await desk.post(f"/dispatch/plans/{board['plan_id']}/locks", json=lock)

    assert [one["agent_id"] for one in preview["lanes"]] == [named]
    assert code(foreign) == (404, "board.lane_unknown")
    assert taken.status_code == 200, taken.text
    assert (len(order(after, lane)), order(after, 1 - lane)) == (2, order(board, 1 - lane))
    assert locked.status_code == 200, locked.text
    assert code(await fill(desk, await read(desk, board), among=[named])) == (409, "board.no_gap_pays")


async def test_a_preview_writes_nothing_is_taken_as_seen_and_undone_in_one_step(house: House) -> None:
    desk, board = await left_over(house)
    assert (len(order(board, 0)), len(board["unplanned"])) == (1, 2)

    preview = await fill(desk, board)
    untouched = await read(desk, board)
    taken = await take_fill(desk, board, preview.json())
    after = await read(desk, board)
    undone = await desk.post(f"/dispatch/plans/{board['plan_id']}/undo")
    back = await read(desk, board)

    assert preview.status_code == 200, preview.text
    assert untouched == board
    assert preview.json()["cost_cents"] == taken.json()["cost_cents"] < 0, "it only pays"
    assert len(order(after, 0)) == 3
    assert order(board, 0)[0] in order(after, 0)
    assert after["unplanned"] == []
    assert after["lanes"][0]["broken"] == []
    assert after["objective_cents"] > board["objective_cents"]
    assert undone.status_code == 200
    assert order(back, 0) == order(board, 0)
    assert {one["practice_id"] for one in back["unplanned"]} == {one["practice_id"] for one in board["unplanned"]}
    assert code(await fill(desk, board, agent_id=str(uuid4()))) == (404, "board.lane_unknown")


async def test_a_preview_that_no_longer_fits_is_not_taken(house: House) -> None:
    desk, board = await left_over(house)
    preview = (await fill(desk, board, agent_id=board["lanes"][0]["agent_id"])).json()
    lane = preview["lanes"][0]
    ids = [stop["practice_id"] for stop in lane["route"]["stops"]]

    doubled = await take_fill(desk, board, preview, orders={lane["agent_id"]: [*ids, ids[-1]]})
    without = await take_fill(desk, board, preview, orders={lane["agent_id"]: []})
    foreign = await take_fill(desk, board, preview, orders={str(uuid4()): ids})
    await move(desk, board, board["unplanned"][0]["practice_id"], lane=0)
    late = await take_fill(desk, board, preview)

    assert code(doubled) == (404, "board.visit_unknown")
    assert code(without) == (404, "board.visit_unknown")
    assert code(foreign) == (404, "board.lane_unknown")
    assert code(late) == (409, "board.lane_changed")


async def test_what_is_forbidden_and_lanes_that_somebody_keeps_are_left_alone(house: House) -> None:
    desk, board = await left_over(house)
    one, other = (row["practice_id"] for row in board["unplanned"])
    body = {"practice_id": one, "agent_id": None, "reason": "lutto", "seen": seen(board)}
    assert (await desk.post(f"/dispatch/plans/{board['plan_id']}/forbids", json=body)).status_code == 200

    preview = (await fill(desk, board)).json()
    lock = {"agent_id": board["lanes"][0]["agent_id"], "locked": True, "seen": seen(board)}
    await desk.post(f"/dispatch/plans/{board['plan_id']}/locks", json=lock)

    held = {stop["practice_id"] for stop in stops_of({"routes": [lane["route"] for lane in preview["lanes"]]})}
    assert (one in held, other in held) == (False, True)
    assert code(await fill(desk, board)) == (409, "board.no_gap_pays")
