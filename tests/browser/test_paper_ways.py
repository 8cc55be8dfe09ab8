"""Nobody must hand over their number: a receipt on paper, or sent by the office to where its owner says."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.at_the_desk import open_practice, sign_in
from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import Eyes, Service

pytestmark = pytest.mark.browser


def test_a_receipt_is_saved_or_sent_by_the_office_with_consent(
    phone: Eyes, desk: Eyes, service: Service, books: Books
) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    # The system's own share sheet, which this browser lacks: only whether it is offered, and how, is looked at.
    page.add_init_script("navigator.canShare = () => true")
    agent.enrol("agente2")
    agent.lose_network()
    stop = agent.open_next()
    agent.meet_debtor()
    agent.tap("Incasso parziale")
    agent.choose("Non ha tutto l'importo")
    agent.pay("Contanti", "20,00", {})
    agent.look_together()
    agent.hold("ieni premuto")
    expect(page.get_by_role("img", name="Ricevuta")).to_be_visible()

    agent.tap("Altri modi di darla")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Stampa o salva").click()
    expect(page.get_by_text("vede il tuo numero")).to_be_visible()
    titles = page.locator("dialog[open]").last.get_by_role("heading", level=3).all_inner_texts()
    agent.choose("E-mail", of="Come la vuole")
    ask = page.get_by_role("button", name="Chiedi all’ufficio di mandarla")
    expect(ask).to_be_disabled()
    agent.type("Indirizzo e-mail", "mario.bianchi")
    page.get_by_text("È d’accordo che si usi questo indirizzo").click()
    ask.click()
    expect(page.get_by_text("il foglio non arriva")).to_be_visible()
    agent.type("Indirizzo e-mail", "mario.bianchi@example.it")
    ask.click()
    expect(page.get_by_text("L’ufficio la manderà.")).to_be_visible()
    agent.tap("Fatto")
    agent.finish()
    agent.find_network()
    agent.delivered()

    with Image.open(Path(downloading.value.path())) as paper:
        assert paper.format == "PNG"
    assert titles == ["Su carta", "La manda l’ufficio", "Dal tuo telefono"]
    sign_in(desk.page, service, "Back office")
    open_practice(desk.page, books.practice(stop)["practice_number"])
    expect(desk.page.get_by_text("mario.bianchi@example.it").first).to_be_visible()
