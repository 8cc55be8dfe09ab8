"""The service beside its ceilings, in one run on one machine, without a network between them.

A day bundle and a push of envelopes are compared with a bare Litestar endpoint that moves the same bytes, and the push
also with a plain psycopg batch that inserts the very same rows. Requests are made and signed before the clock starts.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from litestar import Litestar, Request, get, post
from psycopg import sql
from pydantic import SecretStr

from bench.processors import cpu_of_cluster
from fieldapp.app import create_app
from fieldapp.clock import FixedClock
from fieldapp.domain.access import Role
from fieldapp.domain.ids import canonical_json
from fieldapp.parts import assemble
from fieldapp.services import jobs
from fieldapp.settings import Settings
from fieldapp.store import setup
from fieldapp.store.database import Scope
from fieldapp.store.embedded import SUPERUSER, Cluster
from tests.conftest import NOW
from tests.flows.arranged import entrusted, published
from tests.flows.conftest import House, a_creditor, a_person, an_agency
from tests.flows.phone import FieldPhone, a_report

STOPS = 14
DAYS = 120
SIZES = {1: 100, 20: 24, 50: 16}
"""Envelopes in a push: how many pushes."""
WARM_UP = 8
WRITTEN = ("envelope", "visit", "contact_attempt", "fact", "task", "audit_entry")
"""Tables that a report without payment leaves rows in."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, ready to be handed to an ASGI app."""

    method: str
    path: str
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes


@dataclass(frozen=True, slots=True)
class Rate:
    """How many a second by the clock, and what each costs: milliseconds of processor here and in the database."""

    per_s: float
    own_ms: float
    database_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the results: ours beside a ceiling. What others do on the machine disturbs the processor time of a
    request least, so the ratio is of that: the ceiling's over ours, database included."""

    what: str
    ours: Rate
    ceiling: str
    other: Rate

    def shown(self) -> str:
        ours_ms, other_ms = (rate.own_ms + rate.database_ms for rate in (self.ours, self.other))
        return (
            f"| {self.what} | {self.ours.per_s:,.0f} | {self.ours.own_ms:.2f} + {self.ours.database_ms:.2f} |"
            f" {self.ceiling} | {self.other.per_s:,.0f} | {self.other.own_ms:.2f} + {self.other.database_ms:.2f} |"
            f" {other_ms / ours_ms:.3f} |"
        )


async def answered(app: Any, ask: Ask) -> bytes:
    """The body of the answer; anything but success ends the run."""
    parts: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": ask.body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start" and message["status"] >= 300:
            raise RuntimeError(f"{ask.method} {ask.path}: {message['status']}")
        parts.append(message.get("body", b""))

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": ask.method,
        "scheme": "http",
        "path": ask.path,
        "raw_path": ask.path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": ask.headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)
    return b"".join(parts)


async def measured(app: Any, asks: Sequence[Ask], *, of: int = 1, cluster: Cluster | None = None) -> Rate:
    """Requests one after the other, the first few not counted; `of` is how many things each request carries."""
    for ask in asks[:WARM_UP]:
        await answered(app, ask)
    count = of * (len(asks) - WARM_UP)
    database = cpu_of_cluster(cluster.home) if cluster else 0.0
    began, own = time.perf_counter(), time.process_time()
    for ask in asks[WARM_UP:]:
        await answered(app, ask)
    own, took = time.process_time() - own, time.perf_counter() - began
    database = cpu_of_cluster(cluster.home) - database if cluster else 0.0
    return Rate(count / took, 1000 * own / count, 1000 * database / count)


# --- the service ---


@contextmanager
def a_cluster() -> Iterator[Cluster]:
    """A Postgres of our own that waits for the disk, as in earnest."""
    home = Path(tempfile.mkdtemp(prefix="fieldapp-bench-", dir="/var/lib" if os.geteuid() == 0 else None))
    home.chmod(0o755)
    cluster = Cluster(home)
    cluster.start()
    try:
        setup.create_database(cluster.url(SUPERUSER, "postgres"), "bench")
        setup.migrate(cluster.url(setup.OWNER, "bench"))
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(home, ignore_errors=True)


@asynccontextmanager
async def a_house(cluster: Cluster) -> AsyncIterator[House]:
    """The whole service over that database, with an agency and its people."""
    settings = Settings(
        database_url=cluster.url(setup.APP, "bench"),
        home=cluster.home,
        blob_url="memory:",
        secret_key=SecretStr("6b" * 32),
    )
    clock = FixedClock(NOW)
    parts = assemble(settings, clock=clock)
    jobs.register(parts.jobs, parts)
    agency = an_agency()
    people = {role: a_person(agency.id, role, login=role.value, number="1") for role in Role}
    creditor = a_creditor(agency.id)
    async with parts.jobs.open_async():
        async with parts.database.transaction(Scope(agency.id, "administrator")) as session:
            session.add(agency)
            await session.flush()
            session.add_all([*people.values(), creditor])
        house = House(create_app(settings, parts=parts), parts, clock, agency.id, creditor.id, people)
        yield house
        await house.close()
    await parts.database.close()


def signed(phone: FieldPhone, method: str, path: str, body: bytes = b"") -> Ask:
    phone.counter += 1
    message = f"{method}\n{path}\n{hashlib.sha256(body).hexdigest()}\n{phone.counter}".encode()
    headers = [
        (b"x-device", str(phone.device_id).encode()),
        (b"x-counter", str(phone.counter).encode()),
        (b"x-signature", phone.sign(message).encode()),
        (b"content-type", b"application/json"),
    ]
    return Ask(method, path, headers, body)


