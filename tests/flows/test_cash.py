"""Money after the door: handed in, banked, cleared, unpaid, seen on a statement, voided, given back; never edited."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.ids import Sha256
from fieldapp.domain.receipt_proof import digest_proof, receipt_proof
from fieldapp.domain.receipts import read_receipt
from fieldapp.services import rules
from fieldapp.store import ledger, practice_facts, tables
from tests.flows.conftest import Desk, House
from tests.flows.phone import FieldPhone, a_report
from tests.flows.test_sync import AGENCY, AT, one_stop

CHEQUE = {
    "bank": "Banca Prova",
    "number": "0012345678",
    "dated_on": "2026-11-26",
    "payee": "Finanziaria Prova S.p.A.",
    "non_transferable": True,
}
CARD = {"acquirer": "Nexi", "authorisation_code": "A1B2C3"}


async def took(house: House, cents: int, *, method: str = "cash", answers: dict[str, Any] | None = None) -> FieldPhone:
    """A payment at a door, synced."""
    phone, stop = await one_stop(house)
    payment = phone.pay(
        stop["practice"], cents, at=AT + timedelta(minutes=8), agency=AGENCY, method=method, answers=answers or {}
    )
    await report(phone, stop, [payment], outcome="PAID_PARTIAL", captured={"reason": "short_of_money"})
    return phone


async def announced(house: House, cents: int) -> None:
    """A transfer announced at a door, synced."""
    phone, stop = await one_stop(house)
    memo = {
        "method": "bank_transfer",
        "amount_cents": cents,
        "fields": {"expected_on": "2026-11-30"},
        "allocation": [],
        "stamp_duty": {"cents": 0, "charged_to": "none", "reason": "exempt"},
        "receipt": None,
    }
    await report(phone, stop, [memo], outcome="HARDSHIP", captured={})


async def report(
    phone: FieldPhone,
    stop: dict[str, Any],
    payments: list[dict[str, Any]],
    *,
    outcome: str,
    captured: dict[str, Any],
    visit_id: UUID | None = None,
) -> None:
    body = a_report(
        stop,
        at=AT,
        met={"who": "debtor", "identified_by": "document", "role": None},
        identified_self=True,
        outcome=outcome,
        captured=captured,
        payments=payments,
    )
    body["visit_id"] = str(visit_id) if visit_id else body["visit_id"]
    answer = await phone.push(phone.envelope("visit", body, at=AT))
    assert answer.json()["verdicts"][0]["verdict"] == "accepted", answer.text


def good(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer: httpx.Response) -> str:
    assert answer.status_code >= 400, answer.text
    return str(answer.json()["code"])


async def balances(desk: Desk) -> dict[str, int]:
    """The balance of every kind of account; the books are even, always."""
    found = good(await desk.get("/ledger/trial-balance"))
    assert found["total_cents"] == 0
    sums: dict[str, int] = {}
    for account in found["accounts"]:
        sums[account["kind"]] = sums.get(account["kind"], 0) + account["balance_cents"]
    return {kind: cents for kind, cents in sums.items() if cents}


async def owed(house: House) -> int:
    async with house.session() as session:
        practices = (await session.exec(select(tables.Practice.id))).all()
        return sum(ledger.totals(lines) for lines in (await ledger.owed(session, practices)).values())


async def rows(house: House, table: Any) -> list[Any]:
    async with house.session() as session:
        return list((await session.exec(select(table))).all())


async def kinds_of_facts(house: House) -> list[str]:
    return [fact.kind for fact in sorted(await rows(house, tables.Fact), key=lambda fact: fact.number)]


def slip(house: House, declared: int, pieces: dict[str, int], **changes: Any) -> dict[str, Any]:
    body = {
        "id": str(uuid4()),
        "agent_id": str(house.people[Role.AGENT].id),
        "declared_cents": declared,
        "pieces": pieces,
        "payment_ids": [],
        "reason": "",
    }
    return body | changes


# --- cash ------------------------------------------------------------------------------------------------------


async def test_cash_goes_from_the_purse_over_the_office_to_the_bank(house: House) -> None:
    await took(house, 15_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    purse = good(await desk.get("/cash"))["purses"][0]
    assert (purse["cash_cents"], purse["limit_cents"]) == (15_200, 300_000)  # with the stamp duty on top

    handed = slip(house, 15_200, {"10000": 1, "5000": 1, "200": 1})
    first = good(await desk.post("/cash/slips", json=handed))
    counted = await balances(desk)
    banked = good(
        await desk.post(f"/cash/slips/{first['id']}/bank", json={"banked_on": "2026-11-26", "reference": "1"})
    )
    after = await balances(desk)

    assert first["number"] == 1
    assert (counted["office_cash"], counted.get("agent_cash", 0)) == (15_200, 0)
    assert banked["banked_on"] == "2026-11-26"
    assert (after["agency_bank"], after.get("office_cash", 0)) == (15_200, 0)
    assert {"cash.handed_in", "cash.banked"} <= set(await kinds_of_facts(house))


async def test_every_step_may_be_sent_twice_and_happens_once(house: House) -> None:
    await took(house, 15_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    handed = slip(house, 15_200, {"10000": 1, "5000": 1, "200": 1})

    first, again = [good(await desk.post("/cash/slips", json=handed)) for _ in range(2)]
    bank = {"banked_on": "2026-11-26", "reference": "1"}
    once, twice = [good(await desk.post(f"/cash/slips/{first['id']}/bank", json=bank)) for _ in range(2)]

    assert (first, once) == (again, twice)
    assert (await balances(desk))["agency_bank"] == 15_200
    assert len(await rows(house, tables.DepositSlip)) == 1


async def test_a_shortage_needs_a_reason_and_stays_with_the_agent(house: House) -> None:
    await took(house, 15_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    short = slip(house, 15_200, {"10000": 1, "5000": 1})

    unexplained = refused(await desk.post("/cash/slips", json=short))
    good(await desk.post("/cash/slips", json={**short, "reason": "Mancano 2 euro, l'agente li porta domani"}))

    assert unexplained == "cash.difference_unexplained"
    assert (await balances(desk))["cash_differences"] == 200
    assert [task.kind for task in await rows(house, tables.Task)].count("cash.difference") == 1
    assert good(await desk.get("/cash"))["purses"][0]["differences_cents"] == 200


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"declared_cents": 15_201}, "cash.more_than_held"),  # one cent more than the books say
        ({"declared_cents": 0, "pieces": {}}, "cash.nothing_handed_in"),
        ({"pieces": {"300": 1}}, "cash.pieces_unknown"),  # no note of three euro
        ({"pieces": {"5000": -1}}, "cash.pieces_unknown"),
        ({"pieces": {"5e3": 1}}, "cash.pieces_unknown"),
        ({"declared_cents": -5}, "request.malformed"),
        ({"declared_cents": 1.5}, "request.malformed"),
        ({"agent_id": str(uuid4())}, "cash.agent_unknown"),
        ({"payment_ids": [str(uuid4())]}, "cash.cheque_not_held"),
    ],
)
async def test_a_slip_that_cannot_be_true_is_refused_and_nothing_moves(
    house: House, changes: dict[str, Any], code: str
) -> None:
    await took(house, 15_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    before = await balances(desk)
    body = slip(house, 15_200, {"10000": 1, "5000": 1, "200": 1}, reason="x") | changes

    assert refused(await desk.post("/cash/slips", json=body)) == code
    assert await balances(desk) == before


# --- cheques and cards -------------------------------------------------------------------------------------------


async def cheque_at_bank(house: House, desk: Desk) -> str:
    """A cheque of 150,00 € (152,00 with the duty), handed in and banked; the payment's id."""
    await took(house, 15_000, method="cheque", answers=CHEQUE)
    payment_id = str(good(await desk.get("/cash"))["cheques"][0]["payment_id"])
    handed = good(await desk.post("/cash/slips", json=slip(house, 0, {}, payment_ids=[payment_id])))
    assert (handed["cheques"], handed["cheques_cents"]) == (1, 15_200)
    good(await desk.post(f"/cash/slips/{handed['id']}/bank", json={"banked_on": "2026-11-26"}))
    return payment_id


