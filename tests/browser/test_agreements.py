"""A repayment plan and a settlement at the door without network: both look at the paper, it is signed, and the office
holds it to the cent; a settlement waits for the office, which approves it in the practice file, or while both stand at
the door."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.at_the_desk import open_practice, sign_in
from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import Eyes, Service

pytestmark = pytest.mark.browser


def outcome(agent: AgentsPhone, name: str) -> None:
    agent.page.get_by_text(re.compile("^Persona incontrata|^Incontrat")).first.click()
    agent.tap(name)


def euro(cents: int) -> str:
    return f"{cents // 100},{cents % 100:02d}"


def test_a_plan_signed_without_network_stands_at_the_desk_with_its_first_instalment_paid(
    phone: Eyes, desk: Eyes, service: Service, books: Books
) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol()
    agent.lose_network()
    stop = agent.open_next()
    before = books.practice(stop)
    owed = before["owed_cents"]
    agent.meet_debtor()
    outcome(agent, "Piano di rientro")
    agent.tap("Componi il piano")
    look = page.get_by_role("button", name="Guardate insieme")

    # Nothing that is no plan can be looked at, and nothing is rounded.
    for typed, said in (
        ("0", "zero"),
        ("-5", "sotto zero"),
        ("12.50", "virgola"),
        ("0,01", "servono più di"),
    ):
        page.get_by_placeholder("0,00").fill(typed)
        expect(page.get_by_role("alert").filter(has_text=re.compile(said, re.IGNORECASE))).to_be_visible()
        expect(look).to_be_disabled()
    agent.choose("In quante rate")
    for count in ("0", "400"):
        agent.type("In quante rate?", count)
        expect(page.get_by_role("alert").first).to_be_visible()
        expect(look).to_be_disabled()
    agent.type("In quante rate?", "3")
    page.get_by_text("Altre scelte").click()
    agent.type("Prima rata diversa dalle altre", euro(owed + 1))
    expect(page.get_by_text("più di tutto il debito")).to_be_visible()
    expect(look).to_be_disabled()
    agent.type("Prima rata diversa dalle altre", "")
    expect(page.get_by_text(re.compile("^3 rate da"))).to_be_visible()
    agent.look_together()
    expect(page.get_by_role("img", name="Piano di rientro")).to_be_visible()
    expect(page.locator("dialog[open]")).to_contain_text("prescrizione")
    agent.tap("Fai firmare")
    text = page.locator("dialog[open] .text").inner_text()
    agent.sign()
    expect(page.get_by_text("Il foglio è firmato")).to_be_visible()
    agent.tap("Fatto")
    agent.tap("Registra un incasso")
    agent.tap("Rata 1 di 3")
    agent.look_together()
    expect(page.get_by_text("È la rata 1 di 3 del piano")).to_be_visible()
    receipt = agent.receive()
    agent.finish()
    agent.find_network()
    agent.delivered()

    after = books.practice(stop)
    (plan,) = after["plans"]
    assert plan["state"] == "active"
    assert plan["total_cents"] == owed
    assert sum(item["cents"] for item in plan["instalments"]) == owed
    assert [item["state"] for item in plan["instalments"]] == ["paid", "next", "later"]
    assert plan["flags"] == []
    (signature,) = [visit["signature"] for visit in after["visits"] if visit["signature"]]
    assert signature["text"] == text
    assert not signature["refused"]
    sign_in(desk.page, service, "Back office")
    open_practice(desk.page, before["practice_number"])
    block = desk.page.get_by_role("region", name="Piano di rientro")
    expect(block.get_by_text("In corso")).to_be_visible()
    expect(block.get_by_text("pagata")).to_have_count(1)
    expect(desk.page.get_by_text(receipt).first).to_be_visible()


def test_a_settlement_offered_without_network_waits_for_the_office_and_is_approved_in_place(
    phone: Eyes, desk: Eyes, service: Service, books: Books
) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol()
    agent.lose_network()
    stop = agent.open_next()
    before = books.practice(stop)
    owed = before["owed_cents"]
    offer = owed * 9 // 10
    agent.meet_debtor()
    outcome(agent, "Saldo e stralcio proposto")
    agent.tap("Componi la proposta")
    agent.tap("Oggi")
    page.get_by_placeholder("0,00").fill("0,50")
    expect(page.get_by_text("non accetta proposte sotto")).to_be_visible()
    page.get_by_placeholder("0,00").fill(euro(owed))
    expect(page.get_by_text("non è più bassa del debito")).to_be_visible()
    page.get_by_placeholder("0,00").fill(euro(offer))
    agent.look_together()
    expect(page.get_by_role("img", name="Proposta di saldo e stralcio")).to_be_visible()
    agent.tap("Fai firmare")
    agent.sign()
    agent.tap("Fatto")
    agent.finish()
    agent.find_network()
    agent.delivered()

    sign_in(desk.page, service, "Back office")
    open_practice(desk.page, before["practice_number"])
    block = desk.page.get_by_role("region", name="Saldo e stralcio")
    expect(block.get_by_text("In attesa")).to_be_visible()
    # The ledger of contacts comes last and stands above: until then the button moves away under the pointer.
    expect(desk.page.get_by_text("Colloqui oggi")).to_be_visible()
    block.get_by_role("button", name="Approva").click()
    block.get_by_role("button", name="Conferma").click()
    expect(block.get_by_text("Approvato")).to_be_visible()

    approved = books.practice(stop)
    assert (approved["state"], approved["owed_cents"]) == ("open", owed)
    assert approved["settlements"][0]["offer_cents"] == offer
    assert [task["kind"] for task in approved["tasks"] if task["state"] == "open"] == ["tell_settlement_decision"]


def test_a_settlement_is_approved_while_both_stand_at_the_door_and_paid_at_once(
    phone: Eyes, desk: Eyes, service: Service, books: Books
) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    sign_in(desk.page, service, "Back office")
    agent.enrol()
    stop = agent.open_next()
    before = books.practice(stop)
    offer = before["owed_cents"] * 9 // 10
    agent.meet_debtor()
    outcome(agent, "Saldo e stralcio proposto")
    agent.tap("Componi la proposta")
    agent.tap("Oggi")
    page.get_by_placeholder("0,00").fill(euro(offer))
    agent.look_together()
    expect(page.get_by_role("img", name="Proposta di saldo e stralcio")).to_be_visible()

    # Without network nothing is lost: it can be asked again, or signed as a proposal.
    agent.lose_network()
    agent.tap("Chiedi adesso all’ufficio")
    expect(page.get_by_text("L’ufficio non si raggiunge")).to_be_visible()
    agent.find_network()
    agent.tap("Riprova a chiedere")
    expect(page.get_by_text("L’ufficio sta guardando la proposta")).to_be_visible()

    # Whatever the office has open, it is told at once who waits where.
    asks = desk.page.get_by_role("region", name="Alla porta attendono una decisione")
    expect(asks).to_contain_text(before["practice_number"])
    asks.get_by_role("button", name="Approva").click()
    asks.get_by_role("textbox").fill("Il creditore è d'accordo")
    asks.get_by_role("button", name="Conferma").click()
    expect(asks).to_have_count(0)

    # The answer finds the phone by itself, also one that was reloaded meanwhile.
    expect(page.get_by_text(re.compile("^Approvato dall’ufficio alle"))).to_be_visible()
    expect(page.get_by_text("Il creditore è d'accordo")).to_be_visible()
    agent.tap("Fai firmare")
    expect(page.locator("dialog[open] .text")).to_contain_text("il creditore ha approvato")
    agent.sign()
    agent.tap("Fatto")
    agent.tap("Registra un incasso")
    agent.tap("Saldo e stralcio:")
    agent.look_together()
    receipt = agent.receive()
    expect(page.get_by_text("Saldo e stralcio incassato")).to_be_visible()
    agent.finish()
    agent.delivered()

    after = books.practice(stop)
    assert (after["state"], after["owed_cents"]) == ("closed", 0)
    assert [row["state"] for row in after["settlements"]] == ["paid"]
    assert [task["kind"] for task in after["tasks"] if task["state"] == "open"] == []
    open_practice(desk.page, before["practice_number"])
    expect(desk.page.get_by_role("region", name="Saldo e stralcio").get_by_text("Pagato")).to_be_visible()
    expect(desk.page.get_by_text(receipt).first).to_be_visible()
