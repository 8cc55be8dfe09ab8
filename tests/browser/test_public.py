"""The code on a receipt, read off the phone's own screen, opened on another phone that nobody is signed in on."""

from __future__ import annotations

import re
from urllib.parse import urldefrag

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.at_the_door import AgentsPhone
from tests.browser.conftest import PHONE, Eyes, Service, watched

pytestmark = pytest.mark.browser


def receipt_on_screen(agent: AgentsPhone, amount: str) -> str:
    """From the next visit to the paper on the screen; what its code says to a camera."""
    agent.open_next()
    agent.meet_debtor()
    agent.tap("Incasso parziale")
    agent.choose("Non ha tutto l'importo")
    agent.pay("Contanti", amount, {})
    agent.look_together()
    agent.hold("ieni premuto")
    expect(agent.page.locator("canvas")).to_be_visible()
    code = agent.code_on_screen()
    agent.tap("Fatto")
    return code


def test_anybody_checks_a_receipt_by_its_code_before_and_after_it_has_come_in(
    phone: Eyes, browser: Browser, service: Service
) -> None:
    agent = AgentsPhone(phone.page, service.agent())
    agent.enrol()
    agent.lose_network()
    code = receipt_on_screen(agent, "120,50")
    stranger = browser.new_context(locale="it-IT", **PHONE)
    eyes = watched(stranger, service.address)
    page = eyes.page

    page.goto(code)
    expect(page.get_by_role("heading", name="non è ancora arrivata in agenzia")).to_be_visible()
    expect(page.get_by_text("120,50")).to_be_visible()
    expect(page.get_by_text("Dimostrazione: dati inventati")).to_be_visible()
    agent.finish()
    agent.find_network()
    agent.delivered()
    page.reload()
    expect(page.get_by_role("heading", name="Questa ricevuta è autentica.")).to_be_visible()
    assert Axe().run(page).violations_count == 0
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="This receipt is genuine.")).to_be_visible()

    address, proof = urldefrag(code)
    page.goto(f"{address}#{proof[:-40]}{'A' if proof[-40] != 'A' else 'B'}{proof[-39:]}")
    expect(page.get_by_role("heading", name="We do not recognise this receipt.")).to_be_visible()
    page.goto(address)
    expect(page.get_by_role("heading", name="Inquadra il codice della ricevuta.")).to_be_visible()
    assert stranger.cookies() == []
    eyes.saw_nothing_wrong()
    stranger.close()


def test_the_page_weighs_next_to_nothing(browser: Browser, service: Service) -> None:
    context = browser.new_context(**PHONE)
    page = context.new_page()
    weights: list[int] = []
    page.on("requestfinished", lambda request: weights.append(request.sizes()["responseBodySize"]))

    page.goto(f"{service.address}/v/", wait_until="networkidle")
    context.close()

    assert sum(weights) < 12_000


def test_anybody_checks_a_plan_by_its_code_before_and_after_it_has_come_in(
    phone: Eyes, browser: Browser, service: Service
) -> None:
    agent = AgentsPhone(phone.page, service.agent())
    agent.enrol("agente2")
    agent.lose_network()
    agent.open_next()
    agent.meet_debtor()
    agent.page.get_by_text(re.compile("^Persona incontrata|^Incontrat")).first.click()
    agent.tap("Piano di rientro")
    agent.tap("Componi il piano")
    agent.choose("In quante rate")
    agent.type("In quante rate?", "6")
    agent.look_together()
    expect(agent.page.get_by_role("img", name="Piano di rientro")).to_be_visible()
    code = agent.code_on_screen()
    agent.tap("Fai firmare")
    agent.sign()
    agent.tap("Fatto")
    stranger = browser.new_context(locale="it-IT", **PHONE)
    eyes = watched(stranger, service.address)
    page = eyes.page

    page.goto(code)
    expect(page.get_by_role("heading", name="Il foglio non è ancora arrivato in agenzia")).to_be_visible()
    agent.finish()
    agent.find_network()
    agent.delivered()
    page.reload()
    expect(page.get_by_role("heading", name="Questo foglio è autentico.")).to_be_visible()
    expect(page.get_by_text("Impronta", exact=True)).to_be_visible()
    assert Axe().run(page).violations_count == 0
    address, proof = urldefrag(code)
    # In the signature: a letter of the packed paper may be one that unpacks to the same paper, which is as genuine.
    page.goto(f"{address}#{proof[:-40]}{'A' if proof[-40] != 'A' else 'B'}{proof[-39:]}")
    expect(page.get_by_role("heading", name="Non riconosciamo questo foglio.")).to_be_visible()
    assert stranger.cookies() == []
    eyes.saw_nothing_wrong()
    stranger.close()
