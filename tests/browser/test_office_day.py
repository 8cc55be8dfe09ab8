"""The line from a creditor's file to a euro, through every screen on its way; and a file that nobody knows yet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.at_the_desk import bring_unknown_file, open_practice, sign_in
from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import MORNING, Eyes, Service

pytestmark = pytest.mark.browser

HEADINGS = (
    "Numero pratica;Debitore;Tipo soggetto;Codice fiscale;Partita IVA;Data nascita;Coobbligato;Ruolo coobbligato;"
    "CF coobbligato;Indirizzo;CAP;Comune;Provincia;Telefono 1;Telefono 2;Titolo;Tipo credito;Scadenza;Capitale;"
    "Interessi;Spese;Totale;Data affidamento;Data fine mandato;Saldo al;Responsabile pratica;Fase;Revocata"
)


@dataclass(frozen=True)
class Place:
    """An address as a creditor writes it: street and number, postal code, comune."""

    street: str
    cap: str
    comune: str


def a_row(number: str, name: str, place: Place, *, due: str = "08/03/2026") -> str:
    return (
        f"{number};{name};PF;;;03/04/1980;;;;{place.street};{place.cap};{place.comune};LO;300 0009999;;Gas n. {number};"
        f"Gas;{due};450,00;40,00;10,00;500,00;04/11/2026;04/01/2027;23/11/2026;Ilaria Scarpanini;Seconda lettera;N"
    )


def a_file(folder: Path, place: Place) -> Path:
    """A good row, one whose address does not exist, and one whose due date does not."""
    path = folder / "affidamento.csv"
    rows = [
        a_row("NUO-001", "Rovelli Ada", place),
        a_row("NUO-002", "Sangalli Ugo", Place("Via che non c'è 9", "26900", "Lodi")),
        a_row("NUO-003", "X Y", place, due="31/02/2026"),
    ]
    path.write_bytes("\r\n".join([HEADINGS, *rows, ""]).encode())
    return path


def a_place(books: Books) -> Place:
    """An address of the province that the gazetteer knows to the number."""
    found = (address for stop in books.stops for address in books.practice(stop)["addresses"])
    known = next(one for one in found if one["state"] == "confirmed" and one["house_number"])
    return Place(f"{known['street']} {known['house_number']}", known["cap"], known["comune"])


def test_a_creditors_file_becomes_a_euro_in_the_practice_file(
    phone: Eyes, desk: Eyes, service: Service, books: Books, tmp_path: Path
) -> None:
    """The whole line: file, address, plan, published day, a visit without network, practice file, ledger, export."""
    page, held = desk.page, books.balances()
    sign_in(page, service, "Back office")
    back = comes_in(page, a_file(tmp_path, a_place(books)))
    page.context.clear_cookies()
    sign_in(page, service, "Pianificazione")
    is_planned_and_published(page, service, "NUO-001")
    page.context.clear_cookies()
    sign_in(page, service, "Back office")
    open_practice(page, "NUO-001")

    agent = AgentsPhone(phone.page, service.agent())
    agent.enrol()
    agent.lose_network()
    stop, receipt = is_called_and_pays(agent)
    expect(page.get_by_text(receipt)).to_have_count(0)
    agent.find_network()

    # Nobody touches the desk: report, photo, signature, payment and receipt come to the open practice file.
    visit = page.get_by_role("article", name=re.compile("Incasso parziale"))
    expect(visit.get_by_text(receipt)).to_be_visible(timeout=20_000)
    is_seen(visit.get_by_role("button", name="Portone").locator("img"))
    is_seen(visit.get_by_role("img", name=re.compile("^Firma")))
    agent.delivered()
    told = exported(page)

    # To the cent: the file back to the creditor, the practice, the ledger, the export.
    assert "Motivo" in back
    assert "NUO-003" in back
    assert "NUO-001" not in back
    practice = Books(service.address, day=MORNING.date()).practice(stop)
    assert practice["practice_number"] == "NUO-001"
    assert (practice["owed_cents"], practice["collected_cents"]) == (45_000, 5_000)
    assert [one["label"] for one in practice["receipts"]] == [receipt]
    assert {one["kind"] for one in practice["visits"][0]["documents"]} == {"entrance", "signature"}
    assert not practice["visits"][0]["signature"]["refused"]
    assert "contact.made" in [one["kind"] for one in practice["timeline"]]
    moved = {kind: cents - held.get(kind, 0) for kind, cents in books.balances().items()}
    assert moved["agent_cash"] == 5_000
    assert sum(cents for kind, cents in moved.items() if kind.startswith("claim_")) == 2 * 50_000 - 5_000
    [row] = [line for line in told.splitlines() if "NUO-001" in line]
    assert "50,00" in row
    assert receipt in row


def comes_in(page: Page, file: Path) -> str:
    """Upload, dry run, confirm; the address that nobody finds waits in its queue. Returns the rejects file."""
    page.get_by_role("link", name="Importazioni").click()
    page.get_by_label("Creditore").select_option(label="Lume Energia e Gas S.p.A.")
    page.get_by_label("File delle pratiche").set_input_files(file)
    page.get_by_role("button", name="Leggi il file").click()
    expect(page.get_by_text("Prova finita")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("NUO-003")).to_be_visible()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Scarica il file degli scarti").click()
    page.get_by_role("button", name=re.compile("Conferma e importa 2 righe")).click()
    expect(page.get_by_text("Le pratiche sono al loro posto")).to_be_visible(timeout=30_000)
    page.get_by_role("link", name=re.compile("^Indirizzi")).first.click()
    expect(page.get_by_text(re.compile("NUO-002")).first).to_be_visible()
    return Path(downloading.value.path()).read_text("utf-8-sig")


def is_planned_and_published(page: Page, service: Service, number: str) -> None:
    """A day for the first agent alone and one practice, chosen among all that may be visited."""
    page.goto(f"{service.desk()}giorno/{MORNING.date().isoformat()}")
    agents = page.get_by_role("group", name="Agenti")
    expect(agents.get_by_role("checkbox").nth(2)).to_be_checked()
    agents.get_by_role("checkbox").nth(1).uncheck()
    agents.get_by_role("checkbox").nth(2).uncheck()
    page.get_by_role("checkbox", name="Tutte le mostrate").uncheck()
    page.get_by_role("checkbox", name=f"Considera {number}").check()
    expect(page.get_by_text("1 visita scelta, 1 agente")).to_be_visible()
    page.get_by_label("Tempo di calcolo").select_option(label="5 secondi")
    page.get_by_role("button", name="Pianifica", exact=True).click()
    expect(page.get_by_text(re.compile("Fuori dal giro"))).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Pubblica", exact=True).click()
    page.get_by_role("button", name="Pubblica il giro").click()
    expect(page.get_by_text(re.compile("Pubblicato come versione 2|versione 2")).first).to_be_visible()


def is_called_and_pays(agent: AgentsPhone) -> tuple[str, str]:
    """A call that is written down, then the visit: cash, signature, photo. Returns the stop and the receipt."""
    # A desktop browser has no dialler: its question for one would swallow the taps that follow.
    agent.page.evaluate(
        "document.addEventListener('click', (tap) => tap.target.closest('a[href^=\"tel:\"]') && tap.preventDefault())"
    )
    agent.tap("Chiama")
    agent.page.get_by_role("dialog").get_by_role("link", name=re.compile("300 ?000 ?9999")).click()
    expect(agent.page.get_by_text("Chiamata annotata.")).to_be_visible()
    stop = agent.open_next()
    agent.meet_debtor()
    agent.tap("Incasso parziale")
    agent.choose("Non ha tutto l'importo")
    agent.pay("Contanti", "50,00", {})
    agent.look_together()
    receipt = agent.receive()
    agent.read_what_is_signed()
    agent.sign()
    agent.finish(photo="Portone")
    return stop, receipt


def is_seen(picture: Locator) -> None:
    """The bytes are there and are a picture: what is broken has no width."""
    expect(picture).to_be_visible(timeout=20_000)
    expect(picture).to_have_js_property("complete", True)
    expect(picture).not_to_have_js_property("naturalWidth", 0, timeout=20_000)


def exported(page: Page) -> str:
    """The day's outcomes as the creditor takes them."""
    page.get_by_role("link", name=re.compile("^Esiti")).first.click()
    page.get_by_label("Creditore").first.select_option(label="Lume Energia e Gas S.p.A.")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Scarica il CSV").click()
    return Path(downloading.value.path()).read_text("utf-8-sig")


def test_an_unknown_file_gets_a_layout_and_comes_in(desk: Eyes, service: Service) -> None:
    page = desk.page
    sign_in(page, service, "Back office")

    page.get_by_role("link", name="Importazioni").click()
    bring_unknown_file(page)
    page.get_by_label("Significato di «Importo»").select_option(label="non leggere")
    page.get_by_role("button", name="Prova sul file").click()
    expect(page.get_by_text(re.compile("Servono almeno il numero della pratica"))).to_be_visible()
    page.get_by_label("Significato di «Importo»").select_option(label="Totale dovuto")
    page.get_by_role("button", name="Prova sul file").click()
    expect(page.get_by_role("cell", name="SCO-1", exact=True)).to_be_visible()
    page.get_by_label("Nome del tracciato").fill("Lume posizioni")
    page.get_by_role("button", name="Salva il tracciato e leggi il file").click()

    expect(page.get_by_text("Prova finita")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name=re.compile("Conferma e importa 4 righe")).click()
    expect(page.get_by_text("Le pratiche sono al loro posto")).to_be_visible(timeout=30_000)
