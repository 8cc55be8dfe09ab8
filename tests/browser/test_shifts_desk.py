"""Shifts and absences at the desk: entered and withdrawn before the day, by keys, with nothing that axe finds."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import Eyes, Service
from tests.browser.test_board import SOON

pytestmark = pytest.mark.browser


def looked_at(page: Page, name: str) -> None:
    """What axe finds in the open sheet or on the board: nothing; a picture of it where a folder is named for it."""
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert [one["id"] for one in found.response["violations"]] == []
    folder = os.environ.get("FIELDAPP_LOOK")
    if folder:
        for width, height in ((1440, 900), (1280, 800)):
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=str(Path(folder) / f"{name}-{width}.png"))


def test_an_absence_is_entered_and_withdrawn_before_the_day(desk: Eyes, service: Service) -> None:
    page = desk.page
    sign_in(page, service, "Pianificazione")
    page.goto(f"{service.desk()}giorno/2026-12-15")
    page.get_by_role("button", name="Turni e assenze…").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("Motivo").select_option("training")
    looked_at(page, "shifts")
    sheet.get_by_role("button", name="Inserisci l'assenza").press("Enter")
    expect(sheet.get_by_text("formazione", exact=False).first).to_be_visible(timeout=SOON)
    sheet.get_by_role("button", name=re.compile("^Togli: ")).first.press("Enter")
    expect(sheet.get_by_text("Nessuna assenza inserita.")).to_be_visible(timeout=SOON)


def test_a_week_under_a_name_is_given_to_another_agent(desk: Eyes, service: Service) -> None:
    page = desk.page
    sign_in(page, service, "Pianificazione")
    page.goto(f"{service.desk()}giorno/2026-12-15")
    page.get_by_role("button", name="Turni e assenze…").click()
    sheet = page.get_by_role("dialog")
    week = sheet.get_by_role("form", name="Settimana")
    saturday = week.get_by_role("group", name="sabato")
    for weekday in ("lunedì", "martedì", "mercoledì", "giovedì", "venerdì"):
        week.get_by_role("group", name=weekday).get_by_label("Alle", exact=True).fill("13:00")
    saturday.get_by_label("lavora").check()
    saturday.get_by_label("Dalle", exact=True).fill("08:00")
    saturday.get_by_label("Alle", exact=True).fill("12:30")

    # Kept by keys; nobody's week is saved by that.
    week.get_by_label("Nome del modello").fill("Mezza giornata")
    week.get_by_label("Nome del modello").press("Enter")
    expect(week.get_by_text("Modello salvato: Mezza giornata.")).to_be_visible(timeout=SOON)
    looked_at(page, "shifts-template")
    sheet.get_by_role("button", name="Chiudi").click()
    hours = page.get_by_role("group", name="Agenti").locator("label")
    expect(hours.filter(has_text="–13:00")).to_have_count(0)

    # It is there again for a colleague, and for them alone.
    page.get_by_role("button", name="Turni e assenze…").click()
    agent = sheet.get_by_label("Agente", exact=True)
    name = agent.get_by_role("option").nth(1).inner_text()
    agent.select_option(label=name)
    expect(week.get_by_role("group", name="lunedì").get_by_label("Alle", exact=True)).not_to_have_value("13:00")
    week.get_by_label("Modello", exact=True).select_option(label="Mezza giornata")
    expect(saturday.get_by_label("Alle", exact=True)).to_have_value("12:30")
    expect(week.get_by_label("Per chi").locator("option:checked")).to_have_text(f"Solo {name}")
    week.get_by_label("Vale dal").fill("2026-12-15")
    week.get_by_role("button", name="Salva la settimana").press("Enter")
    expect(week.get_by_text("Salvata: vale per i piani da fare.")).to_be_visible(timeout=SOON)
    week.get_by_role("button", name="Togli il modello Mezza giornata").click()
    expect(week.get_by_label("Modello", exact=True)).to_have_count(0, timeout=SOON)
    sheet.get_by_role("button", name="Chiudi").click()
    expect(hours.filter(has_text="–13:00")).to_have_count(1)
    expect(hours.filter(has_text="–13:00")).to_contain_text(name)
