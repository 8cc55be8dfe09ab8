"""What a phone says of money, held against the books: nothing below zero by parts, and what differs is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import tests.flows.phone as phones
from fieldapp.domain.access import Role
from fieldapp.store import ledger, tables
from tests.flows.conftest import House
from tests.flows.phone import FieldPhone
from tests.flows.test_agreements import agreed, file_of, granted, paid, plan_paper, signed
from tests.flows.test_cash import CARD, CHEQUE, balances, owed, rows
from tests.flows.test_money_facts import flags
from tests.flows.test_sync import AGENCY, AT, day_of, one_stop, phone_of, verdicts


def by_card(phone: FieldPhone, practice: dict[str, Any], cents: int, code: str = "A1") -> dict[str, Any]:
    answers = {"acquirer": "Nexi", "authorisation_code": code}
    return phone.pay(practice, cents, at=AT, agency=AGENCY, method="card", answers=answers)


async def test_what_two_phones_lay_over_one_debt_takes_no_part_below_zero(house: House) -> None:
    first, stop = await one_stop(house)
    second = await phone_of(house)
    same = (await day_of(second))["stops"][0]

    known = await flags(first, stop, by_card(first, stop["practice"], 5_000))
    stale = await flags(second, same, by_card(second, same["practice"], 5_000, "B2"))

    assert known == []
    assert {"payment.laid_otherwise", "receipt.residual_differs"} <= set(stale)
    assert "payment.over_owed" not in stale
    desk = await house.sign_in(Role.BACK_OFFICE)
    claims = {kind: cents for kind, cents in (await balances(desk)).items() if kind.startswith("claim_")}
    assert min(claims.values()) >= 0
    assert sum(claims.values()) == 80_000
    practice = (await day_of(second))["stops"][0]["practice"]
    parts = [line[f"{part}_cents"] for line in practice["debt_lines"] for part in ("principal", "interest", "costs")]
    assert (practice["owed_cents"], sum(parts), min(parts)) == (80_000, 80_000, 0)


async def test_what_exceeds_the_whole_debt_goes_below_zero_on_the_last_line_and_is_told(house: House) -> None:
    first, stop = await one_stop(house)
    second = await phone_of(house)
    same = (await day_of(second))["stops"][0]
    await flags(first, stop, by_card(first, stop["practice"], 85_000))

    stale = await flags(second, same, by_card(second, same["practice"], 10_000, "B2"))

    assert "payment.over_owed" in stale
    assert await owed(house) == -5_000
    assert "practice.overpaid" in [row.kind for row in await rows(house, tables.Task)]


async def test_a_receipt_that_lays_money_otherwise_than_its_report_is_told(house: House) -> None:
    phone, stop = await one_stop(house)
    payment = by_card(phone, stop["practice"], 5_000)
    [line] = payment["allocation"]
    only_principal = {"principal_cents": 5_000, "interest_cents": 0, "costs_cents": 0}
    payment["allocation"] = [{"debt_line_id": line["debt_line_id"], **only_principal}]

    assert "receipt.lines_differ" in await flags(phone, stop, payment)


async def test_a_receipt_that_says_final_over_a_debt_that_stays_is_told_and_settles_nothing(house: House) -> None:
    phone, stop = await one_stop(house)
    payment = by_card(phone, stop["practice"] | {"owed_cents": 5_000}, 5_000)
    assert payment["receipt"]["value"]["wording"]["kind"] == "final_payment"

    assert "receipt.not_final" in await flags(phone, stop, payment)
    assert await owed(house) == 85_000


async def test_a_stamp_duty_that_the_rule_does_not_say_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    phone, stop = await one_stop(house)
    real = phones.stamp_duty
    monkeypatch.setattr(phones, "stamp_duty", lambda cents, rule: real(cents, rule=rule, exemption="exempt"))

    assert "receipt.stamp_duty_differs" in await flags(phone, stop, by_card(phone, stop["practice"], 15_000))


async def test_a_receipt_of_a_day_to_come_is_told_and_stands_in_todays_books(house: House) -> None:
    phone, stop = await one_stop(house)
    ahead = AT + timedelta(days=2)
    payment = phone.pay(stop["practice"], 15_000, at=ahead, agency=AGENCY, method="cash", answers={})

    assert "clock.in_the_future" in await flags(phone, stop, payment)
    async with house.session() as session:
        today = await ledger.trial_balance(session, at=house.clock.now())
        assert {row.kind: row.balance_cents for row in today.accounts}["agent_cash"] == 15_200


async def test_only_what_the_plan_asks_for_is_an_instalment(house: House) -> None:
    await granted(house)
    phone, stop = await one_stop(house, cents=1_500_000)
    agreement = signed(phone, plan_paper(phone, stop["practice"], count=5))
    await verdicts(phone, phone.envelope("visit", agreed(phone, stop, agreement), at=AT))
    stop = (await day_of(phone))["stops"][0]
    each = agreement["value"]["instalments"][0]["cents"]

    found = {}
    for minute, (number, of, cents) in enumerate(((1, 5, each), (7, 999, 400_000), (2, 5, each + 1)), start=1):
        at = AT + timedelta(minutes=minute)
        report = paid(phone, stop, cents, at=at, instalment=(number, of))
        answer = (await phone.push(phone.envelope("visit", report, at=at))).json()["verdicts"][0]
        found[number, of] = set(answer["flags"]) & {"payment.instalment_without_plan", "conduct.cash_rolling"}
    assert found[1, 5] == set()
    assert "payment.instalment_without_plan" in found[7, 999]
    assert "payment.instalment_without_plan" in found[2, 5]
    file = await file_of(house, stop)
    assert sum(len(visit["receipts"]) for visit in file["visits"]) == 3


async def test_money_is_booked_whatever_is_wrong_with_the_agreement_beside_it(house: House) -> None:
    await granted(house)
    phone, stop = await one_stop(house)
    agreement = signed(phone, plan_paper(phone, stop["practice"])) | {"signature": "A" * 86}
    cash = phone.cash(stop["practice"], 10_000, at=AT + timedelta(minutes=8), agency=AGENCY)
    report = agreed(phone, stop, agreement, payments=[cash])

    answer = (await phone.push(phone.envelope("visit", report, at=AT))).json()["verdicts"][0]

    assert answer["verdict"] == "accepted"
    assert {"agreement.not_taken", "agreement.signature_invalid"} <= set(answer["flags"])
    file = await file_of(house, stop)
    assert (file["owed_cents"], file["plans"]) == (80_000, [])


@pytest.mark.parametrize(
    ("method", "answers", "other"),
    [
        ("card", CARD, {"authorisation_code": "ZZ9"}),
        ("cheque", CHEQUE, {"number": "9999999999"}),
    ],
)
async def test_the_same_cheque_or_authorisation_twice_makes_a_task(
    house: House, method: str, answers: dict[str, Any], other: dict[str, Any]
) -> None:
    phone, stop = await one_stop(house)
    for said in (answers, answers | other):
        payment = phone.pay(stop["practice"], 5_000, at=AT, agency=AGENCY, method=method, answers=said)
        await flags(phone, stop, payment)
    assert "payment.same_instrument" not in [row.kind for row in await rows(house, tables.Task)]

    await flags(phone, stop, phone.pay(stop["practice"], 5_000, at=AT, agency=AGENCY, method=method, answers=answers))

    [task] = [row for row in await rows(house, tables.Task) if row.kind == "payment.same_instrument"]
    assert (task.details["receipt"], task.details["others"]) == ("A1-000003", "A1-000001")
