"""A real HTTP endpoint on this machine that takes webhooks, remembers them, and behaves as badly as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

Behave = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]
"""Answers one request, given the fact in it."""


@dataclass(frozen=True)
class Received:
    headers: dict[str, str]
    body: bytes

    @property
    def fact(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def attempt(self) -> int:
        return int(self.headers["webhook-attempt"])

    def signed_by(self, secret: str) -> bool:
        """As a receiver judges it, by an implementation that is not ours."""
        Webhook(secret).verify(self.body, self.headers)
        return True


def taken(handler: BaseHTTPRequestHandler, _fact: dict[str, Any]) -> None:
    status(204)(handler, _fact)


def status(code: int, **headers: str) -> Behave:
    def behave(handler: BaseHTTPRequestHandler, _fact: dict[str, Any]) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("content-length", "0")
        handler.end_headers()

    return behave


@dataclass
class Endpoint:
    """`behave` may be exchanged at any time."""

    behave: Behave = taken
    received: list[Received] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in"

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers["content-length"])
        body = handler.rfile.read(length)
        if len(body) < length:
            return  # Its sender died in the middle: what is torn was not received.
        self.received.append(Received({name.lower(): value for name, value in handler.headers.items()}, body))
        self.behave(handler, json.loads(body))


@contextmanager
def endpoint(behave: Behave = taken) -> Iterator[Endpoint]:
    here = Endpoint(behave)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            here.take(self)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 64

        def handle_error(self, *_: Any) -> None:
            """We hang up on those who send too much."""

    server = Server(("127.0.0.1", 0), Handler)
    here.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
