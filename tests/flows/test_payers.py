"""Somebody else pays for the debtor (art. 1180 c.c.): it stands, it is named, the office sees it, and it is no
acknowledgement by the debtor."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from fieldapp.domain.access import Role
from fieldapp.domain.receipts import Capacity, Payer, read_receipt
from fieldapp.store import tables
from tests.flows.conftest import House
from tests.flows.phone import FieldPhone, a_report
from tests.flows.test_cash import announced, good, owed, refused, rows
from tests.flows.test_pads import desk_with_a_pad, paper
from tests.flows.test_public import check, proof_of
from tests.flows.test_sync import AGENCY, AT, one_stop, verdicts

SISTER = {"name": "Lucia Neri", "capacity": "relative", "document": "identity_card", "debtor_agrees": True}


def paid_by(phone: FieldPhone, stop: dict[str, Any], payer: dict[str, Any] | None) -> dict[str, Any]:
    """The envelope of a visit at which `payer` handed over 150,00 € in the debtor's presence."""
    at = AT + timedelta(minutes=8)
    payment = phone.pay(stop["practice"], 15_000, at=at, agency=AGENCY, method="cash", answers={}, payer=payer)
    body = a_report(
        stop,
        at=AT,
        met={"who": "debtor", "identified_by": "document", "role": None},
        identified_self=True,
        outcome="PAID_PARTIAL",
        captured={"reason": "short_of_money"},
        payments=[payment],
    )
    return phone.envelope("visit", body, at=AT)


async def practice_file(house: House, stop: dict[str, Any]) -> dict[str, Any]:
    desk = await house.sign_in(Role.BACK_OFFICE)
    file: dict[str, Any] = (await desk.get(f"/practices/{stop['practice']['id']}")).json()
    return file


async def test_a_payment_by_somebody_else_counts_and_the_practice_file_says_who_paid(house: House) -> None:
    phone, stop = await one_stop(house)

    answer = await phone.push(paid_by(phone, stop, SISTER))

    [verdict] = answer.json()["verdicts"]
    assert (verdict["verdict"], verdict["flags"]) == ("accepted", ["conduct.payer_not_debtor"])
    file = await practice_file(house, stop)
    who = {name: SISTER[name] for name in ("name", "capacity", "document")}
    assert await owed(house) == stop["practice"]["owed_cents"] - 15_000
    assert [receipt["paid_by"] for receipt in file["receipts"]] == [who]
    assert file["visits"][0]["receipts"][0]["paid_by"] == who
    [task] = [task for task in await rows(house, tables.Task) if task.kind == "visit.flagged"]
    assert task.details == {"flags": ["conduct.payer_not_debtor"]}


async def test_the_feed_says_as_what_somebody_paid_and_not_who(house: House) -> None:
    phone, stop = await one_stop(house)

    await phone.push(paid_by(phone, stop, SISTER))

    [fact] = [fact for fact in await rows(house, tables.Fact) if fact.kind == "payment.received"]
    assert fact.body["paid_by"] == "relative"
    assert all("Lucia" not in str(told.body) for told in await rows(house, tables.Fact))


async def test_a_phone_of_the_version_before_names_no_payer_and_the_debtor_paid(house: House) -> None:
    phone, stop = await one_stop(house)

    answer = await phone.push(paid_by(phone, stop, None))

    assert answer.json()["verdicts"][0]["flags"] == []
    assert [receipt["paid_by"] for receipt in (await practice_file(house, stop))["receipts"]] == [None]


