"""Other systems tell us: balances, recalls, payments and contacts, each counted once and each seen by a person."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.events import EVENTS, WriteScope
from fieldapp.domain.idempotency import KEPT
from fieldapp.services import inbound
from fieldapp.store import exchange, ledger, statements, tables
from fieldapp.store import inbound as store
from tests.conftest import NOW
from tests.flows.arranged import TODAY, entrusted, published
from tests.flows.conftest import BASE, House, a_creditor
from tests.flows.creditor_file import file_of, row, taken_in
from tests.flows.phone import FieldPhone
from tests.flows.test_feed import account, system
from tests.flows.test_sync import AT, day_of, paid_report, phone_of, verdicts

WRITES = [scope.value for scope in WriteScope]
PATHS = {"balances": WriteScope.BALANCES, "recalls": WriteScope.RECALLS, "payments": WriteScope.PAYMENTS}
OPENING = {"principal_cents": 87_000, "interest_cents": 2_000, "costs_cents": 1_000}


class Teller:
    """A creditor's system with its token."""

    def __init__(self, house: House, token: str) -> None:
        self.http, self.token = house.client(), token

    async def send(self, path: str, body: bytes, *, key: str | None, **headers: str) -> httpx.Response:
        named = {"authorization": f"Bearer {self.token}", "content-type": "application/json", **headers}
        if key is not None:
            named["idempotency-key"] = key
        return await self.http.post(f"{BASE}/inbound/{path}", content=body, headers=named)

    async def tell(self, path: str, *items: Any, key: str | None = None, **more: Any) -> httpx.Response:
        body = json.dumps({"items": items, **more}).encode()
        return await self.send(path, body, key=f'"{key or uuid4()}"')

    async def told(self, path: str, *items: Any) -> list[dict[str, Any]]:
        """The verdicts."""
        answer = await self.tell(path, *items)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["verdicts"])


async def teller(house: House, *, writes: list[str] | None = None, bound: bool = True, **more: Any) -> Teller:
    if bound:
        more = {"creditor_id": str(house.creditor_id), **more}
    wanted = {"writes": WRITES if writes is None else writes, **more}
    return Teller(house, (await account(house, **wanted))["token"])


def line(cents: int, *, number: str = "P-001", **more: Any) -> dict[str, Any]:
    return {"title": f"Finanziamento {number}", "principal_cents": cents, **more}


def balance(cents: int, *, number: str = "P-001", as_of: str = "2026-11-25", **more: Any) -> dict[str, Any]:
    stated = {"practice_number": number, "as_of": as_of, "total_cents": cents, "lines": [line(cents, number=number)]}
    return stated | more


def payment(cents: int, reference: str = "BON-1", *, on: str = "2026-11-25", **more: Any) -> dict[str, Any]:
    said = {"practice_number": "P-001", "reference": reference, "amount_cents": cents, "paid_on": on}
    return said | more


def call(**more: Any) -> dict[str, Any]:
    at = (NOW - timedelta(hours=3)).isoformat()
    return {"practice_number": "P-001", "channel": "call", "at": at, "reached": True, "by": "Call center"} | more


SAMPLES: Mapping[str, Any] = {
    "balances": balance(70_000),
    "recalls": {"practice_number": "P-001"},
    "payments": payment(10_000),
    "contacts": call(),
}


def short(found: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [(one["verdict"], one["code"]) for one in found]


async def owed(house: House, practice_id: UUID, **options: Any) -> int:
    async with house.session() as session:
        return ledger.totals((await ledger.owed(session, [practice_id], **options))[practice_id])


async def open_tasks(house: House) -> dict[str, dict[str, Any]]:
    desk = await house.sign_in(Role.BACK_OFFICE)
    return {task["kind"]: task for task in (await desk.get("/tasks", params={"state": "open"})).json()}


async def written(house: House) -> dict[str, int]:
    """How many rows there are of everything that a telling may write."""
    kept = (
        tables.Statement,
        tables.SeenPayment,
        tables.ContactAttempt,
        tables.Entry,
        tables.Fact,
        tables.Task,
        tables.InboundRequest,
    )
    async with house.session() as session:
        return {table.__name__: len((await session.exec(select(table))).all()) for table in kept}


@pytest.fixture
async def practice(house: House) -> UUID:
    return await entrusted(house)


async def visited(house: House, practice_id: UUID, cents: int) -> FieldPhone:
    """A payment in cash at the door, this morning."""
    await published(house, practice_id)
    phone = await phone_of(house)
    stop = (await day_of(phone))["stops"][0]
    report = paid_report(phone, stop, cents)
    assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("accepted", None)]
    return phone


# --- who may tell, and under which key ---


