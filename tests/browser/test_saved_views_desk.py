"""A list as somebody filtered it is kept under a name, found again, and forgotten."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import Eyes, Service

pytestmark = pytest.mark.browser


def test_a_filtered_list_is_kept_chosen_again_and_forgotten(service: Service, desk: Eyes) -> None:
    page = desk.page
    sign_in(page, service, "Back office")
    page.get_by_role("link", name="Pratiche", exact=True).click()
    page.get_by_label("Stato").select_option(label="Chiusa")
    page.get_by_label("Segnale").select_option(label="contestata")

    page.get_by_role("button", name="Salva la vista").click()
    sheet = page.get_by_role("dialog", name="Salva la vista")
    sheet.get_by_label("Nome").fill("Chiuse e contestate")
    sheet.get_by_label("La vedono tutti in ufficio").check()
    sheet.get_by_role("button", name="Salva la vista").click()
    expect(sheet).to_be_hidden()

    views = page.get_by_label("Viste salvate")
    expect(views).to_have_value(re.compile(".+"))
    views.select_option(label="Viste…")
    expect(page).to_have_url(re.compile(r"/pratiche$"))
    page.reload()
    views.select_option(label="Chiuse e contestate")
    expect(page).to_have_url(re.compile("segnale="))
    expect(page.get_by_label("Stato")).to_have_value("closed")

    page.get_by_role("button", name="Salva la vista").click()
    sheet.get_by_role("button", name="Elimina la vista Chiuse e contestate").click()
    expect(sheet.get_by_role("button", name=re.compile("^Elimina la vista"))).to_have_count(0)
    page.keyboard.press("Escape")
    expect(views.get_by_role("option")).to_have_count(1)
