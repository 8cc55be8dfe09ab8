"""The dispatcher's morning: who may lawfully be visited, a plan from the background, a day that phones can fetch."""

from __future__ import annotations

import asyncio
import io
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import httpx
import pypdf
import pytest
from sqlalchemy import text
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.services import rules, solving
from fieldapp.store import agreements, practice_facts
from fieldapp.store import planning as store
from fieldapp.store.database import DatabaseAway
from fieldapp.store.tables import Address, AuditEntry, ContactAttempt, Fact, Person, Practice, PracticeFlag
from tests.conftest import NOW
from tests.flows.arranged import TODAY, entrusted
from tests.flows.conftest import Desk, House, a_person, new_id
from tests.flows.phone import FieldPhone, text_of

SUNDAY = "2026-11-29"


async def dispatcher(house: House) -> Desk:
    return await house.sign_in(Role.DISPATCHER)


async def planned(house: House, desk: Desk, **changes: Any) -> dict[str, Any]:
    """A plan, computed to its end."""
    asked = {"day": TODAY.isoformat(), "seconds": 1, "seed": 7, **changes}
    answer = await desk.post("/dispatch/plans", json=asked)
    assert answer.status_code == 201, answer.text
    await house.run_jobs()
    return dict((await desk.get(f"/dispatch/plans/{answer.json()['id']}")).json())


async def published_day(house: House, desk: Desk, **changes: Any) -> dict[str, Any]:
    plan = await planned(house, desk, **changes)
    answer = await desk.post(f"/dispatch/plans/{plan['id']}/publish")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def reject_address(house: House, practice_id: UUID) -> None:
    async with house.session() as session:
        row = (await session.exec(select(Address).where(Address.practice_id == practice_id))).one()
        row.state = "rejected"


async def colleague(house: House) -> Person:
    person = a_person(house.agency_id, Role.AGENT, login="collega", number="2")
    async with house.session() as session:
        session.add(person)
    return person


def stops_of(view: dict[str, Any]) -> list[dict[str, Any]]:
    return [stop for route in view["routes"] for stop in route["stops"]]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# --- candidates and agents ---


async def test_a_lawful_practice_is_offered_with_what_it_is_worth(house: House) -> None:
    await entrusted(house, cents=90_000)
    desk = await dispatcher(house)

    offered = (await desk.get("/dispatch/candidates", params={"day": TODAY.isoformat()})).json()

    assert [(row["practice_number"], row["allowed"], row["findings"]) for row in offered] == [("P-001", True, [])]
    assert offered[0]["owed_cents"] == 90_000
    assert 0 < offered[0]["prize_cents"] < 90_000


async def test_a_practice_that_may_not_be_visited_says_by_which_rule(house: House) -> None:
    rejected, unwarned = await entrusted(house, "P-001"), await entrusted(house, "P-002")
    await entrusted(house, "P-003", state="recalled")
    await reject_address(house, rejected)
    async with house.session() as session:
        for letter in (await session.exec(select(ContactAttempt).where(ContactAttempt.practice_id == unwarned))).all():
            letter.outcome = "NEWSLETTER"
    desk = await dispatcher(house)

    offered = (await desk.get("/dispatch/candidates", params={"day": TODAY.isoformat()})).json()

    told = {row["practice_number"]: {finding["code"] for finding in row["findings"]} for row in offered}
    assert set(told) == {"P-001", "P-002"}, "what was recalled is no candidate"
    assert "conduct.address_rejected" in told["P-001"]
    assert not any(row["allowed"] for row in offered if row["practice_number"] == "P-001")


async def test_nobody_may_be_visited_on_a_sunday(house: House) -> None:
    await entrusted(house)
    desk = await dispatcher(house)

    offered = (await desk.get("/dispatch/candidates", params={"day": SUNDAY})).json()

    assert [row["allowed"] for row in offered] == [False]
    assert offered[0]["findings"]


