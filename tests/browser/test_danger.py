"""One gesture in danger: the office is called and told at once, the visit ends, and nothing that was given is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.at_the_desk import sign_in
from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import DESK, Eyes, Service, a_phone, watched

pytestmark = pytest.mark.browser

ROME = {"latitude": 41.9, "longitude": 12.5, "accuracy": 15}
DIALLER = """
window.dialled = []
addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href^="tel:"]')
  if (!link) return
  event.preventDefault()
  window.dialled.push(link.getAttribute('href'))
}, { capture: true })
"""
"""Stands where the phone's dialler would open."""
STOPS_AFTER_THE_ALARM = """
const request = navigator.locks.request.bind(navigator.locks)
let written = 0
navigator.locks.request = (name, ...how) => {
  if (name === 'fieldapp-writing' && window.dying && (written += 1) > 1) return new Promise(() => undefined)
  return request(name, ...how)
}
"""
"""After `window.dying` one thing is still written; then the phone is as dead."""


@pytest.fixture(scope="module")
def desk(browser: Browser, service: Service) -> Iterator[Eyes]:
    """An office that has another page open all the time."""
    context = browser.new_context(locale="it-IT", timezone_id="Europe/Rome", **DESK)
    eyes = watched(context, service.address)
    sign_in(eyes.page, service, "Pianificazione")
    yield eyes
    eyes.saw_nothing_wrong()
    context.close()


def help_button(page: Page) -> Locator:
    return page.get_by_role("button", name="Chiedi aiuto: premi a lungo").last


def hold(page: Page, ms: int = 1_300, *, slip: int = 0) -> None:
    box = help_button(page).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.wait_for_timeout(ms // 2)
    page.mouse.move(x, y + slip)
    page.wait_for_timeout(ms // 2)
    page.mouse.up()


def state_of(page: Page, row: str) -> Locator:
    return page.locator("main li").filter(has_text=row)


def visits_of(books: Books, stop: str) -> list[dict[str, Any]]:
    return list(books.practice(stop)["visits"])


def test_help_from_a_sheet_without_network_ends_the_visit_keeps_the_money_and_is_heard_first(
    browser: Browser, service: Service, books: Books, desk: Eyes
) -> None:
    with a_phone(browser, service, permissions=["geolocation"], geolocation=ROME) as eyes:
        page, agent = eyes.page, AgentsPhone(eyes.page, service.agent())
        page.add_init_script(DIALLER)
        agent.enrol()
        stop = agent.open_next()
        agent.meet_debtor()
        agent.tap("Incasso parziale")
        agent.choose("Non ha tutto l'importo")
        agent.pay("Contanti", "10,00", {})
        agent.look_together()
        receipt = agent.receive()
        agent.lose_network()
        agent.tap("Altro incasso")

        hold(page)

        expect(page.get_by_role("heading", name="Richiesta di aiuto")).to_be_visible()
        assert page.evaluate("window.dialled") == ["tel:03710000000"]
        expect(state_of(page, "Richiesta")).to_contain_text("aspetta la rete")
        expect(state_of(page, "Posizione")).to_contain_text("aspetta la rete")
        expect(state_of(page, "Visita interrotta per sicurezza")).to_contain_text("aspetta la rete")
        expect(page.get_by_text("Ricevute già date: 1. Restano valide.")).to_be_visible()
        expect(page.get_by_role("button", name="Annulla")).to_have_count(0)

        sent: list[str] = []
        page.on("request", lambda asked: sent.append(asked.post_data or "") if "envelopes" in asked.url else None)
        agent.find_network()

        for row in ("Richiesta", "Posizione", "Visita interrotta per sicurezza"):
            expect(state_of(page, row)).to_contain_text("in ufficio", timeout=30_000)
        first = next(post for post in sent if "danger" in post)
        assert '\\"kind\\":\\"visit\\"' not in first
        assert "cents" not in first
        [visit] = visits_of(books, stop)
        assert visit["outcome"] == "UNSAFE"
        assert [f"{paid['series']}-{paid['number']:06d}" for paid in visit["receipts"]] == [receipt]
        page.get_by_role("link", name="Torna a Oggi").click()
        agent.sees_the_day()
        agent.delivered()

    cry = desk.page.get_by_role("alert").get_by_role("region", name="Richiesta di aiuto")
    expect(cry).to_contain_text("chiede aiuto")
    expect(cry).to_contain_text("Posizione 41.90000, 12.50000, entro 15 m")
    cry.get_by_role("button", name=re.compile("Fatto")).click()
    cry.get_by_label("Che cosa è stato fatto").fill("Sentita, è al sicuro.")
    cry.get_by_role("button", name="Fatto").click()
    expect(cry).to_have_count(0)


def test_a_touch_a_slip_or_a_short_press_calls_nobody_and_from_the_list_no_visit_is_needed(
    browser: Browser, service: Service, desk: Eyes
) -> None:
    with a_phone(browser, service) as eyes:
        page, agent = eyes.page, AgentsPhone(eyes.page, service.agent())
        page.add_init_script(DIALLER)
        agent.enrol("agente2")

        help_button(page).click()
        hold(page, 200)
        hold(page, slip=90)

        expect(page.get_by_text("Per chiedere aiuto tieni premuto un secondo.")).to_be_visible()
        expect(page.get_by_role("heading", name="Oggi")).to_be_visible()
        assert page.evaluate("window.dialled") == []

        hold(page)

        expect(page.get_by_text(re.compile("L’ufficio ha ricevuto la tua richiesta"))).to_be_visible(timeout=30_000)
        expect(state_of(page, "Posizione")).to_contain_text("non disponibile")
        expect(page.get_by_text("Visita interrotta per sicurezza")).to_have_count(0)
        assert page.evaluate("window.dialled") == ["tel:03710000000"]

    expect(desk.page.get_by_role("alert").get_by_text("Posizione non ricevuta")).to_be_visible()


def test_a_phone_that_dies_after_the_alarm_ends_the_visit_when_it_is_opened_again(
    browser: Browser, service: Service, books: Books
) -> None:
    with a_phone(browser, service) as eyes:
        page, agent = eyes.page, AgentsPhone(eyes.page, service.agent())
        page.add_init_script(DIALLER + STOPS_AFTER_THE_ALARM)
        agent.enrol("agente2")
        stop = agent.open_next()
        expect(page.get_by_text("Arrivo salvato sul telefono.")).to_be_visible()
        # The day that was fetched meanwhile is written down first.
        page.wait_for_load_state("networkidle")
        agent.lose_network()
        page.evaluate("window.dying = true")

        hold(page)
        expect(page.get_by_text(re.compile("è scritta su questo telefono"))).to_be_visible()
        expect(page.get_by_text("Visita interrotta per sicurezza")).to_have_count(0)

        agent.start_again()
        expect(page.get_by_text("Visita interrotta per sicurezza")).to_be_visible()
        agent.find_network()
        expect(state_of(page, "Visita interrotta per sicurezza")).to_contain_text("in ufficio", timeout=60_000)
        assert [visit["outcome"] for visit in visits_of(books, stop)] == ["UNSAFE"]
