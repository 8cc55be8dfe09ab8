"""The office's hands at the desk."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Service


def sign_in(page: Page, service: Service, role: str) -> None:
    page.goto(service.desk())
    page.get_by_role("button", name=re.compile(role)).click()
    expect(page.get_by_role("searchbox").or_(page.get_by_placeholder(re.compile("Nome, numero"))).first).to_be_visible()


def open_practice(page: Page, number: str) -> None:
    """Find a practice by its number, as somebody on the telephone does."""
    page.get_by_placeholder(re.compile("Nome, numero")).fill(number)
    page.keyboard.press("Enter")
    page.get_by_text(number).first.click()


def bring_unknown_file(page: Page) -> None:
    """On the page of imports: a file in nobody's layout, up to the columns that are proposed for it."""
    rows = [
        f"SCO-{i};Rovelli Ada;RCCMNL83S18D969H;Via Roma {i};Lodi;26900;Bolletta {i};2026-06-01;100,00;2,50;102,50;"
        "2026-10-01;2026-12-31;2026-11-20"
        for i in range(1, 5)
    ]
    heading = (
        "NDG;Intestatario;CF;Residenza;Località;CAP;Causale;Scadenza;Sorte;Mora;Importo;Inizio mandato;Fine affido;"
        "Saldo al"
    )
    content = "\r\n".join([heading, *rows, ""]).encode("windows-1252")
    page.get_by_label("Creditore").select_option(label="Lume Energia e Gas S.p.A.")
    page.get_by_label("File delle pratiche").set_input_files(
        {"name": "posizioni.csv", "mimeType": "text/csv", "buffer": content}
    )
    page.get_by_role("button", name=re.compile("Tracciato sconosciuto")).click()
    expect(page.get_by_text(re.compile("4 righe accettate"))).to_be_visible(timeout=30_000)
