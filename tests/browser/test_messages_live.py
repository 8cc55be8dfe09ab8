"""The office writes to agents on the road: read in a cellar, told when there is a network, seen on the open board."""

from __future__ import annotations

import re
from base64 import b64decode

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.at_the_desk import sign_in
from tests.browser.at_the_door import RECORDS, AgentsPhone
from tests.browser.conftest import MORNING, Eyes, Service
from tests.browser.test_accessibility import SMALL_TARGETS, THUMB_PX, violations

pytestmark = pytest.mark.browser

SOON = 20_000
"""Milliseconds that an answer may take on a busy machine."""
SAID = "Via Roma è chiusa fino alle 12: passate da Corso Adda."

AT_REST = """async () => {
  const database = await new Promise((done) => {
    const asked = indexedDB.open('fieldapp')
    asked.onsuccess = () => done(asked.result)
  })
  const rows = await new Promise((done) => {
    const asked = database.transaction('records').objectStore('records').getAll()
    asked.onsuccess = () => done(asked.result)
  })
  database.close()
  return rows.map(({ bytes }) => new TextDecoder('latin1').decode(bytes)).join('\\n')
}"""
"""Everything on the phone as it lies there."""


def board(page: Page, service: Service) -> Locator:
    sign_in(page, service, "Pianificazione")
    page.goto(f"{service.desk()}giorno/{MORNING.date().isoformat()}/pubblicato")
    page.get_by_role("button", name=re.compile("^Messaggi")).click(timeout=SOON)
    panel = page.get_by_role("region", name="Messaggi")
    expect(panel.get_by_label("Messaggio")).to_be_focused()
    return panel


def write(panel: Locator, text: str, agent: str | None = None) -> None:
    if agent:
        panel.get_by_label("A chi").select_option(label=agent)
    panel.get_by_label("Messaggio").fill(text)
    panel.get_by_role("button", name="Manda").click()
    expect(panel.get_by_text(text, exact=True).first).to_be_visible(timeout=SOON)


def later_with_network(agent: AgentsPhone) -> None:
    """A while later there is a network again: the phone asks for its day."""
    agent.page.clock.fast_forward("00:30")
    agent.find_network()


def test_a_message_sent_to_a_phone_without_network_is_read_there_and_the_board_sees_when(
    phone: Eyes, desk: Eyes, service: Service
) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    page.clock.install()
    agent.enrol("agente1")
    panel = board(desk.page, service)
    name = panel.get_by_label("A chi").locator("option:not([disabled])").nth(1).inner_text()
    agent.lose_network()

    # Sent while the phone hears nothing.
    write(panel, SAID, name)
    row = panel.get_by_role("listitem").filter(has_text=SAID)
    expect(row.get_by_text("inviato", exact=True)).to_be_visible()
    expect(page.get_by_text(SAID)).to_have_count(0)

    # It comes with the day, and lies sealed.
    later_with_network(agent)
    band = page.get_by_role("region", name="Messaggio dell’ufficio")
    expect(band.get_by_text(SAID)).to_be_visible(timeout=SOON)
    expect(row.get_by_text("sul telefono", exact=True)).to_be_visible(timeout=SOON)
    carried = [b64decode(one["bytes"]) for one in page.evaluate(RECORDS) if one["kind"] == "day"]
    assert any(SAID.encode() in plain for plain in carried)
    assert SAID.encode().decode("latin1") not in page.evaluate(AT_REST)
    assert violations(page) + page.evaluate(SMALL_TARGETS, THUMB_PX) == []

    # Read without a network, with one tap; it stays read when the app is started again.
    agent.lose_network()
    band.get_by_role("button", name="Letto").click()
    expect(band).to_have_count(0)
    agent.start_again()
    agent.sees_the_day()
    expect(band).to_have_count(0)
    expect(row.get_by_text("sul telefono", exact=True)).to_be_visible()
    page.get_by_text("1 messaggio letto").click()
    expect(page.get_by_text(SAID)).to_be_visible()
    written = [one for one in page.evaluate(RECORDS) if one["kind"] == "envelope"]
    assert sum(b"message_read" in b64decode(one["bytes"]) for one in written) == 1

    # The open board hears of it by itself.
    later_with_network(agent)
    expect(row.get_by_text(re.compile(r"^letto alle \d\d:\d\d$"))).to_be_visible(timeout=SOON)
    expect(row.get_by_role("button", name=re.compile("Ritira"))).to_have_count(0)

    # Another one is taken back before it is read: what was on the phone says so, without its words.
    other = "Rientrate in ufficio alle 17."
    agent.lose_network()
    # What was begun is still there when the panel is opened again.
    panel.get_by_label("Messaggio").fill("Rientrate")
    # Escape leaves the text, then the panel.
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    desk.page.get_by_role("button", name=re.compile("^Messaggi")).click()
    expect(panel.get_by_label("Messaggio")).to_have_value("Rientrate")
    expect(panel.get_by_label("A chi")).not_to_have_value("")
    panel.get_by_label("A chi").select_option(value="")
    write(panel, other)
    later_with_network(agent)
    expect(band.get_by_text(other)).to_be_visible(timeout=SOON)
    to_all = panel.get_by_role("listitem").filter(has_text=other)
    to_all.get_by_text("0 letti su 1, 1 sul telefono").click(timeout=SOON)
    expect(to_all.get_by_text("sul telefono", exact=True)).to_be_visible(timeout=SOON)
    agent.lose_network()
    panel.get_by_role("button", name=re.compile("^Ritira")).click()
    expect(to_all.get_by_text("ritirato", exact=True)).to_be_visible(timeout=SOON)
    later_with_network(agent)
    expect(page.get_by_text(re.compile("ritirato dall’ufficio"))).to_be_visible(timeout=SOON)
    expect(page.get_by_text(other)).to_have_count(0)
    assert violations(desk.page) == []
