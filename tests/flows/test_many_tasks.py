"""More tasks and pairs than one page shows: every one is reached once, and how many there are is said."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations
from typing import Any
from uuid import UUID

import pytest

from fieldapp.domain.access import Role
from fieldapp.store import tables, tasks
from tests.conftest import NOW
from tests.flows.arranged import TODAY, entrusted
from tests.flows.conftest import Desk, House, new_id
from tests.flows.statements import plan_of

MANY = 1_120


@pytest.fixture
async def desk(house: House) -> Desk:
    return await house.sign_in(Role.BACK_OFFICE)


async def many_tasks(house: House) -> None:
    """Due over twenty days, many on each, half of them the dispatchers'; the alarm is the last that was made."""
    async with house.session() as session:
        for at in range(MANY):
            session.add(
                tables.Task(
                    id=new_id(),
                    agency_id=house.agency_id,
                    kind=tasks.ALARM if at == MANY - 1 else f"kind.{at % 3}",
                    team="dispatch" if at % 2 else "back_office",
                    owner_id=house.people[Role.BACK_OFFICE].id if at % 10 == 0 else None,
                    due_on=TODAY + timedelta(days=at % 20),
                    created_at=NOW,
                    subject_kind="test",
                    subject_id=str(at),
                )
            )


async def page(desk: Desk, **params: Any) -> list[dict[str, Any]]:
    answer = await desk.get("/tasks", params=params)
    assert answer.status_code == 200, answer.text
    return list(answer.json())


async def test_every_task_is_on_one_page_and_the_alarm_on_the_first(house: House, desk: Desk) -> None:
    await many_tasks(house)

    met, after = [], {}
    while rows := await page(desk, **after):
        assert len(rows) <= tasks.AT_MOST
        met += rows
        after = {"after": rows[-1]["id"]}

    assert len(met) == len({row["id"] for row in met}) == MANY
    assert met[0]["kind"] == tasks.ALARM
    assert [row["due_on"] for row in met[1:]] == sorted(row["due_on"] for row in met[1:])


async def test_how_many_there_are_is_said_of_all_and_of_what_is_asked_for(house: House, desk: Desk) -> None:
    await many_tasks(house)

    of_all = (await desk.get("/tasks/count")).json()
    of_some = (await desk.get("/tasks/count", params={"team": "dispatch", "kind": "kind.1"})).json()
    mine = (await desk.get("/tasks/count", params={"whose": "me"})).json()
    nobodys = (await desk.get("/tasks/count", params={"whose": "nobody"})).json()

    assert (of_all["total"], of_all["teams"]) == (MANY, ["back_office", "dispatch"])
    assert of_all["kinds"] == [tasks.ALARM, "kind.0", "kind.1", "kind.2"]
    assert of_some == of_all | {"total": len(await page(desk, team="dispatch", kind="kind.1"))}
    assert (mine["total"], nobodys["total"]) == (112, MANY - 112)
    assert {row["owner_id"] for row in await page(desk, whose="me")} == {str(house.people[Role.BACK_OFFICE].id)}


async def test_a_task_that_is_done_meanwhile_parts_no_pages(house: House, desk: Desk) -> None:
    await many_tasks(house)
    first = await page(desk)
    last = first[-1]
    await desk.post(f"/tasks/{last['id']}/finish", json={"note": "fatto"})

    second = await page(desk, after=last["id"])

    assert not {row["id"] for row in first} & {row["id"] for row in second}
    assert len(second) == tasks.AT_MOST


async def test_what_is_no_task_of_ours_is_no_place_to_go_on_from(desk: Desk) -> None:
    assert (await desk.get("/tasks", params={"after": str(UUID(int=7))})).json()["code"] == "request.cursor_unknown"


async def test_pairs_beyond_those_that_are_shown_are_counted_and_joined_ones_are_not(house: House, desk: Desk) -> None:
    practices = [await entrusted(house, f"P-00{sign}") for sign in "0123456789abcdefghijklmnopqrstuvwxyz"]
    async with house.session() as session:
        for at, (one, other) in enumerate(combinations(practices, 2)):
            session.add(
                tables.DebtorMatch(
                    id=new_id(),
                    agency_id=house.agency_id,
                    one_practice_id=min(one, other),
                    other_practice_id=max(one, other),
                    strength=at,
                    tells=["name"],
                    found_at=NOW,
                )
            )
        for practice_id in practices[-2:]:
            (await session.get_one(tables.Practice, practice_id)).debtor_group = practices[-1]

    found = (await desk.get("/debtors/pairs")).json()

    # 36 practices make 630 pairs; the last two are one debtor by now, and that pair speaks most.
    assert (found["waiting"], len(found["pairs"])) == (629, 100)


@pytest.mark.parametrize("state", ["open", "done"])
async def test_the_first_page_is_read_in_the_order_of_an_index(house: House, state: str) -> None:
    async with house.session() as session:
        plan = await plan_of(session, lambda: tasks.rows(session, state=state))

    assert "using task_in_order" in plan, plan
    assert "Sort" not in plan, plan
