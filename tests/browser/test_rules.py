"""An administrator changes a rule: sees which visits would stop, switches it on, finds it in the history."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.at_the_desk import sign_in
from tests.browser.at_the_door import NEXT, AgentsPhone
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


def test_a_patrons_day_that_is_missing_is_entered_and_previewed(service: Service, desk: Eyes) -> None:
    page = desk.page
    sign_in(page, service, "Amministrazione")

    page.get_by_role("link", name="Regole").click()
    page.get_by_role("button", name="Inserisci").click()
    chosen = page.get_by_label("Comune", exact=True).input_value()
    page.get_by_label("Giorno", exact=True).fill("31")
    page.get_by_label("Mese").select_option(label="aprile")
    page.get_by_role("button", name="Prepara", exact=True).click()
    expect(page.get_by_text("Questo giorno non c'è in ogni anno.")).to_be_visible()
    page.get_by_label("Giorno", exact=True).fill("30")
    page.get_by_role("button", name="Prepara", exact=True).click()
    page.get_by_role("button", name="Anteprima").click()
    expect(page.get_by_text(re.compile(f"{chosen}:.*30/04/2027"))).to_be_visible()
    page.get_by_label("Perché cambiano").fill("Chiesto al comune")
    page.get_by_role("button", name="Metti in vigore").click()

    expect(page.get_by_role("heading", name="Inserite dall'agenzia")).to_be_visible()


def test_a_licence_is_renewed_and_a_missing_badge_keeps_the_agent_at_home(service: Service, desk: Eyes) -> None:
    page = desk.page
    sign_in(page, service, "Amministrazione")

    page.get_by_role("link", name="Licenze").click()
    page.get_by_role("button", name="Modifica", exact=True).first.click()
    page.get_by_label("Valida fino al").fill("2026-12-10")
    page.get_by_role("button", name="Salva").click()
    expect(page.get_by_text("La licenza scade il 10/12/2026. Rinnovala in tempo.")).to_be_visible()
    row = page.get_by_role("row").nth(3)
    row.get_by_role("button").click()
    badge = page.get_by_label("Tesserino fino al").input_value()
    page.get_by_label("Tesserino fino al").fill("")
    page.get_by_role("button", name="Salva").click()
    expect(row.get_by_text("resta a casa")).to_be_visible()
    page.get_by_role("link", name=re.compile("^Attività")).click()
    expect(page.get_by_text(re.compile("il tesserino manca o è scaduto"))).to_be_visible()

    # As it was, for the journeys that follow.
    page.get_by_role("link", name="Licenze e tesserini").first.click()
    row.get_by_role("button").click()
    page.get_by_label("Tesserino fino al").fill(badge)
    page.get_by_role("button", name="Salva").click()
    expect(row.get_by_text("resta a casa")).to_have_count(0)
    page.reload()
    page.get_by_role("button", name="Modifica", exact=True).first.click()
    page.get_by_label("Valida fino al").fill("2028-12-31")
    page.get_by_role("button", name="Salva").click()
    expect(page.get_by_text("resta a casa")).to_have_count(0)


def test_contacts_made_elsewhere_come_in_as_a_file_and_weigh(service: Service, desk: Eyes, tmp_path: Path) -> None:
    page = desk.page
    sign_in(page, service, "Back office")
    page.get_by_role("link", name="Pratiche", exact=True).click()
    number = page.locator("tbody tr").first.get_by_role("link").first.inner_text()
    file = tmp_path / "contatti.csv"
    lines = ("pratica;canale;quando;esito;colloquio", f"{number};telefonata;24/11/2026 10:30;;sì")
    file.write_text("\n".join((*lines, f"{number};piccione;24/11/2026 10:30;;sì", "P-404;lettera;20/11/2026;;no")))

    page.get_by_role("link", name="Importazioni").click()
    page.get_by_role("link", name="Contatti fatti altrove…").click()
    page.get_by_label("File dei contatti").set_input_files(file)
    page.get_by_role("button", name="Leggi e registra").click()

    expect(page.get_by_text("Nuovi: 1. Già noti: 0. Righe scartate: 2.")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("3 Il canale"))).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("4 Nessuna pratica"))).to_be_visible()
    page.get_by_role("link", name="Pratiche", exact=True).click()
    page.get_by_role("link", name=number).click()
    expect(page.get_by_text("Telefonata: colloquio con il debitore")).to_be_visible()


def test_a_call_planned_for_a_sunday_is_refused_in_the_rules_words(service: Service, desk: Eyes) -> None:
    page = desk.page
    sign_in(page, service, "Back office")
    page.get_by_role("link", name="Pratiche", exact=True).click()
    page.locator("tbody tr").first.get_by_role("link").first.click()

    page.get_by_role("button", name="Programma un contatto").click()
    page.get_by_label("Giorno", exact=True).fill("2026-11-29")
    page.get_by_label("Ora", exact=True).fill("10:00")
    page.get_by_role("button", name="Programma", exact=True).click()

    expect(page.get_by_text("Di domenica non si va e non si telefona.")).to_be_visible()


def test_an_act_recorded_on_the_wrong_practice_is_taken_back_and_stays_to_be_read(service: Service, desk: Eyes) -> None:
    page = desk.page
    sign_in(page, service, "Back office")
    page.get_by_role("link", name=re.compile("^Pratiche")).click()
    page.get_by_role("table").get_by_role("link").first.click()
    acts = page.get_by_role("region", name="Atti che interrompono la prescrizione")

    acts.get_by_role("button", name="Registra un atto").click()
    acts.get_by_label("Riferimento").fill("PEC 4711")
    acts.get_by_role("button", name="Registra l'atto").click()
    expect(acts.get_by_text("PEC 4711")).to_be_visible()
    acts.get_by_role("button", name="Annulla la registrazione").click()
    sheet = page.get_by_role("dialog", name="Annulla la registrazione")
    sheet.get_by_label("Perché era sbagliata").fill("errore")
    sheet.get_by_role("button", name="Annulla la registrazione").click()
    expect(sheet.get_by_text("almeno 10 lettere")).to_be_visible()
    sheet.get_by_label("Perché era sbagliata").fill("Era la PEC di un'altra pratica")
    sheet.get_by_role("button", name="Annulla la registrazione").click()

    expect(acts.get_by_text(re.compile("annullata da .* Era la PEC di un'altra pratica"))).to_be_visible()
    expect(acts.get_by_role("button", name="Annulla la registrazione")).to_have_count(0)
    expect(page.get_by_text(re.compile("Annullata la registrazione dell'atto .*PEC 4711"))).to_be_visible()


def test_an_agent_without_a_badge_does_not_check_in(service: Service, desk: Eyes, phone: Eyes) -> None:
    door = phone.page
    door.goto(service.agent())
    who = door.get_by_role("button", name=re.compile("^Entra come"))
    name = who.inner_text().split("Entra come", 1)[1].split("\n")[0].strip()
    page = desk.page
    sign_in(page, service, "Amministrazione")
    page.get_by_role("link", name="Licenze").click()
    row = page.get_by_role("row", name=re.compile(name))
    row.get_by_role("button").click()
    badge = page.get_by_label("Tesserino fino al").input_value()
    page.get_by_label("Tesserino fino al").fill("")
    page.get_by_role("button", name="Salva").click()
    expect(row.get_by_text("resta a casa")).to_be_visible()

    agent = AgentsPhone(door, service.agent())
    agent.enrol()
    agent.tap(NEXT)

    expect(door.get_by_role("button", name="Arrivato")).to_be_disabled()
    expect(door.get_by_text(re.compile("tesserino", re.IGNORECASE)).first).to_be_visible()
    # As it was, for the journeys that follow.
    row.get_by_role("button").click()
    page.get_by_label("Tesserino fino al").fill(badge)
    page.get_by_role("button", name="Salva").click()
    expect(row.get_by_text("resta a casa")).to_have_count(0)
