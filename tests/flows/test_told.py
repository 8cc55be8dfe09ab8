"""What phones tell beside visits: a paper to send becomes work for the office, whose address only the task shows."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.store import tables
from tests.flows.arranged import TODAY, entrusted, published
from tests.flows.conftest import House, a_person
from tests.flows.phone import FieldPhone, a_report, text_of
from tests.flows.test_sync import AT, day_of, one_stop, phone_of, verdicts

ADDRESS = "mario.bianchi@example.it"


def a_request(stop: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "request_id": str(uuid4()),
        "practice_id": stop["practice"]["id"],
        "visit_id": str(uuid4()),
        "paper": "receipt",
        "name": "A1-000001",
        "channel": "email",
        "address": ADDRESS,
        "consent": True,
        "at": text_of(AT),
        **changes,
    }


def asked(phone: FieldPhone, stop: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return phone.envelope("paper_request", a_request(stop, **changes), at=AT)


async def test_a_paper_to_send_is_a_task_with_its_address_and_a_fact_without(house: House) -> None:
    phone, stop = await one_stop(house)
    envelope = asked(phone, stop)

    assert await verdicts(phone, envelope) == [("accepted", None)]
    assert await verdicts(phone, envelope) == [("duplicate", None)]

    office = await house.sign_in(Role.BACK_OFFICE)
    [task] = (await office.get("/tasks", params={"kind": "paper.send"})).json()
    assert task["practice_id"] == stop["practice"]["id"]
    assert task["details"] == {"paper": "receipt", "name": "A1-000001", "send_by": "email", "address": ADDRESS}
    async with house.session() as session:
        facts = (await session.exec(select(tables.Fact).where(tables.Fact.kind == "paper.requested"))).all()
        stored = (await session.exec(select(tables.Task).where(tables.Task.kind == "paper.send"))).one()
    assert len(facts) == 1
    assert ADDRESS not in json.dumps(facts[0].body) + json.dumps(stored.details)


async def test_a_paper_without_consent_or_of_another_agents_practice_is_not_sent(house: House) -> None:
    phone, stop = await one_stop(house)
    elsewhere = str(await entrusted(house, "P-009"))

    answers = await verdicts(phone, asked(phone, stop, consent=False), asked(phone, stop, practice_id=elsewhere))

    assert answers == [("refused", "paper_request.consent_missing"), ("refused", "visit.not_yours")]
    office = await house.sign_in(Role.BACK_OFFICE)
    assert (await office.get("/tasks", params={"kind": "paper.send"})).json() == []


async def route_of(house: House, agent: str) -> dict[str, Any]:
    desk = await house.sign_in(Role.DISPATCHER)
    routes = (await desk.get(f"/dispatch/days/{TODAY.isoformat()}")).json()["routes"]
    return next(dict(route) for route in routes if route["agent_name"] == agent)


def an_order(phone: FieldPhone, stops: list[str]) -> dict[str, Any]:
    body = {"day": TODAY.isoformat(), "version": 1, "stops": stops, "at": text_of(AT)}
    return phone.envelope("day_order", body, at=AT)


async def test_the_office_sees_the_order_that_an_agent_chose_and_only_over_their_own_visits(house: House) -> None:
    await published(house, *[await entrusted(house, f"P-00{n}") for n in (1, 2, 3)])
    phone = await phone_of(house)
    first, second, third = [stop["stop_id"] for stop in (await day_of(phone))["stops"]]

    assert await verdicts(phone, an_order(phone, [third, first, second])) == [("accepted", None)]
    assert (await route_of(house, phone.agent_name))["own_order"] == [third, first, second]

    # Back to the plan's order, and somebody else's visit slipped in.
    assert await verdicts(phone, an_order(phone, [first, str(uuid4()), second, third])) == [("accepted", None)]
    assert (await route_of(house, phone.agent_name))["own_order"] == []


async def test_another_agents_word_changes_no_route_but_their_own(house: House) -> None:
    colleague = a_person(house.agency_id, Role.AGENT, login="collega", number="2")
    async with house.session() as session:
        session.add(colleague)
    theirs = await FieldPhone.enrol(await house.sign_in(person=colleague), house.client(), agent_number="2")
    await published(house, *[await entrusted(house, f"P-00{n}") for n in (1, 2)])
    phone = await phone_of(house)
    stops = [stop["stop_id"] for stop in (await day_of(phone))["stops"]]

    assert await verdicts(theirs, an_order(theirs, stops[::-1])) == [("accepted", None)]

    assert (await route_of(house, phone.agent_name))["own_order"] == []


async def test_a_day_closed_by_its_agent_shows_at_the_desk_and_locks_nothing(house: House) -> None:
    phone, stop = await one_stop(house)
    body = {
        "day": TODAY.isoformat(),
        "at": text_of(AT),
        "done": 0,
        "left": [stop["stop_id"]],
        "unsent": 0,
        "held": [{"method": "cash", "count": 1, "cents": 15_000}],
    }

    assert await verdicts(phone, phone.envelope("day_closed", body, at=AT)) == [("accepted", None)]
    route = await route_of(house, phone.agent_name)
    assert route["closed_at"] is not None
    assert datetime.fromisoformat(route["closed_at"]) == AT

    assert await verdicts(phone, phone.envelope("visit", a_report(stop, at=AT), at=AT)) == [("accepted", None)]
