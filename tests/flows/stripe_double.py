"""A payment provider on this machine that speaks Stripe's shape: makes sessions, remembers keys, signs its events.

Only for tests. It is a real HTTP server, so that what is tried is what leaves the house; it refuses what the real one
refuses as far as its documentation says: a wrong key, a session over an odd amount, one that lasts too long.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

from fieldapp.services import stripe_shape

KEY = "sk_test_double"
SECRET = "whsec_double"
DAY_S = 24 * 3600


@dataclass
class Provider:
    """`answers` with a status of its own when told to; `sessions` by idempotency key."""

    home: str = ""
    status: int = 200
    hang_s: float = 0
    now_s: int = 0
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    def session(self, key: str, form: dict[str, str]) -> dict[str, Any]:
        cents, expires = int(form["line_items[0][price_data][unit_amount]"]), int(form["expires_at"])
        assert form["mode"] == "payment"
        assert form["line_items[0][price_data][currency]"] == "eur"
        assert cents >= 50
        assert 1_800 <= expires - self.now_s <= DAY_S
        if key not in self.sessions:
            name = f"cs_test_{uuid4().hex}"
            self.sessions[key] = {
                "id": name,
                "object": "checkout.session",
                "url": f"https://checkout.example/c/pay/{name}#fid",
                "expires_at": expires,
                "amount_total": cents,
                "currency": "eur",
                "payment_status": "unpaid",
                "client_reference_id": form["client_reference_id"],
                "metadata": {"link": form["metadata[link]"]},
                "payment_intent": None,
            }
        return self.sessions[key]

    @property
    def only(self) -> dict[str, Any]:
        [session] = self.sessions.values()
        return session

    def event(self, kind: str, about: dict[str, Any]) -> bytes:
        """An event as it is sent: `about` is the object in it."""
        body = {"id": f"evt_{uuid4().hex}", "object": "event", "type": kind, "data": {"object": about}}
        return json.dumps(body).encode()

    def paid(self, **changes: Any) -> bytes:
        about = {**self.only, "payment_status": "paid", "payment_intent": "pi_1", **changes}
        return self.event("checkout.session.completed", about)

    def refunded(self, cents: int, *, metadata: dict[str, str] | None = None) -> bytes:
        named = self.only["metadata"] if metadata is None else metadata
        about = {
            "object": "charge",
            "amount_refunded": cents,
            "currency": "eur",
            "payment_intent": "pi_1",
            "metadata": named,
        }
        return self.event("charge.refunded", about)

    def disputed(self, cents: int, *, closed: str = "") -> bytes:
        """A dispute names the payment alone."""
        about = {
            "object": "dispute",
            "amount": cents,
            "currency": "eur",
            "payment_intent": "pi_1",
            "status": closed or "needs_response",
            "metadata": {},
        }
        return self.event("charge.dispute.closed" if closed else "charge.dispute.created", about)


def signed(body: bytes, *, at_s: int, secret: str = SECRET) -> dict[str, str]:
    return {"stripe-signature": f"t={at_s},v1={stripe_shape.signature(secret, at_s=at_s, body=body)},v0=00"}


@contextmanager
def provider(*, now_s: int) -> Iterator[Provider]:
    double = Provider(now_s=now_s)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            form = dict(parse_qsl(body.decode()))
            double.asked.append({**form, "idempotency-key": self.headers["idempotency-key"]})
            time.sleep(double.hang_s)
            status = 401 if self.headers["authorization"] != f"Bearer {KEY}" else double.status
            answer = double.session(self.headers["idempotency-key"], form) if status == 200 else {"error": {}}
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    double.home = f"http://127.0.0.1:{server.server_port}"
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
