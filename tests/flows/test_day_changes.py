"""A phone that holds a day is sent what changed in it; laid over what it holds, that is the whole day."""

from __future__ import annotations

import gzip
import json
import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from fieldapp.domain.access import Role
from fieldapp.services.work import PROTOCOL
from tests.conftest import NOW
from tests.flows.arranged import TODAY, entrusted, published
from tests.flows.conftest import Desk, House, a_person
from tests.flows.phone import FieldPhone, a_report
from tests.flows.test_sync import AT, paid_report, phone_of, verdicts
from tests.seeds import DRAWN

FIXED = 20261130
SPOKEN = {"x-protocol": str(PROTOCOL)}


async def asked(phone: FieldPhone, cursor: str | None = None, *, day: str = "", protocol: int = PROTOCOL) -> Any:
    """The day as it is answered to a phone that names `cursor`."""
    headers = {"x-protocol": str(protocol), **({} if cursor is None else {"x-day-cursor": cursor})}
    answer = await phone.request("GET", f"/field/day{day and '?day='}{day}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def is_whole(answer: dict[str, Any]) -> bool:
    return "stops" in answer


def laid_over(held: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """As the phone does it (`agent/dayChanges.ts`)."""
    practices = {stop["practice"]["id"]: stop["practice"] for stop in held["stops"]}
    practices |= {card["id"]: card for card in changes["changed_practices"]}
    stops = {stop["stop_id"]: {**stop, "practice_id": stop["practice"]["id"]} for stop in held["stops"]}
    stops |= {part["stop_id"]: part for part in changes["changed_stops"]}
    order = changes["order"] if changes["order"] is not None else [stop["stop_id"] for stop in held["stops"]]
    merged = []
    for stop_id in order:
        times = {name: value for name, value in stops[stop_id].items() if name not in ("practice", "practice_id")}
        merged.append({**times, "practice": practices[stops[stop_id]["practice_id"]]})
    told = {name: changes[name] for name in ("protocol", "clock", "cursor")}
    return {**held, **changes["fields"], **told, "stops": merged}


def weight(answer: Any) -> int:
    """Bytes on the wire."""
    return len(gzip.compress(json.dumps(answer, separators=(",", ":")).encode(), 4))


async def a_day(house: House, visits: int = 4) -> tuple[FieldPhone, list[UUID]]:
    practices = [await entrusted(house, f"P-00{number}") for number in range(1, visits + 1)]
    await published(house, *practices)
    return await phone_of(house), practices


class Office:
    """Changes a day in one of the ways that days change, by chance."""

    def __init__(self, house: House, phone: FieldPhone, practices: list[UUID], *, seed: int) -> None:
        self.house, self.phone, self.practices = house, phone, practices
        self.by_chance = random.Random(seed)

    async def change(self, held: dict[str, Any], desk: Desk) -> str:
        ways = (self.publish, self.report, self.pay, self.write, self.wait, self.rest)
        way = self.by_chance.choice(ways)
        await way(held, desk)
        return way.__name__

    async def publish(self, *_: Any) -> None:
        await published(self.house, *self.by_chance.sample(self.practices, self.by_chance.randrange(1, 5)))

    async def report(self, held: dict[str, Any], _: Desk) -> None:
        if open_stops := [stop for stop in held["stops"] if not stop["done"]]:
            stop = self.by_chance.choice(open_stops)
            await verdicts(self.phone, self.phone.envelope("visit", a_report(stop, at=AT), at=AT))

    async def pay(self, held: dict[str, Any], _: Desk) -> None:
        if open_stops := [stop for stop in held["stops"] if not stop["done"]]:
            body = paid_report(self.phone, self.by_chance.choice(open_stops), 1_000)
            await verdicts(self.phone, self.phone.envelope("visit", body, at=AT))

    async def write(self, _: dict[str, Any], desk: Desk) -> None:
        body = {"text": f"Ponte chiuso {self.by_chance.random()}", "agent_id": None}
        assert (await desk.post(f"/dispatch/days/{TODAY.isoformat()}/messages", json=body)).status_code in (200, 409)

    async def wait(self, *_: Any) -> None:
        self.house.clock.move_to(self.house.parts.clock.now() + timedelta(minutes=1))

    async def rest(self, *_: Any) -> None:
        """Nothing happens."""


@pytest.mark.parametrize("seed", [FIXED, DRAWN], ids=["fixed", "drawn"])
async def test_the_day_held_and_its_changes_are_the_whole_day_whatever_the_office_does(house: House, seed: int) -> None:
    print(f"seed {seed}")
    phone, practices = await a_day(house)
    office = Office(house, phone, practices, seed=seed)
    desk = await house.sign_in(Role.DISPATCHER)
    held = await asked(phone)

    for step in range(20):
        done = await office.change(held, desk)
        # A phone that was away misses readings; it goes on from the one that it holds.
        if office.by_chance.random() < 0.3:
            continue
        changes, whole = await asked(phone, held["cursor"]), await asked(phone)

        assert not is_whole(changes), f"seed {seed}, step {step}: {done}"
        held = laid_over(held, changes)
        assert held == whole, f"seed {seed}, step {step}: {done}"


async def test_nothing_comes_of_a_day_that_did_not_change(house: House) -> None:
    phone, _ = await a_day(house)
    held = await asked(phone)

    again = await asked(phone, held["cursor"])

    assert (again["fields"], again["order"], again["changed_stops"], again["changed_practices"]) == ({}, None, [], [])
    assert again["cursor"] == held["cursor"]


async def test_a_report_sends_its_own_visit_again_and_no_other(house: House) -> None:
    phone, _ = await a_day(house)
    held = await asked(phone)
    first = held["stops"][0]
    await verdicts(phone, phone.envelope("visit", a_report(first, at=AT), at=AT))

    changes = await asked(phone, held["cursor"])

    assert [part["stop_id"] for part in changes["changed_stops"]] == [first["stop_id"]]
    assert [card["id"] for card in changes["changed_practices"]] == [first["practice"]["id"]]
    assert changes["order"] is None
    assert "ruleset" not in changes["fields"]


async def test_what_is_sent_of_a_day_of_twenty_visits_is_a_small_part_of_it(house: House) -> None:
    practices = [await entrusted(house, f"P-00{letter}") for letter in "0123456789ABCDEFGHIJ"]
    await published(house, *practices)
    phone = await phone_of(house)
    held = await asked(phone)
    await verdicts(phone, phone.envelope("visit", a_report(held["stops"][0], at=AT), at=AT))
    of_one = await asked(phone, held["cursor"])
    await published(house, *practices[1:], practices[0])
    of_order = await asked(phone, of_one["cursor"])
    of_nothing = await asked(phone, of_order["cursor"])

    ratios = [weight(part) / weight(held) for part in (of_nothing, of_one, of_order)]
    print("of a whole day", weight(held), "bytes:", [f"{ratio:.1%}" for ratio in ratios])

    assert [ratio < most for ratio, most in zip(ratios, (0.1, 0.2, 0.4), strict=True)] == [True, True, True]


# --- whole all the same ---


async def test_a_cursor_of_another_phone_or_person_brings_the_whole_day(house: House) -> None:
    phone, _ = await a_day(house)
    second = await phone_of(house)
    colleague = a_person(house.agency_id, Role.AGENT, login="collega", number="2")
    async with house.session() as session:
        session.add(colleague)
    third = await FieldPhone.enrol(await house.sign_in(person=colleague), house.client(), agent_number="2")
    cursor = (await asked(phone))["cursor"]

    assert is_whole(await asked(second, cursor))
    assert (await asked(third, cursor))["stops"] == []


async def test_a_cursor_of_another_day_brings_the_whole_day(house: House) -> None:
    phone, practices = await a_day(house)
    tomorrow = TODAY + timedelta(days=1)
    await published(house, *practices, day=tomorrow)
    cursor = (await asked(phone))["cursor"]

    ahead = await asked(phone, cursor, day=tomorrow.isoformat())
    house.clock.move_to(NOW + timedelta(days=1))
    old = await asked(phone, cursor)
    held = await asked(phone, ahead["cursor"])

    assert (is_whole(ahead), is_whole(old)) == (True, True)
    # What was fetched ahead is gone on from once its day has come.
    assert laid_over(ahead, held) == await asked(phone)


@pytest.mark.parametrize("text", ["", "hello", "A" * 900])
async def test_what_is_no_cursor_brings_the_whole_day(house: House, text: str) -> None:
    phone, _ = await a_day(house, visits=1)

    assert is_whole(await asked(phone, text))


async def test_the_protocol_before_gets_the_whole_day(house: House) -> None:
    phone, _ = await a_day(house, visits=1)
    cursor = (await asked(phone))["cursor"]

    assert is_whole(await asked(phone, protocol=PROTOCOL - 1))
    assert is_whole(await asked(phone, cursor, protocol=PROTOCOL - 1))
