"""Where the agent was: asked at arrival and at no other moment; a distance is shown and locks nothing."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import Service, a_phone

pytestmark = pytest.mark.browser

COUNTING = """
window.asked = { once: 0, watch: 0 }
const once = navigator.geolocation.getCurrentPosition.bind(navigator.geolocation)
navigator.geolocation.getCurrentPosition = (...how) => { window.asked.once += 1; once(...how) }
navigator.geolocation.watchPosition = () => { window.asked.watch += 1; return 0 }
"""
ROME = {"latitude": 41.9, "longitude": 12.5, "accuracy": 15}


def test_position_is_asked_once_at_arrival_and_a_distance_locks_nothing(
    browser: Browser, service: Service, books: Books
) -> None:
    with a_phone(browser, service, permissions=["geolocation"], geolocation=ROME) as eyes:
        page, agent = eyes.page, AgentsPhone(eyes.page, service.agent())
        page.add_init_script(COUNTING)
        agent.enrol("agente2")
        assert page.evaluate("window.asked") == {"once": 0, "watch": 0}

        stop = agent.open_next()
        expect(page.get_by_text(re.compile(r"a \d+,\d km dall’indirizzo"))).to_be_visible()
        agent.meet_debtor()
        agent.tap("Incasso parziale")
        agent.choose("Non ha tutto l'importo")
        agent.pay("Contanti", "10,00", {})
        agent.look_together()
        agent.receive()
        agent.finish()
        page.get_by_role("link", name="Mappa").click()
        page.get_by_role("link", name="Oggi").first.click()
        agent.delivered()

        assert page.evaluate("window.asked") == {"once": 1, "watch": 0}
        assert len(books.practice(stop)["visits"]) == 1