@pytest.mark.parametrize(
    ("change", "flags"),
    [
        # Nobody saw a document: the rule forbids it, the money was taken all the same
        ({"document": "none"}, ["conduct.payer_unidentified", "conduct.payer_not_debtor"]),
        # The debtor was against it, so the creditor could have refused it
        ({"debtor_agrees": False}, ["payment.debtor_did_not_agree", "conduct.payer_not_debtor"]),
    ],
)
async def test_what_should_not_have_been_taken_stands_and_comes_to_the_office(
    house: House, change: dict[str, Any], flags: list[str]
) -> None:
    phone, stop = await one_stop(house)

    [verdict] = (await phone.push(paid_by(phone, stop, SISTER | change))).json()["verdicts"]

    assert verdict["verdict"] == "accepted"
    assert sorted(verdict["flags"]) == sorted(flags)
    [task] = [task for task in await rows(house, tables.Task) if task.kind == "visit.flagged"]
    assert sorted(task.details["flags"]) == sorted(flags)


@pytest.mark.parametrize(
    "payer",
    [
        # The report names another person than the receipt in the debtor's hand
        SISTER | {"name": "Carlo Neri"},
        SISTER | {"capacity": "guarantor"},
    ],
)
async def test_a_receipt_that_names_another_payer_than_the_report_is_refused(
    house: House, payer: dict[str, Any]
) -> None:
    phone, stop = await one_stop(house)

    body = json.loads(paid_by(phone, stop, SISTER)["text"])["body"]
    body["payments"][0]["payer"] = payer

    assert await verdicts(phone, phone.envelope("visit", body, at=AT)) == [("refused", "receipt.differs_from_report")]
    assert await owed(house) == stop["practice"]["owed_cents"]


async def test_a_receipt_with_a_payer_whom_the_report_leaves_out_is_refused(house: House) -> None:
    phone, stop = await one_stop(house)
    body = json.loads(paid_by(phone, stop, SISTER)["text"])["body"]
    del body["payments"][0]["payer"]

    assert await verdicts(phone, phone.envelope("visit", body, at=AT)) == [("refused", "receipt.differs_from_report")]


async def test_nobody_pays_where_only_a_third_party_was_met(house: House) -> None:
    phone, stop = await one_stop(house)
    payment = phone.pay(stop["practice"], 15_000, at=AT, agency=AGENCY, method="cash", answers={}, payer=SISTER)
    met = {"who": "third_party", "identified_by": None, "role": "relative"}
    body = a_report(stop, at=AT, met=met, outcome="THIRD_PARTY_MET", captured={}, payments=[payment])

    assert await verdicts(phone, phone.envelope("visit", body, at=AT)) == [
        ("refused", "visit.third_party_carries_debt")
    ]


@pytest.mark.parametrize(("payer", "because"), [(None, "part_payment"), (SISTER, "due")])
async def test_only_the_debtors_own_payment_begins_the_limitation_anew(
    house: House, payer: dict[str, Any] | None, because: str
) -> None:
    phone, stop = await one_stop(house)

    await phone.push(paid_by(phone, stop, payer))

    [line] = (await practice_file(house, stop))["debt_lines"]
    assert line["limitation"]["because"] == because


async def test_the_public_page_knows_a_receipt_with_a_payer_and_names_nobody(house: House) -> None:
    phone, stop = await one_stop(house)
    at = AT + timedelta(minutes=8)
    payment = phone.pay(stop["practice"], 15_000, at=at, agency=AGENCY, method="cash", answers={}, payer=SISTER)
    proof = proof_of(payment)

    found = await check(house, proof)

    assert proof.startswith("2.")
    assert (found["state"], found["paper"]["amount_cents"]) == ("not_received", 15_000)
    assert "Lucia" not in str(found)


# --- entered at the desk -------------------------------------------------------------------------------------------


async def entered(house: House, payer: dict[str, Any] | None) -> dict[str, Any]:
    """A pad's receipt of 150,00 EUR, copied at the desk."""
    desk, pad, practice_id = await desk_with_a_pad(house)
    answer = await desk.post(f"/pads/{pad['id']}/receipts", json=paper(house, pad, 3, practice_id, payer=payer))
    return dict(good(answer)) | {"practice": {"id": str(practice_id)}}


