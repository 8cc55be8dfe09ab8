"""Two service processes on one database, and many phones at once: nothing twice, nothing lost, nothing out of order."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise

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
from tests.flows.test_sync import AT, count, one_stop, paid_report

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
