"""Tasks are given to somebody and put off; what sleeps comes back by itself, in time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.store import tables, tasks
from tests.conftest import NOW
from tests.flows.arranged import TODAY, entrusted
from tests.flows.conftest import Desk, House, new_id
from tests.flows.test_access_table import neighbour
from tests.flows.test_squads import colleagues, move, reports, sent, squad


@pytest.fixture
async def desk(house: House) -> Desk:
    return await house.sign_in(Role.BACK_OFFICE)


async def a_task(
    house: House,
    *,
    kind: str = "close_practice",
    due_in: int = 0,
    subject: tuple[str, str] | None = None,
    practice_id: UUID | None = None,
) -> str:
    async with house.session() as session:
        await tasks.add(
            session,
            kind,
            subject=subject or ("test", str(uuid4())),
            practice_id=practice_id,
            due_on=TODAY + timedelta(days=due_in),
            details={},
            now=NOW,
            new_id=new_id,
        )
        return str((await session.exec(select(tables.Task.id).order_by(tables.Task.id.desc()))).first())  # type: ignore[attr-defined]


async def arrange(desk: Desk, task_id: str, **wanted: Any) -> Any:
    body = {"owner_id": None, "asleep_until": None, **wanted}
    return await desk.post(f"/tasks/{task_id}/arrange", json=body)


async def listed(desk: Desk, state: str = "open", **more: str) -> list[str]:
    return [row["id"] for row in (await desk.get("/tasks", params={"state": state, **more})).json()]


def in_days(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


async def test_a_task_is_given_to_a_colleague_and_back_to_nobody(house: House, desk: Desk) -> None:
    task_id = await a_task(house)
    colleagues = (await desk.get("/tasks/colleagues")).json()
    assert {one["role"] for one in colleagues} == {"dispatcher", "back_office", "administrator"}
    dispatcher = house.people[Role.DISPATCHER]

    given = await arrange(desk, task_id, owner_id=str(dispatcher.id))

    assert given.status_code == 200, given.text
    assert (given.json()["owner_id"], given.json()["owner_name"]) == (str(dispatcher.id), dispatcher.name)
    assert (await arrange(desk, task_id)).json()["owner_id"] is None
    async with house.session() as session:
        facts = (await session.exec(select(tables.Fact).where(tables.Fact.kind == "task.arranged"))).all()
        entries = await session.exec(select(tables.AuditEntry).where(tables.AuditEntry.action == "task.arranged"))
        assert len(entries.all()) == 2
    assert [fact.body["owner_id"] for fact in facts] == [str(dispatcher.id), None]


async def test_a_task_that_sleeps_is_out_of_the_way_until_its_day(house: House, desk: Desk) -> None:
    task_id = await a_task(house)

    assert (await arrange(desk, task_id, asleep_until=in_days(2))).json()["asleep_until"] == in_days(2)

    assert (await listed(desk), await listed(desk, "asleep")) == ([], [task_id])
    house.clock.move_to(NOW + timedelta(days=1))
    desk = await house.sign_in(Role.BACK_OFFICE)
    assert (await listed(desk), await listed(desk, "asleep")) == ([], [task_id])
    house.clock.move_to(NOW + timedelta(days=2))
    desk = await house.sign_in(Role.BACK_OFFICE)
    assert (await listed(desk), await listed(desk, "asleep")) == ([task_id], [])


async def test_a_task_is_woken_and_done_while_it_sleeps(house: House, desk: Desk) -> None:
    first, second = await a_task(house), await a_task(house)
    for task_id in (first, second):
        await arrange(desk, task_id, asleep_until=in_days(3))

    await arrange(desk, first)
    await desk.post(f"/tasks/{second}/finish", json={"note": "fatto"})

    assert (await listed(desk), await listed(desk, "asleep"), await listed(desk, "done")) == ([first], [], [second])


@pytest.mark.parametrize(
    ("kind", "due_in", "until", "code"),
    [
        ("close_practice", 0, 0, "task.asleep_in_past"),
        ("close_practice", 0, -3, "task.asleep_in_past"),
        ("close_practice", 0, 8, "task.asleep_too_long"),
        ("close_practice", -5, 8, "task.asleep_too_long"),
        ("close_practice", 20, 21, "task.asleep_too_long"),
        ("close_practice", 3, 5, "task.asleep_too_long"),
        ("agent.in_danger", 0, 1, "task.cannot_wait"),
        ("limitation.near", 0, 1, "task.cannot_wait"),
        ("limitation.near", -1, 3, "task.cannot_wait"),
        ("limitation.near", 3, 4, "task.asleep_too_long"),
        ("limitation.near", 3, 3, None),
        ("close_practice", 0, 7, None),
        ("close_practice", 20, 20, None),
    ],
)
async def test_a_task_sleeps_to_its_day_and_a_late_one_a_week_at_most(
    house: House, desk: Desk, kind: str, due_in: int, until: int, code: str | None
) -> None:
    task_id = await a_task(house, kind=kind, due_in=due_in)

    answer = await arrange(desk, task_id, asleep_until=in_days(until))

    assert answer.json().get("code") == code
    assert await listed(desk) == ([] if code is None else [task_id])


async def test_only_people_of_the_desk_are_given_tasks(house: House, desk: Desk) -> None:
    task_id = await a_task(house)
    _, _, stranger = await house.other_agency()

    for person_id in (house.people[Role.AGENT].id, stranger.id, uuid4()):
        answer = await arrange(desk, task_id, owner_id=str(person_id))
        assert (answer.status_code, answer.json()["code"]) == (404, "task.person_unknown")
    other = await house.sign_in(person=stranger)
    assert (await arrange(other, task_id)).json()["code"] == "task.unknown"
    await desk.post(f"/tasks/{task_id}/finish", json={})
    assert (await arrange(desk, task_id)).json()["code"] == "task.unknown"


# --- of a field team ---


async def test_a_field_team_sees_what_is_about_its_agents_and_their_practices_and_every_alarm(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    first, second, third = await colleagues(house, 3)
    north, south = await squad(admin, "Nord", first), await squad(admin, "Sud", second)
    visited, planned, nobodys = [await entrusted(house, number=f"P-{letter}") for letter in "ABC"]
    await sent(house, [first, second], [visited, planned])
    (report,) = await reports(house, [first])
    await report.arrives()
    about = {
        "visited": await a_task(house, practice_id=visited),
        "planned": await a_task(house, practice_id=planned),
        "nobody's": await a_task(house, practice_id=nobodys),
        "about nothing": await a_task(house),
        "first's licence": await a_task(house, subject=("person", f"{first.id}:badge:2026-12-31")),
        "third's licence": await a_task(house, subject=("person", f"{third.id}:badge:2026-12-31")),
        "first's phone": await a_task(house, subject=("device", str(report.phone.device_id))),
        "what it sent": await a_task(house, subject=("envelope", report.envelope["id"])),
        "an alarm": await a_task(house, kind="agent.in_danger"),
    }
    names = {task_id: name for name, task_id in about.items()}

    seen = {
        name: {names[one] for one in await listed(admin, squad=squad_id) if one in names}
        for name, squad_id in (("Nord", north), ("Sud", south))
    }

    assert seen["Nord"] == {"visited", "first's licence", "first's phone", "what it sent", "an alarm"}
    assert seen["Sud"] == {"planned", "an alarm"}
    counted = (await admin.get("/tasks/count", params={"squad": north})).json()
    assert counted["total"] == len(await listed(admin, squad=north))
    await move(admin, south, first)
    assert {names[one] for one in await listed(admin, squad=south) if one in names} == seen["Nord"] | seen["Sud"]


async def test_a_field_team_that_is_none_or_another_agencys_is_refused(house: House, desk: Desk) -> None:
    theirs = await squad(await (await neighbour(house)).sign_in(Role.ADMINISTRATOR), "Loro")

    for squad_id in (theirs, str(uuid4())):
        for path in ("/tasks", "/tasks/count"):
            answer = await desk.get(path, params={"squad": squad_id})
            assert (answer.status_code, answer.json()["code"]) == (404, "squad.unknown")
