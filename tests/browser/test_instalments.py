"""A signed plan paid by card, by cheque and by transfer: each way counts when it is money, and no earlier."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.at_the_desk import open_practice, sign_in
from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import PHONE, Eyes, Service, watched
from tests.browser.test_agreements import outcome

pytestmark = pytest.mark.browser


def test_instalments_are_paid_by_card_cheque_and_transfer_and_the_desk_sees_each(
    phone: Eyes, desk: Eyes, browser: Browser, service: Service, books: Books
) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol()
    agent.lose_network()
    stop = agent.open_next()
    owed = books.practice(stop)["owed_cents"]
    agent.meet_debtor()
    outcome(agent, "Piano di rientro")
    agent.tap("Componi il piano")
    agent.choose("In quante rate")
    agent.type("In quante rate?", "3")
    expect(page.get_by_text(re.compile("^3 rate da"))).to_be_visible()
    agent.look_together()
    agent.tap("Fai firmare")
    agent.sign()
    expect(page.get_by_text("Il foglio è firmato")).to_be_visible()
    code = agent.code_on_screen()
    agent.tap("Fatto")

    ways = {
        "Carta": {"Gestore del terminale": "Nexi", "Codice di autorizzazione": "A4F91C"},
        "Assegno": {"Banca": "Banca Popolare di Lodi", "Numero dell’assegno": "0123456789"},
    }
    for number, (method, answers) in enumerate(ways.items(), start=1):
        agent.pay(method, "1", answers)
        if method == "Assegno":
            agent.choose("C’è scritto «non trasferibile»")
        agent.tap(f"Rata {number} di 3")
        agent.look_together()
        expect(page.get_by_text(f"È la rata {number} di 3 del piano")).to_be_visible()
        agent.receive()
    agent.pay("Bonifico", "1", {})
    agent.tap("Rata 3 di 3")
    agent.look_together()
    agent.tap("Mostra il codice del bonifico")
    agent.tap("Fatto")
    agent.finish(photo="Assegno")
    agent.find_network()
    agent.delivered()

    # The announced transfer is a promise; the two receipts count for the oldest instalments.
    after = books.practice(stop)
    (plan,) = after["plans"]
    assert [item["state"] for item in plan["instalments"]] == ["paid", "paid", "next"]
    assert after["owed_cents"] == plan["instalments"][2]["cents"]
    assert sum(item["cents"] for item in plan["instalments"]) == owed
    stranger = browser.new_context(locale="it-IT", **PHONE)
    public = watched(stranger, service.address)
    public.page.goto(code)
    expect(public.page.get_by_role("heading").first).to_be_visible()
    assert urlsplit(code).path == "/v/"
    shown = public.page.locator("main").inner_text()
    debtor = next(one["name"] for one in after["obligors"] if one["role"] == "debtor")
    assert debtor not in shown
    assert Axe().run(public.page).violations_count == 0
    public.saw_nothing_wrong()
    stranger.close()

    till = desk.page
    sign_in(till, service, "Back office")
    till.goto(f"{service.desk()}cassa")
    announced = till.get_by_role("region", name="Pagamenti annunciati", exact=True)
    row = announced.get_by_role("row").filter(has_text=after["practice_number"])
    row.get_by_role("button", name=re.compile("^È arrivato")).click()
    till.get_by_label("Riferimento della banca").fill("CRO 0043")
    till.get_by_role("button", name="Registra ed emetti la quietanza").click()
    expect(row).to_have_count(0)

    done = books.practice(stop)
    assert done["owed_cents"] == 0
    assert [item["state"] for item in done["plans"][0]["instalments"]] == ["paid"] * 3
    assert done["plans"][0]["state"] == "kept"
    open_practice(till, after["practice_number"])
    block = till.get_by_role("region", name="Piano di rientro")
    expect(block.get_by_text("pagata")).to_have_count(3)
