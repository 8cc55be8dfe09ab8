"""Notes for tomorrow: written beside the day that runs, found where the next one is planned."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import Eyes, Service

pytestmark = pytest.mark.browser


def test_what_was_noted_beside_a_visit_is_thought_of_where_the_next_day_is_planned(
    desk: Eyes, service: Service
) -> None:
    page = desk.page
    sign_in(page, service, "Pianificazione")
    page.goto(f"{service.desk()}giorno/2026-11-26/pubblicato")
    lanes = page.get_by_role("listbox", name="Linea del tempo")
    lanes.get_by_role("option").first.click()
    page.get_by_role("button", name="Note…", exact=True).click()

    panel = page.get_by_role("region", name="Note per chi pianifica")
    expect(panel.get_by_label("Riguarda").locator("option:checked")).to_have_text(re.compile("^la porta di "))
    expect(panel.get_by_text("niente del debito")).to_be_visible()
    panel.get_by_label("Che cosa va ricordato").fill("Citofono rotto: chiamare da sotto")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(panel.get_by_role("checkbox", name=re.compile("Citofono rotto"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Note (1)…")).to_be_focused()

    page.goto(f"{service.desk()}giorno/2026-11-27")
    noted = page.get_by_role("checkbox", name=re.compile("Citofono rotto"))
    expect(noted).not_to_be_checked()
    expect(page.get_by_text(re.compile("^porta: "))).to_be_visible()
    noted.press("Space")
    expect(page.get_by_text(re.compile("fatta da Paola Ferranti"))).to_be_visible()
    noted.press("Space")
    expect(page.get_by_text(re.compile("fatta da"))).to_have_count(0)
    page.get_by_role("button", name="Scrivi la nota").click()
    sheet = page.get_by_role("dialog", name="Note per chi pianifica")
    sheet.get_by_label("Che cosa va ricordato").fill("Mercato in piazza: niente centro fino alle 13")
    sheet.get_by_role("button", name="Scrivi la nota").click()
    expect(sheet).to_have_count(0)
    expect(page.get_by_role("checkbox", name=re.compile("Mercato in piazza"))).to_be_visible()
