"""What a practice asks of its agent: entered at the desk, obeyed by the planner, told where a hand goes against it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.services import large_days
from fieldapp.store.tables import Address, AuditEntry, Person, Practice
from tests.conftest import NOW
from tests.flows.arranged import TODAY, entrusted
from tests.flows.conftest import Desk, House, new_id
from tests.flows.phone import text_of
from tests.flows.test_appointments import FRIDAY, at, offered, on, take
from tests.flows.test_board import a_board, busy, move, order, read
from tests.flows.test_forbids import forbid
from tests.flows.test_planning import code, colleague, dispatcher, planned, stops_of
from tests.flows.test_replans import a_morning, away, lane_of


async def ask(desk: Desk, practice: UUID | str, *skills: str) -> Any:
    return await desk.post(f"/practices/{practice}/skills", json={"skills": list(skills)})


async def teach(house: House, person: Person, *skills: str) -> Any:
    """The administrator enters what the agent has, all else as it is."""
    admin = await house.sign_in(Role.ADMINISTRATOR)
    page = (await admin.get("/licences")).json()
    own = next(one for one in page["agents"] if one["person_id"] == str(person.id))
    names = ("provinces", "notified_on", "badge_valid_to", "qualification_valid_to")
    body = {**{name: own[name] for name in names}, "skills": list(skills)}
    return await admin.post(f"/licences/agents/{person.id}", json=body)


async def of_both(house: House, desk: Desk, other: Person, **more: Any) -> dict[str, Any]:
    return await planned(house, desk, agent_ids=[str(house.people[Role.AGENT].id), str(other.id)], **more)


def delayed(person: Person) -> dict[str, Any]:
    return {"kind": "held_up", "agent_id": str(person.id), "until": text_of(NOW + timedelta(minutes=30))}


def told_of(board: dict[str, Any], lane: int) -> set[tuple[str, str]]:
    return {(one["code"], one["practice_id"]) for one in board["lanes"][lane]["broken"]}


def who_visits(plan: dict[str, Any], number: str) -> str | None:
    visits = {stop["practice_number"]: route["agent_id"] for route in plan["routes"] for stop in route["stops"]}
    return visits.get(number)


async def test_a_visit_goes_to_the_agent_who_has_what_it_asks_for(house: House) -> None:
    practice = await entrusted(house, "P-001")
    other = await colleague(house)
    desk = await dispatcher(house)

    seen = []
    for one in (other, house.people[Role.AGENT]):
        await teach(house, other)
        await teach(house, house.people[Role.AGENT])
        assert (await teach(house, one, "german", "albanian")).status_code == 200
        assert (await ask(desk, practice, "german")).json() == ["german"]
        seen.append(who_visits(await of_both(house, desk, other), "P-001") == str(one.id))

    assert seen == [True, True]


async def test_what_nobody_has_is_named_where_the_visit_stays_out_and_asking_no_more_brings_it_in(house: House) -> None:
    practice = await entrusted(house, "P-001")
    other = await colleague(house)
    await teach(house, other, "german")
    desk = await dispatcher(house)
    await ask(desk, practice, "heavy_cases", "german")

    without = await of_both(house, desk, other)
    await ask(desk, practice)
    within = await of_both(house, desk, other)

    (out,) = without["unplanned"]
    assert (out["reason"], out["details"]["skill"]) == ("no_agent_skilled", ["german", "heavy_cases"])
    assert len(stops_of(within)) == 1


async def test_where_whoever_has_the_skills_may_not_go_there_the_plan_says_that(house: House) -> None:
    practice = await entrusted(house, "P-001")
    other = await colleague(house)
    await teach(house, other, "german")
    async with house.session() as session:
        (await session.get_one(Person, other.id)).provinces = ["NA"]
    desk = await dispatcher(house)
    await ask(desk, practice, "german")

    (out,) = (await of_both(house, desk, other))["unplanned"]

    assert (out["reason"], out["details"]["skill"]) == ("no_skilled_agent_may", ["german"])


async def test_a_visit_that_changes_hands_for_a_skill_asked_since_names_it(house: House) -> None:
    morning = await a_morning(house, visits=2)
    one = (await morning.stops(morning.first))[0]
    await teach(house, morning.other, "chinese")
    await ask(morning.desk, one["practice_id"], "chinese")

    view = (await morning.preview(delayed(morning.first))).json()

    (change,) = [change for change in view["changes"] if change["practice_id"] == one["practice_id"]]
    assert (change["kind"], change["to_agent"], change["reason"]) == ("handed", morning.other.name, "agent_unskilled")
    assert change["details"] == {"agent": morning.first.name, "skill": ["chinese"]}


async def test_a_replan_that_is_taken_still_tells_what_hands_went_against(house: House) -> None:
    morning = await a_morning(house, visits=2)
    desk = morning.desk
    one, two = await morning.stops(morning.first)
    await ask(desk, one["practice_id"], "arabic")
    published = (await morning.day())["versions"][0]["plan_id"]
    board = (await desk.post(f"/dispatch/plans/{published}/draft")).json()
    lane = next(at for at, its in enumerate(board["lanes"]) if its["agent_id"] == str(morning.first.id))
    await forbid(desk, board, two["practice_id"], agent=str(morning.first.id))
    for stop in (one, two):
        assert (await move(desk, await read(desk, board), stop["practice_id"], lane=lane)).status_code == 200
    said = {("broken_skills", one["practice_id"]), ("visit.forbidden_to_agent", two["practice_id"])}
    late = delayed(morning.first)

    before = told_of(await read(desk, board), lane)
    view = (await morning.preview(late)).json()
    taken = await morning.take(view, late)
    after = told_of(await read(desk, board), lane)

    assert taken.status_code == 200, taken.text
    assert (before, told_of(view, lane), after) == (said, said, said)


async def test_a_hand_that_puts_a_visit_with_somebody_who_lacks_a_skill_is_told_and_stays(house: House) -> None:
    desk, board = await a_board(house, "P-001", "P-002")
    full = busy(board)
    one, two = (stop["practice_id"] for stop in board["lanes"][full]["route"]["stops"])
    await ask(desk, one, "arabic")

    moved = (await move(desk, board, one, lane=1 - full)).json()
    now = await read(desk, board)
    again = await planned(house, desk, keep=board["plan_id"])

    told = [one for one in now["lanes"][1 - full]["broken"] if one["code"] == "broken_skills"]
    assert [(t["details"]["skill"], t["practice_id"]) for t in told] == [(["arabic"], one)]
    assert moved
    assert {stop["practice_id"] for stop in stops_of(again)} == {one, two}


async def test_who_has_the_skill_is_put_there_without_a_word(house: House) -> None:
    desk, board = await a_board(house, "P-001", "P-002")
    full = busy(board)
    one = board["lanes"][full]["route"]["stops"][0]["practice_id"]
    await ask(desk, one, "arabic")
    async with house.session() as session:
        person = await session.get_one(Person, UUID(board["lanes"][1 - full]["agent_id"]))
        person.skills = ["arabic"]

    await move(desk, board, one, lane=1 - full)
    now = await read(desk, board)

    assert not [one for one in now["lanes"][1 - full]["broken"] if one["code"] == "broken_skills"]


async def test_what_has_begun_stays_with_its_agent_whatever_is_asked_of_it_since(house: House) -> None:
    morning = await a_morning(house, visits=2)
    begun = await morning.arrive()
    await ask(morning.desk, begun["practice"]["id"], "chinese")

    view = await morning.preview(away(morning.first))

    assert view.status_code == 200, view.text
    first = lane_of(view.json(), morning.first)["route"]["stops"]
    assert begun["practice"]["id"] in {stop["practice_id"] for stop in first}


async def test_who_rings_at_a_door_has_what_each_practice_there_asks_for(house: House) -> None:
    asks = await entrusted(house, "P-001")
    await entrusted(house, "P-002", of="P-001")
    await entrusted(house, "P-003")
    agent = house.people[Role.AGENT]
    desk = await dispatcher(house)
    await ask(desk, asks, "german")

    without = await planned(house, desk)
    await teach(house, agent, "german")
    skilled = await planned(house, desk)

    assert [stop["practice_number"] for stop in stops_of(without)] == ["P-003"]
    out = {one["practice_number"]: (one["reason"], one["details"]["skill"]) for one in without["unplanned"]}
    assert out == dict.fromkeys(["P-001", "P-002"], ("no_agent_skilled", ["german"]))
    assert {stop["practice_number"] for stop in stops_of(skilled)} == {"P-001", "P-002", "P-003"}


async def test_a_lane_is_told_of_the_practice_that_asks_and_not_of_its_neighbour_at_the_door(house: House) -> None:
    asks = await entrusted(house, "P-001")
    await entrusted(house, "P-002", of="P-001")
    third = str(await entrusted(house, "P-003"))
    desk = await dispatcher(house)
    plan = await planned(house, desk)
    board = (await desk.post(f"/dispatch/plans/{plan['id']}/draft")).json()
    await ask(desk, asks, "arabic")

    # A lane is judged anew when a hand changes it.
    numbers = order(board, 0)
    moved = await move(desk, board, third, lane=0, place=2 if numbers[0] == "P-003" else 0)
    now = await read(desk, board)

    assert moved.status_code == 200, moved.text
    told = [(one["code"], one["practice_id"]) for lane in now["lanes"] for one in lane["broken"]]
    assert told == [("broken_skills", str(asks))]


async def test_a_large_day_brings_both_practices_at_a_door_to_the_agent_who_has_what_one_asks_for(
    house: House,
) -> None:
    asks = await entrusted(house, "P-001")
    await entrusted(house, "P-002", of="P-001")
    other = await colleague(house)
    await teach(house, other, "slovene")
    desk = await dispatcher(house)
    await ask(desk, asks, "slovene")
    large, large_days.LARGE_AGENTS = large_days.LARGE_AGENTS, 1
    try:
        plan = await of_both(house, desk, other)
    finally:
        large_days.LARGE_AGENTS = large

    assert {who_visits(plan, number) for number in ("P-001", "P-002")} == {str(other.id)}


async def test_lanes_that_hold_what_their_agent_lacks_the_skill_for_still_take_appointments(house: House) -> None:
    desk, board = await a_board(house, "P-001", "P-002")
    full = busy(board)
    one, two = (stop["practice_id"] for stop in board["lanes"][full]["route"]["stops"])
    await ask(desk, one, "arabic")
    await ask(desk, two, "chinese")
    assert (await move(desk, board, one, lane=1 - full)).status_code == 200
    assert (await desk.post(f"/dispatch/plans/{board['plan_id']}/publish")).status_code == 200
    another = await entrusted(house, "P-003")

    today = on(await offered(desk, another), TODAY)

    assert today["reason"] is None
    assert today["offers"] != []
    assert (await take(desk, another, today["offers"][0])).status_code == 201


async def test_a_lane_that_a_hand_led_beyond_its_licence_still_takes_appointments(house: House) -> None:
    desk, board = await a_board(house, "P-001", "P-002")
    full = busy(board)
    one = board["lanes"][full]["route"]["stops"][0]["practice_id"]
    agents = [UUID(lane["agent_id"]) for lane in board["lanes"]]
    async with house.session() as session:
        for agent in agents:
            (await session.get_one(Person, agent)).provinces = ["LO"]
        for row in (await session.exec(select(Address).where(Address.practice_id == UUID(one)))).all():
            row.province = "MI"
    assert (await move(desk, board, one, lane=1 - full)).status_code == 200
    assert (await move(desk, await read(desk, board), one, lane=full)).status_code == 200
    broken = {found["code"] for found in (await read(desk, board))["lanes"][full]["broken"]}
    another = await entrusted(house, "P-003")

    today = on(await offered(desk, another), TODAY)

    assert broken, "the board tells of the licence"
    assert str(agents[full]) in {offer["agent_id"] for offer in today["offers"]}


async def test_at_a_door_where_a_hand_put_one_visit_its_neighbour_that_asks_for_more_stays_out_and_is_told_why(
    house: House,
) -> None:
    await entrusted(house, "P-001")
    asks = await entrusted(house, "P-002", of="P-001")
    desk, board = await a_board(house, "P-003")
    plain, agents = board["lanes"][busy(board)], [UUID(lane["agent_id"]) for lane in board["lanes"]]
    pinned = next(stop["practice_id"] for stop in plain["route"]["stops"] if stop["practice_number"] == "P-001")
    lane = next(at for at, one in enumerate(board["lanes"]) if one is not plain)
    assert (await move(desk, board, pinned, lane=lane)).status_code == 200
    await ask(desk, asks, "german")
    async with house.session() as session:
        (await session.get_one(Person, agents[1 - lane])).skills = ["german"]

    again = await planned(house, desk, agent_ids=[str(one) for one in agents], keep=board["plan_id"])

    assert who_visits(again, "P-001") == str(agents[lane])
    assert who_visits(again, "P-003") is not None
    (out,) = [one for one in again["unplanned"] if one["practice_number"] == "P-002"]
    assert (out["reason"], out["details"]["instead_of"]) == ("kept_apart", "P-001")


async def test_an_appointment_goes_to_who_has_what_it_asks_for_else_it_is_said_what_nobody_has(house: House) -> None:
    practice = await entrusted(house, "P-001")
    other = await colleague(house)
    desk = await dispatcher(house)
    before = at(await offered(desk, practice), FRIDAY, 10)
    await ask(desk, practice, "german", "heavy_cases")

    nobody = on(await offered(desk, practice), FRIDAY)
    refused = await take(desk, practice, before)
    await teach(house, other, "heavy_cases", "german")
    somebody = on(await offered(desk, practice), FRIDAY)

    told = {"code": "appointment.nobody_skilled", "details": {"skill": ["german", "heavy_cases"]}}
    assert nobody["offers"] == []
    assert {name: nobody["reason"][name] for name in told} == told
    assert code(refused) == (409, "appointment.nobody_skilled")
    assert somebody["offers"] != []
    assert {one["agent_id"] for one in somebody["offers"]} == {str(other.id)}


async def test_whoever_has_the_skills_but_no_licence_there_is_told_of_as_such(house: House) -> None:
    practice = await entrusted(house, "P-001")
    other = await colleague(house)
    await teach(house, other, "german")
    async with house.session() as session:
        (await session.get_one(Person, other.id)).provinces = ["NA"]
    desk = await dispatcher(house)
    await ask(desk, practice, "german")

    friday = on(await offered(desk, practice), FRIDAY)

    assert friday["reason"]["code"] == "appointment.nobody_skilled_licensed"
    assert friday["reason"]["details"]["skill"] == ["german"]


async def test_a_large_day_knows_skills_in_its_cells(house: House) -> None:
    practice = await entrusted(house, "P-001")
    other = await colleague(house)
    await teach(house, other, "slovene")
    desk = await dispatcher(house)
    await ask(desk, practice, "slovene")
    large, large_days.LARGE_AGENTS = large_days.LARGE_AGENTS, 1
    try:
        plan = await of_both(house, desk, other)
    finally:
        large_days.LARGE_AGENTS = large

    assert who_visits(plan, "P-001") == str(other.id)


async def test_skills_are_a_closed_list_of_ones_own_agency_and_the_same_twice_is_one_entry(house: House) -> None:
    practice = await entrusted(house, "P-001")
    _, _, stranger = await house.other_agency()
    desk = await dispatcher(house)

    unknown = await ask(desk, practice, "telepathy")
    foreign = await ask(await house.sign_in(person=stranger), practice, "english")
    agent = await ask(await house.sign_in(Role.AGENT), practice, "english")
    for _ in range(2):
        same = await ask(desk, practice, "heavy_cases", "english", "english")

    assert (unknown.status_code, code(foreign)) == (422, (404, "practice.unknown"))
    assert agent.status_code in (401, 403)
    assert same.json() == ["english", "heavy_cases"]
    assert (await desk.get(f"/practices/{practice}")).json()["skills"] == ["english", "heavy_cases"]
    async with house.session() as session:
        rows = (await session.exec(select(AuditEntry).where(AuditEntry.action == "practice.skills_asked"))).all()
        assert len(rows) == 1
        assert (await session.get_one(Practice, practice)).skills == ["english", "heavy_cases"]


async def ask_for_all(house: House, *skills: str) -> Any:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    return await admin.post(f"/creditors/{house.creditor_id}/skills", json={"skills": list(skills)})


async def test_what_a_creditor_asks_of_all_visits_counts_beside_what_a_practice_asks(house: House) -> None:
    await entrusted(house, "P-001")
    both = await entrusted(house, "P-002")
    other = await colleague(house)
    await teach(house, other, "english")
    desk = await dispatcher(house)
    await ask(desk, both, "german")

    asked = await ask_for_all(house, "english", "english")
    without = await of_both(house, desk, other)
    await teach(house, other, "english", "german")
    within = await of_both(house, desk, other)
    await teach(house, other)
    await ask(desk, both)
    none = await of_both(house, desk, other)
    await ask_for_all(house)
    after = await of_both(house, desk, other)

    assert asked.json() == ["english"]
    assert who_visits(without, "P-001") == str(other.id)
    assert [(one["practice_number"], one["details"]["skill"]) for one in without["unplanned"]] == [
        ("P-002", ["english", "german"])
    ]
    assert {who_visits(within, number) for number in ("P-001", "P-002")} == {str(other.id)}
    assert [one["reason"] for one in none["unplanned"]] == ["no_agent_skilled", "no_agent_skilled"]
    assert len(stops_of(after)) == 2


async def test_what_a_creditor_asks_is_told_on_board_in_the_file_and_to_who_asks_for_an_appointment(
    house: House,
) -> None:
    desk, board = await a_board(house, "P-001", "P-002")
    full = busy(board)
    one = board["lanes"][full]["route"]["stops"][0]["practice_id"]
    await ask(desk, one, "arabic")
    await ask_for_all(house, "heavy_cases")

    await move(desk, board, one, lane=1 - full)
    now = await read(desk, board)
    file = (await desk.get(f"/practices/{one}")).json()
    creditor = next(row for row in (await desk.get("/creditors")).json() if row["id"] == str(house.creditor_id))
    friday = on(await offered(desk, one), FRIDAY)

    told = [found["details"]["skill"] for found in now["lanes"][1 - full]["broken"] if found["code"] == "broken_skills"]
    assert told == [["arabic", "heavy_cases"]]
    assert (file["skills"], file["skills_of_creditor"]) == (["arabic"], ["heavy_cases"])
    assert creditor["skills"] == ["heavy_cases"]
    assert (friday["reason"]["code"], friday["reason"]["details"]["skill"]) == (
        "appointment.nobody_skilled",
        ["arabic", "heavy_cases"],
    )


async def test_only_an_administrator_sets_what_a_creditor_asks_of_all_visits(house: House) -> None:
    desk = await dispatcher(house)
    body = {"skills": ["english"]}

    refused = await desk.post(f"/creditors/{house.creditor_id}/skills", json=body)
    unknown = await (await house.sign_in(Role.ADMINISTRATOR)).post(f"/creditors/{new_id()}/skills", json=body)
    for _ in range(2):
        await ask_for_all(house, "english")

    assert refused.status_code == 403
    assert code(unknown) == (404, "creditor.unknown")
    async with house.session() as session:
        rows = (await session.exec(select(AuditEntry).where(AuditEntry.action == "creditor.skills_asked"))).all()
    assert [row.details["skills"] for row in rows] == [["english"]]


async def test_a_visit_whose_agent_lacks_what_is_asked_since_the_plan_is_not_published_and_named(house: House) -> None:
    asks, stays = await entrusted(house, "P-001"), await entrusted(house, "P-002")
    agent = house.people[Role.AGENT]
    await teach(house, agent, "german")
    desk = await dispatcher(house)
    await ask(desk, asks, "german")
    plan = await planned(house, desk)
    assert {stop["practice_number"] for stop in stops_of(plan)} == {"P-001", "P-002"}
    await teach(house, agent, "english")

    day = (await desk.post(f"/dispatch/plans/{plan['id']}/publish")).json()

    assert {stop["practice_id"] for stop in stops_of(day)} == {str(stays)}
    (left_out,) = day["left_out"]
    assert left_out["practice_id"] == str(asks)
    assert [(one["code"], one["details"]) for one in left_out["findings"]] == [
        ("agent_unskilled", {"agent": agent.name, "skill": ["german"]})
    ]


async def test_a_hand_that_pinned_a_visit_stands_above_the_skills_when_it_is_published(house: House) -> None:
    desk, board = await a_board(house, "P-001", "P-002")
    full = busy(board)
    one = board["lanes"][full]["route"]["stops"][0]["practice_id"]
    await move(desk, board, one, lane=1 - full)
    await ask_for_all(house, "arabic")

    day = (await desk.post(f"/dispatch/plans/{board['plan_id']}/publish")).json()

    assert [stop["practice_id"] for stop in stops_of(day)] == [one]
    assert len(day["left_out"]) == 1
    assert day["left_out"][0]["practice_id"] != one


async def test_a_promised_visit_stays_with_its_agent_whatever_is_asked_since(house: House) -> None:
    practice = await entrusted(house, "P-001")
    desk = await dispatcher(house)
    offer = on(await offered(desk, practice), TODAY)["offers"][0]
    assert (await take(desk, practice, offer)).status_code == 201
    plan = await planned(house, desk)
    await ask(desk, practice, "arabic")

    day = (await desk.post(f"/dispatch/plans/{plan['id']}/publish")).json()

    assert [stop["practice_id"] for stop in stops_of(day)] == [str(practice)]
    assert day["left_out"] == []


COLUMNS = (
    "NDG;Intestatario;Cod. Fisc.;Ind. residenza;Località;C.A.P.;Prov.;Rif. bolletta;Scad.;Imponibile;Mora;Oneri;"
    "Esposizione;Affidata il;Fine affido;Situazione al"
)


def a_file(*asked: str, on: str, column: bool = True) -> bytes:
    """Practices A0, A1, ... of a creditor who asks for these skills in a column, or has none."""
    rows = [
        f"A{i};Niccolò Rossi;RCCMNL83S18D969H;Via Roma {i + 1};Lodi;26900;LO;F{i};2026-06-01;100,00;2,50;1,00;103,50;"
        f"2026-10-01;2026-12-31;{on}" + (f";{one}" if column else "")
        for i, one in enumerate(asked)
    ]
    return "\n".join([COLUMNS + (";Competenze richieste" if column else ""), *rows, ""]).encode()


async def imported(house: House, content: bytes, *, title: str) -> dict[str, Any]:
    desk = await house.sign_in(Role.BACK_OFFICE)
    draft = (await desk.post("/layouts/proposal", files={"file": ("a.csv", content)})).json()["draft"]
    body = {"creditor_id": str(house.creditor_id), "title": title, "draft": draft}
    layout = (await desk.post("/layouts", json=body)).json()
    form = {"layout": layout["name"], "creditor_id": str(house.creditor_id)}
    started = (await desk.post("/imports", files={"file": ("a.csv", content)}, data=form)).json()
    await house.run_jobs()
    assert (await desk.post(f"/imports/{started['id']}/confirm")).status_code == 200
    await house.run_jobs()
    return dict((await desk.get(f"/imports/{started['id']}")).json())


async def skills_told(house: House) -> dict[str, tuple[list[str], list[str]]]:
    async with house.session() as session:
        rows = (await session.exec(select(Practice))).all()
    return {row.practice_number: (row.skills_told, row.skills) for row in rows}


async def test_a_creditors_file_asks_for_skills_and_its_next_one_for_others_without_touching_the_desks(
    house: House,
) -> None:
    first = await imported(house, a_file("tedesco, aziende", "", "klingon", on="2026-11-20"), title="Con competenze")
    desk = await dispatcher(house)
    ids = {row["practice_number"]: row["id"] for row in (await desk.get("/practices")).json()["rows"]}
    await ask(desk, ids["A0"], "arabic")
    before = await skills_told(house)
    await imported(house, a_file("inglese", "arabo", on="2026-11-21"), title="Con competenze 2")
    changed = await skills_told(house)
    await imported(house, a_file("x", "x", on="2026-11-22", column=False), title="Senza")
    untouched = await skills_told(house)
    await imported(house, a_file("", "", on="2026-11-23"), title="Vuote")
    emptied = await skills_told(house)

    assert (first["accepted"], first["rejected"]) == (2, 1)
    assert "klingon" in first["rejects"][0]["reasons"][0]
    assert before == {"A0": (["german", "companies"], ["arabic"]), "A1": ([], [])}
    assert changed == untouched == {"A0": (["english"], ["arabic"]), "A1": (["arabic"], [])}
    assert emptied == {"A0": ([], ["arabic"]), "A1": ([], [])}


async def test_a_licence_entered_by_a_system_that_knows_no_skills_leaves_them(house: House) -> None:
    agent = house.people[Role.AGENT]
    await teach(house, agent, "english")
    admin = await house.sign_in(Role.ADMINISTRATOR)

    body = {"provinces": ["LO"], "notified_on": None, "badge_valid_to": None, "qualification_valid_to": None}
    page = (await admin.post(f"/licences/agents/{agent.id}", json=body)).json()

    assert [one["skills"] for one in page["agents"] if one["person_id"] == str(agent.id)] == [["english"]]
