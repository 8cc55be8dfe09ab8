"""In English and French as in Italian: a day on a small phone and the desk's places, nothing cut, nothing untranslated.

What axe finds is the same in every language but for names and widths, so the light theme is enough here; both themes
are looked at in Italian (`test_accessibility.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.at_the_door import PIN, AgentsPhone
from tests.browser.conftest import DESK, Service, a_phone, watched
from tests.browser.spoken import CUT_WORDS, Spoken
from tests.browser.test_accessibility import CUT_OFF, SIDEWAYS, SMALL_TARGETS, THUMB_PX, WCAG_22_AA
from tests.browser.tour import DESKS

pytestmark = pytest.mark.browser

NEEDS_ROOM = {"giorno"}
"""A day is planned on a table, beside a map."""
NARROW: Any = {"width": 360, "height": 740}
SMALL: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "reduced_motion": "reduce"}
AGENTS = {"en": "agente2", "fr": "agente3"}


class Hands:
    """An agent's hands on a phone in any language: what is tapped is named by its key in the catalogues."""

    def __init__(self, page: Page, says: Spoken) -> None:
        self.page, self.says = page, says

    def tap(self, key: str) -> None:
        self.page.get_by_role("button", name=self.says.like(key)).last.click()

    def follow(self, key: str) -> None:
        self.page.get_by_role("link", name=self.says.like(key)).last.click()

    def choose(self, key: str) -> None:
        place = self.page.locator("dialog[open]").or_(self.page.locator("main")).last
        place.locator("label").filter(has_text=re.compile(rf"^\s*{re.escape(self.says(key))}")).first.click()

    def sees(self, key: str, role: Any = "heading") -> None:
        expect(self.page.get_by_role(role, name=self.says.like(key)).last).to_be_visible()

    def key_in(self, key: str) -> None:
        pad = self.page.get_by_role("group", name=self.says("lock.pad"))
        for digit in PIN:
            pad.get_by_role("button", name=digit, exact=True).click()
        pad.get_by_role("button", name=self.says(key), exact=True).click()


def a_day(page: Page, service: Service, says: Spoken, login: str) -> Iterator[str]:
    """A day on a phone: enrolled, read, a visit paid, papers and purse, closed."""
    hands = Hands(page, says)
    page.goto(service.agent())
    hands.sees("sign_in.as", "button")
    yield "sign in"
    page.get_by_label(says("sign_in.login")).fill(login)
    page.get_by_label(says("sign_in.password")).fill("demo-fieldapp")
    page.get_by_role("button", name=says("sign_in.enter"), exact=True).click()
    hands.sees("enrol.go", "button")
    yield "enrol"
    hands.tap("enrol.go")
    hands.sees("lock.choose")
    yield "pin"
    hands.key_in("lock.next")
    hands.sees("lock.repeat")
    hands.key_in("lock.next")
    hands.sees("today.open", "button")
    yield "today"
    hands.follow("order.title")
    hands.sees("order.title")
    yield "order"
    hands.follow("nav.today")
    hands.follow("outside.title")
    hands.sees("outside.title")
    yield "outside the plan"
    page.locator("main ol button").first.click()
    hands.sees("outside.where")
    yield "outside the plan, where"
    page.keyboard.press("Escape")
    hands.follow("nav.today")
    yield from _a_visit(hands)
    hands.follow("nav.purse")
    hands.sees("purse.receipts")
    yield "purse"
    hands.tap("purse.count_it")
    hands.sees("purse.count.done", "button")
    yield "count"
    hands.tap("purse.count.done")
    hands.sees("purse.count.sign", "button")
    yield "counted"
    page.keyboard.press("Escape")
    hands.follow("nav.sending")
    expect(page.get_by_text(says("standing.all_in")).first).to_be_visible(timeout=60_000)
    yield "sending"
    hands.follow("nav.map")
    hands.sees("nav.map")
    yield "map"
    hands.follow("nav.today")
    hands.follow("nav.more")
    hands.sees("nav.more")
    yield "phone"
    hands.follow("nav.today")
    hands.follow("end.title")
    hands.sees("end.title")
    yield "end of the day"
    hands.tap("end.close")
    expect(page.get_by_text(says.like("end.closed")).first).to_be_visible()
    yield "day closed"


