"""The office asks about a report; the agent corrects it in a cellar; the office sees both and closes."""

from __future__ import annotations

import re
from base64 import b64decode

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.at_the_desk import sign_in
from tests.browser.at_the_door import RECORDS, AgentsPhone
from tests.browser.conftest import Eyes, Service
from tests.browser.test_accessibility import SMALL_TARGETS, THUMB_PX, violations
from tests.browser.test_messages_live import AT_REST, later_with_network

pytestmark = pytest.mark.browser

SOON = 20_000
"""Milliseconds that an answer may take on a busy machine."""
ASKED = "Sul citofono c'era il nome: chi ha detto che si è trasferito?"
SEEN = "Visto da fuori: Nome sul citofono, Il nome non c'è"
SAID = "Me lo ha detto la portinaia del 4."


def moved_away(agent: AgentsPhone) -> None:
    """A neighbour says that the debtor has moved, and the name is on the intercom and missing at once."""
    agent.tap("Apri la visita")
    agent.tap("Arrivato")
    agent.meet_third_party("Vicino")
    agent.page.get_by_text(re.compile("^Indirizzo · ")).click()
    agent.tap("Trasferito")
    agent.choose("Un vicino", of="Da chi lo sai")
    agent.tap("Continua")
    # Of a door behind which somebody answered it is not asked, but may be added.
    agent.page.get_by_text("Visto da fuori", exact=True).click()
    agent.choose("Nome sul citofono")
    agent.choose("Il nome non c'è")
    agent.tap("Chiudi la visita")
    expect(agent.page.get_by_role("heading", name="Oggi")).to_be_visible()
    # What rests can be taken back for a while: then it leaves.
    agent.page.clock.fast_forward("00:30")
    agent.delivered()


def the_report(page: Page, service: Service) -> Locator:
    sign_in(page, service, "Back office")
    page.get_by_role("link", name=re.compile("^Rapporti")).click()
    row = page.get_by_role("list", name="Rapporti da rivedere").get_by_role("link").filter(has_text="Trasferito").first
    expect(row.get_by_text("si contraddice")).to_be_visible(timeout=SOON)
    row.click()
    report = page.get_by_role("region", name="Rivedi il rapporto")
    expect(
        report.get_by_role("article").get_by_text("Visto da fuori: Nome sul citofono, Il nome non c'è")
    ).to_be_visible()
    # What cannot all be true is named, in words.
    clash = report.get_by_role("region", name="Non può essere tutto vero")
    expect(clash.get_by_text("visto insieme: «Il nome non c'è», «Nome sul citofono»")).to_be_visible()
    return report


def test_a_question_is_answered_with_a_correction_without_network_and_the_office_sees_both(
    phone: Eyes, desk: Eyes, service: Service
) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    page.clock.install()
    agent.enrol("agente1")
    moved_away(agent)
    report = the_report(desk.page, service)
    assert violations(desk.page) == []

    # The office asks, by keyboard.
    report.get_by_role("button", name="Chiedi all’agente").press("Enter")
    sheet = desk.page.get_by_role("dialog", name="Chiedi all’agente")
    sheet.get_by_label("Su che cosa").select_option(label="I dettagli dell’esito")
    sheet.get_by_label("Domanda").fill(ASKED)
    assert violations(desk.page) == []
    sheet.get_by_role("button", name="Manda la domanda").click()
    expect(report.get_by_text("inviata, non ancora sul telefono")).to_be_visible(timeout=SOON)
    expect(report.get_by_role("button", name="Rivisto")).to_be_disabled()

    # It stands above the day without a case being opened, and lies sealed; the phone is in a cellar by then.
    agent.lose_network()
    later_with_network(agent)
    band = page.get_by_role("region", name="Domanda dell’ufficio")
    expect(band.get_by_text(ASKED)).to_be_visible(timeout=SOON)
    expect(report.get_by_text(re.compile("sul telefono dalle"))).to_be_visible(timeout=SOON)
    assert ASKED.encode().decode("latin1") not in page.evaluate(AT_REST)
    agent.lose_network()
    agent.start_again()
    expect(band.get_by_text(ASKED)).to_be_visible(timeout=SOON)
    assert violations(page) + page.evaluate(SMALL_TARGETS, THUMB_PX) == []

    # Answered there: words, and what was wrong put right.
    band.get_by_role("button", name="Rispondi").click()
    save = page.get_by_role("button", name="Salva la risposta")
    expect(save).to_be_disabled()
    page.get_by_label("La tua risposta").fill(SAID)
    page.locator("summary").filter(has_text="Correggi il rapporto").click()
    expect(page.get_by_text(re.compile("Il primo rapporto resta"))).to_be_visible()
    agent.choose("Portineria")
    agent.choose("La portineria", of="Da chi lo sai")
    agent.choose("Il nome non c'è")
    expect(page.get_by_text("Correggi il rapporto · 3 correzioni")).to_be_visible()
    assert violations(page) + page.evaluate(SMALL_TARGETS, THUMB_PX) == []
    save.click()
    expect(page.get_by_text("Risposta salvata sul telefono")).to_be_visible()
    expect(band).to_have_count(0)
    agent.start_again()
    agent.sees_the_day()
    expect(band).to_have_count(0)
    written = [one for one in page.evaluate(RECORDS) if one["kind"] == "envelope"]
    assert sum(b"visit_answer" in b64decode(one["bytes"]) for one in written) == 1
    expect(report.get_by_text(SAID)).to_have_count(0)

    # The office sees the first report and the correction side by side, without asking for it.
    later_with_network(agent)
    expect(report.get_by_text(SAID)).to_be_visible(timeout=SOON)
    expect(report.get_by_text(SEEN)).to_be_visible()
    corrected = report.get_by_role("table", name="Correzione del rapporto").get_by_role("row")
    expect(corrected.filter(has_text="Chi era")).to_have_text(re.compile("Vicino.*Portineria"))
    expect(corrected.filter(has_text="Da chi lo sai")).to_have_text(re.compile("Un vicino.*La portineria"))
    settled = "Il rapporto si contraddiceva; con quello che è stato corretto non più."
    expect(report.get_by_text(settled)).to_be_visible()
    assert violations(desk.page) == []

    # The task came back to who asked, leads here, and is done with the report.
    desk.page.get_by_role("link", name=re.compile("^Attività")).click()
    desk.page.get_by_role("link", name="Risposta dell’agente").click()
    report.get_by_role("button", name="Rivisto").click()
    expect(report.get_by_text(re.compile("^Rivisto da"))).to_be_visible(timeout=SOON)
    desk.page.get_by_role("link", name=re.compile("^Attività")).click()
    expect(desk.page.get_by_role("link", name="Risposta dell’agente")).to_have_count(0, timeout=SOON)

    # In the practice file both stay.
    desk.page.get_by_role("link", name=re.compile("^Rapporti")).click()
    desk.page.get_by_label("Quali").select_option(label="Rivisti")
    desk.page.get_by_role("list", name="Rapporti da rivedere").get_by_role("link").first.click()
    report.get_by_role("link").first.click()
    visit = desk.page.get_by_role("article", name=re.compile("Trasferito")).first
    expect(visit.get_by_text("(Vicino)")).to_be_visible(timeout=SOON)
    expect(visit.get_by_role("table", name="Correzione del rapporto")).to_be_visible()
    assert violations(desk.page) == []
