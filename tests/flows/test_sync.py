"""What phones push arrives once, under the right name, to the cent; what is forged or another's does not."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.ids import canonical_json, sha256
from fieldapp.domain.ledger import AccountKind
from fieldapp.store import ledger, tables
from tests.conftest import NOW
from tests.flows.arranged import entrusted, published
from tests.flows.conftest import House, a_person
from tests.flows.phone import FieldPhone, a_photo, a_report, a_signature, text_of

AT = NOW - timedelta(minutes=40)
AGENCY = {
    "name": "Agenzia Prova",
    "vat": "01234567897",
    "licence": "115/1",
    "address": "Via Roma 1, Lodi",
    "phone": "0371 000000",
}


async def phone_of(house: House) -> FieldPhone:
    desk = await house.sign_in(Role.AGENT)
    return await FieldPhone.enrol(desk, house.client(), agent_number="1")


async def day_of(phone: FieldPhone) -> dict[str, Any]:
    answer = await phone.request("GET", "/field/day")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def one_stop(house: House, **options: Any) -> tuple[FieldPhone, dict[str, Any]]:
    await published(house, await entrusted(house, **options))
    phone = await phone_of(house)
    return phone, (await day_of(phone))["stops"][0]


def paid_report(phone: FieldPhone, stop: dict[str, Any], cents: int) -> dict[str, Any]:
    """The debtor was met, identified, paid part in cash and signed."""
    text = "Verso in acconto la somma indicata."
    signature = phone.picture(a_signature(), purpose="signature", media_type="image/png")
    photo = phone.picture(a_photo(), purpose="entrance", media_type="image/jpeg")
    return a_report(
        stop,
        at=AT,
        met={"who": "debtor", "identified_by": "document", "role": None},
        identified_self=True,
        outcome="PAID_PARTIAL",
        captured={"reason": "short_of_money"},
        payments=[phone.cash(stop["practice"], cents, at=AT + timedelta(minutes=8), agency=AGENCY)],
        attachments=[signature, photo],
        signature={
            "refused": False,
            "text": text,
            "text_digest": sha256(text.encode()),
            "image_sha256": signature["sha256"],
            "signer": "debtor",
        },
    )


async def verdicts(phone: FieldPhone, *envelopes: dict[str, Any]) -> list[tuple[str, str | None]]:
    answer = await phone.push(*envelopes)
    assert answer.status_code == 200, answer.text
    return [(item["verdict"], item["code"]) for item in answer.json()["verdicts"]]


async def count(house: House, table: Any) -> int:
    async with house.session() as session:
        return len((await session.exec(select(table))).all())


async def test_a_phone_gets_its_own_day_and_only_its_own(house: House) -> None:
    mine, other = await entrusted(house, "P-001"), await entrusted(house, "P-002")
    colleague = a_person(house.agency_id, Role.AGENT, login="collega", number="2")
    async with house.session() as session:
        session.add(colleague)
    await published(house, mine)
    await published(house, other, agent=colleague)

    day = await day_of(await phone_of(house))

    # The newest version gives this agent nothing any more.
    assert day["version"] == 2
    assert day["stops"] == []


async def test_the_day_carries_everything_the_door_needs(house: House) -> None:
    phone, stop = await one_stop(house)

    practice = stop["practice"]

    assert practice["obligors"][0]["name"] == "Mario Bianchi"
    assert practice["owed_cents"] == 90_000
    assert practice["debt_lines"][0]["costs_cents"] == 1_000
    assert stop["address"]["lat_e6"] == 45_314_500
    assert set(practice["conduct_facts"]) == {"practice", "agent", "addresses"}
    assert phone.series == "A1"


async def test_a_paid_visit_stands_in_practice_file_and_ledger_to_the_cent(house: House) -> None:
    phone, stop = await one_stop(house)

    verdict = await verdicts(phone, phone.envelope("visit", paid_report(phone, stop, 15_000), at=AT))

    assert verdict == [("accepted", None)]
    practice_id = UUID(stop["practice"]["id"])
    async with house.session() as session:
        owed = await ledger.owed_cents(session, [practice_id])
        held = await ledger.held_by(session, house.people[Role.AGENT].id)
        balance = await ledger.trial_balance(session, at=NOW)
        receipt = (await session.exec(select(tables.Receipt))).one()
    assert owed == {practice_id: 75_000}
    # 150,00 € and the stamp duty of 2,00 € that the debtor bears above 77,47 €.
    assert held == {AccountKind.AGENT_CASH: 15_200}
    assert balance.total_cents == 0
    assert (receipt.series, receipt.number, receipt.amount_cents) == ("A1", 1, 15_000)


async def test_the_same_batch_again_changes_nothing_and_gets_the_same_verdicts(house: House) -> None:
    phone, stop = await one_stop(house)
    envelope = phone.envelope("visit", paid_report(phone, stop, 15_000), at=AT)
    first = (await phone.push(envelope)).json()["verdicts"][0]

    again = [(await phone.push(envelope)).json()["verdicts"][0] for _ in range(3)]

    assert {item["verdict"] for item in again} == {"duplicate"}
    assert {item["received_at"] for item in again} == {first["received_at"]}
    assert await count(house, tables.Payment) == 1
    assert await count(house, tables.Visit) == 1


async def test_the_same_id_with_other_content_is_a_conflict_and_the_first_stays(house: House) -> None:
    phone, stop = await one_stop(house)
    envelope = phone.envelope("visit", a_report(stop, at=AT), at=AT)
    await phone.push(envelope)
    other = json.loads(envelope["text"])
    other["body"]["outcome"] = "AWAY_LONG"
    text = canonical_json(other)

    verdict = await verdicts(phone, {**envelope, "text": text.decode(), "digest": sha256(text)})

    assert verdict == [("conflict", "sync.same_id_other_content")]
    async with house.session() as session:
        assert (await session.exec(select(tables.Visit.outcome))).all() == ["ABSENT_NO_NOTICE"]


def _without_a_promise(body: dict[str, Any]) -> dict[str, Any]:
    met = {"who": "debtor", "identified_by": "document", "role": None}
    return body | {"outcome": "PROMISE_TO_PAY", "captured": {}, "met": met, "identified_self": True}


def _notice(delivery: Any) -> dict[str, Any]:
    return {"outcome": "ABSENT_NOTICE_LEFT", "captured": {"notice": {"number": "X-1", "delivery": delivery}}}


def _paid_with(document: Any) -> dict[str, Any]:
    return {"payments": [{"receipt": {"value": {}}, "payer": {"document": document}}]}


def _signed_with(value: dict[str, Any]) -> Any:
    met = {"who": "debtor", "identified_by": "document", "role": None}
    payment = {
        "method": "cash",
        "amount_cents": 100,
        "fields": {},
        "allocation": [],
        "stamp_duty": {"cents": 0, "charged_to": "none", "reason": "up_to_threshold"},
        "receipt": {"value": value, "digest": "0" * 64, "signature": "x"},
    }

    def changed(body: dict[str, Any]) -> dict[str, Any]:
        line = {"debt_line_id": body["practice_line"], "principal_cents": 100, "interest_cents": 0, "costs_cents": 0}
        payments = [payment | {"allocation": [line]}]
        told = {"outcome": "PAID_PARTIAL", "captured": {"reason": "other"}, "met": met, "identified_self": True}
        return {name: value for name, value in body.items() if name != "practice_line"} | told | {"payments": payments}

    return changed


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        (lambda body: body | {"captured": {"\x00": 1}}, "refused"),
        (lambda body: body | {"captured": {"\ud800": 1}}, "refused"),
        (lambda body: body | {"\x00": 1}, "refused"),
        (lambda body: body | {"\ud800": 1}, "refused"),
        (lambda body: body | _notice([]), "refused"),
        (lambda body: body | _notice({"\x00": 1}), "refused"),
        (lambda body: body | _paid_with([]), "refused"),
        (_signed_with({"amount_cents": 1.5}), "refused"),
        (_signed_with({"\u00e8": 1}), "refused"),
        (_signed_with({"\ud800": 1}), "refused"),
        (lambda body: body | {"arrived_at": "9999-12-31T23:59:59.999Z"}, "refused"),
        (lambda body: body | {"left_at": "0001-01-01T00:00:00.000Z"}, "refused"),
        (lambda body: body | {"planned_day": "9999-12-31"}, "refused"),
        (_without_a_promise, "accepted"),
    ],
)
async def test_what_no_phone_writes_costs_only_itself_and_leaves_the_practice_readable(
    house: House, changed: Any, verdict: str
) -> None:
    phone, stop = await one_stop(house)
    odd = phone.envelope("visit", {}, at=AT)
    body = a_report(stop, at=AT)
    if changed.__name__ == "changed":
        body["practice_line"] = stop["practice"]["debt_lines"][0]["id"]
    plain = json.loads(odd["text"]) | {"body": changed(body)}
    odd["text"] = json.dumps(plain)
    odd["digest"] = sha256(odd["text"].encode())
    good = phone.envelope("visit", a_report(stop, at=AT), at=AT)

    assert [said for said, _ in await verdicts(phone, odd, good)] == [verdict, "accepted"]

    assert len((await day_of(phone))["stops"]) == 1
    desk = await house.sign_in(Role.BACK_OFFICE)
    assert (await desk.get(f"/practices/{stop['practice']['id']}")).status_code == 200


async def test_a_label_that_no_phone_counts_to_costs_only_itself(house: House) -> None:
    phone, stop = await one_stop(house)
    odd = phone.envelope("visit", a_report(stop, at=AT), at=AT) | {"seq": 2**70}
    good = phone.envelope("visit", a_report(stop, at=AT), at=AT)

    # In the order of the labels.
    assert await verdicts(phone, odd, good) == [("accepted", None), ("refused", "sync.label_differs")]


async def test_a_bad_envelope_costs_only_itself_and_becomes_a_task(house: House) -> None:
    phone, stop = await one_stop(house)
    good = phone.envelope("visit", a_report(stop, at=AT), at=AT)
    bad = phone.envelope("visit", {"practice_id": stop["practice"]["id"]}, at=AT)
    late = phone.envelope(
        "contact",
        {
            "contact_id": str(UUID(int=5)),
            "practice_id": stop["practice"]["id"],
            "channel": "call",
            "phone_id": None,
            "at": "2026-11-26T08:00:00.000Z",
        },
        at=AT,
    )

    answers = await verdicts(phone, good, bad, late)

    assert [verdict for verdict, _ in answers] == ["accepted", "refused", "accepted"]
    async with house.session() as session:
        task = (await session.exec(select(tables.Task).where(tables.Task.kind == "envelope.refused"))).one()
        kept = await session.get_one(tables.Envelope, UUID(bad["id"]))
    assert task.subject_id == bad["id"]
    assert kept.content.decode() == bad["text"]


async def test_a_visit_taken_away_meanwhile_is_accepted_and_flagged(house: House) -> None:
    phone, stop = await one_stop(house)
    colleague = a_person(house.agency_id, Role.AGENT, login="collega", number="2")
    async with house.session() as session:
        session.add(colleague)
    await published(house, UUID(stop["practice"]["id"]), agent=colleague)

    answer = (await phone.push(phone.envelope("visit", a_report(stop, at=AT), at=AT))).json()["verdicts"][0]

    assert answer["verdict"] == "accepted"
    assert "visit.reassigned" in answer["flags"]


async def test_a_practice_that_was_never_the_agents_is_refused(house: House) -> None:
    phone, stop = await one_stop(house)
    stranger = await entrusted(house, "P-009")
    report = a_report(stop, at=AT, practice_id=str(stranger))

    assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("refused", "visit.not_yours")]


async def test_a_visit_at_night_is_a_fact_that_is_accepted_and_flagged(house: House) -> None:
    phone, stop = await one_stop(house)
    night = NOW.replace(hour=21, minute=30) - timedelta(days=1)

    answer = (await phone.push(phone.envelope("visit", a_report(stop, at=night), at=night))).json()["verdicts"][0]

    assert answer["verdict"] == "accepted"
    assert any(flag.startswith("conduct.") for flag in answer["flags"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        # One cent more on the paper than was reported
        ({"amount_cents": 15_001}, "paper."),
        # Another number than the one that was signed
        ({"number": 2}, "receipt.signature_invalid"),
        # Another debtor's name
        ({"debtor": "Anna Verdi"}, "receipt.signature_invalid"),
        # Another predecessor: a fork of the series
        ({"prev_digest": "f" * 64}, "receipt.signature_invalid"),
    ],
)
async def test_an_altered_receipt_is_refused(house: House, change: dict[str, Any], code: str) -> None:
    phone, stop = await one_stop(house)
    report = paid_report(phone, stop, 15_000)
    receipt = report["payments"][0]["receipt"]
    receipt["value"] |= change
    receipt["digest"] = sha256(canonical_json(receipt["value"]))

    [(verdict, refusal)] = await verdicts(phone, phone.envelope("visit", report, at=AT))

    assert verdict == "refused"
    assert refusal in (code, "receipt.signature_invalid")
    assert await count(house, tables.Payment) == 0


async def test_a_receipt_number_used_twice_is_refused(house: House) -> None:
    phone, stop = await one_stop(house)
    first = paid_report(phone, stop, 15_000)
    phone.number, phone.chain_head = 0, "0" * 64
    second = paid_report(phone, stop, 16_000)

    answers = await verdicts(phone, phone.envelope("visit", first, at=AT), phone.envelope("visit", second, at=AT))

    assert answers == [("accepted", None), ("refused", "receipt.number_used")]
    assert await count(house, tables.Receipt) == 1


async def test_a_forged_or_replayed_request_is_turned_away(house: House) -> None:
    phone, _ = await one_stop(house)
    stranger = await phone_of(house)
    stranger.device_id = phone.device_id

    forged = await stranger.request("GET", "/field/day", counter=10_000)
    await phone.request("GET", "/field/day", counter=1_000)
    replayed = await phone.request("GET", "/field/day", counter=1_000)

    assert forged.status_code == 401
    assert forged.json()["code"] == "access.signature_invalid"
    assert replayed.json()["code"] == "access.request_replayed"


async def test_a_revoked_phone_gets_nothing(house: House) -> None:
    phone, _ = await one_stop(house)
    administrator = await house.sign_in(Role.ADMINISTRATOR)
    await administrator.post(f"/devices/{phone.device_id}/revoke")

    answer = await phone.request("GET", "/field/day")

    assert answer.status_code == 403
    assert answer.json()["code"] == "access.device_revoked"


async def test_an_expired_sign_in_never_holds_work_back(house: House) -> None:
    phone, stop = await one_stop(house)
    house.clock.move_to(NOW + timedelta(days=3))

    assert await verdicts(phone, phone.envelope("visit", a_report(stop, at=AT), at=AT)) == [("accepted", None)]


async def test_pictures_arrive_after_the_facts_and_are_cleaned(house: House) -> None:
    phone, stop = await one_stop(house)
    report = paid_report(phone, stop, 15_000)
    answer = (await phone.push(phone.envelope("visit", report, at=AT))).json()
    assert set(answer["missing"]) == set(phone.blobs)

    for digest in answer["missing"]:
        stored = await phone.request("PUT", f"/field/attachments/{digest}", content=phone.blobs[digest])
        assert stored.status_code == 200, stored.text

    async with house.session() as session:
        documents = (await session.exec(select(tables.CreditDocument))).all()
        assert (await session.exec(select(tables.Attachment.stored))).all() == [True, True]
    for document in documents:
        assert await house.parts.blobs.get(document.sha256)


async def test_one_photo_of_a_house_serves_two_visits_and_is_sent_once(house: House) -> None:
    phone, stop = await one_stop(house)
    photo = phone.picture(a_photo(), purpose="entrance", media_type="image/jpeg")
    await phone.push(phone.envelope("visit", a_report(stop, at=AT, attachments=[photo]), at=AT))
    await phone.request("PUT", f"/field/attachments/{photo['sha256']}", content=phone.blobs[photo["sha256"]])

    later = AT + timedelta(hours=2)
    answer = await phone.push(phone.envelope("visit", a_report(stop, at=later, attachments=[photo]), at=later))

    assert answer.json()["missing"] == []
    async with house.session() as session:
        documents = (await session.exec(select(tables.CreditDocument))).all()
        assert len(documents) == 2
        assert (await session.exec(select(tables.Attachment.stored))).all() == [True, True]
    assert len({document.sha256 for document in documents}) == 1
    assert await house.parts.blobs.get(documents[0].sha256)


async def test_a_picture_that_no_report_names_is_refused(house: House) -> None:
    phone, _ = await one_stop(house)
    photo = a_photo()

    answer = await phone.request("PUT", f"/field/attachments/{sha256(photo)}", content=photo)

    assert answer.status_code == 404


async def test_an_unknown_protocol_is_told_to_update(house: House) -> None:
    phone, _ = await one_stop(house)

    answer = await phone.push(protocol=99)

    assert answer.json()["code"] == "sync.protocol_unknown"


async def test_a_fork_is_seen_however_far_back_it_branches_off(house: House) -> None:
    phone, stop = await one_stop(house)
    heads = []
    for _ in range(6):
        report = paid_report(phone, stop, 1_000)
        heads.append(phone.chain_head)
        assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("accepted", None)]
    phone.number, phone.chain_head = 20, heads[1]
    fork = paid_report(phone, stop, 1_000)

    assert await verdicts(phone, phone.envelope("visit", fork, at=AT)) == [("refused", "receipt.chain_broken")]


async def test_where_a_visit_began_was_paid_and_ended_is_told_by_its_distance_and_accuracy(house: House) -> None:
    phone, stop = await one_stop(house)
    near = {"lat_e6": stop["address"]["lat_e6"] + 90, "lon_e6": stop["address"]["lon_e6"], "accuracy_m": 12}
    here = {**near, "at": text_of(AT)}
    report = paid_report(phone, stop, 5_000)
    report |= {"position": here, "position_refused_reason": None, "left_position": {**here, "accuracy_m": 30}}
    report["payments"][0]["position"] = {**here, "accuracy_m": 20}

    assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("accepted", None)]

    office = await house.sign_in(Role.BACK_OFFICE)
    [visit] = (await office.get(f"/practices/{stop['practice']['id']}")).json()["visits"]
    assert visit["arrived"] == {"accuracy_m": 12, "distance_m": 10}
    assert visit["receipts"][0]["place"] == {"accuracy_m": 20, "distance_m": 10}
    assert visit["left"] == {"accuracy_m": 30, "distance_m": 10}
