"""A repayment plan or a settlement held up to the public door: genuine, withdrawn, not yet received, unknown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.agreement_proof import agreement_proof
from fieldapp.domain.agreements import read_agreement
from fieldapp.domain.ids import canonical_json
from fieldapp.store import tables
from tests.flows.conftest import House
from tests.flows.phone import FieldPhone
from tests.flows.test_agreements import agreed, decide, granted, plan_paper, settlement_paper, signed
from tests.flows.test_public import check
from tests.flows.test_sync import AGENCY, AT, day_of, one_stop

Door = tuple[FieldPhone, dict[str, Any], dict[str, Any]]
NOTHING = {"state": "unknown", "paper": None, "phone_withdrawn": False, "amount_agrees": None}


@pytest.fixture
async def door(house: House) -> Door:
    """A phone, its stop, and a plan of nine instalments signed there; nothing sent yet."""
    await granted(house)
    phone, stop = await one_stop(house)
    return phone, stop, signed(phone, plan_paper(phone, stop["practice"]))


def proof_of(agreement: dict[str, Any]) -> str:
    value = agreement["value"]
    return agreement_proof(read_agreement(canonical_json(value), kind=value["kind"]), signature=agreement["signature"])


async def send(phone: FieldPhone, stop: dict[str, Any], agreement: dict[str, Any]) -> None:
    answer = await phone.push(phone.envelope("visit", agreed(phone, stop, agreement), at=AT))
    assert answer.json()["verdicts"][0]["verdict"] == "accepted", answer.text


async def test_a_plan_is_vouched_for_by_its_signature_before_the_phone_has_synced(house: House, door: Door) -> None:
    _, stop, agreement = door

    found = await check(house, proof_of(agreement))

    assert found["state"] == "not_received"
    digits = agreement["digest"][:16]
    assert found["paper"] == {
        "label": " ".join(digits[at : at + 4] for at in range(0, 16, 4)),
        "kind": "repayment_plan",
        "issued_at": AT.isoformat().replace("+00:00", "Z"),
        "amount_cents": stop["practice"]["owed_cents"],
        "stamp_duty_cents": 0,
        "handed_over_cents": None,
        "agent_number": "1",
        "agency_name": "Agenzia Prova",
        "agency_phone": "0371 000000",
    }


async def test_a_plan_is_genuine_once_the_office_has_it_however_it_goes(house: House, door: Door) -> None:
    phone, stop, agreement = door
    await send(phone, stop, agreement)

    states = {}
    for state in ("active", "kept", "broken", "renegotiated", "settled"):
        async with house.session() as session:
            (await session.exec(select(tables.RepaymentPlan))).one().state = state
        states[state] = (await check(house, proof_of(agreement)))["state"]

    assert states == {
        "active": "genuine",
        # Whether it is kept or behind is between the debtor and the agency
        "kept": "genuine",
        "broken": "genuine",
        "renegotiated": "withdrawn",
        "settled": "withdrawn",
    }


async def test_a_settlement_is_genuine_until_it_is_refused(house: House) -> None:
    await granted(house)
    phone, stop = await one_stop(house)
    agreement = signed(phone, settlement_paper(phone, stop["practice"], 60_000))

    before = await check(house, proof_of(agreement))
    await send(phone, stop, agreement)
    proposed = await check(house, proof_of(agreement))
    offer = (await day_of(phone))["stops"][0]["practice"]["settlement"]
    await decide(house, offer["id"], False)
    refused = await check(house, proof_of(agreement))

    assert [found["state"] for found in (before, proposed, refused)] == ["not_received", "genuine", "withdrawn"]
    assert {found["paper"]["kind"] for found in (before, proposed, refused)} == {"settlement"}
    assert {found["paper"]["amount_cents"] for found in (before, proposed, refused)} == {60_000}


async def test_no_answer_names_the_debtor_or_the_debt(house: House, door: Door) -> None:
    phone, stop, agreement = door
    await send(phone, stop, agreement)

    answer = await house.client().post("/public/receipts/check", json={"proof": proof_of(agreement)})

    value = agreement["value"]
    for secret in (value["debtor"], value["practice"], value["creditor"]["name"], value["instalments"][1]["due_on"]):
        assert secret not in answer.text
    assert "set-cookie" not in answer.headers


async def test_the_code_of_the_version_before_is_known_once_the_paper_has_come_in(house: House, door: Door) -> None:
    phone, stop, agreement = door
    old = f"2.{agreement['value']['id']}.{agreement['digest']}.{agreement['signature']}"
    await house.other_agency()

    before = await check(house, old)
    await send(phone, stop, agreement)
    after = await check(house, old)
    forged = await check(house, f"{old[:-86]}{'A' * 86}")

    assert (before, forged) == (NOTHING, NOTHING)
    assert (after["state"], after["paper"]["amount_cents"]) == ("genuine", stop["practice"]["owed_cents"])


async def test_forged_papers_are_all_unknown_and_answered_alike(house: House, door: Door) -> None:
    phone, stop, agreement = door
    stranger = replace(phone, private=ec.generate_private_key(ec.SECP256R1()))
    value, practice = agreement["value"], stop["practice"]
    fewer = plan_paper(phone, practice, count=3) | {"id": value["id"]}
    forged = {
        "other terms under the same signature": proof_of({"value": fewer, "signature": agreement["signature"]}),
        "signed with another key": proof_of(signed(stranger, value)),
        "another device": proof_of(agreement | {"value": {**value, "device": "0198a3c2-7f00-7abc-8def-0123456789ab"}}),
        "in the name of another agency": proof_of(signed(phone, {**value, "agency": {**AGENCY, "vat": "00000000000"}})),
        "in the name of another agent": proof_of(signed(phone, {**value, "agent": {"name": "Altro", "number": "77"}})),
        "garbage": f"3.p.AAAA.{'A' * 86}",
        "the id alone": str(value["id"]),
    }
    again = proof_of(signed(phone, fewer))

    before = {name: await check(house, proof) for name, proof in forged.items()}
    await send(phone, stop, agreement)
    after = {name: await check(house, proof) for name, proof in forged.items()}

    assert before == dict.fromkeys(forged, NOTHING)
    assert after == dict.fromkeys(forged, NOTHING)
    # Another paper under the id of one that the office holds
    assert await check(house, again) == NOTHING


async def test_a_plan_of_a_withdrawn_phone_that_never_came_in_is_told_with_a_warning(house: House, door: Door) -> None:
    phone, _, agreement = door
    desk = await house.sign_in(Role.ADMINISTRATOR)
    await desk.post(f"/devices/{phone.device_id}/revoke")

    found = await check(house, proof_of(agreement))

    assert (found["state"], found["phone_withdrawn"]) == ("not_received", True)
