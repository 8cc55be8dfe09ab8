"""The contact ledger: what was done elsewhere counts, what would break a rule is not planned, a visit cancels calls."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from fieldapp.domain.access import Role
from fieldapp.store import tables
from tests.conftest import NOW
from tests.flows.arranged import entrusted
from tests.flows.conftest import Desk, House
from tests.flows.phone import a_report
from tests.flows.test_sync import AT, one_stop, verdicts

HOUR = timedelta(hours=1)


def text(at: datetime) -> str:
    return at.isoformat()


async def log(desk: Desk, practice_id: UUID, **changes: Any) -> dict[str, Any]:
    body = {"channel": "call", "at": text(NOW - HOUR), "reached": True} | changes
    answer = await desk.post(f"/practices/{practice_id}/contacts", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def plan(desk: Desk, practice_id: UUID, *, channel: str = "call", at: datetime = NOW + HOUR) -> Any:
    return await desk.post(f"/practices/{practice_id}/planned-contacts", json={"channel": channel, "at": text(at)})


async def limits(desk: Desk, practice_id: UUID) -> dict[tuple[str, str], tuple[int, int]]:
    found = (await desk.get(f"/practices/{practice_id}/contacts")).json()["limits"]
    return {(item["what"], item["within"]): (item["count"], item["most"]) for item in found}


async def open_plans(house: House) -> list[tables.Task]:
    async with house.session() as session:
        query = select(tables.Task).where(tables.Task.kind == "contact.planned", tables.Task.state == "open")
        return list((await session.exec(query)).all())


async def test_contacts_over_all_channels_count_together_against_the_limits(house: House) -> None:
    practice_id = await entrusted(house)
    desk = await house.sign_in(Role.BACK_OFFICE)

    await log(desk, practice_id)
    await log(desk, practice_id, channel="message", at=text(NOW - timedelta(days=3)))
    await log(desk, practice_id, channel="visit", outcome="PROMISE_TO_PAY", at=text(NOW - timedelta(days=4)))
    await log(desk, practice_id, reached=False, at=text(NOW - timedelta(days=5)))

    assert await limits(desk, practice_id) == {
        ("conversations", "day"): (1, 1),
        ("conversations", "week"): (3, 3),
        ("visits", "week"): (1, 1),
        ("visits", "placement"): (1, 3),
    }


async def test_a_logged_contact_that_broke_a_rule_happened_and_is_told(house: House) -> None:
    practice_id = await entrusted(house)
    desk = await house.sign_in(Role.BACK_OFFICE)

    first = await log(desk, practice_id)
    second = await log(desk, practice_id, at=text(NOW - HOUR / 2))

    assert first["findings"] == []
    assert [finding["code"] for finding in second["findings"]] == ["conduct.conversations_today"]
    async with house.session() as session:
        made = (await session.exec(select(tables.ContactAttempt).where(tables.ContactAttempt.source == "desk"))).all()
    assert len(made) == 2


async def test_a_planned_contact_becomes_a_task_of_its_day(house: House) -> None:
    practice_id = await entrusted(house)
    desk = await house.sign_in(Role.BACK_OFFICE)

    answer = await plan(desk, practice_id, at=NOW + timedelta(days=1))

    assert answer.status_code == 201
    [task] = await open_plans(house)
    assert (task.due_on, task.practice_id) == ((NOW + timedelta(days=1)).date(), practice_id)
    planned = (await desk.get(f"/practices/{practice_id}/contacts")).json()["planned"]
    assert [item["channel"] for item in planned] == ["call"]


@pytest.mark.parametrize(
    ("channel", "at", "code"),
    [
        # Half past nine in the evening
        ("call", NOW.replace(hour=20, minute=30), "conduct.outside_hours"),
        # A Sunday
        ("call", NOW + timedelta(days=3), "conduct.sunday"),
        # After the placement's end
        ("letter", NOW + timedelta(days=200), "conduct.placement_ended"),
        # Gone by
        ("call", NOW - HOUR, "contact.in_the_past"),
        # The day's business
        ("visit", NOW + HOUR, "contact.visits_are_planned_in_the_day"),
    ],
)
async def test_a_planned_contact_that_would_break_a_rule_is_refused_in_the_rules_words(
    house: House, channel: str, at: datetime, code: str
) -> None:
    practice_id = await entrusted(house)
    desk = await house.sign_in(Role.BACK_OFFICE)

    answer = await plan(desk, practice_id, channel=channel, at=at)

    assert answer.json()["code"] == code
    assert "{" not in answer.json()["detail"]
    assert answer.json()["detail"] != code
    assert await open_plans(house) == []


async def test_a_second_call_planned_for_one_day_is_refused(house: House) -> None:
    practice_id = await entrusted(house)
    desk = await house.sign_in(Role.BACK_OFFICE)

    assert (await plan(desk, practice_id)).status_code == 201
    again = await plan(desk, practice_id, at=NOW + 2 * HOUR)

    assert again.json()["code"] == "conduct.conversations_today"


async def test_a_visit_that_reached_the_debtor_cancels_the_call_planned_for_today_only(house: House) -> None:
    phone, stop = await one_stop(house)
    practice_id = UUID(stop["practice"]["id"])
    desk = await house.sign_in(Role.BACK_OFFICE)
    await plan(desk, practice_id)
    await plan(desk, practice_id, at=NOW + timedelta(days=1))
    report = a_report(
        stop,
        at=AT,
        met={"who": "debtor", "identified_by": "known", "role": None},
        identified_self=True,
        outcome="REFUSES",
        captured={"reason": "no_means"},
    )

    assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("accepted", None)]

    assert [task.due_on for task in await open_plans(house)] == [(NOW + timedelta(days=1)).date()]


async def test_a_visit_that_found_nobody_leaves_the_planned_call(house: House) -> None:
    phone, stop = await one_stop(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    await plan(desk, UUID(stop["practice"]["id"]))

    await verdicts(phone, phone.envelope("visit", a_report(stop, at=AT), at=AT))

    assert len(await open_plans(house)) == 1


FILE = """Pratica;Canale;Quando;Esito;Colloquio;Chi
P-001;telefonata;24/11/2026 10:30;;sì;Call center
P-001;lettera;20/11/2026;Seconda lettera;no;
P-404;telefonata;24/11/2026 10:30;;sì;
P-001;piccione;24/11/2026 10:30;;sì;
P-001;telefonata;31/02/2026 10:30;;sì;
P-001;telefonata;24/12/2026 10:30;;sì;
P-001;lettera;20/11/2026;PAID_FULL;no;
"""


async def imported(desk: Desk, content: str) -> Any:
    files = {"file": ("contatti.csv", content.encode("utf-8-sig"), "text/csv")}
    return await desk.post("/contacts/import", files=files)


async def test_a_file_of_contacts_counts_with_the_rest_and_twice_changes_nothing(house: House) -> None:
    practice_id = await entrusted(house)
    desk = await house.sign_in(Role.BACK_OFFICE)

    first = (await imported(desk, FILE)).json()
    again = (await imported(desk, FILE)).json()

    assert (first["new"], first["known"], first["rejected_count"]) == (2, 0, 5)
    assert (again["new"], again["known"]) == (0, 2)
    assert {item["line"] for item in first["rejected"]} == {4, 5, 6, 7, 8}
    assert all(" " in item["reason"] for item in first["rejected"])
    assert (await limits(desk, practice_id))["conversations", "week"] == (1, 3)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        # No heading that says when
        ("Pratica;Canale\nP-001;call\n", "contact.columns_missing"),
        # Nothing at all
        ("", "contact.columns_missing"),
        # A field that never ends
        ('Pratica;Canale;Quando\n"P-001;call;' + "x" * 200_000, "contact.file_unreadable"),
    ],
)
async def test_a_file_that_is_no_list_of_contacts_is_refused(house: House, content: str, code: str) -> None:
    desk = await house.sign_in(Role.BACK_OFFICE)

    assert (await imported(desk, content)).json()["code"] == code


async def test_contacts_of_another_agency_are_neither_read_nor_written(house: House) -> None:
    practice_id = await entrusted(house)
    _, _, stranger = await house.other_agency()
    desk = await house.sign_in(person=stranger)

    read = await desk.get(f"/practices/{practice_id}/contacts")
    written = await plan(desk, practice_id)
    file = (await imported(desk, FILE)).json()

    assert (read.status_code, written.status_code, file["new"]) == (404, 404, 0)
    async with house.session() as session:
        query = select(tables.ContactAttempt).where(col(tables.ContactAttempt.source) == "file")
        assert (await session.exec(query)).all() == []