async def test_an_agent_without_a_valid_badge_stays_at_home_and_it_is_said_why(house: House) -> None:
    async with house.session() as session:
        agent = await session.merge(house.people[Role.AGENT])
        agent.badge_valid_to = TODAY - timedelta(days=1)
    desk = await dispatcher(house)

    agents = (await desk.get("/dispatch/agents", params={"day": TODAY.isoformat()})).json()
    answer = await desk.post("/dispatch/plans", json={"day": TODAY.isoformat(), "seconds": 1})

    assert [agent["available"] for agent in agents] == [False]
    assert [finding["code"] for finding in agents[0]["findings"]] == ["conduct.badge_expired"]
    assert code(answer) == (409, "plan.nobody_available")


# --- a plan ---


async def test_a_plan_is_computed_in_the_background_with_a_route_and_reasons(house: House) -> None:
    for number in ("P-001", "P-002", "P-003"):
        await entrusted(house, number)
    await reject_address(house, await entrusted(house, "P-004"))
    desk = await dispatcher(house)

    asked = (await desk.post("/dispatch/plans", json={"day": TODAY.isoformat(), "seconds": 1})).json()
    await house.run_jobs()
    plan = (await desk.get(f"/dispatch/plans/{asked['id']}")).json()

    assert (asked["state"], asked["routes"]) == ("queued", [])
    assert (plan["state"], plan["failure"], plan["stopped_early"]) == ("done", None, False)
    assert sorted(stop["practice_number"] for stop in stops_of(plan)) == ["P-001", "P-002", "P-003"]
    assert [stop["position"] for stop in stops_of(plan)] == [1, 2, 3]
    assert [(row["practice_number"], row["reason"]) for row in plan["unplanned"]] == [
        ("P-004", "conduct.address_rejected")
    ]
    assert plan["routes"][0]["prize_cents"] == sum(stop["prize_cents"] for stop in stops_of(plan))
    assert plan["objective_cents"] == plan["routes"][0]["prize_cents"] - plan["routes"][0]["travel_cost_cents"]


async def test_every_stop_lies_in_its_lawful_window_and_after_the_one_before(house: House) -> None:
    for number in ("P-001", "P-002", "P-003"):
        await entrusted(house, number)

    stops = stops_of(await planned(house, await dispatcher(house)))

    for stop in stops:
        assert stop["window_from"] <= stop["arrive_at"] <= stop["window_to"]
    for before, after in pairwise(stops):
        assert before["leave_at"] <= after["arrive_at"]


async def test_what_one_person_owes_is_asked_at_one_door_in_one_stop(house: House) -> None:
    for number, of in (("P-001", "P-001"), ("P-002", "P-002"), ("P-003", "P-001")):
        await entrusted(house, number, of=of)
    await colleague(house)

    plan = await planned(house, await dispatcher(house))

    [route] = [r for r in plan["routes"] if "P-001" in [stop["practice_number"] for stop in r["stops"]]]
    told = {stop["practice_number"]: stop for stop in route["stops"]}
    first, second = sorted((told["P-001"], told["P-003"]), key=lambda stop: int(stop["position"]))
    assert second["position"] == first["position"] + 1
    assert (second["travel_s"], second["arrive_at"]) == (0, first["leave_at"])
    assert (first["service_s"], second["service_s"]) == (20 * 60, 8 * 60)


@pytest.mark.parametrize("known_by", ["a tax code", "a person's word"])
async def test_a_person_with_two_addresses_is_visited_at_one_of_them_on_a_day(house: House, known_by: str) -> None:
    one = await entrusted(house, "P-001", cents=90_000)
    other = await entrusted(house, "P-002", cents=30_000, of="P-001" if known_by == "a tax code" else None)
    async with house.session() as session:
        address = (await session.exec(select(Address).where(Address.practice_id == other))).one()
        address.street, address.text = "Via Milano", "Via Milano 3, 26900 Lodi LO"
        if known_by == "a person's word":
            for practice_id in (one, other):
                practice = await session.get(Practice, practice_id)
                assert practice is not None
                practice.debtor_group = one

    plan = await planned(house, await dispatcher(house))

    assert [stop["practice_number"] for stop in stops_of(plan)] == ["P-001"]
    assert [(row["practice_number"], row["reason"]) for row in plan["unplanned"]] == [("P-002", "kept_apart")]


