"""An agent's hands on the phone: each gesture of a visit once, by the words on the screen."""

from __future__ import annotations

import io
import re
import time
from contextlib import suppress
from dataclasses import dataclass

import zxingcpp
from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as TimedOut

NEXT = "Apri la visita"

RECORDS = """async () => {
  const database = await new Promise((done, failed) => {
    const asked = indexedDB.open('fieldapp')
    asked.onsuccess = () => done(asked.result)
    asked.onerror = () => failed(asked.error)
  })
  const rows = await new Promise((done, failed) => {
    const asked = database.transaction('records').objectStore('records').getAll()
    asked.onsuccess = () => done(asked.result)
    asked.onerror = () => failed(asked.error)
  })
  database.close()
  const text = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  const written = (bytes) => window.witnessed?.get(bytes.slice(0, 12).toString()) ?? bytes
  return rows.map(({ key, kind, state, by, bytes }) => ({ key, kind, state, bytes: text(by ? written(bytes) : bytes) }))
}"""
"""What the phone has stored as it was written, before it was sealed (`WITNESS`): the bytes in base64."""

WITNESS = """
window.witnessed = new Map()
for (const name of ['encrypt', 'decrypt']) {
  const known = crypto.subtle[name].bind(crypto.subtle)
  crypto.subtle[name] = async (algorithm, key, content) => {
    const made = await known(algorithm, key, content)
    const plain = new Uint8Array(name === 'encrypt' ? content : made).slice()
    if (algorithm.iv) window.witnessed.set(new Uint8Array(algorithm.iv).toString(), plain)
    return made
  }
}"""
"""Looks over the shoulder of the browser's cipher: which plain bytes belong to which nonce."""

PIN = "481590"


