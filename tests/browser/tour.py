"""A walk past every screen: each generator stops at a screen and says its name, and goes on when it was looked at.

The walk is taken by the tests of accessibility and by `make screens`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator

from playwright.sync_api import Locator, Page, expect

from tests.browser.at_the_desk import bring_unknown_file
from tests.browser.at_the_door import AgentsPhone


def phone_screens(page: Page, address: str) -> Iterator[str]:
    """The agent's phone from the first start to a delivered day; needs four visits of the day ahead. On the way, what
    a debtor's own phone shows of a receipt and of a signed plan."""
    phone = AgentsPhone(page, address)
    page.goto(address)
    expect(page.get_by_role("button", name=re.compile("Entra come"))).to_be_visible()
    yield "entra"
    phone.sign_in()
    yield "attiva"
    phone.tap("Attiva questo telefono")
    expect(page.get_by_role("heading", name="Scegli un PIN")).to_be_visible()
    yield "pin-scelta"
    phone.choose_pin()
    phone.sees_the_day()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    expect(page.get_by_role("heading", name="PIN", exact=True)).to_be_visible()
    yield "pin"
    phone.key_in("000000")
    expect(page.get_by_role("alert")).to_be_visible(timeout=20_000)
    yield "pin-sbagliato"
    phone.unlock()
    phone.sees_the_day()
    yield "oggi"
    page.get_by_role("link", name="Cambia l’ordine").click()
    expect(page.get_by_role("heading", name="Cambia l’ordine")).to_be_visible()
    yield "ordine"
    page.get_by_role("link", name="Oggi").last.click()
    phone.tap("Chiama")
    # It is loaded when it is asked for: until it is open, Escape would close nothing.
    expect(page.get_by_role("dialog")).to_be_visible()
    yield "chiama"
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Mappa").click()
    expect(page.get_by_role("heading", name="Mappa", exact=True)).to_be_visible()
    yield "mappa"
    page.get_by_role("link", name="Oggi").last.click()
    page.get_by_role("link", name="Telefono").click()
    expect(page.get_by_role("heading", name="Telefono", exact=True)).to_be_visible()
    yield "telefono"
    page.get_by_role("link", name="Oggi").last.click()
    receipt = yield from _paid_visit(phone)
    yield from _nobody_met(phone)
    page.get_by_role("link", name="Cassa").click()
    expect(page.get_by_role("heading", name="Ricevute di oggi")).to_be_visible()
    yield "cassa"
    phone.tap("Conta i contanti")
    expect(page.get_by_role("button", name="Ho contato")).to_be_visible()
    yield "conteggio"
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Invio").click()
    expect(page.get_by_role("heading", name="Da inviare")).to_be_visible()
    yield "invio"
    phone.find_network()
    phone.send_now()
    phone.delivered()
    yield "invio-vuoto"
    page.get_by_role("link", name="Oggi").last.click()
    yield "oggi-avanti"
    yield from _outside(phone)
    yield from _sheet(phone)
    yield from _ways_to_pay(phone)
    yield from _signed_plan(phone, receipt)
    page.goto(f"{address}#/giornata")
    expect(page.get_by_role("heading", name="Fine giornata")).to_be_visible()
    yield "fine-giornata"
    page.get_by_role("link", name="Oggi").last.click()
    phone.hold("Chiedi aiuto")
    expect(page.get_by_text("in ufficio").first).to_be_visible(timeout=20_000)
    yield "aiuto"


def _paid_visit(phone: AgentsPhone) -> Generator[str, None, str]:
    """Returns where the code on the receipt leads a camera."""
    phone.tap("Apri la visita")
    yield "prima-di-suonare"
    phone.tap("Arrivato")
    phone.lose_network()
    phone.rarely("Il segnaposto è sbagliato")
    expect(phone.page.get_by_role("button", name="Il segnaposto è qui")).to_be_visible()
    yield "segnaposto"
    phone.tap("5 metri a nord")
    phone.tap("Il segnaposto è qui")
    expect(phone.page.get_by_role("dialog")).to_have_count(0)
    phone.recognise_debtor()
    yield "chi-c-e"
    phone.tap("Continua")
    yield "esito"
    phone.tap("Incasso parziale")
    phone.choose("Aspetta un'entrata")
    yield "esito-scelto"
    phone.pay("Contanti", "50,00", {})
    yield "incasso"
    phone.choose("Un’altra persona", of="Chi paga")
    yield "chi-paga"
    phone.page.get_by_role("group", name="Chi paga?").get_by_role("radio").first.check(force=True)
    phone.look_together()
    yield "guardate-insieme"
    phone.hold("ieni premuto")
    expect(phone.page.get_by_role("img", name="Ricevuta")).to_be_visible()
    yield "ricevuta"
    code = phone.code_on_screen()
    phone.tap("Altri modi")
    expect(phone.page.get_by_role("heading", name="Come gliela dai?")).to_be_visible()
    yield "ricevuta-modi"
    phone.page.keyboard.press("Escape")
    phone.tap("Fatto")
    phone.read_what_is_signed()
    phone.draw_signature()
    yield "firma"
    phone.tap("Conferma la firma")
    phone.tap("Continua")
    phone.photograph("Portone")
    yield "chiusura"
    phone.tap("Chiudi la visita")
    return code