async def test_a_cheque_goes_from_hand_to_office_to_bank_and_clears(house: House) -> None:
    desk = await house.sign_in(Role.BACK_OFFICE)
    payment_id = await cheque_at_bank(house, desk)
    under_way = await balances(desk)

    shown = good(await desk.post(f"/cash/payments/{payment_id}/clear", json={"cleared_on": "2026-11-26"}))
    good(await desk.post(f"/cash/payments/{payment_id}/clear", json={"cleared_on": "2026-11-26"}))

    assert under_way["cheques_at_bank"] == 15_200
    assert shown["cheques"] == []
    assert (await balances(desk))["agency_bank"] == 15_200
    assert await owed(house) == 75_000


async def test_an_unpaid_cheque_restores_the_claim_and_makes_a_task(house: House) -> None:
    desk = await house.sign_in(Role.BACK_OFFICE)
    before_debt = 90_000
    payment_id = await cheque_at_bank(house, desk)
    unpaid = {"unpaid_on": "2026-11-26", "reason": "Mancanza di fondi"}

    good(await desk.post(f"/cash/payments/{payment_id}/unpaid", json=unpaid))
    good(await desk.post(f"/cash/payments/{payment_id}/unpaid", json=unpaid))
    late = refused(await desk.post(f"/cash/payments/{payment_id}/clear", json={"cleared_on": "2026-11-26"}))

    assert late == "cash.step_out_of_turn"
    assert await owed(house) == before_debt
    assert set(await balances(desk)) == {"claim_principal", "claim_interest", "claim_costs", "creditor_claims"}
    assert [task.kind for task in await rows(house, tables.Task)].count("cheque.unpaid") == 1
    assert (await kinds_of_facts(house)).count("cheque.unpaid") == 1


