"""One request to another's endpoint: to a judged address, without following anything, bounded in time and bytes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Self
from urllib.parse import SplitResult, urlsplit

import httpcore

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.webhooks import Answer, Failure, judge_status, may_call

log = logging.getLogger("fieldapp.webhooks")

SEND_S = 15.0
"""From looking up the name to the last byte that we read."""
_READ_BYTES = 65_536
"""What we read of an answer's body, only so that the connection can serve again; longer ones are cut off."""
_RESOLVERS = 4
_MOST_URL = 2_000
_BROKEN = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)


def check_url(url: str, *, to_loopback: bool) -> str:
    """The address to deliver to, as it is kept.

    `to_loopback`: plain HTTP and this very machine are allowed too (tests and the demo). Raises Refusal
    `webhook.url_malformed`, `webhook.url_insecure` (not HTTPS), `webhook.url_inside` (an address that is not on the
    internet; names are judged when they are resolved).
    """
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname or ""
        ascii_host = host.encode("idna").decode()
        port = parts.port
    except ValueError:
        raise Refusal("webhook.url_malformed", kind=Kind.MALFORMED) from None
    if not host or port == 0 or parts.username is not None or parts.scheme not in ("http", "https"):
        raise Refusal("webhook.url_malformed", kind=Kind.MALFORMED)
    if len(url) > _MOST_URL or any(ord(sign) < 33 or ord(sign) > 126 for sign in _behind(parts)):
        raise Refusal("webhook.url_malformed", kind=Kind.MALFORMED)
    if parts.scheme == "http" and not to_loopback:
        raise Refusal("webhook.url_insecure", kind=Kind.MALFORMED)
    try:
        literal = ip_address(host)
    except ValueError:
        literal = None
    if host.lower() == "localhost" and not to_loopback:
        raise Refusal("webhook.url_inside", kind=Kind.MALFORMED)
    if literal is not None and not may_call(literal, to_loopback=to_loopback):
        raise Refusal("webhook.url_inside", kind=Kind.MALFORMED)
    # As it is called: a name with letters beyond ASCII is kept as the network knows it.
    netloc = parts.netloc if host.isascii() else f"{ascii_host}:{port}" if port else ascii_host
    return parts._replace(fragment="", netloc=netloc).geturl()


def _behind(parts: SplitResult) -> str:
    return parts.path + parts.query


class NotOnTheInternet(Exception):
    """The host's name leads to an address that we do not call."""


class NameUnknown(Exception):
    """The host's name leads nowhere."""


class _Judged(httpcore.AsyncNetworkBackend):
    """Resolves a name, judges every address behind it, and connects to one that was judged: no second look-up."""

    def __init__(self, *, to_loopback: bool) -> None:
        self._to_loopback = to_loopback
        self._inner = httpcore.AnyIOBackend()
        # Of this subscription alone: a name server that hangs holds up nobody else's look-ups.
        self._resolvers = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="webhook-names")

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failed: Exception = NameUnknown(host)
        for address in await self._addresses(host, port):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError as refused:
                failed = refused
        raise failed

    async def _addresses(self, host: str, port: int) -> list[str]:
        def look_up() -> list[Any]:
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)

        try:
            found = await asyncio.get_running_loop().run_in_executor(self._resolvers, look_up)
        except (OSError, UnicodeError):
            raise NameUnknown(host) from None
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        # One bad address among good ones is a trap or a mistake: none of them is called.
        if not all(may_call(ip_address(one.partition("%")[0]), to_loopback=self._to_loopback) for one in addresses):
            raise NotOnTheInternet(host)
        return addresses

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)

    def close(self) -> None:
        self._resolvers.shutdown(wait=False, cancel_futures=True)


class Post:
    """Connections to the endpoint of one subscription; use as a context.

    Each request takes a connection of its own that nobody else is using, the last one given back first. One pool of
    them all would look at every connection whenever a request begins or ends: half of what a delivery cost.
    """

    def __init__(self, *, to_loopback: bool, connections: int, send_s: float = SEND_S) -> None:
        self._send_s = send_s
        self._room = asyncio.Semaphore(connections)
        self._backend = _Judged(to_loopback=to_loopback)
        self._tls = ssl.create_default_context()
        self._idle: list[httpcore.AsyncConnectionPool] = []
        self._lines: list[httpcore.AsyncConnectionPool] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for line in self._lines:
            await line.aclose()
        self._backend.close()

    @contextlib.asynccontextmanager
    async def _posting(self, url: str, body: bytes, headers: Mapping[str, str]) -> AsyncIterator[httpcore.Response]:
        """The answer to a POST over a connection that is kept alive for the next."""
        sent = [(name.encode(), value.encode()) for name, value in headers.items()]
        async with self._room:
            if not self._idle:
                self._lines.append(self._new_line())
                self._idle.append(self._lines[-1])
            line = self._idle.pop()
            try:
                async with line.stream("POST", url, headers=sent, content=body) as response:
                    yield response
            finally:
                self._idle.append(line)

    def _new_line(self) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(
            ssl_context=self._tls, max_connections=1, keepalive_expiry=30, network_backend=self._backend
        )

    async def send(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        """POST `body`; what came of it. Never raises for what the other side does."""
        try:
            async with asyncio.timeout(self._send_s):
                return await self._send(url, body, headers)
        except NotOnTheInternet:
            return Answer(failure=Failure.ADDRESS_INSIDE)
        except NameUnknown:
            return Answer(failure=Failure.NAME)
        except (TimeoutError, httpcore.TimeoutException):
            return Answer(failure=Failure.TIMEOUT)
        except httpcore.ConnectError as failed:
            return Answer(failure=Failure.TLS if isinstance(failed.__cause__, ssl.SSLError) else Failure.CONNECT)
        except (httpcore.NetworkError, OSError):
            return Answer(failure=Failure.CONNECT)
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol):
            return Answer(failure=Failure.PROTOCOL)
        except Exception:
            # A letter that nobody can send is a letter that failed: the courier goes on, and a person hears of it.
            log.exception("a request could not be made")
            return Answer(failure=Failure.PROTOCOL)

    async def ask(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes] | None:
        """POST `body` and read the answer, up to `_READ_BYTES`: its status and content, or None where none came."""
        try:
            async with asyncio.timeout(self._send_s), self._posting(url, body, headers) as response:
                content = bytearray()
                async for portion in response.aiter_stream():
                    content += portion
                    if len(content) > _READ_BYTES:
                        return None
                return response.status, bytes(content)
        except (NotOnTheInternet, NameUnknown, TimeoutError, OSError, httpcore.UnsupportedProtocol, *_BROKEN):
            return None

    async def _send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        async with self._posting(url, body, headers) as response:
            given = {name.lower(): value for name, value in response.headers}
            retry_after = given.get(b"retry-after", b"").decode("latin-1") or None
            answer = judge_status(response.status, retry_after)
            # The status was the answer; what hangs or breaks behind it changes nothing.
            with contextlib.suppress(TimeoutError, *_BROKEN):
                await _read_a_little(response)
            return answer


async def _read_a_little(response: httpcore.Response) -> None:
    """Up to `_READ_BYTES` and a second of the body; a connection with more to come is closed."""
    read = 0
    async with asyncio.timeout(1):
        async for portion in response.aiter_stream():
            read += len(portion)
            if read > _READ_BYTES:
                return
