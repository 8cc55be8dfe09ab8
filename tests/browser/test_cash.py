"""Cash at a door without network, seen arriving on an open screen of the office; and the app that starts alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.at_the_desk import open_practice, sign_in
from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import Eyes, Service

pytestmark = pytest.mark.browser


def test_cash_taken_without_network_stands_in_the_practice_file_to_the_cent(
    phone: Eyes, desk: Eyes, service: Service, books: Books
) -> None:
    agent = AgentsPhone(phone.page, service.agent())
    agent.enrol()
    held_before = books.balances().get("agent_cash", 0)

    agent.lose_network()
    stop = agent.open_next()
    before = books.practice(stop)
    sign_in(desk.page, service, "Back office")
    open_practice(desk.page, before["practice_number"])
    agent.meet_debtor()
    agent.tap("Incasso parziale")
    agent.choose("Non ha tutto l'importo")
    agent.pay("Contanti", "50,00", {})
    agent.look_together()
    receipt = agent.receive()
    agent.finish()
    expect(phone.page.get_by_text("da inviare").first).to_be_visible()
    expect(desk.page.get_by_text(receipt)).to_have_count(0)
    agent.find_network()

    # Nobody touches the desk: the open practice file hears of it.
    expect(desk.page.get_by_text(receipt).first).to_be_visible(timeout=20_000)
    agent.delivered()
    after = books.practice(stop)
    assert after["owed_cents"] == before["owed_cents"] - 5_000
    assert after["collected_cents"] == before["collected_cents"] + 5_000
    assert books.balances()["agent_cash"] == held_before + 5_000


def test_the_phone_opens_without_network_after_the_first_start(phone: Eyes, service: Service) -> None:
    agent = AgentsPhone(phone.page, service.agent())
    agent.enrol()
    agent.lose_network()
    agent.start_again()

    agent.sees_the_day()
    agent.find_network()
