"""The office writes to agents on the road: who gets it, what the board sees of it, what is refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.events import EVENTS, FactScope
from fieldapp.settings import Settings
from fieldapp.store import tables
from tests.conftest import NOW
from tests.flows.arranged import TODAY, entrusted, published
from tests.flows.conftest import Desk, House, a_house
from tests.flows.phone import FieldPhone, text_of
from tests.flows.test_planning import code, colleague
from tests.flows.test_push import CONTACT, subscribe
from tests.flows.test_sync import AT, day_of, one_stop, phone_of, verdicts
from tests.push_service import Browser, PushService

PATH = f"/dispatch/days/{TODAY.isoformat()}/messages"
SAID = "Via Roma è chiusa: passate da Corso Adda."


@pytest.fixture
def outside() -> Iterator[PushService]:
    with PushService() as running:
        yield running


@pytest.fixture
async def told(settings: Settings) -> AsyncIterator[House]:
    """A service that sends notices, also to this machine."""
    async with a_house(settings.model_copy(update={"push_contact": CONTACT, "push_local": True})) as house:
        yield house


async def sent(desk: Desk, text: str = SAID, agent_id: object = None) -> dict[str, Any]:
    answer = await desk.post(PATH, json={"text": text, "agent_id": str(agent_id) if agent_id else None})
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["messages"][0])


async def on_board(desk: Desk) -> dict[str, Any]:
    """The newest message's only copy, as the board shows it now."""
    [copy] = (await desk.get(PATH)).json()["messages"][0]["copies"]
    return dict(copy)


def reading(phone: FieldPhone, message_id: object, **options: Any) -> dict[str, Any]:
    return phone.envelope("message_read", {"message_id": str(message_id), "at": text_of(AT)}, at=AT, **options)


async def facts(house: House, kind: str) -> list[tables.Fact]:
    async with house.session() as session:
        return list((await session.exec(select(tables.Fact).where(tables.Fact.kind == kind))).all())


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.BACK_OFFICE, Role.ADMINISTRATOR])
async def test_a_message_is_sent_then_on_the_phone_then_read_and_the_board_shows_each(house: House, role: Role) -> None:
    phone, _ = await one_stop(house)
    desk = await house.sign_in(role)

    message = await sent(desk, f"  {SAID} ", house.people[Role.AGENT].id)

    assert (message["text"], message["to_all"], message["sent_by"]) == (SAID, False, desk.identity.name)
    assert [(await on_board(desk))[at] for at in ("fetched_at", "read_at", "withdrawn_at")] == [None, None, None]
    [card] = (await day_of(phone))["messages"]
    assert (card["id"], card["text"], card["sent_by"], card["read_at"]) == (
        message["id"],
        SAID,
        desk.identity.name,
        None,
    )
    assert (await on_board(desk))["fetched_at"] is not None
    assert await verdicts(phone, reading(phone, message["id"])) == [("accepted", None)]
    assert (await on_board(desk))["read_at"] == text_of(AT).replace(".000Z", "Z")
    assert [card["read_at"] is not None for card in (await day_of(phone))["messages"]] == [True]


async def test_each_step_is_told_once_to_the_office_alone_and_never_in_its_words(house: House) -> None:
    phone, _ = await one_stop(house)
    desk = await house.sign_in(Role.DISPATCHER)
    message = await sent(desk)
    for _ in range(2):
        await day_of(phone)
    first = reading(phone, message["id"])
    assert await verdicts(phone, first) == [("accepted", None)]

    # The same once more, and another envelope that says the same.
    assert await verdicts(phone, first, reading(phone, message["id"])) == [("duplicate", None), ("accepted", None)]

    kinds = ("message.sent", "message.fetched", "message.read")
    told = [await facts(house, kind) for kind in kinds]
    assert [len(of_kind) for of_kind in told] == [1, 1, 1]
    assert {EVENTS[kind].scope for kind in kinds} == {FactScope.OFFICE}
    assert {(fact.creditor_id, fact.practice_id, fact.day) for [fact] in told for fact in [fact]} == {
        (None, None, TODAY)
    }
    async with house.session() as session:
        entries = (
            await session.exec(select(tables.AuditEntry).where(tables.AuditEntry.subject_kind == "message"))
        ).all()
    assert [entry.action for entry in entries] == ["message.sent"]
    assert SAID not in json.dumps([*(fact.body for [fact] in told for fact in [fact]), entries[0].details])


