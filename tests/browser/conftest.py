"""The real service in its own processes, over a small demo province, on a clock that starts in the morning.

The browser is a real Chromium. Nothing leaves the machine: every request that is not for our own service fails the
test that made it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp import launch, province
from fieldapp.clock import DemoClock
from fieldapp.domain.access import Role
from fieldapp.parts import assemble
from fieldapp.settings import Settings
from fieldapp.store import founding, setup
from fieldapp.store.database import GATE, Scope
from fieldapp.store.embedded import Cluster
from tests.browser.at_the_door import WITNESS
from tests.browser.books import Books
from tests.conftest import TEMPLATE, setup_user

T = TypeVar("T")
MORNING = datetime(2026, 11, 26, 7, 45, tzinfo=UTC)
"""Thursday 26 November 2026, a quarter to nine in Italy."""
CLOCK = "demo-clock.json"
# A journey waits for what it names and for no time: a busy machine makes it slower, not red.
expect.set_options(timeout=20_000)
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}


class Service:
    """The service in processes of its own: its address, its settings; it can be stopped and started again."""

    def __init__(self, address: str, settings: Settings) -> None:
        self.address = address
        self.settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def agent(self) -> str:
        return f"{self.address}/agent/"

    def desk(self) -> str:
        return f"{self.address}/desk/"

    def start(self) -> None:
        environment = {
            **os.environ,
            **launch.environment_of(self.settings),
            "FIELDAPP_PORT": str(self.settings.port),
        }
        command = [sys.executable, "-m", "fieldapp", "serve", "--workers", "1"]
        with (self.settings.home / "service.log").open("a") as log:
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        _wait_for(f"{self.address}/api/v1/health")

    @property
    def pid(self) -> int:
        """The process that answers; its workers are others."""
        assert self._process is not None
        return self._process.pid

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(20)


def apart(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` in a loop of its own: the browser's driver keeps one running in this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@asynccontextmanager
async def behind(service: Service) -> AsyncIterator[AsyncSession]:
    """The store of a running service, as its agency's administrator."""
    parts = assemble(service.settings)
    try:
        async with parts.database.transaction(Scope(None, GATE)) as session:
            somebody = await founding.person_in_role(session, Role.ADMINISTRATOR)
        assert somebody is not None
        async with parts.database.transaction(Scope(somebody.agency_id, Role.ADMINISTRATOR.value)) as session:
            yield session
    finally:
        await parts.database.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def province_of_60(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A loaded province of 60 practices and 3 agents that each module copies: its database and its home."""
    home = tmp_path_factory.mktemp("province")
    name = f"province_{os.environ.get('PYTEST_XDIST_WORKER', 'gw')}"
    setup.create_database(cluster.url(setup_user(), "postgres"), name, template=TEMPLATE)
    load(cluster.url(setup.APP, name), home)
    return name, home


@pytest.fixture(scope="module")
def service(
    cluster: Cluster, province_of_60: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A province of its own for each module, with a day of its own, served by one process and one worker."""
    with of_a_module(cluster, province_of_60, tmp_path_factory) as running:
        yield running


@contextmanager
def of_a_module(
    cluster: Cluster, province: tuple[str, Path], folders: pytest.TempPathFactory, **more: Any
) -> Iterator[Service]:
    """A service that is gone with its module, and its database too; `more` are settings."""
    template, loaded = province
    home = folders.mktemp("service")
    shutil.copytree(loaded, home, dirs_exist_ok=True)
    name = f"browser_{os.environ.get('PYTEST_XDIST_WORKER', 'gw')}"
    admin = cluster.url(setup_user(), "postgres")
    setup.create_database(admin, name, template=template)
    with served(cluster.url(setup.APP, name), home, webhooks_to_loopback=True, **more) as running:
        yield running
    setup.drop_database(admin, name)
    shutil.rmtree(home, ignore_errors=True)


@contextmanager
def served(database_url: str, home: Path, **more: Any) -> Iterator[Service]:
    """The service over a loaded province, on the morning of its first day."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    settings = Settings(database_url=database_url, home=home, demo=True, port=port, public_url=address, **more)
    DemoClock(home / CLOCK).move_to(MORNING)
    running = Service(address, settings)
    running.start()
    try:
        yield running
    finally:
        running.stop()


def load(database_url: str, home: Path, *, practices: int = 60, agents: int = 3) -> None:
    """Invent a province in an empty, migrated database, and publish its first day."""
    DemoClock(home / CLOCK).move_to(MORNING)
    apart(_fill(Settings(database_url=database_url, home=home, demo=True), practices=practices, agents=agents))


async def _fill(settings: Settings, *, practices: int, agents: int) -> None:
    parts = assemble(settings)
    async with parts.jobs.open_async():
        await province.load(parts, practices=practices, agents=agents, seed=7, say=lambda _: None)
    await parts.database.close()


def _wait_for(url: str) -> None:
    for _ in range(200):
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"the service does not answer at {url}")


@pytest.fixture(scope="module")
def books(service: Service) -> Books:
    """What the office's books say of the running day."""
    return Books(service.address, day=MORNING.date())


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = a_browser(playwright)
    yield browser
    browser.close()


def a_browser(playwright: Playwright) -> Browser:
    """The machine's own Chromium, without what it would do on its own."""
    names = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    options: dict[str, Any] = {"executable_path": found} if found else {}
    return playwright.chromium.launch(chromium_sandbox=False, args=quiet, **options)


@dataclass
class Eyes:
    """What went wrong in a page without anybody seeing it: foreign requests, broken policies, faults; and what the
    service refused, for the report of a journey that broke off."""

    page: Page
    foreign: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def saw_nothing_wrong(self) -> None:
        assert self.foreign == []
        assert self.faults == []


def watched(context: BrowserContext, address: str) -> Eyes:
    """A page of `context` whose every request and fault is noted."""
    page = context.new_page()
    eyes = Eyes(page)

    def requested(request: Any) -> None:
        # A number to call goes to the dialler and not over the network.
        if not request.url.startswith((address, "blob:", "data:", "tel:")):
            eyes.foreign.append(request.url)

    def failed(request: Any) -> None:
        eyes.refused.append(f"{request.method} {request.url}: {request.failure}")

    def answered(answer: Any) -> None:
        if answer.status >= 400:
            eyes.refused.append(f"{answer.request.method} {answer.url}: {answer.status}")

    page.on("request", requested)
    page.on("requestfailed", failed)
    page.on("response", answered)
    page.on("pageerror", lambda fault: eyes.faults.append(str(fault)))
    page.on(
        "console",
        lambda message: eyes.faults.append(message.text) if "Content Security Policy" in message.text else None,
    )
    return eyes


@pytest.fixture
def desk(browser: Browser, service: Service) -> Iterator[Eyes]:
    """The office's screen."""
    context = browser.new_context(locale="it-IT", timezone_id="Europe/Rome", **DESK)
    eyes = watched(context, service.address)
    yield eyes
    eyes.saw_nothing_wrong()
    context.close()


@pytest.fixture
def phone(browser: Browser, service: Service) -> Iterator[Eyes]:
    """The agent's phone."""
    with a_phone(browser, service) as eyes:
        yield eyes


@contextmanager
def a_phone(browser: Browser, service: Service, **options: Any) -> Iterator[Eyes]:
    """A phone of its own, with nothing on it."""
    chosen = {"locale": "it-IT", "timezone_id": "Europe/Rome", "permissions": [], **PHONE, **options}
    context = browser.new_context(**chosen)
    context.add_init_script(WITNESS)
    eyes = watched(context, service.address)
    try:
        yield eyes
    except Exception as broken:
        broken.add_note(seen_by(eyes, "phone"))
        context.close()
        raise
    eyes.saw_nothing_wrong()
    context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """What the screens showed when a journey broke off, in the report."""
    report = yield
    if report.when == "call" and report.failed:
        for name in ("phone", "desk"):
            eyes = getattr(item, "funcargs", {}).get(name)
            if eyes is not None:
                report.sections.append((name, seen_by(eyes, name)))
    return report


def seen_by(eyes: Eyes, name: str) -> str:
    """What stood on the screen and what the service refused, last."""
    refused = "\n".join(eyes.refused[-10:]) or "nothing"
    return f"the {name}'s screen:\n{eyes.page.locator('body').inner_text()}\nrefused:\n{refused}"
