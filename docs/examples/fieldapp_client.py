"""A small typed client of fieldapp's exchange: copy it, it needs `httpx` and `standardwebhooks` alone.

`follow` reads the feed and keeps what it made of the facts and where it stands in one SQLite transaction: killed at any
moment, it goes on where it stopped, and no fact counts twice. `receive` checks a webhook and gives its fact. `Teller`
tells balances, recalls, payments and contacts: keep the key with the batch, and what is sent again counts once.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import httpx
from standardwebhooks import Webhook

BUSY = (429, 502, 503, 504)
"""Answers after which one asks again."""


@dataclass(frozen=True)
class Fact:
    """As `docs/exchange.md` promises it. Skip kinds that you do not know."""

    id: str
    v: int
    kind: str
    at: str
    recorded_at: str
    day: str | None
    practice_id: str | None
    practice_number: str | None
    creditor_id: str | None
    data: Mapping[str, Any]
    cursor: str

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Fact:
        """Members that this client does not know are left out: new ones may come at any time."""
        return cls(**{name: told[name] for name in cls.__dataclass_fields__})


class Refused(Exception):
    """The service declined: `code` never changes its meaning, the text is for people."""

    def __init__(self, code: str, said: str) -> None:
        super().__init__(f"{code}: {said}")
        self.code = code


class Feed:
    """The feed behind one token, at `https://host`."""

    def __init__(self, address: str, token: str, *, http: httpx.Client | None = None) -> None:
        self._http = http or httpx.Client(timeout=30)
        self._url = f"{address}/api/v1/feed"
        self._headers = {"authorization": f"Bearer {token}"}

    def page(self, cursor: str | None, *, limit: int = 500) -> tuple[list[Fact], str, bool]:
        """Facts after the cursor (None: from the beginning), the next cursor, and whether there are more.

        Waits and asks again while the service is busy or away. Raises Refused.
        """
        query: dict[str, str | int] = {"limit": limit}
        if cursor is not None:
            query["cursor"] = cursor
        answer = _asked(lambda: self._http.get(self._url, params=query, headers=self._headers))
        said = answer.json()
        if answer.status_code != 200:
            raise Refused(said["code"], said.get("detail") or said["title"])
        return [Fact.read(one) for one in said["facts"]], said["next"], said["more"]


def _asked(send: Callable[[], httpx.Response]) -> httpx.Response:
    """The answer, asked for again while the service is busy or away."""
    while True:
        try:
            answer = send()
        except httpx.TransportError:
            time.sleep(1)
            continue
        if answer.status_code not in BUSY:
            return answer
        time.sleep(float(answer.headers.get("retry-after", 1)))


@dataclass(frozen=True)
class Line:
    """One debt in a balance, in whole cents; `due_on` (ISO day) tells lines of one title apart."""

    title: str
    principal_cents: int
    interest_cents: int = 0
    costs_cents: int = 0
    due_on: str | None = None


@dataclass(frozen=True)
class Balance:
    """What is owed at the end of a day (ISO); `total_cents` must be the sum of the lines."""

    practice_number: str
    as_of: str
    total_cents: int
    lines: Sequence[Line]


@dataclass(frozen=True)
class Recall:
    practice_number: str
    reason: str = ""


@dataclass(frozen=True)
class Payment:
    """Money that reached you. `other_than`: receipts of the agency that this one is not."""

    practice_number: str
    reference: str
    amount_cents: int
    paid_on: str
    other_than: Sequence[str] = ()


@dataclass(frozen=True)
class Contact:
    """`channel`: visit, call, message or letter; `at`: ISO instant with its zone."""

    practice_number: str
    channel: str
    at: str
    reached: bool
    outcome: str = ""
    by: str = ""


@dataclass(frozen=True)
class ItemVerdict:
    """What became of the item at `index`: accepted, known, held or refused, and then why."""

    index: int
    verdict: str
    practice_id: str | None
    code: str | None
    detail: str | None
    details: Mapping[str, Any]

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> ItemVerdict:
        return cls(**{name: told[name] for name in cls.__dataclass_fields__})


class Teller:
    """Tells the agency what happened at yours. Each batch has a `key` of its own that you keep until it is answered."""

    def __init__(
        self, address: str, token: str, *, creditor_id: str | None = None, http: httpx.Client | None = None
    ) -> None:
        self._http = http or httpx.Client(timeout=60)
        self._url = f"{address}/api/v1/inbound"
        self._headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        self._creditor_id = creditor_id

    def balances(self, items: Sequence[Balance], *, key: str) -> list[ItemVerdict]:
        return self._tell("balances", items, key)

    def recalls(self, items: Sequence[Recall], *, key: str) -> list[ItemVerdict]:
        return self._tell("recalls", items, key)

    def payments(self, items: Sequence[Payment], *, key: str) -> list[ItemVerdict]:
        return self._tell("payments", items, key)

    def contacts(self, items: Sequence[Contact], *, key: str) -> list[ItemVerdict]:
        return self._tell("contacts", items, key)

    def _tell(self, kind: str, items: Sequence[Any], key: str) -> list[ItemVerdict]:
        """Sends the same bytes again until they are answered: the key sees to it that they count once."""
        body = {"creditor_id": self._creditor_id, "items": [asdict(item) for item in items]}
        content = json.dumps(body, sort_keys=True).encode()
        headers = {**self._headers, "idempotency-key": json.dumps(key)}
        while True:
            answer = _asked(lambda: self._http.post(f"{self._url}/{kind}", content=content, headers=headers))
            said = answer.json()
            if answer.status_code == 200:
                return [ItemVerdict.read(one) for one in said["verdicts"]]
            if said["code"] != "idempotency.in_progress":
                raise Refused(said["code"], said.get("detail") or said["title"])
            time.sleep(1)


class Books:
    """What another system knows: here a row for each fact. Yours keeps what it needs, in the same transaction."""

    def __init__(self, path: str) -> None:
        self._database = sqlite3.connect(path)
        with self._database:
            self._database.execute("create table if not exists place (cursor text not null)")
            self._database.execute(
                "create table if not exists fact (id text primary key, kind text, practice text, data text)"
            )

    @property
    def cursor(self) -> str | None:
        row = self._database.execute("select cursor from place").fetchone()
        return None if row is None else str(row[0])

    def keep(self, facts: list[Fact], cursor: str | None = None) -> None:
        """Facts, and where the feed stands after them: both or neither."""
        with self._database:
            for fact in facts:
                self._take(fact)
            if cursor is not None:
                self._database.execute("delete from place")
                self._database.execute("insert into place values (?)", (cursor,))

    def _take(self, fact: Fact) -> None:
        row = (fact.id, fact.kind, fact.practice_number, json.dumps(dict(fact.data)))
        self._database.execute("insert into fact values (?, ?, ?, ?) on conflict do nothing", row)

    def facts(self) -> Iterator[tuple[str, str]]:
        """Id and kind of each fact, in the order in which they came."""
        yield from self._database.execute("select id, kind from fact order by rowid")


def follow(feed: Feed, books: Books, *, every_s: float = 5, stop: Callable[[], bool] = lambda: False) -> None:
    """Read on for ever, or until `stop` says so once everything was read."""
    while True:
        facts, cursor, more = feed.page(books.cursor)
        books.keep(facts, cursor)
        if more:
            continue
        if stop():
            return
        time.sleep(every_s)


def receive(secret: str, body: bytes, headers: Mapping[str, str]) -> Fact:
    """The fact of a webhook. Keep it, then answer 2xx. Raises standardwebhooks.WebhookVerificationError.

    The same fact may come again under the same `webhook-id` and with a higher `webhook-attempt`; `Books.keep` drops
    what it has, by the fact's own id.
    """
    return Fact.read(Webhook(secret).verify(body, dict(headers)))


if __name__ == "__main__":
    service, token, file = sys.argv[1:4]
    follow(Feed(service, token), Books(file))
