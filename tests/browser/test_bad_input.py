"""What goes wrong in a hand: denied permissions, odd photos, a dot for a signature, impossible dates, a full phone."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect
from sqlmodel import col, select

from fieldapp.store import tables
from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import MORNING, Service, a_phone, apart, behind
from tests.browser.test_next_day import new_id

pytestmark = pytest.mark.browser

TWO_DAYS_AHEAD = """
const Real = Date
const ahead = 2 * 86_400_000
globalThis.Date = class extends Real {
  constructor(...given) { given.length ? super(...given) : super(Real.now() + ahead) }
  static now() { return Real.now() + ahead }
}
"""
FILLS_UP = """
for (const name of ['put', 'add']) {
  const known = IDBObjectStore.prototype[name]
  IDBObjectStore.prototype[name] = function (...given) {
    if (window.full) throw new DOMException('The quota has been exceeded.', 'QuotaExceededError')
    return known.apply(this, given)
  }
}
"""
NOTHING_KEPT = """
const denied = () => { throw new DOMException('Access is denied for this document.', 'SecurityError') }
IDBFactory.prototype.open = denied
Object.defineProperty(window, 'localStorage', { get: denied })
Object.defineProperty(window, 'sessionStorage', { get: denied })
"""
DAY_HAS_CHANGED = "navigator.serviceWorker.dispatchEvent(new MessageEvent('message', { data: 'day-changed' })); 0"
"""What the service worker says when a notice comes in."""


def a_rotated_photo() -> bytes:
    """A picture that lies on its side, and its camera says so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    written = io.BytesIO()
    Image.new("RGB", (1200, 800), "#8a8579").save(written, "JPEG", exif=exif)
    return written.getvalue()


ODD_PHOTOS = [
    # A phone's own format that this browser cannot read.
    ("IMG_0001.HEIC", "image/heic", b"\x00\x00\x00\x18ftypheic" + bytes(2_000)),
    # The moving half of a live photo.
    ("IMG_0002.MOV", "video/quicktime", b"\x00\x00\x00\x14ftypqt  " + bytes(2_000)),
    # A camera that was closed while it wrote.
    ("IMG_0003.jpg", "image/jpeg", b""),
    ("IMG_0004.jpg", "image/jpeg", a_rotated_photo()[:300]),
]


def hand_over(page: Page, name: str, media_type: str, content: bytes) -> None:
    page.locator("input[type=file]").last.set_input_files({"name": name, "mimeType": media_type, "buffer": content})


def test_what_permissions_cameras_and_clocks_do_wrong_is_said_and_the_visit_arrives_in_the_offices_time(
    browser: Browser, service: Service, books: Books
) -> None:
    with a_phone(browser, service) as eyes:
        eyes.page.add_init_script(TWO_DAYS_AHEAD)
        page, agent = eyes.page, AgentsPhone(eyes.page, service.agent())
        agent.enrol()
        stop = agent.open_next()
        expect(page.get_by_text("Posizione non data").first).to_be_visible()
        agent.meet_nobody()
        agent.tap("Assente, lasciato avviso")
        agent.tap("Prendi un numero di avviso")
        agent.choose("Busta chiusa nella cassetta")
        agent.tap("Continua")
        agent.choose("Portone", of="Che cosa mostra")

        told = page.locator("[role=status].shown")
        for name, media_type, content in ODD_PHOTOS:
            # A camera that is denied, or left without a picture, hands over no file.
            page.locator("input[type=file]").last.set_input_files([])
            expect(told).to_contain_text("Nessuna foto.")
            hand_over(page, name, media_type, content)
            expect(told).to_contain_text("Questa foto non si apre su questo telefono.")
        expect(page.get_by_role("img", name="Portone")).to_have_count(0)

        hand_over(page, "IMG_0005.jpg", "image/jpeg", a_rotated_photo())
        photo = page.get_by_role("img", name="Portone")
        expect(photo).to_be_visible()
        assert photo.evaluate("(img) => img.decode().then(() => img.naturalHeight > img.naturalWidth)")
        agent.tap("Chiudi la visita")
        agent.delivered()

    [visit] = books.practice(stop)["visits"]
    assert visit["arrived_at"][:10] == MORNING.date().isoformat()
    assert not [flag for flag in visit["flags"] if flag.startswith("clock.")]


async def published_again(service: Service, *, of: str, without: bool) -> None:
    """The day once more, as the dispatcher's next version; `without`: the stop `of` is withdrawn by it."""
    async with behind(service) as session:
        kept = (await session.exec(select(tables.PublishedStop).where(col(tables.PublishedStop.id) == of))).one()
        head = await session.get(tables.PublishedDay, kept.published_day_id)
        assert head is not None
        query = select(tables.PublishedStop).where(col(tables.PublishedStop.published_day_id) == head.id)
        stops = (await session.exec(query)).all()
        day = tables.PublishedDay(**head.model_dump() | {"id": new_id(), "version": head.version + 1})
        session.add(day)
        await session.flush()
        for stop in stops:
            if not (without and stop.id == kept.id):
                stop.published_day_id = day.id