def _a_visit(hands: Hands) -> Iterator[str]:
    page, says = hands.page, hands.says
    hands.tap("today.open")
    hands.sees("arrival.arrived", "button")
    yield "before ringing"
    hands.tap("arrival.arrived")
    hands.choose("met.is.debtor")
    hands.choose("visit.identified_by.document")
    page.get_by_text(says("met.identified_self")).click()
    yield "who is there"
    hands.tap("common.go_on")
    hands.sees("outcome.PAID_PARTIAL", "button")
    yield "outcomes"
    hands.tap("outcome.PAID_PARTIAL")
    hands.choose("outcome.choice.reason.short_of_money")
    yield "outcome"
    hands.tap("pay.open")
    hands.choose("method.cash")
    # What a button fills in is read in every language; what could mean two sums is refused with both.
    hands.tap("likely.all")
    english = says.language == "en"
    amount = page.get_by_placeholder("0.00" if english else "0,00").last
    expect(amount).not_to_have_value("")
    expect(amount).not_to_have_attribute("aria-invalid", "true")
    amount.fill("50,00" if english else "50.00")
    expect(page.get_by_text("€5,000.00" if english else re.compile(r"5\D000,00"))).to_be_visible()
    yield "payment that could be two sums"
    amount.fill("50.00" if english else "50,00")
    yield "payment"
    hands.tap("pay.look_together")
    yield "look together"
    AgentsPhone(page, "").hold(says.like("together.received").pattern.lstrip("^"))
    hands.sees("paper.receipt", "img")
    yield "receipt"
    hands.tap("ways.open")
    hands.sees("ways.title")
    yield "ways to give it"
    page.keyboard.press("Escape")
    hands.tap("common.done")
    hands.tap("common.go_on")
    hands.sees("closing.close", "button")
    yield "closing"
    hands.tap("closing.close")
    hands.sees("today.title")
    yield "today, one made"


def troubles(page: Page, says: Spoken, *also: list[str]) -> list[str]:
    """What is wrong with the words on the screen, and with the room that they have."""
    found = [*says.strange_words(page), *page.evaluate(CUT_WORDS), *(one for more in also for one in more)]
    if page.evaluate(SIDEWAYS) > 0:
        found.append("scrolls sideways")
    return found


def broken_rules(page: Page) -> list[str]:
    """What axe finds in the light theme, once nothing moves: half a change of colour has no contrast of its own."""
    page.emulate_media(reduced_motion="reduce")
    found = _violations(page)
    if any(one.startswith("target-size") for one in found):
        # What a bar at the edge covers by half is whole once the page is moved: small is what is small in both places.
        page.evaluate("scrollBy(0, 56)")
        found &= _violations(page)
    return sorted(found)


def _violations(page: Page) -> set[str]:
    violations: list[dict[str, Any]] = Axe().run(page, options=WCAG_22_AA).response["violations"]
    return {f"{rule['id']}: {node['target']}" for rule in violations for node in rule["nodes"]}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_day_on_a_small_phone_is_whole_in_every_language(browser: Browser, service: Service, language: str) -> None:
    says = Spoken(language)
    found: dict[str, list[str]] = {}
    with a_phone(browser, service, locale=says.locale, **SMALL) as eyes:
        for name in a_day(eyes.page, service, says, AGENTS[language]):
            wrong = troubles(eyes.page, says, eyes.page.evaluate(SMALL_TARGETS, THUMB_PX), broken_rules(eyes.page))
            if wrong:
                found[name] = wrong

    assert not found, in_lines(found)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_desks_places_are_whole_in_every_language(browser: Browser, service: Service, language: str) -> None:
    says = Spoken(language)
    found: dict[str, list[str]] = {}
    for role, places in DESKS.items():
        context = browser.new_context(locale=says.locale, timezone_id="Europe/Rome", **DESK)
        eyes = watched(context, service.address)
        page = eyes.page
        page.goto(service.desk())
        page.get_by_role("button", name=re.compile(says(f"role.{ROLES[role]}"))).first.click()
        expect(page.get_by_role("searchbox").first).to_be_visible()
        for place in places:
            page.goto(f"{service.desk()}{place}")
            expect(page.locator("main :is(tbody tr, li, h2, form, p)").first).to_be_visible()
            wrong = troubles(page, says, page.evaluate(CUT_OFF))
            # The longest words are French: what they do not break, the English do not.
            wrong += broken_rules(page) if language == "fr" else []
            if place not in NEEDS_ROOM:
                page.set_viewport_size(NARROW)
                wrong += [f"on a phone, {one}" for one in page.evaluate(CUT_OFF)]
                if page.evaluate(SIDEWAYS) > 0:
                    wrong.append("on a phone it scrolls sideways")
                page.set_viewport_size(DESK["viewport"])
            if wrong:
                found[f"{role}: {place}"] = wrong
        eyes.saw_nothing_wrong()
        context.close()

    assert not found, in_lines(found)


def test_a_screen_in_another_language_is_seen_as_one(browser: Browser, service: Service) -> None:
    with a_phone(browser, service, **SMALL) as eyes:
        eyes.page.goto(service.agent())
        expect(eyes.page.get_by_role("heading", name="Entra")).to_be_visible()

        assert Spoken("it").strange_words(eyes.page) == []
        assert "in Italian: Nome utente" in Spoken("en").strange_words(eyes.page)


def in_lines(found: dict[str, list[str]]) -> str:
    return "\n".join(f"{name}: {one}" for name, wrong in found.items() for one in wrong)


ROLES = {"Back office": "back_office", "Pianificazione": "dispatcher", "Amministrazione": "administrator"}