async def test_a_form_that_somebody_else_paid_is_entered_in_their_name(house: House) -> None:
    form = await entered(house, SISTER)

    [receipt] = (await practice_file(house, form))["receipts"]
    assert receipt["paid_by"] == {name: SISTER[name] for name in ("name", "capacity", "document")}
    assert sorted(form["flags"]) == ["conduct.payer_not_debtor", "pad.entered_from_paper"]
    [kept] = await rows(house, tables.Receipt)
    value = read_receipt(kept.value)
    assert (value.v, value.payer) == (2, Payer("Lucia Neri", Capacity.RELATIVE))
    [fact] = [fact for fact in await rows(house, tables.Fact) if fact.kind == "payment.received"]
    assert fact.body["paid_by"] == "relative"


@pytest.mark.parametrize(
    ("change", "flag"),
    [({"document": "none"}, "conduct.payer_unidentified"), ({"debtor_agrees": False}, "payment.debtor_did_not_agree")],
)
async def test_a_form_is_judged_by_the_rules_about_payers_as_a_phones_receipt_is(
    house: House, change: dict[str, Any], flag: str
) -> None:
    form = await entered(house, SISTER | change)

    assert flag in form["flags"]
    [task] = [task for task in await rows(house, tables.Task) if task.kind == "visit.flagged"]
    assert flag in task.details["flags"]


@pytest.mark.parametrize("name", ["", " ", "Lucia\nNeri", "x" * 121])
async def test_a_payer_without_a_usable_name_is_refused_and_nothing_is_kept(house: House, name: str) -> None:
    desk, pad, practice_id = await desk_with_a_pad(house)

    body = paper(house, pad, 3, practice_id, payer=SISTER | {"name": name})
    answer = await desk.post(f"/pads/{pad['id']}/receipts", json=body)

    assert refused(answer) in ("request.malformed", "paper.malformed")
    assert await rows(house, tables.Receipt) == []


async def seen_on_the_statement(house: House, payer: dict[str, str] | None) -> dict[str, Any]:
    """An announced transfer of 200,00 EUR arrives; the practice file afterwards."""
    await announced(house, 20_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    [waiting] = good(await desk.get("/cash"))["transfers"]
    seen = {"seen_on": "2026-11-26", "amount_cents": 20_000, "reference": "CRO 123", "payer": payer}
    for _ in range(2):
        good(await desk.post(f"/cash/transfers/{waiting['promise_id']}/confirm", json=seen))
    file: dict[str, Any] = good(await desk.get(f"/practices/{waiting['practice_id']}"))
    return file


async def test_a_transfer_from_somebody_elses_account_names_them_on_the_offices_receipt(house: House) -> None:
    file = await seen_on_the_statement(house, {"name": "Lucia Neri", "capacity": "relative"})

    [receipt] = file["receipts"]
    assert receipt["paid_by"] == {"name": "Lucia Neri", "capacity": "relative", "document": "account"}
    [kept] = await rows(house, tables.Receipt)
    assert read_receipt(kept.value).payer == Payer("Lucia Neri", Capacity.RELATIVE)
    [task] = [task for task in await rows(house, tables.Task) if task.kind == "payment.flagged"]
    assert task.details == {"flags": ["conduct.payer_not_debtor"], "receipt": receipt["label"]}
    [fact] = [fact for fact in await rows(house, tables.Fact) if fact.kind == "payment.received"]
    assert fact.body["paid_by"] == "relative"


@pytest.mark.parametrize(
    ("payer", "because"), [(None, "part_payment"), ({"name": "Lucia Neri", "capacity": "relative"}, "due")]
)
async def test_only_the_debtors_own_transfer_begins_the_limitation_anew(
    house: House, payer: dict[str, str] | None, because: str
) -> None:
    file = await seen_on_the_statement(house, payer)

    [line] = file["debt_lines"]
    assert line["limitation"]["because"] == because
    kinds = [task.kind for task in await rows(house, tables.Task)]
    assert ("payment.flagged" in kinds) is (payer is not None)
