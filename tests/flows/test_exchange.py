"""What a creditor is told of a day: every visit, every cent, nothing that computes."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.ids import sha256
from fieldapp.store import tables
from tests.conftest import NOW
from tests.flows.arranged import entrusted, published
from tests.flows.conftest import Desk, House
from tests.flows.creditor_file import LAYOUT
from tests.flows.phone import a_report
from tests.flows.test_sync import AT, day_of, paid_report, phone_of, verdicts


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
