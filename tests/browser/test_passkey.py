"""A finger or a face opens the phone, without a network too; the PIN stays, and after a wipe nothing is left of it.

The authenticator is Chromium's own virtual one, with the PRF extension; a passkey needs an address with a name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.browser.at_the_door import PIN, AgentsPhone
from tests.browser.conftest import Eyes, Service, a_phone
from tests.browser.test_lost_phone import EVERYTHING, WRONG, readable, the_days_secrets

pytestmark = pytest.mark.browser

OPEN = "Apri con impronta o volto"
LOCK = """async () => {
  const done = (asked) => new Promise((good, bad) => {
    asked.onsuccess = () => good(asked.result)
    asked.onerror = () => bad(asked.error)
  })
  const database = await done(indexedDB.open('fieldapp'))
  const row = await done(database.transaction('keys').objectStore('keys').get('lock'))
  database.close()
  return { passkey: row.passkey && btoa(String.fromCharCode(...row.passkey.credential)), keys: row.day_keys.length }
}"""
"""What the lock on the phone holds."""


@dataclass(frozen=True)
class Owner:
    """Whoever holds the phone: the authenticator knows their finger, or does not."""

    cdp: CDPSession
    authenticator: str

    def is_known(self, known: bool) -> None:
        self.cdp.send("WebAuthn.setUserVerified", {"authenticatorId": self.authenticator, "isUserVerified": known})

    def passkeys(self) -> list[str]:
        """The credentials in the phone's own list."""
        found = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.authenticator})
        return [one["credentialId"] for one in found["credentials"]]


def an_owner(page: Page, *, prf: bool = True) -> Owner:
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "ctap2Version": "ctap2_1",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "hasPrf": prf,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return Owner(cdp, made["authenticatorId"])


@pytest.fixture
def named(service: Service) -> Service:
    """The same service under a name: passkeys are bound to one, and a bare address is none."""
    return Service(service.address.replace("127.0.0.1", "localhost"), service.settings)


@pytest.fixture
def phone(browser: Browser, named: Service) -> Iterator[Eyes]:
    with a_phone(browser, named) as eyes:
        yield eyes


def locked(page: Page) -> Any:
    return expect(page.get_by_role("heading", name="PIN", exact=True))


def add_passkey(agent: AgentsPhone) -> None:
    agent.page.get_by_role("link", name="Telefono").click()
    agent.tap("Aggiungi impronta o volto")
    expect(agent.page.get_by_role("heading", name="Il PIN, per confermare")).to_be_visible()


def test_a_finger_opens_the_phone_offline_beside_the_pin_until_it_is_taken_away(phone: Eyes, named: Service) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, named.agent())
    owner = an_owner(page)
    agent.enrol("agente3")
    secrets = the_days_secrets(page)

    # Finger first, then the PIN of whoever may decide it.
    add_passkey(agent)
    agent.key_in(WRONG, "Avanti")
    expect(page.get_by_text("Restano 9 tentativi")).to_be_visible()
    agent.key_in(PIN, "Avanti")
    expect(page.get_by_text("Impronta o volto aggiunti.")).to_be_visible()
    assert len(owner.passkeys()) == 1

    agent.lose_network()
    agent.tap("Blocca adesso")
    locked(page).to_be_visible()
    assert readable(page, secrets) == []
    page.reload()
    agent.tap(OPEN)
    expect(page.get_by_role("heading", name="Telefono", exact=True)).to_be_visible()
    page.get_by_role("link", name="Oggi").last.click()
    agent.sees_the_day()

    # A stranger's finger, or a question closed: nothing opens, nothing is counted, the PIN is there.
    page.reload()
    owner.is_known(False)
    agent.tap(OPEN)
    expect(page.get_by_text("Il telefono non ti ha riconosciuto")).to_be_visible()
    locked(page).to_be_visible()
    agent.key_in(WRONG)
    expect(page.get_by_text("Restano 9 tentativi")).to_be_visible()
    agent.key_in(PIN)
    agent.sees_the_day()

    owner.is_known(True)
    page.get_by_role("link", name="Telefono").click()
    agent.tap("Togli impronta o volto")
    expect(page.get_by_role("button", name="Aggiungi impronta o volto")).to_be_visible()
    assert page.evaluate(LOCK)["passkey"] is None
    assert owner.passkeys() == []
    page.reload()
    locked(page).to_be_visible()
    expect(page.get_by_role("button", name=OPEN)).to_have_count(0)
    agent.key_in(PIN)
    expect(page.get_by_role("heading", name="Telefono", exact=True)).to_be_visible()
    agent.find_network()


def test_after_a_wipe_nothing_is_left_of_a_passkey(phone: Eyes, named: Service) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, named.agent())
    owner = an_owner(page)
    agent.enrol("agente2")
    add_passkey(agent)
    agent.key_in(PIN, "Avanti")
    expect(page.get_by_text("Impronta o volto aggiunti.")).to_be_visible()
    [credential] = owner.passkeys()
    assert page.evaluate(LOCK) == {"passkey": credential, "keys": 1}

    agent.tap("Blocca adesso")
    page.get_by_text("PIN dimenticato?").click()
    page.get_by_role("button", name="Tieni premuto per cancellare").scroll_into_view_if_needed()
    agent.hold("Tieni premuto per cancellare")

    expect(page.get_by_role("heading", name="I dati delle pratiche non sono più qui")).to_be_visible()
    assert page.evaluate(LOCK) == {"passkey": None, "keys": 0}
    assert not [place for place, text in page.evaluate(EVERYTHING) if "credential=" in text]
    assert owner.passkeys() == []
    page.reload()
    expect(page.get_by_role("heading", name="I dati delle pratiche non sono più qui")).to_be_visible()
    expect(page.get_by_role("button", name=OPEN)).to_have_count(0)


def test_a_phone_whose_passkeys_keep_no_secret_says_so_and_keeps_the_pin(phone: Eyes, named: Service) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, named.agent())
    owner = an_owner(page, prf=False)
    agent.enrol("agente1")

    page.get_by_role("link", name="Telefono").click()
    agent.tap("Aggiungi impronta o volto")

    expect(page.get_by_text("nessuna che sappia custodire una chiave")).to_be_visible()
    assert page.evaluate(LOCK)["passkey"] is None
    assert owner.passkeys() == []
    agent.start_again()
