"""A visit that is not closed: what was taken in it is nowhere said to be in the office, and nothing keeps it open."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import Eyes, Service
from tests.browser.test_day_without_network import promise

pytestmark = pytest.mark.browser

OPEN = "1 visita da chiudere e inviare"
ONLY_HERE = "Quello che hai preso lì è solo su questo telefono"


def test_a_receipt_in_an_open_visit_is_nowhere_in_the_office_until_the_visit_is_answered_signed_and_closed(
    phone: Eyes, service: Service, books: Books
) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol()
    where = page.locator("#next-stop").inner_text()
    stop = agent.open_next()
    before = books.practice(stop)["collected_cents"]
    agent.meet_debtor()
    agent.tap("Incasso parziale")
    agent.pay("Contanti", "50,00", {})
    agent.look_together()
    receipt = agent.receive()

    # Nobody signs under a form that lacks an answer: it is said which, and the finger is led there.
    agent.tap("Fai firmare")
    expect(page.get_by_role("alert").filter(has_text="Motivo")).to_be_visible()
    expect(page.get_by_role("group", name=re.compile("^Motivo")).get_by_role("radio").first).to_be_focused()
    expect(page.get_by_role("button", name="Conferma la firma")).to_have_count(0)

    page.get_by_role("link", name="Oggi").first.click()
    expect(page.get_by_text(OPEN)).to_be_visible()
    expect(page.get_by_text("Tutto in ufficio")).to_have_count(0)
    page.get_by_role("link", name="Invio").click()
    expect(page.get_by_text(ONLY_HERE)).to_be_visible()
    expect(page.get_by_text(receipt)).to_be_visible()
    # Once the arrival has left, there is nothing that a tap could send.
    expect(page.get_by_role("button", name="Invia ora")).to_have_count(0, timeout=60_000)
    expect(page.get_by_text("Tutto in ufficio")).to_have_count(0)
    expect(page.get_by_role("link", name=re.compile("^Invio")).get_by_text("1", exact=True)).to_be_visible()

    page.goto(f"{service.agent()}#/giornata")
    expect(page.get_by_text(OPEN)).to_be_visible()
    agent.tap("Chiudi la giornata")
    expect(page.get_by_text("Chiudi prima quella visita")).to_be_visible()
    expect(page.get_by_role("button", name="Chiudi lo stesso")).to_have_count(0)
    expect(page.get_by_text(re.compile(r"Chiusa alle \d\d:\d\d"))).to_have_count(0)
    # A second tap at the same place leads to what keeps the day open.
    page.get_by_role("link", name=f"Chiudi la visita di {where}").click()
    expect(page.get_by_text("Motivo").first).to_be_visible()

    agent.choose("Non ha tutto l'importo")
    agent.tap("Fai firmare")
    agent.sign()
    agent.finish()
    agent.delivered()
    assert books.practice(stop)["collected_cents"] == before + 5_000


def test_a_visit_signed_and_left_open_closes_with_what_was_signed_though_its_day_has_passed(
    phone: Eyes, service: Service
) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol("agente2")
    agent.lose_network()
    page.clock.install()
    agent.open_next()
    agent.meet_debtor()
    promise(agent, "42,00", channel="Bollettino postale")
    agent.tap("Fai firmare")
    agent.sign()
    day = page.locator("[data-field=promise_on] input")
    expect(day).to_be_disabled()
    amount = page.get_by_label("Importo promesso")
    expect(amount).to_be_disabled()

    page.clock.fast_forward("40:00:00")

    # What was signed stays as it was signed; the office is told that the day has passed.
    expect(day).to_be_disabled()
    agent.finish()
    expect(page.get_by_text("da inviare").first).to_be_visible()


def test_the_day_is_closed_over_open_visits_only_once_they_were_named(phone: Eyes, service: Service) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol("agente3")
    where = page.locator("#next-stop").inner_text()
    agent.open_next()
    page.goto(f"{service.agent()}#/giornata")

    agent.tap("Chiudi la giornata")

    expect(page.get_by_role("status").filter(has_text="Non hai chiuso queste visite")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile(re.escape(where)))).to_have_count(1)
    expect(page.get_by_text(re.compile(r"Chiusa alle \d\d:\d\d"))).to_have_count(0)
    agent.tap("Chiudi lo stesso")
    expect(page.get_by_text(re.compile(r"Chiusa alle \d\d:\d\d"))).to_be_visible()