async def test_a_visit_after_a_vain_attempt_takes_less_time_than_the_first(house: House) -> None:
    tried, _ = await entrusted(house, "P-001"), await entrusted(house, "P-002")
    async with house.session() as session:
        session.add(
            ContactAttempt(
                id=new_id(),
                agency_id=house.agency_id,
                practice_id=tried,
                at=NOW - timedelta(days=20),
                channel="visit",
                outcome="ABSENT",
                source="history",
            )
        )

    stops = stops_of(await planned(house, await dispatcher(house)))

    assert {stop["practice_number"]: stop["service_s"] for stop in stops} == {"P-001": 15 * 60, "P-002": 20 * 60}


async def test_progress_is_told_while_it_runs_and_stands_in_the_plan_at_the_end(house: House) -> None:
    await entrusted(house)
    desk = await dispatcher(house)

    plan = await planned(house, desk)
    async with house.session() as session:
        kinds = [fact.kind for fact in (await session.exec(select(Fact).order_by(Fact.number))).all()]  # type: ignore[arg-type]

    progress = plan["progress"]
    assert (kinds[0], kinds[-1]) == ("plan.started", "plan.done")
    assert progress["served"] == progress["curve"][-1]["served"] == 1
    assert progress["objective_cents"] == plan["objective_cents"]
    elapsed = [point["elapsed_ms"] for point in progress["curve"]]
    assert elapsed == sorted(elapsed)


async def test_a_repeated_job_leaves_a_finished_plan_alone(house: House) -> None:
    await entrusted(house)
    desk = await dispatcher(house)
    plan = await planned(house, desk)

    await solving.run_solve(house.parts, house.identity(Role.DISPATCHER), plan_id=plan["id"])

    assert (await desk.get(f"/dispatch/plans/{plan['id']}")).json() == plan


async def test_a_day_without_a_lawful_visit_gives_an_empty_plan_with_reasons(house: House) -> None:
    await entrusted(house)

    plan = await planned(house, await dispatcher(house), day=SUNDAY)

    assert (plan["state"], stops_of(plan)) == ("done", [])
    assert [row["practice_number"] for row in plan["unplanned"]] == ["P-001"]


async def test_only_the_chosen_practices_and_agents_are_planned(house: House) -> None:
    chosen, _ = await entrusted(house, "P-001"), await entrusted(house, "P-002")
    other = await colleague(house)

    plan = await planned(house, await dispatcher(house), practice_ids=[str(chosen)], agent_ids=[str(other.id)])

    assert [stop["practice_number"] for stop in stops_of(plan)] == ["P-001"]
    assert [route["agent_id"] for route in plan["routes"]] == [str(other.id)]
    assert plan["unplanned"] == []


async def test_taking_it_now_keeps_the_best_plan_so_far(house: House) -> None:
    for number in ("P-001", "P-002"):
        await entrusted(house, number)
    desk = await dispatcher(house)
    asked = (await desk.post("/dispatch/plans", json={"day": TODAY.isoformat(), "seconds": 300})).json()
    path = f"/dispatch/plans/{asked['id']}"

    computing = asyncio.create_task(house.run_jobs())
    while not (await desk.get(path)).json()["progress"]["iterations"]:
        assert not computing.done()
        await asyncio.sleep(0.1)
    await desk.post(f"{path}/stop")
    await computing

    plan = (await desk.get(path)).json()
    assert (plan["state"], plan["stopped_early"]) == ("done", True)
    assert len(stops_of(plan)) == 2
    assert plan["progress"]["elapsed_ms"] < 300_000


