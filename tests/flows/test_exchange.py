"""What a creditor is told of a day: every visit, every cent, nothing that computes."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from fieldapp.domain.access import Role
from fieldapp.domain.ids import sha256
from fieldapp.store import tables
from fieldapp.store.feed import NewFact, tell
from tests.conftest import NOW
from tests.flows.arranged import entrusted, published
from tests.flows.conftest import Desk, House
from tests.flows.creditor_file import LAYOUT
from tests.flows.phone import a_report
from tests.flows.test_cash import announced, balances, cheque_at_bank, good
from tests.flows.test_sync import AT, day_of, one_stop, paid_report, phone_of, verdicts


@pytest.fixture
async def desk(house: House) -> Desk:
    """The back office after a day with one payment of 300 euro and one empty door."""
    async with house.session() as session:
        creditor = await session.get_one(tables.Creditor, house.creditor_id)
        creditor.layout, creditor.outcome_codes = LAYOUT, {"PAID_PARTIAL": "=ACC", "ABSENT_NO_NOTICE": "ASS"}
    await published(house, await entrusted(house, "P-001"), await entrusted(house, "P-002"))
    phone = await phone_of(house)
    paid, absent = (await day_of(phone))["stops"]
    envelopes = [
        phone.envelope("visit", paid_report(phone, paid, 30_000), at=NOW),
        phone.envelope("visit", a_report(absent, at=AT + timedelta(minutes=20)), at=NOW),
    ]
    assert await verdicts(phone, *envelopes) == [("accepted", None)] * 2
    return await house.sign_in(Role.BACK_OFFICE)


async def exported(desk: Desk, house: House, day: str = "2026-11-26") -> tuple[bytes, list[dict[str, str]]]:
    answer = await desk.get(f"/exports/outcomes?day={day}&creditor_id={house.creditor_id}")
    assert answer.status_code == 200, answer.text
    return answer.content, list(csv.DictReader(io.StringIO(answer.content.decode()), delimiter=";"))


async def told_of(desk: Desk, number: str) -> list[tuple[str, str, str, str]]:
    """(What, way, name, code) of everything that was told of a practice, the newest fact first."""
    page = (await desk.get("/practices", params={"q": number})).json()
    rows = (await desk.get(f"/practices/{page['rows'][0]['id']}/told")).json()["rows"]
    assert all((row["told_at"], row["state"], row["attempts"]) == (row["told_at"], "delivered", 1) for row in rows)
    return [(row["fact_kind"], row["way"], row["name"], row["code"]) for row in rows]


async def test_what_an_export_by_hand_told_stands_beside_each_practice(house: House, desk: Desk) -> None:
    await exported(desk, house)
    await exported(desk, house)

    first, second = "esiti-2026-11-26-0001.csv", "esiti-2026-11-26-0002.csv"
    # The second is the same day again, and says the same.
    assert sorted(await told_of(desk, "P-001")) == [
        (kind, "hand", name, "=ACC") for kind in ("payment.received", "visit.reported") for name in (first, second)
    ]
    assert {row[3] for row in await told_of(desk, "P-002")} == {"ASS"}
    async with house.session() as session:
        kept = (await session.exec(select(tables.ExportByHand))).all()
        told = (await session.exec(select(tables.Fact).where(tables.Fact.kind == "outcomes.exported"))).all()
    assert {(one.sequence, one.sha256) for one in kept} == {(one.body["sequence"], one.body["sha256"]) for one in told}


async def test_a_promise_and_money_of_another_day_are_told_by_hand_too(house: House, desk: Desk) -> None:
    async with house.session() as session:
        practice = (await session.exec(select(tables.Practice).where(tables.Practice.practice_number == "P-002"))).one()
        visit = (await session.exec(select(tables.Visit).where(tables.Visit.practice_id == practice.id))).one()
        promised = tables.Promise(
            id=uuid4(),
            agency_id=house.agency_id,
            practice_id=practice.id,
            visit_id=visit.id,
            kind="promise_to_pay",
            due_on=date(2026, 12, 1),
            amount_cents=5_000,
        )
        session.add(promised)
        body = {"kind": "promise_to_pay", "due_on": "2026-12-01", "amount_cents": 5_000}
        tell(session, NewFact("promise.made", visit.left_at, practice_id=practice.id, body=body))
        # Of an earlier visit: not in this file.
        tell(session, NewFact("promise.made", visit.left_at - timedelta(days=9), practice_id=practice.id, body=body))

    await exported(desk, house)
    await exported(desk, house, day="2026-11-27")

    assert [row[:2] for row in await told_of(desk, "P-002")] == [("promise.made", "hand"), ("visit.reported", "hand")]


async def test_the_days_outcomes_go_out_in_the_creditors_words(house: House, desk: Desk) -> None:
    _, rows = await exported(desk, house)

    assert [row["Numero pratica"] for row in rows] == ["P-001", "P-002"]
    paid, absent = rows
    assert (paid["Importo incassato"], paid["Quietanza"], paid["Metodo"]) == ("300,00", "A1-000001", "cash")
    shares = [paid[f"Incassato {part}"] for part in ("Capitale", "Interessi", "Spese")]
    assert shares == ["270,00", "20,00", "10,00"]
    assert (absent["Codice esito"], absent["Esito"], absent["Importo incassato"]) == ("ASS", "ABSENT_NO_NOTICE", "")


async def test_a_code_that_a_spreadsheet_would_compute_is_neutralised(house: House, desk: Desk) -> None:
    _, rows = await exported(desk, house)

    assert rows[0]["Codice esito"] == "'=ACC"


async def test_an_export_tells_the_creditor_of_its_payments_once_and_for_all(house: House, desk: Desk) -> None:
    await exported(desk, house)
    house.clock.move_to(NOW + timedelta(hours=3))

    await exported(desk, house)

    async with house.session() as session:
        payments = (await session.exec(select(tables.Payment))).all()
    assert [payment.reported_at for payment in payments] == [NOW]


async def test_exports_are_numbered_and_their_digest_is_on_record(house: House, desk: Desk) -> None:
    content, _ = await exported(desk, house)
    await exported(desk, house, day="2026-11-25")

    async with house.session() as session:
        facts = (
            await session.exec(
                select(tables.Fact).where(tables.Fact.kind == "outcomes.exported").order_by(tables.Fact.number)  # type: ignore[arg-type]
            )
        ).all()
    bodies: list[dict[str, Any]] = [fact.body for fact in facts]
    assert [(body["sequence"], body["rows"], body["collected_cents"]) for body in bodies] == [(1, 2, 30_000), (2, 0, 0)]
    assert bodies[0]["sha256"] == sha256(content)


async def test_a_dispatcher_may_not_export(house: House) -> None:
    dispatcher = await house.sign_in(Role.DISPATCHER)

    answer = await dispatcher.get(f"/exports/outcomes?day=2026-11-26&creditor_id={house.creditor_id}")

    assert answer.status_code == 403


# --- after the creditor was told -----------------------------------------------------------------------------------


async def the_receipt(house: House) -> tables.Receipt:
    async with house.session() as session:
        return (await session.exec(select(tables.Receipt).where(tables.Receipt.kind == "receipt"))).one()


async def give_back(house: House, desk: Desk, cents: int, *, out_of: str = "agent_cash") -> None:
    receipt = await the_receipt(house)
    body = {"id": str(uuid4()), "amount_cents": cents, "reason": "ha pagato due volte", "out_of": out_of}
    good(await desk.post(f"/receipts/{receipt.id}/refund", json=body))


async def void(house: House, desk: Desk) -> None:
    receipt = await the_receipt(house)
    good(await desk.post(f"/receipts/{receipt.id}/void", json={"reason": "sbagliata"}))


def money_of(rows: list[dict[str, str]]) -> list[tuple[str, str, str]]:
    return [(row["Esito"], row["Importo incassato"], row["Quietanza"]) for row in rows if row["Importo incassato"]]


async def collected(house: House) -> list[int]:
    """What each export said in all, in order."""
    async with house.session() as session:
        query = select(tables.Fact).where(tables.Fact.kind == "outcomes.exported").order_by(col(tables.Fact.number))
        return [fact.body["collected_cents"] for fact in (await session.exec(query)).all()]


async def test_a_refund_after_the_creditor_was_told_is_a_row_below_zero_in_the_export_of_its_day(
    house: House, desk: Desk
) -> None:
    await exported(desk, house)
    house.clock.move_to(NOW + timedelta(days=1))
    desk = await house.sign_in(Role.BACK_OFFICE)

    await give_back(house, desk, 10_000)

    _, next_day = await exported(desk, house, day="2026-11-27")
    _, first_day = await exported(desk, house)
    assert money_of(next_day) == [("payment.refunded", "-100,00", "A1-000001")]
    [row] = next_day
    assert (row["Numero pratica"], row["Data visita"]) == ("P-001", "27/11/2026")
    assert [row[f"Incassato {part}"] for part in ("Capitale", "Interessi", "Spese")] == ["-70,00", "-20,00", "-10,00"]
    assert money_of(first_day) == [("PAID_PARTIAL", "300,00", "A1-000001")]
    assert await collected(house) == [30_000, -10_000, 30_000]
    [fact] = [one for one in await facts(house) if one.kind == "payment.refunded"]
    assert (fact.creditor_id, fact.body["amount_cents"], fact.body["receipt"]) == (
        house.creditor_id,
        10_000,
        "A1-000001",
    )


async def test_a_receipt_voided_after_the_creditor_was_told_stays_in_its_day_and_goes_back_in_the_next(
    house: House, desk: Desk
) -> None:
    told, _ = await exported(desk, house)
    house.clock.move_to(NOW + timedelta(days=1))
    desk = await house.sign_in(Role.BACK_OFFICE)

    await void(house, desk)

    _, next_day = await exported(desk, house, day="2026-11-27")
    again, _ = await exported(desk, house)
    assert money_of(next_day) == [("receipt.voided", "-300,00", "A1-000001")]
    assert again == told
    assert await collected(house) == [30_000, -30_000, 30_000]
    assert [fact.creditor_id for fact in await facts(house) if fact.kind == "receipt.voided"] == [house.creditor_id]


async def test_a_receipt_voided_before_anybody_was_told_is_told_to_nobody(house: House, desk: Desk) -> None:
    await void(house, desk)

    _, rows = await exported(desk, house)

    assert money_of(rows) == []
    assert await collected(house) == [0]


async def test_what_an_export_passed_over_comes_back_in_none_though_a_file_on_a_schedule_told_it(
    house: House, desk: Desk
) -> None:
    house.clock.move_to(NOW + timedelta(days=1))
    desk = await house.sign_in(Role.BACK_OFFICE)
    await void(house, desk)
    first, _ = await exported(desk, house)
    async with house.session() as session:
        # A file that tells fact by fact tells the payment and its fall.
        await session.execute(update(tables.Payment).values(reported_at=house.clock.now()))

    _, next_day = await exported(desk, house, day="2026-11-27")
    again, _ = await exported(desk, house)

    assert money_of(next_day) == []
    assert again == first
    assert await collected(house) == [0, 0, 0]


async def test_what_went_back_on_the_same_day_stands_below_what_came(house: House, desk: Desk) -> None:
    await exported(desk, house)
    await give_back(house, desk, 10_000)

    _, rows = await exported(desk, house)

    assert money_of(rows) == [("PAID_PARTIAL", "300,00", "A1-000001"), ("payment.refunded", "-100,00", "A1-000001")]
    assert await collected(house) == [30_000, 20_000]


async def test_a_cheque_that_fell_after_the_creditor_was_told_goes_back_on_the_day_it_was_booked(house: House) -> None:
    desk = await house.sign_in(Role.BACK_OFFICE)
    payment_id = await cheque_at_bank(house, desk)
    await exported(desk, house)
    house.clock.move_to(NOW + timedelta(days=1))
    desk = await house.sign_in(Role.BACK_OFFICE)

    # The bank dates it in a day that was told already.
    unpaid = {"unpaid_on": "2026-11-26", "reason": "Mancanza di fondi"}
    good(await desk.post(f"/cash/payments/{payment_id}/unpaid", json=unpaid))

    _, next_day = await exported(desk, house, day="2026-11-27")
    assert money_of(next_day) == [("cheque.unpaid", "-150,00", "A1-000001")]
    await exported(desk, house)
    assert await collected(house) == [15_000, -15_000, 15_000]


async def test_what_was_given_back_of_a_cheque_that_fell_afterwards_is_told_though_the_cheque_was_not(
    house: House,
) -> None:
    """The bank took the cheque back after a part of it was given back in money: that part is really gone."""
    desk = await house.sign_in(Role.BACK_OFFICE)
    payment_id = await cheque_at_bank(house, desk)
    good(await desk.post(f"/cash/payments/{payment_id}/clear", json={"cleared_on": "2026-11-26"}))
    async with house.session() as session:
        receipt = (await session.exec(select(tables.Receipt))).one()
    back = {"id": str(uuid4()), "amount_cents": 4_000, "reason": "ha pagato due volte", "out_of": "bank"}
    good(await desk.post(f"/receipts/{receipt.id}/refund", json=back))
    unpaid = {"unpaid_on": "2026-11-26", "reason": "Mancanza di fondi"}
    good(await desk.post(f"/cash/payments/{payment_id}/unpaid", json=unpaid))

    _, rows = await exported(desk, house)

    assert money_of(rows) == [
        ("PAID_PARTIAL", "150,00", "A1-000001"),
        ("payment.refunded", "-40,00", "A1-000001"),
        ("cheque.unpaid", "-150,00", "A1-000001"),
    ]
    assert await collected(house) == [-4_000]
    assert (await balances(desk))["creditor_dues"] == 4_000


async def facts(house: House) -> list[tables.Fact]:
    async with house.session() as session:
        return list((await session.exec(select(tables.Fact).order_by(col(tables.Fact.number)))).all())


# --- money that comes later than its visit -------------------------------------------------------------------------


async def seen_at_the_bank(desk: Desk, cents: int, on: str) -> None:
    [waiting] = good(await desk.get("/cash"))["transfers"]
    seen = {"seen_on": on, "amount_cents": cents, "reference": "CRO 123", "into": "agency"}
    good(await desk.post(f"/cash/transfers/{waiting['promise_id']}/confirm", json=seen))


async def test_a_transfer_that_is_seen_after_its_visits_day_was_told_stands_in_the_next_export_and_its_refund_after_it(
    house: House,
) -> None:
    await announced(house, 20_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    _, announcing = await exported(desk, house)

    desk = await at_the_desk_on(house, 4)
    await seen_at_the_bank(desk, 20_000, "2026-11-30")
    _, seeing = await exported(desk, house, day="2026-11-30")
    desk = await at_the_desk_on(house, 5)
    await give_back(house, desk, 20_000, out_of="bank")
    _, giving_back = await exported(desk, house, day="2026-12-01")

    assert money_of(announcing) == []
    assert money_of(seeing) == [("payment.received", "200,00", "U1-000001")]
    assert [(row["Numero pratica"], row["Data visita"]) for row in seeing] == [("P-001", "30/11/2026")]
    assert money_of(giving_back) == [("payment.refunded", "-200,00", "U1-000001")]
    for day in ("2026-11-26", "2026-11-30", "2026-12-01"):
        await exported(desk, house, day=day)
    assert await collected(house) == [0, 20_000, -20_000] * 2


async def test_money_that_is_booked_between_two_exports_stands_in_the_second_though_no_export_is_of_its_day(
    house: House, desk: Desk
) -> None:
    await exported(desk, house)
    desk = await at_the_desk_on(house, 1)
    await give_back(house, desk, 10_000)
    desk = await at_the_desk_on(house, 4)

    _, rows = await exported(desk, house, day="2026-11-30")
    _, own_day = await exported(desk, house, day="2026-11-27")

    assert money_of(rows) == [("payment.refunded", "-100,00", "A1-000001")]
    assert money_of(own_day) == []
    assert await collected(house) == [30_000, -10_000, 0]


async def test_what_a_phone_brings_after_the_day_was_told_is_a_row_of_its_own_in_the_next(house: House) -> None:
    phone, stop = await one_stop(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    await exported(desk, house)

    assert await verdicts(phone, phone.envelope("visit", paid_report(phone, stop, 30_000), at=NOW)) == [
        ("accepted", None)
    ]

    desk = await at_the_desk_on(house, 1)
    _, rows = await exported(desk, house, day="2026-11-27")
    _, again = await exported(desk, house)
    assert money_of(rows) == [("payment.received", "300,00", "A1-000001")]
    assert [row["Data visita"] for row in rows] == ["26/11/2026"]
    assert [(row["Esito"], row["Importo incassato"]) for row in again] == [("PAID_PARTIAL", "")]
    assert await collected(house) == [0, 30_000, 0]


async def test_a_day_that_is_told_first_after_days_stands_with_its_own_money_only(house: House, desk: Desk) -> None:
    desk = await at_the_desk_on(house, 1)
    await give_back(house, desk, 10_000)

    _, first_day = await exported(desk, house)
    _, next_day = await exported(desk, house, day="2026-11-27")

    assert money_of(first_day) == [("PAID_PARTIAL", "300,00", "A1-000001")]
    assert money_of(next_day) == [("payment.refunded", "-100,00", "A1-000001")]


async def test_what_is_written_after_an_export_but_was_begun_before_it_stands_in_the_next(
    house: House, desk: Desk
) -> None:
    house.clock.move_to(NOW + timedelta(hours=2))
    await exported(desk, house)
    # A slow request: it has the hour at which it came.
    house.clock.move_to(NOW + timedelta(hours=1))
    await give_back(house, desk, 10_000)

    desk = await at_the_desk_on(house, 1)
    _, rows = await exported(desk, house, day="2026-11-27")

    assert money_of(rows) == [("payment.refunded", "-100,00", "A1-000001")]


async def at_the_desk_on(house: House, days: int) -> Desk:
    """The back office, so many days after the visits."""
    house.clock.move_to(NOW + timedelta(days=days))
    return await house.sign_in(Role.BACK_OFFICE)
