"""A dispatcher spreads visits over several days, on the real screens."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import Eyes, Service

pytestmark = pytest.mark.browser


def test_visits_are_spread_over_days_and_each_day_is_one_click_away(desk: Eyes, service: Service) -> None:
    page = desk.page
    sign_in(page, service, "Pianificazione")
    page.goto(f"{service.desk()}giorno/2026-11-30")
    page.get_by_label("Distribuisci su").select_option(label="3 giorni")
    page.get_by_role("button", name="Pianifica", exact=True).click()

    days = page.get_by_role("navigation", name="Giorni pianificati insieme")
    expect(days.get_by_role("link")).to_have_count(2, timeout=60_000)
    expect(days.locator("[aria-current=page]")).to_contain_text("30 novembre")
    expect(page.get_by_role("listbox", name="Linea del tempo")).to_be_visible()

    days.get_by_role("link", name=re.compile("1 dicembre")).click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("1 dicembre")
    expect(days.locator("[aria-current=page]")).to_contain_text("1 dicembre")
    expect(page.get_by_role("listbox", name="Linea del tempo")).to_be_visible()
