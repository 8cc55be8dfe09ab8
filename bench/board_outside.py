"""What happens outside of the board that is measured: agents' phones that sync, and other boards that listen."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TypeVar
from uuid import uuid4

import httpx

from fieldapp.clock import DemoClock
from fieldapp.services.access import DEMO_PASSWORD
from tests.browser.conftest import CLOCK, Service
from tests.flows.conftest import BASE
from tests.flows.phone import FieldPhone, a_report, text_of

T = TypeVar("T")


@dataclass
class Line:
    """A connection to the running service for who speaks to the one inside of tests; signed in as an agent."""

    service: Service
    client: httpx.AsyncClient
    identity: Any = None

    async def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        return await self.client.request(method, url.replace(BASE, f"{self.service.address}/api/v1"), **options)

    async def post(self, path: str, **options: Any) -> httpx.Response:
        token = {"x-csrftoken": self.client.cookies.get("csrftoken") or ""}
        return await self.request("POST", f"{BASE}{path}", headers=token, **options)

    async def sign_in(self, login: str) -> None:
        await self.request("GET", f"{BASE}/clock")
        said = (await self.post("/session", json={"login": login, "password": DEMO_PASSWORD})).raise_for_status()
        self.identity = Named(said.json()["person"]["name"])


@dataclass(frozen=True, slots=True)
class Named:
    name: str


@dataclass
class Phone:
    """An agent's phone and what is left of its day."""

    phone: FieldPhone
    clock: DemoClock
    stops: list[dict[str, Any]]
    arrived: dict[str, Any] | None = None

    @property
    def can(self) -> bool:
        return bool(self.stops) or self.arrived is not None

    async def goes_on(self) -> tuple[str, str, float]:
        """Arrives at the next door, or reports of it: the stop, what it is now, and when the answer was here."""
        now = self.clock.now()
        if self.arrived is None:
            stop = self.arrived = self.stops.pop(0)
            body = {
                "visit_id": str(uuid4()),
                "stop_id": stop["stop_id"],
                "practice_id": stop["practice"]["id"],
                "arrived_at": text_of(now),
                "position": None,
                "position_refused_reason": "refused",
            }
            state, said = "arrived", self.phone.envelope("check_in", body, at=now)
        else:
            stop, self.arrived = self.arrived, None
            state, said = "done", self.phone.envelope("visit", a_report(stop, at=now), at=now)
        answer = (await self.phone.push(said)).raise_for_status()
        at = time.time()
        verdict = answer.json()["verdicts"][0]
        if verdict["verdict"] != "accepted":
            raise RuntimeError(f"a phone's {state} was not taken: {verdict}")
        return stop["stop_id"], state, at


@dataclass
class Outside:
    """Everybody else, in a thread of their own."""

    service: Service
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _clients: list[httpx.AsyncClient] = field(default_factory=list)
    _listening: list[asyncio.Task[None]] = field(default_factory=list)
    heard: int = 0
    """Facts that listeners were told."""

    def __enter__(self) -> Outside:
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.does(self._leave())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def begins(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def does(self, work: Coroutine[Any, Any, T]) -> T:
        return self.begins(work).result()

    async def _leave(self) -> None:
        for task in self._listening:
            task.cancel()
        for client in self._clients:
            await client.aclose()

    def _line(self) -> Line:
        client = httpx.AsyncClient(timeout=httpx.Timeout(60, read=None))
        self._clients.append(client)
        return Line(self.service, client)

    async def phone(self, login: str) -> Phone:
        """An agent's enrolled phone with its day."""
        line = self._line()
        await line.sign_in(login)
        phone = await FieldPhone.enrol(line, line, agent_number="")  # type: ignore[arg-type]
        day = (await phone.request("GET", "/field/day")).raise_for_status().json()
        clock = DemoClock(self.service.settings.home / CLOCK)
        return Phone(phone, clock, [stop for stop in day["stops"] if not stop.get("reserve")])

    async def listens(self, cookies: Sequence[tuple[str, str]], *, boards: int) -> None:
        """So many more open streams of facts, each on a connection of its own."""
        for _ in range(boards):
            client = httpx.AsyncClient(timeout=httpx.Timeout(60, read=None), cookies=dict(cookies))
            self._clients.append(client)
            open_now = asyncio.Event()
            self._listening.append(asyncio.create_task(self._stream(client, open_now)))
            await open_now.wait()

    async def _stream(self, client: httpx.AsyncClient, open_now: asyncio.Event) -> None:
        async with client.stream("GET", f"{self.service.address}/api/v1/events") as answer:
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                open_now.set()
                self.heard += line.startswith("event: fact")

    async def an_hour(self, phones: Sequence[Phone], *, events: int, over_s: float) -> tuple[int, float]:
        """`events` arrivals and reports of all phones in turn, as evenly as they are taken: how many, in seconds."""
        began, done = time.monotonic(), 0
        while done < events and any(phone.can for phone in phones):
            for phone in phones:
                if done < events and phone.can:
                    await phone.goes_on()
                    done += 1
                    await asyncio.sleep(max(0.0, began + over_s * done / events - time.monotonic()))
        return done, time.monotonic() - began
