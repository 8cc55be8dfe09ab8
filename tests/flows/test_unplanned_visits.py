"""A debtor met outside the plan: a visit of its own, which belongs to no stop, bends no rule and says where it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from fieldapp.domain.access import Role
from fieldapp.store import tables
from tests.conftest import NOW
from tests.flows.arranged import TODAY, entrusted, published
from tests.flows.conftest import House, a_person
from tests.flows.phone import FieldPhone, a_report, text_of
from tests.flows.test_planning import published_day, with_a_full_day
from tests.flows.test_presence import attempts, switch
from tests.flows.test_sync import AT, count, day_of, one_stop, paid_report, phone_of, verdicts

LATER = AT + timedelta(minutes=25)
ANYWHERE = ("address", "public_place", "workplace")


def met(phone: FieldPhone, stop: dict[str, Any], *, where: str = "public_place", cents: int = 5_000) -> dict[str, Any]:
    """The debtor was met outside the plan, paid in cash and signed."""
    return paid_report(phone, stop, cents) | {"stop_id": None, "unplanned": where}


async def pushed(phone: FieldPhone, body: dict[str, Any]) -> dict[str, Any]:
    """What the office says of one report; the phone is told no more."""
    answer = await phone.push(phone.envelope("visit", body, at=AT))
    return dict(answer.json()["verdicts"][0])


async def visit_of(house: House, visit_id: str) -> tables.Visit:
    async with house.session() as session:
        return (await session.exec(select(tables.Visit).where(tables.Visit.id == UUID(visit_id)))).one()


async def published_routes(house: House) -> list[dict[str, Any]]:
    desk = await house.sign_in(Role.DISPATCHER)
    return list((await desk.get(f"/dispatch/days/{TODAY.isoformat()}")).json()["routes"])


@pytest.mark.parametrize("where", ANYWHERE)
async def test_the_office_sees_that_a_visit_was_outside_the_plan_and_where(house: House, where: str) -> None:
    phone, stop = await one_stop(house)
    report = met(phone, stop, where=where)

    verdict = await pushed(phone, report)

    assert verdict["verdict"] == "accepted"
    desk = await house.sign_in(Role.BACK_OFFICE)
    [visit] = (await desk.get(f"/practices/{stop['practice']['id']}")).json()["visits"]
    assert (visit["unplanned"], visit["outcome"], len(visit["receipts"])) == (where, "PAID_PARTIAL", 1)
    async with house.session() as session:
        query = select(tables.Fact).where(tables.Fact.kind == "visit.reported")
        fact = (await session.exec(query)).one()
    assert (fact.body["unplanned"], fact.body["stop_id"]) == (where, None)
    [route] = await published_routes(house)
    [outside] = route["outside"]
    assert (outside["debtor_name"], outside["place"], outside["outcome"]) == ("Mario Bianchi", where, "PAID_PARTIAL")


async def test_the_stop_of_the_plan_stays_to_be_visited_and_the_reserve_in_reserve(house: House) -> None:
    await with_a_full_day(house)
    await published_day(house, await house.sign_in(Role.DISPATCHER))
    phone = await phone_of(house)
    planned, spare = (await day_of(phone))["stops"]

    for stop in (planned, spare):
        assert (await pushed(phone, met(phone, stop)))["verdict"] == "accepted"

    assert [(one["reserve"], one["done"]) for one in (await day_of(phone))["stops"]] == [(False, False), (True, False)]
    [route] = await published_routes(house)
    assert [one["state"] for one in route["stops"]] == ["planned"]
    assert len(route["in_reserve"]) == 1
    assert len(route["outside"]) == 2


async def test_a_second_visit_of_the_day_is_told_to_the_office_as_at_any_door(house: House) -> None:
    phone, stop = await one_stop(house)
    await pushed(phone, paid_report(phone, stop, 5_000))

    verdict = await pushed(phone, met(phone, stop) | {"arrived_at": text_of(LATER), "left_at": text_of(NOW)})

    assert verdict["verdict"] == "accepted"
    assert {"conduct.visits_today", "conduct.conversations_today"} <= set(verdict["flags"])


async def test_the_next_visit_at_the_door_counts_the_one_that_was_outside_the_plan(house: House) -> None:
    phone, stop = await one_stop(house)
    await pushed(phone, met(phone, stop))

    again = await pushed(phone, a_report(stop, at=LATER))
    facts = (await day_of(phone))["stops"][0]["practice"]["conduct_facts"]

    assert "conduct.visits_today" in again["flags"]
    assert len([one for one in facts["practice"]["contacts"] if one["channel"] == "visit"]) == 2


@pytest.mark.parametrize(
    ("where", "flagged"),
    [
        ("workplace", True),  # the debtor never named it
        ("public_place", False),
        ("address", False),
    ],
)
async def test_a_workplace_that_the_debtor_did_not_name_is_told(house: House, where: str, flagged: bool) -> None:
    phone, stop = await one_stop(house)

    verdict = await pushed(phone, met(phone, stop, where=where))

    assert ("conduct.workplace" in verdict["flags"]) is flagged


async def test_a_doubtful_address_says_nothing_of_a_meeting_elsewhere(house: House) -> None:
    phone, stop = await one_stop(house)
    async with house.session() as session:
        address = await session.get_one(tables.Address, UUID(stop["address"]["id"]))
        address.state = "doubtful"

    at_the_door = await pushed(phone, met(phone, stop, where="address"))
    elsewhere = await pushed(phone, met(phone, stop, where="public_place"))

    assert "conduct.address_doubtful" in at_the_door["flags"]
    assert "conduct.address_doubtful" not in elsewhere["flags"]


async def test_what_is_said_elsewhere_changes_no_address(house: House) -> None:
    phone, stop = await one_stop(house)
    moved = a_report(
        stop,
        at=AT,
        stop_id=None,
        unplanned="public_place",
        met={"who": "third_party", "identified_by": None, "role": "neighbour"},
        outcome="MOVED",
        captured={"source": "neighbour"},
    )

    verdict = await pushed(phone, moved)

    assert "visit.outcome_only_at_the_address" in verdict["flags"]
    async with house.session() as session:
        assert (await session.get_one(tables.Address, UUID(stop["address"]["id"]))).state == "confirmed"


async def test_nobody_learns_from_a_meeting_in_the_street_when_somebody_is_home(house: House) -> None:
    phone, stop = await one_stop(house)
    await switch(house)
    await pushed(phone, met(phone, stop))
    house.clock.move_to(NOW + timedelta(days=1))

    assert await attempts(house) == 0


async def test_an_arrival_outside_the_plan_begins_no_stop(house: House) -> None:
    phone, stop = await one_stop(house)
    body = {
        "visit_id": str(uuid4()),
        "stop_id": None,
        "unplanned": "public_place",
        "practice_id": stop["practice"]["id"],
        "arrived_at": text_of(AT),
        "position": None,
        "position_refused_reason": "refused",
    }

    assert await verdicts(phone, phone.envelope("check_in", body, at=AT)) == [("accepted", None)]

    [route] = await published_routes(house)
    assert [one["state"] for one in route["stops"]] == ["planned"]
    async with house.session() as session:
        fact = (await session.exec(select(tables.Fact).where(tables.Fact.kind == "visit.arrived"))).one()
    assert (fact.body["unplanned"], fact.body["stop_id"]) == ("public_place", None)


# --- attacks ---


async def test_a_practice_that_was_never_this_agents_is_refused_outside_the_plan_too(house: House) -> None:
    mine, theirs = await entrusted(house, "P-001"), await entrusted(house, "P-002")
    colleague = a_person(house.agency_id, Role.AGENT, login="collega", number="2")
    async with house.session() as session:
        session.add(colleague)
    await published(house, theirs, agent=colleague)
    other = await FieldPhone.enrol(await house.sign_in(person=colleague), house.client(), agent_number="2")
    stop = (await day_of(other))["stops"][0]
    await published(house, mine)
    phone = await phone_of(house)

    verdict = await pushed(phone, met(phone, stop))

    assert (verdict["verdict"], verdict["code"]) == ("refused", "visit.not_yours")
    assert await count(house, tables.Payment) == 0


async def test_a_practice_that_left_the_day_meanwhile_is_taken_and_told(house: House) -> None:
    phone, stop = await one_stop(house)
    await published(house, await entrusted(house, "P-002"))

    verdict = await pushed(phone, met(phone, stop))

    assert verdict["verdict"] == "accepted"
    assert "visit.reassigned" in verdict["flags"]


@pytest.mark.parametrize(
    ("state", "flag"),
    [("closed", "conduct.debt_paid"), ("recalled", "conduct.debt_recalled")],
)
async def test_money_of_a_practice_that_was_closed_meanwhile_is_booked_and_somebody_hears_of_it(
    house: House, state: str, flag: str
) -> None:
    phone, stop = await one_stop(house)
    async with house.session() as session:
        (await session.get_one(tables.Practice, UUID(stop["practice"]["id"]))).state = state

    verdict = await pushed(phone, met(phone, stop))

    assert verdict["verdict"] == "accepted"
    assert flag in verdict["flags"]
    assert await count(house, tables.Payment) == 1
    async with house.session() as session:
        tasks = (await session.exec(select(tables.Task).where(col(tables.Task.kind) == "visit.flagged"))).all()
    assert [flag in task.details["flags"] for task in tasks] == [True]


async def test_one_visit_in_the_plan_and_outside_it_is_reported_once(house: House) -> None:
    phone, stop = await one_stop(house)
    planned = paid_report(phone, stop, 5_000)
    await pushed(phone, planned)

    again = await pushed(phone, met(phone, stop) | {"visit_id": planned["visit_id"]})

    assert (again["verdict"], again["code"]) == ("refused", "visit.reported_twice")
    assert await count(house, tables.Payment) == 1


async def test_a_report_that_claims_a_stop_and_none_is_refused_and_becomes_a_task(house: House) -> None:
    phone, stop = await one_stop(house)

    verdict = await pushed(phone, a_report(stop, at=AT, unplanned="address"))

    assert (verdict["verdict"], verdict["code"]) == ("refused", "visit.field_malformed")
    assert verdict["details"] == {"field": "unplanned"}
    async with house.session() as session:
        assert [task.kind for task in (await session.exec(select(tables.Task))).all()] == ["envelope.refused"]
