"""The whole line in a real Chromium: a file comes in, a day is planned, a visit without network, a euro arrives."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from fieldapp.app import assemble
from fieldapp.domain.access import Role
from fieldapp.store import founding, ledger, tables
from fieldapp.store.database import GATE, Scope
from tests.browser.conftest import Eyes, Service, apart

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


def sign_in_at_desk(page: Page, service: Service, role: str) -> None:
    page.goto(service.desk())
    page.get_by_role("button", name=re.compile(role)).click()
    expect(page.get_by_role("searchbox").or_(page.get_by_placeholder(re.compile("Nome, numero"))).first).to_be_visible()


def enrol(page: Page, service: Service) -> None:
    page.goto(service.agent())
    page.get_by_role("button", name=re.compile("Entra come")).click()
    page.get_by_role("button", name="Attiva questo telefono").click()
    expect(page.get_by_role("button", name="Apri la visita")).to_be_visible(timeout=20_000)
    # The second start: from here on the app's own copy answers.
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    expect(page.get_by_role("button", name="Apri la visita")).to_be_visible(timeout=20_000)


def hold(page: Page, name: str) -> None:
    """Press and hold, as two people look at the screen."""
    button = page.get_by_role("button", name=re.compile(name))
    box = button.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(1_600)
    page.mouse.up()


def pay_in_cash(page: Page, amount: str) -> str:
    """From the next visit on the screen to a receipt in hand; returns the receipt's number."""
    page.get_by_role("button", name="Apri la visita").click()
    page.get_by_role("button", name="Arrivato").click()
    page.get_by_text("È il debitore").click()
    page.get_by_text("Ha mostrato un documento").click()
    page.get_by_text("Ho detto chi sono").click()
    page.get_by_role("button", name="Continua").click()
    page.get_by_role("button", name="Incasso parziale").click()
    page.get_by_text("Non ha tutto").click()
    page.get_by_role("button", name="Registra un incasso").click()
    page.get_by_text("Contanti").click()
    page.get_by_placeholder("0,00").last.fill(amount)
    page.get_by_role("button", name="Guardate insieme").click()
    hold(page, "ieni premuto")
    page.get_by_role("button", name="Fatto").click()
    found = re.search(r"A\d+-\d{6}", page.locator("body").inner_text())
    assert found is not None
    return found.group()


def close_visit(page: Page) -> None:
    page.get_by_role("button", name="Continua").click()
    page.get_by_role("button", name=re.compile("Chiudi la visita|Salva la visita|Salva")).last.click()


async def _books(service: Service) -> tuple[int, int, int, str]:
    """Trial balance, cash held, number of payments, practice number of the newest payment."""
    parts = assemble(service.settings)
    try:
        async with parts.database.transaction(Scope(None, GATE)) as session:
            somebody = await founding.person_in_role(session, Role.AGENT)
        assert somebody is not None
        async with parts.database.transaction(Scope(somebody.agency_id, "administrator")) as session:
            balance = await ledger.trial_balance(session, at=parts.clock.now())
            payments = (await session.exec(select(tables.Payment))).all()
            held = sum(account.balance_cents for account in balance.accounts if account.kind == "agent_cash")
            practice = await session.get_one(tables.Practice, payments[-1].practice_id) if payments else None
        return balance.total_cents, held, len(payments), practice.practice_number if practice else ""
    finally:
        await parts.database.close()


def test_a_creditors_file_comes_in_by_the_front_door(desk: Eyes, service: Service, tmp_path: Path) -> None:
    page = desk.page
    sign_in_at_desk(page, service, "Back office")

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


def test_a_dispatcher_plans_and_publishes_a_day(desk: Eyes, service: Service) -> None:
    page = desk.page
    sign_in_at_desk(page, service, "Pianificazione")

    page.goto(f"{service.desk()}giorno/{date(2026, 11, 27).isoformat()}")
    page.get_by_role("button", name="Pianifica", exact=True).click()
    expect(page.get_by_text(re.compile("Fuori dal giro"))).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Pubblica", exact=True).click()
    page.get_by_role("button", name="Pubblica il giro").click()

    expect(page.get_by_text(re.compile("Pubblicato come versione 1|versione 1")).first).to_be_visible()


def test_cash_taken_without_network_stands_in_the_practice_file_to_the_cent(
    phone: Eyes, desk: Eyes, service: Service
) -> None:
    sign_in_at_desk(desk.page, service, "Back office")
    page = phone.page
    enrol(page, service)

    page.context.set_offline(True)
    receipt = pay_in_cash(page, "50,00")
    close_visit(page)
    expect(page.get_by_text(re.compile("da inviare|sul telefono", re.IGNORECASE)).first).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("Tutto in ufficio").first).to_be_visible(timeout=60_000)

    balance, held, payments, practice = apart(_books(service))
    assert (balance, held, payments) == (0, 5_000, 1)
    desk.page.get_by_placeholder(re.compile("Nome, numero")).fill(practice)
    desk.page.keyboard.press("Enter")
    desk.page.get_by_text(practice).first.click()
    expect(desk.page.get_by_text(receipt).first).to_be_visible(timeout=20_000)


def test_the_phone_opens_without_network_after_the_first_start(phone: Eyes, service: Service) -> None:
    page = phone.page
    enrol(page, service)
    page.context.set_offline(True)
    page.reload()

    expect(page.get_by_role("button", name="Apri la visita")).to_be_visible(timeout=20_000)
    page.context.set_offline(False)
