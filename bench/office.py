"""`python -m bench.office [--practices N] [--home DIR]`: the back office over many practices, through the real service.

One service process and one worker, the embedded Postgres, HTTP over the loopback, one request after the other. Each
figure stands beside `SELECT 1` through the same stack in the same run (`/health` asks the database nothing else). With
`--home` the database is kept there, and a second run measures without loading.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any
from uuid import uuid4

import httpx
import psycopg

from bench.office_house import DATABASE, EVENTS, cluster_at, loaded, settings_of
from bench.processors import cpu_of, cpu_of_children, cpu_of_cluster
from fieldapp.domain.events import EVENTS as KINDS
from fieldapp.domain.events import FactScope, WriteScope
from fieldapp.domain.figures import KEPT
from fieldapp.parts import assemble
from fieldapp.services.access import DEMO_PASSWORD
from fieldapp.store import feed, setup
from fieldapp.store.columns import Keyring
from fieldapp.store.database import Database, Scope
from fieldapp.store.embedded import SUPERUSER, Cluster
from fieldapp.store.feed import NewFact, tell
from tests.browser.conftest import MORNING, Service, served

WARM_UP = 10
FEED_S = 30.0
WRITERS, WRITING_S = 50, 20.0
INBOUND_BATCH, INBOUND_S = 100, 20.0


@dataclass
class Row:
    """One line of the results."""

    what: str
    shown: str
    least: str = ""
    aim: str = ""

    def line(self) -> str:
        return f"| {self.what} | {self.shown} | {self.least} | {self.aim} |"


@dataclass
class Timed:
    """Milliseconds of requests of one kind, and seconds of processor that they took in service and database."""

    ms: list[float] = field(default_factory=list)
    own_s: float = 0.0
    database_s: float = 0.0

    def p(self, percent: int) -> float:
        return quantiles(self.ms, n=100, method="inclusive")[percent - 1]

    def shown(self, ones: Timed) -> str:
        """Median, 95th percentile and slowest, the 95th as a multiple of `SELECT 1`'s, processor ms of each."""
        times = f"{self.p(50):.0f} / **{self.p(95):.0f} ms** / {max(self.ms):.0f}; {self.p(95) / ones.p(95):.1f}"
        own_ms, database_ms = (1000 * seconds / len(self.ms) for seconds in (self.own_s, self.database_s))
        return f"{times}; {own_ms:.1f} + {database_ms:.1f}"

    def add(self, other: Timed) -> None:
        self.ms += other.ms
        self.own_s += other.own_s
        self.database_s += other.database_s


class Door:
    """A signed-in browser or a system with a token."""

    def __init__(self, address: str, *, token: str = "") -> None:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self.http = httpx.Client(base_url=f"{address}/api/v1", headers=headers, timeout=120)

    def sign_in(self, login: str) -> Door:
        self.get("/clock")
        self.post("/session", {"login": login, "password": DEMO_PASSWORD})
        return self

    def get(self, path: str, **query: Any) -> Any:
        return self._answer(self.http.get(path, params=query))

    def post(self, path: str, body: Any, **headers: str) -> Any:
        token = self.http.cookies.get("csrftoken", "")
        return self._answer(self.http.post(path, json=body, headers={"x-csrftoken": token, **headers}))

    def timed(self, asks: Sequence[tuple[str, dict[str, Any]]], spent: Callable[[], tuple[float, float]]) -> Timed:
        """Requests one after the other; `spent`: processor seconds of service and database so far."""
        found = Timed()
        before = (0.0, 0.0)
        for number, (path, query) in enumerate([*asks[:WARM_UP], *asks]):
            if number == min(WARM_UP, len(asks)):
                before = spent()
            began = time.perf_counter()
            answer = self.http.get(path, params=query)
            took = time.perf_counter() - began
            if answer.status_code != 200:
                raise RuntimeError(f"{path} {query}: {answer.status_code} {answer.text[:300]}")
            if number >= min(WARM_UP, len(asks)):
                found.ms.append(1000 * took)
        found.own_s, found.database_s = (now - then for now, then in zip(spent(), before, strict=True))
        return found

    @staticmethod
    def _answer(answer: httpx.Response) -> Any:
        if answer.status_code >= 300:
            raise RuntimeError(f"{answer.request.url}: {answer.status_code} {answer.text[:300]}")
        return answer.json()


# --- what is asked for ---


@dataclass(frozen=True, slots=True)
class Known:
    """A practice as somebody on the telephone names it."""

    id: str
    number: str
    name: str
    tax_code: str
    phone: str
    street: str
    comune: str


