"""Once the next day is published, today's says so, and the phone may fetch it: its own visits and nothing beyond."""

from __future__ import annotations

from datetime import timedelta

from fieldapp.domain.access import Role
from tests.flows.arranged import TODAY, entrusted, published
from tests.flows.conftest import House, a_person
from tests.flows.test_sync import day_of, phone_of


async def test_todays_day_names_the_next_one_that_gives_the_agent_visits(house: House) -> None:
    first, second = await entrusted(house, "P-001"), await entrusted(house, "P-002")
    await published(house, first)
    phone = await phone_of(house)
    assert (await day_of(phone))["next_day"] is None

    later = TODAY + timedelta(days=4)
    await published(house, second, day=later)
    await published(house, second, day=later)
    told = await day_of(phone)
    answer = await phone.request("GET", f"/field/day?day={told['next_day']}")

    assert (told["next_day"], told["next_version"]) == (later.isoformat(), 2)
    assert [stop["practice"]["practice_number"] for stop in answer.json()["stops"]] == ["P-002"]


async def test_a_day_that_went_to_a_colleague_or_lies_too_far_is_no_next_day(house: House) -> None:
    first, second, third = [await entrusted(house, f"P-00{n}") for n in (1, 2, 3)]
    colleague = a_person(house.agency_id, Role.AGENT, login="collega", number="2")
    async with house.session() as session:
        session.add(colleague)
    await published(house, first)
    tomorrow = TODAY + timedelta(days=1)
    await published(house, second, day=tomorrow)
    await published(house, second, agent=colleague, day=tomorrow)
    await published(house, third, day=TODAY + timedelta(days=8))

    told = await day_of(await phone_of(house))

    assert (told["next_day"], told["next_version"]) == (None, 0)
