"""A creditor's order of payments is set at the desk, its effect shown; the phone lays money by it."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.at_the_desk import sign_in
from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import Eyes, Service

pytestmark = pytest.mark.browser


def test_an_order_set_at_the_desk_is_what_the_phone_shows_and_the_books_keep(
    phone: Eyes, desk: Eyes, service: Service, books: Books
) -> None:
    page = desk.page
    sign_in(page, service, "Amministrazione")
    for creditor in {books.practice(stop)["creditor"]["id"] for stop in books.stops}:
        page.goto(f"{service.desk()}condizioni?creditore={creditor}")
        form = page.get_by_role("form", name="Come il denaro estingue il debito")
        save = form.get_by_role("button", name="Salva l'ordine")
        expect(save).to_be_disabled()
        form.get_by_label("Ordine").select_option("principal,costs,interest")
        expect(form.get_by_text("spese 20,00 € · interessi 15,00 € · capitale 15,00 €")).to_be_visible()
        expect(form.get_by_text("spese 0,00 € · interessi 0,00 € · capitale 50,00 €")).to_be_visible()
        form.get_by_label("Dove è stato concordato").fill("convenzione del 3 marzo 2026, art. 7")
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
        assert [one["id"] for one in found.response["violations"]] == []
        save.click()
        history = page.get_by_role("region", name="Ordine nel tempo")
        expect(history.get_by_text(re.compile("capitale, spese, interessi · "))).to_be_visible()

    hands = AgentsPhone(phone.page, service.agent())
    hands.enrol()
    hands.lose_network()
    before = books.practice(hands.open_next())
    hands.meet_debtor()
    hands.tap("Incasso parziale")
    hands.choose("Aspetta un'entrata")
    hands.pay("Contanti", "20,00", {})
    hands.look_together()
    expect(phone.page.get_by_text(re.compile("capitale 20,00"))).to_be_visible()
    hands.receive()
    hands.finish()
    hands.find_network()
    hands.page.get_by_role("link", name="Invio").click()
    hands.delivered()

    after = next(one for one in [books.practice(stop) for stop in books.stops] if one["id"] == before["id"])
    [was, now] = [file["debt_lines"][0] for file in (before, after)]
    assert now["principal_cents"] == was["principal_cents"] - 2_000
    assert [now[part] for part in ("interest_cents", "costs_cents")] == [
        was[part] for part in ("interest_cents", "costs_cents")
    ]
