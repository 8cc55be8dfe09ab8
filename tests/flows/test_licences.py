"""Licence, badge and qualification: entered by the administrator, a gate for planner and door, announced ahead."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.services import licences
from fieldapp.store import tables
from tests.conftest import NOW
from tests.flows.arranged import TODAY, entrusted, published
from tests.flows.conftest import Desk, House
from tests.flows.phone import a_report
from tests.flows.test_planning import planned
from tests.flows.test_sync import AT, day_of, phone_of

FAR = "2030-01-01"


@pytest.fixture
async def desk(house: House) -> Desk:
    return await house.sign_in(Role.ADMINISTRATOR)


async def of_agent(desk: Desk, house: House, **changes: Any) -> Any:
    wanted = {
        "provinces": ["LO", "MI"],
        "notified_on": "2025-01-01",
        "badge_valid_to": FAR,
        "qualification_valid_to": FAR,
        **changes,
    }
    return await desk.post(f"/licences/agents/{house.people[Role.AGENT].id}", json=wanted)


async def of_agency(desk: Desk, **changes: Any) -> Any:
    wanted = {"number": "115/2026", "authority": "Questura di Lodi", "valid_to": FAR, **changes}
    return await desk.post("/licences/agency", json=wanted)


async def open_tasks(house: House) -> list[tuple[str, str, date]]:
    async with house.session() as session:
        query = select(tables.Task).where(tables.Task.kind == "licence.ends", tables.Task.state == "open")
        found = (await session.exec(query)).all()
    assert {task.team for task in found} <= {Role.ADMINISTRATOR.value}
    return sorted((task.details["code"], task.details["on"], task.due_on) for task in found)


# --- announced ahead ---


@pytest.mark.parametrize(
    ("ends_in", "announced"),
    [
        # One day too early.
        (31, False),
        # The first of the thirty days.
        (30, True),
        # The last lawful day.
        (0, True),
    ],
)
async def test_an_expiry_is_a_task_for_the_administrator_thirty_days_ahead(
    house: House, ends_in: int, announced: bool
) -> None:
    ends_on = TODAY + timedelta(days=ends_in)
    async with house.session() as session:
        row = (await session.exec(select(tables.Agency).where(tables.Agency.id == house.agency_id))).one()
        row.licence_valid_to = ends_on

    await licences.watch_all(house.parts)
    await licences.watch_all(house.parts)

    due_on = min(TODAY + timedelta(days=7), ends_on)
    expected = [("conduct.licence_expires_soon", ends_on.isoformat(), due_on)] if announced else []
    assert await open_tasks(house) == expected


async def test_badge_and_qualification_are_announced_by_name_and_again_once_they_have_ended(
    house: House, desk: Desk
) -> None:
    ends_on = TODAY + timedelta(days=5)
    await of_agent(desk, house, badge_valid_to=ends_on.isoformat(), qualification_valid_to=ends_on.isoformat())

    announced = await open_tasks(house)
    house.clock.move_to(NOW + timedelta(days=6))
    await licences.watch_all(house.parts)
    ended = await open_tasks(house)

    assert [code for code, *_ in announced] == ["conduct.badge_expires_soon", "conduct.qualification_expires_soon"]
    assert [code for code, *_ in ended] == ["conduct.badge_expired", "conduct.qualification_expired"]
    later = await house.sign_in(Role.ADMINISTRATOR)
    rows = (await later.get("/tasks", params={"kind": "licence.ends"})).json()
    assert {row["details"]["name"] for row in rows} == {house.people[Role.AGENT].name}


async def test_renewing_closes_the_task(house: House, desk: Desk) -> None:
    await of_agency(desk, valid_to=(TODAY + timedelta(days=10)).isoformat())
    assert len(await open_tasks(house)) == 1

    await of_agency(desk)

    assert await open_tasks(house) == []


async def test_a_badge_that_is_missing_again_is_a_task_again(house: House, desk: Desk) -> None:
    await of_agent(desk, house, badge_valid_to=None)
    await of_agent(desk, house)
    assert await open_tasks(house) == []

    await of_agent(desk, house, badge_valid_to=None)

    assert await open_tasks(house) == [("conduct.badge_expired", "", TODAY)]


async def test_what_is_missing_cannot_be_ticked_off_and_closes_when_it_is_entered(house: House, desk: Desk) -> None:
    await of_agent(desk, house, badge_valid_to=None)
    [task] = (await desk.get("/tasks", params={"kind": "licence.ends"})).json()

    ticked = await desk.post(f"/tasks/{task['id']}/finish", json={"note": "niente"})

    assert (ticked.status_code, ticked.json()["code"]) == (409, "task.closes_by_itself")
    assert await open_tasks(house) == [("conduct.badge_expired", "", TODAY)]
    await of_agent(desk, house)
    assert await open_tasks(house) == []


async def test_what_was_ticked_off_before_that_was_refused_is_a_task_again(house: House, desk: Desk) -> None:
    await of_agent(desk, house, badge_valid_to=None)
    async with house.session() as session:
        task = (await session.exec(select(tables.Task).where(tables.Task.kind == "licence.ends"))).one()
        task.state, task.finished_by, task.finished_at = "done", desk.identity.person_id, NOW

    await licences.watch_all(house.parts)

    assert await open_tasks(house) == [("conduct.badge_expired", "", TODAY)]


async def test_how_far_ahead_is_the_rules_own_number(house: House, desk: Desk) -> None:
    await of_agency(desk, valid_to=(TODAY + timedelta(days=45)).isoformat())
    assert await open_tasks(house) == []
    edit = {"rule": "agent.expiry", "parameters": {"days": 60}}

    await desk.post("/rules/versions", json={"edits": [edit], "base": 0, "reason": "La Questura risponde tardi"})
    await licences.watch_all(house.parts)

    assert [code for code, *_ in await open_tasks(house)] == ["conduct.licence_expires_soon"]


async def test_another_agencys_licence_is_not_ours_to_watch(house: House) -> None:
    agency_id, _, _ = await house.other_agency()
    async with house.session(agency_id) as session:
        row = (await session.exec(select(tables.Agency).where(tables.Agency.id == agency_id))).one()
        row.licence_valid_to = TODAY + timedelta(days=3)

    await licences.watch_all(house.parts)

    assert await open_tasks(house) == []
    async with house.session(agency_id) as session:
        assert len((await session.exec(select(tables.Task))).all()) == 1


# --- entering ---


async def test_a_founded_house_is_told_to_enter_its_licence_and_may_then_plan(house: House, desk: Desk) -> None:
    async with house.session() as session:
        row = (await session.exec(select(tables.Agency).where(tables.Agency.id == house.agency_id))).one()
        row.licence_number, row.licence_authority, row.licence_valid_to = "", "", date.min
    await licences.watch_all(house.parts)
    dispatcher = await house.sign_in(Role.DISPATCHER)
    shut = (await dispatcher.get("/dispatch/agents", params={"day": TODAY.isoformat()})).json()

    page = (await of_agency(desk)).json()

    assert [finding["code"] for finding in shut[0]["findings"]] == ["conduct.licence_expired"]
    assert (page["agency"]["number"], page["agency"]["valid_to"], page["agency"]["findings"]) == ("115/2026", FAR, [])
    assert await open_tasks(house) == []
    agents = (await dispatcher.get("/dispatch/agents", params={"day": TODAY.isoformat()})).json()
    assert [row["available"] for row in agents] == [True]


async def test_an_agent_with_nothing_on_file_is_shown_with_everything_that_is_missing(house: House, desk: Desk) -> None:
    page = (
        await of_agent(desk, house, provinces=[], notified_on=None, badge_valid_to=None, qualification_valid_to=None)
    ).json()

    assert {finding["code"] for finding in page["agents"][0]["findings"]} == {
        "conduct.agent_not_notified",
        "conduct.badge_expired",
        "conduct.qualification_expired",
    }
    assert len(await open_tasks(house)) == 3


WRONG = [
    # No such province.
    ({"provinces": ["LO", "ZZ"]}, "licence.province_unknown"),
    # A slip of the hand.
    ({"badge_valid_to": "0202-01-01"}, "licence.day_unlikely"),
    ({"qualification_valid_to": "2226-01-01"}, "licence.day_unlikely"),
    # A day that does not exist.
    ({"badge_valid_to": "2027-02-30"}, "request.malformed"),
]


@pytest.mark.parametrize(("changes", "code"), WRONG)
async def test_what_cannot_be_right_is_refused_and_nothing_changes(
    house: House, desk: Desk, changes: dict[str, Any], code: str
) -> None:
    before = (await desk.get("/licences")).json()

    answer = await of_agent(desk, house, **changes)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await desk.get("/licences")).json() == before


async def test_an_agent_of_another_agency_does_not_exist(house: House, desk: Desk) -> None:
    agency_id, _, _ = await house.other_agency()
    async with house.session(agency_id) as session:
        query = select(tables.Person.id).where(tables.Person.role == Role.AGENT.value)
        stranger = (await session.exec(query)).one()

    body = {"provinces": [], "notified_on": None, "badge_valid_to": None, "qualification_valid_to": None}
    answers = [
        await desk.post(f"/licences/agents/{id_}", json=body)
        for id_ in (uuid4(), stranger, house.people[Role.DISPATCHER].id)
    ]

    assert {answer.json()["code"] for answer in answers} == {"licence.agent_unknown"}


async def test_what_was_entered_is_a_fact_and_stands_in_the_audit_chain(house: House, desk: Desk) -> None:
    await of_agent(desk, house, provinces=["MI", "LO", "MI"])

    async with house.session() as session:
        fact = (await session.exec(select(tables.Fact).where(tables.Fact.kind == "agent.licence_set"))).one()
        query = select(tables.AuditEntry).where(tables.AuditEntry.action == "agent.licence_set")
        entry = (await session.exec(query)).one()
    assert (fact.body["provinces"], fact.body["badge_valid_to"]) == (["LO", "MI"], FAR)
    assert (entry.subject_id, entry.person_id) == (str(house.people[Role.AGENT].id), desk.identity.person_id)


# --- the gate ---


async def test_an_agent_for_whom_no_province_was_notified_is_told_on_the_page_and_as_a_task(
    house: House, desk: Desk
) -> None:
    page = (await of_agent(desk, house, provinces=[])).json()

    assert [found["code"] for found in page["agents"][0]["findings"]] == ["conduct.no_province_notified"]
    assert ("conduct.no_province_notified", "") in [(code, on) for code, on, _ in await open_tasks(house)]
    await of_agent(desk, house)
    assert "conduct.no_province_notified" not in [code for code, *_ in await open_tasks(house)]


async def test_an_agent_outside_the_notified_area_is_neither_planned_nor_checked_in_unnoticed(
    house: House, desk: Desk
) -> None:
    practice_id = await entrusted(house)
    await of_agent(desk, house, provinces=["MI"])
    dispatcher = await house.sign_in(Role.DISPATCHER)

    plan = await planned(house, dispatcher)
    await published(house, practice_id)
    phone = await phone_of(house)
    stop = (await day_of(phone))["stops"][0]
    verdict = (await phone.push(phone.envelope("visit", a_report(stop, at=AT), at=AT))).json()["verdicts"][0]

    assert [stop for route in plan["routes"] for stop in route["stops"]] == []
    assert (verdict["verdict"], verdict["flags"]) == ("accepted", ["conduct.province_not_notified"])