def drawn(cluster: Cluster, count: int) -> list[Known]:
    """Practices drawn at random with what is known of them."""
    query = """
        select p.id::text, p.practice_number, o.name, o.tax_code,
          (select number from phone where practice_id = p.id limit 1), a.street, a.comune
        from (select id, practice_number from practice tablesample bernoulli({share}) repeatable (7)) p
        join obligor o on o.practice_id = p.id and o.position = 0 and o.tax_code is not null
        join address a on a.practice_id = p.id and a.current and a.street <> ''
    """
    ring = Keyring.current()
    with psycopg.connect(cluster.url(SUPERUSER, DATABASE)) as connection:
        everyone = connection.execute("select count(*) from practice").fetchone()
        assert everyone is not None
        share = min(100.0, 400.0 * count / everyone[0])
        found = connection.execute(query.replace("{share}", f"{share:.4f}")).fetchall()
    known = [
        Known(
            id_, number, name, ring.open("tax_code", code), ring.open("phone", phone) if phone else "", street, comune
        )
        for id_, number, name, code, phone, street, comune in found
    ]
    random.Random(7).shuffle(known)
    return known[:count]


def searches(known: Sequence[Known]) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    def ask(words: Callable[[Known], str]) -> list[tuple[str, dict[str, Any]]]:
        return [("/practices", {"q": words(one)}) for one in known if words(one)]

    return {
        "practice number": ask(lambda one: one.number),
        "tax code": ask(lambda one: one.tax_code),
        "telephone": ask(lambda one: one.phone),
        "surname and name": ask(lambda one: one.name),
        "surname": ask(lambda one: one.name.split()[0]),
        "street and comune": ask(lambda one: f"{one.street} {one.comune}"),
        "a first name and the largest comune": ask(lambda one: f"{one.name.split()[-1]} lodi"),
        "three letters": ask(lambda one: one.name[:3]),
    }


def filters(office: Door, asked: int) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Lists by each thing that they can be narrowed to, and by several together."""
    chance = random.Random(7)
    creditors = [row["id"] for row in office.get("/creditors")]
    provinces = office.get("/practice-choices")["provinces"]
    choices = office.get("/practice-choices", province=provinces[0])
    today = MORNING.date()

    def creditor() -> dict[str, Any]:
        return {"creditor_id": chance.choice(creditors)}

    def place() -> dict[str, Any]:
        return {"province": provinces[0], "comune": chance.choice(choices["comuni"])}

    def ends() -> dict[str, Any]:
        last = today + timedelta(days=chance.choice((1, 7, 30)))
        return {"ends_from": today.isoformat(), "ends_to": last.isoformat()}

    def owed() -> dict[str, Any]:
        least = chance.choice((10_000, 100_000, 400_000))
        return {"owed_from_cents": least, "owed_to_cents": 2 * least}

    def contacted() -> dict[str, Any]:
        return {"contacted_to": (today - timedelta(days=chance.choice((10, 30, 60)))).isoformat()}

    kinds: dict[str, Callable[[], dict[str, Any]]] = {
        "everything": dict,
        "state": lambda: {"state": chance.choice(("open", "recalled"))},
        "creditor and state": lambda: {**creditor(), "state": chance.choice(("open", "recalled"))},
        "flag and creditor": lambda: {**creditor(), "flag": chance.choice(("disputed", "hardship", "deceased"))},
        "comune": place,
        "case owner": lambda: {"case_owner": chance.choice(choices["case_owners"])},
        "end of placement": ends,
        "what is owed": owed,
        "last contact": contacted,
        "never contacted": lambda: {"never_contacted": True},
        "comune, owed and last contact": lambda: {**place(), **owed(), **contacted()},
        "creditor, comune and end": lambda: {**creditor(), **place(), **ends()},
    }
    each = max(asked // 4, 10)
    return {name: [("/practices", kind()) for _ in range(each)] for name, kind in kinds.items()}


def figure_asks(asked: int) -> list[tuple[str, dict[str, Any]]]:
    last = MORNING.date()
    chance = random.Random(7)
    return [
        (
            "/figures",
            {
                "by": chance.choice(KEPT).value,
                "from_on": (last - timedelta(days=chance.choice((0, 6, 29, 89, 364)))).isoformat(),
                "to_on": last.isoformat(),
            },
        )
        for _ in range(asked)
    ]


# --- pages ---


def pages(service: Service, cluster: Cluster, *, asked: int) -> list[Row]:
    office = Door(service.address).sign_in("ufficio")
    known = drawn(cluster, asked)
    spent = spent_by(service, cluster)
    ones = office.timed([("/health", {})] * asked, spent)
    rows = []
    together = Timed()
    for name, asks in searches(known).items():
        found = office.timed(asks, spent)
        together.add(found)
        rows.append(Row(f"search: {name}", found.shown(ones)))
    filtered, lists = [], Timed()
    for name, asks in filters(office, asked).items():
        found = office.timed(asks, spent)
        lists.add(found)
        filtered.append(Row(f"list: {name}", found.shown(ones)))
    files = [(f"/practices/{each.id}", {}) for each in known]
    return [
        Row("`SELECT 1` through the same stack", ones.shown(ones)),
        Row("search, all kinds", together.shown(ones), "100 ms", "50"),
        *rows,
        Row("practice page", office.timed(files, spent).shown(ones), "100 ms", "50"),
        Row("filtered list, all kinds", lists.shown(ones), "200 ms", "100"),
        *filtered,
        Row("task inbox", office.timed([("/tasks", {"state": "open"})] * asked, spent).shown(ones), "200 ms", "100"),
        Row("creditors with what is owed", office.timed([("/creditors", {})] * 20, spent).shown(ones)),
    ]


def figures(service: Service, cluster: Cluster, *, asked: int) -> list[Row]:
    """Once the worker has taken the whole history into the sums; `SELECT 1` anew, for the load may have changed."""
    took = caught_up(cluster)
    front = Door(service.address).sign_in("dispatcher")
    spent = spent_by(service, cluster)
    ones = front.timed([("/health", {})] * asked, spent)
    shown = front.timed(figure_asks(asked), spent).shown(ones)
    return [
        Row("figures page, five questions over 1 to 365 days", shown, "500 ms", "200"),
        Row("further wait until the worker had the whole history in the figures' sums", f"{took:.0f} s"),
    ]


def spent_by(service: Service, cluster: Cluster) -> Callable[[], tuple[float, float]]:
    """Seconds of processor of the process that answers, and of the database."""
    return lambda: (cpu_of(service.pid), cpu_of_cluster(cluster.home))


def caught_up(cluster: Cluster) -> float:
    """Until the worker has taken every fact into the figures' sums; seconds."""
    began = time.perf_counter()
    query = "select coalesce((select max(up_to) from figure_mark), 0) >= (select max(number) from fact)"
    while not one_of(cluster, query):
        time.sleep(0.5)
    return time.perf_counter() - began


