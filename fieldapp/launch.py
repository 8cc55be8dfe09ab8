"""Processes: the embedded database, workers, and the demo that ties everything together."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from zoneinfo import ZoneInfo

import segno
import uvicorn
from pydantic import SecretStr
from uvicorn.config import LOGGING_CONFIG

from fieldapp import certificates, province
from fieldapp.app import create_app
from fieldapp.clock import DemoClock
from fieldapp.databases import database, in_use
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.parts import assemble
from fieldapp.services import founding, webhook_jobs
from fieldapp.services.access import demo_sign_ins
from fieldapp.services.exchange import export_ledger
from fieldapp.services.jobs import QUEUE, register
from fieldapp.services.receipts import list_series
from fieldapp.services.rules import is_lawful_day
from fieldapp.services.work import Parts, Work, working
from fieldapp.settings import Settings
from fieldapp.store.embedded import Cluster
from fieldapp.store.shapes.access import DemoSignIn
from fieldapp.store.shapes.cash import SeriesRow

LOADING = "loading"
"""Beside the demo's data while it comes in: a start that finds it begins afresh."""


def shown(settings: Settings) -> str:
    return "embedded" if settings.database_url and str(settings.home) in settings.database_url else "by address"


class PathsAlone(logging.Filter):
    """Of what was asked for the log keeps the path: people are searched by name, tax code and telephone."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Takes the question off the line that the server writes of a request."""
        match record.args:
            case (client, method, str(path), version, status):
                record.args = (client, method, path.partition("?")[0], version, status)
        return True


def log_config() -> dict[str, Any]:
    """The server's own, with paths alone."""
    handlers: dict[str, Any] = LOGGING_CONFIG["handlers"]
    access = {**handlers["access"], "filters": ["paths_alone"]}
    return {
        **LOGGING_CONFIG,
        "filters": {"paths_alone": {"()": PathsAlone}},
        "handlers": {**handlers, "access": access},
    }


@contextmanager
def ended_in_order() -> Iterator[None]:
    """SIGTERM and a closed terminal end what runs inside as Ctrl-C does: whatever it started is ended with it."""

    def end(*_: object) -> None:
        # Once: make passes on what its whole group was sent already.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    # The server and the worker know SIGTERM as an end in order; of a terminal that is gone they know nothing.
    # Whom `nohup` started stays.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    with contextlib.suppress(KeyboardInterrupt):
        yield


def settle_heap() -> None:
    """Before serving: what start-up left behind lives as long as the process, and the collector need not look at it.

    Each full look at it held a request up by a tenth of a second and more (`python -m bench.appointments`).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def run_worker(settings: Settings, *, leashed: bool = False) -> None:
    """Work off jobs until SIGTERM or Ctrl-C; a job that runs may finish its present step.

    `leashed`: also when the process that holds our standard input is gone, however it went.
    """
    if leashed:
        threading.Thread(target=_end_with_input, daemon=True).start()
    parts = assemble(settings)
    register(parts.jobs, parts)

    async def work() -> None:
        async with parts.jobs.open_async():
            # Endpoints may hang: couriers take no place from plans and imports.
            beside = [asyncio.create_task(_couriers(parts)), asyncio.create_task(webhook_jobs.listen(parts))]
            try:
                await parts.jobs.run_worker_async(queues=[QUEUE], concurrency=2, shutdown_graceful_timeout=5)
            finally:
                for task in beside:
                    task.cancel()
                await asyncio.gather(*beside, return_exceptions=True)
        await parts.database.close()

    asyncio.run(work())


async def _couriers(parts: Parts) -> None:
    """Webhooks of many subscriptions at once, each by one courier."""
    await parts.jobs.run_worker_async(
        queues=[webhook_jobs.QUEUE],
        concurrency=webhook_jobs.COURIERS,
        install_signal_handlers=False,
        shutdown_graceful_timeout=5,
        delete_jobs="successful",
    )


def _end_with_input() -> None:
    # Not through `sys.stdin`: Python breaks off in its last moment when a thread still holds that lock.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def workers(settings: Settings, count: int) -> Iterator[None]:
    """`count` worker processes beside this one, ended with it; one that dies is started again."""
    ending = threading.Event()
    environment = {**os.environ, **environment_of(settings)}
    command = [sys.executable, "-m", "fieldapp", "worker", "--leashed"]

    def keep() -> None:
        while not ending.is_set():
            # A session of its own: Ctrl-C goes to us, and we end the worker in order.
            process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, start_new_session=True)
            while process.poll() is None and not ending.wait(0.2):
                pass
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(8)
                except subprocess.TimeoutExpired:
                    process.kill()
            ending.wait(1)

    keepers = [threading.Thread(target=keep, daemon=True) for _ in range(count)]
    for keeper in keepers:
        keeper.start()
    try:
        yield
    finally:
        ending.set()
        for keeper in keepers:
            keeper.join(12)


def environment_of(settings: Settings) -> dict[str, str]:
    """The settings as a child process reads them."""
    chosen = {
        "DATABASE_URL": settings.database_url,
        "OWNER_DATABASE_URL": None,
        "HOME": str(settings.home),
        "BLOB_URL": settings.blob_url,
        "GAZETTEER": str(settings.gazetteer) if settings.gazetteer else None,
        "BASEMAP": str(settings.basemap) if settings.basemap else None,
        "DEMO": "1" if settings.demo else "0",
        "PUBLIC_URL": settings.public_url,
        "WEBHOOKS_TO_LOOPBACK": "1" if settings.webhooks_to_loopback else "0",
        "PUSH_CONTACT": settings.push_contact,
        "PUSH_LOCAL": "1" if settings.push_local else "0",
        "STRIPE_KEY": _said(settings.stripe_key),
        "STRIPE_WEBHOOK_SECRETS": _said(settings.stripe_webhook_secrets),
        "STRIPE_URL": settings.stripe_url,
    }
    return {f"FIELDAPP_{name}": value for name, value in chosen.items() if value is not None}


def _said(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


async def found_now(settings: Settings, *, agency: str, login: str, name: str, password: str) -> None:
    """Raises Refusal `house.founded_already` or `house.password_too_short`."""
    parts = assemble(settings)
    try:
        await founding.found(parts, agency=agency, login=login, name=name, password=password)
    finally:
        await parts.database.close()


async def ledger_text(settings: Settings) -> str:
    """The ledger as beancount text, in the name of the back office. Raises Refusal `ledger.nobody_to_act_for`."""
    async with _in_the_office(settings) as work:
        return await export_ledger(work)


async def series_proved(settings: Settings) -> list[SeriesRow]:
    """Every series of receipts with what can be proved of it. Raises Refusal `ledger.nobody_to_act_for`."""
    async with _in_the_office(settings) as work:
        return await list_series(work)


@asynccontextmanager
async def _in_the_office(settings: Settings) -> AsyncIterator[Work]:
    parts = assemble(settings)
    try:
        acting = await founding.somebody(parts)
        if acting is None:
            raise Refusal("ledger.nobody_to_act_for", kind=Kind.MISSING)
        async with working(parts, acting) as work:
            yield work
    finally:
        await parts.database.close()


def demo_settings() -> Settings:
    settings = Settings(demo=True)
    return settings.model_copy(update={"home": settings.home / "demo"})


def forget_demo() -> None:
    """Remove the demo's database, pictures and clock. Raises Refusal `demo.still_running`."""
    home = demo_settings().home
    if not home.exists():
        return
    with in_use(home / "database.lock") as is_last:
        if not is_last():
            raise Refusal("demo.still_running", kind=Kind.CONFLICT)
        if (home / "database").exists():
            Cluster(home / "database").stop()
        shutil.rmtree(home, ignore_errors=True)


