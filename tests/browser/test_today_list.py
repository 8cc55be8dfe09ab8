"""What the day's list says of what was made: each report read again, and what a phone without a network still holds."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.at_the_door import AgentsPhone
from tests.browser.conftest import Eyes, Service, a_phone
from tests.browser.test_accessibility import SMALL, troubles_of

pytestmark = pytest.mark.browser

WORKS = "Senza rete l’app funziona lo stesso."
VEIL = "Tieni premuto per vedere che cosa si è detto e fatto"


def test_a_paid_visit_is_read_again_with_its_paper_and_its_state_and_is_not_corrected(
    browser: Browser, service: Service
) -> None:
    with a_phone(browser, service, **SMALL) as eyes:
        page, agent = eyes.page, AgentsPhone(eyes.page, service.agent())
        agent.enrol("agente1")
        agent.lose_network()
        where = page.locator("#next-stop").inner_text()
        agent.open_next()
        agent.meet_debtor()
        agent.tap("Incasso parziale")
        agent.choose("Non ha tutto l'importo")
        agent.pay("Contanti", "50,00", {})
        agent.look_together()
        receipt = agent.receive()
        agent.tap("Fai firmare")
        agent.sign()
        agent.finish(photo="Portone")

        page.get_by_text(re.compile("^Fatte")).click()
        page.get_by_role("button", name=re.compile(re.escape(where))).click()
        report = page.get_by_role("dialog", name="Visita fatta")
        for said in (where, "È la persona cercata · Ha mostrato un documento", "Firmato", "Portone", "Sul telefono"):
            expect(report.get_by_text(said, exact=True)).to_be_visible()
        expect(report.get_by_text(re.compile(r"^\d+ immagini da inviare$"))).to_be_visible()
        # Whoever reads along learns neither outcome nor sum; a finger that stays on the veil does.
        expect(report.get_by_text("Incontrat", exact=False).first).to_be_visible()
        expect(report.get_by_text("50,00")).to_have_count(0)
        veil = report.get_by_role("button", name=VEIL)
        veil.scroll_into_view_if_needed()
        box = veil.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 40, box["y"] + 20)
        page.mouse.down()
        expect(report.get_by_text(re.compile(rf"^50,00.€ · Contanti · {receipt}$"))).to_be_visible()
        expect(report.get_by_text("Incasso parziale (acconto)")).to_be_visible()
        page.mouse.up()
        expect(report.get_by_text("50,00")).to_have_count(0)
        expect(report.get_by_role("button", name="Correggi", exact=True)).to_have_count(0)
        expect(report.get_by_text("l’esito non si corregge da qui")).to_be_visible()
        assert troubles_of(page) == []

        expect(report.get_by_text("Ricevuta")).to_have_count(0)
        report.get_by_role("button", name="Foglio 1").click()
        expect(page.get_by_role("img", name=f"Ricevuta {receipt}")).to_be_visible()
        assert "/v/#" in agent.code_on_screen()
        agent.tap("Fatto")

        # It is told of the office as soon as it is there, without being opened anew.
        agent.find_network()
        expect(report.get_by_text("In ufficio", exact=True)).to_be_visible(timeout=60_000)
        expect(report.get_by_text(re.compile("immagini? da inviare"))).to_have_count(0, timeout=60_000)


def test_a_report_of_nobody_is_read_again_and_offered_to_be_corrected(phone: Eyes, service: Service) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol("agente2")
    agent.open_next()
    agent.meet_nobody()
    page.get_by_text(re.compile("^Non incontrato")).click()
    agent.tap("Assente, nessun avviso")
    agent.choose("Nessuna cassetta")
    agent.tap("Continua")
    agent.choose("Casa abitata")
    agent.tap("Chiudi la visita")
    agent.delivered()

    page.get_by_text(re.compile("^Fatte")).click()
    page.get_by_role("button", name="leggi il rapporto").click()
    report = page.get_by_role("dialog", name="Visita fatta")
    for said in ("In ufficio", "Nessuno", "Casa abitata"):
        expect(report.get_by_text(said, exact=True)).to_be_visible()
    assert troubles_of(page) == []
    report.get_by_role("button", name="Correggi").click()
    expect(page.get_by_role("dialog", name="Correggi l’esito")).to_be_visible()


def test_that_there_is_no_network_is_learned_from_requests_and_never_from_the_browser(
    browser: Browser, service: Service
) -> None:
    with a_phone(browser, service, **SMALL) as eyes:
        page, agent = eyes.page, AgentsPhone(eyes.page, service.agent())
        # First the browser says that there is none while every request is answered, then the other way round.
        page.add_init_script("Object.defineProperty(Navigator.prototype, 'onLine', { get: () => window.lie ?? false })")
        agent.enrol("agente3")
        page.wait_for_load_state("networkidle")
        expect(page.get_by_text(WORKS)).to_have_count(0)

        page.add_init_script("window.lie = true")
        agent.lose_network()
        agent.start_again()
        expect(page.get_by_text(WORKS, exact=True)).to_be_visible()
        agent.open_next()
        page.get_by_role("link", name="Oggi").first.click()
        expect(page.get_by_text(f"{WORKS} Aspettano qui: 1 invio.")).to_be_visible()
        assert troubles_of(page) == []

        agent.find_network()
        page.get_by_role("link", name="Invio").click()
        agent.delivered()
        page.get_by_role("link", name="Oggi").last.click()
        expect(page.get_by_text(WORKS)).to_have_count(0)
