"""A territory of several comuni is chosen in a list or on the map, and planned alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import Eyes, Service

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