@dataclass(frozen=True)
class AgentsPhone:
    """The app on one phone, at `address`."""

    page: Page
    address: str

    def enrol(self, login: str | None = None) -> None:
        """Sign in (as the demo's agent unless `login` names another) and make this phone the agent's own."""
        self.page.goto(self.address)
        self.sign_in(login)
        self.activate()

    def sign_in(self, login: str | None = None) -> None:
        if login is None:
            self.tap("Entra come")
        else:
            self.type("Nome utente", login)
            self.type("Password", "demo-fieldapp")
            self.page.get_by_role("button", name="Entra", exact=True).click()
        expect(self.page.get_by_role("button", name="Attiva questo telefono")).to_be_visible()

    def has_saved(self, text: str) -> None:
        """Wait until an open draft on the phone holds `text`: a tap is being saved at once, not saved at once."""
        found = f"(one) => one.kind === 'draft' && atob(one.bytes).includes({text!r})"
        held = f"async () => (await ({RECORDS})()).some({found})"
        deadline = time.monotonic() + 20
        while not self.page.evaluate(held):
            assert time.monotonic() < deadline, f"no draft holds {text}"

    def activate(self) -> None:
        """Make this phone the agent's own, behind a PIN, and start the app a second time."""
        self.tap("Attiva questo telefono")
        self.choose_pin()
        self.start_from_here()

    def start_from_here(self) -> None:
        """Start the app a second time: from then on its own copy answers."""
        self.sees_the_day()
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        self.start_again()
        self.sees_the_day()

    def choose_pin(self, pin: str = PIN) -> None:
        expect(self.page.get_by_role("heading", name="Scegli un PIN")).to_be_visible()
        self.key_in(pin, "Avanti")
        expect(self.page.get_by_role("heading", name="Ripeti il PIN")).to_be_visible()
        self.key_in(pin, "Avanti")

    def key_in(self, pin: str, go: str = "Apri") -> None:
        """Digit by digit on the phone's own keypad."""
        pad = self.page.get_by_role("group", name="Tastierino")
        for digit in pin:
            pad.get_by_role("button", name=digit, exact=True).click()
        pad.get_by_role("button", name=go, exact=True).click()

    def unlock(self, pin: str = PIN) -> None:
        expect(self.page.get_by_role("heading", name="PIN", exact=True)).to_be_visible()
        self.key_in(pin)
        expect(self.page.get_by_role("group", name="Tastierino")).to_be_hidden(timeout=20_000)

    def start_again(self) -> None:
        """The app is started anew, as after a crash: it asks for the PIN."""
        self.page.reload()
        self.unlock()

    def sees_the_day(self) -> None:
        expect(self.page.get_by_role("button", name=NEXT)).to_be_visible(timeout=20_000)

    def tap(self, name: str) -> None:
        """Tap the button whose words begin with `name`."""
        self.page.get_by_role("button", name=re.compile(f"^{name}")).last.click()

    def choose(self, words: str, *, of: str | None = None) -> None:
        """Pick one answer, in the group of answers named `of` where the words stand in several."""
        place: Page | Locator = self.page if of is None else self.page.get_by_role("group", name=re.compile(f"^{of}"))
        place.get_by_text(words, exact=True).click()

    def rarely(self, name: str) -> None:
        """Tap what few doors need: it lies in one place below the steps of a visit."""
        place = self.page.locator("details.rare")
        if place.get_attribute("open") is None:
            place.get_by_text("Altro su questa porta").click()
        self.tap(name)

    def type(self, label: str, text: str) -> None:
        self.page.get_by_label(label).last.fill(text)

    def hold(self, name: str) -> None:
        """Press and hold, as two people look at the screen."""
        # The last: behind a sheet a veil may ask for the same gesture.
        box = self.page.get_by_role("button", name=re.compile(name)).last.bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.page.mouse.down()
        self.page.wait_for_timeout(1_300)
        self.page.mouse.up()

    def lose_network(self) -> None:
        self.page.context.set_offline(True)

    def find_network(self) -> None:
        self.page.context.set_offline(False)

    def send_now(self) -> None:
        """Tell the phone to send; one that has begun by itself has no button to press."""
        with suppress(TimedOut):
            self.page.get_by_role("button", name=re.compile("^Invia ora")).last.click(timeout=3_000)

    def delivered(self) -> None:
        """Wait until the phone says that the office holds everything."""
        expect(self.page.get_by_text("Tutto in ufficio").first).to_be_visible(timeout=60_000)

    # --- a visit ---------------------------------------------------------------------------------------------

    def open_next(self) -> str:
        """Open the next visit and arrive; returns the stop's id."""
        self.tap(NEXT)
        self.tap("Arrivato")
        expect(self.page.get_by_text("Chi hai trovato?")).to_be_visible()
        return self.page.url.rsplit("/", 1)[-1]

    def meet_debtor(self) -> None:
        self.recognise_debtor()
        self.tap("Continua")

    def recognise_debtor(self) -> None:
        self.page.get_by_text("È la persona cercata").click()
        self.choose("Ha mostrato un documento")
        self.page.get_by_text("Ho detto chi sono").click()

    def meet_third_party(self, role: str) -> None:
        self.page.get_by_text("Altra persona").click()
        self.choose(role)
        self.tap("Continua")

    def meet_nobody(self) -> None:
        self.page.get_by_text("Nessuno ha risposto").click()
        self.tap("Continua")

    def pay(self, method: str, amount: str, answers: dict[str, str]) -> None:
        """Fill in the payment, up to the screen that both people look at."""
        self.tap("(Registra un|Altro) incasso")
        self.choose(method, of="Come paga")
        for label, text in answers.items():
            self.type(label, text)
        self.page.get_by_placeholder("0,00").last.fill(amount)

    def look_together(self) -> None:
        self.tap("Guardate insieme")

    def receive(self) -> str:
        """Hold to confirm the money; returns the number of the receipt on the screen."""
        self.hold("ieni premuto")
        expect(self.page.get_by_role("img", name="Ricevuta")).to_be_visible()
        self.tap("Fatto")
        found = re.findall(r"A\d+-\d{6}", self.page.locator("main").inner_text())
        assert found
        return str(found[-1])

    def code_on_screen(self) -> str:
        """What the code at the end of the paper on the screen says to a camera."""
        expect(self.page.locator("[role=img][aria-busy=false]")).to_be_visible()
        self.page.mouse.move(190, 400)
        for _ in range(20):
            # Whatever comes in between goes away; a camera is held a little longer.
            self.page.mouse.wheel(0, 9_000)
            self.page.wait_for_timeout(500)
            found = zxingcpp.read_barcodes(Image.open(io.BytesIO(self.page.screenshot())))
            if len(found) == 1:
                break
        assert len(found) == 1, "a camera reads the code off the screen"
        return str(found[0].text)

    def read_what_is_signed(self) -> str:
        self.tap("Fai firmare")
        return self.page.locator("dialog[open] .text").inner_text()

    def sign(self) -> None:
        self.draw_signature()
        self.tap("Conferma la firma")
        expect(self.page.get_by_role("button", name="Conferma la firma")).to_have_count(0, timeout=30_000)

    def draw_signature(self) -> None:
        pad = self.page.get_by_label("Spazio per la firma")
        # It stands still once a click would hit it: a sheet that is still coming in would take the stroke elsewhere.
        pad.click(trial=True)
        box = pad.bounding_box()
        assert box is not None
        mouse = self.page.mouse
        mouse.move(box["x"] + 40, box["y"] + 60)
        mouse.down()
        for step in range(1, 12):
            mouse.move(box["x"] + 40 + 20 * step, box["y"] + (30 if step % 2 else 80))
        mouse.up()

    def photograph(self, purpose: str, *, grain: bool = False) -> None:
        """A picture as the camera hands it over, under its purpose from the closed list."""
        self.choose(purpose, of="Che cosa mostra")
        self.page.locator("input[type=file]").last.set_input_files(
            {"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": a_photo(purpose, grain=grain)}
        )
        expect(self.page.get_by_role("img", name=purpose).last).to_be_visible()

    def finish(self, *, photo: str | None = None, grain: bool = False) -> None:
        """Go on to the last step and close the visit."""
        self.tap("Continua")
        if photo is not None:
            self.photograph(photo, grain=grain)
        self.tap("Chiudi la visita")
        expect(self.page.get_by_role("heading", name="Oggi")).to_be_visible()


def a_photo(of: str, *, grain: bool = False) -> bytes:
    """A door with a plate, larger than what may travel, with the camera's name that must not travel.

    With the `grain` of a dark stairwell its original is so large that it goes in parts.
    """
    picture = Image.new("RGB", (2400, 1800), "#8a8579")
    if grain:
        picture = Image.merge("RGB", [Image.effect_noise(picture.size, 90) for _ in range(3)])
    drawing = ImageDraw.Draw(picture)
    drawing.rectangle((900, 500, 1500, 1800), fill="#4a3521")
    drawing.ellipse((1380, 1150, 1440, 1210), fill="#d9b44a")
    drawing.text((1000, 620), of, fill="white", font_size=96)
    exif = Image.Exif()
    exif[0x010F] = "Telefono di prova"
    written = io.BytesIO()
    picture.save(written, "JPEG", exif=exif)
    return written.getvalue()
