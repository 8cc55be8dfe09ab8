"""An agent changes the own password on the phone; the PIN stays, and the phone goes on as it is."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.at_the_door import AgentsPhone
from tests.browser.conftest import Eyes, Service

pytestmark = pytest.mark.browser


def test_an_agent_changes_the_own_password_and_nobody_elses(phone: Eyes, service: Service) -> None:
    page = phone.page
    agent = AgentsPhone(page, service.agent())
    agent.enrol("agente2")
    page.get_by_role("link", name="Telefono").click()

    def change(login: str, old: str, fresh: str) -> None:
        sheet.get_by_label("Nome utente").fill(login)
        sheet.get_by_label("Password attuale").fill(old)
        sheet.get_by_label("Nuova password").fill(fresh)
        sheet.get_by_role("button", name="Cambia", exact=True).click()

    page.get_by_role("button", name="Cambia password").click()
    sheet = page.get_by_role("dialog", name="Cambia password")
    change("agente2", "non è questa", "una frase lunga e mia")
    expect(sheet.get_by_text("non corrispond", exact=False)).to_be_visible()
    change("agente1", "demo-fieldapp", "una frase lunga e mia")
    expect(sheet.get_by_text("è di un'altra persona")).to_be_visible()
    change("agente2", "demo-fieldapp", "una frase lunga e mia")
    expect(sheet.get_by_text("Password cambiata")).to_be_visible()
    sheet.get_by_role("button", name="Chiudi").click()
    page.get_by_role("button", name="Cambia password").click()
    change("agente2", "una frase lunga e mia", "demo-fieldapp")
    expect(sheet.get_by_text("Password cambiata")).to_be_visible()
    # The session that it took is gone with it.
    assert page.request.get(f"{service.address}/api/v1/session").status == 401
    sheet.get_by_role("button", name="Chiudi").click()
    page.get_by_role("link", name="Oggi").click()
    expect(page.get_by_role("heading", name="Oggi")).to_be_visible()
