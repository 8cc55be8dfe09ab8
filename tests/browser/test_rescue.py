"""A phone that the office has stopped, its outbox full: everything reaches the office, sealed, and a file does too."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.at_the_door import RECORDS, AgentsPhone
from tests.browser.books import Books, _signed_in
from tests.browser.conftest import Eyes, Service

pytestmark = pytest.mark.browser


def posted(desk: httpx.Client, path: str, **options: object) -> httpx.Response:
    return desk.post(path, headers={"x-csrftoken": str(desk.cookies.get("csrftoken"))}, **options).raise_for_status()  # type: ignore[arg-type]


def test_a_stopped_phone_and_its_rescue_file_bring_every_item_to_the_office(
    phone: Eyes, service: Service, books: Books
) -> None:
    page = phone.page
    agent = AgentsPhone(page, service.agent())
    agent.enrol("agente2")
    held_before = books.balances().get("agent_cash", 0)
    agent.lose_network()
    agent.open_next()
    agent.meet_debtor()
    agent.tap("Incasso parziale")
    agent.choose("Non ha tutto l'importo")
    agent.pay("Contanti", "30,00", {})
    agent.look_together()
    agent.receive()
    agent.finish()
    office = _signed_in(service.address, "administrator")
    device = max(office.get("/devices").json(), key=lambda row: row["enrolled_at"])["id"]
    posted(office, f"/devices/{device}/revoke")

    # A file saved while nothing goes: the office takes it in and holds it.
    page.goto(f"{service.agent()}#/invio")
    page.get_by_text("Non parte in nessun modo?").click()
    with page.expect_download() as saving:
        agent.tap("Salva il file di recupero")
    content = Path(saving.value.path()).read_bytes()
    taken = posted(office, "/rescues", files={"file": ("recupero.fieldapp", content)}).json()
    assert b"principal_cents" not in content
    assert taken["row"]["waiting"] == 2
    assert books.balances().get("agent_cash", 0) == held_before

    agent.find_network()
    agent.tap("Invia ora")
    expect(page.get_by_role("heading", name="I dati delle pratiche non sono più qui")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("L’ufficio ha fermato questo telefono")).to_be_visible()
    expect(page.get_by_text("2 sono già in ufficio, sigillate")).to_be_visible(timeout=30_000)
    left = [item for item in page.evaluate(RECORDS) if item["kind"] not in ("counters", "setting")]
    assert [item["state"] for item in left] == ["sealed", "sealed"]
    accepted = posted(office, f"/rescues/{device}/accept").json()
    assert accepted["row"]["accepted"] == 2
    assert books.balances()["agent_cash"] == held_before + 3_000
    agent.tap("Invia ora")
    expect(page.get_by_text("Quello che avevi scritto è tutto in ufficio.")).to_be_visible(timeout=30_000)