async def test_two_readings_in_one_batch_are_one(house: House) -> None:
    phone, _ = await one_stop(house)
    message = await sent(await house.sign_in(Role.DISPATCHER))

    both = (reading(phone, message["id"]), reading(phone, message["id"]))

    assert await verdicts(phone, *both) == [("accepted", None), ("accepted", None)]
    assert len(await facts(house, "message.read")) == 1


async def test_two_phones_of_one_agent_at_once_tell_each_step_once(house: House) -> None:
    phone, _ = await one_stop(house)
    second = await phone_of(house)
    message = await sent(await house.sign_in(Role.DISPATCHER))

    await asyncio.gather(day_of(phone), day_of(second))
    answers = await asyncio.gather(*(verdicts(one, reading(one, message["id"])) for one in (phone, second)))

    assert answers == [[("accepted", None)], [("accepted", None)]]
    assert [len(await facts(house, kind)) for kind in ("message.fetched", "message.read")] == [1, 1]


async def test_a_message_to_all_goes_to_each_agent_of_the_day_who_has_a_phone(house: House) -> None:
    await published(house, await entrusted(house))
    other = await colleague(house)
    # Two agents share the day, the second has no phone.
    async with house.session() as session:
        day = (await session.exec(select(tables.PublishedDay))).one()
        day.routes = {**day.routes, str(other.id): {}}
    await phone_of(house)
    desk = await house.sign_in(Role.DISPATCHER)

    message = await sent(desk)

    assert [copy["agent_id"] for copy in message["copies"]] == [str(house.people[Role.AGENT].id)]
    listed = (await desk.get(PATH)).json()["recipients"]
    assert {one["agent_id"]: one["has_phone"] for one in listed} == {
        str(house.people[Role.AGENT].id): True,
        str(other.id): False,
    }
    assert code(await desk.post(PATH, json={"text": SAID, "agent_id": str(other.id)})) == (409, "message.no_phone")


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("", (422, "message.empty")),
        (" \n\t ", (422, "message.empty")),
        ("a" * 501, (422, "message.too_long")),
        ("a\u0000b", (422, "message.unreadable")),  # what the database cannot hold
        ("gira\u202eatsop", (422, "message.unreadable")),  # reads otherwise than it was written
    ],
)
async def test_a_text_that_cannot_be_sent_is_refused_and_nothing_is_kept(
    house: House, text: str, refused: tuple[int, str]
) -> None:
    await one_stop(house)
    desk = await house.sign_in(Role.DISPATCHER)

    assert code(await desk.post(PATH, json={"text": text})) == refused
    assert (await desk.get(PATH)).json()["messages"] == []


async def test_five_hundred_characters_are_sent(house: House) -> None:
    await one_stop(house)

    assert len((await sent(await house.sign_in(Role.DISPATCHER), "è" * 500))["text"]) == 500


async def test_only_agents_of_todays_published_day_are_written_to(house: House) -> None:
    desk = await house.sign_in(Role.DISPATCHER)
    assert code(await desk.post(PATH, json={"text": SAID})) == (409, "message.not_published")
    await published(house, await entrusted(house))
    idle = await colleague(house)
    _, _, stranger = await house.other_agency()
    tomorrow = f"/dispatch/days/{(TODAY + timedelta(days=1)).isoformat()}/messages"

    async def refused(agent_id: object) -> tuple[int, str]:
        return code(await desk.post(PATH, json={"text": SAID, "agent_id": str(agent_id)}))

    assert code(await desk.post(PATH, json={"text": SAID})) == (409, "message.nobody_has_a_phone")
    phone = await phone_of(house)
    assert await refused(idle.id) == (409, "message.agent_not_of_day")
    assert await refused(stranger.id) == (404, "message.agent_unknown")
    assert await refused(house.people[Role.BACK_OFFICE].id) == (404, "message.agent_unknown")
    assert code(await desk.post(tomorrow, json={"text": SAID})) == (409, "message.not_today")
    administrator = await house.sign_in(Role.ADMINISTRATOR)
    await administrator.post(f"/devices/{phone.device_id}/revoke")
    assert await refused(house.people[Role.AGENT].id) == (409, "message.no_phone")
    assert (await desk.get(PATH)).json()["messages"] == []


