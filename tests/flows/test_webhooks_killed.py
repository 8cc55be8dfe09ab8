"""A worker that delivers webhooks is killed: nothing is lost, and what comes twice has the same id and says so."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from pydantic import SecretStr

from fieldapp.domain.access import Role
from fieldapp.launch import environment_of
from fieldapp.settings import Settings
from fieldapp.store.embedded import Cluster
from fieldapp.store.feed import NewFact, tell
from tests.conftest import NOW, setup_user
from tests.flows.arranged import entrusted
from tests.flows.conftest import House
from tests.flows.endpoint import Endpoint, endpoint, taken
from tests.flows.test_webhooks import subscribed

SECRET = "6b" * 32
OF_EACH = 40


@pytest.fixture
def settings(app_url: str, tmp_path: Path) -> Settings:
    """The worker is a process of its own."""
    return Settings(
        database_url=app_url,
        home=tmp_path,
        secret_key=SecretStr(SECRET),
        gazetteer=None,
        webhooks_to_loopback=True,
    )


@asynccontextmanager
async def a_worker(settings: Settings) -> AsyncIterator[subprocess.Popen[bytes]]:
    environment = os.environ | environment_of(settings) | {"FIELDAPP_SECRET_KEY": SECRET}
    worker = subprocess.Popen([sys.executable, "-m", "fieldapp", "worker"], env=environment)
    try:
        yield worker
    finally:
        worker.kill()
        worker.wait()


async def heard(there: Endpoint, worker: subprocess.Popen[bytes], *, different: int) -> None:
    while len({one.id for one in there.received}) < different:
        assert worker.poll() is None
        await asyncio.sleep(0.05)


def slowly(handler: Any, fact: dict[str, Any]) -> None:
    time.sleep(0.02)
    taken(handler, fact)


async def test_nothing_is_lost_and_repeats_say_so_when_the_worker_is_killed(
    cluster: Cluster, house: House, settings: Settings, app_url: str
) -> None:
    practices = [await entrusted(house, number=f"P-{letter}") for letter in "ABC"]
    admin = await house.sign_in(Role.ADMINISTRATOR)
    url = cluster.url(setup_user(), app_url.rsplit("/", 1)[1].split("?")[0])
    with endpoint(slowly) as there, psycopg.connect(url, autocommit=True) as watch:
        _, secret = await subscribed(admin, there.url)
        async with house.session() as session:
            for number in range(OF_EACH):
                for practice in practices:
                    fact = NewFact("practice.closed", NOW, practice_id=practice, body={"reason": str(number)})
                    tell(session, fact)

        async with a_worker(settings) as worker:
            await heard(there, worker, different=20)
            worker.kill()
            worker.wait()
        at_the_end = len(there.received)
        # As when a minute went by in which nothing was heard of it.
        watch.execute("update procrastinate_workers set last_heartbeat = now() - interval '1 hour'")
        watch.execute("update webhook_delivery set claimed_until = now() where claimed_until is not null")
        async with a_worker(settings) as worker:
            await house.parts.jobs.configure_task("jobs.rescue").defer_async(timestamp=0)
            await heard(there, worker, different=OF_EACH * len(practices))
        undelivered = watch.execute("select count(*) from webhook_delivery where attempts = 0").fetchone()

    assert at_the_end < OF_EACH * len(practices)
    assert undelivered == (0,)
    assert all(one.signed_by(secret) for one in there.received)
    for practice in practices:
        _in_order_and_repeats_said(there, practice)


def _in_order_and_repeats_said(there: Endpoint, practice: UUID) -> None:
    received = [one for one in there.received if one.fact["practice_id"] == str(practice)]
    first_times, known = [], {}
    for one in received:
        if one.id not in known:
            first_times.append(one.fact["data"]["reason"])
        else:
            assert one.attempt > known[one.id].attempt
            assert one.body == known[one.id].body
        known[one.id] = one
    assert first_times == [str(number) for number in range(OF_EACH)]