def run_demo(*, practices: int, agents: int, events: int, seed: int, phone: bool) -> None:
    """Set up what is missing, start everything, and serve until Ctrl-C.

    Raises Refusal `demo.port_taken` before anything is started.
    """
    settings = demo_settings()
    _require_free(settings.host, settings.port)
    if (settings.home / LOADING).exists():
        print("The last start was cut off while it loaded its data: beginning again.", flush=True)
        forget_demo()
    settings.home.mkdir(parents=True, exist_ok=True)
    clock = DemoClock(settings.home / "demo-clock.json")
    address, tls = settings.host, None
    if phone:
        address = local_address()
        tls = certificates.for_address(settings.home / "tls", address)
    scheme = "https" if tls else "http"
    public = f"{scheme}://{address}:{settings.port}"
    settings = settings.model_copy(update={"public_url": public, "secure_cookies": tls is not None})
    with ended_in_order(), database(settings) as ready:
        clock.begin(zone=ZoneInfo("Europe/Rome"), is_lawful_day=lambda moment: is_lawful_day(moment.date()))
        asyncio.run(_load(ready, practices=practices, agents=agents, events=events, seed=seed))
        with workers(ready, 1):
            _welcome(ready, public, clock, phone=phone)
            with contextlib.suppress(KeyboardInterrupt):
                app = create_app(ready)
                settle_heap()
                uvicorn.run(
                    app,
                    host="0.0.0.0" if phone else settings.host,
                    port=settings.port,
                    log_level="warning",
                    timeout_graceful_shutdown=2,
                    ssl_certfile=tls.certificate if tls else None,
                    ssl_keyfile=tls.key if tls else None,
                )
            clock.stop()
            print("Stopped. The data stays; `make demo-reset` forgets it.", flush=True)


def _require_free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the server will: a port that the last run has just left is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise Refusal("demo.port_taken", kind=Kind.CONFLICT, details={"port": port}) from None


async def _load(settings: Settings, *, practices: int, agents: int, events: int, seed: int) -> None:
    parts = assemble(settings)
    loading = settings.home / LOADING
    loading.touch()
    async with parts.jobs.open_async():
        await province.load(
            parts,
            practices=practices,
            agents=agents,
            seed=seed,
            say=lambda text: print(text, flush=True),
            events=events,
        )
    loading.unlink()
    await parts.database.close()


def _welcome(settings: Settings, address: str, clock: DemoClock, *, phone: bool) -> None:
    signs = asyncio.run(_sign_ins(settings))
    local = clock.now().astimezone(ZoneInfo("Europe/Rome"))
    print(f"\nfieldapp is at {address}  (demo clock: {local:%A %d %B %Y, %H:%M})\n")
    for sign_in in signs:
        face = "agent" if sign_in.role == "agent" else "desk"
        print(f"  {sign_in.role:<14} {sign_in.login:<12} {sign_in.password}   {address}/{face}/")
    print("\n  A phone asks for a PIN that you choose (six digits or more) at every start; ten wrong ones wipe it.")
    if phone:
        segno.make(f"{address}/agent/").terminal(compact=True)
        print(f"Scan it with the phone. Let it trust {settings.home / 'tls' / 'ca.crt'} first ({address}/demo-ca.crt).")
    print("\nCtrl-C stops everything.\n", flush=True)


async def _sign_ins(settings: Settings) -> list[DemoSignIn]:
    parts = assemble(settings)
    try:
        return await demo_sign_ins(parts)
    finally:
        await parts.database.close()


def local_address() -> str:
    """This machine's address on the local network; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"
