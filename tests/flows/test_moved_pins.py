"""An agent at the door moves a pin: it holds for every practice there, is seen at the desk and may be put back."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.store import addresses, tables
from tests.flows.arranged import entrusted, published
from tests.flows.conftest import Desk, House
from tests.flows.creditor_file import file_of, lay_out_streets, row, taken_in
from tests.flows.phone import FieldPhone, a_report, text_of
from tests.flows.test_sync import AT, day_of, one_stop, phone_of, verdicts

DOOR = {"lat_e6": 45_315_400, "lon_e6": 9_504_100}


def a_pin(stop: dict[str, Any], **changes: Any) -> dict[str, Any]:
    about = {"practice_id": stop["practice"]["id"], "address_id": stop["address"]["id"]}
    return {**about, **DOOR, "by": "position", "at": text_of(AT), **changes}


def pinned(phone: FieldPhone, stop: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return phone.envelope("address_pin", a_pin(stop, **changes), at=AT)


async def file_numbered(desk: Desk, number: str) -> dict[str, Any]:
    [found] = (await desk.get("/practices", params={"q": number})).json()["rows"]
    return dict((await desk.get(f"/practices/{found['id']}")).json())


def place(address: dict[str, Any]) -> dict[str, int]:
    return {"lat_e6": address["lat_e6"], "lon_e6": address["lon_e6"]}


async def test_a_pin_moved_at_the_door_holds_for_every_practice_there_and_keeps_what_was(house: House) -> None:
    await entrusted(house, "P-002")
    phone, stop = await one_stop(house)
    before = place(stop["address"])
    envelope = pinned(phone, stop)

    assert await verdicts(phone, envelope) == [("accepted", None)]
    assert await verdicts(phone, envelope) == [("duplicate", None)]

    desk = await house.sign_in(Role.BACK_OFFICE)
    for number in ("P-001", "P-002"):
        file = await file_numbered(desk, number)
        now, was = file["addresses"]
        assert (place(now), now["quality"], now["state"]) == (DOOR, "pin", "confirmed")
        assert (place(was), was["source"]) == (before, "creditor")
        move, first = file["address_history"]
        assert (move["kind"], move["by"], move["source"], move["may_go_back"]) == (
            "moved", "Nome agent", "device:A1", True,
        )  # fmt: skip
        assert (first["kind"], first["source"], first["may_go_back"]) == ("received", "creditor", False)
        assert (move["from_lat_e6"], move["to_lat_e6"]) == (before["lat_e6"], DOOR["lat_e6"])
        assert 100 < move["distance_m"] < 120
    audit = (await (await house.sign_in(Role.ADMINISTRATOR)).get("/audit")).json()
    assert len([entry for entry in audit if entry["action"] == "address.moved"]) == 2


async def test_the_day_shows_the_door_where_it_is_and_its_visit_is_still_lawful_and_taken(house: House) -> None:
    phone, stop = await one_stop(house)
    await verdicts(phone, pinned(phone, stop))

    [after] = (await day_of(phone))["stops"]

    assert (after["address"]["id"], place(after["address"])) == (stop["address"]["id"], DOOR)
    known = after["practice"]["conduct_facts"]["addresses"][stop["address"]["id"]]
    assert known["state"] == "confirmed"
    assert await verdicts(phone, phone.envelope("visit", a_report(after, at=AT), at=AT)) == [("accepted", None)]


async def test_the_office_puts_a_pin_back_where_it_stood(house: House) -> None:
    phone, stop = await one_stop(house)
    await verdicts(phone, pinned(phone, stop))
    desk = await house.sign_in(Role.DISPATCHER)
    moved = (await file_numbered(desk, "P-001"))["addresses"][0]

    answer = await desk.post(f"/addresses/{moved['id']}/put-back")

    assert answer.status_code == 200, answer.text
    file = await file_numbered(desk, "P-001")
    assert place(file["addresses"][0]) == place(stop["address"])
    assert file["addresses"][0]["quality"] == "house_number"
    assert len(file["addresses"]) == 3
    assert [(step["kind"], step["source"]) for step in file["address_history"]] == [
        ("put_back", "office"),
        ("moved", "device:A1"),
        ("received", "creditor"),
    ]
    again = await desk.post(f"/addresses/{moved['id']}/put-back")
    assert (again.status_code, again.json()["code"]) == (409, "address.settled_meanwhile")
    untouched = await entrusted(house, "P-009")
    async with house.session() as session:
        query = select(tables.Address.id).where(tables.Address.practice_id == untouched)
        address_id = (await session.exec(query)).one()
    never = await desk.post(f"/addresses/{address_id}/put-back")
    assert never.json()["code"] == "address.never_moved"


async def test_a_later_file_finds_the_door_where_the_agent_saw_it(house: House) -> None:
    lay_out_streets(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    await taken_in(desk, house, file_of(row("P-1")))
    first = await file_numbered(desk, "P-1")
    await published(house, UUID(first["id"]))
    phone = await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")
    [stop] = (await day_of(phone))["stops"]
    await verdicts(phone, pinned(phone, stop))

    await taken_in(desk, house, file_of(row("P-2")), name="b.csv")

    assert place((await file_numbered(desk, "P-2"))["addresses"][0]) == DOOR


async def test_a_pin_of_anothers_practice_another_address_or_outside_italy_is_refused(house: House) -> None:
    phone, stop = await one_stop(house)
    other = await entrusted(house, "P-002")

    answers = await verdicts(
        phone,
        pinned(phone, stop, practice_id=str(other)),
        pinned(phone, stop, address_id="0198a3c2-7f00-7abc-8def-0123456789ab"),
        pinned(phone, stop, lat_e6=0, lon_e6=0),
        pinned(phone, stop, by="hearsay"),
        pinned(phone, stop, lat_e6="45"),
    )

    assert [code for _, code in answers] == [
        "visit.not_yours",
        "visit.address_unknown",
        "address_pin.not_in_italy",
        "address_pin.field_malformed",
        "address_pin.field_malformed",
    ]
    async with house.session() as session:
        assert {row.quality for row in (await session.exec(select(tables.Address))).all()} == {"house_number"}


async def test_a_pin_whose_address_is_gone_by_the_time_it_is_written_costs_itself_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await published(house, *[await entrusted(house, number) for number in ("P-001", "P-002")])
    phone = await phone_of(house)
    gone, there = (await day_of(phone))["stops"]
    real = addresses.move

    async def move(session: Any, address_id: UUID, **where: Any) -> Any:
        # Nothing of ours deletes an address: it is as if somebody had, between the judging and the writing.
        return await real(session, uuid4() if str(address_id) == gone["address"]["id"] else address_id, **where)

    monkeypatch.setattr(addresses, "move", move)
    answers = await verdicts(
        phone, pinned(phone, gone), pinned(phone, there), phone.envelope("visit", a_report(gone, at=AT), at=AT)
    )

    assert answers == [("refused", "address.unknown"), ("accepted", None), ("accepted", None)]
    assert await verdicts(phone, pinned(phone, there)) == [("accepted", None)]


async def test_nothing_of_where_a_debtor_lives_leaves_with_the_fact(house: House) -> None:
    phone, stop = await one_stop(house)
    await verdicts(phone, pinned(phone, stop))

    async with house.session() as session:
        query = select(tables.Fact).where(tables.Fact.kind == "address.moved")
        [fact] = (await session.exec(query)).all()

    assert str(DOOR["lat_e6"]) not in json.dumps(fact.body)


async def test_a_pin_moved_far_holds_and_the_office_is_asked_to_look(house: House) -> None:
    phone, stop = await one_stop(house)

    assert await verdicts(phone, pinned(phone, stop, lat_e6=45_334_500)) == [("accepted", None)]

    desk = await house.sign_in(Role.BACK_OFFICE)
    [task] = (await desk.get("/tasks", params={"kind": "address.pin_far"})).json()
    assert task["practice_id"] == stop["practice"]["id"]
    assert 2_000 < task["details"]["distance_m"] < 2_500