async def test_a_past_day_is_not_planned(house: House) -> None:
    yesterday = (TODAY - timedelta(days=1)).isoformat()

    answer = await (await dispatcher(house)).post("/dispatch/plans", json={"day": yesterday, "seconds": 1})

    assert code(answer) == (409, "plan.day_is_past")
    assert answer.json()["details"] == {"day": yesterday}


# --- a published day ---


async def test_a_published_plan_reaches_the_phone_of_its_agent(house: House) -> None:
    await entrusted(house)
    day = await published_day(house, await dispatcher(house))
    phone = await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")

    fetched = (await phone.request("GET", "/field/day")).json()

    assert [(row["version"], row["stops"], row["added"]) for row in day["versions"]] == [(1, 1, 1)]
    assert [stop["stop_id"] for stop in fetched["stops"]] == [stop["stop_id"] for stop in stops_of(day)]
    assert fetched["stops"][0]["arrive_at"] == stops_of(day)[0]["arrive_at"]
    assert fetched["version"] == 1


async def test_a_second_version_keeps_the_ids_of_its_stops_and_tells_the_difference(house: House) -> None:
    await entrusted(house, "P-001")
    desk = await dispatcher(house)
    first = await published_day(house, desk)
    await entrusted(house, "P-002")

    second = await published_day(house, desk)

    ids = [{stop["practice_number"]: stop["stop_id"] for stop in stops_of(day)} for day in (first, second)]
    newest = second["versions"][0]
    assert ids[1]["P-001"] == ids[0]["P-001"]
    assert set(ids[1]) == {"P-001", "P-002"}
    assert [row["version"] for row in second["versions"]] == [2, 1]
    assert (newest["added"], newest["removed"]) == (1, 0)


async def with_a_full_day(house: House) -> None:
    """Two practices at one door, and an agent who makes a single visit a day."""
    for number in ("P-001", "P-002"):
        await entrusted(house, number)
    async with house.session() as session:
        (await session.merge(house.people[Role.AGENT])).max_visits = 1


async def test_a_phone_carries_what_found_no_place_near_the_route(house: House) -> None:
    await with_a_full_day(house)
    day = await published_day(house, await dispatcher(house))
    phone = await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")

    fetched = (await phone.request("GET", "/field/day")).json()

    route = day["routes"][0]
    assert [row["stops"] for row in day["versions"]] == [1]
    assert [(len(route["stops"]), len(route["in_reserve"]))] == [(1, 1)]
    assert [stop["reserve"] for stop in fetched["stops"]] == [False, True]


async def test_a_visit_of_the_reserve_belongs_to_the_day_once_somebody_rang(house: House) -> None:
    await with_a_full_day(house)
    desk = await dispatcher(house)
    await published_day(house, desk)
    phone = await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")
    spare = (await phone.request("GET", "/field/day")).json()["stops"][1]

    await check_in(house, phone, spare)

    route = (await desk.get(f"/dispatch/days/{TODAY.isoformat()}")).json()["routes"][0]
    assert [(stop["reserve"], stop["state"]) for stop in route["stops"]] == [(False, "planned"), (True, "arrived")]
    assert route["in_reserve"] == []


async def test_day_sheets_hold_what_the_door_needs_and_nothing_of_the_debt(house: House) -> None:
    await with_a_full_day(house)
    desk = await dispatcher(house)
    await published_day(house, desk)

    answer = await desk.get(f"/dispatch/days/{TODAY.isoformat()}/sheets")

    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert all(part in text for part in ("Via Roma 12", "Bianchi M.", "riserva"))
    assert not any(part in text for part in ("P-00", "Finanziaria", "Mario", "€", "900,00", "debit"))


async def test_one_agents_sheet_is_printed_alone(house: House) -> None:
    other = await colleague(house)
    async with house.session() as session:
        for person in (other, house.people[Role.AGENT]):
            (await session.get_one(Person, person.id)).max_visits = 1
    for number in ("P-001", "P-002"):
        await entrusted(house, number)
    desk = await dispatcher(house)
    await published_day(house, desk)

    answer = await desk.get(f"/dispatch/days/{TODAY.isoformat()}/sheets?agent_id={other.id}")

    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages]
    assert other.name in pages[0]
    assert not any(house.people[Role.AGENT].name in page for page in pages)
    nobody = await desk.get(f"/dispatch/days/{TODAY.isoformat()}/sheets?agent_id={uuid4()}")
    assert code(nobody) == (404, "day.not_published")


