"""Notes for those who plan: written after a day, shown where the next is planned and at the door, ticked and opened."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.store.tables import Address, AuditEntry, Fact
from tests.conftest import NOW
from tests.flows.arranged import TODAY, entrusted
from tests.flows.conftest import Desk, House, new_id
from tests.flows.phone import FieldPhone
from tests.flows.test_planning import code, dispatcher, planned, stops_of

TOMORROW = TODAY + timedelta(days=1)
GATE = "Cancello chiuso: suonare al 12"


async def note(desk: Desk, day: date = TOMORROW, *, text: str = GATE, **about: Any) -> Any:
    return await desk.post(f"/dispatch/days/{day.isoformat()}/notes", json={"text": text, **about})


async def notes(desk: Desk, day: date = TOMORROW) -> list[dict[str, Any]]:
    return list((await desk.get(f"/dispatch/days/{day.isoformat()}/notes")).json())


async def tick(desk: Desk, note_id: str, *, done: bool = True) -> Any:
    return await desk.post(f"/dispatch/notes/{note_id}/tick", json={"done": done})


async def test_a_note_stands_from_its_day_on_until_somebody_ticks_it(house: House) -> None:
    desk, colleague = await dispatcher(house), await house.sign_in(Role.ADMINISTRATOR)
    (row,) = (await note(desk)).json()

    today, later = await notes(desk, TODAY), await notes(colleague, TODAY + timedelta(days=9))
    (ticked,) = (await tick(colleague, row["id"])).json()
    house.clock.move_to(NOW + timedelta(days=1))
    gone = await notes(await dispatcher(house), TODAY + timedelta(days=9))

    assert today == []
    assert [(one["text"], one["by"], one["done_by"]) for one in later] == [(GATE, desk.identity.name, None)]
    assert ticked["done_by"] == colleague.identity.name
    assert gone == []


async def test_a_ticked_note_is_opened_again_and_two_ticks_are_as_one(house: House) -> None:
    desk = await dispatcher(house)
    (row,) = (await note(desk)).json()

    both = await asyncio.gather(tick(desk, row["id"]), tick(desk, row["id"]))
    (opened,) = (await tick(desk, row["id"], done=False)).json()

    assert [one.status_code for one in both] == [200, 200]
    assert opened["done_at"] is None
    async with house.session() as session:
        entries = (await session.exec(select(AuditEntry).where(AuditEntry.subject_kind == "planning_note"))).all()
    assert sorted(one.action for one in entries) == ["note.done", "note.opened_again", "note.written"]


async def test_a_note_of_a_door_is_read_by_who_is_sent_there_and_other_notes_by_no_phone(house: House) -> None:
    await entrusted(house)
    desk = await dispatcher(house)
    plan = await planned(house, desk)
    stop = stops_of(plan)[0]
    await desk.post(f"/dispatch/plans/{plan['id']}/publish")
    phone = await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")

    await note(desk, TODAY, practice_id=stop["practice_id"], door=True)
    await note(desk, TODAY, text="Chiede uno sconto: no", practice_id=stop["practice_id"])
    await note(desk, TODAY, text="Parte tardi", agent_id=str(house.people[Role.AGENT].id))
    bundle = (await phone.request("GET", f"/field/day?day={TODAY.isoformat()}")).json()

    told = {one["practice"]["id"]: one["door_notes"] for one in bundle["stops"]}
    assert told.pop(stop["practice_id"]) == [GATE]
    assert set(map(tuple, told.values())) <= {()}
    rows = await notes(desk, TODAY)
    assert [(one["agent_name"] is not None, one["practice_number"] is not None, bool(one["door"])) for one in rows] == [
        (False, True, True),
        (False, True, False),
        (True, False, False),
    ]


async def test_a_note_of_a_door_is_read_at_no_other_door_and_at_its_own_wherever_its_pin_goes(house: House) -> None:
    practice_id = await entrusted(house)
    desk = await dispatcher(house)
    await note(desk, TODAY, practice_id=str(practice_id), door=True)
    before = await _at(house, practice_id)
    async with house.session() as session:
        old = await session.get_one(Address, before)
        same = {"id": new_id(), "instead_of": old.id, "lat_e6": 45_314_900, "recorded_at": NOW}
        pinned = Address(**{**old.model_dump(), **same})
        old.current = False
        session.add(pinned)

    plan = await planned(house, desk)
    await desk.post(f"/dispatch/plans/{plan['id']}/publish")
    phone = await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")
    at_its_own = await _door_notes(phone)
    async with house.session() as session:
        pinned = await session.get_one(Address, pinned.id)
        other = {"id": new_id(), "instead_of": None, "text": "Via Milano 3, 26900 Lodi LO", "street": "Via Milano"}
        session.add(Address(**{**pinned.model_dump(), **other}))
        pinned.current = False
    again = await planned(house, desk)
    await desk.post(f"/dispatch/plans/{again['id']}/publish")
    elsewhere = await _door_notes(phone)
    await note(desk, TODAY, text="Secondo piano", practice_id=str(practice_id), door=True)

    assert at_its_own == [[GATE]]
    assert elsewhere == [[]]
    assert await _door_notes(phone) == [["Secondo piano"]]


async def _at(house: House, practice_id: UUID) -> UUID:
    async with house.session() as session:
        return (await session.exec(select(Address.id).where(Address.practice_id == practice_id))).one()


async def _door_notes(phone: FieldPhone) -> list[list[str]]:
    bundle = (await phone.request("GET", f"/field/day?day={TODAY.isoformat()}")).json()
    return [stop["door_notes"] for stop in bundle["stops"]]


async def test_words_of_notes_stand_in_their_rows_alone(house: House) -> None:
    desk = await dispatcher(house)
    (row,) = (await note(desk)).json()
    await tick(desk, row["id"])

    async with house.session() as session:
        facts = (await session.exec(select(Fact).where(Fact.kind.startswith("note.")))).all()  # type: ignore[attr-defined]
        entries = (await session.exec(select(AuditEntry).where(AuditEntry.subject_kind == "planning_note"))).all()

    assert len(facts) == 2
    # A creditor's reader is led by the practice: these name none.
    assert {(one.practice_id, one.creditor_id) for one in facts} == {(None, None)}
    assert GATE not in str([one.body for one in facts]) + str([one.details for one in entries])


@pytest.mark.parametrize(
    ("wish", "refused"),
    [
        ({"text": "  \n"}, "note.empty"),
        ({"text": "x" * 501}, "note.too_long"),
        ({"text": "zero\u200bwidth\x07"}, "note.unreadable"),
        # A door belongs to a practice.
        ({"door": True}, "note.no_door"),
        ({"agent_id": "0198a3c2-7f00-7abc-8def-0123456789ab"}, "note.agent_unknown"),
        ({"practice_id": "0198a3c2-7f00-7abc-8def-0123456789ab"}, "practice.unknown"),
    ],
)
async def test_what_is_no_note_is_refused(house: House, wish: dict[str, Any], refused: str) -> None:
    desk = await dispatcher(house)

    answer = await note(desk, **wish)

    assert code(answer)[1] == refused
    assert await notes(desk) == []


async def test_a_note_is_about_one_and_for_no_day_gone(house: House) -> None:
    await entrusted(house)
    desk = await dispatcher(house)
    practice = stops_of(await planned(house, desk))[0]["practice_id"]

    both = await note(desk, agent_id=str(house.people[Role.AGENT].id), practice_id=practice)
    past = await note(desk, TODAY - timedelta(days=1))

    assert code(both)[1] == "note.about_two"
    assert code(past)[1] == "plan.day_is_past"


async def test_another_agency_knows_nothing_of_it(house: House) -> None:
    desk = await dispatcher(house)
    (row,) = (await note(desk)).json()
    _, _, stranger = await house.other_agency()
    theirs = await house.sign_in(person=stranger)

    assert await notes(theirs) == []
    assert code(await tick(theirs, row["id"]))[1] == "note.unknown"
    assert code(await note(theirs, agent_id=str(house.people[Role.AGENT].id)))[1] == "note.agent_unknown"
