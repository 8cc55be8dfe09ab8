"""The dispatcher's board: lanes over the hours, by keys and by hand."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import Eyes, Service

pytestmark = pytest.mark.browser


def plan_a_day(page: Page, service: Service, day: str) -> None:
    """A finished plan of `day` on the screen, with its lanes."""
    page.goto(f"{service.desk()}giorno/{day}")
    page.get_by_role("button", name="Pianifica", exact=True).click()
    expect(page.get_by_role("listbox", name="Linea del tempo")).to_be_visible(timeout=60_000)


def test_the_timeline_is_walked_by_keys_and_linked_with_the_list(desk: Eyes, service: Service) -> None:
    page = desk.page
    sign_in(page, service, "Pianificazione")
    plan_a_day(page, service, "2026-11-30")
    lanes = page.get_by_role("listbox", name="Linea del tempo")
    chosen = lanes.get_by_role("option", selected=True)
    opened = page.locator("[data-list] [data-row][aria-expanded=true]")

    lanes.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(chosen).to_have_attribute("aria-label", re.compile(r"^2, "))
    expect(opened).to_have_count(1)
    expect(lanes).to_have_attribute("aria-activedescendant", str(chosen.get_attribute("id")))
    page.keyboard.press("Enter")
    expect(opened).to_be_focused()

    lanes.get_by_role("option", name=re.compile(r"^3, ")).first.click()
    expect(opened).to_contain_text("3")
    page.keyboard.press("Escape")
    expect(chosen).to_have_count(0)
    expect(opened).to_have_count(0)
