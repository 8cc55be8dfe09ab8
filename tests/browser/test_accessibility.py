"""Every screen against WCAG 2.2 AA, and what no rule engine sees: thumbs, keys, small and dark screens."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from fieldapp.clock import DemoClock
from tests.browser.at_the_desk import sign_in
from tests.browser.books import Books
from tests.browser.conftest import CLOCK, MORNING, Eyes, Service, a_phone
from tests.browser.tour import DESKS, desk_screens, phone_screens

pytestmark = pytest.mark.browser

WCAG_22_AA = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
THUMB_PX = 44

SMALL_TARGETS = """(least) => [...document.querySelectorAll(
    'button, a[href], summary, select, textarea, input:not([type=hidden])')]
  .filter((one) => (document.querySelector('dialog[open]') ?? document).contains(one))
  .map((one) => one.matches('[type=checkbox], [type=radio], [type=file]') ? one.closest('label') ?? one : one)
  .map((one) => ({ words: one.innerText || one.name || one.tagName, box: one.getBoundingClientRect(), one }))
  .filter(({ one, box }) => one.checkVisibility({ visibilityProperty: true }) && box.width > 1 && box.height > 1)
  .filter(({ box }) => box.width < least - 0.5 || box.height < least - 0.5)
  .map(({ words, box }) => `${words}: ${Math.round(box.width)} x ${Math.round(box.height)}`)"""

FOCUS_UNSEEN = """() => {
  const one = document.activeElement
  if (!one || one === document.body) return []
  const places = [one, one.parentElement, one.closest('form, label, tr')].filter(Boolean)
  const seen = places.some((place) => {
    const style = getComputedStyle(place)
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
  })
  return seen ? [] : [one.outerHTML.slice(0, 120)]
}"""

CUT_OFF = """() => [...document.querySelectorAll('button, a[href], select, input:not([type=hidden])')]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }))
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .filter((one) => {
    for (let at = one.parentElement; at; at = at.parentElement) {
      if (['auto', 'scroll'].includes(getComputedStyle(at).overflowX)) return false
    }
    return true
  })
  .map((one) => `cut off: ${one.innerText || one.name}`)"""
"""What lies beyond the right edge where nothing scrolls to it."""

NO_BAND = """() => [...document.querySelectorAll('aside, .demo')].some(
    (one) => /invent|Dimostrazione/i.test(one.innerText) && one.checkVisibility({ visibilityProperty: true }))
  ? [] : ['does not say that its data are invented']"""

SIDEWAYS = """() => document.documentElement.scrollWidth - innerWidth"""


def violations(page: Page) -> list[str]:
    """What axe finds on the screen in the light and in the dark theme, one line per element."""
    lines = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found: list[dict[str, Any]] = Axe().run(page, options=WCAG_22_AA).response["violations"]
        lines += [
            f"{scheme} {rule['id']}: {node['target']} {node['failureSummary']}"
            for rule in found
            for node in rule["nodes"]
        ]
    return lines


def test_every_screen_of_the_phone_meets_wcag_22_aa_and_the_thumb(browser: Browser, service: Service) -> None:
    small = {"viewport": {"width": 360, "height": 740}, "reduced_motion": "reduce"}
    found: dict[str, list[str]] = {}
    with a_phone(browser, service, **small) as eyes:
        for name in phone_screens(eyes.page, service.agent()):
            troubles = violations(eyes.page) + eyes.page.evaluate(SMALL_TARGETS, THUMB_PX)
            troubles += eyes.page.evaluate(NO_BAND)
            if eyes.page.evaluate(SIDEWAYS) > 0:
                troubles.append("scrolls sideways")
            if troubles:
                found[name] = troubles

    assert found == {}


@pytest.mark.parametrize("role", list(DESKS))
def test_every_screen_of_the_desk_meets_wcag_22_aa(desk: Eyes, service: Service, books: Books, role: str) -> None:
    practice_id = next(iter(books.stops.values()))
    asked: Counter[str] = Counter()
    desk.page.on("request", lambda request: asked.update([request.url] if "/api/" in request.url else []))

    found: dict[str, list[str]] = {}
    for name in desk_screens(desk.page, service.desk(), role, practice_id=practice_id):
        asked.clear()
        troubles = violations(desk.page) + desk.page.evaluate(CUT_OFF) + desk.page.evaluate(NO_BAND)
        # While nobody touches it: a screen that reads because it has read never ends.
        troubles += [f"asks {times} times for {address}" for address, times in asked.items() if times > 2]
        if troubles:
            found[name] = troubles

    assert found == {}


def test_the_desk_is_worked_with_keys_alone(desk: Eyes, service: Service) -> None:
    page = desk.page
    sign_in(page, service, "Back office")
    page.goto(f"{service.desk()}pratiche")
    expect(page.locator("main tbody tr").nth(2)).to_be_visible()

    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.locator("main [data-row]").nth(1)
    expect(second).to_be_focused()
    number = second.inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Pratiche / {number}")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("main tbody tr").first).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type(number)
    page.keyboard.press("Enter")

    expect(page.locator("main tbody tr")).to_have_count(1)


def test_whatever_tab_reaches_at_the_desk_shows_that_it_has_the_focus(desk: Eyes, service: Service) -> None:
    page = desk.page
    sign_in(page, service, "Back office")
    page.goto(f"{service.desk()}pratiche")
    expect(page.locator("main tbody tr").first).to_be_visible()

    unseen = []
    for _ in range(25):
        page.keyboard.press("Tab")
        unseen += page.evaluate(FOCUS_UNSEEN)

    assert unseen == []


def test_the_alerts_of_a_day_that_runs_late_meet_wcag_22_aa(desk: Eyes, service: Service) -> None:
    page = desk.page
    # The last test here: nobody has been anywhere since, and time does not run back for the others.
    DemoClock(service.settings.home / CLOCK).move_to(MORNING + timedelta(hours=3))
    sign_in(page, service, "Pianificazione")
    page.goto(f"{service.desk()}giorno/{MORNING.date().isoformat()}/pubblicato")
    alerts = page.get_by_role("region", name=re.compile("avvis"))
    expect(alerts.get_by_role("listitem").first).to_be_visible(timeout=60_000)

    assert violations(page) + page.evaluate(CUT_OFF) == []
