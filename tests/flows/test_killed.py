"""Work that is cut off, in order or not: nothing is half-done, and it is done in the end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from fieldapp.domain.access import Role
from fieldapp.launch import environment_of
from fieldapp.settings import Settings
from fieldapp.store.embedded import Cluster
from tests.conftest import setup_user
from tests.flows.conftest import House
from tests.flows.creditor_file import LAYOUT, file_of, practices, read, row

CREDITORS = 3
"""Whose files the demo takes in."""
SECRET = "6b" * 32
LATE = "posting"
"""What an import writes last: whoever waits for it has written its practices already."""


@pytest.fixture
def settings(app_url: str, tmp_path: Path) -> Settings:
    """Pictures and files on disk: the worker is a process of its own."""
    return Settings(database_url=app_url, home=tmp_path, secret_key=SecretStr(SECRET), gazetteer=None)


@contextmanager
def house_of_a_demo() -> Iterator[Path]:
    """A folder that the embedded server's own user can reach."""
    with tempfile.TemporaryDirectory(prefix="fieldapp-test-", dir="/var/lib" if os.geteuid() == 0 else None) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        Cluster(Path(folder) / "demo" / "database").stop()


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def heard(process: subprocess.Popen[str], *, until: str) -> str:
    """What a process has said when it comes to `until`."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if until in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


@contextmanager
def held_up(admin_url: str) -> Iterator[psycopg.Connection]:
    """Nobody may write to the ledger meanwhile."""
    with psycopg.connect(admin_url) as connection:
        connection.execute(f"lock table {LATE} in exclusive mode")  # type: ignore[arg-type]
        yield connection


def wait_until_it_waits(watch: psycopg.Connection, process: subprocess.Popen[bytes]) -> None:
    """Until some import stands before the locked table, all else of it written but not yet there for others."""
    asked = "select 1 from pg_locks where not granted and relation = to_regclass(%s)"
    while not watch.execute(asked, (LATE,)).fetchone():
        assert process.poll() is None
        time.sleep(0.05)


def test_an_import_killed_in_mid_writing_leaves_nothing_and_the_file_comes_in_again(
    cluster: Cluster, app_url: str, tmp_path: Path
) -> None:
    environment = os.environ | {"FIELDAPP_DATABASE_URL": app_url, "FIELDAPP_HOME": str(tmp_path / "home")}
    file = tmp_path / "rate.csv"
    file.write_bytes(file_of(row("P-1"), row("P-2")))
    command = [sys.executable, "-m", "fieldapp", "import", str(file), "--layout", LAYOUT, "--json"]
    admin = cluster.url(setup_user(), app_url.rsplit("/", 1)[1].split("?")[0])

    with psycopg.connect(admin, autocommit=True) as watch:
        with held_up(admin):
            cut_off = subprocess.Popen(command, env=environment)
            wait_until_it_waits(watch, cut_off)
            cut_off.kill()
            cut_off.wait()
        left = watch.execute("select (select count(*) from practice), (select count(*) from entry)").fetchone()
        done = subprocess.run(command, env=environment, capture_output=True, check=True)

    assert left == (0, 0)
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["accepted"], said["store_practices"], said["store_cents"]) == (2, 2, 200_000)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_a_confirmed_import_survives_the_end_of_its_worker(
    cluster: Cluster, house: House, settings: Settings, app_url: str, how: signal.Signals
) -> None:
    desk = await house.sign_in(Role.BACK_OFFICE)
    report = await read(desk, house, file_of(row("P-1"), row("P-2")))
    await desk.post(f"/imports/{report['id']}/confirm")
    admin = cluster.url(setup_user(), app_url.rsplit("/", 1)[1].split("?")[0])
    command = [sys.executable, "-m", "fieldapp", "worker"]
    environment = os.environ | environment_of(settings) | {"FIELDAPP_SECRET_KEY": SECRET}

    with psycopg.connect(admin, autocommit=True) as watch, held_up(admin):
        worker = subprocess.Popen(command, env=environment)
        wait_until_it_waits(watch, worker)
        worker.send_signal(how)
        worker.wait(60)
        left = watch.execute("select count(*) from practice").fetchone()
        # As when half a minute went by in which nothing was heard of it.
        watch.execute("update procrastinate_workers set last_heartbeat = now() - interval '1 hour'")
    await house.parts.jobs.configure_task("jobs.rescue").defer_async(timestamp=0)
    await house.run_jobs()

    assert left == (0,)
    assert sorted(found["practice_number"] for found in await practices(desk)) == ["P-1", "P-2"]


def test_a_demo_whose_loading_was_cut_off_begins_afresh() -> None:
    with house_of_a_demo() as home:
        environment = os.environ | {"FIELDAPP_HOME": str(home), "FIELDAPP_PORT": str(a_free_port())}
        command = [sys.executable, "-m", "fieldapp", "demo", "--practices", "30", "--agents", "2"]
        cut_off = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        said_before = heard(cut_off, until="rows taken")
        cut_off.kill()
        cut_off.wait()

        again = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        said = heard(again, until="Ctrl-C")
        again.send_signal(signal.SIGINT)
        again.wait(60)

    assert "cut off" not in said_before
    assert "The last start was cut off" in said
    assert said.count("rows taken") == CREDITORS
    assert "admin" in said
