"""In the queue of doubtful addresses the right one is typed, by keyboard alone; the practice file tells its sources."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.at_the_desk import open_practice, sign_in
from tests.browser.books import Books
from tests.browser.conftest import Eyes, Service
from tests.browser.test_accessibility import violations
from tests.browser.test_office_day import a_place

pytestmark = pytest.mark.browser


def test_the_right_address_is_typed_by_keyboard_and_its_sources_are_told(
    service: Service, desk: Eyes, books: Books
) -> None:
    page, place = desk.page, a_place(books)
    street, number = place.street.rsplit(" ", 1)
    sign_in(page, service, "Back office")
    page.get_by_role("link", name=re.compile("^Indirizzi")).first.click()
    wrong = page.get_by_role("heading", level=2).inner_text()
    practice = page.get_by_role("complementary").get_by_role("link").locator(".figure").inner_text()

    box = page.get_by_role("combobox", name="Scrivi l'indirizzo giusto")
    offers = page.get_by_role("listbox", name="Indirizzi proposti")
    box.focus()
    page.keyboard.type(f"{place.comune}, {street}".lower(), delay=20)
    expect(offers.get_by_role("option").first).to_contain_text(street)
    expect(page.get_by_text(re.compile("^Proposte: "))).to_be_attached()
    page.keyboard.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", re.compile("-0$"))
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(offers).to_be_hidden()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    # The street is chosen and its numbers are offered: the cursor waits where the number stands.
    page.keyboard.type(number, delay=20)
    expect(offers.get_by_role("option").first).to_contain_text(f"{street} {number}, ")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(f"^Al suo posto: {re.escape(street)} {number}, "))).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Conferma questo indirizzo")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_text(re.compile(f"^Confermato.*{re.escape(street)} {number}"))).to_be_visible()
    expect(page.get_by_role("list", name="Indirizzi da confermare").get_by_text(wrong)).to_have_count(0)
    open_practice(page, practice)
    story = page.get_by_role("list", name=re.compile(f"^Da dove viene: {re.escape(street)} {number}"))
    steps = story.get_by_role("listitem")
    expect(steps.nth(0)).to_contain_text(
        re.compile(f"in {re.escape(street)} {number}, .* prima era {re.escape(wrong)}")
    )
    expect(steps.nth(1)).to_contain_text("Ricevuto nel file ")
    story.scroll_into_view_if_needed()
    steps.nth(0).get_by_role("button", name="Rimetti dov'era").click()
    expect(page.get_by_role("list", name=f"Da dove viene: {wrong}").get_by_role("listitem")).to_have_count(3)
