"""Many practices are chosen by hand, by the page and by a filter; an action is seen first, then done and undone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import Eyes, Service
from tests.browser.test_accessibility import violations

pytestmark = pytest.mark.browser
CHOSEN = "Pratiche scelte"


def open_practices(page: Page, service: Service) -> None:
    sign_in(page, service, "Back office")
    page.get_by_role("link", name="Pratiche", exact=True).click()
    # What is counted and chosen is the list that the filter leaves, not the one before it.
    with page.expect_response(re.compile(r"/practices\?.*state=open")):
        page.get_by_label("Stato").select_option(label="Aperta")
    expect(page.get_by_role("table", name="Pratiche").get_by_role("row").nth(2)).to_be_visible()


def test_practices_are_suspended_by_mouse_seen_first_and_resumed(service: Service, desk: Eyes, tmp_path: Path) -> None:
    page = desk.page
    open_practices(page, service)
    boxes = page.get_by_role("checkbox", name=re.compile(r"^Scegli (?!quelle)"))
    boxes.nth(0).check()
    boxes.nth(4).click(modifiers=["Shift"])
    bar = page.get_by_role("region", name=CHOSEN)
    expect(bar.get_by_role("status")).to_have_text("5 scelte")
    boxes.nth(2).uncheck()
    expect(bar.get_by_role("status")).to_have_text("4 scelte")
    with page.expect_download() as arriving:
        bar.get_by_role("button", name="Scarica CSV").click()
    saved = tmp_path / "elenco.csv"
    arriving.value.save_as(saved)
    assert len(saved.read_text("utf-8-sig").splitlines()) == 5

    bar.get_by_role("button", name="Azione su tutte").click()
    sheet = page.get_by_role("dialog", name="Azione su tutte")
    sheet.get_by_label("Che cosa fare").select_option(label="Sospendi visite e telefonate")
    sheet.get_by_label("Perché").fill("Il creditore verifica i saldi")
    assert violations(page) == []
    sheet.get_by_role("button", name="Vedi l'anteprima").click()
    preview = page.get_by_role("dialog", name="Anteprima")
    preview.get_by_text("pratiche: si farà").click()
    expect(preview.get_by_role("link")).to_have_count(4)
    expect(preview.get_by_text("Si può annullare")).to_be_visible()
    assert violations(page) == []
    preview.get_by_role("button", name="Fai per 4 pratiche").click()
    result = page.get_by_role("dialog", name="Risultato")
    expect(result.get_by_text("pratiche: fatto")).to_be_visible()
    result.get_by_role("button", name="Chiudi").click()
    expect(page.get_by_role("table", name="Pratiche").get_by_text("sospesa")).to_have_count(4)

    # The way back is still there after the page was left.
    page.reload()
    page.get_by_role("button", name="Azioni fatte").click()
    history = page.get_by_role("dialog", name="Azioni fatte")
    expect(history.get_by_role("listitem").first).to_contain_text("4 di 4")
    history.get_by_role("button", name="Sospendi visite e telefonate").first.click()
    history.get_by_role("button", name="Annulla l'azione").click()
    expect(history.get_by_text("Annullata per 4 pratiche.")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("table", name="Pratiche").get_by_text("sospesa")).to_have_count(0)


def test_everything_that_a_filter_finds_is_given_a_task_by_keyboard_alone(service: Service, desk: Eyes) -> None:
    page = desk.page
    open_practices(page, service)
    found = page.get_by_role("status").filter(has_text="in tutto")
    count = int(re.sub(r"\D", "", found.inner_text()))
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    bar = page.get_by_role("region", name=CHOSEN)
    expect(bar.get_by_role("status")).to_have_text("2 scelte")
    bar.get_by_role("button", name=re.compile("^Scegli tutte le")).focus()
    page.keyboard.press("Enter")
    expect(bar.get_by_role("status")).to_have_text(f"{count} scelte")
    # The second row is taken out again: all but one.
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(bar.get_by_role("status")).to_have_text(f"{count - 1} scelte")
    bar.get_by_role("button", name="Azione su tutte").focus()
    page.keyboard.press("Enter")
    sheet = page.get_by_role("dialog", name="Azione su tutte")
    sheet.get_by_label("Che cosa c'è da fare").focus()
    page.keyboard.type("Chiedere il nuovo recapito")
    page.keyboard.press("Enter")
    preview = page.get_by_role("dialog", name="Anteprima")
    act = preview.get_by_role("button", name=f"Fai per {count - 1} pratiche")
    expect(act).to_be_visible()
    act.focus()
    page.keyboard.press("Enter")
    result = page.get_by_role("dialog", name="Risultato")
    expect(result.get_by_text("pratiche: fatto")).to_be_visible()
    page.keyboard.press("Escape")
    expect(result).to_be_hidden()

    # The same once more: nobody gets it twice, and the preview says so.
    bar.get_by_role("button", name="Azione su tutte").click()
    sheet.get_by_label("Che cosa c'è da fare").fill("Chiedere il nuovo recapito")
    sheet.get_by_role("button", name="Vedi l'anteprima").click()
    expect(preview.get_by_role("button", name="Nessuna da fare")).to_be_disabled()
    preview.get_by_text("Ha già la stessa attività aperta").click()
    expect(preview.get_by_role("link").first).to_be_visible()
