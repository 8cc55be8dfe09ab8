"""Figures of named agents: off until a legal basis is recorded, readable only of its days, gone when it is removed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from fieldapp.domain.access import Role
from tests.flows.arranged import TODAY
from tests.flows.conftest import Desk, House
from tests.flows.test_access_table import neighbour
from tests.flows.test_planning import code
from tests.flows.test_squads import a_working_day, colleagues, days_later, practices_of, reports, rows, squad

YESTERDAY = TODAY - timedelta(days=1)


def basis(**changed: str) -> dict[str, str]:
    """An agreement of yesterday, of which agents were told today; figures of today on."""
    days = {"signed_on": YESTERDAY.isoformat(), "told_on": TODAY.isoformat(), "from_on": TODAY.isoformat()}
    return {"ground": "union_agreement", "reference": "RSU 3/2026", **days, **changed}


async def by_agent(desk: Desk, **days: str) -> Any:
    asked = {"by": "agent", "from_on": TODAY.isoformat(), "to_on": TODAY.isoformat(), **days}
    return await desk.get("/figures", params=asked)


async def test_nothing_is_told_of_an_agent_until_a_basis_is_recorded_and_nothing_more_once_it_is_removed(
    house: House,
) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    agents = await colleagues(house, 2)
    await a_working_day(house, agents)
    (first, _) = await reports(house, agents)
    await first.arrives()
    names = [agent.name for agent in agents]

    before = await by_agent(admin)
    recorded = await admin.post("/figures/basis", json=basis())
    told = (await by_agent(admin)).json()
    opened = {
        "key": str(agents[0].id),
        "by": "agent",
        "from_on": TODAY.isoformat(),
        "to_on": TODAY.isoformat(),
    }
    behind = (await admin.get("/figures/practices", params=opened)).json()
    file = (await admin.get("/exports/figures", params={**opened, "form": "csv"})).text
    ended = await admin.post("/figures/basis/end", json={"reason": "L'accordo è disdetto"})

    assert code(before) == (409, "figures.no_basis")
    assert recorded.json()["basis"]["reference"] == "RSU 3/2026"
    cells = {row["name"]: row["cells"] for row in told["rows"]}
    assert {name: (one["planned"], one["visits"], one["recovered_cents"]) for name, one in cells.items()} == {
        names[0]: (1, 1, 0),
        names[1]: (1, 0, 0),
    }
    assert [row["practice_number"] for row in behind["rows"]] == ["P-001"]
    assert names[1] in file
    assert ended.json() == {"basis": None}
    for path, asked in (("/figures", {}), ("/figures/practices", opened), ("/exports/figures", {"form": "csv"})):
        answer = await admin.get(path, params={**opened, **asked})
        assert code(answer) == (409, "figures.no_basis"), path


async def test_figures_of_an_agent_begin_with_the_day_of_the_basis(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    await admin.post("/figures/basis", json=basis())

    answer = await by_agent(admin, from_on=YESTERDAY.isoformat())

    assert code(answer) == (409, "figures.before_basis")
    assert answer.json()["details"]["from_on"] == TODAY.isoformat()


async def test_with_a_basis_a_small_squad_is_told_from_its_day_on_and_hidden_again_after(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    agents = await colleagues(house, 8)
    await squad(admin, "Nord", *agents[:5])
    small = await squad(admin, "Sud", *agents[5:7])
    await a_working_day(house, agents)
    admin = await days_later(house)
    hidden = await rows(admin)

    await admin.post("/figures/basis", json=basis())
    told, behind = await rows(admin), await practices_of(admin, small)
    await admin.post("/figures/basis/end", json={"reason": "Disdetto"})
    await admin.post("/figures/basis", json=basis(from_on=(TODAY + timedelta(days=1)).isoformat()))

    assert told == {"Nord": [5, 0, 0], "Sud": [2, 0, 0], "rest": [1, 0, 0]}
    read = [row for row in (await admin.get("/audit")).json() if row["action"] == "figures.agents_read"]
    assert len(read) == 2, "as the squad of two was shown, and opened"
    assert behind == {"P-006", "P-007"}
    assert await rows(admin) == hidden == {"Nord": [5, 0, 0], "rest": [3, 0, 0]}, "the day lies before the new basis"


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"reference": "  "}, "figures.basis_unreferenced"),
        ({"from_on": YESTERDAY.isoformat()}, "figures.basis_too_early"),
        ({"signed_on": (TODAY + timedelta(days=1)).isoformat(), "from_on": "2027-01-01"}, "figures.basis_in_future"),
        ({"told_on": (TODAY + timedelta(days=1)).isoformat(), "from_on": "2027-01-01"}, "figures.basis_in_future"),
    ],
)
async def test_a_basis_that_cannot_be_is_refused_in_words(house: House, changed: dict[str, str], refused: str) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)

    answer = await admin.post("/figures/basis", json=basis(**changed))

    assert code(answer) == (422, refused)
    assert (await admin.get("/figures/basis")).json() == {"basis": None}


async def test_of_two_who_record_at_once_one_is_told_that_a_basis_stands(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)

    answers = await asyncio.gather(*(admin.post("/figures/basis", json=basis(reference=name)) for name in "AB"))

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (kept,) = [answer.json()["basis"]["reference"] for answer in answers if answer.status_code == 200]
    assert (await admin.get("/figures/basis")).json()["basis"]["reference"] == kept


async def test_who_records_removes_and_reads_stands_in_the_register(house: House) -> None:
    admin, desk = await house.sign_in(Role.ADMINISTRATOR), await house.sign_in(Role.DISPATCHER)
    await admin.post("/figures/basis", json=basis())
    await by_agent(desk)
    unsaid = await admin.post("/figures/basis/end", json={"reason": " "})
    await admin.post("/figures/basis/end", json={"reason": "Disdetto"})
    again = await admin.post("/figures/basis/end", json={"reason": "Disdetto"})

    told = [row for row in (await admin.get("/audit")).json() if row["action"].startswith("figures.")]

    assert [(row["action"], row["person_name"]) for row in reversed(told)] == [
        ("figures.basis_recorded", house.people[Role.ADMINISTRATOR].name),
        ("figures.agents_read", house.people[Role.DISPATCHER].name),
        ("figures.basis_ended", house.people[Role.ADMINISTRATOR].name),
    ]
    assert told[-1]["details"] == basis()
    assert (code(unsaid), code(again)) == ((422, "figures.basis_reason_missing"), (409, "figures.no_basis"))


async def test_a_basis_is_the_administrators_and_its_agencys_own(house: House) -> None:
    other = await neighbour(house)
    admin = await house.sign_in(Role.ADMINISTRATOR)
    agents = await colleagues(house, 5)
    await squad(admin, "Nord", *agents[:2])
    await a_working_day(house, agents)
    desk = await house.sign_in(Role.DISPATCHER)
    refused = await desk.post("/figures/basis", json=basis())
    await (await other.sign_in(Role.ADMINISTRATOR)).post("/figures/basis", json=basis())

    assert refused.status_code == 403
    assert (await desk.get("/figures/basis")).json() == {"basis": None}
    assert code(await by_agent(desk)) == (409, "figures.no_basis")
    assert await rows(await days_later(house)) == {"rest": [5, 0, 0]}
