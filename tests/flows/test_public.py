"""A receipt held up to the public door: genuine, voided, not yet received, unknown, and nothing else to be learnt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.ids import Sha256, canonical_json
from fieldapp.domain.receipt_proof import receipt_proof
from fieldapp.domain.receipts import read_receipt, receipt_digest
from fieldapp.routes.public import A_MINUTE
from fieldapp.store.tables import Receipt
from tests.flows.conftest import House
from tests.flows.phone import FieldPhone, url64
from tests.flows.test_sync import AGENCY, AT, one_stop, paid_report


@pytest.fixture
async def door(house: House) -> tuple[FieldPhone, dict[str, Any], dict[str, Any]]:
    """A phone, a payment of 150,00 € with its receipt, and the envelope that reports it; nothing sent yet."""
    phone, stop = await one_stop(house)
    report = paid_report(phone, stop, 15_000)
    return phone, report["payments"][0], phone.envelope("visit", report, at=AT)


Door = tuple[FieldPhone, dict[str, Any], dict[str, Any]]


def proof_of(payment: dict[str, Any]) -> str:
    sealed = payment["receipt"]
    value = read_receipt(canonical_json(sealed["value"]))
    return receipt_proof(value, Sha256(sealed["digest"]), signature=sealed["signature"])


async def check(house: House, proof: str) -> dict[str, Any]:
    answer = await house.client().post("/public/receipts/check", json={"proof": proof})
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


async def test_a_receipt_is_vouched_for_by_its_signature_before_the_phone_has_synced(house: House, door: Door) -> None:
    _, payment, _ = door

    found = await check(house, proof_of(payment))

    assert found["state"] == "not_received"
    assert found["paper"] == {
        "label": "A1-000001",
        "kind": "receipt",
        "issued_at": "2026-11-26T08:28:00Z",
        "amount_cents": 15_000,
        "stamp_duty_cents": 200,
        "handed_over_cents": 15_200,
        "agent_number": "1",
        "agency_name": "Agenzia Prova",
        "agency_phone": "0371 000000",
    }


async def test_a_receipt_is_genuine_once_the_office_has_it_and_voided_when_it_was_cancelled(
    house: House, door: Door
) -> None:
    phone, payment, envelope = door
    assert (await phone.push(envelope)).json()["verdicts"][0]["verdict"] == "accepted"

    received = await check(house, proof_of(payment))
    async with house.session() as session:
        (await session.exec(select(Receipt))).one().state = "voided"
    cancelled = await check(house, proof_of(payment))

    assert (received["state"], cancelled["state"]) == ("genuine", "voided")
    # The three sums of the paper, from the phone's own signature and from the office's books alike.
    sums = ("amount_cents", "stamp_duty_cents", "handed_over_cents")
    assert [received["paper"][sum_] for sum_ in sums] == [15_000, 200, 15_200]


async def test_no_answer_names_the_debtor_or_the_debt(house: House, door: Door) -> None:
    phone, payment, envelope = door
    await phone.push(envelope)

    answer = await house.client().post("/public/receipts/check", json={"proof": proof_of(payment)})

    value = payment["receipt"]["value"]
    for secret in (value["debtor"], value["practice"], value["creditor"]["name"], value["lines"][0]["title"]):
        assert secret not in answer.text
    assert "set-cookie" not in answer.headers


async def test_a_long_receipt_is_known_by_its_digest(house: House, door: Door) -> None:
    phone, payment, envelope = door
    whole = proof_of(payment)
    digest = Sha256(payment["receipt"]["digest"])
    short = f"1.A1-000001.{url64(bytes.fromhex(digest))}.{payment['receipt']['signature']}"

    before = await check(house, short)
    await phone.push(envelope)
    after = await check(house, short)

    assert whole.startswith("2.")
    assert before["state"] == "not_received"
    assert before["paper"]["amount_cents"] is None
    assert (after["state"], after["paper"]["amount_cents"]) == ("genuine", 15_000)


async def test_forged_papers_are_all_unknown_and_answered_alike(house: House, door: Door) -> None:
    phone, payment, envelope = door
    stranger = replace(phone, private=ec.generate_private_key(ec.SECP256R1()))
    value, signature = payment["receipt"]["value"], payment["receipt"]["signature"]
    line = {**value["lines"][0], "principal_cents": value["lines"][0]["principal_cents"] + 10_000}
    dearer = {**value, "amount_cents": 25_000, "amount_in_words": "duecentocinquanta/00", "lines": [line]}
    forged = {
        "altered amount": _proof(dearer, signature),
        "signed with another key": _proof(value, stranger.sign(canonical_json(value))),
        "altered and signed with another key": _proof(dearer, stranger.sign(canonical_json(dearer))),
        "another device": _proof({**value, "device": "0198a3c2-7f00-7abc-8def-0123456789ab"}, signature),
        "number never granted": _signed(phone, {**value, "number": 999_999}),
        "in the name of another agency": _signed(phone, {**value, "agency": {**AGENCY, "vat": "00000000000"}}),
        "in the name of another agent": _signed(phone, {**value, "agent": {"name": "Altro", "number": "77"}}),
        "another series": _signed(phone, {**value, "series": "B1"}),
        "garbage": "2.AAAA.BBBB",
        "the number alone": "A1-000001",
        "number and digest without signature": f"1.A1-000001.{'A' * 43}.{'A' * 86}",
    }

    before = {name: await check(house, proof) for name, proof in forged.items()}
    await phone.push(envelope)
    after = {name: await check(house, proof) for name, proof in list(forged.items())[:8]}

    nothing = {"state": "unknown", "paper": None, "phone_withdrawn": False, "amount_agrees": None}
    assert before == dict.fromkeys(before, nothing)
    assert after == dict.fromkeys(after, nothing)


async def test_a_second_receipt_under_a_number_that_is_taken_is_unknown(house: House, door: Door) -> None:
    phone, payment, envelope = door
    fork = _signed(phone, {**payment["receipt"]["value"], "place": "Milano"})
    assert (await check(house, fork))["state"] == "not_received"

    await phone.push(envelope)

    assert (await check(house, fork))["state"] == "unknown"


async def test_another_agencys_receipt_is_genuine_only_in_its_own_name(house: House, door: Door) -> None:
    phone, payment, envelope = door
    await phone.push(envelope)
    await house.other_agency()

    found = await check(house, proof_of(payment))

    assert found["paper"]["agency_name"] == "Agenzia Prova"


async def test_a_receipt_of_a_withdrawn_phone_that_never_came_in_is_told_with_a_warning(
    house: House, door: Door
) -> None:
    phone, payment, _ = door
    desk = await house.sign_in(Role.ADMINISTRATOR)
    await desk.post(f"/devices/{phone.device_id}/revoke")

    found = await check(house, proof_of(payment))

    assert (found["state"], found["phone_withdrawn"]) == ("not_received", True)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"proof": "x" * 10_000}, 413),
        ({"proof": "x" * 2_001}, 422),
        ({"proof": ""}, 422),
        ({"proof": 7}, 422),
        ({"proof": "x", "number": 1}, 422),
        ({}, 422),
    ],
)
async def test_malformed_questions_get_a_typed_refusal(house: House, body: dict[str, Any], status: int) -> None:
    answer = await house.client().post("/public/receipts/check", json=body)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_nobody_may_ask_without_end(house: House) -> None:
    http = house.client()
    answers = [await http.post("/public/receipts/check", json={"proof": "x"}) for _ in range(A_MINUTE + 1)]

    assert {answer.status_code for answer in answers[:-1]} == {200}
    assert answers[-1].status_code == 429
    assert answers[-1].json()["code"] == "request.too_many"


async def test_the_page_is_served_to_everybody(house: House) -> None:
    http = httpx.AsyncClient(transport=httpx.ASGITransport(house.app), base_url="http://testserver.local")

    page = await http.get("/v/")
    await http.aclose()

    assert page.status_code == 200
    assert "set-cookie" not in page.headers
    assert "default-src 'self'" in page.headers["content-security-policy"]


def _signed(phone: FieldPhone, value: dict[str, Any]) -> str:
    """The proof of `value`, signed by the phone as if it had issued it."""
    return _proof(value, phone.sign(canonical_json(value)))


def _proof(value: dict[str, Any], signature: str) -> str:
    receipt = read_receipt(canonical_json(value))
    return receipt_proof(receipt, receipt_digest(receipt), signature=signature)
