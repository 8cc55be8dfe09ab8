"""A phone's requests cost the database a fixed number of statements, however much they carry."""

from __future__ import annotations

from fieldapp.domain.access import Role
from tests.flows.arranged import entrusted, published
from tests.flows.conftest import House
from tests.flows.phone import FieldPhone, a_report
from tests.flows.statements import statements
from tests.flows.test_sync import AT, one_stop, paid_report, verdicts

PUSH = 17
"""Who sends (2), for whom (1), the phone locked (1), practices that money is for (1), rules and what is known (4),
savepoint (2), accounts (1), all rows (1), which pictures are here already (1), lock, numbers, facts and audit (3)."""
DAY = 32
"""Who asks (3), for whom (1), phone and agent, day, the next one, rules (2), addresses, facts and limitation (8),
cards (7), what creditors grant, running plans and open settlements (3), numbers (1), what the purse holds (1),
messages (1), questions (1), own reports of the last days (1), pads (1), audit (3)."""


async def test_a_report_with_a_payment_costs_at_most_seventeen_statements(house: House) -> None:
    phone, stop = await one_stop(house)
    envelope = phone.envelope("visit", paid_report(phone, stop, 15_000), at=AT)

    with statements(house.parts.database) as heard:
        assert await verdicts(phone, envelope) == [("accepted", None)]

    assert len(heard) <= PUSH, heard


async def test_fifty_reports_cost_no_more_statements_than_one(house: House) -> None:
    await published(house, *[await entrusted(house, f"P-{last}") for last in "0123456789"])
    phone = await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")
    stops = (await phone.request("GET", "/field/day")).json()["stops"]
    paid = [phone.envelope("visit", paid_report(phone, stop, 15_000), at=AT) for stop in stops]
    unpaid = [phone.envelope("visit", a_report(stops[i % 10], at=AT), at=AT) for i in range(40)]

    with statements(house.parts.database) as heard:
        assert {verdict for verdict, _ in await verdicts(phone, *paid, *unpaid)} == {"accepted"}

    assert len(heard) <= PUSH, heard


async def test_a_day_costs_as_many_statements_for_ten_stops_as_for_one(house: House) -> None:
    await published(house, *[await entrusted(house, f"P-{last}") for last in "0123456789"])
    phone = await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")

    with statements(house.parts.database) as heard:
        day = await phone.request("GET", "/field/day")

    assert len(day.json()["stops"]) == 10
    assert len(heard) <= DAY, heard
