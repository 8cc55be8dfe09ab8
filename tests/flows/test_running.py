"""Today as it runs, told to open boards: lateness and alerts after each event, and after time has passed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from fieldapp.domain.access import Role
from fieldapp.services import exchange, running
from fieldapp.store.tables import Person, PublishedStop
from tests.conftest import NOW
from tests.flows.conftest import House
from tests.flows.test_cash import took
from tests.flows.test_danger import an_alarm, cried
from tests.flows.test_events import happen, taken, watching
from tests.flows.test_replans import a_morning


async def told(stream: AsyncIterator[Any]) -> dict[str, Any]:
    """The next word on how the day runs, facts and comments before it passed over."""
    async with asyncio.timeout(20):
        async for message in stream:
            if message.event == "running":
                return dict(json.loads(str(message.data)))
    raise AssertionError("the stream ended")


def lane(day: dict[str, Any], person: Person) -> dict[str, Any]:
    return next(one for one in day["lanes"] if one["agent_id"] == str(person.id))


def alerts(day: dict[str, Any]) -> list[str]:
    return [one["kind"] for one in day["alerts"]]


async def test_a_late_check_in_is_told_to_an_open_board_with_the_new_times_of_that_lane_alone(house: House) -> None:
    morning = await a_morning(house)
    stops = await morning.stops(morning.first)
    async with watching(house) as stream:
        whole = await told(stream)
        house.clock.move_to(datetime.fromisoformat(stops[0]["arrive_at"]) + timedelta(minutes=40))
        late_by = house.clock.now() - NOW
        await morning.arrive(0, minutes_ago=-int(late_by.total_seconds()) // 60)
        after = await told(stream)

    mine = lane(whole, morning.first)
    assert [one["stop_id"] for one in mine["stops"]] == [one["stop_id"] for one in stops]
    assert (mine["behind_s"], alerts(whole)) == (0, [])
    assert [one["agent_id"] for one in after["lanes"]] == [str(morning.first.id)], "the colleague's lane did not change"
    now_ahead = lane(after, morning.first)
    assert [one["stop_id"] for one in now_ahead["stops"]] == [one["stop_id"] for one in stops[1:]]
    assert 35 * 60 <= now_ahead["behind_s"] <= 40 * 60
    arrived = {"stop_id": stops[0]["stop_id"], "state": "arrived", "outcome": None}
    assert (mine["begun"], now_ahead["begun"]) == ([], [arrived])
    [late] = after["alerts"]
    assert (late["kind"], late["agent_id"], late["late_s"]) == ("late", str(morning.first.id), now_ahead["behind_s"])


async def test_time_that_passes_alone_is_told_and_an_appointment_that_will_be_missed_by_name(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "HEARTBEAT_S", 0.05)
    morning = await a_morning(house)
    last = (await morning.stops(morning.first))[-1]
    async with house.session() as session:
        row = (await session.exec(select(PublishedStop).where(PublishedStop.id == UUID(last["stop_id"])))).one()
        row.must, row.window_to = True, row.arrive_at + timedelta(minutes=5)

    async with watching(house) as stream:
        before = await told(stream)
        house.clock.move_to(NOW + timedelta(hours=4))
        after = await told(stream)

    assert alerts(before) == []
    assert alerts(after) == ["must_missed", "late"]
    must = after["alerts"][0]
    assert (must["stop_id"], must["debtor_name"]) == (last["stop_id"], last["debtor_name"])
    assert after["alerts"][1]["missed"] == 1
    assert [one["missed"] for one in lane(after, morning.first)["stops"]] == [False, False, False, True]


async def test_a_report_puts_the_lane_back_in_time(house: House) -> None:
    morning = await a_morning(house)
    first = (await morning.stops(morning.first))[0]
    begun_at = datetime.fromisoformat(first["arrive_at"])
    house.clock.move_to(begun_at + timedelta(minutes=53))
    past = int((begun_at - NOW).total_seconds()) // 60 + 40
    stop = await morning.arrive(0, minutes_ago=-past)
    async with watching(house) as stream:
        waiting = await told(stream)
        await morning.report(stop, minutes_ago=-past)
        after = await told(stream)

    assert alerts(waiting) == ["late"]
    # The report says that the visit was shorter than planned.
    assert lane(after, morning.first)["behind_s"] < lane(waiting, morning.first)["behind_s"]


async def test_alarm_refused_envelope_and_cash_over_the_limit_are_alerts_until_somebody_has_dealt_with_them(
    house: House,
) -> None:
    phone = await took(house, 15_000)
    desk = await house.sign_in(Role.DISPATCHER)
    async with watching(house) as stream:
        assert alerts(await told(stream)) == []
        async with house.session() as session:
            person = (await session.exec(select(Person).where(col(Person.role) == "agent"))).one()
            person.cash_limit_cents = 15_000
        await phone.push(cried(phone, an_alarm(None)))
        day = await told(stream)
        await phone.push(phone.envelope("visit", {"visit_id": str(uuid4())}, at=NOW))
        more = await told(stream)
        [danger] = [one for one in more["alerts"] if one["kind"] == "in_danger"]
        assert (await desk.post(f"/tasks/{danger['task_id']}/finish", json={"note": "Al sicuro"})).status_code == 200
        at_last = await told(stream)

    assert alerts(day) == ["in_danger", "cash_over"]
    assert alerts(more) == ["in_danger", "cash_over", "envelope_refused"]
    assert {one["agent_id"] for one in more["alerts"]} == {str(person.id)}
    assert "cents" not in json.dumps(more), "who plans need not know how much"
    assert alerts(at_last) == ["cash_over", "envelope_refused"]


async def test_however_many_watch_a_fact_is_reckoned_once_and_what_moves_no_day_not_at_all(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_morning(house)
    reckoned = []
    day_of = running.day_of

    async def counted(*given: Any) -> Any:
        reckoned.append(given)
        return await day_of(*given)

    monkeypatch.setattr(running, "day_of", counted)
    async with watching(house) as one, watching(house) as other:
        for stream in (one, other):
            await told(stream)
        await happen(house, "plan.progress", "visit.arrived")
        heard = [await taken(stream, 2) for stream in (one, other)]
        await happen(house, "import.read", "visit.arrived")
        heard += [await taken(stream, 2) for stream in (one, other)]

    assert all(message.event == "fact" for messages in heard for message in messages), "nothing new to tell"
    assert len(reckoned) == 2


async def test_a_day_that_is_not_published_does_not_run(house: House) -> None:
    async with watching(house) as stream:
        heard = await taken(stream, 1)
        await happen(house, "visit.arrived", "visit.arrived")
        heard += await taken(stream, 2)

    assert [message.event for message in heard] == ["hello", "fact", "fact"]


async def test_a_listener_who_leaves_while_the_day_is_reckoned_leaves_the_others_no_older_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_morning(house)
    begun, day_of = asyncio.Event(), running.day_of

    async def endless(*_: Any) -> Any:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(running, "day_of", endless)
    leaving = asyncio.ensure_future(running.today_at(house.parts, house.identity(), 0))
    await begun.wait()
    leaving.cancel()
    await asyncio.wait([leaving])
    monkeypatch.setattr(running, "day_of", day_of)

    assert await running.today_at(house.parts, house.identity(), 0) is not None
