"""Two service processes on one database, and many phones at once: nothing twice, nothing lost, nothing out of order."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from uuid import UUID, uuid4

import httpx
from sqlmodel import col, select

from fieldapp.app import create_app
from fieldapp.domain.access import Role
from fieldapp.domain.ledger import AccountKind
from fieldapp.settings import Settings
from fieldapp.store import ledger, tables
from fieldapp.store.database import Database
from fieldapp.store.feed import audit_digest
from tests.flows.arranged import entrusted, published
from tests.flows.conftest import BASE, House, a_person, new_id
from tests.flows.phone import FieldPhone, a_report
from tests.flows.test_cash import report
from tests.flows.test_money_taken_back import a_transfer
from tests.flows.test_sync import AT, count, one_stop, paid_report, phone_of

PHONES, PUSHES = 4, 25
PATIENT_S = 120.0
"""No test is judged by the clock: on a busy machine requests wait long for a connection."""


@asynccontextmanager
async def another_process(house: House, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A service of its own, with connections of its own, on the same database."""
    database = Database(house.parts.database.url, now=house.clock.now, new_id=new_id, wait_s=PATIENT_S)
    app = create_app(settings, parts=replace(house.parts, database=database))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE, timeout=None) as client:
        yield client
    await database.close()


async def test_an_envelope_that_two_processes_get_at_once_is_accepted_once(house: House, settings: Settings) -> None:
    phone, stop = await one_stop(house)
    envelope = phone.envelope("visit", paid_report(phone, stop, 15_000), at=AT)

    async with another_process(house, settings) as other:
        elsewhere = replace(phone, http=other)
        answers = await asyncio.gather(*(place.push(envelope) for place in (phone, elsewhere) * 6))

    verdicts = Counter(answer.json()["verdicts"][0]["verdict"] for answer in answers)
    assert verdicts == {"accepted": 1, "duplicate": 11}
    assert await count(house, tables.Payment) == 1
    async with house.session() as session:
        held = await ledger.held_by(session, house.people[Role.AGENT].id)
    assert held == {AccountKind.AGENT_CASH: 15_200}


async def test_a_hundred_pushes_at_once_all_arrive_and_are_numbered_in_one_chain(
    house: House, settings: Settings
) -> None:
    agents = [a_person(house.agency_id, Role.AGENT, login=f"agente{n}", number=f"9{n}") for n in range(PHONES)]
    async with house.session() as session:
        session.add_all(agents)
    phones = []
    for n, agent in enumerate(agents):
        await published(house, await entrusted(house, f"P-10{n}"), agent=agent)
        desk = await house.sign_in(person=agent)
        phones.append(await FieldPhone.enrol(desk, house.client(), agent_number=f"9{n}"))
    async with house.session() as session:
        stops = (await session.exec(select(tables.PublishedStop))).all()
    reports = []
    for phone, agent in zip(phones, agents, strict=True):
        stop = next(row for row in stops if row.agent_id == agent.id)
        at_door = {
            "practice": {"id": str(stop.practice_id)},
            "stop_id": str(stop.id),
            "address": {"id": str(stop.address_id)},
        }
        reports += [(phone, phone.envelope("visit", a_report(at_door, at=AT), at=AT)) for _ in range(PUSHES)]

    async with another_process(house, settings) as one, another_process(house, settings) as two:
        pushes = [replace(phone, http=(one, two)[n % 2]).push(report) for n, (phone, report) in enumerate(reports)]
        answers = await asyncio.gather(*pushes)

    assert Counter(answer.status_code for answer in answers) == {200: PHONES * PUSHES}
    assert {answer.json()["verdicts"][0]["verdict"] for answer in answers} == {"accepted"}
    assert await count(house, tables.Visit) == PHONES * PUSHES
    async with house.session() as session:
        entries = (await session.exec(select(tables.AuditEntry).order_by(col(tables.AuditEntry.number)))).all()
        facts = (await session.exec(select(tables.Fact.number).where(tables.Fact.kind == "visit.reported"))).all()
    assert len(set(facts)) == PHONES * PUSHES
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    for before, entry in pairwise(entries):
        assert entry.previous_digest == before.digest
        assert entry.digest == audit_digest(entry.model_dump())


async def test_two_phones_that_bring_one_debt_in_the_same_moment_are_told_of_what_is_too_much(
    house: House, settings: Settings
) -> None:
    first, stop = await one_stop(house)
    second = await phone_of(house)
    async with another_process(house, settings) as other:
        second.http = other
        envelopes = [
            (phone, phone.envelope("visit", paid_report(phone, stop, 60_000), at=AT)) for phone in (first, second)
        ]
        answers = await asyncio.gather(*(phone.push(envelope) for phone, envelope in envelopes))

    flags = [set(answer.json()["verdicts"][0]["flags"]) for answer in answers]
    assert sorted("payment.over_owed" in found for found in flags) == [False, True]
    async with house.session() as session:
        tasks = (await session.exec(select(tables.Task).where(tables.Task.kind == "practice.overpaid"))).all()
        [line] = (await ledger.owed(session, [UUID(stop["practice"]["id"])]))[UUID(stop["practice"]["id"])].values()
    assert [task.details["over_cents"] for task in tasks] == [30_000]
    # No part below zero while another is open: what is too much stands on the principal alone.
    assert (line.principal_cents, line.interest_cents, line.costs_cents) == (-30_000, 0, 0)


async def test_a_phone_and_the_counter_in_the_same_moment_never_take_more_than_is_owed_unsaid(house: House) -> None:
    phone, stop = await one_stop(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    counted = {
        "id": str(uuid4()),
        "practice_id": stop["practice"]["id"],
        "amount_cents": 60_000,
        "method": "cash",
        "identified_by": "known",
        "pieces": {"50000": 2},
    }
    envelope = phone.envelope("visit", paid_report(phone, stop, 60_000), at=AT)

    pushed, taken = await asyncio.gather(phone.push(envelope), desk.post("/counter/payments", json=counted))

    # Whoever comes second: the phone's money was taken and is told, what lies on the counter is not taken.
    told = "payment.over_owed" in pushed.json()["verdicts"][0]["flags"]
    assert (told, taken.status_code) in [(True, 200), (False, 409)]


async def test_a_phone_and_a_bank_statement_in_the_same_moment_lay_no_euro_on_what_the_other_paid(house: House) -> None:
    phone, stop = await one_stop(house)
    await report(phone, stop, [a_transfer(90_000, "2026-11-30")], outcome="HARDSHIP", captured={})
    desk = await house.sign_in(Role.BACK_OFFICE)
    async with house.session() as session:
        promise = (await session.exec(select(tables.Promise))).one()
    seen = {"seen_on": "2026-11-26", "amount_cents": 90_000, "reference": "CRO 1", "into": "agency"}
    envelope = phone.envelope("visit", paid_report(phone, stop, 60_000), at=AT)

    answers = await asyncio.gather(
        phone.push(envelope), desk.post(f"/cash/transfers/{promise.id}/confirm", json=seen), phone.push(envelope)
    )

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    async with house.session() as session:
        tasks = (await session.exec(select(tables.Task).where(tables.Task.kind == "practice.overpaid"))).all()
        [line] = (await ledger.owed(session, [UUID(stop["practice"]["id"])]))[UUID(stop["practice"]["id"])].values()
    assert [task.details["over_cents"] for task in tasks] == [60_000]
    assert (line.principal_cents, line.interest_cents, line.costs_cents) == (-60_000, 0, 0)
