"""A payment at the door shows in the figures at once, and a figure opens to the practice behind it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.at_the_desk import sign_in
from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import Eyes, Service

pytestmark = pytest.mark.browser


def test_money_of_today_stands_in_the_figures_and_opens_to_its_practice(
    phone: Eyes, desk: Eyes, service: Service, books: Books
) -> None:
    agent = AgentsPhone(phone.page, service.agent())
    agent.enrol()
    stop = agent.open_next()
    practice = books.practice(stop)
    agent.meet_debtor()
    agent.tap("Incasso parziale")
    agent.choose("Non ha tutto l'importo")
    agent.pay("Contanti", "50,00", {})
    agent.look_together()
    agent.receive()
    agent.finish()
    agent.delivered()
    page = desk.page
    sign_in(page, service, "Pianificazione")

    page.get_by_role("link", name="Andamento").click()
    page.get_by_role("button", name="Ultimi 7 giorni").click()
    table = page.get_by_role("table", name="Cosa è stato fatto e incassato")
    row = table.get_by_role("row", name=re.compile(practice["creditor"]["name"]))
    expect(row).to_contain_text("50,00")
    for by in ("comune", "età del debito", "fascia oraria", "giorno della settimana"):
        page.get_by_label("Per", exact=True).select_option(label=by)
        expect(table.get_by_role("columnheader", name=by)).to_be_visible()
        expect(table.locator("tfoot")).to_contain_text("50,00")
    page.get_by_label("Per", exact=True).select_option(label="creditore")
    row.get_by_role("link").click()

    behind = page.get_by_role("table", name=re.compile("^Pratiche di: "))
    expect(behind.get_by_role("row", name=re.compile(practice["practice_number"]))).to_contain_text("50,00")
    behind.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(f"/pratiche/{practice['id']}"))
    page.go_back()
    expect(behind).to_be_visible()
    page.reload()
    expect(behind).to_be_visible()
