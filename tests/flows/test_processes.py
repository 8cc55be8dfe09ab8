"""Processes that end, in order or not: nothing is left running, and the database stops with its last user."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from fieldapp import launch
from fieldapp.databases import database, in_use
from fieldapp.domain.errors import Refusal
from fieldapp.settings import Settings
from fieldapp.store.embedded import Cluster

DIES_INSIDE = """
import os, signal
from fieldapp.databases import database
from fieldapp.settings import Settings
with database(Settings()):
    os.kill(os.getpid(), signal.SIGKILL)
"""

STAYS = """
import os, signal
from fieldapp.launch import ended_in_order
signal.signal(signal.SIGHUP, signal.SIG_IGN)
with ended_in_order():
    os.kill(os.getpid(), signal.SIGHUP)
    print("went on")
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the server's own user can reach."""
    with tempfile.TemporaryDirectory(prefix="fieldapp-test-", dir="/var/lib" if os.geteuid() == 0 else None) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        Cluster(Path(folder) / "database").stop()


def test_the_last_user_stops_the_embedded_database_even_after_one_that_was_killed(home: Path) -> None:
    cluster = Cluster(home / "database")
    environment = os.environ | {"FIELDAPP_HOME": str(home)}
    settings = Settings(home=home)

    killed = subprocess.run([sys.executable, "-c", DIES_INSIDE], env=environment, check=False)
    left_running = cluster.running()
    with database(settings):
        with database(settings):
            pass
        after_the_first = cluster.running()

    assert killed.returncode == -9
    assert left_running
    assert after_the_first
    assert not cluster.running()


def test_a_worker_ends_with_the_process_that_started_it(app_url: str, tmp_path: Path) -> None:
    environment = os.environ | {"FIELDAPP_DATABASE_URL": app_url, "FIELDAPP_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "fieldapp", "worker", "--leashed"]
    worker = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE)
    assert worker.stdin is not None

    worker.stdin.close()

    assert worker.wait(60) in (0, -15)


def test_a_worker_that_is_told_to_end_ends_in_order(app_url: str, tmp_path: Path) -> None:
    environment = os.environ | {"FIELDAPP_DATABASE_URL": app_url, "FIELDAPP_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "fieldapp", "worker", "--leashed"]
    worker = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    with psycopg.connect(app_url, autocommit=True) as connection:
        while not connection.execute("select 1 from procrastinate_workers").fetchone():
            assert worker.poll() is None
            time.sleep(0.1)

    worker.terminate()

    assert worker.wait(60) in (0, -15)
    assert worker.stderr is not None
    assert b"Fatal" not in worker.stderr.read()


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_service_that_is_told_to_end_stops_its_embedded_database(home: Path, told: signal.Signals) -> None:
    """A terminal that closes, too, although whoever runs the tests may ignore that."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"FIELDAPP_HOME": str(home), "FIELDAPP_PORT": str(port)}
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    service = subprocess.Popen([sys.executable, "-m", "fieldapp", "serve"], env=environment, start_new_session=True)
    signal.signal(signal.SIGHUP, before)
    for _ in range(600):
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/api/v1/health")
            break
        assert service.poll() is None
        time.sleep(0.1)

    # Twice: make passes on what the terminal has sent to the whole group already.
    os.killpg(service.pid, told)
    os.killpg(service.pid, told)

    assert service.wait(60) == 0
    assert not Cluster(home / "database").running()


def test_a_service_logs_what_was_asked_for_without_the_question(app_url: str, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "FIELDAPP_DATABASE_URL": app_url,
        "FIELDAPP_HOME": str(tmp_path),
        "FIELDAPP_PORT": str(port),
    }
    service = subprocess.Popen(
        [sys.executable, "-m", "fieldapp", "serve"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    asked = False
    while not asked:
        assert service.poll() is None
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/api/v1/practices?q=RSSMRA79A01E648X")
            asked = True
        time.sleep(0.1)

    service.terminate()

    said, _ = service.communicate(timeout=60)
    assert b"GET /api/v1/practices HTTP" in said
    assert b"RSSMRA79A01E648X" not in said


def test_what_ignores_a_closed_terminal_goes_on_ignoring_it() -> None:
    run = subprocess.run([sys.executable, "-c", STAYS], capture_output=True, text=True, check=True)

    assert run.stdout == "went on\n"


def test_a_running_demo_is_not_forgotten(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDAPP_HOME", str(home))
    (home / "demo").mkdir()

    with in_use(home / "demo" / "database.lock"), pytest.raises(Refusal) as refused:
        launch.forget_demo()

    assert refused.value.code == "demo.still_running"
    launch.forget_demo()
    assert not (home / "demo").exists()