def _outside(phone: AgentsPhone) -> Iterator[str]:
    page = phone.page
    page.get_by_role("link", name="Fuori programma").click()
    expect(page.get_by_role("heading", name="Fuori programma")).to_be_visible()
    yield "fuori-programma"
    page.locator("main ol button").last.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    yield "fuori-programma-dove"
    page.get_by_role("dialog").get_by_text("Per strada o in un luogo pubblico").click()
    phone.tap("Apri la visita")
    expect(page.get_by_role("button", name="Lascia perdere")).to_be_visible()
    yield "fuori-programma-visita"
    page.get_by_role("link", name="Oggi").first.click()
    expect(page.get_by_text("Visita fuori programma aperta")).to_be_visible()
    yield "oggi-fuori-programma"
    page.get_by_role("link", name="Continua la visita").click()
    phone.tap("Lascia perdere")
    phone.sees_the_day()


def _ways_to_pay(phone: AgentsPhone) -> Iterator[str]:
    """Each form of a payment that is no cash, and what an announcement becomes on paper; a proposal on the way."""
    page = phone.page
    phone.open_next()
    phone.meet_debtor()
    page.get_by_text(re.compile("^Persona incontrata|^Incontrat")).first.click()
    phone.tap("Saldo e stralcio proposto")
    phone.tap("Componi la proposta")
    phone.tap("Domani")
    yield "saldo"
    least = re.search(r"([\d.]+,\d\d)", page.locator("dialog[open] .note").first.inner_text())
    assert least is not None
    page.get_by_placeholder("0,00").fill(least.group(1))
    phone.look_together()
    expect(page.locator("[role=img][aria-busy=false]")).to_be_visible()
    yield "saldo-foglio"
    page.keyboard.press("Escape")
    phone.tap("Altro esito")
    phone.tap("Promessa di pagamento")
    phone.tap("Domani")
    phone.type("Importo promesso", "20,00")
    phone.choose("Bonifico", of="Come pagherà")
    for name, method, answers in (
        ("assegno", "Assegno", {"Banca": "Banca Popolare di Lodi", "Numero dell’assegno": "0123456789"}),
        ("carta", "Carta", {"Gestore del terminale": "Nexi", "Codice di autorizzazione": "A4F91C"}),
    ):
        phone.pay(method, "20,00", answers)
        yield name
        page.keyboard.press("Escape")
    for name, method, answers, go_on in (
        ("bonifico", "Bonifico", {}, "Mostra il codice del bonifico"),
        ("bollettino", "Bollettino postale", {"Codice del timbro": "vcy 0123"}, "Annota il bollettino"),
        ("link", "Link di pagamento", {}, "Prepara il link"),
    ):
        phone.tap("(Registra un|Altro) incasso")
        offered = page.get_by_role("group", name=re.compile("^Come paga")).get_by_text(method, exact=True).count()
        page.keyboard.press("Escape")
        if not offered:
            # Only where the office has a provider.
            continue
        phone.pay(method, "20,00", answers)
        yield name
        phone.look_together()
        phone.tap(go_on)
        expect(page.locator("[role=img][aria-busy=false]")).to_be_visible()
        expect(page.get_by_text("Si chiede il link")).to_have_count(0)
        yield f"{name}-foglio"
        phone.tap("Fatto")
    phone.finish()


def _sheet(phone: AgentsPhone) -> Iterator[str]:
    page = phone.page
    page.get_by_role("link", name="Foglio scritto a mano").click()
    expect(page.get_by_role("heading", name="Foglio scritto a mano")).to_be_visible()
    yield "foglio-porte"
    page.locator("ol button").last.click()
    expect(page.get_by_label("Codice accanto")).to_be_visible()
    phone.tap("Controlla")
    expect(page.get_by_role("alert")).to_be_visible()
    yield "foglio"
    page.get_by_text("Foglio sbagliato?").click()
    phone.tap("Cancella la copia")
    expect(page.get_by_role("heading", name="Oggi")).to_be_visible()


