"""A debtor on the phone: the office sees which windows it may promise and what each costs, agrees on one in two
strokes, reads it out; the agent holds it; then it is moved and given up."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.at_the_desk import sign_in
from tests.browser.at_the_door import AgentsPhone
from tests.browser.conftest import Eyes, Service

pytestmark = pytest.mark.browser


def the_days_list(page: Page, service: Service) -> None:
    page.goto(f"{service.desk()}giorno/2026-11-26")
    page.get_by_role("link", name=re.compile("Pubblicato")).first.click()
    expect(page.get_by_role("listbox", name="Linea del tempo")).to_be_visible()


def test_a_window_is_promised_on_the_phone_by_keys_held_by_the_agent_moved_and_given_up(
    phone: Eyes, desk: Eyes, service: Service
) -> None:
    page = desk.page
    sign_in(page, service, "Pianificazione")
    the_days_list(page, service)
    page.locator("[id^=stop-] [data-row]").nth(3).click()
    panel = page.get_by_role("dialog")
    spoken = panel.locator("[data-spoken]")

    # From the visit on the board: the cheapest window has the focus, an arrow and Enter choose, Enter agrees.
    page.get_by_role("button", name="Fissa un appuntamento").click()
    week = panel.get_by_role("table", name="Finestre possibili")
    expect(week.get_by_role("columnheader", name=re.compile("dom 29 nov.*nessuna finestra"))).to_be_visible()
    expect(week.get_by_text(re.compile("Di domenica non si va"))).to_be_visible()
    expect(week.locator("button:focus")).to_have_count(1)
    friday = week.get_by_role("button", name=re.compile("^venerdì 27 novembre, 10:00–11:00: .*€, .*min$"))
    friday.focus()
    page.keyboard.press("Enter")
    expect(spoken).to_have_text(
        re.compile(r"^Venerdì 27 novembre tra le 10:00 e le 11:00, incaricato tesserino n\. A00\d$")
    )
    today = week.get_by_role("button", name=re.compile("^giovedì 26 novembre, "))
    today.last.click()
    expect(spoken).to_have_text(re.compile(r"^Giovedì 26 novembre tra le "))
    panel.get_by_role("button", name="Fissa", exact=True).press("Enter")
    expect(panel.get_by_text("l'agente la riceve sul telefono", exact=False)).to_be_visible()
    said = re.search(r"tra le (\d\d:\d\d) e le (\d\d:\d\d), incaricato tesserino n\. A00(\d)", spoken.inner_text())
    assert said is not None
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)

    # On the board, and on the phone of the agent whose badge was read out.
    mark = f"appuntamento {said[1]}–{said[2]}"
    expect(page.get_by_text(mark).first).to_be_visible()
    expect(page.get_by_role("option", name=re.compile(mark))).to_have_count(1)
    expect(page.get_by_text(re.compile("Versione 2")).first).to_be_visible()
    agent = AgentsPhone(phone.page, service.agent())
    agent.enrol(f"agente{said[3]}")
    expect(phone.page.get_by_text(mark)).to_be_visible()

    # In the file it is moved with a reason, and given up with another.
    row = page.get_by_role("button", name=re.compile(mark)).first
    if row.get_attribute("aria-expanded") == "false":
        row.click()
    page.get_by_role("link", name=re.compile("^Apri")).first.click()
    expect(page.get_by_text(re.compile("^Appuntamento fissato per il 26/11/2026"))).to_be_visible()
    expect(page.get_by_text("Telefonata: Appuntamento fissato").first).to_be_visible()
    page.get_by_role("button", name="Sposta").click()
    week.get_by_role("button", name=re.compile("^sabato 28 novembre, 10:00–11:00")).click()
    panel.get_by_label("Perché si sposta").fill("giovedì lavora")
    panel.get_by_role("button", name="Sposta qui").click()
    expect(panel.get_by_text("Il giorno non è ancora pianificato", exact=False)).to_be_visible()
    panel.get_by_role("button", name="Chiudi").click()
    expect(page.get_by_text("sabato 28 novembre, 10:00–11:00")).to_be_visible()
    page.get_by_role("button", name="Annulla l'appuntamento").click()
    panel.get_by_label("Perché si annulla").fill("ha pagato")
    panel.get_by_role("button", name="Annulla l'appuntamento").click()
    expect(page.get_by_role("button", name="Fissa un appuntamento")).to_be_visible()
    expect(page.get_by_text(re.compile("^Appuntamento annullato .*: ha pagato"))).to_be_visible()

    # The day of today no longer holds it.
    the_days_list(page, service)
    expect(page.get_by_text(mark)).to_have_count(0)