async def test_a_cheque_may_not_skip_a_step(house: House) -> None:
    await took(house, 15_000, method="cheque", answers=CHEQUE)
    desk = await house.sign_in(Role.BACK_OFFICE)
    payment_id = good(await desk.get("/cash"))["cheques"][0]["payment_id"]

    answers = [
        await desk.post(f"/cash/payments/{payment_id}/clear", json={"cleared_on": "2026-11-26"}),
        await desk.post(f"/cash/payments/{payment_id}/unpaid", json={"unpaid_on": "2026-11-26", "reason": "x"}),
        await desk.post(f"/cash/payments/{uuid4()}/clear", json={"cleared_on": "2026-11-26"}),
    ]

    codes = [refused(answer) for answer in answers]
    assert codes == ["cash.step_out_of_turn", "cash.step_out_of_turn", "payment.unknown"]


@pytest.mark.parametrize("day", ["2026-11-27", "2026-09-01"])
async def test_a_bank_date_to_come_or_long_past_is_refused(house: House, day: str) -> None:
    await took(house, 15_000, method="card", answers=CARD)
    desk = await house.sign_in(Role.BACK_OFFICE)
    payment_id = good(await desk.get("/cash"))["cards"][0]["payment_id"]

    answer = await desk.post(f"/cash/payments/{payment_id}/clear", json={"cleared_on": day})

    assert refused(answer) == "cash.date_unlikely"


async def test_a_card_payment_arrives_from_the_acquirer(house: House) -> None:
    await took(house, 15_000, method="card", answers=CARD)
    desk = await house.sign_in(Role.BACK_OFFICE)
    payment_id = good(await desk.get("/cash"))["cards"][0]["payment_id"]

    good(await desk.post(f"/cash/payments/{payment_id}/clear", json={"cleared_on": "2026-11-26"}))

    after = await balances(desk)
    assert (after["agency_bank"], after.get("card_in_transit", 0)) == (15_200, 0)


