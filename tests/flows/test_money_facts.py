"""Money that was taken happened: what does not agree with the books stands, is flagged, and comes to a person."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from fieldapp.cli import main
from fieldapp.domain.access import Role
from fieldapp.store import tables
from tests.flows.conftest import House
from tests.flows.phone import FieldPhone, a_report
from tests.flows.test_cash import CHEQUE, cheque_at_bank, good, owed, rows, took
from tests.flows.test_sync import AGENCY, AT, day_of, one_stop, phone_of

Change = Callable[[FieldPhone, dict[str, Any], dict[str, str]], None]


async def flags(phone: FieldPhone, stop: dict[str, Any], payment: dict[str, Any]) -> list[str]:
    """The flags of an accepted visit that took `payment`."""
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
    assert verdict["verdict"] == "accepted", verdict
    return list(verdict["flags"])


async def test_two_phones_that_knew_of_one_debt_bring_too_much_and_a_person_hears_of_it(house: House) -> None:
    first, stop = await one_stop(house)
    second = await phone_of(house)
    same = (await day_of(second))["stops"][0]
    paid = [
        phone.pay(place["practice"], 60_000, at=AT, agency=AGENCY, method="card", answers=card)
        for phone, place in ((first, stop), (second, same))
        for card in ({"acquirer": "Nexi", "authorisation_code": "A1"},)
    ]

    before = await flags(first, stop, paid[0])
    after = await flags(second, same, paid[1])

    assert "payment.over_owed" not in before
    assert "payment.over_owed" in after
    assert await owed(house) == -30_000
    task = next(task for task in await rows(house, tables.Task) if task.kind == "practice.overpaid")
    assert (task.details["over_cents"], task.details["receipt"]) == (30_000, f"{second.series}-000001")


def _other_agency(_: FieldPhone, __: dict[str, Any], agency: dict[str, str]) -> None:
    agency["vat"] = "07643520567"


def _other_agent(phone: FieldPhone, _: dict[str, Any], __: dict[str, str]) -> None:
    phone.agent_number = "999"


def _other_creditor(_: FieldPhone, practice: dict[str, Any], __: dict[str, str]) -> None:
    practice["creditor"] = {**practice["creditor"], "name": "Altra Finanziaria S.p.A."}


def _other_debtor(_: FieldPhone, practice: dict[str, Any], __: dict[str, str]) -> None:
    practice["obligors"] = [{**practice["obligors"][0], "name": "Altra Persona"}]


@pytest.mark.parametrize(
    ("change", "flag"),
    [
        (_other_agency, "receipt.agency_differs"),
        (_other_agent, "receipt.agent_differs"),
        (_other_creditor, "receipt.creditor_differs"),
        (_other_debtor, "receipt.debtor_differs"),
    ],
)
async def test_a_receipt_that_names_somebody_else_stands_and_is_flagged(
    house: House, change: Change, flag: str
) -> None:
    phone, stop = await one_stop(house)
    practice, agency = dict(stop["practice"]), dict(AGENCY)
    change(phone, practice, agency)
    payment = phone.cash(practice, 5_000, at=AT + timedelta(minutes=8), agency=agency)

    found = await flags(phone, stop, payment)

    assert [name for name in found if name.startswith("receipt.")] == [flag]
    assert await owed(house) == 85_000
    assert any(flag in task.details.get("flags", ()) for task in await rows(house, tables.Task))


@pytest.mark.parametrize(
    ("payee", "flag"),
    [
        ("Mario Rossi", "conduct.cheque_to_stranger"),
        ("FINANZIARIA PROVA S.P.A.", ""),  # the creditor, as cheques are written
        ("Agenzia Prova s.r.l.", ""),
    ],
)
async def test_the_service_judges_to_whom_a_cheque_is_made_out(house: House, payee: str, flag: str) -> None:
    phone, stop = await one_stop(house)
    answers = {**CHEQUE, "payee": payee}
    payment = phone.pay(stop["practice"], 5_000, at=AT, agency=AGENCY, method="cheque", answers=answers)

    found = await flags(phone, stop, payment)

    assert [name for name in found if name.startswith("conduct.cheque")] == ([flag] if flag else [])


async def test_the_books_keep_of_a_cheque_what_the_signed_paper_says(house: House) -> None:
    phone, stop = await one_stop(house)
    payment = phone.pay(stop["practice"], 5_000, at=AT, agency=AGENCY, method="cheque", answers=CHEQUE)
    payment["fields"] = {**CHEQUE, "number": "0099999999", "payee": "Mario Rossi"}

    await flags(phone, stop, payment)

    [kept] = await rows(house, tables.Payment)
    assert kept.fields == CHEQUE


async def test_what_was_collected_is_less_what_was_given_back_and_what_was_not_paid(house: House) -> None:
    await took(house, 15_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    [receipt] = await rows(house, tables.Receipt)
    part = {"id": str(uuid4()), "amount_cents": 4_000, "reason": "Pagato due volte"}

    good(await desk.post(f"/receipts/{receipt.id}/refund", json=part))

    file = good(await desk.get(f"/practices/{receipt.practice_id}"))
    assert (file["collected_cents"], file["owed_cents"]) == (11_000, 79_000)


async def test_an_unpaid_cheque_was_not_collected(house: House) -> None:
    desk = await house.sign_in(Role.BACK_OFFICE)
    payment_id = await cheque_at_bank(house, desk)
    [receipt] = await rows(house, tables.Receipt)

    good(await desk.post(f"/cash/payments/{payment_id}/unpaid", json={"unpaid_on": "2026-11-26", "reason": "Fondi"}))

    assert good(await desk.get(f"/practices/{receipt.practice_id}"))["collected_cents"] == 0
    export = await desk.get(f"/exports/outcomes?day=2026-11-26&creditor_id={house.creditor_id}")
    assert "A1-000001" not in export.text


async def test_the_command_proves_every_series(house: House, app_url: str, tmp_path: Path) -> None:
    phone = await took(house, 15_000)
    environment = {"FIELDAPP_DATABASE_URL": app_url, "FIELDAPP_HOME": str(tmp_path), "FIELDAPP_SECRET_KEY": "6b" * 32}

    done = await asyncio.to_thread(lambda: CliRunner().invoke(main, ["ledger", "series"], env=environment))

    assert done.exit_code == 0, done.output
    assert [line.split("\t")[0::4] for line in done.output.splitlines()] == [[phone.series, "whole"]]
