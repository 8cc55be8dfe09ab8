"""Money of a report that was refused as a whole is booked once, under an honest number, by somebody with the right."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.ids import Sha256, canonical_json, sha256
from fieldapp.domain.ledger import LineBalance, statement_entry
from fieldapp.domain.receipt_proof import digest_proof, receipt_proof
from fieldapp.domain.receipts import read_receipt
from fieldapp.store import ledger, tables
from tests.conftest import NOW
from tests.flows.arranged import OLD, become_bill, entrusted
from tests.flows.conftest import Desk, House, a_creditor, a_person, new_id
from tests.flows.phone import FieldPhone, a_report
from tests.flows.test_cash import CARD, balances, good, kinds_of_facts, refused, rows
from tests.flows.test_sync import AGENCY, AT, one_stop, paid_report, verdicts

WHY = "Ha pagato per questa pratica, visto il foglio"


def paper_of(report: dict[str, Any]) -> dict[str, Any]:
    return dict(report["payments"][0]["receipt"])


async def never_theirs(house: House, cents: int = 15_000) -> tuple[FieldPhone, dict[str, Any], dict[str, Any]]:
    """A report with cash that is refused as a whole, for a practice that the phone's agent was never given: the phone,
    its envelope, the receipt as signed."""
    phone, stop = await one_stop(house)
    stranger = await entrusted(house, "P-009")
    at_theirs = {**stop, "practice": {**stop["practice"], "id": str(stranger), "practice_number": "P-009"}}
    report = paid_report(phone, at_theirs, cents)
    envelope = phone.envelope("visit", report, at=AT)
    assert await verdicts(phone, envelope) == [("refused", "visit.not_yours")]
    return phone, envelope, paper_of(report)


async def opened(desk: Desk, envelope: dict[str, Any]) -> dict[str, Any]:
    file = good(await desk.get(f"/refused-reports/{envelope['id']}"))
    return dict(file["payments"][0])


async def book(desk: Desk, envelope: dict[str, Any], practice_id: str, **more: Any) -> Any:
    body = {"place": 0, "practice_id": practice_id, **more}
    return await desk.post(f"/refused-reports/{envelope['id']}/book", json=body)


async def deny(desk: Desk, envelope: dict[str, Any], reason: str = "Non ha pagato, foglio rifatto") -> Any:
    return await desk.post(f"/refused-reports/{envelope['id']}/deny", json={"place": 0, "reason": reason})


async def check(house: House, paper: dict[str, Any]) -> Any:
    """What anybody with the paper is told."""
    value = read_receipt(canonical_json(paper["value"]))
    proof = receipt_proof(value, Sha256(paper["digest"]), signature=paper["signature"])
    return good(await house.client().post("/public/receipts/check", json={"proof": proof}))


async def tasks_open(house: House, kind: str = "envelope.refused") -> int:
    return sum(task.kind == kind and task.state == "open" for task in await rows(house, tables.Task))


def practice_named(payment: dict[str, Any], number: str) -> str:
    return str(next(one["practice_id"] for one in payment["practices"] if one["practice_number"] == number))


# --- booked ------------------------------------------------------------------------------------------------------


async def test_the_money_is_booked_under_the_papers_own_number_and_its_task_is_done(house: House) -> None:
    phone, envelope, paper = await never_theirs(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    before = await opened(desk, envelope)
    waits = good(await desk.get("/cash"))["refused"]

    after = good(await book(desk, envelope, practice_named(before, "P-009")))["payments"][0]

    assert (before["proof"], before["state"], before["label"]) == ("holds", "open", f"{phone.series}-000001")
    assert (before["amount_cents"], before["handed_over_cents"]) == (15_000, 15_200)
    assert [(row["amount_cents"], row["receipts"]) for row in waits] == [(15_000, ["A1-000001"])]
    assert (after["state"], after["acts"][0]["receipt"]) == ("booked", "A1-000001")
    assert good(await desk.get("/cash"))["refused"] == []
    assert await tasks_open(house) == 0
    assert (await balances(desk))["agent_cash"] == 15_200
    [receipt] = await rows(house, tables.Receipt)
    [payment] = await rows(house, tables.Payment)
    assert (receipt.digest, receipt.visit_id, payment.visit_id) == (paper["digest"], None, None)
    assert payment.agent_id == house.people[Role.AGENT].id
    assert "payment.received" in await kinds_of_facts(house)
    assert (await check(house, paper))["state"] == "genuine"


async def test_booking_twice_books_once(house: House) -> None:
    _, envelope, _ = await never_theirs(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    practice_id = practice_named(await opened(desk, envelope), "P-009")

    first, again = [good(await book(desk, envelope, practice_id)) for _ in range(2)]

    assert first == again
    assert (await balances(desk))["agent_cash"] == 15_200
    assert len(await rows(house, tables.Payment)) == 1
    assert (await kinds_of_facts(house)).count("payment.received") == 1


async def test_a_series_with_a_refused_receipt_in_it_is_whole_again_once_that_is_booked(house: House) -> None:
    phone, stop = await one_stop(house)
    await entrusted(house, "P-009")
    wrong = paid_report(phone, stop, 15_000) | {"practice_id": str(uuid4())}
    later = paid_report(phone, stop, 10_000)
    envelope = phone.envelope("visit", wrong, at=AT)
    told = await verdicts(phone, envelope, phone.envelope("visit", later, at=AT))
    assert told == [("refused", "visit.practice_unknown"), ("accepted", None)]
    desk = await house.sign_in(Role.BACK_OFFICE)
    [gap] = good(await desk.get("/receipts/series"))

    good(await book(desk, envelope, stop["practice"]["id"]))

    [series] = good(await desk.get("/receipts/series"))
    assert (gap["missing"], gap["whole"]) == ([1], False)
    assert (series["missing"], series["broken"], series["whole"], series["used"]) == ([], [], True, 2)
    third = phone.envelope("visit", paid_report(phone, stop, 5_000), at=AT)
    assert await verdicts(phone, third) == [("accepted", None)]
    assert good(await desk.get("/receipts/series"))[0]["whole"]


async def test_money_for_another_practice_of_the_same_debtor_is_booked_there_with_a_reason(house: House) -> None:
    _, envelope, paper = await never_theirs(house)
    meant = await entrusted(house, "P-00C", of="P-009")
    homonym = await entrusted(house, "P-00D")
    desk = await house.sign_in(Role.BACK_OFFICE)
    payment = await opened(desk, envelope)

    silent = refused(await book(desk, envelope, str(meant)))
    another_debtor = refused(await book(desk, envelope, str(homonym), reason=WHY))
    good(await book(desk, envelope, str(meant), reason=WHY))

    assert [(row["practice_number"], row["named"]) for row in payment["practices"]] == [
        ("P-009", True),
        ("P-00C", False),
    ]
    assert (silent, another_debtor) == ("refused_money.reason_short", "refused_money.not_this_practice")
    [row] = await rows(house, tables.Payment)
    assert row.practice_id == meant
    file = good(await desk.get(f"/practices/{meant}"))
    assert (file["owed_cents"], file["receipts"][0]["label"]) == (75_000, "A1-000001")
    assert file["receipts"][0]["reason"] == WHY
    assert (await check(house, paper))["state"] == "genuine"


async def test_a_paper_that_nobody_can_prove_is_booked_by_a_receipt_of_the_office(house: House) -> None:
    phone, stop = await one_stop(house)
    report = paid_report(phone, stop, 15_000)
    stranger = await house.sign_in(Role.AGENT)
    other = await FieldPhone.enrol(stranger, house.client(), agent_number="1")
    report["payments"][0]["receipt"]["signature"] = other.sign(canonical_json(paper_of(report)["value"]))
    envelope = phone.envelope("visit", report, at=AT)
    assert await verdicts(phone, envelope) == [("refused", "receipt.signature_invalid")]
    desk = await house.sign_in(Role.BACK_OFFICE)
    payment = await opened(desk, envelope)
    practice_id = stop["practice"]["id"]

    silent = refused(await book(desk, envelope, practice_id))
    booked = good(await book(desk, envelope, practice_id, reason=WHY))["payments"][0]

    assert (payment["proof"], silent) == ("not_signed", "refused_money.reason_short")
    assert booked["acts"][0]["receipt"] == "U1-000001"
    [receipt] = await rows(house, tables.Receipt)
    value = read_receipt(receipt.value)
    # The debtor bore the duty of the paper that they hold, so ours names the same.
    assert (value.method.code, value.handed_over_cents, receipt.reason) == ("cash", 15_200, f"A1-000001: {WHY}")
    assert (await balances(desk))["agent_cash"] == 15_200
    # Nobody's key vouches for the paper, and nothing is told about it.
    assert (await check(house, paper_of(report)))["state"] == "unknown"
    series = {row["series"]: row["whole"] for row in good(await desk.get("/receipts/series"))}
    assert series["U1"]


async def test_money_of_a_refused_report_on_a_barred_line_says_so_on_receipt_fact_and_task(house: House) -> None:
    phone, stop = await one_stop(house)
    report = paid_report(phone, stop, 15_000)
    stranger = await house.sign_in(Role.AGENT)
    other = await FieldPhone.enrol(stranger, house.client(), agent_number="1")
    report["payments"][0]["receipt"]["signature"] = other.sign(canonical_json(paper_of(report)["value"]))
    envelope = phone.envelope("visit", report, at=AT)
    await verdicts(phone, envelope)
    practice_id = stop["practice"]["id"]
    await become_bill(house, UUID(practice_id), OLD)
    desk = await house.sign_in(Role.BACK_OFFICE)

    good(await book(desk, envelope, practice_id, reason=WHY))

    [receipt] = await rows(house, tables.Receipt)
    assert ["prescritta" in line.title for line in read_receipt(receipt.value).lines] == [True]
    [fact] = [row for row in await rows(house, tables.Fact) if row.kind == "payment.received"]
    assert fact.body["barred_cents"] == 15_000
    [task] = [row for row in await rows(house, tables.Task) if row.kind == "payment.flagged"]
    assert "limitation.line_barred" in task.details["flags"]


async def test_a_second_paper_of_one_number_is_booked_only_by_who_has_seen_that_there_are_two(house: House) -> None:
    phone, stop = await one_stop(house)
    first = paid_report(phone, stop, 15_000)
    phone.number, phone.chain_head = 0, "0" * 64
    second = paid_report(phone, stop, 16_000)
    taken, envelope = (phone.envelope("visit", report, at=AT) for report in (first, second))
    await verdicts(phone, taken, envelope)
    desk = await house.sign_in(Role.BACK_OFFICE)
    payment, practice_id = await opened(desk, envelope), stop["practice"]["id"]

    blind = refused(await book(desk, envelope, practice_id, reason=WHY))
    good(await book(desk, envelope, practice_id, reason=WHY, other_paper=True))

    assert (payment["proof"], payment["other"]["amount_cents"]) == ("number_used", 15_000)
    assert blind == "refused_money.number_booked"
    assert (await balances(desk))["agent_cash"] == 15_200 + 16_200
    assert sorted(row.series for row in await rows(house, tables.Receipt)) == ["A1", "U1"]
    # Both papers are in somebody's hand, and for both there is money in the books.
    for paper in (paper_of(first), paper_of(second)):
        assert (await check(house, paper))["state"] == "genuine"
    digest = digest_proof("A1-000001", Sha256(paper_of(second)["digest"]), signature=paper_of(second)["signature"])
    told = good(await house.client().post("/public/receipts/check", json={"proof": digest}))
    assert told["state"] == "genuine"
    ours = next(row for row in await rows(house, tables.Receipt) if row.series == "U1")
    good(await desk.post(f"/receipts/{ours.id}/void", json={"reason": "Restituito"}))
    assert (await check(house, paper_of(second)))["state"] == "voided"
    assert (await check(house, paper_of(first)))["state"] == "genuine"


async def test_the_very_receipt_that_is_booked_already_is_booked_by_no_second_report(house: House) -> None:
    phone, stop = await one_stop(house)
    report = paid_report(phone, stop, 15_000)
    replay = a_report(stop, at=AT) | {**report, "visit_id": str(uuid4())}
    taken, envelope = (phone.envelope("visit", one, at=AT) for one in (report, replay))
    told = await verdicts(phone, taken, envelope)
    assert told == [("accepted", None), ("refused", "receipt.number_used")]
    desk = await house.sign_in(Role.BACK_OFFICE)
    payment, practice_id = await opened(desk, envelope), stop["practice"]["id"]

    attacks = [
        refused(await book(desk, envelope, practice_id, reason=WHY)),
        refused(await book(desk, envelope, practice_id, reason=WHY, other_paper=True)),
    ]
    settled = good(await deny(desk, envelope, "È la stessa ricevuta, inviata due volte"))["payments"][0]

    assert (payment["proof"], payment["other"]["same_paper"]) == ("booked", True)
    assert attacks == ["refused_money.booked_before"] * 2
    # Nobody has to be believed: the paper is in the books, so that one person is enough.
    assert settled["state"] == "not_taken"
    assert (await balances(desk))["agent_cash"] == 15_200
    assert (await check(house, paper_of(report)))["state"] == "genuine"


async def test_one_paper_in_two_refused_reports_is_booked_once(house: House) -> None:
    phone, stop = await one_stop(house)
    report = paid_report(phone, stop, 15_000) | {"practice_id": str(uuid4())}
    once = phone.envelope("visit", report, at=AT)
    twice = phone.envelope("visit", report | {"visit_id": str(uuid4())}, at=AT)
    assert [verdict for verdict, _ in await verdicts(phone, once, twice)] == ["refused", "refused"]
    desk = await house.sign_in(Role.BACK_OFFICE)
    good(await book(desk, once, stop["practice"]["id"]))

    assert (await opened(desk, twice))["proof"] == "booked"
    assert refused(await book(desk, twice, stop["practice"]["id"], reason=WHY)) == "refused_money.booked_before"
    assert len(await rows(house, tables.Payment)) == 1


async def test_more_than_is_owed_is_booked_and_somebody_hears_of_it(house: House) -> None:
    _, envelope, _ = await never_theirs(house, 80_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    practice_id = practice_named(await opened(desk, envelope), "P-009")
    async with house.session() as session:
        line = (
            await session.exec(select(tables.DebtLine).where(tables.DebtLine.practice_id == UUID(practice_id)))
        ).one()
        left = statement_entry(
            at=NOW - timedelta(days=1),
            idempotency_key="statement:less",
            creditor_id=house.creditor_id,
            practice_id=line.practice_id,
            stated={line.id: LineBalance(60_000, 0, 0)},
            present={line.id: LineBalance(87_000, 2_000, 1_000)},
        )
        assert left is not None
        await ledger.post(session, [left], now=NOW, new_id=new_id)

    good(await book(desk, envelope, practice_id))

    task = next(row for row in await rows(house, tables.Task) if row.kind == "practice.overpaid")
    assert task.details["over_cents"] == 20_000
    file = good(await desk.get(f"/practices/{practice_id}"))
    assert (file["owed_cents"], file["overpaid_cents"]) == (0, 20_000)
    assert file["debt_lines"][0]["principal_cents"] == -20_000


async def test_the_same_authorisation_of_a_card_as_another_receipts_makes_a_task(house: House) -> None:
    phone, stop = await one_stop(house)
    at = AT + timedelta(minutes=8)
    by_card = [phone.pay(stop["practice"], 15_000, at=at, agency=AGENCY, method="card", answers=CARD) for _ in range(2)]
    reports = [paid_report(phone, stop, 1_000) | {"payments": [paid]} for paid in by_card]
    taken = phone.envelope("visit", reports[0], at=AT)
    wrong = phone.envelope("visit", reports[1] | {"practice_id": str(uuid4())}, at=AT)
    await verdicts(phone, taken, wrong)
    desk = await house.sign_in(Role.BACK_OFFICE)

    answer = await book(desk, wrong, stop["practice"]["id"], reason=WHY)

    good(answer)
    assert await tasks_open(house, "payment.same_instrument") == 1


# --- not taken ---------------------------------------------------------------------------------------------------


async def test_that_no_money_was_taken_takes_two_people_and_the_paper_is_contested(house: House) -> None:
    _, envelope, paper = await never_theirs(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    chief = await house.sign_in(Role.ADMINISTRATOR)

    short = refused(await deny(desk, envelope, "doppio"))
    said = good(await deny(desk, envelope))["payments"][0]
    again = good(await deny(desk, envelope, "Lo ripeto da sola, due volte"))["payments"][0]
    between = await tasks_open(house), (await check(house, paper))["state"]
    confirmed = good(await deny(chief, envelope, "Ho sentito l'agente e il debitore"))["payments"][0]

    assert short == "refused_money.reason_short"
    assert (said["state"], again, between) == ("denied", said, (1, "not_received"))
    assert [act["act"] for act in confirmed["acts"]] == ["denied", "denial_confirmed"]
    assert (confirmed["state"], await tasks_open(house)) == ("not_taken", 0)
    assert await rows(house, tables.Payment) == []
    assert (await kinds_of_facts(house)).count("payment.not_taken") == 1
    told = await check(house, paper)
    assert (told["state"], told["paper"]["amount_cents"]) == ("contested", 15_000)


async def test_what_was_settled_wrongly_can_still_be_booked_with_a_reason(house: House) -> None:
    _, envelope, paper = await never_theirs(house)
    desk, chief = await house.sign_in(Role.BACK_OFFICE), await house.sign_in(Role.ADMINISTRATOR)
    practice_id = practice_named(await opened(desk, envelope), "P-009")
    good(await deny(desk, envelope))
    good(await deny(chief, envelope))

    silent = refused(await book(desk, envelope, practice_id))
    booked = good(await book(desk, envelope, practice_id, reason="Il debitore ha portato il foglio"))["payments"][0]
    late = refused(await deny(chief, envelope))

    assert (silent, booked["state"], late) == ("refused_money.reason_short", "booked", "refused_money.decided")
    assert (await balances(desk))["agent_cash"] == 15_200
    assert (await check(house, paper))["state"] == "genuine"


# --- attacks -----------------------------------------------------------------------------------------------------


async def test_money_never_goes_to_a_practice_of_another_creditor(house: House) -> None:
    _, envelope, _ = await never_theirs(house)
    other = a_creditor(house.agency_id, name="Altra Finanziaria S.p.A.")
    async with house.session() as session:
        session.add(other)
    # The same debtor by tax code, and even the same number, with another creditor.
    theirs = await entrusted(replace(house, creditor_id=other.id), "P-00Q", of="P-009")
    async with house.session() as session:
        (await session.get_one(tables.Practice, theirs)).practice_number = "P-009"
    desk = await house.sign_in(Role.BACK_OFFICE)

    payment = await opened(desk, envelope)

    assert [row["creditor_name"] for row in payment["practices"]] == ["Finanziaria Prova S.p.A."]
    assert refused(await book(desk, envelope, str(theirs), reason=WHY)) == "refused_money.not_this_practice"
    assert await rows(house, tables.Payment) == []


async def test_only_the_office_decides_and_never_the_agent_whose_money_it_is(house: House) -> None:
    phone, envelope, _ = await never_theirs(house)
    practice_id = str(next(row.id for row in await rows(house, tables.Practice) if row.practice_number == "P-009"))

    for role in (Role.AGENT, Role.DISPATCHER):
        desk = await house.sign_in(role)
        assert refused(await desk.get(f"/refused-reports/{envelope['id']}")) == "access.not_your_role"
        assert refused(await book(desk, envelope, practice_id)) == "access.not_your_role"
        assert refused(await deny(desk, envelope)) == "access.not_your_role"
    signed = await phone.request("POST", f"/refused-reports/{envelope['id']}/deny", content=b"{}")
    neighbour_id, _, clerk = await house.other_agency()
    stranger = await house.sign_in(person=clerk)

    assert signed.status_code in (401, 403)
    assert neighbour_id != house.agency_id
    assert refused(await stranger.get(f"/refused-reports/{envelope['id']}")) == "refused_money.unknown"
    assert refused(await book(stranger, envelope, practice_id, reason=WHY)) == "refused_money.unknown"
    assert await rows(house, tables.RefusedMoney) == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"place": 1}, "refused_money.no_such_payment"),  # the report has one payment
        ({"place": 10}, "request.malformed"),
        ({"place": -1}, "request.malformed"),
        ({"practice_id": str(UUID(int=7))}, "refused_money.not_this_practice"),
        ({"reason": "x" * 301}, "request.malformed"),
    ],
)
async def test_what_names_no_payment_or_no_practice_of_it_books_nothing(
    house: House, body: dict[str, Any], code: str
) -> None:
    _, envelope, _ = await never_theirs(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    practice_id = practice_named(await opened(desk, envelope), "P-009")
    asked = {"place": 0, "practice_id": practice_id, **body}

    assert refused(await desk.post(f"/refused-reports/{envelope['id']}/book", json=asked)) == code
    assert await rows(house, tables.Payment) == []


async def test_an_accepted_report_is_none_and_bytes_that_spell_no_report_hold_no_money(house: House) -> None:
    phone, stop = await one_stop(house)
    accepted = phone.envelope("visit", paid_report(phone, stop, 15_000), at=AT)
    nonsense = phone.envelope("visit", {"payments": [7, {"receipt": "x"}]}, at=AT)
    await verdicts(phone, accepted, nonsense)
    desk = await house.sign_in(Role.BACK_OFFICE)

    assert refused(await desk.get(f"/refused-reports/{accepted['id']}")) == "refused_money.unknown"
    assert good(await desk.get(f"/refused-reports/{nonsense['id']}"))["payments"] == []


async def an_unreadable_one(house: House) -> tuple[dict[str, Any], dict[str, Any]]:
    """A refused report whose receipt spells none: its envelope, the stop."""
    phone, stop = await one_stop(house)
    report = paid_report(phone, stop, 15_000)
    receipt = report["payments"][0]["receipt"]
    receipt["value"] |= {"amount_in_words": "un milione"}
    content = canonical_json(receipt["value"])
    receipt |= {"digest": sha256(content), "signature": phone.sign(content)}
    envelope = phone.envelope("visit", report, at=AT)
    assert (await verdicts(phone, envelope))[0][0] == "refused"
    return envelope, stop


COPIED: dict[str, Any] = {"amount_cents": 15_000, "method": "cash"}


async def test_a_receipt_that_cannot_be_read_is_shown_with_what_the_report_says_and_booked_as_it_was_copied(
    house: House,
) -> None:
    envelope, stop = await an_unreadable_one(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    payment = await opened(desk, envelope)
    practice_id = stop["practice"]["id"]

    as_it_is = refused(await book(desk, envelope, practice_id, reason=WHY, other_paper=True))
    silent = refused(await book(desk, envelope, practice_id, copied=COPIED))
    first, again = [good(await book(desk, envelope, practice_id, reason=WHY, copied=COPIED)) for _ in range(2)]

    assert (payment["proof"], payment["amount_cents"], payment["practices"]) == ("unreadable", 15_000, [])
    assert (as_it_is, silent) == ("refused_money.unreadable", "refused_money.reason_short")
    assert first == again
    assert (first["payments"][0]["state"], first["payments"][0]["acts"][0]["receipt"]) == ("booked", "U1-000001")
    assert (await balances(desk))["agent_cash"] == 15_000
    [row] = await rows(house, tables.Payment)
    assert (row.agent_id, row.received_at) == (house.people[Role.AGENT].id, AT)
    [receipt] = await rows(house, tables.Receipt)
    assert receipt.reason == WHY
    assert await tasks_open(house) == 0


async def test_the_stamp_duty_that_the_copied_paper_charges_to_the_debtor_was_handed_over_too(house: House) -> None:
    envelope, stop = await an_unreadable_one(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    practice_id = stop["practice"]["id"]
    small = COPIED | {"amount_cents": 7_747, "duty_taken": True}
    assert refused(await book(desk, envelope, practice_id, reason=WHY, copied=small)) == "refused_money.no_duty_due"

    good(await book(desk, envelope, practice_id, reason=WHY, copied=COPIED | {"duty_taken": True}))

    held = await balances(desk)
    assert (held["agent_cash"], held["stamp_duty"], held["creditor_dues"]) == (15_200, -200, -15_000)
    [receipt] = await rows(house, tables.Receipt)
    assert read_receipt(receipt.value).handed_over_cents == 15_200
    [payment] = await rows(house, tables.Payment)
    assert payment.duty_cents == 200


async def test_a_receipt_that_cannot_be_read_is_denied_by_two(house: House) -> None:
    envelope, _ = await an_unreadable_one(house)
    colleague = a_person(house.agency_id, Role.BACK_OFFICE, login="collega")
    async with house.session() as session:
        session.add(colleague)
    first, second = await house.sign_in(Role.BACK_OFFICE), await house.sign_in(person=colleague)

    said = good(await deny(first, envelope))["payments"][0]["state"]
    confirmed = good(await deny(second, envelope))["payments"][0]["state"]

    assert (said, confirmed) == ("denied", "not_taken")
    assert await rows(house, tables.Payment) == []


WRONG_COPIES: list[tuple[dict[str, Any], str]] = [
    ({"copied": COPIED | {"method": "card"}}, "payment.field_missing"),
    ({"copied": COPIED | {"amount_cents": 0}}, "request.malformed"),
    ({"copied": COPIED | {"method": "transfer"}}, "request.malformed"),
    ({"copied": COPIED, "practice_id": str(uuid4())}, "practice.unknown"),
]


@pytest.mark.parametrize(("changes", "code"), WRONG_COPIES)
async def test_what_no_paper_says_is_not_copied(house: House, changes: dict[str, Any], code: str) -> None:
    envelope, stop = await an_unreadable_one(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    body = {"place": 0, "practice_id": stop["practice"]["id"], "reason": WHY, **changes}

    answer = await desk.post(f"/refused-reports/{envelope['id']}/book", json=body)

    assert refused(answer) == code
    assert await rows(house, tables.Payment) == []


async def test_a_receipt_that_can_be_read_is_not_copied(house: House) -> None:
    _, envelope, _ = await never_theirs(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    practice_id = practice_named(await opened(desk, envelope), "P-009")

    assert refused(await book(desk, envelope, practice_id, reason=WHY, copied=COPIED)) == "refused_money.readable"


async def test_two_who_decide_at_once_decide_once(house: House) -> None:
    _, envelope, _ = await never_theirs(house)
    colleague = a_person(house.agency_id, Role.BACK_OFFICE, login="collega")
    async with house.session() as session:
        session.add(colleague)
    first, second = await house.sign_in(Role.BACK_OFFICE), await house.sign_in(person=colleague)
    practice_id = practice_named(await opened(first, envelope), "P-009")

    good(await deny(first, envelope))
    good(await book(second, envelope, practice_id))

    assert refused(await deny(second, envelope)) == "refused_money.decided"
    assert len(await rows(house, tables.Payment)) == 1
