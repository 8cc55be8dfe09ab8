"""The feed: other systems follow every fact once, in the order of the commits, from any point, within their scopes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.access import Role, ServiceIdentity
from fieldapp.domain.events import EVENTS, FactScope, Member, MemberKind
from fieldapp.domain.feed_cursor import Position, write_cursor
from fieldapp.services import feed_out
from fieldapp.store import feed, tables
from fieldapp.store.database import Database, Scope, enter
from fieldapp.store.feed import NewFact, tell
from tests.conftest import NOW
from tests.flows.arranged import entrusted, published
from tests.flows.conftest import BASE, House, a_creditor, new_id
from tests.flows.phone import a_report
from tests.flows.test_sync import AT, day_of, paid_report, phone_of

ALL = [scope.value for scope in FactScope]


class System:
    """Another system with its token."""

    def __init__(self, house: House, token: str) -> None:
        self.http, self.token = house.client(), token

    async def get(self, **query: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}"}
        return await self.http.get(f"{BASE}/feed", params=query, headers=headers)

    async def page(self, **query: Any) -> dict[str, Any]:
        answer = await self.get(**query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def all(self, *, limit: int = 3, **query: Any) -> list[dict[str, Any]]:
        """Everything there is, a few at a time."""
        found, cursor = [], None
        while True:
            page = await self.page(limit=limit, **(query if cursor is None else {**query, "cursor": cursor}))
            found += page["facts"]
            cursor = page["next"]
            if not page["more"]:
                return found


async def account(house: House, *, scopes: list[str] | None = None, **more: Any) -> dict[str, Any]:
    desk = await house.sign_in(Role.ADMINISTRATOR)
    wanted = {"name": "Gestionale del creditore", "scopes": scopes or ALL, **more}
    answer = await desk.post("/service-accounts", json=wanted)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def system(house: House, **options: Any) -> System:
    return System(house, (await account(house, **options))["token"])


async def happened(house: House, *kinds: str, **more: Any) -> None:
    async with house.session() as session:
        tell(session, *(NewFact(kind, NOW, **more) for kind in kinds))


@pytest.fixture
async def lived(house: House) -> UUID:
    """A practice that was visited, paid and photographed."""
    practice_id = await entrusted(house)
    await published(house, practice_id)
    phone = await phone_of(house)
    stop = (await day_of(phone))["stops"][0]
    await phone.push(phone.envelope("visit", paid_report(phone, stop, cents=5_000), at=AT))
    return practice_id


# --- reading ---


@pytest.mark.usefixtures("lived")
async def test_every_fact_comes_once_in_order_whatever_the_size_of_a_page(house: House) -> None:
    await happened(house, *["plan.done"] * 7, body={"plan_id": str(uuid4())})
    other = await system(house)

    by_three, at_once = await other.all(limit=3), (await other.page())["facts"]

    assert by_three == at_once
    async with house.session() as session:
        stored = (await session.exec(select(tables.Fact).order_by(tables.Fact.number))).all()  # type: ignore[arg-type]
    assert [fact["id"] for fact in at_once] == [str(fact.id) for fact in stored]


async def test_what_a_system_was_given_to_read_is_said_on_the_practice_within_its_scopes_only(
    house: House, lived: UUID
) -> None:
    desk = await house.sign_in(Role.BACK_OFFICE)
    narrow = await system(house, name="Solo incassi", scopes=[FactScope.MONEY.value])
    await system(house, name="Non legge mai")
    assert (await desk.get(f"/practices/{lived}/told")).json()["rows"] == []

    given = [fact for fact in await narrow.all() if fact["practice_id"] == str(lived)]

    rows = (await desk.get(f"/practices/{lived}/told")).json()["rows"]
    assert sorted(row["fact_kind"] for row in rows) == sorted(fact["kind"] for fact in given)
    assert {(row["way"], row["to"], row["state"]) for row in rows} == {("feed", "Solo incassi", "given")}


async def test_what_was_told_goes_on_page_by_page_and_leaves_nothing_out(house: House, lived: UUID) -> None:
    desk = await house.sign_in(Role.BACK_OFFICE)
    async with house.session() as session:
        for at in range(450):
            body = {"amount_cents": at + 1, "method": "cash", "receipt": f"U1-{at:06}"}
            tell(session, NewFact("payment.received", NOW, practice_id=lived, creditor_id=house.creditor_id, body=body))
    given = [fact for fact in await (await system(house)).all(limit=200) if fact["practice_id"] == str(lived)]

    pages, before = [], ""
    while True:
        page = (await desk.get(f"/practices/{lived}/told{before}")).json()
        pages.append(page["rows"])
        if page["before"] is None:
            break
        before = f"?before={page['before']}"

    told = [row["fact_kind"] for page in pages for row in page]
    assert told == [fact["kind"] for fact in reversed(given)]
    assert len(told) >= 450
    assert [len(page) for page in pages[:2]] == [200, 200]


@pytest.mark.usefixtures("lived")
async def test_of_another_creditors_reader_nothing_is_said(house: House, lived: UUID) -> None:
    async with house.session() as session:
        other = a_creditor(house.agency_id, name="Altra Finanziaria S.p.A.")
        session.add(other)
    desk = await house.sign_in(Role.BACK_OFFICE)

    await (await system(house, creditor_id=str(other.id))).all()

    assert (await desk.get(f"/practices/{lived}/told")).json()["rows"] == []


async def test_a_fact_says_whom_it_is_about_and_what_was_promised(house: House, lived: UUID) -> None:
    facts = await (await system(house)).all()

    paid = next(fact for fact in facts if fact["kind"] == "payment.received")
    assert (paid["v"], paid["practice_id"], paid["practice_number"]) == (1, str(lived), "P-001")
    assert paid["creditor_id"] == str(house.creditor_id)
    assert (paid["data"]["amount_cents"], paid["data"]["method"], paid["data"]["instalment"]) == (5_000, "cash", None)


async def test_what_is_new_comes_after_the_last_cursor_and_any_facts_cursor_replays(house: House, lived: UUID) -> None:
    other = await system(house)
    first = await other.page()

    nothing = await other.page(cursor=first["next"])
    await happened(house, "practice.recalled", practice_id=lived)
    news = await other.page(cursor=nothing["next"])
    again = await other.page(cursor=first["facts"][1]["cursor"])

    assert (nothing["facts"], nothing["more"]) == ([], False)
    assert [fact["kind"] for fact in news["facts"]] == ["practice.recalled"]
    assert news["facts"][0]["creditor_id"] == str(house.creditor_id)
    assert [fact["id"] for fact in again["facts"]] == [fact["id"] for fact in [*first["facts"][2:], *news["facts"]]]


async def test_reading_begins_at_an_instant(house: House) -> None:
    await happened(house, "plan.done")
    house.clock.move_to(NOW + timedelta(hours=1))
    await happened(house, "plan.failed")
    other = await system(house)

    later = await other.page(since=(NOW + timedelta(minutes=30)).isoformat())
    never = await other.page(since=(NOW + timedelta(days=1)).isoformat())
    always = await other.page(since=(NOW - timedelta(days=1)).isoformat())

    assert [fact["kind"] for fact in later["facts"]] == ["plan.failed"]
    assert never["facts"] == []
    assert [fact["kind"] for fact in always["facts"]] == ["plan.done", "plan.failed"]
    await happened(house, "plan.started")
    assert [fact["kind"] for fact in (await other.page(cursor=never["next"]))["facts"]] == ["plan.started"]


async def test_an_empty_house_gives_a_cursor_too(house: House) -> None:
    other = await system(house)

    empty = await other.page()
    await happened(house, "plan.done")

    assert [fact["kind"] for fact in (await other.page(cursor=empty["next"]))["facts"]] == ["plan.done"]


# --- scopes and creditors ---


async def test_an_account_sees_what_its_scopes_open_and_its_cursor_moves_past_the_rest(
    house: House, lived: UUID
) -> None:
    other = await system(house, scopes=["facts:money"])

    page = await other.page()
    await happened(house, "visit.arrived", practice_id=lived)
    after = await other.page(cursor=page["next"])

    assert {fact["kind"] for fact in page["facts"]} == {"payment.received"}
    assert after["facts"] == []
    assert after["next"] != page["next"]


@pytest.mark.usefixtures("lived")
async def test_an_account_of_a_creditor_gets_no_other_creditors_facts_and_none_of_the_house(house: House) -> None:
    stranger_id = new_id()
    async with house.session() as session:
        session.add(
            tables.Creditor(
                id=stranger_id,
                agency_id=house.agency_id,
                name="Altra Banca",
                layout="",
                vat_number="01234567897",
                iban="IT60X0542811101000000123456",
                cheque_payee="Altra Banca",
            )
        )
        await session.flush()
        tell(session, NewFact("plan.done", NOW), NewFact("practice.recalled", NOW, creditor_id=stranger_id))
    ours = await system(house, creditor_id=str(house.creditor_id))
    theirs = await system(house, creditor_id=str(stranger_id))
    everybodys = await system(house)

    assert {fact["creditor_id"] for fact in await ours.all()} == {str(house.creditor_id)}
    assert [fact["kind"] for fact in await theirs.all()] == ["practice.recalled"]
    assert await everybodys.all(creditor_id=str(stranger_id)) == await theirs.all()
    crossed = await theirs.get(creditor_id=str(house.creditor_id))
    assert (crossed.status_code, crossed.json()["code"]) == (403, "feed.not_your_creditor")


@pytest.mark.usefixtures("lived")
async def test_another_agencys_facts_are_not_there_and_its_cursor_is_refused(house: House) -> None:
    agency_id, _, stranger = await house.other_agency()
    async with house.session(agency_id) as session:
        tell(session, NewFact("plan.done", NOW))
        admin = (await session.exec(select(tables.Person).where(tables.Person.role == "administrator"))).one()
    their_desk = await house.sign_in(person=admin)
    made = await their_desk.post("/service-accounts", json={"name": "x", "scopes": ALL})
    theirs, ours = System(house, made.json()["token"]), await system(house)

    crossed = await theirs.get(cursor=(await ours.page())["next"])

    assert [fact["kind"] for fact in await theirs.all()] == ["plan.done"]
    assert crossed.json()["code"] == "feed.cursor_elsewhere"
    assert stranger.agency_id == agency_id


# --- cursors ---


@pytest.mark.usefixtures("lived")
async def test_a_cursor_from_the_future_or_of_another_history_is_refused(house: House) -> None:
    other = await system(house)
    first = (await other.page())["facts"][0]
    async with house.session() as session:
        number = (await session.exec(select(tables.Fact.number).where(tables.Fact.id == UUID(first["id"])))).one()

    def cursor(number: int, fact_id: UUID) -> str:
        return write_cursor(Position(house.agency_id, number, fact_id), house.parts.cursor_key)

    future = await other.get(cursor=cursor(number + 10_000, new_id()))
    elsewhere = await other.get(cursor=cursor(number, new_id()))
    bent = await other.get(cursor=first["cursor"][:-2] + ("AA" if first["cursor"][-2:] != "AA" else "BB"))
    both = await other.get(cursor=first["cursor"], since=NOW.isoformat())

    assert (future.status_code, future.json()["code"]) == (409, "feed.cursor_ahead")
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "feed.cursor_of_another_history")
    assert (bent.status_code, bent.json()["code"]) == (422, "feed.cursor_forged")
    assert (both.status_code, both.json()["code"]) == (422, "feed.cursor_or_since")


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "all"])
async def test_a_page_of_no_size_is_refused(house: House, limit: str) -> None:
    assert (await (await system(house)).get(limit=limit)).status_code == 422


# --- tokens ---


async def test_a_token_is_shown_once_kept_as_a_digest_and_revoked(house: House) -> None:
    made = await account(house)
    other = System(house, made["token"])
    assert (await other.get()).status_code == 200

    desk = await house.sign_in(Role.ADMINISTRATOR)
    listed = await desk.get("/service-accounts")
    revoked = await desk.post(f"/service-accounts/{made['account']['id']}/revoke")

    assert made["token"] not in listed.text
    assert listed.json()[0]["last_used_at"] is not None
    async with house.session() as session:
        row = (await session.exec(select(tables.ServiceAccount))).one()
        entries = [entry.action for entry in (await session.exec(select(tables.AuditEntry))).all()]
        texts = str([entry.model_dump() for entry in (await session.exec(select(tables.AuditEntry))).all()])
    assert made["token"] not in f"{row.model_dump()} {texts}"
    assert {"service_account.created", "service_account.revoked"} <= set(entries)
    assert revoked.json()[0]["revoked_at"] is not None
    assert ((await other.get()).status_code, (await other.get()).json()["code"]) == (401, "access.token_unknown")
    again = await desk.post(f"/service-accounts/{made['account']['id']}/revoke")
    assert again.json() == revoked.json()


@pytest.mark.parametrize(
    ("header", "code"),
    [
        # No proof at all
        (None, "access.token_needed"),
        # A password where a token belongs
        ("Basic dXNlcjpwYXNz", "access.token_needed"),
        # Empty
        ("Bearer ", "access.token_needed"),
        # Invented
        ("Bearer fieldapp_0000000000", "access.token_unknown"),
    ],
)
async def test_without_a_token_of_ours_nothing_is_told(house: House, header: str | None, code: str) -> None:
    headers = {} if header is None else {"authorization": header}

    answer = await house.client().get(f"{BASE}/feed", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, code)


async def test_a_persons_session_and_a_token_open_no_door_of_each_other(house: House) -> None:
    desk = await house.sign_in(Role.ADMINISTRATOR)
    token = (await account(house))["token"]

    feed_by_session = await desk.get("/feed")
    desk_by_token = await house.client().get(f"{BASE}/practices", headers={"authorization": f"Bearer {token}"})

    assert feed_by_session.json()["code"] == "access.token_needed"
    assert desk_by_token.json()["code"] == "access.sign_in_needed"


async def test_more_than_the_rate_is_turned_away_until_the_minute_is_over(house: House) -> None:
    other = await system(house, a_minute=3)

    answers = await asyncio.gather(*(other.get() for _ in range(8)))
    refused = await other.get()
    house.clock.move_to(NOW + timedelta(seconds=61))

    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [429] * 5
    assert (refused.json()["code"], refused.headers["retry-after"]) == ("access.too_often", "60")
    assert (await other.get()).status_code == 200


@pytest.mark.parametrize(
    "wanted",
    [
        # A scope that nobody knows
        {"name": "x", "scopes": ["facts:everything"]},
        # No scope at all
        {"name": "x", "scopes": []},
        # Nameless
        {"name": "  ", "scopes": ALL},
        # Never
        {"name": "x", "scopes": ALL, "a_minute": 0},
    ],
)
async def test_an_account_that_makes_no_sense_is_refused(house: House, wanted: dict[str, Any]) -> None:
    desk = await house.sign_in(Role.ADMINISTRATOR)

    assert (await desk.post("/service-accounts", json=wanted)).status_code == 422


async def test_an_account_for_a_creditor_of_nobody_is_refused(house: House) -> None:
    desk = await house.sign_in(Role.ADMINISTRATOR)

    answer = await desk.post("/service-accounts", json={"name": "x", "scopes": ALL, "creditor_id": str(uuid4())})

    assert answer.json()["code"] == "creditor.unknown"


# --- what leaves the house is what was promised ---


def fits(member: Member, value: Any) -> bool:
    if value is None:
        return member.maybe
    match member.kind:
        case MemberKind.ID:
            return str(UUID(value)) == value
        case MemberKind.DAY:
            return date.fromisoformat(value) is not None
        case MemberKind.INSTANT:
            return datetime.fromisoformat(value).tzinfo is not None
        case MemberKind.CENTS | MemberKind.COUNT:
            return type(value) is int
        case MemberKind.FLAG:
            return type(value) is bool
        case MemberKind.TEXT | MemberKind.CODE:
            return isinstance(value, str)
        case MemberKind.CODES | MemberKind.IDS | MemberKind.OBJECTS:
            return isinstance(value, list)


async def test_facts_of_a_real_day_hold_what_the_catalogue_promises(house: House, lived: UUID) -> None:
    desk = await house.sign_in(Role.ADMINISTRATOR)
    office = await house.sign_in(Role.BACK_OFFICE)
    phone = await phone_of(house)
    stop = (await day_of(phone))["stops"][0]
    late = AT + timedelta(minutes=30)
    await phone.push(phone.envelope("visit", a_report(stop, at=late, stop_id=None), at=late))
    call = {"channel": "call", "at": (NOW - timedelta(days=3)).isoformat(), "reached": True}
    await office.post(f"/practices/{lived}/contacts", json=call)
    act = {"kind": "formal_notice", "on": "2026-11-20", "reference": "AR 1"}
    await office.post(f"/practices/{lived}/interruptions", json=act)
    edit = {"rule": "visit.hours", "parameters": {"weekday_to": "20:00"}}
    await desk.post("/rules/versions", json={"edits": [edit], "base": 0, "reason": "prova"})
    await desk.post("/licences/agency", json={"number": "115/1", "authority": "Questura", "valid_to": "2026-12-01"})
    plan = (await desk.post("/dispatch/plans", json={"day": "2026-11-27", "seconds": 1, "seed": 1})).json()
    await house.run_jobs()
    await desk.post(f"/dispatch/plans/{plan['id']}/publish")

    facts = await (await system(house)).all(limit=200)

    kinds = {fact["kind"] for fact in facts}
    assert len(kinds) >= 9, kinds
    for fact in facts:
        event = EVENTS[fact["kind"]]
        assert set(fact["data"]) == {member.name for member in event.members}
        wrong = [m.name for m in event.members if not fits(m, fact["data"][m.name])]
        assert wrong == [], (fact["kind"], fact["data"])


# --- many writers ---

WRITERS, EACH = 50, 8


@asynccontextmanager
async def house_session(database: Database, scope: Scope) -> AsyncIterator[AsyncSession]:
    """A session whose end is left to the test."""
    async with AsyncSession(database.engine, expire_on_commit=False) as session:
        await enter(session, scope)
        yield session


async def test_fifty_slow_writers_and_a_reader_that_polls_skip_nothing_and_repeat_nothing(house: House) -> None:
    theirs, _, _ = await house.other_agency()
    clock = house.parts.clock
    database = Database(house.parts.database.url, now=clock.now, new_id=new_id, pool_size=60)
    chance = random.Random(7)
    committed: set[str] = set()
    writing = True

    async def write(writer: int) -> None:
        for turn in range(EACH):
            mine = f"{writer}:{turn}"
            agency_id = theirs if chance.random() < 0.2 else house.agency_id
            scope = Scope(agency_id, "administrator")
            waits = [chance.random() * 0.02 for _ in range(2)]
            undone = chance.random() < 0.15
            # As `Database.transaction`, with pauses where a slow machine would make them.
            async with house_session(database, scope) as session:
                await asyncio.sleep(waits[0])
                tell(session, NewFact("task.opened", NOW, body={"task_id": mine, "kind": "x"}))
                await feed.seal(session, now=clock.now(), new_id=new_id)
                # Now and then a commit is slow: long enough that others, numbered later, would overtake it.
                if chance.random() < 0.05:
                    await asyncio.sleep(0.15)
                if undone:
                    await session.rollback()
                    continue
                await session.commit()
            if agency_id == house.agency_id:
                committed.add(mine)
            await asyncio.sleep(waits[1])

    account = ServiceIdentity(house.agency_id, new_id(), "reader", frozenset(FactScope), None)

    async def follow(limit: int) -> list[str]:
        seen, cursor, last = [], None, False
        while True:
            page = await feed_out.read_feed(
                house.parts, account, cursor=cursor, since=None, creditor_id=None, limit=limit
            )
            seen += [fact.data["task_id"] for fact in page.facts]
            cursor = page.next
            if page.more:
                continue
            if last:
                return seen
            # One more look once everybody has stopped writing.
            last = not writing
            await asyncio.sleep(0.002)

    readers = [asyncio.create_task(follow(limit)) for limit in (1, 7, 500)]
    await asyncio.gather(*(write(writer) for writer in range(WRITERS)))
    writing = False
    heard = await asyncio.gather(*readers)
    await database.close()

    assert len(committed) > WRITERS * EACH // 2
    for seen in heard:
        assert len(seen) == len(set(seen)), "repeated"
        assert set(seen) == committed, "skipped"
    assert heard[0] == heard[1] == heard[2]
