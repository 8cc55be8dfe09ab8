"""What the office finds, reads and settles."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlmodel import col, select

from fieldapp.domain.access import Role
from fieldapp.store import practices as store
from fieldapp.store import tables
from tests.conftest import NOW
from tests.flows.arranged import entrusted, published
from tests.flows.conftest import Desk, House
from tests.flows.creditor_file import file_of, lay_out_streets, numbers, practice_file, practices, row, taken_in
from tests.flows.test_sync import day_of, paid_report, phone_of, verdicts

ANNA = {"Debitore": "Anna Öberg", "Codice fiscale": "BRGNNA85M41F205X", "Telefono 1": "0371 998877"}
VIA = {"Indirizzo": "Via Garibaldi 3", "Comune": "Lodi"}


@pytest.fixture
async def desk(house: House) -> Desk:
    return await house.sign_in(Role.BACK_OFFICE)


@pytest.fixture
async def office(house: House, desk: Desk) -> Desk:
    """Three practices: two of Niccolò D'Angelo, one of Anna Öberg."""
    await taken_in(desk, house, file_of(row("P-1"), row("P-2", cents=2_000), row("Q-3", cents=5_000) | ANNA))
    return desk


SEARCHES = [
    # Beginnings of words, in any order and without accents.
    ("angelo nicc", ["P-1", "P-2"]),
    ("OBERG", ["Q-3"]),
    # A place.
    ("garibaldi lodi", ["P-1", "P-2", "Q-3"]),
    # The beginning of a practice number.
    ("P-", ["P-1", "P-2"]),
    # A tax code, in whatever case and with blanks.
    ("brgnna85m41f205x", ["Q-3"]),
    ("BRG NNA 85M41 F205X", ["Q-3"]),
    # A telephone number, with blanks or a prefix.
    ("+39 0371 998877", ["Q-3"]),
    ("0371998877", ["Q-3"]),
    # Nothing of the kind; signs that mean something to the database do not.
    ("Rossi", []),
    ("' or 1=1 --", []),
    ("%", []),
    ("zz & | ! ( :*", []),
]


@pytest.mark.parametrize(("words", "found"), SEARCHES)
async def test_practices_are_found(office: Desk, words: str, found: list[str]) -> None:
    assert numbers(await practices(office, q=words)) == found


async def test_a_list_is_read_page_by_page_without_gaps_or_repeats(house: House, desk: Desk) -> None:
    await taken_in(desk, house, file_of(*(row(f"P-{i:02d}", cents=1_000 + i) for i in range(23))))

    seen: list[str] = []
    cursor: str | None = None
    while True:
        answer = await desk.get("/practices", params={"limit": 5, **({"cursor": cursor} if cursor else {})})
        page = answer.json()
        assert page["total"] == 23
        seen += numbers(page["rows"])
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert seen == [f"P-{i:02d}" for i in range(23)]