def one_of(cluster: Cluster, query: str, *values: Any) -> Any:
    """The one value that the query answers, asked by somebody who sees everything."""
    with psycopg.connect(cluster.url(SUPERUSER, DATABASE)) as connection:
        found = connection.execute(query, values).fetchone()
    assert found is not None
    return found[0]


# --- the feed ---


def reader(address: str, *, writes: Sequence[WriteScope] = (), creditor_id: str | None = None) -> Door:
    """Another system with everything that a token may open."""
    wanted = {
        "name": f"bench {uuid4().hex[:8]}",
        "scopes": [scope.value for scope in FactScope],
        "writes": [scope.value for scope in writes],
        "creditor_id": creditor_id,
        "a_minute": 6_000,
    }
    token = Door(address).sign_in("admin").post("/service-accounts", wanted)["token"]
    return Door(address, token=token)


def feed_rate(service: Service, cluster: Cluster) -> Row:
    """One reader from the first fact on, a thousand at a time."""
    system, cursor, count = reader(service.address), None, 0
    seen: set[str] = set()
    spent = spent_by(service, cluster)
    before = spent()
    began = time.perf_counter()
    while time.perf_counter() - began < FEED_S:
        page = system.get("/feed", limit=1_000, **({"cursor": cursor} if cursor else {}))
        cursor = page["next"]
        count += len(page["facts"])
        seen.update(fact["id"] for fact in page["facts"])
        if not page["more"]:
            break
    took = time.perf_counter() - began
    own_us, database_us = (1e6 * (now - then) / count for now, then in zip(spent(), before, strict=True))
    repeated = f", {count - len(seen)} repeated" if count != len(seen) else ""
    shown = f"**{count / took:,.0f} facts/s**; {own_us:.0f} + {database_us:.0f} µs of processor a fact"
    return Row(f"feed to one reader ({count:,} facts{repeated})", shown, "5,000", "20,000")


