"""What a day does to a phone: a reload in the middle of a form, an office that goes away, a colleague's phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import Eyes, Service, a_phone

pytestmark = pytest.mark.browser


def stops_on(page: Page) -> set[str]:
    """The stops that the phone can open, beside the next one."""
    links = page.locator("a[href^='#/visita/']")
    expect(links.first).to_be_visible()
    return {str(link.get_attribute("href")).rsplit("/", 1)[-1] for link in links.all()}


def test_a_reload_in_the_middle_of_a_form_loses_nothing(phone: Eyes, service: Service) -> None:
    agent = AgentsPhone(phone.page, service.agent())
    agent.enrol()
    agent.lose_network()
    agent.open_next()
    agent.meet_debtor()
    agent.tap("Promessa di pagamento")
    agent.type("Importo promesso", "42,50")
    agent.choose("Bonifico", of="Come pagherà")
    agent.has_saved("bank_transfer")

    agent.start_again()

    expect(phone.page.get_by_label("Importo promesso")).to_have_value("42,50")
    expect(phone.page.get_by_role("radio", name="Bonifico")).to_be_checked()
    agent.find_network()


def test_everything_arrives_once_when_the_office_went_away_with_things_waiting(
    phone: Eyes, service: Service, books: Books
) -> None:
    agent = AgentsPhone(phone.page, service.agent())
    agent.enrol()
    held_before = books.balances().get("agent_cash", 0)

    service.stop()
    stop = agent.open_next()
    agent.meet_debtor()
    agent.tap("Incasso parziale")
    agent.choose("Aspetta un'entrata")
    agent.pay("Contanti", "21,30", {})
    agent.look_together()
    receipt = agent.receive()
    agent.finish(photo="Portone")
    agent.page.get_by_role("link", name="Invio").click()
    agent.tap("Invia ora")
    expect(phone.page.get_by_text("Adesso non c’è rete")).to_be_visible(timeout=20_000)
    service.start()
    agent.tap("Invia ora")
    agent.delivered()

    practice = books.practice(stop)
    assert [one["label"] for one in practice["receipts"]] == [receipt]
    assert len(practice["visits"]) == 1
    assert [one["kind"] for one in practice["visits"][0]["documents"]] == ["entrance"]
    assert books.balances()["agent_cash"] == held_before + 2_130


def test_a_colleagues_phone_sees_its_own_day_and_nothing_of_this_one(
    phone: Eyes, browser: Browser, service: Service, books: Books
) -> None:
    with a_phone(browser, service) as other:
        AgentsPhone(phone.page, service.agent()).enrol("agente3")
        AgentsPhone(other.page, service.agent()).enrol("agente2")

        mine, theirs = stops_on(phone.page), stops_on(other.page)

        assert mine
        assert theirs
        assert mine.isdisjoint(theirs)
        assert mine | theirs <= books.stops.keys()