async def test_a_batch_of_cards_is_credited_whole_or_not_at_all(house: House) -> None:
    await took(house, 15_000, method="card", answers=CARD)
    desk = await house.sign_in(Role.BACK_OFFICE)
    payment_id = good(await desk.get("/cash"))["cards"][0]["payment_id"]
    batch = {"credited_on": "2026-11-26"}

    unknown = await desk.post("/cash/cards/credit", json={**batch, "payment_ids": [payment_id, str(uuid4())]})
    under_way = await balances(desk)
    for _ in range(2):
        good(await desk.post("/cash/cards/credit", json={**batch, "payment_ids": [payment_id]}))

    assert refused(unknown) == "payment.unknown"
    assert under_way["card_in_transit"] == 15_200
    assert (await balances(desk))["agency_bank"] == 15_200


async def test_a_cheque_is_not_credited_among_cards(house: House) -> None:
    await took(house, 15_000, method="cheque", answers=CHEQUE)
    desk = await house.sign_in(Role.BACK_OFFICE)
    payment_id = good(await desk.get("/cash"))["cheques"][0]["payment_id"]

    answer = await desk.post("/cash/cards/credit", json={"credited_on": "2026-11-26", "payment_ids": [payment_id]})

    assert refused(answer) == "payment.not_by_card"