async def writers(address: str, cluster: Cluster) -> Row:
    """Fifty that write and now and then are slow to commit or roll back, beside a reader that polls."""
    parts = assemble(settings_of(cluster))
    database = Database(parts.database.url, now=parts.clock.now, new_id=parts.new_id, pool_size=WRITERS + 5)
    agency_id = one_of(cluster, "select id from agency")
    chance = random.Random(7)
    committed: set[str] = set()
    ends = time.perf_counter() + WRITING_S

    async def write(writer: int) -> None:
        turn = 0
        while time.perf_counter() < ends:
            turn += 1
            mine = f"{writer}:{turn}"
            try:
                async with database.transaction(Scope(agency_id, "administrator")) as session:
                    body = {"task_id": mine, "kind": "bench"}
                    tell(session, NewFact("task.opened", parts.clock.now(), body=body))
                    await asyncio.sleep(chance.random() * 0.02)
                    if chance.random() < 0.05:
                        # Numbered, and slow to commit.
                        await feed.seal(session, now=parts.clock.now(), new_id=parts.new_id)
                        await asyncio.sleep(0.05)
                    if chance.random() < 0.1:
                        raise _UndoneError
            except _UndoneError:
                continue
            committed.add(mine)

    system = reader(address)
    cursor = system.get("/feed", since="2100-01-01T00:00:00Z")["next"]

    written = asyncio.Event()

    async def follow() -> list[str]:
        nonlocal cursor
        seen: list[str] = []
        while True:
            # Asked before the page is: what was committed by then is in it or behind it.
            last = written.is_set()
            page = await asyncio.to_thread(system.get, "/feed", limit=200, cursor=cursor)
            seen += [fact["data"]["task_id"] for fact in page["facts"] if fact["data"].get("kind") == "bench"]
            cursor = page["next"]
            if last and not page["more"]:
                return seen

    async def write_all() -> None:
        await asyncio.gather(*(write(number) for number in range(WRITERS)))
        written.set()

    seen, _ = await asyncio.gather(follow(), write_all())
    await database.close()
    await parts.database.close()
    skipped, repeated, undone = committed - set(seen), len(seen) - len(set(seen)), set(seen) - committed
    shown = f"**{len(skipped)} skipped, {repeated} repeated**" + (f", {len(undone)} undone told" if undone else "")
    return Row(f"{WRITERS} writers, {len(committed):,} facts, slow commits, reader polling", shown, "0", "0")


class _UndoneError(Exception):
    """A writer changes its mind."""


# --- webhooks and inbound ---


@contextmanager
def receiver(home: Path) -> Iterator[tuple[str, Callable[[], list[list[str]]]]]:
    """A receiver in a process of its own: its address, and how to end it and read what came."""
    file = home / "received.txt"
    command = [sys.executable, "-m", "bench.office_receiver", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None

    def end() -> list[list[str]]:
        process.terminate()
        process.wait(timeout=30)
        return [line.split("\t") for line in file.read_text().splitlines()]

    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}", end
    finally:
        process.kill()
        process.wait()


def webhooks(service: Service, cluster: Cluster, *, count: int) -> Row:
    """A backlog for one subscription drained by the worker; the order in each practice is compared with the feed's."""
    told = "select number from fact where kind = any(%s) order by number desc offset %s limit 1"
    before = one_of(cluster, f"select coalesce(({told}), 0)", list(KINDS), count)
    admin = Door(service.address).sign_in("admin")
    with receiver(cluster.home) as (url, end):
        wanted = {"name": "bench", "url": f"{url}/in", "scopes": [scope.value for scope in FactScope]}
        webhook = admin.post("/webhooks", wanted)["webhook"]["id"]
        admin.post(f"/webhooks/{webhook}/pause", {})
        with psycopg.connect(cluster.url(SUPERUSER, DATABASE)) as connection:
            connection.execute("update webhook set read_up_to = %s where id = %s", [before, webhook])
        backlog = one_of(cluster, "select count(*) from fact where number > %s and kind = any(%s)", before, list(KINDS))
        admin.post(f"/webhooks/{webhook}/resume", {})
        worker, database = cpu_of_children(service.pid), cpu_of_cluster(cluster.home)
        began = time.perf_counter()
        with httpx.Client() as counting:
            while int(counting.get(url).text) < backlog and time.perf_counter() - began < 600:
                time.sleep(0.25)
        took = time.perf_counter() - began
        worker, database = cpu_of_children(service.pid) - worker, cpu_of_cluster(cluster.home) - database
        came = end()
    admin.post(f"/webhooks/{webhook}/end", {})
    with psycopg.connect(cluster.url(SUPERUSER, DATABASE)) as connection:
        numbers = dict(connection.execute("select id::text, number from fact where number > %s", [before]).fetchall())
    newest: dict[str, int] = {}
    disordered = 0
    for fact, practice, _ in came:
        disordered += bool(practice) and numbers[fact] <= newest.get(practice, 0)
        newest[practice] = numbers[fact]
    missing = backlog - len({fact for fact, _, _ in came})
    again = len(came) - len({fact for fact, _, _ in came})
    shown = (
        f"**{took:.0f} s** ({backlog / took:,.0f}/s); {disordered} out of order, {missing} missing, {again} twice;"
        f" {1000 * worker / backlog:.2f} + {1000 * database / backlog:.2f} ms of processor each"
    )
    return Row(f"backlog of {backlog:,} webhooks drained, order per practice", shown, "5 min", "2 min")


