"""Later days that phones hold already, judged again after what happened today; taken out by a person."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.store.feed import NewFact, tell
from fieldapp.store.tables import Person, Practice
from tests.conftest import NOW
from tests.flows.arranged import TODAY, entrusted
from tests.flows.conftest import Desk, House
from tests.flows.phone import FieldPhone, a_report
from tests.flows.test_board import read, seen
from tests.flows.test_planning import code, dispatcher, planned, stops_of
from tests.flows.test_sync import AT, paid_report, verdicts

TOMORROW = TODAY + timedelta(days=1)
LATER = TODAY + timedelta(days=7)
"""A week on, when a visit of today counts against no week any more."""
PROMISED_ON = LATER + timedelta(days=4)


async def a_published_day(house: House, *numbers: str, day: date = TOMORROW) -> tuple[Desk, FieldPhone, dict[str, Any]]:
    """A later day on the phone of its agent, whose stops are answered by practice number."""
    for number in numbers:
        await entrusted(house, number)
    desk = await dispatcher(house)
    plan = await planned(house, desk, day=day.isoformat())
    answer = await desk.post(f"/dispatch/plans/{plan['id']}/publish")
    assert len(stops_of(answer.json())) == len(numbers)
    phone = await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")
    bundle = (await phone.request("GET", f"/field/day?day={day.isoformat()}")).json()
    return desk, phone, {one["practice"]["practice_number"]: one for one in bundle["stops"]}


async def met_today(phone: FieldPhone, report: dict[str, Any]) -> None:
    """Outside the plan of today."""
    body = report | {"stop_id": None, "unplanned": "public_place"}
    assert [verdict for verdict, _ in await verdicts(phone, phone.envelope("visit", body, at=AT))] == ["accepted"]


def a_promise(stop: dict[str, Any]) -> dict[str, Any]:
    captured = {"promise_on": PROMISED_ON.isoformat(), "promise_cents": 5_000, "channel": "card"}
    met = {"who": "debtor", "identified_by": "document", "role": None}
    return a_report(stop, at=AT, outcome="PROMISE_TO_PAY", captured=captured, met=met, identified_self=True)


async def closed(house: House, practice_id: str) -> None:
    """The creditor took it back."""
    async with house.session() as session:
        practice = await session.get_one(Practice, UUID(practice_id))
        practice.state = "recalled"
        session.add(practice)
        tell(session, NewFact("practice.recalled", NOW, practice_id=practice.id))


async def stale(desk: Desk) -> dict[str, dict[str, str]]:
    """Day -> number -> the first reason."""
    days = (await desk.get("/dispatch/stale")).json()
    return {day["day"]: {one["practice_number"]: one["findings"][0]["code"] for one in day["visits"]} for day in days}


async def take_out(desk: Desk, day: date = TOMORROW, *, version: int = 1, **also: Any) -> Any:
    return await desk.post(f"/dispatch/days/{day.isoformat()}/stale/take-out", json={"version": version, **also})


async def numbers(phone: FieldPhone, day: date = TOMORROW) -> list[str]:
    bundle = (await phone.request("GET", f"/field/day?day={day.isoformat()}")).json()
    return sorted(one["practice"]["practice_number"] for one in bundle["stops"])


async def test_what_today_made_unlawful_is_told_taken_out_and_gone_from_the_phones_next_day(house: House) -> None:
    desk, phone, stops = await a_published_day(house, "P-001", "P-002", "P-003")
    before = await stale(desk)
    owed = stops["P-001"]["practice"]["owed_cents"]

    await met_today(phone, paid_report(phone, stops["P-001"], sum(owed.values()) if isinstance(owed, dict) else owed))
    await closed(house, stops["P-002"]["practice"]["id"])
    told = await stale(desk)
    answer = await take_out(desk)

    assert before == {}
    assert set(told[TOMORROW.isoformat()]) == {"P-001", "P-002"}
    assert told[TOMORROW.isoformat()]["P-002"] == "practice.not_open"
    assert answer.status_code == 200, answer.text
    assert await numbers(phone) == ["P-003"]
    assert await stale(desk) == {}
    today = (await phone.request("GET", "/field/day")).json()
    assert (today["next_day"], today["next_version"]) == (TOMORROW.isoformat(), 2)


async def test_a_promise_of_today_makes_a_visit_pointless_and_a_person_decides(house: House) -> None:
    desk, phone, stops = await a_published_day(house, "P-001", "P-002", day=LATER)

    await met_today(phone, a_promise(stops["P-001"]))
    told = await stale(desk)
    kept = await take_out(desk, LATER)
    still = await stale(desk)
    taken = await take_out(desk, LATER, practice_ids=[stops["P-001"]["practice"]["id"]])

    assert told == {LATER.isoformat(): {"P-001": "promise_stands"}}
    assert kept.status_code == 200
    assert still == told
    assert max(one["version"] for one in taken.json()["versions"]) == 2
    assert await numbers(phone, LATER) == ["P-002"]


async def test_a_promise_stays_on_the_list_while_others_are_taken_out_until_a_person_pins_the_visit(
    house: House,
) -> None:
    desk, phone, stops = await a_published_day(house, "P-001", "P-002", "P-003", day=LATER)
    await met_today(phone, a_promise(stops["P-001"]))
    house.clock.move_to(NOW + timedelta(minutes=10))
    await closed(house, stops["P-002"]["practice"]["id"])

    taken = await take_out(desk, LATER)
    left = await stale(desk)
    plan = taken.json()["versions"][0]["plan_id"]
    house.clock.move_to(NOW + timedelta(minutes=20))
    board = (await desk.post(f"/dispatch/plans/{plan}/draft")).json()
    body = {"practice_id": stops["P-001"]["practice"]["id"], "pinned": True, "seen": seen(board)}
    pinned = await desk.post(f"/dispatch/plans/{board['plan_id']}/pins", json=body)
    published = await desk.post(f"/dispatch/plans/{board['plan_id']}/publish")

    assert (taken.status_code, pinned.status_code, published.status_code) == (200, 200, 200)
    assert left == {LATER.isoformat(): {"P-001": "promise_stands"}}
    assert await stale(desk) == {}
    assert await numbers(phone, LATER) == ["P-001", "P-003"]


async def test_hands_at_another_visit_of_the_lane_have_not_seen_the_promise(house: House) -> None:
    desk, phone, stops = await a_published_day(house, "P-001", "P-002", day=LATER)
    plan = (await desk.get(f"/dispatch/days/{LATER.isoformat()}")).json()["versions"][0]["plan_id"]
    board = (await desk.post(f"/dispatch/plans/{plan}/draft")).json()
    path = f"/dispatch/plans/{board['plan_id']}"
    first = {"practice_id": stops["P-001"]["practice"]["id"], "pinned": True, "seen": seen(board)}
    await desk.post(f"{path}/pins", json=first)
    house.clock.move_to(NOW + timedelta(minutes=20))
    await met_today(phone, a_promise(stops["P-001"]))
    house.clock.move_to(NOW + timedelta(minutes=30))
    second = {"practice_id": stops["P-002"]["practice"]["id"], "pinned": True, "seen": seen(await read(desk, board))}
    pinned = await desk.post(f"{path}/pins", json=second)
    published = await desk.post(f"{path}/publish")

    assert (pinned.status_code, published.status_code) == (200, 200)
    assert await stale(desk) == {LATER.isoformat(): {"P-001": "promise_stands"}}


async def test_a_contact_of_today_uses_up_what_a_visit_of_tomorrow_needs(house: House) -> None:
    desk, phone, stops = await a_published_day(house, "P-001", "P-002")

    await met_today(phone, a_promise(stops["P-001"]))

    assert await stale(desk) == {TOMORROW.isoformat(): {"P-001": "conduct.visits_this_week"}}


async def test_nothing_is_taken_out_of_today_of_an_unseen_version_or_beside_the_list(house: House) -> None:
    desk, _, stops = await a_published_day(house, "P-001", "P-002")
    practice = stops["P-001"]["practice"]["id"]

    today = await desk.post(f"/dispatch/days/{TODAY.isoformat()}/stale/take-out", json={"version": 1})

    assert code(today) == (409, "stale.day_not_later")
    assert code(await take_out(desk, version=2)) == (409, "plan.published_meanwhile")
    assert code(await take_out(desk, practice_ids=[practice])) == (409, "stale.not_of_day")


async def test_another_agency_hears_nothing_of_it(house: House) -> None:
    desk, _, stops = await a_published_day(house, "P-001")
    await closed(house, stops["P-001"]["practice"]["id"])
    agency_id, _, _ = await house.other_agency()
    from_there = await house.sign_in(person=await administrator_of(house, agency_id))

    assert await stale(from_there) == {}
    assert set(await stale(desk)) == {TOMORROW.isoformat()}


async def administrator_of(house: House, agency_id: UUID) -> Any:
    async with house.session(agency_id) as session:
        return (await session.exec(select(Person).where(Person.role == Role.ADMINISTRATOR.value))).one()
