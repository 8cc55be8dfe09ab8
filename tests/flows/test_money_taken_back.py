"""What plans, settlements and announcements become when money comes late, comes back or was typed wrongly."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from fieldapp.domain.access import Role
from fieldapp.domain.ids import Sha256
from fieldapp.domain.receipt_proof import receipt_proof
from fieldapp.domain.receipts import read_receipt
from fieldapp.services.agreement_review import desk_of, review
from fieldapp.store import agreements as agreement_store
from fieldapp.store import ledger, tables
from fieldapp.store.feed import tell
from tests.conftest import NOW
from tests.flows.arranged import TODAY
from tests.flows.conftest import Desk, House
from tests.flows.phone import FieldPhone, a_report
from tests.flows.test_agreements import days_later, decide, file_of, open_tasks, paid, with_plan, with_settlement
from tests.flows.test_cash import CHEQUE, announced, balances, cheque_at_bank, good, owed, rows, slip, took
from tests.flows.test_cash import report as reported
from tests.flows.test_sync import AGENCY, AT, verdicts

EXEMPT = {"cents": 0, "charged_to": "none", "reason": "exempt"}


def a_transfer(cents: int, on: str) -> dict[str, Any]:
    return {
        "method": "bank_transfer",
        "amount_cents": cents,
        "fields": {"expected_on": on},
        "allocation": [],
        "stamp_duty": EXEMPT,
        "receipt": None,
    }


async def seen(desk: Desk, cents: int, on: str, **more: Any) -> Any:
    [waiting] = good(await desk.get("/cash"))["transfers"]
    body = {"seen_on": on, "amount_cents": cents, "reference": "CRO 1", "into": "agency", **more}
    return await desk.post(f"/cash/transfers/{waiting['promise_id']}/confirm", json=body)


async def paid_by_cheque(house: House, phone: FieldPhone, stop: dict[str, Any], cents: int) -> Desk:
    """A settlement paid by cheque, which is at the bank; the desk."""
    at = AT + timedelta(hours=2)
    cheque = phone.pay(stop["practice"], cents, at=at, agency=AGENCY, method="cheque", answers=CHEQUE)
    report = a_report(
        stop,
        at=at,
        met={"who": "debtor", "identified_by": "document", "role": None},
        identified_self=True,
        outcome="SETTLEMENT_PAID",
        captured={"authorised_by": "creditor", "authorisation": "telefonata"},
        payments=[cheque],
    )
    assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("accepted", None)]
    desk = await house.sign_in(Role.BACK_OFFICE)
    [waiting] = good(await desk.get("/cash"))["cheques"]
    handed = good(await desk.post("/cash/slips", json=slip(house, 0, {}, payment_ids=[waiting["payment_id"]])))
    good(await desk.post(f"/cash/slips/{handed['id']}/bank", json={"banked_on": "2026-11-26"}))
    return desk


async def the_cheque(desk: Desk) -> str:
    [waiting] = good(await desk.get("/cash"))["cheques"]
    return str(waiting["payment_id"])


async def books_balance(house: House) -> None:
    async with house.session() as session:
        assert (await ledger.trial_balance(session, at=NOW + timedelta(days=60))).total_cents == 0


# --- settlements ---------------------------------------------------------------------------------------------------


async def test_a_settlement_paid_by_cheque_closes_the_practice_only_once_the_cheque_has_cleared(house: House) -> None:
    phone, stop, settlement = await with_settlement(house)
    await decide(house, settlement["id"], True)
    desk = await paid_by_cheque(house, phone, stop, 60_000)

    before = await file_of(house, stop)
    # Its last day goes by while the cheque is under way: it is neither paid nor expired.
    await days_later(house, 12)
    waiting = await file_of(house, stop)
    desk = await house.sign_in(Role.BACK_OFFICE)
    good(await desk.post(f"/cash/payments/{await the_cheque(desk)}/clear", json={"cleared_on": "2026-12-08"}))

    after = await file_of(house, stop)
    assert (before["state"], before["owed_cents"], before["settlements"][0]["state"]) == ("open", 30_000, "approved")
    assert waiting["settlements"][0]["state"] == "approved"
    assert (after["state"], after["owed_cents"], after["settlements"][0]["state"]) == ("closed", 0, "paid")


async def test_a_settlement_whose_cheque_comes_back_is_owed_as_before(house: House) -> None:
    phone, stop, settlement = await with_settlement(house)
    await decide(house, settlement["id"], True)
    desk = await paid_by_cheque(house, phone, stop, 60_000)

    unpaid = {"unpaid_on": "2026-11-26", "reason": "Fondi"}
    good(await desk.post(f"/cash/payments/{await the_cheque(desk)}/unpaid", json=unpaid))

    file = await file_of(house, stop)
    assert (file["state"], file["owed_cents"], file["settlements"][0]["state"]) == ("open", 90_000, "approved")


async def test_a_cheque_that_comes_back_after_it_cleared_opens_the_settlement_again(house: House) -> None:
    phone, stop, settlement = await with_settlement(house)
    await decide(house, settlement["id"], True)
    desk = await paid_by_cheque(house, phone, stop, 60_000)
    cheque = await the_cheque(desk)
    good(await desk.post(f"/cash/payments/{cheque}/clear", json={"cleared_on": "2026-11-26"}))
    assert (await file_of(house, stop))["state"] == "closed"

    good(await desk.post(f"/cash/payments/{cheque}/unpaid", json={"unpaid_on": "2026-11-26", "reason": "Fondi"}))

    file = await file_of(house, stop)
    assert (file["state"], file["owed_cents"], file["settlements"][0]["state"]) == ("open", 90_000, "approved")
    assert {"cheque.unpaid", "settlement_undone"} <= set(open_tasks(file))
    assert (await balances(desk)).get("agency_bank", 0) == 0
    await books_balance(house)


@pytest.mark.parametrize("way", ["void", "refund"])
async def test_a_settlement_whose_money_is_taken_back_is_open_again_and_may_be_paid_again(
    house: House, way: str
) -> None:
    phone, stop, settlement = await with_settlement(house)
    await decide(house, settlement["id"], True)
    report = paid(phone, stop, 60_000, at=AT + timedelta(hours=2), outcome="SETTLEMENT_PAID")
    await verdicts(phone, phone.envelope("visit", report, at=AT))
    desk = await house.sign_in(Role.BACK_OFFICE)
    [receipt] = await rows(house, tables.Receipt)

    body: dict[str, Any] = {"reason": "Importo sbagliato"}
    if way == "refund":
        body |= {"id": str(house.parts.new_id()), "amount_cents": 60_000, "out_of": "agent_cash"}
    good(await desk.post(f"/receipts/{receipt.id}/{way}", json=body))

    file = await file_of(house, stop)
    assert (file["state"], file["owed_cents"], file["settlements"][0]["state"]) == ("open", 90_000, "approved")
    assert "settlement_undone" in open_tasks(file)
    again = paid(phone, stop, 60_000, at=AT + timedelta(hours=3), outcome="SETTLEMENT_PAID")
    assert await verdicts(phone, phone.envelope("visit", again, at=AT)) == [("accepted", None)]
    file = await file_of(house, stop)
    assert (file["state"], file["owed_cents"], file["settlements"][0]["state"]) == ("closed", 0, "paid")
    await books_balance(house)


async def test_a_settlement_paid_with_more_than_the_whole_debt_gives_nothing_up(house: House) -> None:
    phone, stop, settlement = await with_settlement(house)
    await decide(house, settlement["id"], True)
    await reported(phone, stop, [a_transfer(60_000, "2026-11-30")], outcome="HARDSHIP", captured={})
    desk = await house.sign_in(Role.BACK_OFFICE)

    good(await seen(desk, 100_000, "2026-11-26"))
    paid_over = await file_of(house, stop)
    [receipt] = await rows(house, tables.Receipt)
    good(await desk.post(f"/receipts/{receipt.id}/void", json={"reason": "importo sbagliato"}))

    # What is too much is the debtor's: it is neither given up nor claimed anew, and every part is whole afterwards.
    line = paid_over["debt_lines"][0]
    assert (paid_over["state"], paid_over["owed_cents"], paid_over["overpaid_cents"]) == ("closed", 0, 10_000)
    assert line["principal_cents"] == -10_000
    assert (line["interest_cents"], line["costs_cents"]) == (0, 0)
    assert not [entry for entry in await rows(house, tables.Entry) if entry.kind == "settlement_given_up"]
    file = await file_of(house, stop)
    line = file["debt_lines"][0]
    assert file["state"] == "open"
    assert (line["principal_cents"], line["interest_cents"], line["costs_cents"]) == (87_000, 2_000, 1_000)
    await books_balance(house)


async def test_a_settlement_that_two_look_at_in_the_same_moment_is_paid_once_and_can_be_undone(house: House) -> None:
    phone, stop, settlement = await with_settlement(house)
    await decide(house, settlement["id"], True)
    practice_id = UUID(stop["practice"]["id"])
    async with house.work() as work:
        # The clock has begun to look, and the phone brings the money before it is through.
        seen_before = await agreement_store.settlements(work.session, [practice_id])
        report = paid(phone, stop, 60_000, at=AT + timedelta(hours=2), outcome="SETTLEMENT_PAID")
        assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("accepted", None)]
        assert [row.state for row in seen_before] == ["approved"]
        tell(work.session, *await review(desk_of(work), [practice_id]))

    desk = await house.sign_in(Role.BACK_OFFICE)
    told = [fact.kind for fact in await rows(house, tables.Fact) if fact.kind in ("settlement.paid", "practice.closed")]
    assert sorted(told) == ["practice.closed", "settlement.paid"]
    [receipt] = await rows(house, tables.Receipt)
    good(await desk.post(f"/receipts/{receipt.id}/void", json={"reason": "importo sbagliato"}))
    file = await file_of(house, stop)
    assert (file["state"], file["owed_cents"]) == ("open", 90_000)
    await books_balance(house)


async def test_a_settlement_paid_by_transfer_in_time_is_paid_however_late_it_is_typed_in(house: House) -> None:
    phone, stop, settlement = await with_settlement(house)
    await decide(house, settlement["id"], True)
    await reported(phone, stop, [a_transfer(60_000, "2026-11-30")], outcome="HARDSHIP", captured={})
    await days_later(house, 11)
    assert (await file_of(house, stop))["settlements"][0]["state"] == "expired"
    desk = await house.sign_in(Role.BACK_OFFICE)

    good(await seen(desk, 60_000, "2026-12-01"))

    file = await file_of(house, stop)
    assert (file["state"], file["owed_cents"], file["settlements"][0]["state"]) == ("closed", 0, "paid")
    assert "follow_expired_settlement" not in open_tasks(file)


async def test_a_settlement_paid_in_cash_in_time_is_paid_however_late_the_phone_tells(house: House) -> None:
    phone, stop, settlement = await with_settlement(house)
    await decide(house, settlement["id"], True)
    report = paid(phone, stop, 60_000, at=AT + timedelta(hours=2), outcome="SETTLEMENT_PAID")
    await days_later(house, 11)

    assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("accepted", None)]

    file = await file_of(house, stop)
    assert [row["state"] for row in file["settlements"]] == ["paid"]
    assert (file["state"], file["owed_cents"]) == ("closed", 0)


# --- plans ---------------------------------------------------------------------------------------------------------


async def test_an_instalment_that_reached_the_bank_in_time_breaks_no_plan_when_it_is_typed_in_late(
    house: House,
) -> None:
    phone, stop = await with_plan(house, first=TODAY + timedelta(days=2))
    await reported(phone, stop, [a_transfer(10_000, "2026-11-28")], outcome="HARDSHIP", captured={})
    await days_later(house, 25)
    assert (await file_of(house, stop))["plans"][0]["state"] == "broken"
    desk = await house.sign_in(Role.BACK_OFFICE)

    good(await seen(desk, 10_000, "2026-11-28"))

    file = await file_of(house, stop)
    assert (file["plans"][0]["state"], file["plans"][0]["broken_on"]) == ("active", None)
    async with house.session() as session:
        at_noon = await ledger.trial_balance(session, at=NOW.replace(day=28, hour=15))
        assert {row.kind: row.balance_cents for row in at_noon.accounts}["agency_bank"] == 10_000


@pytest.mark.parametrize(
    ("cents", "wording"),
    [
        (10_000, ("instalment", 1, 9)),
        (4_000, ("instalment", 1, 9)),  # a part of it
        (20_001, ("part_payment", 0, 0)),  # beyond the one that follows: an advance on the debt
        (90_000, ("final_payment", 0, 0)),
    ],
)
async def test_the_receipt_of_a_transferred_instalment_says_which_of_how_many_it_is(
    house: House, cents: int, wording: tuple[str, int, int]
) -> None:
    phone, stop = await with_plan(house, first=TODAY)
    await reported(phone, stop, [a_transfer(cents, "2026-11-28")], outcome="HARDSHIP", captured={})
    desk = await house.sign_in(Role.BACK_OFFICE)

    good(await seen(desk, cents, TODAY.isoformat()))

    [receipt] = await rows(house, tables.Receipt)
    [payment] = await rows(house, tables.Payment)
    value = read_receipt(receipt.value)
    number = wording[1] or None
    assert (value.wording.kind.value, value.wording.number, value.wording.of) == wording
    fact = next(fact for fact in await rows(house, tables.Fact) if fact.kind == "payment.received")
    assert (payment.instalment_number, fact.body.get("instalment")) == (number, number)
    paper = await desk.get(f"/receipts/{receipt.id}/paper")
    assert paper.content.startswith(b"%PDF")


async def test_a_second_transfer_is_for_the_instalment_that_follows(house: House) -> None:
    phone, stop = await with_plan(house, first=TODAY)
    for _ in range(2):
        await reported(phone, stop, [a_transfer(10_000, "2026-11-28")], outcome="HARDSHIP", captured={})
    desk = await house.sign_in(Role.BACK_OFFICE)
    waiting = good(await desk.get("/cash"))["transfers"]
    body = {"seen_on": TODAY.isoformat(), "amount_cents": 10_000, "reference": "CRO 1", "into": "agency"}

    for one in waiting:
        good(await desk.post(f"/cash/transfers/{one['promise_id']}/confirm", json=body))

    assert sorted(row.instalment_number for row in await rows(house, tables.Payment)) == [1, 2]


# --- announcements -------------------------------------------------------------------------------------------------


async def test_a_mistyped_transfer_is_voided_and_booked_again(house: House) -> None:
    await announced(house, 20_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    before = await owed(house)
    good(await seen(desk, 2_000, "2026-11-26"))
    [receipt] = await rows(house, tables.Receipt)

    good(await desk.post(f"/receipts/{receipt.id}/void", json={"reason": "importo sbagliato"}))
    [waiting] = good(await desk.get("/cash"))["transfers"]
    good(await seen(desk, 20_000, "2026-11-26"))

    assert waiting["amount_cents"] == 20_000
    assert await owed(house) == before - 20_000
    assert good(await desk.get("/cash"))["transfers"] == []
    assert [(row.amount_cents, row.state) for row in await rows(house, tables.Promise)] == [(20_000, "kept")]
    await books_balance(house)


async def test_a_part_of_an_announced_transfer_leaves_the_rest_announced(house: House) -> None:
    await announced(house, 20_000)
    desk = await house.sign_in(Role.BACK_OFFICE)

    good(await seen(desk, 2_000, "2026-11-26"))

    [waiting] = good(await desk.get("/cash"))["transfers"]
    assert waiting["amount_cents"] == 18_000
    states = sorted((row.amount_cents, row.state) for row in await rows(house, tables.Promise))
    assert states == [(2_000, "kept"), (18_000, "open")]


# --- the bank ------------------------------------------------------------------------------------------------------


async def test_nothing_happens_at_the_bank_before_it_was_brought_there(house: House) -> None:
    desk = await house.sign_in(Role.BACK_OFFICE)
    payment_id = await cheque_at_bank(house, desk)

    for step, field in (("clear", "cleared_on"), ("unpaid", "unpaid_on")):
        body = {field: "2026-10-01"} | ({"reason": "Fondi"} if step == "unpaid" else {})
        answer = await desk.post(f"/cash/payments/{payment_id}/{step}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "cash.date_unlikely")


async def test_a_credited_cheque_comes_back_on_the_day_of_its_credit_or_later(house: House) -> None:
    desk = await house.sign_in(Role.BACK_OFFICE)
    payment_id = await cheque_at_bank(house, desk)
    house.clock.move_to(NOW + timedelta(days=4))
    desk = await house.sign_in(Role.BACK_OFFICE)
    good(await desk.post(f"/cash/payments/{payment_id}/clear", json={"cleared_on": "2026-11-29"}))

    early = await desk.post(f"/cash/payments/{payment_id}/unpaid", json={"unpaid_on": "2026-11-28", "reason": "Fondi"})
    good(await desk.post(f"/cash/payments/{payment_id}/unpaid", json={"unpaid_on": "2026-11-29", "reason": "Fondi"}))

    assert (early.status_code, early.json()["code"]) == (409, "cash.date_unlikely")
    between = good(await desk.get("/ledger/trial-balance", params={"at": "2026-11-28T23:00:00Z"}))["accounts"]
    assert [account for account in between if account["kind"] == "agency_bank" and account["balance_cents"] < 0] == []
    await books_balance(house)


async def test_a_slip_sent_again_with_other_cheques_is_not_the_same_slip(house: House) -> None:
    await took(house, 15_000, method="cheque", answers=CHEQUE)
    desk = await house.sign_in(Role.BACK_OFFICE)
    handed = slip(house, 0, {}, payment_ids=[await the_cheque(desk)])

    good(await desk.post("/cash/slips", json=handed))
    same = await desk.post("/cash/slips", json=handed)
    other = await desk.post("/cash/slips", json=handed | {"payment_ids": []})

    assert same.status_code == 200
    assert (other.status_code, other.json()["code"]) == (409, "cash.slip_differs")


async def test_the_office_pays_in_no_more_cash_than_it_holds(house: House) -> None:
    await took(house, 15_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    [receipt] = await rows(house, tables.Receipt)
    handed = good(await desk.post("/cash/slips", json=slip(house, 15_200, {"10000": 1, "5000": 1, "200": 1})))
    body = {"amount_cents": 15_000, "reason": "errore", "id": str(house.parts.new_id()), "out_of": "office_cash"}
    good(await desk.post(f"/receipts/{receipt.id}/refund", json=body))

    early = await desk.post(f"/cash/slips/{handed['id']}/bank", json={"banked_on": "2026-10-01", "reference": "1"})
    good(await desk.post(f"/cash/slips/{handed['id']}/bank", json={"banked_on": "2026-11-26", "reference": "1"}))

    assert early.json()["code"] == "cash.date_unlikely"
    held = await balances(desk)
    assert (held.get("office_cash", 0), held["agency_bank"]) == (0, 200)


async def test_the_receipt_of_a_cheque_that_came_back_counts_no_longer_for_whoever_checks_it(house: House) -> None:
    desk = await house.sign_in(Role.BACK_OFFICE)
    payment_id = await cheque_at_bank(house, desk)
    [row] = await rows(house, tables.Receipt)
    proof = receipt_proof(read_receipt(row.value), Sha256(row.digest), signature=row.signature)
    before = good(await house.client().post("/public/receipts/check", json={"proof": proof}))["state"]

    good(await desk.post(f"/cash/payments/{payment_id}/unpaid", json={"unpaid_on": "2026-11-26", "reason": "Fondi"}))

    after = good(await house.client().post("/public/receipts/check", json={"proof": proof}))["state"]
    assert (before, after) == ("genuine", "voided")
