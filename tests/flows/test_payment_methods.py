"""A payment method is one entry of the catalogue: what is announced, what is paid out later, one made up for here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fieldapp.domain import payments
from fieldapp.domain.access import Role
from fieldapp.domain.ledger import AccountKind
from fieldapp.domain.payments import Field, FieldKind, PaperKind, PaymentMethod, Standing
from fieldapp.domain.receipts import read_receipt
from fieldapp.store import tables
from tests.flows.conftest import House
from tests.flows.phone import a_report
from tests.flows.test_cash import balances, good, owed, report, rows
from tests.flows.test_sync import AGENCY, AT, one_stop

SEEN = {"seen_on": "2026-11-26", "amount_cents": 20_000, "reference": "VCY 0123"}


def bulletin(**answers: str) -> dict[str, Any]:
    return {
        "method": "bulletin",
        "amount_cents": 20_000,
        "fields": {"paid_on": "2026-11-24", "stamp_code": "VCY 0123", **answers},
        "allocation": [],
        "stamp_duty": {"cents": 0, "charged_to": "none", "reason": "exempt"},
        "receipt": None,
    }


async def test_a_bulletin_shown_as_paid_posts_nothing_until_the_office_sees_it(house: House) -> None:
    phone, stop = await one_stop(house)
    await report(phone, stop, [bulletin()], outcome="HARDSHIP", captured={})
    desk = await house.sign_in(Role.BACK_OFFICE)
    [waiting] = good(await desk.get("/cash"))["transfers"]
    assert (waiting["method"], waiting["reference"], waiting["due_on"]) == ("bulletin", "VCY 0123", "2026-11-24")
    assert await owed(house) == 90_000
    assert await rows(house, tables.Receipt) == []

    for _ in range(2):
        good(await desk.post(f"/cash/transfers/{waiting['promise_id']}/confirm", json=SEEN | {"into": "creditor"}))

    assert await owed(house) == 70_000
    [receipt] = await rows(house, tables.Receipt)
    value = read_receipt(receipt.value)
    assert (value.name, value.method.code, value.method.answers["reference"]) == (
        "U1-000001",
        "bulletin_received",
        "VCY 0123",
    )
    assert (await desk.get(f"/receipts/{receipt.id}/paper")).content.startswith(b"%PDF")
    [promise] = await rows(house, tables.Promise)
    assert (promise.kind, promise.state) == ("bulletin", "kept")


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"paid_on": "2026-02-29"}, "payment.field_invalid"),  # no such day
        ({"stamp_code": "4000 0000 0000 0002"}, "payment.card_number_given"),
        ({"stamp_code": ""}, "payment.field_missing"),
    ],
)
async def test_a_bulletin_without_a_stamp_that_can_be_is_refused(
    house: House, answers: dict[str, str], code: str
) -> None:
    verdict = await told(house, bulletin(**answers))

    assert (verdict["verdict"], verdict["code"]) == ("refused", code)


@pytest.mark.parametrize(
    ("announced", "code"),
    [
        (bulletin(paid_on="2027-11-26"), "payment.stamp_date_to_come"),
        (
            bulletin() | {"method": "bank_transfer", "fields": {"expected_on": "2026-11-01"}},
            "payment.transfer_date_past",
        ),
    ],
)
async def test_an_announcement_for_a_day_that_cannot_be_is_kept_and_flagged(
    house: House, announced: dict[str, Any], code: str
) -> None:
    verdict = await told(house, announced)

    assert verdict["verdict"] == "accepted"
    assert code in verdict["flags"]
    assert len(await rows(house, tables.Promise)) == 1


async def told(house: House, payment: dict[str, Any]) -> dict[str, Any]:
    """The verdict on a visit with this payment."""
    phone, stop = await one_stop(house)
    body = a_report(
        stop,
        at=AT,
        met={"who": "debtor", "identified_by": "document", "role": None},
        identified_self=True,
        outcome="HARDSHIP",
        captured={},
        payments=[payment],
    )
    [verdict] = (await phone.push(phone.envelope("visit", body, at=AT))).json()["verdicts"]
    answer: dict[str, Any] = verdict
    return answer


VOUCHER = PaymentMethod(
    "voucher",
    PaperKind.RECEIPT,
    AccountKind.CARD_IN_TRANSIT,
    (Field("issuer", FieldKind.TEXT, longest=40), Field("serial", FieldKind.CODE, longest=20)),
    steps={Standing.RECEIVED: frozenset({Standing.CLEARED, Standing.VOIDED})},
    held={Standing.CLEARED: AccountKind.AGENCY_BANK},
    named_by=("issuer", "serial"),
)
"""No such method exists: what goes with it goes with any entry."""


async def took_voucher(house: House) -> None:
    phone, stop = await one_stop(house)
    paid = phone.pay(
        stop["practice"],
        15_000,
        at=AT + timedelta(minutes=8),
        agency=AGENCY,
        method="voucher",
        answers={"issuer": "Edenred", "serial": "X1"},
    )
    await report(phone, stop, [paid], outcome="PAID_PARTIAL", captured={"reason": "short_of_money"})


async def test_a_new_method_is_one_entry_from_the_door_to_the_bank(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(payments.METHODS, "voucher", VOUCHER)  # type: ignore[arg-type]
    await took_voucher(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    [held] = good(await desk.get("/cash"))["cards"]
    assert (held["method"], held["details"]) == ("voucher", {"issuer": "Edenred", "serial": "X1"})
    assert (await balances(desk))["card_in_transit"] == 15_200

    good(await desk.post("/cash/cards/credit", json={"payment_ids": [held["payment_id"]], "credited_on": "2026-11-26"}))

    after = await balances(desk)
    assert (after["agency_bank"], after.get("card_in_transit", 0)) == (15_200, 0)
    assert sum(after.values()) == 0
    assert await owed(house) == 75_000


async def test_a_new_method_is_voided_like_any_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(payments.METHODS, "voucher", VOUCHER)  # type: ignore[arg-type]
    await took_voucher(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    [receipt] = await rows(house, tables.Receipt)

    good(await desk.post(f"/receipts/{receipt.id}/void", json={"reason": "Scritta due volte"}))

    assert await owed(house) == 90_000
    assert (await balances(desk)).get("card_in_transit", 0) == 0
