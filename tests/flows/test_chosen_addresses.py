"""A doubtful address is typed right instead of pointed at: completed while typing, chosen, and its history kept."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.store import tables
from tests.flows.arranged import published
from tests.flows.conftest import Desk, House
from tests.flows.creditor_file import file_of, lay_out_streets, practice_file, row, taken_in
from tests.flows.phone import FieldPhone
from tests.flows.test_moved_pins import DOOR, pinned
from tests.flows.test_sync import day_of, verdicts

WRONG = "Via Garibaldo 400, scala B int. 3"
RIGHT = "VIA GARIBALDI 12, Lodi (LO)"


@pytest.fixture
async def desk(house: House) -> Desk:
    lay_out_streets(house)
    return await house.sign_in(Role.BACK_OFFICE)


async def waiting(desk: Desk) -> list[dict[str, Any]]:
    return list((await desk.get("/addresses/doubtful")).json()["rows"])


async def chosen(desk: Desk, text: str = RIGHT) -> dict[str, Any]:
    [first, *_] = await waiting(desk)
    answer = await desk.post(f"/addresses/{first['address']['id']}/choose", json={"text": text})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def story(file: dict[str, Any]) -> list[tuple[str, str, str, str | None]]:
    return [(step["kind"], step["by"], step["source"], step["file_name"]) for step in file["address_history"]]


async def test_what_is_typed_is_completed_near_the_address_that_is_looked_at(desk: Desk) -> None:
    near = {"near_lat_e6": 45_310_000, "near_lon_e6": 9_500_000}

    answer = await desk.post("/addresses/complete", json={"text": "via garibaldi 1", **near})

    assert answer.status_code == 200, answer.text
    assert [one["text"] for one in answer.json()[:2]] == [
        "VIA GARIBALDI 1, Lodi (LO)",
        "VIA GARIBALDI 10, Lodi (LO)",
    ]
    assert {(one["quality"], one["may_be_chosen"]) for one in answer.json()} == {("house_number", True)}


@pytest.mark.parametrize("text", ["", "a" * 10_000, "\x00\x1b[31m", 'NEAR("a" OR *)^2', "'; DROP TABLE street; --"])
async def test_what_is_no_address_is_completed_with_nothing(desk: Desk, text: str) -> None:
    answer = await desk.post("/addresses/complete", json={"text": text})

    assert (answer.status_code, answer.json()) == (200, [])


async def test_without_a_gazetteer_completing_says_so(house: House) -> None:
    desk = await house.sign_in(Role.DISPATCHER)

    answer = await desk.post("/addresses/complete", json={"text": "via garibaldi"})

    assert (answer.status_code, answer.json()["code"]) == (404, "gazetteer.missing")


async def test_the_address_chosen_takes_the_place_of_the_doubtful_one_at_the_same_stairs(
    house: House, desk: Desk
) -> None:
    await taken_in(desk, house, file_of(row("P-1", Indirizzo=WRONG), row("P-2", Indirizzo=WRONG)))

    settled = await chosen(desk)

    card = settled["address"]
    assert settled["practices"] == 2
    assert card["text"] == "VIA GARIBALDI 12, SCALA B INTERNO 3, 26900 LODI (LO)"
    assert (card["state"], card["quality"], card["source"]) == ("confirmed", "pin", "office")
    assert await waiting(desk) == []
    assert (await desk.get("/tasks", params={"kind": "address.doubtful"})).json() == []
    for number in ("P-1", "P-2"):
        file = await practice_file(desk, number)
        now, was = file["addresses"]
        assert (now["text"], now["staircase"], now["unit"]) == (card["text"], "B", "3")
        assert was["state"] == "doubtful"
        assert "GARIBALDO 400" in was["text"]
    assert len((await desk.get("/practices", params={"q": "garibaldi 12"})).json()["rows"]) == 2


async def test_only_what_the_gazetteer_offers_may_be_chosen_and_only_once(house: House, desk: Desk) -> None:
    await taken_in(desk, house, file_of(row("P-1", Indirizzo=WRONG)))
    [first] = await waiting(desk)
    path = f"/addresses/{first['address']['id']}/choose"

    for text in ("Via Inventata 3, Lodi (LO)", "via garibaldi 12, lodi", "Lodi (LO)", ""):
        refused = await desk.post(path, json={"text": text})
        assert (refused.status_code, refused.json()["code"]) == (409, "address.not_offered"), text
    await chosen(desk)
    again = await desk.post(path, json={"text": RIGHT})

    assert (again.status_code, again.json()["code"]) == (409, "address.settled_meanwhile")


async def test_a_later_file_with_the_same_wrong_address_gets_the_one_that_was_chosen(house: House, desk: Desk) -> None:
    await taken_in(desk, house, file_of(row("P-1", Indirizzo=WRONG)))
    card = (await chosen(desk))["address"]

    await taken_in(
        desk, house, file_of(row("P-1", cents=80_000, Indirizzo=WRONG), row("P-2", Indirizzo=WRONG)), name="b.csv"
    )

    assert await waiting(desk) == []
    (later,) = (await practice_file(desk, "P-2"))["addresses"]
    assert (later["text"], later["lat_e6"], later["state"]) == (card["text"], card["lat_e6"], "confirmed")
    assert len((await practice_file(desk, "P-1"))["addresses"]) == 2


async def test_a_choice_is_undone_and_no_later_file_follows_it(house: House, desk: Desk) -> None:
    await taken_in(
        desk, house, file_of(row("P-1", Indirizzo=WRONG), row("P-3", Indirizzo="Via Garibaldi 12 sc B int 3"))
    )
    card = (await chosen(desk))["address"]

    answer = await desk.post(f"/addresses/{card['id']}/put-back")

    assert answer.status_code == 200, answer.text
    [again] = await waiting(desk)
    assert "GARIBALDO 400" in again["address"]["text"]
    await taken_in(desk, house, file_of(row("P-2", Indirizzo=WRONG)), name="b.csv")
    assert {one["practice_number"] for one in await waiting(desk)} == {"P-1", "P-2"}


async def test_every_source_of_an_address_stays_with_its_date_newest_first(house: House, desk: Desk) -> None:
    await taken_in(desk, house, file_of(row("P-1", Indirizzo=WRONG)), name="posizioni.csv")
    await chosen(desk)
    practice = await practice_file(desk, "P-1")
    await published(house, UUID(practice["id"]))
    phone = await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")
    [stop] = (await day_of(phone))["stops"]
    assert await verdicts(phone, pinned(phone, stop)) == [("accepted", None)]
    moved = (await practice_file(desk, "P-1"))["addresses"][0]
    assert (await desk.post(f"/addresses/{moved['id']}/put-back")).status_code == 200

    file = await practice_file(desk, "P-1")

    assert story(file) == [
        ("put_back", "Nome back_office", "office", None),
        ("moved", "Nome agent", "device:A1", None),
        ("corrected", "Nome back_office", "office", None),
        ("received", "", "creditor", "posizioni.csv"),
    ]
    steps = file["address_history"]
    assert [step["at"] for step in steps] == sorted((step["at"] for step in steps), reverse=True)
    assert {step["now_id"] for step in steps} == {file["addresses"][0]["id"]}
    assert [step["may_go_back"] for step in steps] == [True, False, False, False]
    assert ("GARIBALDO 400" in steps[2]["text_before"], "GARIBALDI 12" in steps[2]["text"]) == (True, True)
    assert (steps[1]["to_lat_e6"], steps[0]["to_lat_e6"]) == (DOOR["lat_e6"], steps[2]["to_lat_e6"])


async def test_nothing_of_where_a_debtor_lives_leaves_with_the_choice(house: House, desk: Desk) -> None:
    await taken_in(desk, house, file_of(row("P-1", Indirizzo=WRONG)))
    await chosen(desk)

    async with house.session() as session:
        [fact] = (await session.exec(select(tables.Fact).where(tables.Fact.kind == "address.settled"))).all()

    assert "GARIBALD" not in json.dumps(fact.body)
