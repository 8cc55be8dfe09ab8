"""One visit to a person with two practices: who was met is said once, each creditor has a report and a receipt."""

from __future__ import annotations

import re
from datetime import date

import pytest
from playwright.sync_api import expect
from sqlmodel import col, select

from fieldapp.store import field, tables
from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import MORNING, Eyes, Service, apart, behind

pytestmark = pytest.mark.browser

AGENT = "agente3"
PLACE = ("text", "street", "house_number", "staircase", "unit", "cap", "comune", "province", "lat_e6", "lon_e6")


async def one_person_for_two(service: Service, *, day: date) -> tuple[str, str]:
    """Give the last two waiting stops of the agent's day one debtor and one address; returns the stops' ids."""
    async with behind(service) as session:
        agent = (await session.exec(select(tables.Person).where(tables.Person.login == AGENT))).one()
        published = await field.day_of(session, agent.id, day)
        first, second = [s for s in published.stops if not s.reserve and s.id not in published.done][-2:]
        people = []
        for stop in (first, second):
            query = select(tables.Obligor).where(
                tables.Obligor.practice_id == stop.practice_id, tables.Obligor.role == "debtor"
            )
            people.append((await session.exec(query.order_by(col(tables.Obligor.position)))).first())
        one, other = people
        assert one is not None
        assert other is not None
        for name in ("kind", "name", "tax_code", "tax_code_index", "vat_number"):
            setattr(other, name, getattr(one, name))
        here = await session.get(tables.Address, first.address_id)
        there = await session.get(tables.Address, second.address_id)
        assert here is not None
        assert there is not None
        for name in PLACE:
            setattr(there, name, getattr(here, name))
        return str(first.id), str(second.id)


def test_who_was_met_is_said_once_and_each_creditor_has_a_receipt(phone: Eyes, service: Service, books: Books) -> None:
    first, second = apart(one_person_for_two(service, day=MORNING.date()))
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol(AGENT)
    agent.lose_network()

    page.goto(f"{service.agent()}#/visita/{first}")
    expect(page.get_by_text("2 visite alla stessa persona")).to_be_visible()
    agent.tap("Arrivato")
    agent.meet_debtor()
    one = pay_some(agent, "40,00")
    agent.tap("Continua")
    agent.tap("Chiudi e passa all’altra")
    expect(page).to_have_url(re.compile(second))
    expect(page.get_by_text("chi hai trovato è già scritto")).to_be_visible()
    expect(page.get_by_text("Chi hai trovato?")).to_have_count(0)
    other = pay_some(agent, "30,00")
    agent.finish()
    agent.find_network()
    agent.delivered()

    assert one != other
    for stop, receipt, cents, beside in ((first, one, 4_000, second), (second, other, 3_000, first)):
        visit = books.practice(stop)["visits"][0]
        assert [(r["label"], r["amount_cents"]) for r in visit["receipts"]] == [(receipt, cents)]
        assert visit["together_with"] == [books.practice(beside)["practice_number"]]


def test_money_in_a_visit_that_was_left_open_arrives_when_the_other_one_goes_on_with_it(
    phone: Eyes, service: Service, books: Books
) -> None:
    first, second = apart(one_person_for_two(service, day=MORNING.date()))
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol(AGENT)
    page.goto(f"{service.agent()}#/visita/{second}")
    agent.tap("Arrivato")
    agent.meet_debtor()
    one = pay_some(agent, "30,00")
    page.goto(f"{service.agent()}#/visita/{first}")
    agent.tap("Arrivato")
    agent.meet_debtor()
    two = pay_some(agent, "40,00")
    agent.tap("Continua")
    agent.tap("Chiudi e torna all’altra, già aperta")
    expect(page).to_have_url(re.compile(second))
    expect(page.get_by_text(one).first).to_be_visible()
    three = pay_more(agent, "5,00")
    agent.finish()
    agent.delivered()

    for stop, taken in ((first, [(two, 4_000)]), (second, [(one, 3_000), (three, 500)])):
        practice = books.practice(stop)
        assert len(practice["visits"]) == 1
        assert sorted((r["label"], r["amount_cents"]) for r in practice["receipts"]) == taken


def pay_more(agent: AgentsPhone, amount: str) -> str:
    agent.pay("Contanti", amount, {})
    agent.look_together()
    return agent.receive()


def pay_some(agent: AgentsPhone, amount: str) -> str:
    agent.tap("Incasso parziale")
    agent.choose("Non ha tutto l'importo")
    return pay_more(agent, amount)