def inbound(address: str, cluster: Cluster) -> Row:
    """Payments that a creditor saw, a hundred in a request, each request under its own key."""
    creditor = str(one_of(cluster, "select id from creditor order by name limit 1"))
    query = "select practice_number from practice where creditor_id = %s and state = 'open' limit 20000"
    with psycopg.connect(cluster.url(SUPERUSER, DATABASE)) as connection:
        numbers = [row[0] for row in connection.execute(query, [creditor]).fetchall()]
    system = reader(address, writes=[WriteScope.PAYMENTS], creditor_id=creditor)
    accepted = 0
    began = time.perf_counter()
    for start in range(0, len(numbers), INBOUND_BATCH):
        if time.perf_counter() - began > INBOUND_S:
            break
        items = [
            {
                "practice_number": number,
                "reference": f"CRO-{uuid4().hex[:12]}",
                "amount_cents": 1_234,
                "paid_on": MORNING.date().isoformat(),
            }
            for number in numbers[start : start + INBOUND_BATCH]
        ]
        answer = system.post("/inbound/payments", {"items": items}, **{"idempotency-key": uuid4().hex})
        accepted += sum(one["verdict"] == "accepted" for one in answer["verdicts"])
    took = time.perf_counter() - began
    return Row(
        f"inbound payments, {INBOUND_BATCH} in a request, one system", f"{accepted / took:,.0f} booked/s", "", ""
    )


# --- the run ---


def report(practices: int, home: Path, *, asked: int, backlog: int) -> str:
    cluster = cluster_at(home)
    try:
        size = loaded(cluster, practices)
        with served(cluster.url(setup.APP, DATABASE), home, webhooks_to_loopback=True) as service:
            assemble(settings_of(cluster))
            rows = pages(service, cluster, asked=asked)
            rows.append(feed_rate(service, cluster))
            rows.append(asyncio.run(writers(service.address, cluster)))
            rows.append(webhooks(service, cluster, count=backlog))
            rows.append(inbound(service.address, cluster))
            rows += figures(service, cluster, asked=asked)
    finally:
        cluster.stop()
    held = ", ".join(f"{count:,} {table}" for table, count in size["rows"].items())
    return "\n".join(
        [
            f"`python -m bench.office --practices {practices}`: {held}; {size['gb']} GB. Loaded in {size['seconds']} s"
            f" ({size['own_cpu_s']} s of processor here, {size['database_cpu_s']} s in the database), about {EVENTS}"
            " facts to a practice; what came in bulk is said in `docs/demo-data.md`.",
            "",
            "One service process and one worker, the embedded Postgres with its default settings (128 MB of shared"
            " buffers) and waiting for the disk, HTTP over the loopback, one request after the other,"
            f" {asked} of each kind. Times are p50 / p95 / slowest, then p95 as a multiple of `SELECT 1`'s, then"
            " processor milliseconds of each in the service and in the database.",
            "",
            "| what | measured | at least | aim |",
            "|---|---|---|---|",
            *(row.line() for row in rows),
        ]
    )


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--practices", type=int, default=100_000)
    arguments.add_argument("--home", type=Path, help="Where the database stays for the next run.")
    arguments.add_argument("--asked", type=int, default=200, help="Requests of each kind, the first few not counted.")
    arguments.add_argument("--webhooks", type=int, default=100_000)
    given = arguments.parse_args()
    home = given.home or Path(tempfile.mkdtemp(prefix="fieldapp-office-"))
    try:
        print(report(given.practices, home, asked=given.asked, backlog=given.webhooks))
    finally:
        if given.home is None:
            shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
