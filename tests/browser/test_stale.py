"""A later day that phones hold: what is to be taken out of it is told on today's board, and gone in one step."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import Eyes, Service
from tests.browser.test_board import SOON, by_hand, lane_of, plan_a_day, visits

pytestmark = pytest.mark.browser

DAY = "2026-11-30"


def test_a_visit_of_a_later_day_that_is_no_longer_to_be_made_is_taken_out_from_todays_board(
    desk: Eyes, service: Service
) -> None:
    page = desk.page
    sign_in(page, service, "Pianificazione")
    plan_a_day(page, service, DAY)
    page.get_by_role("button", name="Pubblica", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Pubblica")).click()
    expect(page.get_by_role("link", name="Pubblicato, versione 1")).to_be_visible(timeout=SOON)
    lanes = by_hand(page)
    name = visits(lane_of(lanes, 0))[0]
    lane_of(lanes, 0).get_by_role("option").first.click()
    page.get_by_role("button", name="Vieta…", exact=True).last.click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("A chi").select_option(label="A tutti, in questo giorno")
    sheet.get_by_label("Perché").fill("Ricoverato fino a martedì")
    page.keyboard.press("Enter")
    expect(sheet).to_have_count(0, timeout=SOON)

    page.goto(f"{service.desk()}giorno/2026-11-26/pubblicato")
    told = page.get_by_role("region", name="Giorni già pubblicati da rivedere")
    told.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(told.get_by_role("checkbox", name=f"Togli {name}")).to_be_disabled()
    expect(told.get_by_text("l'ha vietata per questo giorno")).to_be_visible()
    told.get_by_role("button", name="Togli dal giorno (1)").click()
    expect(told).to_have_count(0, timeout=SOON)

    page.goto(f"{service.desk()}giorno/{DAY}/pubblicato")
    expect(page.get_by_role("link", name="Pubblicato, versione 2")).to_be_visible(timeout=SOON)
    assert name not in visits(page.get_by_role("listbox", name="Linea del tempo"))
