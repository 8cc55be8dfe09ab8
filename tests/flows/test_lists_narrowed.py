"""Lists of practices narrowed by area, placement, amount, last contact and case owner, each and together."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from fieldapp.domain.access import Role
from fieldapp.store import practices as store
from tests.flows.arranged import entrusted, published
from tests.flows.conftest import Desk, House
from tests.flows.creditor_file import file_of, numbers, practices, row, taken_in
from tests.flows.statements import statements
from tests.flows.test_sync import AT, day_of, paid_report, phone_of, verdicts


@pytest.fixture
async def desk(house: House) -> Desk:
    return await house.sign_in(Role.BACK_OFFICE)


@pytest.fixture
async def office(house: House, desk: Desk) -> Desk:
    """Four practices at two places, of two case owners, with three ends and four amounts; one was called."""
    pavia = {"Indirizzo": "Corso Cavour 3", "CAP": "27100", "Comune": "Pavia", "Provincia": "PV"}
    await taken_in(
        desk,
        house,
        file_of(
            row("P-1", cents=10_000),
            row("P-2", cents=20_000) | {"Data fine mandato": "31/01/2027", "Scadenza": "26/11/2025"},
            row("P-3", cents=30_000) | pavia,
            row("P-4", cents=40_000)
            | pavia
            | {"Responsabile pratica": "Aldo Neri", "Data fine mandato": "28/02/2027", "Scadenza": "25/11/2025"},
        ),
    )
    called = (await practices(desk, q="P-2"))[0]["id"]
    answer = await desk.post(
        f"/practices/{called}/contacts",
        json={"channel": "call", "reached": False, "at": "2026-11-24T09:00:00.000Z"},
    )
    assert answer.status_code == 201, answer.text
    return desk


NARROWED: list[tuple[dict[str, Any], list[str]]] = [
    ({"province": "LO"}, ["P-1", "P-2"]),
    ({"province": "PV", "comune": "PAVIA"}, ["P-3", "P-4"]),
    ({"comune": "PAVIA"}, ["P-3", "P-4"]),
    ({"province": "LO", "comune": "PAVIA"}, []),
    ({"province": ["LO", "PV"]}, ["P-1", "P-2", "P-3", "P-4"]),
    ({"comune": ["LODI", "PAVIA"]}, ["P-1", "P-2", "P-3", "P-4"]),
    ({"province": ["PV", "MI"], "comune": ["PAVIA", "Milano"]}, ["P-3", "P-4"]),
    ({"province": ["MI", "CR"]}, []),
    # On 26 November 2026: P-2 fell due 365 days ago, P-4 366, the others 195.
    ({"age_to_days": 195}, ["P-1", "P-3"]),
    ({"age_to_days": 194}, []),
    ({"age_over_days": 194}, ["P-1", "P-2", "P-3", "P-4"]),
    ({"age_over_days": 180, "age_to_days": 365}, ["P-1", "P-2", "P-3"]),
    ({"age_over_days": 365}, ["P-4"]),
    ({"age_over_days": 365, "age_to_days": 730, "province": "PV"}, ["P-4"]),
    ({"age_over_days": 100_000}, []),
    ({"age_to_days": 100_000}, ["P-1", "P-2", "P-3", "P-4"]),
    ({"case_owner": "Aldo Neri"}, ["P-4"]),
    ({"case_owner": "Aldo"}, []),
    # Both ends of a range are in it. (A comune that no gazetteer knows is spelt as the creditor did.)
    ({"ends_from": "2027-01-31"}, ["P-2", "P-4"]),
    ({"ends_to": "2027-01-31"}, ["P-1", "P-2", "P-3"]),
    ({"ends_from": "2027-01-31", "ends_to": "2027-01-31"}, ["P-2"]),
    ({"owed_from_cents": 20_000, "owed_to_cents": 30_000}, ["P-2", "P-3"]),
    ({"owed_to_cents": 0}, []),
    # The day is the agency's: the call was at ten in the morning there.
    ({"contacted_from": "2026-11-24"}, ["P-2"]),
    ({"contacted_from": "2026-11-25"}, []),
    ({"contacted_to": "2026-11-24"}, ["P-2"]),
    ({"contacted_to": "2026-11-23"}, []),
    ({"never_contacted": True}, ["P-1", "P-3", "P-4"]),
    # The first and the last day of the calendar.
    ({"contacted_from": "0001-01-01", "contacted_to": "9999-12-31"}, ["P-2"]),
    # Together with each other and with what there was before.
    ({"never_contacted": True, "province": "PV", "owed_to_cents": 35_000}, ["P-3"]),
    ({"q": "P-", "ends_to": "2026-12-31", "state": "open"}, ["P-1", "P-3"]),
    ({"state": "closed", "province": "LO"}, []),
    ({"province": "' or 1=1 --"}, []),
]


@pytest.mark.parametrize(("query", "found"), NARROWED)
async def test_a_list_is_narrowed(office: Desk, query: dict[str, Any], found: list[str]) -> None:
    page = (await office.get("/practices", params=query)).json()

    assert numbers(page["rows"]) == found
    assert page["total"] == len(found)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"ends_from": "2027-01-02", "ends_to": "2027-01-01"}, "practices.range_backwards"),
    ({"owed_from_cents": 2, "owed_to_cents": 1}, "practices.range_backwards"),
    ({"contacted_from": "2026-11-02", "contacted_to": "2026-11-01"}, "practices.range_backwards"),
    ({"never_contacted": True, "contacted_to": "2026-11-01"}, "practices.never_and_when"),
    ({"age_over_days": 365, "age_to_days": 365}, "practices.range_backwards"),
    ({"age_over_days": -1}, "request.malformed"),
    ({"province": ["LO"] * 51}, "request.malformed"),
    ({"owed_from_cents": 10**19}, "request.malformed"),
    ({"ends_from": "tomorrow"}, "request.malformed"),
]


@pytest.mark.parametrize(("query", "code"), REFUSED)
async def test_what_means_nothing_is_refused(desk: Desk, query: dict[str, Any], code: str) -> None:
    answer = await desk.get("/practices", params=query)

    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_payment_moves_a_practice_in_the_list_at_once(house: House, desk: Desk) -> None:
    await published(house, await entrusted(house, "P-1", cents=90_000))
    assert numbers(await practices(desk, owed_from_cents=90_000)) == ["P-1"]
    phone = await phone_of(house)
    stop = (await day_of(phone))["stops"][0]

    assert await verdicts(phone, phone.envelope("visit", paid_report(phone, stop, 15_000), at=AT)) == [
        ("accepted", None)
    ]

    assert numbers(await practices(desk, owed_from_cents=90_000)) == []
    assert numbers(await practices(desk, owed_from_cents=75_000, owed_to_cents=75_000)) == ["P-1"]


async def test_the_last_contact_is_the_newest_however_late_an_older_one_is_told(house: House, office: Desk) -> None:
    called = (await practices(office, q="P-2"))[0]["id"]
    older = {"channel": "call", "reached": False, "at": "2026-11-20T09:00:00.000Z"}

    assert (await office.post(f"/practices/{called}/contacts", json=older)).status_code == 201

    assert numbers(await practices(office, contacted_from="2026-11-24")) == ["P-2"]
    async with house.session() as session:
        kept, counted = (
            await session.execute(
                text(
                    "select (select count(*) from practice_last_contact), (select count(*) from practice_last_contact l"
                    " where last_at is not distinct from"
                    " (select max(at) from contact_attempt c where c.practice_id = l.practice_id))"
                )
            )
        ).one()
    assert kept == counted == 4


async def test_an_action_and_the_file_are_of_exactly_what_was_narrowed_to(office: Desk) -> None:
    choice = {"filter": {"province": ["PV"], "owed_to_cents": 35_000, "never_contacted": True}}

    shown = await office.post("/bulk-actions", json={"choice": choice, "kind": "suspend", "text": "in attesa"})
    exported = await office.post("/exports/practices", json={"choice": choice, "form": "csv"})

    assert shown.json()["practices"] == 1
    assert [line.split(b";")[0] for line in exported.content.splitlines()[1:]] == [b"P-3"]
    backwards = {"filter": {"owed_from_cents": 2, "owed_to_cents": 1}}
    refused = await office.post("/bulk-actions", json={"choice": backwards, "kind": "suspend", "text": "in attesa"})
    assert refused.json()["code"] == "practices.range_backwards"


async def test_choices_are_what_the_practices_hold(office: Desk) -> None:
    everything = (await office.get("/practice-choices")).json()
    pavia = (await office.get("/practice-choices", params={"province": "PV"})).json()

    assert everything == {"provinces": ["LO", "PV"], "comuni": [], "case_owners": ["Aldo Neri", "Carla Verdi"]}
    assert pavia["comuni"] == ["PAVIA"]
    both = (await office.get("/practice-choices", params={"province": ["PV", "LO"]})).json()
    assert both["comuni"] == ["LODI", "PAVIA"]


@pytest.mark.usefixtures("office")
async def test_another_agency_finds_and_is_offered_nothing(house: House) -> None:
    _, _, person = await house.other_agency()
    other = await house.sign_in(person=person)

    assert (await other.get("/practice-choices", params={"province": "LO"})).json() == {
        "provinces": [],
        "comuni": [],
        "case_owners": [],
    }
    for query in ({"province": "LO"}, {"never_contacted": True}, {"owed_from_cents": 0}):
        assert (await other.get("/practices", params=query)).json()["total"] == 0


async def test_many_are_found_in_pages_as_few_are(office: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every way finds many, the list is read in its order."""
    monkeypatch.setattr(store, "FEW", 1)

    first = (await office.get("/practices", params={"province": "LO", "owed_from_cents": 1, "limit": 1})).json()
    second = (
        await office.get(
            "/practices",
            params={"province": "LO", "owed_from_cents": 1, "limit": 1, "cursor": first["next_cursor"]},
        )
    ).json()

    assert numbers([*first["rows"], *second["rows"]]) == ["P-1", "P-2"]
    assert (first["total"], second["next_cursor"]) == (2, None)


@pytest.mark.parametrize(("query", "found"), NARROWED)
async def test_a_list_is_narrowed_where_everything_is_many(
    office: Desk, monkeypatch: pytest.MonkeyPatch, query: dict[str, Any], found: list[str]
) -> None:
    monkeypatch.setattr(store, "FEW", 0)

    assert numbers(await practices(office, **query)) == found


async def test_what_few_are_left_of_is_asked_for_one_way_at_a_time(house: House, office: Desk) -> None:
    asked = {"province": "PV", "ends_to": "2027-12-31", "owed_from_cents": 1, "never_contacted": True, "q": "P-"}

    with statements(house.parts.database) as heard:
        assert numbers(await practices(office, **asked)) == ["P-3", "P-4"]

    lists = [one for one in heard if "practice.practice_number, practice.phase" in one]
    # Two ways in one statement were held against each other row by row.
    assert len(lists) == 1
    assert " IN (SELECT" not in lists[0], lists[0]
