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


def test_figures_of_an_agent_are_there_once_the_administrator_has_said_on_what_they_rest(
    desk: Eyes, service: Service
) -> None:
    page = desk.page
    sign_in(page, service, "Amministrazione")
    page.goto(f"{service.desk()}andamento?dal=2026-11-26&al=2026-11-26")
    by = page.get_by_label("Per", exact=True)
    expect(page.get_by_text("Per agente non si mostra nulla")).to_be_visible()
    expect(by.get_by_role("option", name="agente", exact=True)).to_have_count(0)

    page.get_by_role("button", name="Registra la base giuridica…").click()
    sheet = page.get_by_role("dialog", name="Registra la base giuridica…")
    sheet.get_by_label("Riferimento").fill("RSU 3/2026")
    for label, day in (
        ("Data della firma o del rilascio", "2026-11-20"),
        ("Agenti informati il", "2026-11-24"),
        ("Cifre leggibili dal", "2026-11-23"),
    ):
        sheet.get_by_label(label).fill(day)
    sheet.get_by_role("button", name="Registra la base giuridica…").click()
    expect(sheet.get_by_text("al più presto dal 24/11/2026")).to_be_visible()
    sheet.get_by_label("Cifre leggibili dal").fill("2026-11-26")
    sheet.get_by_role("button", name="Registra la base giuridica…").click()

    expect(sheet).to_have_count(0)
    expect(page.get_by_text("Accordo sindacale: «RSU 3/2026»")).to_be_visible()
    by.select_option(label="agente")
    table = page.get_by_role("table", name="Cosa è stato fatto e incassato")
    expect(table.get_by_role("columnheader", name="agente")).to_be_visible()
    expect(table.get_by_role("columnheader", name="Nel piano")).to_be_visible()
    page.get_by_label("dal", exact=True).fill("2026-11-25")
    expect(page.get_by_text("La base giuridica vale dal 26/11/2026")).to_be_visible()

    page.get_by_role("button", name="Togli la base giuridica…").click()
    sheet = page.get_by_role("dialog", name="Togli la base giuridica…")
    sheet.get_by_label("Perché").fill("L’accordo è disdetto")
    sheet.get_by_role("button", name="Togli la base giuridica…").click()
    expect(page.get_by_text("Per agente non si mostra nulla")).to_be_visible()
    expect(by).to_have_value("creditor")
