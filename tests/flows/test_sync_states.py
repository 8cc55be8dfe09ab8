"""What keeps a phone from sending is named by status and code; what was written arrives under its own name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.services.access import hash_password
from fieldapp.services.work import PROTOCOL
from fieldapp.store import tables
from tests.conftest import NOW
from tests.flows.arranged import entrusted, published
from tests.flows.conftest import PASSWORD, House, a_person
from tests.flows.phone import FieldPhone, a_report
from tests.flows.test_sync import AT, day_of, one_stop, paid_report, phone_of, verdicts

ACCEPTED = [("accepted", None)]


async def changed(house: House, role: Role, **values: Any) -> None:
    """The person's row as the office would change it."""
    async with house.session() as session:
        person = await session.get_one(tables.Person, house.people[role].id)
        for name, value in values.items():
            setattr(person, name, value)


async def writers(house: House) -> list[UUID]:
    async with house.session() as session:
        return list((await session.exec(select(tables.Visit.agent_id))).all())


# --- each state ---


async def test_a_signature_of_another_key_is_401(house: House) -> None:
    phone, _ = await one_stop(house)
    phone.private = (await phone_of(house)).private

    answer = await phone.push()

    assert (answer.status_code, answer.json()["code"]) == (401, "access.signature_invalid")


async def test_a_revoked_phone_is_403(house: House) -> None:
    phone, _ = await one_stop(house)
    await (await house.sign_in(Role.ADMINISTRATOR)).post(f"/devices/{phone.device_id}/revoke")

    answer = await phone.push()

    assert (answer.status_code, answer.json()["code"]) == (403, "access.device_revoked")


async def test_a_batch_that_is_too_large_is_413_and_its_halves_arrive(house: House) -> None:
    phone, stop = await one_stop(house)
    call = {
        "practice_id": stop["practice"]["id"],
        "channel": "call",
        "phone_id": None,
        "at": "2026-11-26T08:20:00.000Z",
    }
    envelopes = [
        phone.envelope("contact", {**call, "contact_id": str(UUID(int=number)), "note": "x" * 250_000}, at=AT)
        for number in range(20)
    ]

    whole = await phone.push(*envelopes)
    half = await phone.push(*envelopes[:10])

    assert (whole.status_code, whole.json()["code"]) == (413, "request.too_large")
    assert half.status_code == 200


async def test_an_old_app_gets_no_day_until_it_is_updated_but_its_work_arrives(house: House) -> None:
    phone, stop = await one_stop(house)

    day = await phone.request("GET", "/field/day", headers={"x-protocol": "0"})
    sent = await phone.push(phone.envelope("visit", a_report(stop, at=AT), at=AT), protocol=0)

    assert (day.status_code, day.json()["code"]) == (426, "sync.protocol_unknown")
    assert day.json()["details"] == {"understood": [PROTOCOL, PROTOCOL - 1]}
    assert [item["verdict"] for item in sent.json()["verdicts"]] == ["accepted"]


@pytest.mark.parametrize("protocol", [PROTOCOL, PROTOCOL - 1])
async def test_a_phone_of_this_protocol_or_the_one_before_is_answered_in_its_own(house: House, protocol: int) -> None:
    phone, stop = await one_stop(house)

    day = await phone.request("GET", "/field/day", headers={"x-protocol": str(protocol)})
    sent = await phone.push(phone.envelope("visit", a_report(stop, at=AT), at=AT), protocol=protocol)

    assert (day.json()["protocol"], sent.json()["protocol"]) == (protocol, protocol)
    assert [item["verdict"] for item in sent.json()["verdicts"]] == ["accepted"]


async def test_an_app_from_before_protocols_were_named_speaks_the_first(house: House) -> None:
    phone, _ = await one_stop(house)

    assert (await phone.request("GET", "/field/day")).json()["protocol"] == 1


async def test_an_app_newer_than_the_service_is_426_and_told_what_is_understood(house: House) -> None:
    phone, stop = await one_stop(house)

    answer = await phone.push(phone.envelope("visit", a_report(stop, at=AT), at=AT), protocol=PROTOCOL + 1)

    assert answer.status_code == 426
    assert answer.json()["details"] == {"understood": [PROTOCOL, PROTOCOL - 1]}


async def test_a_pause_is_429_with_the_seconds_to_wait(house: House) -> None:
    client = house.client()
    await client.get("/clock")
    for _ in range(5):
        await client.post(
            "/session", json={"login": "agent", "password": "no"}, headers={"x-csrftoken": client.cookies["csrftoken"]}
        )

    answer = await client.post(
        "/session", json={"login": "agent", "password": PASSWORD}, headers={"x-csrftoken": client.cookies["csrftoken"]}
    )

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "300")


# --- under the name that wrote it ---


async def test_work_arrives_after_the_sign_in_has_expired(house: House) -> None:
    phone, stop = await one_stop(house)
    house.clock.move_to(NOW + timedelta(days=30))

    assert await verdicts(phone, phone.envelope("visit", paid_report(phone, stop, 15_000), at=AT)) == ACCEPTED
    assert await writers(house) == [house.people[Role.AGENT].id]


async def test_work_arrives_after_the_password_was_changed(house: House) -> None:
    phone, stop = await one_stop(house)
    await changed(house, Role.AGENT, password_hash=hash_password("another password"))

    assert await verdicts(phone, phone.envelope("visit", paid_report(phone, stop, 15_000), at=AT)) == ACCEPTED


async def test_work_arrives_while_the_account_is_locked(house: House) -> None:
    phone, stop = await one_stop(house)
    await changed(house, Role.AGENT, locked_until=NOW + timedelta(hours=1))

    assert await verdicts(phone, phone.envelope("visit", paid_report(phone, stop, 15_000), at=AT)) == ACCEPTED


async def test_work_arrives_under_the_name_that_wrote_it_while_another_person_is_signed_in(house: House) -> None:
    phone, stop = await one_stop(house)
    colleague = a_person(house.agency_id, Role.AGENT, login="collega", number="2")
    async with house.session() as session:
        session.add(colleague)
    # The same browser: the colleague's cookie travels with every request.
    phone.http = (await house.sign_in(person=colleague)).http

    assert await verdicts(phone, phone.envelope("visit", paid_report(phone, stop, 15_000), at=AT)) == ACCEPTED
    assert await writers(house) == [house.people[Role.AGENT].id]


async def test_two_phones_of_one_agent_keep_series_of_their_own_and_lose_nothing(house: House) -> None:
    await published(house, await entrusted(house, "P-001"), await entrusted(house, "P-002"))
    phones = [await phone_of(house), await phone_of(house)]
    stops = (await day_of(phones[0]))["stops"]
    written = [
        [phone.envelope("visit", paid_report(phone, stop, 10_000 + cents), at=AT) for cents, stop in enumerate(stops)]
        for phone in phones
    ]

    answers = [await verdicts(phone, envelopes[at]) for at in (0, 1) for phone, envelopes in pairs(phones, written)]
    again = [await verdicts(phone, *envelopes) for phone, envelopes in pairs(phones, written)]

    assert answers == [ACCEPTED] * 4
    assert again == [[("duplicate", None)] * 2] * 2
    async with house.session() as session:
        numbers = [(row.series, row.number) for row in (await session.exec(select(tables.Receipt))).all()]
    assert sorted(numbers) == [("A1", 1), ("A1", 2), ("A2", 1), ("A2", 2)]


def pairs(
    phones: list[FieldPhone], written: list[list[dict[str, Any]]]
) -> list[tuple[FieldPhone, list[dict[str, Any]]]]:
    return list(zip(phones, written, strict=True))
