"""Processes: the embedded database, workers, and the demo that ties everything together."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import segno
import uvicorn

from fieldapp import certificates, province
from fieldapp.app import assemble, create_app
from fieldapp.clock import DemoClock
from fieldapp.services import founding
from fieldapp.services.access import demo_sign_ins
from fieldapp.services.intake import import_file
from fieldapp.services.jobs import register
from fieldapp.services.rules import is_lawful_day
from fieldapp.settings import Settings
from fieldapp.store import setup
from fieldapp.store.embedded import SUPERUSER, Cluster
from fieldapp.store.shapes.access import DemoSignIn

DATABASE = "fieldapp"


@contextmanager
def database(settings: Settings) -> Iterator[Settings]:
    """Settings with a database that is there and migrated: the one named, else an embedded one.

    An embedded server that this call started is stopped again at the end.
    """
    if settings.database_url is not None:
        if settings.owner_database_url is not None:
            setup.migrate(settings.owner_database_url)
        yield settings
        return
    cluster = Cluster(settings.home / "database")
    ours = not cluster.running()
    cluster.start()
    try:
        setup.create_database(cluster.url(SUPERUSER, "postgres"), DATABASE)
        setup.migrate(cluster.url(setup.OWNER, DATABASE))
        yield settings.model_copy(
            update={
                "database_url": cluster.url(setup.APP, DATABASE),
                "owner_database_url": cluster.url(setup.OWNER, DATABASE),
            }
        )
    finally:
        if ours:
            cluster.stop()


def shown(settings: Settings) -> str:
    return "embedded" if settings.database_url and str(settings.home) in settings.database_url else "by address"


def run_worker(settings: Settings) -> None:
    """Work off jobs until SIGTERM or Ctrl-C; a job that runs may finish its present step."""
    parts = assemble(settings)
    register(parts.jobs, parts)

    async def work() -> None:
        async with parts.jobs.open_async():
            await parts.jobs.run_worker_async(concurrency=2, shutdown_graceful_timeout=5)
        await parts.database.close()

    asyncio.run(work())


@contextmanager
def workers(settings: Settings, count: int) -> Iterator[None]:
    """`count` worker processes beside this one, ended with it; one that dies is started again."""
    ending = threading.Event()
    environment = {**os.environ, **environment_of(settings)}
    command = [sys.executable, "-m", "fieldapp", "worker"]

    def keep() -> None:
        while not ending.is_set():
            # A session of its own: Ctrl-C goes to us, and we end the worker in order.
            process = subprocess.Popen(command, env=environment, start_new_session=True)
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
        "DEMO": "1" if settings.demo else "0",
        "PUBLIC_URL": settings.public_url,
    }
    return {f"FIELDAPP_{name}": value for name, value in chosen.items() if value is not None}


async def import_now(
    settings: Settings, file: Path, layout: str, *, creditor: str | None, documents: Path | None
) -> dict[str, Any]:
    """Import `file` in the name of the back office, without a worker; the summary of docs/intake.md.

    A house without an agency is founded first, with an administrator whom nobody can sign in as yet.
    """
    parts = assemble(settings)
    try:
        async with parts.jobs.open_async():
            acting = await founding.somebody(parts) or await founding.found(
                parts, agency="Agenzia", login="admin", name="Amministrazione", password=None
            )
            return await import_file(
                parts,
                acting,
                file.read_bytes(),
                file.name,
                layout,
                creditor_name=creditor,
                documents=documents.read_bytes() if documents else None,
            )
    finally:
        await parts.database.close()


async def found_now(settings: Settings, *, agency: str, login: str, name: str, password: str) -> None:
    """Raises Refusal `house.founded_already` or `house.password_too_short`."""
    parts = assemble(settings)
    try:
        await founding.found(parts, agency=agency, login=login, name=name, password=password)
    finally:
        await parts.database.close()


def demo_settings() -> Settings:
    settings = Settings(demo=True)
    return settings.model_copy(update={"home": settings.home / "demo"})


def forget_demo() -> None:
    """Remove the demo's database, pictures and clock."""
    home = demo_settings().home
    if (home / "database").exists():
        Cluster(home / "database").stop()
    shutil.rmtree(home, ignore_errors=True)


def run_demo(*, practices: int, agents: int, seed: int, phone: bool) -> None:
    """Set up what is missing, start everything, and serve until Ctrl-C."""
    settings = demo_settings()
    settings.home.mkdir(parents=True, exist_ok=True)
    clock = DemoClock(settings.home / "demo-clock.json")
    address, tls = settings.host, None
    if phone:
        address = local_address()
        tls = certificates.for_address(settings.home / "tls", address)
    scheme = "https" if tls else "http"
    public = f"{scheme}://{address}:{settings.port}"
    settings = settings.model_copy(update={"public_url": public, "secure_cookies": tls is not None})
    with database(settings) as ready:
        clock.begin(zone=ZoneInfo("Europe/Rome"), is_lawful_day=lambda moment: is_lawful_day(moment.date()))
        asyncio.run(_load(ready, practices=practices, agents=agents, seed=seed))
        with workers(ready, 1):
            _welcome(ready, public, clock, phone=phone)
            with contextlib.suppress(KeyboardInterrupt):
                uvicorn.run(
                    create_app(ready),
                    host="0.0.0.0" if phone else settings.host,
                    port=settings.port,
                    log_level="warning",
                    timeout_graceful_shutdown=2,
                    ssl_certfile=tls.certificate if tls else None,
                    ssl_keyfile=tls.key if tls else None,
                )
            clock.stop()
            print("Stopped. The data stays; `make demo-reset` forgets it.", flush=True)


async def _load(settings: Settings, *, practices: int, agents: int, seed: int) -> None:
    parts = assemble(settings)
    async with parts.jobs.open_async():
        await province.load(
            parts, practices=practices, agents=agents, seed=seed, say=lambda text: print(text, flush=True)
        )
    await parts.database.close()


def _welcome(settings: Settings, address: str, clock: DemoClock, *, phone: bool) -> None:
    signs = asyncio.run(_sign_ins(settings))
    local = clock.now().astimezone(ZoneInfo("Europe/Rome"))
    print(f"\nfieldapp is at {address}  (demo clock: {local:%A %d %B %Y, %H:%M})\n")
    for sign_in in signs:
        face = "agent" if sign_in.role == "agent" else "desk"
        print(f"  {sign_in.role:<14} {sign_in.login:<12} {sign_in.password}   {address}/{face}/")
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
