"""The client that we give to others follows the running service, survives being killed, and takes webhooks."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr
from sqlmodel import select
from standardwebhooks import WebhookVerificationError

from fieldapp.domain.access import Role
from fieldapp.domain.events import WriteScope
from fieldapp.launch import environment_of
from fieldapp.settings import Settings
from fieldapp.store import tables
from fieldapp.store.feed import NewFact, tell
from tests.conftest import NOW
from tests.flows.arranged import entrusted
from tests.flows.conftest import House
from tests.flows.endpoint import endpoint
from tests.flows.test_webhooks import ALL, carried, subscribed

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "fieldapp_client.py"
SECRET = "6b" * 32


@pytest.fixture
def settings(app_url: str, tmp_path: Path) -> Settings:
    """The service is a process of its own."""
    return Settings(
        database_url=app_url,
        home=tmp_path,
        secret_key=SecretStr(SECRET),
        gazetteer=None,
        webhooks_to_loopback=True,
    )


@pytest.fixture
def client() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fieldapp_client", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = os.environ | environment_of(settings)
    environment |= {"FIELDAPP_SECRET_KEY": SECRET, "FIELDAPP_PORT": str(port)}
    process = subprocess.Popen([sys.executable, "-m", "fieldapp", "serve"], env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                httpx.get(f"{address}/api/v1/health").raise_for_status()
                break
            except httpx.TransportError:
                assert process.poll() is None
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def kept(path: Path) -> list[str]:
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as books:
        try:
            return [str(row[0]) for row in books.execute("select id from fact order by rowid")]
        except sqlite3.OperationalError:
            return []


async def test_killed_at_any_moment_it_goes_on_and_holds_every_fact_once_in_order(
    house: House, settings: Settings, client: ModuleType, tmp_path: Path
) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    wanted = {"name": "x", "scopes": ALL, "a_minute": 6_000}
    token = (await admin.post("/service-accounts", json=wanted)).json()["token"]
    async with house.session() as session:
        tell(session, *(NewFact("plan.done", NOW, body={"plan_id": str(uuid4())}) for _ in range(4_000)))
    file = tmp_path / "books.sqlite"
    with serving(settings) as address:
        command = [sys.executable, str(EXAMPLE), address, token, str(file)]
        cut_off = subprocess.Popen(command)
        while not kept(file):
            assert cut_off.poll() is None
            time.sleep(0.01)
        cut_off.kill()
        cut_off.wait()
        client.follow(client.Feed(address, token), client.Books(str(file)), stop=lambda: True)
        with pytest.raises(client.Refused) as refused:
            client.Feed(address, "fieldapp_nothing").page(None)

    async with house.session() as session:
        facts = (await session.exec(select(tables.Fact).order_by(tables.Fact.number))).all()  # type: ignore[arg-type]
    assert kept(file) == [str(fact.id) for fact in facts]
    assert refused.value.code == "access.token_unknown"


async def test_it_takes_webhooks_once_and_refuses_what_was_altered(
    house: House, client: ModuleType, tmp_path: Path
) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    books = client.Books(str(tmp_path / "books.sqlite"))
    with endpoint() as there:
        _, secret = await subscribed(admin, there.url)
        async with house.session() as session:
            tell(session, NewFact("plan.done", NOW), NewFact("plan.failed", NOW))
        await carried(house)

        for one in [*there.received, *there.received]:
            books.keep([client.receive(secret, one.body, one.headers)])
        first = there.received[0]
        altered: dict[str, Any] = {**first.fact, "kind": "payment.received"}
        with pytest.raises(WebhookVerificationError):
            client.receive(secret, json.dumps(altered).encode(), first.headers)

    assert [kind for _, kind in books.facts()] == ["plan.done", "plan.failed"]


async def test_it_tells_balances_recalls_payments_and_contacts_and_what_is_sent_again_counts_once(
    house: House, settings: Settings, client: ModuleType
) -> None:
    practice = await entrusted(house)
    admin = await house.sign_in(Role.ADMINISTRATOR)
    writes = [scope.value for scope in WriteScope]
    wanted = {"name": "x", "scopes": [], "writes": writes, "creditor_id": str(house.creditor_id)}
    token = (await admin.post("/service-accounts", json=wanted)).json()["token"]
    title, at = "Finanziamento P-001", (NOW - timedelta(days=1)).isoformat()
    balance = client.Balance("P-001", "2026-11-25", 70_050, [client.Line(title, 70_000, costs_cents=50)])

    with serving(settings) as address:
        teller = client.Teller(address, token)
        first = teller.balances([balance], key='quoted "key"')
        again = teller.balances([balance], key='quoted "key"')
        paid = teller.payments([client.Payment("P-001", "BON-1", 10_050, "2026-11-26")], key="p-1")
        spoken = teller.contacts([client.Contact("P-001", "call", at, reached=True, by="Anna")], key="c-1")
        back = teller.recalls([client.Recall("P-001"), client.Recall("P-404")], key="r-1")
        with pytest.raises(client.Refused) as refused:
            teller.recalls([client.Recall("P-001")], key="p-1")

    assert first == again
    found = [(one.verdict, one.code) for one in (*first, *paid, *spoken, *back)]
    assert found == [("accepted", None)] * 4 + [("refused", "inbound.practice_unknown")]
    assert refused.value.code == "idempotency.key_reused"
    file = (await (await house.sign_in(Role.BACK_OFFICE)).get(f"/practices/{practice}")).json()
    assert (file["owed_cents"], file["state"]) == (60_000, "recalled")
