"""The limitation clock from end to end: a barred line is not asked for, a practice stops, an act starts it again."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.services import limitation
from fieldapp.store import tables
from tests.conftest import NOW
from tests.flows.arranged import OLD, TODAY, YOUNG, another_bill, become_bill, entrusted, published
from tests.flows.conftest import Desk, House, new_id
from tests.flows.phone import FieldPhone
from tests.flows.test_sync import AT, day_of, paid_report, phone_of


@pytest.fixture
async def desk(house: House) -> Desk:
    return await house.sign_in(Role.BACK_OFFICE)


def line_of(lines: list[dict[str, Any]], title: str) -> dict[str, Any]:
    return next(line for line in lines if line["title"].startswith(title))


async def answered(phone: FieldPhone, envelope: dict[str, Any]) -> dict[str, Any]:
    """What the service says to one envelope, flags included."""
    found: dict[str, Any] = (await phone.push(envelope)).json()["verdicts"][0]
    return found


async def candidate(house: House, practice_id: UUID, day: date = TODAY) -> dict[str, Any]:
    dispatcher = await house.sign_in(Role.DISPATCHER)
    found = (await dispatcher.get("/dispatch/candidates", params={"day": day.isoformat()})).json()
    return next(row for row in found if row["practice_id"] == str(practice_id))


async def test_a_practice_whose_lines_are_all_barred_is_planned_no_more_and_stays_visible(
    house: House, desk: Desk
) -> None:
    practice_id = await entrusted(house)
    await become_bill(house, practice_id, date(2024, 11, 28))

    file = (await desk.get(f"/practices/{practice_id}")).json()
    on_the_last_day = await candidate(house, practice_id, date(2026, 11, 28))
    on_the_day_after = await candidate(house, practice_id, date(2026, 11, 30))

    assert file["debt_lines"][0]["limitation"]["barred_on"] == "2026-11-29"
    assert file["debt_lines"][0]["limitation"]["state"] == "near"
    assert on_the_last_day["allowed"]
    assert not on_the_day_after["allowed"]
    assert [found["code"] for found in on_the_day_after["findings"]] == ["conduct.debt_time_barred"]


async def test_a_barred_line_among_others_is_marked_and_not_counted_in_what_may_be_asked(
    house: House, desk: Desk
) -> None:
    practice_id = await entrusted(house, cents=90_000)
    await another_bill(house, practice_id, OLD)

    file = (await desk.get(f"/practices/{practice_id}")).json()
    shown = await candidate(house, practice_id)

    assert file["owed_cents"] == 110_000
    barred = line_of(file["debt_lines"], "Energia")["limitation"]
    assert (barred["state"], barred["barred_on"], barred["because"]) == ("barred", "2026-10-02", "due")
    assert (shown["allowed"], shown["owed_cents"]) == (True, 90_000)


async def test_a_phone_is_told_of_each_line_until_when_it_may_be_asked(house: House) -> None:
    phone = await phone_of(house)
    practice_id = await entrusted(house)
    await another_bill(house, practice_id, OLD)
    await published(house, practice_id)

    practice = (await day_of(phone))["stops"][0]["practice"]

    assert line_of(practice["debt_lines"], "Energia")["limitation"]["state"] == "barred"
    own = line_of(practice["debt_lines"], "Finanziamento")["limitation"]
    assert (own["years"], own["if_signed_today"]) == (10, "2036-11-27")
    assert practice["conduct_facts"]["practice"]["time_barred_on"] == own["barred_on"]


async def test_an_act_of_the_office_starts_the_term_again_and_is_a_fact(house: House, desk: Desk) -> None:
    practice_id = await entrusted(house)
    line_id = await another_bill(house, practice_id, date(2025, 1, 10))
    wanted = {"kind": "formal_notice", "on": "2026-11-20", "reference": "AR 1234", "debt_line_id": str(line_id)}

    answer = await desk.post(f"/practices/{practice_id}/interruptions", json=wanted)

    assert answer.status_code == 201, answer.text
    clock = line_of(answer.json(), "Energia")["limitation"]
    assert (clock["because"], clock["reference"], clock["barred_on"]) == ("formal_notice", "AR 1234", "2028-11-21")
    file = (await desk.get(f"/practices/{practice_id}")).json()
    assert [row["reference"] for row in file["interruptions"]] == ["AR 1234"]
    assert "limitation.interrupted" in [item["kind"] for item in file["timeline"]]
    async with house.session() as session:
        entries = (await session.exec(select(tables.AuditEntry))).all()
    assert "limitation.interrupted" in [entry.action for entry in entries]


async def test_an_act_that_came_too_late_is_noted_and_revives_nothing(house: House, desk: Desk) -> None:
    practice_id = await entrusted(house)
    await another_bill(house, practice_id, OLD)
    wanted = {"kind": "formal_notice", "on": "2026-11-20", "reference": "AR 1"}

    lines = (await desk.post(f"/practices/{practice_id}/interruptions", json=wanted)).json()

    assert line_of(lines, "Energia")["limitation"]["state"] == "barred"
    assert line_of(lines, "Finanziamento")["limitation"]["because"] == "formal_notice"


WRONG = [
    # An act that has not happened.
    ({"kind": "formal_notice", "on": "2026-11-27", "reference": "AR 1"}, "limitation.act_in_future"),
    # Nothing to find it by.
    ({"kind": "formal_notice", "on": "2026-11-20", "reference": " "}, "limitation.reference_missing"),
    # A line of nobody.
    (
        {"kind": "formal_notice", "on": "2026-11-20", "reference": "AR 1", "debt_line_id": str(new_id())},
        "limitation.line_unknown",
    ),
]


@pytest.mark.parametrize(("wanted", "code"), WRONG)
async def test_an_act_that_cannot_be_is_refused(house: House, desk: Desk, wanted: dict[str, Any], code: str) -> None:
    practice_id = await entrusted(house)

    answer = await desk.post(f"/practices/{practice_id}/interruptions", json=wanted)

    assert answer.json()["code"] == code


async def test_an_act_about_another_practices_line_is_refused(house: House, desk: Desk) -> None:
    mine, other = await entrusted(house, "P-001"), await entrusted(house, "P-002")
    line_id = await another_bill(house, other, YOUNG)
    wanted = {"kind": "formal_notice", "on": "2026-11-20", "reference": "AR 1", "debt_line_id": str(line_id)}

    answer = await desk.post(f"/practices/{mine}/interruptions", json=wanted)

    assert answer.json()["code"] == "limitation.line_unknown"


async def test_a_payment_at_the_door_starts_the_term_of_its_line_again(house: House, desk: Desk) -> None:
    phone = await phone_of(house)
    practice_id = await entrusted(house)
    await published(house, practice_id)
    report = paid_report(phone, (await day_of(phone))["stops"][0], cents=5_000)

    await phone.push(phone.envelope("visit", report, at=AT))

    clock = (await desk.get(f"/practices/{practice_id}")).json()["debt_lines"][0]["limitation"]
    assert (clock["because"], clock["runs_from"]) == ("part_payment", TODAY.isoformat())


async def test_money_on_a_barred_line_is_accepted_and_flagged(house: House) -> None:
    phone = await phone_of(house)
    practice_id = await entrusted(house)
    await published(house, practice_id)
    stop = (await day_of(phone))["stops"][0]
    await become_bill(house, practice_id, OLD)

    verdict = await answered(phone, phone.envelope("visit", paid_report(phone, stop, cents=5_000), at=AT))

    assert verdict["verdict"] == "accepted"
    assert {"limitation.line_barred", "conduct.debt_time_barred"} <= set(verdict["flags"])


async def test_a_line_that_ends_soon_is_one_task_until_an_act_is_recorded(house: House, desk: Desk) -> None:
    practice_id = await entrusted(house)
    await another_bill(house, practice_id, date(2025, 1, 10))

    await limitation.watch_all(house.parts)
    await limitation.watch_all(house.parts)

    tasks = (await desk.get("/tasks", params={"kind": "limitation.near"})).json()
    assert [(task["practice_id"], task["details"]) for task in tasks] == [(str(practice_id), {"on": "2027-01-11"})]
    wanted = {"kind": "acknowledgement", "on": "2026-11-25", "reference": "lettera del debitore"}
    await desk.post(f"/practices/{practice_id}/interruptions", json=wanted)
    assert (await desk.get("/tasks", params={"kind": "limitation.near"})).json() == []


async def test_the_task_of_a_line_that_ends_soon_goes_when_the_practice_is_closed(house: House, desk: Desk) -> None:
    practice_id, other_id = await entrusted(house), await entrusted(house, "PR-0002")
    for one in (practice_id, other_id):
        await another_bill(house, one, date(2025, 1, 10))
    await limitation.watch_all(house.parts)

    async with house.session() as session:
        (await session.get_one(tables.Practice, practice_id)).state = "closed"
    await limitation.watch_all(house.parts)
    await limitation.watch_all(house.parts)

    tasks = (await desk.get("/tasks", params={"kind": "limitation.near"})).json()
    assert [task["practice_id"] for task in tasks] == [str(other_id)]
    async with house.session() as session:
        (await session.get_one(tables.Practice, practice_id)).state = "open"
    await limitation.watch_all(house.parts)
    tasks = (await desk.get("/tasks", params={"kind": "limitation.near"})).json()
    assert {task["practice_id"] for task in tasks} == {str(practice_id), str(other_id)}


async def test_a_barred_practice_carries_a_mark_that_goes_with_an_act_found_later(house: House, desk: Desk) -> None:
    practice_id = await entrusted(house)
    await become_bill(house, practice_id, OLD)
    await limitation.watch_all(house.parts)

    assert (await desk.get(f"/practices/{practice_id}")).json()["flags"] == ["time_barred"]
    wanted = {"kind": "formal_notice", "on": "2026-09-30", "reference": "PEC ritrovata"}
    await desk.post(f"/practices/{practice_id}/interruptions", json=wanted)

    assert (await desk.get(f"/practices/{practice_id}")).json()["flags"] == []
    assert (await candidate(house, practice_id))["allowed"]


async def test_a_mark_that_a_person_set_does_not_go_with_the_clock(house: House, desk: Desk) -> None:
    practice_id = await entrusted(house)
    async with house.session() as session:
        session.add(
            tables.PracticeFlag(
                id=new_id(),
                agency_id=house.agency_id,
                practice_id=practice_id,
                kind="time_barred",
                since=NOW,
                source="office",
            )
        )

    await limitation.watch_all(house.parts)

    assert (await desk.get(f"/practices/{practice_id}")).json()["flags"] == ["time_barred"]
    assert not (await candidate(house, practice_id))["allowed"]


async def recorded(desk: Desk, practice_id: UUID, **act: Any) -> dict[str, Any]:
    """The act as the practice file shows it."""
    wanted = {"kind": "formal_notice", "on": "2026-09-30", "reference": "PEC ritrovata", **act}
    assert (await desk.post(f"/practices/{practice_id}/interruptions", json=wanted)).status_code == 201
    rows: list[dict[str, Any]] = (await desk.get(f"/practices/{practice_id}")).json()["interruptions"]
    return max(rows, key=lambda row: row["id"])


WRONG_PRACTICE = "Era la PEC di un'altra pratica"


async def test_an_act_recorded_wrongly_is_taken_back_and_the_clock_stands_as_before(house: House, desk: Desk) -> None:
    practice_id = await entrusted(house)
    await become_bill(house, practice_id, OLD)
    await limitation.watch_all(house.parts)
    act = await recorded(desk, practice_id)
    path = f"/practices/{practice_id}/interruptions/{act['id']}/withdraw"
    assert (await candidate(house, practice_id))["allowed"]

    answer = await desk.post(path, json={"reason": f"  {WRONG_PRACTICE} "})
    again = await desk.post(path, json={"reason": WRONG_PRACTICE})

    assert answer.status_code == 200, answer.text
    clock = answer.json()[0]["limitation"]
    assert (clock["state"], clock["because"], clock["barred_on"]) == ("barred", "due", "2026-10-02")
    file = (await desk.get(f"/practices/{practice_id}")).json()
    assert file["flags"] == ["time_barred"]
    assert not (await candidate(house, practice_id))["allowed"]
    (row,) = file["interruptions"]
    assert (row["reference"], row["withdrawn_by"], row["withdrawn_because"]) == (
        "PEC ritrovata",
        desk.identity.name,
        WRONG_PRACTICE,
    )
    assert (again.status_code, again.json()["code"]) == (409, "limitation.act_withdrawn")
    async with house.session() as session:
        facts = (await session.exec(select(tables.Fact).where(tables.Fact.practice_id == practice_id))).all()
        entries = (await session.exec(select(tables.AuditEntry))).all()
    told = [fact.body for fact in facts if fact.kind == "limitation.interruption_withdrawn"]
    assert told == [
        {
            "kind": "formal_notice",
            "on": "2026-09-30",
            "reference": "PEC ritrovata",
            "debt_line_id": None,
            "reason": WRONG_PRACTICE,
        }
    ]
    assert [entry.action for entry in entries].count("limitation.interruption_withdrawn") == 1


async def test_a_task_that_comes_back_does_not_sleep(house: House, desk: Desk) -> None:
    practice_id = await entrusted(house)
    await another_bill(house, practice_id, date(2025, 1, 10))
    await limitation.watch_all(house.parts)
    (task,) = (await desk.get("/tasks", params={"kind": "limitation.near"})).json()
    await desk.post(f"/tasks/{task['id']}/arrange", json={"owner_id": None, "asleep_until": task["due_on"]})
    act = await recorded(desk, practice_id, on="2026-11-20")

    await desk.post(f"/practices/{practice_id}/interruptions/{act['id']}/withdraw", json={"reason": WRONG_PRACTICE})

    (again,) = (await desk.get("/tasks", params={"kind": "limitation.near"})).json()
    assert (again["id"], again["asleep_until"]) == (task["id"], None)


async def test_the_right_act_recorded_after_a_wrong_one_counts(house: House, desk: Desk) -> None:
    practice_id = await entrusted(house)
    line_id = await another_bill(house, practice_id, date(2025, 1, 10))
    act = await recorded(desk, practice_id, on="2026-11-20", debt_line_id=str(line_id))

    await desk.post(f"/practices/{practice_id}/interruptions/{act['id']}/withdraw", json={"reason": WRONG_PRACTICE})
    right = await recorded(desk, practice_id, on="2026-10-20", debt_line_id=str(line_id))

    assert right["withdrawn_at"] is None
    lines = (await desk.get(f"/practices/{practice_id}")).json()["debt_lines"]
    assert line_of(lines, "Energia")["limitation"]["barred_on"] == "2028-10-21"


async def test_an_act_of_elsewhere_or_without_a_reason_is_not_taken_back(house: House, desk: Desk) -> None:
    practice_id, elsewhere = await entrusted(house), await entrusted(house, "P-002")
    act = await recorded(desk, practice_id)

    crossed = await desk.post(
        f"/practices/{elsewhere}/interruptions/{act['id']}/withdraw", json={"reason": WRONG_PRACTICE}
    )
    silent = await desk.post(f"/practices/{practice_id}/interruptions/{act['id']}/withdraw", json={"reason": "errore"})

    assert (crossed.status_code, crossed.json()["code"]) == (404, "limitation.act_unknown")
    assert (silent.status_code, silent.json()["code"]) == (422, "limitation.reason_too_short")
    assert (await desk.get(f"/practices/{practice_id}")).json()["interruptions"][0]["withdrawn_at"] is None