async def test_a_revoked_phone_gets_no_message_and_its_reading_is_turned_away(house: House) -> None:
    phone, _ = await one_stop(house)
    desk = await house.sign_in(Role.ADMINISTRATOR)
    message = await sent(desk)
    await desk.post(f"/devices/{phone.device_id}/revoke")

    assert (await phone.request("GET", "/field/day")).status_code in (401, 403)
    assert (await phone.push(reading(phone, message["id"]))).status_code in (401, 403)
    assert (await on_board(desk))["fetched_at"] is None


async def test_a_message_that_no_phone_has_is_withdrawn_without_a_trace_there(house: House) -> None:
    phone, _ = await one_stop(house)
    desk = await house.sign_in(Role.DISPATCHER)
    message = await sent(desk)

    answer = await desk.post(f"/dispatch/messages/{message['id']}/withdraw")

    assert answer.json()["messages"][0]["copies"][0]["withdrawn_at"] is not None
    assert (await day_of(phone))["messages"] == []
    again = await desk.post(f"/dispatch/messages/{message['id']}/withdraw")
    assert code(again) == (409, "message.withdrawn_already")


async def test_a_message_on_the_phone_goes_as_withdrawn_and_a_reading_on_the_road_still_counts(house: House) -> None:
    phone, _ = await one_stop(house)
    desk = await house.sign_in(Role.DISPATCHER)
    message = await sent(desk)
    await day_of(phone)
    read_offline = reading(phone, message["id"])

    await desk.post(f"/dispatch/messages/{message['id']}/withdraw")

    [card] = (await day_of(phone))["messages"]
    assert (card["text"], card["withdrawn_at"] is not None) == ("", True)
    assert await verdicts(phone, read_offline) == [("accepted", None)]
    copy = await on_board(desk)
    assert (copy["read_at"] is not None, copy["withdrawn_at"] is not None) == (True, True)


async def test_what_was_read_is_not_withdrawn(house: House) -> None:
    phone, _ = await one_stop(house)
    desk = await house.sign_in(Role.DISPATCHER)
    message = await sent(desk)
    await verdicts(phone, reading(phone, message["id"]))

    assert code(await desk.post(f"/dispatch/messages/{message['id']}/withdraw")) == (409, "message.read_already")
    assert (await on_board(desk))["withdrawn_at"] is None


async def test_a_reading_of_a_message_that_was_not_this_agents_is_refused(house: House) -> None:
    await one_stop(house)
    message = await sent(await house.sign_in(Role.DISPATCHER))
    other = await colleague(house)
    theirs = await FieldPhone.enrol(await house.sign_in(person=other), house.client(), agent_number="2")

    answers = await verdicts(theirs, reading(theirs, message["id"]), reading(theirs, uuid4()), reading(theirs, "x"))

    assert answers == [
        ("refused", "message.unknown"),
        ("refused", "message.unknown"),
        ("refused", "message_read.field_malformed"),
    ]


async def test_the_phone_is_woken_by_the_one_word_and_never_by_the_text(told: House, outside: PushService) -> None:
    phone, _ = await one_stop(told)
    browser = Browser()
    await subscribe(phone, f"{outside.origin}/here", browser)

    await sent(await told.sign_in(Role.DISPATCHER))
    await told.run_jobs()

    [(_, _, body)] = outside.received
    assert browser.opened(body) == b'{"type":"day_changed"}'


async def test_tomorrows_day_carries_no_messages_and_yesterdays_are_gone(house: House) -> None:
    phone, _ = await one_stop(house)
    await sent(await house.sign_in(Role.DISPATCHER))

    tomorrow = await phone.request("GET", f"/field/day?day={(TODAY + timedelta(days=1)).isoformat()}")
    assert tomorrow.json()["messages"] == []
    house.clock.move_to(NOW + timedelta(days=1))
    assert (await day_of(phone))["messages"] == []
