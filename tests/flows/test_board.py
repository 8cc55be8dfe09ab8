"""A plan in dispatchers' hands: moves judged and never refused for what they break, undo, locks, two at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.services import hands, planning
from fieldapp.store.tables import Address, Fact, Plan, Practice
from tests.flows.arranged import entrusted
from tests.flows.conftest import Desk, House, a_person
from tests.flows.statements import statements
from tests.flows.test_planning import code, colleague, dispatcher, planned

MOVE = 49
"""Who asks and for whom (4), the draft and its version (2), what has begun (3), people (1), rules (3), practices with
their facts (15), licences and verdicts (10), agents' days, writing, facts and audit (6), what is
forbidden (1), shifts and absences (2), the same persons in other lanes (1)."""


async def a_board(house: House, *numbers: str) -> tuple[Desk, dict[str, Any]]:
    """A draft of a plan for one agent, with a colleague who stays at home."""
    for number in numbers or ("P-001", "P-002", "P-003"):
        await entrusted(house, number)
    other = await colleague(house)
    desk = await dispatcher(house)
    both = [str(house.people[Role.AGENT].id), str(other.id)]
    plan = await planned(house, desk, agent_ids=both)
    answer = await desk.post(f"/dispatch/plans/{plan['id']}/draft")
    assert answer.status_code == 200, answer.text
    return desk, dict(answer.json())


async def another_dispatcher(house: House) -> Desk:
    person = a_person(house.agency_id, Role.DISPATCHER, login="paolo")
    async with house.session() as session:
        session.add(person)
    return await house.sign_in(person=person)


def order(board: dict[str, Any], lane: int) -> list[str]:
    return [stop["practice_number"] for stop in board["lanes"][lane]["route"]["stops"]]


def busy(board: dict[str, Any]) -> int:
    """The lane that holds the visits."""
    return max(range(len(board["lanes"])), key=lambda lane: len(order(board, lane)))


def seen(board: dict[str, Any]) -> dict[str, int]:
    return {lane["agent_id"]: lane["revision"] for lane in board["lanes"]}


def the_stop(board: dict[str, Any], number: str) -> dict[str, Any]:
    return next(stop for lane in board["lanes"] for stop in lane["route"]["stops"] if stop["practice_number"] == number)


async def read(desk: Desk, board: dict[str, Any]) -> dict[str, Any]:
    return dict((await desk.get(f"/dispatch/plans/{board['plan_id']}/board")).json())


async def move(
    desk: Desk, board: dict[str, Any], practice: str, *, lane: int | None, place: int | None = None, **more: Any
) -> Any:
    body = {
        "practice_id": practice,
        "agent_id": None if lane is None else board["lanes"][lane]["agent_id"],
        "place": place,
        "seen": seen(board),
        **more,
    }
    return await desk.post(f"/dispatch/plans/{board['plan_id']}/moves", json=body)


async def test_whoever_opens_a_plan_works_on_the_same_draft_and_the_plan_stays(house: House) -> None:
    desk, board = await a_board(house)
    other = await another_dispatcher(house)

    again = (await other.post(f"/dispatch/plans/{board['edited_from']}/draft")).json()
    itself = (await other.post(f"/dispatch/plans/{board['plan_id']}/draft")).json()
    plan = (await desk.get(f"/dispatch/plans/{board['edited_from']}")).json()

    assert again["plan_id"] == itself["plan_id"] == board["plan_id"] != plan["id"]
    assert board["objective_cents"] == board["best_cents"] == plan["objective_cents"]
    assert code(await desk.get(f"/dispatch/plans/{plan['id']}/board")) == (409, "board.not_a_draft")


async def test_a_visit_goes_to_another_lane_with_new_times_and_its_cost(house: House) -> None:
    desk, board = await a_board(house)
    full = busy(board)
    first = board["lanes"][full]["route"]["stops"][0]

    tried = (await move(desk, board, first["practice_id"], lane=1 - full, trial=True)).json()
    untouched = await read(desk, board)
    done = (await move(desk, board, first["practice_id"], lane=1 - full)).json()
    after = await read(desk, board)

    assert untouched == board
    assert tried["cost_cents"] == done["cost_cents"] > 0, "the planner had it better"
    assert order(after, 1 - full) == [first["practice_number"]]
    assert len(order(after, full)) == 2
    assert after["objective_cents"] == board["objective_cents"] - done["cost_cents"]
    assert the_stop(after, first["practice_number"])["pinned"]
    assert [lane["broken"] for lane in after["lanes"]] == [[], []]
    assert after["may_undo"] == "moved"


async def test_what_a_change_breaks_is_said_and_not_refused(house: House) -> None:
    desk, board = await a_board(house)
    full = busy(board)
    async with house.session() as session:
        agent = await session.merge(house.people[Role.AGENT])
        agent.shift_from_s, agent.shift_to_s, agent.max_visits = 9 * 3600, 9 * 3600 + 600, 1
    last = board["lanes"][full]["route"]["stops"][-1]
    home = next(i for i, lane in enumerate(board["lanes"]) if lane["agent_id"] == str(house.people[Role.AGENT].id))

    done = await move(desk, board, last["practice_id"], lane=home, place=0)

    broken = {one["code"] for lane in done.json()["lanes"] for one in lane["broken"]}
    assert done.status_code == 200
    assert "broken_shift" in broken
    assert ("broken_max_visits" in broken) == (full == home)


async def test_a_visit_that_a_rule_forbids_may_be_put_in_and_the_rule_is_named(house: House) -> None:
    refused = await entrusted(house, "P-009")
    async with house.session() as session:
        row = (await session.exec(select(Address).where(Address.practice_id == refused))).one()
        row.state = "rejected"
    desk, board = await a_board(house)
    assert "P-009" in {one["practice_number"] for one in board["unplanned"]}

    done = (await move(desk, board, str(refused), lane=busy(board), place=0)).json()
    after = await read(desk, board)

    assert "conduct.address_rejected" in {one["code"] for lane in done["lanes"] for one in lane["broken"]}
    assert order(after, busy(board))[0] == "P-009"
    assert "P-009" not in {one["practice_number"] for one in after["unplanned"]}


async def test_a_visit_is_taken_out_and_undo_puts_it_back_where_it_was(house: House) -> None:
    desk, board = await a_board(house)
    full = busy(board)
    second = board["lanes"][full]["route"]["stops"][1]

    await move(desk, board, second["practice_id"], lane=None)
    out = await read(desk, board)
    undone = await desk.post(f"/dispatch/plans/{board['plan_id']}/undo")
    after = await read(desk, board)

    assert [one["practice_number"] for one in out["unplanned"] if one["reason"] == "taken_out"] == [
        second["practice_number"]
    ]
    assert undone.status_code == 200
    assert order(after, full) == order(board, full)
    assert [lane["route"]["stops"] for lane in after["lanes"]] == [lane["route"]["stops"] for lane in board["lanes"]]
    assert after["unplanned"] == board["unplanned"]
    assert code(await desk.post(f"/dispatch/plans/{board['plan_id']}/undo")) == (409, "board.nothing_to_undo")


async def test_changes_are_undone_one_by_one_backwards(house: House) -> None:
    desk, board = await a_board(house)
    full = busy(board)
    names = order(board, full)
    stops = {stop["practice_number"]: stop["practice_id"] for stop in board["lanes"][full]["route"]["stops"]}
    await move(desk, board, stops[names[0]], lane=full, place=2)
    await move(desk, await read(desk, board), stops[names[1]], lane=1 - full)

    await desk.post(f"/dispatch/plans/{board['plan_id']}/undo")
    between = await read(desk, board)
    await desk.post(f"/dispatch/plans/{board['plan_id']}/undo")

    assert order(between, full) == [names[1], names[2], names[0]]
    assert order(await read(desk, board), full) == names


async def test_a_move_seen_on_an_older_lane_is_refused_with_who_changed_it(house: House) -> None:
    desk, board = await a_board(house)
    other = await another_dispatcher(house)
    full = busy(board)
    first, second, _ = board["lanes"][full]["route"]["stops"]
    await move(other, board, first["practice_id"], lane=1 - full)

    late = await move(desk, board, second["practice_id"], lane=full, place=0)
    same = await move(desk, board, first["practice_id"], lane=None)
    after = await read(desk, board)

    assert code(late) == code(same) == (409, "board.lane_changed")
    assert late.json()["details"]["by"] == "Nome paolo"
    assert order(after, 1 - full) == [first["practice_number"]], "nothing is overwritten"


async def test_a_draft_that_was_read_before_it_was_held_is_read_again(house: House) -> None:
    """As appointments do, which look where a visit would fit before they put it there."""
    desk, board = await a_board(house)
    full = busy(board)
    first = board["lanes"][full]["route"]["stops"][0]

    async with house.work(Role.DISPATCHER) as work:
        read_before = await planning.plan_row(work.session, UUID(board["plan_id"]))
        assert (await move(desk, board, first["practice_id"], lane=1 - full)).status_code == 200
        hand = await hands.open_hand(work, read_before.id)
        held = {agent: len(order) for agent, order in hand.orders.items()}

    assert held == {UUID(board["lanes"][full]["agent_id"]): 2, UUID(board["lanes"][1 - full]["agent_id"]): 1}


async def test_undo_is_refused_where_somebody_changed_the_lane_since(house: House) -> None:
    desk, board = await a_board(house)
    other = await another_dispatcher(house)
    full = busy(board)
    first, second, _ = board["lanes"][full]["route"]["stops"]
    await move(desk, board, first["practice_id"], lane=full, place=2)
    await move(other, await read(desk, board), second["practice_id"], lane=1 - full)

    refused = await desk.post(f"/dispatch/plans/{board['plan_id']}/undo")
    theirs = await other.post(f"/dispatch/plans/{board['plan_id']}/undo")
    mine = await desk.post(f"/dispatch/plans/{board['plan_id']}/undo")

    assert code(refused) == (409, "board.lane_changed")
    assert (theirs.status_code, mine.status_code) == (200, 200)
    assert order(await read(desk, board), full) == order(board, full)


async def test_what_was_taken_out_does_not_come_back_while_a_colleague_has_it_in_another_lane(house: House) -> None:
    desk, board = await a_board(house)
    other = await another_dispatcher(house)
    full = busy(board)
    stop = board["lanes"][full]["route"]["stops"][1]
    await move(desk, board, stop["practice_id"], lane=None)
    await move(other, await read(other, board), stop["practice_id"], lane=1 - full)

    refused = await desk.post(f"/dispatch/plans/{board['plan_id']}/undo")
    after = await read(desk, board)
    theirs = await other.post(f"/dispatch/plans/{board['plan_id']}/undo")
    mine = await desk.post(f"/dispatch/plans/{board['plan_id']}/undo")

    assert code(refused) == (409, "board.lane_changed")
    assert refused.json()["details"]["by"] == "Nome paolo"
    assert sorted(order(after, 0) + order(after, 1)) == sorted(order(board, full)), "at one door once"
    assert (theirs.status_code, mine.status_code) == (200, 200)
    assert order(await read(desk, board), full) == order(board, full)


async def test_nobody_reaches_into_a_lane_that_a_colleague_keeps(house: House) -> None:
    desk, board = await a_board(house)
    other = await another_dispatcher(house)
    full = busy(board)
    first = board["lanes"][full]["route"]["stops"][0]
    lock = {"agent_id": board["lanes"][full]["agent_id"], "locked": True, "seen": seen(board)}

    await desk.post(f"/dispatch/plans/{board['plan_id']}/locks", json=lock)
    now = await read(other, board)
    refused = await move(other, now, first["practice_id"], lane=1 - full)
    own = await move(desk, now, first["practice_id"], lane=full, place=1)

    assert now["lanes"][full]["locked_by"] == house.people[Role.DISPATCHER].name
    assert code(refused) == (409, "board.lane_locked")
    assert own.status_code == 200


async def test_a_pin_is_set_let_go_and_undone(house: House) -> None:
    desk, board = await a_board(house)
    stop = board["lanes"][busy(board)]["route"]["stops"][0]

    async def pin(on: bool) -> None:
        body = {"practice_id": stop["practice_id"], "pinned": on, "seen": seen(await read(desk, board))}
        assert (await desk.post(f"/dispatch/plans/{board['plan_id']}/pins", json=body)).status_code == 200

    await pin(True)
    assert the_stop(await read(desk, board), stop["practice_number"])["pinned"]
    await pin(False)
    assert not the_stop(await read(desk, board), stop["practice_number"])["pinned"]
    await desk.post(f"/dispatch/plans/{board['plan_id']}/undo")
    assert the_stop(await read(desk, board), stop["practice_number"])["pinned"]


async def test_a_draft_is_published_and_then_no_longer_touched(house: House) -> None:
    desk, board = await a_board(house)
    full = busy(board)
    stops = board["lanes"][full]["route"]["stops"]
    await desk.post(f"/dispatch/plans/{board['edited_from']}/publish")
    await move(desk, board, stops[0]["practice_id"], lane=1 - full)
    await move(desk, await read(desk, board), stops[1]["practice_id"], lane=None)

    day = (await desk.post(f"/dispatch/plans/{board['plan_id']}/publish")).json()
    late = await move(desk, await read(desk, board), stops[2]["practice_id"], lane=None)
    back = (await desk.post(f"/dispatch/plans/{board['edited_from']}/publish")).json()

    newest = day["versions"][0]
    assert (newest["version"], newest["removed"], newest["added"]) == (2, 1, 0)
    assert newest["moved"] >= 1
    assert code(late) == (409, "board.published_already")
    assert (back["versions"][0]["version"], back["versions"][0]["added"]) == (3, 1), "one step back to the first"


async def test_later_planning_leaves_locked_lanes_alone_and_pinned_visits_with_their_agent(house: House) -> None:
    desk, board = await a_board(house, "P-001", "P-002", "P-003", "P-004")
    full = busy(board)
    first, second, *_ = board["lanes"][full]["route"]["stops"]
    await move(desk, board, first["practice_id"], lane=1 - full)
    now = await read(desk, board)
    lock = {"agent_id": now["lanes"][1 - full]["agent_id"], "locked": True, "seen": seen(now)}
    await desk.post(f"/dispatch/plans/{board['plan_id']}/locks", json=lock)
    pin = {"practice_id": second["practice_id"], "pinned": True, "seen": seen(now)}
    await desk.post(f"/dispatch/plans/{board['plan_id']}/pins", json=pin)

    plan = await planned(house, desk, keep=board["plan_id"])
    again = (await desk.post(f"/dispatch/plans/{plan['id']}/draft")).json()

    routes = {route["agent_id"]: route for route in plan["routes"]}
    kept = routes[now["lanes"][1 - full]["agent_id"]]
    assert [stop["practice_number"] for stop in kept["stops"]] == [first["practice_number"]]
    assert [(s["pinned"], s["reason"]) for s in routes[now["lanes"][full]["agent_id"]]["stops"]].count(
        (True, "pinned")
    ) == 1
    assert plan["progress"]["served"] + 1 == sum(len(route["stops"]) for route in plan["routes"]) == 4
    assert plan["objective_cents"] == sum(r["prize_cents"] - r["travel_cost_cents"] for r in plan["routes"])
    assert [lane["locked_by"] for lane in again["lanes"]].count(house.people[Role.DISPATCHER].name) == 1


async def test_who_is_visited_in_a_locked_lane_is_visited_in_no_other(house: House) -> None:
    desk, board = await a_board(house, "P-001", "P-002")
    lane = board["lanes"][busy(board)]
    lock = {"agent_id": lane["route"]["agent_id"], "locked": True, "seen": seen(board)}
    await desk.post(f"/dispatch/plans/{board['plan_id']}/locks", json=lock)
    met = next(stop["practice_number"] for stop in lane["route"]["stops"])
    await entrusted(house, "P-008", of=met)
    await entrusted(house, "P-009")

    plan = await planned(house, desk, keep=board["plan_id"])

    assert "P-009" in {stop["practice_number"] for route in plan["routes"] for stop in route["stops"]}
    told = [(row["practice_number"], row["reason"], row["details"]) for row in plan["unplanned"]]
    assert told == [("P-008", "kept_apart", {"instead_of": met})]


async def test_only_a_draft_of_the_same_day_is_kept(house: House) -> None:
    desk, board = await a_board(house)

    asked = {"day": "2026-11-27", "seconds": 1, "keep": board["plan_id"]}
    base = {"day": "2026-11-26", "seconds": 1, "keep": board["edited_from"]}

    assert code(await desk.post("/dispatch/plans", json=asked)) == (404, "plan.unknown")
    assert code(await desk.post("/dispatch/plans", json=base)) == (404, "plan.unknown")


async def test_what_does_not_exist_is_refused(house: House) -> None:
    desk, board = await a_board(house)
    stop = board["lanes"][busy(board)]["route"]["stops"][0]

    nobody = {"practice_id": stop["practice_id"], "agent_id": str(uuid4()), "seen": seen(board)}
    assert code(await desk.post(f"/dispatch/plans/{board['plan_id']}/moves", json=nobody)) == (
        404,
        "board.lane_unknown",
    )
    assert code(await move(desk, board, str(uuid4()), lane=0)) == (404, "board.visit_unknown")
    await move(desk, board, stop["practice_id"], lane=None)
    twice = await move(desk, await read(desk, board), stop["practice_id"], lane=None)
    assert code(twice) == (404, "board.visit_unknown"), "taken out already"
    pin = {"practice_id": str(uuid4()), "pinned": True, "seen": {}}
    assert code(await desk.post(f"/dispatch/plans/{board['plan_id']}/pins", json=pin)) == (404, "board.visit_unknown")


async def test_a_practice_recalled_during_a_drag_is_not_put_anywhere(house: House) -> None:
    desk, board = await a_board(house)
    full = busy(board)
    stop = board["lanes"][full]["route"]["stops"][0]
    async with house.session() as session:
        row = (await session.exec(select(Practice).where(Practice.id == UUID(stop["practice_id"])))).one()
        row.state = "recalled"

    refused = await move(desk, board, stop["practice_id"], lane=1 - full)

    assert code(refused) == (409, "board.practice_gone")
    assert await read(desk, board) == board


async def test_a_visit_whose_address_lost_its_position_is_not_put_anywhere(house: House) -> None:
    desk, board = await a_board(house)
    full = busy(board)
    stop = board["lanes"][full]["route"]["stops"][0]
    async with house.session() as session:
        row = (await session.exec(select(Address).where(Address.practice_id == UUID(stop["practice_id"])))).one()
        row.lat_e6 = row.lon_e6 = None

    refused = await move(desk, board, stop["practice_id"], lane=1 - full)

    assert code(refused) == (409, "board.no_position")


async def test_a_change_is_told_with_the_lanes_that_it_touched(house: House) -> None:
    desk, board = await a_board(house)
    full = busy(board)
    await move(desk, board, board["lanes"][full]["route"]["stops"][0]["practice_id"], lane=1 - full)

    async with house.session() as session:
        fact = (await session.exec(select(Fact).where(Fact.kind == "board.changed"))).one()

    assert fact.body["plan_id"] == board["plan_id"]
    assert set(fact.body["lanes"]) == {lane["agent_id"] for lane in board["lanes"]}


async def test_a_move_costs_as_many_statements_in_a_long_lane_as_in_a_short_one(house: House) -> None:
    desk, board = await a_board(house, *[f"P-00{last}" for last in "123456789"])
    full = busy(board)

    with statements(house.parts.database) as heard:
        done = await move(desk, board, board["lanes"][full]["route"]["stops"][0]["practice_id"], lane=1 - full)

    assert done.status_code == 200
    assert len(heard) <= MOVE, len(heard)


async def test_that_a_lane_which_the_move_does_not_touch_rings_at_the_same_person_is_said(house: House) -> None:
    desk, board = await a_board(house, "P-001", "P-002")
    full = busy(board)
    await entrusted(house, "P-008", of="P-001")
    # The other practice of the debtor comes into the draft from aside, into the lane of the colleague.
    async with house.session() as session:
        plan = (await session.exec(select(Plan).where(Plan.id == UUID(board["plan_id"])))).one()
        twin = (await session.exec(select(Practice).where(Practice.practice_number == "P-008"))).one()
        row = {
            "practice_id": str(twin.id),
            "practice_number": "P-008",
            "debtor_name": "Mario Bianchi",
            "comune": "Lodi",
        }
        lying = {
            **row,
            "lat_e6": 45_314_500,
            "lon_e6": 9_503_500,
            "prize_cents": 100,
            "reason": "fell_out",
            "details": {},
        }
        plan.result = {**plan.result, "unplanned": [lying]}

    done = (await move(desk, board, str(twin.id), lane=1 - full)).json()

    (told,) = [one for one in done["lanes"][0]["broken"] if one["code"] == "broken_twin"]
    assert told["details"] == {"number": "P-001", "agent": board["lanes"][full]["route"]["agent_name"]}
