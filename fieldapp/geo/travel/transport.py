"""One request to a road server: bounded in time and bytes, following nothing, and nothing sent but the request."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpcore

from fieldapp.geo.travel.matrices import ServerFailed

CONNECT_S = 3.0
MOST_BYTES = 32_000_000
_AWAY = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol)


class HttpTransport:
    """Asks the server at `home`; `clock` measures what is left of the time for one answer."""

    def __init__(self, home: str, *, clock: Callable[[], float] = time.monotonic, connections: int = 4) -> None:
        self.home = home.rstrip("/")
        self._clock = clock
        self._parts = urlsplit(self.home)
        self._pool = httpcore.ConnectionPool(max_connections=connections, retries=0)

    def ask(self, path: str, *, body: Any = None, within_s: float) -> tuple[int, Any]:
        """Status and what the JSON says (None where it is none). Raises ServerFailed: away, late, nonsense."""
        until = self._clock() + within_s
        connect_s = min(CONNECT_S, within_s)
        timeout = {"connect": connect_s, "read": within_s, "write": within_s, "pool": within_s}
        content = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        headers: dict[bytes | str, bytes | str] = {"accept": "application/json", "user-agent": "fieldapp"}
        if content is not None:
            headers["content-type"] = "application/json"
        parts, size = [], 0
        try:
            with self._pool.stream(
                "GET" if content is None else "POST",
                self._url(path),
                headers=headers,
                content=content,
                extensions={"timeout": timeout},
            ) as answer:
                for part in answer.iter_stream():
                    parts.append(part)
                    size += len(part)
                    if size > MOST_BYTES:
                        raise ServerFailed("nonsense", "more than anybody asked for")
                    # A server that answers by drops would never run into the time for one read.
                    if self._clock() > until:
                        raise ServerFailed("late", "still answering")
                status = answer.status
        except httpcore.ConnectTimeout as slow:
            raise ServerFailed("away", "no connection") from slow
        except httpcore.TimeoutException as slow:
            raise ServerFailed("late", "no answer") from slow
        except (*_AWAY, OSError) as broken:
            raise ServerFailed("away", type(broken).__name__) from broken
        try:
            return status, json.loads(b"".join(parts))
        except ValueError:
            if status == 200:
                raise ServerFailed("nonsense", "no JSON") from None
            return status, None

    def _url(self, path: str) -> httpcore.URL:
        """Put together by hand: read from a text, a URL would lose what stands behind a semicolon."""
        host, port = (self._parts.hostname or "").encode("idna"), self._parts.port
        return httpcore.URL(scheme=self._parts.scheme, host=host, port=port, target=self._parts.path + path)
