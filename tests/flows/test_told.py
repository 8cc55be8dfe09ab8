"""What phones tell beside visits: a paper to send becomes work for the office, whose address only the task shows."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.store import tables
from tests.flows.arranged import entrusted
from tests.flows.conftest import House
from tests.flows.phone import FieldPhone, text_of
from tests.flows.test_sync import AT, one_stop, verdicts

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
