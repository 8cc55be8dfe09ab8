"""An administrator enters what papers say of the agency and of a creditor, whose account then changes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import Eyes, Service

pytestmark = pytest.mark.browser


def test_a_house_is_set_up_and_a_creditors_account_changes_with_a_word_on_who_said_so(
    desk: Eyes, service: Service
) -> None:
    page = desk.page
    sign_in(page, service, "Amministrazione")
    page.get_by_role("link", name="Agenzia", exact=True).click()
    ours = page.get_by_role("region", name="Come ci chiamano le carte")
    expect(ours.get_by_text("99999990155")).to_be_visible()
    ours.get_by_role("button", name="Modifica…").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("Partita IVA").fill("99999990156")
    sheet.get_by_role("button", name="Salva").click()
    expect(sheet.get_by_text("non torna con la sua cifra di controllo")).to_be_visible()
    sheet.get_by_label("Partita IVA").fill("99999990155")
    sheet.get_by_label("Telefono").fill("0371 555555")
    sheet.get_by_role("button", name="Salva").click()
    expect(ours.get_by_text("0371 555555")).to_be_visible()

    page.get_by_role("button", name="Nuovo creditore…").click()
    new = page.get_by_role("dialog", name="Nuovo creditore")
    new.get_by_label("Nome o ragione sociale").fill("Banca dell'Adda S.p.A.")
    new.get_by_role("button", name="Salva").click()
    row = page.get_by_role("row", name=re.compile("Banca dell'Adda"))
    expect(row.get_by_text("manca il conto")).to_be_visible()

    def with_account(iban: str, confirmed: str | None) -> None:
        row.get_by_role("button", name="Modifica Banca dell'Adda").click()
        change = page.get_by_role("dialog")
        change.get_by_label("IBAN").fill(iban)
        if confirmed is not None:
            expect(change.get_by_text("la truffa più comune")).to_be_visible()
            change.get_by_label("Dov'è stato comunicato").fill(confirmed)
        change.get_by_role("button", name="Salva").click()

    with_account("it60x0542811101000000123456", None)
    expect(row.get_by_text("IT60 X054 2811 1010 0000 0123 456")).to_be_visible()
    with_account("IT40 S054 2811 1010 0000 0123 456", "PEC del 1/12, sentita la dott.ssa Riva")
    expect(row.get_by_text("IT40 S054 2811 1010 0000 0123 456")).to_be_visible()

    page.get_by_role("link", name="Registro", exact=True).click()
    expect(page.get_by_text("sentita la dott.ssa Riva")).to_be_visible()
    page.get_by_role("link", name="Importazioni", exact=True).click()
    expect(page.get_by_label("Creditore").get_by_role("option", name="Banca dell'Adda S.p.A.")).to_be_attached()
