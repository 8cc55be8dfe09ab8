"""Where the agent was: asked at arrival, at a receipt and at the closing; a distance is shown and locks nothing."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.at_the_desk import sign_in
from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import Eyes, Service, a_phone

pytestmark = pytest.mark.browser

COUNTING = """
window.asked = { once: 0, watch: 0 }
const once = navigator.geolocation.getCurrentPosition.bind(navigator.geolocation)
navigator.geolocation.getCurrentPosition = (...how) => { window.asked.once += 1; once(...how) }
navigator.geolocation.watchPosition = () => { window.asked.watch += 1; return 0 }
"""
ROME = {"latitude": 41.9, "longitude": 12.5, "accuracy": 15}


def times_asked(page: Page) -> int:
    asked = page.evaluate("window.asked")
    assert asked["watch"] == 0
    return int(asked["once"])


def test_position_is_asked_at_arrival_receipt_and_closing_and_at_no_other_moment(
    browser: Browser, service: Service, books: Books, desk: Eyes
) -> None:
    with a_phone(browser, service, permissions=["geolocation"], geolocation=ROME) as eyes:
        page, agent = eyes.page, AgentsPhone(eyes.page, service.agent())
        page.add_init_script(COUNTING)
        agent.enrol("agente2")
        assert times_asked(page) == 0

        stop = agent.open_next()
        expect(page.get_by_text(re.compile(r"a \d+,\d km dall’indirizzo"))).to_be_visible()
        expect(page.get_by_text("entro 15 m").first).to_be_visible()
        agent.meet_debtor()
        assert times_asked(page) == 1
        agent.tap("Incasso parziale")
        agent.choose("Non ha tutto l'importo")
        agent.pay("Contanti", "10,00", {})
        agent.look_together()
        assert times_asked(page) == 1
        agent.receive()
        expect(page.get_by_text(re.compile(r"Contanti · .* · a \d+,\d km dall’indirizzo, entro 15 m"))).to_be_visible()
        assert times_asked(page) == 2
        agent.tap("Continua")
        expect(page.get_by_text(re.compile("^Posizione alla chiusura: a .* entro 15 m$"))).to_be_visible()
        agent.tap("Chiudi la visita")
        expect(page.get_by_role("heading", name="Oggi")).to_be_visible()
        page.get_by_role("link", name="Mappa").click()
        page.get_by_role("link", name="Oggi").first.click()
        agent.delivered()

        assert times_asked(page) == 3
        [visit] = books.practice(stop)["visits"]
        places = [visit["arrived"], visit["receipts"][0]["place"], visit["left"]]
        assert [place["accuracy_m"] for place in places] == [15, 15, 15]
        assert all(place["distance_m"] > 100_000 for place in places)

        sign_in(desk.page, service, "Back office")
        desk.page.goto(f"{service.desk()}pratiche/{books.stops[stop]}")
        told = desk.page.get_by_role("article").get_by_text(re.compile("arrivo: a .* dall'indirizzo, entro 15 m"))
        expect(told).to_contain_text(re.compile(r"ricevuta A\d+-\d+: a .* · chiusura: a "))


def test_an_agent_who_leaves_the_position_out_is_not_asked_again_and_moves_the_pin_by_hand(
    browser: Browser, service: Service, books: Books
) -> None:
    with a_phone(browser, service, permissions=["geolocation"], geolocation=ROME) as eyes:
        page, agent = eyes.page, AgentsPhone(eyes.page, service.agent())
        page.add_init_script(COUNTING)
        agent.enrol("agente2")
        agent.tap("Apri la visita")
        page.get_by_label("Salva la posizione").uncheck()
        agent.tap("Arrivato")
        stop = page.url.rsplit("/", 1)[1]
        agent.lose_network()
        agent.rarely("Il segnaposto è sbagliato")
        agent.tap("5 metri a nord")
        agent.tap("5 metri a nord")
        expect(page.get_by_text("A 10 m dal segnaposto di prima.")).to_be_visible()
        agent.tap("Il segnaposto è qui")
        agent.find_network()
        agent.meet_nobody()
        agent.tap("Assente, lasciato avviso")
        agent.tap("Prendi un numero di avviso")
        agent.choose("Busta chiusa nella cassetta")
        agent.finish()
        agent.delivered()

        assert times_asked(page) == 0
        move, _ = books.practice(stop)["address_history"]
        assert (move["kind"], move["distance_m"], move["may_go_back"]) == ("moved", 10, True)
