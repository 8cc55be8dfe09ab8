"""A debtor met outside the plan: a visit without network, beside the day and not in it, and the office sees where."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.at_the_desk import sign_in
from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import MORNING, Eyes, Service, a_phone

pytestmark = pytest.mark.browser

AGENT = "agente2"
FAR = {"latitude": 45.3, "longitude": 9.6, "accuracy": 20}


def pick(page: Page, name: str, where: str) -> None:
    """Begin a visit outside the plan to whom the list shows under this name."""
    page.get_by_role("link", name="Fuori programma").click()
    page.get_by_label("Cerca per nome o via").fill(name)
    page.locator("main ol button").first.click()
    page.get_by_role("dialog").get_by_text(where).first.click()
    page.get_by_role("dialog").get_by_role("button", name="Apri la visita").click()
    expect(page.get_by_role("button", name="Lascia perdere")).to_be_visible()


def test_a_debtor_of_the_reserve_met_in_the_street_pays_without_network_and_the_office_sees_it(
    browser: Browser, desk: Eyes, service: Service, books: Books
) -> None:
    with a_phone(browser, service, permissions=["geolocation"], geolocation=FAR) as eyes:
        page, agent = eyes.page, AgentsPhone(eyes.page, service.agent())
        agent.enrol(AGENT)
        reserve = page.locator("details").filter(has_text="Di riserva")
        reserve.locator("summary").click()
        kept = reserve.locator("summary").inner_text()
        spare = reserve.get_by_role("link").first
        stop = str(spare.get_attribute("href")).rsplit("/", 1)[-1]
        name = spare.locator("strong").inner_text()
        practice = books.practice(stop)
        agent.lose_network()

        pick(page, name, "Per strada o in un luogo pubblico")
        agent.tap("Arrivato")
        # How far from the address it is stands there, and stops nobody.
        expect(page.get_by_text(re.compile(r"km dall’indirizzo")).first).to_be_visible()
        agent.start_again()
        expect(page.get_by_text("Chi hai trovato?")).to_be_visible()
        # The pin of an address is put right only by whoever stands at it, a sheet is copied only at a door of the plan.
        expect(page.get_by_text("Altro su questa porta")).to_have_count(0)
        agent.meet_debtor()
        agent.tap("Incasso parziale")
        agent.choose("Non ha tutto l'importo")
        agent.pay("Contanti", "20,00", {})
        agent.look_together()
        receipt = agent.receive()
        agent.finish()

        page.get_by_text("Fuori programma: 1").click()
        expect(page.get_by_text("in un luogo pubblico")).to_be_visible()
        expect(reserve.locator("summary")).to_have_text(kept)
        agent.find_network()
        agent.delivered()

    [visit] = books.practice(stop)["visits"]
    assert (visit["unplanned"], [one["label"] for one in visit["receipts"]]) == ("public_place", [receipt])
    assert practice["owed_cents"] - books.practice(stop)["owed_cents"] == 2_000
    sign_in(desk.page, service, "Pianificazione")
    desk.page.goto(f"{service.desk()}giorno/{MORNING.date().isoformat()}/pubblicato")
    expect(desk.page.get_by_text("Fuori programma: 1")).to_be_visible()
    desk.page.get_by_role("link", name=practice["practice_number"]).first.click()
    expect(desk.page.get_by_text("fuori programma, in un luogo pubblico").first).to_be_visible()


def test_who_was_visited_today_may_not_be_visited_again_outside_the_plan(phone: Eyes, service: Service) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol("agente3")
    agent.lose_network()
    agent.open_next()
    name = page.locator("main header strong").inner_text()
    agent.meet_debtor()
    agent.tap("Rifiuta")
    agent.choose("Non lo dice")
    agent.finish()

    pick(page, name, "Al suo indirizzo")

    expect(page.get_by_role("button", name="Arrivato")).to_be_disabled()
    expect(page.get_by_text("Oggi una visita è già stata fatta")).to_be_visible()
    agent.tap("Lascia perdere")
    expect(page.get_by_role("heading", name="Oggi")).to_be_visible()
    expect(page.get_by_text("Visita fuori programma aperta")).to_have_count(0)
    agent.find_network()


def test_a_debtor_of_the_plan_met_at_work_is_asked_of_the_rules_and_keeps_the_planned_visit(
    phone: Eyes, service: Service
) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol()
    agent.lose_network()
    address = page.locator("#next-stop").inner_text()
    page.get_by_role("link", name="Fuori programma").click()
    # The rule protects people: a firm is where it works.
    person = page.locator("main ol strong").filter(has_text=re.compile(r"^\S+ \w\.$")).first.inner_text()
    page.get_by_role("link", name="Oggi").first.click()

    pick(page, person, "Dove lavora")
    expect(page.get_by_text("È il posto di lavoro")).to_be_visible()
    expect(page.get_by_role("button", name="Arrivato")).to_be_disabled()
    page.get_by_role("link", name="Oggi").first.click()
    # It lies on the phone until it is given up, and the list leads back to it.
    expect(page.get_by_text("Visita fuori programma aperta")).to_be_visible()
    expect(page.locator("#next-stop")).to_have_text(address)
    page.get_by_role("link", name="Continua la visita").click()
    agent.tap("Lascia perdere")
    expect(page.locator("#next-stop")).to_have_text(address)
    agent.find_network()
