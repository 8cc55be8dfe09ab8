"""beancount as an independent judge: it adds up ten thousand random operations and comes to our balances."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from beancount.loader import load_string
from click.testing import CliRunner
from sqlmodel import select

from fieldapp.cli import main
from fieldapp.documents.beancount import account_name
from fieldapp.domain.access import Role
from fieldapp.domain.cash import HandIn, hand_in_entry
from fieldapp.domain.errors import Refusal
from fieldapp.domain.ledger import OWNERS, AccountKey, AccountKind, LineBalance
from fieldapp.domain.payments import Standing
from fieldapp.services.exchange import export_ledger
from fieldapp.store import ledger, tables
from tests.conftest import NOW
from tests.domain.test_ledger_life import AT, Books, Paid
from tests.flows.arranged import entrusted
from tests.flows.conftest import House, new_id

OPERATIONS = 10_000
METHODS = ("cash", "card", "cheque", "transfer_received")


async def books_of(house: House) -> Books:
    """Practices in the store, and the same in a book of our own that nothing was posted to."""
    for number in range(1, 9):
        await entrusted(house, f"P-{number}", cents=10_000_000 * number)
    books = Books(house.creditor_id)
    async with house.session() as session:
        lines = (await session.exec(select(tables.DebtLine))).all()
    for line in lines:
        stated = LineBalance(line.principal_cents, line.interest_cents, line.costs_cents)
        books.know(line.practice_id, {line.id: stated})
    books.entries.clear()  # the store has the statements already
    return books


def operate(books: Books, agents: list[UUID], draw: random.Random) -> None:
    """One random operation; a step out of turn does nothing."""
    if not books.payments or draw.random() < 0.4:
        practice = draw.choice(sorted(books.lines))
        method, agent, duty = draw.choice(METHODS), draw.choice(agents), draw.choice((0, 200))
        books.receive(practice, draw.randrange(1, 300_000), method=method, agent=agent, duty=duty)
        return
    paid = draw.choice(books.payments[-200:])
    try:
        draw.choice((bank, clear, bounce, void, refund, hand_in, close))(books, paid, draw)
    except Refusal:
        return


def bank(books: Books, paid: Paid, _: random.Random) -> None:
    books.move(paid, Standing.AT_BANK)


def clear(books: Books, paid: Paid, _: random.Random) -> None:
    books.move(paid, Standing.CLEARED)


def bounce(books: Books, paid: Paid, _: random.Random) -> None:
    books.undo(paid, Standing.UNPAID)


def void(books: Books, paid: Paid, _: random.Random) -> None:
    if not paid.later:
        books.undo(paid, Standing.VOIDED)


def refund(books: Books, paid: Paid, draw: random.Random) -> None:
    if paid.standing is Standing.CLEARED:
        books.refund(paid, draw.randrange(1, paid.amount_cents + 1))


def close(books: Books, _: Paid, draw: random.Random) -> None:
    """The agency keeps its commission on what moved since, or gives the last one back."""
    if books.closed and draw.random() < 0.2:
        books.reverse_commission()
    else:
        books.close_commission(draw.randrange(1, 10_001))


def hand_in(books: Books, paid: Paid, draw: random.Random) -> None:
    held = books.balance(AccountKey(AccountKind.AGENT_CASH, person_id=paid.agent))
    cheque = paid.method == "cheque" and paid.standing is Standing.RECEIVED
    declared = draw.randrange(0, max(1, held))
    counted = max(0, declared + draw.choice((0, 0, 0, -100, 50)))
    handed = HandIn(paid.agent, declared, counted, (paid.held_cents,) if cheque else (), reason="counted")
    books.post(hand_in_entry(handed, at=AT, idempotency_key=f"h:{books.new_id()}", memo=""))
    if cheque:
        paid.standing = Standing.HANDED_IN


@pytest.mark.timeout(300)
async def test_beancount_agrees_with_every_balance_after_ten_thousand_operations(house: House) -> None:
    draw = random.Random(20261126)
    books = await books_of(house)
    agents = [house.people[Role.AGENT].id, house.people[Role.DISPATCHER].id]
    while len(books.entries) < OPERATIONS:
        operate(books, agents, draw)
    async with house.session() as session:
        entries = [_plain(entry, day) for day, entry in enumerate(books.entries)]
        await ledger.post(session, entries, now=NOW, new_id=new_id)

    async with house.work() as work:
        text = await export_ledger(work)
        ours = await ledger.balances_by_key(work.session)
    found, errors, _ = load_string(text)

    assert errors == []
    assert sum(type(item).__name__ == "Transaction" for item in found) == OPERATIONS + len(books.lines)
    assert sum(type(item).__name__ == "Balance" for item in found) == len(ours)
    assert {key: cents for key, cents in ours.items() if cents} == {k: c for k, c in books.totals.items() if c}
    assert sum(ours.values()) == 0
    kinds = Counter(entry.kind for entry in books.entries)
    assert kinds["commission"] > 100
    assert books.balance(AccountKey(AccountKind.COMMISSIONS, creditor_id=house.creditor_id)) < 0


@pytest.mark.parametrize("kind", AccountKind)
def test_every_account_has_a_name_in_the_books_that_leave_the_house(kind: AccountKind) -> None:
    key = AccountKey(kind, **{f"{owner}_id": UUID(int=7) for owner in OWNERS[kind]})

    assert account_name(key).split(":")[0] in ("Assets", "Liabilities", "Income")


async def test_beancount_objects_to_one_cent(house: House) -> None:
    """The judge is awake: the same text with one balance a cent off is refused."""
    await entrusted(house)
    async with house.work() as work:
        text = await export_ledger(work)

    _, errors, _ = load_string(text.replace("870.00 EUR", "870.01 EUR", 1))

    assert errors != []


async def test_the_command_writes_the_books(house: House, app_url: str, tmp_path: Path) -> None:
    await entrusted(house)
    out = tmp_path / "books.beancount"
    environment = {"FIELDAPP_DATABASE_URL": app_url, "FIELDAPP_HOME": str(tmp_path), "FIELDAPP_SECRET_KEY": "6b" * 32}

    done = await _apart(lambda: CliRunner().invoke(main, ["ledger", "export", "-o", str(out)], env=environment))

    assert done.exit_code == 0, done.output
    _, errors, _ = load_string(out.read_text())
    assert errors == []


def _plain(entry: Any, day: int) -> Any:
    """The entry without references to rows that only the service makes, spread over a month."""
    return replace(entry, reverses=None, at=NOW - timedelta(days=9) + timedelta(minutes=day))


async def _apart(call: Any) -> Any:
    return await asyncio.to_thread(call)