def pushes(phone: FieldPhone, stops: Sequence[dict[str, Any]], *, size: int, count: int) -> list[Ask]:
    """Pushes of `size` reports each, every one of a visit of its own."""
    asks = []
    for number in range(count):
        reports = [a_report(stops[(number * size + i) % len(stops)], at=NOW) for i in range(size)]
        envelopes = [phone.envelope("visit", report, at=NOW) for report in reports]
        body = canonical_json({"protocol": 1, "envelopes": envelopes})
        asks.append(signed(phone, "POST", "/api/v1/field/envelopes", body))
    return asks


# --- the ceilings ---


def bare(answer: Any) -> Litestar:
    """A service that does nothing but read JSON and write JSON."""

    @get("/day")
    async def day() -> Any:
        return answer

    @post("/push", status_code=200)
    async def push(request: Request[Any, Any, Any]) -> Any:
        await request.json()
        return answer

    return Litestar([day, push], openapi_config=None, logging_config=None)


def batch_inserts(
    cluster: Cluster, *, things: int, batch: int, tables: Sequence[str] = WRITTEN, by_copy: bool = False
) -> Rate:
    """What it costs when psycopg inserts the rows that `things` (envelopes, entries) left in `tables`, a transaction
    for each batch of them; `by_copy` with COPY instead of INSERT.

    The copies have the columns, defaults and indexes of the tables, but no foreign keys, triggers or row security.
    """
    with psycopg.connect(cluster.url(SUPERUSER, "bench")) as connection:
        rows: dict[str, tuple[sql.Composed, list[tuple[Any, ...]]]] = {}
        connection.execute("create schema raw")
        for table in tables:
            name = sql.Identifier(table)
            connection.execute(
                sql.SQL("create table raw.{} (like public.{} including defaults including indexes)").format(name, name)
            )
            columns = [
                sql.Identifier(row[0])
                for row in connection.execute(
                    "select column_name from information_schema.columns where table_schema = 'raw' and table_name = %s"
                    " and is_generated = 'NEVER' order by ordinal_position",
                    [table],
                )
            ]
            as_text = sql.SQL(", ").join(sql.SQL("{}::text").format(column) for column in columns)
            found = connection.execute(sql.SQL("select {} from public.{}").format(as_text, name)).fetchall()
            names = sql.SQL(", ").join(columns)
            insert = sql.SQL("insert into raw.{} ({}) values ({})").format(
                name, names, sql.SQL(", ").join([sql.Placeholder()] * len(columns))
            )
            if by_copy:
                insert = sql.SQL("copy raw.{} ({}) from stdin").format(name, names)
            rows[table] = (insert, found)
        connection.commit()
        database, began, own = cpu_of_cluster(cluster.home), time.perf_counter(), time.process_time()
        for start in range(0, things, batch):
            for insert, found in rows.values():
                share = len(found) / things
                part = found[round(start * share) : round(min(start + batch, things) * share)]
                if part and by_copy:
                    with connection.cursor().copy(insert) as copy:
                        for row in part:
                            copy.write_row(row)
                elif part:
                    connection.cursor().executemany(insert, part)
            connection.commit()
        own, took = time.process_time() - own, time.perf_counter() - began
        database = cpu_of_cluster(cluster.home) - database
        connection.execute("drop schema raw cascade")
    return Rate(things / took, 1000 * own / things, 1000 * database / things)


# --- the run ---


async def compared(cluster: Cluster) -> list[Row]:
    async with a_house(cluster) as house:
        practices = [await entrusted(house, f"P-{last}") for last in "0123456789ABCDEF"[:STOPS]]
        await published(house, *practices)
        phone = await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")
        bundle = json.loads(await answered(house.app, signed(phone, "GET", "/api/v1/field/day")))
        reads = [signed(phone, "GET", "/api/v1/field/day") for _ in range(DAYS)]
        ours = await measured(house.app, reads, cluster=cluster)
        plain = await measured(bare(bundle), [Ask("GET", "/day", [], b"")] * DAYS * 5)
        rows = [Row(f"day bundle of {STOPS} stops", ours, "bare Litestar, same JSON", plain)]
        for size, count in SIZES.items():
            asks = pushes(phone, bundle["stops"], size=size, count=count)
            answer = json.loads(await answered(house.app, asks[0]))
            ours = await measured(house.app, asks[1:], of=size, cluster=cluster)
            echoed = [Ask("POST", "/push", ask.headers, ask.body) for ask in asks] * 5
            name = f"envelopes, pushed by {size}"
            rows.append(Row(name, ours, "bare Litestar, same JSON", await measured(bare(answer), echoed, of=size)))
            raw = await asyncio.to_thread(batch_inserts, cluster, things=envelopes_in(cluster), batch=size)
            rows.append(Row(name, ours, "psycopg batch, same rows", raw))
        return rows


def envelopes_in(cluster: Cluster) -> int:
    with psycopg.connect(cluster.url(SUPERUSER, "bench")) as connection:
        found = connection.execute("select count(*) from envelope").fetchone()
    assert found is not None
    return int(found[0])


def report() -> str:
    """The measurements as Markdown."""
    with a_cluster() as cluster:
        rows = asyncio.run(compared(cluster))
    return "\n".join(
        [
            "One process, one request after the other, no network; the database waits for the disk. Ours includes"
            " checking the phone's signature, row security, the rules of conduct, facts and the audit chain. Processor"
            " milliseconds are those of the process and, after the plus, of the database; the ratio is the ceiling's"
            " over ours, 1 would be the ceiling itself.",
            "",
            "| what | ours / s | processor ms each | ceiling | ceiling / s | processor ms each | ratio |",
            "|---|---|---|---|---|---|---|",
            *(row.shown() for row in rows),
        ]
    )


if __name__ == "__main__":
    print(report())
