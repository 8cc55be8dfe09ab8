"""The administrator connects other systems: one that reads, one that is told; tests, rotates, sends again, ends."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from fieldapp.store.feed import NewFact, tell
from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import Eyes, Service, apart, behind
from tests.flows.endpoint import Received, endpoint, status, taken

pytestmark = pytest.mark.browser


def open_connections(page: Page) -> None:
    page.get_by_role("link", name="Collegamenti").click()
    expect(page.get_by_role("heading", name="Collegamenti con altri sistemi")).to_be_visible()


def shown_once(page: Page) -> str:
    """What stands in the sheet that is never seen again."""
    secret = page.get_by_role("dialog").locator("code").inner_text()
    page.get_by_role("button", name="L'ho messo al sicuro").click()
    expect(page.get_by_text(secret)).to_have_count(0)
    return secret


def test_an_account_is_made_reads_within_its_scopes_and_is_revoked(service: Service, desk: Eyes) -> None:
    page = desk.page
    sign_in(page, service, "Amministrazione")
    open_connections(page)

    page.get_by_role("button", name="Nuovo accesso").click()
    page.get_by_label("Nome del sistema").fill("Gestionale")
    for scope in ("Visite e contatti", "Giri del giorno", "Ufficio"):
        page.get_by_label(re.compile(scope)).uncheck()
    page.get_by_role("button", name="Crea", exact=True).click()
    token = shown_once(page)
    header = {"authorization": f"Bearer {token}"}
    read = httpx.get(f"{service.address}/api/v1/feed", headers=header).json()["facts"]
    page.reload()
    row = page.get_by_role("row", name=re.compile("Gestionale"))
    expect(row.get_by_text("mai")).to_have_count(0)
    row.get_by_role("button", name="Revoca").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoca", exact=True).click()

    expect(row.get_by_text("revocato")).to_be_visible()
    assert {fact["kind"].split(".")[0] for fact in read} >= {"practice"}
    assert not any(fact["kind"].startswith(("visit.", "task.")) for fact in read)
    assert httpx.get(f"{service.address}/api/v1/feed", headers=header).status_code == 401


def test_a_webhook_is_made_tested_sent_anew_and_ended(service: Service, desk: Eyes) -> None:
    page = desk.page
    sign_in(page, service, "Amministrazione")
    open_connections(page)
    with endpoint() as there:
        page.get_by_role("button", name="Nuovo webhook").click()
        page.get_by_label("Indirizzo", exact=True).fill("https://10.0.0.1/in")
        page.get_by_label("Nome del sistema").fill("Contabilità")
        page.get_by_role("button", name="Crea", exact=True).click()
        expect(page.get_by_text("Questo indirizzo sta in una rete interna")).to_be_visible()
        page.get_by_label("Indirizzo", exact=True).fill(there.url)
        page.get_by_role("button", name="Crea", exact=True).click()
        secret = shown_once(page)
        card = page.get_by_role("article", name="Contabilità")

        card.get_by_role("button", name="Prova").click()
        expect(card.get_by_text("consegnato (204)")).to_be_visible(timeout=30_000)
        there.behave = status(503)
        card.get_by_role("button", name="Prova").click()
        expect(card.get_by_text("non riuscita: rifiutato (503)")).to_be_visible(timeout=30_000)
        there.behave = status(400)
        apart(_happens_and_is_given_up(service, there.received))
        page.reload()
        card.get_by_role("button", name="Consegne ferme").click()
        there.behave = taken
        page.get_by_role("dialog").get_by_role("button", name="Rinvia", exact=True).click()
        expect(page.get_by_text("Niente è fermo.").or_(page.get_by_text("in attesa"))).to_be_visible()
        page.get_by_role("dialog").get_by_role("button", name="Chiudi").click()
        _until(page, lambda: there.received[-1].attempt > 1)
        card.get_by_role("button", name="Cambia segreto").click()
        page.get_by_role("dialog").get_by_role("button", name="Cambia segreto").click()
        assert shown_once(page) != secret
        expect(card.get_by_text("Il segreto di prima firma fino a")).to_be_visible()
        card.get_by_role("button", name="Chiudi").click()
        page.get_by_role("dialog").get_by_role("button", name="Chiudi", exact=True).click()

        expect(card.get_by_text("chiuso", exact=True)).to_be_visible()
        assert all(one.signed_by(secret) for one in there.received)
        assert len({one.id for one in there.received}) == 3


async def _happens_and_is_given_up(service: Service, received: list[Received]) -> None:
    """A fact that the endpoint refuses, as it stands when its days of repeats are over."""
    async with behind(service) as session:
        tell(session, NewFact("plan.failed", datetime.now(UTC)))
    while received[-1].fact["kind"] != "plan.failed":
        pass
    done = 0
    while not done:
        async with behind(service) as session:
            change = "update webhook_delivery set state = 'dead' where tries > 0 and state = 'waiting' returning id"
            done = len((await session.execute(text(change))).all())


def _until(page: Page, there: object) -> None:
    while not there():  # type: ignore[operator]
        page.wait_for_timeout(100)
