"""An administrator lets somebody in; they sign in with the password that was shown, and choose another."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import DESK, Eyes, Service, watched

pytestmark = pytest.mark.browser


def test_who_is_let_in_signs_in_changes_the_password_and_is_shut_out(
    desk: Eyes, browser: Browser, service: Service
) -> None:
    page = desk.page
    sign_in(page, service, "Amministrazione")
    page.get_by_role("link", name="Persone").click()
    page.get_by_role("button", name="Nuova persona…").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("Nome e cognome").fill("Nora Nuova")
    sheet.get_by_label("Nome utente").fill("nora")
    sheet.get_by_label("Ruolo").select_option(label="Back office")
    sheet.get_by_role("button", name="Aggiungi").click()
    given = page.get_by_role("dialog", name="La password di Nora Nuova")
    password = given.locator(".password").inner_text()
    given.get_by_role("button", name="Chiudi").click()

    context = browser.new_context(locale="it-IT", timezone_id="Europe/Rome", **DESK)
    theirs = watched(context, service.address)
    other = theirs.page
    other.goto(service.desk())
    other.get_by_label("Nome utente").fill("nora")
    other.get_by_label("Password").fill(password)
    other.get_by_role("button", name="Entra", exact=True).click()
    other.get_by_text("Nora Nuova").click()
    other.get_by_role("button", name="Cambia password…").click()
    change = other.get_by_role("dialog")
    change.get_by_label("Password di adesso").fill(password)
    change.get_by_label("Nuova password").fill("corta")
    change.get_by_role("button", name="Cambia", exact=True).click()
    expect(change.get_by_text("almeno 10 caratteri", exact=False).last).to_be_visible()
    change.get_by_label("Nuova password").fill("una più lunga di dieci")
    change.get_by_role("button", name="Cambia", exact=True).click()
    expect(other.get_by_role("dialog", name=re.compile("Password cambiata"))).to_be_visible()

    row = page.get_by_role("row", name=re.compile("Nora Nuova"))
    row.get_by_role("button", name="Nora Nuova non lavora più qui").click()
    page.get_by_role("dialog").get_by_role("button", name="Non lavora più qui").click()
    expect(row.get_by_text("non lavora più qui")).to_be_visible()
    other.reload()
    expect(other.get_by_role("button", name="Entra", exact=True)).to_be_visible()
    theirs.saw_nothing_wrong()
    context.close()
