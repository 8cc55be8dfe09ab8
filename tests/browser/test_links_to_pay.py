"""A debtor pays by link: its code on the phone's screen or, without a network, made at the desk; booked when the
provider tells, with the office's receipt. The provider is a server of ours that speaks Stripe's shape."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, expect
from pydantic import SecretStr

from fieldapp.store.embedded import Cluster
from tests.browser.at_the_desk import open_practice, sign_in
from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import MORNING, Eyes, Service, of_a_module
from tests.browser.test_agreements import euro, outcome
from tests.browser.test_day_without_network import promise
from tests.flows.stripe_double import KEY, SECRET, Provider, provider, signed

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def stripe() -> Iterator[Provider]:
    with provider(now_s=int(MORNING.timestamp())) as double:
        yield double


@pytest.fixture(scope="module")
def service(
    cluster: Cluster, province_of_60: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory, stripe: Provider
) -> Iterator[Service]:
    """An office with a provider."""
    account = {"stripe_key": SecretStr(KEY), "stripe_webhook_secrets": SecretStr(SECRET), "stripe_url": stripe.home}
    with of_a_module(cluster, province_of_60, tmp_path_factory, **account) as running:
        yield running


@pytest.fixture(autouse=True)
def no_links_yet(stripe: Provider) -> None:
    stripe.sessions.clear()


def announce(agent: AgentsPhone, amount: str) -> str:
    """From the next visit to the memo on the screen; the stop's id."""
    stop = agent.open_next()
    agent.meet_debtor()
    promise(agent, amount, channel="Bonifico")
    agent.pay("Link di pagamento", amount, {})
    agent.look_together()
    agent.tap("Prepara il link")
    expect(agent.page.get_by_role("img", name="Promemoria di pagamento con link")).to_be_visible()
    return stop


def pays(service: Service, stripe: Provider) -> None:
    """The debtor pays on the provider's page, and the provider tells us."""
    now = datetime.fromisoformat(httpx.get(f"{service.address}/api/v1/clock").json()["now"])
    body = stripe.paid()
    headers = {**signed(body, at_s=int(now.timestamp())), "content-type": "application/json"}
    httpx.post(
        f"{service.address}/api/v1/public/payment-links/events", content=body, headers=headers
    ).raise_for_status()


def waiting(desk: Eyes, service: Service, practice_number: str) -> Locator:
    """The row of the announced payment at the till."""
    desk.page.goto(f"{service.desk()}cassa")
    rows = desk.page.get_by_role("region", name="Pagamenti annunciati", exact=True).get_by_role("row")
    return rows.filter(has_text=practice_number)


def test_a_link_shown_at_the_door_is_paid_and_becomes_the_offices_receipt(
    phone: Eyes, desk: Eyes, service: Service, books: Books, stripe: Provider
) -> None:
    agent = AgentsPhone(phone.page, service.agent())
    agent.enrol()
    stop = announce(agent, "21,20")
    before = books.practice(stop)
    expect(phone.page.get_by_text("Si chiede il link")).to_have_count(0)

    # What a camera reads is the provider's page, and the paper says that it is no receipt.
    assert agent.code_on_screen() == stripe.only["url"]
    assert "nessun pagamento è stato ricevuto" in phone.page.locator("dialog[open]").inner_text()
    agent.tap("Fatto")
    agent.finish()
    agent.delivered()
    sign_in(desk.page, service, "Back office")
    row = waiting(desk, service, before["practice_number"])
    expect(row).to_contain_text("aperto fino alle")
    assert books.practice(stop)["owed_cents"] == before["owed_cents"]

    pays(service, stripe)

    after = books.practice(stop)
    assert before["owed_cents"] - after["owed_cents"] == 2_120
    expect(waiting(desk, service, before["practice_number"])).to_have_count(0)
    cards = desk.page.get_by_role("region", name="Carte, da accreditare", exact=True)
    [receipt] = [one for one in after["receipts"] if one["method"] == "link_paid"]
    expect(cards.get_by_role("row").filter(has_text=receipt["label"])).to_contain_text("21,20")
    open_practice(desk.page, before["practice_number"])
    expect(desk.page.get_by_text(receipt["label"]).first).to_be_visible()


