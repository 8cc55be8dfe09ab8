"""Somebody else pays in the debtor's presence, without network: asked, named on the receipt, seen by the office."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.at_the_desk import open_practice, sign_in
from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import Eyes, Service

pytestmark = pytest.mark.browser


def test_a_sister_pays_without_network_and_the_receipt_and_the_office_say_so(
    phone: Eyes, desk: Eyes, service: Service, books: Books
) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol()
    agent.lose_network()
    stop = agent.open_next()
    before = books.practice(stop)
    debtor = next(one["name"] for one in before["obligors"] if one["role"] == "debtor")
    agent.meet_debtor()
    agent.tap("Incasso parziale")
    agent.choose("Non ha tutto l'importo")
    agent.pay("Contanti", "30,00", {})
    look = page.get_by_role("button", name="Guardate insieme")
    who = page.get_by_role("group", name="Chi paga?")
    expect(who.get_by_role("radio", name=debtor)).to_be_checked()

    # Nothing goes on before it is known who pays, and that the debtor wants it.
    agent.choose("Un’altra persona", of="Chi paga")
    look.click()
    for said in ("Scrivi il nome", "Scegli che cos’è", "Guarda un documento", "Chiedilo al debitore"):
        expect(page.get_by_role("alert").filter(has_text=said)).to_be_visible()
    agent.type("Nome e cognome di chi paga", "Lucia Neri")
    agent.choose("Parente", of="Che cos’è")
    page.get_by_text(f"{debtor} è qui, l’ho chiesto").click()
    agent.choose("Nessuno", of="Documento che ha mostrato")
    expect(page.get_by_text("prima scrivi chi è")).to_be_visible()
    expect(look).to_be_disabled()
    agent.choose("Passaporto", of="Documento che ha mostrato")
    expect(page.get_by_text("L'ufficio lo vedrà")).to_be_visible()
    agent.look_together()
    expect(page.get_by_text(f"paga Lucia Neri (parente), per conto di {debtor}")).to_be_visible()
    agent.hold("ieni premuto")
    expect(page.get_by_role("img", name="Ricevuta")).to_be_visible()
    paper = page.locator("dialog[open]").inner_text()
    agent.tap("Fatto")
    signed = agent.read_what_is_signed()
    agent.sign()
    agent.finish()
    agent.find_network()
    agent.delivered()

    assert f"Pagato da\n\nLucia Neri (parente), per conto di {debtor}" in paper
    assert "Lucia Neri ha pagato 30,00 € per mio conto" in signed
    after = books.practice(stop)
    assert before["owed_cents"] - after["owed_cents"] == 3_000
    assert after["receipts"][0]["paid_by"] == {"name": "Lucia Neri", "capacity": "relative", "document": "passport"}
    sign_in(desk.page, service, "Back office")
    open_practice(desk.page, after["practice_number"])
    shown = "pagato da Lucia Neri (parente, passaporto) per conto del debitore"
    expect(desk.page.get_by_text(shown).first).to_be_visible()


def test_where_the_debtor_is_not_there_nobody_is_asked_to_pay(phone: Eyes, service: Service) -> None:
    agent = AgentsPhone(phone.page, service.agent())
    agent.enrol("agente2")
    agent.open_next()
    agent.meet_third_party("Parente")

    expect(phone.page.get_by_role("button", name="Registra un incasso")).to_have_count(0)
    expect(phone.page.get_by_text("Chi paga?")).to_have_count(0)
