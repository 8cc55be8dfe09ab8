"""Appointments on the phone: lawful windows with their cost, taken, moved, cancelled, kept by whoever plans the day."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.contacts import ITALY
from fieldapp.services.hands import REMEMBERED
from fieldapp.store import appointments as agreed_rows
from fieldapp.store.tables import Address, AuditEntry, ContactAttempt, Fact, Person, Practice, PracticeFlag, Task
from tests.conftest import NOW
from tests.flows.arranged import TODAY, entrusted
from tests.flows.conftest import Desk, House, new_id
from tests.flows.phone import FieldPhone, a_report, text_of
from tests.flows.test_board import another_dispatcher, move
from tests.flows.test_planning import code, colleague, dispatcher, planned, published_day, stops_of
from tests.flows.test_rules_room import switch_on

FRIDAY, SATURDAY, SUNDAY, MONDAY = (TODAY + timedelta(days=ahead) for ahead in (1, 2, 3, 4))


async def offered(desk: Desk, practice: UUID, **asked: Any) -> dict[str, Any]:
    answer = await desk.get(f"/practices/{practice}/appointment-offers", params=asked)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def on(view: dict[str, Any], day: date) -> dict[str, Any]:
    return next(one for one in view["days"] if one["day"] == day.isoformat())


def at(view: dict[str, Any], day: date, hour: int) -> dict[str, Any]:
    """The offer that begins at `hour` in Italy."""
    return next(one for one in on(view, day)["offers"] if local(one["from_at"]).hour == hour)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(ITALY)


def wish(offer: dict[str, Any]) -> dict[str, Any]:
    return {name: offer[name] for name in ("from_at", "to_at", "agent_id", "lane")}


def within(stop: dict[str, Any], offer: dict[str, Any]) -> bool:
    """Whether the whole visit lies in the window."""
    begins, ends = (datetime.fromisoformat(stop[name]) for name in ("arrive_at", "leave_at"))
    return datetime.fromisoformat(offer["from_at"]) <= begins < ends <= datetime.fromisoformat(offer["to_at"])


async def take(desk: Desk, practice: UUID, offer: dict[str, Any]) -> Any:
    return await desk.post(f"/practices/{practice}/appointments", json=wish(offer))


async def test_an_empty_week_offers_lawful_hours_of_seven_days_and_says_why_sunday_has_none(house: House) -> None:
    practice = await entrusted(house)
    desk = await dispatcher(house)

    view = await offered(desk, practice)

    hours = [local(one["from_at"]).hour for one in on(view, FRIDAY)["offers"]]
    assert sorted(hours) == [*range(9, 18)]
    assert [(day["day"], day["offers"] == []) for day in view["days"] if day["offers"] == []] == [
        (SUNDAY.isoformat(), True)
    ]
    assert on(view, SUNDAY)["reason"]["code"] == "conduct.sunday"
    assert max(local(one["to_at"]).hour for one in on(view, SATURDAY)["offers"]) == 15
    assert min(local(one["from_at"]) for one in on(view, TODAY)["offers"]) > NOW
    assert sum(day["offers"] != [] for day in view["days"]) == 7
    one = at(view, FRIDAY, 10)
    assert (one["travel_s"] > 0, one["distance_m"] > 0, one["cost_cents"] > 0, one["visits"]) == (True, True, True, 0)


async def test_a_window_of_two_hours_is_offered_where_a_whole_visit_fits_anywhere_in_it(house: House) -> None:
    practice = await entrusted(house)
    desk = await dispatcher(house)

    saturday = on(await offered(desk, practice, hours="2"), SATURDAY)["offers"]

    spans = {(local(one["from_at"]).hour, local(one["to_at"]).hour) for one in saturday}
    assert spans == {(9, 11), (10, 12), (11, 13), (12, 14), (13, 15)}
    assert code(await desk.get(f"/practices/{practice}/appointment-offers", params={"hours": "3"}))[0] == 422


async def recall(house: House, practice: UUID) -> None:
    async with house.session() as session:
        (await session.get_one(Practice, practice)).state = "recalled"


async def dispute(house: House, practice: UUID) -> None:
    async with house.session() as session:
        flag = {"kind": "disputed", "since": NOW, "source": "desk"}
        session.add(PracticeFlag(id=new_id(), agency_id=house.agency_id, practice_id=practice, **flag))


async def doubt(house: House, practice: UUID) -> None:
    async with house.session() as session:
        row = (await session.exec(select(Address).where(Address.practice_id == practice))).one()
        row.state = "doubtful"


async def misplace(house: House, practice: UUID) -> None:
    async with house.session() as session:
        row = (await session.exec(select(Address).where(Address.practice_id == practice))).one()
        row.lat_e6 = row.lon_e6 = None


async def move_away(house: House, practice: UUID) -> None:
    async with house.session() as session:
        row = (await session.exec(select(Address).where(Address.practice_id == practice))).one()
        row.province = "NA"


async def expire(house: House, _: UUID) -> None:
    async with house.session() as session:
        (await session.get_one(Person, house.people[Role.AGENT].id)).badge_valid_to = TODAY - timedelta(days=1)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (recall, "conduct.debt_recalled"),  # the creditor took it back
        (dispute, "conduct.debt_disputed"),  # a disputed debt is cleared by the office first
        (doubt, "conduct.address_doubtful"),  # nobody is sent to a door that may be another one
        (misplace, "appointment.address_not_placed"),  # a way to it cannot be reckoned
        (move_away, "appointment.nobody_licensed"),  # the Questura was told of other provinces
        (expire, "appointment.nobody_works"),  # a badge that ran out
    ],
)
async def test_a_day_without_a_window_says_why(house: House, spoil: Any, says: str) -> None:
    practice = await entrusted(house)
    await spoil(house, practice)
    desk = await dispatcher(house)

    friday = on(await offered(desk, practice), FRIDAY)

    assert (friday["offers"], friday["reason"]["code"]) == ([], says)


async def test_one_that_is_taken_is_a_call_in_the_ledger_stands_in_the_file_and_is_audited(house: House) -> None:
    practice = await entrusted(house)
    desk = await dispatcher(house)
    offer = at(await offered(desk, practice), FRIDAY, 10)

    answer = await take(desk, practice, offer)

    taken = answer.json()
    assert answer.status_code == 201, answer.text
    assert (taken["lane"], taken["broke"]) == ("unplanned", [])
    assert (taken["appointment"]["from_at"], taken["appointment"]["agent_number"]) == (offer["from_at"], "1")
    file = (await desk.get(f"/practices/{practice}")).json()
    assert [one["id"] for one in file["appointments"]] == [taken["appointment"]["id"]]
    assert {"appointment.taken", "contact.made"} <= {one["kind"] for one in file["timeline"]}
    assert file["next_action"] == "revisit"
    async with house.session() as session:
        calls = await session.exec(select(ContactAttempt).where(ContactAttempt.channel == "call"))
        actions = [row.action for row in (await session.exec(select(AuditEntry))).all()]
        assert [(row.outcome, row.reached, row.practice_id) for row in calls] == [("APPOINTMENT_SET", True, practice)]
    assert {"appointment.taken", "contact.logged"} <= set(actions)
    assert [row["practice_number"] for row in (await desk.get(f"/dispatch/days/{FRIDAY}/appointments")).json()] == [
        "P-001"
    ]


async def test_a_call_that_the_rules_forbid_is_written_down_with_what_it_broke(house: House) -> None:
    practice = await entrusted(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    call = {"channel": "call", "at": NOW.isoformat(), "reached": True}
    await desk.post(f"/practices/{practice}/contacts", json=call)

    taken = (await take(desk, practice, at(await offered(desk, practice), FRIDAY, 10))).json()

    assert [found["code"] for found in taken["broke"]] == ["conduct.conversations_today"]


async def test_what_the_rules_forbid_by_now_is_refused_in_their_words(house: House) -> None:
    practice = await entrusted(house)
    desk = await dispatcher(house)
    offer = at(await offered(desk, practice), FRIDAY, 10)
    await dispute(house, practice)

    answer = await take(desk, practice, offer)

    assert code(answer) == (409, "conduct.debt_disputed")
    assert "contestato" in answer.json()["detail"]
    async with house.session() as session:
        assert (await session.exec(select(ContactAttempt).where(ContactAttempt.channel == "call"))).all() == []


async def test_a_window_that_is_never_offered_is_refused(house: House) -> None:
    practice = await entrusted(house)
    desk = await dispatcher(house)
    offer = at(await offered(desk, practice), FRIDAY, 10)
    sunday = {
        name: (datetime.fromisoformat(offer[name]) + timedelta(days=2)).isoformat() for name in ("from_at", "to_at")
    }
    late = {name: (datetime.fromisoformat(offer[name]) + timedelta(hours=12)).isoformat() for name in sunday}
    past = {name: (datetime.fromisoformat(offer[name]) - timedelta(days=1, hours=1)).isoformat() for name in sunday}
    odd = {"from_at": (datetime.fromisoformat(offer["from_at"]) + timedelta(minutes=10)).isoformat()}

    told = [code(await take(desk, practice, offer | wrong)) for wrong in (sunday, late, past, odd)]

    assert told == [
        (409, "conduct.sunday"),
        (409, "conduct.outside_hours"),
        (409, "appointment.day_over"),
        (422, "appointment.window_unknown"),
    ]


async def test_two_dispatchers_who_saw_the_same_lane_do_not_both_promise_it(house: House) -> None:
    one, other = await entrusted(house, "P-001"), await entrusted(house, "P-002")
    desk, colleague_ = await dispatcher(house), await another_dispatcher(house)
    first, second = (
        at(await offered(desk, one), FRIDAY, 10),
        at(await offered(colleague_, other), FRIDAY, 10),
    )

    assert (await take(desk, one, first)).status_code == 201
    answer = await take(colleague_, other, second)

    assert code(answer) == (409, "appointment.lane_changed")
    assert code(await take(desk, one, first)) == (409, "appointment.stands_already")
    again = at(await offered(colleague_, other), FRIDAY, 10)
    assert again["visits"] == 1, "what was promised stands in the lane, though nobody has planned the day"
    assert (await take(colleague_, other, again)).status_code == 201


async def test_one_is_moved_with_a_reason_and_cancelled_with_another(house: House) -> None:
    practice = await entrusted(house)
    desk = await dispatcher(house)
    first = (await take(desk, practice, at(await offered(desk, practice), FRIDAY, 10))).json()["appointment"]
    path = f"/practices/{practice}/appointments/{first['id']}"
    view = await offered(desk, practice)
    body = wish(at(view, SATURDAY, 11))

    assert [row["id"] for row in view["standing"]] == [first["id"]]
    assert code(await desk.post(f"{path}/move", json=body | {"reason": " "})) == (422, "appointment.reason_missing")
    moved = await desk.post(f"{path}/move", json=body | {"reason": "lavora venerdì"})
    assert moved.status_code == 200, moved.text
    second = moved.json()["appointment"]
    assert second["from_at"] == body["from_at"]
    assert code(await desk.post(f"{path}/cancel", json={"reason": "x", "called": False})) == (
        404,
        "appointment.unknown",
    )
    ended = await desk.post(
        f"/practices/{practice}/appointments/{second['id']}/cancel", json={"reason": "ha pagato", "called": True}
    )
    assert (ended.status_code, ended.json()["standing"]) == (200, [])
    file = (await desk.get(f"/practices/{practice}")).json()
    told = [one["kind"] for one in file["timeline"] if one["kind"].startswith("appointment.")]
    assert told == ["appointment.cancelled", "appointment.moved", "appointment.taken"]
    assert (file["appointments"], file["next_action"]) == ([], None)


async def test_one_that_was_set_at_the_door_is_moved_by_the_office_like_any_other(house: House) -> None:
    practice = await entrusted(house)
    desk = await dispatcher(house)
    await published_day(house, desk)
    phone = await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")
    (stop,) = (await phone.request("GET", "/field/day")).json()["stops"]
    window = {"from": text_of(NOW + timedelta(days=2)), "to": text_of(NOW + timedelta(days=2, hours=2))}
    met = {"who": "debtor", "identified_by": "document", "role": None}
    captured = {"window": window, "place": "this_address"}
    report = a_report(stop, at=NOW - timedelta(hours=1), met=met, outcome="APPOINTMENT_SET", captured=captured)
    report |= {"identified_self": True}
    answer = await phone.push(phone.envelope("visit", report, at=NOW))
    assert answer.json()["verdicts"][0]["verdict"] == "accepted", answer.text
    (row,) = (await desk.get(f"/practices/{practice}")).json()["appointments"]

    body = wish(at(await offered(desk, practice), MONDAY, 10)) | {"reason": "può prima"}
    moved = await desk.post(f"/practices/{practice}/appointments/{row['id']}/move", json=body)

    assert (row["at_the_door"], row["agent_id"]) == (True, None)
    assert moved.status_code == 200, moved.text
    (left,) = (await desk.get(f"/practices/{practice}")).json()["appointments"]
    assert (left["at_the_door"], local(left["from_at"])) == (False, local(body["from_at"]))
    (saturday,) = (await desk.get("/dispatch/candidates", params={"day": SATURDAY.isoformat()})).json()
    (monday,) = (await desk.get("/dispatch/candidates", params={"day": MONDAY.isoformat()})).json()
    assert (saturday["must"], monday["must"]) == (False, True)


async def test_two_who_cancel_it_at_once_end_it_once(house: House) -> None:
    practice = await entrusted(house)
    desk = await dispatcher(house)
    taken = (await take(desk, practice, at(await offered(desk, practice), FRIDAY, 10))).json()["appointment"]
    path = f"/practices/{practice}/appointments/{taken['id']}/cancel"

    answers = await asyncio.gather(*(desk.post(path, json={"reason": "x", "called": False}) for _ in range(4)))

    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404]
    async with house.session() as session:
        told = (await session.exec(select(Fact.kind).where(Fact.kind == "appointment.cancelled"))).all()
    assert len(told) == 1


async def test_what_is_over_can_no_longer_be_moved_or_cancelled(house: House) -> None:
    practice = await entrusted(house)
    desk = await dispatcher(house)
    offer = at(await offered(desk, practice), TODAY, 15)
    taken = (await take(desk, practice, offer)).json()["appointment"]
    house.clock.move_to(NOW + timedelta(hours=7))

    answer = await desk.post(
        f"/practices/{practice}/appointments/{taken['id']}/cancel", json={"reason": "x", "called": False}
    )

    assert code(answer) == (409, "appointment.over")


async def test_a_neighbours_practice_and_appointment_are_nowhere(house: House) -> None:
    practice = await entrusted(house)
    desk = await dispatcher(house)
    offer = at(await offered(desk, practice), FRIDAY, 10)
    taken = (await take(desk, practice, offer)).json()["appointment"]
    _, _, stranger = await house.other_agency()
    theirs = await house.sign_in(person=stranger)
    path = f"/practices/{practice}/appointments/{taken['id']}"
    unknown = f"/practices/{practice}/appointments/{uuid4()}/cancel"
    nothing = {"reason": "x", "called": False}

    told = [
        code(await theirs.get(f"/practices/{practice}/appointment-offers")),
        code(await take(theirs, practice, offer)),
        code(await theirs.post(f"{path}/cancel", json=nothing)),
        code(await desk.post(unknown, json=nothing)),
    ]

    assert told == [*[(404, "practice.unknown")] * 3, (404, "appointment.unknown")]
    assert (await theirs.get(f"/dispatch/days/{FRIDAY}/appointments")).json() == []


# --- the planner and the lanes ---


async def test_whoever_plans_the_day_keeps_it_in_its_window_with_the_agent_who_was_named(house: House) -> None:
    other = await colleague(house)
    practice = await entrusted(house, "P-001", cents=1_000)
    crowd = [await entrusted(house, f"P-00{number}") for number in range(2, 8)]
    desk = await dispatcher(house)
    offer = at(await offered(desk, practice), FRIDAY, 16)
    await take(desk, practice, offer)

    plan = await planned(house, desk, day=FRIDAY.isoformat(), practice_ids=[str(one) for one in crowd])

    (stop,) = [one for one in stops_of(plan) if one["practice_number"] == "P-001"]
    (route,) = [one for one in plan["routes"] if stop in one["stops"]]
    assert other.id != UUID(offer["agent_id"]) or route["agent_id"] == str(other.id)
    assert route["agent_id"] == offer["agent_id"]
    assert (stop["must"], stop["reason"], stop["pinned"]) == (True, "appointment", True)
    assert within(stop, offer)


async def test_nobody_comes_on_a_day_before_the_one_that_was_promised(house: House) -> None:
    practice = await entrusted(house)
    desk = await dispatcher(house)
    await take(desk, practice, at(await offered(desk, practice), SATURDAY, 10))

    (friday,) = (await desk.get("/dispatch/candidates", params={"day": FRIDAY.isoformat()})).json()
    (saturday,) = (await desk.get("/dispatch/candidates", params={"day": SATURDAY.isoformat()})).json()

    assert (friday["allowed"], [found["code"] for found in friday["findings"]]) == (
        False,
        ["appointment.on_another_day"],
    )
    assert (saturday["allowed"], saturday["must"]) == (True, True)


async def test_on_a_published_day_it_becomes_a_new_version_and_the_agent_is_told(house: House) -> None:
    waiting = await entrusted(house, "P-001")
    practice = await entrusted(house, "P-002")
    desk = await dispatcher(house)
    await published_day(house, desk, practice_ids=[str(waiting)])
    offer = at(await offered(desk, practice), TODAY, 15)

    taken = (await take(desk, practice, offer)).json()

    after = (await desk.get(f"/dispatch/days/{TODAY}")).json()
    assert taken["lane"] == "published"
    assert [one["version"] for one in after["versions"]] == [2, 1]
    (stop,) = [one for one in stops_of(after) if one["practice_number"] == "P-002"]
    assert (stop["must"], stop["reason"]) == (True, "appointment")
    assert within(stop, offer)
    assert {one["practice_number"] for one in stops_of(after)} == {"P-001", "P-002"}


async def test_a_visit_of_today_goes_to_the_day_that_the_debtor_wants(house: House) -> None:
    practice = await entrusted(house)
    desk = await dispatcher(house)
    await published_day(house, desk)

    taken = (await take(desk, practice, at(await offered(desk, practice), SATURDAY, 10))).json()

    assert taken["lane"] == "unplanned"
    assert stops_of((await desk.get(f"/dispatch/days/{TODAY}")).json()) == []


async def test_a_cancelled_one_leaves_the_published_day(house: House) -> None:
    waiting, practice = await entrusted(house, "P-001"), await entrusted(house, "P-002")
    desk = await dispatcher(house)
    await published_day(house, desk, practice_ids=[str(waiting)])
    taken = (await take(desk, practice, at(await offered(desk, practice), TODAY, 15))).json()["appointment"]

    await desk.post(
        f"/practices/{practice}/appointments/{taken['id']}/cancel", json={"reason": "ha pagato", "called": True}
    )

    left = stops_of((await desk.get(f"/dispatch/days/{TODAY}")).json())
    assert [one["practice_number"] for one in left] == ["P-001"]


async def test_where_a_colleagues_changes_wait_the_draft_holds_it_until_they_are_published(house: House) -> None:
    waiting, practice = await entrusted(house, "P-001"), await entrusted(house, "P-002")
    desk = await dispatcher(house)
    day = await published_day(house, desk, practice_ids=[str(waiting)])
    board = (await desk.post(f"/dispatch/plans/{day['versions'][0]['plan_id']}/draft")).json()
    pin = {
        "practice_id": str(waiting),
        "pinned": True,
        "seen": {one["agent_id"]: one["revision"] for one in board["lanes"]},
    }
    assert (await desk.post(f"/dispatch/plans/{board['plan_id']}/pins", json=pin)).status_code == 200

    taken = (await take(desk, practice, at(await offered(desk, practice), TODAY, 15))).json()

    assert taken["lane"] == "drafted"
    assert len((await desk.get(f"/dispatch/days/{TODAY}")).json()["versions"]) == 1
    draft = (await desk.get(f"/dispatch/plans/{board['plan_id']}/board")).json()
    held = {stop["practice_number"] for lane in draft["lanes"] for stop in lane["route"]["stops"]}
    assert held == {"P-001", "P-002"}


async def test_a_promised_visit_that_is_told_to_be_moved_is_planned_at_its_new_hour(house: House) -> None:
    waiting, practice = await entrusted(house, "P-001"), await entrusted(house, "P-002")
    desk = await dispatcher(house)
    await published_day(house, desk, day=FRIDAY.isoformat(), practice_ids=[str(waiting)])
    await take(desk, practice, at(await offered(desk, practice), FRIDAY, 15))
    opens, closes = (NOW.replace(day=FRIDAY.day, hour=hour) for hour in (11, 12))
    told = {"kind": "moved", "practice_id": str(practice), "from_at": text_of(opens), "to_at": text_of(closes)}

    view = await desk.post(f"/dispatch/days/{FRIDAY}/replan", json={"happened": [told]})

    assert view.status_code == 200, view.text
    stops = [stop for lane in view.json()["lanes"] for stop in lane["route"]["stops"]]
    (stop,) = [one for one in stops if one["practice_number"] == "P-002"]
    assert opens <= datetime.fromisoformat(stop["arrive_at"]) <= closes


async def test_a_visit_that_a_hand_puts_before_the_promised_day_is_told(house: House) -> None:
    practice = await entrusted(house)
    desk = await dispatcher(house)
    plan = await planned(house, desk, day=FRIDAY.isoformat())
    await take(desk, practice, at(await offered(desk, practice), SATURDAY, 10))
    draft = (await desk.post(f"/dispatch/plans/{plan['id']}/draft")).json()

    changed = await move(desk, draft, str(practice), lane=0)

    assert [one["practice_id"] for one in draft["unplanned"]] == [str(practice)], "it left when it was promised"
    (lane,) = changed.json()["lanes"]
    assert [(one["code"], one["practice_id"]) for one in lane["broken"]] == [
        ("appointment.on_another_day", str(practice))
    ]


async def test_a_lane_that_a_colleague_keeps_is_not_offered(house: House) -> None:
    waiting, practice = await entrusted(house, "P-001"), await entrusted(house, "P-002")
    desk, other = await dispatcher(house), await another_dispatcher(house)
    day = await published_day(house, desk, practice_ids=[str(waiting)])
    board = (await other.post(f"/dispatch/plans/{day['versions'][0]['plan_id']}/draft")).json()
    keep = {"agent_id": board["lanes"][0]["agent_id"], "locked": True, "seen": {board["lanes"][0]["agent_id"]: 0}}
    assert (await other.post(f"/dispatch/plans/{board['plan_id']}/locks", json=keep)).status_code == 200

    today = on(await offered(desk, practice), TODAY)

    assert (today["offers"], today["reason"]["code"]) == ([], "appointment.no_room")


async def test_a_creditor_who_wants_appointments_is_satisfied_by_one(house: House) -> None:
    practice = await entrusted(house)
    admin = await house.sign_in(Role.ADMINISTRATOR)
    desk = await dispatcher(house)
    answer = await switch_on(admin, {"rule": "visit.appointment", "parameters": {"required": True}})
    assert answer.status_code == 201, answer.text
    before = (await desk.get("/dispatch/candidates", params={"day": FRIDAY.isoformat()})).json()[0]

    await take(desk, practice, at(await offered(desk, practice), FRIDAY, 10))

    after = (await desk.get("/dispatch/candidates", params={"day": FRIDAY.isoformat()})).json()[0]
    assert [found["code"] for found in before["findings"]] == ["conduct.appointment_missing"]
    assert (after["allowed"], after["findings"]) == (True, [])


@pytest.mark.parametrize("kept", ["locked", "changed"])
async def test_where_a_colleague_keeps_the_lane_a_cancelled_visit_is_said_to_be_on_the_phone_still(
    house: House, kept: str
) -> None:
    waiting, practice = await entrusted(house, "P-001"), await entrusted(house, "P-002")
    desk, other = await dispatcher(house), await another_dispatcher(house)
    await published_day(house, desk, practice_ids=[str(waiting)])
    taken = (await take(desk, practice, at(await offered(desk, practice), TODAY, 15))).json()
    day = (await desk.get(f"/dispatch/days/{TODAY}")).json()
    board = (await other.post(f"/dispatch/plans/{day['versions'][0]['plan_id']}/draft")).json()
    seen = {lane["agent_id"]: lane["revision"] for lane in board["lanes"]}
    if kept == "locked":
        body = {"agent_id": board["lanes"][0]["agent_id"], "locked": True, "seen": seen}
        assert (await other.post(f"/dispatch/plans/{board['plan_id']}/locks", json=body)).status_code == 200
    else:
        body = {"practice_id": str(waiting), "pinned": True, "seen": seen}
        assert (await other.post(f"/dispatch/plans/{board['plan_id']}/pins", json=body)).status_code == 200

    path = f"/practices/{practice}/appointments/{taken['appointment']['id']}/cancel"
    ended = (await desk.post(path, json={"reason": "ha pagato", "called": True})).json()

    left = stops_of((await desk.get(f"/dispatch/days/{TODAY}")).json())
    assert "P-002" in [stop["practice_number"] for stop in left]
    assert ended["still_sent"] == {"on": TODAY.isoformat(), "agent_name": house.people[Role.AGENT].name}


async def test_a_cancelled_visit_that_left_its_lane_is_on_no_phone(house: House) -> None:
    waiting, practice = await entrusted(house, "P-001"), await entrusted(house, "P-002")
    desk = await dispatcher(house)
    await published_day(house, desk, practice_ids=[str(waiting)])
    taken = (await take(desk, practice, at(await offered(desk, practice), TODAY, 15))).json()

    path = f"/practices/{practice}/appointments/{taken['appointment']['id']}/cancel"
    ended = (await desk.post(path, json={"reason": "ha pagato", "called": True})).json()

    assert ended["still_sent"] is None


async def replanned(desk: Desk, day: date, *happened: dict[str, Any]) -> str:
    """What happened on a published day is told, and its rest published anew, as the plan that is answered."""
    board = await told_to_the_draft(desk, day, *happened)
    published = await publish(desk, board["plan_id"])
    assert published["left_out"] == []
    return str(board["plan_id"])


async def publish(desk: Desk, plan: str) -> dict[str, Any]:
    published = await desk.post(f"/dispatch/plans/{plan}/publish")
    assert published.status_code in (200, 201), published.text
    return dict(published.json())


async def told_to_the_draft(desk: Desk, day: date, *happened: dict[str, Any]) -> dict[str, Any]:
    """The draft of a published day after what happened was told and taken; phones hold the day as it was."""
    path = f"/dispatch/days/{day.isoformat()}"
    view = (await desk.post(f"{path}/replan", json={"happened": list(happened)})).json()
    body = {
        "happened": list(happened),
        "orders": {
            lane["route"]["agent_id"]: [stop["practice_id"] for stop in lane["route"]["stops"]]
            for lane in view["lanes"]
        },
        "seen": {lane["route"]["agent_id"]: lane["revision"] for lane in view["lanes"]},
        "version": view["version"],
    }
    taken = await desk.post(f"{path}/replan/take", json=body)
    assert taken.status_code == 200, taken.text
    return dict(taken.json())


async def promised_on_a_published_day(house: House) -> tuple[Desk, UUID, dict[str, Any]]:
    """A visit promised for the afternoon of Friday, on a day that phones hold."""
    practice = await entrusted(house)
    await entrusted(house, "P-002")
    desk = await dispatcher(house)
    plan = await planned(house, desk, day=FRIDAY.isoformat())
    assert (await desk.post(f"/dispatch/plans/{plan['id']}/publish")).status_code in (200, 201)
    answer = await take(desk, practice, at(await offered(desk, practice), FRIDAY, 15))
    assert answer.status_code == 201, answer.text
    return desk, practice, dict(answer.json()["appointment"])


async def standing_on(desk: Desk, day: date) -> list[dict[str, Any]]:
    return list((await desk.get(f"/dispatch/days/{day.isoformat()}/appointments")).json())


async def asked_to_tell(house: House) -> list[Task]:
    async with house.session() as session:
        return list((await session.exec(select(Task).where(Task.kind.startswith("appointment.")))).all())  # type: ignore[attr-defined]


async def test_a_visit_called_off_while_replanning_takes_its_appointment_and_somebody_is_to_tell_the_debtor(
    house: House,
) -> None:
    desk, practice, row = await promised_on_a_published_day(house)

    await replanned(desk, FRIDAY, {"kind": "cancelled", "practice_id": str(practice)})

    assert await standing_on(desk, FRIDAY) == []
    (task,) = await asked_to_tell(house)
    assert (task.kind, task.team, task.practice_id) == ("appointment.cancelled_untold", "dispatcher", practice)
    assert task.details == {"day": FRIDAY.isoformat(), "at": "15:00"}
    async with house.session() as session:
        told = (await session.exec(select(Fact).where(Fact.kind == "appointment.cancelled"))).all()
    assert [one.body["appointment_id"] for one in told] == [row["id"]]


async def test_a_visit_put_to_another_hour_while_replanning_moves_its_appointment_once(house: House) -> None:
    desk, practice, row = await promised_on_a_published_day(house)
    hours = [datetime.combine(FRIDAY, time(hour), ITALY).isoformat() for hour in (10, 12)]
    moved = {"kind": "moved", "practice_id": str(practice), "from_at": hours[0], "to_at": hours[1]}

    plan = await replanned(desk, FRIDAY, moved)
    (now,) = await standing_on(desk, FRIDAY)
    # A colleague promises another hour since: what was told of the version before does not move it back.
    again = await offered(desk, practice)
    later = await desk.post(
        f"/practices/{practice}/appointments/{now['id']}/move", json={**wish(at(again, FRIDAY, 16)), "reason": "lavora"}
    )
    assert later.status_code in (200, 201), later.text
    (kept,) = await standing_on(desk, FRIDAY)
    # Nor does the plan that told it, published once more or without what today made pointless.
    once_more = await publish(desk, plan)
    version = max(one["version"] for one in once_more["versions"])
    body = {"version": version}
    taken_out = await desk.post(f"/dispatch/days/{FRIDAY.isoformat()}/stale/take-out", json=body)
    assert taken_out.status_code == 200, taken_out.text
    newest = max((await desk.get(f"/dispatch/days/{FRIDAY.isoformat()}")).json()["versions"], key=version_of)

    assert newest["plan_id"] == plan
    assert await standing_on(desk, FRIDAY) == [kept]
    assert now["id"] != row["id"]
    assert (local(now["from_at"]).hour, local(now["to_at"]).hour) == (10, 12)
    assert local(kept["from_at"]).hour == 16
    (task,) = await asked_to_tell(house)
    assert (task.kind, task.details) == (
        "appointment.moved_untold",
        {"day": FRIDAY.isoformat(), "at": "15:00", "to": "10:00–12:00"},
    )


def version_of(row: dict[str, Any]) -> int:
    return int(row["version"])


async def test_what_was_told_of_an_appointment_is_done_however_many_changes_came_after_it(house: House) -> None:
    desk, practice, _ = await promised_on_a_published_day(house)
    board = await told_to_the_draft(desk, FRIDAY, {"kind": "cancelled", "practice_id": str(practice)})
    seen = {lane["agent_id"]: lane["revision"] for lane in board["lanes"]}
    agent = board["lanes"][0]["agent_id"]
    for number in range(REMEMBERED + 2):
        body = {"agent_id": agent, "locked": number % 2 == 0, "seen": seen}
        done = await desk.post(f"/dispatch/plans/{board['plan_id']}/locks", json=body)
        assert done.status_code == 200, done.text
        seen |= {lane["agent_id"]: lane["revision"] for lane in done.json()["lanes"]}

    await publish(desk, board["plan_id"])

    assert await standing_on(desk, FRIDAY) == []
    assert [task.kind for task in await asked_to_tell(house)] == ["appointment.cancelled_untold"]


async def test_whoever_agrees_with_one_debtor_and_whoever_publishes_what_was_told_of_two_wait_for_each_other(
    house: House,
) -> None:
    desk, first, _ = await promised_on_a_published_day(house)
    second = await entrusted(house, "P-003")
    answer = await take(desk, second, at(await offered(desk, second), FRIDAY, 11))
    assert answer.status_code == 201, answer.text
    off = [{"kind": "cancelled", "practice_id": str(one)} for one in (first, second)]
    board = await told_to_the_draft(desk, FRIDAY, *off)

    async with house.session() as session, asyncio.TaskGroup() as both:
        await session.exec(select(Practice.id).where(Practice.id == max(first, second)).with_for_update())
        publishing = both.create_task(publish(desk, board["plan_id"]))
        await somebody_waits(house)
        await agreed_rows.lock(session, max(first, second), FRIDAY)
        await session.commit()

    assert publishing.result()["left_out"] == []
    assert await standing_on(desk, FRIDAY) == []


async def somebody_waits(house: House) -> None:
    """Until a transaction waits for another one."""
    waiting = text("select exists (select from pg_locks where not granted)")
    async with asyncio.timeout(30):
        while True:
            async with house.session() as session:
                if (await session.execute(waiting)).scalar_one():
                    return
            await asyncio.sleep(0.01)
