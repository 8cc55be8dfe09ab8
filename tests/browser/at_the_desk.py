"""The office's hands at the desk."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Service


def sign_in(page: Page, service: Service, role: str) -> None:
    page.goto(service.desk())
    page.get_by_role("button", name=re.compile(role)).click()
    expect(page.get_by_role("searchbox").or_(page.get_by_placeholder(re.compile("Nome, numero"))).first).to_be_visible()


def open_practice(page: Page, number: str) -> None:
    """Find a practice by its number, as somebody on the telephone does."""
    page.get_by_placeholder(re.compile("Nome, numero")).fill(number)
    page.keyboard.press("Enter")
    page.get_by_text(number).first.click()
