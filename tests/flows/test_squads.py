"""Squads: who decides, what a change of squad leaves as it was, and figures that are never one agent's."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from arro3.io import read_parquet
from openpyxl import load_workbook
from sqlmodel import col, select

from fieldapp.domain.access import Role
from fieldapp.store import tables
from fieldapp.store.feed import NewFact, tell
from tests.conftest import NOW
from tests.flows.arranged import TODAY, entrusted, published
from tests.flows.conftest import Desk, House, a_person
from tests.flows.phone import FieldPhone, a_report
from tests.flows.test_access_table import neighbour
from tests.flows.test_figures import figures
from tests.flows.test_planning import code
from tests.flows.test_sync import AT, day_of, verdicts

TOMORROW = TODAY + timedelta(days=1)
YESTERDAY = TODAY - timedelta(days=1)
PLANNED = ["planned", "done", "visits"]


async def colleagues(house: House, count: int) -> list[tables.Person]:
    """The house's agent and others."""
    others = [a_person(house.agency_id, Role.AGENT, login=f"agente{n}", number=f"9{n}") for n in range(1, count)]
    async with house.session() as session:
        session.add_all(others)
    return [house.people[Role.AGENT], *others]


async def squad(admin: Desk, name: str, *agents: tables.Person, from_on: date = TODAY) -> str:
    """A new squad with these agents; its id."""
    made = await admin.post("/squads", json={"name": name})
    assert made.status_code == 200, made.text
    (row,) = [one for one in made.json()["squads"] if one["name"] == name and one["closed_on"] is None]
    if agents:
        assert (await move(admin, row["id"], *agents, from_on=from_on)).status_code == 200
    return str(row["id"])


async def move(admin: Desk, squad_id: str | None, *agents: tables.Person, from_on: date = TODAY) -> Any:
    people = [str(agent.id) for agent in agents]
    return await admin.post(
        "/squads/members", json={"person_ids": people, "squad_id": squad_id, "from_on": from_on.isoformat()}
    )


async def where(desk: Desk, day: date | None = None) -> dict[str, str | None]:
    """By agent's name the name of the squad on that day."""
    answer = await desk.get("/squads", params={"day": day.isoformat()} if day else {})
    assert answer.status_code == 200, answer.text
    names = {one["id"]: one["name"] for one in answer.json()["squads"]}
    return {one["name"]: names.get(one["squad_id"]) for one in answer.json()["agents"]}


async def sent(house: House, agents: Sequence[tables.Person], practices: Sequence[UUID], *, day: date = TODAY) -> None:
    """The day published: one practice for each agent."""
    await published(house, *practices, day=day)
    async with house.session() as session:
        query = select(tables.PublishedStop).where(tables.PublishedStop.day == day)
        stops = (await session.exec(query.order_by(col(tables.PublishedStop.position)))).all()
        for stop, agent in zip(stops, agents, strict=True):
            stop.agent_id = agent.id
        tell(session, NewFact("day.published", NOW, day=day))


@dataclass
class Report:
    """A visit that an agent made today, on the phone still."""

    phone: FieldPhone
    envelope: dict[str, Any]

    async def arrives(self) -> None:
        assert await verdicts(self.phone, self.envelope) == [("accepted", None)]


async def reports(house: House, agents: Sequence[tables.Person]) -> list[Report]:
    """Of each a visit at the first stop of today."""
    found = []
    for agent in agents:
        desk = await house.sign_in(Role.AGENT, person=agent)
        phone = await FieldPhone.enrol(desk, house.client(), agent_number=str(agent.agent_number))
        stop = (await day_of(phone))["stops"][0]
        found.append(Report(phone, phone.envelope("visit", a_report(stop, at=AT), at=NOW)))
    return found


async def days_later(house: House, days: int = 1) -> Desk:
    """The administrator, once today is over."""
    house.clock.move_to(NOW + timedelta(days=days))
    return await house.sign_in(Role.ADMINISTRATOR)


async def rows(desk: Desk, first: date = TODAY, last: date = TODAY) -> dict[str, list[int]]:
    """By squad what was planned, done and visited."""
    page = await figures(desk, "squad", from_on=first.isoformat(), to_on=last.isoformat())
    for name in ("kept", "broken", "recovered_cents"):
        assert not any(row["cells"][name] for row in [*page["rows"], {"cells": page["total"]}]), "no money by squad"
    return {row["name"] or row["key"]: [row["cells"][name] for name in PLANNED] for row in page["rows"]}