async def test_a_day_without_visits_is_not_printed(house: House) -> None:
    desk = await dispatcher(house)

    assert code(await desk.get(f"/dispatch/days/{TODAY.isoformat()}/sheets")) == (404, "day.not_published")


async def test_a_practice_closed_since_the_plan_falls_out_of_the_day(house: House) -> None:
    await entrusted(house, "P-001")
    gone = await entrusted(house, "P-002")
    desk = await dispatcher(house)
    plan = await planned(house, desk)
    async with house.session() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("update practice set state = 'recalled' where id = %s", (gone,))

    day = (await desk.post(f"/dispatch/plans/{plan['id']}/publish")).json()

    assert [stop["practice_number"] for stop in stops_of(day)] == ["P-001"]
    assert [(one["practice_number"], one["findings"][0]["code"]) for one in day["left_out"]] == [
        ("P-002", "practice.not_open")
    ]


async def check_in(house: House, phone: FieldPhone, stop: dict[str, Any]) -> None:
    body = {
        "visit_id": str(uuid4()),
        "stop_id": stop["stop_id"],
        "practice_id": stop["practice"]["id"],
        "arrived_at": text_of(NOW),
        "position": None,
        "position_refused_reason": "refused",
    }
    answer = await phone.push(phone.envelope("check_in", body, at=NOW))
    assert answer.json()["verdicts"][0]["verdict"] == "accepted", answer.text
    assert house.clock.now() == NOW


async def test_a_visit_that_has_begun_stays_with_its_agent(house: House) -> None:
    begun, other = await entrusted(house, "P-001"), await entrusted(house, "P-002")
    desk = await dispatcher(house)
    await published_day(house, desk, practice_ids=[str(begun)])
    phone = await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")
    await check_in(house, phone, (await phone.request("GET", "/field/day")).json()["stops"][0])

    without = await planned(house, desk, practice_ids=[str(other)])
    taken_away = await desk.post(f"/dispatch/plans/{without['id']}/publish")
    day = (await desk.get(f"/dispatch/days/{TODAY.isoformat()}")).json()

    assert taken_away.status_code == 200, taken_away.text
    held = [(stop["position"], stop["practice_number"], stop["state"]) for stop in stops_of(day)]
    assert held == [(1, "P-001", "arrived"), (2, "P-002", "planned")]


async def test_an_arrival_of_another_day_begins_nothing_today(house: House) -> None:
    practice = await entrusted(house)
    desk = await dispatcher(house)
    await published_day(house, desk)
    phone = await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")
    await check_in(house, phone, (await phone.request("GET", "/field/day")).json()["stops"][0])

    # Only a person puts it into a second day.
    plan = await planned(house, desk, day="2026-11-27")
    draft = (await desk.post(f"/dispatch/plans/{plan['id']}/draft")).json()
    lane = draft["lanes"][0]
    move = {"practice_id": str(practice), "agent_id": lane["agent_id"], "place": 0, "trial": False}
    move["seen"] = {lane["agent_id"]: lane["revision"]}
    assert (await desk.post(f"/dispatch/plans/{draft['plan_id']}/moves", json=move)).status_code == 200
    tomorrow = (await desk.post(f"/dispatch/plans/{draft['plan_id']}/publish")).json()

    assert [stop["state"] for stop in stops_of(tomorrow)] == ["planned"]


async def test_an_unfinished_plan_is_not_published(house: House) -> None:
    await entrusted(house)
    desk = await dispatcher(house)
    asked = (await desk.post("/dispatch/plans", json={"day": TODAY.isoformat(), "seconds": 1})).json()

    assert code(await desk.post(f"/dispatch/plans/{asked['id']}/publish")) == (409, "plan.not_finished")