def test_without_a_network_the_phone_says_so_and_the_desk_makes_the_link(
    phone: Eyes, desk: Eyes, service: Service, books: Books, stripe: Provider
) -> None:
    agent = AgentsPhone(phone.page, service.agent())
    agent.enrol("agente2")
    agent.lose_network()
    stop = announce(agent, "18,30")
    expect(phone.page.get_by_text("chiedi all’ufficio di mandarlo")).to_be_visible()
    agent.tap("Fatto")
    agent.finish()
    agent.find_network()
    agent.delivered()
    before = books.practice(stop)
    desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(desk.page, service, "Back office")
    row = waiting(desk, service, before["practice_number"])
    expect(row).to_contain_text("senza link")

    row.get_by_role("button", name=re.compile("^Crea il link")).click()
    row.get_by_role("button", name=re.compile("^Copia il link")).click()
    expect(row.get_by_role("button", name=re.compile("^Copia"))).to_have_text("Copiato")

    assert desk.page.evaluate("navigator.clipboard.readText()") == stripe.only["url"]
    pays(service, stripe)
    expect(waiting(desk, service, before["practice_number"])).to_have_count(0)
    assert before["owed_cents"] - books.practice(stop)["owed_cents"] == 1_830


def test_instalments_are_paid_by_link_and_by_bulletin_and_count_when_they_are_seen(
    phone: Eyes, desk: Eyes, service: Service, books: Books, stripe: Provider
) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol()
    stop = agent.open_next()
    owed = books.practice(stop)["owed_cents"]
    agent.meet_debtor()
    outcome(agent, "Piano di rientro")
    agent.tap("Componi il piano")
    agent.choose("In quante rate")
    agent.type("In quante rate?", "2")
    expect(page.get_by_text(re.compile("^2 rate da"))).to_be_visible()
    agent.look_together()
    agent.tap("Fai firmare")
    agent.sign()
    agent.tap("Fatto")
    agent.pay("Link di pagamento", "1", {})
    agent.tap("Rata 1 di 2")
    agent.look_together()
    agent.tap("Prepara il link")
    expect(page.get_by_role("img", name="Promemoria di pagamento con link")).to_be_visible()
    agent.tap("Fatto")
    agent.pay("Bollettino postale", euro(owed - owed // 2), {"Codice del timbro": "vcy 0456"})
    agent.look_together()
    agent.tap("Annota il bollettino")
    expect(page.get_by_role("img", name="Promemoria di bollettino")).to_be_visible()
    agent.tap("Fatto")
    agent.finish()
    agent.delivered()

    before = books.practice(stop)
    assert [item["state"] for item in before["plans"][0]["instalments"]] == ["next", "later"]
    assert {one["kind"] for one in before["promises"]} == {"payment_link", "bulletin"}
    pays(service, stripe)
    linked = books.practice(stop)
    assert [item["state"] for item in linked["plans"][0]["instalments"]] == ["paid", "next"]

    sign_in(desk.page, service, "Back office")
    row = waiting(desk, service, before["practice_number"])
    expect(row).to_have_count(1)
    row.get_by_role("button", name=re.compile("^È arrivato")).click()
    desk.page.get_by_label("Riferimento della banca").fill("CCP 0044")
    desk.page.get_by_role("button", name="Registra ed emetti la quietanza").click()
    expect(row).to_have_count(0)

    done = books.practice(stop)
    assert done["owed_cents"] == 0
    assert [item["state"] for item in done["plans"][0]["instalments"]] == ["paid", "paid"]
    assert done["plans"][0]["state"] == "kept"
    open_practice(desk.page, before["practice_number"])
    expect(desk.page.get_by_role("region", name="Piano di rientro").get_by_text("pagata")).to_have_count(2)
