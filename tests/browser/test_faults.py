"""A real phone in bad weather: a proxy that loses, cuts and doubles, a service killed at random, a real Postgres."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from sqlmodel import select

from fieldapp import province
from fieldapp.clock import DemoClock
from fieldapp.domain.access import Role
from fieldapp.parts import assemble
from fieldapp.settings import Settings
from fieldapp.store import founding, ledger, setup, tables
from fieldapp.store.database import GATE, Scope
from fieldapp.store.embedded import Cluster
from tests.browser.at_the_door import AgentsPhone
from tests.browser.conftest import MORNING, PHONE, apart, free_port, watched
from tests.browser.weather import FaultyProxy, MortalService
from tests.conftest import TEMPLATE, setup_user
from tests.seeds import DRAWN

pytestmark = pytest.mark.browser

A_DAY = 6
"""Visits written before the sky clears; a day of the small province holds as many for one agent."""
ROUNDS = int(os.environ.get("FIELDAPP_FAULT_ROUNDS", "10"))
PAID_CENTS = 5_000


@contextmanager
def a_province(cluster: Cluster, home: Path, port: int) -> Iterator[Settings]:
    """A database of its own with a published day for one agent."""
    name = f"faults_{os.environ.get('PYTEST_XDIST_WORKER', 'gw')}"
    admin = cluster.url(setup_user(), "postgres")
    setup.create_database(admin, name, template=TEMPLATE)
    address = f"http://127.0.0.1:{port}"
    settings = Settings(database_url=cluster.url(setup.APP, name), home=home, demo=True, public_url=address)
    clock = DemoClock(home / "demo-clock.json")
    clock.move_to(MORNING)
    apart(_fill(settings))
    clock.move_to(MORNING)
    yield settings
    setup.drop_database(admin, name)
    shutil.rmtree(home, ignore_errors=True)


async def _fill(settings: Settings) -> None:
    parts = assemble(settings)
    async with parts.jobs.open_async():
        await province.load(parts, practices=30, agents=1, seed=7, say=lambda _: None)
    await parts.database.close()


async def _arrived(settings: Settings) -> dict[str, object]:
    """What stands in the database, counted where doubling or losing would show."""
    parts = assemble(settings)
    try:
        async with parts.database.transaction(Scope(None, GATE)) as session:
            somebody = await founding.person_in_role(session, Role.AGENT)
        assert somebody is not None
        async with parts.database.transaction(Scope(somebody.agency_id, "administrator")) as session:
            verdicts = (await session.exec(select(tables.Envelope.kind, tables.Envelope.verdict))).all()
            balance = await ledger.trial_balance(session, at=parts.clock.now())
            receipts = (await session.exec(select(tables.Receipt.number))).all()
            pictures = (await session.exec(select(tables.Attachment.stored))).all()
        return {
            "visits": verdicts.count(("visit", "accepted")),
            "arrivals": verdicts.count(("check_in", "accepted")),
            "refused": sum(verdict == "refused" for _, verdict in verdicts),
            "receipts": sorted(receipts),
            "cash": sum(account.balance_cents for account in balance.accounts if account.kind == "agent_cash"),
            "balance": balance.total_cents,
            "pictures": list(pictures),
        }
    finally:
        await parts.database.close()


def visit(agent: AgentsPhone, number: int) -> bool:
    """One visit with its arrival; every second one takes cash. Returns whether it did."""
    agent.open_next()
    if number % 2:
        agent.meet_nobody()
        agent.tap("Assente, lasciato avviso")
        agent.tap("Prendi un numero di avviso")
        agent.choose("Busta chiusa nella cassetta")
        agent.finish(photo="Cassetta", grain=True)
        return False
    agent.meet_debtor()
    agent.tap("Incasso parziale")
    agent.choose("Non ha tutto l'importo")
    agent.pay("Contanti", "50,00", {})
    agent.look_together()
    agent.receive()
    agent.finish()
    return True


def try_now(page: Page) -> None:
    """As when a phone finds its network again: it does not wait for its next try."""
    page.evaluate("dispatchEvent(new Event('online'))")


def send_through_the_storm(page: Page) -> None:
    """Try every second until all is in the office, or for half a minute."""
    for _ in range(30):
        if page.get_by_text("Tutto in ufficio").count():
            return
        try_now(page)
        page.wait_for_timeout(1_000)


@pytest.mark.parametrize("day", range(-(-ROUNDS // A_DAY)))
def test_nothing_is_lost_and_nothing_doubled_while_the_service_is_killed_at_random(
    browser: Browser, cluster: Cluster, tmp_path: Path, day: int
) -> None:
    seed = DRAWN + day if day else 20_261_126
    print(f"seed {seed}")
    chance = random.Random(seed)
    port, behind = free_port(), free_port()
    with a_province(cluster, tmp_path, port) as settings, FaultyProxy(port, behind, chance) as proxy:
        service = MortalService(settings, behind)
        service.answers()
        proxy.kill = service.kill
        context = browser.new_context(locale="it-IT", timezone_id="Europe/Rome", permissions=[], **PHONE)
        try:
            eyes = watched(context, settings.public_url or "")
            agent = AgentsPhone(eyes.page, f"{settings.public_url}/agent/")
            agent.enrol()
            proxy.stormy = True

            paid = sum(visit(agent, number) for number in range(A_DAY))
            send_through_the_storm(eyes.page)
            proxy.stormy = False
            service.answers()
            try_now(eyes.page)
            agent.delivered()
            arrived = apart(_arrived(settings))
            blobs = settings.home / "blobs"
            kept = any(path.is_file() for path in blobs.rglob("*"))
            left = [path for path in (blobs / "parts").rglob("*") if path.is_file()]
        finally:
            context.close()
            service.stop()

    print(f"{service.deaths} deaths, {dict(proxy.met)}")
    assert arrived == {
        "visits": A_DAY,
        "arrivals": A_DAY,
        "refused": 0,
        "receipts": list(range(1, paid + 1)),
        "cash": paid * PAID_CENTS,
        "balance": 0,
        "pictures": [True] * (2 * (A_DAY - paid)),
    }
    assert proxy.parts > 2 * (A_DAY - paid), "originals go in parts"
    assert (kept, left) == (True, [])
    assert service.deaths > 0
    assert set(proxy.met) > {"good", "lost"}
    eyes.saw_nothing_wrong()
