"""`make demo PHONE=1`: a phone on the local network that trusts only our own authority reaches the app."""

from __future__ import annotations

import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import zxingcpp
from PIL import Image

from fieldapp.launch import local_address
from tests.browser.conftest import free_port

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Demo:
    address: str
    home: Path
    log: Path

    def client(self) -> httpx.Client:
        """A phone that has taken over our authority and knows no other."""
        trusting = ssl.create_default_context(cafile=str(self.home / "demo" / "tls" / "ca.crt"))
        return httpx.Client(base_url=self.address, verify=trusting, timeout=20)


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    home = Path(tempfile.mkdtemp(prefix="fieldapp-phone-", dir="/var/lib" if os.geteuid() == 0 else None))
    home.chmod(0o755)
    port = free_port()
    log = home / "demo.log"
    command = [sys.executable, "-m", "fieldapp", "demo", "--phone", "--practices", "12", "--agents", "1"]
    environment = {**os.environ, "FIELDAPP_HOME": str(home), "FIELDAPP_PORT": str(port), "PYTHONIOENCODING": "utf-8"}
    started = Demo(f"https://{local_address()}:{port}", home, log)
    with log.open("w") as out, subprocess.Popen(command, env=environment, stdout=out, stderr=out) as process:
        try:
            _wait_for(started, process)
            yield started
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
    shutil.rmtree(home, ignore_errors=True)


def _wait_for(demo: Demo, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None, demo.log.read_text()
        if (demo.home / "demo" / "tls" / "ca.crt").exists():
            try:
                with demo.client() as client:
                    client.get("/api/v1/health").raise_for_status()
                    return
            except httpx.TransportError:
                pass
        time.sleep(0.2)
    raise AssertionError(demo.log.read_text())


def test_a_phone_that_trusts_only_our_authority_is_served_the_app_on_the_machines_own_address(demo: Demo) -> None:
    with demo.client() as client:
        page = client.get("/agent/")
        worker = client.get("/agent/sw.js")
        offers = client.get("/api/v1/demo/sign-ins").json()

    assert page.status_code == 200
    assert "manifest" in page.text
    assert worker.status_code == 200
    assert "agent" in [offer["role"] for offer in offers]


def test_a_phone_that_does_not_know_our_authority_is_not_fooled(demo: Demo) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{demo.address}/agent/")


def test_the_authority_can_be_fetched_from_the_service_itself(demo: Demo) -> None:
    with demo.client() as client:
        fetched = client.get("/demo-ca.crt")

    assert fetched.content == (demo.home / "demo" / "tls" / "ca.crt").read_bytes()


def test_a_session_of_the_phone_travels_only_over_https(demo: Demo) -> None:
    with demo.client() as client:
        offer = next(one for one in client.get("/api/v1/demo/sign-ins").json() if one["role"] == "agent")
        headers = {"x-csrftoken": client.cookies["csrftoken"]}
        answer = client.post(
            "/api/v1/session", json={"login": offer["login"], "password": offer["password"]}, headers=headers
        )

    assert answer.status_code == 200
    assert "secure" in answer.headers["set-cookie"].lower()


def test_a_camera_reads_the_address_of_the_app_from_the_printed_qr(demo: Demo) -> None:
    (found,) = zxingcpp.read_barcodes(as_seen(demo.log.read_text()))

    assert found.text == f"{demo.address}/agent/"


def as_seen(printed: str) -> Image.Image:
    """The half blocks of a terminal as the light and dark that a camera sees."""
    halves = {"█": (255, 255), "▀": (255, 0), "▄": (0, 255), " ": (0, 0)}
    lines = [line for line in printed.splitlines() if line and set(line) <= set(halves)]
    picture = Image.new("L", (max(map(len, lines)), 2 * len(lines)))
    for row, line in enumerate(lines):
        for column, block in enumerate(line):
            for half, light in enumerate(halves[block]):
                picture.putpixel((column, 2 * row + half), light)
    return picture.resize((picture.width * 8, picture.height * 8), Image.Resampling.NEAREST)