async def test_a_plan_whose_day_has_passed_is_not_published(house: House) -> None:
    await entrusted(house)
    desk = await dispatcher(house)
    plan = await planned(house, desk)

    house.clock.move_to(NOW + timedelta(hours=11))
    still_today = await desk.post(f"/dispatch/plans/{plan['id']}/publish")
    house.clock.move_to(NOW + timedelta(days=1))
    desk = await dispatcher(house)

    assert still_today.status_code == 200
    assert code(await desk.post(f"/dispatch/plans/{plan['id']}/publish")) == (409, "plan.day_is_past")


async def test_two_who_publish_at_once_never_make_the_same_version(house: House) -> None:
    await entrusted(house)
    desk, other = await dispatcher(house), await house.sign_in(Role.ADMINISTRATOR)
    plans = [await planned(house, desk, seed=seed) for seed in (1, 2)]

    answers = await asyncio.gather(
        desk.post(f"/dispatch/plans/{plans[0]['id']}/publish"), other.post(f"/dispatch/plans/{plans[1]['id']}/publish")
    )
    versions = (await desk.get(f"/dispatch/days/{TODAY.isoformat()}")).json()["versions"]

    refused = [code(answer) for answer in answers if answer.status_code != 200]
    assert refused in ([], [(409, "plan.published_meanwhile")])
    assert [row["version"] for row in versions] == list(range(2 - len(refused), 0, -1))


async def test_the_list_of_plans_says_which_one_was_published(house: House) -> None:
    await entrusted(house)
    desk = await dispatcher(house)
    kept = await planned(house, desk)
    day = await published_day(house, desk)

    rows = (await desk.get("/dispatch/plans", params={"day": TODAY.isoformat()})).json()

    versions = {row["id"]: row["published_version"] for row in rows}
    assert versions == {kept["id"]: None, day["versions"][0]["plan_id"]: 1}
    assert {row["served"] for row in rows} == {1}


async def test_the_map_is_empty_where_none_was_loaded_and_knows_two_layers_only(house: House) -> None:
    desk = await dispatcher(house)

    streets = await desk.get("/map/streets")
    other = await desk.get("/map/secrets")

    assert streets.json() == {"type": "FeatureCollection", "features": []}
    assert code(other) == (422, "request.malformed")


async def test_a_visit_that_a_rule_stops_since_the_plan_is_left_out_and_named(house: House) -> None:
    await entrusted(house, "P-001")
    disputed = await entrusted(house, "P-002")
    desk = await dispatcher(house)
    plan = await planned(house, desk)
    assert len(stops_of({"routes": plan["routes"]})) == 2
    async with house.session() as session:
        flag = PracticeFlag(
            id=new_id(), agency_id=house.agency_id, practice_id=disputed, kind="disputed", since=NOW, source="office"
        )
        session.add(flag)

    day = (await desk.post(f"/dispatch/plans/{plan['id']}/publish")).json()

    assert [stop["practice_number"] for stop in stops_of(day)] == ["P-001"]
    assert [(row["practice_number"], row["findings"][0]["code"]) for row in day["left_out"]] == [
        ("P-002", "conduct.debt_disputed")
    ]
    async with house.session() as session:
        query = select(AuditEntry).where(AuditEntry.action == "day.published")
        entry = (await session.exec(query)).one()
    assert entry.details["left_out"] == {str(disputed): ["conduct.debt_disputed"]}


async def test_a_plan_made_before_the_badge_ended_is_published_without_its_visits(house: House) -> None:
    await entrusted(house, "P-001")
    desk = await dispatcher(house)
    plan = await planned(house, desk)
    async with house.session() as session:
        person = (await session.exec(select(Person).where(Person.id == house.people[Role.AGENT].id))).one()
        person.badge_valid_to = TODAY - timedelta(days=1)

    day = (await desk.post(f"/dispatch/plans/{plan['id']}/publish")).json()

    assert stops_of(day) == []
    assert [row["findings"][0]["code"] for row in day["left_out"]] == ["conduct.badge_expired"]


