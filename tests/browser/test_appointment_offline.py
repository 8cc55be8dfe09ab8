"""An appointment that the desk takes while the agent is out: told as a change, read without a network at its door."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from fieldapp.domain.contacts import ITALY
from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books, _signed_in
from tests.browser.conftest import MORNING, Eyes, Service
from tests.browser.test_rescue import posted

pytestmark = pytest.mark.browser

BADGE = "A001"


def agreed_on(desk: httpx.Client, practice: str) -> tuple[dict[str, Any], str]:
    """The cheapest window of today with the same agent, taken; and how the phone writes it."""
    view = desk.get(f"/practices/{practice}/appointment-offers").raise_for_status().json()
    today = next(one for one in view["days"] if one["day"] == MORNING.date().isoformat())
    offers = [one for one in today["offers"] if one["agent_number"] == BADGE]
    offer = min(offers, key=lambda one: int(one["cost_cents"]))
    wish = {name: offer[name] for name in ("from_at", "to_at", "agent_id", "lane")}
    taken = posted(desk, f"/practices/{practice}/appointments", json=wish).json()["appointment"]
    hours = [datetime.fromisoformat(offer[end]).astimezone(ITALY).strftime("%H:%M") for end in ("from_at", "to_at")]
    return taken, f"appuntamento {hours[0]}–{hours[1]}"


def row_of(page: Page, stop: str) -> Locator:
    """The visit in the list of those ahead."""
    return page.locator(f'a[href="#/visita/{stop}"]')


def no_longer_away(agent: AgentsPhone) -> None:
    """A while later there is a network again: the phone asks for its day."""
    agent.page.clock.fast_forward("00:30")
    agent.find_network()


def test_an_appointment_taken_while_the_agent_is_out_is_told_and_read_without_a_network(
    phone: Eyes, service: Service, books: Books
) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    page.clock.install()
    agent.enrol("agente1")
    link = page.locator("ol a[href^='#/visita/']").nth(3)
    street = link.locator("strong").first.inner_text()
    practice = books.stops[str(link.get_attribute("href")).rsplit("/", 1)[-1]]
    desk = _signed_in(service.address, "dispatcher")
    agent.lose_network()

    taken, window = agreed_on(desk, practice)
    expect(page.get_by_text(window)).to_have_count(0)
    no_longer_away(agent)

    news = page.get_by_role("status").filter(has_text="Il giro è cambiato.")
    expect(news).to_contain_text(f"{street}: {window}")
    agent.tap("Ho visto")
    agent.lose_network()
    agent.start_again()
    agent.sees_the_day()
    door = page.get_by_role("link").filter(has_text=street).or_(page.get_by_role("article").filter(has_text=street))
    expect(door).to_contain_text(window)

    # Before the door too: the card that stands there before the bell, and again after the app was started anew.
    row_of(page, stop_now(service, practice)).click()
    expect(page.get_by_role("heading", name=street)).to_be_visible()
    card = page.locator("details").filter(has=page.get_by_role("heading", name=re.compile("^Prima di suonare")))
    expect(card.get_by_text(window)).to_be_visible()
    agent.start_again()
    expect(card.get_by_text(window)).to_be_visible()
    # The debtor was spoken to today, so that nobody rings a second time but in the window.
    expect(page.get_by_text("allora si può suonare")).to_be_visible()
    expect(page.get_by_role("button", name="Arrivato")).to_be_disabled()
    page.clock.fast_forward(int((begins(taken) - MORNING).total_seconds() * 1000) + 60_000)
    expect(page.get_by_role("button", name="Arrivato")).to_be_enabled()

    # Given up at the desk, it is told as well.
    page.get_by_role("link", name="Oggi").first.click()
    posted(
        desk, f"/practices/{practice}/appointments/{taken['id']}/cancel", json={"reason": "ha pagato", "called": True}
    )
    no_longer_away(agent)
    expect(page.get_by_text("Il giro è cambiato.")).to_be_visible()
    expect(page.get_by_text(window)).to_have_count(0)


def begins(taken: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(taken["from_at"])


def stop_now(service: Service, practice: str) -> str:
    """The stop of this practice in the day as published last."""
    desk = _signed_in(service.address, "dispatcher")
    day = desk.get(f"/dispatch/days/{MORNING.date().isoformat()}").raise_for_status().json()
    stops = [one for route in day["routes"] for one in [*route["stops"], *route["in_reserve"]]]
    return next(str(one["stop_id"]) for one in stops if one["practice_id"] == practice)
