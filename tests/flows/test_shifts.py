"""Shifts by week and absences: plans, the board, appointments and published days heed them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.contacts import ITALY
from fieldapp.store.tables import AuditEntry
from tests.flows.arranged import TODAY, entrusted
from tests.flows.conftest import Desk, House
from tests.flows.test_appointments import FRIDAY, MONDAY, local, offered, on
from tests.flows.test_board import a_board
from tests.flows.test_planning import code, dispatcher, planned, published_day, stops_of

NINE_TO_SIX = [9 * 3600, 18 * 3600]


def at(day: date, hour: int = 0) -> str:
    return datetime(day.year, day.month, day.day, hour, tzinfo=ITALY).isoformat()


async def absent(house: House, desk: Desk, from_at: str, to_at: str, **changes: Any) -> Any:
    agent = str(house.people[Role.AGENT].id)
    body = {"agent_id": agent, "from_at": from_at, "to_at": to_at, "code": "leave", **changes}
    return await desk.post("/dispatch/shifts/absences", json=body)


async def works(house: House, desk: Desk, days: list[Any], *, valid_from: date = TODAY) -> Any:
    agent = str(house.people[Role.AGENT].id)
    body = {"agent_ids": [agent], "valid_from": valid_from.isoformat(), "days": days}
    return await desk.post("/dispatch/shifts/weeks", json=body)


async def agent_on(desk: Desk, day: date) -> dict[str, Any]:
    return dict((await desk.get("/dispatch/agents", params={"day": day.isoformat()})).json()[0])


async def test_who_is_away_all_day_is_not_planned_and_it_is_said_why(house: House) -> None:
    await entrusted(house)
    desk = await dispatcher(house)

    entered = await absent(house, desk, at(FRIDAY), at(FRIDAY + timedelta(days=1)))

    assert entered.status_code == 200, entered.text
    row = await agent_on(desk, FRIDAY)
    assert (row["available"], [one["code"] for one in row["findings"]]) == (False, ["shift.away"])
    assert (await agent_on(desk, MONDAY))["available"]
    answer = await desk.post("/dispatch/plans", json={"day": FRIDAY.isoformat(), "seconds": 1})
    assert code(answer) == (409, "plan.nobody_available")
    view = await offered(desk, await entrusted(house, "P-002"))
    assert on(view, FRIDAY)["reason"]["code"] == "appointment.nobody_works"
    spread = await planned(house, desk, day=TODAY.isoformat(), days=2)
    assert FRIDAY.isoformat() not in {one["day"] for one in spread["spread"]}


async def test_hours_away_leave_the_longer_part_of_the_day(house: House) -> None:
    await entrusted(house)
    desk = await dispatcher(house)
    await absent(house, desk, at(FRIDAY, 9), at(FRIDAY, 15))

    plan = await planned(house, desk, day=FRIDAY.isoformat())
    view = await offered(desk, await entrusted(house, "P-002"))

    assert (await agent_on(desk, FRIDAY))["shift_from_s"] == 15 * 3600
    assert [local(stop["arrive_at"]).hour >= 15 for stop in stops_of(plan)] == [True]
    assert min(local(one["from_at"]).hour for one in on(view, FRIDAY)["offers"]) >= 15


async def test_a_week_holds_from_its_day_on_and_a_later_one_replaces_it(house: House) -> None:
    desk = await dispatcher(house)
    late, free = [14 * 3600, 19 * 3600], None

    await works(house, desk, [late] * 5 + [free, free], valid_from=FRIDAY)
    await works(house, desk, [NINE_TO_SIX] * 4 + [free, free, free], valid_from=MONDAY)

    assert (await agent_on(desk, TODAY))["shift_from_s"] == 9 * 3600
    assert (await agent_on(desk, FRIDAY))["shift_from_s"] == 14 * 3600
    assert (await agent_on(desk, MONDAY))["shift_from_s"] == 9 * 3600
    row = await agent_on(desk, FRIDAY + timedelta(days=7))
    assert [one["code"] for one in row["findings"]] == ["shift.day_off"]


async def test_published_visits_that_fall_into_a_new_absence_are_told(house: House) -> None:
    await entrusted(house)
    desk = await dispatcher(house)
    await published_day(house, desk)
    await published_day(house, desk, day=FRIDAY.isoformat())

    told = (await absent(house, desk, at(TODAY), at(FRIDAY + timedelta(days=1)))).json()["published"]

    assert [(one["day"], one["visits"]) for one in told] == [(TODAY.isoformat(), 1)]
    row = told[0]
    assert row["agent_name"] == house.people[Role.AGENT].name


async def test_the_board_says_that_a_lane_is_of_somebody_who_is_away(house: House) -> None:
    desk, board = await a_board(house, "P-001")
    lane = next(one for one in board["lanes"] if one["route"]["stops"])
    body = {"agent_id": lane["agent_id"], "from_at": at(TODAY), "to_at": at(FRIDAY), "code": "training"}
    assert (await desk.post("/dispatch/shifts/absences", json=body)).status_code == 200

    pin = {"practice_id": lane["route"]["stops"][0]["practice_id"], "pinned": True, "seen": {}}
    done = (await desk.post(f"/dispatch/plans/{board['plan_id']}/pins", json=pin)).json()

    assert "shift.away" in {one["code"] for one in done["lanes"][0]["broken"]}


async def test_what_makes_no_sense_is_refused(house: House) -> None:
    desk = await dispatcher(house)
    day_before = TODAY - timedelta(days=1)

    assert code(await absent(house, desk, at(FRIDAY, 12), at(FRIDAY, 9))) == (422, "absence.turned")
    assert code(await absent(house, desk, at(day_before), at(TODAY))) == (409, "absence.past")
    assert code(await absent(house, desk, at(TODAY), at(date(2028, 1, 1)))) == (422, "absence.too_long")
    nobody = await absent(house, desk, at(FRIDAY), at(MONDAY), agent_id=str(uuid4()))
    assert code(nobody) == (404, "absence.agent_unknown")
    assert (await absent(house, desk, at(FRIDAY), at(MONDAY), code="sick")).status_code in (400, 422)
    assert (await absent(house, desk, "2026-11-27T09:00:00", at(MONDAY))).status_code in (400, 422), "no zone"
    first = (await absent(house, desk, at(FRIDAY), at(MONDAY))).json()["absences"][0]
    assert code(await absent(house, desk, at(FRIDAY, 10), at(FRIDAY, 11))) == (409, "absence.overlaps")
    touching = await absent(house, desk, at(MONDAY), at(MONDAY, 12))
    assert touching.status_code == 200, "one begins where the other ends"
    for _ in range(2):
        gone = await desk.post("/dispatch/shifts/absences/withdraw", json={"absence_id": first["id"]})
        assert [one["id"] for one in gone.json()["absences"]] == [touching.json()["absences"][-1]["id"]]
    assert code(await works(house, desk, [NINE_TO_SIX] * 6)) == (422, "shift.not_a_week")
    assert code(await works(house, desk, [[18 * 3600, 9 * 3600]] * 7)) == (422, "shift.not_a_week")
    assert code(await works(house, desk, [NINE_TO_SIX] * 7, valid_from=day_before)) == (409, "shift.past_day")
    async with house.session() as session:
        actions = (await session.exec(select(AuditEntry.action))).all()
    assert actions.count("absence.entered") == 2
    assert actions.count("absence.withdrawn") == 1


async def test_a_week_is_kept_under_a_name_replaced_and_dropped_and_no_agents_week_changes_by_it(house: House) -> None:
    desk, other = await dispatcher(house), await house.sign_in(Role.ADMINISTRATOR)
    morning, free = [8 * 3600, 13 * 3600], None
    first, second = [morning] * 5 + [free, free], [morning] * 6 + [free]

    kept = await desk.post("/dispatch/shifts/templates", json={"name": "  Mattina  estiva ", "days": first})
    await works(house, desk, kept.json()["templates"][0]["days"])
    await other.post("/dispatch/shifts/templates", json={"name": "Assistenza", "days": second})
    again = await other.post("/dispatch/shifts/templates", json={"name": "mattina Estiva", "days": second})

    assert [(one["name"], one["days"]) for one in kept.json()["templates"]] == [("Mattina estiva", first)]
    assert [(one["name"], one["days"]) for one in again.json()["templates"]] == [
        ("Assistenza", second),
        ("mattina Estiva", second),
    ]
    assert [one["days"] for one in again.json()["weeks"]] == [first]
    for _ in range(2):
        gone = await desk.post("/dispatch/shifts/templates/drop", json={"name": "Assistenza"})
        assert [one["name"] for one in gone.json()["templates"]] == ["mattina Estiva"]
    async with house.session() as session:
        actions = (await session.exec(select(AuditEntry.action))).all()
    assert (actions.count("shift.template_saved"), actions.count("shift.template_dropped")) == (3, 1)


async def test_a_template_that_says_nothing_is_refused_and_so_is_one_too_many(house: House) -> None:
    desk = await dispatcher(house)

    async def keep(name: str, days: list[Any]) -> tuple[int, str | None]:
        answer = await desk.post("/dispatch/shifts/templates", json={"name": name, "days": days})
        return (200, None) if answer.status_code == 200 else code(answer)

    assert await keep(" ", [NINE_TO_SIX] * 7) == (422, "shift.name_unfit")
    assert await keep("x" * 61, [NINE_TO_SIX] * 7) == (422, "shift.name_unfit")
    assert await keep("Notte\u0007", [NINE_TO_SIX] * 7) == (422, "shift.name_unfit")
    assert await keep("Notte", [NINE_TO_SIX] * 6) == (422, "shift.not_a_week")
    for number in range(50):
        assert await keep(f"Turno {number}", [NINE_TO_SIX] * 7) == (200, None)
    assert await keep("Turno 50", [NINE_TO_SIX] * 7) == (409, "shift.too_many_templates")
    assert await keep("turno 7", [NINE_TO_SIX] * 7) == (200, None), "one in place of another is not one more"


async def test_a_day_at_the_end_of_all_calendars_is_refused_and_an_absence_there_breaks_no_other_day(
    house: House,
) -> None:
    desk = await dispatcher(house)

    entered = await absent(house, desk, "9999-12-31T08:00:00Z", "9999-12-31T23:59:00Z")
    late = await desk.get("/dispatch/days/9999-12-31/appointments")

    assert entered.status_code == 200, entered.text
    assert code(late) == (422, "request.malformed")
    assert (await agent_on(desk, FRIDAY))["available"]
