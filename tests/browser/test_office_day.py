"""The office's side of the line: a creditor's file comes in, a day is planned and published."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import Eyes, Service

pytestmark = pytest.mark.browser

HEADINGS = (
    "Numero pratica;Debitore;Tipo soggetto;Codice fiscale;Partita IVA;Data nascita;Coobbligato;Ruolo coobbligato;"
    "CF coobbligato;Indirizzo;CAP;Comune;Provincia;Telefono 1;Telefono 2;Titolo;Tipo credito;Scadenza;Capitale;"
    "Interessi;Spese;Totale;Data affidamento;Data fine mandato;Saldo al;Responsabile pratica;Fase;Revocata"
)


def a_row(number: str, name: str, *, due: str = "08/03/2026", total: str = "500,00") -> str:
    return (
        f"{number};{name};PF;;;03/04/1980;;;;Corso Vittorio Emanuele II 2;26900;Lodi;LO;300 0009999;;Gas n. {number};"
        f"Gas;{due};450,00;40,00;10,00;{total};04/11/2026;04/01/2027;23/11/2026;Ilaria Scarpanini;Seconda lettera;N"
    )


def a_file(folder: Path) -> Path:
    """Two good rows and one whose due date does not exist."""
    path = folder / "affidamento.csv"
    rows = [
        a_row("NUO-001", "Rovelli Ada"),
        a_row("NUO-002", "Sangalli Ugo"),
        a_row("NUO-003", "X Y", due="31/02/2026"),
    ]
    path.write_bytes("\r\n".join([HEADINGS, *rows, ""]).encode())
    return path


def test_a_creditors_file_comes_in_by_the_front_door(desk: Eyes, service: Service, tmp_path: Path) -> None:
    page = desk.page
    sign_in(page, service, "Back office")

    page.get_by_role("link", name="Importazioni").click()
    page.get_by_label("Creditore").select_option(label="Lume Energia e Gas S.p.A.")
    page.get_by_label("File delle pratiche").set_input_files(a_file(tmp_path))
    page.get_by_role("button", name="Leggi il file").click()
    expect(page.get_by_text("Prova finita")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("NUO-003")).to_be_visible()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Scarica il file degli scarti").click()
    page.get_by_role("button", name=re.compile("Conferma e importa 2 righe")).click()
    expect(page.get_by_text("Le pratiche sono al loro posto")).to_be_visible(timeout=30_000)

    back = Path(downloading.value.path()).read_text("utf-8-sig")
    assert "Motivo" in back
    assert "NUO-003" in back
    assert "NUO-001" not in back


def an_unknown_file(folder: Path) -> Path:
    path = folder / "posizioni.csv"
    rows = [
        f"SCO-{i};Rovelli Ada;RCCMNL83S18D969H;Via Roma {i};Lodi;26900;Bolletta {i};2026-06-01;100,00;2,50;102,50;"
        "2026-10-01;2026-12-31;2026-11-20"
        for i in range(1, 5)
    ]
    heading = (
        "NDG;Intestatario;CF;Residenza;Località;CAP;Causale;Scadenza;Sorte;Mora;Importo;Inizio mandato;Fine affido;"
        "Saldo al"
    )
    path.write_bytes("\r\n".join([heading, *rows, ""]).encode("windows-1252"))
    return path


def test_an_unknown_file_gets_a_layout_and_comes_in(desk: Eyes, service: Service, tmp_path: Path) -> None:
    page = desk.page
    sign_in(page, service, "Back office")

    page.get_by_role("link", name="Importazioni").click()
    page.get_by_label("Creditore").select_option(label="Lume Energia e Gas S.p.A.")
    page.get_by_label("File delle pratiche").set_input_files(an_unknown_file(tmp_path))
    page.get_by_role("button", name=re.compile("Tracciato sconosciuto")).click()
    expect(page.get_by_text(re.compile("4 righe accettate"))).to_be_visible(timeout=30_000)
    page.get_by_label("Significato di «Importo»").select_option(label="non leggere")
    page.get_by_role("button", name="Prova sul file").click()
    expect(page.get_by_text(re.compile("si contraddice"))).to_be_visible()
    page.get_by_label("Significato di «Importo»").select_option(label="Totale dovuto")
    page.get_by_role("button", name="Prova sul file").click()
    expect(page.get_by_role("cell", name="SCO-1", exact=True)).to_be_visible()
    page.get_by_label("Nome del tracciato").fill("Lume posizioni")
    page.get_by_role("button", name="Salva il tracciato e leggi il file").click()

    expect(page.get_by_text("Prova finita")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name=re.compile("Conferma e importa 4 righe")).click()
    expect(page.get_by_text("Le pratiche sono al loro posto")).to_be_visible(timeout=30_000)


def test_a_dispatcher_plans_and_publishes_a_day(desk: Eyes, service: Service) -> None:
    page = desk.page
    sign_in(page, service, "Pianificazione")

    page.goto(f"{service.desk()}giorno/{date(2026, 11, 27).isoformat()}")
    page.get_by_role("button", name="Pianifica", exact=True).click()
    expect(page.get_by_text(re.compile("Fuori dal giro"))).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Pubblica", exact=True).click()
    page.get_by_role("button", name="Pubblica il giro").click()

    expect(page.get_by_text(re.compile("Pubblicato come versione 1|versione 1")).first).to_be_visible()