@pytest.mark.usefixtures("practice")
@pytest.mark.parametrize("path", SAMPLES)
async def test_each_scope_opens_its_own_door_alone(house: House, path: str) -> None:
    scope = f"write:{path}"
    allowed = await teller(house, writes=[scope])
    others = await teller(house, writes=[one for one in WRITES if one != scope])

    refused = await others.tell(path, SAMPLES[path])
    taken = await allowed.tell(path, SAMPLES[path])

    assert (refused.status_code, refused.json()["code"]) == (403, "inbound.scope_missing")
    assert refused.headers["content-type"] == "application/problem+json"
    assert (taken.status_code, taken.json()["accepted"]) == (200, 1)


@pytest.mark.parametrize(
    ("key", "status", "code"),
    [
        # None at all, as the draft says: 400.
        (None, 400, "idempotency.key_missing"),
        ("", 400, "idempotency.key_missing"),
        ('""', 422, "idempotency.key_unreadable"),
        # A string that does not end, and a bare word with a blank in it.
        ('"half', 422, "idempotency.key_unreadable"),
        ("two words", 422, "idempotency.key_unreadable"),
        ('"' + "k" * 201 + '"', 422, "idempotency.key_unreadable"),
    ],
)
async def test_a_write_without_a_readable_key_is_refused(
    house: House, practice: UUID, key: str | None, status: int, code: str
) -> None:
    there = await teller(house)

    answer = await there.send("balances", json.dumps({"items": [balance(1)]}).encode(), key=key)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await owed(house, practice) == 90_000


@pytest.mark.usefixtures("practice")
@pytest.mark.parametrize("path", SAMPLES)
async def test_the_same_key_and_body_are_answered_the_same_and_written_once(house: House, path: str) -> None:
    there = await teller(house)
    body = json.dumps({"items": [SAMPLES[path]]}).encode()

    first = await there.send(path, body, key='"k-1"')
    before = await written(house)
    # Without its quotes it is the same key.
    second = await there.send(path, body, key="k-1")

    assert first.status_code == second.status_code == 200
    assert first.content == second.content
    assert ("idempotent-replayed" in first.headers, second.headers["idempotent-replayed"]) == (False, "true")
    assert await written(house) == before


async def test_a_key_that_comes_with_another_body_or_for_another_thing_is_refused(house: House, practice: UUID) -> None:
    there = await teller(house)
    body = json.dumps({"items": [{"practice_number": "P-001"}]}).encode()
    await there.tell("balances", balance(70_000), key="k-1")
    await there.send("recalls", body, key="k-2")

    other_body = await there.tell("balances", balance(10_000), key="k-1")
    other_operation = await there.send("payments", body, key="k-2")

    for answer in (other_body, other_operation):
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency.key_reused")
    assert await owed(house, practice) == 70_000


async def test_two_accounts_may_use_the_same_key(house: House, practice: UUID) -> None:
    one, other = await teller(house), await teller(house)

    first = await one.tell("balances", balance(70_000), key="k-1")
    second = await other.tell("balances", balance(60_000), key="k-1")

    assert (first.status_code, second.status_code) == (200, 200)
    assert await owed(house, practice) == 60_000


async def test_of_many_requests_with_one_key_at_once_one_does_the_work(house: House, practice: UUID) -> None:
    there = await teller(house)
    body = json.dumps({"items": [payment(10_000, on="2026-11-26")]}).encode()

    answers = await asyncio.gather(*(there.send("payments", body, key="k-1") for _ in range(8)))

    taken = [answer for answer in answers if answer.status_code == 200]
    others = {(answer.status_code, answer.json()["code"]) for answer in answers if answer.status_code != 200}
    assert len({answer.content for answer in taken}) == 1
    assert others <= {(409, "idempotency.in_progress")}
    assert await owed(house, practice) == 80_000


async def test_a_key_in_use_elsewhere_is_a_conflict_at_once(house: House, practice: UUID) -> None:
    made = await account(house, writes=WRITES, creditor_id=str(house.creditor_id))
    there = Teller(house, made["token"])
    async with house.session() as session:
        name = f"inbound:{made['account']['id']}:k-1"
        await session.execute(text("select pg_advisory_xact_lock(hashtextextended(:n, 0))"), {"n": name})

        held = await there.tell("balances", balance(70_000), key="k-1")
    after = await there.tell("balances", balance(70_000), key="k-1")

    assert (held.status_code, held.json()["code"]) == (409, "idempotency.in_progress")
    assert after.status_code == 200
    assert await owed(house, practice) == 70_000


@pytest.mark.usefixtures("practice")
async def test_keys_are_forgotten_after_their_time_and_not_before(house: House) -> None:
    there = await teller(house)
    await there.tell("balances", balance(70_000), key="k-1")
    house.clock.move_to(NOW + KEPT - timedelta(minutes=1))
    assert await inbound.clear_all(house.parts) == 0

    house.clock.move_to(NOW + KEPT)
    again = await there.tell("balances", balance(60_000), key="k-1")

    assert again.json()["accepted"] == 1
    house.clock.move_to(NOW + KEPT + KEPT)
    assert await inbound.clear_all(house.parts) == 1


