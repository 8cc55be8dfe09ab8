"""What a creditor asks of all visits is set at the desk, and stands in the file of each of its practices."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.at_the_desk import sign_in
from tests.browser.books import Books
from tests.browser.conftest import Eyes, Service

pytestmark = pytest.mark.browser


def test_an_administrator_says_what_whoever_visits_for_a_creditor_must_have(
    desk: Eyes, service: Service, books: Books
) -> None:
    page = desk.page
    practice = books.practice(next(iter(books.stops)))
    sign_in(page, service, "Amministrazione")

    page.goto(f"{service.desk()}condizioni?creditore={practice['creditor']['id']}")
    form = page.get_by_role("form", name="Competenze per tutte le visite")
    save = form.get_by_role("button", name="Salva")
    expect(save).to_be_disabled()
    form.get_by_label("casi difficili").check()
    form.get_by_label("tedesco").check()
    save.click()
    expect(form.get_by_text("Salvato: vale dal prossimo piano.")).to_be_visible()
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert [one["id"] for one in found.response["violations"]] == []

    page.goto(f"{service.desk()}pratiche/{practice['id']}")
    expect(page.get_by_text("Chiede il creditore: tedesco, casi difficili")).to_be_visible()
