"""A phone in the wrong hands: locked it tells nothing, ten wrong PINs wipe it, and nothing unsent is lost by that."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.at_the_door import PIN, RECORDS, AgentsPhone
from tests.browser.books import Books, _signed_in
from tests.browser.conftest import Eyes, Service
from tests.browser.test_rescue import posted
from tests.browser.test_third_party import secrets_of

pytestmark = pytest.mark.browser

WRONG = "135792"
EVERYTHING = """async () => {
  const found = []
  const latin = (bytes) => { let text = ''; for (const byte of bytes) text += String.fromCharCode(byte); return text }
  const utf = (bytes) => new TextDecoder().decode(bytes)
  const walk = (value) => {
    if (value instanceof ArrayBuffer) value = new Uint8Array(value)
    if (ArrayBuffer.isView(value)) return latin(value) + ' ' + utf(value)
    if (value instanceof CryptoKey) return value.extractable && value.type !== 'public' ? 'EXTRACTABLE' : 'a key'
    if (value && typeof value === 'object') return Object.entries(value).map(([k, v]) => `${k}=${walk(v)}`).join(' ')
    return String(value)
  }
  const done = (asked) => new Promise((good, bad) => {
    asked.onsuccess = () => good(asked.result)
    asked.onerror = () => bad(asked.error)
  })
  for (const { name } of await indexedDB.databases()) {
    const database = await done(indexedDB.open(name))
    for (const store of database.objectStoreNames) {
      const objects = database.transaction(store).objectStore(store)
      const [keys, rows] = [await done(objects.getAllKeys()), await done(objects.getAll())]
      found.push([`${name}/${store}`, keys.map(walk).join(' ') + ' ' + rows.map(walk).join(' ')])
    }
    database.close()
  }
  for (const name of await caches.keys()) {
    const cache = await caches.open(name)
    for (const request of await cache.keys()) {
      found.push([`cache ${request.url}`, await (await cache.match(request)).text()])
    }
  }
  const small = [{ ...localStorage }, { ...sessionStorage }, document.cookie, history.state, document.title]
  found.push(['small', JSON.stringify(small)])
  found.push(['screen', document.documentElement.outerHTML])
  return found
}"""
"""Every byte that the browser holds for us, as text, by place."""


def opened(page: Page, prefix: str) -> Any:
    """The one stored value whose key begins with `prefix`, as it was written."""
    [found] = [one for one in page.evaluate(RECORDS) if one["key"].startswith(prefix)]
    return json.loads(base64.b64decode(found["bytes"]))


def the_days_secrets(page: Page) -> list[re.Pattern[str]]:
    """Names, addresses, titles, amounts of every case on the phone, as the opened day holds them."""
    [day] = [
        json.loads(base64.b64decode(one["bytes"])) for one in page.evaluate(RECORDS) if one["key"].startswith("day:")
    ]
    found = []
    for stop in day["bundle"]["stops"]:
        practice, address = stop["practice"], stop["address"]
        words = [one["name"] for one in practice["obligors"]] + [address["street"], address["text"]]
        words += [one["number"] for one in practice["phones"]]
        found += [secrets_of(practice), re.compile("|".join(re.escape(word) for word in words if word), re.IGNORECASE)]
    assert len(found) > 4
    return found


def readable(page: Page, secrets: list[re.Pattern[str]]) -> list[tuple[str, str]]:
    """What can be read where."""
    held: list[list[str]] = page.evaluate(EVERYTHING)
    places = {place.split(" ")[0] for place, _ in held}
    assert {"fieldapp/records", "fieldapp/keys", "cache", "small", "screen"} <= places
    assert sum(len(text) for place, text in held if place == "fieldapp/records") > 10_000
    assert not [place for place, text in held if "EXTRACTABLE" in text]
    own = opened(page, "setting:device")
    found = [(place, match.group()) for place, text in held for secret in secrets for match in secret.finditer(text)]
    # The demo's agency is a creditor's namesake in its VAT number; and figures stand in any program and its looks:
    # `[56,25]` names its parts by number.
    return [
        (place, what)
        for place, what in found
        if what != own["agency"]["vat_number"]
        and not (re.fullmatch(r"cache .*[.](js|css)", place) and re.fullmatch(r"[\d.,]+", what))
    ]


def take_cash(agent: AgentsPhone, amount: str) -> str:
    agent.open_next()
    agent.meet_debtor()
    agent.tap("Incasso parziale")
    agent.choose("Non ha tutto l'importo")
    agent.pay("Contanti", amount, {})
    agent.look_together()
    return agent.receive()


def mistake_the_pin(agent: AgentsPhone, times: int) -> None:
    for _ in range(times):
        pad = agent.page.get_by_role("group", name="Tastierino")
        if agent.page.get_by_text("L’attesa scorre solo").count():
            agent.page.clock.fast_forward("31:00")
            expect(agent.page.get_by_text("L’attesa scorre solo")).to_be_hidden()
        expect(pad.get_by_role("button", name="1", exact=True)).to_be_enabled(timeout=15_000)
        agent.key_in(WRONG)
        # It is tried beside the page, which goes on showing what was said of the try before.
        gone = agent.page.get_by_text("Il PIN è stato sbagliato dieci volte")
        tried = pad.get_by_role("button", name="Apri", exact=True)
        expect(tried.or_(gone).first).to_be_visible(timeout=20_000)
        expect(
            agent.page.get_by_role("alert").or_(agent.page.get_by_role("heading", name="non sono più qui"))
        ).to_be_visible()
        agent.page.wait_for_timeout(700)


def test_a_locked_phone_holds_no_readable_byte_of_a_case(phone: Eyes, service: Service) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol("agente3")
    secrets = the_days_secrets(page)
    agent.lose_network()
    take_cash(agent, "20,00")
    agent.finish(photo="Portone")
    agent.open_next()
    agent.recognise_debtor()
    page.goto(f"{service.agent()}#/telefono")

    agent.tap("Blocca adesso")

    expect(page.get_by_role("heading", name="PIN", exact=True)).to_be_visible()
    assert readable(page, secrets) == []
    agent.key_in(WRONG)
    expect(page.get_by_text("Restano 9 tentativi")).to_be_visible(timeout=20_000)
    assert readable(page, secrets) == []
    agent.key_in(PIN)
    expect(page.get_by_role("heading", name="Telefono", exact=True)).to_be_visible()
    # The scan finds what there is to find: the open screen shows names.
    page.get_by_role("link", name="Oggi").last.click()
    expect(page.get_by_role("button", name="Continua la visita")).to_be_visible()
    assert {place for place, _ in readable(page, secrets)} == {"screen"}
    agent.find_network()
    agent.delivered()
    assert {place for place, _ in readable(page, secrets)} == {"screen"}


def test_ten_wrong_pins_wipe_the_cases_and_every_item_reaches_the_office(
    phone: Eyes, service: Service, books: Books
) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    page.clock.install()
    agent.enrol("agente3")
    secrets = the_days_secrets(page)
    held_before = books.balances().get("agent_cash", 0)
    agent.lose_network()
    take_cash(agent, "20,00")
    agent.finish(photo="Portone")
    unfinished = take_cash(agent, "35,00")

    agent.page.reload()
    mistake_the_pin(agent, 3)
    expect(page.get_by_text(re.compile("aspetta (2\\d|30) secondi"))).to_be_visible()
    page.reload()
    expect(page.get_by_text(re.compile("aspetta (2\\d|30) secondi"))).to_be_visible()
    expect(page.get_by_role("button", name="1", exact=True)).to_be_disabled()
    mistake_the_pin(agent, 7)

    expect(page.get_by_text("Il PIN è stato sbagliato dieci volte")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Il PIN è stato sbagliato dieci volte")).to_be_visible()
    assert readable_after_wipe(page, secrets) == []
    page.get_by_text("Non parte in nessun modo?").click()
    with page.expect_download() as saving:
        agent.tap("Salva il file di recupero")
    content = Path(saving.value.path()).read_bytes()
    office = _signed_in(service.address, "administrator")
    taken = posted(office, "/rescues", files={"file": ("recupero.fieldapp", content)}).json()
    # Two arrivals, a report, a photo in two sizes, and the open visit.
    assert taken["row"]["waiting"] == 6
    accepted = posted(office, f"/rescues/{taken['row']['device_id']}/accept").json()
    assert (accepted["row"]["accepted"], accepted["row"]["refused"]) == (5, 1)
    assert books.balances()["agent_cash"] == held_before + 2_000
    [task] = office.get("/tasks", params={"kind": "rescue.unfinished_visit"}).json()
    assert (task["details"]["receipts"], task["details"]["amount_cents"]) == (unfinished, "3500")

    agent.find_network()
    expect(page.get_by_text("Quello che avevi scritto è tutto in ufficio.")).to_be_visible(timeout=90_000)
    agent.tap("Ricomincia")
    agent.type("Nome utente", "agente3")
    agent.type("Password", "demo-fieldapp")
    page.get_by_role("button", name="Entra", exact=True).click()
    agent.choose_pin("902514")
    agent.sees_the_day()
    # It goes on numbering where it stopped.
    following = take_cash(agent, "15,00")
    assert int(following.split("-")[1]) == int(unfinished.split("-")[1]) + 1
    agent.finish()
    agent.delivered()
    assert books.balances()["agent_cash"] == held_before + 3_500


def readable_after_wipe(page: Page, secrets: list[re.Pattern[str]]) -> list[tuple[str, str]]:
    left: list[dict[str, Any]] = [one for one in page.evaluate(RECORDS) if one["kind"] not in ("counters", "setting")]
    assert {one["state"] for one in left} == {"sealed"}
    return readable(page, secrets)


def test_a_phone_that_nobody_uses_locks_itself_and_never_a_form_in_the_hand(phone: Eyes, service: Service) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    page.clock.install()
    agent.enrol("agente3")
    locked = page.get_by_role("heading", name="PIN", exact=True)
    agent.lose_network()

    page.clock.fast_forward("04:00")
    agent.sees_the_day()
    page.clock.fast_forward("02:00")
    expect(locked).to_be_visible()

    agent.unlock()
    stop = agent.open_next()
    page.clock.fast_forward("20:00")
    expect(page.get_by_text("Chi hai trovato?")).to_be_visible()
    # In the pocket the same form is locked, and comes back as it was.
    agent.meet_nobody()
    seen(page, "hidden")
    page.clock.fast_forward("06:00")
    seen(page, "visible")
    expect(locked).to_be_visible()
    agent.unlock()
    expect(page.get_by_role("radio", name=re.compile("^Nessuno"))).to_be_checked()
    assert page.url.endswith(stop)
    agent.find_network()


def seen(page: Page, state: str) -> None:
    """The browser goes to the background, or comes back."""
    page.evaluate(
        """(state) => {
          Object.defineProperty(document, 'visibilityState', { value: state, configurable: true })
          document.dispatchEvent(new Event('visibilitychange'))
        }""",
        state,
    )


def test_a_pin_is_changed_by_whom_knows_it(phone: Eyes, service: Service) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol("agente3")
    page.get_by_role("link", name="Telefono").click()

    agent.tap("Cambia il PIN")
    agent.key_in(WRONG, "Avanti")
    change_to(agent, "902514")
    expect(page.get_by_text("Restano 9 tentativi")).to_be_visible(timeout=20_000)
    agent.key_in(PIN, "Avanti")
    change_to(agent, "902514")
    expect(page.get_by_text("PIN cambiato.")).to_be_visible()

    page.reload()
    agent.key_in(PIN)
    expect(page.get_by_text("PIN sbagliato")).to_be_visible()
    agent.key_in("902514")
    expect(page.get_by_role("heading", name="Telefono", exact=True)).to_be_visible()


def change_to(agent: AgentsPhone, pin: str) -> None:
    expect(agent.page.get_by_role("heading", name="Il PIN nuovo")).to_be_visible()
    agent.key_in(pin, "Avanti")
    expect(agent.page.get_by_role("heading", name="Ripeti il PIN")).to_be_visible()
    agent.key_in(pin, "Avanti")