async def test_a_request_refused_as_a_whole_leaves_its_key_unused(house: House, practice: UUID) -> None:
    there = await teller(house)

    broken = await there.send("balances", b'{"items": [', key='"k-1"')
    mended = await there.tell("balances", balance(70_000), key="k-1")

    assert (broken.status_code, broken.json()["code"]) == (422, "inbound.malformed")
    assert mended.json()["accepted"] == 1
    assert await owed(house, practice) == 70_000


async def test_a_request_that_breaks_off_writes_nothing_and_may_be_sent_again(
    house: House, practice: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = await teller(house)
    before = await written(house)

    async def dies(*_: Any, **__: Any) -> None:
        raise RuntimeError("the process is gone")

    # After statement, entry, tasks and answer, before the numbers of the facts: the last step before the commit.
    with monkeypatch.context() as patch:
        patch.setattr("fieldapp.store.feed.seal", dies)
        cut_off = await there.send("balances", json.dumps({"items": [balance(70_000)]}).encode(), key='"k-1"')
        assert cut_off.status_code >= 400
    assert await written(house) == before
    assert await owed(house, practice) == 90_000

    again = await there.tell("balances", balance(70_000), key="k-1")

    assert again.json()["accepted"] == 1
    assert await owed(house, practice) == 70_000


# --- whose practices ---


@pytest.mark.usefixtures("practice")
async def test_an_account_writes_to_its_own_creditors_practices_alone(house: House) -> None:
    neighbour = a_creditor(house.agency_id, name="Utilities S.p.A.")
    async with house.session() as session:
        session.add(neighbour)
    _, elsewhere, _ = await house.other_agency()
    bound = await teller(house, creditor_id=str(neighbour.id))
    free = await teller(house, bound=False)

    foreign_practice = await bound.told("recalls", {"practice_number": "P-001"})
    foreign_creditor = await bound.tell("recalls", SAMPLES["recalls"], creditor_id=str(house.creditor_id))
    unnamed = await free.tell("recalls", SAMPLES["recalls"])
    foreign_agency = await free.tell("recalls", SAMPLES["recalls"], creditor_id=str(elsewhere))

    assert short(foreign_practice) == [("refused", "inbound.practice_unknown")]
    assert (foreign_creditor.status_code, foreign_creditor.json()["code"]) == (403, "inbound.not_your_creditor")
    assert (unnamed.status_code, unnamed.json()["code"]) == (422, "inbound.creditor_needed")
    assert (foreign_agency.status_code, foreign_agency.json()["code"]) == (404, "creditor.unknown")
    async with house.session() as session:
        assert (await session.exec(select(tables.Practice.state))).all() == ["open"]
    named = await free.tell("recalls", SAMPLES["recalls"], creditor_id=str(house.creditor_id))
    assert named.json()["accepted"] == 1


async def test_without_a_token_or_with_a_revoked_one_nothing_is_written(house: House, practice: UUID) -> None:
    made = await account(house, writes=WRITES)
    admin = await house.sign_in(Role.ADMINISTRATOR)
    await admin.post(f"/service-accounts/{made['account']['id']}/revoke")

    for token in ("nothing", made["token"]):
        answer = await Teller(house, token).tell("balances", balance(1))
        assert (answer.status_code, answer.json()["code"]) == (401, "access.token_unknown")
    assert await owed(house, practice) == 90_000


# --- items ---

BAD: list[tuple[str, Any, str]] = [
    ("balances", balance(-1), "inbound.item_malformed"),
    # Ten thousand millions, and a float that would be whole.
    ("balances", balance(1_000_000_000_000), "inbound.item_malformed"),
    ("balances", balance(0, total_cents=1e9), "inbound.item_malformed"),
    ("balances", balance(0, total_cents="12.345"), "inbound.item_malformed"),
    ("balances", balance(0, total_cents=12.345), "inbound.item_malformed"),
    ("balances", balance(5, as_of="2026-02-31"), "inbound.item_malformed"),
    ("balances", balance(5, as_of="2026-11-27"), "inbound.day_to_come"),
    ("balances", balance(5, as_of="1900-01-01"), "inbound.day_unlikely"),
    # Before the statement that the practice came with.
    ("balances", balance(5, as_of="2026-11-15"), "inbound.statement_older"),
    ("balances", balance(5, total_cents=6), "inbound.total_differs"),
    ("balances", balance(10, lines=[line(5), line(5)]), "inbound.line_twice"),
    ("balances", balance(5, lines=[]), "inbound.item_malformed"),
    ("balances", balance(5, number="P-404"), "inbound.practice_unknown"),
    ("balances", balance(5, unheard="of"), "inbound.item_malformed"),
    ("recalls", {"practice_number": ""}, "inbound.item_malformed"),
    ("recalls", {"practice_number": "P-001\u0000"}, "inbound.item_malformed"),
    ("recalls", "P-001", "inbound.item_malformed"),
    ("recalls", None, "inbound.item_malformed"),
    ("payments", payment(0), "inbound.item_malformed"),
    ("payments", payment(-5), "inbound.item_malformed"),
    ("payments", payment(10**9), "inbound.item_malformed"),
    ("payments", payment(5, on="2026-02-31"), "inbound.item_malformed"),
    ("payments", payment(5, on="2027-01-01"), "inbound.day_to_come"),
    ("payments", payment(5, reference=" "), "inbound.item_malformed"),
    ("contacts", call(at="2026-11-26T23:00:00Z"), "contact.in_the_future"),
    ("contacts", call(at="2026-11-25T10:00:00"), "inbound.item_malformed"),
    ("contacts", call(at="1999-01-01T10:00:00Z"), "inbound.day_unlikely"),
    ("contacts", call(outcome="PAID_PARTIAL"), "contact.outcome_not_with"),
    ("contacts", call(channel="fax"), "inbound.item_malformed"),
]


@pytest.mark.parametrize(("path", "bad", "code"), BAD)
async def test_a_bad_item_costs_only_itself(house: House, practice: UUID, path: str, bad: Any, code: str) -> None:
    await entrusted(house, "P-002")
    there = await teller(house)
    good = SAMPLES[path] | {"practice_number": "P-002"}
    if path == "balances":
        good = balance(70_000, number="P-002")

    found = await there.told(path, bad, good)

    assert short(found) == [("refused", code), ("accepted", None)]
    assert found[0]["detail"] not in (None, code)
    assert await owed(house, practice) == 90_000


async def test_too_many_items_none_and_too_much_are_refused_whole(house: House, practice: UUID) -> None:
    there = await teller(house)

    none = await there.tell("recalls")
    many = await there.tell("recalls", *[{"practice_number": "P-001"}] * 501)
    large = await there.send("recalls", b" " * (2 * 1024 * 1024 + 1), key="k")

    for answer in (none, many):
        assert (answer.status_code, answer.json()["code"]) == (422, "inbound.too_many_items")
    assert large.status_code == 413
    async with house.session() as session:
        assert (await session.get(tables.Practice, practice)).state == "open"  # type: ignore[union-attr]


async def test_the_verdict_speaks_the_language_of_the_caller(house: House) -> None:
    there = await teller(house)
    body = json.dumps({"items": [{"practice_number": "P-404"}]}).encode()

    said = {}
    for language in ("it", "en", "fr"):
        answer = await there.send("recalls", body, key=language, **{"accept-language": language})
        said[language] = answer.json()["verdicts"][0]["detail"]

    assert len(set(said.values())) == 3


# --- balances ---


async def test_the_claim_becomes_what_is_stated_and_says_who_stated_it(house: House, practice: UUID) -> None:
    there = await teller(house)

    found = await there.told("balances", balance(70_050, lines=[line(60_000, interest_cents=10_000, costs_cents=50)]))

    assert short(found) == [("accepted", None)]
    async with house.session() as session:
        (parts,) = (await ledger.owed(session, [practice]))[practice].values()
    assert (parts.principal_cents, parts.interest_cents, parts.costs_cents) == (60_000, 10_000, 50)
    desk = await house.sign_in(Role.BACK_OFFICE)
    file = (await desk.get(f"/practices/{practice}")).json()
    stated = next(item for item in file["timeline"] if item["kind"] == "balance.stated")
    assert (stated["body"]["source"], file["as_of"]) == ("Gestionale del creditore", "2026-11-25")
    assert await open_tasks(house) == {}


async def test_the_same_statement_under_another_key_is_known(house: House, practice: UUID) -> None:
    there = await teller(house)
    await there.told("balances", balance(70_000))
    before = await written(house)

    assert short(await there.told("balances", balance(70_000))) == [("known", None)]

    after = await written(house)
    assert (after["Statement"], after["Entry"], after["Fact"]) == (
        before["Statement"],
        before["Entry"],
        before["Fact"],
    )
    assert await owed(house, practice) == 70_000


async def test_a_payment_after_the_statement_stays(house: House, practice: UUID) -> None:
    await visited(house, practice, 20_000)

    await (await teller(house)).told("balances", balance(85_000, as_of="2026-11-25"))

    assert await owed(house, practice) == 65_000
    assert await open_tasks(house) == {}


async def test_a_receipt_that_he_was_not_told_of_becomes_a_task_with_the_arithmetic(
    house: House, practice: UUID
) -> None:
    await visited(house, practice, 20_000)
    house.clock.move_to(NOW + timedelta(days=2))

    found = await (await teller(house)).told("balances", balance(90_000, as_of="2026-11-27"))

    task = (await open_tasks(house))["balance.differs"]["details"]
    assert found[0]["details"] == {"by_cents": 20_000}
    assert (task["stated_cents"], task["ours_cents"], task["by_cents"]) == (90_000, 70_000, 20_000)
    assert (task["receipts"], task["receipts_cents"]) == (["A1-000001"], [20_000])
    assert await owed(house, practice) == 70_000


async def test_a_receipt_that_he_was_told_of_is_in_his_balance(house: House, practice: UUID) -> None:
    await visited(house, practice, 20_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    await desk.post(f"/exports/outcomes?day=2026-11-26&creditor_id={house.creditor_id}")
    await desk.get(f"/exports/outcomes?day=2026-11-26&creditor_id={house.creditor_id}")
    house.clock.move_to(NOW + timedelta(days=2))

    await (await teller(house)).told("balances", balance(70_000, as_of="2026-11-27"))

    assert await owed(house, practice) == 70_000
    assert await open_tasks(house) == {}


async def test_two_systems_that_disagree_both_stand_and_a_person_hears_of_it(house: House, practice: UUID) -> None:
    one, other = await teller(house, name="Gestionale"), await teller(house, name="Portale")

    await one.told("balances", balance(70_000))
    await other.told("balances", balance(65_000))

    task = (await open_tasks(house))["balance.contradicted"]["details"]
    assert (task["before_source"], task["before_cents"]) == ("Gestionale", 70_000)
    assert (task["source"], task["stated_cents"], task["by_cents"]) == ("Portale", 65_000, -5_000)
    assert await owed(house, practice) == 65_000
    facts = [fact for fact in await (await system(house)).all() if fact["kind"] == "balance.stated"]
    assert [fact["data"]["source"] for fact in facts] == ["Gestionale", "Portale"]


async def taken_back_by_a_file(house: House, cents: int, *, as_of: str, number: str = "P-0001") -> None:
    """The creditor's file states the balance of a practice that his system spoke of."""
    desk = await house.sign_in(Role.BACK_OFFICE)
    await taken_in(desk, house, file_of(row(number, cents=cents, **{"Saldo al": as_of})))


async def test_a_file_that_contradicts_what_a_system_stated_is_a_task_with_the_arithmetic(house: House) -> None:
    await taken_back_by_a_file(house, 100_000, as_of="20/11/2026")
    said = {"title": "Fattura 1", "principal_cents": 70_000, "due_on": "2026-05-15"}
    stated = balance(70_000, number="P-0001", lines=[said])
    assert short(await (await teller(house, name="Portale")).told("balances", stated)) == [("accepted", None)]
    assert "balance.contradicted" not in await open_tasks(house)

    await taken_back_by_a_file(house, 65_000, as_of="25/11/2026")

    task = (await open_tasks(house))["balance.contradicted"]
    assert (task["practice_number"], task["details"]["before_source"]) == ("P-0001", "Portale")
    assert task["details"] == task["details"] | {
        "as_of": "2026-11-25",
        "before_cents": 70_000,
        "stated_cents": 65_000,
        "by_cents": -5_000,
        "source": "rate.csv",
    }
    # Both are kept; the last word holds.
    async with house.session() as session:
        known = (await session.exec(select(tables.Practice))).one()
        kept = await session.exec(select(tables.Statement).order_by(tables.Statement.id))  # type: ignore[arg-type]
        assert [one.total_cents for one in kept.all()] == [100_000, 70_000, 65_000]
    assert await owed(house, known.id) == 65_000


@pytest.mark.parametrize(
    ("cents", "as_of"),
    [
        # The same sum, of the same day.
        (70_000, "25/11/2026"),
        # Another day is another balance: nobody is contradicted.
        (65_000, "26/11/2026"),
        # An older one is not taken at all.
        (65_000, "24/11/2026"),
    ],
)
async def test_a_file_that_contradicts_nobody_opens_no_task(house: House, cents: int, as_of: str) -> None:
    await taken_back_by_a_file(house, 100_000, as_of="20/11/2026")
    said = {"title": "Fattura 1", "principal_cents": 70_000, "due_on": "2026-05-15"}
    await (await teller(house)).told("balances", balance(70_000, number="P-0001", lines=[said]))

    await taken_back_by_a_file(house, cents, as_of=as_of)

    assert "balance.contradicted" not in await open_tasks(house)


async def test_a_file_that_corrects_a_file_contradicts_nobody(house: House) -> None:
    await taken_back_by_a_file(house, 100_000, as_of="25/11/2026")

    await taken_back_by_a_file(house, 65_000, as_of="25/11/2026")

    assert "balance.contradicted" not in await open_tasks(house)


async def test_a_debt_that_is_new_opens_and_one_that_is_not_named_closes(house: House, practice: UUID) -> None:
    new = {"title": "Rata 12", "due_on": "2026-11-01", "principal_cents": 5_000}

    await (await teller(house)).told("balances", balance(5_000, lines=[new]))

    desk = await house.sign_in(Role.BACK_OFFICE)
    lines = (await desk.get(f"/practices/{practice}")).json()["debt_lines"]
    assert {one["title"]: one["principal_cents"] for one in lines} == {"Finanziamento P-001": 0, "Rata 12": 5_000}


async def test_parts_that_he_states_otherwise_take_what_was_paid_unknown_to_him(house: House, practice: UUID) -> None:
    await visited(house, practice, 3_000)
    new = {"title": "Rata 12", "due_on": "2026-11-01", "principal_cents": 90_000}

    for lines in ([line(90_000)], [new], [line(50_000), new | {"principal_cents": 40_000}]):
        (found,) = await (await teller(house)).told("balances", balance(90_000, as_of="2026-11-26", lines=lines))
        assert found["verdict"] == "accepted"
        desk = await house.sign_in(Role.BACK_OFFICE)
        file = (await desk.get(f"/practices/{practice}")).json()
        assert (file["owed_cents"], file["overpaid_cents"]) == (87_000, 0)
        assert sum(one["principal_cents"] for one in file["debt_lines"]) == 87_000
    # What one entry moves adds up to nothing, and the journal names it.
    entries = [one for one in file["entries"] if one["kind"] == "adjustment"]
    assert entries
    assert [sum(leg["amount_cents"] for leg in one["postings"]) for one in entries] == [0] * len(entries)


# --- recalls ---


async def test_a_recall_closes_for_visits_and_not_for_accounting(house: House, practice: UUID) -> None:
    there = await teller(house)

    assert short(await there.told("recalls", {"practice_number": "P-001", "reason": "Ceduta"})) == [("accepted", None)]
    assert short(await there.told("recalls", {"practice_number": "P-001"})) == [("known", None)]
    assert short(await there.told("balances", balance(70_000))) == [("accepted", None)]

    desk = await house.sign_in(Role.DISPATCHER)
    file = (await desk.get(f"/practices/{practice}")).json()
    candidates = (await desk.get("/dispatch/candidates?day=2026-11-27")).json()
    assert (file["state"], file["owed_cents"]) == ("recalled", 70_000)
    assert all(one["practice_number"] != "P-001" or one["findings"] for one in candidates)
    fact = next(one for one in await (await system(house)).all() if one["kind"] == "practice.recalled")
    assert fact["data"] == {"source": "Gestionale del creditore"}


async def test_a_recall_names_the_cash_that_an_agent_holds(house: House, practice: UUID) -> None:
    await visited(house, practice, 20_000)

    found = await (await teller(house)).told("recalls", SAMPLES["recalls"])

    task = (await open_tasks(house))["recall.money_held"]["details"]
    assert found[0]["details"] == {"held_cents": 20_000, "receipts": ["A1-000001"], "receipts_cents": [20_000]}
    assert (task["held_cents"], task["receipts"], task["receipts_cents"]) == (20_000, ["A1-000001"], [20_000])
    assert task["agent"] == house.people[Role.AGENT].name


async def test_a_recall_by_file_names_the_cash_and_the_visits_to_come_too(house: House, practice: UUID) -> None:
    await visited(house, practice, 20_000)
    other = await entrusted(house, "P-002")
    await published(house, other, day=TODAY + timedelta(days=1))
    desk = await house.sign_in(Role.BACK_OFFICE)

    recalled = {"Revocata": "si", "Saldo al": "26/11/2026"}
    await taken_in(desk, house, file_of(row("P-001", **recalled), row("P-002", **recalled)))
    found = await open_tasks(house)

    held, planned = found["recall.money_held"], found["recall.still_planned"]
    assert held["practice_id"] == str(practice)
    assert (held["details"]["held_cents"], held["details"]["receipts"]) == (20_000, ["A1-000001"])
    assert (planned["practice_id"], planned["details"]["day"]) == (str(other), "2026-11-27")


async def test_a_recall_after_the_cash_was_handed_in_names_none(house: House, practice: UUID) -> None:
    await visited(house, practice, 5_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    house.clock.move_to(NOW + timedelta(hours=1))
    handed = {"id": str(uuid4()), "agent_id": str(house.people[Role.AGENT].id), "declared_cents": 5_000}
    answer = await desk.post("/cash/slips", json=handed | {"pieces": {"5000": 1}, "payment_ids": []})
    assert answer.status_code < 300, answer.text

    found = await (await teller(house)).told("recalls", SAMPLES["recalls"])

    assert found[0]["details"] == {}
    assert "recall.money_held" not in await open_tasks(house)


async def test_a_recall_during_a_visit_is_told_and_the_report_still_comes_in(house: House, practice: UUID) -> None:
    await published(house, practice)
    phone = await phone_of(house)
    stop = (await day_of(phone))["stops"][0]

    await (await teller(house)).told("recalls", SAMPLES["recalls"])
    task = (await open_tasks(house))["recall.still_planned"]
    report = paid_report(phone, stop, 20_000)
    verdict = await verdicts(phone, phone.envelope("visit", report, at=AT))

    assert verdict == [("accepted", None)]
    assert (task["team"], task["details"]["day"]) == ("dispatcher", "2026-11-26")
    assert await owed(house, practice) == 70_000
    desk = await house.sign_in(Role.BACK_OFFICE)
    file = (await desk.get(f"/practices/{practice}")).json()
    assert file["state"] == "recalled"
    assert "conduct.debt_recalled" in file["visits"][0]["flags"]


# --- payments ---


async def test_what_reached_the_creditor_is_posted_and_owed_to_nobody(house: House, practice: UUID) -> None:
    found = await (await teller(house)).told("payments", payment(12_345, on="2026-11-26"))

    assert found[0]["details"] == {"included": False}
    assert await owed(house, practice) == 90_000 - 12_345
    async with house.session() as session:
        balances = await ledger.balances_by_key(session)
    assert sum(balances.values()) == 0
    assert [cents for key, cents in balances.items() if key.kind == "creditor_dues"] == [0]
    fact = next(one for one in await (await system(house)).all() if one["kind"] == "payment.seen")
    assert set(fact["data"]) == {member.name for member in EVENTS["payment.seen"].members}
    assert (fact["data"]["amount_cents"], fact["data"]["reference"]) == (12_345, "BON-1")


async def test_a_payment_counts_once_by_its_reference(house: House, practice: UUID) -> None:
    there = await teller(house)

    twice = await there.told("payments", *[payment(10_000, on="2026-11-26")] * 2)
    again = await there.told("payments", payment(10_000, on="2026-11-26"))
    other = await there.told("payments", payment(9_999, on="2026-11-26"))

    assert short(twice) == [("accepted", None), ("known", None)]
    assert short(again) == [("known", None)]
    assert short(other) == [("refused", "inbound.reference_differs")]
    assert await owed(house, practice) == 80_000


async def test_a_payment_that_his_statement_holds_already_is_kept_and_takes_nothing_off(
    house: House, practice: UUID
) -> None:
    there = await teller(house)
    await there.told("balances", balance(70_000, as_of="2026-11-25"))

    found = await there.told("payments", payment(20_000, on="2026-11-25"))

    assert (found[0]["verdict"], found[0]["details"]) == ("accepted", {"included": True})
    assert await owed(house, practice) == 70_000


async def test_a_payment_that_is_our_own_receipt_is_held_until_he_says_otherwise(house: House, practice: UUID) -> None:
    await visited(house, practice, 20_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    there = await teller(house)
    unreported = await there.told("payments", payment(20_000, "BON-0", on="2026-11-26"))
    await desk.get(f"/exports/outcomes?day=2026-11-26&creditor_id={house.creditor_id}")

    held = await there.told("payments", payment(20_000, on="2026-11-26"))
    task = (await open_tasks(house))["payment.seen_twice"]["details"]
    standing = await owed(house, practice)
    again = await there.told("payments", payment(20_000, on="2026-11-26"))
    insisting = await there.told("payments", payment(20_000, on="2026-11-26", other_than=["A1-000001"]))

    # What he was not told of he cannot mean.
    assert short(unreported) == [("accepted", None)]
    assert short(held) == short(again) == [("held", "inbound.like_our_receipt")]
    assert (task["receipt"], task["amount_cents"], task["reference"]) == ("A1-000001", 20_000, "BON-1")
    assert standing == 50_000
    assert short(insisting) == [("accepted", None)]
    assert await owed(house, practice) == 30_000


async def held_task(house: House, practice: UUID) -> str:
    """The task of a payment that equals a receipt which the creditor knows of."""
    await visited(house, practice, 20_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    await desk.get(f"/exports/outcomes?day=2026-11-26&creditor_id={house.creditor_id}")
    there = await teller(house)
    assert short(await there.told("payments", payment(20_000, on="2026-11-26"))) == [
        ("held", "inbound.like_our_receipt")
    ]
    return str((await open_tasks(house))["payment.seen_twice"]["id"])


async def test_the_office_books_a_held_payment_that_is_another_once(house: House, practice: UUID) -> None:
    task_id = await held_task(house, practice)
    desk = await house.sign_in(Role.BACK_OFFICE)

    booked = await desk.post(f"/tasks/{task_id}/book-payment")
    again = await desk.post(f"/tasks/{task_id}/book-payment")

    assert (booked.status_code, booked.json()["state"]) == (200, "done")
    assert (again.status_code, again.json()["code"]) == (404, "task.unknown")
    assert await owed(house, practice) == 50_000
    assert short(await (await teller(house)).told("payments", payment(20_000, on="2026-11-26"))) == [("known", None)]
    async with house.session() as session:
        query = select(tables.AuditEntry).where(tables.AuditEntry.action == "inbound.payment_released")
        entry = (await session.exec(query)).one()
    assert entry.person_id == desk.identity.person_id


async def test_what_the_system_books_meanwhile_closes_the_task_and_is_not_booked_again(
    house: House, practice: UUID
) -> None:
    task_id = await held_task(house, practice)
    there = await teller(house)
    await there.told("payments", payment(20_000, on="2026-11-26", other_than=["A1-000001"]))

    assert "payment.seen_twice" not in await open_tasks(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    assert (await desk.post(f"/tasks/{task_id}/book-payment")).json()["code"] == "task.unknown"
    assert await owed(house, practice) == 50_000


@pytest.mark.usefixtures("practice")
async def test_only_a_task_of_a_held_payment_books_one(house: House) -> None:
    await (await teller(house)).told("payments", payment(90_001, on="2026-11-26"))
    over = (await open_tasks(house))["practice.overpaid"]["id"]
    desk = await house.sign_in(Role.BACK_OFFICE)

    answer = await desk.post(f"/tasks/{over}/book-payment")

    assert (answer.status_code, answer.json()["code"]) == (409, "inbound.payment_not_held")


async def test_more_than_is_owed_is_posted_and_a_person_hears_of_it(house: House, practice: UUID) -> None:
    await (await teller(house)).told("payments", payment(90_001, on="2026-11-26"))

    assert await owed(house, practice) == -1
    assert (await open_tasks(house))["practice.overpaid"]["details"]["over_cents"] == 1


# --- contacts ---


async def test_a_contact_made_elsewhere_counts_with_ours(house: House, practice: UUID) -> None:
    there = await teller(house)

    found = await there.told("contacts", call(), call(), call(channel="letter", outcome="FORMAL_NOTICE", reached=False))

    desk = await house.sign_in(Role.BACK_OFFICE)
    limits = (await desk.get(f"/practices/{practice}/contacts")).json()["limits"]
    assert short(found) == [("accepted", None), ("known", None), ("accepted", None)]
    assert next(one["count"] for one in limits if (one["what"], one["within"]) == ("conversations", "day")) == 1
    facts = [fact for fact in await (await system(house)).all() if fact["kind"] == "contact.made"]
    assert [fact["data"]["source"] for fact in facts] == ["Gestionale del creditore"] * 2


async def test_a_contact_that_a_file_told_is_known(house: House, practice: UUID) -> None:
    desk = await house.sign_in(Role.BACK_OFFICE)
    file = "pratica;canale;quando;esito;colloquio;chi\nP-001;telefonata;2026-11-25T09:00:00+00:00;;si;Anna\n"
    await desk.post("/contacts/import", files={"file": ("contatti.csv", file.encode(), "text/csv")})

    found = await (await teller(house)).told("contacts", call(at="2026-11-25T09:00:00Z"))

    assert short(found) == [("known", None)]
    assert await owed(house, practice) == 90_000


# --- every write is on record ---


@pytest.mark.usefixtures("practice")
@pytest.mark.parametrize(("path", "action"), [(path, f"inbound.{path.removesuffix('s')}") for path in SAMPLES])
async def test_every_write_is_on_record_with_the_system_that_made_it(house: House, path: str, action: str) -> None:
    await (await teller(house)).told(path, SAMPLES[path])

    admin = await house.sign_in(Role.ADMINISTRATOR)
    rows = {row["action"]: row for row in (await admin.get("/audit")).json()}
    assert rows[action]["details"]["account"] == "Gestionale del creditore"
    assert rows["inbound.received"]["details"]["items"] == 1


# Each example has a practice of its own; the last sign of its number tells the arranged placements apart.
ENDINGS = itertools.cycle("0123456789abcdefghijklmnopqrstuvwxyz")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("balances"), st.integers(0, 200_000), st.integers(18, 26)),
        st.tuples(st.just("payments"), st.integers(1, 60_000), st.integers(18, 26)),
    ),
    max_size=6,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
@example(steps=[("balances", 12_830, 26), ("balances", 0, 18), ("payments", 1, 26)])
@example(steps=[("payments", 1, 26), ("balances", 12_830, 26), ("payments", 1, 26), ("balances", 12_830, 26)])
async def test_whatever_is_told_the_books_balance_and_the_claim_at_his_day_is_his_statement(
    house: House, steps: list[tuple[str, int, int]]
) -> None:
    number = f"P-00{next(ENDINGS)}"
    practice = await entrusted(house, number)
    there = await teller(house)
    stated, stated_on, later = 90_000, 16, 0

    for turn, (path, cents, day) in enumerate(steps):
        on = f"2026-11-{day}"
        if path == "balances":
            (found,) = await there.told(path, balance(cents, number=number, as_of=on))
            assert found["verdict"] in ("accepted", "known") or day < stated_on
            if found["verdict"] == "accepted":
                # Payments of later days stay subtracted.
                stated, stated_on = cents, day
                async with house.session() as session:
                    seen = (await session.exec(select(tables.SeenPayment))).all()
                later = sum(row.amount_cents for row in seen if row.practice_id == practice and row.paid_on.day > day)
        else:
            item = payment(cents, f"{number}-{turn}", on=on) | {"practice_number": number}
            (found,) = await there.told(path, item)
            assert found["verdict"] == "accepted"
            # A statement of today came before this: it cannot hold what is told after it.
            later += cents if day > stated_on or day == stated_on == TODAY.day else 0
        assert await owed(house, practice) == stated - later
    async with house.session() as session:
        assert sum((await ledger.balances_by_key(session)).values()) == 0


async def test_more_are_asked_for_at_once_than_a_statement_has_parameters(house: House) -> None:
    many = 70_000
    async with house.session() as session:
        assert await store.practices(session, uuid4(), [f"P-{number}" for number in range(many)]) == {}
        assert await statements.last_statements(session, [uuid4() for _ in range(many)]) == {}
        await exchange.mark_reported(session, [uuid4() for _ in range(many)], at=NOW)