def _nobody_met(phone: AgentsPhone) -> Iterator[str]:
    phone.open_next()
    phone.meet_nobody()
    phone.tap("Assente, lasciato avviso")
    phone.tap("Prendi un numero di avviso")
    phone.choose("Busta chiusa nella cassetta")
    yield "avviso"
    phone.finish()


def _signed_plan(phone: AgentsPhone, receipt: str) -> Iterator[str]:
    page = phone.page
    phone.open_next()
    phone.meet_debtor()
    page.get_by_text(re.compile("^Persona incontrata|^Incontrat")).first.click()
    phone.tap("Piano di rientro")
    phone.tap("Componi il piano")
    phone.choose("In quante rate")
    phone.type("In quante rate?", "3")
    expect(page.get_by_text(re.compile("^3 rate da"))).to_be_visible()
    yield "piano"
    phone.look_together()
    expect(page.locator("[role=img][aria-busy=false]")).to_be_visible()
    yield "piano-foglio"
    phone.tap("Fai firmare")
    phone.sign()
    expect(page.get_by_text("Il foglio è firmato")).to_be_visible()
    code = phone.code_on_screen()
    phone.tap("Fatto")
    phone.finish()
    phone.delivered()
    page.goto(code)
    expect(page.get_by_role("heading").first).to_be_visible()
    yield "piano-pubblico"
    page.goto(receipt)
    expect(page.get_by_role("heading").first).to_be_visible()
    yield "ricevuta-pubblica"
    page.goto(phone.address)
    phone.unlock()
    phone.sees_the_day()


DESKS: dict[str, dict[str, Callable[[Page], Locator]]] = {
    "Back office": {
        "attivita": lambda page: page.locator("main li, main tbody tr"),
        "pratiche": lambda page: page.locator("main tbody tr"),
        "importazioni": lambda page: page.get_by_role("main").get_by_text("importato"),
        "indirizzi": lambda page: page.get_by_role("button", name="Conferma la posizione"),
        "debitori": lambda page: page.get_by_role("button", name="È la stessa persona").or_(
            page.get_by_text("Nessun debitore da confrontare")
        ),
        "cassa": lambda page: page.get_by_role("heading", name="Denaro in mano"),
        "esiti": lambda page: page.get_by_role("link", name="Scarica il CSV"),
        "conti": lambda page: page.get_by_text("Dare e avere pareggiano"),
        "dispositivi": lambda page: page.locator("main tbody tr").or_(page.get_by_text("Nessun telefono registrato")),
    },
    "Pianificazione": {
        "giorno": lambda page: page.locator("main tbody tr"),
        "andamento": lambda page: page.get_by_role("table").first,
    },
    "Amministrazione": {
        "esiti": lambda page: page.get_by_role("button", name="Nuovo invio"),
        "condizioni": lambda page: page.get_by_role("heading", name="Condizioni"),
        "regole": lambda page: page.locator("main li, main tbody tr"),
        "licenze": lambda page: page.locator("main tbody tr"),
        "persone": lambda page: page.locator("main tbody tr"),
        "collegamenti": lambda page: page.get_by_role("button", name="Nuovo webhook"),
        "registro": lambda page: page.locator("main tbody tr"),
        "orologio": lambda page: page.get_by_role("button", name="Sposta l'orologio"),
    },
}
"""By role: the places of the desk, each with what shows that its content is there."""


def desk_screens(page: Page, address: str, role: str, *, practice_id: str) -> Iterator[str]:
    """The desk of one role; `practice_id` names the practice file that the back office opens."""
    page.goto(address)
    expect(page.get_by_role("button", name=re.compile(role))).to_be_visible()
    if role == "Back office":
        yield "entra"
    page.get_by_role("button", name=re.compile(role)).click()
    expect(page.get_by_role("searchbox", name="Cerca una pratica")).to_be_visible()
    for place, content in DESKS[role].items():
        page.goto(f"{address}{place}")
        expect(content(page).first).to_be_visible(timeout=20_000)
        yield place
        yield from INSIDE.get(place, _nothing)(page)
        if place == "attivita":
            _answered(page)
        if place == "pratiche":
            page.goto(f"{address}pratiche/{practice_id}")
            expect(page.get_by_role("heading", name="Voci del debito")).to_be_visible()
            yield "pratica"
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Tasti")).to_be_visible()
    yield f"tasti-{role.split()[0].lower()}"


def _answered(page: Page) -> None:
    """Where an agent has called for help, that somebody has seen to it: it stands above every screen until then."""
    cry = page.get_by_role("alert").get_by_role("region", name="Richiesta di aiuto")
    if cry.count():
        cry.get_by_role("button", name=re.compile("Fatto")).click()
        cry.get_by_label("Che cosa è stato fatto").fill("Sentita, è al sicuro.")
        cry.get_by_role("button", name="Fatto").click()
        expect(cry).to_have_count(0)


