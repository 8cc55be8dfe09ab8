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
