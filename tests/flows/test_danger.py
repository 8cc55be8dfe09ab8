"""The alarm at the office: an urgent task and a fact for open screens, whatever state the visit is in."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.store import tables
from tests.flows.arranged import TODAY, entrusted
from tests.flows.conftest import House
from tests.flows.phone import FieldPhone, a_report, text_of
from tests.flows.test_sync import AGENCY, AT, one_stop, verdicts

HERE = {"lat_e6": 45_314_000, "lon_e6": 9_503_000, "accuracy_m": 12, "at": text_of(AT)}


def an_alarm(stop: dict[str, Any] | None, **changes: Any) -> dict[str, Any]:
    return {
        "danger_id": str(uuid4()),
        "at": text_of(AT),
        "visit_id": str(uuid4()) if stop else None,
        "stop_id": stop["stop_id"] if stop else None,
        "practice_id": stop["practice"]["id"] if stop else None,
        **changes,
    }


def cried(phone: FieldPhone, alarm: dict[str, Any]) -> dict[str, Any]:
    return phone.envelope("danger", alarm, at=AT)


def located(phone: FieldPhone, alarm: dict[str, Any]) -> dict[str, Any]:
    return phone.envelope("danger_position", {**alarm, "position": HERE}, at=AT)


async def alarms_at(house: House, role: Role = Role.DISPATCHER) -> list[dict[str, Any]]:
    desk = await house.sign_in(role)
    answer = await desk.get("/tasks", params={"kind": "agent.in_danger"})
    return [dict(task) for task in answer.json()]


async def test_an_alarm_is_a_task_due_today_for_every_desk_and_a_fact_that_says_nothing_of_a_debt(house: House) -> None:
    phone, stop = await one_stop(house)
    alarm = an_alarm(stop)
    first = cried(phone, alarm)

    assert await verdicts(phone, first) == [("accepted", None)]
    assert await verdicts(phone, first) == [("duplicate", None)]

    [task] = await alarms_at(house)
    assert (task["state"], task["due_on"]) == ("open", TODAY.isoformat())
    assert task["practice_id"] == stop["practice"]["id"]
    assert task["details"]["agent"] == phone.agent_name
    assert task["details"]["place"] == stop["address"]["text"]
    assert task["details"]["lat_e6"] is None
    assert len(await alarms_at(house, Role.BACK_OFFICE)) == 1
    async with house.session() as session:
        [fact] = (await session.exec(select(tables.Fact).where(tables.Fact.kind == "agent.in_danger"))).all()
    assert set(fact.body) == {"agent", "visit_id", "stop_id", "located"}
    assert "cents" not in json.dumps(fact.body) + json.dumps(task["details"])


async def test_the_position_joins_the_alarm_whether_it_comes_with_it_or_later(house: House) -> None:
    phone, stop = await one_stop(house)
    later, together = an_alarm(stop), an_alarm(stop)

    assert await verdicts(phone, cried(phone, later)) == [("accepted", None)]
    assert await verdicts(phone, located(phone, later)) == [("accepted", None)]
    answers = await verdicts(phone, cried(phone, together), located(phone, together))

    assert answers == [("accepted", None), ("accepted", None)]
    found = [(t["subject_id"], t["details"]["lat_e6"], t["details"]["accuracy_m"]) for t in await alarms_at(house)]
    assert sorted(found) == sorted((alarm["danger_id"], HERE["lat_e6"], 12) for alarm in (later, together))


async def test_an_alarm_is_taken_whatever_it_names_and_repeats_nothing_of_anothers(house: House) -> None:
    phone, _ = await one_stop(house)
    elsewhere = str(await entrusted(house, "P-009"))
    from_the_list, unknown = an_alarm(None), an_alarm(None, practice_id=elsewhere, visit_id=str(uuid4()))

    answers = await verdicts(phone, cried(phone, from_the_list), cried(phone, unknown))

    assert answers == [("accepted", None), ("accepted", None)]
    assert [(t["practice_id"], t["details"]["visit_id"]) for t in await alarms_at(house)] == [(None, None)] * 2


async def test_an_alarm_arrives_before_what_was_written_before_it(house: House) -> None:
    phone, stop = await one_stop(house)
    report = phone.envelope("visit", a_report(stop, at=AT), at=AT)

    assert await verdicts(phone, cried(phone, an_alarm(stop))) == [("accepted", None)]
    assert await verdicts(phone, report) == [("accepted", None)]

    assert len(await alarms_at(house)) == 1


async def test_a_visit_cut_short_keeps_its_receipt_and_the_money_is_posted(house: House) -> None:
    phone, stop = await one_stop(house)
    paid = phone.cash(stop["practice"], 5_000, at=AT, agency=AGENCY)
    report = a_report(
        stop,
        at=AT,
        met={"who": "debtor", "identified_by": "declared", "role": None},
        outcome="UNSAFE",
        captured={},
        next_action="office_review",
        payments=[paid],
    )

    assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("accepted", None)]

    async with house.session() as session:
        visit = (await session.exec(select(tables.Visit))).one()
        receipt = (await session.exec(select(tables.Receipt))).one()
        payment = (await session.exec(select(tables.Payment))).one()
    assert (visit.outcome, visit.flags) == ("UNSAFE", [])
    assert (receipt.amount_cents, receipt.state, payment.amount_cents) == (5_000, "valid", 5_000)
    assert visit.left_at - visit.arrived_at <= timedelta(minutes=12)
