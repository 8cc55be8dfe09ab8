"""The office's till: what agents took is handed in, counted, banked, cleared, given back, and read in any account."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pypdf
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.at_the_desk import open_practice, sign_in
from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import Eyes, Service, a_phone
from tests.browser.test_day_without_network import promise
from tests.flows.phone import a_photo

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("taken")]


@dataclass
class Taken:
    """What one agent brings home: a practice paid in three ways, and one that announced a transfer."""

    paid: dict[str, Any]
    announced: dict[str, Any]
    receipts: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def taken(browser: Browser, service: Service, books: Books) -> Iterator[Taken]:
    with a_phone(browser, service) as eyes:
        phone = AgentsPhone(eyes.page, service.agent())
        phone.enrol()
        day = Taken(books.practice(phone.open_next()), {})
        phone.meet_debtor()
        phone.tap("Incasso parziale")
        phone.choose("Aspetta un'entrata")
        phone.pay("Contanti", "30,00", {})
        phone.look_together()
        day.receipts["cash"] = phone.receive()
        phone.pay("Assegno", "20,05", {"Banca": "Banca Popolare di Lodi", "Numero dell’assegno": "0123456789"})
        phone.choose("C’è scritto «non trasferibile»")
        phone.look_together()
        day.receipts["cheque"] = phone.receive()
        phone.pay("Carta", "15,40", {"Gestore del terminale": "Nexi", "Codice di autorizzazione": "A4F91C"})
        phone.look_together()
        day.receipts["card"] = phone.receive()
        phone.finish(photo="Assegno")
        day.announced = books.practice(phone.open_next())
        phone.meet_debtor()
        promise(phone, "21,20", channel="Bonifico")
        phone.pay("Bonifico", "21,20", {})
        phone.look_together()
        phone.tap("Mostra il codice del bonifico")
        phone.tap("Fatto")
        phone.finish()
        phone.delivered()
        _count(phone)
        yield day


def _count(phone: AgentsPhone) -> None:
    """The agent counts at the end of the day: five euro are missing, which is said and signed."""
    page = phone.page
    page.get_by_role("link", name="Cassa").click()
    phone.tap("Conta i contanti")
    page.get_by_role("spinbutton", name=re.compile("^20,00")).fill("1")
    page.get_by_role("spinbutton", name=re.compile("^5,00")).fill("1")
    sign = page.get_by_role("button", name=re.compile("Firma il conteggio"))
    # Counted first: what it should come to shows afterwards, and only while a finger stays on it.
    expect(sign).to_have_count(0)
    expect(page.get_by_role("dialog").get_by_text("dovrebbero essere")).to_have_count(0)
    phone.tap("Ho contato")
    expect(page.get_by_text("Il conteggio non torna")).to_be_visible()
    expect(page.get_by_text("Mancano 5,00")).to_have_count(0)
    veil = page.get_by_role("button", name="Tieni premuto per vedere quanto torna")
    veil.focus()
    page.keyboard.down("Enter")
    expect(page.get_by_text("Mancano 5,00")).to_be_visible()
    page.keyboard.up("Enter")
    expect(page.get_by_text("Mancano 5,00")).to_have_count(0)
    expect(sign).to_be_disabled()
    phone.type("Perché non torna", "Una banconota in auto")
    phone.hold("Firma il conteggio")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("link", name="Invio").click()
    phone.delivered()


@pytest.fixture
def till(desk: Eyes, service: Service) -> Page:
    sign_in(desk.page, service, "Back office")
    desk.page.goto(f"{service.desk()}cassa")
    expect(desk.page.get_by_role("heading", name="Denaro in mano")).to_be_visible()
    return desk.page


def region(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def test_an_agent_hands_in_the_office_counts_and_the_bank_clears(till: Page, books: Books, taken: Taken) -> None:
    page = till
    purse = region(page, "Denaro in mano").get_by_role("row").filter(has_text="Registra la consegna").first
    before = books.balances()

    # Worked with keys alone: the purse opens, Escape closes it, nothing is lost by that.
    purse.get_by_role("button", name=re.compile("Registra la consegna")).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("L'agente dichiara di consegnare")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_label("L'agente dichiara di consegnare")).to_have_count(0)
    page.keyboard.press("Enter")
    # The form begins with what the agent counted and signed; the office holds them to what the books say.
    expect(page.get_by_label("L'agente dichiara di consegnare")).to_have_value("25,00")
    expect(page.get_by_text("Una banconota in auto")).to_be_visible()
    page.get_by_label("L'agente dichiara di consegnare").fill("30,00")
    for piece in ("20,00", "5,00"):
        page.get_by_role("spinbutton", name=re.compile(f"^{piece}")).fill("1")
    expect(page.get_by_text("Mancano 5,00 €")).to_be_visible()
    page.get_by_label("Perché non torna").fill("La banconota arriva domani")
    page.get_by_role("button", name="Registra la distinta").click()
    slip = region(page, "Distinte").get_by_role("row").filter(has_text="La banconota arriva domani").first
    expect(slip).to_be_visible()
    expect(region(page, "Assegni").get_by_text("in ufficio").first).to_be_visible()

    slip.get_by_role("button", name=re.compile("Versata in banca")).click()
    slip.get_by_label("Riferimento della banca").fill("DIST 1")
    slip.get_by_role("button", name="Versata in banca").click()
    expect(slip.get_by_text("DIST 1")).to_be_visible()
    cheque = region(page, "Assegni").get_by_role("row").filter(has_text=taken.receipts["cheque"])
    expect(cheque.get_by_text("in banca")).to_be_visible()
    cheque.get_by_role("button", name=re.compile("^Incassato")).click()
    cheque.get_by_role("button", name="Incassato", exact=True).click()
    expect(cheque).to_have_count(0)

    page.get_by_label(f"Metti nel lotto {taken.receipts['card']}").check()
    region(page, "Carte, da accreditare").get_by_role("button", name=re.compile("^Accreditati in banca")).click()
    region(page, "Carte, da accreditare").get_by_role("button", name="Accreditati in banca", exact=True).click()
    expect(page.get_by_text(taken.receipts["card"])).to_have_count(0)

    after = books.balances()
    assert after["agency_bank"] - before.get("agency_bank", 0) == 2_500 + 2_005 + 1_540
    assert after.get("cash_differences", 0) - before.get("cash_differences", 0) == 500


def test_a_transfer_seen_on_the_statement_becomes_a_receipt_of_the_office(till: Page, taken: Taken) -> None:
    page = till
    row = region(page, "Pagamenti annunciati").get_by_role("row").filter(has_text=taken.announced["practice_number"])
    row.get_by_role("button", name=re.compile("^È arrivato")).click()
    expect(page.get_by_text(re.compile("^Restano da pagare|Restano da pagare")).first).to_be_visible()
    page.get_by_label("Riferimento della banca").fill("CRO 0042")
    # The statement names another account: nothing is booked before it is said whose.
    book = page.get_by_role("button", name="Registra ed emetti la quietanza")
    page.get_by_role("combobox", name=re.compile("^Chi ha pagato")).select_option(label="Un'altra persona")
    page.get_by_label("Nome e cognome di chi ha pagato").fill(" ")
    page.get_by_label("Che cos'è per il debitore").select_option(label="garante")
    expect(book).to_be_disabled()
    page.get_by_label("Nome e cognome di chi ha pagato").fill("Lucia Neri")
    book.click()
    expect(row).to_have_count(0)

    expect(region(page, "Serie delle ricevute").get_by_role("row").filter(has_text="U1")).to_contain_text("Intera")
    open_practice(page, taken.announced["practice_number"])
    expect(page.get_by_text(re.compile(r"U1-\d{6}")).first).to_be_visible()
    expect(
        page.get_by_text("pagato da Lucia Neri (garante, dal suo conto) per conto del debitore").first
    ).to_be_visible()
    expect(page.get_by_text("Pagamento di un'altra persona").first).to_be_visible()


def test_a_receipt_is_given_back_in_part_and_a_reason_is_asked_for(till: Page, books: Books, taken: Taken) -> None:
    page, receipt = till, taken.receipts["card"]
    owed = next(p for s in books.stops if (p := books.practice(s))["id"] == taken.paid["id"])["owed_cents"]
    open_practice(page, taken.paid["practice_number"])
    page.get_by_role("button", name=f"Annulla {receipt}").click()
    page.get_by_label("Motivo, resta scritto per sempre").fill("Sbagliata")
    page.get_by_role("button", name="Annulla la ricevuta").click()
    expect(page.get_by_text("Non annullarla: fai un rimborso")).to_be_visible()
    page.get_by_role("button", name="Annulla", exact=True).click()

    page.get_by_role("button", name=f"Rimborsa {receipt}").click()
    page.get_by_label("Quanto restituire").fill("0,40")
    page.get_by_label("Motivo, resta scritto per sempre").fill("Arrotondamento")
    page.get_by_role("button", name="Registra il rimborso").click()

    expect(page.get_by_text("Di questa ricevuta restano 15,00 €")).to_be_visible()
    now = next(p for s in books.stops if (p := books.practice(s))["id"] == taken.paid["id"])["owed_cents"]
    assert now == owed + 40


def test_any_account_opens_to_its_statement_at_any_moment_and_goes_home_as_csv(till: Page, service: Service) -> None:
    page = till
    page.goto(f"{service.desk()}conti")
    page.get_by_role("link", name="Contanti dell'agente").first.click()
    expect(page.get_by_text("Saldo finale")).to_be_visible()
    expect(page.get_by_text("Incasso").first).to_be_visible()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Scarica il CSV").click()
    rows = list(csv.reader(io.StringIO(downloading.value.path().read_text("utf-8-sig")), delimiter=";"))
    closing = page.get_by_role("row").filter(has_text="Saldo finale").inner_text()
    assert rows[-1][-1] in closing

    # Before the day began the purse was empty; the view is a link.
    page.get_by_label("al", exact=True).fill("2026-11-26T00:30")
    page.get_by_label("al", exact=True).dispatch_event("change")
    expect(page.get_by_role("row").filter(has_text="Saldo finale")).to_contain_text("0,00")
    page.reload()
    expect(page.get_by_role("row").filter(has_text="Saldo finale")).to_contain_text("0,00")


def test_a_pad_is_given_printed_entered_and_counted_and_what_is_nowhere_is_a_task(
    till: Page, books: Books, taken: Taken, service: Service
) -> None:
    page = till
    paid = next(p for s in books.stops if (p := books.practice(s))["id"] == taken.paid["id"])
    agent = paid["visits"][0]["agent_name"]
    pads = region(page, "Blocchetti di carta")
    pads.get_by_role("button", name="Consegna un blocchetto").click()
    whose = pads.get_by_label("A chi")
    whose.select_option(whose.locator("option", has_text=agent).get_attribute("value"))
    pads.get_by_label("Quanti moduli").fill("4")
    pads.get_by_role("button", name="Registra la consegna del blocchetto").click()
    row = pads.get_by_role("row").filter(has_text="B1, 1-4")
    expect(row).to_contain_text("dall'agente")
    link = pads.get_by_role("link", name="Stampa i moduli")
    forms = page.context.request.get(f"{service.address}{link.get_attribute('href')}")
    text = pypdf.PdfReader(io.BytesIO(forms.body())).pages[1].extract_text()
    check = re.search(r"B1-000002\s*([0-9A-Z]{4}-[0-9A-Z]{4})", text)
    assert check is not None

    before = books.balances()["agent_cash"]
    pads.get_by_role("button", name="Registra un modulo usato").click()
    page.get_by_label("Numero del modulo").fill("2")
    page.get_by_label("Lettere e cifre accanto al numero").fill("AAAA-AAAA")
    page.get_by_label("Dalle").fill("08:15")
    page.get_by_label("alle", exact=True).fill("08:25")
    page.get_by_label("Foto del modulo").set_input_files(
        {"name": "modulo.jpg", "mimeType": "image/jpeg", "buffer": a_photo()}
    )
    page.get_by_label("Pratica", exact=True).fill(taken.paid["practice_number"])
    page.get_by_role("button", name=re.compile(taken.paid["practice_number"])).click()
    page.get_by_label("Importo", exact=True).fill("12,00")
    expect(page.get_by_text(re.compile("Restano da pagare"))).to_be_visible()
    page.get_by_role("combobox", name=re.compile("^Chi ha pagato")).select_option(label="Un'altra persona")
    page.get_by_label("Nome e cognome di chi ha pagato").fill("Carlo Neri")
    page.get_by_label("Che cos'è per il debitore").select_option(label="parente")
    page.get_by_label("Documento che ha mostrato").select_option(label="senza documento")
    expect(page.get_by_text("Senza documento la regola non lo permetteva")).to_be_visible()
    page.get_by_label("Documento che ha mostrato").select_option(label="passaporto")
    page.get_by_label("Il debitore era presente").check()
    page.get_by_role("button", name="Registra", exact=True).click()
    # A number that was misread is refused by name, and nothing that was typed is lost.
    expect(page.get_by_text("accanto al numero B1-000002 non tornano")).to_be_visible()
    page.get_by_label("Lettere e cifre accanto al numero").fill(check[1].lower())
    page.get_by_role("button", name="Registra", exact=True).click()
    expect(page.get_by_text("B1-000002 è registrato.")).to_be_visible()
    taken_forms = pads.get_by_role("table", name="Moduli usati e annullati")
    expect(taken_forms.get_by_role("row").filter(has_text="B1-000002")).to_contain_text("12,00")
    assert books.balances()["agent_cash"] - before == 1_200
    entered = next(p for s in books.stops if (p := books.practice(s))["id"] == taken.paid["id"])
    [receipt] = [one for one in entered["receipts"] if one["label"] == "B1-000002"]
    assert receipt["paid_by"] == {"name": "Carlo Neri", "capacity": "relative", "document": "passport"}

    pads.get_by_role("button", name="Annulla un modulo").click()
    page.get_by_label("Numero del modulo").fill("1")
    page.get_by_label("Perché non vale").fill("Macchiato di caffè")
    page.get_by_role("button", name="Annulla il modulo").click()
    expect(taken_forms.get_by_role("row").filter(has_text="B1-000001")).to_contain_text("Macchiato di caffè")

    pads.get_by_role("button", name="Il blocchetto torna").click()
    expect(page.get_by_label("Moduli in bianco, contati")).to_have_value("3-4")
    page.get_by_label("Moduli in bianco, contati").fill("4")
    page.get_by_role("button", name="Registra il conteggio").click()
    expect(row).to_contain_text("manca il 3")
    page.goto(f"{service.desk()}attivita")
    expect(page.get_by_text("senza B1-000003")).to_be_visible()
