"""What a day does to a phone: a reload in the middle of a form, an office that goes away, a colleague's phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import Eyes, Service, a_phone
from tests.browser.test_agreements import outcome

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


AWAY = """
const seen = { get: () => (window.away ? 'hidden' : 'visible'), configurable: true }
Object.defineProperty(document, 'visibilityState', seen)
const turned = () => document.dispatchEvent(new Event('visibilitychange'))
window.leave = () => { window.away = true; turned() }
window.comeBack = () => { window.away = false; turned() }
"""


def test_the_form_of_a_cheque_and_a_count_outlive_a_reload_and_the_lock_and_nothing_else_does(
    phone: Eyes, service: Service, books: Books
) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    page.clock.install()
    page.add_init_script(AWAY)
    agent.enrol()
    stop = agent.open_next()
    agent.meet_debtor()
    agent.tap("Incasso parziale")
    agent.choose("Non ha tutto l'importo")
    agent.pay("Assegno", "52,00", {"Banca": "Banca di Prova", "Numero dell’assegno": "0012345"})
    page.get_by_text("Un’altra persona").click()
    agent.type("Nome e cognome", "Lucia Neri")
    agent.has_saved("Lucia Neri")

    def as_typed() -> None:
        sheet = page.locator("dialog[open]")
        expect(sheet.get_by_label("Numero dell’assegno")).to_have_value("0012345")
        expect(sheet.get_by_label("Banca", exact=True)).to_have_value("Banca di Prova")
        expect(sheet.get_by_placeholder("0,00")).to_have_value("52,00")
        expect(sheet.get_by_role("radio", name="Assegno")).to_be_checked()
        expect(sheet.get_by_label("Nome e cognome")).to_have_value("Lucia Neri")

    agent.start_again()
    as_typed()
    page.evaluate("window.leave()")
    page.clock.fast_forward("06:00")
    page.evaluate("window.comeBack()")
    agent.unlock()
    as_typed()

    # Given up, it is gone; taken, it is gone with its receipt.
    agent.tap("Indietro")
    agent.pay("Contanti", "5,00", {})
    expect(page.locator("dialog[open]").get_by_label("Nome e cognome")).to_have_count(0)
    agent.look_together()
    receipt = agent.receive()
    agent.start_again()
    expect(page.locator("dialog[open]")).to_have_count(0)
    agent.finish()
    agent.delivered()
    assert [(one["label"], one["amount_cents"]) for one in books.practice(stop)["receipts"]] == [(receipt, 500)]

    page.get_by_role("link", name="Cassa").click()
    agent.tap("Conta")
    page.locator("dialog[open] input[type=number]").first.fill("3")
    page.wait_for_timeout(300)
    agent.start_again()
    expect(page.locator("dialog[open] input[type=number]").first).to_have_value("3")


def test_forms_of_a_plan_and_a_settlement_and_an_address_outlive_a_reload(
    phone: Eyes, service: Service, books: Books
) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol("agente2")
    agent.lose_network()
    stop = agent.open_next()
    agent.meet_debtor()

    outcome(agent, "Piano di rientro")
    agent.tap("Componi il piano")
    agent.choose("In quante rate")
    agent.type("In quante rate?", "3")
    page.get_by_text("Altre scelte").click()
    agent.type("Prima rata diversa dalle altre", "10,00")
    agent.has_saved("10,00")
    agent.start_again()
    sheet = page.locator("dialog[open]")
    expect(sheet.get_by_label("In quante rate?")).to_have_value("3")
    page.get_by_text("Altre scelte").click()
    expect(sheet.get_by_label("Prima rata diversa dalle altre")).to_have_value("10,00")
    agent.tap("Indietro")

    agent.tap("Altro esito")
    outcome(agent, "Saldo e stralcio proposto")
    agent.tap("Componi la proposta")
    agent.tap("Domani")
    page.get_by_placeholder("0,00").fill("77,70")
    agent.has_saved("77,70")
    agent.start_again()
    expect(sheet.get_by_placeholder("0,00")).to_have_value("77,70")
    expect(sheet.get_by_label("Da pagare entro il")).to_have_value("2026-11-27")
    agent.tap("Indietro")

    agent.tap("Altro esito")
    agent.tap("Incasso parziale")
    agent.choose("Non ha tutto l'importo")
    agent.pay("Contanti", "5,00", {})
    agent.look_together()
    agent.hold("ieni premuto")
    agent.tap("Altri modi")
    agent.choose("E-mail", of="Come la vuole")
    agent.type("Indirizzo e-mail", "mario.bianchi@example.it")
    page.get_by_text("È d’accordo che si usi questo indirizzo").click()
    agent.has_saved("mario.bianchi@example.it")
    agent.start_again()
    expect(page.get_by_role("heading", name="Come gliela dai?")).to_be_visible()
    expect(page.get_by_label("Indirizzo e-mail")).to_have_value("mario.bianchi@example.it")
    # Whether the debtor agrees is asked of the debtor again.
    expect(page.get_by_role("button", name="Chiedi all’ufficio di mandarla")).to_be_disabled()
    page.get_by_text("È d’accordo che si usi questo indirizzo").click()
    agent.tap("Chiedi all’ufficio")
    expect(page.get_by_text("L’ufficio la manderà.")).to_be_visible()
    agent.start_again()
    expect(page.get_by_role("dialog")).to_have_count(0)
    agent.finish()
    agent.find_network()
    agent.delivered()
    assert [task["kind"] for task in books.practice(stop)["tasks"]].count("paper.send") == 1


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
    agent.send_now()
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
