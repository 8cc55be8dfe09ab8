"""The account to a creditor agrees with the ledger to the cent, whatever became of the money."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pypdf
import pytest
from openpyxl import load_workbook
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.ids import sha256
from fieldapp.services import outgoing_courier
from fieldapp.store import tables
from tests.conftest import NOW
from tests.flows.arranged import entrusted, published
from tests.flows.conftest import Desk, House, new_id
from tests.flows.test_cash import announced, balances, cheque_at_bank, good, owed, rows
from tests.flows.test_outgoing import a_day, content_of, files_of, made, planned
from tests.flows.test_sync import AT, day_of, paid_report, phone_of, verdicts

Sheets = dict[str, list[tuple[Any, ...]]]


async def account(desk: Desk, house: House, **changes: str) -> httpx.Response:
    query = {"creditor_id": str(house.creditor_id), "from_on": "2026-11-01", "to_on": "2026-11-26", "form": "xlsx"}
    return await desk.get("/exports/account", params=query | changes)


def sheets(content: bytes) -> Sheets:
    workbook = load_workbook(io.BytesIO(content))
    return {sheet.title: [tuple(row) for row in sheet.iter_rows(values_only=True)] for sheet in workbook}


def cents(value: Any) -> int:
    return round(float(value) * 100)


def summed(read: Sheets) -> dict[str, int]:
    """The sums at the head by their label."""
    return {str(row[0]): cents(row[1]) for row in read["Riepilogo"][4:9] if row[0] and isinstance(row[1], int | float)}


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


async def dues(desk: Desk) -> int:
    """What the ledger owes the creditor."""
    return -(await balances(desk)).get("creditor_dues", 0)


async def test_visits_and_money_of_a_period_stand_per_practice_and_agree_with_the_ledger(house: House) -> None:
    await a_day(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    receipt = (await rows(house, tables.Receipt))[0]
    back = {"id": str(new_id()), "amount_cents": 10_001, "reason": "ha pagato due volte", "out_of": "agent_cash"}
    good(await desk.post(f"/receipts/{receipt.id}/refund", json=back))

    answer = await account(desk, house)
    read = sheets(answer.content)

    head, *lines = read["Per pratica"]
    assert [line[0] for line in lines] == ["P-001", "P-002"]
    shown = [dict(zip(head, line, strict=True)) for line in lines]
    assert [(one["Visite"], cents(one["Incassato"]), cents(one["Stornato"])) for one in shown] == [
        (1, 30_000, -10_001),
        (1, 0, 0),
    ]
    assert summed(read)["Netto"] == sum(cents(one["Netto"]) for one in shown) == 19_999 == await dues(desk)
    assert [(row[2], cents(row[5])) for row in read["Movimenti"][1:]] == [("Incasso", 30_000), ("Rimborso", -10_001)]
    assert 90_000 * 2 - await owed(house) == 19_999
    assert answer.headers["content-disposition"].endswith('rendiconto-20261101-20261126.xlsx"')


async def test_an_unpaid_cheque_is_deducted(house: House) -> None:
    desk = await house.sign_in(Role.BACK_OFFICE)
    payment_id = await cheque_at_bank(house, desk)
    before = summed(sheets((await account(desk, house)).content))
    unpaid = {"unpaid_on": "2026-11-26", "reason": "Mancanza di fondi"}
    good(await desk.post(f"/cash/payments/{payment_id}/unpaid", json=unpaid))

    read = sheets((await account(desk, house)).content)

    assert (before["Netto"], summed(read)["Incassato"], summed(read)["Stornato"]) == (15_000, 15_000, -15_000)
    assert summed(read)["Netto"] == 0 == await dues(desk)
    assert ("Assegno", 1, 150, -150, 0) in read["Riepilogo"]


@pytest.mark.parametrize(("into", "direct", "due"), [("agency", None, 20_000), ("creditor", 20_000, 0)])
async def test_what_reached_the_creditor_himself_is_shown_and_not_owed_to_him(
    house: House, into: str, direct: int | None, due: int
) -> None:
    await announced(house, 20_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    [waiting] = good(await desk.get("/cash"))["transfers"]
    seen = {"seen_on": "2026-11-26", "amount_cents": 20_000, "reference": "CRO 123", "into": into}
    good(await desk.post(f"/cash/transfers/{waiting['promise_id']}/confirm", json=seen))

    told = summed(sheets((await account(desk, house)).content))

    assert (told["Netto"], told.get("di cui sul conto del creditore")) == (20_000, direct)
    assert told["Da versare al creditore, compensi a parte"] == due == await dues(desk)


async def test_another_creditors_practice_of_the_same_debtor_is_not_in_it(house: House) -> None:
    other = tables.Creditor(
        **(await rows(house, tables.Creditor))[0].model_dump() | {"id": new_id(), "name": "Altra S.p.A."}
    )
    async with house.session() as session:
        session.add(other)
    theirs = await entrusted(replace(house, creditor_id=other.id), "Q-009")
    await published(house, await entrusted(house, "P-001"), theirs)
    phone = await phone_of(house)
    for place, stop in enumerate((await day_of(phone))["stops"]):
        report = paid_report(phone, stop, 10_000 + place)
        assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("accepted", None)]
    desk = await house.sign_in(Role.BACK_OFFICE)

    ours = sheets((await account(desk, house)).content)
    pdf = text_of((await account(desk, house, form="pdf")).content)

    assert [line[0] for line in ours["Per pratica"][1:]] == ["P-001"]
    assert "P-001" in pdf
    assert not any("Q-009" in said for said in (pdf, str(ours)))
    both = [summed(ours), summed(sheets((await account(desk, house, creditor_id=str(other.id))).content))]
    assert sum(one["Netto"] for one in both) == 20_001 == await dues(desk)


async def test_an_account_of_another_period_holds_nothing_of_this_one(house: House) -> None:
    await a_day(house)
    desk = await house.sign_in(Role.BACK_OFFICE)

    before = sheets((await account(desk, house, to_on="2026-11-25")).content)
    pdf = text_of((await account(desk, house, to_on="2026-11-25", form="pdf")).content)
    backwards = await account(desk, house, from_on="2026-11-27")

    assert len(before["Per pratica"]) == 1
    assert "nessuna visita" in pdf
    assert (backwards.status_code, backwards.json()["code"]) == (422, "account.period_unusable")


async def scheduled(house: House, kind: str, **changes: Any) -> tuple[Desk, dict[str, Any]]:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    plan = planned(name="Rendiconto", layout={"kind": kind, **changes}, codes={}, weekdays=[3])
    body = {"creditor_id": str(house.creditor_id), "plan": plan, "from_beginning": True}
    answer = await admin.post("/export-plans", json=body)
    assert answer.status_code == 201, answer.text
    return admin, answer.json()


async def test_accounts_on_a_schedule_follow_one_another_and_tell_everything_once(house: House) -> None:
    await a_day(house)
    admin, plan = await scheduled(house, "account_xlsx")
    house.clock.move_to(NOW.replace(hour=18))
    await outgoing_courier.wake_all(house.parts)
    await house.run_jobs()
    first = (await files_of(admin, plan))[0]
    receipt = (await rows(house, tables.Receipt))[0]
    back = {"id": str(new_id()), "amount_cents": 500, "reason": "troppo", "out_of": "agent_cash"}
    good(await admin.post(f"/receipts/{receipt.id}/refund", json=back))

    second = (await made(admin, plan))[0]
    contents = [await content_of(admin, file) for file in (first, second)]

    told = [sheets(content) for content in contents]
    assert [(file["sequence"], file["total_cents"], file["name"][-5:]) for file in (first, second)] == [
        (1, 30_000, ".xlsx"),
        (2, -500, ".xlsx"),
    ]
    assert sum(summed(one)["Netto"] for one in told) == 29_500 == await dues(admin)
    control = dict(told[1]["Controllo"])
    assert (control["sequenza"], control["movimenti"], cents(control["totale"])) == (2, 1, -500)
    assert control["sha256 precedente"] == first["sha256"] == sha256(contents[0])
    async with house.session() as session:
        payments = (await session.exec(select(tables.Payment))).all()
    assert all(payment.reported_at for payment in payments)
    assert len(await made(admin, plan)) == 2


async def test_a_monthly_account_is_a_paper_made_on_the_first(house: House) -> None:
    await a_day(house)
    admin, plan = await scheduled(house, "account_pdf", every="month")
    house.clock.move_to(NOW + timedelta(days=4))
    await outgoing_courier.wake_all(house.parts)
    await house.run_jobs()
    too_early = await files_of(await house.sign_in(Role.ADMINISTRATOR), plan)

    house.clock.move_to(NOW.replace(month=12, day=1, hour=18))
    await outgoing_courier.wake_all(house.parts)
    await house.run_jobs()

    admin = await house.sign_in(Role.ADMINISTRATOR)
    [file] = await files_of(admin, plan)
    pdf = await content_of(admin, file)
    assert too_early == []
    assert plan["next_run_at"].startswith("2026-12-01T17:30")
    assert file["name"] == "rendiconto-20261201-000001.pdf"
    assert all(part in text_of(pdf) for part in ("Rendiconto", "n. 1", "P-001", "300,00", "movimenti 1"))


async def test_an_account_is_tried_without_telling(house: House) -> None:
    await a_day(house)
    admin, plan = await scheduled(house, "account_pdf")
    dry = {"creditor_id": str(house.creditor_id), "plan_id": plan["id"], "layout": {"kind": "account_pdf"}, "codes": {}}

    tried = good(await admin.post("/export-plans/preview", json=dry))

    assert (tried["rows"], tried["total_cents"], tried["sample"]) == (3, 30_000, "")
    assert await files_of(admin, plan) == []
