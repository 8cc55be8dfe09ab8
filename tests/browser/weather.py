"""Bad weather before the service: a proxy that loses, cuts, doubles and delays; a process killed at random."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable

import httpx

from fieldapp import launch
from fieldapp.settings import Settings

FATES = ("good", "good", "good", "lost", "cut", "doubled", "late", "killed", "killed")


class FaultyProxy:
    """Forwards one request a connection; while `stormy`, those to the phone's door meet a fate of chance."""

    def __init__(self, port: int, target: int, chance: random.Random) -> None:
        self.stormy = False
        self.kill: Callable[[], None] = lambda: None
        self.met: Counter[str] = Counter()
        self.parts = 0
        self._port = port
        self._target = target
        self._chance = chance
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> FaultyProxy:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._meet, "127.0.0.1", self._port))
        self._ready.set()
        self._loop.run_forever()
        server.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A broken connection is what this is about: the phone sees it, nobody else.
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            request = await _request(reader)
            fate = self._chance.choice(FATES) if self.stormy and b" /api/v1/field/" in request[:80] else "good"
            self.met[fate] += 1
            self.parts += request.startswith(b"PATCH ")
            await self._fate(fate, request, writer)
        writer.close()

    async def _fate(self, fate: str, request: bytes, writer: asyncio.StreamWriter) -> None:
        if fate == "cut":
            await self._ask(request[: len(request) * 2 // 3], wait=False)
            return
        if fate == "late":
            await asyncio.sleep(self._chance.uniform(0.2, 1.5))
        if fate == "killed":
            # Somewhere between reading the request and having committed it.
            asyncio.get_running_loop().call_later(self._chance.uniform(0.001, 0.12), self.kill)
        if fate == "doubled":
            await self._ask(request)
        answer = await self._ask(request)
        if fate != "lost":
            writer.write(answer)
            await writer.drain()

    async def _ask(self, request: bytes, *, wait: bool = True) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            writer.write(request)
            await writer.drain()
            return await reader.read(-1) if wait else b""
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> bytes:
    """One whole request, changed so that its answer ends with the connection."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = [line for line in head[:-4].split(b"\r\n") if not line.lower().startswith(b"connection:")]
    length = next((int(line[15:]) for line in lines if line.lower().startswith(b"content-length:")), 0)
    body = await reader.readexactly(length)
    return b"\r\n".join([*lines, b"Connection: close", b"", b""]) + body


class MortalService:
    """The web service on `port`; whenever it is killed it is started again."""

    def __init__(self, settings: Settings, port: int) -> None:
        self.deaths = 0
        self._environment = {**os.environ, **launch.environment_of(settings), "FIELDAPP_PORT": str(port)}
        self._log = settings.home / "service.log"
        self._health = f"http://127.0.0.1:{port}/api/v1/health"
        self._ending = threading.Event()
        self._process = self._born()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)

    def answers(self) -> None:
        """Wait until it does."""
        for _ in range(600):
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(self._health).status_code == 200:
                    return
            time.sleep(0.05)
        raise AssertionError("the service does not answer")

    def stop(self) -> None:
        self._ending.set()
        self._thread.join(10)
        self._process.kill()
        self._process.wait()

    def _born(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "fieldapp", "serve", "--workers", "0"]
        with self._log.open("a") as log:
            return subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)

    def _watch(self) -> None:
        while not self._ending.wait(0.05):
            if self._process.poll() is not None:
                self.deaths += 1
                self._process = self._born()