def test_neither_a_dot_nor_a_date_nor_a_new_day_nor_a_new_app_takes_a_form_away(
    browser: Browser, service: Service, books: Books
) -> None:
    with a_phone(browser, service) as eyes:
        page, agent = eyes.page, AgentsPhone(eyes.page, service.agent())
        agent.enrol("agente2")
        stop = agent.open_next()
        assert stop in books.stops
        agent.meet_debtor()
        agent.tap("Promessa di pagamento")
        agent.type("Importo promesso", "42,50")
        agent.choose("Bonifico", of="Come pagherà")
        today = MORNING.date()
        agent.type("Pagherà il", (today - timedelta(days=1)).isoformat())
        agent.tap("Continua")
        expect(page.get_by_text(re.compile("è già passata"))).to_be_visible()
        agent.type("Pagherà il", (today + timedelta(days=3_000)).isoformat())
        expect(page.get_by_text(re.compile("è dopo la fine dell'affidamento"))).to_be_visible()
        agent.type("Pagherà il", (today + timedelta(days=1)).isoformat())
        agent.tap("Fai firmare")
        page.get_by_label("Spazio per la firma").click()
        expect(page.get_by_role("button", name="Conferma la firma")).to_be_disabled()
        page.get_by_role("button", name="Indietro").click()

        withdrawn = page.get_by_text("L’ufficio ha tolto questa visita dal giro")
        apart(published_again(service, of=stop, without=False))
        with page.expect_response(re.compile("/field/day$")):
            page.evaluate(DAY_HAS_CHANGED)
        expect(page.get_by_label("Importo promesso")).to_have_value("42,50")
        apart(published_again(service, of=stop, without=True))
        page.evaluate(DAY_HAS_CHANGED)
        expect(withdrawn).to_be_visible()
        expect(page.get_by_label("Importo promesso")).to_have_value("42,50")
        agent.has_saved("42,50")
        agent.start_again()
        expect(withdrawn).to_be_visible()
        expect(page.get_by_label("Importo promesso")).to_have_value("42,50")

        # The report arrives at the office, its answer never: the app is replaced while it waits for it.
        arrived: list[str] = []

        def swallow(route: Route) -> None:
            route.fetch()
            arrived.append(route.request.post_data or "")

        page.route("**/field/envelopes", swallow)
        agent.finish()
        page.get_by_role("link", name="Invio").click()
        # It leaves by itself, or as it is told to: one that is on its way waits for its answer.
        send = page.get_by_role("button", name=re.compile("^Invia ora")).last
        agent.send_now()
        expect(send).to_be_disabled(timeout=30_000)
        while not arrived:
            page.wait_for_timeout(50)
        page.evaluate("navigator.serviceWorker.register('/agent/sw.js?newer', { scope: '/agent/' }).then(() => 0)")
        with page.expect_navigation():
            agent.tap("Aggiorna ora")
        page.unroute("**/field/envelopes")
        agent.unlock()
        agent.delivered()

    assert arrived
    [visit] = books.practice(stop)["visits"]
    assert (visit["outcome"], visit["flags"]) == ("PROMISE_TO_PAY", ["visit.reassigned"])


def test_neither_a_full_phone_nor_a_second_window_loses_or_doubles_a_payment(
    browser: Browser, service: Service, books: Books
) -> None:
    with a_phone(browser, service) as eyes:
        page, agent = eyes.page, AgentsPhone(eyes.page, service.agent())
        page.add_init_script(FILLS_UP)
        agent.enrol("agente3")
        stop = agent.open_next()
        agent.meet_debtor()
        agent.tap("Incasso parziale")
        agent.choose("Non ha tutto l'importo")
        agent.pay("Contanti", "10,00", {})
        agent.look_together()
        page.evaluate("window.full = true")
        agent.hold("ieni premuto")

        sheet, full = page.locator("dialog[open]"), re.compile("non riesce a salvare")
        expect(sheet.get_by_text(full)).to_be_visible()
        expect(page.get_by_role("img", name="Ricevuta")).to_have_count(0)
        expect(sheet.get_by_text("10,00", exact=False).first).to_be_visible()

        page.evaluate("window.full = false")
        # Meanwhile the same visit takes money in another window: what is held here would forget it.
        window = page.context.new_page()
        window.goto(page.url)
        other = AgentsPhone(window, service.agent())
        other.unlock()
        # The form that is filled in here stands open there as well.
        amount = window.locator("dialog[open]").get_by_placeholder("0,00")
        expect(amount).to_have_value("10,00")
        amount.fill("5,00")
        other.look_together()
        first = other.receive()
        window.close()
        agent.hold("ieni premuto")
        expect(sheet.get_by_text("Questa visita è stata aggiornata in un’altra finestra.")).to_be_visible()
        agent.look_together()
        receipt = agent.receive()
        expect(page.get_by_role("alert").filter(has_text=full)).to_have_count(0)
        page.evaluate("window.full = true")
        agent.tap("Continua")
        agent.tap("Chiudi la visita")
        expect(page.get_by_role("alert").filter(has_text=full)).to_be_visible()
        page.evaluate("window.full = false")
        agent.tap("Chiudi la visita")
        expect(page.get_by_role("heading", name="Oggi")).to_be_visible()
        agent.delivered()

    practice = books.practice(stop)
    assert sorted((one["label"], one["amount_cents"]) for one in practice["receipts"]) == [
        (first, 500),
        (receipt, 1_000),
    ]
    assert len(practice["visits"]) == 1


def test_a_browser_that_keeps_nothing_says_so_instead_of_starting(browser: Browser, service: Service) -> None:
    with a_phone(browser, service) as eyes:
        eyes.page.add_init_script(NOTHING_KEPT)
        eyes.page.goto(service.agent())

        expect(eyes.page.get_by_role("heading", name="Questo browser non conserva niente")).to_be_visible()
