"""What one thumb meets on a small phone: at the arrival, at a closed door, on the PIN pad, with the longest words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.at_the_door import PIN, AgentsPhone
from tests.browser.conftest import Eyes, Service, a_phone
from tests.browser.spoken import CUT_WORDS, Spoken
from tests.browser.test_accessibility import SIDEWAYS, SMALL
from tests.browser.test_languages import Hands
from tests.browser.test_position import ROME

pytestmark = pytest.mark.browser

SIZES: list[Any] = [{"width": 360, "height": 740}, {"width": 390, "height": 844}]

IN_THE_OPEN = """(one) => {
  const box = one.getBoundingClientRect()
  const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)
  return box.top >= 0 && box.bottom <= innerHeight && one.contains(hit)
}"""
"""Whether a finger on the middle of it meets it, as the page stands, and nothing that lies over it."""

LINES = """(one) => {
  const words = [...one.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim())
  const range = document.createRange()
  const rects = words.flatMap((text) => (range.selectNodeContents(text), [...range.getClientRects()]))
  return new Set(rects.map(({ bottom }) => Math.round(bottom))).size
}"""
"""On how many lines its own words stand."""


OVERLAPPING = """() => {
  const parts = [...document.querySelectorAll('.in-reach > *')].filter((one) => one.checkVisibility())
  const boxes = parts.map((one) => one.getBoundingClientRect())
  return parts.slice(1).filter((_, at) => boxes[at + 1].left < boxes[at].right - 1).map((one) => one.innerText)
}"""
"""Parts of the line at the top that lie over each other."""


@pytest.fixture(params=SIZES, ids=lambda size: f"{size['width']}x{size['height']}")
def small(browser: Browser, service: Service, request: pytest.FixtureRequest) -> Iterator[Eyes]:
    """A phone of this size, far from every address of its day."""
    with a_phone(browser, service, viewport=request.param, permissions=["geolocation"], geolocation=ROME) as eyes:
        yield eyes


def bottom_of(place: Locator) -> float:
    box = place.bounding_box()
    assert box is not None
    return box["y"] + box["height"]


def test_who_is_there_is_answered_at_once_after_the_arrival_whatever_else_the_door_needs(
    small: Eyes, service: Service
) -> None:
    page, agent = small.page, AgentsPhone(small.page, service.agent())
    agent.enrol("agente1")
    agent.open_next()

    # Saved, undoable and far away: all three are said, and nothing of that lies over the choices.
    expect(page.get_by_text("Arrivo salvato sul telefono.")).to_be_visible()
    undo = page.get_by_role("button", name="Annulla Arrivo")
    expect(undo).to_be_visible()
    expect(page.get_by_text(re.compile(r"^a \d+,\d km dall’indirizzo, .*: si va avanti lo stesso$"))).to_be_visible()
    answers = page.get_by_role("group", name="Chi hai trovato?").locator("label")
    expect(answers).to_have_count(3)
    assert [answer.evaluate(IN_THE_OPEN) for answer in answers.all()] == [True] * 3
    assert undo.evaluate(IN_THE_OPEN)
    rare = page.get_by_text("Altro su questa porta")
    assert bottom_of(rare) > bottom_of(answers.last)
    expect(page.get_by_role("button", name="Il segnaposto è sbagliato")).to_have_count(0)

    undo.click()
    expect(page.get_by_role("button", name="Arrivato")).to_be_visible()
    agent.tap("Arrivato")

    # Far away locks nothing, and the step that begins stands under the eye.
    agent.meet_nobody()
    expect(page.get_by_role("heading", name="Esito")).to_be_focused()
    assert bottom_of(page.get_by_role("heading", name="Esito")) < 240
    expect(undo).to_have_count(0, timeout=15_000)


def test_what_was_seen_from_outside_is_asked_where_nobody_was_met_and_nowhere_else(
    browser: Browser, service: Service
) -> None:
    asked = "Che cosa hai visto da fuori"
    with a_phone(browser, service) as eyes:
        page, agent = eyes.page, AgentsPhone(eyes.page, service.agent())
        agent.enrol("agente1")
        # Nobody waits for a position that does not come: neither the next step nor the one after it.
        page.evaluate("navigator.geolocation.getCurrentPosition = () => undefined")
        agent.open_next()
        agent.meet_nobody()
        page.get_by_text(re.compile("^Non incontrato")).click()
        agent.tap("Assente, nessun avviso")
        agent.choose("Nessuna cassetta")
        agent.tap("Continua")
        expect(page.get_by_role("group", name=asked)).to_be_visible()
        agent.choose("Casa vuota")

        page.get_by_role("button", name="Cambia Chi c’è").click()
        agent.recognise_debtor()
        agent.tap("Continua")
        agent.tap("Rifiuta")
        agent.choose("Dice di non potere")
        agent.tap("Continua")
        expect(page.get_by_label("Che cosa dichiara il debitore")).to_be_visible()
        # What was ticked is sent, so it stays in sight until it is taken back.
        agent.choose("Casa vuota")
        expect(page.get_by_text(asked)).to_have_count(0)


def test_the_pin_pad_stands_where_the_thumb_is_and_its_last_digit_goes_by_name(small: Eyes, service: Service) -> None:
    page, agent = small.page, AgentsPhone(small.page, service.agent())
    height = page.viewport_size["height"] if page.viewport_size else 0
    pad = page.get_by_role("group", name="Tastierino")
    agent.page.goto(service.agent())
    agent.sign_in("agente1")
    agent.tap("Attiva questo telefono")
    expect(pad).to_be_visible()
    assert height - 40 < bottom_of(pad) <= height
    agent.choose_pin()
    agent.start_from_here()

    page.reload()
    expect(page.get_by_role("heading", name="PIN", exact=True)).to_be_visible()
    assert height - 40 < bottom_of(pad) <= height
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") == 0
    pad.get_by_role("button", name="7", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Una cifra scritta")).to_have_count(1)
    pad.get_by_role("button", name="Togli l’ultima cifra").click()
    expect(page.get_by_role("status").filter(has_text="Nessuna cifra scritta")).to_have_count(1)
    agent.unlock()

    page.get_by_role("link", name="Telefono").click()
    agent.tap("Cambia il PIN")
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_role("group", name="Tastierino")).to_be_visible()
    assert bottom_of(sheet.get_by_role("group", name="Tastierino")) > height - 140
    agent.key_in(PIN, "Avanti")
    expect(sheet.get_by_role("heading", name="Il PIN nuovo")).to_be_visible()


def test_the_longest_name_of_today_is_whole_on_the_smallest_phone(browser: Browser, service: Service) -> None:
    says = Spoken("fr")
    with a_phone(browser, service, locale=says.locale, **SMALL, permissions=["geolocation"], geolocation=ROME) as eyes:
        page, hands = eyes.page, Hands(eyes.page, says)
        page.goto(service.agent())
        page.get_by_label(says("sign_in.login")).fill("agente3")
        page.get_by_label(says("sign_in.password")).fill("demo-fieldapp")
        page.get_by_role("button", name=says("sign_in.enter"), exact=True).click()
        hands.tap("enrol.go")
        hands.sees("lock.choose")
        hands.key_in("lock.next")
        hands.sees("lock.repeat")
        hands.key_in("lock.next")
        hands.sees("today.open", "button")
        for name in (page.get_by_role("heading", name=says("today.title")), page.locator("nav a span").nth(1)):
            assert name.evaluate(LINES) == 1
        whole(page)

        # The visit's own way back, beside the number and while the position is being read.
        page.evaluate("navigator.geolocation.getCurrentPosition = () => undefined")
        hands.tap("today.open")
        hands.sees("arrival.arrived", "button")
        back = page.get_by_role("link", name=says("nav.today")).first
        assert back.evaluate(LINES) == 1
        whole(page)
        hands.tap("arrival.arrived")
        expect(page.get_by_role("status").filter(has_text=says("position.reading"))).to_be_visible()
        assert back.evaluate(LINES) == 1
        whole(page)


def whole(page: Page) -> None:
    assert page.evaluate(CUT_WORDS) == []
    assert page.evaluate(SIDEWAYS) <= 0
    assert page.evaluate(OVERLAPPING) == []
