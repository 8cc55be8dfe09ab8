"""What is to be planned is narrowed: several comuni in a list or on the map, several creditors."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import Eyes, Service
from tests.browser.test_shifts_desk import looked_at

pytestmark = pytest.mark.browser


def test_several_comuni_are_chosen_and_planned_alone(desk: Eyes, service: Service) -> None:
    page = desk.page
    sign_in(page, service, "Pianificazione")
    page.goto(f"{service.desk()}giorno/2026-11-30")
    page.get_by_role("button", name="Territorio…", exact=True).click()
    sheet = page.get_by_role("dialog", name="Territorio")
    comuni = sheet.get_by_role("checkbox").filter(visible=True)
    expect(sheet.get_by_role("checkbox", name=re.compile(r"^Lodi \d"))).to_be_visible()
    whole = sheet.get_by_role("checkbox", name="Provincia di LO")
    whole.press("Space")
    assert comuni.evaluate_all("all => all.every(one => one.checked)")
    whole.press("Space")
    for name in ("Lodi", "Codogno"):
        sheet.get_by_label("Cerca un comune").fill(name[:5].lower())
        sheet.get_by_role("checkbox", name=re.compile(rf"^{name} \d")).check()
    sheet.get_by_role("button", name=re.compile("^Mostra ")).click()

    expect(sheet).to_have_count(0)
    expect(page.get_by_role("button", name="Territorio (2)…")).to_be_visible()
    rows = page.locator("tbody tr td.name .where")
    expect(rows.first).to_be_visible()
    assert set(rows.all_inner_texts()) == {"Lodi", "Codogno"}
    page.get_by_role("button", name="Pianifica solo queste").click()
    # The choice stands in the address: the same page again shows the same.
    page.get_by_role("button", name="Pianifica", exact=True).click()
    expect(page.get_by_role("listbox", name="Linea del tempo")).to_be_visible(timeout=60_000)
    stops = page.locator("[data-list] li .who > .soft")
    expect(stops.first).to_be_visible()
    assert set(stops.all_inner_texts()) <= {"Lodi", "Codogno"}

    page.goto(f"{service.desk()}giorno/2026-11-30?luoghi=LO%3ACodogno")
    expect(page.get_by_role("button", name="Territorio (1)…")).to_be_visible()
    expect(rows.first).to_be_visible()
    assert set(rows.all_inner_texts()) == {"Codogno"}


def test_several_creditors_are_chosen_by_keys_and_stand_in_the_address(desk: Eyes, service: Service) -> None:
    page = desk.page
    sign_in(page, service, "Pianificazione")
    page.goto(f"{service.desk()}giorno/2026-11-30")
    found = page.get_by_role("region", name="Visite possibili").get_by_role("status")
    expect(found).to_have_text(re.compile(r"^\d"))

    def number() -> int:
        return int(re.sub(r"\D", "", found.inner_text()))

    everybody = number()
    page.locator("summary", has_text="Ogni creditore").press("Enter")
    creditors = page.get_by_role("group", name="Creditori").get_by_role("checkbox")
    first, second = creditors.nth(0), creditors.nth(1)
    alone = []
    for creditor in (first, second):
        creditor.press("Space")
        expect(found).not_to_have_text(re.compile(rf"^{everybody}\b"))
        alone.append(number())
        creditor.press("Space")
        expect(found).to_have_text(re.compile(rf"^{everybody}\b"))
    first.press("Space")
    second.press("Space")
    expect(found).to_have_text(re.compile(rf"^{sum(alone)}\b"))
    looked_at(page, "creditors")
    page.keyboard.press("Escape")
    expect(first).not_to_be_visible()

    page.reload()
    expect(page.locator("summary", has_text="2 creditori")).to_be_visible()
    expect(found).to_have_text(re.compile(rf"^{sum(alone)}\b"))
