"""An administrator changes a rule: sees which visits would stop, switches it on, finds it in the history."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import Eyes, Service

pytestmark = pytest.mark.browser


def change(page: Page, wanted: str, *, why: str) -> None:
    """Whether visits need an appointment, for all creditors: from the rule to the preview."""
    page.goto(page.url)
    page.get_by_role("link", name="Regole").click()
    page.get_by_role("button", name=re.compile("si fa solo su appuntamento")).click()
    page.get_by_label("appuntamento obbligatorio").select_option(label=wanted)
    expect(page.get_by_text("Una modifica in preparazione")).to_be_visible()
    page.get_by_role("button", name="Anteprima").click()
    page.get_by_label("Perché cambiano").fill(why)


def test_a_change_of_rules_is_previewed_on_the_day_and_switched_on(service: Service, desk: Eyes) -> None:
    page = desk.page
    sign_in(page, service, "Amministrazione")

    change(page, "sì", why="Il creditore chiede appuntamenti")
    expect(page.get_by_text(re.compile(r"\d+ visite si fermerebbero")).first).to_be_visible()
    page.get_by_role("button", name="Metti in vigore").click()
    expect(page.get_by_text(re.compile("versione 1, in vigore dal"))).to_be_visible()
    change(page, "no", why="Il creditore ci ha ripensato")
    page.get_by_role("button", name="Metti in vigore").click()

    expect(page.get_by_text(re.compile("versione 2, in vigore dal"))).to_be_visible()
    page.get_by_role("button", name="Storico").click()
    expect(page.get_by_text("Il creditore chiede appuntamenti")).to_be_visible()
    expect(page.get_by_text("Il creditore ci ha ripensato")).to_be_visible()
