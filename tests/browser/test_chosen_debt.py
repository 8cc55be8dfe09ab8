"""At the door the debtor says which debt is paid: on the screen both look at, on the receipt, in the office's file."""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from fieldapp.domain.ledger import LineBalance, statement_entry
from fieldapp.store import ledger, tables
from tests.browser.at_the_desk import sign_in
from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import MORNING, Eyes, Service, apart, behind
from tests.flows.conftest import new_id

pytestmark = pytest.mark.browser

PICTURES = os.environ.get("FIELDAPP_PICTURES")
SECOND = "Spese di cucina n. 7/2026"


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


async def a_second_debt(service: Service) -> None:
    """Every practice of the day owes 60,00 € on a debt more: 50,00 principal, 7,00 interest, 3,00 costs."""
    async with behind(service) as session:
        today = (await session.exec(select(tables.PublishedStop.practice_id).distinct())).all()
        for practice_id in today:
            practice = await session.get_one(tables.Practice, practice_id)
            line = tables.DebtLine(
                id=new_id(),
                agency_id=practice.agency_id,
                practice_id=practice_id,
                title=SECOND,
                kind="invoice",
                position=9,
                due_on=date(2026, 3, 1),
                principal_cents=5_000,
                interest_cents=700,
                costs_cents=300,
            )
            session.add(line)
            await session.flush()
            entry = statement_entry(
                at=MORNING,
                idempotency_key=f"second:{practice_id}",
                creditor_id=practice.creditor_id,
                practice_id=practice_id,
                stated={line.id: LineBalance(5_000, 700, 300)},
                present={},
            )
            assert entry is not None
            await ledger.post(session, [entry], now=MORNING, new_id=new_id)


def test_the_debtor_chooses_the_debt_and_everybody_sees_it(
    phone: Eyes, desk: Eyes, service: Service, books: Books
) -> None:
    apart(a_second_debt(service))
    hands = AgentsPhone(phone.page, service.agent())
    hands.enrol()
    hands.lose_network()
    practice = books.practice(hands.open_next())
    hands.meet_debtor()
    hands.tap("Incasso parziale")
    hands.choose("Aspetta un'entrata")
    hands.pay("Contanti", "20,00", {})
    which = phone.page.get_by_role("group", name="A quale debito?")
    expect(which.get_by_label("Nell'ordine del creditore")).to_be_checked()
    which.get_by_text(SECOND).click()
    which.scroll_into_view_if_needed()
    picture(phone.page, "which-debt")
    hands.look_together()
    expect(phone.page.get_by_text(f"Scelto dal debitore: prima {SECOND}")).to_be_visible()
    expect(phone.page.get_by_text(re.compile("capitale 10,00.*interessi 7,00.*spese 3,00"))).to_be_visible()
    picture(phone.page, "together")
    receipt = hands.receive()
    hands.finish()
    hands.find_network()
    hands.page.get_by_role("link", name="Invio").click()
    hands.delivered()

    file = next(one for one in [books.practice(stop) for stop in books.stops] if one["id"] == practice["id"])
    [line] = [one for one in file["debt_lines"] if one["title"] == SECOND]
    assert (line["principal_cents"], line["interest_cents"], line["costs_cents"]) == (4_000, 0, 0)
    before = {one["id"]: one for one in practice["debt_lines"]}
    assert all(one == before[one["id"]] for one in file["debt_lines"] if one["title"] != SECOND)
    page = desk.page
    sign_in(page, service, "Back office")
    page.goto(f"{service.desk()}pratiche/{practice['id']}")
    receipts = page.get_by_role("region", name="Ricevute")
    expect(receipts.get_by_role("link", name=receipt)).to_be_visible()
    expect(receipts.get_by_text(f"scelto dal debitore: {SECOND}")).to_be_visible()
    picture(page, "file-with-choice")
