"""Two practices of one person behind one door: one visit, a report and a receipt for each creditor."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from fieldapp.domain.access import Role
from fieldapp.store import tables
from tests.flows.arranged import entrusted, published
from tests.flows.conftest import House, a_person
from tests.flows.phone import FieldPhone, a_report
from tests.flows.test_sync import AT, count, day_of, paid_report, phone_of, verdicts


async def visits_of(house: House, stop: dict[str, Any]) -> list[dict[str, Any]]:
    office = await house.sign_in(Role.BACK_OFFICE)
    answer = await office.get(f"/practices/{stop['practice']['id']}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["visits"])


async def test_one_visit_to_two_practices_is_two_reports_and_two_receipts_and_the_office_sees_that(
    house: House,
) -> None:
    await published(house, await entrusted(house, "P-001"), await entrusted(house, "P-002"))
    phone = await phone_of(house)
    first, second = (await day_of(phone))["stops"]

    one = paid_report(phone, first, 5_000)
    other = paid_report(phone, second, 4_000) | {"with_visit_id": one["visit_id"]}
    answers = await verdicts(phone, phone.envelope("visit", one, at=AT), phone.envelope("visit", other, at=AT))

    assert answers == [("accepted", None), ("accepted", None)]
    assert await count(house, tables.Receipt) == 2
    for stop, number in ((first, "P-002"), (second, "P-001")):
        [visit] = await visits_of(house, stop)
        assert visit["together_with"] == [number]
        assert [receipt["amount_cents"] for receipt in visit["receipts"]] == [5_000 if stop is first else 4_000]


async def test_the_second_report_stands_when_the_first_never_comes(house: House) -> None:
    await published(house, await entrusted(house))
    phone = await phone_of(house)
    [stop] = (await day_of(phone))["stops"]

    report = a_report(stop, at=AT, with_visit_id=str(uuid4()))
    assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("accepted", None)]

    [visit] = await visits_of(house, stop)
    assert visit["together_with"] == []


async def test_nobody_joins_a_visit_to_another_agents(house: House) -> None:
    await published(house, await entrusted(house, "P-001"))
    phone = await phone_of(house)
    [stop] = (await day_of(phone))["stops"]
    own = a_report(stop, at=AT)
    assert await verdicts(phone, phone.envelope("visit", own, at=AT)) == [("accepted", None)]
    colleague = a_person(house.agency_id, Role.AGENT, login="collega", number="2")
    async with house.session() as session:
        session.add(colleague)
    await published(house, await entrusted(house, "P-002"), agent=colleague)
    theirs = await FieldPhone.enrol(await house.sign_in(person=colleague), house.client(), agent_number="2")
    [their_stop] = (await day_of(theirs))["stops"]

    at = AT + timedelta(minutes=1)
    forged = a_report(their_stop, at=at, with_visit_id=own["visit_id"])
    assert await verdicts(theirs, theirs.envelope("visit", forged, at=at)) == [("accepted", None)]

    assert [visit["together_with"] for visit in await visits_of(house, stop)] == [[]]
    assert [visit["together_with"] for visit in await visits_of(house, their_stop)] == [[]]