@pytest.mark.parametrize("words", ["", "lodi", "angelo lodi", "P-"])
async def test_where_many_match_the_list_is_the_same_and_says_more_than_it_counted(
    house: House, desk: Desk, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    await taken_in(desk, house, file_of(*(row(f"P-{i:02d}", cents=1_000 + i) for i in range(9))))
    counted = (await desk.get("/practices", params={"q": words})).json()
    monkeypatch.setattr(store, "FEW", 2)
    monkeypatch.setattr(store, "MOST_COUNTED", 4)

    page = (await desk.get("/practices", params={"q": words})).json()

    assert (counted["total"], counted["more"]) == (9, False)
    assert (page["total"], page["more"]) == (4, True)
    assert numbers(page["rows"]) == numbers(counted["rows"])


async def test_practices_are_found_by_what_they_are_called_now(house: House, office: Desk) -> None:
    async with house.session() as session:
        practice = (await session.exec(select(tables.Practice).where(tables.Practice.practice_number == "P-2"))).one()
        practice.search_text = "verdi luigi"
        practice.practice_number = "Z/9-2"

    assert numbers(await practices(office, q="luigi verd")) == ["Z/9-2"]
    assert numbers(await practices(office, q="z9")) == ["Z/9-2"]
    assert numbers(await practices(office, q="P-")) == ["P-1"]


async def test_an_index_finds_words_under_row_security(house: House) -> None:
    async with house.session() as session:
        await session.execute(text("set local enable_seqscan = off"))
        (way,) = store._by_words("", ["bianchi"])
        asked = way.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
        plan = "\n".join((await session.execute(text(f"explain {asked}"))).scalars())

    assert re.search(r"Index Cond: .*word.* >= 'bianchi'.* AND .*word.* <", plan), plan


async def test_of_a_word_that_many_have_each_practice_on_the_way_is_asked_and_no_list_of_them_is_made(
    house: House,
) -> None:
    async with house.session() as session:
        sought = await store._sought(session, "via mazzini")
        assert sought is not None
        walked = select(col(tables.Practice.id)).where(store._matches(sought)).limit(10)
        asked = walked.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
        plan = "\n".join((await session.execute(text(f"explain {asked}"))).scalars())

    assert "SubPlan" in plan
    assert "hashed" not in plan


async def test_the_rarest_word_is_looked_up_first(house: House, desk: Desk) -> None:
    await taken_in(desk, house, file_of(*(row(f"P-{i:02d}", cents=1_000 + i) for i in range(4))))
    async with house.session() as session:
        practice = (await session.exec(select(tables.Practice).where(tables.Practice.practice_number == "P-03"))).one()
        practice.search_text += " bo"

    async with house.session() as session:
        sought = await store._sought(session, "angelo bo lodi")

    assert sought is not None
    assert sought.parts == ("bo", "angelo", "lodi")
    assert numbers(await practices(desk, q="angelo bo lodi")) == ["P-03"]


@pytest.mark.parametrize("cursor", ["x", "W10", "bm90IGpzb24"])
async def test_a_cursor_that_nobody_gave_is_refused(desk: Desk, cursor: str) -> None:
    answer = await desk.get("/practices", params={"cursor": cursor})

    assert (answer.status_code, answer.json()["code"]) == (422, "request.cursor_unknown")


async def test_a_list_is_narrowed_by_state_creditor_and_flag(house: House, office: Desk) -> None:
    async with house.session() as session:
        practice = (await session.exec(select(tables.Practice).where(tables.Practice.practice_number == "P-2"))).one()
        practice.state = "recalled"
        flag = tables.PracticeFlag(
            id=uuid4(),
            agency_id=house.agency_id,
            practice_id=practice.id,
            kind="disputed",
            since=NOW,
            source="office",
        )
        session.add(flag)

    assert numbers(await practices(office, state="recalled")) == ["P-2"]
    assert numbers(await practices(office, flag="disputed")) == ["P-2"]
    assert len(await practices(office, creditor_id=house.creditor_id)) == 3
    assert await practices(office, creditor_id=uuid4()) == []


async def test_a_row_of_the_list_says_what_is_owed_and_what_happened_last(office: Desk) -> None:
    found = (await practices(office, q="Q-3"))[0]

    assert (found["debtor_name"], found["comune"], found["owed_cents"]) == ("Anna Öberg", "LODI", 5_000)
    assert (found["last_event"], found["collected_cents"]) == ("practice.entrusted", 0)


async def test_every_look_at_a_practice_is_on_record(house: House, office: Desk) -> None:
    file = await practice_file(office, "P-1")

    async with house.session() as session:
        looks = (await session.exec(select(tables.AuditEntry).where(tables.AuditEntry.action == "practice.read"))).all()

    assert [(look.subject_id, look.person_id) for look in looks] == [(file["id"], office.identity.person_id)]


async def test_the_practice_of_another_agency_does_not_exist(house: House, office: Desk) -> None:
    practice_id = (await practices(office, q="P-1"))[0]["id"]
    _, _, stranger = await house.other_agency()
    other = await house.sign_in(person=stranger)

    assert await practices(other) == []
    answer = await other.get(f"/practices/{practice_id}")
    assert (answer.status_code, answer.json()["code"]) == (404, "practice.unknown")


FOREIGN = [
    ("GET", "/practices/{}", "practice.unknown"),
    ("GET", "/documents/{}", "document.unknown"),
    ("GET", "/receipts/{}/paper", "receipt.unknown"),
    ("GET", "/imports/{}", "import.unknown"),
    ("GET", "/imports/{}/rejects", "import.unknown"),
    ("POST", "/imports/{}/confirm", "import.unknown"),
    ("POST", "/tasks/{}/finish", "task.unknown"),
    ("POST", "/addresses/{}/settle", "address.unknown"),
]


@pytest.mark.parametrize(("method", "path", "code"), FOREIGN)
async def test_what_is_not_there_is_said_with_its_code(desk: Desk, method: str, path: str, code: str) -> None:
    bodies = {"/tasks/{}/finish": {"note": ""}, "/addresses/{}/settle": {"lat_e6": 1, "lon_e6": 1}}
    target = path.format(uuid4())

    answer = await (desk.get(target) if method == "GET" else desk.post(target, json=bodies.get(path)))

    assert (answer.status_code, answer.json()["code"]) == (404, code)


async def visited(house: House) -> dict[str, Any]:
    """A practice at whose door 300 euro were paid, all pictures arrived."""
    await published(house, await entrusted(house))
    phone = await phone_of(house)
    stop = (await day_of(phone))["stops"][0]
    report = paid_report(phone, stop, 30_000)
    assert await verdicts(phone, phone.envelope("visit", report, at=NOW)) == [("accepted", None)]
    for digest, content in phone.blobs.items():
        assert (await phone.request("PUT", f"/field/attachments/{digest}", content=content)).status_code == 200
    return report


async def test_a_visit_stands_in_the_practice_file_with_all_that_it_brought(house: House, desk: Desk) -> None:
    report = await visited(house)

    file = await practice_file(desk, "P-001")

    visit = file["visits"][0]
    assert (visit["outcome"], visit["met"], visit["agent_name"]) == ("PAID_PARTIAL", "debtor", "Nome agent")
    assert visit["signature"]["text_digest"] == report["signature"]["text_digest"]
    assert visit["signature"]["document_id"] is not None
    assert [receipt["label"] for receipt in visit["receipts"]] == ["A1-000001"]
    assert (file["owed_cents"], file["collected_cents"]) == (60_000, 30_000)
    assert all(sum(posting["amount_cents"] for posting in entry["postings"]) == 0 for entry in file["entries"])
    for document in visit["documents"]:
        assert (await desk.get(f"/documents/{document['id']}?variant=small")).status_code == 200


async def test_a_receipt_is_printed_again_from_its_value(house: House, desk: Desk) -> None:
    await visited(house)
    receipt = (await practice_file(desk, "P-001"))["receipts"][0]

    answer = await desk.get(f"/receipts/{receipt['id']}/paper")

    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")


async def test_a_finished_task_leaves_the_list_with_its_note(house: House, office: Desk) -> None:
    task = (await office.get("/tasks")).json()[0]

    finished = await office.post(f"/tasks/{task['id']}/finish", json={"note": "sentito il creditore"})

    assert finished.json()["state"] == "done"
    assert task["id"] not in [other["id"] for other in (await office.get("/tasks")).json()]
    assert task["id"] in [other["id"] for other in (await office.get("/tasks", params={"state": "done"})).json()]
    async with house.session() as session:
        stored = await session.get_one(tables.Task, UUID(task["id"]))
    assert (stored.note, stored.finished_by) == ("sentito il creditore", office.identity.person_id)


async def test_a_pin_settles_a_doubtful_address(house: House, desk: Desk) -> None:
    lay_out_streets(house)
    await taken_in(desk, house, file_of(row("P-1", Indirizzo="Via Garibaldo 400")))
    doubtful = (await desk.get("/addresses/doubtful")).json()["rows"][0]
    assert doubtful["alternatives"]

    settled = await desk.post(
        f"/addresses/{doubtful['address']['id']}/settle", json={"lat_e6": 45_300_001, "lon_e6": 9_500_002}
    )

    card = settled.json()["address"]
    assert (card["state"], card["source"], card["quality"]) == ("confirmed", "office", "pin")
    assert (card["lat_e6"], card["lon_e6"]) == (45_300_001, 9_500_002)
    assert (await desk.get("/addresses/doubtful")).json()["rows"] == []
    assert (await desk.get("/tasks", params={"kind": "address.doubtful"})).json() == []
    file = await practice_file(desk, "P-1")
    assert [(address["source"], address["state"]) for address in file["addresses"]] == [
        ("office", "confirmed"),
        ("creditor", "doubtful"),
    ]
    assert "address.settled" in [item["kind"] for item in file["timeline"]]


async def test_an_address_is_settled_once(office: Desk) -> None:
    address_id = (await office.get("/addresses/doubtful")).json()["rows"][0]["address"]["id"]
    pin = {"lat_e6": 45_300_000, "lon_e6": 9_500_000}
    await office.post(f"/addresses/{address_id}/settle", json=pin)

    again = await office.post(f"/addresses/{address_id}/settle", json=pin)

    assert (again.status_code, again.json()["code"]) == (409, "address.settled_meanwhile")


async def test_an_address_that_does_not_exist_leaves_the_queue_as_rejected(office: Desk) -> None:
    address_id = (await office.get("/addresses/doubtful")).json()["rows"][0]["address"]["id"]

    settled = await office.post(f"/addresses/{address_id}/settle", json={"lat_e6": 0, "lon_e6": 0, "confirm": False})

    assert (settled.json()["address"]["state"], settled.json()["practices"]) == ("rejected", 3)
    assert (await office.get("/addresses/doubtful")).json()["rows"] == []


async def test_one_pin_serves_all_practices_at_an_address_and_those_that_come_later(house: House, desk: Desk) -> None:
    lay_out_streets(house)
    wrong = "Via Garibaldo 400"
    await taken_in(desk, house, file_of(row("P-1", Indirizzo=wrong), row("P-2", Indirizzo=wrong), row("P-3")))
    first = (await desk.get("/addresses/doubtful")).json()["rows"][0]["address"]["id"]

    settled = await desk.post(f"/addresses/{first}/settle", json={"lat_e6": 45_300_001, "lon_e6": 9_500_002})

    assert settled.json()["practices"] == 2
    assert (await desk.get("/addresses/doubtful")).json()["rows"] == []
    assert (await desk.get("/tasks", params={"kind": "address.doubtful"})).json() == []
    await taken_in(desk, house, file_of(row("P-4", Indirizzo=wrong)))
    (later,) = (await practice_file(desk, "P-4"))["addresses"]
    assert (later["state"], later["quality"], later["lat_e6"]) == ("confirmed", "pin", 45_300_001)
    for number in ("P-1", "P-2"):
        assert "address.settled" in [item["kind"] for item in (await practice_file(desk, number))["timeline"]]


async def test_the_address_whose_visit_is_worth_most_waits_first(house: House, desk: Desk) -> None:
    lay_out_streets(house)
    rows = (
        row("P-1", cents=20_000, Indirizzo="Via Garibaldo 400"),
        row("P-2", cents=150_000, Indirizzo="Via Garibaldo 401"),
        row("P-3", cents=90_000, Indirizzo="Via Garibaldo 402"),
    )
    await taken_in(desk, house, file_of(*rows))

    waiting = (await desk.get("/addresses/doubtful")).json()["rows"]

    worth = [one["worth_cents"] for one in waiting]
    assert [one["practice_number"] for one in waiting] == ["P-2", "P-3", "P-1"]
    assert worth == sorted(worth, reverse=True)


async def test_a_settled_address_survives_the_next_file(house: House, desk: Desk) -> None:
    await taken_in(desk, house, file_of(row("P-1")))
    address_id = (await desk.get("/addresses/doubtful")).json()["rows"][0]["address"]["id"]
    await desk.post(f"/addresses/{address_id}/settle", json={"lat_e6": 45_300_000, "lon_e6": 9_500_000})

    await taken_in(desk, house, file_of(row("P-1", cents=80_000, **{"Saldo al": "24/11/2026"})))

    assert (await desk.get("/addresses/doubtful")).json()["rows"] == []


async def test_the_trial_balance_is_zero_in_all(house: House, office: Desk) -> None:
    await visited(house)

    balance = (await office.get("/ledger/trial-balance")).json()

    assert balance["total_cents"] == 0
    held = {account["kind"]: account["balance_cents"] for account in balance["accounts"]}
    assert held["creditor_dues"] < 0 < held["agent_cash"]


async def test_creditors_are_listed_with_what_is_owed_to_them(house: House, office: Desk) -> None:
    creditors = (await office.get("/creditors")).json()

    assert [(row["id"], row["practices"], row["owed_cents"]) for row in creditors] == [
        (str(house.creditor_id), 3, 107_000)
    ]