async def practices_of(desk: Desk, key: str, first: date = TODAY, last: date = TODAY) -> set[str]:
    asked = {"by": "squad", "key": key, "from_on": first.isoformat(), "to_on": last.isoformat()}
    answer = await desk.get("/figures/practices", params=asked)
    assert answer.status_code == 200, answer.text
    return {row["practice_number"] for row in answer.json()["rows"]}


# --- managed by the administrator ---


async def test_the_administrator_makes_renames_fills_and_closes_a_squad_and_the_register_tells(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    one, other, third = await colleagues(house, 3)
    north = await squad(admin, "Nord", one, other)

    renamed = await admin.post(f"/squads/{north}/name", json={"name": "  Nord   Ovest "})
    assert (await move(admin, None, other, from_on=TOMORROW)).status_code == 200
    today, tomorrow = await where(admin), await where(admin, TOMORROW)
    closed = await admin.post(f"/squads/{north}/close")
    again = await admin.post(f"/squads/{north}/close")

    assert [row["name"] for row in renamed.json()["squads"]] == ["Nord Ovest"]
    assert today == {one.name: "Nord Ovest", other.name: "Nord Ovest", third.name: None}
    assert tomorrow == {one.name: "Nord Ovest", other.name: None, third.name: None}
    assert closed.json()["squads"][0]["closed_on"] == TODAY.isoformat()
    assert again.json() == closed.json()
    assert set((await where(admin, TOMORROW)).values()) == {None}, "from tomorrow on in none"
    assert (await where(admin))[one.name] == "Nord Ovest", "today was its last day"
    audit = [row for row in (await admin.get("/audit")).json() if row["action"].startswith("squad.")]
    assert sorted(row["action"] for row in audit) == [
        *("squad.closed", "squad.created", "squad.moved", "squad.moved", "squad.moved", "squad.moved", "squad.renamed")
    ]
    assert {"squad": None, "from_on": TOMORROW.isoformat()} in [row["details"] for row in audit]


async def test_what_cannot_be_is_refused_in_words(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    (agent,) = await colleagues(house, 1)
    north, closed = await squad(admin, "Nord"), await squad(admin, "Est")
    await admin.post(f"/squads/{closed}/close")
    gone = a_person(house.agency_id, Role.AGENT, login="uscito", number="77")
    gone.active = False
    async with house.session() as session:
        session.add(gone)

    answers = {
        "empty": await admin.post("/squads", json={"name": "  "}),
        "long": await admin.post("/squads", json={"name": "x" * 61}),
        "taken": await admin.post("/squads", json={"name": " NORD "}),
        "renamed to taken": await admin.post(f"/squads/{await squad(admin, 'Sud')}/name", json={"name": "Nord"}),
        "rename closed": await admin.post(f"/squads/{closed}/name", json={"name": "Ovest"}),
        "into closed": await move(admin, closed, agent),
        "yesterday": await move(admin, north, agent, from_on=YESTERDAY),
        "far": await move(admin, north, agent, from_on=TODAY + timedelta(days=367)),
        "dispatcher": await move(admin, north, house.people[Role.DISPATCHER]),
        "left": await move(admin, north, gone),
        "unknown": await move(admin, str(house.creditor_id), agent),
        "nobody": await move(admin, north),
    }

    assert {name: code(answer) for name, answer in answers.items()} == {
        "empty": (422, "squad.name_unfit"),
        "long": (422, "squad.name_unfit"),
        "taken": (409, "squad.name_taken"),
        "renamed to taken": (409, "squad.name_taken"),
        "rename closed": (409, "squad.closed"),
        "into closed": (409, "squad.closed"),
        "yesterday": (409, "squad.day_is_past"),
        "far": (422, "squad.day_too_far"),
        "dispatcher": (409, "squad.only_agents"),
        "left": (409, "squad.agent_left"),
        "unknown": (404, "squad.unknown"),
        "nobody": (422, "request.malformed"),
    }
    assert (await where(admin))[agent.name] is None, "nothing of it was done"


async def test_one_agent_of_several_that_cannot_be_moved_keeps_all_where_they_are(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    one, other = await colleagues(house, 2)
    north = await squad(admin, "Nord")

    answer = await move(admin, north, one, house.people[Role.BACK_OFFICE], other)

    assert code(answer) == (409, "squad.only_agents")
    assert set((await where(admin)).values()) == {None}


async def test_the_name_of_a_closed_squad_is_free_again(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    old = await squad(admin, "Nord")
    await admin.post(f"/squads/{old}/close")

    assert await squad(admin, "Nord") != old


async def test_two_who_make_the_same_squad_at_once_make_one(house: House) -> None:
    desks = [await house.sign_in(Role.ADMINISTRATOR) for _ in range(2)]

    answers = await asyncio.gather(*(desk.post("/squads", json={"name": "Nord"}) for desk in desks))

    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_the_desk_reads_squads_and_only_the_administrator_changes_them(house: House) -> None:
    dispatcher = await house.sign_in(Role.DISPATCHER)
    (agent,) = await colleagues(house, 1)

    assert await where(dispatcher) == {agent.name: None}
    assert (await dispatcher.post("/squads", json={"name": "Nord"})).status_code == 403
    assert (await move(dispatcher, None, agent)).status_code == 403
    assert (await (await house.sign_in(Role.AGENT)).get("/squads")).status_code == 403


async def test_another_agency_has_neither_squads_nor_agents_here(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    (agent,) = await colleagues(house, 1)
    north = await squad(admin, "Nord", agent)
    other = await neighbour(house)
    theirs = await other.sign_in(Role.ADMINISTRATOR)

    answers = [
        await move(theirs, north, other.people[Role.AGENT]),
        await move(theirs, None, agent),
        await theirs.post(f"/squads/{north}/close"),
    ]
    named = await theirs.post("/squads", json={"name": "Nord"})

    assert [code(one) for one in answers] == [(404, "squad.unknown"), (404, "person.unknown"), (404, "squad.unknown")]
    assert named.status_code == 200, "each agency names its own"
    assert await where(theirs) == {other.people[Role.AGENT].name: None}
    assert await where(admin) == {agent.name: "Nord"}


async def test_who_leaves_is_in_no_squad_from_the_next_day_on_also_once_back(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    (agent,) = await colleagues(house, 1)
    north = await squad(admin, "Nord", agent)
    await move(admin, None, agent, from_on=TODAY + timedelta(days=3))
    await move(admin, north, agent, from_on=TODAY + timedelta(days=5))

    await admin.post(f"/people/{agent.id}/left", json={"left": True})
    left = [await where(admin, day) for day in (TODAY, TOMORROW)]
    await admin.post(f"/people/{agent.id}/left", json={"left": False})

    assert left == [{agent.name: "Nord"}, {}]
    assert [(await where(admin, TODAY + timedelta(days=n)))[agent.name] for n in (0, 1, 6)] == ["Nord", None, None]


async def test_a_mistake_taken_back_leaves_the_move_that_was_entered_for_later(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    (agent,) = await colleagues(house, 1)
    north, south = await squad(admin, "Nord", agent), await squad(admin, "Sud")
    await move(admin, south, agent, from_on=TODAY + timedelta(days=9))

    await move(admin, south, agent, from_on=TODAY + timedelta(days=4))
    mended = await move(admin, north, agent, from_on=TODAY + timedelta(days=4))

    assert [(await where(admin, TODAY + timedelta(days=n)))[agent.name] for n in (0, 4, 8, 9)] == [
        *("Nord", "Nord", "Nord", "Sud")
    ]
    (row,) = mended.json()["agents"]
    assert row["later"] == [{"from_on": (TODAY + timedelta(days=9)).isoformat(), "squad_id": south}], "and nothing else"


# --- figures ---


async def a_working_day(house: House, agents: Sequence[tables.Person], *, day: date = TODAY) -> list[UUID]:
    practices = [await entrusted(house, f"P-00{number}") for number in range(1, len(agents) + 1)]
    await sent(house, agents, practices, day=day)
    return practices


async def test_planned_and_done_are_told_by_squad_open_to_their_practices_and_leave_as_files(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    agents = await colleagues(house, 7)
    north = await squad(admin, "Nord", *agents[:3])
    south = await squad(admin, "Sud", *agents[3:])
    await a_working_day(house, agents)
    for report in await reports(house, agents[:6]):
        await report.arrives()

    house.clock.move_to(NOW + timedelta(days=1))
    desk = await house.sign_in(Role.DISPATCHER)

    assert await rows(desk) == {"Nord": [3, 3, 3], "Sud": [4, 3, 3]}
    assert await practices_of(desk, north) == {"P-001", "P-002", "P-003"}
    assert await practices_of(desk, south) == {"P-004", "P-005", "P-006", "P-007"}
    asked = {"by": "squad", "from_on": TODAY.isoformat(), "to_on": TODAY.isoformat()}
    told = ["squad", "name", "visits", "reached", "planned", "done", "metres"]
    wanted = [[north, "Nord", 3, 0, 3, 3, 12_000], [south, "Sud", 3, 0, 4, 3, 12_000]]
    files = {
        form: (await desk.get("/exports/figures", params={**asked, "form": form})).content
        for form in ("csv", "xlsx", "parquet")
    }
    sheet = list(load_workbook(io.BytesIO(files["xlsx"])).active.iter_rows(values_only=True))  # type: ignore[union-attr]
    table = read_parquet(io.BytesIO(files["parquet"])).read_all()
    assert [list(row) for row in sheet] == [told, *wanted]
    assert table.column_names == told
    assert [[table[name][at].as_py() for name in told] for at in range(2)] == wanted
    lines = list(csv.reader(io.StringIO(files["csv"].decode("utf-8-sig")), delimiter=";"))
    assert lines == [told, *[[str(one) for one in row] for row in wanted]]


async def test_an_agent_who_changes_squad_leaves_the_days_before_where_they_were(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    agents = await colleagues(house, 7)
    await squad(admin, "Nord", *agents[:4])
    south = await squad(admin, "Sud", *agents[4:])
    practices = await a_working_day(house, agents)
    await sent(house, agents, practices, day=TOMORROW)

    await move(admin, south, agents[0], from_on=TOMORROW)

    admin = await days_later(house, 2)
    assert await rows(admin, last=TOMORROW) == {"Nord": [7, 0, 0], "Sud": [7, 0, 0]}
    assert await rows(admin) == {"Nord": [4, 0, 0], "Sud": [3, 0, 0]}, "today as it was"
    assert await rows(admin, first=TOMORROW, last=TOMORROW) == {"Nord": [3, 0, 0], "Sud": [4, 0, 0]}
    assert await practices_of(admin, south, TODAY, TOMORROW) == {"P-001", "P-005", "P-006", "P-007"}
    assert await practices_of(admin, south) == {"P-005", "P-006", "P-007"}


async def test_around_the_move_of_one_agent_nothing_is_told_that_would_differ_by_them(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    agents = await colleagues(house, 7)
    north = await squad(admin, "Nord", *agents[:4])
    south = await squad(admin, "Sud", *agents[4:])
    practices = await a_working_day(house, agents)
    await sent(house, agents, practices, day=TOMORROW)

    async def read() -> list[Any]:
        keys = (north, south)
        return [await rows(admin, last=TOMORROW), *[await practices_of(admin, key, TODAY, TOMORROW) for key in keys]]

    before = await read()
    await move(admin, south, agents[0])

    assert before == await read() == [{"rest": [14, 0, 0]}, set(), set()]
    admin = await days_later(house)
    assert await rows(admin, last=TOMORROW) == {"Nord": [3, 0, 0], "Sud": [4, 0, 0], "rest": [7, 0, 0]}
    answer = await move(admin, north, agents[0])
    assert code(answer) == (409, "squad.day_is_past"), "what is told does not move"


async def test_three_who_were_sent_do_not_open_the_figures_of_the_one_who_went(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    agents = await colleagues(house, 6)
    north = await squad(admin, "Nord", *agents[:3])
    await squad(admin, "Sud", *agents[3:])
    practices = await a_working_day(house, agents)
    first, *others = await reports(house, agents[:3])
    await first.arrives()

    admin = await days_later(house)
    alone = [await rows(admin), await practices_of(admin, north)]
    for report in others:
        await report.arrives()
    together = [await rows(admin), await practices_of(admin, north)]
    async with house.session() as session:
        query = select(tables.Visit).where(col(tables.Visit.practice_id).in_(practices[1:3]))
        for visit in (await session.exec(query)).all():
            visit.stop_id = None
            tell(session, NewFact("visit.corrected", NOW, practice_id=visit.practice_id))
    unasked = [await rows(admin), await practices_of(admin, north)]

    assert alone == [{"rest": [6, 1, 1]}, set()]
    assert together == [{"Nord": [3, 3, 3], "rest": [3, 0, 0]}, {"P-001", "P-002", "P-003"}]
    assert unasked == [{"rest": [6, 1, 3]}, set()], "of the plan, and of its way, one made all"


async def test_a_report_that_comes_days_later_counts_for_the_squad_of_its_day(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    agents = await colleagues(house, 6)
    await squad(admin, "Nord", *agents[:3])
    south = await squad(admin, "Sud", *agents[3:])
    await a_working_day(house, agents)
    late, *others = await reports(house, agents)
    for report in others:
        await report.arrives()

    admin = await days_later(house, 2)
    await move(admin, south, agents[0], from_on=TODAY + timedelta(days=2))
    before = await rows(admin)
    await late.arrives()

    assert before == {"rest": [6, 5, 5]}, "of the squad two had visited, as far as was known"
    assert await rows(admin) == {"Nord": [3, 3, 3], "Sud": [3, 3, 3]}


async def test_figures_of_one_or_two_agents_are_shown_of_no_squad(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    agents = await colleagues(house, 8)
    await squad(admin, "Nord", *agents[:5])
    small = await squad(admin, "Sud", *agents[5:7])
    await a_working_day(house, agents)
    admin = await days_later(house)

    # The two and the one in no squad are three: together they can be told, alone they cannot.
    assert await rows(admin) == {"Nord": [5, 0, 0], "rest": [3, 0, 0]}
    assert await practices_of(admin, small) == set(), "asked for by its key it opens to nothing"
    assert await practices_of(admin, "rest") == {"P-006", "P-007", "P-008"}


async def test_what_is_left_of_the_total_is_never_one_agents(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    agents = await colleagues(house, 8)
    await squad(admin, "Nord", *agents[:4])
    await squad(admin, "Sud", *agents[4:7])
    await a_working_day(house, agents)
    admin = await days_later(house)

    assert await rows(admin) == {"Nord": [4, 0, 0], "rest": [4, 0, 0]}, "the total less two squads would be one agent's"


async def test_a_large_squad_of_which_one_worked_is_not_told_that_day_whatever_period_is_asked(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    agents = await colleagues(house, 6)
    await squad(admin, "Nord", *agents[:3])
    await squad(admin, "Sud", *agents[3:])
    practices = await a_working_day(house, agents)
    await sent(house, [agents[0], *agents[3:]], practices[:4], day=TOMORROW)
    admin = await days_later(house, 2)

    days = [await rows(admin, day, day) for day in (TODAY, TOMORROW)]
    both = await rows(admin, TODAY, TOMORROW)

    assert days[0] == {"Nord": [3, 0, 0], "Sud": [3, 0, 0]}
    assert days[1] == {"rest": [4, 0, 0]}
    assert both == {"Nord": [3, 0, 0], "Sud": [3, 0, 0], "rest": [4, 0, 0]}, (
        "taking one period off the other tells nothing"
    )


async def test_behind_an_import_squads_are_counted_from_scratch_and_say_the_same(
    house: House, monkeypatch: Any
) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    agents = await colleagues(house, 8)
    await squad(admin, "Nord", *agents[:2])
    keys = [await squad(admin, "Sud", *agents[2:5]), await squad(admin, "Est", *agents[5:8]), "rest"]
    await a_working_day(house, agents)
    admin = await days_later(house)
    kept = [await rows(admin), *[await practices_of(admin, key) for key in keys]]

    monkeypatch.setattr("fieldapp.store.figure_sums.LITTLE", -1)

    assert [await rows(admin), *[await practices_of(admin, key) for key in keys]] == kept
    assert sorted(kept[0].values()) == [[3, 0, 0], [5, 0, 0]], "of two equal squads one joins the two agents left over"
    assert sorted(len(those) for those in kept[1:]) == [0, 3, 5]


async def test_who_reads_the_days_squads_sees_who_left_since_only_on_their_days(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    one, other = await colleagues(house, 2)
    await squad(admin, "Nord", one, other)
    await admin.post(f"/people/{other.id}/left", json={"left": True})
    house.clock.move_to(NOW + timedelta(days=3))

    admin = await house.sign_in(Role.ADMINISTRATOR)

    assert await where(admin, TODAY) == {one.name: "Nord", other.name: "Nord"}
    assert await where(admin) == {one.name: "Nord"}
