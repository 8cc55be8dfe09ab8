"""A published day planned again from where everybody is: a preview that writes nothing, then taken, then published."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.store.tables import Address, AuditEntry, Person, Plan, Practice
from tests.conftest import NOW
from tests.flows.arranged import TODAY, entrusted
from tests.flows.conftest import Desk, House
from tests.flows.phone import FieldPhone, a_report, text_of
from tests.flows.statements import statements
from tests.flows.test_board import another_dispatcher, move, read, seen
from tests.flows.test_planning import code, colleague, dispatcher, planned

DAY = f"/dispatch/days/{TODAY.isoformat()}"
PREVIEW = 51
"""Who asks and for whom (4), the version, its draft or plan (3), what has begun (4), people (1), rules (3), practices
with their facts (15), licences and verdicts (15), what is forbidden (1), shifts and absences (2), judged again
(2)."""


class Morning:
    """A published day of two agents of whom one has begun, told by a real phone."""

    def __init__(self, house: House, desk: Desk, first: Person, other: Person, phone: FieldPhone) -> None:
        self.house, self.desk, self.first, self.other, self.phone = house, desk, first, other, phone

    async def day(self) -> dict[str, Any]:
        return dict((await self.desk.get(DAY)).json())

    async def stops(self, person: Person) -> list[dict[str, Any]]:
        routes = (await self.day())["routes"]
        return next((route["stops"] for route in routes if route["agent_id"] == str(person.id)), [])

    async def preview(self, *happened: dict[str, Any], desk: Desk | None = None) -> Any:
        return await (desk or self.desk).post(f"{DAY}/replan", json={"happened": list(happened)})

    async def take(self, view: dict[str, Any], *happened: dict[str, Any], desk: Desk | None = None) -> Any:
        body = {
            "happened": list(happened),
            "orders": {
                lane["route"]["agent_id"]: [stop["practice_id"] for stop in lane["route"]["stops"]]
                for lane in view["lanes"]
                if lane["touched"]
            },
            "seen": {lane["route"]["agent_id"]: lane["revision"] for lane in view["lanes"]},
            "version": view["version"],
        }
        return await (desk or self.desk).post(f"{DAY}/replan/take", json=body)

    async def arrive(self, at: int = 0, *, minutes_ago: int = 10) -> dict[str, Any]:
        """The phone checks in at a stop of its day."""
        stop = (await self.phone.request("GET", "/field/day")).json()["stops"][at]
        when = NOW - timedelta(minutes=minutes_ago)
        body = {
            "visit_id": str(uuid4()),
            "stop_id": stop["stop_id"],
            "practice_id": stop["practice"]["id"],
            "arrived_at": text_of(when),
            "position": None,
            "position_refused_reason": "refused",
        }
        answer = await self.phone.push(self.phone.envelope("check_in", body, at=when))
        assert answer.json()["verdicts"][0]["verdict"] == "accepted", answer.text
        return dict(stop)

    async def report(self, stop: dict[str, Any], *, minutes_ago: int = 30) -> None:
        when = NOW - timedelta(minutes=minutes_ago)
        answer = await self.phone.push(self.phone.envelope("visit", a_report(stop, at=when), at=NOW))
        assert answer.json()["verdicts"][0]["verdict"] == "accepted", answer.text


async def a_morning(house: House, *, visits: int = 4) -> Morning:
    """Ten in Italy: `visits` in the first agent's route, none in the other's."""
    ids = [await entrusted(house, f"P-00{number}") for number in range(1, visits + 1)]
    other = await colleague(house)
    desk = await dispatcher(house)
    first = house.people[Role.AGENT]
    plan = await planned(house, desk, agent_ids=[str(first.id), str(other.id)])
    board = dict((await desk.post(f"/dispatch/plans/{plan['id']}/draft")).json())
    mine = next(i for i, lane in enumerate(board["lanes"]) if lane["agent_id"] == str(first.id))
    for practice in ids:
        assert (await move(desk, board, str(practice), lane=mine)).status_code == 200
        board = await read(desk, board)
        for lane in board["lanes"]:
            for stop in lane["route"]["stops"]:
                if stop["pinned"]:
                    loose = {"practice_id": stop["practice_id"], "pinned": False, "seen": seen(board)}
                    await desk.post(f"/dispatch/plans/{board['plan_id']}/pins", json=loose)
                    board = await read(desk, board)
    assert (await desk.post(f"/dispatch/plans/{board['plan_id']}/publish")).status_code == 200
    phone = await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")
    return Morning(house, desk, first, other, phone)


def lane_of(view: dict[str, Any], person: Person) -> dict[str, Any]:
    return next(lane for lane in view["lanes"] if lane["route"]["agent_id"] == str(person.id))


def numbers(view: dict[str, Any], person: Person) -> list[str]:
    return [stop["practice_number"] for stop in lane_of(view, person)["route"]["stops"]]


def at(stop: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(stop["arrive_at"])


def away(person: Person) -> dict[str, Any]:
    return {"kind": "agent_away", "agent_id": str(person.id)}


async def test_a_sick_agents_open_visits_go_to_the_colleague_and_what_has_begun_stays(house: House) -> None:
    morning = await a_morning(house)
    done = await morning.arrive(0, minutes_ago=50)
    await morning.report(done, minutes_ago=50)
    at_door = await morning.arrive(1)

    answer = await morning.preview(away(morning.first))
    view = answer.json()

    assert answer.status_code == 200, answer.text
    kept = [stop["practice_id"] for stop in lane_of(view, morning.first)["route"]["stops"]]
    assert kept == [done["practice"]["id"], at_door["practice"]["id"]]
    first = lane_of(view, morning.first)["route"]["stops"][0]
    assert (first["state"], at(first)) == ("done", NOW - timedelta(minutes=50))
    assert len(numbers(view, morning.other)) == 2
    handed = [change for change in view["changes"] if change["kind"] == "handed"]
    assert {(one["from_agent"], one["to_agent"], one["price_cents"], one["reason"]) for one in handed} == {
        (morning.first.name, morning.other.name, 0, "told_agent_away")
    }
    assert all(at(stop) > NOW for stop in lane_of(view, morning.other)["route"]["stops"])
    assert view["before"]["visits"] == view["after"]["visits"] == 4
    assert view["fallen"] == []
    assert [lane["broken"] for lane in view["lanes"]] == [[], []]


async def test_a_preview_writes_nothing(house: House) -> None:
    morning = await a_morning(house)
    await morning.arrive()
    async with house.session() as session:
        before = len((await session.exec(select(Plan))).all()), len((await session.exec(select(AuditEntry))).all())
    published = await morning.day()

    await morning.preview(away(morning.first))

    async with house.session() as session:
        after = len((await session.exec(select(Plan))).all()), len((await session.exec(select(AuditEntry))).all())
    assert (await morning.day()) == published
    assert after == before


async def test_a_preview_is_taken_into_the_shared_draft_and_published_as_the_next_version(house: House) -> None:
    morning = await a_morning(house)
    begun = await morning.arrive()
    told = away(morning.first)
    view = (await morning.preview(told)).json()

    taken = await morning.take(view, told)
    board = taken.json()
    day = (await morning.desk.post(f"/dispatch/plans/{board['plan_id']}/publish")).json()
    again = (await morning.phone.request("GET", "/field/day")).json()

    assert taken.status_code == 200, taken.text
    assert (day["versions"][0]["version"], day["versions"][0]["moved"]) == (2, 3)
    assert [stop["stop_id"] for stop in again["stops"]] == [begun["stop_id"]], "the phone keeps what it has begun"
    assert len(await morning.stops(morning.other)) == 3
    more = (await morning.preview()).json()
    assert [one["kind"] for one in more["happened"]] == ["agent_away"], "what was told still holds"
    assert more["changes"] == []


async def test_taking_is_one_change_that_its_dispatcher_takes_back(house: House) -> None:
    morning = await a_morning(house)
    await morning.arrive()
    told = away(morning.first)
    view = (await morning.preview(told)).json()
    board = (await morning.take(view, told)).json()

    undone = await morning.desk.post(f"/dispatch/plans/{board['plan_id']}/undo")
    after = await read(morning.desk, board)

    assert board["may_undo"] == "replanned"
    assert undone.status_code == 200, undone.text
    assert [len(lane["route"]["stops"]) for lane in after["lanes"]].count(4) == 1
    assert (await morning.preview()).json()["happened"] == []


async def test_who_is_held_up_goes_on_later_and_the_times_say_so(house: House) -> None:
    morning = await a_morning(house)
    await morning.arrive()
    until = NOW + timedelta(hours=2)

    view = (
        await morning.preview({"kind": "held_up", "agent_id": str(morning.first.id), "until": text_of(until)})
    ).json()

    open_stops = lane_of(view, morning.first)["route"]["stops"][1:]
    assert all(at(stop) >= until for stop in open_stops)
    assert {change["kind"] for change in view["changes"]} <= {"shifted", "handed"}
    assert view["changes"]


async def test_a_cancelled_visit_falls_out_with_its_reason_and_is_not_brought_back(house: House) -> None:
    morning = await a_morning(house)
    last = (await morning.stops(morning.first))[-1]
    told = {"kind": "cancelled", "practice_id": last["practice_id"]}

    view = (await morning.preview(told)).json()
    board = (await morning.take(view, told)).json()
    later = (await morning.preview(away(morning.first))).json()

    assert [(one["practice_number"], one["reason"]) for one in view["fallen"]] == [
        (last["practice_number"], "cancelled")
    ]
    assert [(one["kind"], one["reason"]) for one in view["changes"] if one["practice_id"] == last["practice_id"]] == [
        ("out", "cancelled")
    ]
    assert [one["practice_number"] for one in board["unplanned"] if one["reason"] == "cancelled"] == [
        last["practice_number"]
    ]
    planned_later = {number for lane in later["lanes"] for number in [s["practice_id"] for s in lane["route"]["stops"]]}
    assert last["practice_id"] not in planned_later


async def test_an_urgent_visit_is_made_although_nobody_had_time_for_it(house: House) -> None:
    morning = await a_morning(house)
    async with house.session() as session:
        for person in (morning.first, morning.other):
            (await session.merge(person)).max_visits = 2
    stops = await morning.stops(morning.first)
    lawful = (await morning.preview()).json()
    out = [one["practice_id"] for one in lawful["fallen"]]
    assert out == [], "two and two find place"
    spare = await entrusted(house, "P-009", cents=30_000)
    desk = morning.desk
    plan = await planned(house, desk)
    await desk.post(f"/dispatch/plans/{plan['id']}/publish")
    without = (await morning.preview()).json()
    made = {stop["practice_id"] for lane in without["lanes"] for stop in lane["route"]["stops"]}

    urgent = (await morning.preview({"kind": "urgent", "practice_id": str(spare)})).json()

    assert str(spare) not in made
    assert str(spare) in {s["practice_id"] for lane in urgent["lanes"] for s in lane["route"]["stops"]}
    came = next(one for one in urgent["changes"] if one["practice_id"] == str(spare))
    assert (came["kind"], came["reason"]) == ("in", "told_urgent")
    assert len([one for one in urgent["changes"] if one["kind"] == "out"]) == 1
    assert {one["practice_id"] for one in urgent["fallen"]} <= {stop["practice_id"] for stop in stops}


async def test_a_moved_appointment_is_kept_in_its_new_window_and_only_where_it_is_lawful(house: House) -> None:
    morning = await a_morning(house)
    one = (await morning.stops(morning.first))[0]

    def moved(hour: int, *, until: int) -> dict[str, Any]:
        opens, closes = (text_of(NOW.replace(hour=h, minute=0)) for h in (hour, until))
        return {"kind": "moved", "practice_id": one["practice_id"], "from_at": opens, "to_at": closes}

    view = (await morning.preview(moved(15, until=16))).json()
    night = await morning.preview(moved(22, until=22))
    past = await morning.preview(moved(7, until=8))

    stop = next(s for lane in view["lanes"] for s in lane["route"]["stops"] if s["practice_id"] == one["practice_id"])
    assert NOW.replace(hour=15) <= at(stop) <= NOW.replace(hour=16)
    assert stop["must"]
    assert code(night) == (409, "replan.window_unlawful")
    assert code(past) == (409, "replan.time_wrong")


async def test_locked_lanes_and_pinned_visits_stay(house: House) -> None:
    morning = await a_morning(house)
    published = (await morning.day())["versions"][0]["plan_id"]
    board = (await morning.desk.post(f"/dispatch/plans/{published}/draft")).json()
    pinned = (await morning.stops(morning.first))[-1]
    pin = {"practice_id": pinned["practice_id"], "pinned": True, "seen": seen(board)}
    await morning.desk.post(f"/dispatch/plans/{board['plan_id']}/pins", json=pin)
    until = text_of(NOW.replace(hour=16))
    late = {"kind": "held_up", "agent_id": str(morning.first.id), "until": until}

    kept = (await morning.preview(late)).json()
    other = await another_dispatcher(house)
    lock = {"agent_id": str(morning.other.id), "locked": True, "seen": seen(await read(other, board))}
    await other.post(f"/dispatch/plans/{board['plan_id']}/locks", json=lock)
    alone = (await morning.preview(away(morning.first))).json()
    reached_into = await morning.preview(away(morning.other))

    assert pinned["practice_number"] in numbers(kept, morning.first)
    assert numbers(alone, morning.other) == [], "a locked lane takes nothing"
    assert len(alone["fallen"]) == 4
    assert {one["reason"] for one in alone["fallen"]} == {"fell_out"}, "nobody is left, so no route comes nearest"
    assert code(reached_into) == (409, "board.lane_locked")


async def test_what_changed_since_the_preview_is_not_overwritten(house: House) -> None:
    morning = await a_morning(house)
    told = away(morning.first)
    view = (await morning.preview(told)).json()
    other = await another_dispatcher(house)
    board = (await other.post(f"/dispatch/plans/{(await morning.day())['versions'][0]['plan_id']}/draft")).json()
    stop = (await morning.stops(morning.first))[0]
    await move(other, board, stop["practice_id"], lane=None)

    late = await morning.take(view, told)
    await morning.desk.post(f"/dispatch/plans/{board['plan_id']}/publish")
    later = await morning.take(view, told)

    assert code(late) == (409, "board.lane_changed")
    assert code(later) == (409, "replan.day_changed")


async def test_a_visit_begun_between_preview_and_taking_stays_where_it_began(house: House) -> None:
    morning = await a_morning(house)
    told = away(morning.first)
    view = (await morning.preview(told)).json()
    assert numbers(view, morning.first) == []
    begun = await morning.arrive(minutes_ago=1)

    board = (await morning.take(view, told)).json()
    published = await morning.desk.post(f"/dispatch/plans/{board['plan_id']}/publish")

    mine = next(lane for lane in board["lanes"] if lane["agent_id"] == str(morning.first.id))
    assert [stop["practice_id"] for stop in mine["route"]["stops"]] == [begun["practice"]["id"]]
    assert published.status_code == 200, published.text


async def test_a_rule_that_stops_a_visit_meanwhile_takes_it_out_in_its_words(house: House) -> None:
    morning = await a_morning(house)
    stop = (await morning.stops(morning.first))[-1]
    async with house.session() as session:
        row = (await session.exec(select(Address).where(Address.practice_id == UUID(stop["practice_id"])))).one()
        row.state = "rejected"

    view = (await morning.preview()).json()

    assert [(one["practice_number"], one["reason"]) for one in view["fallen"]] == [
        (stop["practice_number"], "conduct.address_rejected")
    ]


async def test_a_done_visit_stays_in_later_versions_although_its_practice_is_closed(house: House) -> None:
    morning = await a_morning(house)
    done = await morning.arrive(0, minutes_ago=50)
    await morning.report(done, minutes_ago=50)
    async with house.session() as session:
        row = (await session.exec(select(Practice).where(Practice.id == UUID(done["practice"]["id"])))).one()
        row.state = "closed"
    told = away(morning.first)

    board = (await morning.take((await morning.preview(told)).json(), told)).json()
    await morning.desk.post(f"/dispatch/plans/{board['plan_id']}/publish")

    assert [(s["practice_id"], s["state"]) for s in await morning.stops(morning.first)] == [
        (done["practice"]["id"], "done")
    ]


async def test_moves_by_hand_are_judged_from_where_everybody_is(house: House) -> None:
    morning = await a_morning(house)
    begun = await morning.arrive(0, minutes_ago=5)
    board = (await morning.desk.post(f"/dispatch/plans/{(await morning.day())['versions'][0]['plan_id']}/draft")).json()
    lane = next(i for i, one in enumerate(board["lanes"]) if one["agent_id"] == str(morning.first.id))
    last = board["lanes"][lane]["route"]["stops"][-1]

    done = (await move(morning.desk, board, last["practice_id"], lane=lane, place=1)).json()

    stops = next(one for one in done["lanes"] if one["agent_id"] == str(morning.first.id))["route"]["stops"]
    assert stops[0]["practice_id"] == begun["practice"]["id"]
    assert at(stops[0]) == NOW - timedelta(minutes=5)
    assert all(at(stop) > NOW for stop in stops[1:])
    assert done["lanes"][0]["broken"] == []


async def test_what_cannot_be_is_refused(house: House) -> None:
    morning = await a_morning(house)
    begun = await morning.arrive()
    nobody = await morning.preview({"kind": "agent_away", "agent_id": str(uuid4())})
    nowhere = await morning.preview({"kind": "cancelled", "practice_id": str(uuid4())})
    late = await morning.preview({"kind": "cancelled", "practice_id": begun["practice"]["id"]})
    timeless = await morning.preview({"kind": "held_up", "agent_id": str(morning.first.id)})
    empty = await morning.desk.post("/dispatch/days/2026-11-27/replan", json={"happened": []})
    past = await morning.desk.post("/dispatch/days/2026-11-25/replan", json={"happened": []})

    assert code(nobody) == (404, "board.lane_unknown")
    assert code(nowhere) == (404, "board.visit_unknown")
    assert code(late) == (409, "replan.begun_already")
    assert code(timeless) == (409, "replan.time_wrong")
    assert code(empty) == (409, "replan.not_published")
    assert code(past) == (409, "plan.day_is_past")


async def test_a_preview_costs_as_many_statements_on_a_long_day_as_on_a_short_one(house: House) -> None:
    morning = await a_morning(house, visits=8)
    await morning.arrive()

    with statements(house.parts.database) as heard:
        answer = await morning.preview(away(morning.first))

    assert answer.status_code == 200
    assert len(heard) <= PREVIEW, len(heard)


async def test_what_was_told_of_a_visit_in_no_lane_is_taken_back_with_the_change(house: House) -> None:
    morning = await a_morning(house)
    versions = (await morning.day())["versions"]
    board = dict((await morning.desk.post(f"/dispatch/plans/{versions[0]['plan_id']}/draft")).json())
    aside = lane_of(board, morning.first)["route"]["stops"][-1]["practice_id"]
    await move(morning.desk, board, aside, lane=None)
    await morning.desk.post(f"/dispatch/plans/{board['plan_id']}/publish")
    told = {"kind": "cancelled", "practice_id": aside}
    taken = await morning.take((await morning.preview(told)).json(), told)
    kept = (await morning.preview()).json()["happened"]

    undone = await morning.desk.post(f"/dispatch/plans/{taken.json()['plan_id']}/undo")

    assert [one["practice_id"] for one in kept] == [aside]
    assert (undone.status_code, undone.json()["lanes"]) == (200, [])
    assert (await morning.preview()).json()["happened"] == []


async def test_undo_takes_back_ones_own_word_and_not_a_colleagues(house: House) -> None:
    morning = await a_morning(house)
    other = await another_dispatcher(house)
    mine = {"kind": "held_up", "agent_id": str(morning.first.id), "until": (NOW + timedelta(hours=2)).isoformat()}
    theirs = away(morning.other)
    taken = await morning.take((await morning.preview(mine)).json(), mine)
    assert taken.status_code == 200, taken.text
    assert (
        await morning.take((await morning.preview(theirs, desk=other)).json(), theirs, desk=other)
    ).status_code == 200

    undone = await morning.desk.post(f"/dispatch/plans/{taken.json()['plan_id']}/undo")

    assert undone.status_code in (200, 409)
    kinds = {one["kind"] for one in (await morning.preview()).json()["happened"]}
    assert kinds == ({"agent_away"} if undone.status_code == 200 else {"agent_away", "held_up"})


async def test_replanning_sends_nobody_to_whom_a_locked_lane_visits(house: House) -> None:
    morning = await a_morning(house, visits=3)
    other = await another_dispatcher(house)
    day = await morning.day()
    board = (await other.post(f"/dispatch/plans/{day['versions'][0]['plan_id']}/draft")).json()
    lane = next(one for one in board["lanes"] if "P-001" in [stop["practice_number"] for stop in one["route"]["stops"]])
    lock = {"agent_id": lane["agent_id"], "locked": True, "seen": seen(board)}
    assert (await other.post(f"/dispatch/plans/{board['plan_id']}/locks", json=lock)).status_code == 200
    await entrusted(house, "P-008", of="P-001")
    again = await planned(house, other, keep=board["plan_id"])
    assert {one["practice_number"]: one["reason"] for one in again["unplanned"]}["P-008"] == "kept_apart"
    assert (await other.post(f"/dispatch/plans/{again['id']}/publish")).status_code == 200

    view = (await morning.preview()).json()

    held = [stop["practice_number"] for one in view["lanes"] for stop in one["route"]["stops"]]
    assert "P-001" in held
    assert "P-008" not in held
