"""When somebody is home: learned by decision only, from our own attempts, gone with the placement, shown in full."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.store import tables
from tests.conftest import NOW
from tests.flows.arranged import TODAY, entrusted, published
from tests.flows.conftest import Desk, House
from tests.flows.phone import a_report
from tests.flows.test_limitation import candidate
from tests.flows.test_planning import planned
from tests.flows.test_sync import AT, day_of, paid_report, phone_of, verdicts

WHY = "Legittimo interesse, bilanciamento del 20 novembre 2026"
NEXT_WEEK = TODAY + timedelta(days=8)
"""A Friday, when a door that was tried yesterday may be tried again."""


async def switch(house: House, *, on: bool = True, reason: str = WHY, role: Role = Role.ADMINISTRATOR) -> Any:
    desk = await house.sign_in(role)
    return await desk.post("/dispatch/learning", json={"on": on, "reason": reason})


async def tried(house: House, *practices: UUID, met: tuple[UUID, ...] = ()) -> None:
    """Each door was rung at once, before ten on a Thursday; it is Friday now."""
    await published(house, *practices)
    phone = await phone_of(house)
    for stop in (await day_of(phone))["stops"]:
        at_home = UUID(stop["practice"]["id"]) in met
        report = paid_report(phone, stop, 15_000) if at_home else a_report(stop, at=AT)
        assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("accepted", None)]
    house.clock.move_to(NOW + timedelta(days=1))


async def file_of(desk: Desk, practice_id: UUID) -> list[dict[str, Any]]:
    return list((await desk.get(f"/practices/{practice_id}")).json()["presence"])


async def attempts(house: House) -> int:
    desk = await house.sign_in(Role.DISPATCHER)
    return int((await desk.get("/dispatch/learning")).json()["attempts"])


async def test_nothing_is_learned_before_somebody_decides_so(house: House) -> None:
    practice_id = await entrusted(house)
    await tried(house, practice_id)
    desk = await house.sign_in(Role.DISPATCHER)

    learning = (await desk.get("/dispatch/learning")).json()

    assert (learning["on"], learning["decided_at"], learning["attempts"]) == (False, None, 0)
    assert (await candidate(house, practice_id, NEXT_WEEK))["best_hour"] is None
    assert await file_of(desk, practice_id) == []


async def test_an_administrator_decides_with_a_ground_that_stays_in_the_register(house: House) -> None:
    answer = await switch(house)

    assert answer.status_code == 200, answer.text
    learning = answer.json()
    assert (learning["on"], learning["reason"], learning["decided_by"]) == (
        True,
        WHY,
        house.people[Role.ADMINISTRATOR].name,
    )
    async with house.session() as session:
        query = select(tables.AuditEntry).where(tables.AuditEntry.action == "learning.switched")
        entry = (await session.exec(query)).one()
    assert (entry.person_id, entry.details) == (house.people[Role.ADMINISTRATOR].id, {"on": True, "reason": WHY})


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"reason": "  "}, "learning.reason_missing"),  # no ground
        ({"on": False}, "learning.nothing_changes"),  # off already
        ({"role": Role.DISPATCHER}, "access.not_your_role"),  # who plans does not decide it
    ],
)
async def test_a_decision_without_ground_or_right_is_refused(house: House, wish: dict[str, Any], code: str) -> None:
    answer = await switch(house, **wish)

    assert answer.json()["code"] == code
    assert await attempts(house) == 0


async def test_a_closed_door_makes_the_same_hours_less_likely_there_than_next_door(house: House) -> None:
    closed, untried = await entrusted(house, "P-001"), await entrusted(house, "P-002")
    await tried(house, closed)
    await switch(house)
    desk = await house.sign_in(Role.BACK_OFFICE)

    here, there = await file_of(desk, closed), await file_of(desk, untried)

    of_closed, of_untried = (
        next(row for row in rows if row["from_h"] == 0 and not row["weekend"]) for rows in (here, there)
    )
    assert (of_closed["met"], of_closed["tried"]) == (0, 1)
    assert (of_untried["met"], of_untried["tried"]) == (0, 0)
    assert of_closed["home_pct"] < of_untried["home_pct"] < 40
    assert sum(row["tried"] for row in here) == 1


async def test_who_was_met_is_worth_more_than_who_was_not(house: House) -> None:
    answered, closed = await entrusted(house, "P-001"), await entrusted(house, "P-002")
    await tried(house, answered, closed, met=(answered,))
    await switch(house)

    first, second = [(await candidate(house, one, NEXT_WEEK))["best_hour"]["home_pct"] for one in (answered, closed)]

    assert first > second


async def test_a_planned_visit_tells_the_chance_at_its_hour_and_from_how_many_attempts(house: House) -> None:
    practice_id = await entrusted(house)
    await tried(house, practice_id)
    desk = await house.sign_in(Role.DISPATCHER)
    before = await planned(house, desk, day=NEXT_WEEK.isoformat())
    await switch(house)

    after = await planned(house, desk, day=NEXT_WEEK.isoformat())

    (was,), (stop,) = ([one for route in plan["routes"] for one in route["stops"]] for plan in (before, after))
    assert "home_pct" not in was["reason_details"]
    assert stop["reason_details"]["tried_at_all"] == 1
    assert 0 < stop["reason_details"]["home_pct"] < 45
    best = (await candidate(house, practice_id, NEXT_WEEK))["best_hour"]
    assert stop["prize_cents"] == best["prize_cents"]
    hour = datetime.fromisoformat(stop["arrive_at"]).astimezone(ZoneInfo("Europe/Rome")).hour
    assert stop["reason_details"]["from_h"] <= hour < stop["reason_details"]["to_h"]


async def test_switched_off_again_plans_are_as_they_were(house: House) -> None:
    practice_id = await entrusted(house)
    await tried(house, practice_id)
    before = await candidate(house, practice_id, NEXT_WEEK)
    await switch(house)
    assert await candidate(house, practice_id, NEXT_WEEK) != before

    await switch(house, on=False, reason="Opposizione del garante interno")

    assert await candidate(house, practice_id, NEXT_WEEK) == before


async def test_what_was_learned_ends_with_the_placement(house: House) -> None:
    practice_id, other = await entrusted(house, "P-001"), await entrusted(house, "P-002")
    await tried(house, practice_id)
    await switch(house)
    learned = (await candidate(house, other, NEXT_WEEK))["best_hour"]
    assert await attempts(house) == 1

    async with house.session() as session:
        practice = await session.get_one(tables.Practice, practice_id)
        (await session.get_one(tables.Placement, practice.placement_id)).ends_on = TODAY - timedelta(days=1)

    assert await attempts(house) == 0
    assert (await candidate(house, other, NEXT_WEEK))["best_hour"] != learned


async def test_what_happens_today_teaches_tomorrow(house: House) -> None:
    practice_id = await entrusted(house)
    await switch(house)
    await published(house, practice_id)
    phone = await phone_of(house)
    (stop,) = (await day_of(phone))["stops"]
    await verdicts(phone, phone.envelope("visit", a_report(stop, at=AT), at=AT))

    today = await attempts(house)
    house.clock.move_to(NOW + timedelta(days=1))

    assert (today, await attempts(house)) == (0, 1)


async def test_a_practice_taken_back_teaches_nothing_any_more(house: House) -> None:
    practice_id = await entrusted(house)
    await tried(house, practice_id)
    await switch(house)

    async with house.session() as session:
        (await session.get_one(tables.Practice, practice_id)).state = "recalled"

    assert await attempts(house) == 0


async def test_a_visit_to_an_appointment_says_nothing_of_who_is_usually_home(house: House) -> None:
    practice_id = await entrusted(house)
    await tried(house, practice_id)
    async with house.session() as session:
        (await session.exec(select(tables.PublishedStop))).one().must = True

    await switch(house)

    assert await attempts(house) == 0


async def test_a_wrong_address_says_nothing_of_who_is_home(house: House) -> None:
    practice_id = await entrusted(house)
    await tried(house, practice_id)
    async with house.session() as session:
        (await session.exec(select(tables.Visit))).one().outcome = "UNKNOWN_AT_ADDRESS"

    await switch(house)

    assert await attempts(house) == 0


async def test_one_ring_for_two_practices_of_one_person_is_one_attempt_and_known_of_both(house: House) -> None:
    first, second = await entrusted(house, "P-001"), await entrusted(house, "P-002", of="P-001")
    await tried(house, first, second)
    desk = await house.sign_in(Role.BACK_OFFICE)
    async with house.session() as session:
        visits = (await session.exec(select(tables.Visit).order_by(tables.Visit.id))).all()  # type: ignore[arg-type]
        visits[1].with_visit_id = visits[0].id

    await switch(house)

    assert await attempts(house) == 1
    assert [sum(row["tried"] for row in await file_of(desk, one)) for one in (first, second)] == [1, 1]
