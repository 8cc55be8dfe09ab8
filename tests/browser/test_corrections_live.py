"""A visit ended otherwise than reported: the agent says so in a cellar, then two people of the office do."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from fieldapp.clock import DemoClock
from tests.browser.at_the_desk import sign_in
from tests.browser.at_the_door import AgentsPhone
from tests.browser.conftest import CLOCK, MORNING, Eyes, Service
from tests.browser.test_accessibility import SMALL_TARGETS, THUMB_PX, violations
from tests.browser.test_messages_live import later_with_network
from tests.browser.test_reviews_live import SOON, moved_away

pytestmark = pytest.mark.browser

WHY = "Avevo il citofono sbagliato, il cancello era chiuso."
WHY_NOT = "L'agente ha richiamato: c'era una vicina."


def test_an_agent_and_then_two_people_of_the_office_say_how_a_visit_ended(
    phone: Eyes, desk: Eyes, service: Service
) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    page.clock.install()
    agent.enrol("agente1")
    moved_away(agent)

    # In a cellar, on the report that has left already.
    agent.lose_network()
    page.get_by_text(re.compile("^Fatte")).click()
    page.get_by_role("button", name="leggi il rapporto").click()
    page.get_by_role("button", name="Correggi", exact=True).click()
    sheet = page.get_by_role("dialog", name="Correggi l’esito")
    expect(sheet.get_by_text("Trasferito").first).to_be_visible()
    send = sheet.get_by_role("button", name="Correggi il rapporto")
    expect(send).to_be_disabled()
    sheet.get_by_role("radio", name=re.compile("Nessuno")).check()
    sheet.get_by_role("radio", name="Accesso impossibile").check()
    sheet.get_by_role("radio", name="Cancello").check()
    sheet.get_by_label("Perché").fill(WHY)
    assert violations(page) + page.evaluate(SMALL_TARGETS, THUMB_PX) == []
    send.click()
    # A wrong address protects whoever lives there: it stands until the office has confirmed.
    expect(page.get_by_text("Correzione chiesta all’ufficio")).to_be_visible()
    expect(page.get_by_text("Aspetta l’ufficio", exact=True)).to_be_visible()
    page.clock.fast_forward("00:30")
    later_with_network(agent)
    agent.delivered()

    # The office sees who, why, and what was written first.
    sign_in(desk.page, service, "Back office")
    desk.page.get_by_role("link", name=re.compile("^Rapporti")).click()
    row = desk.page.get_by_role("list", name="Rapporti da rivedere").get_by_role("link")
    row.filter(has_text="Trasferito").first.click()
    report = desk.page.get_by_role("region", name="Rivedi il rapporto")
    expect(report.get_by_text(re.compile(f"chiede di correggere, .*«{WHY}»"))).to_be_visible(timeout=SOON)
    expect(report.get_by_text(re.compile(r"Toglie una tutela del debitore \(indirizzo sbagliato\)"))).to_be_visible()
    assert violations(desk.page) == []
    report.get_by_role("button", name="Conferma la correzione").press("Enter")
    expect(report.get_by_text(re.compile(f"Corretto da .*«{WHY}» · confermata da"))).to_be_visible(timeout=SOON)
    expect(report.get_by_text(re.compile("Trasferito · "))).to_be_visible()

    # The phone hears of it with its day.
    agent.start_again()
    page.get_by_text(re.compile("^Fatte")).click()
    expect(page.get_by_text("Corretto, prima: Trasferito")).to_be_visible(timeout=SOON)

    # It says otherwise again, by keyboard, and cannot confirm that itself.
    report.get_by_role("button", name="Correggi l’esito").press("Enter")
    form = desk.page.get_by_role("dialog", name="Correggi esito e incontro")
    form.get_by_label("Chi c’era").select_option(value="third_party")
    form.get_by_label("Chi era per il debitore").select_option(value="neighbour")
    form.get_by_label("Esito").select_option(value="THIRD_PARTY_MET")
    form.get_by_label("Perché").fill(WHY_NOT)
    assert violations(desk.page) == []
    form.get_by_label("Perché").press("Tab")
    form.get_by_role("button", name="Chiedi la correzione").press("Enter")
    expect(report.get_by_text(re.compile(f"chiede di correggere, .*«{WHY_NOT}»"))).to_be_visible(timeout=SOON)
    expect(report.get_by_role("button", name="Ritira la correzione")).to_be_visible()
    expect(report.get_by_role("button", name="Conferma la correzione")).to_have_count(0)
    where = desk.page.url

    # Somebody else does.
    desk.page.context.clear_cookies()
    sign_in(desk.page, service, "Amministra")
    desk.page.goto(where)
    report.get_by_role("button", name="Conferma la correzione").click()
    expect(report.get_by_text(re.compile(f"Corretto da .*«{WHY_NOT}» · confermata da"))).to_be_visible(timeout=SOON)
    expect(report.get_by_role("heading", name="Presente solo un'altra persona")).to_be_visible()
    assert violations(desk.page) == []


def test_a_report_is_corrected_the_day_after_without_network(phone: Eyes, service: Service) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    page.clock.install()
    agent.enrol("agente1")
    moved_away(agent)
    agent.delivered()

    # Nothing of that day is on the phone by then but what the new day carries.
    DemoClock(service.settings.home / CLOCK).move_to(MORNING + timedelta(days=1))
    page.clock.fast_forward("24:00:00")
    agent.start_again()
    earlier = page.get_by_text(re.compile("^Visite dei giorni scorsi"))
    expect(earlier).to_be_visible(timeout=SOON)
    agent.lose_network()
    agent.start_again()
    earlier.click()
    page.get_by_role("button", name="leggi il rapporto").first.click()
    page.get_by_role("button", name="Correggi", exact=True).click()
    sheet = page.get_by_role("dialog", name="Correggi l’esito")
    sheet.get_by_role("radio", name="Sconosciuto all'indirizzo").check()
    sheet.get_by_role("radio", name="La portineria lo dice").check()
    sheet.get_by_label("Perché").fill(WHY)
    assert violations(page) + page.evaluate(SMALL_TARGETS, THUMB_PX) == []
    sheet.get_by_role("button", name="Correggi il rapporto").click()
    expect(page.get_by_text("Corretto, prima: Trasferito")).to_be_visible()
    page.clock.fast_forward("00:30")
    later_with_network(agent)
    agent.delivered()
