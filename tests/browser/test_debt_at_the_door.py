"""What two people speak of once the debtor was recognised: the sum stands above the outcomes, and for nobody else."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from fieldapp.domain.money import italian
from tests.browser.at_the_door import RECORDS, AgentsPhone
from tests.browser.conftest import MORNING, Eyes, Service

pytestmark = pytest.mark.browser


def the_day(page: Page) -> list[dict[str, Any]]:
    """The stops as the phone holds them."""
    [held] = [
        json.loads(base64.b64decode(item["bytes"]))
        for item in page.evaluate(RECORDS)
        if item["kind"] == "day" and item["state"] == "kept"
    ]
    stops: list[dict[str, Any]] = held["bundle"]["stops"]
    return stops


def askable_cents(practice: dict[str, Any]) -> int:
    """What is owed but for time-barred lines."""
    day = MORNING.date().isoformat()
    lines = [one for one in practice["debt_lines"] if not one["limitation"] or one["limitation"]["barred_on"] > day]
    return sum(one[part] for one in lines for part in ("principal_cents", "interest_cents", "costs_cents"))


def on_screen(text: str) -> re.Pattern[str]:
    """An amount as the screen writes it, whatever the blank before the sign."""
    return re.compile(re.escape(text.replace("€", "").strip()))


def test_the_sum_stands_above_the_outcomes_once_the_debtor_was_recognised_and_for_nobody_else(
    phone: Eyes, service: Service
) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol("agente2")
    agent.tap("Apri la visita")
    stop = next(one for one in the_day(page) if one["stop_id"] == page.url.rsplit("/", 1)[-1])["practice"]
    cents = askable_cents(stop)
    owed = on_screen(italian(cents))
    agent.tap("Arrivato")
    outcome = page.get_by_role("region", name="Esito")

    # Somebody else stands there: neither the sum nor a fold that would show it, nor anything on the page.
    agent.meet_third_party("Vicino")
    expect(page.get_by_role("button", name="Presente solo un'altra persona")).to_be_visible()
    assert "Da pagare" not in page.content()
    assert owed.search(page.content()) is None
    assert stop["creditor"]["name"] not in page.content()

    # The debtor comes to the door.
    page.get_by_role("button", name="Cambia Chi").click()
    agent.meet_debtor()
    fold = outcome.locator("summary").first
    expect(fold).to_contain_text("Da pagare")
    expect(fold).to_contain_text(owed)
    expect(fold).to_contain_text(stop["creditor"]["name"])
    title = outcome.get_by_text(stop["debt_lines"][0]["title"]).first
    expect(title).to_be_hidden()
    fold.click()
    expect(title).to_be_visible()
    expect(outcome.get_by_text("Posso concedere")).to_be_visible()

    # Part of it was paid: what is left.
    agent.tap("Incasso parziale")
    agent.choose("Aspetta un'entrata")
    agent.pay("Contanti", "10,00", {})
    agent.look_together()
    agent.receive()
    left = on_screen(italian(cents - 1_000))
    expect(fold).to_contain_text(left)

    # Opened again, perhaps at another door: under the veil, while a finger stays on it.
    page.get_by_role("link", name="Oggi").first.click()
    expect(page.get_by_role("heading", name="Oggi")).to_be_visible()
    page.go_back()
    veil = outcome.get_by_role("button", name="Tieni premuto")
    expect(veil).to_be_visible()
    expect(outcome.get_by_text("Da pagare")).to_have_count(0)
    outcome.locator("button[aria-pressed]").first.focus()
    page.keyboard.down("Space")
    expect(outcome.locator("button[aria-pressed=true]")).to_contain_text(left)
    page.keyboard.up("Space")
    expect(veil).to_be_visible()


def test_a_stop_keeps_the_number_that_the_office_gave_it_on_list_visit_and_map(phone: Eyes, service: Service) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol("agente3")
    stops = [one for one in the_day(page) if not one["reserve"]]
    total = len(stops)
    assert total >= 4
    fourth = next(one for one in stops if one["position"] == 4)
    link = page.locator(f"a[href$='{fourth['stop_id']}']")

    expect(link).to_contain_text("n. 4")
    link.click()
    expect(page.get_by_text(f"Visita 4 di {total}")).to_be_visible()
    # Opened out of order it comes first in the day, and is the fourth all the same; the others stay what they were.
    agent.tap("Arrivato")
    expect(page.get_by_text(f"Visita 4 di {total}")).to_be_visible()
    agent.meet_nobody()
    page.get_by_role("link", name="Oggi").first.click()
    expect(page.get_by_role("article")).to_contain_text("Visita 4")
    first = next(one for one in stops if one["position"] == 1)
    page.locator(f"a[href$='{first['stop_id']}']").click()
    expect(page.get_by_text(f"Visita 1 di {total}")).to_be_visible()
    page.get_by_role("link", name="Oggi").first.click()
    page.get_by_role("link", name="Mappa").click()
    expect(page.get_by_text("Visita 4", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Visita 1,"))).to_have_count(1)