async def test_a_visit_that_has_begun_stays_published_whatever_a_rule_says_since(house: House) -> None:
    practice_id = await entrusted(house, "P-001")
    desk = await dispatcher(house)
    await published_day(house, desk)
    phone = await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")
    await check_in(house, phone, (await phone.request("GET", "/field/day")).json()["stops"][0])
    plan = await planned(house, desk)
    async with house.session() as session:
        flag = PracticeFlag(
            id=new_id(), agency_id=house.agency_id, practice_id=practice_id, kind="disputed", since=NOW, source="office"
        )
        session.add(flag)

    again = (await desk.post(f"/dispatch/plans/{plan['id']}/publish")).json()

    assert [stop["practice_id"] for stop in stops_of(again)] == [str(practice_id)]
    assert again["left_out"] == []


async def test_a_plan_from_which_the_database_went_away_is_computed_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await entrusted(house)
    desk = await dispatcher(house)

    async def away(*_: object) -> None:
        raise DatabaseAway("gone", {}, Exception("gone"))

    with monkeypatch.context() as broken:
        broken.setattr(solving.Teller, "_tell", away)
        broken.setattr(solving, "note_failure", away)
        plan = await planned(house, desk)
    async with house.session() as session:
        await session.execute(text("update procrastinate_jobs set scheduled_at = now() where status = 'todo'"))
    await house.run_jobs()
    again = (await desk.get(f"/dispatch/plans/{plan['id']}")).json()

    assert (plan["state"], again["state"]) == ("running", "done")


async def test_a_plan_that_cannot_even_be_prepared_says_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await entrusted(house)
    desk = await dispatcher(house)

    async def faulty(*_: object, **__: object) -> None:
        raise ArithmeticError

    monkeypatch.setattr(solving, "asked_for", faulty)

    plan = await planned(house, desk)

    assert (plan["state"], plan["failure"]) == ("failed", "ArithmeticError")


async def test_more_practices_than_a_statement_has_parameters_are_candidates(house: House) -> None:
    await entrusted(house)
    async with house.session() as session:
        asked = "select column_name from information_schema.columns where table_name = 'practice'"
        found = await session.execute(text(f"{asked} and is_generated = 'NEVER'"))
        same = ", ".join(name for (name,) in found.all() if name not in ("id", "practice_number"))
        await session.execute(
            text(
                f"insert into practice (id, practice_number, {same}) select gen_random_uuid(), 'X-' || n, {same}"
                " from practice, generate_series(1, 66000) n"
            )
        )
        ids = list((await session.exec(select(Practice.id))).all())
        ruleset = rules.standard(TODAY.year)

        doors = await store.open_practices(session)
        facts = await practice_facts.practice_facts(session, ids, ruleset=ruleset, today=TODAY)
        due = await store.promises_due(session, ids)
        plans = await agreements.plans(session, ids, today=TODAY, running_only=True)
        settlements = await agreements.settlements(session, ids)
        moved = await agreements.movements(session, ids)

    assert (len(doors), len(facts)) == (66_001, 66_001)
    assert (due, plans, settlements, moved) == ({}, [], [], {})


async def test_a_plan_whose_asker_has_left_says_so_to_whoever_waits_for_it(house: House) -> None:
    await entrusted(house)
    desk = await dispatcher(house)
    answer = await desk.post("/dispatch/plans", json={"day": TODAY.isoformat(), "seconds": 1, "seed": 7})
    async with house.session() as session:
        (await session.merge(house.people[Role.DISPATCHER])).active = False

    await house.run_jobs()

    admin = await house.sign_in(Role.ADMINISTRATOR)
    plan = (await admin.get(f"/dispatch/plans/{answer.json()['id']}")).json()
    assert (plan["state"], plan["failure"]) == ("failed", "AskerHasLeft")