def _nothing(_: Page) -> Iterator[str]:
    yield from ()


def _day(page: Page) -> Iterator[str]:
    page.get_by_role("link", name=re.compile("Piano delle")).first.click()
    expect(page.get_by_text(re.compile("Fuori dal giro"))).to_be_visible(timeout=20_000)
    yield "piano"
    page.get_by_role("link", name=re.compile("Pubblicato")).first.click()
    expect(page.get_by_text(re.compile("di .* fatte")).first).to_be_visible(timeout=20_000)
    yield "pubblicato"
    page.get_by_role("button", name="Ripianifica da qui").click()
    panel = page.get_by_role("region", name="Ripianifica da qui")
    panel.get_by_label("Agente").select_option(index=1)
    panel.get_by_role("button", name="Guarda cosa cambia").click()
    expect(panel.get_by_role("button", name="Pubblica così")).to_be_visible(timeout=20_000)
    yield "ripianifica"
    page.keyboard.press("Escape")
    page.go_back()
    page.get_by_role("button", name="Modifica a mano").click()
    expect(page.get_by_role("group", name="A mano")).to_be_visible(timeout=20_000)
    yield "a-mano"
    page.get_by_role("link", name="Confronta").click()
    expect(page.get_by_role("heading", name=re.compile("^Solo nel primo"))).to_be_visible(timeout=20_000)
    yield "confronto"


def _import(page: Page) -> Iterator[str]:
    bring_unknown_file(page)
    yield "tracciato"
    page.reload()
    page.get_by_role("link", name=re.compile("csv")).first.click()
    expect(page.get_by_role("table")).to_be_visible()
    yield "importazione"


def _cash(page: Page) -> Iterator[str]:
    begin = page.get_by_role("button", name=re.compile("^Registra la consegna"))
    if begin.count():
        begin.first.click()
        expect(page.get_by_role("button", name="Registra la distinta")).to_be_visible()
        yield "cassa-consegna"
        page.keyboard.press("Escape")


def _ledger(page: Page) -> Iterator[str]:
    page.get_by_role("link", name=re.compile("^Crediti del creditore")).first.click()
    expect(page.get_by_text("Saldo finale")).to_be_visible()
    yield "estratto-conto"


def _files(page: Page) -> Iterator[str]:
    """The administrator's: a way of telling a creditor, tried, kept, and its first file."""
    begin = page.get_by_role("button", name="Nuovo invio")
    if not begin.count():
        return
    begin.click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("Nome dell'invio").fill("Esiti serali")
    sheet.get_by_label("Racconta anche").check()
    expect(sheet.get_by_text("Prova: niente è partito")).to_be_visible()
    yield "esiti-invio"
    sheet.get_by_label("Formato").select_option("account_pdf")
    expect(sheet.get_by_label("Quando")).to_be_visible()
    yield "esiti-rendiconto"
    sheet.get_by_label("Formato").select_option("csv")
    expect(sheet.get_by_text("Inizio del file")).to_be_visible()
    sheet.get_by_role("button", name="Salva").click()
    card = page.get_by_role("article", name="Esiti serali")
    card.get_by_role("button", name="Fai il file ora").click()
    expect(
        page.get_by_role("heading", name="File fatti").or_(page.get_by_text("nessun file fatto")).first
    ).to_be_visible()
    yield "esiti-fatti"


def _connections(page: Page) -> Iterator[str]:
    """A secret that is shown once, and what could not be delivered."""
    page.get_by_role("button", name="Nuovo webhook").click()
    page.get_by_label("Indirizzo", exact=True).fill("https://nessuno.invalid/in")
    page.get_by_label("Nome del sistema").fill("Contabilità")
    page.get_by_label(re.compile("Anche tutto ciò")).check()
    page.get_by_role("button", name="Crea", exact=True).click()
    expect(page.get_by_role("dialog").locator("code")).to_be_visible()
    yield "collegamenti-segreto"
    page.get_by_role("button", name="L'ho messo al sicuro").click()
    card = page.get_by_role("article", name="Contabilità")
    card.get_by_role("button", name="Consegne ferme").click()
    expect(page.get_by_role("heading", name=re.compile("Contabilità")).last).to_be_visible()
    yield "collegamenti-ferme"
    page.get_by_role("dialog").get_by_role("button", name="Chiudi").click()
    card.get_by_role("button", name="Chiudi").click()
    page.get_by_role("dialog").get_by_role("button", name="Chiudi", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


INSIDE = {
    "cassa": _cash,
    "collegamenti": _connections,
    "conti": _ledger,
    "esiti": _files,
    "giorno": _day,
    "importazioni": _import,
}
"""Places with screens inside."""
