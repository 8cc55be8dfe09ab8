"""What the office is told of a report: once, only what wants a look, and what is for the office alone stays there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from fieldapp.domain.access import Role
from fieldapp.store import tables
from tests.conftest import NOW
from tests.flows.arranged import entrusted, published
from tests.flows.conftest import House
from tests.flows.phone import FieldPhone, a_report
from tests.flows.test_sync import AGENCY, AT, day_of, one_stop, phone_of

TWO_DAYS = timedelta(days=2)
TWO_DAYS_MS = 2 * 86_400_000


async def flags_of(phone: FieldPhone, *envelopes: dict[str, Any], **options: Any) -> list[list[str]]:
    answer = await phone.push(*envelopes, **options)
    assert [item["verdict"] for item in answer.json()["verdicts"]] == ["accepted"] * len(envelopes), answer.text
    return [item["flags"] for item in answer.json()["verdicts"]]


async def tasks(house: House, kind: str) -> list[tables.Task]:
    async with house.session() as session:
        return list((await session.exec(select(tables.Task).where(tables.Task.kind == kind))).all())


# --- the phone's clock ---


async def test_a_phone_two_days_off_reports_in_the_services_time_and_both_clocks_are_kept(house: House) -> None:
    phone, stop = await one_stop(house)
    envelope = phone.envelope("visit", a_report(stop, at=AT), at=AT, offset_ms=-TWO_DAYS_MS)

    [flags] = await flags_of(phone, envelope, phone_clock=NOW + TWO_DAYS)

    assert flags == []
    assert await tasks(house, "visit.flagged") == []
    async with house.session() as session:
        kept = (await session.exec(select(tables.Envelope))).one()
    assert kept.recorded_at == AT
    assert kept.recorded_at - timedelta(milliseconds=kept.clock_offset_ms) == AT + TWO_DAYS


async def test_a_clock_that_was_set_between_report_and_sending_makes_the_time_uncertain(house: House) -> None:
    phone, stop = await one_stop(house)
    envelope = phone.envelope("visit", a_report(stop, at=AT), at=AT, offset_ms=0)

    [flags] = await flags_of(phone, envelope, phone_clock=NOW + TWO_DAYS)

    assert flags == ["clock.uncertain"]
    [task] = await tasks(house, "visit.flagged")
    assert task.details == {"flags": ["clock.uncertain"]}


@pytest.mark.parametrize(
    ("offset_ms", "flags"),
    [
        # It ran with the service's
        (0, []),
        # It had to be corrected, and nobody can say whether rightly
        (TWO_DAYS_MS, ["clock.uncertain"]),
    ],
)
async def test_a_phone_that_does_not_say_its_time_is_believed_while_it_needed_no_correction(
    house: House, offset_ms: int, flags: list[str]
) -> None:
    phone, stop = await one_stop(house)

    assert await flags_of(phone, phone.envelope("visit", a_report(stop, at=AT), at=AT, offset_ms=offset_ms)) == [flags]


async def test_moving_the_demo_clock_makes_no_visit_uncertain(house: House) -> None:
    house.clock.demo = True
    phone, stop = await one_stop(house)
    envelope = phone.envelope("visit", a_report(stop, at=AT), at=AT, offset_ms=TWO_DAYS_MS)
    house.clock.move_to(NOW + timedelta(hours=3))

    assert await flags_of(phone, envelope, phone_clock=NOW - TWO_DAYS) == [[]]


# --- what is said once, and what is said to the office alone ---


async def in_comune(house: House, practice_id: UUID, comune: str) -> None:
    async with house.session() as session:
        address = (await session.exec(select(tables.Address).where(tables.Address.practice_id == practice_id))).one()
        address.comune = comune
        session.add(address)


async def test_an_unknown_patron_saint_is_told_once_for_its_comune_and_flags_no_visit(house: House) -> None:
    practices = [await entrusted(house, f"P-00{number}") for number in (1, 2, 3)]
    for practice_id, comune in zip(practices, ("Secugnago", "Secugnago", "Lodi"), strict=True):
        await in_comune(house, practice_id, comune)
    await published(house, *practices)
    phone = await phone_of(house)
    stops = (await day_of(phone))["stops"]

    first = await flags_of(phone, phone.envelope("visit", a_report(stops[0], at=AT), at=AT))
    rest = await flags_of(phone, *(phone.envelope("visit", a_report(stop, at=AT), at=AT) for stop in stops[1:]))

    assert first + rest == [[], [], []]
    assert await tasks(house, "visit.flagged") == []
    [task] = await tasks(house, "calendar.patron_unknown")
    assert (task.subject_id, task.team) == ("Secugnago", Role.ADMINISTRATOR.value)


async def test_unusual_cash_goes_to_the_office_and_never_back_to_the_agent(house: House) -> None:
    phone, stop = await one_stop(house, cents=2_000_000)
    payments = [
        phone.cash(stop["practice"], 450_000, at=AT + timedelta(minutes=minute), agency=AGENCY) for minute in (1, 2, 3)
    ]
    report = a_report(
        stop,
        at=AT,
        met={"who": "debtor", "identified_by": "document", "role": None},
        identified_self=True,
        outcome="PAID_PARTIAL",
        captured={"reason": "short_of_money"},
        payments=payments,
    )
    envelope = phone.envelope("visit", report, at=AT)

    [flags] = await flags_of(phone, envelope)
    again = (await phone.push(envelope)).json()["verdicts"][0]["flags"]
    fetched = (await phone.request("GET", "/field/day")).text

    # Each of the three payments of the visit counts the ones before it.
    assert "conduct.cash_over_rolling" in flags
    assert "conduct.cash_unusual" not in [*flags, *again]
    assert "cash_unusual" not in fetched
    [task] = await tasks(house, "visit.flagged")
    assert "conduct.cash_unusual" in task.details["flags"]
    async with house.session() as session:
        facts = (await session.exec(select(tables.Fact).where(col(tables.Fact.kind) == "visit.reported"))).one()
    assert "conduct.cash_unusual" not in facts.body["flags"]


async def test_a_second_visit_of_the_same_day_in_one_batch_is_flagged(house: House) -> None:
    phone, stop = await one_stop(house)
    later = AT + timedelta(minutes=20)

    first, second = await flags_of(
        phone,
        phone.envelope("visit", a_report(stop, at=AT), at=AT),
        phone.envelope("visit", a_report(stop, at=later, stop_id=None), at=later),
    )

    assert first == []
    assert second == ["conduct.visits_today"]