# --- transfers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("into", "bank", "dues"), [("agency", 20_000, -20_000), ("creditor", 0, 0)])
async def test_an_announced_transfer_is_posted_when_it_is_seen_and_the_receipt_follows(
    house: House, into: str, bank: int, dues: int
) -> None:
    await announced(house, 20_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    waiting = good(await desk.get("/cash"))["transfers"]
    assert await owed(house) == 90_000  # announced is not paid
    seen = {"seen_on": "2026-11-26", "amount_cents": 20_000, "reference": "CRO 123", "into": into}

    for _ in range(2):
        good(await desk.post(f"/cash/transfers/{waiting[0]['promise_id']}/confirm", json=seen))

    after = await balances(desk)
    assert (after.get("agency_bank", 0), after.get("creditor_dues", 0)) == (bank, dues)
    assert await owed(house) == 70_000
    assert good(await desk.get("/cash"))["transfers"] == []
    [receipt] = await rows(house, tables.Receipt)
    value = read_receipt(receipt.value)
    assert (value.name, value.residual_cents, value.method.code) == ("U1-000001", 70_000, "transfer_received")
    assert (value.lines[0].costs_cents, value.lines[0].interest_cents) == (1_000, 2_000)
    paper = await desk.get(f"/receipts/{receipt.id}/paper")
    assert paper.content.startswith(b"%PDF")
    proof = receipt_proof(value, Sha256(receipt.digest), signature=receipt.signature)
    checked = good(await house.client().post("/public/receipts/check", json={"proof": proof}))
    assert checked["state"] == "genuine"


async def test_what_a_transfer_brings_beyond_the_debt_is_kept_and_flagged(house: House) -> None:
    await announced(house, 20_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    [waiting] = good(await desk.get("/cash"))["transfers"]
    seen = {"seen_on": "2026-11-26", "amount_cents": 100_000, "reference": "CRO 123", "into": "agency"}

    good(await desk.post(f"/cash/transfers/{waiting['promise_id']}/confirm", json=seen))

    assert await owed(house) == -10_000
    task = next(task for task in await rows(house, tables.Task) if task.kind == "practice.overpaid")
    assert task.details["over_cents"] == 10_000


async def test_an_amount_is_previewed_in_the_creditors_order(house: House) -> None:
    await announced(house, 20_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    [waiting] = good(await desk.get("/cash"))["transfers"]
    path = f"/practices/{waiting['practice_id']}/allocation?amount_cents=2500"
    legal = good(await desk.get(path))
    async with house.session() as session:
        creditor = await session.get_one(tables.Creditor, house.creditor_id)
        creditor.allocation_order = ["principal", "interest", "costs"]

    agreed = good(await desk.get(path))

    assert (legal["lines"][0]["costs_cents"], legal["lines"][0]["interest_cents"]) == (1_000, 1_500)
    assert (agreed["lines"][0]["principal_cents"], agreed["residual_cents"]) == (2_500, 87_500)


# --- voids and refunds ---------------------------------------------------------------------------------------------


async def test_a_receipt_is_voided_by_a_counter_receipt_and_both_stay(house: House) -> None:
    phone = await took(house, 15_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    [original] = await rows(house, tables.Receipt)
    why = {"reason": "Importo digitato male, restituito subito"}

    names = [good(await desk.post(f"/receipts/{original.id}/void", json=why))["counter_receipt"] for _ in range(2)]

    assert names == ["U1-000001", "U1-000001"]
    assert await owed(house) == 90_000
    assert set(await balances(desk)) == {"claim_principal", "claim_interest", "claim_costs", "creditor_claims"}
    voided, counter = sorted(await rows(house, tables.Receipt), key=lambda row: row.series)
    assert (voided.state, counter.voids, counter.reason) == ("voided", original.id, why["reason"])
    paper = await desk.get(f"/receipts/{counter.id}/paper")
    assert paper.content.startswith(b"%PDF")
    proof = digest_proof("U1-000001", counter.digest, signature=counter.signature)
    checked = good(await house.client().post("/public/receipts/check", json={"proof": proof}))
    assert (checked["state"], checked["paper"]["kind"]) == ("genuine", "counter_receipt")
    series = {row["series"]: row for row in good(await desk.get("/receipts/series"))}
    assert (series[phone.series]["voided"], series[phone.series]["whole"], series["U1"]["whole"]) == (1, True, True)


async def test_cash_of_a_voided_receipt_weighs_in_no_ceiling(house: House) -> None:
    await took(house, 40_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    (original,) = await rows(house, tables.Receipt)

    good(await desk.post(f"/receipts/{original.id}/void", json={"reason": "Importo scritto male"}))

    async with house.work() as work:
        known = await practice_facts.practice_facts(
            work.session, [original.practice_id], ruleset=await rules.ruleset(work), today=work.today
        )
    assert known[original.practice_id].cash_received == ()


async def test_a_receipt_is_not_voided_without_reason_nor_when_its_money_went_on(house: House) -> None:
    await took(house, 15_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    [receipt] = await rows(house, tables.Receipt)
    unexplained = refused(await desk.post(f"/receipts/{receipt.id}/void", json={"reason": "  "}))
    good(await desk.post("/cash/slips", json=slip(house, 15_200, {"10000": 1, "5000": 1, "200": 1})))

    late = refused(await desk.post(f"/receipts/{receipt.id}/void", json={"reason": "Errore di persona"}))
    unknown = refused(await desk.post(f"/receipts/{uuid4()}/void", json={"reason": "x"}))

    assert (unexplained, late, unknown) == ("receipt.reason_missing", "receipt.money_moved_on", "receipt.unknown")
    assert await owed(house) == 75_000


async def test_a_refund_restores_the_claim_up_to_what_the_receipt_brought(house: House) -> None:
    await took(house, 15_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    [receipt] = await rows(house, tables.Receipt)
    part = {"id": str(uuid4()), "amount_cents": 5_000, "reason": "Pagato due volte"}

    lefts = [good(await desk.post(f"/receipts/{receipt.id}/refund", json=part))["left_cents"] for _ in range(2)]
    more = {"id": str(uuid4()), "amount_cents": 10_001, "reason": "Pagato due volte"}
    too_much = refused(await desk.post(f"/receipts/{receipt.id}/refund", json=more))
    twice = refused(await desk.post(f"/receipts/{receipt.id}/void", json={"reason": "Pagato due volte"}))
    rest = good(await desk.post(f"/receipts/{receipt.id}/refund", json={**more, "amount_cents": 10_000}))

    assert twice == "receipt.refunded_before"
    assert (lefts, too_much, rest["left_cents"]) == ([10_000, 10_000], "refund.more_than_received", 0)
    assert await owed(house) == 90_000
    assert (await balances(desk))["agency_bank"] == -15_000


async def test_a_refund_sent_again_with_another_amount_or_receipt_is_not_the_same_refund(house: House) -> None:
    phone, stop = await one_stop(house)
    for cents in (15_000, 2_000):
        payment = phone.cash(stop["practice"], cents, at=AT, agency=AGENCY)
        await report(phone, stop, [payment], outcome="PAID_PARTIAL", captured={"reason": "short_of_money"})
    desk = await house.sign_in(Role.BACK_OFFICE)
    first, second = sorted(await rows(house, tables.Receipt), key=lambda row: row.number)
    part = {"id": str(uuid4()), "amount_cents": 1_000, "reason": "Pagato due volte"}
    good(await desk.post(f"/receipts/{first.id}/refund", json=part))

    other_amount = refused(await desk.post(f"/receipts/{first.id}/refund", json={**part, "amount_cents": 2_000}))
    other_receipt = refused(await desk.post(f"/receipts/{second.id}/refund", json=part))
    same = good(await desk.post(f"/receipts/{first.id}/refund", json=part))

    assert (other_amount, other_receipt, same["left_cents"]) == ("refund.differs", "refund.differs", 14_000)
    assert (await balances(desk))["agency_bank"] == -1_000


async def test_a_reason_that_cannot_be_stored_is_the_askers_fault_and_changes_nothing(house: House) -> None:
    await took(house, 15_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    [receipt] = await rows(house, tables.Receipt)
    part = {"id": str(uuid4()), "amount_cents": 1_000, "reason": "Pagato\x00 due volte"}

    answer = await desk.post(f"/receipts/{receipt.id}/refund", json=part)

    assert (answer.status_code, answer.json()["code"]) == (422, "request.malformed")
    assert await owed(house) == 75_000


async def test_a_refund_goes_out_of_the_purse_or_the_offices_cash_and_never_more_than_is_there(house: House) -> None:
    await took(house, 15_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    [receipt] = await rows(house, tables.Receipt)
    path = f"/receipts/{receipt.id}/refund"
    part = {"amount_cents": 5_000, "reason": "Pagato due volte"}

    nothing_there = await desk.post(path, json={**part, "id": str(uuid4()), "out_of": "office_cash"})
    good(await desk.post(path, json={**part, "id": str(uuid4()), "out_of": "agent_cash"}))
    purse = await balances(desk)
    good(await desk.post("/cash/slips", json=slip(house, 10_200, {"10000": 1, "200": 1})))
    empty = await desk.post(path, json={**part, "id": str(uuid4()), "out_of": "agent_cash"})
    good(await desk.post(path, json={**part, "id": str(uuid4()), "out_of": "office_cash"}))

    assert (refused(nothing_there), refused(empty)) == ("refund.more_than_held", "refund.more_than_held")
    assert purse["agent_cash"] == 10_200
    after = await balances(desk)
    assert (after["office_cash"], after.get("agency_bank", 0), await owed(house)) == (5_200, 0, 85_000)


# --- books ---------------------------------------------------------------------------------------------------------


async def test_any_account_and_the_trial_balance_can_be_read_as_they_were(house: House) -> None:
    await took(house, 15_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    before = house.clock.now()
    house.clock.move_to(before + timedelta(hours=2))
    good(await desk.post("/cash/slips", json=slip(house, 15_200, {"10000": 1, "5000": 1, "200": 1})))
    agent = house.people[Role.AGENT].id
    purse = {"kind": "agent_cash", "owner_id": str(agent)}

    now = good(await desk.get("/ledger/statement", params=purse))
    then = good(await desk.get("/ledger/statement", params={**purse, "until": before.isoformat()}))
    since = good(await desk.get("/ledger/statement", params={**purse, "since": before.isoformat()}))
    trial = good(await desk.get("/ledger/trial-balance", params={"at": before.isoformat()}))

    assert [row["balance_cents"] for row in now["rows"]] == [15_200, 0]
    assert (then["closing_cents"], len(then["rows"])) == (15_200, 1)
    assert (since["opening_cents"], since["closing_cents"]) == (15_200, 0)
    assert {row["kind"]: row["balance_cents"] for row in trial["accounts"]}["agent_cash"] == 15_200
    assert refused(await desk.get(f"/ledger/statement?kind=agent_cash&owner_id={uuid4()}")) == "ledger.account_unknown"
    assert refused(await desk.get("/ledger/statement?kind=agent_cash")) == "ledger.account_unknown"


async def test_an_account_and_the_trial_balance_are_taken_home_as_csv(house: House) -> None:
    await took(house, 15_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    purse = {"kind": "agent_cash", "owner_id": str(house.people[Role.AGENT].id)}

    statement = await desk.get("/exports/statement", params=purse)
    balance = await desk.get("/exports/trial-balance")

    assert statement.headers["content-disposition"].startswith('attachment; filename="conto-agent_cash-2026-11-26')
    lines = statement.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Data;Ora;Contanti dell'agente;")
    assert [line.split(";")[-1] for line in lines[1:]] == ["0,00", "152,00"]
    assert [line.split(";")[4:] for line in lines[2:]] == [["152,00", "", "152,00"]]
    accounts = [line.split(";") for line in balance.content.decode("utf-8-sig").splitlines()[1:]]
    assert sum(int(row[-1].replace(",", "")) for row in accounts) == 0
    assert refused(await desk.get("/exports/statement?kind=agent_cash")) == "ledger.account_unknown"
    exported = [row for row in await rows(house, tables.AuditEntry) if row.action == "ledger.exported"]
    assert len(exported) == 2


async def test_another_agency_moves_nothing_here(house: House) -> None:
    await took(house, 15_000, method="cheque", answers=CHEQUE)
    mine = await house.sign_in(Role.BACK_OFFICE)
    payment_id = good(await mine.get("/cash"))["cheques"][0]["payment_id"]
    [receipt] = await rows(house, tables.Receipt)
    _, _, stranger = await house.other_agency()
    desk = await house.sign_in(person=stranger)

    codes = [
        refused(await desk.post(f"/cash/payments/{payment_id}/clear", json={"cleared_on": "2026-11-26"})),
        refused(await desk.post(f"/receipts/{receipt.id}/void", json={"reason": "x"})),
        refused(await desk.post("/cash/slips", json=slip(house, 1, {"1": 1}))),
    ]

    assert codes == ["payment.unknown", "receipt.unknown", "cash.agent_unknown"]
    assert good(await desk.get("/cash"))["cheques"] == []
    assert all(row["used"] == 0 for row in good(await desk.get("/receipts/series")))


async def test_a_phone_cannot_report_what_only_the_office_sees(house: House) -> None:
    phone, stop = await one_stop(house)
    answers = {"seen_on": "2026-11-26", "reference": "CRO 1"}
    payment = phone.pay(stop["practice"], 5_000, at=AT, agency=AGENCY, method="transfer_received", answers=answers)
    body = a_report(
        stop,
        at=AT,
        met={"who": "debtor", "identified_by": "document", "role": None},
        identified_self=True,
        outcome="PAID_PARTIAL",
        captured={"reason": "short_of_money"},
        payments=[payment],
    )

    [verdict] = (await phone.push(phone.envelope("visit", body, at=AT))).json()["verdicts"]

    assert (verdict["verdict"], verdict["code"]) == ("refused", "payment.method_not_at_the_door")
